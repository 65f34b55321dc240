"""Contents from a trace: a CSV file with one coded size a row, for frames or for segments."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError, did_you_mean
from netgen.media.segment_track import SegmentTrack
from netgen.media.segmentation import (
    Segmentation,
    check_segment_s,
    exact_rate_hz,
    first_slots,
    segment_frames,
)
from netgen.media.video_format import VideoFormat
from netgen.provenance import Provenance

_HEADERS = ("frame_bits", "segment_bits")
_LARGEST_FILE_BYTES = 64 * 2**20
_LARGEST_SIZE_BITS = 10**12
_MOST_REPORTED = 20
_ACCEPTED_FILE = 'a CSV file whose first line is "frame_bits" or "segment_bits", then one whole number a line'


def track_from_trace(path: Path, *, video_format: VideoFormat, segment_s: float) -> SegmentTrack:
    """Read a trace as a track; a partial segment at the end of a frame trace is left out.

    Parameters
    ----------
    path : Path                     A CSV file of one column, headed `frame_bits` (one row a frame) or
                                    `segment_bits` (one row a segment).
    video_format : VideoFormat      Frame size and rate of what was traced.
    segment_s : float, s            Duration of one segment.

    Returns
    -------
    SegmentTrack                    Provenance is measured.

    Raises
    ------
    InputError                      Every wrong line by file, line, column, what was found, what is accepted.
    """
    return segment_trace(path, video_format=video_format, segment_s=segment_s).track


def segment_trace(path: Path, *, video_format: VideoFormat, segment_s: float) -> Segmentation:
    """Read a trace as `track_from_trace` does, and tell which frames did not fill a segment."""
    header, bits = _read_sizes(Path(path))
    frame_rate_hz = exact_rate_hz(video_format.frame_rate_hz)
    if header == "frame_bits":
        return segment_frames(
            np.arange(len(bits), dtype=np.int64),
            bits,
            video_format=video_format,
            frame_rate_hz=frame_rate_hz,
            segment_s=segment_s,
            where=str(path),
        )
    check_segment_s(segment_s, frame_rate_hz=frame_rate_hz, where=str(path))
    frames = np.diff(first_slots(len(bits), segment_s=segment_s, frame_rate_hz=frame_rate_hz))
    track = SegmentTrack(video_format, float(segment_s), bits, frames, Provenance.MEASURED)
    return Segmentation(track, 0, 0)


def _read_sizes(path: Path) -> tuple[str, NDArray[np.int64]]:
    """Return the header and the sizes of a trace."""
    rows = list(csv.reader(_read_text(path).splitlines()))
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise InputError(f"{path}: the trace is empty; accepted: {_ACCEPTED_FILE}")
    header = [cell.strip() for cell in rows[0]]
    if len(header) != 1 or header[0] not in _HEADERS:
        found = ",".join(header)
        raise InputError(
            f'{path}:1:1: found the header "{found[:80]}"; accepted: "frame_bits" or "segment_bits" '
            f"alone{did_you_mean(header[0] if header else '', _HEADERS)}"
        )
    if len(rows) == 1:
        raise InputError(f"{path}:2:1: the trace has a header and no rows; at least one size is needed")
    least = 0 if header[0] == "frame_bits" else 1
    sizes: list[int] = []
    errors: list[str] = []
    for line, row in enumerate(rows[1:], start=2):
        size = _parse_size(row, least=least, where=f"{path}:{line}", errors=errors)
        sizes.append(size)
    if errors:
        more = len(errors) - _MOST_REPORTED
        shown = errors[:_MOST_REPORTED] + ([f"{path}: and {more} more wrong lines"] if more > 0 else [])
        raise InputError("\n".join(shown))
    return header[0], np.array(sizes, dtype=np.int64)


def _parse_size(row: list[str], *, least: int, where: str, errors: list[str]) -> int:
    """Return the size in one row; a wrong row is added to `errors`."""
    accepted = f"accepted: one whole number of bits from {least} to 10^12"
    if len(row) > 1:
        column = len(row[0]) + 2
        errors.append(f"{where}:{column}: found {len(row)} values; {accepted}")
        return least
    text = row[0].strip() if row else ""
    if not text:
        errors.append(f"{where}:1: found an empty line; {accepted}")
        return least
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        errors.append(f'{where}:1: found "{text[:40]}"; {accepted}')
        return least
    size = int(text)
    if not least <= size <= _LARGEST_SIZE_BITS:
        errors.append(f"{where}:1: found {size} bit; {accepted}")
        return least
    return size


def _read_text(path: Path) -> str:
    """Return the text of a trace file, or say why it cannot be read."""
    try:
        if not path.is_file():
            kind = "is a directory" if path.is_dir() else "does not exist"
            raise InputError(f"{path}: the trace {kind}; accepted: {_ACCEPTED_FILE}")
        size = path.stat().st_size
        if size > _LARGEST_FILE_BYTES:
            raise InputError(f"{path}: the trace has {size} bytes; at most {_LARGEST_FILE_BYTES} are read")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start} is not UTF-8 text; accepted: {_ACCEPTED_FILE}"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: the trace cannot be read: {error.strerror}") from error
