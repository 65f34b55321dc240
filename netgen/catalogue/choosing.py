"""An encoder that tries several actions on every segment and sends what shows best at the rate that is asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from netgen.actions.codecs import LowResolutionAction, SvtAv1Action
from netgen.actions.contract import Knob, Parameter, Placement, RateTarget, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.actions.frame_dropping import FrameDroppingAction
from netgen.actions.interpolation import InterpolateAction
from netgen.actions.learned import LearnedAction, in_domain
from netgen.actions.restoration import RestoreAction
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip

_MILLI = 1000.0
"""The knob counts thousandths of a bit per pixel."""

_OVER = 1.05
"""Most bits that a candidate may take, over those asked for; the nearest of all is taken where none keeps to it."""

_NO_ERROR = 1e-3
"""Mean squared error below which candidates count as equal."""

_DECIBEL_PER_OCTAVE = 3.0
"""ASSUMED: what twice the bits bring at low rates, dB, as in `guided`. It only evens out that candidates miss the rate
by a few per cent."""

_KNOB = Knob(
    name="millibit_per_pixel",
    finest=200.0,
    coarsest=0.5,
    step=0.01,
    octave=20.0,
    grid=(2.5, 4.0, 6.5, 10.0, 20.0),
    typical=((200.0, 0.2), (20.0, 0.02), (2.0, 0.002), (0.5, 0.0005)),
)


class _Choice(VideoAction):
    """What an encoder with candidates does; a class below says which they are."""

    mode = CodingMode.SEMI_REFERENCE
    parameters: ClassVar[Mapping[str, Parameter]] = MappingProxyType({})
    candidates: tuple[VideoAction, ...]

    @property
    def domain(self) -> str:
        """Those of the candidates, in their order."""
        return f"{self.name}[{' | '.join(one.domain for one in self.candidates)}]"

    def memory_bound_bytes(self, width_px: int, height_px: int, frames: int) -> int:
        """Return the most that a candidate takes, the weights of the others, and the frames of the best so far."""
        most = max(one.memory_bound_bytes(width_px, height_px, frames) for one in self.candidates)
        return most + 2 * self.model_bytes + 2 * width_px * height_px * frames

    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:
        """Contract a segment to a rate by every candidate, expand each, and keep the one of the least squared error."""
        self.check_size(frames.width_px, frames.height_px)
        bits_per_pixel = knob / _MILLI
        best: tuple[bool, float, int, ContractedVideo] | None = None
        for index, candidate in enumerate(self.candidates):
            if min(frames.width_px, frames.height_px) < candidate.smallest_side_px:
                continue
            made = candidate.contract(frames, RateTarget(bits_per_pixel), seed=seed)
            shown = candidate.expand(made, seed=seed)
            self._take_over(candidate)
            with self.timed(Stage.FINISH):
                excess = math.log2(made.bits_per_pixel / bits_per_pixel)
                fits = excess <= math.log2(_OVER)
                error = float(np.square(frames.luma.astype(np.float32) - shown.luma).mean()) if fits else 1.0
                score = -10 * math.log10(max(error, _NO_ERROR)) - _DECIBEL_PER_OCTAVE * max(
                    excess, -math.log2(_OVER)
                )
            if best is None or (fits, score) > best[:2]:
                best = (fits, score, index, made)
        assert best is not None  # noqa: S101  (the first candidate takes frames of any size that was accepted)
        _, _, index, made = best
        return in_domain(made, self.domain, (*made.parts, Part(PartKind.GENERATIVE, bytes([index]))))

    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:
        """Expand a segment by the candidate that its last byte names."""
        candidate, own = self._chosen(contracted)
        shown = candidate.expand(own, seed=seed)
        self._take_over(candidate)
        return shown

    def _chosen(self, contracted: ContractedVideo) -> tuple[VideoAction, ContractedVideo]:
        """Return the candidate that made a segment, and what it made."""
        self.check_domain(contracted)
        *parts, last = contracted.parts or (Part(PartKind.GENERATIVE, b""),)
        if len(last.payload) != 1 or last.payload[0] >= len(self.candidates):
            raise InputError(
                f"a representation of {self.name} whose last part is none of its {len(self.candidates)} candidates: "
                f"it is damaged"
            )
        candidate = self.candidates[last.payload[0]]
        return candidate, in_domain(contracted, candidate.domain, tuple(parts))

    def _contract_to_rate(self, frames: YuvClip, bits_per_pixel: float, seed: int) -> ContractedVideo:
        return self.contract_at(frames, self.knob.nearest(bits_per_pixel * _MILLI), seed=seed)

    def _take_over(self, candidate: VideoAction) -> None:
        """Count the stages of a candidate as one's own."""
        for stage, seconds in candidate.take_stages().items():
            self._stages[stage] = self._stages.get(stage, 0.0) + seconds


class PlainChoice(_Choice):
    """SVT-AV1 at full, half or quarter size, or of every second frame: what shows best, segment by segment.

    Expanded by bicubic interpolation and FFmpeg's motion compensation: the control of `LearnedChoice`.
    """

    name = "choose.plain"
    summary = (
        "SVT-AV1 at full, half or quarter size or half the frames, whichever shows best, without a network"
    )
    playable = True
    learned = False

    def __init__(self, **values: int | str) -> None:
        super().__init__(**values)
        self.knob = _KNOB
        self.candidates = (
            SvtAv1Action(),
            LowResolutionAction(codec="svtav1", scale=2),
            LowResolutionAction(codec="svtav1", scale=4),
            FrameDroppingAction(keep_every=2, expander="mci"),
        )


class LearnedChoice(_Choice, LearnedAction):
    """The candidates of `PlainChoice`, with those of reduced size or frame rate expanded by networks."""

    name = "choose.learned"
    summary = (
        "SVT-AV1 at full, half or quarter size or half the frames, expanded by networks, whichever shows best"
    )

    def __init__(self, *, weights: Path | None = None, **values: int | str) -> None:
        super().__init__(weights=weights, **values)
        self.knob = _KNOB
        self._with_networks: tuple[LearnedAction, ...] = (
            RestoreAction(weights=weights, scale=2),
            RestoreAction(weights=weights, scale=4),
            InterpolateAction(weights=weights, keep_every=2),
        )
        self.candidates = (SvtAv1Action(), *self._with_networks)

    @property
    def networks(self) -> tuple[str, ...]:
        """Those of all candidates."""
        return tuple(dict.fromkeys(name for one in self._with_networks for name in one.networks))

    def place(self, placement: Placement) -> None:
        """Choose where the networks of all candidates run."""
        super().place(placement)
        for one in self._with_networks:
            one.place(placement)

    def load(self) -> None:
        """Read the weights of all candidates."""
        for one in self._with_networks:
            one.load()
            self._take_over(one)

    def expand_plainly(self, contracted: ContractedVideo) -> YuvClip:
        """Expand the same bytes without networks."""
        candidate, own = self._chosen(contracted)
        return (
            candidate.expand_plainly(own) if isinstance(candidate, LearnedAction) else candidate.expand(own)
        )
