"""Records of calibration: what one measurement holds, and the JSON Lines file that keeps them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netgen.errors import InputError

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """One measurement: an action in one configuration on one clip.

    Parameters
    ----------
    action, profile : str               `codec.x265`; `x265`, `x265-half` or `x265-quarter`.
    scale, crf, gop_frames : int        The configuration.
    preset : str                        The encoder's speed preset.
    frame_rate_hz : float, Hz           Of the clip.
    size_px : (int, int)                Width and height as shown, before scaling down.
    content_set, clip : str             Where the clip is from, and its name.
    content_class : str or None         None when nobody said what a given file shows.
    size_bytes : int                    The bitstream, parameter sets included, encoder banners not.
    bits_per_pixel : float              Over the pixels as shown.
    frames : int                        Frames that were coded.
    psnr_db, ms_ssim : float            Luma of the shown frames against the clip's.
    encode_s_per_frame : float, s       Scaling down and encoding, median of the repeats.
    decode_s_per_frame : float, s       Decoding and scaling up, median of the repeats.
    repeats : int                       How often the times were measured.
    load : float                        The machine's load average over the minute before the end.
    device_name, cores : str, int       The processor; the coding itself uses one thread.
    date : str                          ISO date.
    versions : tuple of (str, str)      Software that was measured.
    """

    action: str
    profile: str
    scale: int
    crf: int
    gop_frames: int
    preset: str
    frame_rate_hz: float
    size_px: tuple[int, int]
    content_set: str
    clip: str
    content_class: str | None
    size_bytes: int
    bits_per_pixel: float
    frames: int
    psnr_db: float
    ms_ssim: float
    encode_s_per_frame: float
    decode_s_per_frame: float
    repeats: int
    load: float
    device_name: str
    cores: int
    date: str
    versions: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the record as it is stored, one line of JSON."""
        return {
            "schema": SCHEMA,
            "action": self.action,
            "profile": self.profile,
            "config": {
                "scale": self.scale,
                "crf": self.crf,
                "preset": self.preset,
                "gop": self.gop_frames,
                "fps": self.frame_rate_hz,
                "size": list(self.size_px),
            },
            "content": {"set": self.content_set, "clip": self.clip, "class": self.content_class},
            "rate": {
                "bytes": self.size_bytes,
                "bpp": _rounded(self.bits_per_pixel),
                "frames": self.frames,
            },
            "quality": {
                "psnr_db": _rounded(self.psnr_db),
                "ms_ssim": _rounded(self.ms_ssim),
                "plane": "luma",
            },
            "latency": {
                "encode_s_per_frame": _rounded(self.encode_s_per_frame, 4),
                "decode_s_per_frame": _rounded(self.decode_s_per_frame, 4),
                "repeats": self.repeats,
                "threads": 1,
                "load": self.load,
            },
            "device": {"kind": "cpu", "name": self.device_name, "cores": self.cores},
            "provenance": {
                "mark": "measured",
                "date": self.date,
                "command": f"netgen calibrate {self.action.removeprefix('codec.')}",
                "versions": dict(self.versions),
            },
        }


def write_records(path: Path, records: Sequence[CalibrationRecord]) -> None:
    """Put records into a JSON Lines file at once: other actions' lines stay, the same actions' lines go.

    Parameters
    ----------
    path : Path                     The file; made when missing.
    records : sequence              What was measured.

    Raises
    ------
    InputError                      The file is there but is not JSON Lines of records.
    """
    measured = {record.action for record in records}
    lines = [line for action, line in read_lines(path) if action not in measured]
    lines += [json.dumps(record.as_json(), separators=(",", ":"), allow_nan=False) for record in records]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        draft.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_lines(path: Path) -> list[tuple[str, str]]:
    """Return (action, line) of every record in a JSON Lines file; a missing file holds none."""
    if not path.exists():
        return []
    lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            lines.append((str(json.loads(line)["action"]), line))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f'{path}:{number}: is not a calibration record ({error}); accepted: one JSON object with "action" '
                f"a line"
            ) from error
    return lines


def _rounded(value: float, digits: int = 6) -> float:
    """Return the value with so many significant digits."""
    return float(f"{value:.{digits}g}")
