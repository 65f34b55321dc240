"""Real video files, measured with PyAV: coded frame sizes and groups of pictures, read without decoding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError, MissingDependencyError
from netgen.media.segment_track import SegmentTrack
from netgen.media.segmentation import Segmentation, segment_frames
from netgen.media.video_format import VideoFormat

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# FFmpeg would also play text files, pictures, play lists and addresses on the network.
_CONTAINERS = "mov,matroska,mpegts,mpeg,avi,ivf,ogg,flv,asf"
_ACCEPTED = "accepted: a local video file (MP4, Matroska, WebM, MPEG-TS or -PS, AVI, IVF, Ogg, FLV, ASF)"
_END_TOLERANCE_FRAMES = 1.5
_LONGEST_MEAN_GAP_FRAMES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class VideoFileReport:
    """What a video file holds, frame by frame in the order of presentation; arrays are read-only.

    Parameters
    ----------
    path : Path                         The file.
    container : str                     Container format, as FFmpeg calls it.
    codec : str                         Coding standard: h264, hevc, av1, ...
    video_format : VideoFormat          Frame size and mean frame rate.
    frame_rate_hz : Fraction, Hz        The frame rate, exact.
    frame_bits : (n,) int64, bit        Coded size of each frame: its packet, without container overhead and
                                        without parameter sets that the container stores once.
    is_keyframe : (n,) bool             Frames at which decoding can begin.
    slots : (n,) int64                  Place of each frame on the grid of frame durations, from 0; 0, 1, 2, ...
                                        when the frame rate is constant.
    """

    path: Path
    container: str
    codec: str
    video_format: VideoFormat
    frame_rate_hz: Fraction
    frame_bits: NDArray[np.int64]
    is_keyframe: NDArray[np.bool_]
    slots: NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.frame_bits, self.is_keyframe, self.slots):
            array.flags.writeable = False

    @property
    def frames(self) -> int:
        """Number of coded frames."""
        return len(self.frame_bits)

    @property
    def duration_s(self) -> float:
        """Duration of the pictures, from the start of the first to the end of the last."""
        return float((int(self.slots[-1]) + 1) / self.frame_rate_hz)

    @property
    def rate_bps(self) -> float:
        """Mean coded rate of the pictures."""
        return float(self.frame_bits.sum()) / self.duration_s

    @property
    def bits_per_pixel(self) -> float:
        """Coded bits per pixel of the frames that are there."""
        return float(self.frame_bits.sum()) / (self.frames * self.video_format.pixels)

    @property
    def gop_frames(self) -> tuple[int, ...]:
        """Frames in each group of pictures; frames before the first keyframe count as one group."""
        starts = np.flatnonzero(self.is_keyframe)
        edges = np.unique(np.concatenate(([0], starts, [self.frames])))
        return tuple(int(n) for n in np.diff(edges))

    @property
    def has_constant_rate(self) -> bool:
        """Whether every frame lasts equally long."""
        return bool(np.array_equal(self.slots, np.arange(self.frames)))

    def segmented(self, segment_s: float) -> Segmentation:
        """Sum the frames into segments of `segment_s`; a partial segment at the end is counted, not kept."""
        return segment_frames(
            self.slots,
            self.frame_bits,
            video_format=self.video_format,
            frame_rate_hz=self.frame_rate_hz,
            segment_s=segment_s,
            where=str(self.path),
        )


def track_from_file(path: Path, *, segment_s: float) -> SegmentTrack:
    """Measure a video file and cut it into segments; a partial segment at the end is left out.

    `measure_video_file(path).segmented(segment_s)` tells also what was left out.

    Parameters
    ----------
    path : Path                     A video file.
    segment_s : float, s            Duration of one segment, at least one frame and at most the file.

    Returns
    -------
    SegmentTrack                    Provenance is measured.

    Raises
    ------
    InputError                      The file cannot be measured, or is shorter than one segment.
    MissingDependencyError          PyAV is not installed.
    """
    return measure_video_file(path).segmented(segment_s).track


def measure_video_file(path: Path) -> VideoFileReport:
    """Read the sizes and times of all frames of the first video stream, without decoding them.

    Parameters
    ----------
    path : Path                     A video file; audio and other streams are read over, not counted.

    Returns
    -------
    VideoFileReport

    Raises
    ------
    InputError                      Missing, unreadable, truncated, not a video, no frames or no timestamps.
    MissingDependencyError          PyAV is not installed.
    """
    path = Path(path)
    with open_video(path) as (container, stream):
        packets, end_s = _read_packets(container, stream, path)
        width_px, height_px = stream.codec_context.width, stream.codec_context.height
        if width_px < 1 or height_px < 1:
            raise InputError(f"{path}: frames of {width_px} x {height_px} pixels; the file is damaged")
        packets.sort(key=lambda packet: packet[0])
        times_s = [packet[0] for packet in packets]
        frame_rate_hz = _frame_rate_hz(stream, times_s, path)
        _check_complete(container, end_s, path, tolerance_s=_END_TOLERANCE_FRAMES / float(frame_rate_hz))
        if (times_s[-1] - times_s[0]) * frame_rate_hz > _LONGEST_MEAN_GAP_FRAMES * len(times_s):
            raise InputError(
                f"{path}: {len(times_s)} frames at {float(frame_rate_hz):g} Hz are spread over "
                f"{float(times_s[-1] - times_s[0]):g} s; the presentation times are damaged"
            )
        slots = np.array([round((time_s - times_s[0]) * frame_rate_hz) for time_s in times_s], dtype=np.int64)
        return VideoFileReport(
            path=path,
            container=container.format.name,
            codec=stream.codec_context.codec.canonical_name,
            video_format=VideoFormat(width_px, height_px, float(frame_rate_hz)),
            frame_rate_hz=frame_rate_hz,
            frame_bits=np.array([8 * packet[1] for packet in packets], dtype=np.int64),
            is_keyframe=np.array([packet[2] for packet in packets], dtype=np.bool_),
            slots=slots,
        )


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and find its first video stream; FFmpeg's errors become InputError.

    Parameters
    ----------
    path : Path                     A video file.

    Yields
    ------
    (container, stream)             PyAV's objects, closed on leaving.
    """
    av = import_av()
    if path.is_dir():
        raise InputError(f"{path}: is a directory; {_ACCEPTED}")
    if not path.exists():
        raise InputError(f"{path}: does not exist; {_ACCEPTED}")
    try:
        options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
        with av.open(str(path), options=options) as container:
            pictures = [s for s in container.streams.video if not _is_attached_picture(s)]
            if not pictures:
                kinds = ", ".join(sorted({s.type for s in container.streams})) or "no streams"
                raise InputError(f"{path}: holds no video stream (found: {kinds}); {_ACCEPTED}")
            yield container, pictures[0]
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be read as video: {reason}; {_ACCEPTED}") from error


