"""Semantic bits that actions keep of labelled scenes, over their rate: a picture, a table, and where curves cross."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netgen.report.drawing import check_picture, new_figure, save_figure

REFERENCE = "x265"
"""The conventional codec that generative representations are held against."""

MODES: Mapping[str, tuple[str, str]] = {
    "full-reference": ("conventional", "#8a8a8a"),
    "semi-reference": ("semi-reference", "#D55E00"),
    "no-reference": ("no-reference", "#0072B2"),
}
"""Coding modes, what the picture calls them, and their colours."""

_MARKS = ("o", "s", "^", "v", "D", "P", "X", "<", ">", "*", "h", "p", "d")

Curve = NDArray[np.float64]
"""Columns: bits per pixel, bits per scene, kept bits, low, high; by rate."""


def curve_of(records: Sequence[Mapping[str, Any]], profile: str) -> Curve:
    """Return what a profile keeps, by rate: (n, 5) as `Curve` says."""
    rows = [
        (
            record["rate"]["bpp"],
            record["rate"]["bits_per_scene"],
            *(record["semantic"][name] for name in ("kept_bits", "low_bits", "high_bits")),
        )
        for record in records
        if record["profile"] == profile
    ]
    return np.array(sorted(rows), dtype=np.float64).reshape(-1, 5)


def densities(curve: Curve) -> Curve:
    """Return semantic bits per transmitted bit with their interval: (n, 3)."""
    found: Curve = curve[:, 2:] / curve[:, 1:2]
    return found


def advantage_below(records: Sequence[Mapping[str, Any]], profile: str) -> tuple[float, bool] | None:
    """Find the rate below which a profile carries more meaning per bit than x265, as far as both were measured.

    Parameters
    ----------
    records : sequence                  Records of measured meaning.
    profile : str                       What is held against x265.

    Returns
    -------
    (float, bool) or None               Bits per pixel, and whether x265 has such a rate at all: where it has none, the
                                        advantage ends at its lowest one. None where even there x265 keeps more.
    """
    own, other = curve_of(records, profile), curve_of(records, REFERENCE)
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
    records : sequence                  Records of measured meaning.
    out : Path                          PNG, SVG or PDF.
    """
    check_picture(out)
    figure = new_figure((9.0, 3.9))
    figure.subplots_adjust(left=0.075, right=0.99, bottom=0.13, top=0.98, wspace=0.2)
    entropy = records[0]["semantic"]["entropy_bits"]
    ceiling = records[0]["semantic"]["ceiling"]["kept_bits"]
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


def meaning_table(records: Sequence[Mapping[str, Any]]) -> str:
    """Write every profile at its lowest and highest rate, and where it beats x265, as Markdown."""
    lines = [
        "| variant | mode | lowest rate [bpp] | kept there | semantic bit per bit there | highest rate [bpp] | "
        f"kept there | more meaning per bit than {REFERENCE} below [bpp] |",
        "| --- | --- | --: | --: | --: | --: | --: | --- |",
    ]
    for name in dict.fromkeys(record["profile"] for record in records):
        own = [record for record in records if record["profile"] == name]
        first, last = (pick(own, key=lambda record: float(record["rate"]["bpp"])) for pick in (min, max))
        lines.append(
            f"| `{name}` | {MODES[own[0]['mode']][0]} | {first['rate']['bpp']:.5f} | {_share(first)} | "
            f"{first['semantic']['kept_bits'] / first['rate']['bits_per_scene']:.4f} | {last['rate']['bpp']:.4f} | "
            f"{_share(last)} | {_below(records, name)} |"
        )
    return "\n".join(lines) + "\n"


def _share(record: Mapping[str, Any]) -> str:
    semantic = record["semantic"]
    return f"{semantic['fidelity']:.3f} [{semantic['low']:.3f}, {semantic['high']:.3f}]"


def _below(records: Sequence[Mapping[str, Any]], name: str) -> str:
    if name == REFERENCE:
        return "-"
    found = advantage_below(records, name)
    if found is None:
        return "nowhere"
    rate, met = found
    return f"{rate:.4f}" if met else f"{rate:.4f}, its lowest rate"
