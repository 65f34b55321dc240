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
    profile, device, content_set : str      Variant, where it was measured, and on which clips.
    line : str                      As it stands in the file.
    """

    profile: str
    device: str
    content_set: str
    line: str


def write_records(path: Path, records: Sequence[CalibrationRecord]) -> None:
    """Put records into a JSON Lines file at once, in place of those of the same action, device and set of clips.

    Parameters
    ----------
    path : Path                     The file; made when missing.
    records : sequence              What was measured.

    Raises
    ------
    InputError                      The file is there but is not JSON Lines of records.
    """
    made = [_stored(record.as_json()) for record in records]
    measured = {(one.profile, one.device, one.content_set) for one in made}
    kept = [one for one in read_lines(path) if (one.profile, one.device, one.content_set) not in measured]
    lines = [one.line for one in (*kept, *made)]
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
            lines.append(_stored(json.loads(line), line))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f'{path}:{number}: is not a calibration record ({error}); accepted: one JSON object with "profile", '
                f'"device" and "content" a line'
            ) from error
    return lines


def _stored(record: Mapping[str, Any], line: str | None = None) -> StoredRecord:
    """Return a record with its line, written anew unless there is one."""
    return StoredRecord(
        profile=str(record["profile"]),
        device=device_label(record["device"]),
        content_set=str(record["content"]["set"]),
        line=line or json.dumps(record, separators=(",", ":"), allow_nan=False),
    )
