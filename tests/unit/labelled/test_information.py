"""What is kept of the meaning, against readers of known error."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from netgen.labelled.information import kept_meaning
from netgen.labelled.meaning import COLOURS, Meaning, Thing, drawn_meanings, scene_entropy_bits
from netgen.rng import generator_from

SCENES = 400


def recoloured(meaning: Meaning, rng: np.random.Generator, wrong: float) -> Meaning:
    """Return a scene with some colours read as another one."""
    things: list[Thing | None] = []
    for thing in meaning.things:
        if thing is not None and rng.random() < wrong:
            step = int(rng.integers(1, len(COLOURS)))
            thing = replace(thing, colour=(thing.colour + step) % len(COLOURS))  # noqa: PLW2901
        things.append(thing)
    return replace(meaning, things=tuple(things))


@pytest.fixture(scope="module")
def meanings() -> tuple[Meaning, ...]:
    """Scenes of the declared distribution."""
    return tuple(drawn_meanings(generator_from(11), SCENES))


def test_a_perfect_reader_keeps_nearly_all(meanings: tuple[Meaning, ...]) -> None:
    """No error in 400 scenes: the interval ends below H_s, and begins not far below."""
    found = kept_meaning(meanings, meanings, generator_from(1))
    assert found.exact == 1.0
    assert 0.97 < found.low < found.fidelity < found.high <= 1.0
    assert found.bits.samples == SCENES


def test_a_known_error_costs_what_it_must(meanings: tuple[Meaning, ...]) -> None:
    """A fifth of the colours is read wrongly: 3 objects a scene lose log2 6 less the capacity of that channel each."""
    rng = generator_from(2)
    read = [recoloured(meaning, rng, 0.2) for meaning in meanings]
    lost = 3 * (-0.2 * math.log2(0.2) - 0.8 * math.log2(0.8) + 0.2 * math.log2(5))
    found = kept_meaning(meanings, read, rng)
    perfect = kept_meaning(meanings, meanings, generator_from(1))
    assert found.low < 1 - lost / scene_entropy_bits() < found.high
    assert perfect.bits.bits - found.bits.bits == pytest.approx(lost, rel=0.15)
    assert perfect.slots["shape"] - found.slots["shape"] == pytest.approx(0, abs=0.1)


def test_a_reader_of_other_scenes_keeps_next_to_nothing(meanings: tuple[Meaning, ...]) -> None:
    """Readings of the scenes before: independent of what is shown."""
    found = kept_meaning(meanings, [*meanings[1:], meanings[0]], generator_from(3))
    assert found.fidelity < 0.03
    assert found.exact == 0.0


def test_an_overlooked_object_takes_its_attributes_along(meanings: tuple[Meaning, ...]) -> None:
    """All places read as empty: only the background is left."""
    read = [replace(meaning, things=(None,) * 4) for meaning in meanings]
    found = kept_meaning(meanings, read, generator_from(4))
    assert found.bits.bits == pytest.approx(3.0, abs=0.3)
    assert found.slots["colour"] < 0.1


def test_intervals_cover() -> None:
    """Sixty scenes a time, an error of known cost, forty times: the interval holds the truth nearly always."""
    true = 1 - 3 * (-0.3 * math.log2(0.3) - 0.7 * math.log2(0.7) + 0.3 * math.log2(5)) / scene_entropy_bits()
    held = 0
    for trial in range(40):
        rng = generator_from(5, trial)
        meanings = drawn_meanings(rng, 120)
        read = [recoloured(meaning, rng, 0.3) for meaning in meanings]
        found = kept_meaning(meanings, read, rng, draws=200)
        held += found.low - 0.012 <= true <= found.high + 0.012
    assert held >= 36


def test_what_cannot_be_compared_is_refused(meanings: tuple[Meaning, ...]) -> None:
    """No scenes, or not as many readings."""
    with pytest.raises(ValueError, match="as many readings as scenes"):
        kept_meaning(meanings, meanings[1:], generator_from(1))
    with pytest.raises(ValueError, match="at least one"):
        kept_meaning([], [], generator_from(1))
