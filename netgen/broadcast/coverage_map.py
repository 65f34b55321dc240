"""Probability of reception over an area: one tower, or several as a single-frequency network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.broadcast.raster import LOCAL_CRS, CoverageMap
from netgen.broadcast.receiver_class import ReceiverClass
from netgen.broadcast.single_frequency import (
    SymbolTiming,
    arrival_delay_s,
    echo_weight,
    median_power_dbm,
    sfn_sinr,
    window_begin_s,
)
from netgen.broadcast.transmitter import Transmitter
from netgen.propagation.line_of_sight import normal_probability
from netgen.propagation.location_variation import LOCATION_SIGMA_DB
from netgen.propagation.tower_loss import TowerLoss

Floats = NDArray[np.float64]

_DB = 10.0 / np.log(10.0)


class PowerSum(StrEnum):
    """How lognormal powers of several transmitters are added.

    `fenton-wilkinson`: the sums of useful and of interfering power are lognormal with the exact mean, variance
    and covariance; the window is where it is for the medians. `monte-carlo`: drawn, window and all.
    """

    FENTON_WILKINSON = "fenton-wilkinson"
    MONTE_CARLO = "monte-carlo"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a receiver needs and what disturbs it.

    Parameters
    ----------
    threshold_db : float, dB        Least ratio of signal to interference and noise.
    noise_dbm : float, dBm          Noise in the same bandwidth as the powers.
    sigma_db : float, dB            Deviation of each transmitter's level over places, independent, >= 0.
    entry_sigma_db : float, dB      Deviation of the entry loss, common to all transmitters, >= 0.

    Raises
    ------
    ValueError                      A number is not finite, or a deviation is negative.

    Valid for                       ASSUMED: levels of different transmitters vary independently over places.
    """

    threshold_db: float
    noise_dbm: float
    sigma_db: float = LOCATION_SIGMA_DB
    entry_sigma_db: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.threshold_db, self.noise_dbm, self.sigma_db, self.entry_sigma_db)
        if not np.all(np.isfinite(numbers)) or self.sigma_db < 0 or self.entry_sigma_db < 0:
            raise ValueError(f"need finite numbers and deviations >= 0, got {self}")


def network_probability(
    power_dbm: Floats,
    delay_s: Floats,
    *,
    demand: Demand,
    timing: SymbolTiming,
    method: PowerSum = PowerSum.FENTON_WILKINSON,
    rng: np.random.Generator | None = None,
    draws: int = 500,
) -> Floats:
    """Location probability of a single-frequency network.

    Parameters
    ----------
    power_dbm : (P, T) float, dBm       Median power of each transmitter at each place.
    delay_s : (P, T) float, s           When each transmitter's symbol arrives.
    demand : Demand                     Threshold, noise and deviations.
    timing : SymbolTiming               Symbol and window.
    method : PowerSum                   How powers are added.
    rng : Generator or None             Source of the draws; for `monte-carlo` alone, and needed there.
    draws : int                         Draws, >= 1. All places share them, so that a map is smooth and a place
                                        does not depend on the others; standard error at most 0.5 / sqrt(draws).

    Returns
    -------
    (P,) float in 0..1                  Share of places near each where the SINR reaches the threshold. With one
                                        transmitter fenton-wilkinson is the closed form of
                                        `location_probability`.

    Raises
    ------
    ValueError                          Shapes differ, or draws without a generator.

    Valid for                           Deviations up to about 6 dB. Three towers at 5.5 dB: fenton-wilkinson is
                                        within 0.09 of drawn probabilities at every place, 0.02 on average, and
                                        mostly below them; 0.10 below where one echo is both half useful and
                                        half interference. Measured by the validation tests.
    Source                              Fenton, IRE Trans. Commun. Syst. 8 (1960) 57, for the moments of the sum,
                                        here with the covariance of sum and interference.
    """
    power = np.asarray(power_dbm, dtype=np.float64)
    if power.ndim != 2 or power.shape != np.shape(delay_s):
        raise ValueError(
            f"need powers and delays of one shape (P, T), got {power.shape}, {np.shape(delay_s)}"
        )
    if method is PowerSum.FENTON_WILKINSON:
        return _moment_probability(10.0 ** ((power - demand.noise_dbm) / 10.0), delay_s, demand, timing)
    if rng is None or draws < 1:
        raise ValueError(f"monte-carlo needs a generator and draws >= 1, got {rng} and {draws}")
    deviation = rng.standard_normal((draws, power.shape[1])) * demand.sigma_db
    deviation += rng.standard_normal((draws, 1)) * demand.entry_sigma_db
    threshold = 10.0 ** (demand.threshold_db / 10.0)
    served = np.zeros(power.shape[0])
    for row in deviation:
        ratio = 10.0 ** ((power + row - demand.noise_dbm) / 10.0)
        served += sfn_sinr(ratio, delay_s, 1.0, timing=timing) >= threshold
    return served / draws


