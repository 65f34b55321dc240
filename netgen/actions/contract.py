"""The contract of executable actions: what a plug-in author writes, and what everyone else relies on."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from netgen.actions.contracted_video import ContractedVideo
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip
from netgen.models.precision import PRECISIONS, chosen_precision

_TRIES = 4
"""Codings per contraction to a rate: always as many, so that its time does not depend on luck."""

_LEAST_SLOPE, _MOST_SLOPE = 0.5, 3.0
"""Bounds of a knob's slope against its usual one, when a search goes on beyond what it tried. Of 774 searches over
codecs and clips (0.004 to 0.3 bit/pixel, those in reach), 763 ended within 10 % and 736 within 5 %."""


class Compatibility(StrEnum):
    """Who can expand what an action contracted.

    `format`: whoever has the action, on any device. `weights`: whoever has the same weights. `device`: only the
    same weights on the same kind of device in the same precision, as with learned codecs, whose entropy decoder
    must repeat the encoder's floating-point results to the last bit.
    """

    FORMAT = "format"
    WEIGHTS = "weights"
    DEVICE = "device"


class Stage(StrEnum):
    """Parts of an action's time, as calibration reports them."""

    LOAD = "load"
    PREPARE = "pre-processing"
    INFER = "inference"
    ENTROPY = "entropy-coding"
    FINISH = "post-processing"


@dataclass(frozen=True, slots=True)
class RateTarget:
    """Ask for a size: all bits over all pixels as shown, > 0."""

    bits_per_pixel: float

    def __post_init__(self) -> None:
        if not 0 < self.bits_per_pixel < math.inf:
            raise InputError(f"a target of {self.bits_per_pixel} bit/pixel; it must be positive and finite")


@dataclass(frozen=True, slots=True)
class KnobTarget:
    """Ask for a value of the action's own knob, such as a rate factor."""

    value: float


Target = RateTarget | KnobTarget


