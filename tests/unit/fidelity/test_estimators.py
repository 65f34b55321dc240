"""All estimators alike: 1 for equal clips, less for worse ones, and little for another scene."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch", reason="frames are brought to size by torch")

from netgen.fidelity.contract import Family
from netgen.fidelity.estimators import Estimates, Estimator, shipped_estimators
from netgen.labelled.meaning import Meaning, Thing
from netgen.media.yuv_clip import YuvClip

ESTIMATORS = shipped_estimators()


@pytest.fixture(scope="module", params=ESTIMATORS, ids=lambda one: one.name)
def estimator(request: pytest.FixtureRequest) -> Estimator:
    return request.param


def test_all_three_families_are_there_and_names_carry_a_version() -> None:
    assert {one.family for one in ESTIMATORS} == set(Family)
    assert len({one.name for one in ESTIMATORS}) == len(ESTIMATORS)
    assert all(one.name.rpartition("-v")[2].isdecimal() for one in ESTIMATORS)


def test_equal_clips_score_one(estimator: Estimator, scene: YuvClip) -> None:
    copy = YuvClip(scene.planes.copy(), scene.frame_rate_hz)
    assert estimator.estimate(scene, copy) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("name", ["noisy", "blurred"])
def test_noise_and_blur_cost(estimator: Estimator, scene: YuvClip, name: str, kit: SimpleNamespace) -> None:
    """The more, the more; a statement may withstand a little of either."""
    scores = [estimator.estimate(scene, getattr(kit, name)(scene, strength)) for strength in (4, 16, 64)]
    assert all(score is not None and 0 <= score <= 1 for score in scores)
    assert scores[0] >= scores[1] >= scores[2]
    assert scores[2] < scores[0] - 0.03


def test_another_scene_scores_far_less_than_a_coded_one(
    estimator: Estimator, scene: YuvClip, kit: SimpleNamespace
) -> None:
    other = kit.drawn(Meaning(6, (None, Thing(3, 5, 0, 3, 2), None, Thing(0, 4, 0, 4, 0))), seed=8)
    score = estimator.estimate(scene, other)
    assert score is not None
    assert score < 0.45


def test_what_was_compared_before_does_not_count(
    estimator: Estimator, scene: YuvClip, kit: SimpleNamespace
) -> None:
    worse = kit.blurred(scene, 16)
    first = estimator.estimate(scene, worse)
    estimator.estimate(worse, kit.noisy(worse, 20))
    assert estimator.estimate(scene, worse) == first


def test_clips_of_other_shapes_are_refused(estimator: Estimator, scene: YuvClip) -> None:
    shorter = YuvClip(scene.planes[:20], scene.frame_rate_hz)
    with pytest.raises(ValueError, match="equal shape"):
        estimator.estimate(scene, shorter)


def test_references_are_described_once(scene: YuvClip, kit: SimpleNamespace) -> None:
    """The means are those of single estimates."""
    other = kit.drawn(kit.SCENE, seed=5)
    shown = [kit.blurred(scene, 16), kit.blurred(other, 16)]
    means = Estimates([scene, other], ESTIMATORS).means(shown)
    for one in ESTIMATORS:
        singles = [one.estimate(scene, shown[0]), one.estimate(other, shown[1])]
        assert means[one.name] == pytest.approx(np.mean(singles))


def test_what_has_nothing_to_say_is_left_out(scene: YuvClip) -> None:
    """A grey second holds no object; the score is of the other clip alone, or there is none."""
    grey = YuvClip(np.full_like(scene.planes, 128), scene.frame_rate_hz)
    means = Estimates([grey], ESTIMATORS).means([grey])
    assert "stated-scene-v1" not in means
    assert "stated-places-v1" in means
    both = Estimates([grey, scene], ESTIMATORS).means([grey, scene])
    assert both["stated-scene-v1"] == 1.0
