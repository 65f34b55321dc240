"""The steps of `check_action`: each holds an action to one promise of the contract, and tells how it is broken."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from statistics import median

import numpy as np

from netgen.actions.contract import (
    Compatibility,
    Knob,
    KnobTarget,
    Parameter,
    Placement,
    RateTarget,
    Stage,
    VideoAction,
)
from netgen.actions.contracted_video import ContractedVideo, Part
from netgen.catalogue.check_cases import (
    CUDA_MEAN_LEVELS,
    Subject,
    digest,
    mean_levels,
    most_levels,
    moving_clip,
    placed,
)
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.rng import Streams

Step = Callable[[Subject], Iterator[str]]

SEED = 7
_RATE_TOLERANCE = 0.10
_BATCH_MOST_LEVELS = 1
"""ASSUMED: a batch may round a sample the other way than one frame alone does."""

_DAMAGED_CASES = 24


def _declares(subject: Subject) -> Iterator[str]:
    """Attributes are there, of their type, and agree with each other."""
    action = subject.action
    if not re.fullmatch(r"[a-z0-9]+(\.[a-z0-9-]+)+", str(action.name)):
        yield f"name {action.name!r} is not of the form family.action"
    if not (isinstance(action.summary, str) and action.summary.strip() and "\n" not in action.summary):
        yield f"summary {action.summary!r} is not one line of text"
    kinds = (("mode", CodingMode), ("playable", bool), ("learned", bool), ("compatibility", Compatibility))
    for name, kind in (*kinds, ("knob", Knob), ("smallest_side_px", int)):
        if not isinstance(getattr(action, name), kind):
            yield f"{name} = {getattr(action, name)!r} is not of type {kind.__name__}"
    if action.smallest_side_px < 2:
        yield f"smallest_side_px = {action.smallest_side_px}; frames of 4:2:0 have sides of at least 2"
    if action.learned != (action.model_bytes > 0):
        yield f"learned = {action.learned}, but its weights take {action.model_bytes} byte"
    if not (isinstance(action.domain, str) and action.domain and action.domain.isprintable()):
        yield f"domain {action.domain!r} is not text on one line"
    if subject.another().domain != action.domain:
        yield f'domain "{action.domain}" differs from that of another instance'
    if not action.memory_bound_bytes(64, 64, 1) <= action.memory_bound_bytes(128, 128, 8):
        yield "memory_bound_bytes shrinks with more and larger frames"
    knob = action.knob
    if knob.finest == knob.coarsest or knob.step <= 0 or knob.octave <= 0:
        yield f"knob {knob.name}: needs two different ends, and a step and an octave above 0"
    for value in (*knob.grid, *(value for value, _ in knob.typical)):
        if abs(knob.nearest(value) - value) > 1e-9 * max(1.0, abs(value)):
            yield f"knob {knob.name}: {value:g} is out of its range or between its steps"


def _parameters(subject: Subject) -> Iterator[str]:
    """Every accepted value makes an instance; anything else is refused."""
    action = subject.action
    action_class = type(action)
    for name, declared in action.parameters.items():
        if not isinstance(declared, Parameter) or declared.default not in declared.accepted:
            yield f"{name}: {declared!r} does not accept its own default"
            continue
        for value in declared.accepted:
            try:
                action_class(**{**action.values, name: value})
            except Exception as error:  # whatever it is, the declared value did not work
                yield f"{name} = {value!r} is declared as accepted, but raised {error!r}"
        if not _refused(partial(action_class, **{**action.values, name: "no such value"})):
            yield f"{name} takes a value that is not declared as accepted"
    if not _refused(partial(action_class, no_such_parameter=1)):
        yield "takes a parameter that it does not declare"


def _contracts(subject: Subject) -> Iterator[str]:
    """Every clip can be contracted: the representation names it, the clip stays as it was, stages fit into the time."""
    action = subject.action
    for case in subject.cases:
        clip, before = case.clip, digest(case.clip)
        action.take_stages()
        began_s = time.perf_counter()
        made = action.contract(clip, KnobTarget(case.knob), seed=SEED)
        wall_s = time.perf_counter() - began_s
        yield from _stage_faults(action, f"{case.name}: contract", wall_s)
        if digest(clip) != before:
            yield f"{case.name}: contract changed the frames that it was given"
        if type(made) is not ContractedVideo:
            yield f"{case.name}: contract returned {type(made).__name__}, not ContractedVideo"
            continue
        named = (made.width_px, made.height_px, made.frames, made.frame_rate_hz)
        if named != (clip.width_px, clip.height_px, clip.frames, clip.frame_rate_hz):
            yield f"{case.name}: the representation names {named}, which are not the clip's"
        if made.domain != action.domain:
            yield f'{case.name}: the representation is of the domain "{made.domain}", not "{action.domain}"'
        if not made.parts or not all(isinstance(part, Part) for part in made.parts):
            yield f"{case.name}: the representation has no parts"
        subject.made[case.name] = made
    fine, coarse = (subject.made.get(f"moving clip at its {end}") for end in ("finest", "coarsest"))
    if fine is not None and coarse is not None and fine.bits < coarse.bits:
        yield f"the finest knob gives {fine.bits} bit and the coarsest {coarse.bits}: they are the wrong way round"


def _expands(subject: Subject) -> Iterator[str]:
    """The bytes are all that is needed: a new instance expands what is read from them to the right frames."""
    action, other = subject.action, subject.another()
    for case, made in subject.contracted():
        message = made.to_bytes()
        if made.bits != 8 * len(message):
            yield f"{case.name}: counts {made.bits} bit, but {8 * len(message)} bit travel"
        read = ContractedVideo.from_bytes(message, domain=other.domain)
        if read != made:
            yield f"{case.name}: reading its own bytes gives another representation"
        other.take_stages()
        began_s = time.perf_counter()
        shown = other.expand(read, seed=SEED)
        wall_s = time.perf_counter() - began_s
        yield from _stage_faults(other, f"{case.name}: expand", wall_s)
        found = (shown.width_px, shown.height_px, shown.frames, shown.frame_rate_hz)
        clip = case.clip
        if found != (clip.width_px, clip.height_px, clip.frames, clip.frame_rate_hz):
            yield f"{case.name}: expand returned (width, height, frames, rate) = {found}, which are not the clip's"
        if shown.planes.dtype != np.uint8:
            yield f"{case.name}: expand returned planes of {shown.planes.dtype}, not uint8"
        if made.to_bytes() != message:
            yield f"{case.name}: expand changed the representation"
        subject.shown[case.name] = shown
        if subject.differs(action.expand(made, seed=SEED), shown):
            yield f"{case.name}: the instance that contracted it shows other frames than one that reads its bytes"


def _repeats(subject: Subject) -> Iterator[str]:
    """The same input and seed give the same bytes and frames: again, and by a new instance in another order."""
    exact = subject.placement.device == "cpu"
    other = subject.another()
    for instance, who, turned in ((subject.action, "again", 1), (other, "by a new instance", -1)):
        for case, made in list(subject.contracted())[::turned]:
            again = instance.contract(case.clip, KnobTarget(case.knob), seed=SEED)
            if again != made if exact else abs(again.bits - made.bits) > 0.01 * made.bits:
                yield f"{case.name}: contracted {who} with the same seed it gives other bytes"
            shown = subject.shown.get(case.name)
            if shown is not None and subject.differs(instance.expand(made, seed=SEED), shown):
                yield f"{case.name}: expanded {who} with the same seed it shows other frames"
    case, made = next(subject.contracted())
    contract_s, expand_s = [], []
    for _ in range(3):
        began_s = time.perf_counter()
        other.contract(case.clip, KnobTarget(case.knob), seed=SEED)
        contract_s.append(time.perf_counter() - began_s)
        began_s = time.perf_counter()
        other.expand(made, seed=SEED)
        expand_s.append(time.perf_counter() - began_s)
    subject.contract_s, subject.expand_s = median(contract_s), median(expand_s)


def _batches(subject: Subject) -> Iterator[str]:
    """`expand_many` gives what `expand` gives, in the same order, for clips of unlike sizes and seeds."""
    made = [one for _, one in subject.contracted()]
    seeds = [SEED + number for number in range(len(made))]
    together = subject.action.expand_many(made, seeds=seeds)
    if len(together) != len(made):
        yield f"expand_many returned {len(together)} clips for {len(made)} representations"
        return
    most = _BATCH_MOST_LEVELS if subject.placement.device == "cpu" else 255
    for (case, one), shown, seed in zip(subject.contracted(), together, seeds, strict=True):
        alone = subject.action.expand(one, seed=seed)
        same_shape = alone.planes.shape == shown.planes.shape and alone.frame_rate_hz == shown.frame_rate_hz
        if not same_shape or mean_levels(alone, shown) > CUDA_MEAN_LEVELS or most_levels(alone, shown) > most:
            yield f"{case.name}: expand_many shows other frames than expand"
    if subject.action.expand_many([], seeds=[]):
        yield "expand_many of nothing returned something"


def _refusals(subject: Subject) -> Iterator[str]:
    """Other domains, small frames, knobs out of range and damaged bytes are refused by InputError."""
    action = subject.action
    case, made = next(subject.contracted())
    foreign = replace(made, domain=f"{made.domain} of someone else")
    if not _refused(lambda: action.expand(foreign, seed=SEED)):
        yield "expands a representation of another domain"
    side = 2 * ((action.smallest_side_px - 1) // 2)
    small = moving_clip(side, side, frames=2) if side >= 2 else None
    if small is not None and not _refused(lambda: action.contract(small, KnobTarget(case.knob))):
        yield f"contracts frames of {side} x {side} pixels, below its smallest side"
    knob = action.knob
    for value in (min(knob.finest, knob.coarsest) - 1, max(knob.finest, knob.coarsest) + 1):
        if not _refused(partial(action.contract, case.clip, KnobTarget(value))):
            yield f"takes {knob.name} = {value:g}, which is outside its range"
    draws = Streams(0).get("check/damage")
    for number in range(_DAMAGED_CASES):
        parts = list(made.parts)
        hit = number % len(parts)
        parts[hit] = replace(parts[hit], payload=_damaged(parts[hit].payload, number, draws))
        try:
            shown = action.expand(replace(made, parts=tuple(parts)), seed=SEED)
        except InputError:
            continue
        except Exception as error:  # anything else would take a receiver down
            yield f"damaged bytes (part {hit}, case {number}) raised {error!r}, not InputError"
            continue
        if shown.planes.shape != case.clip.planes.shape:
            yield f"damaged bytes (part {hit}, case {number}) gave frames of shape {shown.planes.shape}"
    if not _refused(lambda: action.expand(replace(made, parts=()), seed=SEED)):
        yield "expands a representation without any part"


def _rates(subject: Subject) -> Iterator[str]:
    """A rate that some value of the knob gives is met to 10 %, or to one step of the knob."""
    action, knob = subject.action, subject.action.knob
    clip = subject.cases[0].clip
    for share in (0.3, 0.75):
        value = knob.nearest(knob.finest + share * (knob.coarsest - knob.finest))
        around = [
            action.contract(clip, KnobTarget(knob.nearest(value + step)), seed=SEED).bits_per_pixel
            for step in (-knob.step, 0.0, knob.step)
        ]
        wanted = around[1]
        got = action.contract(clip, RateTarget(wanted), seed=SEED).bits_per_pixel
        low = min(*around, wanted * (1 - _RATE_TOLERANCE))
        high = max(*around, wanted * (1 + _RATE_TOLERANCE))
        if not low <= got <= high:
            yield (
                f"asked for {wanted:.5f} bit/pixel, which {knob.name} = {value:g} gives, it made {got:.5f}: "
                f"{100 * (got / wanted - 1):+.1f} %"
            )


def _devices(subject: Subject) -> Iterator[str]:
    """Another device is refused by InputError, or works there and shows the same frames to the stated tolerance."""
    if not _refused(lambda: placed(subject.make, Placement(device="no-such-device"))):
        yield 'goes to the device "no-such-device" without a word'
    if subject.placement.device != "cpu":
        return
    if not _has_cuda():
        if not _refused(lambda: placed(subject.make, Placement(device="cuda"))):
            yield "goes to cuda without a word where there is none"
        subject.notes.append("no CUDA device: moving to one was not checked")
        return
    try:
        moved = placed(subject.make, replace(subject.placement, device="cuda"))
    except InputError as error:
        subject.notes.append(f"does not run on cuda: {error}")
        return
    case, _ = next(subject.contracted())
    there = moved.contract(case.clip, KnobTarget(case.knob), seed=SEED)
    levels = mean_levels(moved.expand(there, seed=SEED), subject.shown[case.name])
    if levels > CUDA_MEAN_LEVELS:
        yield f"{case.name}: on cuda it shows frames that differ by {levels:.2f} levels in the mean"


def _stage_faults(action: VideoAction, call: str, wall_s: float) -> Iterator[str]:
    """What is wrong with the stages that a call of so many seconds reported."""
    stages = action.take_stages()
    if not stages:
        yield f'{call} reports no stage; wrap its work in "with self.timed(Stage...):"'
    if not all(isinstance(stage, Stage) for stage in stages):
        yield f"{call} reports {', '.join(str(stage) for stage in stages)}, which are not all stages"
    total_s = sum(stages.values())
    if total_s > wall_s:
        yield f"{call} reports stages of {total_s:.4f} s in all, but took {wall_s:.4f} s: they overlap"


def _damaged(payload: bytes, number: int, draws: np.random.Generator) -> bytes:
    """Return a payload cut short, with some bytes changed, or replaced by noise."""
    if number % 3 == 0 or not payload:
        return payload[: int(draws.integers(0, len(payload) + 1)) // 2]
    if number % 3 == 1:
        damaged = bytearray(payload)
        for _ in range(1 + number // 3):
            damaged[int(draws.integers(0, len(payload)))] ^= int(draws.integers(1, 256))
        return bytes(damaged)
    return draws.bytes(int(draws.integers(1, 2 * len(payload) + 2)))


def _refused(call: Callable[[], object]) -> bool:
    """Whether a call ends in InputError."""
    try:
        call()
    except InputError:
        return True
    return False


def _has_cuda() -> bool:
    """Whether torch is installed and sees a CUDA device."""
    try:
        import torch  # noqa: PLC0415  (heavy and optional)
    except ImportError:
        return False
    return bool(torch.cuda.is_available())


STEPS: tuple[tuple[str, Step], ...] = (
    ("declared attributes", _declares),
    ("parameters", _parameters),
    ("contract", _contracts),
    ("expand", _expands),
    ("determinism", _repeats),
    ("batches", _batches),
    ("refusals", _refusals),
    ("rates", _rates),
    ("devices", _devices),
)
"""What `check_action` does in its first process, in order; later steps use what earlier ones made."""
