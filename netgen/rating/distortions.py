"""Shown scenes in which something has gone wrong, drawn at random: codecs, blur, stalls, and errors of generation.

Errors of generation are what a generative expansion does when it fails: it draws the scene anew with other labels, or
lets things come, go, change and jump. Since the scenes are netgen's own, it is known exactly how much is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from netgen.actions.contract import KnobTarget, VideoAction
from netgen.catalogue.loading import find_action
from netgen.labelled.drawing import FRAMES, Circumstances, drawn_circumstances
from netgen.labelled.meaning import ATTRIBUTES, BACKGROUNDS, PLACES, Meaning, Thing, drawn_meaning
from netgen.media.yuv_clip import YuvClip
from netgen.rating.script import Script, Still, script_of

CODINGS = ("x264", "x265", "x265-half", "svtav1", "svtav1-half", "svtav1-quarter", "vp9")

SHARES = {"none": 0.06, "coding": 0.2, "blur": 0.12, "stall": 0.14, "labels": 0.26, "faults": 0.22}
"""How often each kind of distortion is drawn."""
_CODED_BESIDES = 0.3
"""Share of the errors of generation that are coded as well."""
_REDRAWN = 0.5
"""Share of the scenes with other labels whose crop, light and exact positions are other ones as well."""

Rng = np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A scene as it is shown.

    Parameters
    ----------
    kind : str                          A key of `SHARES`.
    script : Script                     What it shows.
    drawn : YuvClip                     The script as drawn.
    clip : YuvClip                      The frames as they arrive.
    """

    kind: str
    script: Script
    drawn: YuvClip
    clip: YuvClip


def drawn_scene(rng: Rng) -> tuple[Meaning, Circumstances]:
    """Draw a scene from the declared distribution."""
    return drawn_meaning(rng), drawn_circumstances(rng)


def drawn_distortion(meaning: Meaning, circumstances: Circumstances, rng: Rng) -> Shown:
    """Draw how a scene is shown, by `SHARES`.

    Raises
    ------
    MissingDependencyError              A package that carries the photographs, PyAV or torch is not installed.
    """
    kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    script = _SCRIPTS[kind](meaning, circumstances, rng)
    drawn = script.drawn()
    clip = drawn
    if kind == "coding" or (kind in ("labels", "faults") and rng.random() < _CODED_BESIDES):
        clip = _coded(drawn, rng)
    elif kind == "blur":
        clip = _blurred(drawn, rng)
    return Shown(kind, script, drawn, clip)


def other_labels(meaning: Meaning, severity: float, rng: Rng) -> Meaning:
    """Draw labels anew: each attribute with the probability `severity`, the others half as often."""
    fresh = drawn_meaning(rng)
    things: list[Thing | None] = []
    for thing in meaning.things:
        drawn = Thing(*(int(rng.integers(len(values))) for values in ATTRIBUTES.values()))
        if rng.random() < severity / 2:
            things.append(None if thing is not None else drawn)
        elif thing is None:
            things.append(None)
        else:
            anew = rng.random(len(ATTRIBUTES)) < severity
            pairs = zip(thing.values(), drawn.values(), anew, strict=True)
            things.append(Thing(*(other if new else own for own, other, new in pairs)))
    return Meaning(fresh.background if rng.random() < severity / 2 else meaning.background, tuple(things))


def _plain(meaning: Meaning, circumstances: Circumstances, rng: Rng) -> Script:  # noqa: ARG001
    return script_of(meaning, circumstances)


def _relabelled(meaning: Meaning, circumstances: Circumstances, rng: Rng) -> Script:
    redrawn = drawn_circumstances(rng) if rng.random() < _REDRAWN else circumstances
    return script_of(other_labels(meaning, float(rng.random()) ** 1.7, rng), redrawn)


