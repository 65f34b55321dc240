"""The large-scale calibration of TR 38.901 against what the companies of two campaigns published."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from netgen.propagation.building_entry import Glass
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.path_loss import Environment
from netgen.rng import Streams
from netgen.verify.calibration_drop import METRICS, CalibrationSetup, simulate_drop, simulate_epoch_drop
from netgen.verify.check import Check

Floats = NDArray[np.float64]

PERCENTILES = np.arange(5.0, 96.0, 5.0)
"""Every fifth percentile from 5 to 95."""

TITLES = {"coupling_gain_db": "coupling gain", "sinr_db": "SINR", "sir_db": "SIR without noise"}

_SEED = 2026
_DROPS, _USERS = 100, 2280
_FIELD_SIDE = 1024
_EPOCH_CASE = "UMa 6 GHz"
_EPOCH_TOLERANCE_DB = 0.4
_ENVIRONMENTS = {"UMa": Environment.UMA, "UMi": Environment.UMI}
_EPOCH_SOURCE = "the same drops with every link drawn by itself; TR 38.901 clauses 7.4.4 and 7.6.3"


@dataclass(frozen=True, slots=True)
class Campaign:
    """One calibration campaign of 3GPP.

    Parameters
    ----------
    name : str              Number of the contribution with the results.
    table : str             File with them.
    glass : Glass           Release of the model that the companies computed with.
    model : str             That model.
    """

    name: str
    table: str
    glass: Glass
    model: str

    @property
    def source(self) -> str:
        """Where its figures are from."""
        return f"3GPP {self.name}, as published with HandoverLab 2.8.0; set-up TR 38.901 Table 7.8-1"


CAMPAIGNS = (
    Campaign("R1-165974", "calibration_r1_165974.csv", Glass.RELEASE_14, "TR 38.900 v14.0.0"),
    Campaign("R1-2506406", "calibration_r1_2506406.csv", Glass.RELEASE_19, "TR 38.901, Release 19"),
)
"""The calibration of 2016 by 21 companies, and that of Release 19 in 2025 by 15 to 17."""


@dataclass(frozen=True, slots=True, eq=False)
class CompanyResults:
    """What the companies of one case found at the `PERCENTILES`.

    Parameters
    ----------
    campaign : Campaign             Where the figures are from.
    case : str                      For example "UMa 6 GHz".
    mean_db, lowest_db, highest_db : (3, 19) float, dB      Over the companies; rows of `METRICS`.
    companies : (3,) int            How many reported each metric.
    """

    campaign: Campaign
    case: str
    mean_db: Floats
    lowest_db: Floats
    highest_db: Floats
    companies: NDArray[np.int64]

    @property
    def setup(self) -> CalibrationSetup:
        """The case as a set-up."""
        environment, carrier_ghz, _ = self.case.split()
        return CalibrationSetup.standard(
            _ENVIRONMENTS[environment], float(carrier_ghz) * 1e9, glass=self.campaign.glass
        )

    def excess_db(self, percentiles_db: Floats) -> Floats:
        """How far values lie outside what the companies found; 0 inside.

        Parameters
        ----------
        percentiles_db : (3, 19) float, dB      At the `PERCENTILES`; rows of `METRICS`.

        Returns
        -------
        (3, 19) float, dB                       0 or more.
        """
        outside = np.maximum(self.lowest_db - percentiles_db, percentiles_db - self.highest_db)
        return np.asarray(np.maximum(outside, 0.0), dtype=np.float64)


def company_results(campaign: Campaign) -> tuple[CompanyResults, ...]:
    """Read the table of a campaign, one entry per case."""
    text = (files("netgen.verify") / campaign.table).read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    found = []
    for case in dict.fromkeys(row["case"] for row in rows):
        own = [row for row in rows if row["case"] == case]
        mean, lowest, highest, count = (
            np.array([[float(row[f"{metric}_{statistic}"]) for row in own] for metric in METRICS])
            for statistic in ("mean", "min", "max", "n")
        )
        found.append(CompanyResults(campaign, case, mean, lowest, highest, count[:, 0].astype(np.int64)))
    return tuple(found)


def simulate_percentiles(
    setup: CalibrationSetup, *, drops: int = _DROPS, users: int = _USERS, seed: int = _SEED
) -> Floats:
    """Simulate a case with every link drawn by itself.

    Parameters
    ----------
    setup : CalibrationSetup        The case.
    drops, users : int              Independent drops, and users in each.
    seed : int                      Same seed, same result; drops of all cases see the same draws.

    Returns
    -------
    (3, 19) float, dB               Percentiles over all users; rows of `METRICS`.
    """
    return _percentiles(lambda rng: simulate_drop(setup, users=users, rng=rng), drops, seed)


def simulate_epoch_percentiles(
    setup: CalibrationSetup, *, drops: int = _DROPS, users: int = _USERS, seed: int = _SEED
) -> Floats:
    """Simulate a case with the radio epoch that scenarios run with, each drop with a field of its own.

    Parameters
    ----------
    setup, drops, users, seed       As of `simulate_percentiles`.

    Returns
    -------
    (3, 19) float, dB               Percentiles over all users; rows of `METRICS`.
    """

    def drop(rng: np.random.Generator) -> Floats:
        field = CorrelatedField.drawn(rng, _FIELD_SIDE)
        return simulate_epoch_drop(setup, users=users, rng=rng, field=field)

    return _percentiles(drop, drops, seed)


def check_calibration(campaigns: Sequence[Campaign] = CAMPAIGNS) -> list[Check]:
    """Compare every case with the companies' lowest and highest result at each percentile.

    Per case and metric, how many of the 19 percentiles lie in between; per case, how far the worst of the three
    metrics lies outside. No tolerance: a percentile outside fails the check.
    """
    checks = []
    for campaign in campaigns:
        for results in company_results(campaign):
            excess_db = results.excess_db(simulate_percentiles(results.setup))
            checks += _range_checks(results, excess_db)
    return checks


def check_epoch_calibration() -> list[Check]:
    """Compare the radio epoch, whose fields correlate in space, with links drawn one by one: UMa at 6 GHz.

    The largest difference at any percentile is held to 0.4 dB: users who stand together see the same fading, so
    that they say less than as many independent ones. The percentiles must lie between the companies'.
    """
    results = next(found for found in company_results(CAMPAIGNS[0]) if found.case == _EPOCH_CASE)
    epoch_db, links_db = simulate_epoch_percentiles(results.setup), simulate_percentiles(results.setup)
    checks = [
        Check.within(
            f"radio epoch, {_EPOCH_CASE}: largest difference in {TITLES[metric]} [dB]",
            float(np.abs(epoch - links).max()),
            0.0,
            _EPOCH_TOLERANCE_DB,
            _EPOCH_SOURCE,
        )
        for metric, epoch, links in zip(METRICS, epoch_db, links_db, strict=True)
    ]
    return checks + _range_checks(results, results.excess_db(epoch_db), prefix="radio epoch, ")


def _range_checks(results: CompanyResults, excess_db: Floats, prefix: str = "") -> list[Check]:
    """Checks of one case."""
    where = f"{prefix}{results.case}, {results.campaign.name}"
    count = float(len(PERCENTILES))
    source = results.campaign.source
    checks = [
        Check.within(
            f"{where}: percentiles of {TITLES[metric]} in the companies' range",
            float((excess <= 0.0).sum()),
            count,
            0.0,
            source,
        )
        for metric, excess in zip(METRICS, excess_db, strict=True)
    ]
    worst = Check.within(f"{where}: furthest outside [dB]", float(excess_db.max()), 0.0, 0.0, source)
    return [*checks, worst]


def _percentiles(drop: Callable[[np.random.Generator], Floats], drops: int, seed: int) -> Floats:
    """Percentiles over the users of all drops."""
    streams = Streams(seed)
    values = [drop(streams.get(f"world/verify/calibration/{number}")) for number in range(drops)]
    return np.asarray(np.percentile(np.concatenate(values, axis=1), PERCENTILES, axis=1).T, dtype=np.float64)
