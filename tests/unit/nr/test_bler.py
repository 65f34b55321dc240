"""Interpolation of the shipped error rates."""

import numpy as np
import pytest

from netgen.errors import ModelRangeError
from netgen.nr.bler import Reading, bler, bler_curves
from netgen.nr.tables import rows


@pytest.mark.parametrize("reading", list(Reading))
@pytest.mark.parametrize("number", [1, 2])
def test_the_simulated_points_are_returned(number, reading):
    """At every node the stored rate itself, to the 1e-4 by which one reading counts a rate as 0 or 1."""
    for row in rows("bler_table.csv"):
        if int(row["mcs_table"]) == number:
            stored = np.array([float(text) for text in row["bler"].split()])
            sinr_db = float(row["first_db"]) + float(row["step_db"]) * np.arange(len(stored))
            found = bler(
                int(row["mcs"]), sinr_db, code_block_bits=int(row["code_block_bits"]), mcs_table_number=number,
                reading=reading,
            )  # fmt: skip
            np.testing.assert_allclose(found, stored, atol=1e-6)


def test_both_readings_between_two_points_worked_out_by_hand():
    """Table 1 MCS 8, 2000 bit: 0.385667 at 2.142857 dB, 0 one step of 1.785714 dB above; a quarter of the way.

    Deviates -0.29064 and -3.71902 give -1.14773 and 0.12554. Logarithms: the smallest rate seen with this scheme
    is 1/3000, so 0 stands for 1/300,000.
    """
    (row,) = [
        row for row in rows("bler_table.csv")
        if (row["mcs_table"], row["mcs"], row["code_block_bits"]) == ("1", "8", "2000")
    ]  # fmt: skip
    seen = float(row["bler"].split()[4])
    level_db = 2.142857 + 1.785714 / 4
    found = bler(8, level_db, code_block_bits=2000, mcs_table_number=1)
    assert found == pytest.approx(0.12554, abs=2e-4)
    found = bler(8, level_db, code_block_bits=2000, mcs_table_number=1, reading=Reading.SIONNA)
    least = 10.0 ** bler_curves(1).smallest_log10[8] / 100.0
    assert found == pytest.approx(seen**0.75 * least**0.25, rel=1e-5)


@pytest.mark.parametrize("reading", list(Reading))
def test_sure_failure_and_sure_success_are_exact(reading):
    for number, count in ((1, 29), (2, 28)):
        every = np.arange(count)
        at = {"code_block_bits": 2000, "mcs_table_number": number, "reading": reading}
        assert (bler(every, -np.inf, **at) == 1.0).all()
        assert (bler(every, -15.0, **at) == 1.0).all()
        assert (bler(every, 27.0, **at) == 0.0).all()
        assert (bler(every, np.inf, **at) == 0.0).all()


def test_block_sizes_outside_the_simulated_ones_take_the_nearest():
    sinr_db = np.linspace(-5.0, 20.0, 400)
    at = {"mcs_table_number": 1}
    np.testing.assert_array_equal(
        bler(12, sinr_db, code_block_bits=8448, **at), bler(12, sinr_db, code_block_bits=2000, **at)
    )
    np.testing.assert_array_equal(
        bler(12, sinr_db, code_block_bits=1, **at), bler(12, sinr_db, code_block_bits=24, **at)
    )


def test_rates_below_the_lowest_simulated_are_shifted_copies():
    """MCS 0 is MCS 3 moved by -6.47 + 3.09 dB (low_rate_sinr.csv); both tables share it."""
    sinr_db = np.linspace(-12.0, 0.0, 500)
    lowest = bler(0, sinr_db, code_block_bits=700, mcs_table_number=1)
    np.testing.assert_allclose(
        lowest, bler(3, sinr_db + 3.38, code_block_bits=700, mcs_table_number=1), atol=1e-9
    )
    np.testing.assert_array_equal(lowest, bler(0, sinr_db, code_block_bits=700, mcs_table_number=2))
    assert np.flatnonzero(~bler_curves(1).simulated).tolist() == [0, 1, 2]
    assert np.flatnonzero(~bler_curves(2).simulated).tolist() == [0, 1]


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match=r"sinr_db\[1\] = nan is not a number"):
        bler(3, [0.0, np.nan], code_block_bits=100, mcs_table_number=1)
    with pytest.raises(ValueError, match=r"code_block_bits\[0\] = 0.0"):
        bler(3, 0.0, code_block_bits=0, mcs_table_number=1)
    with pytest.raises(ValueError, match=r"mcs\[0\] = 28"):
        bler(28, 0.0, code_block_bits=100, mcs_table_number=2)
    with pytest.raises(ModelRangeError, match="mcs_table = 4"):
        bler(0, 0.0, code_block_bits=100, mcs_table_number=4)
