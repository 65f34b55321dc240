"""Simulates the calibration of TR 38.901 and writes its pictures and tables into the documentation.

Usage: calibration_figures.py

Takes about two minutes on two processors. Writes `docs/pictures/calibration_*.png` and the blocks between
`<!-- begin NAME -->` and `<!-- end NAME -->` of `docs/calibration.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netgen.propagation.building_entry import Glass
from netgen.report.drawing import INK, new_figure, save_figure
from netgen.verify.calibration import (
    CAMPAIGNS,
    PERCENTILES,
    TITLES,
    CompanyResults,
    company_results,
    simulate_epoch_percentiles,
    simulate_percentiles,
)
from netgen.verify.calibration_drop import METRICS, CalibrationSetup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "calibration.md"

_OURS, _EPOCH, _MEAN, _BAND = "#0072B2", "#D55E00", "#555555", "#d9d9d9"
_EPOCH_CASE = "UMa 6 GHz"
_MEDIAN = int(np.flatnonzero(PERCENTILES == 50.0)[0])
_VARIED = {
    CAMPAIGNS[0].name: ("UMa 6 GHz", "UMi 6 GHz", "UMa 30 GHz"),
    CAMPAIGNS[1].name: ("UMa 6 GHz", "UMi 6 GHz"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One case: what the companies found and what netgen finds, link by link and (one case) by the radio epoch."""

    results: CompanyResults
    links_db: Floats
    epoch_db: Floats | None

    @property
    def inside(self) -> list[int]:
        """Percentiles inside the companies' range, per metric."""
        return [int(count) for count in (self.results.excess_db(self.links_db) <= 0.0).sum(axis=1)]


def compare() -> list[Comparison]:
    """Simulate every case of both campaigns."""
    found = []
    for campaign in CAMPAIGNS:
        for results in company_results(campaign):
            first = campaign is CAMPAIGNS[0] and results.case == _EPOCH_CASE
            epoch_db = simulate_epoch_percentiles(results.setup) if first else None
            found.append(Comparison(results, simulate_percentiles(results.setup), epoch_db))
    return found


def draw_calibration(found: Sequence[Comparison], folder: Path) -> list[Path]:
    """Draw the CDFs of each campaign and environment, and for each campaign the distances from the mean."""
    made = []
    for campaign, year in zip(CAMPAIGNS, ("2016", "r19"), strict=True):
        own = [item for item in found if item.results.campaign is campaign]
        for environment in ("UMa", "UMi"):
            rows = [item for item in own if item.results.case.startswith(environment)]
            made.append(folder / f"calibration_{year}_{environment.lower()}.png")
            _draw_cdfs(rows, made[-1])
        made.append(folder / f"calibration_{year}_difference.png")
        _draw_differences(own, made[-1])
    return made


def _draw_cdfs(rows: Sequence[Comparison], out: Path) -> None:
    """One row of panels per case, one column per metric."""
    figure = new_figure((10.5, 2.6 * len(rows) + 0.9))
    panels = figure.subplots(len(rows), len(METRICS), squeeze=False, sharey=True)
    for item, line in zip(rows, panels, strict=True):
        results = item.results
        for index, (metric, axes) in enumerate(zip(METRICS, line, strict=True)):
            axes.fill_betweenx(
                PERCENTILES, results.lowest_db[index], results.highest_db[index], color=_BAND, lw=0
            )
            axes.plot(results.mean_db[index], PERCENTILES, color=_MEAN, lw=1.0, ls="--")
            axes.plot(item.links_db[index], PERCENTILES, color=_OURS, lw=1.4)
            if item.epoch_db is not None:
                axes.plot(item.epoch_db[index], PERCENTILES, color=_EPOCH, lw=0, marker=".", ms=4)
            axes.set_ylim(0, 100)
            axes.set_yticks(range(0, 101, 25))
            axes.set_title(
                f"{results.case}: {item.inside[index]} of {len(PERCENTILES)} inside",
                fontsize=9, loc="left", color=INK,
            )  # fmt: skip
            axes.set_xlabel(f"{TITLES[metric]} [dB]", fontsize=8.5)
            _style(axes)
        line[0].set_ylabel("users below [%]", fontsize=8.5)
    _finish(figure, rows, out)


