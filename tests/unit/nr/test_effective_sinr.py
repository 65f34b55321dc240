"""Exponential effective SINR mapping."""

import numpy as np
import pytest

from netgen.nr.effective_sinr import effective_sinr_db
from netgen.nr.tables import eesm_beta


def test_equal_resources_keep_their_sinr():
    for level_db in (-30.0, 0.0, 17.0, 60.0):
        found = effective_sinr_db(np.full((3, 50), level_db), [0, 10, 27], mcs_table_number=1)
        np.testing.assert_allclose(found, level_db, atol=1e-9)


def test_two_resources_worked_out_by_hand():
    """-beta ln((exp(-1 / beta) + exp(-10 / beta)) / 2) at 0 and 10 dB."""
    beta = eesm_beta(2)[5]
    expected = -beta * np.log((np.exp(-1 / beta) + np.exp(-10 / beta)) / 2)
    found = effective_sinr_db([0.0, 10.0], 5, mcs_table_number=2)
    assert found == pytest.approx(10 * np.log10(expected), abs=1e-12)


def test_unused_resources_do_not_count_and_nothing_used_is_nothing():
    sinr_db = np.array([[3.0, -20.0, 3.0], [3.0, 3.0, 3.0]])
    used = np.array([[True, False, True], [False, False, False]])
    found = effective_sinr_db(sinr_db, 7, mcs_table_number=1, used=used)
    assert found[0] == pytest.approx(3.0)
    assert found[1] == -np.inf


def test_very_high_sinrs_do_not_underflow():
    """exp(-SINR / beta) is 0 in floating point above 30 dB; the worst resource then decides."""
    found = effective_sinr_db([40.0, 60.0, 80.0], 3, mcs_table_number=1)
    assert found == pytest.approx(10 * np.log10(1e4 + eesm_beta(1)[3] * np.log(3)), abs=1e-9)


def test_not_a_number_is_refused():
    with pytest.raises(ValueError, match=r"sinr_db\[2\] is not a number"):
        effective_sinr_db([1.0, 2.0, np.nan], 3, mcs_table_number=1)
