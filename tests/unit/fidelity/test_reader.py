"""Looking inside the scene reader changes nothing of what it reads."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the reader is a torch model")

from netgen.fidelity.reader import features_of, likelihoods_of
from netgen.labelled.meaning import ATTRIBUTES
from netgen.labelled.reading import read_meanings, views_of
from netgen.media.yuv_clip import YuvClip


def test_likelihoods_are_those_of_the_reading(scene: YuvClip) -> None:
    found = likelihoods_of(scene)
    (meaning,) = read_meanings(views_of([scene]))
    assert int(found["background"].argmax()) == meaning.background
    for place, thing in meaning.objects():
        assert tuple(int(found[name][place].argmax()) for name in ATTRIBUTES) == thing.values()
    assert all(np.allclose(one.sum(axis=-1), 1, atol=1e-5) for one in found.values())


def test_features_are_those_of_the_quadrants(scene: YuvClip) -> None:
    """Rectified, and those of a quadrant do not depend on the others."""
    found = features_of(scene)
    assert found.shape == (4, 24, 8, 8)
    assert (found >= 0).all()
    planes = scene.planes.copy()
    planes[:, :100, 150:] = 128  # the top right
    planes.flags.writeable = False
    other = features_of(YuvClip(planes, scene.frame_rate_hz))
    np.testing.assert_allclose(other[[0, 2, 3]], found[[0, 2, 3]], atol=1e-5)
    assert not np.allclose(other[1], found[1])
