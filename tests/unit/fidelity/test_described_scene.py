"""Statements of labelled scenes: a swap costs, a paraphrase does not, and nothing found is no agreement."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch", reason="the reader is a torch model")

from netgen.fidelity.described_scene import Stated, StatedScene
from netgen.labelled.meaning import Meaning
from netgen.labelled.statements import description_from_text
from netgen.media.yuv_clip import YuvClip

FAITHFUL = (
    "In front of the coffee there is, top left, a huge crimson ball at the upper left that moves rightwards; bottom "
    "left, a tiny golden triangle at the upper right that stands still; bottom right, a big azure box at the lower "
    "right that stands still."
)


def test_a_paraphrase_costs_nothing_and_a_swap_of_colours_does(scene: YuvClip) -> None:
    """Of words: sentences that embeddings score at 0.73 and 0.99."""
    reference = StatedScene().described(scene)
    swapped = FAITHFUL.replace("crimson", "xxx").replace("azure", "crimson").replace("xxx", "azure")
    faithful, other = (Stated(description_from_text(text), sure=True) for text in (FAITHFUL, swapped))
    assert StatedScene().compared(reference, faithful) == 1.0
    score = StatedScene().compared(reference, other)
    assert score is not None
    assert score < 0.95


def test_the_same_scene_drawn_otherwise_costs_nothing_and_a_swap_of_colours_does(
    scene: YuvClip, kit: SimpleNamespace
) -> None:
    """Of pictures: another view of the photograph, other shading, and objects a little elsewhere mean the same."""
    assert StatedScene().estimate(scene, kit.drawn(kit.SCENE, 11)) == 1.0
    first, second, third, fourth = kit.SCENE.things
    assert first is not None
    assert fourth is not None
    swapped = (replace(first, colour=fourth.colour), second, third, replace(fourth, colour=first.colour))
    score = StatedScene().estimate(scene, kit.drawn(Meaning(kit.SCENE.background, swapped)))
    assert score is not None
    assert 0.8 < score < 0.95


def test_there_is_no_score_where_nothing_was_found(scene: YuvClip, kit: SimpleNamespace) -> None:
    """Grey, noise, and a scene without objects; but an empty picture in place of a scene scores 0 or little."""
    rng = np.random.Generator(np.random.PCG64(4))
    noise = rng.integers(0, 256, scene.planes.shape, dtype=np.uint8)
    for planes in (np.full_like(scene.planes, 128), noise):
        clip = YuvClip(planes, scene.frame_rate_hz)
        assert StatedScene().estimate(clip, clip) is None
    empty = kit.drawn(Meaning(kit.SCENE.background, (None,) * 4))
    assert StatedScene().estimate(empty, empty) is None
    grey = YuvClip(np.full_like(scene.planes, 128), scene.frame_rate_hz)
    score = StatedScene().estimate(scene, grey)
    assert score is not None
    assert score < 0.2
