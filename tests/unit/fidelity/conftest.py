"""A second of a labelled scene, and what happens to it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from netgen.labelled.drawing import drawn_circumstances, drawn_clip
from netgen.labelled.meaning import Meaning, Thing
from netgen.media.yuv_clip import YuvClip
from netgen.rng import generator_from

SCENE = Meaning(2, (Thing(0, 0, 1, 2, 0), None, Thing(2, 1, 0, 0, 1), Thing(1, 2, 1, 0, 3)))
"""A large red circle, a small yellow triangle and a large blue square before a cup of coffee."""


def drawn(meaning: Meaning, seed: int = 3) -> YuvClip:
    return drawn_clip(meaning, drawn_circumstances(generator_from(seed)))


def noisy(clip: YuvClip, deviation: float) -> YuvClip:
    """Noise of so many levels, the same for the same deviation."""
    noise = generator_from(9).normal(0, deviation, clip.planes.shape)
    return YuvClip(np.clip(np.rint(clip.planes + noise), 0, 255).astype(np.uint8), clip.frame_rate_hz)


def blurred(clip: YuvClip, side_px: int) -> YuvClip:
    """Squares of so many luma samples are made one."""
    planes = clip.planes.copy()
    height, width = clip.height_px, clip.width_px
    chroma = planes[:, height:].reshape(clip.frames, 2, height // 2, width // 2)
    for plane, side in ((planes[:, :height], side_px), (chroma, side_px // 2)):
        rows, columns = plane.shape[-2] // side, plane.shape[-1] // side
        view = plane[..., : rows * side, : columns * side]
        squares = view.reshape(*plane.shape[:-2], rows, side, columns, side)
        mean = squares.mean(axis=(-3, -1), keepdims=True)
        view[...] = np.broadcast_to(mean, squares.shape).reshape(view.shape).astype(np.uint8)
    planes[:, height:] = chroma.reshape(clip.frames, height // 2, width)
    return YuvClip(planes, clip.frame_rate_hz)


@pytest.fixture(scope="session")
def scene() -> YuvClip:
    return drawn(SCENE)


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """What tests do to it."""
    return SimpleNamespace(SCENE=SCENE, drawn=drawn, noisy=noisy, blurred=blurred)