def _draw_differences(cases: Sequence[Comparison], out: Path) -> None:
    """The same against the mean of the companies: one row of panels per metric, one column per case."""
    figure = new_figure((2.0 * len(cases) + 0.9, 6.6))
    panels = figure.subplots(len(METRICS), len(cases), squeeze=False, sharey="row", sharex=True)
    for item, column in zip(cases, panels.T, strict=True):
        results = item.results
        for index, (metric, axes) in enumerate(zip(METRICS, column, strict=True)):
            mean_db = results.mean_db[index]
            axes.fill_between(
                PERCENTILES,
                results.lowest_db[index] - mean_db,
                results.highest_db[index] - mean_db,
                color=_BAND,
                lw=0,
            )
            axes.axhline(0.0, color=_MEAN, lw=1.0, ls="--")
            axes.plot(PERCENTILES, item.links_db[index] - mean_db, color=_OURS, lw=1.4)
            if item.epoch_db is not None:
                axes.plot(PERCENTILES, item.epoch_db[index] - mean_db, color=_EPOCH, lw=0, marker=".", ms=4)
            axes.set_xlim(0, 100)
            axes.set_xticks((5, 50, 95))
            _style(axes)
            if axes is panels[index][0]:
                axes.set_ylabel(f"{TITLES[metric]},\nless the mean [dB]", fontsize=8.5)
        column[0].set_title(results.case, fontsize=9, loc="left", color=INK)
        column[-1].set_xlabel("users below [%]", fontsize=8.5)
    _finish(figure, cases, out)


def _style(axes: Axes) -> None:
    """Light grid, no box."""
    axes.grid(color="#eeeeee", lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, length=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _finish(figure: Figure, items: Sequence[Comparison], out: Path) -> None:
    """Legend above the panels, and save."""
    from matplotlib.lines import Line2D  # noqa: PLC0415  (for pictures only)
    from matplotlib.patches import Patch  # noqa: PLC0415

    results = items[0].results
    fewest = min(int(item.results.companies.min()) for item in items)
    most = max(int(item.results.companies.max()) for item in items)
    who = f"{most} companies" if fewest == most else f"{fewest} to {most} companies"
    entries: list[Patch | Line2D] = [
        Line2D([], [], color=_OURS, lw=1.4, label="netgen, links drawn one by one"),
        Line2D([], [], color=_MEAN, lw=1.0, ls="--", label="mean of the companies"),
        Patch(color=_BAND, label=f"lowest to highest of {who} ({results.campaign.name})"),
    ]
    if any(item.epoch_db is not None for item in items):
        entries.insert(
            1, Line2D([], [], color=_EPOCH, lw=0, marker=".", label="netgen, radio epoch (UMa 6 GHz)")
        )
    height_inch = figure.get_size_inches()[1]
    figure.legend(handles=entries, loc="upper left", ncols=len(entries), fontsize=8, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.35 / height_inch), h_pad=1.0)
    save_figure(figure, out, dpi=88)


def calibration_blocks(found: Iterable[Comparison]) -> dict[str, str]:
    """Blocks of the page: the table of all cases, the radio epoch, and what other readings would give."""
    listed = list(found)
    return {
        "calibration-cases": _case_table(listed),
        "calibration-epoch": _epoch_table(listed),
        "calibration-readings": _reading_table(listed),
    }


def _case_table(found: Sequence[Comparison]) -> str:
    """Every case and metric: how many percentiles inside, and where."""
    lines = [
        "| campaign | case | metric | inside | less the mean [dB] at 5 %, 50 %, 95 % | nearest to the edge [dB] |",
        "| --- | --- | --- | --: | --: | --: |",
    ]
    for item in found:
        results = item.results
        for index, metric in enumerate(METRICS):
            ours_db = item.links_db[index]
            less_db = ours_db - results.mean_db[index]
            room_db = np.minimum(ours_db - results.lowest_db[index], results.highest_db[index] - ours_db)
            tight = int(room_db.argmin())
            lines.append(
                f"| {results.campaign.name} | {results.case} | {TITLES[metric]} | "
                f"{item.inside[index]} of {len(PERCENTILES)} | "
                f"{less_db[0]:+.1f}, {less_db[_MEDIAN]:+.1f}, {less_db[-1]:+.1f} | "
                f"{room_db[tight]:.2f} at {PERCENTILES[tight]:.0f} % |"
            )
    return "\n".join(lines) + "\n"


