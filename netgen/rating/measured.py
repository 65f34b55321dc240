"""Measured ratings: how bad what actions show of labelled scenes is, and what raters say of it. For simulations."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError, did_you_mean
from netgen.generative.operating_point import Work
from netgen.provenance import Provenance

SOURCE = "source"
"""What stands for an action where nothing has been done to a segment."""

_LEVELS = (1, 2, 3, 4, 5)

_SLACK = 1.02
"""A rate counts as measured up to 2 % beyond the finest and the coarsest setting."""


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredPoint:
    """One setting of an action, scene by scene.

    Parameters
    ----------
    variant : str                       The action, or `source`.
    bits_per_pixel : float              What it took in the mean; 0 of the source.
    levels : (scenes,) int              True levels, 1..5.
    scores : mapping                    Per rater (scenes,) scores, 1 to 5.
    """

    variant: str
    bits_per_pixel: float
    levels: NDArray[np.int64]
    scores: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class RaterCost:
    """What a rating takes.

    Parameters
    ----------
    work : Work                         Time for one second of a scene.
    memory_bytes : int, byte            Weights of its networks as their files hold them: those of the shipped ones, in
                                        float16, take twice this as they run, in float32.
    needs : str                         What of the source it is sent: `nothing`, `description` or `source`.
    description_bits : int, bit         Size of a description, where it needs one.
    """

    work: Work
    memory_bytes: int
    needs: str
    description_bits: int


@dataclass(frozen=True, slots=True)
class MeasuredRatings:
    """A file of measured ratings.

    Parameters
    ----------
    path : Path                         Where it was read from.
    points : mapping                    Per action its settings, from the fewest bits on.
    costs : mapping                     Per rater what a rating takes.
    """

    path: Path
    points: Mapping[str, tuple[MeasuredPoint, ...]]
    costs: Mapping[str, RaterCost]

    def check(self, variant: str, bits_per_pixel: float, rater: str, where: str) -> None:
        """Raise InputError unless ratings of an action at a rate were measured with a rater."""
        if rater not in self.costs:
            raise InputError(
                f"{where}: {self.path.name} has no rater {rater!r}{did_you_mean(rater, list(self.costs))} "
                f"(it has: {', '.join(self.costs)})"
            )
        if variant not in self.points:
            raise InputError(
                f"{where}: {self.path.name} has no ratings of {variant!r}{did_you_mean(variant, list(self.points))} "
                f"(it has: {', '.join(self.points)}); measure them with: python -m netgen.appraisal.measuring, or say "
                f"by measured_as which of these it counts as"
            )
        points = self.points[variant]
        if any(rater not in point.scores for point in points):
            raise InputError(f"{where}: {self.path.name} has no ratings of {variant!r} by {rater!r}")
        low, high = points[0].bits_per_pixel, points[-1].bits_per_pixel
        if variant != SOURCE and not low / _SLACK <= bits_per_pixel <= high * _SLACK:
            raise InputError(
                f"{where}: ratings of {variant!r} were measured from {low:.4g} to {high:.4g} bit/pixel, and the action "
                f"has {bits_per_pixel:.4g}"
            )

    def drawn(
        self, variant: str, bits_per_pixel: float, rater: str, *, scene: float, rate: float
    ) -> tuple[int, float]:
        """Draw a scene: its true level and its score.

        Between two settings that were measured either is drawn, in proportion to how near it is on a scale of
        octaves; the scene is the same one, whatever the action and whoever rates it.

        Parameters
        ----------
        scene, rate : float             Uniform in [0, 1): which scene, and which setting.
        """
        points = self.points[variant]
        point = points[0]
        for lower, upper in pairwise(points):
            if bits_per_pixel >= upper.bits_per_pixel:
                point = upper
            elif bits_per_pixel > lower.bits_per_pixel:
                near = math.log(bits_per_pixel / lower.bits_per_pixel)
                near /= math.log(upper.bits_per_pixel / lower.bits_per_pixel)
                point = upper if rate < near else lower
        number = int(scene * len(point.levels))
        return int(point.levels[number]), float(point.scores[rater][number])


def shipped_file() -> Path:
    """Return the file of measured ratings that comes with netgen."""
    return Path(str(resources.files("netgen.rating"))) / "ratings.jsonl"


def read_ratings(path: Path | None = None) -> MeasuredRatings:
    """Read a file that `python -m netgen.appraisal.measuring` wrote; None: the shipped one.

    Raises
    ------
    InputError                          It cannot be read, or is not such a file; names the line.
    """
    return _read(path or shipped_file())


@lru_cache(maxsize=4)
def _read(path: Path) -> MeasuredRatings:
    points: dict[str, list[MeasuredPoint]] = {}
    costs: dict[str, RaterCost] = {}
    scenes = 0
    for number, row in _rows(path):
        try:
            if row["kind"] == "cost":
                costs[str(row["rater"])] = _cost(row)
            elif row["kind"] == "ratings":
                found = _point(row)
                scenes = scenes or len(found.levels)
                if len(found.levels) != scenes:
                    raise ValueError(
                        f"is of {len(found.levels)} scenes, and those before it {scenes}; all are of the same scenes"
                    )
                points.setdefault(found.variant, []).append(found)
            else:
                raise ValueError(f"kind must be cost or ratings, not {row['kind']!r}")
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path}:{number}: is no line of measured ratings: {error!r}") from error
    if not points or not costs:
        raise InputError(f"{path}: has no ratings, or not what they cost")
    ordered = {
        name: tuple(sorted(found, key=lambda one: one.bits_per_pixel)) for name, found in points.items()
    }
    return MeasuredRatings(path, ordered, costs)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}:{number}: is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise InputError(f"{path}:{number}: is not a JSON object")
        yield number, row


def _point(row: Mapping[str, Any]) -> MeasuredPoint:
    levels, scores = row["levels"], row["scores"]
    if not isinstance(levels, list):
        raise ValueError(f"levels must be a list, not {levels!r}")
    if not isinstance(scores, dict) or not all(isinstance(found, list) for found in scores.values()):
        raise ValueError("scores must be an object with a list of each rater")
    if not levels or any(len(found) != len(levels) for found in scores.values()):
        raise ValueError("needs as many scores of every rater as levels, at least one")
    if not all(_is_number(one) and one in _LEVELS for one in levels):
        raise ValueError("levels must be whole numbers, 1 to 5")
    if not all(
        _is_number(one) and _LEVELS[0] <= one <= _LEVELS[-1] for each in scores.values() for one in each
    ):
        raise ValueError("scores must be 1 to 5")
    rate = row["bits_per_pixel"]
    if not _is_number(rate) or rate < 0 or (rate == 0 and row["variant"] != SOURCE):
        raise ValueError(f"bits_per_pixel must be positive and finite, 0 of {SOURCE}, not {rate!r}")
    return MeasuredPoint(
        str(row["variant"]),
        float(rate),
        np.array(levels, dtype=np.int64),
        {str(name): np.array(found, dtype=np.float64) for name, found in scores.items()},
    )


def _is_number(found: object) -> bool:
    """Whether something of a JSON file is a finite number."""
    return isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)


def _positive(row: Mapping[str, Any], name: str) -> float:
    """Return a figure of a line that is more than 0."""
    if not _is_number(row[name]) or row[name] <= 0:
        raise ValueError(f"{name} must be positive and finite, not {row[name]!r}")
    return float(row[name])


def _whole(row: Mapping[str, Any], name: str, least: int) -> int:
    """Return a whole number of a line."""
    if not _is_number(row[name]) or row[name] != int(row[name]) or row[name] < least:
        raise ValueError(f"{name} must be a whole number, at least {least}, not {row[name]!r}")
    return int(row[name])


def _cost(row: Mapping[str, Any]) -> RaterCost:
    if row["needs"] not in ("nothing", "description", "source"):
        raise ValueError("needs must be nothing, description or source")
    memory_bytes = _whole(row, "memory_bytes", 0)
    work = Work(
        seconds=_positive(row, "seconds"),
        std_s=None,
        frames=_whole(row, "frames", 1),
        pixels=_whole(row, "pixels", 1),
        device=str(row["device"]),
        flops=None if row["flops"] is None else _positive(row, "flops"),
        memory_bytes=memory_bytes,
        provenance=Provenance.MEASURED,
        source=f"{row['date']}, {row['command']}",
    )
    description_bits = _whole(row, "description_bits", int(row["needs"] == "description"))
    return RaterCost(work, memory_bytes, str(row["needs"]), description_bits)
