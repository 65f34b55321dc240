"""How learned actions compare on held-out clips: same bitstream without the network, and the strongest control.

Run `python -m netgen.training.evaluation --out rows.jsonl --video CLIP ...`; it prints the tables of the model cards.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netgen.actions.codecs import LowResolutionAction, SvtAv1Action
from netgen.actions.contract import KnobTarget, Placement, VideoAction
from netgen.actions.frame_dropping import FrameDroppingAction
from netgen.actions.guided import GuidedAction
from netgen.actions.interpolation import InterpolateAction
from netgen.actions.learned import LearnedAction
from netgen.actions.restoration import RestoreAction
from netgen.catalogue.choosing import LearnedChoice, PlainChoice
from netgen.media.quality import psnr_db, sequence_ms_ssim
from netgen.media.video_file import measure_video_file
from netgen.media.yuv_clip import YuvClip, clip_from_file
from netgen.rng import generator_from

CLIP_S, SEGMENT_S = 3, 1
RATES_BPP = (0.003, 0.004, 0.005, 0.0065, 0.008, 0.01, 0.013, 0.017, 0.022, 0.028)
"""Rates of the comparison, bit/pixel: about a third of an octave apart, all below 0.03."""

SVT_FACTORS = (32, 40, 48, 55, 61, 66, 70)
X265_FACTORS = (28, 36, 43, 51)
_MOST_PIXELS = 640 * 360
_REDUCED_WIDTH_PX = 640
_RESAMPLES = 4000
_MS_SSIM_STEP = 7
"""MS-SSIM is taken of every seventh frame: not a divisor of any length of a coding hierarchy."""


@dataclass(frozen=True, slots=True)
class Row:
    """One (action, knob, clip) as measured; the plain values are of the same bytes without the network.

    `coding` is the domain, and the precision where a network takes part: rows of another are measured again.
    """

    action: str
    weights: str
    coding: str
    knob: float
    clip: str
    bits_per_pixel: float
    psnr_db: float
    ms_ssim: float
    plain_psnr_db: float | None = None
    plain_ms_ssim: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Differences over clips and rates.

    Parameters
    ----------
    cells : tuple of (str, float, float, str)   Clip, rate or bits per pixel, difference, and against what.
    mean, low, high : float                     Mean over cells, and its bootstrap 95 % interval over clips.
    """

    cells: tuple[tuple[str, float, float, str], ...]
    mean: float
    low: float
    high: float

    @property
    def clips(self) -> int:
        """Number of clips."""
        return len({cell[0] for cell in self.cells})

    @property
    def wins(self) -> int:
        """Cells with a positive difference."""
        return sum(cell[2] > 0 for cell in self.cells)


def controls() -> dict[str, VideoAction]:
    """Return the actions without a network, by name."""
    return {
        "svtav1": SvtAv1Action(),
        "svtav1-half": LowResolutionAction(codec="svtav1", scale=2),
        "svtav1-quarter": LowResolutionAction(codec="svtav1", scale=4),
        "x265-half": LowResolutionAction(codec="x265", scale=2),
        "svtav1-drop2": FrameDroppingAction(keep_every=2, expander="repeat"),
        "svtav1-mci2": FrameDroppingAction(keep_every=2, expander="mci"),
        "svtav1-mci4": FrameDroppingAction(keep_every=4, expander="mci"),
        "svtav1-quarter-mci4": FrameDroppingAction(keep_every=4, expander="mci", scale=4),
        "choose-plain": PlainChoice(),
    }


def learned(weights: Path | None = None) -> dict[str, LearnedAction]:
    """Return the learned actions, by name."""
    return {
        "restore-half": RestoreAction(scale=2, weights=weights),
        "restore-half-2": RestoreAction(scale=2, keep_every=2, weights=weights),
        "restore-half-4": RestoreAction(scale=2, keep_every=4, weights=weights),
        "restore-quarter": RestoreAction(scale=4, weights=weights),
        "interpolate-2": InterpolateAction(keep_every=2, weights=weights),
        "interpolate-4": InterpolateAction(keep_every=4, weights=weights),
        "choose-learned": LearnedChoice(weights=weights),
        "guided": GuidedAction(weights=weights),
        "guided-half": GuidedAction(scale=2, weights=weights),
    }


def held_out_clip(path: Path) -> YuvClip:
    """Read the first three seconds of a file; frames above 640 x 360 pixels are reduced to a width of 640."""
    report = measure_video_file(path)
    clip = clip_from_file(
        path, most_frames=math.ceil(CLIP_S * report.frame_rate_hz), frame_rate_hz=report.frame_rate_hz
    )
    if clip.width_px * clip.height_px <= _MOST_PIXELS:
        return clip
    from netgen.actions.coded_stream import resized  # noqa: PLC0415  (only large videos need it)

    height_px = 2 * round(clip.height_px * _REDUCED_WIDTH_PX / clip.width_px / 2)
    return resized(clip, _REDUCED_WIDTH_PX, height_px)


