"""Statements of any video."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

pytest.importorskip("torch", reason="frames are brought to size by torch")

from netgen.fidelity.described_places import PLACES_PER_SIDE, StatedPlaces, kappa, lab_of
from netgen.labelled.meaning import Meaning
from netgen.media.yuv_clip import YuvClip
from netgen.rng import generator_from


def test_kappa_is_that_of_another_library() -> None:
    rng = generator_from(3)
    one = rng.integers(0, 4, 300).astype(np.int8)
    other = np.where(rng.random(300) < 0.6, one, rng.integers(0, 4, 300)).astype(np.int8)
    assert kappa(one, other) == pytest.approx(cohen_kappa_score(one, other))
    flat = np.zeros(5, np.int8)
    assert kappa(flat, flat) == 1.0
    assert kappa(flat, 1 - flat) == 0.0


def test_colours_have_names_and_grey_is_none(scene: YuvClip) -> None:
    """A grey half and a red half; tones differ as well."""
    planes = np.full_like(scene.planes, 128)
    height = scene.height_px
    planes[:, :height, 136:] = 81
    chroma = planes[:, height:].reshape(scene.frames, 2, 136, 136)
    chroma[:, 0, :, 68:], chroma[:, 1, :, 68:] = 90, 240
    found = StatedPlaces().described(YuvClip(planes, scene.frame_rate_hz))
    middle = PLACES_PER_SIDE // 2
    assert (found["colour"][..., :middle] == 0).all()
    assert (found["colour"][..., middle:] == 1).all()
    assert (found["texture"] == 0).all()
    assert (found["lighter than before"] == 1).all()


def test_lightness_is_that_of_the_frames(scene: YuvClip) -> None:
    white = YuvClip(
        np.concatenate([np.full((5, 272, 272), 235), np.full((5, 136, 272), 128)], 1).astype(np.uint8),
        scene.frame_rate_hz,
    )
    np.testing.assert_allclose(lab_of(white), np.broadcast_to([100.0, 0, 0], (5, 128, 128, 3)), atol=0.1)


def test_a_swap_of_colours_costs(scene: YuvClip, kit: SimpleNamespace) -> None:
    """And slightly more contrast costs less than that."""
    first, second, third, fourth = kit.SCENE.things
    assert first is not None
    assert fourth is not None
    swapped = (replace(first, colour=fourth.colour), second, third, replace(fourth, colour=first.colour))
    swap = StatedPlaces().estimate(scene, kit.drawn(Meaning(kit.SCENE.background, swapped)))
    planes = scene.planes.copy()
    planes[:, : scene.height_px] = np.clip(1.03 * planes[:, : scene.height_px].astype(np.float64), 0, 255)
    contrast = StatedPlaces().estimate(scene, YuvClip(planes, scene.frame_rate_hz))
    assert swap is not None
    assert contrast is not None
    assert swap < contrast < 1
