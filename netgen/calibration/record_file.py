"""The JSON Lines file that keeps the records of calibration."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netgen.calibration.record import CalibrationRecord
from netgen.errors import InputError
from netgen.generative.measured_rows import device_label


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A line of the file, and what tells whether a new measurement replaces it.

    Parameters
    ----------
    profile, device : str           Variant, and where it was measured.
    line : str                      As it stands in the file.
    """

    profile: str
    device: str
    line: str


def write_records(path: Path, records: Sequence[CalibrationRecord]) -> None:
    """Put records into a JSON Lines file at once: those of the same action on the same device go, all others stay.

    Parameters
    ----------
    path : Path                     The file; made when missing.
    records : sequence              What was measured.

    Raises
    ------
    InputError                      The file is there but is not JSON Lines of records.
    """
    replace_records(path, [record.as_json() for record in records])


def replace_records(path: Path, made: Sequence[Mapping[str, Any]]) -> None:
    """Put records, as JSON objects with "profile" and "device", into a file in the same way."""
    measured = {(one["profile"], device_label(one["device"])) for one in made}
    lines = [kept.line for kept in read_lines(path) if (kept.profile, kept.device) not in measured]
    lines += [json.dumps(one, separators=(",", ":"), allow_nan=False) for one in made]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        draft.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_lines(path: Path) -> list[StoredRecord]:
    """Return every record in a JSON Lines file; a missing file holds none."""
    if not path.exists():
        return []
    if not path.is_file():
        raise InputError(f"{path}: is a directory; accepted: a JSON Lines file to add to")
    lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            record: Mapping[str, Any] = json.loads(line)
            lines.append(StoredRecord(str(record["profile"]), device_label(record["device"]), line))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f'{path}:{number}: is not a calibration record ({error}); accepted: one JSON object with "profile" '
                f'and "device" a line'
            ) from error
    return lines
