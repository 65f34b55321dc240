import math
from fractions import Fraction

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.live.measure import measured_quality
from netgen.media.yuv_clip import YuvClip

pytest.importorskip("skimage")
pytest.importorskip("torchmetrics")


def textured(side, *, frames=2, noise=0.0):
    rng = np.random.default_rng(5)
    planes = np.full((frames, side * 3 // 2, side), 128, np.uint8)
    base = rng.integers(60, 190, (side // 8, side // 8)).repeat(8, 0).repeat(8, 1)
    planes[:, :side] = np.clip(base + rng.normal(0, noise, (frames, side, side)), 0, 255)
    return YuvClip(planes, Fraction(25))


def test_worse_frames_score_less_and_equal_ones_are_perfect():
    source = textured(176)
    found = [measured_quality(source, textured(176, noise=noise), vmaf=False) for noise in (0, 5, 30)]
    assert found[0].psnr_db == math.inf
    assert [found[0].ssim, found[0].ms_ssim, found[0].semantic_fidelity] == pytest.approx([1, 1, 1])
    for name in ("psnr_db", "ssim", "ms_ssim", "semantic_fidelity"):
        values = [getattr(one, name) for one in found]
        assert values == sorted(values, reverse=True)
        assert values[2] < values[1]
    assert found[1].psnr_db == pytest.approx(20 * math.log10(255 / 5), abs=0.3)
    assert found[2].semantic_low <= found[2].semantic_fidelity <= found[2].semantic_high
    assert found[0].vmaf is None


def test_ms_ssim_is_left_out_of_small_frames():
    source = textured(96)
    assert measured_quality(source, source, vmaf=False).ms_ssim is None


def test_other_frames_are_refused():
    with pytest.raises(InputError, match="3 frames of 96 x 96 pixels were shown of 2 frames of 176 x 176"):
        measured_quality(textured(176), textured(96, frames=3), vmaf=False)
