"""What a receiver was shown, as a video file to play."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError
from netgen.media.codec import SMALLEST_SIDE_PX
from netgen.media.segmentation import exact_duration_s
from netgen.media.video_file import import_av
from netgen.media.yuv_clip import YuvClip

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_CLOCK_HZ = 90_000
"""Clock of presentation times, as in MPEG systems: frames of 24, 25, 30 and 30000/1001 Hz fall on its ticks."""

# One thread and no processor-specific code, so that the same frames give the same bytes (see `netgen.media.codec`).
# ASSUMED: rate factor 17 of x264, at which losses of the coding are not seen; nothing is measured on these files.
_OPTIONS = {
    "preset": "veryfast",
    "crf": "17",
    "x264-params": "cpu-independent=1:lookahead-threads=1:scenecut=0:open-gop=0",
}
_BLACK_LUMA, _NEUTRAL_CHROMA = 16, 128


@dataclass(frozen=True, slots=True)
class SavedVideo:
    """A video file that was written.

    Parameters
    ----------
    path : Path                     The file.
    segments : int                  Segments that it covers, missing ones included.
    missing : tuple of int          Segments that never came, or after a later one was shown: the last frame stands
                                    still instead, or black at the beginning.
    frames : int                    Pictures in the file.
    size_bytes : int                Its size.
    """

    path: Path
    segments: int
    missing: tuple[int, ...]
    frames: int
    size_bytes: int


class VideoRecorder:
    """Writes the segments that reach one receiver into an MP4; the same segments give the same bytes.

    The file appears under its name when it is finished; left by an exception, a recorder leaves nothing.

    Parameters
    ----------
    path : Path                     File to write, ending in .mp4.
    segment_s : float, s            Duration of a segment.
    frame_rate_hz : Fraction, Hz    Nominal frame rate, and that of pictures that stand in for missing ones.
    first : int                     First segment of the file: what came earlier than the receiver is not missing.

    Raises
    ------
    InputError                      Another suffix, or no such folder.
    """

    def __init__(self, path: Path, segment_s: float, *, frame_rate_hz: Fraction, first: int = 0) -> None:
        if path.suffix.lower() != ".mp4":
            raise InputError(f"{path}: video is saved as .mp4")
        if not path.parent.is_dir():
            raise InputError(f"{path}: the folder {path.parent} does not exist")
        self.path = path
        self._partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
        self._segment_s = exact_duration_s(segment_s)
        self._rate_hz = frame_rate_hz
        self._first, self._next = first, first
        self._missing: list[int] = []
        self._last: NDArray[np.uint8] | None = None
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._frames = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()

    def show(self, index: int, clip: YuvClip) -> bool:
        """Append a segment; segments before it that did not come are missing from now on.

        Parameters
        ----------
        index : int                     Number of the segment.
        clip : YuvClip                  Its frames; all segments are of one size.

        Returns
        -------
        bool                            False when it comes too late: this or a later one was shown before.

        Raises
        ------
        InputError                      The size differs from that of the segments before, or is below 66 pixels.
        """
        if index < self._next:
            return False
        self._open(clip)
        self._fill(index)
        for count, plane in enumerate(clip.planes):
            self._write(plane, self._slot(index) / self._rate_hz + count / clip.frame_rate_hz)
        self._last = clip.planes[-1]
        self._next = index + 1
        return True

    def finish(self, *, segments: int | None = None) -> SavedVideo | None:
        """Complete the file; None when no segment came, and then there is no file.

        Parameters
        ----------
        segments : int or None          Segments that the file shall cover, from its first on; by default as many as
                                        came.
        """
        if self._container is None or self._stream is None:
            return None
        if segments is not None:
            self._fill(self._first + segments)
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._container = None
        self._partial.replace(self.path)
        return SavedVideo(
            path=self.path,
            segments=self._next - self._first,
            missing=tuple(self._missing),
            frames=self._frames,
            size_bytes=self.path.stat().st_size,
        )

    def abandon(self) -> None:
        """Remove what was written so far, unless it is finished."""
        container, self._container = self._container, None
        try:
            if container is not None:
                container.close()  # which writes, and may fail where there is no room
        finally:
            self._partial.unlink(missing_ok=True)

    def _open(self, clip: YuvClip) -> None:
        """Begin the file with the first segment that comes, and check the size of the others."""
        size = f"{clip.width_px} x {clip.height_px}"
        if self._stream is not None:
            context = self._stream.codec_context
            if (context.width, context.height) != (clip.width_px, clip.height_px):
                raise InputError(
                    f"{self.path}: a segment of {size} pixels after others of {context.width} x {context.height}"
                )
            return
        if min(clip.width_px, clip.height_px) < SMALLEST_SIDE_PX:
            raise InputError(f"{self.path}: frames of {size} pixels; sides are at least {SMALLEST_SIDE_PX}")
        self._container = import_av().open(
            str(self._partial), "w", format="mp4", options={"fflags": "+bitexact"}
        )
        stream = self._container.add_stream("libx264", rate=self._rate_hz)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = clip.width_px, clip.height_px, "yuv420p"
        context.time_base, context.framerate = Fraction(1, _CLOCK_HZ), self._rate_hz
        context.thread_count = 1
        context.options = _OPTIONS
        self._stream = stream
        black = np.full(clip.planes.shape[1:], _NEUTRAL_CHROMA, np.uint8)
        black[: clip.height_px] = _BLACK_LUMA
        self._last = black

    def _fill(self, until: int) -> None:
        """Hold the last picture through the segments that are missing before `until`."""
        for index in range(self._next, until):
            self._missing.append(index)
            for slot in range(self._slot(index), self._slot(index + 1)):
                if self._last is not None:
                    self._write(self._last, slot / self._rate_hz)
        self._next = max(self._next, until)

    def _slot(self, index: int) -> int:
        """Return the place of a segment's first picture on the grid of frames (`netgen.media.segmentation`)."""
        return math.ceil(index * self._segment_s * self._rate_hz)

    def _write(self, plane: NDArray[np.uint8], time_s: Fraction) -> None:
        """Encode one picture at its time in the session."""
        if self._container is None or self._stream is None:
            raise ValueError(f"{self.path}: is finished or abandoned")
        picture: VideoFrame = import_av().VideoFrame.from_ndarray(plane, format="yuv420p")
        since_first_s = time_s - self._slot(self._first) / self._rate_hz
        picture.pts, picture.time_base = round(since_first_s * _CLOCK_HZ), Fraction(1, _CLOCK_HZ)
        self._container.mux(self._stream.encode(picture))
        self._frames += 1
