"""Rate-quality curves of actions and their controls, from calibration records: pictures and tables."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from netgen.calibration.comparison import (
    Comparison,
    Measurement,
    compare_at,
    compare_menus,
    curves_of,
    measurements_of,
    paired,
)
from netgen.report.drawing import check_picture, new_figure, save_figure

MEASURES: Mapping[str, tuple[str, str]] = {
    "psnr_db": ("PSNR [dB]", ".2f"),
    "ms_ssim": ("MS-SSIM", ".4f"),
    "vmaf": ("VMAF", ".1f"),
    "semantic_fidelity": ("semantic estimate", ".3f"),
}
RATES = (0.0004, 0.0006, 0.001, 0.0015, 0.0025, 0.004, 0.006, 0.01, 0.015, 0.03, 0.05)
"""Rates at which actions are compared, bits per pixel."""

CONTROLS = (
    "x264", "x265", "x265-half", "x265-quarter", "svtav1", "svtav1-half", "svtav1-quarter", "vp9",
    "svtav1-drop2", "svtav1-drop4", "svtav1-mci2", "svtav1-mci4", "svtav1-quarter-mci4",
    "choose-plain", "flat",
)  # fmt: skip
"""Variants without a network; every learned one is held against the best of them."""

SAME_BITSTREAM: Mapping[str, tuple[str, ...]] = {
    "restore-half": ("svtav1-half",),
    "restore-quarter": ("svtav1-quarter",),
    "interpolate-2": ("svtav1-drop2", "svtav1-mci2"),
    "interpolate-4": ("svtav1-drop4", "svtav1-mci4"),
    "guided": ("svtav1",),
    "layout": ("flat",),
}
"""Learned variants, and what is shown of the same bits without their network."""

LEARNED = (*SAME_BITSTREAM, "choose-learned")
"""All learned variants; the last chooses among coded and learned ones, and its control is `choose-plain`."""

_LEARNED_COLOURS = ("#D55E00", "#CC79A7", "#009E73", "#0072B2", "#E69F00", "#56B4E9", "#000000")
_CONTROL_COLOUR = "#8a8a8a"
_MARKS = ("o", "s", "^", "v", "D", "P", "X", "<", ">", "*", "h", "p", "d")


def shipped_records() -> list[dict[str, Any]]:
    """Return the calibration records that netgen ships."""
    text = (files("netgen.generative") / "profiles" / "measured.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def draw_rate_quality(records: Sequence[Mapping[str, Any]], out: Path) -> None:
    """Draw every measure over rate: one point per variant and setting of its knob, the mean over clips.

    Parameters
    ----------
    records : sequence              Calibration records, as JSON.
    out : Path                      PNG, SVG or PDF.
    """
    check_picture(out)
    measurements = measurements_of(records)
    learned = [name for name in LEARNED if any(one.profile == name for one in measurements)]
    controls = [name for name in CONTROLS if any(one.profile == name for one in measurements)]
    figure = new_figure((9.0, 6.6))
    figure.subplots_adjust(left=0.07, right=0.99, bottom=0.08, top=0.98, wspace=0.18, hspace=0.22)
    for number, (measure, (label, _)) in enumerate(MEASURES.items(), start=1):
        axes = figure.add_subplot(2, 2, number)
        for place, name in enumerate(controls):
            rates, values = _mean_curve(measurements, name, measure)
            axes.plot(
                rates, values, color=_CONTROL_COLOUR, linewidth=0.8, marker=_MARKS[place % len(_MARKS)],
                markersize=3, label=name,
            )  # fmt: skip
        for place, name in enumerate(learned):
            rates, values = _mean_curve(measurements, name, measure)
            colour = _LEARNED_COLOURS[place % len(_LEARNED_COLOURS)]
            axes.plot(rates, values, color=colour, linewidth=1.8, marker="o", markersize=3.5, label=name)
        axes.set_xscale("log")
        axes.set_xlabel("bit per pixel")
        axes.set_ylabel(label)
        axes.grid(visible=True, which="both", linewidth=0.3)
        if number == 1:
            axes.legend(fontsize=6, ncols=2)
    save_figure(figure, out, dpi=88)


def strongest_control_table(records: Sequence[Mapping[str, Any]], measure: str) -> str:
    """Every learned variant against the best control of each clip at equal rate, as a Markdown table.

    A cell holds the mean gain, its 95 % interval over clips, and wins of clips. The last line is the gain of who may
    choose a learned variant where it is better, and stays with the best control elsewhere.
    """
    measurements = measurements_of(records)
    curves = curves_of(measurements, measure)
    style = MEASURES[measure][1]
    lines = [
        f"| variant | {' | '.join(f'{rate:g}' for rate in RATES)} |",
        f"| --- |{' --- |' * len(RATES)}",
    ]
    for name in LEARNED:
        found = [compare_at(curves, name, CONTROLS, bits_per_pixel=rate) for rate in RATES]
        if name in curves:
            lines.append(f"| `{name}` | {' | '.join(_cell(one, style) for one in found)} |")
    menus = [compare_menus(curves, tuple(SAME_BITSTREAM), CONTROLS, bits_per_pixel=rate) for rate in RATES]
    lines.append(f"| the choice among all | {' | '.join(_cell(one, style) for one in menus)} |")
    return "\n".join(lines) + "\n"


def same_bitstream_table(records: Sequence[Mapping[str, Any]]) -> str:
    """What the network of each learned variant adds to the same bits, as a Markdown table."""
    measurements = measurements_of(records)
    lines = [
        f"| variant | the same bits by | {' | '.join(label for label, _ in MEASURES.values())} |",
        f"| --- | --- |{' --- |' * len(MEASURES)}",
    ]
    for name, controls in SAME_BITSTREAM.items():
        for control in controls:
            found = {measure: paired(measurements, name, control, measure=measure) for measure in MEASURES}
            if any(one.clips for one in found.values()):
                cells = [_cell(found[measure], style) for measure, (_, style) in MEASURES.items()]
                lines.append(f"| `{name}` | `{control}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(found: Comparison, style: str) -> str:
    """One comparison in a cell of a table."""
    if not found.clips:
        return "-"
    text = f"{found.gain:+{style}}"
    if not math.isnan(found.low):
        text += f" [{found.low:+{style}}, {found.high:+{style}}]"
    return f"{text} {found.wins}/{found.clips}"


def _mean_curve(
    measurements: Sequence[Measurement], profile: str, measure: str
) -> tuple[list[float], list[float]]:
    """Mean rate and mean value over clips at every setting of a variant's knob that all its clips have."""
    own = [one for one in measurements if one.profile == profile and measure in one.values]
    clips = {one.clip for one in own}
    points = []
    for knob in sorted({one.knob for one in own}):
        there = [one for one in own if one.knob == knob]
        if {one.clip for one in there} == clips:
            rate = float(np.mean([one.bits_per_pixel for one in there]))
            points.append((rate, float(np.mean([one.values[measure] for one in there]))))
    points.sort()
    return [rate for rate, _ in points], [value for _, value in points]
