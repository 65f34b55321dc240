"""The shipped reader reads what is shown."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.labelled.drawing import FRAME_RATE_HZ, drawn_circumstances, drawn_clip
from netgen.labelled.information import kept_meaning
from netgen.labelled.meaning import Meaning, drawn_meaning, drawn_meanings
from netgen.media.yuv_clip import YuvClip
from netgen.rng import generator_from

pytest.importorskip("torch", reason="the reader is a torch model")

from netgen.labelled.reading import read_meanings, views_of

SCENES = 60


@pytest.fixture(scope="module")
def shown() -> tuple[list[Meaning], np.ndarray]:
    """Scenes that it was not trained on, and what it sees of them."""
    meanings, clips = [], []
    for scene in range(SCENES):
        rng = generator_from(77, scene)
        meanings.append(drawn_meaning(rng))
        clips.append(drawn_clip(meanings[-1], drawn_circumstances(rng)))
    return meanings, views_of(clips)


def test_it_reads_clean_scenes(shown: tuple[list[Meaning], np.ndarray]) -> None:
    """More than nine tenths of the semantic bits, and most scenes without any error."""
    meanings, views = shown
    found = kept_meaning(meanings, read_meanings(views), generator_from(1), draws=200)
    assert found.fidelity > 0.9
    assert found.exact > 0.7


def test_it_does_not_depend_on_what_is_read_with_it(shown: tuple[list[Meaning], np.ndarray]) -> None:
    """One by one as in batches."""
    _, views = shown
    assert read_meanings(views[:5], batch=1) == read_meanings(views[:5], batch=5)


def test_noise_means_nothing() -> None:
    """From frames of noise it learns nothing of the scenes that others drew."""
    rng = generator_from(2)
    views = rng.integers(0, 256, (SCENES, 5, 3, 128, 128), dtype=np.uint8)
    meanings = drawn_meanings(rng, SCENES)
    assert kept_meaning(meanings, read_meanings(views), rng, draws=100).fidelity < 0.1


def test_views_are_five_frames_of_three_planes() -> None:
    """The first and the last among them; chroma is not mixed with luma."""
    planes = np.zeros((25, 408, 272), np.uint8)
    planes[:, :272] = 50
    planes[:, 272:340] = 90
    planes[:, 340:] = 200
    planes[0, :272] = 10
    planes[24, :272] = 250
    planes[1, :272] = 77
    (view,) = views_of([YuvClip(planes, FRAME_RATE_HZ)])
    assert view.shape == (5, 3, 128, 128)
    assert [int(luma[0, 0]) for luma in view[:, 0]] == [10, 50, 50, 50, 250]
    assert (view[:, 1] == 90).all()
    assert (view[:, 2] == 200).all()
