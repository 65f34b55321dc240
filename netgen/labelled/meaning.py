"""What a scene means: its labels, their declared distribution, and its entropy in closed form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from netgen.semantics.entropy import entropy_bits

PLACES = 4
"""A scene has four places, the quadrants of the frame, from the top left by rows."""

ABSENT = 0.25
"""Share of places that stand empty."""

SHAPES = ("circle", "square", "triangle", "diamond")
COLOURS = ("red", "yellow", "blue", "white", "magenta", "green")
SIZES = ("small", "large")
MOTIONS = ("still", "left", "right", "up", "down")
SPOTS = ("upper left", "upper right", "lower left", "lower right")
BACKGROUNDS = ("astronaut", "cat", "coffee", "rocket", "retina", "colony", "china", "flower")

ATTRIBUTES = {"shape": SHAPES, "colour": COLOURS, "size": SIZES, "motion": MOTIONS, "spot": SPOTS}
"""Attributes of an object and their values, all equally likely and independent of each other."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of a scene: numbers of its values in `SHAPES`, `COLOURS`, `SIZES`, `MOTIONS` and `SPOTS`."""

    shape: int
    colour: int
    size: int
    motion: int
    spot: int

    def __post_init__(self) -> None:
        for name, values in ATTRIBUTES.items():
            if not 0 <= getattr(self, name) < len(values):
                raise ValueError(f"{name} must be a number below {len(values)}, got {getattr(self, name)!r}")

    def values(self) -> tuple[int, ...]:
        """Return the numbers in the order of `ATTRIBUTES`."""
        return tuple(getattr(self, field.name) for field in fields(self))

    def in_words(self) -> str:
        """Return for example "a small red circle at the upper left, moving right"."""
        motion = MOTIONS[self.motion]
        moves = "standing still" if motion == "still" else f"moving {motion}"
        return f"a {SIZES[self.size]} {COLOURS[self.colour]} {SHAPES[self.shape]} at the {SPOTS[self.spot]}, {moves}"


@dataclass(frozen=True, slots=True)
class Meaning:
    """All labels of a scene.

    Parameters
    ----------
    background : int                    Number of the photograph in `BACKGROUNDS`.
    things : tuple of Thing or None     What stands in each of the four places; None where nothing does.
    """

    background: int
    things: tuple[Thing | None, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.background < len(BACKGROUNDS) or len(self.things) != PLACES:
            raise ValueError(
                f"a scene has a background below {len(BACKGROUNDS)} and {PLACES} places, got {self.background!r} and "
                f"{len(self.things)}"
            )

    @property
    def count(self) -> int:
        """Number of objects."""
        return sum(thing is not None for thing in self.things)

    def objects(self) -> Iterator[tuple[int, Thing]]:
        """Yield (place, object) of the places that are not empty."""
        for place, thing in enumerate(self.things):
            if thing is not None:
                yield place, thing

    def in_words(self) -> str:
        """Return a sentence that says all of it, and nothing else."""
        names = ("top left", "top right", "bottom left", "bottom right")
        said = [f"{names[place]}: {thing.in_words()}" for place, thing in self.objects()]
        return f"Before {BACKGROUNDS[self.background]}: " + ("; ".join(said) or "nothing") + "."


def drawn_meaning(rng: np.random.Generator) -> Meaning:
    """Draw the meaning of a scene from the declared distribution."""
    background = int(rng.integers(len(BACKGROUNDS)))
    things: list[Thing | None] = []
    for _ in range(PLACES):
        there = rng.random() >= ABSENT
        thing = Thing(*(int(rng.integers(len(values))) for values in ATTRIBUTES.values()))
        things.append(thing if there else None)
    return Meaning(background, tuple(things))


def thing_entropy_bits() -> float:
    """Entropy of an object that is there: log2 of 960 combinations."""
    return sum(math.log2(len(values)) for values in ATTRIBUTES.values())


def place_entropy_bits() -> float:
    """Entropy of a place: whether something is there, and what."""
    return entropy_bits([ABSENT, 1.0 - ABSENT]) + (1.0 - ABSENT) * thing_entropy_bits()


def scene_entropy_bits() -> float:
    """Semantic entropy H_s of a scene: log2 8 + 4 (h(1/4) + 3/4 log2 960) = 35.97 bit."""
    return math.log2(len(BACKGROUNDS)) + PLACES * place_entropy_bits()


def drawn_meanings(rng: np.random.Generator, count: int) -> Sequence[Meaning]:
    """Draw several meanings, independent of each other."""
    return tuple(drawn_meaning(rng) for _ in range(count))
