"""Compares actions at equal rate on the same clips: who wins, by how much, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from netgen.rng import Streams

Curve = tuple[tuple[float, float], ...]
"""Points (bits per pixel, value) of one action on one clip, by increasing rate."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One action in one configuration on one clip, as far as a comparison needs it.

    Parameters
    ----------
    profile, clip : str             Names of the action's variant and of the clip.
    knob : float                    The configuration.
    bits_per_pixel : float          Rate, > 0.
    values : mapping                Quality by measure; what was not measured is left out.
    """

    profile: str
    clip: str
    knob: float
    bits_per_pixel: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An action against others at one rate, over clips.

    Parameters
    ----------
    bits_per_pixel : float          The rate.
    clips : int                     Clips on which the action and at least one other reach the rate.
    wins : int                      Those on which it is strictly better than the best of the others.
    gain : float                    Mean of its value less the best of the others'; NaN without a clip.
    low, high : float               95 % interval of the gain: bootstrap over clips.
    rivals : tuple of str           Which of the others was the best, most frequent first.
    """

    bits_per_pixel: float
    clips: int
    wins: int
    gain: float
    low: float
    high: float
    rivals: tuple[str, ...]


def measurements_of(records: Iterable[Mapping[str, Any]]) -> list[Measurement]:
    """Return what a comparison needs of stored records (schema 2, as JSON): of quality and semantic estimate."""
    found = []
    for record in records:
        quality = {name: record["quality"][name] for name in ("psnr_db", "ssim", "ms_ssim", "vmaf")}
        quality["semantic_fidelity"] = (record["semantic"] or {}).get("fidelity")
        found.append(
            Measurement(
                profile=record["profile"],
                clip=f"{record['content']['set']}/{record['content']['clip']}",
                knob=record["config"]["value"],
                bits_per_pixel=record["rate"]["bpp"],
                values={name: value for name, value in quality.items() if value is not None},
            )
        )
    return found


def curves_of(measurements: Iterable[Measurement], measure: str) -> dict[str, dict[str, Curve]]:
    """Return the curve of one measure by profile and clip.

    Where a configuration costs more bits than another and is worse, it stays: what was measured is not mended.
    """
    points: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for one in measurements:
        if measure in one.values:
            found = points.setdefault(one.profile, {}).setdefault(one.clip, [])
            found.append((one.bits_per_pixel, one.values[measure]))
    return {
        profile: {clip: tuple(sorted(found)) for clip, found in sorted(clips.items())}
        for profile, clips in points.items()
    }


def value_at(curve: Curve, bits_per_pixel: float) -> float | None:
    """Return the value at a rate, linear in log(rate); None outside the measured range."""
    rates = [rate for rate, _ in curve]
    if not rates or not rates[0] <= bits_per_pixel <= rates[-1]:
        return None
    values = [value for _, value in curve]
    return float(np.interp(math.log(bits_per_pixel), np.log(rates), values))


