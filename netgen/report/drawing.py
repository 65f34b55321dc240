"""Draws the network of a scenario, and writes any figure into a picture file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from netgen.errors import InputError, MissingDependencyError, did_you_mean
from netgen.schema.network import ConstantCapacity, Link, SteppedCapacity
from netgen.schema.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Positions = Mapping[str, tuple[float, float]]

INK, PALE = "#222222", "#8a8a8a"
# Okabe and Ito's palette, which people with any common colour blindness can tell apart.
KINDS: dict[str, tuple[str, str]] = {
    "server": ("s", "#0072B2"),
    "relay": ("o", "#999999"),
    "edge": ("D", "#E69F00"),
    "terminal": ("o", "#009E73"),
    "cell": ("^", "#CC79A7"),
    "ran": ("p", "#56B4E9"),
    "tower": ("v", "#D55E00"),
}
_UNDATED: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
_MOST_LABELLED_LINKS = 16
_MOST_LABELLED_NODES = 120
_MOST_ARROWS = 400
_MOST_SPRUNG_NODES = 499
_LAYOUT_SEED = 1
_TITLE_PT, _TEXT_PT, _PT_PER_INCH = 13.0, 9.0, 72.0
_EDGE_INCH = 0.12
_LABEL_INCH = 0.25
"""Room below the lowest node for its name and device, beside the margin that the drawing has."""
_HINTED = 1.05
"""Text on a grid of pixels is up to so much wider than its outlines."""


def draw_scenario(scenario: Scenario, out: Path) -> None:
    """Draw the nodes and links of a scenario into a picture; the same scenario gives the same bytes.

    Networks whose links run one way only are drawn from left to right, all others by forces between nodes.

    Parameters
    ----------
    scenario : Scenario             What to draw.
    out : Path                      File to write; PNG, SVG or PDF by its suffix.

    Raises
    ------
    InputError                      Another suffix, no such folder, or nothing to draw.
    MissingDependencyError          matplotlib is not installed.
    """
    check_picture(out)
    if not scenario.nodes:
        raise InputError(f'scenario "{scenario.name}" has no nodes: there is nothing to draw')
    positions, (width_inch, drawn_inch) = _layout(scenario)
    figure = new_figure((width_inch, drawn_inch))
    axes = figure.add_axes((0.02, 0.0, 0.96, 1.0))
    axes.set_axis_off()
    _draw_links(axes, scenario, positions)
    _draw_nodes(axes, scenario, positions)
    axes.margins(0.1, 0.12)
    _frame(figure, axes, scenario.name, _audiences(scenario))
    save_figure(figure, out)


def _frame(figure: Figure, axes: Axes, title: str, foot: str) -> None:
    """Title and legend above a drawing, its foot below, each on as many lines as it needs; the figure grows."""
    width_inch, drawn_inch = (float(side) for side in figure.get_size_inches())
    room_inch = width_inch - 2 * _EDGE_INCH
    above = in_lines(title, room_inch, size_pt=_TITLE_PT, bold=True)
    below = in_lines(foot, room_inch, size_pt=_TEXT_PT)
    handles, labels = axes.get_legend_handles_labels()
    # A marker, the gap behind it and the space before the next entry take 3.5 letters.
    widest_inch = max(_width_inch(label, _TEXT_PT) for label in labels) + 3.5 * _TEXT_PT / _PT_PER_INCH
    columns = min(len(labels), max(1, int(room_inch // widest_inch)))
    title_inch = _height_inch(len(above), _TITLE_PT)
    legend_inch = _height_inch(-(-len(labels) // columns), _TEXT_PT)
    top_inch = _EDGE_INCH + title_inch + legend_inch
    bottom_inch = _EDGE_INCH + _height_inch(len(below), _TEXT_PT) + _LABEL_INCH
    height_inch = top_inch + drawn_inch + bottom_inch
    figure.set_size_inches(width_inch, height_inch)
    axes.set_position((0.02, bottom_inch / height_inch, 0.96, drawn_inch / height_inch))
    left, upper = _EDGE_INCH / width_inch, 1 - _EDGE_INCH / height_inch
    figure.text(
        left, upper, "\n".join(above), ha="left", va="top", fontsize=_TITLE_PT, fontweight="bold", color=INK
    )
    size = max(float(handle.get_sizes()[0]) for handle in handles)  # type: ignore[attr-defined]
    axes.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(left, upper - title_inch / height_inch),
        bbox_transform=figure.transFigure, ncols=columns, frameon=False, fontsize=_TEXT_PT,
        markerscale=float(min(1.0, 9 / np.sqrt(size))), handletextpad=0.3, columnspacing=1.2, borderpad=0.0,
        borderaxespad=0.0,
    )  # fmt: skip
    if below:
        figure.text(
            left, _EDGE_INCH / height_inch, "\n".join(below), ha="left", va="bottom", fontsize=_TEXT_PT,
            color=INK,
        )  # fmt: skip


def in_lines(text: str, room_inch: float, *, size_pt: float, bold: bool = False) -> list[str]:
    """Break a text into lines that fit, between words, and inside of a word that is too long alone."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if _width_inch(longer, size_pt, bold=bold) <= room_inch:
            line = longer
            continue
        lines += [line] if line else []
        line = word
        while len(line) > 1 and _width_inch(line, size_pt, bold=bold) > room_inch:
            kept = next(
                n
                for n in range(len(line) - 1, 0, -1)
                if n == 1 or _width_inch(line[:n], size_pt, bold=bold) <= room_inch
            )
            lines.append(line[:kept])
            line = line[kept:]
    return [*lines, line] if line else lines


