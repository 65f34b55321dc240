"""Frame dropping as an action: every n-th frame is coded, the others are made from those without any network."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from netgen.actions.codecs import codec_knob, coding_memory_bytes, contracted_in, only_part
from netgen.actions.coded_stream import clip_of_part, coded_part, kept_frames, resized, selected
from netgen.actions.contract import Parameter, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo
from netgen.generative.operating_point import CodingMode
from netgen.media.codec import SMALLEST_SIDE_PX, Codec, CodingConfig, coded_size_px
from netgen.media.video_file import import_av
from netgen.media.yuv_clip import YuvClip, planes_of

Planes = NDArray[np.uint8]

_MINTERPOLATE = "mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1:mb_size=8:scd=none"
"""FFmpeg's motion-compensated mode: overlapped blocks of adaptive weight, both directions, smaller blocks at the edges
of objects. On the seven clips of clips-v1 blocks of 8 pixels were better than the default of 16 by 0.47 dB at every
second and by 0.05 dB at every fourth frame in the mean. Its detector of scene changes is off: it takes fast pans for
changes, and repeats frames there."""

_PADDING_FRAMES = 2
"""The filter interpolates between the middle two of four frames: so many are missing at either end."""

_MCI_BYTES_PER_PIXEL = 200
"""Measured peaks of expansion, coding included: 38 MB (480 x 272 pixels, 25 frames), 237 MB (1280 x 720, 13 frames);
the bounds are 131 MB and 555 MB."""


class FrameDroppingAction(VideoAction):
    """Every n-th frame and the last one by SVT-AV1; the frames between are repeated, blended or interpolated.

    At a scale of 2 or 4 the kept frames are coded at half or quarter size, filled up small, and enlarged by bicubic
    interpolation.
    """

    name = "codec.framedrop"
    summary = "AV1 of every n-th frame; the others repeated, blended or motion-compensated, without a network"
    mode = CodingMode.SEMI_REFERENCE
    playable = True
    learned = False
    parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType(
        {
            "keep_every": Parameter(2, (2, 4), "one frame of so many is coded"),
            "expander": Parameter("repeat", ("repeat", "blend", "mci"), "how the others are made"),
            "scale": Parameter(1, (1, 2, 4), "divisor of both sides before coding"),
        }
    )

    def __init__(self, **values: int | str) -> None:
        super().__init__(**values)
        self.keep_every = int(self.values["keep_every"])
        self.expander = str(self.values["expander"])
        self.scale = int(self.values["scale"])
        self.smallest_side_px = self.scale * SMALLEST_SIDE_PX
        self.knob = codec_knob(Codec.SVTAV1, scale=self.scale)

    @property
    def domain(self) -> str:
        """How many frames are kept, and their scale; how they are expanded is the receiver's choice."""
        return f"{self.name}[keep_every={self.keep_every}, scale={self.scale}]"

    def memory_bound_bytes(self, width_px: int, height_px: int, frames: int) -> int:
        """Bound of the encoder's own memory, and of what fills the gaps."""
        per_pixel = _MCI_BYTES_PER_PIXEL if self.expander == "mci" else 0
        return coding_memory_bytes(width_px, height_px, frames) + per_pixel * width_px * height_px

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:  # noqa: ARG002
        """Encode the kept frames of a segment at a rate factor."""
        self.check_size(frames.width_px, frames.height_px)
        with self.timed(Stage.PREPARE):
            kept = selected(frames, kept_frames(frames.frames, self.keep_every))
            if self.scale > 1:
                kept = resized(kept, *coded_size_px(frames.width_px, frames.height_px, scale=self.scale))
        with self.timed(Stage.ENTROPY):
            part = coded_part(kept, CodingConfig(Codec.SVTAV1, knob, 1, kept.frames))
        return contracted_in(self.domain, frames, (part,))

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:  # noqa: ARG002
        """Decode the kept frames, and make those between."""
        self.check_domain(contracted)
        kept = kept_frames(contracted.frames, self.keep_every)
        width_px, height_px = coded_size_px(contracted.width_px, contracted.height_px, scale=self.scale)
        with self.timed(Stage.ENTROPY):
            clip = clip_of_part(
                only_part(contracted),
                codec=Codec.SVTAV1,
                scale=1,
                width_px=width_px,
                height_px=height_px,
                frames=len(kept),
                frame_rate_hz=contracted.frame_rate_hz,
            )
        with self.timed(Stage.FINISH):
            fill = _FILLERS[self.expander]
            planes = fill(clip.planes, kept, contracted.frame_rate_hz)
            filled = YuvClip(planes, contracted.frame_rate_hz)
            if self.scale == 1:
                return filled
            return resized(filled, contracted.width_px, contracted.height_px)