def measured(label: str, action: VideoAction, knob: float, name: str, clip: YuvClip) -> Row:
    """Contract and expand a clip, a second at a time, and measure bits and luma."""
    bits, shown, plain = 0, [], []
    for segment in _segments(clip):
        made = action.contract(segment, KnobTarget(knob))
        bits += made.bits
        shown.append(action.expand(made).luma)
        if isinstance(action, LearnedAction):
            plain.append(action.expand_plainly(made).luma)
    pixels = clip.frames * clip.width_px * clip.height_px
    quality = _quality(clip.luma, np.concatenate(shown))
    without = _quality(clip.luma, np.concatenate(plain)) if plain else (None, None)
    weights = _weights_of(action)
    return Row(label, weights, _coding_of(action), knob, name, bits / pixels, *quality, *without)


def measure_all(
    actions: Mapping[str, VideoAction], videos: Sequence[Path], out: Path, *, progress: Callable[[str], None]
) -> list[Row]:
    """Measure every action on every video on its grid; rows that `out` holds already are not measured again."""
    rows = [Row(**json.loads(line)) for line in out.read_text().splitlines()] if out.is_file() else []
    known = {(row.action, row.weights, row.coding, row.knob, row.clip) for row in rows}
    with out.open("a", encoding="utf-8") as file:
        for video in videos:
            clip = held_out_clip(video)
            for label, action in actions.items():
                for knob in _knobs(label, action):
                    key = (label, _weights_of(action), _coding_of(action), knob, video.stem)
                    if key in known or _is_too_small(action, clip):
                        continue
                    row = measured(label, action, knob, video.stem, clip)
                    rows.append(row)
                    file.write(json.dumps(asdict(row)) + "\n")
                    file.flush()
            progress(f"{video.stem}: done")
    current = {(label, _weights_of(action), _coding_of(action)) for label, action in actions.items()}
    wanted = {video.stem for video in videos}
    return [row for row in rows if (row.action, row.weights, row.coding) in current and row.clip in wanted]


def _knobs(label: str, action: VideoAction) -> Sequence[float]:
    """The values that an action is measured at."""
    if action.knob.name != "crf":
        return action.knob.grid
    return X265_FACTORS if "x265" in label else SVT_FACTORS


def against_plain(rows: Iterable[Row], action: str, *, measure: str = "psnr_db") -> Comparison:
    """Compare an action with the same bytes expanded without its network, below 0.03 bit/pixel."""
    cells = [
        (row.clip, row.bits_per_pixel, getattr(row, measure) - getattr(row, f"plain_{measure}"), "same bytes")
        for row in rows
        if row.action == action and row.bits_per_pixel < 0.03 and getattr(row, f"plain_{measure}") is not None
    ]
    return _bootstrapped(cells)


def against_strongest(
    rows: Sequence[Row], action: str, others: Sequence[str], *, measure: str = "psnr_db"
) -> Comparison:
    """Compare an action with the best of others at equal rates, each inside its own measured range."""
    curves: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in rows:
        curves.setdefault((row.action, row.clip), []).append((row.bits_per_pixel, getattr(row, measure)))
    cells = []
    for clip in sorted({row.clip for row in rows}):
        for rate in RATES_BPP:
            own = _at_rate(curves.get((action, clip), []), rate)
            best = [
                (value, other) for other in others if (value := _at_rate(curves.get((other, clip), []), rate))
            ]
            if own is not None and best:
                value, other = max(best)
                cells.append((clip, rate, own - value, other))
    return _bootstrapped(cells)


