"""Semi-reference by resolution: SVT-AV1 at half or quarter size, and a network that restores and enlarges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from netgen.actions.codecs import LowResolutionAction, SvtAv1Action
from netgen.actions.coded_stream import clip_of_part, resized
from netgen.actions.contract import Parameter, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo
from netgen.actions.learned import (
    CODEC,
    LearnedAction,
    as_samples,
    crf_of,
    crf_part,
    import_torch,
    in_domain,
    with_luma,
)
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.codec import coded_size_px
from netgen.media.yuv_clip import YuvClip

if TYPE_CHECKING:
    from torch import Tensor, nn


class RestoringAction(LearnedAction):
    """What actions share whose frames pass through a restorer after SVT-AV1 at full or reduced size."""

    def __init__(self, *, weights: Path | None = None, **values: int | str) -> None:
        super().__init__(weights=weights, **values)
        self.scale = int(self.values["scale"])
        self._plain: VideoAction = (
            SvtAv1Action() if self.scale == 1 else LowResolutionAction(codec=CODEC.value, scale=self.scale)
        )
        self.knob = self._plain.knob
        self.smallest_side_px = self._plain.smallest_side_px

    @property
    def networks(self) -> tuple[str, ...]:
        """The restorer of this scale."""
        return (f"restorer-x{self.scale}",)

    def coded(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:
        """Encode a segment at full or reduced size, in the domain of the codec."""
        made = self._plain.contract_at(frames, knob, seed=seed)
        self._count(self._plain.take_stages())
        return made

    def decoded(self, contracted: ContractedVideo, crf: float) -> tuple[YuvClip, YuvClip]:
        """Decode the first part; return the frames enlarged plainly, and with their luma restored."""
        width_px, height_px = coded_size_px(contracted.width_px, contracted.height_px, scale=self.scale)
        with self.timed(Stage.ENTROPY):
            reduced = clip_of_part(
                contracted.parts[0],
                codec=CODEC,
                scale=1,
                width_px=width_px,
                height_px=height_px,
                frames=contracted.frames,
                frame_rate_hz=contracted.frame_rate_hz,
            )
        luma = self.restored(reduced.luma, scale=self.scale, crf=crf)
        with self.timed(Stage.FINISH):
            plain = resized(reduced, contracted.width_px, contracted.height_px)
            return plain, with_luma(plain, _fitted(luma, contracted))

    def expand_plainly(self, contracted: ContractedVideo) -> YuvClip:
        """Decode a segment and enlarge it by bicubic interpolation."""
        return self._plain.expand(in_domain(contracted, self._plain.domain, contracted.parts[:1]))

    def _built(self, name: str) -> nn.Module:
        from netgen.models.restorer import Restorer  # noqa: PLC0415  (models are loaded on demand)

        return Restorer(int(name.removeprefix("restorer-x")))

    def restored(self, luma: NDArray[np.uint8], *, scale: int, crf: float) -> NDArray[np.uint8]:
        """Restore the luma (n, h, w) of decoded frames; the sides grow by `scale`."""
        torch = import_torch()
        with self.timed(Stage.PREPARE):
            frames = torch.from_numpy(np.ascontiguousarray(luma))
            last = len(frames) - 1
        found = []
        for part in self.batches(len(luma)):
            with self.timed(Stage.PREPARE):
                middle = torch.arange(part.start, part.stop)
                order = torch.stack((middle - 1, middle, middle + 1), dim=1).clamp(0, last)
                stacked = frames[order]
                factors = torch.full((len(middle),), float(crf))
            shown = self.infer(f"restorer-x{scale}", (stacked, factors), _restore)
            with self.timed(Stage.FINISH):
                found.append(as_samples(shown[:, 0]))
        return np.concatenate(found)


class RestoreAction(RestoringAction):
    """SVT-AV1 at reduced size; a network restores the luma and enlarges it, and chroma is enlarged plainly.

    The representation is a bitstream that any AV1 decoder plays (small), and one byte with its rate factor.
    """

    name = "amplify.restore"
    summary = "SVT-AV1 at half or quarter size, restored and enlarged by a network"
    mode = CodingMode.SEMI_REFERENCE
    parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType(
        {"scale": Parameter(2, (2, 4), "divisor of both sides")}
    )

    @property
    def domain(self) -> str:
        """The format alone: whoever has a restorer for this scale can expand it."""
        return f"{self.name}[scale={self.scale}]"

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:
        """Scale a segment down and encode it at a rate factor."""
        made = self.coded(frames, knob, seed=seed)
        return in_domain(made, self.domain, (*made.parts, crf_part(knob)))

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:  # noqa: ARG002
        """Decode a segment, restore and enlarge it."""
        self.check_domain(contracted)
        check_parts(contracted, 2)
        return self.decoded(contracted, crf_of(contracted.parts[1]))[1]


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