def repeated(planes: Planes, kept: Sequence[int], frame_rate_hz: Fraction) -> Planes:  # noqa: ARG001
    """Return all frames, those between showing the last one kept: what a player does without them.

    Parameters
    ----------
    planes : (k, height * 3 / 2, width) uint8   The kept frames.
    kept : sequence of int                      Where they stand, from 0 on; the last is the segment's last.
    frame_rate_hz : Fraction, Hz                Rate of the segment.
    """
    steps = np.diff([*kept, kept[-1] + 1])
    return np.repeat(planes, steps, axis=0)


def blended(planes: Planes, kept: Sequence[int], frame_rate_hz: Fraction) -> Planes:  # noqa: ARG001
    """Return all frames, those between as the mean of their two neighbours, weighted by distance.

    Takes what `repeated` takes.
    """
    filled = np.empty((kept[-1] + 1, *planes.shape[1:]), np.uint8)
    filled[0] = planes[0]
    for (start, end), before, after in zip(_gaps(kept), planes[:-1], planes[1:], strict=True):
        gap = end - start
        for step in range(1, gap + 1):
            weighted = before.astype(np.uint16) * (gap - step) + after.astype(np.uint16) * step
            filled[start + step] = (weighted + gap // 2) // gap
    return filled


def motion_compensated(planes: Planes, kept: Sequence[int], frame_rate_hz: Fraction) -> Planes:
    """Return all frames, those between by FFmpeg's `minterpolate` along estimated motion; the kept ones unchanged.

    Takes what `repeated` takes. The filter looks at four frames at once, so the first and the last frame are given
    to it again before and after the segment.
    """
    if len(kept) == 1:
        return planes.copy()
    av = import_av()
    graph = av.filter.Graph()
    graph.threads = 1
    height_px, width_px = planes.shape[1] * 2 // 3, planes.shape[2]
    source = graph.add_buffer(
        width=width_px, height=height_px, format="yuv420p", time_base=1 / frame_rate_hz, name="in"
    )
    interpolate = graph.add("minterpolate", f"fps={frame_rate_hz}:{_MINTERPOLATE}")
    sink = graph.add("buffersink")
    source.link_to(interpolate)
    interpolate.link_to(sink)
    graph.configure()
    frames = kept[-1] + 1
    shown = [
        *((at, planes[0]) for at in range(-_PADDING_FRAMES, 0)),
        *zip(kept, planes, strict=True),
        *((frames + extra, planes[-1]) for extra in range(_PADDING_FRAMES)),
    ]
    filled: dict[int, Planes] = {}

    def drain() -> None:
        while True:
            try:
                picture = sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            at = picture.pts - _PADDING_FRAMES
            if 0 <= at < frames:
                filled[at] = planes_of(picture)

    for at, plane in shown:
        picture = av.VideoFrame.from_ndarray(plane, format="yuv420p")
        picture.pts, picture.time_base = at + _PADDING_FRAMES, 1 / frame_rate_hz
        source.push(picture)
        drain()
    source.push(None)
    drain()
    if sorted(filled) != list(range(frames)):
        raise RuntimeError(f"minterpolate gave {len(filled)} of {frames} frames at {frame_rate_hz} Hz")
    return np.stack([filled[at] for at in range(frames)])


def _gaps(kept: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs of neighbouring kept frames."""
    return list(itertools.pairwise(kept))


_FILLERS: Mapping[str, Callable[[Planes, Sequence[int], Fraction], Planes]] = MappingProxyType(
    {"repeat": repeated, "blend": blended, "mci": motion_compensated}
)
