"""Laws of truth and ratings, for any scene and any numbers."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.labelled.describing import USUAL
from netgen.labelled.drawing import FRAMES
from netgen.labelled.meaning import drawn_meaning
from netgen.rating.detection import detection_at, detection_at_false_alarms, roc_area
from netgen.rating.dimensions import Readings, lawful_share, measured
from netgen.rating.rater import rating_of
from netgen.rating.script import Script, Track, script_of
from netgen.rng import generator_from

SEEDS = st.integers(0, 2**32)
LOGITS = st.lists(st.floats(-500, 500), min_size=5, max_size=5)


@given(LOGITS, st.floats(-100, 100))
def test_ratings_are_probabilities_and_only_differences_count(logits, shift):
    rating = rating_of(logits)
    assert abs(sum(rating.probabilities) - 1) < 1e-9
    assert min(rating.probabilities) >= 0
    assert 1 <= rating.score <= 5 + 1e-9
    assert abs(rating_of([one + shift for one in logits]).score - rating.score) < 1e-6


@given(SEEDS, SEEDS, st.lists(st.integers(0, FRAMES - 1), min_size=FRAMES, max_size=FRAMES))
@settings(max_examples=40, deadline=None)
def test_truth_is_between_0_and_1_and_the_same_scene_has_all(one, other, shown):
    source, drawn = drawn_meaning(generator_from(one)), drawn_meaning(generator_from(other))
    script = script_of(drawn, USUAL, np.array(shown))
    truth = measured(source, script, Readings(source, drawn, drawn))
    for value in (truth.consistency, truth.reasonableness, truth.usability):
        assert 0 <= value <= 1
    assert min(truth.levels()) == truth.levels()[-1]
    same = measured(source, script_of(source, USUAL), Readings(source, source, source))
    assert (same.consistency, same.reasonableness, same.usability) == (1, 1, 1)


@given(SEEDS, st.integers(1, FRAMES - 1))
@settings(max_examples=30, deadline=None)
def test_reasonableness_does_not_depend_on_the_direction_of_time(seed, begin):
    first, second = (drawn_meaning(generator_from(seed, part)) for part in range(2))
    stills = script_of(first, USUAL).stills[:begin] + script_of(second, USUAL).stills[begin:]
    one, back = (
        measured(first, Script(made), Readings(first, first, first)) for made in (stills, stills[::-1])
    )
    assert abs(one.reasonableness - back.reasonableness) < 1e-9


@given(st.floats(-1, 1), st.floats(-1, 1), st.integers(2, 30))
def test_uniform_motion_is_lawful(down, right, count):
    where = np.outer(np.arange(count), [down, right])
    assert lawful_share(Track((1,) * count, where)) == 1.0


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(1, 5)), min_size=1, max_size=60), st.floats(0, 1))
def test_alarms_keep_what_is_asked_of_them(pairs, rate):
    levels = np.array([level for level, _ in pairs])
    scores = np.array([score for _, score in pairs])
    found = detection_at_false_alarms(scores, levels, rate)
    assert found.false_alarms.found <= rate * found.false_alarms.of
    assert detection_at(scores, levels, 5.0).detected.found == (levels <= 2).sum()
    area = roc_area(scores, levels)
    assert np.isnan(area) or abs(area + roc_area(-scores, levels) - 1) < 1e-9
