"""Clips that calibration measures on: real video files, cut into the segments that a run would contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from netgen.calibration.record import Clip
from netgen.errors import InputError
from netgen.media.content_class import ContentClass
from netgen.media.quality import SemanticEstimate
from netgen.media.video_file import measure_video_file
from netgen.media.yuv_clip import YuvClip, clip_from_file

SEGMENT_S = 1.0
"""Duration of a segment, s; each is contracted on its own, as in a live run."""

SEGMENTS = 3
"""Segments of a clip that are measured at most."""

_CLIP_LIST = "clips.json"


Assessment = Callable[[Sequence[YuvClip]], tuple[SemanticEstimate, dict[str, Any]]]
"""Semantic fidelity of what is shown of every segment, measured, and what else a record says of it."""


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedClip:
    """A clip to measure on.

    Parameters
    ----------
    clip : Clip                     What records say of it.
    segments : tuple of YuvClip     Of equal length.
    assess : callable or None       Measures what is kept of the meaning of the segments as shown, where it is known.
    """

    clip: Clip
    segments: tuple[YuvClip, ...]
    assess: Assessment | None = None

    @property
    def frames(self) -> int:
        """Frames of all segments."""
        return sum(segment.frames for segment in self.segments)


def joined(segments: Sequence[YuvClip]) -> YuvClip:
    """Return clips one after the other."""
    return YuvClip(np.concatenate([segment.planes for segment in segments]), segments[0].frame_rate_hz)


def read_clips(videos: Sequence[Path]) -> list[SegmentedClip]:
    """Decode the beginning of every file; a `clips.json` beside a file tells its class and set.

    Raises
    ------
    InputError                      No video, one that cannot be read or is too short, or two of one name.
    """
    if not videos:
        raise InputError("no video is given; at least one is needed")
    clips = [_read(Path(video)) for video in videos]
    names = [(one.clip.content_set, one.clip.name) for one in clips]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f'two videos are called "{name[1]}"; records could not tell them apart')
    return clips


def shipped_clips(folder: Path = Path("scenarios/clips")) -> tuple[Path, ...]:
    """Return the clips that the repository ships; raises InputError where they are not at hand."""
    clips = tuple(sorted(path for path in folder.glob("*") if path.suffix in {".mp4", ".mkv"}))
    if not clips:
        raise InputError(f"{folder} has no clips: run this in the repository, or name videos with --video")
    return clips


def _read(video: Path) -> SegmentedClip:
    """Decode one file and cut it into whole segments."""
    report = measure_video_file(video)
    rate_hz = report.frame_rate_hz
    per_segment = max(1, round(SEGMENT_S * rate_hz))
    if report.frames < per_segment:
        raise InputError(
            f"{video}: {report.frames} frames at {float(rate_hz):g} Hz; at least one segment of {SEGMENT_S:g} s is "
            f"needed"
        )
    decoded = clip_from_file(video, most_frames=SEGMENTS * per_segment, frame_rate_hz=rate_hz)
    count = decoded.frames // per_segment
    if count < 1:
        raise InputError(
            f"{video}: only {decoded.frames} frames could be decoded; a segment has {per_segment}"
        )
    content_set, content_class = _listed(video)
    clip = Clip(
        content_set=content_set,
        name=video.stem,
        content_class=content_class,
        sha256=hashlib.sha256(video.read_bytes()).hexdigest(),
        size_px=(decoded.width_px, decoded.height_px),
        frame_rate_hz=round(float(rate_hz), 6),
        segment_s=SEGMENT_S,
    )
    starts = range(0, count * per_segment, per_segment)
    return SegmentedClip(
        clip, tuple(YuvClip(decoded.planes[start : start + per_segment], rate_hz) for start in starts)
    )


def _listed(video: Path) -> tuple[str, str | None]:
    """Return the set and the class that a `clips.json` beside the file gives it."""
    path = video.parent / _CLIP_LIST
    if not path.is_file():
        return "file", None
    try:
        listing = json.loads(path.read_text(encoding="utf-8"))
        for entry in listing["clips"]:
            if entry["file"] == video.name:
                return str(listing["set"]), ContentClass(entry["class"]).value
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f'{path}: is not a list of clips ({error!r}); accepted: {{"set": name, "clips": [{{"file": name, '
            f'"class": one of {", ".join(ContentClass)}}}]}}'
        ) from error
    return "file", None
