"""Pictures and tables of rate and quality say what the records say."""

import pytest

from netgen.errors import InputError
from netgen.report.rate_quality import (
    CONTROLS,
    LEARNED,
    MEASURES,
    RATES,
    SAME_BITSTREAM,
    draw_rate_quality,
    same_bitstream_table,
    shipped_records,
    strongest_control_table,
)


def record(profile, clip, knob, bpp, psnr_db):
    """A calibration record, as far as a comparison reads it."""
    return {
        "profile": profile,
        "content": {"set": "made", "clip": clip},
        "config": {"value": knob},
        "rate": {"bpp": bpp},
        "quality": {"psnr_db": psnr_db, "ssim": None, "ms_ssim": 0.9, "vmaf": None},
        "semantic": {"fidelity": 0.5},
    }


@pytest.fixture
def records():
    """Two clips: the network adds 1 dB and 3.5 dB to the same bits, and full-size coding is 2 dB above those."""
    return [
        record(profile, clip, knob, bpp, 30 + knob / 10 + gain)
        for clip, own in (("a", 1.0), ("b", 3.5))
        for knob, bpp in ((0, 0.0002), (10, 0.05))
        for profile, gain in (("svtav1-half", 0.0), ("restore-half", own), ("svtav1", 2.0))
    ]


def test_the_gain_on_the_same_bits(records):
    (line,) = same_bitstream_table(records).splitlines()[2:]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:2] == ["`restore-half`", "`svtav1-half`"]
    assert cells[2].startswith("+2.25 [+1.00, +3.50] 2/2")
    assert cells[3] == "+0.0000 [+0.0000, +0.0000] 0/2"
    assert cells[4] == "-"  # nobody measured VMAF


def test_the_strongest_control_is_the_best_of_each_clip(records):
    line, menus = strongest_control_table(records, "psnr_db").splitlines()[2:]
    assert "+0.75 [+0.00, +1.50] 1/2" in menus  # nothing is lost where the control is better
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[0] == "`restore-half`"
    assert all(cell.startswith("+0.25 [-1.00, +1.50] 1/2") for cell in cells[1:])
    assert len(cells) == 1 + len(RATES)


def test_a_rate_that_nobody_reaches_stays_empty(records):
    few = [one for one in records if one["rate"]["bpp"] > 0.01]
    line, _ = strongest_control_table(few, "psnr_db").splitlines()[2:]
    assert [cell.strip() for cell in line.strip("|").split("|")][1:-1] == ["-"] * (len(RATES) - 1)


def test_the_picture_shows_every_measure(records, tmp_path):
    draw_rate_quality(records, tmp_path / "curves.svg")
    text = (tmp_path / "curves.svg").read_text(encoding="utf-8")
    for words in ("restore-half", "svtav1-half", *(label for label, _ in MEASURES.values())):
        assert words in text
    with pytest.raises(InputError):
        draw_rate_quality(records, tmp_path / "curves.txt")


def test_every_shipped_variant_is_compared():
    profiles = {one["profile"] for one in shipped_records()}
    assert set(CONTROLS) | set(LEARNED) == profiles
    assert {control for controls in SAME_BITSTREAM.values() for control in controls} <= set(CONTROLS)
