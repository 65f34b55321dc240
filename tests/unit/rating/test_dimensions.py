"""Truth about shown scenes, on scripts whose faults are known by hand."""

from dataclasses import replace

import numpy as np
import pytest

from netgen.labelled.describing import USUAL
from netgen.labelled.drawing import FRAMES
from netgen.labelled.meaning import Meaning, Thing, drawn_meaning
from netgen.rating.dimensions import (
    Readings,
    Truth,
    consistency_of,
    lawful_share,
    level_of,
    measured,
    reasonableness_of,
    uncut_consistency_of,
    usability_of,
)
from netgen.rating.script import Script, Track, script_of
from netgen.rng import generator_from

RED = Thing(shape=0, colour=0, size=1, motion=2, spot=0)
BLUE = Thing(shape=1, colour=2, size=0, motion=0, spot=1)
SCENE = Meaning(0, (RED, None, BLUE, None))


def readings(source: Meaning, shown: Meaning, drawn: Meaning | None = None) -> Readings:
    return Readings(source, drawn or shown, shown)


def with_thing(scene: Meaning, place: int, thing: Thing | None) -> Meaning:
    return replace(scene, things=(*scene.things[:place], thing, *scene.things[place + 1 :]))


def changed(script: Script, begin: int, meaning: Meaning) -> Script:
    stills = [replace(one, meaning=meaning) if k >= begin else one for k, one in enumerate(script.stills)]
    return Script(tuple(stills))


def test_the_same_scene_is_perfect():
    truth = measured(SCENE, script_of(SCENE, USUAL), readings(SCENE, SCENE))
    assert (truth.consistency, truth.reasonableness, truth.usability) == (1.0, 1.0, 1.0)
    assert truth.levels() == (5, 5, 5, 5)


def test_consistency_of_one_wrong_colour_by_hand():
    """Of 3 + 4 x 0.811 x 0.375 x ... bits: only the colour's log2 6 is lost, and its chance of 1/6 with it."""
    shown = with_thing(SCENE, 0, replace(RED, colour=3))
    weights = {"shape": (2, 1 / 4), "colour": (np.log2(6), 1 / 6), "size": (1, 1 / 2), "motion": (np.log2(5), 1 / 5),
               "spot": (2, 1 / 4)}  # fmt: skip
    thing = sum(bits * (1 - chance) for bits, chance in weights.values())
    there = -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75)) * (1 - 0.25**2 - 0.75**2)
    whole = 3 * 7 / 8 + 4 * there + 2 * thing
    found = consistency_of(SCENE, script_of(shown, USUAL), readings(SCENE, shown))
    assert found == pytest.approx((whole - np.log2(6)) / whole)


def test_consistency_of_unrelated_scenes():
    """Below 0 in the mean, as a thing that is missing on one side has no attribute right; cut off, near 0."""
    rng = generator_from(5)
    pairs = [(drawn_meaning(rng), drawn_meaning(rng)) for _ in range(400)]
    scenes = [(one, script_of(other, USUAL), readings(one, other)) for one, other in pairs]
    uncut = np.array([uncut_consistency_of(*each) for each in scenes])
    found = np.array([consistency_of(*each) for each in scenes])
    assert np.mean(uncut) == pytest.approx(-0.112, abs=0.02)
    assert np.array_equal(found, np.maximum(uncut, 0.0))
    assert 0.01 < np.mean(found) < 0.03


def test_what_became_illegible_is_not_kept():
    unread = with_thing(SCENE, 0, replace(RED, shape=2))
    script = script_of(SCENE, USUAL)
    kept = consistency_of(SCENE, script, Readings(SCENE, SCENE, unread))
    assert 0.8 < kept < 1
    assert consistency_of(SCENE, script, Readings(unread, unread, unread)) == 1.0  # misread before as well


@pytest.mark.parametrize(
    ("begin", "expected"), [(24, 1 - 2 / 25), (20, 1 - 2 * 5 / 25), (13, 1 - 2 * 12 / 25)]
)
def test_what_vanishes_breaks_the_law_for_so_long(begin, expected):
    script = changed(script_of(SCENE, USUAL), begin, with_thing(SCENE, 2, None))
    assert reasonableness_of(script) == pytest.approx(expected)


def test_other_looks_and_other_things_multiply():
    both = with_thing(with_thing(SCENE, 2, None), 0, replace(RED, colour=4))
    script = changed(script_of(SCENE, USUAL), 20, both)
    assert reasonableness_of(script) == pytest.approx((1 - 2 * 5 / 25) ** 2)


def test_a_scene_with_other_labels_is_reasonable_still():
    assert reasonableness_of(script_of(with_thing(SCENE, 1, BLUE), USUAL)) == 1.0


def test_a_freeze_is_felt_by_what_moves_alone():
    frozen = np.where(np.arange(FRAMES) < 12, 0, np.arange(FRAMES))
    assert reasonableness_of(script_of(with_thing(SCENE, 0, None), USUAL, frozen)) == 1.0
    assert reasonableness_of(script_of(SCENE, USUAL, frozen)) < 0.5


def test_dropping_every_second_frame_is_within_the_tolerance():
    """Things move about a pixel a frame, and two pixels are tolerated."""
    assert reasonableness_of(script_of(SCENE, USUAL, np.arange(FRAMES) // 2 * 2)) == 1.0


def test_a_track_of_one_frame():
    assert lawful_share(Track((1,), np.zeros((1, 2)))) == 1.0
    assert lawful_share(Track((None, 1, 2, 3), np.zeros((4, 2)))) == 0.25


def test_usability_is_f1_of_what_is_found():
    assert usability_of(SCENE, SCENE) == 1.0
    assert usability_of(SCENE, with_thing(SCENE, 0, None)) == pytest.approx(2 / 3)
    assert usability_of(SCENE, with_thing(SCENE, 0, replace(RED, colour=1))) == pytest.approx(1 / 2)
    assert usability_of(SCENE, with_thing(SCENE, 0, replace(RED, size=0, motion=0))) == 1.0
    nothing = Meaning(0, (None,) * 4)
    assert usability_of(nothing, nothing) == 1.0
    assert usability_of(nothing, SCENE) == 0.0


@pytest.mark.parametrize(
    ("value", "level"), [(0, 1), (0.12, 1), (0.13, 2), (0.37, 2), (0.38, 3), (0.63, 4), (1, 5)]
)
def test_levels_are_the_nearest_ones(value, level):
    assert level_of(value) == level


def test_all_together_is_the_worst():
    assert Truth(0.9, 0.0, 1.0).levels() == (5, 1, 5, 1)
