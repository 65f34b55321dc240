"""A snapshot of the large-scale calibration of TR 38.901: users dropped once, and what they receive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.propagation.antenna import SectorAntenna, array_factor_db, element_gain_dbi
from netgen.propagation.building_entry import (
    Building,
    Glass,
    inside_distance_m,
    inside_loss_db,
    wall_loss_db,
    wall_sigma_db,
)
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.line_of_sight import los_probability
from netgen.propagation.path_loss import (
    Environment,
    breakpoint_m,
    environment_height_m,
    los_path_loss_db,
    nlos_path_loss_db,
)
from netgen.propagation.shadow_fading import Sight, sigma_db
from netgen.radio.channel import Channel, Terminals
from netgen.radio.sectors import Sectors
from netgen.radio.signals import make_signals
from netgen.topology.hexagonal import hexagonal_layout
from netgen.topology.layout import SiteLayout

Floats = NDArray[np.float64]

METRICS = ("coupling_gain_db", "sinr_db", "sir_db")

_SITES = 19
_INTER_SITE_M = {Environment.UMA: 500.0, Environment.UMI: 200.0}
_BASE_HEIGHT_M = {Environment.UMA: 25.0, Environment.UMI: 10.0}
_NEAREST_M = {Environment.UMA: 35.0, Environment.UMI: 10.0}
_POWER_DBM = {Environment.UMA: 49.0, Environment.UMI: 44.0}
_HIGH_CARRIER_HZ, _HIGH_CARRIER_POWER_DBM = 24e9, 35.0
_BANDWIDTH_HZ, _HIGH_CARRIER_BANDWIDTH_HZ = 20e6, 100e6
_NOISE_DBM_PER_HZ, _NOISE_FIGURE_DB = -174.0, 9.0
_INDOOR_SHARE, _LOW_LOSS_SHARE = 0.8, 0.5
_LOWEST_USER_M, _STOREY_M = 1.5, 3.0
_FEWEST_STOREYS, _MOST_STOREYS = 4, 8
_ELEMENTS, _TILT_DEG = 10, 12.0


@dataclass(frozen=True, slots=True)
class CalibrationSetup:
    """One case of the calibration, and what some read differently in it.

    Parameters
    ----------
    environment : Environment       UMa or UMi.
    carrier_hz : float, Hz          Carrier frequency.
    glass : Glass                   Release whose metal-coated glass is meant.
    power_dbm : float, dBm          Power of each sector over the whole carrier.
    bandwidth_hz : float, Hz        Bandwidth that the noise is taken in.
    wrap_around : bool              Whether the 19 sites are repeated around themselves.
    spacing_wavelengths : float     Distance between the ten elements of the column.
    inside_draws : int              Uniform numbers whose smallest is the depth of an indoor user.
    first_neighbour_deg : float     Direction from a site to a neighbour; sectors look to 30, 150 and 270 deg.
    first_los_formula : bool        Line-of-sight loss of UMa as in TR 38.900 v14.0.0 instead of TR 38.901.

    Source                          3GPP TR 38.901 Tables 7.8-1 and 7.2-1, as set in the calibration scripts of
                                    Sionna (test/unit/channel/tr38901_calibration.py: power, bandwidth, noise
                                    figure, spacing, wrap-around) and QuaDRiGa (layout, heights, storeys).
    """

    environment: Environment
    carrier_hz: float
    glass: Glass
    power_dbm: float
    bandwidth_hz: float
    wrap_around: bool = True
    spacing_wavelengths: float = 0.5
    inside_draws: int = 2
    first_neighbour_deg: float = 30.0
    first_los_formula: bool = False

    @staticmethod
    def standard(environment: Environment, carrier_hz: float, *, glass: Glass) -> CalibrationSetup:
        """The case as the report sets it.

        Parameters
        ----------
        environment, carrier_hz, glass      As of the class.

        Returns
        -------
        CalibrationSetup                    49 dBm (UMa) or 44 dBm (UMi) in 20 MHz; above 24 GHz 35 dBm in
                                            100 MHz.
        """
        if carrier_hz < _HIGH_CARRIER_HZ:
            return CalibrationSetup(environment, carrier_hz, glass, _POWER_DBM[environment], _BANDWIDTH_HZ)
        return CalibrationSetup(
            environment, carrier_hz, glass, _HIGH_CARRIER_POWER_DBM, _HIGH_CARRIER_BANDWIDTH_HZ
        )

    @property
    def noise_dbm(self) -> float:
        """Noise over the carrier: -174 dBm/Hz and 9 dB of the receiver."""
        return _NOISE_DBM_PER_HZ + 10.0 * float(np.log10(self.bandwidth_hz)) + _NOISE_FIGURE_DB

    @property
    def base_height_m(self) -> float:
        """Height of every base station."""
        return _BASE_HEIGHT_M[self.environment]

    def layout(self) -> SiteLayout:
        """19 sites of three sectors."""
        return hexagonal_layout(
            _SITES,
            inter_site_distance_m=_INTER_SITE_M[self.environment],
            height_m=self.base_height_m,
            tilt_deg=_TILT_DEG,
            wrap_around=self.wrap_around,
            first_neighbour_deg=self.first_neighbour_deg,
        )


@dataclass(frozen=True, slots=True, eq=False)
class DroppedUsers:
    """Users of one drop; all arrays (U,): place, height, depth inside a building (m), walls and depth (dB)."""

    x_m: Floats
    y_m: Floats
    height_m: Floats
    indoor: NDArray[np.bool_]
    inside_m: Floats
    entry_loss_db: Floats


def drop_users(
    setup: CalibrationSetup, layout: SiteLayout, *, users: int, rng: np.random.Generator
) -> DroppedUsers:
    """Drop users all over the cells: four of five in buildings of 4 to 8 storeys, on any of these.

    Parameters
    ----------
    setup : CalibrationSetup        The case.
    layout : SiteLayout             Its sites.
    users : int                     How many, U.
    rng : Generator                 Source of the draws.

    Returns
    -------
    DroppedUsers                    Half of the indoor ones behind low-loss walls, half behind high-loss ones;
                                    the depth and the random part of the walls are one draw per user, the same
                                    for all links.

    Source                          3GPP TR 38.901 Tables 7.2-1, 7.4.3-2 and 7.8-1.
    """
    x_m, y_m = layout.drop(users, rng, min_distance_2d_m=_NEAREST_M[setup.environment])
    indoor = rng.random(users) < _INDOOR_SHARE
    storey = rng.integers(1, rng.integers(_FEWEST_STOREYS, _MOST_STOREYS + 1, users) + 1)
    depth_m = inside_distance_m(setup.environment, rng.random((setup.inside_draws, users)))
    low = rng.random(users) < _LOW_LOSS_SHARE
    walls = [
        wall_loss_db(kind, setup.carrier_hz, glass=setup.glass) + wall_sigma_db(kind) * normal
        for kind, normal in zip((Building.LOW, Building.HIGH), rng.standard_normal((2, users)), strict=True)
    ]
    entry_db = np.where(low, *walls) + inside_loss_db(depth_m)
    return DroppedUsers(
        x_m=x_m,
        y_m=y_m,
        height_m=_LOWEST_USER_M + np.where(indoor, _STOREY_M * (storey - 1), 0.0),
        indoor=indoor,
        inside_m=np.where(indoor, depth_m, 0.0),
        entry_loss_db=np.where(indoor, entry_db, 0.0),
    )


def simulate_drop(setup: CalibrationSetup, *, users: int, rng: np.random.Generator) -> Floats:
    """Drop users and draw the state and the shadow fading of every link between a user and a site afresh.

    Parameters
    ----------
    setup : CalibrationSetup        The case.
    users : int                     How many, U.
    rng : Generator                 Source of the draws.

    Returns
    -------
    (3, U) float, dB                Rows of `METRICS`: `metrics`.

    Source                          3GPP TR 38.901 clause 7.8.1: no fast fading.
    """
    layout = setup.layout()
    dropped = drop_users(setup, layout, users=users, rng=rng)
    east_m, north_m = layout.away_m(dropped.x_m, dropped.y_m)
    distance_m = np.hypot(east_m, north_m)
    height_m = dropped.height_m[:, np.newaxis]
    odds = los_probability(
        setup.environment,
        distance_2d_m=np.maximum(distance_m - dropped.inside_m[:, np.newaxis], 0.0),
        user_height_m=height_m,
    )
    sees = rng.random(distance_m.shape) < odds
    sight = np.where(dropped.indoor[:, np.newaxis], Sight.INDOOR, np.where(sees, Sight.LOS, Sight.NLOS))
    shadow_db = sigma_db(setup.environment, sight) * rng.standard_normal(distance_m.shape)
    roof_m = (
        environment_height_m(rng.random(distance_m.shape), distance_2d_m=distance_m, user_height_m=height_m)
        if setup.environment is Environment.UMA
        else np.ones(distance_m.shape)
    )
    los_db, nlos_db = _path_losses_db(setup, distance_m, height_m, roof_m)
    loss_db = np.where(sees, los_db, nlos_db) + shadow_db + dropped.entry_loss_db[:, np.newaxis]
    zenith_deg = np.rad2deg(np.arctan2(distance_m, height_m - setup.base_height_m))
    azimuth_deg = np.rad2deg(np.arctan2(north_m, east_m))
    column_db = array_factor_db(
        zenith_deg, elements=_ELEMENTS, spacing_wavelengths=setup.spacing_wavelengths, tilt_deg=_TILT_DEG
    )
    site = layout.sector_site
    element_dbi = element_gain_dbi(zenith_deg[:, site], azimuth_deg[:, site] - layout.sector_azimuth_deg)
    return metrics(element_dbi + (column_db - loss_db)[:, site], setup)


def simulate_epoch_drop(
    setup: CalibrationSetup, *, users: int, rng: np.random.Generator, field: CorrelatedField
) -> Floats:
    """Drop users and let the simulator's own radio epoch say what they receive, from fields that correlate in space.

    Parameters
    ----------
    setup : CalibrationSetup        The case, with `first_los_formula` false.
    users : int                     How many, U.
    rng : Generator                 Source of the draws.
    field : CorrelatedField         Field behind shadow fading and line-of-sight states.

    Returns
    -------
    (3, U) float, dB                Rows of `METRICS`: `metrics`.

    Source                          3GPP TR 38.901 clauses 7.4.4 and 7.6.3 (correlation in space) and 7.8.1.
    """
    layout = setup.layout()
    dropped = drop_users(setup, layout, users=users, rng=rng)
    site = layout.sector_site
    sectors = Sectors(
        layout.x_m[site],
        layout.y_m[site],
        height_m=setup.base_height_m,
        site=site,
        azimuth_deg=layout.sector_azimuth_deg,
        power_dbm=setup.power_dbm,
        antennas=SectorAntenna(_ELEMENTS, setup.spacing_wavelengths, _TILT_DEG),
        image_offsets_m=layout.image_offsets_m,
    )
    terminals = Terminals(
        dropped.height_m,
        indoor=dropped.indoor,
        entry_loss_db=dropped.entry_loss_db,
        inside_m=dropped.inside_m,
    )
    channel = Channel.drawn(setup.environment, setup.carrier_hz, sites=layout.sites, rng=rng, field=field)
    signals = make_signals(sectors, terminals, channel, noise_dbm=setup.noise_dbm)
    rows = signals.move(dropped.x_m, dropped.y_m)
    gain_db = signals.received_dbm(rows).astype(np.float64) - setup.power_dbm
    return metrics(gain_db, setup)


def metrics(gain_db: Floats, setup: CalibrationSetup) -> Floats:
    """What the calibration compares, for users who are served by the sector with the largest gain.

    Parameters
    ----------
    gain_db : (U, S) float, dB      Antenna gain in the direction of the user, less all losses.
    setup : CalibrationSetup        Power and noise.

    Returns
    -------
    (3, U) float, dB                Coupling gain to the serving sector; its power over that of all others and
                                    noise; the same without noise. All sectors send all the time.

    Source                          3GPP TR 38.901 clause 7.8.1, metrics 1 and 2.
    """
    best_db = gain_db.max(axis=1)
    relative = 10.0 ** (0.1 * (gain_db - best_db[:, np.newaxis]))
    relative[np.arange(len(relative)), gain_db.argmax(axis=1)] = 0.0
    interference = relative.sum(axis=1)
    noise = 10.0 ** (0.1 * (setup.noise_dbm - setup.power_dbm - best_db))
    return np.stack([best_db, -10.0 * np.log10(interference + noise), -10.0 * np.log10(interference)])


def _path_losses_db(
    setup: CalibrationSetup, distance_m: Floats, height_m: Floats, roof_m: Floats
) -> tuple[Floats, Floats]:
    """Losses in line of sight and without, of every user and site."""
    where: dict[str, ArrayLike] = {
        "base_height_m": setup.base_height_m,
        "user_height_m": height_m,
        "carrier_hz": setup.carrier_hz,
        "environment_height_m": roof_m,
    }
    los_db = los_path_loss_db(setup.environment, distance_2d_m=distance_m, **where)
    nlos_db = nlos_path_loss_db(setup.environment, distance_2d_m=distance_m, **where)
    if not (setup.first_los_formula and setup.environment is Environment.UMA):
        return los_db, nlos_db
    # TR 38.900 v14.0.0 Table 7.4.1-1 (UMa), as in the ns-3 mmWave module: both slopes start at 32.4 dB.
    rise_m = setup.base_height_m - height_m
    log_distance = np.log10(np.hypot(distance_m, rise_m))
    turning_m = breakpoint_m(setup.environment, **where)
    beyond = 20.0 * log_distance - 10.0 * np.log10(turning_m**2 + rise_m**2)
    carrier_db = 20.0 * np.log10(setup.carrier_hz * 1e-9)
    first_db = 32.4 + carrier_db + 20.0 * log_distance + np.where(distance_m > turning_m, beyond, 0.0)
    own_db = 13.54 + 39.08 * log_distance + carrier_db - 0.6 * (height_m - _LOWEST_USER_M)
    return first_db, np.asarray(np.maximum(first_db, own_db), dtype=np.float64)
