"""What is left of a representation over SNR, as it was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from netgen.errors import InputError


@dataclass(frozen=True, slots=True)
class Left:
    """What is left behind a channel.

    Parameters
    ----------
    fidelity : float                Share of the meaning, 0..1.
    interval : (float, float)       Of 95 %.
    psnr_db : float or None, dB     Of luma; None where nothing is shown.
    ms_ssim : float or None         0..1.
    """

    fidelity: float
    interval: tuple[float, float]
    psnr_db: float | None
    ms_ssim: float | None


@dataclass(frozen=True, slots=True)
class RobustnessTable:
    """What is left of one part of a representation behind a channel.

    Parameters
    ----------
    channel : str                   Kind of channel: `awgn`, `rayleigh-block` or `rayleigh-fast`.
    snr_db : tuple of float, dB     Levels at which it was measured, rising, at least two.
    left : tuple of Left            At each of them.
    clean : Left                    Without any noise: what coding alone leaves.
    """

    channel: str
    snr_db: tuple[float, ...]
    left: tuple[Left, ...]
    clean: Left

    def __post_init__(self) -> None:
        if (
            len(self.snr_db) < 2
            or list(self.snr_db) != sorted(set(self.snr_db))
            or len(self.left) != len(self.snr_db)
        ):
            raise ValueError("a table has at least two levels of rising SNR, with what is left at each")

    def at(self, snr_db: float) -> Left:
        """Return what is left at an SNR.

        Linear in dB between the levels, and nowhere more than at a higher level, though counting errors may say so.
        Outside it is a lower bound: nothing below the first level, as at the last one above it.
        """
        if snr_db < self.snr_db[0]:
            return Left(0.0, (0.0, 0.0), None, None)
        fidelities = np.minimum.accumulate([one.fidelity for one in (self.clean, *self.left[::-1])])[:0:-1]
        upper = int(np.clip(np.searchsorted(self.snr_db, snr_db), 1, len(self.snr_db) - 1))
        low, high = self.left[upper - 1], self.left[upper]
        width_db = self.snr_db[upper] - self.snr_db[upper - 1]
        share = min((snr_db - self.snr_db[upper - 1]) / width_db, 1.0)

        def between(first: float, second: float) -> float:
            return first + share * (second - first)

        def known(first: float | None, second: float | None) -> float | None:
            return None if first is None or second is None else between(first, second)

        fidelity = between(fidelities[upper - 1], fidelities[upper])
        ends = [between(*both) for both in zip(low.interval, high.interval, strict=True)]
        return Left(
            float(fidelity),
            (min(ends[0], float(fidelity)), max(ends[1], float(fidelity))),
            known(low.psnr_db, high.psnr_db),
            known(low.ms_ssim, high.ms_ssim),
        )

    def kept(self, snr_db: float) -> float:
        """Return the share of what coding leaves that is left at an SNR, 0..1."""
        return self.at(snr_db).fidelity / self.clean.fidelity if self.clean.fidelity > 0 else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the table as it is stored."""
        return {
            "channel": self.channel,
            "clean": _left_json(self.clean),
            "points": [
                {"snr_db": snr_db, **_left_json(left)}
                for snr_db, left in zip(self.snr_db, self.left, strict=True)
            ],
        }


def table_of(record: Mapping[str, Any], where: str) -> RobustnessTable:
    """Read a table that `as_json` made.

    Raises
    ------
    InputError                      It is none; names `where`.
    """
    try:
        return RobustnessTable(
            channel=str(record["channel"]),
            snr_db=tuple(float(point["snr_db"]) for point in record["points"]),
            left=tuple(_left(point) for point in record["points"]),
            clean=_left(record["clean"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: is not a table of what a channel leaves ({error})") from error


def _left(point: Mapping[str, Any]) -> Left:
    fidelity, low, high = (float(point[name]) for name in ("fidelity", "low", "high"))
    if not 0 <= low <= fidelity <= high <= 1:
        raise ValueError(f"fidelity {fidelity} with the interval {low} to {high}")
    psnr_db, ms_ssim = point["psnr_db"], point["ms_ssim"]
    return Left(
        fidelity,
        (low, high),
        None if psnr_db is None else float(psnr_db),
        None if ms_ssim is None else float(ms_ssim),
    )


def _left_json(left: Left) -> dict[str, Any]:
    def rounded(figure: float | None) -> float | None:
        return None if figure is None or not math.isfinite(figure) else round(figure, 5)

    return {
        "fidelity": rounded(left.fidelity),
        "low": rounded(left.interval[0]),
        "high": rounded(left.interval[1]),
        "psnr_db": rounded(left.psnr_db),
        "ms_ssim": rounded(left.ms_ssim),
    }
