"""Semi-reference by resolution: SVT-AV1 at half or quarter size, and a network that restores and enlarges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from netgen.actions.codecs import codec_knob, contracted_in
from netgen.actions.coded_stream import clip_of_part, coded_part, kept_frames, resized, selected
from netgen.actions.contract import Parameter, Stage
from netgen.actions.contracted_video import ContractedVideo, Part
from netgen.actions.frame_dropping import motion_compensated
from netgen.actions.interpolation import NETWORK, filled
from netgen.actions.learned import (
    CODEC,
    LearnedAction,
    alike,
    as_samples,
    crf_of,
    crf_part,
    import_torch,
    with_luma,
)
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.codec import SMALLEST_SIDE_PX, CodingConfig, coded_size_px
from netgen.media.yuv_clip import YuvClip

if TYPE_CHECKING:
    from torch import Tensor, nn


class RestoringAction(LearnedAction):
    """What actions share whose frames pass through a restorer after SVT-AV1 at full or reduced size."""

    def __init__(self, *, weights: Path | None = None, **values: int | str) -> None:
        super().__init__(weights=weights, **values)
        self.scale = int(self.values["scale"])
        self.keep_every = int(self.values.get("keep_every", 1))
        self.knob = codec_knob(CODEC, scale=self.scale)
        self.smallest_side_px = self.scale * SMALLEST_SIDE_PX

    @property
    def networks(self) -> tuple[str, ...]:
        """The restorer of this scale, and the interpolator where frames are left out."""
        return (f"restorer-x{self.scale}", *([NETWORK] if self.keep_every > 1 else []))

    def coded(self, frames: YuvClip, crf: float) -> Part:
        """Encode the kept frames of a segment at full or reduced size."""
        self.check_size(frames.width_px, frames.height_px)
        with self.timed(Stage.PREPARE):
            kept = selected(frames, kept_frames(frames.frames, self.keep_every))
            reduced = resized(kept, *coded_size_px(frames.width_px, frames.height_px, scale=self.scale))
        with self.timed(Stage.ENTROPY):
            return coded_part(reduced, CodingConfig(CODEC, crf, 1, reduced.frames))

    def decoded(
        self, contracted: Sequence[ContractedVideo], crfs: Sequence[float]
    ) -> list[tuple[YuvClip, YuvClip]]:
        """Decode the first part of segments of equal length and size; give each enlarged plainly, and restored."""
        all_frames = [self._kept(one).planes for one in contracted]
        if self.keep_every > 1:
            all_frames = filled(self, all_frames, kept_frames(contracted[0].frames, self.keep_every))
        reduced = [
            YuvClip(planes, one.frame_rate_hz) for planes, one in zip(all_frames, contracted, strict=True)
        ]
        lumas = self.restored([clip.luma for clip in reduced], scale=self.scale, crfs=crfs)
        found = []
        with self.timed(Stage.FINISH):
            for clip, luma, one in zip(reduced, lumas, contracted, strict=True):
                plain = resized(clip, one.width_px, one.height_px)
                found.append((plain, with_luma(plain, _fitted(luma, one))))
        return found

    def expand_plainly(self, contracted: ContractedVideo) -> YuvClip:
        """Decode a segment; enlarge it by bicubic interpolation, and fill gaps by FFmpeg's motion compensation."""
        kept = self._kept(contracted)
        if self.keep_every > 1:
            order = kept_frames(contracted.frames, self.keep_every)
            planes = motion_compensated(kept.planes, order, contracted.frame_rate_hz)
            kept = YuvClip(planes, contracted.frame_rate_hz)
        return resized(kept, contracted.width_px, contracted.height_px)

    def _kept(self, contracted: ContractedVideo) -> YuvClip:
        """Decode the first part, at the size that was coded."""
        width_px, height_px = coded_size_px(contracted.width_px, contracted.height_px, scale=self.scale)
        with self.timed(Stage.ENTROPY):
            return clip_of_part(
                contracted.parts[0],
                codec=CODEC,
                scale=1,
                width_px=width_px,
                height_px=height_px,
                frames=len(kept_frames(contracted.frames, self.keep_every)),
                frame_rate_hz=contracted.frame_rate_hz,
            )

    def restored(
        self, lumas: Sequence[NDArray[np.uint8]], *, scale: int, crfs: Sequence[float]
    ) -> list[NDArray[np.uint8]]:
        """Restore the luma (n, h, w) of decoded segments, all through the same batches; the sides grow by `scale`."""
        torch = import_torch()
        with self.timed(Stage.PREPARE):
            frames = torch.from_numpy(np.concatenate(lumas))
            ends = np.cumsum([len(luma) for luma in lumas])
            lengths = torch.tensor([len(luma) for luma in lumas])
            last = torch.repeat_interleave(torch.from_numpy(ends) - 1, lengths)
            first = torch.repeat_interleave(torch.from_numpy(ends) - lengths, lengths)
            factors = torch.repeat_interleave(torch.tensor(crfs, dtype=torch.float32), lengths)
            at = torch.arange(len(frames))
            neighbours = torch.stack((torch.maximum(at - 1, first), at, torch.minimum(at + 1, last)), dim=1)
        found = []
        for part in self.batches(len(frames)):
            with self.timed(Stage.PREPARE):
                stacked = frames[neighbours[part]]
            shown = self.infer(f"restorer-x{scale}", (stacked, factors[part]), _restore)
            with self.timed(Stage.FINISH):
                found.append(as_samples(shown[:, 0]))
        return np.split(np.concatenate(found), ends[:-1])


