"""Consistency, reasonableness and usability of a shown scene, from exact labels and tracks; and their five levels.

The dimensions are those of Zhang et al., Generative Video Communications, Engineering 56(1), 2026, section 3.3. How
they are measured is netgen's own; ethical norms, which the paper counts as reasonable, are not measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.labelled.meaning import ABSENT, ATTRIBUTES, BACKGROUNDS, PLACES, Meaning
from netgen.rating.script import Script, Track
from netgen.semantics.entropy import entropy_bits

Floats = NDArray[np.float64]

DIMENSIONS = ("consistency", "reasonableness", "usability")
RATED = (*DIMENSIONS, "utility")
"""What is rated: each dimension, and all of them together."""
LEVELS = 5
BAD = 2
"""Levels up to this one are bad: poor, or worse."""

TOLERANCE = 2 / 272
"""How far a thing may be from where uniform motion puts it, of the frame's side: two pixels of a scene."""

_ATTRIBUTE_BITS = np.log2([len(values) for values in ATTRIBUTES.values()])
_ATTRIBUTE_CHANCE = np.array([1 / len(values) for values in ATTRIBUTES.values()])
_THERE_BITS = entropy_bits([ABSENT, 1 - ABSENT])
_THERE_CHANCE = ABSENT**2 + (1 - ABSENT) ** 2
_GROUND_BITS = float(np.log2(len(BACKGROUNDS)))


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of a shown scene; each 0..1, 1 for the best."""

    consistency: float
    reasonableness: float
    usability: float

    def levels(self) -> tuple[int, int, int, int]:
        """Return the level of each of `RATED`, 1..5.

        All together have the level of the worst: smooth motion does not make up for the wrong scene.
        """
        each = tuple(level_of(getattr(self, name)) for name in DIMENSIONS)
        return (*each, min(each))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Readings:
    """What a reader of labels makes of a scene: of its source, of the shown script as drawn, and as it arrived."""

    source: Meaning
    drawn: Meaning
    shown: Meaning


def measured(source: Meaning, script: Script, readings: Readings) -> Truth:
    """Measure a shown scene.

    Parameters
    ----------
    source : Meaning                    The labels of the source, exact.
    script : Script                     What is shown, exact.
    readings : Readings                 For what a codec or a blur has made illegible, and for the task.
    """
    return Truth(
        consistency_of(source, script, readings),
        reasonableness_of(script),
        usability_of(readings.source, readings.shown),
    )


def level_of(value: float) -> int:
    """Return the level nearest to 1 + 4 x value, which is how `netgen.metrics.utility` maps dimensions to ratings."""
    return int(np.clip(np.floor(1.5 + 4 * value), 1, LEVELS))


def consistency_of(source: Meaning, script: Script, readings: Readings) -> float:
    """Share of the source's labels that what is shown still has, beyond what guessing would have; not below 0.

    With h for the entropy of a label, c for the chance that a guess at it is right, and kept for the share of the
    frames in which the script has the source's value, 0 where the reader reads it otherwise than before the script was
    coded or blurred,

        consistency = max(0, sum h (kept - c) / sum h (1 - c)).

    The labels are the background, whether something is in each place, and the attributes of each place in which the
    source or the script has something. c of an attribute is one over the number of its values: what an unrelated scene
    reaches where it has something in that place as well, and more than it reaches where it has not. Equal scenes have
    1; unrelated ones lie below 0 before they are cut off there, at -0.11 in the mean of 4,000 pairs, and at 0.02 after.
    """
    return max(0.0, uncut_consistency_of(source, script, readings))


def uncut_consistency_of(source: Meaning, script: Script, readings: Readings) -> float:
    """Return what `consistency_of` cuts off at 0."""
    legible = _equal(readings.drawn, readings.shown)
    gained = most = 0.0
    for still in script.stills:
        same = _equal(source, still.meaning)
        kept = tuple(one & other for one, other in zip(same, legible, strict=True))
        either = np.array(
            [
                one is not None or other is not None
                for one, other in zip(source.things, still.meaning.things, strict=True)
            ]
        )
        gained += _GROUND_BITS * (kept[0].item() - 1 / len(BACKGROUNDS))
        gained += _THERE_BITS * float((kept[1] - _THERE_CHANCE).sum())
        gained += float((either[:, None] * (kept[2] - _ATTRIBUTE_CHANCE) * _ATTRIBUTE_BITS).sum())
        most += _GROUND_BITS * (1 - 1 / len(BACKGROUNDS)) + PLACES * _THERE_BITS * (1 - _THERE_CHANCE)
        most += either.sum() * float(((1 - _ATTRIBUTE_CHANCE) * _ATTRIBUTE_BITS).sum())
    return gained / most


def reasonableness_of(script: Script) -> float:
    """How far what is shown obeys the laws that scenes obey: things last, keep their looks, and move uniformly.

    Of each thing v = 2 (1 - m), where m is the largest share of the frames that one lawful thing explains: one that is
    never there, or one of constant looks in uniform motion, to `TOLERANCE`; m = 1/2 counts as no law at all. Then

        reasonableness = product over the background and the places of (1 - min(1, v)).
    """
    return float(np.prod([1 - min(1.0, 2 * (1 - lawful_share(track))) for track in script.tracks()]))


def lawful_share(track: Track) -> float:
    """Return the largest share of a track's frames that one lawful thing explains, 0..1."""
    count = len(track.looks)
    best = sum(look is None for look in track.looks)
    frames = np.arange(count)
    for look in {look: None for look in track.looks if look is not None}:
        mine = np.array([one == look for one in track.looks])
        own = np.flatnonzero(mine)
        # Each pair of frames proposes a uniform motion; the one that most frames agree with is taken.
        first, second = np.triu_indices(len(own), 1)
        best = max(best, min(1, len(own)))
        if not len(first):
            continue
        begin, end = own[first], own[second]
        step = (track.where[end] - track.where[begin]) / (end - begin)[:, None]
        course = track.where[begin][:, None] + step[:, None] * (frames - begin[:, None])[..., None]
        off = np.hypot(*np.moveaxis(course - track.where, -1, 0))
        best = max(best, int((mine & (off <= TOLERANCE)).sum(axis=1).max()))
    return best / count


def usability_of(source: Meaning, shown: Meaning) -> float:
    """How well a task ends that works on what is shown: find the objects of a shape and a colour, and where they are.

    F1 of (place, shape, colour) as the reader finds them in what is shown, against what it finds in the source; 1
    where it finds nothing in either.
    """
    found = [
        {(place, thing.shape, thing.colour) for place, thing in one.objects()} for one in (source, shown)
    ]
    total = len(found[0]) + len(found[1])
    return 1.0 if not total else 2 * len(found[0] & found[1]) / total


def _equal(one: Meaning, other: Meaning) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the background, the presences (4,) and the attributes (4, 5) are the same."""
    things = list(zip(one.things, other.things, strict=True))
    there = np.array([(first is None) == (second is None) for first, second in things])
    attributes = np.array(
        [
            np.equal(first.values(), second.values())
            if first is not None and second is not None
            else np.full(len(ATTRIBUTES), first is second)
            for first, second in things
        ]
    )
    return np.array(one.background == other.background), there, attributes
