"""Features of the shipped encoder."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("torch", reason="the encoder is a torch model")

from netgen.fidelity.network_features import ReaderFeatures
from netgen.media.yuv_clip import YuvClip


def test_what_means_nothing_counts_less_than_what_does(scene: YuvClip, kit: SimpleNamespace) -> None:
    """The same scene under other circumstances is nearer than one whose objects changed places."""
    turned = type(kit.SCENE)(kit.SCENE.background, tuple(reversed(kit.SCENE.things)))
    same, other = (
        ReaderFeatures().estimate(scene, kit.drawn(kit.SCENE, 11)),
        ReaderFeatures().estimate(scene, kit.drawn(turned)),
    )
    assert same is not None
    assert other is not None
    assert same > other + 0.2
