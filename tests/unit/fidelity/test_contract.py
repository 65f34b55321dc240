"""Clips are looked at second by second."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from netgen.fidelity.contract import Family, FidelityEstimator, pieces_of
from netgen.media.yuv_clip import YuvClip


def clip(frames: int, rate_hz: int = 25) -> YuvClip:
    planes = np.zeros((frames, 6, 4), np.uint8)
    planes += np.arange(frames, dtype=np.uint8)[:, None, None]
    return YuvClip(planes, Fraction(rate_hz))


class FirstSample(FidelityEstimator[int]):
    """Has nothing to say of seconds that begin with an odd number."""

    name = "first-sample-v1"
    family = Family.TASK

    def described(self, piece: YuvClip) -> int:
        return int(piece.planes[0, 0, 0])

    def compared(self, reference: int, shown: int) -> float | None:
        return None if reference % 2 else float(reference == shown)


@pytest.mark.parametrize(
    ("frames", "lengths"),
    [
        (25, [25]),
        (75, [25, 25, 25]),
        (60, [25, 35]),
        (63, [25, 25, 13]),
        (3, [3]),
        (37, [37]),
        (38, [25, 13]),
    ],
)
def test_pieces_are_seconds_and_what_is_left(frames: int, lengths: list[int]) -> None:
    pieces = pieces_of(clip(frames))
    assert [piece.frames for piece in pieces] == lengths
    np.testing.assert_array_equal(np.concatenate([piece.planes for piece in pieces]), clip(frames).planes)


def test_the_score_is_the_mean_of_the_seconds_with_a_score() -> None:
    """Of 0, 25 and 50 the first and the last count; of one that begins with 25 nothing does."""
    long = clip(75)
    other = YuvClip(np.where(long.planes == 50, 7, long.planes), long.frame_rate_hz)
    assert FirstSample().estimate(long, long) == 1.0
    assert FirstSample().estimate(long, other) == 0.5
    odd = YuvClip(long.planes[25:50].copy(), long.frame_rate_hz)
    assert FirstSample().estimate(odd, odd) is None


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="lasts 2 s and what is shown 1 s"):
        FirstSample().compare([0, 2], [0])