def _stalled(meaning: Meaning, circumstances: Circumstances, rng: Rng) -> Script:
    frames = np.arange(FRAMES)
    if rng.random() < 0.5:
        every = int(rng.choice([2, 3, 4, 5, 8, 12]))
        return script_of(meaning, circumstances, frames // every * every)
    begin, length = int(rng.integers(0, FRAMES - 3)), int(rng.integers(3, FRAMES))
    return script_of(
        meaning, circumstances, np.where((frames >= begin) & (frames < begin + length), begin, frames)
    )


def _faulty(meaning: Meaning, circumstances: Circumstances, rng: Rng) -> Script:
    """Let up to three things go wrong."""
    stills = list(script_of(meaning, circumstances).stills)
    for _ in range(int(rng.integers(1, 4))):
        fault = _FAULTS[int(rng.integers(len(_FAULTS)))]
        begin = int(rng.integers(2, FRAMES - 1))
        end = FRAMES if rng.random() < 0.6 else int(rng.integers(begin + 1, FRAMES + 1))
        change = fault(int(rng.integers(PLACES)), rng)
        stills[begin:end] = [change(still) for still in stills[begin:end]]
    return Script(tuple(stills))


Change = Callable[[Still], Still]


def _appear_or_vanish(place: int, rng: Rng) -> Change:
    drawn = Thing(*(int(rng.integers(len(values))) for values in ATTRIBUTES.values()))
    return lambda still: _with_thing(still, place, drawn if still.meaning.things[place] is None else None)


def _recolour(place: int, rng: Rng) -> Change:
    return _altered(place, "colour", int(rng.integers(1, len(ATTRIBUTES["colour"]))))


def _reshape(place: int, rng: Rng) -> Change:
    return _altered(place, "shape", int(rng.integers(1, len(ATTRIBUTES["shape"]))))


def _jump(place: int, rng: Rng) -> Change:
    distance, angle = float(rng.uniform(4, 40)) / 272, float(rng.uniform(0, 2 * np.pi))
    return lambda still: _moved(still, place, distance * np.cos(angle), distance * np.sin(angle))


def _shake(place: int, rng: Rng) -> Change:
    reach = float(rng.uniform(2, 10)) / 272
    return lambda still: _moved(still, place, *(float(one) for one in rng.uniform(-reach, reach, 2)))


def _other_background(place: int, rng: Rng) -> Change:  # noqa: ARG001  (the whole frame)
    step = int(rng.integers(1, len(BACKGROUNDS)))

    def change(still: Still) -> Still:
        background = (still.meaning.background + step) % len(BACKGROUNDS)
        return replace(still, meaning=replace(still.meaning, background=background))

    return change


def _altered(place: int, name: str, step: int) -> Change:
    def change(still: Still) -> Still:
        thing = still.meaning.things[place]
        if thing is None:
            return still
        value = (getattr(thing, name) + step) % len(ATTRIBUTES[name])
        return _with_thing(still, place, replace(thing, **{name: value}))

    return change


def _with_thing(still: Still, place: int, thing: Thing | None) -> Still:
    things = (*still.meaning.things[:place], thing, *still.meaning.things[place + 1 :])
    return replace(still, meaning=replace(still.meaning, things=things))


def _moved(still: Still, place: int, down: float, right: float) -> Still:
    jitter = list(still.circumstances.jitter)
    jitter[place] = (jitter[place][0] + down, jitter[place][1] + right)
    return replace(still, circumstances=replace(still.circumstances, jitter=tuple(jitter)))


_FAULTS = (_appear_or_vanish, _appear_or_vanish, _recolour, _reshape, _jump, _jump, _shake, _other_background)
_SCRIPTS: dict[str, Callable[[Meaning, Circumstances, Rng], Script]] = {
    "none": _plain,
    "coding": _plain,
    "blur": _plain,
    "stall": _stalled,
    "labels": _relabelled,
    "faults": _faulty,
}


@lru_cache(maxsize=len(CODINGS))
def _action(name: str) -> VideoAction:
    return find_action(name)


def _coded(clip: YuvClip, rng: Rng) -> YuvClip:
    action = _action(str(rng.choice(CODINGS)))
    knob = action.knob
    # Most codings are coarse: fine ones all look alike.
    value = knob.nearest(knob.finest + float(rng.random()) ** 0.3 * (knob.coarsest - knob.finest))
    return action.expand(action.contract(clip, KnobTarget(value)))


def _blurred(clip: YuvClip, rng: Rng) -> YuvClip:
    """Blur by a box filter applied three times, or show every side reduced by a divisor."""
    height, width = clip.height_px, clip.width_px
    reach, divisor = int(rng.integers(1, 25)), int(rng.choice([4, 8, 16, 24, 34, 68]))
    reduces = bool(rng.random() < 0.5)
    parts = []
    for part in (clip.planes[:, :height], clip.planes[:, height:].reshape(-1, 2, height // 2, width // 2)):
        luma = part.ndim == 3
        plane = part.astype(np.float32)
        if reduces:
            plane = _mosaic(plane, divisor if luma else max(1, divisor // 2))
        else:
            for _ in range(3):
                plane = _box(
                    _box(plane, reach if luma else reach // 2, -1), reach if luma else reach // 2, -2
                )
        parts.append(np.rint(plane).astype(np.uint8).reshape(clip.frames, -1, width))
    return YuvClip(np.concatenate(parts, axis=1), clip.frame_rate_hz)


def _box(plane: NDArray[np.float32], reach: int, axis: int) -> NDArray[np.float32]:
    """Return the mean over 2 reach + 1 samples along an axis; edges are repeated."""
    if reach == 0:
        return plane
    widths = [(0, 0)] * plane.ndim
    widths[axis] = (reach + 1, reach)
    summed = np.cumsum(np.pad(plane, widths, mode="edge"), axis=axis, dtype=np.float64)
    length = plane.shape[axis]
    upper = np.take(summed, np.arange(length) + 2 * reach + 1, axis=axis)
    lower = np.take(summed, np.arange(length), axis=axis)
    return ((upper - lower) / (2 * reach + 1)).astype(np.float32)


def _mosaic(plane: NDArray[np.float32], divisor: int) -> NDArray[np.float32]:
    """Return samples averaged over squares, and shown as large."""
    height, width = plane.shape[-2:]
    rows, columns = (np.arange(0, length, divisor) for length in (height, width))
    summed = np.add.reduceat(np.add.reduceat(plane, rows, axis=-2), columns, axis=-1)
    counts = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
    found: NDArray[np.float32] = (summed / counts).astype(np.float32)
    return found.repeat(divisor, axis=-2)[..., :height, :].repeat(divisor, axis=-1)[..., :width]
