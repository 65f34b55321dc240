from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.live.travel import coded_for_travel, frames_that_travelled
from netgen.media.yuv_clip import YuvClip, clip_from_file

pytest.importorskip("av")
CLIP = Path(__file__).parents[3] / "scenarios/clips/cat-zoom.mp4"


@pytest.mark.parametrize("bits_per_pixel", [0.05, 0.3])
def test_expanded_frames_travel_at_about_the_rate(bits_per_pixel):
    clip = clip_from_file(CLIP, most_frames=12, frame_rate_hz=Fraction(25))
    coded = coded_for_travel(clip, bits_per_pixel)
    assert coded.bits_per_pixel == pytest.approx(bits_per_pixel, rel=0.1)
    assert coded.generative_bits == 0
    assert coded == coded_for_travel(clip, bits_per_pixel)
    shown = frames_that_travelled(coded)
    assert shown.planes.shape == clip.planes.shape
    assert shown.frame_rate_hz == clip.frame_rate_hz
    assert np.abs(shown.luma.astype(int) - clip.luma).mean() < 12


def test_small_frames_are_refused():
    with pytest.raises(InputError, match="66"):
        coded_for_travel(YuvClip(np.zeros((1, 96, 64), np.uint8), Fraction(25)), 0.1)
