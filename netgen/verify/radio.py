"""Propagation against tables and closed forms, and the radio epochs against each other."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from netgen.propagation.antenna import SectorAntenna
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.hata import City, Surroundings, cost231_hata_loss_db, okumura_hata_loss_db
from netgen.propagation.line_of_sight import (
    los_correlation_distance_m,
    los_probability,
    normal_probability,
    sees_base,
)
from netgen.propagation.path_loss import Environment, los_path_loss_db, nlos_path_loss_db
from netgen.propagation.shadow_fading import Sight, correlation_distance_m, sigma_db
from netgen.radio.channel import LOS_FIELD, Channel, Terminals
from netgen.radio.sectors import Sectors
from netgen.radio.signals import Compute, make_signals
from netgen.rng import Streams
from netgen.verify.check import Check
from netgen.verify.tables import column, reference_rows

Floats = NDArray[np.float64]
World = tuple[Sectors, Terminals, Channel]

_SEED = 2026
_PATH_LOSS_TOLERANCE_DB = 1e-3
_LOS_TOLERANCE = 1e-6
_HATA_TOLERANCE_DB = 1e-4

_DRAWS, _SIDE, _SAMPLES, _PLACES = 20, 512, 8, 20_000
_T_QUANTILE = 3.883406
"""99.95% quantile of Student's t with 19 degrees of freedom."""
_WIDEST = 0.03
_RING_M = 60.0

_EPOCH_TOLERANCE_DB = 2e-3
_SIGHT_MARGIN = 1e-5
_USERS, _SITES = 1500, 12
_IMAGES_M = ((0.0, 0.0), (5000.0, 0.0), (2500.0, 4330.0), (-5000.0, 0.0), (-2500.0, -4330.0))
_MASTS_M = {Environment.UMA: (15.0, 60.0), Environment.UMI: (8.0, 20.0), Environment.RMA: (20.0, 60.0)}
_FLOORS = {Environment.UMA: 8, Environment.UMI: 8, Environment.RMA: 3}


def check_path_loss() -> list[Check]:
    """Path loss and line-of-sight probability of TR 38.901 against 280 points computed elsewhere."""
    rows = reference_rows("tr38901_path_loss.csv")
    off_db, off = [], []
    for environment in Environment:
        own = [row for row in rows if row["scenario"].lower() == environment.value]
        distance_m, user_m = column(own, "d2d_m"), column(own, "h_ut_m")
        where = {
            "distance_2d_m": distance_m,
            "base_height_m": column(own, "h_bs_m"),
            "user_height_m": user_m,
            "carrier_hz": column(own, "fc_ghz") * 1e9,
        }
        off_db.append(los_path_loss_db(environment, **where) - column(own, "pl_los_db"))
        off_db.append(nlos_path_loss_db(environment, **where) - column(own, "pl_nlos_db"))
        found = los_probability(environment, distance_2d_m=distance_m, user_height_m=user_m)
        off.append(found - column(own, "p_los"))
    return [
        Check.within(
            f"TR 38.901 path loss at {len(rows)} points, worst difference [dB]",
            _worst(off_db),
            0.0,
            _PATH_LOSS_TOLERANCE_DB,
            "Tables 7.4.1-1 and 7.4.2-1 evaluated independently; QuaDRiGa 2.8.1 agrees (tr38901_path_loss.csv)",
        ),
        Check.within(
            f"TR 38.901 line-of-sight probability at {len(rows)} points, worst difference",
            _worst(off),
            0.0,
            _LOS_TOLERANCE,
            "Table 7.4.2-1 evaluated independently, six decimals (tr38901_path_loss.csv)",
        ),
    ]


def check_hata() -> list[Check]:
    """Okumura-Hata and COST-231-Hata against values computed elsewhere, to their four decimals."""
    rows = reference_rows("hata_test_vectors.csv")
    checks = []
    for model in ("Okumura-Hata", "COST231-Hata"):
        own = [row for row in rows if row["model"] == model]
        off_db = np.array([_hata_db(row) - float(row["loss_db"]) for row in own])
        name = f"{model} at {len(own)} points, worst difference [dB]"
        source = "COST 231 final report, eq. 4.4.1 and 4.4.3, evaluated independently (hata_test_vectors.csv)"
        checks.append(Check.within(name, _worst([off_db]), 0.0, _HATA_TOLERANCE_DB, source))
    return checks


