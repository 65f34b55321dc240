"""Conventional coding of frames in memory by PyAV: x264, x265, SVT-AV1 and VP9, at full or reduced resolution."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from netgen.errors import InputError
from netgen.media.video_file import import_av
from netgen.media.yuv_clip import YuvClip, planes_of, scaled

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

SMALLEST_SIDE_PX = 66
"""More than one coding tree unit of 64: with frames one unit wide, x265 reads memory that it never set (the
bytes differ from call to call; at 48 x 48 it was seen to corrupt the heap). No codec is given less."""


class Codec(StrEnum):
    """A conventional video encoder."""

    X264 = "x264"
    X265 = "x265"
    SVTAV1 = "svtav1"
    VP9 = "vp9"


@dataclass(frozen=True, slots=True)
class _Coder:
    """How FFmpeg names a codec, and the options under which the same frames give the same bytes."""

    encoder: str
    decoder: str
    preset: str
    finest_crf: int
    coarsest_crf: int
    crf_step: float
    options: Mapping[str, str]
    banner_sei_nal_types: frozenset[int] = frozenset()
    nal_type_shift: int = 0


# One thread each: with more, the bytes depend on timing. x264's AVX-512 macroblock-tree code gave different
# bytes for the same frames within one process; `cpu-independent` avoids that code. `info=0` and the SEI types
# keep the encoder's banner (some 700 byte) out of the count. SVT-AV1 reads its rate factor from its own options:
# FFmpeg's option of that name rounds to whole numbers and stops at 63.
_CODERS = {
    Codec.X264: _Coder(
        "libx264",
        "h264",
        "medium",
        0,
        51,
        0.125,
        {
            "preset": "medium",
            "crf": "{crf}",
            "x264-params": "cpu-independent=1:lookahead-threads=1:keyint={gop}:min-keyint=1:scenecut=0:open-gop=0",
        },
        banner_sei_nal_types=frozenset({6}),
    ),
    Codec.X265: _Coder(
        "libx265",
        "hevc",
        "medium",
        0,
        51,
        0.125,
        {
            "preset": "medium",
            "crf": "{crf}",
            "x265-params": "pools=none:frame-threads=1:wpp=0:info=0:log-level=error:keyint={gop}:min-keyint={gop}"
            ":scenecut=0:open-gop=0",
        },
        banner_sei_nal_types=frozenset({39, 40}),
        nal_type_shift=1,
    ),
    Codec.SVTAV1: _Coder(
        "libsvtav1",
        "libdav1d",
        "8",
        1,
        70,
        0.25,
        {"preset": "8", "svtav1-params": "lp=1:keyint={gop}:scd=0:crf={crf}"},
    ),
    # Constant quality wants a bit rate of 0; equal least and greatest distances put key frames on the groups alone.
    Codec.VP9: _Coder(
        "libvpx-vp9",
        "vp9",
        "good-2",
        0,
        63,
        1.0,
        {
            "b": "0",
            "crf": "{crf}",
            "deadline": "good",
            "cpu-used": "2",
            "row-mt": "0",
            "keyint_min": "{gop}",
            "lag-in-frames": "25",
            "auto-alt-ref": "1",
        },
    ),
}


@dataclass(frozen=True, slots=True)
class CodingConfig:
    """One way to code a clip.

    Parameters
    ----------
    codec : Codec                   The encoder.
    crf : float                     Constant rate factor, in the range and the steps of `rate_factors`.
    scale : int                     Sides are divided by this before coding: 1, 2 or 4.
    gop_frames : int                Every group of pictures is closed and has this many frames, >= 1.
    """

    codec: Codec
    crf: float
    scale: int
    gop_frames: int

    def __post_init__(self) -> None:
        finest, coarsest, step = rate_factors(self.codec)
        if not finest <= self.crf <= coarsest:
            raise InputError(f"{self.codec}: CRF {self.crf:g} is outside {finest}..{coarsest}")
        if self.crf % step:
            raise InputError(f"{self.codec}: CRF {self.crf:g} is between the encoder's steps of {step:g}")
        if self.scale not in (1, 2, 4):
            raise InputError(f"{self.codec}: scale {self.scale}; accepted: 1, 2, 4")
        if self.gop_frames < 1:
            raise InputError(f"{self.codec}: groups of {self.gop_frames} frames; at least 1 is needed")

    @property
    def preset(self) -> str:
        """The encoder's speed preset."""
        return _CODERS[self.codec].preset


