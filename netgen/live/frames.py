"""Real frames of a content, segment by segment, decoded when they are asked for."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError
from netgen.media.segment_track import SegmentTrack
from netgen.media.segmentation import exact_duration_s, first_slots
from netgen.media.video_file import import_av, measure_video_file, open_video
from netgen.media.yuv_clip import YuvClip, planes_of, scaled

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

CACHE_BYTES = 268_435_456
"""Decoded segments that are kept, byte; a setting, which changes no result."""


class ContentFrames(Protocol):
    """Frames of a content, segment by segment."""

    @property
    def track(self) -> SegmentTrack:
        """Sizes and frame counts of the segments."""
        ...

    def clip(self, index: int) -> YuvClip:
        """Return the frames of segment `index` of the session, >= 0."""
        ...


class SegmentFrames:
    """The frames of a video file, cut into segments as its track is.

    Decoding begins at the keyframe before a segment, and only the segments used last stay in memory.

    Parameters
    ----------
    path : Path                     A video file with even sides.
    segment_s : float, s            Duration of one segment.
    cache_bytes : int, byte         Decoded frames to keep at most; the segment asked for last is always kept.

    Attributes
    ----------
    width_px, height_px : int       Frame size.
    frame_rate_hz : Fraction, Hz    Frame rate of the file.

    Raises
    ------
    InputError                      The file cannot be measured, is shorter than one segment, or a side is odd.
    MissingDependencyError          PyAV is not installed.
    """

    def __init__(self, path: Path, segment_s: float, *, cache_bytes: int = CACHE_BYTES) -> None:
        report = measure_video_file(path)
        self.path = report.path
        self._track = report.segmented(segment_s).track
        width_px, height_px = report.video_format.width_px, report.video_format.height_px
        if width_px % 2 or height_px % 2:
            raise InputError(f"{path}: frames of {width_px} x {height_px} pixels; both must be even")
        self.width_px, self.height_px = width_px, height_px
        self.frame_rate_hz = report.frame_rate_hz
        slots = first_slots(len(self.track), segment_s=segment_s, frame_rate_hz=report.frame_rate_hz)
        self._starts: NDArray[np.int64] = np.searchsorted(report.slots, slots)
        self._keyframes = np.flatnonzero(report.is_keyframe)
        self._has_constant_rate = report.has_constant_rate
        self._instants = _presentation_instants(self.path)
        self._cache: OrderedDict[int, YuvClip] = OrderedDict()
        self._cache_bytes = cache_bytes
        self._pictures: Iterator[VideoFrame] = iter(())
        self._position = -1

    def __len__(self) -> int:
        """Number of whole segments in the file."""
        return len(self.track)

    @property
    def track(self) -> SegmentTrack:
        """Sizes and frame counts of the segments."""
        return self._track

    def clip(self, index: int) -> YuvClip:
        """Return the frames of a segment.

        Parameters
        ----------
        index : int                     Segment of the session, >= 0; the file begins anew after its last whole
                                        segment.

        Returns
        -------
        YuvClip                         Of the file's frame rate; with a variable rate, of as many frames per second
                                        as this segment has.

        Raises
        ------
        InputError                      The frames cannot be decoded.
        """
        if index < 0:
            raise ValueError(f"segment {index} of {self.path}; segments are numbered from 0")
        own = index % len(self)
        found = self._cache.pop(own, None)
        if found is None:
            found = self._decoded(own)
        self._cache[own] = found
        while len(self._cache) > 1 and self.cached_bytes > self._cache_bytes:
            self._cache.popitem(last=False)
        return found

    def bits(self, index: int) -> int:
        """Coded size of a segment in the file, bit: its own packets."""
        return int(self.track.bits[index % len(self)])

    @property
    def cached_bytes(self) -> int:
        """Decoded frames in memory now, byte."""
        return sum(clip.planes.nbytes for clip in self._cache.values())

    def _decoded(self, own: int) -> YuvClip:
        """Decode one segment: on from the one before it, from its keyframe, or from the start of the file."""
        first, end = int(self._starts[own]), int(self._starts[own + 1])
        wanted = self._instants[first:end]
        before = self._keyframes[self._keyframes <= first]
        keyframe = int(before[-1]) if len(before) else 0
        planes: list[NDArray[np.uint8]] = []
        continues, self._position = self._position == own, -1
        if continues and keyframe < first:
            planes = self._read(wanted)
        if len(planes) != len(wanted):
            self._pictures = self._from(int(self._instants[keyframe]))
            planes = self._read(wanted)
        if len(planes) != len(wanted):
            self._pictures = self._from(None)
            planes = self._read(wanted)
        if len(planes) != len(wanted):
            raise InputError(
                f"{self.path}: segment {own} has {len(wanted)} frames, of which {len(planes)} can be decoded: "
                f"it is damaged, or cut without coding it again"
            )
        self._position = own + 1
        duration_s = exact_duration_s(self.track.segment_s)
        rate_hz = self.frame_rate_hz
        if not self._has_constant_rate:
            rate_hz = (len(wanted) / duration_s).limit_denominator(1001)
        return YuvClip(np.stack(planes), rate_hz)

    def _read(self, wanted: NDArray[np.int64]) -> list[NDArray[np.uint8]]:
        """Return the frames at the wanted instants, as far as the decoder gives them."""
        found: list[NDArray[np.uint8]] = []
        left = Counter(wanted.tolist())
        scaler = import_av().video.reformatter.VideoReformatter()
        for frame in self._pictures:
            if frame.pts is not None and left[frame.pts]:
                left[frame.pts] -= 1
                found.append(planes_of(scaled(scaler, frame, self.width_px, self.height_px)))
                if len(found) == len(wanted):
                    break
        return found

    def _from(self, instant: int | None) -> Iterator[VideoFrame]:
        """Yield decoded pictures from the keyframe at `instant` on, or all of them."""
        with open_video(self.path) as (container, stream):
            stream.codec_context.thread_count = 1
            if instant is not None:
                container.seek(instant, stream=stream, backward=True)
            yield from container.decode(stream)


def _presentation_instants(path: Path) -> NDArray[np.int64]:
    """Return the presentation time of every frame, in order, on the clock of the stream."""
    with open_video(path) as (container, stream):
        return np.sort(
            [packet.pts for packet in container.demux(stream) if packet.size and packet.pts is not None]
        )