def check_field() -> list[Check]:
    """The correlated field in use: shadow fading one correlation distance apart, and who sees the base.

    Means over 20 independent fields. The interval is Student's t, 99.9%. A check holds when the closed form lies
    inside it and its half width, which is the tolerance, is at most 0.03.
    """
    streams = Streams(_SEED)
    fields = [CorrelatedField.drawn(streams.get(f"world/verify/field-{n}"), _SIDE) for n in range(_DRAWS)]
    places = streams.get("world/verify/places").integers(0, _SIDE, (2, _PLACES)) / _SAMPLES
    apart_m = correlation_distance_m(Environment.UMA, Sight.NLOS)
    sigma = float(sigma_db(Environment.UMA, Sight.NLOS))
    x_m, y_m = places * apart_m
    alike = []
    for field in fields:
        here_db = sigma * field.at(x_m / apart_m, y_m / apart_m)
        there_db = sigma * field.at((x_m + apart_m) / apart_m, y_m / apart_m)
        alike.append(float(np.mean(here_db * there_db)) / sigma**2)
    state_m = los_correlation_distance_m(Environment.UMA)
    chance = float(los_probability(Environment.UMA, distance_2d_m=_RING_M, user_height_m=1.5))
    u, v = streams.get("world/verify/users").uniform(0.0, _SIDE / _SAMPLES * state_m, (2, _PLACES)) / state_m
    seeing = [float(np.mean(sees_base(chance, field.at(u, v)))) for field in fields]
    return [
        _mean_check(
            "UMa shadow fading 50 m apart, autocorrelation",
            alike,
            math.exp(-1.0),
            "exp(-d / 50 m): TR 38.901 clause 7.4.4 and Table 7.5-6",
        ),
        _mean_check(
            "UMa users 60 m away who see the base, share",
            seeing,
            18.0 / 60.0 + math.exp(-60.0 / 63.0) * (1.0 - 18.0 / 60.0),
            "TR 38.901 Table 7.4.2-1: 18/d + exp(-d/63) (1 - 18/d)",
        ),
    ]


def check_epoch(compute: Compute) -> list[Check]:
    """One implementation of the radio epoch against the numpy reference, on a random network of each kind.

    Links on the threshold of sight are left out: those where the probability of the field's value is within 1e-5 of
    the probability of line of sight. They must be fewer than one in a thousand.
    """
    largest_db, most_left_out = 0.0, 0.0
    for environment in Environment:
        world, x_m, y_m = _world(environment)
        snr_db = []
        for implementation in ("numpy", compute):
            signals = make_signals(*world, noise_dbm=-95.0, compute=implementation)
            signals.move(x_m, y_m)
            snr_db.append(10.0 * np.log10(np.asarray(signals.snr, dtype=np.float64)))
        close = _on_threshold(world, x_m, y_m)
        differ_db = np.abs(snr_db[1] - snr_db[0])[~close]
        largest_db = max(largest_db, _worst([differ_db]), key=_not_a_number_first)
        most_left_out = max(most_left_out, float(close.mean()))
    ok = largest_db <= _EPOCH_TOLERANCE_DB and most_left_out < 1e-3
    name = f"radio epoch, {compute} against numpy, largest difference [dB]"
    source = "netgen.radio.signals_numpy on random networks of UMa, UMi and RMa"
    return [Check(name, largest_db, 0.0, _EPOCH_TOLERANCE_DB, ok, source)]


def _worst(differences: list[Floats]) -> float:
    """Largest absolute difference; not a number when one is not."""
    return float(np.max(np.abs(np.concatenate(differences, axis=None))))


def _not_a_number_first(value: float) -> float:
    """Key under which not a number is the largest."""
    return math.inf if math.isnan(value) else value


