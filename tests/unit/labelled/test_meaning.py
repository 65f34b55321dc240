"""The declared distribution of labels, and its entropy."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from netgen.labelled.meaning import (
    ABSENT,
    ATTRIBUTES,
    BACKGROUNDS,
    Meaning,
    Thing,
    drawn_meanings,
    place_entropy_bits,
    scene_entropy_bits,
)
from netgen.rng import generator_from
from netgen.semantics.entropy import entropy_bits
from netgen.semantics.estimation import entropy_estimate


def test_the_entropy_of_a_place_is_that_of_its_distribution() -> None:
    """Written out: nothing, or one of 960 objects, each as likely."""
    combinations = list(product(*(range(len(values)) for values in ATTRIBUTES.values())))
    assert len(combinations) == 960
    written = [ABSENT, *[(1 - ABSENT) / 960] * 960]
    assert place_entropy_bits() == pytest.approx(entropy_bits(written), abs=1e-9)


def test_the_entropy_of_a_scene() -> None:
    """By hand: 3 + 4 (0.811278 + 0.75 log2 960)."""
    assert scene_entropy_bits() == pytest.approx(3 + 4 * (0.8112781 + 0.75 * math.log2(960)), abs=1e-6)
    assert scene_entropy_bits() == pytest.approx(35.97, abs=0.01)


def test_scenes_are_drawn_as_declared() -> None:
    """Shares of empty places, entropies of labels, and no label tells of another."""
    meanings = drawn_meanings(generator_from(1), 4000)
    things = [thing for meaning in meanings for thing in meaning.things]
    assert np.mean([thing is None for thing in things]) == pytest.approx(ABSENT, abs=0.02)
    there = np.array([thing.values() for thing in things if thing is not None])
    rng = generator_from(2)
    for column, values in enumerate(ATTRIBUTES.values()):
        found = entropy_estimate(np.bincount(there[:, column]), rng, resamples=10)
        assert found.bits == pytest.approx(math.log2(len(values)), abs=0.002)
    backgrounds = entropy_estimate(np.bincount([one.background for one in meanings]), rng, resamples=10)
    assert backgrounds.bits == pytest.approx(math.log2(len(BACKGROUNDS)), abs=0.003)
    for first, second in ((0, 1), (1, 3), (2, 4)):
        pairs = there[:, first] * 10 + there[:, second]
        alone = math.log2(len(set(there[:, first]))) + math.log2(len(set(there[:, second])))
        together = entropy_estimate(np.bincount(pairs)[np.bincount(pairs) > 0], rng, resamples=10)
        assert together.bits == pytest.approx(alone, abs=0.01)


def test_equal_seeds_draw_equal_scenes() -> None:
    """And other seeds others."""
    assert drawn_meanings(generator_from(5), 20) == drawn_meanings(generator_from(5), 20)
    assert drawn_meanings(generator_from(5), 20) != drawn_meanings(generator_from(6), 20)


def test_a_scene_says_itself_in_words() -> None:
    """All of it, and nothing else."""
    meaning = Meaning(2, (Thing(0, 0, 1, 2, 3), None, None, None))
    assert meaning.in_words() == (
        "Before coffee: top left: a large red circle at the lower right, moving right."
    )
    assert Meaning(0, (None,) * 4).in_words() == "Before astronaut: nothing."
    assert meaning.count == 1


def test_labels_that_do_not_exist_are_refused() -> None:
    """Each by its name."""
    with pytest.raises(ValueError, match="colour must be a number below 6"):
        Thing(0, 6, 0, 0, 0)
    with pytest.raises(ValueError, match="a background below 8 and 4 places"):
        Meaning(8, (None,) * 4)
