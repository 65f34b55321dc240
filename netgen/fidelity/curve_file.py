"""Calibration curves as they are stored, with what they were made from, and the ones that netgen ships."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from netgen.errors import InputError, did_you_mean
from netgen.fidelity.curve import LEVEL, CalibratedFidelity, FidelityCurve

CURVES_SCHEMA = 1
"""Version of the file."""

SHIPPED = Path(str(files("netgen.fidelity"))) / "curves.json"


@dataclass(frozen=True, slots=True)
class CurveSet:
    """Curves by estimator, measured on the same scenes.

    Parameters
    ----------
    curves : mapping                By the estimator's name.
    provenance : mapping            Date, command, scenes, seed, the reader's SHA-256, devices and versions.
    """

    curves: Mapping[str, FidelityCurve]
    provenance: Mapping[str, Any]

    def calibrated(self, method: str, estimate: float) -> CalibratedFidelity:
        """Return the fidelity that an estimate by a method stands for.

        Raises
        ------
        InputError                  The method has no curve; names the nearest.
        ValueError                  The estimate is not between 0 and 1.
        """
        if method not in self.curves:
            raise InputError(
                f'"{method}" has no calibration curve{did_you_mean(method, self.curves)} '
                f"(known: {', '.join(self.curves)})"
            )
        return self.curves[method].calibrated(estimate)

    def as_json(self) -> dict[str, Any]:
        """Return the curves as they are stored."""
        return {
            "schema": CURVES_SCHEMA,
            "level": LEVEL,
            "curves": [asdict(curve) for curve in self.curves.values()],
            "provenance": dict(self.provenance),
        }


def write_curves(path: Path, curves: CurveSet) -> None:
    """Write curves as JSON; the file is replaced at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(json.dumps(curves.as_json(), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_curves(path: Path) -> CurveSet:
    """Read what `write_curves` wrote.

    Raises
    ------
    InputError                      No such file, or it is not one of calibration curves of this version.
    """
    if not path.is_file():
        raise InputError(
            f"{path}: there are no calibration curves; make them from records of netgen calibrate --scenes with: "
            "python -m netgen.calibration.fidelity_curves RECORDS --out FILE"
        )
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["schema"] != CURVES_SCHEMA or stored["level"] != LEVEL:
            raise InputError(
                f"{path}: schema {stored['schema']}, level {stored['level']}; accepted: {CURVES_SCHEMA}, {LEVEL}"
            )
        curves = [_curve(one) for one in stored["curves"]]
        provenance = MappingProxyType(dict(stored["provenance"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: is not a file of calibration curves ({error!r})") from error
    return CurveSet(MappingProxyType({curve.method: curve for curve in curves}), provenance)


@cache
def shipped_curves() -> CurveSet:
    """Return the curves that netgen ships; raises InputError where they are not there."""
    return read_curves(SHIPPED)


def _curve(stored: Mapping[str, Any]) -> FidelityCurve:
    values: dict[str, Any] = {field.name: stored[field.name] for field in fields(FidelityCurve)}
    columns = [values[name] for name in ("estimates", "fidelity", "low", "high")]
    if len({len(column) for column in columns}) != 1 or sorted(set(columns[0])) != columns[0]:
        raise ValueError(
            f"columns of {values['method']} are of different lengths, or its estimates do not rise"
        )
    for name in ("estimates", "fidelity", "low", "high", "variants"):
        values[name] = tuple(values[name])
    return FidelityCurve(**values)