def _hata_db(row: dict[str, str]) -> float:
    """The loss of one row of the Hata table."""
    distance_m, carrier_hz = float(row["d_km"]) * 1e3, float(row["f_mhz"]) * 1e6
    base_m, mobile_m, city = float(row["h_b_m"]), float(row["h_m_m"]), City(row["city"])
    if row["model"] == "COST231-Hata":
        return float(
            cost231_hata_loss_db(
                distance_m, carrier_hz, base_height_m=base_m, mobile_height_m=mobile_m, city=city
            )
        )
    return float(
        okumura_hata_loss_db(
            distance_m,
            carrier_hz,
            base_height_m=base_m,
            mobile_height_m=mobile_m,
            surroundings=Surroundings(row["environment"]),
            city=city,
        )
    )


def _mean_check(name: str, values: list[float], expected: float, source: str) -> Check:
    """Whether the mean of independent values is the expected one, and known well enough to tell."""
    mean = float(np.mean(values))
    half_width = _T_QUANTILE * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    ok = half_width <= _WIDEST and abs(mean - expected) <= half_width
    return Check(name, mean, expected, half_width, ok, source)


def _world(environment: Environment) -> tuple[World, Floats, Floats]:
    """A random network, users on several floors in and out of doors, and where they are."""
    rng = Streams(_SEED).get(f"world/verify/epoch-{environment.value}")
    antennas = (
        SectorAntenna(elements=10, spacing_wavelengths=0.5, tilt_deg=12.0),
        SectorAntenna(elements=1, spacing_wavelengths=0.5, tilt_deg=0.0),
        SectorAntenna(elements=8, spacing_wavelengths=0.8, tilt_deg=3.0, mechanical_tilt_deg=4.0),
    )
    site = np.repeat(np.arange(_SITES), rng.integers(1, 5, _SITES))
    place = rng.uniform(-2500.0, 2500.0, (2, _SITES))
    sectors = Sectors(
        place[0][site],
        place[1][site],
        height_m=rng.uniform(*_MASTS_M[environment], _SITES)[site],
        site=site,
        azimuth_deg=rng.uniform(-400.0, 400.0, len(site)),
        power_dbm=rng.uniform(30.0, 50.0, len(site)),
        antennas=antennas,
        antenna=rng.integers(0, len(antennas), len(site)),
        image_offsets_m=_IMAGES_M,
    )
    indoor = rng.random(_USERS) < 0.6
    floor = rng.integers(0, _FLOORS[environment], _USERS)
    terminals = Terminals(
        np.where(indoor, 1.5 + 3.0 * floor, 1.5),
        indoor=indoor,
        entry_loss_db=np.where(indoor, rng.uniform(5.0, 40.0, _USERS), 0.0),
        inside_m=np.where(indoor, rng.uniform(0.0, 25.0, _USERS), 0.0),
    )
    field = CorrelatedField.drawn(rng, 250, samples_per_distance=5)
    channel = Channel.drawn(environment, 2.6e9, sites=_SITES, rng=rng, field=field)
    x_m, y_m = rng.uniform(-3000.0, 3000.0, (2, _USERS))
    return (sectors, terminals, channel), x_m, y_m


def _on_threshold(world: World, x_m: Floats, y_m: Floats) -> NDArray[np.bool_]:
    """(U, S) links whose state of sight single precision may decide otherwise."""
    sectors, terminals, channel = world
    scale_m, close = los_correlation_distance_m(channel.environment), []
    for site in range(sectors.sites):
        distance_m = np.hypot(*sectors.offset_m(site, x_m, y_m))
        u, v = channel.offsets[site, LOS_FIELD]
        drawn = normal_probability(channel.field.at(x_m / scale_m + u, y_m / scale_m + v))
        chance = los_probability(
            channel.environment,
            distance_2d_m=np.maximum(distance_m - terminals.inside_m, 0.0),
            user_height_m=terminals.height_m,
        )
        close.append(np.abs(drawn - chance) < _SIGHT_MARGIN)
    return np.array(close)[sectors.site].T
