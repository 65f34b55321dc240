"""What people and programs see of coverage maps: a table, and one JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from netgen.report.fitting import fitted

if TYPE_CHECKING:
    from netgen.coverage.made_map import MadeMap

LEVELS = (0.50, 0.70, 0.95)


def coverage_table(maps: Sequence[MadeMap], title: str) -> Table:
    """One line for each map, and below it one for each audience that its node serves."""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column("map")
    table.add_column("receivers")
    for name in (
        "required\n[dB]",
        "cell\n[m]",
        "area\n[km2]",
        *(f"area\n>= {level:.0%}" for level in LEVELS),
    ):
        table.add_column(Text(name), justify="right")
    for name in ("users", "users\nmean"):
        table.add_column(Text(name), justify="right")
    for made in maps:
        users = sum(share.users for share in made.audiences.values())
        table.add_row(
            Text(made.name), made.receiver or "outdoors", f"{made.quantity} {made.required_db:.1f}", f"{made.cell_m:g}",
            f"{made.served_km2:,.2f}", *(f"{made.area_share(level):.1%}" for level in LEVELS), f"{users:,}",
            _percent(made.population_probability),
        )  # fmt: skip
        for audience, share in made.audiences.items():
            blanks = [""] * (3 + len(LEVELS))
            receiver = share.receiver or "as they are"
            table.add_row(
                Text(f"  {audience}"), receiver, *blanks, f"{share.users:,}", _percent(share.probability)
            )
    return fitted(table)


def coverage_document(
    maps: Sequence[MadeMap], files: Mapping[str, tuple[Path, Path]], *, scenario: str, seed: int | None
) -> dict[str, Any]:
    """All of it, ready for JSON.

    Parameters
    ----------
    maps : sequence of MadeMap      The maps.
    files : mapping                 By name of the map its picture and its GeoTIFF file.
    scenario, seed                  Of the run.
    """
    return {"scenario": scenario, "seed": seed, "maps": [_entry(made, *files[made.name]) for made in maps]}


def _entry(made: MadeMap, picture: Path, geotiff: Path) -> dict[str, Any]:
    """One map."""
    rows, columns = made.coverage.probability.shape
    return {
        "node": made.node,
        "pipe": made.pipe,
        "quantity": made.quantity,
        "required_db": made.required_db,
        "carrier_hz": made.carrier_hz,
        "receiver": made.receiver,
        "activity": made.activity,
        "cell_m": made.cell_m,
        "columns": columns,
        "rows": rows,
        "crs": made.coverage.crs,
        "area_km2": made.served_km2,
        "area_share": {f"{level:.2f}": made.area_share(level) for level in LEVELS},
        "users_mean": made.population_probability,
        "audiences": {
            name: {
                "users": share.users,
                "evaluated": share.evaluated,
                "receiver": share.receiver,
                "mean": share.probability,
            }
            for name, share in made.audiences.items()
        },
        "png": str(picture),
        "geotiff": str(geotiff),
    }


def _percent(share: float | None) -> str:
    """A share in per cent; a dash without users."""
    return "-" if share is None else f"{share:.1%}"
