"""The tables of TS 38.214 as they are shipped."""

import numpy as np
import pytest

from netgen.errors import ModelRangeError
from netgen.nr.tables import checked_mcs, cqi_table, eesm_beta, mcs_table


def test_sizes_and_corner_values():
    assert [len(mcs_table(number)) for number in (1, 2)] == [29, 28]
    assert [len(cqi_table(number)) for number in (1, 2)] == [15, 15]
    assert [len(eesm_beta(number)) for number in (1, 2)] == [29, 28]
    assert mcs_table(1).efficiency[28] == pytest.approx(5.5547, abs=5e-5)
    assert mcs_table(2).efficiency[27] == pytest.approx(7.4063, abs=5e-5)
    assert mcs_table(2).rate[20] == 682.5 / 1024
    assert cqi_table(2).efficiency[0] == pytest.approx(0.1523, abs=5e-5)
    assert (mcs_table(1).first_index, cqi_table(1).first_index) == (0, 1)


@pytest.mark.parametrize("number", [1, 2])
def test_efficiency_rises_but_for_the_two_known_places(number):
    falls = np.flatnonzero(np.diff(mcs_table(number).efficiency) <= 0)
    assert falls.tolist() == ([16] if number == 1 else [])
    assert (np.diff(cqi_table(number).efficiency) > 0).all()


@pytest.mark.parametrize("number", [1, 2])
def test_every_indicator_but_the_first_is_a_scheme(number):
    scheme, indicator = mcs_table(number), cqi_table(number)
    pairs = set(zip(scheme.modulation_order.tolist(), scheme.rate.tolist(), strict=True))
    known = [
        pair in pairs
        for pair in zip(indicator.modulation_order.tolist(), indicator.rate.tolist(), strict=True)
    ]
    assert known == [False] + [True] * 14


def test_tables_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        mcs_table(1).efficiency[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        eesm_beta(1)[0] = 1.0


def test_bad_tables_and_indices_are_refused():
    for table in (mcs_table, cqi_table, eesm_beta):
        with pytest.raises(ModelRangeError, match="mcs_table = 3"):
            table(3)
    with pytest.raises(ValueError, match=r"mcs\[1\] = 29 .* 0 to 28"):
        checked_mcs([0, 29], 1)
    with pytest.raises(ValueError, match=r"mcs\[0\] = -1"):
        checked_mcs(-1, 1)
    with pytest.raises(ValueError, match="must be an integer"):
        checked_mcs(1.5, 1)
