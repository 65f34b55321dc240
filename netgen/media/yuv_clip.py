"""Clips in memory: planar YUV frames, as codecs take them, and how they are made from files and from RGB."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError
from netgen.media.video_file import import_av, open_video

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.reformatter import VideoReformatter


@dataclass(frozen=True, slots=True, eq=False)
class YuvClip:
    """Frames in planar YUV 4:2:0 of 8 bit, as codecs take them; the array is read-only.

    Parameters
    ----------
    planes : (n, height * 3 / 2, width) uint8   Luma rows, then both chroma planes, in each frame.
    frame_rate_hz : Fraction, Hz                Frames per second.
    """

    planes: NDArray[np.uint8]
    frame_rate_hz: Fraction

    def __post_init__(self) -> None:
        if (
            self.planes.ndim != 3
            or self.planes.shape[0] < 1
            or self.planes.shape[1] % 3
            or self.planes.shape[2] % 2
        ):
            raise ValueError(f"frames of shape {self.planes.shape} are not planar YUV 4:2:0 with even sides")
        self.planes.flags.writeable = False

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.planes.shape[0])

    @property
    def width_px(self) -> int:
        """Width of a frame."""
        return int(self.planes.shape[2])

    @property
    def height_px(self) -> int:
        """Height of a frame."""
        return int(self.planes.shape[1]) * 2 // 3

    @property
    def luma(self) -> NDArray[np.uint8]:
        """The luma plane of every frame: (n, height, width)."""
        return self.planes[:, : self.height_px]


def clip_from_rgb(frames: NDArray[np.uint8], *, frame_rate_hz: Fraction) -> YuvClip:
    """Convert RGB frames by FFmpeg's scaler (BT.601, limited range, bicubic chroma).

    Parameters
    ----------
    frames : (n, height, width, 3) uint8    Even sides.
    frame_rate_hz : Fraction, Hz            Frames per second.

    Returns
    -------
    YuvClip
    """
    av = import_av()
    scaler = av.video.reformatter.VideoReformatter()
    pictures = (av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24") for frame in frames)
    planes = [planes_of(scaled(scaler, picture, picture.width, picture.height)) for picture in pictures]
    return YuvClip(np.stack(planes), frame_rate_hz)


def rgb_from_clip(clip: YuvClip) -> NDArray[np.uint8]:
    """Convert a clip to RGB frames (n, height, width, 3), for viewing."""
    av = import_av()
    pictures = (av.VideoFrame.from_ndarray(plane, format="yuv420p") for plane in clip.planes)
    return np.stack([picture.to_ndarray(format="rgb24") for picture in pictures])


def clip_from_file(path: Path, *, most_frames: int, frame_rate_hz: Fraction) -> YuvClip:
    """Decode the first frames of a video file; deeper or denser pixels become 8-bit 4:2:0.

    Parameters
    ----------
    path : Path                     A video file.
    most_frames : int               Frames to decode at most, >= 1.
    frame_rate_hz : Fraction, Hz    Frame rate that the clip is given (`measure_video_file` tells it).

    Returns
    -------
    YuvClip

    Raises
    ------
    InputError                      The file cannot be decoded, or a side is odd.
    """
    av = import_av()
    scaler = av.video.reformatter.VideoReformatter()
    planes: list[NDArray[np.uint8]] = []
    with open_video(path) as (container, stream):
        stream.codec_context.thread_count = 1
        for frame in container.decode(stream):
            if frame.width % 2 or frame.height % 2:
                raise InputError(
                    f"{path}: frames of {frame.width} x {frame.height} pixels; both must be even"
                )
            planes.append(planes_of(scaled(scaler, frame, frame.width, frame.height)))
            if len(planes) == most_frames:
                break
    if not planes:
        raise InputError(f"{path}: no frame could be decoded")
    return YuvClip(np.stack(planes), frame_rate_hz)


def scaled(scaler: VideoReformatter, frame: VideoFrame, width_px: int, height_px: int) -> VideoFrame:
    """Return a picture as 8-bit 4:2:0 of the given size, by FFmpeg's bicubic interpolation on one thread."""
    return scaler.reformat(
        frame, width=width_px, height=height_px, format="yuv420p", interpolation="BICUBIC", threads=1
    )


def planes_of(picture: VideoFrame) -> NDArray[np.uint8]:
    """Return the planes of an 8-bit 4:2:0 picture, stacked as in `YuvClip`."""
    return np.asarray(picture.to_ndarray(), dtype=np.uint8)