@dataclass(frozen=True, slots=True)
class CodedClip:
    """A bitstream that an encoder made.

    Parameters
    ----------
    config : CodingConfig           How it was made.
    packets : tuple of bytes        One per frame, in coding order, without encoder banners.
    width_px, height_px : int       Size of the frames before they were scaled down.
    frame_rate_hz : Fraction, Hz    Frames per second.
    encode_s : float, s             Wall time of scaling down and encoding.
    """

    config: CodingConfig
    packets: tuple[bytes, ...]
    width_px: int
    height_px: int
    frame_rate_hz: Fraction
    encode_s: float

    @property
    def size_bytes(self) -> int:
        """Size of the bitstream, parameter sets included."""
        return sum(len(packet) for packet in self.packets)

    @property
    def bits_per_pixel(self) -> float:
        """Coded bits per pixel of the clip as it is shown (not of the reduced frames)."""
        return 8 * self.size_bytes / (len(self.packets) * self.width_px * self.height_px)


def rate_factors(codec: Codec) -> tuple[int, int, float]:
    """Return the rate factors of the most and of the fewest bits, and the step that the encoder honours.

    Source                          Measured: between two of x264's and x265's eighths the bytes differ, SVT-AV1
                                    (4.x) changes in quarters and goes on to 70, VP9 in whole numbers.
    """
    coder = _CODERS[codec]
    return coder.finest_crf, coder.coarsest_crf, coder.crf_step


def decoder_of(codec: Codec) -> str:
    """Return FFmpeg's name of the decoder that reads a codec's bitstream."""
    return _CODERS[codec].decoder


def encode(clip: YuvClip, config: CodingConfig) -> CodedClip:
    """Scale a clip down by bicubic interpolation and encode it; the same clip gives the same bytes.

    Parameters
    ----------
    clip : YuvClip                  What to code.
    config : CodingConfig           How to code it.

    Returns
    -------
    CodedClip                       The packets, and the wall time on one thread.

    Raises
    ------
    InputError                      The reduced frame has a side below 66 pixels.
    """
    av = import_av()
    width_px, height_px = coded_size_px(clip.width_px, clip.height_px, scale=config.scale)
    coder = _CODERS[config.codec]
    pictures = [av.VideoFrame.from_ndarray(plane, format="yuv420p") for plane in clip.planes]
    scaler = av.video.reformatter.VideoReformatter()
    context = _encoder(config, width_px, height_px, clip.frame_rate_hz)
    began_s = time.perf_counter()
    packets = []
    with _scheduling_kept():
        for index, picture in enumerate(pictures):
            reduced = scaled(scaler, picture, width_px, height_px)
            reduced.pts = index
            packets += context.encode(reduced)
        packets += context.encode(None)
    encode_s = time.perf_counter() - began_s
    coded = tuple(
        without_banners(bytes(packet), coder.banner_sei_nal_types, coder.nal_type_shift) for packet in packets
    )
    if len(coded) != clip.frames:
        raise RuntimeError(f"{config}: {clip.frames} frames gave {len(coded)} packets")
    return CodedClip(config, coded, clip.width_px, clip.height_px, clip.frame_rate_hz, encode_s)


def decode(coded: CodedClip) -> tuple[YuvClip, float]:
    """Decode a bitstream and scale the frames up by bicubic interpolation.

    Parameters
    ----------
    coded : CodedClip               What `encode` made.

    Returns
    -------
    (YuvClip, float, s)             Frames of the original size, and the wall time on one thread.
    """
    av = import_av()
    context = av.CodecContext.create(decoder_of(coded.config.codec), "r")
    context.thread_count = 1
    scaler = av.video.reformatter.VideoReformatter()
    packets = [av.Packet(packet) for packet in coded.packets]
    began_s = time.perf_counter()
    pictures: list[VideoFrame] = []
    for packet in (*packets, None):
        for found in context.decode(packet):
            picture = found
            if coded.config.scale != 1:
                # Decoders of H.264 and H.265 mark chroma as sited left, which frames from arrays are not: it would
                # be enlarged with a shift that nothing took out before.
                picture = av.VideoFrame.from_ndarray(planes_of(found), format="yuv420p")
            pictures.append(scaled(scaler, picture, coded.width_px, coded.height_px))
    decode_s = time.perf_counter() - began_s
    if len(pictures) != len(coded.packets):
        raise RuntimeError(f"{coded.config}: {len(coded.packets)} packets gave {len(pictures)} frames")
    return YuvClip(np.stack([planes_of(picture) for picture in pictures]), coded.frame_rate_hz), decode_s


