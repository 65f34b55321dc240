"""The estimate that clips have had all along is one of the estimators."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("torch", reason="frames are brought to size by torch")

from netgen.fidelity.edges import EdgeDirections
from netgen.labelled.reading import views_of
from netgen.media.quality import SEMANTIC_METHOD, semantic_estimate
from netgen.media.yuv_clip import YuvClip


def test_it_is_the_semantic_estimate_of_five_frames(scene: YuvClip, kit: SimpleNamespace) -> None:
    shown = kit.blurred(scene, 8)
    one, other = (views_of([clip])[0, :, 0] for clip in (scene, shown))
    assert EdgeDirections.name == SEMANTIC_METHOD
    assert EdgeDirections().estimate(scene, shown) == semantic_estimate(one, other).fidelity