def table(rows: Sequence[Row], names: Sequence[str], others: Sequence[str]) -> str:
    """Return the results as Markdown: a line for every learned action and measure."""
    lines = [
        "| action | measure | same bytes, without the network | at equal rate, against the strongest control |",
        "| --- | --- | --- | --- |",
    ]
    for name in names:
        for measure, unit, digits in (("psnr_db", "dB", 2), ("ms_ssim", "MS-SSIM", 4)):
            cells = (
                _shown(against_plain(rows, name, measure=measure), digits),
                _shown(against_strongest(rows, name, others, measure=measure), digits),
            )
            lines.append(f"| {name} | {unit} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def rate_table(rows: Sequence[Row], name: str, others: Sequence[str], *, measure: str = "psnr_db") -> str:
    """Return an action's difference from the strongest control, a line for every clip, a column for every rate."""
    found = {
        (clip, rate): (value, other)
        for clip, rate, value, other in against_strongest(rows, name, others, measure=measure).cells
    }
    lines = [
        "| clip | " + " | ".join(f"{rate:g}" for rate in RATES_BPP) + " |",
        "| --- " * (len(RATES_BPP) + 1) + "|",
    ]
    for clip in sorted({clip for clip, _ in found}):
        cells = [
            f"{found[clip, rate][0]:+.2f} ({found[clip, rate][1]})" if (clip, rate) in found else "-"
            for rate in RATES_BPP
        ]
        lines.append(f"| {clip} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m netgen.training.evaluation")
    parser.add_argument(
        "--out", type=Path, required=True, help="JSON Lines file of rows; goes on where it ends"
    )
    parser.add_argument("--video", type=Path, action="append", required=True, help="a held-out video; repeat")
    parser.add_argument("--weights", type=Path, help="directory of weights; default: the shipped ones")
    parser.add_argument("--precision", default="float32", help="float32 (default), bfloat16 or float16")
    parser.add_argument("--only", action="append", help="learned actions to evaluate; default: all")
    options = parser.parse_args(arguments)
    chosen = {
        name: action
        for name, action in learned(options.weights).items()
        if not options.only or name in options.only
    }
    for action in chosen.values():
        action.place(action.placement_for(Placement(precision=options.precision)))
    plain = controls()
    rows = measure_all(
        {**plain, **chosen}, options.video, options.out, progress=lambda line: print(line, flush=True)
    )
    print(table(rows, list(chosen), list(plain)))
    for name in chosen:
        print(f"\n{name}, dB\n\n{rate_table(rows, name, list(plain))}")
    return 0


def _segments(clip: YuvClip) -> list[YuvClip]:
    """Cut a clip into seconds; a rest of less than half a second stays with the last."""
    length = max(1, round(Fraction(SEGMENT_S) * clip.frame_rate_hz))
    starts = list(range(0, clip.frames, length))
    if len(starts) > 1 and clip.frames - starts[-1] < length / 2:
        starts.pop()
    return [
        YuvClip(clip.planes[start:end].copy(), clip.frame_rate_hz)
        for start, end in zip(starts, [*starts[1:], clip.frames], strict=True)
    ]


def _weights_of(action: VideoAction) -> str:
    """Return the first digits of the hashes of an action's weights; nothing without a network."""
    if not isinstance(action, LearnedAction):
        return ""
    from netgen.models.weights import weights_digest  # noqa: PLC0415  (models are loaded on demand)

    return "+".join(weights_digest(name, action.weights)[:12] for name in action.networks)


def _coding_of(action: VideoAction) -> str:
    """Return the domain of an action, and the precision of its networks."""
    return f"{action.domain}, {action.placement.precision}" if action.learned else action.domain


def _is_too_small(action: VideoAction, clip: YuvClip) -> bool:
    return min(clip.width_px, clip.height_px) < action.smallest_side_px


def _quality(clean: NDArray[np.uint8], shown: NDArray[np.uint8]) -> tuple[float, float]:
    return psnr_db(clean, shown), sequence_ms_ssim(clean[::_MS_SSIM_STEP], shown[::_MS_SSIM_STEP])


def _at_rate(curve: Sequence[tuple[float, float]], rate: float) -> float | None:
    """Return the value at a rate by straight lines over its logarithm; None outside what was measured."""
    points = sorted(curve)
    if not points or not points[0][0] <= rate <= points[-1][0]:
        return None
    return float(
        np.interp(math.log(rate), [math.log(one) for one, _ in points], [value for _, value in points])
    )


def _bootstrapped(cells: Sequence[tuple[str, float, float, str]]) -> Comparison:
    """Return the mean of all cells, and its interval when clips are drawn again with replacement."""
    if not cells:
        return Comparison((), math.nan, math.nan, math.nan)
    by_clip: dict[str, list[float]] = {}
    for clip, _, value, _ in cells:
        by_clip.setdefault(clip, []).append(value)
    sums = np.array([sum(values) for values in by_clip.values()])
    counts = np.array([len(values) for values in by_clip.values()])
    drawn = generator_from(1).integers(len(sums), size=(_RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Comparison(tuple(cells), float(sums.sum() / counts.sum()), float(low), float(high))


def _shown(found: Comparison, digits: int) -> str:
    if not found.cells:
        return "not measured"
    return (
        f"{found.mean:+.{digits}f} [{found.low:+.{digits}f}, {found.high:+.{digits}f}], "
        f"{found.wins} of {len(found.cells)} cells better, {found.clips} clips"
    )


if __name__ == "__main__":
    raise SystemExit(main())
