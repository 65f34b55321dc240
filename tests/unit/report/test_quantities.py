"""Figures of decisions in words."""

import pytest

from netgen.report.quantities import percent, quantities, quantity


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("rate_bps", 4e6, "rate 4 Mbit/s"),
        ("rate_bps", 2.5e9, "rate 2.5 Gbit/s"),
        ("rate_bps", 750.0, "rate 750 bit/s"),
        ("bits", 12_345.0, "size 12.35 kbit"),
        ("cell_s", 0.0125, "cell 0.0125 s"),
        ("terminal_joule", 3.25, "terminal 3.25 J"),
        ("audience", 994.0, "audience 994"),
        ("loss_now", 0.125, "loss now 12.5 %"),
        ("share", 47.6451, "share 47.65 cells"),
        ("since_s", 8.0, "for 8 s"),
        ("since_s", None, "from the start"),
        ("time_to_poor_s", None, "not poor within the horizon"),
        ("time_to_poor_s", 0.0, "poor now"),
        ("time_to_poor_s", 2.5, "poor in 2.5 s"),
        ("on_air", 1.0, "on air"),
        ("on_air", 0.0, "off air"),
        ("cell_load", None, "no cell"),
        ("level", None, "level infinite"),
        ("ran:site-1-1.load", 0.5, "ran:site-1-1 load 50 %"),
        ("mast:only.capacity_bps", 1e7, "mast:only capacity 10 Mbit/s"),
    ],
)
def test_a_number_has_its_unit(name, value, text):
    assert quantity(name, value) == text


def test_a_line_of_them():
    assert quantities({"users": 2.0, "largest_load": 1.0}) == "users 2, largest load 100 %"
    assert quantities({}) == "-"
    assert percent(0.0) == "0 %"