@dataclass(frozen=True, slots=True)
class Knob:
    """The one number that trades rate for quality.

    Parameters
    ----------
    name : str                      How records call it.
    finest, coarsest : float        Value of the most and of the fewest bits.
    step : float                    Values are multiples of it from the smaller end on, > 0.
    octave : float                  About how far to go to halve the bits, > 0: where a search begins from.
    grid : tuple of float           Values that calibration measures.
    typical : tuple of (float, float)   Values, from the finest on, and the bits per pixel that they usually give:
                                    where a search begins, and how it bends. Empty: it begins in the middle.
    """

    name: str
    finest: float
    coarsest: float
    step: float
    octave: float
    grid: tuple[float, ...]
    typical: tuple[tuple[float, float], ...] = ()

    def nearest(self, value: float) -> float:
        """Return the allowed value nearest to `value`."""
        low, high = sorted((self.finest, self.coarsest))
        steps = round((min(max(value, low), high) - low) / self.step)
        return min(low + steps * self.step, high)

    def first_value(self, bits_per_pixel: float) -> float:
        """Return the value that usually gives a rate; the middle of the range when that is not known."""
        if not self.typical:
            return self.nearest((self.finest + self.coarsest) / 2)
        return self.value_at(-math.log2(bits_per_pixel))

    def octaves(self, value: float) -> float:
        """Return how often a value usually halves the bits, from a fixed point on."""
        return _on_chain(value, *self._chain)

    def value_at(self, octaves: float) -> float:
        """Return the allowed value that usually halves the bits so often: the inverse of `octaves`."""
        values, halvings = self._chain
        return self.nearest(_on_chain(octaves, halvings, values))

    @property
    def _chain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Values and how often they usually halve the bits: a chain of straight lines."""
        if len(self.typical) < 2:
            return (self.finest, self.coarsest), (0.0, abs(self.coarsest - self.finest) / self.octave)
        return tuple(one for one, _ in self.typical), tuple(-math.log2(usual) for _, usual in self.typical)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter of an action: its default, and the values that are accepted."""

    default: int | str
    accepted: tuple[int | str, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how a model runs.

    Parameters
    ----------
    device : str                    `cpu`, `cuda` or `cuda:N`.
    precision : str                 `float32`, `bfloat16` or `float16`: of the inference, by autocast; `auto` until
                                    `VideoAction.placement_for` has chosen.
    threads : int                   CPU threads of one inference, >= 1.
    batch : int                     Frames in one inference at most, >= 1. On a processor more than the cache holds
                                    makes it slower: of 1 to 25 frames of 480 x 272, 4 were fastest.
    compiled : bool                 Whether models go through torch.compile.
    """

    device: str = "cpu"
    precision: str = "float32"
    threads: int = 1
    batch: int = 4
    compiled: bool = False


class VideoAction(ABC):
    """A pair of contract and expand on real frames.

    An instance is one variant (`parameters` fixed), holds no state that changes results, and may be used for many
    segments one after the other. Both directions are deterministic given (input, seed) on one device.

    Class attributes
    ----------------
    name                Its name in catalogues and records, `family.action`.
    summary             One line of what it does.
    mode                Coding mode of its representation.
    playable            Whether a plain player shows its representation (as `expand` does) without a model.
    learned             Whether a model with weights takes part.
    compatibility       Who can expand what it contracted.
    knob                What trades rate for quality.
    parameters          Declared parameters by name; `__init__` takes them by keyword.
    smallest_side_px    Frames with a shorter side are refused.
    precisions          What its networks can run in.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    mode: ClassVar[CodingMode]
    playable: ClassVar[bool]
    learned: ClassVar[bool]
    compatibility: ClassVar[Compatibility] = Compatibility.FORMAT
    knob: Knob
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    smallest_side_px: int = 66
    precisions: ClassVar[tuple[str, ...]] = PRECISIONS

    def __init__(self, **values: int | str) -> None:
        unknown = sorted(set(values) - set(self.parameters))
        if unknown:
            known = ", ".join(self.parameters) or "none"
            raise InputError(f"action {self.name} has no parameter {unknown[0]} (has: {known})")
        self.values: dict[str, int | str] = {}
        for parameter, declared in self.parameters.items():
            value = values.get(parameter, declared.default)
            if value not in declared.accepted:
                accepted = ", ".join(str(one) for one in declared.accepted)
                raise InputError(f"action {self.name}: {parameter} = {value!r}; accepted: {accepted}")
            self.values[parameter] = value
        self.placement = Placement()
        self._stages: dict[Stage, float] = {}

    @property
    @abstractmethod
    def domain(self) -> str:
        """Decode-compatibility domain of its representations, given the weights and the placement."""

    @property
    def model_bytes(self) -> int:
        """Weights that must be in memory, byte; 0 without a model."""
        return 0

    @abstractmethod
    def contract_at(self, frames: YuvClip, knob: float, *, seed: int) -> ContractedVideo:
        """Contract a segment at a value of the knob."""

    @abstractmethod
    def expand(self, contracted: ContractedVideo, *, seed: int = 0) -> YuvClip:
        """Return frames of the size, number and rate that `contracted` names.

        Raises
        ------
        InputError                  Made in another domain, or damaged.
        """

    def contract(self, frames: YuvClip, target: Target, *, seed: int = 0) -> ContractedVideo:
        """Contract a segment.

        A rate is met by four codings: from the knob's usual value for that rate, then by regula falsi on log(bits);
        the nearest of the four is kept. Where a rate cannot be reached, the result is the
        nearest that was found: compare `bits_per_pixel`.

        Parameters
        ----------
        frames : YuvClip                The segment.
        target : RateTarget or KnobTarget
        seed : int                      For actions that draw at random.

        Raises
        ------
        InputError                      The frames are too small, or the knob is outside its range.
        """
        self.check_size(frames.width_px, frames.height_px)
        if isinstance(target, KnobTarget):
            low, high = sorted((self.knob.finest, self.knob.coarsest))
            if not low <= target.value <= high:
                raise InputError(
                    f"action {self.name}: {self.knob.name} {target.value:g} is outside {low:g}..{high:g}"
                )
            return self.contract_at(frames, self.knob.nearest(target.value), seed=seed)
        return self._contract_to_rate(frames, target.bits_per_pixel, seed)

    def expand_many(self, contracted: Sequence[ContractedVideo], *, seeds: Sequence[int]) -> list[YuvClip]:
        """Expand several segments; an action that gains from larger batches overrides this.

        The results are the same as one after the other, to the tolerance that the device allows.
        """
        return [self.expand(one, seed=seed) for one, seed in zip(contracted, seeds, strict=True)]

    @property
    def gains_from_batches(self) -> bool:
        """Whether `expand_many` is faster, where the action is placed, than segments side by side in other workers."""
        return type(self).expand_many is not VideoAction.expand_many

    def place(self, placement: Placement) -> None:
        """Choose where models run; nothing is loaded yet.

        Raises
        ------
        InputError                      This action cannot run there.
        """
        if placement.device != "cpu":
            raise InputError(
                f"action {self.name} has no model to move: it runs on cpu, not on {placement.device}"
            )
        self.placement = placement

    def placement_for(self, asked: Placement) -> Placement:
        """Return a placement whose precision, where `auto` was asked for, is the one for this action and device."""
        return replace(asked, precision=chosen_precision(asked.precision, asked.device, self.precisions))

    def load(self) -> None:  # noqa: B027  (most actions have nothing to load)
        """Bring the weights into memory; without a model nothing happens."""

    def memory_bound_bytes(self, width_px: int, height_px: int, frames: int) -> int:
        """Return the most memory, byte, that one call takes beyond what is held before it: frames and weights too.

        The default is 40 copies of the frames as float32 planes, and the weights twice.
        """
        return 40 * 6 * width_px * height_px * frames + 2 * self.model_bytes

    def check_size(self, width_px: int, height_px: int) -> None:
        """Raise InputError when frames are too small for this action."""
        if min(width_px, height_px) < self.smallest_side_px:
            raise InputError(
                f"action {self.name}: frames of {width_px} x {height_px} pixels; both sides must be at least "
                f"{self.smallest_side_px}"
            )

    def check_domain(self, contracted: ContractedVideo) -> None:
        """Raise InputError when a representation was made in another domain; names both."""
        if contracted.domain != self.domain:
            raise InputError(
                f'action {self.name} expands the domain "{self.domain}", not "{contracted.domain}": the '
                f"representation was made by another action, other weights or on another device"
            )

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        """Count the wall time of a block as one stage; stages do not nest."""
        began_s = time.perf_counter()
        try:
            yield
        finally:
            self._stages[stage] = self._stages.get(stage, 0.0) + time.perf_counter() - began_s

    def take_stages(self) -> dict[Stage, float]:
        """Return the seconds of each stage since the last call, and begin again."""
        stages, self._stages = self._stages, {}
        return stages

    def _contract_to_rate(self, frames: YuvClip, bits_per_pixel: float, seed: int) -> ContractedVideo:
        """Meet a rate; an action that need not do everything for every try overrides this."""
        return self._nearest_to_rate(lambda knob: self.contract_at(frames, knob, seed=seed), bits_per_pixel)

    def _nearest_to_rate(
        self, contract_at: Callable[[float], ContractedVideo], bits_per_pixel: float
    ) -> ContractedVideo:
        """Search the knob's value in log(bits), with a fixed number of codings."""
        value = self.knob.first_value(bits_per_pixel)
        tried: list[tuple[float, float]] = []
        nearest: tuple[float, ContractedVideo] | None = None
        for _ in range(_TRIES):
            made = contract_at(value)
            excess = math.log2(made.bits_per_pixel / bits_per_pixel)
            if nearest is None or abs(excess) < nearest[0]:
                nearest = (abs(excess), made)
            tried.append((value, excess))
            value = _next_value(self.knob, tried)
        assert nearest is not None  # noqa: S101  (there is at least one try)
        return nearest[1]


def _next_value(knob: Knob, tried: Sequence[tuple[float, float]]) -> float:
    """Return the value to try after these (value, log2 of bits over wanted bits).

    The knob's usual curve makes log(bits) nearly a straight line. Between two tries on both sides of the wanted rate
    the next lies on that line; a side that stays behind counts half (the Illinois rule of regula falsi). Without two
    sides the line goes on, with a slope of half to three times the usual one.
    """
    near, *others = sorted(tried, key=lambda one: abs(one[1]))
    (value, excess), at = near, knob.octaves(near[0])
    across = next((one for one in others if one[1] * excess < 0), None)
    if across is not None:
        stayed = len(tried) > 2 and tried[-1][1] * tried[-2][1] > 0
        excess_across = across[1] / 2 if stayed else across[1]
        wanted = knob.value_at(at + excess * (knob.octaves(across[0]) - at) / (excess - excess_across))
    else:
        slope = 1.0
        other = next((one for one in others if one[0] != value), None)
        if other is not None:
            change = excess - other[1]
            found = (knob.octaves(other[0]) - at) / change if change else 0.0
            slope = min(max(found, _LEAST_SLOPE), _MOST_SLOPE) if found > 0 else _MOST_SLOPE
        wanted = knob.value_at(at + slope * excess)
    if wanted in {
        one for one, _ in tried
    }:  # steps are too coarse to land between: try the next towards the rate
        towards = math.copysign(knob.step, excess * (knob.coarsest - knob.finest))
        return knob.nearest(value + towards)
    return wanted


def _on_chain(at: float, positions: Sequence[float], heights: Sequence[float]) -> float:
    """Return the height of a chain of straight lines; beyond its ends the first and the last go on."""
    rising = positions[-1] > positions[0]
    segment = sum((position < at) == rising for position in positions[1:-1])
    (x0, x1), (y0, y1) = positions[segment : segment + 2], heights[segment : segment + 2]
    # Bits that do not depend on the knob: any of its values is as good.
    return y0 if x1 == x0 else y0 + (at - x0) * (y1 - y0) / (x1 - x0)