def _moment_probability(ratio: Floats, delay_s: Floats, demand: Demand, timing: SymbolTiming) -> Floats:
    """Probability from the moments of useful power and of interference plus noise, noise being 1."""
    begin = window_begin_s(ratio, delay_s, timing=timing)
    weight = echo_weight(delay_s - begin[:, None], timing)
    own, common = (demand.sigma_db / _DB) ** 2, (demand.entry_sigma_db / _DB) ** 2
    mean_factor, square_factor = np.exp(0.5 * (own + common)), np.exp(own + 2.0 * common)
    spread = np.expm1(own)

    def product(first: Floats, second: Floats) -> Floats:
        """Mean of the product of two sums of the lognormal powers, with these medians."""
        apart = first.sum(axis=1) * second.sum(axis=1) + spread * (first * second).sum(axis=1)
        mean: Floats = square_factor * apart
        return mean

    good, bad = ratio * weight, ratio * (1.0 - weight)
    good_mean, bad_mean = mean_factor * good.sum(axis=1), mean_factor * bad.sum(axis=1)
    rest_mean = bad_mean + 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        good_variance = np.log(product(good, good) / good_mean**2)
        rest_variance = np.log((product(bad, bad) + 2.0 * bad_mean + 1.0) / rest_mean**2)
        covariance = np.log((product(good, bad) + good_mean) / (good_mean * rest_mean))
        median = np.log(good_mean / rest_mean) - 0.5 * (good_variance - rest_variance)
        excess = median - demand.threshold_db / _DB
        deviation = np.sqrt(np.maximum(good_variance + rest_variance - 2.0 * covariance, 0.0))
        # A sum that does not vary is above or below for certain; a place that hears nothing is below.
        deviate = np.where(deviation > 0, excess / deviation, np.where(excess >= 0, np.inf, -np.inf))
    return normal_probability(np.where(good_mean > 0, deviate, -np.inf))


def tower_coverage(
    transmitters: Sequence[Transmitter],
    losses: Sequence[TowerLoss],
    *,
    x_m: ArrayLike,
    y_m: ArrayLike,
    receiver: ReceiverClass,
    bandwidth_hz: float,
    threshold_db: float,
    timing: SymbolTiming,
    sigma_db: float = LOCATION_SIGMA_DB,
    method: PowerSum = PowerSum.FENTON_WILKINSON,
    rng: np.random.Generator | None = None,
    draws: int = 500,
    crs: str = LOCAL_CRS,
    origin_m: tuple[float, float] = (0.0, 0.0),
) -> CoverageMap:
    """Map of the location probability of one tower or a single-frequency network.

    Parameters
    ----------
    transmitters, losses : sequences of T   The network and the loss of each transmitter.
    x_m, y_m : (X,), (Y,) float, m          Axes of the map, evenly spaced.
    receiver : ReceiverClass                What the receivers are.
    bandwidth_hz : float, Hz                Noise bandwidth.
    threshold_db : float, dB                Least SINR.
    timing : SymbolTiming                   Symbol and window.
    sigma_db : float, dB                    Deviation of each transmitter's level over places, >= 0.
    method, rng, draws                      As of `network_probability`.
    crs, origin_m                           As of `CoverageMap`.

    Returns
    -------
    CoverageMap                             With the transmitters as its sites.
    """
    east, north = np.meshgrid(np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64))
    x, y = east.ravel(), north.ravel()
    probability = network_probability(
        median_power_dbm(transmitters, x, y, receiver=receiver, losses=losses),
        arrival_delay_s(transmitters, x, y),
        demand=Demand(threshold_db, receiver.noise_dbm(bandwidth_hz), sigma_db, receiver.entry_sigma_db),
        timing=timing,
        method=method,
        rng=rng,
        draws=draws,
    )
    return CoverageMap(
        east[0],
        north[:, 0],
        probability.reshape(east.shape),
        title=f"location probability, {receiver.reception.value}, {threshold_db:g} dB",
        sites_m=tuple((station.x_m, station.y_m) for station in transmitters),
        crs=crs,
        origin_m=origin_m,
    )
