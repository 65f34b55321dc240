"""Semi-reference by frame rate: SVT-AV1 of every n-th frame, and a network that makes those between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from netgen.actions.codecs import only_part
from netgen.actions.coded_stream import clip_of_part, kept_frames
from netgen.actions.contract import Parameter, Stage
from netgen.actions.contracted_video import ContractedVideo
from netgen.actions.frame_dropping import FrameDroppingAction
from netgen.actions.learned import CODEC, LearnedAction, alike, as_samples, import_torch, in_domain
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip

if TYPE_CHECKING:
    from torch import Tensor, nn

NETWORK = "interpolator"


class InterpolateAction(LearnedAction):
    """Every n-th frame by SVT-AV1; a network makes the frame midway between two, and again between those.

    The bytes are those of `codec.framedrop`, and in its domain: who has no network expands them without.
    """

    name = "amplify.interpolate"
    summary = "AV1 of every n-th frame; the others made by a network along the motion"
    mode = CodingMode.SEMI_REFERENCE
    parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType(
        {"keep_every": Parameter(2, (2, 4), "one frame of so many is coded")}
    )

    def __init__(self, *, weights: Path | None = None, **values: int | str) -> None:
        super().__init__(weights=weights, **values)
        self.keep_every = int(self.values["keep_every"])
        self._plain = FrameDroppingAction(keep_every=self.keep_every)
        self.knob = self._plain.knob

    @property
    def domain(self) -> str:
        """That of frame dropping: how frames are expanded is the receiver's choice."""
        return self._plain.domain

    @property
    def networks(self) -> tuple[str, ...]:
        """The interpolator."""
        return (NETWORK,)

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:
        """Encode the kept frames of a segment at a rate factor."""
        made = self._plain.contract_at(frames, knob, seed=seed)
        self._count(self._plain.take_stages())
        return made

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:
        """Decode the kept frames, and make those between."""
        return self.expand_many([contracted], seeds=[seed])[0]

    def expand_many(self, contracted: Sequence[ContractedVideo], *, seeds: Sequence[int]) -> list[YuvClip]:
        """Expand segments; frames of several of one length and size go through the network together."""
        if not alike(contracted):
            return super().expand_many(contracted, seeds=seeds)
        kept = kept_frames(contracted[0].frames, self.keep_every)
        decoded = []
        for one in contracted:
            self.check_domain(one)
            with self.timed(Stage.ENTROPY):
                clip = clip_of_part(
                    only_part(one),
                    codec=CODEC,
                    scale=1,
                    width_px=one.width_px,
                    height_px=one.height_px,
                    frames=len(kept),
                    frame_rate_hz=one.frame_rate_hz,
                )
            decoded.append(clip.planes)
        found = filled(self, decoded, kept)
        return [YuvClip(planes, one.frame_rate_hz) for planes, one in zip(found, contracted, strict=True)]

    def expand_plainly(self, contracted: ContractedVideo) -> YuvClip:
        """Decode the kept frames, and repeat them."""
        return self._plain.expand(in_domain(contracted, self._plain.domain, contracted.parts))


def filled(
    action: LearnedAction, segments: Sequence[NDArray[np.uint8]], kept: Sequence[int]
) -> list[NDArray[np.uint8]]:
    """Make all frames from the kept ones: halves of every gap, then halves of what is left.

    Parameters
    ----------
    action : LearnedAction                      Runs the interpolator.
    segments : sequence of (k, height * 3 / 2, width) uint8     The kept frames of each, planar YUV 4:2:0.
    kept : sequence of int                      Where they stand in every segment; 0 first.
    """
    length = kept[-1] + 1
    starts_at = [number * length for number in range(len(segments))]
    found = np.empty((length * len(segments), *segments[0].shape[1:]), np.uint8)
    for begin, planes in zip(starts_at, segments, strict=True):
        found[[begin + frame for frame in kept]] = planes
    gaps = [
        (begin + start, begin + end)
        for begin in starts_at
        for start, end in pairwise(kept)
        if end - start > 1
    ]
    while gaps:
        middles = [(start, (start + end) // 2, end) for start, end in gaps]
        # Gaps of odd length have no frame midway: the network is asked for another instant, one length at a time.
        for at in sorted({(middle - start) / (end - start) for start, middle, end in middles}):
            chosen = [one for one in middles if (one[1] - one[0]) / (one[2] - one[0]) == at]
            for part in action.batches(len(chosen)):
                starts, targets, ends = (list(indices) for indices in zip(*chosen[part], strict=True))
                found[targets] = _between(action, found[starts], found[ends], at)
        halves = [half for start, middle, end in middles for half in ((start, middle), (middle, end))]
        gaps = [(start, end) for start, end in halves if end - start > 1]
    return [found[begin : begin + length] for begin in starts_at]


def _between(
    action: LearnedAction, first: NDArray[np.uint8], second: NDArray[np.uint8], at: float
) -> NDArray[np.uint8]:
    """Make the frames at one instant between pairs of frames (b, height * 3 / 2, width)."""
    torch = import_torch()
    with action.timed(Stage.PREPARE):
        pairs = (torch.from_numpy(first), torch.from_numpy(second))
    found = action.infer(NETWORK, pairs, partial(_interpolate, at=at))
    with action.timed(Stage.FINISH):
        return as_samples(found).reshape(first.shape)


def _interpolate(model: nn.Module, first: Tensor, second: Tensor, *, at: float) -> Tensor:
    """Run the interpolator on planar frames (b, h * 3 / 2, w) of 8 bit; returns them in the same layout, over 255."""
    from netgen.models.interpolator import COARSEST, warped_chroma  # noqa: PLC0415  (models are loaded on demand)

    torch = import_torch()
    count, rows, width = first.shape
    height = rows * 2 // 3
    across, down = -width % COARSEST, -height % COARSEST

    def padded(planes: Tensor, right: int, below: int) -> Tensor:
        filled: Tensor = torch.nn.functional.pad(planes.float() / 255, (0, right, 0, below), mode="replicate")
        return filled

    lumas, chromas = [], []
    for planes in (first, second):
        lumas.append(padded(planes[:, None, :height], across, down))
        chroma = planes[:, height:].reshape(count, 2, height // 2, width // 2)
        chromas.append(padded(chroma, across // 2, down // 2))
    found = model(*lumas, at)
    moved = warped_chroma(found, *chromas)
    luma = found.luma[:, 0, :height, :width].reshape(count, -1)
    chroma = moved[:, :, : height // 2, : width // 2].reshape(count, -1)
    planar: Tensor = torch.cat((luma.float(), chroma.float()), dim=1)
    return planar