def import_av() -> ModuleType:
    """Import PyAV, or say how to install it."""
    try:
        import av  # noqa: PLC0415  (heavy and optional: loaded when a real video is used)
    except ImportError as error:
        raise MissingDependencyError(
            "real video needs PyAV, which is not installed; run: pip install netgen[video]"
        ) from error
    return av


def _is_attached_picture(stream: VideoStream) -> bool:
    """Whether the stream is a cover picture rather than a video."""
    return bool(stream.disposition & type(stream.disposition).attached_pic)


def _read_packets(
    container: InputContainer, stream: VideoStream, path: Path
) -> tuple[list[tuple[Fraction, int, bool]], float]:
    """Return (time in s, bytes, keyframe) of each picture, and when the last packet of any stream ends."""
    packets: list[tuple[Fraction, int, bool]] = []
    ends_s: list[float] = []
    for packet in container.demux():
        if packet.size == 0:
            continue
        if packet.is_corrupt:
            raise InputError(
                f"{path}: packet {len(packets)} is cut short: the file is truncated; {_ACCEPTED}"
            )
        time_s = None if packet.pts is None or not packet.time_base else packet.pts * packet.time_base
        if time_s is not None and packet.time_base:
            ends_s.append(float(time_s + (packet.duration or 0) * packet.time_base))
        if packet.stream.index != stream.index:
            continue
        if time_s is None:
            raise InputError(
                f"{path}: frame {len(packets)} has no presentation time, as in raw elementary streams; "
                f"put the stream into MP4 or Matroska; {_ACCEPTED}"
            )
        packets.append((time_s, packet.size, bool(packet.is_keyframe)))
    if not packets:
        raise InputError(f"{path}: its video stream holds no frames; {_ACCEPTED}")
    return packets, max(ends_s)


def _check_complete(container: InputContainer, end_s: float, path: Path, *, tolerance_s: float) -> None:
    """Raise InputError when the streams end before the duration that the container states, if it does."""
    if container.duration is None:
        return
    stated_s = (container.duration + (container.start_time or 0)) / 1_000_000
    if end_s < stated_s - tolerance_s:
        raise InputError(
            f"{path}: the file states {stated_s:g} s but its streams end at {end_s:g} s: it is truncated; "
            f"{_ACCEPTED}"
        )


def _frame_rate_hz(stream: VideoStream, times_s: list[Fraction], path: Path) -> Fraction:
    """Return the stated mean rate, or else the one that the presentation times show."""
    stated = stream.average_rate or stream.guessed_rate
    if stated:
        return Fraction(stated)
    if len(times_s) > 1 and times_s[-1] > times_s[0]:
        return (Fraction(len(times_s) - 1) / (times_s[-1] - times_s[0])).limit_denominator(1001)
    raise InputError(f"{path}: neither a frame rate nor two presentation times to tell it from; {_ACCEPTED}")
