"""Measuring one action on one clip: rate, quality, time by stage, energy and operations."""

from __future__ import annotations

import hashlib
import importlib
import math
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from netgen.actions.contract import KnobTarget, Placement, RateTarget, Stage, VideoAction
from netgen.actions.contracted_video import ContractedVideo
from netgen.actions.learned import LearnedAction
from netgen.calibration.clips import SegmentedClip, joined
from netgen.calibration.energy import EnergyMeter
from netgen.calibration.fresh_process import FreshStart, measure_fresh
from netgen.calibration.machine import device_used, versions
from netgen.calibration.record import CalibrationRecord, Energy, Model, Origin, Spread, Times
from netgen.catalogue.loading import find_action
from netgen.errors import CheckFailedError, InputError
from netgen.media.quality import Quality, compare
from netgen.media.yuv_clip import YuvClip
from netgen.models.allocation import keep_freed_memory
from netgen.models.threads import limit_threads

COMPARED_SEGMENTS = 20
"""Segments whose pictures are compared at most: of many scenes, the first ones."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What holds for all records of one call.

    Parameters
    ----------
    variant : str                   As `find_action` takes it.
    placement : Placement           Where models run.
    repeats : int                   How often each direction of each segment is timed, >= 1.
    command : str                   For the records.
    meter : EnergyMeter             Counter of the device's energy.
    """

    variant: str
    placement: Placement
    repeats: int
    command: str
    meter: EnergyMeter


@dataclass(frozen=True, slots=True)
class _Timed:
    """Every call of one direction.

    Parameters
    ----------
    samples_s : list of float, s    Per frame.
    stages_s : mapping              Stage to the same.
    joules : float or None          Of all of them.
    """

    samples_s: list[float]
    stages_s: Mapping[Stage, list[float]]
    joules: float | None

    def spreads(self) -> dict[Stage, Spread]:
        """Return the percentiles of every stage."""
        return {stage: Spread.of(found) for stage, found in self.stages_s.items()}