def _width_inch(text: str, size_pt: float, *, bold: bool = False) -> float:
    """How wide a text is in the font of the drawings."""
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415  (see `new_figure`)
    from matplotlib.textpath import TextPath  # noqa: PLC0415

    font = FontProperties(size=size_pt, weight="bold" if bold else "normal")
    return (
        _HINTED
        * float(TextPath((0, 0), text.replace("$", "S"), prop=font).get_extents().width)
        / _PT_PER_INCH
    )


def _height_inch(lines: int, size_pt: float) -> float:
    """How high lines of text are, with a gap to what comes next; nothing without lines."""
    return (1.2 * lines + 0.6) * size_pt / _PT_PER_INCH if lines else 0.0


def check_picture(out: Path) -> None:
    """Raise InputError when `out` is no file that a picture can be written to."""
    suffix = out.suffix.lower()
    if suffix not in _UNDATED:
        hint = did_you_mean(suffix, _UNDATED)
        raise InputError(
            f'{out}: "{suffix}" is not a kind of picture; accepted: {", ".join(sorted(_UNDATED))}{hint}'
        )
    if not out.resolve().parent.is_dir():
        raise InputError(f"{out}: there is no folder {out.resolve().parent}; make it first")
    if out.is_dir():
        raise InputError(f"{out} is a folder; accepted: a file that ends in {out.suffix}")


def new_figure(size_inch: tuple[float, float]) -> Figure:
    """An empty figure on a light ground; raises MissingDependencyError without matplotlib."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  (takes 0.3 s, needed for pictures only)
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "drawing needs matplotlib, which is not installed; install it with: pip install 'netgen[plot]'"
        ) from None
    return Figure(figsize=size_inch, facecolor="white")


def save_figure(figure: Figure, out: Path, *, dpi: int = 110) -> None:
    """Write a figure at once, without a date in it, so that the same figure gives the same bytes."""
    from matplotlib import rc_context  # noqa: PLC0415  (see `new_figure`)

    check_picture(out)
    suffix = out.suffix.lower()
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    try:
        with rc_context({"svg.hashsalt": "netgen"}):
            figure.savefig(partial, format=suffix[1:], dpi=dpi, metadata=_UNDATED[suffix])
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def rate_text(rate_bps: float) -> str:
    """A rate as a person writes it, for example `20 Mbit/s`."""
    for unit, factor in (("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)):
        if rate_bps >= factor:
            return f"{rate_bps / factor:.4g} {unit}"
    return f"{rate_bps:.4g} bit/s"


def capacity_text(link: Link) -> str:
    """Capacity of a link: its rate, the range of its steps, or that it follows a trace."""
    capacity = link.capacity
    if isinstance(capacity, ConstantCapacity):
        return rate_text(capacity.rate_bps)
    if isinstance(capacity, SteppedCapacity):
        rates_bps = sorted({rate_bps for _, rate_bps in capacity.steps})
        low, high = rate_text(rates_bps[0]), rate_text(rates_bps[-1])
        return high if low == high else f"{low} to {high}"
    return "by trace"


def _layout(scenario: Scenario) -> tuple[Positions, tuple[float, float]]:
    """Where each node stands, and the size of the drawing [inch].

    In columns along the links; where links run in cycles on a circle if all nodes have equally many
    neighbours, as in a ring with chords, else by forces.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(sorted(scenario.nodes))
    graph.add_edges_from(sorted((link.source, link.target) for link in scenario.links.values()))
    if graph.number_of_edges() and nx.is_directed_acyclic_graph(graph):
        columns = _columns(graph)
        rows = Counter(column for column, _ in columns.values())
        return columns, (
            float(np.clip(2.3 * len(rows), 6, 14)),
            float(np.clip(1.2 * max(rows.values()) + 1.2, 2.6, 10)),
        )
    found = nx.circular_layout(graph)
    neighbours = {count for _, count in graph.to_undirected().degree()}
    if len(neighbours) > 1 and len(graph) <= _MOST_SPRUNG_NODES:
        found = nx.spring_layout(graph.to_undirected(), pos=found, seed=_LAYOUT_SEED, iterations=200)
    return {name: (float(x), float(y)) for name, (x, y) in found.items()}, (8.5, 8.0)


