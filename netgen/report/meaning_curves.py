"""Semantic bits: what actions keep of labelled scenes by rate, where curves cross, and what links carry over time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError
from netgen.fidelity.curve_file import CurveSet
from netgen.ledger import LedgerReader
from netgen.report.drawing import check_picture, new_figure, save_figure
from netgen.robustness.records import RobustnessRecord
from netgen.robustness.table import Left

REFERENCE, REDUCED = "x265", "x265-half"
"""The conventional codec that generative representations are held against, and the same at half the sides, which
reaches lower rates without generating anything."""

MODES: Mapping[str, tuple[str, str]] = {
    "full-reference": ("conventional", "#8a8a8a"),
    "semi-reference": ("semi-reference", "#D55E00"),
    "no-reference": ("no-reference", "#0072B2"),
}
"""Coding modes, what the picture calls them, and their colours."""

_MARKS = ("o", "s", "^", "v", "D", "P", "X", "<", ">", "*", "h", "p", "d")

_TOLD_ESTIMATES = (0.5, 0.7, 0.9, 0.97)
"""Estimates at which tables say what they stand for."""

_TOLD_LEVELS_DB = (0.0, 2.0, 4.0, 6.0, 10.0, 15.0)
"""SNRs at which tables say what is left."""

_PART_COLOURS = ("#0072B2", "#8a8a8a", "#000000", "#CC79A7", "#E69F00", "#D55E00", "#009E73")

Curve = NDArray[np.float64]
"""Columns: bits per pixel, bits per scene, kept bits, low, high; by rate."""


def shipped_meaning() -> list[dict[str, Any]]:
    """Return the shipped records of measurements on labelled scenes."""
    text = (files("netgen.generative") / "profiles" / "meaning.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def curve_of(records: Sequence[Mapping[str, Any]], profile: str) -> Curve:
    """Return what a profile keeps, by rate: (n, 5) as `Curve` says."""
    rows = [
        (
            record["rate"]["bpp"],
            _bits_per_scene(record),
            *(record["meaning"][name] for name in ("kept_bits", "low_bits", "high_bits")),
        )
        for record in records
        if record["profile"] == profile
    ]
    return np.array(sorted(rows), dtype=np.float64).reshape(-1, 5)


def densities(curve: Curve) -> Curve:
    """Return semantic bits per transmitted bit with their interval: (n, 3)."""
    found: Curve = curve[:, 2:] / curve[:, 1:2]
    return found


def advantage_below(
    records: Sequence[Mapping[str, Any]], profile: str, reference: str = REFERENCE
) -> tuple[float, bool] | None:
    """Find the rate below which a profile carries more meaning per bit than another, as far as both were measured.

    Parameters
    ----------
    records : sequence                  Records of measurements on labelled scenes.
    profile, reference : str            What is held against what.

    Returns
    -------
    (float, bool) or None               Bits per pixel, and whether the reference has such a rate at all: where it has
                                        none, the advantage ends at its lowest one. None where it keeps more even there.
    """
    own, other = curve_of(records, profile), curve_of(records, reference)
    if not len(own) or not len(other):
        return None
    floor = float(other[0, 0])
    common = np.geomspace(max(floor, own[0, 0]), min(other[-1, 0], own[-1, 0]), 400)
    common = common[(common >= max(floor, own[0, 0])) & (common <= min(other[-1, 0], own[-1, 0]))]
    if len(common):
        low = np.interp(np.log(common), np.log(own[:, 0]), own[:, 3])
        high = np.interp(np.log(common), np.log(other[:, 0]), other[:, 4])
        better = np.flatnonzero(low > high)
        if len(better):
            return float(common[better[-1]]), True
    return (floor, False) if own[0, 0] < floor else None


def draw_meaning(records: Sequence[Mapping[str, Any]], out: Path) -> None:
    """Draw semantic bits per transmitted bit, and the share that is kept, over bits per pixel.

    Parameters
    ----------
    records : sequence                  Records of measurements on labelled scenes.
    out : Path                          PNG, SVG or PDF.
    """
    check_picture(out)
    figure = new_figure((9.0, 3.9))
    figure.subplots_adjust(left=0.1, right=0.99, bottom=0.13, top=0.98, wspace=0.2)
    entropy = records[0]["meaning"]["entropy_bits"]
    ceiling = records[0]["meaning"]["ceiling"]["kept_bits"]
    for number, label in enumerate(
        ("semantic bit per transmitted bit", "share of the semantic bits kept"), 1
    ):
        axes = figure.add_subplot(1, 2, number)
        for place, name in enumerate(dict.fromkeys(record["profile"] for record in records)):
            curve = curve_of(records, name)
            mode = next(record["mode"] for record in records if record["profile"] == name)
            values = densities(curve) if number == 1 else curve[:, 2:] / entropy
            colour = MODES[mode][1] if name != REFERENCE else "#000000"
            mark = _MARKS[place % len(_MARKS)]
            axes.plot(
                curve[:, 0], values[:, 0], color=colour, linewidth=1, marker=mark, markersize=3, label=name
            )
            axes.fill_between(curve[:, 0], values[:, 1], values[:, 2], color=colour, alpha=0.15, linewidth=0)
        axes.set_xscale("log")
        axes.set_xlabel("bit per pixel")
        axes.set_ylabel(label)
        axes.grid(visible=True, which="both", linewidth=0.3)
        if number == 1:
            axes.set_yscale("log")
            axes.legend(fontsize=5.5, ncols=2)
        else:
            axes.axhline(ceiling / entropy, color="#000000", linewidth=0.6, linestyle="--")
    save_figure(figure, out, dpi=88)


def draw_link_meaning(run: Path, out: Path) -> None:
    """Draw the ledger of every link over time: bits and capacity, semantic bits and semantic capacity.

    Parameters
    ----------
    run : Path                      Run directory.
    out : Path                      PNG, SVG or PDF.

    Raises
    ------
    InputError                      No run directory or no picture file.
    MissingDependencyError          matplotlib is not installed.
    """
    check_picture(out)
    if not (run / "summary.json").is_file():
        raise InputError(f"{run} is not a run directory: it has no summary.json")
    rows = LedgerReader(run).table("links").to_pylist()
    links = list(dict.fromkeys(row["link"] for row in rows))
    height = 1.75 * len(links) + 0.5
    figure = new_figure((9.0, height))
    figure.subplots_adjust(
        left=0.085, right=0.99, bottom=0.5 / height, top=1 - 0.3 / height, hspace=0.3, wspace=0.2
    )
    for number, link in enumerate(links):
        own = [row for row in rows if row["link"] == link]
        starts_s = [row["start_s"] for row in own]
        for column, (carried, most, unit) in enumerate(
            (
                ("carried_bits", "capacity_bits", "bit/s"),
                ("semantic_bits", "semantic_capacity_bits", "semantic bit/s"),
            )
        ):
            axes = figure.add_subplot(len(links), 2, 2 * number + column + 1)
            for name, colour, words in ((most, "#8a8a8a", "capacity"), (carried, "#0072B2", "carried")):
                values = [row[name] / row["length_s"] for row in own]
                axes.step(starts_s, values, where="post", color=colour, linewidth=1.2, label=words)
            axes.set_yscale("log", nonpositive="clip")
            axes.set_ylim(bottom=1.0 if column else 1e2)
            axes.set_ylabel(unit)
            axes.set_title(link.replace("->", " to "), loc="left", fontsize=9)
            axes.grid(visible=True, linewidth=0.3)
            if number == len(links) - 1:
                axes.set_xlabel("time [s]")
            else:
                axes.set_xticklabels([])
            if number == 0:
                axes.legend(fontsize=7, loc="lower left")
    save_figure(figure, out, dpi=88)


def meaning_table(records: Sequence[Mapping[str, Any]]) -> str:
    """Write every profile at its lowest and highest rate, and where it beats conventional ones, as Markdown."""
    lines = [
        "| variant | mode | lowest rate [bpp] | kept there | semantic bit per bit there | highest rate [bpp] | "
        f"kept there | more meaning per bit than {REFERENCE} below [bpp] | than {REDUCED} below [bpp] |",
        "| --- | --- | --: | --: | --: | --: | --: | --- | --- |",
    ]
    for name in dict.fromkeys(record["profile"] for record in records):
        own = [record for record in records if record["profile"] == name]
        first, last = (pick(own, key=lambda record: float(record["rate"]["bpp"])) for pick in (min, max))
        lines.append(
            f"| `{name}` | {MODES[own[0]['mode']][0]} | {first['rate']['bpp']:.5f} | {_share(first)} | "
            f"{first['meaning']['kept_bits'] / _bits_per_scene(first):.4f} | {last['rate']['bpp']:.4f} | "
            f"{_share(last)} | {_below(records, name, REFERENCE)} | {_below(records, name, REDUCED)} |"
        )
    return "\n".join(lines) + "\n"


def calibration_table(curves: CurveSet) -> str:
    """Write what estimates without labels say of measured fidelity, by method, as Markdown."""
    titles = "".join(f" phi at {estimate:g} |" for estimate in _TOLD_ESTIMATES)
    lines = [
        f"| estimator | settings (variants) |{titles} left-out variants within | their error of phi |",
        "| --- | --: |" + " --: |" * (len(_TOLD_ESTIMATES) + 2),
    ]
    for curve in curves.curves.values():
        told = [curve.calibrated(estimate) for estimate in _TOLD_ESTIMATES]
        cells = "".join(f" {one.fidelity:.2f} [{one.low:.2f}, {one.high:.2f}] |" for one in told)
        lines.append(
            f"| `{curve.method}` | {curve.pairs} ({len(curve.variants)}) |{cells} {curve.held_out_coverage:.2f} | "
            f"{curve.held_out_error:.3f} |"
        )
    made = curves.provenance
    return "\n".join(lines) + (
        f"\n\nMeasured {made['measured'][-1]} on {made['scenes']['count']} scenes of seed {made['scenes']['seed']}; "
        f"untouched, the reader keeps {next(iter(curves.curves.values())).ceiling:.3f}. `{made['command']}`\n"
    )


def draw_calibration(curves: CurveSet, out: Path) -> None:
    """Draw phi over every estimate, with the interval of an action that was not measured.

    Parameters
    ----------
    curves : CurveSet                   At least one.
    out : Path                          PNG, SVG or PDF.
    """
    check_picture(out)
    count = len(curves.curves)
    figure = new_figure((1.9 * count + 0.4, 2.4))
    figure.subplots_adjust(left=0.06, right=0.99, bottom=0.2, top=0.9, wspace=0.12)
    for number, curve in enumerate(curves.curves.values(), 1):
        axes = figure.add_subplot(1, count, number)
        axes.fill_between(curve.estimates, curve.low, curve.high, color="#0072B2", alpha=0.2, linewidth=0)
        axes.plot(curve.estimates, curve.fidelity, color="#0072B2", linewidth=1)
        axes.axhline(curve.ceiling, color="#000000", linewidth=0.6, linestyle="--")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_title(curve.method, fontsize=7)
        axes.set_xlabel("estimate", fontsize=7)
        axes.tick_params(labelsize=6, labelleft=number == 1)
        axes.grid(visible=True, linewidth=0.3)
    figure.axes[0].set_ylabel("measured fidelity", fontsize=7)
    save_figure(figure, out, dpi=88)


def robustness_table(
    records: Mapping[str, RobustnessRecord], levels_db: Sequence[float] = _TOLD_LEVELS_DB
) -> str:
    """Write what a channel leaves of the meaning, and of the picture, of every part, as Markdown."""
    titles = "".join(f" {level_db:g} dB |" for level_db in levels_db)
    lines = [
        f"| part | symbols per pixel | no channel |{titles}",
        "| --- | --: | --: |" + " --: |" * len(levels_db),
    ]
    for part, record in records.items():
        table = record.table
        cells = [_left_text(left) for left in (table.clean, *(table.at(level_db) for level_db in levels_db))]
        lines.append(f"| `{part}` | {record.symbols_per_pixel:.4g} | {' | '.join(cells)} |")
    first = next(iter(records.values()))
    return "\n".join(lines) + f"\n\nMeasured {first.date}: `{first.command}`\n"


def snr_table(run: Path, levels_db: Mapping[float, float]) -> str:
    """Write what was chosen, and what arrived, at each SNR of a radio link, beside the baseline, as Markdown.

    Parameters
    ----------
    run : Path                          Run directory with a baseline, of one service.
    levels_db : mapping                 From each time [s] on, the SNR [dB].
    """
    tables = [LedgerReader(folder).table("segments").to_pylist() for folder in (run, run / "baseline")]
    starts_s = [*levels_db, np.inf]
    lines = [
        "| SNR [dB] | sent | in time | share of the meaning at the receiver | PSNR [dB] | baseline: in time | share |",
        "| --: | --- | --: | --: | --: | --: | --: |",
    ]
    for number, (start_s, level_db) in enumerate(levels_db.items()):
        ours, others = (
            [row for row in rows if start_s <= row["offered_s"] < starts_s[number + 1]] for rows in tables
        )
        sent = ", ".join(
            sorted({f"`{row['contracted_by']}`" if row["contracted_by"] else "as it is" for row in ours})
        )
        levels = [
            row["psnr_db"] for row in ours if row["outcome"] == "delivered" and row["psnr_db"] is not None
        ]
        lines.append(
            f"| {level_db:g} | {sent} | {_arrived(ours)} | {_held(ours):.2f} | "
            f"{f'{np.mean(levels):.1f}' if levels else '-'} | {_arrived(others)} | {_held(others):.2f} |"
        )
    return "\n".join(lines) + "\n"


def _arrived(rows: Sequence[Mapping[str, Any]]) -> str:
    return f"{sum(row['outcome'] == 'delivered' for row in rows)} of {len(rows)}"


def _held(rows: Sequence[Mapping[str, Any]]) -> float:
    offered = sum(row["semantic_bits_offered"] for row in rows)
    return float(sum(row["semantic_bits_delivered"] for row in rows) / offered) if offered else 0.0


def draw_robustness(records: Mapping[str, RobustnessRecord], out: Path) -> None:
    """Draw what a channel leaves of the meaning, and the PSNR of what is shown, over SNR.

    Parameters
    ----------
    records : mapping                   By part.
    out : Path                          PNG, SVG or PDF.
    """
    check_picture(out)
    figure = new_figure((9.0, 3.7))
    figure.subplots_adjust(left=0.07, right=0.99, bottom=0.14, top=0.98, wspace=0.16)
    share, picture = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
    for place, (part, record) in enumerate(records.items()):
        table = record.table
        colour, mark = _PART_COLOURS[place % len(_PART_COLOURS)], _MARKS[place % len(_MARKS)]
        style: dict[str, Any] = {"color": colour, "marker": mark}
        style |= {"linewidth": 1, "markersize": 3, "linestyle": "-" if record.cost else "--"}
        share.plot(table.snr_db, [left.fidelity for left in table.left], label=part, **style)
        low, high = zip(*(left.interval for left in table.left), strict=True)
        share.fill_between(table.snr_db, low, high, color=style["color"], alpha=0.15, linewidth=0)
        picture.plot(table.snr_db, [left.psnr_db or np.nan for left in table.left], label=part, **style)
    share.set_ylabel("share of the semantic bits left")
    picture.set_ylabel("PSNR [dB]")
    for axes in (share, picture):
        axes.set_xlabel("SNR [dB], Rayleigh fading of every symbol")
        axes.grid(visible=True, linewidth=0.3)
    share.legend(fontsize=6)
    save_figure(figure, out, dpi=88)


def _left_text(left: Left) -> str:
    picture = "" if left.psnr_db is None else f", {left.psnr_db:.1f} dB"
    return f"{left.fidelity:.2f}{picture}"


def _bits_per_scene(record: Mapping[str, Any]) -> float:
    bits = record["rate"]["segment_bits"]
    return float(sum(bits) / len(bits))


def _share(record: Mapping[str, Any]) -> str:
    semantic = record["semantic"]
    return f"{semantic['fidelity']:.3f} [{semantic['low']:.3f}, {semantic['high']:.3f}]"


def _below(records: Sequence[Mapping[str, Any]], name: str, reference: str) -> str:
    if name == reference or not len(curve_of(records, reference)):
        return "-"
    found = advantage_below(records, name, reference)
    if found is None:
        return "nowhere"
    rate, met = found
    return f"{rate:.4f}" if met else f"{rate:.4f}, its lowest rate"
