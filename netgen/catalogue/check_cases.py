"""What `check_action` shows to an action, and what it keeps of it: sample clips, results, comparisons."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from netgen.actions.contract import Placement, VideoAction
from netgen.actions.contracted_video import ContractedVideo
from netgen.media.yuv_clip import YuvClip
from netgen.rng import Streams

CUDA_MEAN_LEVELS = 0.5
"""ASSUMED: results on CUDA and on the CPU may differ by this mean of the 256 levels: reduced precision, other order
of sums. On one device the same call gives the same bytes on the CPU, and this on CUDA."""


@dataclass(frozen=True, slots=True)
class Case:
    """One clip at one value of the knob."""

    name: str
    clip: YuvClip
    knob: float


@dataclass(slots=True)
class Subject:
    """An action under inspection, and what it made so far, by case."""

    make: Callable[[], VideoAction]
    placement: Placement
    action: VideoAction
    cases: tuple[Case, ...]
    made: dict[str, ContractedVideo] = field(default_factory=dict)
    shown: dict[str, YuvClip] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    contract_s: float = 0.0
    expand_s: float = 0.0

    def another(self) -> VideoAction:
        """Return a new instance, placed and loaded."""
        return placed(self.make, self.placement)

    def contracted(self) -> Iterator[tuple[Case, ContractedVideo]]:
        """Yield the cases that could be contracted."""
        for case in self.cases:
            if case.name in self.made:
                yield case, self.made[case.name]

    def differs(self, one: YuvClip, other: YuvClip) -> bool:
        """Whether two results are not the same, as exactly as the device allows."""
        if one.planes.shape != other.planes.shape:
            return True
        if self.placement.device == "cpu":
            return digest(one) != digest(other)
        return mean_levels(one, other) > CUDA_MEAN_LEVELS


def sample_cases(action: VideoAction) -> tuple[Case, ...]:
    """Clips of two sizes, of 1 to 9 frames: moving, still, and noise; the moving one at both ends of the knob too."""
    side = 2 * ((action.smallest_side_px + 1) // 2)
    knob = action.knob
    middle = knob.nearest((knob.finest + knob.coarsest) / 2)
    moving = moving_clip(side + 94, side + 30, frames=9)
    small = moving_clip(side + 16, side, frames=5, rate_hz=Fraction(30000, 1001))
    still = YuvClip(np.repeat(small.planes[:1], 4, axis=0), small.frame_rate_hz)
    noise = Streams(0).get("check/noise").integers(0, 256, small.planes[:3].shape, np.uint8)
    return (
        Case("moving clip", moving, middle),
        Case("moving clip at its finest", moving, knob.finest),
        Case("moving clip at its coarsest", moving, knob.coarsest),
        Case("small clip", small, middle),
        Case("still clip", still, middle),
        Case("noise", YuvClip(noise, small.frame_rate_hz), middle),
        Case("single frame", YuvClip(small.planes[:1].copy(), small.frame_rate_hz), middle),
    )


def moving_clip(width_px: int, height_px: int, *, frames: int, rate_hz: Fraction = Fraction(25)) -> YuvClip:
    """Return a textured background that drifts, with a lighter block that crosses it; the same on every machine."""
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.int64)
    planes = np.empty((frames, height_px * 3 // 2, width_px), np.uint8)
    for frame in range(frames):
        luma = 60 + (((x + 2 * frame) * (x + 2 * frame) // 37 + 5 * (y + frame) * (y // 9 + 1)) // 16) % 96
        left, top = (4 * frame + width_px // 8) % width_px, height_px // 3
        luma[top : top + height_px // 4, left : left + width_px // 5] += 70
        planes[frame, :height_px] = luma
        planes[frame, height_px:] = 110 + (np.arange(width_px) + 3 * frame) * 30 // width_px
    return YuvClip(planes, rate_hz)


def digest(clip: YuvClip) -> str:
    """Fingerprint of frames, their size, number and rate."""
    head = f"{clip.planes.shape} {clip.planes.dtype} {clip.frame_rate_hz}".encode()
    return hashlib.sha256(head + clip.planes.tobytes()).hexdigest()


def placed(make: Callable[[], VideoAction], placement: Placement) -> VideoAction:
    """Return a new instance, placed and loaded."""
    action = make()
    if placement != Placement():
        action.place(placement)
    action.load()
    return action


def mean_levels(one: YuvClip, other: YuvClip) -> float:
    """Return the mean difference of two clips of one shape, in levels of 256."""
    return float(np.mean(_differences(one, other)))


def most_levels(one: YuvClip, other: YuvClip) -> int:
    """Return the largest difference of two clips of one shape, in levels of 256."""
    return int(np.max(_differences(one, other)))


def _differences(one: YuvClip, other: YuvClip) -> np.ndarray:
    """Return the differences of all samples without their signs."""
    return np.abs(one.planes.astype(np.int16) - other.planes.astype(np.int16))