class ClipMeasurement:
    """Measures an action at any value of its knob on one clip; what does not depend on the knob is measured once.

    Parameters
    ----------
    campaign : Campaign             What holds for all records.
    source : SegmentedClip          What to measure on.
    """

    def __init__(self, campaign: Campaign, source: SegmentedClip) -> None:
        self.campaign, self.source = campaign, source
        self.action = find_action(campaign.variant)
        # The class of a file is known by its own name: `file.py:Class` could not stand in a scenario.
        self.profile = self.action.name if ":" in campaign.variant else campaign.variant
        self.placement = self.action.placement_for(campaign.placement)
        self.action.place(self.placement)
        keep_freed_memory()  # as a worker of a live run does
        self.action.check_size(*source.clip.size_px)
        middle = self.action.knob.grid[len(self.action.knob.grid) // 2]
        self.fresh: FreshStart = measure_fresh(
            campaign.variant, source.segments[0], knob=middle, placement=self.placement
        )
        self.action.load()
        self.device = device_used(self.placement, learned=self.action.learned)
        self.model = self._warmed_up(middle)

    def _warmed_up(self, knob: float) -> Model:
        """Run both directions once, untimed, and tell what they run; what they load has its threads limited then."""
        action = self.action
        limit_threads(self.placement.threads)
        action.take_stages()
        with _FlopCount(counted=action.learned) as contracting:
            contracted = action.contract(self.source.segments[0], KnobTarget(knob))
        in_contract = Stage.INFER in action.take_stages()
        with _FlopCount(counted=action.learned) as expanding:
            action.expand(contracted)
        in_expand = Stage.INFER in action.take_stages()
        limit_threads(self.placement.threads)
        frames = self.source.segments[0].frames
        return Model(
            weights_bytes=action.model_bytes,
            sha256=weights_sha256(action),
            in_contract=in_contract,
            in_expand=in_expand,
            contract_flops_per_frame=contracting.flops / frames if contracting.flops else None,
            expand_flops_per_frame=expanding.flops / frames if expanding.flops else None,
        )

    def at(self, knob: float) -> CalibrationRecord:
        """Measure at one value of the knob.

        Raises
        ------
        CheckFailedError            The same frames gave different bytes on the processor.
        InputError                  The clip is reproduced exactly, so its PSNR is not a number.
        """
        source, action, campaign = self.source, self.action, self.campaign
        contracted, contracting = self._contract(knob)
        shown, expanding = self._expand(contracted)
        quality, meaning = _quality(source, shown)
        if not math.isfinite(quality.psnr_db):
            raise InputError(
                f"{source.clip.name} by {campaign.variant} at {action.knob.name} {knob:g}: the clip is reproduced "
                f"exactly, so its PSNR is not a number; calibrate on a video with some detail"
            )
        to_rate_s, to_rate_bpp = self._contract_to_rate(contracted)
        calls = campaign.repeats * source.frames
        return CalibrationRecord(
            profile=self.profile,
            action=action.name,
            mode=action.mode.value,
            playable=action.playable,
            learned=action.learned,
            compatibility=action.compatibility.value,
            domain=action.domain,
            parameters=dict(action.values),
            knob=action.knob.name,
            knob_value=knob,
            clip=source.clip,
            segment_bits=tuple(one.bits for one in contracted),
            generative_bits=sum(one.generative_bits for one in contracted),
            frames=source.frames,
            quality=quality,
            times=Times(
                contract=Spread.of(contracting.samples_s),
                expand=Spread.of(expanding.samples_s),
                contract_to_rate_s_per_frame=to_rate_s,
                contract_to_rate_bpp=to_rate_bpp,
                contract_stages=contracting.spreads(),
                expand_stages=expanding.spreads(),
                load_s=self.fresh.load_s,
                first_contract_s=self.fresh.contract_s,
                first_expand_s=self.fresh.expand_s,
                repeats=campaign.repeats,
                segments=len(source.segments),
            ),
            memory=self.fresh.memory,
            energy=Energy(
                _per_frame(contracting.joules, calls),
                _per_frame(expanding.joules, calls),
                campaign.meter.method,
            ),
            model=self.model,
            device=self.device,
            origin=self._origin(),
            meaning=meaning,
        )

    def _contract(self, knob: float) -> tuple[list[ContractedVideo], _Timed]:
        """Contract every segment `repeats` times."""
        made: list[list[ContractedVideo]] = []
        timed = _Timer(self.action, self.campaign.meter)
        for segment in self.source.segments:
            made.append([])
            for _ in range(self.campaign.repeats):
                with timed.call(segment.frames):
                    contracted = self.action.contract(segment, KnobTarget(knob))
                made[-1].append(contracted)
        if self.placement.device == "cpu" and any(
            one.to_bytes() != again[0].to_bytes() for again in made for one in again
        ):
            raise CheckFailedError(
                f"action {self.campaign.variant} at {self.action.knob.name} {knob:g} on {self.source.clip.name}: the "
                f"same frames gave different bytes"
            )
        return [again[0] for again in made], timed.finished()

    def _expand(self, contracted: Sequence[ContractedVideo]) -> tuple[list[YuvClip], _Timed]:
        """Expand every segment `repeats` times."""
        shown: list[YuvClip] = []
        timed = _Timer(self.action, self.campaign.meter)
        for one in contracted:
            for repeat in range(self.campaign.repeats):
                with timed.call(one.frames):
                    clip = self.action.expand(one)
                if repeat == 0:
                    shown.append(clip)
        return shown, timed.finished()

    def _contract_to_rate(self, contracted: Sequence[ContractedVideo]) -> tuple[float, float]:
        """Seconds per frame of meeting the rate of the first segment, as runs ask for it, and the rate reached."""
        segment = self.source.segments[0]
        samples_s = []
        for _ in range(self.campaign.repeats):
            began_s = time.perf_counter()
            met = self.action.contract(segment, RateTarget(contracted[0].bits_per_pixel))
            samples_s.append((time.perf_counter() - began_s) / segment.frames)
        self.action.take_stages()
        return statistics.median(samples_s), met.bits_per_pixel

    def _origin(self) -> Origin:
        placement = self.placement
        return Origin(
            mark="measured",
            date=datetime.now(tz=UTC).date().isoformat(),
            command=self.campaign.command,
            load=round(os.getloadavg()[0], 2),
            precision=placement.precision,
            batch=placement.batch,
            compiled=placement.compiled,
            versions=versions(),
        )


def _quality(source: SegmentedClip, shown: Sequence[YuvClip]) -> tuple[Quality, Mapping[str, Any] | None]:
    """Compare what is shown with the source, and measure the meaning that is kept where it is known."""
    originals = source.segments[:COMPARED_SEGMENTS]
    quality = compare(
        joined(originals), joined(shown[:COMPARED_SEGMENTS]), segment_frames=source.segments[0].frames
    )
    if source.assess is None:
        return quality, None
    semantic, meaning = source.assess(shown)
    return replace(quality, semantic=semantic), meaning


class _Timer:
    """Collects times, stages and energy of calls of one direction."""

    def __init__(self, action: VideoAction, meter: EnergyMeter) -> None:
        self._action, self._meter = action, meter
        self._samples_s: list[float] = []
        self._stages_s: dict[Stage, list[float]] = {}
        action.take_stages()
        self._reading = meter.read()
        self._began_s, self._frames = 0.0, 1

    def call(self, frames: int) -> _Timer:
        """Time a block, which works on so many frames."""
        self._frames = frames
        return self

    def __enter__(self) -> None:
        self._began_s = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._samples_s.append((time.perf_counter() - self._began_s) / self._frames)
        for stage, seconds in self._action.take_stages().items():
            self._stages_s.setdefault(stage, []).append(seconds / self._frames)

    def finished(self) -> _Timed:
        """Return all calls."""
        return _Timed(self._samples_s, self._stages_s, self._meter.joules_since(self._reading))


class _FlopCount:
    """Counts the operations of torch within a block; nothing when it is not asked to."""

    def __init__(self, *, counted: bool) -> None:
        self._mode = (
            importlib.import_module("torch.utils.flop_counter").FlopCounterMode(display=False)
            if counted
            else None
        )

    def __enter__(self) -> _FlopCount:
        if self._mode is not None:
            self._mode.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        if self._mode is not None:
            self._mode.__exit__(*error)

    @property
    def flops(self) -> int:
        """Operations, a multiplication and an addition counting as two."""
        return 0 if self._mode is None else int(self._mode.get_total_flops())


def weights_sha256(action: VideoAction) -> str | None:
    """Return the SHA-256 of an action's weights; of several files, that of their sums in a row; None without files."""
    if not isinstance(action, LearnedAction) or not action.networks:
        return None
    from netgen.models.weights import weights_digest  # noqa: PLC0415  (models are loaded on demand)

    sums = [weights_digest(name, action.weights) for name in action.networks]
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()


def _per_frame(joules: float | None, frames: int) -> float | None:
    return None if joules is None else joules / frames
