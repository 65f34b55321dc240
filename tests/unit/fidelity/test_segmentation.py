"""The task of segmentation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

pytest.importorskip("torch", reason="frames are brought to size by torch")

from netgen.fidelity.segmentation import SameRegions, adjusted_rand_index
from netgen.media.yuv_clip import YuvClip
from netgen.rng import generator_from


def test_the_index_is_that_of_another_library() -> None:
    rng = generator_from(1)
    one = rng.integers(0, 6, (20, 30))
    for share in (0.0, 0.5, 0.9):
        other = np.where(rng.random(one.shape) < share, one, rng.integers(0, 9, one.shape))
        expected = adjusted_rand_score(one.ravel(), other.ravel())
        assert adjusted_rand_index(one, other) == pytest.approx(expected, abs=1e-12)


def test_names_of_parts_do_not_count() -> None:
    one = np.array([[0, 0, 1], [2, 2, 1]])
    assert adjusted_rand_index(one, (one + 1) % 3) == 1.0
    whole = np.zeros((2, 3), np.int64)
    assert adjusted_rand_index(whole, whole) == 1.0


def test_brightness_does_not_change_regions_as_blanking_a_half_does(scene: YuvClip) -> None:
    planes = scene.planes.copy()
    planes[:, : scene.height_px] = np.minimum(planes[:, : scene.height_px], 250) + 3
    half = scene.planes.copy()
    half[:, :136] = 128
    brighter, blanked = (
        SameRegions().estimate(scene, YuvClip(one, scene.frame_rate_hz)) for one in (planes, half)
    )
    assert brighter is not None
    assert blanked is not None
    assert brighter > blanked + 0.1
