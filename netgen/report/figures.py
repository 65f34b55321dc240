"""Figures of finished runs, drawn from their run directories alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from netgen.errors import InputError
from netgen.ledger import LedgerReader
from netgen.report.drawing import INK, PALE, check_picture, new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

_BLUE, _ORANGE, _GREEN = "#0072B2", "#D55E00", "#009E73"
_LIGHT_BLUE, _LIGHT_GREY = "#cfe3f1", "#e9e9e9"
_BASELINE = "baseline"
_MBIT = 1e6


@dataclass(frozen=True, slots=True)
class CellCourse:
    """What happened at one cell in the course of a run.

    Parameters
    ----------
    cell, link : str                            The cell and the last link before it, its backhaul.
    start_s, capacity_bps, carried_bps          Per ledger interval: its start, and mean rates of the link.
    offered_s, contracted, fidelity, late       Per segment: when it was offered, whether it travelled
                                                contracted, the share of its meaning that users got, and
                                                whether all of them got it after the deadline.
    """

    cell: str
    link: str
    start_s: Floats
    capacity_bps: Floats
    carried_bps: Floats
    offered_s: Floats
    contracted: NDArray[np.bool_]
    fidelity: Floats
    late: NDArray[np.bool_]


def cell_courses(run: Path) -> dict[str, CellCourse]:
    """Course of every cell of a run, by name; segments that were in flight at the end are left out.

    Raises
    ------
    InputError                  No run directory, or nothing was sent to users by unicast.
    """
    ledger = LedgerReader(run)
    segments = ledger.table("segments")
    segments = segments.filter(
        pc.and_(pc.equal(segments["source_kind"], "cellular"), pc.not_equal(segments["outcome"], "in-flight"))
    )
    if not len(segments):
        raise InputError(
            f"{run}: no segment reached the users of a cell by unicast; accepted: a run with cells"
        )
    links = ledger.table("links", ["link", "start_s", "length_s", "capacity_bits", "carried_bits"])
    courses = {}
    for cell in sorted(set(segments["receiver"].to_pylist())):
        mine = segments.filter(pc.equal(segments["receiver"], cell)).sort_by("offered_s")
        before, last = mine["path"][0].as_py()[-2:]
        row = links.filter(pc.equal(links["link"], f"{before}->{last}"))
        length_s = row["length_s"].to_numpy()
        offered = mine["semantic_bits_offered"].to_numpy()
        courses[cell] = CellCourse(
            cell,
            f"{before}->{last}",
            row["start_s"].to_numpy(),
            row["capacity_bits"].to_numpy() / length_s,
            row["carried_bits"].to_numpy() / length_s,
            mine["offered_s"].to_numpy(),
            np.array([bool(name) for name in mine["contracted_by"].to_pylist()]),
            mine["semantic_bits_delivered"].to_numpy() / offered,
            np.array([outcome == "late" for outcome in mine["outcome"].to_pylist()]),
        )
    return courses


def draw_elastic(run: Path, out: Path) -> None:
    """Draw a run with cells and its baseline: backhaul and fidelity per cell in the course of time.

    Parameters
    ----------
    run : Path                      Run directory of a scenario with cells and a `baseline`.
    out : Path                      PNG, SVG or PDF to write.

    Raises
    ------
    InputError                      No run directory with cells and a baseline, or no picture file.
    MissingDependencyError          matplotlib is not installed.
    """
    check_picture(out)
    summary = _summary(run)
    if _BASELINE not in summary:
        raise InputError(f"{run}: the run has no baseline; add `baseline: forward` to its scenario")
    courses, beside = cell_courses(run), cell_courses(run / _BASELINE)
    count = len(courses)
    figure = new_figure((3.7 * count + 0.9, 5.6))
    grid = figure.add_gridspec(
        2, count, left=0.9 / (3.7 * count + 0.9), right=0.985, top=0.83, bottom=0.10, hspace=0.16, wspace=0.12
    )
    highest = 1.12 * max(float(course.capacity_bps.max()) for course in courses.values()) / _MBIT
    upper: Axes | None = None
    lower: Axes | None = None
    for column, (cell, course) in enumerate(courses.items()):
        upper = figure.add_subplot(grid[0, column], sharex=upper, sharey=upper)
        lower = figure.add_subplot(grid[1, column], sharex=upper, sharey=lower)
        _draw_backhaul(upper, course, beside[cell], highest)
        _draw_fidelity(lower, course, beside[cell])
        for axes in (upper, lower):
            _plain(axes)
            axes.tick_params(labelleft=column == 0)
        upper.tick_params(labelbottom=False)
        lower.set_xlabel("time [s]")
        if column == 0:
            upper.set_ylabel("backhaul [Mbit/s]")
            lower.set_ylabel("semantic fidelity\nof each segment")
    figure.legend(
        handles=_elastic_handles(summary["baseline"]["policy"]), loc="upper left", bbox_to_anchor=(0.006, 0.945),
        ncols=5, frameon=False, fontsize=9.5, handlelength=1.6, columnspacing=1.4, handletextpad=0.5,
    )  # fmt: skip
    figure.text(
        0.012,
        0.985,
        _elastic_title(summary),
        ha="left",
        va="top",
        fontsize=12.5,
        fontweight="bold",
        color=INK,
    )
    save_figure(figure, out)


def _elastic_handles(policy: str) -> list[Artist]:
    """What the legend shows: the colours mean the same in both rows."""
    from matplotlib.lines import Line2D  # noqa: PLC0415  (matplotlib is optional)
    from matplotlib.patches import Patch  # noqa: PLC0415

    return [
        Line2D([], [], color=INK, linewidth=1.4, label="available"),
        Line2D(
            [], [], color=_ORANGE, linewidth=1.6, marker="o", mfc="white", ms=4, label=f"baseline ({policy})"
        ),
        Line2D([], [], color=_BLUE, linewidth=1.8, marker="o", ms=4, label="with the policy"),
        Line2D([], [], color=INK, linewidth=0, marker="x", ms=5, label="after the deadline"),
        Patch(color=_LIGHT_BLUE, label="segments contracted by the policy"),
    ]


def _draw_backhaul(axes: Axes, course: CellCourse, beside: CellCourse, highest: float) -> None:
    """Available and carried rate of a backhaul, and when segments were contracted for it."""
    last_s = (
        2 * course.start_s[-1] - course.start_s[-2] if len(course.start_s) > 1 else course.start_s[-1] + 1
    )
    edges_s = np.append(course.start_s, last_s)
    axes.stairs(course.capacity_bps / _MBIT, edges_s, color=INK, linewidth=1.4, baseline=None)
    axes.stairs(beside.carried_bps / _MBIT, edges_s, color=_ORANGE, linewidth=1.4, baseline=None)
    axes.stairs(course.carried_bps / _MBIT, edges_s, color=_BLUE, linewidth=1.8, baseline=None)
    _shade(axes, course)
    axes.set_title(
        f"{course.cell}: {course.contracted.mean():.0%} of segments contracted",
        loc="left",
        fontsize=10.5,
        color=INK,
    )
    axes.set_ylim(0, highest)
    axes.set_xlim(0, last_s)


def _draw_fidelity(axes: Axes, course: CellCourse, beside: CellCourse) -> None:
    """Fidelity of each segment at its users, with the policy and with the baseline."""
    for found, colour, fill in ((beside, _ORANGE, "white"), (course, _BLUE, _BLUE)):
        kept = ~found.late
        axes.plot(found.offered_s[kept], found.fidelity[kept], "o", ms=3.2, mfc=fill, mec=colour, mew=0.9)
        axes.plot(found.offered_s[~kept], found.fidelity[~kept], "x", ms=3.6, color=colour, mew=0.9)
    _shade(axes, course)
    axes.set_ylim(-0.05, 1.08)


def _shade(axes: Axes, course: CellCourse) -> None:
    """Colour the times at which segments were contracted."""
    for begin_s, end_s in _spans(course.offered_s, course.contracted):
        axes.axvspan(begin_s, end_s, color=_LIGHT_BLUE, linewidth=0, zorder=0)


def _elastic_title(summary: Mapping[str, Any]) -> str:
    """What the figure shows, in one line."""
    mine, other = summary["semantic_fidelity_mean"], summary["baseline"]["semantic_fidelity_mean"]
    mark = summary["semantic_fidelity_provenance"]
    return (
        f"{summary['scenario']}: mean semantic fidelity {mine:.3f} ({mark}), {other:.3f} without the policy"
    )


@dataclass(frozen=True, slots=True)
class ChainStep:
    """One step of a chain, on average over segments: bits and semantic bits that leave it."""

    name: str
    bits: float
    semantic_bits: float
    begin_s: float
    end_s: float


def chain_steps(run: Path) -> list[ChainStep]:
    """Steps that the delivered segments of a run with one receiver took, in order, as medians.

    Raises
    ------
    InputError                  No run directory, several receivers, or segments that went different ways.
    """
    segments = LedgerReader(run).table("segments", ["receiver", "outcome", "offered_s", "stages", "warmup"])
    if len(set(segments["receiver"].to_pylist())) != 1:
        raise InputError(f"{run}: has several receivers; accepted: a run with one service and one receiver")
    kept = [row for row in segments.to_pylist() if row["outcome"] == "delivered" and not row["warmup"]]
    ways = {tuple((stage["kind"], stage["where"]) for stage in row["stages"]) for row in kept}
    if len(ways) != 1:
        raise InputError(f"{run}: its segments went {len(ways)} different ways; accepted: one and the same")
    steps = []
    for number, (kind, where) in enumerate(ways.pop()):
        stages = [(row["stages"][number], row["offered_s"]) for row in kept]
        steps.append(
            ChainStep(
                f"{kind} {where}",
                float(np.median([stage["bits"] for stage, _ in stages])),
                float(np.median([stage["semantic_bits"] for stage, _ in stages])),
                float(np.median([stage["start_s"] - offered_s for stage, offered_s in stages])),
                float(np.median([stage["end_s"] - offered_s for stage, offered_s in stages])),
            )
        )
    return steps


def draw_chain(run: Path, out: Path) -> None:
    """Draw the stages of a chain: bits, semantic bits and times, step by step.

    Parameters
    ----------
    run : Path                      Run directory of a scenario with one service and one receiver.
    out : Path                      PNG, SVG or PDF to write.

    Raises
    ------
    InputError                      No such run directory, or no picture file.
    MissingDependencyError          matplotlib is not installed.
    """
    check_picture(out)
    summary = _summary(run)
    steps = [step for step in chain_steps(run) if not step.name.startswith("receive")]
    figure = new_figure((9.6, 0.42 * len(steps) + 1.9))
    grid = figure.add_gridspec(1, 3, left=0.105, right=0.985, top=0.84, bottom=0.16, wspace=0.10)
    rows = np.arange(len(steps))[::-1]
    colours = [_colour(step.name) for step in steps]
    axes = [figure.add_subplot(grid[0, column]) for column in range(3)]
    panels: Sequence[tuple[str, list[float], str]] = (
        ("bits that leave the step [Mbit]", [step.bits / _MBIT for step in steps], "{:.3g}"),
        ("semantic bits that leave it", [step.semantic_bits for step in steps], "{:.4g}"),
    )
    for panel, (title, values, pattern) in zip(axes, panels, strict=False):
        panel.barh(rows, values, color=colours, height=0.62)
        for row, value in zip(rows, values, strict=True):
            panel.text(
                value, row, " " + pattern.format(value), va="center", ha="left", fontsize=9.5, color=INK
            )
        panel.set_title(title, loc="left", fontsize=10.5, color=INK)
        panel.set_xlim(0, 1.22 * max(values))
        panel.set_xticks([])
    for row, step, colour in zip(rows, steps, colours, strict=True):
        length_s = step.end_s - step.begin_s
        if length_s > 0:
            axes[2].barh(row, 1e3 * length_s, left=1e3 * step.begin_s, color=colour, height=0.62)
        else:
            axes[2].plot(1e3 * step.begin_s, row, "D", color=colour, ms=6, clip_on=False)
    axes[2].set_title("when it begins and ends", loc="left", fontsize=10.5, color=INK)
    axes[2].set_xlabel("time since the offer [ms]")
    axes[2].grid(axis="x", color=_LIGHT_GREY)
    for number, panel in enumerate(axes):
        _plain(panel)
        panel.set_axisbelow(True)
        panel.set_yticks(rows, [step.name for step in steps])
        panel.tick_params(left=False, labelleft=number == 0)
        panel.set_ylim(-0.6, len(steps) - 0.4)
        if number < 2:
            panel.spines["bottom"].set_visible(False)
    figure.text(
        0.012, 0.975, _chain_title(summary), ha="left", va="top", fontsize=12.5, fontweight="bold", color=INK
    )
    save_figure(figure, out)


def _chain_title(summary: Mapping[str, Any]) -> str:
    """What the figure shows, in one line."""
    mark = summary["semantic_fidelity_provenance"]
    return f"{summary['scenario']}: one segment along the chain (medians; fidelity {mark})"


def _colour(step: str) -> str:
    """Colour of a kind of step."""
    kind = step.split(maxsplit=1)[0]
    return {"contract": _ORANGE, "expand": _GREEN, "link": _BLUE}.get(kind, PALE)


def _spans(instants_s: Floats, chosen: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Spans of time in which a condition held, from each instant to the next one."""
    if not len(instants_s):
        return []
    gap_s = float(np.median(np.diff(instants_s))) if len(instants_s) > 1 else 1.0
    ends_s = np.append(instants_s[1:], instants_s[-1] + gap_s)
    edges = np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int64))
    begins, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(float(instants_s[a]), float(ends_s[b - 1])) for a, b in zip(begins, stops, strict=True)]


def _plain(axes: Axes) -> None:
    """Axes without needless ink."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(PALE)
    axes.tick_params(colors=INK, labelsize=9.5)


def _summary(run: Path) -> dict[str, Any]:
    """summary.json of a run that did not fail."""
    try:
        summary: dict[str, Any] = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{run} is not a run directory: it has no summary.json") from None
    if "failed" in summary:
        raise InputError(f"{run}: the run failed: {summary['failed']}")
    return summary