def _columns(graph: nx.DiGraph[str]) -> Positions:
    """Columns by the longest way from a start; in each the nodes beside those that lead to them."""
    places: dict[str, tuple[float, float]] = {}
    for column, names in enumerate(nx.topological_generations(graph)):
        above = {
            name: float(np.mean([places[before][1] for before in graph.predecessors(name)] or [0.0]))
            for name in names
        }
        ordered = sorted(names, key=lambda name: (-above[name], name))
        for row, name in enumerate(ordered):
            places[name] = (float(column), (len(ordered) - 1) / 2 - row)
    return places


def _draw_links(axes: Axes, scenario: Scenario, positions: Positions) -> None:
    """One line per pair of nodes; an arrow where it runs one way only; capacities when they are few."""
    from matplotlib.collections import LineCollection  # noqa: PLC0415  (see `new_figure`)

    ends = {(link.source, link.target): link for link in scenario.links.values()}
    pairs = [pair for pair in ends if pair[::-1] not in ends or pair < pair[::-1]]
    one_way = [pair for pair in pairs if pair[::-1] not in ends]
    lines = [pair for pair in pairs if pair[::-1] in ends]
    if len(one_way) > _MOST_ARROWS:
        one_way, lines = [], pairs
    segments = [(positions[source], positions[target]) for source, target in lines]
    axes.add_collection(LineCollection(segments, colors=PALE, linewidths=1.2, zorder=1))
    for source, target in one_way:
        arrow = {
            "arrowstyle": "-|>",
            "color": PALE,
            "lw": 1.4,
            "shrinkA": 11,
            "shrinkB": 13,
            "mutation_scale": 13,
        }
        axes.annotate("", positions[target], positions[source], arrowprops=arrow, zorder=1)
    if len(pairs) > _MOST_LABELLED_LINKS:
        return
    for pair in pairs:
        texts = [capacity_text(ends[pair])]
        if pair[::-1] in ends:
            texts.append(capacity_text(ends[pair[::-1]]))
        (x0, y0), (x1, y1) = positions[pair[0]], positions[pair[1]]
        axes.text(
            x0 + 0.52 * (x1 - x0), y0 + 0.52 * (y1 - y0), " / ".join(dict.fromkeys(texts)), ha="center", va="center",
            fontsize=8.5, color=INK, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0}, zorder=2,
        )  # fmt: skip


def _draw_nodes(axes: Axes, scenario: Scenario, positions: Positions) -> None:
    """A marker for each node by its kind, with a dark rim where it has a GPU."""
    size = float(np.clip(9000 / len(positions), 20, 260))
    for kind, (marker, colour) in KINDS.items():
        for equipped in (False, True):
            names = [
                name
                for name, node in scenario.nodes.items()
                if node.kind == kind and (node.gpu is not None) == equipped
            ]
            if names:
                x, y = zip(*(positions[name] for name in names), strict=True)
                rim: dict[str, Any] = {"edgecolors": INK if equipped else "white"}
                axes.scatter(
                    x, y, s=size, marker=marker, c=colour, linewidths=2.4 if equipped else 1.0, zorder=3,
                    label=f"{kind} with GPU" if equipped else kind, **rim,
                )  # fmt: skip
    if len(positions) <= _MOST_LABELLED_NODES:
        _name_nodes(axes, scenario, positions)


def _name_nodes(axes: Axes, scenario: Scenario, positions: Positions) -> None:
    """Names below the nodes, or outside of a circle of nodes; with their devices when they are few."""
    gap, font_size = (15, 9) if len(positions) <= 40 else (9, 7)
    on_circle = len(positions) > 3 and bool(
        np.allclose(np.hypot(*zip(*positions.values(), strict=True)), 1.0)
    )
    for name, (x, y) in positions.items():
        gpu = scenario.nodes[name].gpu
        text = name if gpu is None or len(positions) > _MOST_LABELLED_LINKS else f"{name}\n{gpu.device}"
        offset = (1.6 * gap * x, 1.4 * gap * y) if on_circle else (0.0, -float(gap))
        axes.annotate(
            text, (x, y), offset, textcoords="offset points", ha="center", va="center" if on_circle else "top",
            fontsize=font_size, color=INK, zorder=4,
        )  # fmt: skip


def _audiences(scenario: Scenario) -> str:
    """Who watches where, for the foot of the drawing."""
    found = [
        f"{name}: {audience.count:,} users at {_listed([*filter(None, [audience.tower]), *audience.cells])}"
        for name, audience in scenario.audiences.items()
    ]
    return "; ".join(found[:3]) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")


def _listed(names: Iterable[str], most: int = 6) -> str:
    """The first few names."""
    known = list(names)
    return ", ".join(known[:most]) + (f" and {len(known) - most} more" if len(known) > most else "")
