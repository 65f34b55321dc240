"""Write the table of block error rates that this package ships, from Sionna's physical-layer abstraction.

Run ``python -m netgen.nr.bler_table --output FILE`` (needs the extra `sionna`). The file holds one row per
MCS table, MCS index and code-block size: the first SINR, the step, and the block error rates on that grid.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np

from netgen.errors import MissingDependencyError
from netgen.nr.tables import mcs_table, rows

COLUMNS = ("mcs_table", "mcs", "code_block_bits", "first_db", "step_db", "provenance", "bler")
_DOWNLINK = 1
_BASE_TABLE, _BASE_MCS = 1, 3
_HEADER = """\
# Block error rate of one code block on AWGN against SINR per resource element, one layer, ideal channel knowledge.
# Rows `sionna`: the simulated tables of Sionna {version} (sys/bler_tables/PDSCH_table1.json and PDSCH_table2.json, read
# through PHYAbstraction.bler_table, category 1; Apache-2.0, only figures taken): LDPC, 20 flooding iterations.
# Rows `extended`: rates below Sionna's lowest, the curve of table {table} MCS {mcs} shifted as low_rate_sinr.csv says.
# bler: error rates at first_db, first_db + step_db, ...; written by: python -m netgen.nr.bler_table
"""

Row = tuple[int, int, int, float, float, str, str]
Curve = tuple[float, float, Mapping[int, Sequence[float]]]


def sionna_curves() -> dict[tuple[int, int], Curve]:
    """Sionna's simulated downlink curves: (MCS table, MCS) to first SINR, step and errors by block size.

    Raises
    ------
    MissingDependencyError              Sionna is not installed.
    """
    try:
        from sionna.sys import PHYAbstraction  # noqa: PLC0415  (optional and slow to import)
    except ImportError as error:
        raise MissingDependencyError(
            "writing the block error table needs Sionna; install the extra: pip install netgen[sionna]"
        ) from error
    found: dict[tuple[int, int], Curve] = {}
    for number, table in PHYAbstraction().bler_table["category"][_DOWNLINK]["index"].items():
        if number not in (1, 2):
            continue
        for mcs, curve in table["MCS"].items():
            grid_db = np.asarray(curve["SNR_db"], dtype=np.float64)
            step_db = float((grid_db[-1] - grid_db[0]) / (len(grid_db) - 1))
            if not np.allclose(np.diff(grid_db), step_db, rtol=0.0, atol=1e-9):
                raise ValueError(f"table {number} MCS {mcs}: the SINR grid is not uniform")
            blers = {int(bits): values["BLER"] for bits, values in sorted(curve["CBS"].items())}
            found[int(number), int(mcs)] = (float(grid_db[0]), step_db, blers)
    return found


def table_rows(curves: Mapping[tuple[int, int], Curve]) -> Iterator[Row]:
    """Rows of the shipped table, in order: Sionna's curves, and shifted ones where Sionna has none.

    Parameters
    ----------
    curves : mapping                    As `sionna_curves` returns it.

    Raises
    ------
    ValueError                          A scheme has neither a curve nor a rate in low_rate_sinr.csv.
    """
    shift_db = {
        float(row["rate_x1024"]): float(row["sinr_at_10_percent_db"]) for row in rows("low_rate_sinr.csv")
    }
    base_rate = round(float(mcs_table(_BASE_TABLE).rate[_BASE_MCS]) * 1024.0, 1)
    for number in (1, 2):
        for mcs in range(len(mcs_table(number))):
            moved_db, provenance = 0.0, "sionna"
            curve = curves.get((number, mcs))
            if curve is None:
                rate = round(float(mcs_table(number).rate[mcs]) * 1024.0, 1)
                if rate not in shift_db:
                    raise ValueError(
                        f"table {number} MCS {mcs} (rate {rate}/1024) has no curve to start from"
                    )
                curve = curves[_BASE_TABLE, _BASE_MCS]
                moved_db, provenance = shift_db[rate] - shift_db[base_rate], "extended"
            first_db, step_db, blers = curve
            for bits, values in blers.items():
                text = " ".join(f"{value:.6g}" for value in values)
                yield number, mcs, bits, first_db + moved_db, step_db, provenance, text


def written(table: Sequence[Row], *, sionna_version: str) -> str:
    """Text of the file: the header with the provenance, the column names and one line for each row."""
    lines = [_HEADER.format(version=sionna_version, table=_BASE_TABLE, mcs=_BASE_MCS) + ",".join(COLUMNS)]
    for number, mcs, bits, first_db, step_db, provenance, text in table:
        lines.append(f"{number},{mcs},{bits},{first_db:.9g},{step_db:.9g},{provenance},{text}")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the table to the file that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m netgen.nr.bler_table", description=__doc__)
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(__file__).with_name("bler_table.csv"),
        help="file to write (default: the table inside the package)",
    )
    output: Path = parser.parse_args(arguments).output
    table = list(table_rows(sionna_curves()))
    version = metadata.version("sionna-no-rt")
    output.write_text(written(table, sionna_version=version), encoding="utf-8")
    print(f"{len(table)} curves of Sionna {version} written to {output}")


if __name__ == "__main__":
    main()
