"""Tables of block errors are read and looked up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netgen.errors import InputError, ModelRangeError
from netgen.linklevel.curves import (
    BlockErrorCurve,
    CurvePoint,
    find_curve,
    read_curves,
    shipped_curves,
    write_curves,
)
from netgen.linklevel.protection import Channel, Code, Protection

POINTS = (CurvePoint(-2.0, 100, 100, 900), CurvePoint(-1.0, 400, 100, 700), CurvePoint(0.0, 2000, 2, 9))


def curve(channel: Channel = Channel.AWGN, info_bits: int = 504) -> BlockErrorCurve:
    """Return a curve of three points."""
    protection = Protection(Code.TURBO, info_bits, 3 * info_bits, 2)
    return BlockErrorCurve(protection, channel, POINTS, "made up for a test")


def test_points_are_met_and_errors_fall_between_them() -> None:
    """At the points the counted shares, with half a block more; monotone between."""
    found = curve().rate([-2.0, -1.0, 0.0])
    np.testing.assert_allclose(found, [100.5 / 101, 100.5 / 401, 2.5 / 2001], rtol=1e-12)
    fine = curve().rate(np.linspace(-2, 0, 201))
    assert (np.diff(fine) < 0).all()


def test_outside_it_goes_on_as_it_ended() -> None:
    """Noise: as steeply as between the last points with losses, to a floor. Block fading: ten times fewer in 10 dB."""
    assert float(curve().rate(-2.0)) < float(curve().rate(-3.0)) < float(curve().rate(-9.0)) <= 1
    odds = [np.log(share / (1 - share)) for share in curve().rate([-1.0, 0.0, 0.25, 0.5])]
    assert odds[2] - odds[1] == pytest.approx((odds[1] - odds[0]) / 4)
    assert odds[3] - odds[1] == pytest.approx((odds[1] - odds[0]) / 2)
    assert float(curve().rate(9.0)) == 1e-8
    fading = curve(Channel.RAYLEIGH_BLOCK)
    assert float(fading.rate(10.0)) == pytest.approx(float(fading.rate(0.0)) / 10)


def test_a_threshold_is_where_the_share_is_met() -> None:
    """A tenth of the blocks; a millionth is not tabulated."""
    at_db = curve().threshold_db(0.1)
    assert -1 < at_db < 0
    assert float(curve().rate(at_db)) <= 0.1 < float(curve().rate(at_db - 0.02))
    with pytest.raises(ModelRangeError, match="tabulated up to 0 dB"):
        curve().threshold_db(1e-6)


def test_a_file_holds_what_was_written(tmp_path: Path) -> None:
    """And nothing else is left behind."""
    path = tmp_path / "curves.jsonl"
    written = (curve(), curve(Channel.RAYLEIGH_FAST))
    write_curves(path, written)
    assert read_curves(path.read_text(), "curves.jsonl") == written
    assert [one.name for one in tmp_path.iterdir()] == ["curves.jsonl"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "is not a curve"),
        ('{"schema": 9}', "schema 9 is not read here"),
        ('{"schema": 1}', "is not a curve of block errors"),
    ],
)
def test_a_damaged_file_is_refused(line: str, message: str) -> None:
    """With file and line."""
    with pytest.raises(InputError, match=f"curves.jsonl:1: {message}"):
        read_curves(line, "curves.jsonl")


def test_a_curve_of_falling_snr_is_refused() -> None:
    """Points must rise."""
    record = curve().as_json()
    record["points"] = record["points"][::-1]
    with pytest.raises(InputError, match="rising SNR"):
        read_curves(str(record).replace("'", '"'), "curves.jsonl")


def test_the_nearest_length_is_found() -> None:
    """By ratio; other kinds are refused with what there is."""
    known = [curve(info_bits=128), curve(info_bits=504)]
    found = find_curve(Code.TURBO, 1 / 3, 2, Channel.AWGN, 300, curves=known)
    assert found.protection.info_bits == 504
    with pytest.raises(ModelRangeError, match=r"there are: turbo 0\.33 4-QAM awgn"):
        find_curve(Code.LDPC, 0.5, 2, Channel.AWGN, 504, curves=known)


def test_more_signal_never_loses_more() -> None:
    """Though counting may say so."""
    points = (CurvePoint(0.0, 100, 50, 9), CurvePoint(1.0, 2000, 4, 9), CurvePoint(2.0, 2000, 6, 9))
    uneven = BlockErrorCurve(curve().protection, Channel.RAYLEIGH_BLOCK, points, "made up for a test")
    assert (np.diff(uneven.rate(np.linspace(-5, 30, 200))) <= 0).all()


def test_every_shipped_curve_falls_from_one_to_nothing() -> None:
    """Over 120 dB."""
    for one in shipped_curves():
        rates = one.rate(np.linspace(-60, 60, 241))
        assert (np.diff(rates) <= 0).all()
        assert rates[0] > 0.999
        assert rates[-1] < 1e-4
