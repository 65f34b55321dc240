"""Probability that the best cell of a cellular network serves a user outdoors, for maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.propagation.line_of_sight import los_probability
from netgen.propagation.path_loss import Environment, breakpoint_m, los_path_loss_db, nlos_path_loss_db
from netgen.propagation.shadow_fading import Sight, sigma_db
from netgen.radio.sectors import Sectors

Floats = NDArray[np.float64]

_NEPER = np.log(10.0) / 10.0
_PLACES = 512
"""Places worked on at once, so that their arrays stay in the processor's cache."""


def cell_coverage(
    sectors: Sectors,
    x_m: Floats,
    y_m: Floats,
    *,
    environment: Environment,
    carrier_hz: float,
    user_height_m: float,
    noise_dbm: float,
    threshold_db: float,
    rng: np.random.Generator,
    activity: ArrayLike = 1.0,
    shadowing: bool = True,
    draws: int = 200,
) -> Floats:
    """Probability at places that a user outdoors gets a SINR from the best of the cells.

    Parameters
    ----------
    sectors : Sectors                   The network; of each site a place receives the nearest image.
    x_m, y_m : (P,) float, m            Places.
    environment : Environment           Propagation of all sites.
    carrier_hz : float, Hz              Carrier.
    user_height_m : float, m            Height of the users' antennas, isotropic with 0 dBi.
    shadowing : bool                    Whether there is shadow fading.
    noise_dbm, threshold_db, activity, rng, draws   As of `cell_probability`.

    Returns
    -------
    (P,) float in 0..1

    Raises
    ------
    ValueError                          As of the path loss and of `cell_probability`.

    Valid for                           Users outdoors below 13 m; distances of the path-loss model.
    Source                              3GPP TR 38.901 clauses 7.3, 7.4.1 and 7.4.2.
    """
    los_dbm, nlos_dbm, sees, sigma = _links(
        sectors,
        np.asarray(x_m, dtype=np.float64),
        np.asarray(y_m, dtype=np.float64),
        environment=environment,
        carrier_hz=carrier_hz,
        user_height_m=user_height_m,
    )
    return cell_probability(
        los_dbm,
        nlos_dbm,
        los_probability=sees,
        los_sigma_db=float(shadowing) * sigma,
        nlos_sigma_db=float(shadowing) * sigma_db(environment, Sight.NLOS),
        site=sectors.site,
        noise_dbm=noise_dbm,
        threshold_db=threshold_db,
        activity=activity,
        rng=rng,
        draws=draws,
    )