def coded_size_px(width_px: int, height_px: int, *, scale: int) -> tuple[int, int]:
    """Return the even frame size nearest to 1/scale, or say that it is too small to code.

    Parameters
    ----------
    width_px, height_px : int       Frame size.
    scale : int                     Divisor of the sides.

    Returns
    -------
    (int, int)                      480 x 272 at scale 4 gives 120 x 68.

    Raises
    ------
    InputError                      A side would be below 66 pixels.
    """
    reduced = (2 * round(width_px / (2 * scale)), 2 * round(height_px / (2 * scale)))
    if min(reduced) < SMALLEST_SIDE_PX:
        raise InputError(
            f"frames of {width_px} x {height_px} at scale {scale} are {reduced[0]} x {reduced[1]} pixels; "
            f"both sides must be at least {SMALLEST_SIDE_PX} (x265 is not safe below)"
        )
    return reduced


def without_banners(
    packet: bytes, sei_nal_types: Sequence[int] | frozenset[int], nal_type_shift: int
) -> bytes:
    """Remove the SEI units that hold unregistered user text from an Annex B packet.

    Parameters
    ----------
    packet : bytes                  NAL units after start codes 00 00 01 or 00 00 00 01.
    sei_nal_types : set of int      6 in H.264; 39 and 40 in H.265; empty leaves the packet as it is.
    nal_type_shift : int            0 in H.264 (1-byte header, type in the low 5 bit); 1 in H.265.

    Returns
    -------
    bytes

    Source                          ITU-T H.264 (08/2021) 7.3.1 and D.1.1, H.265 (08/2021) 7.3.1.2 and D.2.1:
                                    payload type 5 is user_data_unregistered.
    """
    if not sei_nal_types:
        return packet
    starts = []
    at = packet.find(b"\x00\x00\x01")
    while at >= 0:
        starts.append(at - 1 if at > 0 and packet[at - 1] == 0 else at)
        at = packet.find(b"\x00\x00\x01", at + 3)
    kept = []
    for start, end in zip(starts, [*starts[1:], len(packet)], strict=True):
        header = packet.index(b"\x01", start) + 1
        nal_type = (packet[header] >> 1) & 0x3F if nal_type_shift else packet[header] & 0x1F
        is_banner = nal_type in sei_nal_types and packet[header + 1 + nal_type_shift] == 5
        if not is_banner:
            kept.append(packet[start:end])
    return b"".join(kept)


def write_video(path: Path, clip: YuvClip, config: CodingConfig) -> None:
    """Encode a clip at full size into a file; the same clip gives the same bytes.

    Parameters
    ----------
    path : Path                     Where to; the suffix (.mp4, .mkv) chooses the container.
    clip : YuvClip                  What to code.
    config : CodingConfig           How to code it; scale 1.
    """
    av = import_av()
    if config.scale != 1:
        raise InputError(f"{path}: scale {config.scale}; files are written at full size, scale 1")
    coded_size_px(clip.width_px, clip.height_px, scale=1)
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(_CODERS[config.codec].encoder, rate=clip.frame_rate_hz)
        _configure(stream.codec_context, config, clip.width_px, clip.height_px, clip.frame_rate_hz)
        with _scheduling_kept():
            for index, plane in enumerate(clip.planes):
                picture = av.VideoFrame.from_ndarray(plane, format="yuv420p")
                picture.pts, picture.time_base = index, 1 / clip.frame_rate_hz
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))


@contextmanager
def _scheduling_kept() -> Iterator[None]:
    """Undo what SVT-AV1 does to the thread that calls it: as root it makes it real-time, and leaves it so.

    Such a thread starves everything else on the machine, and its times are not those of a common process.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            os.sched_setscheduler(0, policy, parameters)


def _encoder(
    config: CodingConfig, width_px: int, height_px: int, frame_rate_hz: Fraction
) -> VideoCodecContext:
    """Return an encoder that makes bare packets."""
    context: VideoCodecContext = import_av().CodecContext.create(_CODERS[config.codec].encoder, "w")
    _configure(context, config, width_px, height_px, frame_rate_hz)
    return context


def _configure(
    context: VideoCodecContext, config: CodingConfig, width_px: int, height_px: int, frame_rate_hz: Fraction
) -> None:
    """Set an encoder up on one thread."""
    coder = _CODERS[config.codec]
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 reads it itself; otherwise it prints its settings
    context.width, context.height, context.pix_fmt = width_px, height_px, "yuv420p"
    context.time_base, context.framerate = 1 / frame_rate_hz, frame_rate_hz
    context.thread_count = 1
    context.gop_size = config.gop_frames
    context.options = {
        name: value.format(gop=config.gop_frames, crf=f"{config.crf:g}")
        for name, value in coder.options.items()
    }