def compare_at(
    curves: Mapping[str, Mapping[str, Curve]],
    action: str,
    others: Sequence[str],
    *,
    bits_per_pixel: float,
    resamples: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Compare an action with the best of others on every clip at one rate.

    The best is chosen per clip, with hindsight: a sender that tries all of them and keeps the best. Others that
    do not reach the rate on a clip do not count there.

    Parameters
    ----------
    curves : mapping                As `curves_of` returns them; larger values are better.
    action : str                    Profile that is judged.
    others : sequence of str        Profiles that it is held against.
    bits_per_pixel : float          The rate.
    resamples, seed : int           Of the bootstrap.

    Source                          B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13:
                                    percentile intervals, resampling clips, since frames of one clip are not
                                    independent.
    """
    gains: list[float] = []
    best: dict[str, int] = {}
    for clip, curve in sorted(curves.get(action, {}).items()):
        own, rival = value_at(curve, bits_per_pixel), _best_of(curves, others, clip, bits_per_pixel)
        if own is None or rival is None:
            continue
        best[rival[1]] = best.get(rival[1], 0) + 1
        gains.append(own - rival[0])
    return _compared(gains, best, bits_per_pixel, resamples, seed)


def compare_menus(
    curves: Mapping[str, Mapping[str, Curve]],
    actions: Sequence[str],
    others: Sequence[str],
    *,
    bits_per_pixel: float,
    resamples: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Compare a sender that has some actions beside the others with one that has the others alone.

    Both take the best on every clip, so the gain is never negative; `rivals` are the actions that won.
    Takes what `compare_at` takes.
    """
    gains: list[float] = []
    best: dict[str, int] = {}
    for clip in sorted({clip for name in others for clip in curves.get(name, {})}):
        rival = _best_of(curves, others, clip, bits_per_pixel)
        own = _best_of(curves, actions, clip, bits_per_pixel)
        if rival is None:
            continue
        gain = 0.0 if own is None else max(0.0, own[0] - rival[0])
        if own is not None and gain > 0:
            best[own[1]] = best.get(own[1], 0) + 1
        gains.append(gain)
    return _compared(gains, best, bits_per_pixel, resamples, seed)


def _best_of(
    curves: Mapping[str, Mapping[str, Curve]], names: Sequence[str], clip: str, bits_per_pixel: float
) -> tuple[float, str] | None:
    """Return the best value on a clip at a rate, and whose it is; None when nobody reaches it."""
    known = [(value_at(curves.get(name, {}).get(clip, ()), bits_per_pixel), name) for name in names]
    return max(((value, name) for value, name in known if value is not None), default=None)


def _compared(
    gains: Sequence[float], best: Mapping[str, int], bits_per_pixel: float, resamples: int, seed: int
) -> Comparison:
    """Sum up the gains of clips."""
    low, high = bootstrap_interval(gains, resamples=resamples, seed=seed)
    return Comparison(
        bits_per_pixel=bits_per_pixel,
        clips=len(gains),
        wins=sum(gain > 0 for gain in gains),
        gain=float(np.mean(gains)) if gains else math.nan,
        low=low,
        high=high,
        rivals=tuple(sorted(best, key=lambda name: (-best[name], name))),
    )


def paired(
    measurements: Iterable[Measurement],
    action: str,
    control: str,
    *,
    measure: str,
    resamples: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Compare two actions in the same configuration on the same clip: what one adds to the other's bitstream.

    The gain is the mean over clips of each clip's mean over configurations; `wins` counts clips.
    `bits_per_pixel` is the mean rate of the pairs; they are one bitstream where the two actions share their coding.
    """
    values = {
        (one.profile, one.clip, one.knob): (one.values[measure], one.bits_per_pixel)
        for one in measurements
        if measure in one.values
    }
    gains: dict[str, list[float]] = {}
    rates: list[float] = []
    for (profile, clip, knob), (value, rate) in sorted(values.items()):
        if profile == action and (control, clip, knob) in values:
            gains.setdefault(clip, []).append(value - values[control, clip, knob][0])
            rates.append(rate)
    means = [float(np.mean(own)) for own in gains.values()]
    low, high = bootstrap_interval(means, resamples=resamples, seed=seed)
    return Comparison(
        bits_per_pixel=float(np.mean(rates)) if rates else math.nan,
        clips=len(means),
        wins=sum(mean > 0 for mean in means),
        gain=float(np.mean(means)) if means else math.nan,
        low=low,
        high=high,
        rivals=(control,) if means else (),
    )


def bootstrap_interval(
    values: Sequence[float], *, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean; NaN for fewer than two values."""
    if len(values) < 2:
        return math.nan, math.nan
    rng = Streams(seed).get("bootstrap")
    picked = rng.integers(len(values), size=(resamples, len(values)))
    means = np.asarray(values)[picked].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
