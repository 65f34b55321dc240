"""What people see of the collaborative service modes of a run, beside its baseline when there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from netgen.report.fitting import fitted

Figures = Mapping[str, Any]
_MODES = ("continuation", "offloading", "addition")


def modes_table(modes: Figures, baseline: Figures | None) -> Table | None:
    """Headline figures of each mode; with those of the baseline in a column of their own.

    Parameters
    ----------
    modes : mapping                 `service_modes` of the summary.
    baseline : mapping or None      `baseline` of the summary.

    Returns
    -------
    Table or None                   None when the scenario has no mode.
    """
    without = (baseline or {}).get("service_modes")
    used = [mode for mode in _MODES if mode in modes]
    if not used:
        return None
    table = Table(
        title="service modes, beside the baseline" if without else "service modes",
        box=box.SIMPLE_HEAD,
        padding=0,
        pad_edge=False,
    )
    table.add_column("mode")
    table.add_column("figure")
    table.add_column("this run", justify="right")
    if without and baseline is not None:
        table.add_column(Text(baseline["policy"]), justify="right")
    for mode in used:
        columns = [modes[mode], *([without[mode]] if without and mode in without else [])]
        for place, (label, shown) in enumerate(_ROWS[mode]):
            table.add_row(mode if place == 0 else "", label, *(Text(shown(figures)) for figures in columns))
    return fitted(table)


def _count(*keys: str) -> Callable[[Figures], str]:
    """One or more counts, separated by strokes."""
    return lambda figures: " / ".join(f"{figures[key]:,}" for key in keys)


def _of(part: str, whole: str) -> Callable[[Figures], str]:
    """A count out of another."""
    return lambda figures: f"{figures[part]:,} of {figures[whole]:,}"


def _number(key: str, unit: str, scale: float = 1.0, digits: int = 3) -> Callable[[Figures], str]:
    """A quantity in a unit; a dash where it is not known."""
    return lambda figures: "-" if figures[key] is None else f"{figures[key] / scale:,.{digits}f} {unit}"


def _bits(key: str) -> Callable[[Figures], str]:
    """Bits in Mbit."""
    return lambda figures: f"{figures[key] / 1e6:,.1f} Mbit"


def _share(*keys: str) -> Callable[[Figures], str]:
    """Shares in per cent."""
    return lambda figures: " / ".join("-" if figures[key] is None else f"{figures[key]:.1%}" for key in keys)


def _needless(figures: Figures) -> str:
    """Needless hand-overs, with their share of those that could be judged."""
    share = figures["needless_share"]
    return f"{figures['needless']:,}" if share is None else f"{figures['needless']:,} ({share:.1%})"


def _transfer(figures: Figures) -> str:
    """Delay of contexts from core to core."""
    mean_s, most_s = figures["transfer_delay_mean_s"], figures["transfer_delay_max_s"]
    return "-" if mean_s is None else f"{mean_s * 1e3:,.2f} / {most_s * 1e3:,.2f} ms"


_ROWS: dict[str, tuple[tuple[str, Callable[[Figures], str]], ...]] = {
    "continuation": (
        ("hand-overs / returns", _count("handovers", "returns")),
        ("needless, of those judged", _needless),
        ("refused / unfinished", _count("refused", "unfinished")),
        ("interrupted users", _of("interrupted_users", "users")),
        ("interruption, all users", _number("interruption_s", "s")),
        ("segments lost", _count("segments_lost")),
        ("segments repaired / sent again", _count("segments_repaired", "segments_resent")),
        ("sent by cells", _bits("cellular_bits")),
        ("context transfer, mean / longest", _transfer),
    ),
    "offloading": (
        ("cell load, mean / busiest", _share("cell_load_mean", "cell_load_busiest")),
        ("users late, lost or blocked", _of("late_or_blocked_users", "users")),
        ("segments late or lost", _share("late_or_blocked_segments_share")),
        ("users blocked", _of("blocked_users", "users")),
        ("contents to tower / back", _count("moves_to_tower", "moves_back")),
        ("users moved", _of("moved_users", "users")),
        ("cells freed, of the bound", _share("freed_of_bound")),
        ("time to offload", _number("time_to_offload_mean_s", "s")),
        ("sent by the tower", _bits("tower_bits")),
        ("sent by cells", _bits("cellular_bits")),
    ),
    "addition": (
        ("cell load, mean / busiest", _share("cell_load_mean", "cell_load_busiest")),
        ("segments enhanced / alone", _count("segments_enhanced", "segments_common_alone")),
        (
            "sent / at cells / at terminals",
            _count(
                "enhancements_sent", "enhancements_generated_at_cell", "enhancements_generated_at_terminal"
            ),
        ),
        ("enhancements late / lost", _count("enhancements_late", "enhancements_lost")),
        ("bits per enhanced segment", _number("bits_per_enhanced_segment", "Mbit", 1e6)),
        ("energy of terminals", _number("terminal_energy_joule", "J", digits=1)),
    ),
}
