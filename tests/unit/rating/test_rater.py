"""The shipped rater: what it sees, and what it says of scenes that are plainly good or plainly bad."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the rater is a torch model")
pytest.importorskip("sklearn", reason="scenes have photographs of scikit-learn")

from fractions import Fraction

from netgen.errors import InputError
from netgen.labelled.drawing import FRAMES
from netgen.labelled.meaning import Meaning
from netgen.media.yuv_clip import YuvClip
from netgen.rating.dimensions import RATED, Readings, measured
from netgen.rating.distortions import SHARES, drawn_distortion, drawn_scene, other_labels
from netgen.rating.rater import Knows, rate, rating_of
from netgen.rating.script import Script, script_of
from netgen.rating.seeing import OWN_SIGNALS, STATED_SIGNALS, seen, stated_signals
from netgen.rng import generator_from


@pytest.fixture(scope="module")
def scene():
    """A scene with its clip, and what is seen of it."""
    meaning, circumstances = drawn_scene(generator_from(77))
    clip = script_of(meaning, circumstances).drawn()
    return meaning, circumstances, clip, seen(clip)


def test_the_rating_is_a_softmax_and_its_mean():
    special = pytest.importorskip("scipy.special", reason="the reference is scipy's")
    logits = [0.3, -1.0, 2.0, 700.0, 699.0]
    rating = rating_of(logits)
    assert rating.probabilities == pytest.approx(special.softmax(logits).tolist())
    assert rating.score == pytest.approx(special.softmax(logits) @ [1, 2, 3, 4, 5])
    assert rating.level == 4
    with pytest.raises(ValueError, match="5 logits"):
        rating_of([1.0, 2.0])


def test_what_is_seen(scene):
    meaning, _, clip, looked = scene
    assert looked.frames.shape == (9, 3, 64, 64)
    assert looked.places.shape == (4, OWN_SIGNALS[0])
    assert looked.whole.shape == (OWN_SIGNALS[1],)
    assert looked.read.background == meaning.background
    frozen = YuvClip(np.repeat(clip.planes[:1], FRAMES, axis=0), clip.frame_rate_hz)
    assert (seen(frozen).places[:, -(FRAMES - 1) :] == 0).all()
    with pytest.raises(InputError, match="25 frames, a second"):
        seen(YuvClip(clip.planes[:3], Fraction(25)))


def test_what_was_said(scene):
    looked = scene[3]
    places, whole = stated_signals(looked, None)
    assert not places.any()
    assert not whole.any()
    places, whole = stated_signals(looked, looked.read)
    assert places.shape == (4, STATED_SIGNALS[0])
    assert whole[-1] == 1
    assert places[:, 0].tolist() == [float(thing is not None) for thing in looked.read.things]
    wrong = Meaning((looked.read.background + 1) % 8, looked.read.things)
    assert stated_signals(looked, wrong)[1][-2] > whole[-2]  # what disagrees is improbable


def test_it_tells_good_from_bad(scene):
    """An untouched scene, and one of which every label was drawn anew, rated with the description and the source."""
    meaning, circumstances, _, looked = scene
    wrong = other_labels(meaning, 1.0, generator_from(5))
    shown = seen(script_of(wrong, circumstances).drawn())
    for knows in (Knows.DESCRIPTION, Knows.SOURCE):
        good, bad = (
            rate(one, knows, stated=looked.read, source=looked)["utility"].score for one in (looked, shown)
        )
        assert bad < 2
        assert good > 4


def test_what_it_does_not_know_changes_nothing(scene):
    meaning, _, _, looked = scene
    blind = rate(looked, Knows.NOTHING)
    assert list(blind) == list(RATED)
    assert rate(looked, Knows.NOTHING, stated=meaning, source=looked) == blind
    assert rate(looked, Knows.DESCRIPTION, stated=meaning, source=looked) == rate(
        looked, Knows.DESCRIPTION, stated=meaning
    )
    with pytest.raises(ValueError, match="knows source needs it"):
        rate(looked, Knows.SOURCE, stated=meaning)


def test_distortions_are_of_every_kind_and_repeat():
    meaning, circumstances = drawn_scene(generator_from(78))
    kinds = set()
    for seed in range(24):
        one = drawn_distortion(meaning, circumstances, generator_from(79, seed))
        kinds.add(one.kind)
        assert one.clip.planes.shape == (25, 408, 272)
        assert isinstance(one.script, Script)
        if one.kind in ("none", "stall", "labels"):
            truth = measured(meaning, one.script, Readings(meaning, meaning, meaning))
            assert (truth.consistency == 1) == (
                one.kind != "labels" or one.script.stills[0].meaning == meaning
            )
    assert kinds == set(SHARES)
    again = drawn_distortion(meaning, circumstances, generator_from(79, 3))
    assert np.array_equal(
        again.clip.planes, drawn_distortion(meaning, circumstances, generator_from(79, 3)).clip.planes
    )
