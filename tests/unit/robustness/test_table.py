"""Tables of what a channel leaves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.errors import InputError
from netgen.robustness.table import Left, RobustnessTable, table_of


def left(fidelity, psnr_db=20.0):
    interval = (round(max(0.0, fidelity - 0.1), 5), round(min(1.0, fidelity + 0.05), 5))
    return Left(fidelity, interval, psnr_db, 0.8)


TABLE = RobustnessTable(
    "rayleigh-fast", (0.0, 10.0, 20.0), (left(0.2, 18.0), left(0.6, 22.0), left(0.8, 26.0)), left(0.9)
)


def test_levels_are_met_and_between_them_it_is_linear_in_decibels():
    assert TABLE.at(0.0) == left(0.2, 18.0)
    assert TABLE.at(10.0) == left(0.6, 22.0)
    middle = TABLE.at(5.0)
    assert (middle.fidelity, middle.psnr_db) == (pytest.approx(0.4), pytest.approx(20.0))
    assert middle.interval == (pytest.approx(0.3), pytest.approx(0.45))


def test_outside_the_levels_it_is_a_lower_bound():
    """Nothing below the first, and above the last no more than at it."""
    assert TABLE.at(-0.001) == Left(0.0, (0.0, 0.0), None, None)
    assert TABLE.at(99.0) == TABLE.at(20.0)


@given(
    st.lists(st.floats(0, 1), min_size=3, max_size=6),
    st.lists(st.floats(-10, 60), min_size=2, max_size=2),
)
def test_more_signal_never_leaves_less(fidelities, levels_db):
    """Whatever errors of counting made of the levels; and never more than coding alone."""
    *behind, clean = fidelities
    table = RobustnessTable(
        "awgn", tuple(10.0 * k for k in range(len(behind))), tuple(left(one) for one in behind), left(clean)
    )
    low, high = (table.at(level) for level in sorted(levels_db))
    assert low.fidelity <= high.fidelity <= clean
    for one in (low, high):
        assert one.interval[0] <= one.fidelity <= one.interval[1]


def test_it_is_stored_whole():
    assert table_of(TABLE.as_json(), "here") == TABLE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"points": []}, "at least two levels"),
        ({"channel": None, "clean": {}}, "fidelity"),
        (
            {"clean": {"fidelity": 0.5, "low": 0.6, "high": 0.7, "psnr_db": None, "ms_ssim": None}},
            "0.6 to 0.7",
        ),
    ],
)
def test_what_is_no_table_is_refused(change, reason):
    with pytest.raises(InputError, match=f"here: is not a table.*{reason}"):
        table_of(TABLE.as_json() | change, "here")


def test_levels_must_rise():
    with pytest.raises(ValueError, match="rising SNR"):
        RobustnessTable("awgn", (1.0, 1.0), (left(0.1), left(0.2)), left(0.3))
    assert np.isfinite(TABLE.at(3.3).fidelity)