class RestoreAction(RestoringAction):
    """SVT-AV1 at reduced size; a network restores the luma and enlarges it, and chroma is enlarged plainly.

    With `keep_every` 2 or 4 only so many frames are coded, and the interpolator first makes the others, small. The
    representation is a bitstream that any AV1 decoder plays (small), and one byte with its rate factor.
    """

    name = "amplify.restore"
    summary = "SVT-AV1 at half or quarter size, restored and enlarged by a network"
    mode = CodingMode.SEMI_REFERENCE
    parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType(
        {
            "scale": Parameter(2, (2, 4), "divisor of both sides"),
            "keep_every": Parameter(1, (1, 2, 4), "one frame of so many is coded"),
        }
    )

    @property
    def domain(self) -> str:
        """The format alone: whoever has the networks can expand it."""
        return f"{self.name}[scale={self.scale}, keep_every={self.keep_every}]"

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:  # noqa: ARG002
        """Scale a segment down and encode it at a rate factor."""
        return contracted_in(self.domain, frames, (self.coded(frames, knob), crf_part(knob)))

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:
        """Decode a segment, restore and enlarge it."""
        return self.expand_many([contracted], seeds=[seed])[0]

    def expand_many(self, contracted: Sequence[ContractedVideo], *, seeds: Sequence[int]) -> list[YuvClip]:
        """Expand segments; frames of several of one length and size go through the network together."""
        if not alike(contracted):
            return super().expand_many(contracted, seeds=seeds)
        for one in contracted:
            self.check_domain(one)
            check_parts(one, 2)
        decoded = self.decoded(contracted, [crf_of(one.parts[1]) for one in contracted])
        return [restored for _, restored in decoded]


def check_parts(contracted: ContractedVideo, count: int) -> None:
    """Raise InputError when a representation has not so many parts."""
    if len(contracted.parts) != count:
        raise InputError(
            f"a representation of {contracted.domain} has {len(contracted.parts)} parts instead of {count}: "
            f"it is damaged"
        )


def _restore(model: nn.Module, stacked: Tensor, factors: Tensor) -> Tensor:
    """Run a restorer on samples of 8 bit."""
    found: Tensor = model(stacked.float() / 255, factors)
    return found


def _fitted(luma: NDArray[np.uint8], contracted: ContractedVideo) -> NDArray[np.uint8]:
    """Return luma of exactly the size as shown; it differs where the sides are no multiples of the scale."""
    wanted = (contracted.height_px, contracted.width_px)
    if luma.shape[1:] == wanted:
        return luma
    torch = import_torch()
    planes = torch.from_numpy(luma)[:, None].float() / 255
    fitted = torch.nn.functional.interpolate(planes, size=wanted, mode="bicubic", align_corners=False)
    return as_samples(fitted[:, 0])
