"""Fits what estimates of fidelity say of measured fidelity, from records on labelled scenes.

Usage: python -m netgen.calibration.fidelity_curves RECORDS... --out FILE

RECORDS are JSON Lines files of `netgen calibrate ACTION --scenes N`. All of them must be of the same scenes, read by
the same reader.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from netgen.errors import InputError, NetgenError
from netgen.fidelity.curve import DRAWS, Pair, fitted_curve
from netgen.fidelity.curve_file import SHIPPED, CurveSet, write_curves
from netgen.rng import generator_from
from netgen.version import __version__

Record = Mapping[str, Any]


def curves_from(records: Sequence[Record], *, seed: int, command: str, digest: str) -> CurveSet:
    """Fit a curve for every estimator that the records have.

    Parameters
    ----------
    records : sequence              Of `netgen calibrate --scenes`; each setting of a variant on a device is one.
    seed : int                      Of the bootstrap.
    command, digest : str           What was called, and the SHA-256 of the records, for the file.

    Raises
    ------
    InputError                      No record of labelled scenes, different scenes or readers, or an estimator that
                                    fewer than four variants have.
    """
    measured = [record for record in records if record.get("meaning") is not None]
    if not measured:
        raise InputError(
            "no record has measured meaning; accepted: records of netgen calibrate ACTION --scenes N"
        )
    scenes = _the_same(measured, "scenes")
    reader = _the_same(measured, "reader_sha256")
    ceiling = float(_the_same(measured, "ceiling")["fidelity"])
    curves = {}
    methods = dict.fromkeys(name for record in measured for name in record["meaning"]["estimates"])
    for method in methods:
        pairs = pairs_of(measured, method)
        try:
            curves[method] = fitted_curve(
                method, pairs, ceiling=ceiling, rng=generator_from(seed, *method.encode())
            )
        except ValueError as error:
            raise InputError(f"estimates by {method}: {error}") from None
    provenance = {
        "mark": "measured",
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
        "records_sha256": digest,
        "records": len(measured),
        "measured": sorted({str(record["provenance"]["date"]) for record in measured}),
        "scenes": dict(scenes),
        "reader_sha256": reader,
        "seed": seed,
        "draws": DRAWS,
        "versions": {"netgen": __version__} | {name: version(name) for name in ("numpy", "scipy")},
    }
    return CurveSet(MappingProxyType(curves), MappingProxyType(provenance))


def pairs_of(records: Sequence[Record], method: str) -> list[Pair]:
    """Return what an estimator said of each record that it had something to say of, and what was measured."""
    return [
        Pair(
            variant=str(record["profile"]),
            estimate=float(record["meaning"]["estimates"][method]),
            **{name: float(record["meaning"][name]) for name in ("fidelity", "low", "high")},
        )
        for record in records
        if method in record["meaning"]["estimates"]
    ]


def read_records(paths: Sequence[Path]) -> list[Record]:
    """Read JSON Lines files.

    Raises
    ------
    InputError                      A file is not there, or a line is no JSON object; names file and line.
    """
    found: list[Record] = []
    for path in paths:
        if not path.is_file():
            raise InputError(
                f"{path}: is not there; accepted: a file that netgen calibrate ACTION --scenes N wrote"
            )
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                record = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path}:{number}: is not a calibration record ({error})") from error
            if not isinstance(record, dict):
                raise InputError(f"{path}:{number}: is not a calibration record, but {type(record).__name__}")
            found.append(record)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit curves, and write them to the file that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m netgen.calibration.fidelity_curves",
        description="fit what estimates of fidelity say of measured fidelity",
    )
    parser.add_argument("records", metavar="RECORDS", type=Path, nargs="+", help="JSON Lines of --scenes")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, default=SHIPPED, help="default: inside the package"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the bootstrap (default: 1)")
    options = parser.parse_args(arguments)
    names = [path.name for path in options.records]
    command = shlex.join(
        ["python", "-m", "netgen.calibration.fidelity_curves", *names, "--seed", str(options.seed)]
    )
    try:
        records = read_records(options.records)
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in options.records)).hexdigest()
        found = curves_from(records, seed=options.seed, command=command, digest=digest)
        write_curves(options.out, found)
    except NetgenError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    for curve in found.curves.values():
        sys.stdout.write(
            f"{curve.method}: {curve.pairs} settings of {len(curve.variants)} variants, left-out variants within the "
            f"interval {curve.held_out_coverage:.2f}, error of phi {curve.held_out_error:.3f}\n"
        )
    sys.stdout.write(f"wrote {len(found.curves)} curves to {options.out}\n")
    return 0


def _the_same(records: Sequence[Record], key: str) -> Any:  # noqa: ANN401  (whatever the records have there)
    """Return what all records say of their scenes."""
    told = {json.dumps(record["meaning"][key], sort_keys=True): record["meaning"][key] for record in records}
    if len(told) != 1:
        raise InputError(
            f"records of different {key}: {', '.join(sorted(told)[:2])}; accepted: one set of scenes, read by one "
            "reader, for all"
        )
    return next(iter(told.values()))


if __name__ == "__main__":
    raise SystemExit(main())