def _links(
    sectors: Sectors,
    x: Floats,
    y: Floats,
    *,
    environment: Environment,
    carrier_hz: float,
    user_height_m: float,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Per place and sector the mean power in both states; per site the chance of line of sight and its sigma."""
    shape = (x.size, sectors.count)
    los_dbm, nlos_dbm = np.empty(shape), np.empty(shape)
    sees, sigma = np.empty((x.size, sectors.sites)), np.empty((x.size, sectors.sites))
    for site, first in enumerate(sectors.first_of_site):
        east, north = sectors.offset_m(site, x, y)
        distance, height = np.hypot(east, north), float(sectors.height_m[first])
        zenith = np.degrees(np.arctan2(distance, user_height_m - height))
        azimuth = np.degrees(np.arctan2(north, east))
        heights: dict[str, ArrayLike] = {"base_height_m": height, "user_height_m": user_height_m}
        los = los_path_loss_db(environment, distance_2d_m=distance, carrier_hz=carrier_hz, **heights)
        nlos = nlos_path_loss_db(environment, distance_2d_m=distance, carrier_hz=carrier_hz, **heights)
        for panel, members in sectors.panels_of_site(site):
            for sector in members:
                gain = panel.gain_dbi(zenith, azimuth - sectors.azimuth_deg[sector])
                level = sectors.power_dbm[sector] + gain
                los_dbm[:, sector], nlos_dbm[:, sector] = level - los, level - nlos
        turning = np.inf
        if environment is Environment.RMA:
            turning = float(breakpoint_m(environment, carrier_hz=carrier_hz, **heights))
        sigma[:, site] = sigma_db(environment, Sight.LOS, beyond_breakpoint=distance > turning)
        sees[:, site] = los_probability(environment, distance_2d_m=distance, user_height_m=user_height_m)
    return los_dbm, nlos_dbm, sees, sigma


def cell_probability(
    los_power_dbm: Floats,
    nlos_power_dbm: Floats,
    *,
    los_probability: Floats,
    los_sigma_db: ArrayLike,
    nlos_sigma_db: ArrayLike,
    site: ArrayLike,
    noise_dbm: float,
    threshold_db: float,
    activity: ArrayLike = 1.0,
    rng: np.random.Generator,
    draws: int = 200,
) -> Floats:
    """Probability that the best server of a cellular network reaches a SINR.

    Parameters
    ----------
    los_power_dbm, nlos_power_dbm : (P, S) float, dBm   Mean power of every sector in the two states.
    los_probability : (P, B) float          Probability of line of sight to every site.
    los_sigma_db, nlos_sigma_db : (P, B) float or scalar, dB    Shadow fading in the two states.
    site : (S,) int                         Site of every sector; sectors of a site share state and fading.
    noise_dbm : float, dBm                  Noise in the same bandwidth.
    threshold_db : float, dB                Least SINR.
    activity : float or (S,) float          Share of the time that a sector interferes, 0..1.
    rng : Generator                         Source of the draws.
    draws : int                             Draws of all states and fadings, >= 1; all places share them.

    Returns
    -------
    (P,) float in 0..1                      Share of draws; standard error at most 0.5 / sqrt(draws).

    Raises
    ------
    ValueError                              Shapes differ, or draws < 1.

    Valid for                               No fast fading; shadow fading of different sites is independent.
    Source                                  3GPP TR 38.901 clauses 7.4.1, 7.4.2 and 7.4.4.
    """
    sites = np.asarray(site, dtype=np.int64)
    shape, count = los_power_dbm.shape, los_probability.shape[1]
    if nlos_power_dbm.shape != shape or sites.shape != shape[1:] or len(los_probability) != shape[0]:
        raise ValueError("powers of both states, sites and line-of-sight probabilities differ in shape")
    _check(sites, count, draws)
    uniforms, deviates = rng.random((draws, count)), rng.standard_normal((draws, count))
    share = np.broadcast_to(activity, sites.shape)
    sigmas = [np.broadcast_to(sigma, (shape[0], count)) for sigma in (los_sigma_db, nlos_sigma_db)]
    served = np.zeros(shape[0])
    for first in range(0, shape[0], _PLACES):
        part = slice(first, first + _PLACES)
        # In units of the noise; what a site's state and fading change is a factor common to its sectors.
        seen, hidden = (
            np.exp(_NEPER * (power[part] - noise_dbm)) for power in (los_power_dbm, nlos_power_dbm)
        )
        for uniform, deviate in zip(uniforms, deviates, strict=True):
            sees = uniform < los_probability[part]
            fading = np.exp(_NEPER * deviate * np.where(sees, sigmas[0][part], sigmas[1][part]))
            power = np.where(sees[:, sites], seen, hidden) * fading[:, sites]
            served[part] += _best_sinr(power, share) >= 10.0 ** (threshold_db / 10.0)
    return served / draws


def _check(sites: NDArray[np.int64], count: int, draws: int) -> None:
    """Raise ValueError for a site that does not exist, or without draws."""
    if draws < 1 or not (sites.min() >= 0 and sites.max() < count):
        raise ValueError(f"need draws >= 1 and sites within 0..{count - 1}, got {draws} and {sites}")


def _best_sinr(power: Floats, activity: Floats) -> Floats:
    """SINR of the strongest sector of each row over noise of 1, the others interfering with their activity."""
    best = power.argmax(axis=1)
    own = power[np.arange(len(best)), best]
    others = np.einsum("ps,s->p", power, activity) - own * activity[best]
    sinr: Floats = own / (1.0 + np.maximum(others, 0.0))
    return sinr
