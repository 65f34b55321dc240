"""What is written back parses to exactly the same number."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen import units

DIMENSIONS = [value for value in vars(units).values() if isinstance(value, units.Dimension)]
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def test_there_are_dimensions():
    assert len(DIMENSIONS) >= 12


@pytest.mark.parametrize("dimension", [one for one in DIMENSIONS if not one.whole], ids=lambda one: one.name)
@settings(derandomize=True, deadline=None, database=None)
@given(number=FINITE)
def test_floats_survive(dimension, number):
    again = units.parse(units.render(number, dimension), dimension)
    assert again == number
    assert repr(again) == repr(number + 0.0 if number else 0.0)


@pytest.mark.parametrize("dimension", [one for one in DIMENSIONS if one.whole], ids=lambda one: one.name)
@settings(derandomize=True, deadline=None, database=None)
@given(number=st.integers(-(2**63) + 1, 2**63 - 1))
def test_whole_numbers_survive(dimension, number):
    assert units.parse(units.render(number, dimension), dimension) == number


@settings(derandomize=True, deadline=None, database=None)
@given(
    width_px=st.integers(1, 16384),
    height_px=st.integers(1, 16384),
    rate_hz=st.floats(0.001, 1000).map(lambda x: round(x, 6)),
)
def test_video_formats_survive(width_px, height_px, rate_hz):
    written = units.FrameFormat(width_px, height_px, rate_hz)
    assert units.parse_video_format(str(written)) == written


@settings(derandomize=True, deadline=None, database=None)
@given(text=st.text(max_size=30), dimension=st.sampled_from(DIMENSIONS))
def test_any_text_is_a_number_or_a_value_error(text, dimension):
    try:
        units.parse(text, dimension)
    except ValueError as error:
        message = str(error)
    else:
        message = "accepted"
    assert "accepted" in message


@settings(derandomize=True, deadline=None, database=None)
@given(level_dbm=st.floats(-200, 200))
def test_a_level_in_decibels_is_ten_times_the_logarithm_of_the_milliwatts(level_dbm):
    power_w = units.parse(f"{level_dbm:.12f} dBm", units.POWER)
    assert 10 * math.log10(power_w / 1e-3) == pytest.approx(level_dbm, abs=1e-9)
