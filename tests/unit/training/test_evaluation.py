"""Tables of the evaluation, on rows whose differences are known."""

import pytest

from netgen.training.evaluation import RATES_BPP, Row, against_plain, against_strongest, rate_table, table


def _rows(action, offset_db, clips=("a", "b", "c"), plain_db=None, rates=(0.002, 0.02)):
    """A straight line of PSNR over log rate: 30 dB at 0.002, 40 dB at 0.02, and an offset."""
    return [
        Row(
            action,
            "",
            "",
            knob,
            clip,
            rate,
            30 + 10 * knob + offset_db,
            0.9,
            plain_db and 30 + 10 * knob + plain_db,
            0.9,
        )
        for clip in clips
        for knob, rate in enumerate(rates)
    ]


def test_the_strongest_control_is_chosen_at_every_rate():
    rows = _rows("net", 1.0) + _rows("weak", -2.0) + _rows("strong", 0.5)
    found = against_strongest(rows, "net", ["weak", "strong"])
    assert {cell[3] for cell in found.cells} == {"strong"}
    assert found.mean == pytest.approx(0.5)
    assert (found.low, found.high) == (pytest.approx(0.5), pytest.approx(0.5))
    assert found.clips == 3
    assert found.wins == len(found.cells) == 3 * sum(rate <= 0.02 for rate in RATES_BPP)


def test_only_measured_ranges_are_compared():
    rows = _rows("net", 1.0, rates=(0.002, 0.02)) + _rows("control", 0.0, rates=(0.009, 0.04))
    rates = {cell[1] for cell in against_strongest(rows, "net", ["control"]).cells}
    assert rates == {rate for rate in RATES_BPP if 0.009 <= rate <= 0.02}


def test_the_interval_covers_the_spread_over_clips():
    rows = [
        row
        for clip, gain in zip("abcdef", (-1, 0, 1, 2, 3, 4), strict=True)
        for row in _rows("net", gain, (clip,))
    ]
    rows += _rows("control", 0.0, tuple("abcdef"))
    found = against_strongest(rows, "net", ["control"])
    assert found.mean == pytest.approx(1.5)
    assert -0.3 < found.low < 0.8  # six clips spread by 1.7 dB: about 1.4 dB on each side
    assert 2.2 < found.high < 3.3
    assert "better, 6 clips" in table(rows, ["net"], ["control"])
    assert rate_table(rows, "net", ["control"]).count("\n") == 7


def test_gain_on_the_same_bytes():
    found = against_plain(_rows("net", 1.0, plain_db=0.25), "net")
    assert found.mean == pytest.approx(0.75)
    assert found.wins == 6


def test_nothing_measured_is_said_to_be_so():
    assert "not measured" in table(_rows("control", 0.0), ["net"], ["control"])
