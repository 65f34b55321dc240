"""Tables of block errors over SNR: what a simulation looks up in place of running decoders."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import InputError, ModelRangeError
from netgen.linklevel.protection import Channel, Code, Protection

CURVE_SCHEMA = 1
"""Version of the records of this module."""

_FLOOR = 1e-8
_SURE = 40.0
"""Log-odds that are as good as certainty in double precision."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What was counted at one SNR: blocks sent, blocks lost, and wrong bits in them."""

    snr_db: float
    blocks: int
    lost: int
    wrong_bits: int


@dataclass(frozen=True, slots=True)
class BlockErrorCurve:
    """Share of lost blocks over SNR, of one protection on one channel.

    Parameters
    ----------
    protection : Protection
    channel : Channel
    points : tuple of CurvePoint        By SNR, at least two.
    provenance : str                    Date, command and software that counted.
    """

    protection: Protection
    channel: Channel
    points: tuple[CurvePoint, ...]
    provenance: str

    def rate(self, snr_db: ArrayLike) -> NDArray[np.float64]:
        """Share of blocks that are lost.

        Between points the log-odds of (lost + 1/2) / (blocks + 1) are linear in dB; where counting says that more
        signal lost more, it lost as much. Below the first point they go on as they begin, towards 1. Above the last
        they fall on: in block fading the share by ten for every 10 dB, as the probability of a deep fade does, else
        as steeply as between the last two points at which blocks were lost, down to 1e-8.
        ASSUMED: a waterfall that becomes no flatter above what was counted, and an error floor of 1e-8.

        Parameters
        ----------
        snr_db : (...) float, dB        Mean energy of a symbol over the density of the noise.

        Returns
        -------
        (...) float, 0..1
        """
        given = np.asarray(snr_db, dtype=np.float64)
        at_db = np.array([point.snr_db for point in self.points])
        shares = np.array([(point.lost + 0.5) / (point.blocks + 1) for point in self.points])
        levels = np.minimum.accumulate(np.log(shares / (1 - shares)))
        odds = np.interp(given, at_db, levels)
        before_db, beyond_db = np.maximum(at_db[0] - given, 0.0), np.maximum(given - at_db[-1], 0.0)
        lower = int(np.argmax(levels < levels[0]))
        if lower:
            odds = odds + before_db * (levels[0] - levels[lower]) / (at_db[lower] - at_db[0])
        if self.channel is Channel.RAYLEIGH_BLOCK:
            return np.asarray(_shares(odds) * 10 ** (-beyond_db / 10), dtype=np.float64)
        steep = np.flatnonzero([point.lost > 0 for point in self.points])[-2:]
        slope = (
            min(0.0, float(np.diff(levels[steep])[0] / np.diff(at_db[steep])[0])) if len(steep) == 2 else 0.0
        )
        falling = np.where(beyond_db > 0, odds + slope * beyond_db, odds)
        return np.asarray(np.maximum(_shares(falling), np.minimum(_shares(odds), _FLOOR)), dtype=np.float64)

    def threshold_db(self, lost: float) -> float:
        """Least SNR at which at most a share `lost` of the blocks is lost.

        Raises
        ------
        ModelRangeError                 The table does not reach down to it.
        """
        fine_db = np.arange(self.points[0].snr_db, self.points[-1].snr_db + 0.005, 0.01)
        below = np.flatnonzero(self.rate(fine_db) <= lost)
        if not len(below):
            raise ModelRangeError(
                f"{self.protection} on {self.channel}: tabulated up to {self.points[-1].snr_db:g} dB, where "
                f"{float(self.rate(self.points[-1].snr_db)):.2g} of the blocks are lost, not {lost:g}"
            )
        return float(fine_db[below[0]])

    def as_json(self) -> dict[str, Any]:
        """Return the curve as it is stored, one line of JSON."""
        return {
            "schema": CURVE_SCHEMA,
            "code": self.protection.code.value,
            "info_bits": self.protection.info_bits,
            "coded_bits": self.protection.coded_bits,
            "bits_per_symbol": self.protection.bits_per_symbol,
            "channel": self.channel.value,
            "points": [[point.snr_db, point.blocks, point.lost, point.wrong_bits] for point in self.points],
            "provenance": self.provenance,
        }


