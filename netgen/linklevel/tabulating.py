"""Counts the block errors that are shipped as a table: `python -m netgen.linklevel.tabulating FILE`.

Every curve is written as soon as it is counted, and one that the file has already is not counted again. Each has random
streams of its own, so the order, and what was counted before, change nothing.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from netgen.errors import exit_code_of
from netgen.linklevel.block_errors import count_block_errors
from netgen.linklevel.curves import BlockErrorCurve, CurvePoint, read_curves, write_curves
from netgen.linklevel.protection import Channel, Code, Protection
from netgen.rng import generator_from

PROTECTIONS = (
    Protection(Code.TURBO, 128, 384, 2),
    Protection(Code.TURBO, 504, 1512, 2),
    Protection(Code.LDPC, 504, 1512, 2),
    Protection(Code.LDPC, 504, 1008, 2),
    Protection(Code.LDPC, 2048, 4096, 2),
    Protection(Code.LDPC, 2048, 3072, 2),
    Protection(Code.LDPC, 2048, 4096, 4),
    Protection(Code.LDPC, 2048, 3072, 4),
)
"""Text by turbo 1/3 on 4-QAM; bitstreams by LDPC at 1/3, 1/2 and 2/3 on 4-QAM and 16-QAM."""

_LONGEST_OF_BLOCK_FADING = 504
"""A block with one gain is lost when the gain is too small for its code, however long it is."""

_STEP_DB = {Channel.AWGN: 0.25, Channel.RAYLEIGH_FAST: 0.5, Channel.RAYLEIGH_BLOCK: 2.5}
_RARE = 2e-3
_HIGHEST_DB = 30.0


def tabulated(
    protection: Protection, channel: Channel, *, seed: int, provenance: str, tell: Callable[[str], None]
) -> BlockErrorCurve:
    """Count from where nothing passes to where next to nothing is lost.

    Parameters
    ----------
    protection, channel             What is sent over what.
    seed : int                      Every point has a stream of its own.
    provenance : str                For the record.
    tell : callable                 Told a line per curve.
    """
    points: list[CurvePoint] = []
    limit_db = 10 * math.log10(2**protection.efficiency - 1)
    step_db = _STEP_DB[channel]
    first = math.floor(limit_db / step_db) - (1 if channel is not Channel.RAYLEIGH_BLOCK else 3)
    for number in range(200):
        snr_db = (first + number) * step_db
        rng = generator_from(
            seed, *protection.code.encode(), protection.coded_bits, *channel.encode(), number
        )
        found = count_block_errors(protection, channel, snr_db, rng)
        while len(points) == 1 and points[0].lost == points[0].blocks and found.lost == found.blocks:
            points.clear()  # nothing passes at two points in a row: the curve begins at the second
        points.append(CurvePoint(snr_db, found.blocks, found.lost, found.wrong_bits))
        if found.rate <= _RARE or snr_db >= _HIGHEST_DB:
            break
    tell(
        f"{protection.code} {protection.info_bits}/{protection.coded_bits} {2**protection.bits_per_symbol}-QAM "
        f"{channel}: {points[0].snr_db:g} to {points[-1].snr_db:g} dB, {len(points)} points"
    )
    return BlockErrorCurve(protection, channel, tuple(points), provenance)


def missing_curves(
    known: Sequence[BlockErrorCurve], seed: int, tell: Callable[[str], None]
) -> Iterator[BlockErrorCurve]:
    """Count every protection on every channel that is not among the known curves."""
    software = ", ".join(f"{name} {version(name)}" for name in ("sionna-no-rt", "torch", "numpy"))
    date = datetime.now(UTC).date().isoformat()
    provenance = f"measured {date}, python -m netgen.linklevel.tabulating --seed {seed}, {software}"
    counted = {(curve.protection, curve.channel) for curve in known}
    for protection, channel in _wanted():
        if (protection, channel) not in counted:
            yield tabulated(protection, channel, seed=seed, provenance=provenance, tell=tell)


def _wanted() -> list[tuple[Protection, Channel]]:
    return [
        (protection, channel)
        for protection in PROTECTIONS
        for channel in Channel
        if channel is not Channel.RAYLEIGH_BLOCK or protection.info_bits <= _LONGEST_OF_BLOCK_FADING
    ]


def main() -> int:
    """Complete the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="JSON Lines file to complete")
    parser.add_argument("--seed", type=int, default=1, help="of bits, gains and noise (default: 1)")
    options = parser.parse_args()
    curves: list[BlockErrorCurve] = []
    if options.file.is_file():
        curves += read_curves(options.file.read_text(encoding="utf-8"), str(options.file))
    for curve in missing_curves(curves, options.seed, lambda line: print(line, file=sys.stderr, flush=True)):
        curves.append(curve)
        write_curves(options.file, _ordered(curves))
    print(f"{len(curves)} curves, {sum(len(one.points) for one in curves)} points, in {options.file}")
    return 0


def _ordered(curves: Sequence[BlockErrorCurve]) -> list[BlockErrorCurve]:
    order = _wanted()
    return sorted(curves, key=lambda curve: order.index((curve.protection, curve.channel)))


if __name__ == "__main__":
    sys.exit(exit_code_of(main))
