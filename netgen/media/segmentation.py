"""Where segments begin: instants of segments on the grid of frames, in exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError
from netgen.media.segment_track import SegmentTrack
from netgen.media.video_format import VideoFormat
from netgen.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Segmentation:
    """A track and what did not fit into it.

    Parameters
    ----------
    track : SegmentTrack            The whole segments.
    dropped_frames : int            Frames of the trailing partial segment, left out of the track.
    dropped_bits : int, bit         Their coded size.
    """

    track: SegmentTrack
    dropped_frames: int
    dropped_bits: int


def exact_rate_hz(frame_rate_hz: float) -> Fraction:
    """Return the frame rate as the nearest fraction of small terms: 29.97003 is 30000/1001."""
    return Fraction(frame_rate_hz).limit_denominator(1001)


def exact_duration_s(segment_s: float) -> Fraction:
    """Return the duration as the decimal fraction that was written: 0.1 is 1/10."""
    return Fraction(repr(float(segment_s)))


def check_segment_s(segment_s: float, *, frame_rate_hz: Fraction, where: str) -> None:
    """Raise InputError unless a segment lasts at least one frame."""
    if not (np.isfinite(segment_s) and segment_s > 0):
        raise InputError(f"{where}: the segment duration is {segment_s} s; it must be positive and finite")
    if exact_duration_s(segment_s) * frame_rate_hz < 1:
        raise InputError(
            f"{where}: segments of {segment_s:g} s are shorter than one frame at {float(frame_rate_hz):g} Hz; "
            f"at least {float(1 / frame_rate_hz):.6g} s is needed"
        )


def first_slots(count: int, *, segment_s: float, frame_rate_hz: Fraction) -> NDArray[np.int64]:
    """Return the frame slots at which segments 0..count begin.

    Segment k covers the time [k, k + 1) * segment_s; a frame belongs to the segment in which it is
    first shown, so the counts alternate when a segment is not a whole number of frames.

    Parameters
    ----------
    count : int                     Number of segments, >= 0.
    segment_s : float, s            Duration of one segment.
    frame_rate_hz : Fraction, Hz    Frames per second.

    Returns
    -------
    (count + 1,) int64              At 25 Hz and 0.1 s: 0, 3, 5, 8, 10, ...
    """
    frames_per_segment = exact_duration_s(segment_s) * frame_rate_hz
    over, under = frames_per_segment.numerator, frames_per_segment.denominator
    return np.array([-(-k * over // under) for k in range(count + 1)], dtype=np.int64)


def segment_frames(
    slots: NDArray[np.int64],
    frame_bits: NDArray[np.int64],
    *,
    video_format: VideoFormat,
    frame_rate_hz: Fraction,
    segment_s: float,
    where: str,
) -> Segmentation:
    """Sum coded frames into segments; a partial segment at the end is left out and counted.

    Parameters
    ----------
    slots : (n,) int64              Frame slot of each frame, not decreasing, from 0; slots of a constant
                                    frame rate are 0, 1, 2, ...
    frame_bits : (n,) int64, bit    Coded size of each frame, >= 0.
    video_format : VideoFormat      Format of the track.
    frame_rate_hz : Fraction, Hz    Exact frame rate of the slots.
    segment_s : float, s            Duration of one segment.
    where : str                     The source, for messages.

    Returns
    -------
    Segmentation

    Raises
    ------
    InputError                      Shorter than one segment, or a segment without frames or bits.
    """
    check_segment_s(segment_s, frame_rate_hz=frame_rate_hz, where=where)
    total_slots = int(slots[-1]) + 1 if len(slots) else 0
    count = int(Fraction(total_slots) / frame_rate_hz / exact_duration_s(segment_s))
    if count == 0:
        raise InputError(
            f"{where}: {len(slots)} frames at {float(frame_rate_hz):g} Hz last "
            f"{float(total_slots / frame_rate_hz):.6g} s, which is shorter than one segment of {segment_s:g} s"
        )
    if count > len(slots):
        raise InputError(
            f"{where}: {len(slots)} frames cannot fill {count} segments of {segment_s:g} s; use longer segments"
        )
    starts = np.searchsorted(slots, first_slots(count, segment_s=segment_s, frame_rate_hz=frame_rate_hz))
    cumulative = np.concatenate(([0], np.cumsum(frame_bits, dtype=np.int64)))
    bits, frames = np.diff(cumulative[starts]), np.diff(starts).astype(np.int64)
    empty = np.flatnonzero((frames == 0) | (bits == 0))
    if empty.size:
        k = int(empty[0])
        raise InputError(
            f"{where}: segment {k} (from {k * segment_s:g} s, {segment_s:g} s long) has {frames[k]} frames and "
            f"{bits[k]} bit; every segment needs at least one coded frame: use longer segments"
        )
    track = SegmentTrack(video_format, float(segment_s), bits, frames, Provenance.MEASURED)
    return Segmentation(track, len(slots) - int(starts[-1]), int(cumulative[-1] - cumulative[starts[-1]]))
