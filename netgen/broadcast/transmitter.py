"""Broadcast transmitters: where they stand, what they radiate, and when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.propagation.free_space import DIPOLE_GAIN_DBI

Floats = NDArray[np.float64]

_TURN_DEG = 360.0


@dataclass(frozen=True, slots=True, eq=False)
class Transmitter:
    """One transmitter of a broadcast network.

    Parameters
    ----------
    x_m, y_m : float, m                 Place in the plane.
    height_m : float, m                 Height of the antenna above the ground, > 0.
    eirp_dbm : float, dBm               Greatest radiated power, relative to an isotropic antenna, in the channel.
    delay_s : float, s                  Static delay of the emission against network time, >= 0.
    horizontal_db : (n,) float, dB      Gain relative to the greatest, <= 0, at n azimuths spaced evenly
                                        counter-clockwise from the x axis; one 0 means omnidirectional.
    vertical_beamwidth_deg : float      Full width of the vertical beam at -3 dB; None radiates evenly.
    tilt_deg : float, deg               Beam tilt below the horizon; used with a beam width only.
    null_fill_db : float, dB            Least vertical gain, <= 0.

    Raises
    ------
    ValueError                          A number or the pattern breaks the rules above.

    Valid for                           Patterns that are a product of the horizontal and the vertical cut.
                                        ASSUMED: the vertical beam is parabolic in dB down to the null fill of
                                        -20 dB.
    """

    x_m: float
    y_m: float
    height_m: float
    eirp_dbm: float
    delay_s: float = 0.0
    horizontal_db: tuple[float, ...] = (0.0,)
    vertical_beamwidth_deg: float | None = None
    tilt_deg: float = 0.0
    null_fill_db: float = -20.0

    def __post_init__(self) -> None:
        for name in ("x_m", "y_m", "height_m", "eirp_dbm", "delay_s", "tilt_deg", "null_fill_db"):
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"transmitter {name} = {getattr(self, name)} is not finite")
        if not self.height_m > 0:
            raise ValueError(f"transmitter height_m = {self.height_m} m is not > 0")
        if self.delay_s < 0 or self.null_fill_db > 0:
            raise ValueError(
                f"need delay_s >= 0 and null_fill_db <= 0, got {self.delay_s}, {self.null_fill_db}"
            )
        if not self.horizontal_db or not all(-100.0 <= gain <= 0.0 for gain in self.horizontal_db):
            raise ValueError("horizontal_db needs at least one gain, each -100..0 dB below the greatest")
        if self.vertical_beamwidth_deg is not None and not 0 < self.vertical_beamwidth_deg <= 180:
            raise ValueError(
                f"vertical_beamwidth_deg = {self.vertical_beamwidth_deg} is outside 0..180 degrees"
            )

    def eirp_towards_dbm(self, x_m: ArrayLike, y_m: ArrayLike, *, receiver_height_m: float) -> Floats:
        """Radiated power towards receivers: (U,) dBm for (U,) places in metres.

        The horizontal cut is interpolated in dB between its azimuths.
        """
        east = np.asarray(x_m, dtype=np.float64) - self.x_m
        north = np.asarray(y_m, dtype=np.float64) - self.y_m
        power = np.full(np.broadcast(east, north).shape, self.eirp_dbm)
        if len(self.horizontal_db) > 1:
            azimuth = np.degrees(np.arctan2(north, east)) % _TURN_DEG
            step = _TURN_DEG / len(self.horizontal_db)
            knots = np.arange(len(self.horizontal_db) + 1) * step
            power = power + np.interp(azimuth, knots, [*self.horizontal_db, self.horizontal_db[0]])
        if self.vertical_beamwidth_deg is not None:
            below = np.degrees(np.arctan2(self.height_m - receiver_height_m, np.hypot(east, north)))
            off_beam = 2.0 * (below - self.tilt_deg) / self.vertical_beamwidth_deg
            power = power - np.minimum(3.0 * off_beam**2, -self.null_fill_db)
        return power


class SiteClass(StrEnum):
    """Kinds of broadcast sites, by power and tower."""

    HPHT = "hpht"
    MPMT = "mpmt"
    LPLT = "lplt"


@dataclass(frozen=True, slots=True)
class SitePlan:
    """Height, power and spacing of one kind of site.

    Parameters
    ----------
    height_m : float, m         Antenna height above the ground.
    eirp_dbm : float, dBm       Equivalent isotropically radiated power.
    spacing_m : float, m        Distance between neighbouring sites of a network.
    """

    height_m: float
    eirp_dbm: float
    spacing_m: float


#: ASSUMED: sites have 300 m, 70 dBm and 125 km (high power, high tower), 100 m, 60 dBm and 50 km (medium), or
#: 35 m, 61 dBm (46 dBm and an antenna of 15 dBi) and 15 km (low power, low tower).
#: They are remembered as the network types of TR 36.776, which was not readable here.
SITE_PLANS: Mapping[SiteClass, SitePlan] = MappingProxyType(
    {
        SiteClass.HPHT: SitePlan(300.0, 70.0, 125e3),
        SiteClass.MPMT: SitePlan(100.0, 60.0, 50e3),
        SiteClass.LPLT: SitePlan(35.0, 61.0, 15e3),
    }
)


def transmitter_of(site_class: SiteClass, *, x_m: float, y_m: float, delay_s: float = 0.0) -> Transmitter:
    """Omnidirectional transmitter of a kind of site, with that kind's height and power."""
    plan = SITE_PLANS[site_class]
    return Transmitter(x_m, y_m, height_m=plan.height_m, eirp_dbm=plan.eirp_dbm, delay_s=delay_s)


def eirp_dbm_of_erp(erp_w: float) -> float:
    """Radiated power relative to an isotropic antenna from effective radiated power relative to a dipole.

    Parameters
    ----------
    erp_w : float, W            Effective radiated power, > 0; 1 MW is the United States' UHF maximum.

    Returns
    -------
    float, dBm                  10 log10(1000 ERP) + 2.15; 1 MW gives 92.15 dBm.

    Raises
    ------
    ValueError                  The power is not positive and finite.

    Source                      Recommendation ITU-R BS.561: a half-wave dipole has 2.15 dBi.
    """
    if not (math.isfinite(erp_w) and erp_w > 0):
        raise ValueError(f"an effective radiated power of {erp_w} W is not finite and > 0")
    return 10.0 * math.log10(erp_w) + 30.0 + DIPOLE_GAIN_DBI