def _shares(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shares of log-odds."""
    found: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(odds, -_SURE, _SURE)))
    return found


def read_curves(text: str, where: str) -> tuple[BlockErrorCurve, ...]:
    """Read a file of curves.

    Raises
    ------
    InputError                          A line that is no curve of this version; names file and line.
    """
    return tuple(
        _curve(line, f"{where}:{number}") for number, line in enumerate(text.splitlines(), start=1) if line
    )


@cache
def shipped_curves() -> tuple[BlockErrorCurve, ...]:
    """Return the curves that come with netgen, as `python -m netgen.linklevel.tabulating` counted them."""
    resource = files("netgen") / "linklevel" / "block_errors.jsonl"
    return read_curves(resource.read_text(encoding="utf-8"), str(resource))


def find_curve(
    code: Code,
    rate: float,
    bits_per_symbol: int,
    channel: Channel,
    info_bits: int,
    *,
    curves: Iterable[BlockErrorCurve],
) -> BlockErrorCurve:
    """Return the curve of a code, rate, constellation and channel whose blocks are nearest in length (by ratio).

    Raises
    ------
    ModelRangeError                     Nothing of that kind is tabulated; says what is.
    """
    known = tuple(curves)
    fitting = [
        curve
        for curve in known
        if curve.protection.code is code
        and abs(curve.protection.rate - rate) < 0.01
        and curve.protection.bits_per_symbol == bits_per_symbol
        and curve.channel is channel
    ]
    if not fitting:
        kinds = sorted(
            {
                f"{curve.protection.code} {curve.protection.rate:.2f} {2**curve.protection.bits_per_symbol}-QAM "
                f"{curve.channel}"
                for curve in known
            }
        )
        raise ModelRangeError(
            f"no block errors of {code} at rate {rate:.2f} on {2**bits_per_symbol}-QAM over {channel} are tabulated; "
            f"there are: {', '.join(kinds)}"
        )
    return min(fitting, key=lambda curve: abs(math.log(curve.protection.info_bits / info_bits)))


def write_curves(path: Path, curves: Sequence[BlockErrorCurve]) -> None:
    """Write curves into a JSON Lines file, all or nothing."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(
            "".join(json.dumps(curve.as_json(), separators=(",", ":")) + "\n" for curve in curves),
            encoding="utf-8",
        )
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _curve(line: str, where: str) -> BlockErrorCurve:
    try:
        record: Mapping[str, Any] = json.loads(line)
        if record["schema"] != CURVE_SCHEMA:
            raise InputError(f"{where}: schema {record['schema']} is not read here; accepted: {CURVE_SCHEMA}")
        protection = Protection(
            Code(record["code"]), record["info_bits"], record["coded_bits"], record["bits_per_symbol"]
        )
        points = tuple(
            CurvePoint(float(snr_db), int(blocks), int(lost), int(wrong))
            for snr_db, blocks, lost, wrong in record["points"]
        )
        channel, provenance = Channel(record["channel"]), str(record["provenance"])
    except (ValueError, KeyError, TypeError, ModelRangeError) as error:
        raise InputError(f"{where}: is not a curve of block errors ({error})") from error
    levels = [point.snr_db for point in points]
    if (
        len(points) < 2
        or levels != sorted(set(levels))
        or not all(0 <= point.lost <= point.blocks and point.blocks for point in points)
    ):
        raise InputError(
            f"{where}: a curve has at least two points of rising SNR, each of at least one block, with no more lost "
            "than sent"
        )
    return BlockErrorCurve(protection, channel, points, provenance)
