"""What people see of the radio of a run: distributions of SINR and rate, coverage, load of sectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from netgen.report.fitting import fitted

_SCALES = {"sinr_db": ("SINR [dB]", 1.0, 1), "rate_bps": ("rate [Mbit/s]", 1e6, 2)}


def radio_table(radio: Mapping[str, Any]) -> Table:
    """Percentiles over users and time, one line for each quantity of each network or channel."""
    table = Table(title="radio", box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column("network")
    table.add_column("over users and time")
    for name in ("5 %", "25 %", "50 %", "75 %", "95 %", "mean", "cov-\nered"):
        table.add_column(Text(name), justify="right")
    for node, found in radio.items():
        for quantity, (label, scale, digits) in _SCALES.items():
            if quantity not in found:
                continue
            figures = found[quantity]
            shown = [
                f"{figures[key] / scale:,.{digits}f}" for key in ("p5", "p25", "p50", "p75", "p95", "mean")
            ]
            covered = f"{found['coverage']:.1%}" if quantity == "sinr_db" else ""
            table.add_row(node, Text(label), *shown, covered)
    return fitted(table)


def sector_lines(radio: Mapping[str, Any]) -> list[str]:
    """One sentence for each cellular network: its load and its handovers."""
    return [
        f"{node}: {found['sectors']} sectors use {found['block_use_mean']:.1%} of their resource blocks "
        f"(the busiest {found['block_use_busiest']:.1%}); {found['handovers']:,} handovers, "
        f"{found['ping_pongs']:,} of them back within a second"
        for node, found in radio.items()
        if "sectors" in found
    ]
