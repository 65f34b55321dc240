"""Published bit-rate savings of one action against another at equal perceptual quality."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class BitrateSaving:
    """Bit rate of `profile` relative to `compared_with` at equal quality; negative saves.

    Parameters
    ----------
    profile, compared_with : str        Names of profiles.
    rate_dists_percent, rate_lpips_percent, rate_fid_percent : float, percent
                                        At equal DISTS, LPIPS and FID.
    source, note : str                  Paper and table, and how the table is to be read.
    """

    profile: str
    compared_with: str
    rate_dists_percent: float
    rate_lpips_percent: float
    rate_fid_percent: float
    source: str
    note: str


@cache
def load_bitrate_savings() -> tuple[BitrateSaving, ...]:
    """Return the published average bit-rate savings, row by row.

    Source                              Ma et al., Generative Coding: Promise and Challenges, 2025, Table 5.
    Valid for                           The 40 talking-face sequences of 256x256 pixels of that table.
    """
    path = files("netgen.generative") / "profiles" / "published_bitrate_savings.csv"
    return tuple(
        BitrateSaving(
            profile=row["profile"],
            compared_with=row["compared_with"],
            rate_dists_percent=float(row["rate_dists_percent"]),
            rate_lpips_percent=float(row["rate_lpips_percent"]),
            rate_fid_percent=float(row["rate_fid_percent"]),
            source=row["source"],
            note=row["note"],
        )
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    )
