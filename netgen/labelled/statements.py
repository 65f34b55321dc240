"""Descriptions compared by what they state: objects, their attributes, and how they stand to each other.

Embeddings of sentences must not be the score: a swap of two colours was measured at a similarity of 0.991, a faithful
paraphrase at 0.726. Here a swap costs the attributes that it swaps, and a paraphrase costs nothing.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

import numpy as np

from netgen.errors import InputError, MissingDependencyError
from netgen.labelled.meaning import ATTRIBUTES, BACKGROUNDS, COLOURS, MOTIONS, SHAPES, SIZES, Meaning

PLACE_WORDS = ("top left", "top right", "bottom left", "bottom right")

_SYNONYMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "shape": {word: word for word in SHAPES}
        | {"disc": "circle", "disk": "circle", "ball": "circle", "box": "square", "rhombus": "diamond"},
        "colour": {word: word for word in COLOURS}
        | {"crimson": "red", "golden": "yellow", "azure": "blue", "pink": "magenta", "pale": "white"},
        "size": {word: word for word in SIZES}
        | {"tiny": "small", "little": "small", "big": "large", "huge": "large"},
        "motion": {word: word for word in MOTIONS}
        | {
            "stationary": "still",
            "leftwards": "left",
            "rightwards": "right",
            "upwards": "up",
            "downwards": "down",
        },
    }
)
"""Words that say a value. Motions are only looked for after a verb of movement, spots and places before it."""

_MOVES = re.compile(r"\b(?:moving|moves|drifting|drifts|going|goes|standing|stands|heading|heads)\b")


@dataclass(frozen=True, slots=True)
class Description:
    """What is stated of a scene.

    Parameters
    ----------
    background : str or None            Name of it; None where nothing is said.
    objects : tuple of mappings         Attribute to value of each object; `place` among them where it is said.
    """

    background: str | None
    objects: tuple[Mapping[str, str], ...]

    def relations(self) -> dict[tuple[int, int], tuple[str, ...]]:
        """Return how objects of known places stand to each other: beside, above, and of the same colour or shape."""
        found = {}
        for first, second in combinations(range(len(self.objects)), 2):
            one, other = self.objects[first], self.objects[second]
            said = []
            if "place" in one and "place" in other:
                (row, column), (row_2, column_2) = (one["place"].split(), other["place"].split())
                said += [f"{row} to {row_2}", f"{column} to {column_2}"]
            said += [f"same {name}" for name in ("colour", "shape") if one.get(name, 1) == other.get(name, 2)]
            found[first, second] = tuple(said)
        return found


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two descriptions state the same.

    Parameters
    ----------
    objects, attributes, relations : float  F1 of each kind of statement, 0..1; 1 where neither states any.
    statements : float                  F1 of all statements together, the background among them.
    """

    objects: float
    attributes: float
    relations: float
    statements: float


def description_of(meaning: Meaning) -> Description:
    """Return all that a scene means as statements."""
    objects = []
    for place, thing in meaning.objects():
        values = {
            name: words[number]
            for (name, words), number in zip(ATTRIBUTES.items(), thing.values(), strict=True)
        }
        objects.append(MappingProxyType(values | {"place": PLACE_WORDS[place]}))
    return Description(BACKGROUNDS[meaning.background], tuple(objects))


def description_from_text(text: str) -> Description:
    """Read statements from sentences: one object for every phrase, between semicolons and full stops, with a shape.

    Raises
    ------
    InputError                          Nothing that could be stated of a scene is in it.
    """
    lowered = text.lower()
    background = next((name for name in BACKGROUNDS if re.search(rf"\b{name}\b", lowered)), None)
    objects = []
    for phrase in re.split(r"[;.]| and (?=an? )", lowered):
        said = _said(phrase)
        if "shape" in said:
            objects.append(MappingProxyType(said))
    if background is None and not objects:
        raise InputError(
            f"nothing is stated of a scene in {text!r}; accepted: sentences that name its objects by shape"
        )
    return Description(background, tuple(objects))


def agreement(reference: Description, shown: Description) -> Agreement:
    """Compare two descriptions: objects are paired so that most attributes agree, then statements are counted.

    Raises
    ------
    MissingDependencyError              scipy is not installed.
    """
    pairs = _paired(reference.objects, shown.objects)
    alike = sum(_alike(reference.objects[one], shown.objects[other]) for one, other in pairs)
    attributes = (alike, sum(map(len, reference.objects)), sum(map(len, shown.objects)))
    objects = (len(pairs), len(reference.objects), len(shown.objects))
    relations = _relations(reference, shown, pairs)
    background = (
        int(reference.background is not None and reference.background == shown.background),
        int(reference.background is not None),
        int(shown.background is not None),
    )
    together = tuple(sum(column) for column in zip(objects, attributes, relations, background, strict=True))
    return Agreement(*(_f1(*counts) for counts in (objects, attributes, relations, together)))


def _said(phrase: str) -> dict[str, str]:
    moves = _MOVES.search(phrase)
    before, after = (phrase[: moves.start()], phrase[moves.start() :]) if moves else (phrase, "")
    said = {}
    for name, words in _SYNONYMS.items():
        where = after if name == "motion" else before
        met = next((value for word, value in words.items() if re.search(rf"\b{word}\b", where)), None)
        if met is not None:
            said[name] = met
    for name, phrases in (("spot", ATTRIBUTES["spot"]), ("place", PLACE_WORDS)):
        met = next((word for word in phrases if word in before), None)
        if met is not None:
            said[name] = met
    return said


def _paired(
    reference: Sequence[Mapping[str, str]], shown: Sequence[Mapping[str, str]]
) -> list[tuple[int, int]]:
    if not reference or not shown:
        return []
    try:
        optimize = importlib.import_module("scipy.optimize")
    except ImportError as error:
        raise MissingDependencyError(
            "comparing descriptions needs scipy, which is not installed; run: pip install netgen[solver]"
        ) from error
    alike = np.array([[_alike(one, other) for other in shown] for one in reference])
    rows, columns = optimize.linear_sum_assignment(-alike)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]


def _alike(one: Mapping[str, str], other: Mapping[str, str]) -> int:
    return sum(other.get(name) == value for name, value in one.items())


def _relations(
    reference: Description, shown: Description, pairs: Sequence[tuple[int, int]]
) -> tuple[int, int, int]:
    """Return how many relations agree between paired objects, and how many either description has."""
    own, other = reference.relations(), shown.relations()
    partner = dict(pairs)
    agreed = 0
    for (first, second), said in own.items():
        if first not in partner or second not in partner:
            continue
        there = partner[first], partner[second]
        if there in other:
            agreed += len(set(said) & set(other[there]))
        else:
            turned = {_turned(word) for word in other[there[1], there[0]]}
            agreed += len(set(said) & turned)
    return agreed, sum(map(len, own.values())), sum(map(len, other.values()))


def _turned(relation: str) -> str:
    """Return a relation as seen from the other object."""
    first, found, second = relation.partition(" to ")
    return f"{second} to {first}" if found else relation


def _f1(agreed: int, first: int, second: int) -> float:
    return 1.0 if first + second == 0 else 2 * agreed / (first + second)
