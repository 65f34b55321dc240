"""Conventional codecs as actions: at full size, and at reduced size with bicubic enlargement."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from netgen.actions.coded_stream import clip_of_part, coded_part, resized
from netgen.actions.contract import Knob, Parameter, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo, Part
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.codec import SMALLEST_SIDE_PX, Codec, CodingConfig, coded_size_px, rate_factors
from netgen.media.yuv_clip import YuvClip

_GRIDS: Mapping[Codec, tuple[float, ...]] = MappingProxyType(
    {
        Codec.X264: (20, 26, 32, 38, 44, 51),
        Codec.X265: (20, 26, 32, 38, 44, 51),
        Codec.SVTAV1: (20, 35, 48, 58, 65, 70),
        Codec.VP9: (20, 30, 40, 50, 57, 63),
    }
)
_TYPICAL: Mapping[Codec, tuple[tuple[float, ...], Mapping[int, tuple[float, ...]]]] = MappingProxyType(
    {
        Codec.X264: (
            (10, 18, 26, 34, 42, 50),
            {
                1: (0.18, 0.097, 0.05, 0.024, 0.011, 0.0047),
                2: (0.15, 0.05, 0.02, 0.0085, 0.0041, 0.002),
                4: (0.045, 0.019, 0.0077, 0.0037, 0.002, 0.0013),
            },
        ),
        Codec.X265: (
            (10, 18, 26, 34, 42, 50),
            {
                1: (0.18, 0.09, 0.051, 0.02, 0.0076, 0.0039),
                2: (0.12, 0.053, 0.02, 0.0078, 0.0038, 0.0022),
                4: (0.041, 0.016, 0.0077, 0.0039, 0.0023, 0.0015),
            },
        ),
        Codec.SVTAV1: (
            (10, 20, 30, 40, 50, 60, 65, 70),
            {
                1: (0.22, 0.1, 0.074, 0.054, 0.036, 0.019, 0.0093, 0.0057),
                2: (0.08, 0.041, 0.029, 0.022, 0.014, 0.0085, 0.0044, 0.003),
                4: (0.035, 0.02, 0.013, 0.0092, 0.0063, 0.0041, 0.0025, 0.0019),
            },
        ),
        Codec.VP9: (
            (10, 20, 30, 40, 50, 60),
            {
                1: (0.24, 0.12, 0.082, 0.047, 0.023, 0.012),
                2: (0.11, 0.064, 0.034, 0.018, 0.0094, 0.0057),
                4: (0.038, 0.02, 0.012, 0.0076, 0.0046, 0.0031),
            },
        ),
    }
)
"""Rate factors, and the bits per pixel that they gave by scale: medians over the first second of the seven clips of
the set clips-v1. A search for a rate begins from them; no result depends on them otherwise."""

_FIXED_BYTES = 32_000_000
_BYTES_PER_PIXEL = 16
_AHEAD_FRAMES = 10
"""Measured on noise, 96 x 96 to 1280 x 720 pixels and 2 to 100 frames: the largest peaks are 12 MB (x265, 96 x 96,
25 frames), 43 MB (x265, 480 x 272, 25), 90 MB (SVT-AV1, 480 x 272, 100), 214 MB (SVT-AV1, 1280 x 720, 25) and 130 MB
(VP9, 1280 x 720, 2: buffers for frames ahead). The bound is 1.5 to 5 times these."""


class CodecAction(VideoAction):
    """A conventional codec at full size: one segment is one closed group of pictures of its own frames."""

    codec: ClassVar[Codec]
    mode = CodingMode.FULL_REFERENCE
    playable = True
    learned = False
    smallest_side_px = SMALLEST_SIDE_PX

    def __init__(self, **values: int | str) -> None:
        super().__init__(**values)
        self.knob = codec_knob(self.codec)

    @property
    def domain(self) -> str:
        """The codec alone: any of its decoders will do."""
        return self.name

    def memory_bound_bytes(self, width_px: int, height_px: int, frames: int) -> int:
        """Bound of the encoder's own memory, and of the frames."""
        return coding_memory_bytes(width_px, height_px, frames)

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:  # noqa: ARG002
        """Encode a segment at a rate factor."""
        self.check_size(frames.width_px, frames.height_px)
        with self.timed(Stage.ENTROPY):
            part = coded_part(frames, CodingConfig(self.codec, knob, 1, frames.frames))
        return contracted_in(self.domain, frames, (part,))

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:  # noqa: ARG002
        """Decode a segment."""
        self.check_domain(contracted)
        with self.timed(Stage.ENTROPY):
            return clip_of_part(
                only_part(contracted),
                codec=self.codec,
                scale=1,
                width_px=contracted.width_px,
                height_px=contracted.height_px,
                frames=contracted.frames,
                frame_rate_hz=contracted.frame_rate_hz,
            )


class X264Action(CodecAction):
    """H.264 by x264."""

    name = "codec.x264"
    summary = "H.264 by x264 (preset medium), one closed group of pictures a segment"
    codec = Codec.X264