def _epoch_table(found: Sequence[Comparison]) -> str:
    """The radio epoch beside links drawn one by one."""
    (item,) = (entry for entry in found if entry.epoch_db is not None)
    assert item.epoch_db is not None
    inside = (item.results.excess_db(item.epoch_db) <= 0.0).sum(axis=1)
    lines = [
        f"| {_EPOCH_CASE} | radio epoch: inside | largest difference from links drawn one by one [dB] |",
        "| --- | --: | --: |",
    ]
    lines += [
        f"| {TITLES[metric]} | {count} of {len(PERCENTILES)} | {np.abs(epoch - links).max():.2f} |"
        for metric, count, epoch, links in zip(METRICS, inside, item.epoch_db, item.links_db, strict=True)
    ]
    return "\n".join(lines) + "\n"


def _readings(setup: CalibrationSetup) -> dict[str, CalibrationSetup]:
    """The set-up, and each thing that may be read differently changed alone."""
    other = Glass.RELEASE_19 if setup.glass is Glass.RELEASE_14 else Glass.RELEASE_14
    varied = {
        "as compared above": setup,
        "elements 0.8 wavelengths apart": replace(setup, spacing_wavelengths=0.8),
        "no wrap-around": replace(setup, wrap_around=False),
        "sectors look to corners of the site's hexagon": replace(setup, first_neighbour_deg=0.0),
        "depth indoors from one uniform number": replace(setup, inside_draws=1),
        f"glass of {other.value.replace('-', ' ')}": replace(setup, glass=other),
    }
    if setup.environment.value == "uma":
        varied["line-of-sight loss of TR 38.900 v14.0.0"] = replace(setup, first_los_formula=True)
        if setup.power_dbm == 49.0:  # 30 and 70 GHz have one power for both environments
            varied["44 dBm instead of 49 dBm"] = replace(setup, power_dbm=44.0)
    return varied


def _reading_table(found: Sequence[Comparison]) -> str:
    """What each other reading of the set-up does to some of the cases."""
    lines = [
        "| campaign | case | reading | gain | SINR | SIR | furthest outside [dB] | median gain less the mean [dB] |",
        "| --- | --- | --- | --: | --: | --: | --: | --: |",
    ]
    for item in found:
        results = item.results
        if results.case not in _VARIED[results.campaign.name]:
            continue
        for name, setup in _readings(results.setup).items():
            ours_db = item.links_db if setup == results.setup else simulate_percentiles(setup, drops=40)
            excess_db = results.excess_db(ours_db)
            counts = " | ".join(f"{int(count)}" for count in (excess_db <= 0.0).sum(axis=1))
            less_db = ours_db[0, _MEDIAN] - results.mean_db[0, _MEDIAN]
            where = f"{results.campaign.name} | {results.case}"
            lines.append(f"| {where} | {name} | {counts} | {excess_db.max():.1f} | {less_db:+.1f} |")
    return "\n".join(lines) + "\n"


def fill(page: str, blocks: Mapping[str, str]) -> str:
    """The page with its blocks replaced."""
    for name, text in blocks.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        parts = re.split(f"({begin}).*?({end})", page, flags=re.DOTALL)
        times = len(parts) // 3
        page = parts[0] + begin + text + end + parts[-1]
        if times != 1:
            raise SystemExit(f"calibration_figures.py: {PAGE.name} has the block {name} {times} times")
    return page


def main() -> None:
    """Write pictures and page."""
    found = compare()
    for path in draw_calibration(found, DOCS / "pictures"):
        print(path.relative_to(DOCS.parent), path.stat().st_size)
    page = fill(PAGE.read_text(encoding="utf-8"), calibration_blocks(found))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