class X265Action(CodecAction):
    """H.265 by x265."""

    name = "codec.x265"
    summary = "H.265 by x265 (preset medium), one closed group of pictures a segment"
    codec = Codec.X265


class SvtAv1Action(CodecAction):
    """AV1 by SVT-AV1."""

    name = "codec.svtav1"
    summary = "AV1 by SVT-AV1 (preset 8), one closed group of pictures a segment"
    codec = Codec.SVTAV1


class Vp9Action(CodecAction):
    """VP9 by libvpx."""

    name = "codec.vp9"
    summary = "VP9 by libvpx (good, speed 2), one closed group of pictures a segment"
    codec = Codec.VP9


class LowResolutionAction(VideoAction):
    """A conventional codec at half or quarter size, enlarged by bicubic interpolation: the control of learned ones."""

    name = "codec.lowres"
    summary = "a conventional codec at half or quarter size, enlarged by bicubic interpolation"
    mode = CodingMode.SEMI_REFERENCE
    playable = True
    learned = False
    parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType(
        {
            "codec": Parameter("svtav1", tuple(codec.value for codec in Codec), "the encoder"),
            "scale": Parameter(2, (2, 4), "divisor of both sides"),
        }
    )

    def __init__(self, **values: int | str) -> None:
        super().__init__(**values)
        self.codec = Codec(str(self.values["codec"]))
        self.scale = int(self.values["scale"])
        self.smallest_side_px = self.scale * SMALLEST_SIDE_PX
        self.knob = codec_knob(self.codec, scale=self.scale)

    @property
    def domain(self) -> str:
        """The codec and the scale."""
        return f"{self.name}[codec={self.codec}, scale={self.scale}]"

    def memory_bound_bytes(self, width_px: int, height_px: int, frames: int) -> int:
        """Bound of the encoder's own memory, and of the frames."""
        return coding_memory_bytes(width_px, height_px, frames)

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:  # noqa: ARG002
        """Scale a segment down and encode it at a rate factor."""
        self.check_size(frames.width_px, frames.height_px)
        with self.timed(Stage.PREPARE):
            size_px = coded_size_px(frames.width_px, frames.height_px, scale=self.scale)
            reduced = resized(frames, *size_px)
        with self.timed(Stage.ENTROPY):
            part = coded_part(reduced, CodingConfig(self.codec, knob, 1, frames.frames))
        return contracted_in(self.domain, frames, (part,))

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:  # noqa: ARG002
        """Decode a segment and enlarge it."""
        self.check_domain(contracted)
        self.check_size(contracted.width_px, contracted.height_px)
        width_px, height_px = coded_size_px(contracted.width_px, contracted.height_px, scale=self.scale)
        with self.timed(Stage.ENTROPY):
            reduced = clip_of_part(
                only_part(contracted),
                codec=self.codec,
                scale=1,
                width_px=width_px,
                height_px=height_px,
                frames=contracted.frames,
                frame_rate_hz=contracted.frame_rate_hz,
            )
        with self.timed(Stage.FINISH):
            return resized(reduced, contracted.width_px, contracted.height_px)


def codec_knob(codec: Codec, *, scale: int = 1) -> Knob:
    """Return the rate factor of an encoder as a knob.

    Parameters
    ----------
    codec : Codec                   The encoder.
    scale : int                     By which the sides are divided before coding: 1, 2 or 4.
    """
    finest, coarsest, step = rate_factors(codec)
    crfs, by_scale = _TYPICAL[codec]
    usual = by_scale[scale]
    return Knob(
        name="crf",
        finest=finest,
        coarsest=coarsest,
        step=step,
        octave=(crfs[-1] - crfs[0]) / math.log2(usual[0] / usual[-1]),
        grid=_GRIDS[codec],
        typical=tuple(zip(crfs, usual, strict=True)),
    )


def coding_memory_bytes(width_px: int, height_px: int, frames: int) -> int:
    """Return a bound on what coding or decoding a segment takes, byte, its frames included.

    Valid for                       The shipped encoders on one thread, up to 1280 x 720 pixels as measured.
    """
    return _FIXED_BYTES + _BYTES_PER_PIXEL * width_px * height_px * (frames + _AHEAD_FRAMES)


def contracted_in(domain: str, frames: YuvClip, parts: tuple[Part, ...]) -> ContractedVideo:
    """Return the representation of these frames by parts."""
    return ContractedVideo(
        domain, frames.width_px, frames.height_px, frames.frames, frames.frame_rate_hz, parts
    )


def only_part(contracted: ContractedVideo) -> Part:
    """Return the one part of a representation, or raise InputError when it has none or more."""
    if len(contracted.parts) != 1:
        raise InputError(
            f"a representation of {contracted.domain} has {len(contracted.parts)} parts instead of 1: it is damaged"
        )
    return contracted.parts[0]
