"""Receiver classes of broadcast planning: antenna, height, noise and what stands around the receiver."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.propagation.location_variation import LOCATION_SIGMA_DB

Floats = NDArray[np.float64]

_THERMAL_NOISE_DBM_HZ = 10.0 * math.log10(1.380649e-23 * 290.0 * 1e3)
_FRONT_DEG, _BACK_DEG, _BACK_DB = 20.0, 60.0, 16.0


class Reception(StrEnum):
    """How and where a receiver stands."""

    ROOF_TOP = "roof-top"
    PORTABLE_OUTDOOR = "portable-outdoor"
    PORTABLE_INDOOR = "portable-indoor"
    MOBILE = "mobile"
    IN_CAR = "in-car"
    HANDHELD = "handheld"


@dataclass(frozen=True, slots=True)
class ReceiverClass:
    """Planning figures of one class of receivers, UHF.

    Parameters
    ----------
    reception : Reception               Which class.
    height_m : float, m                 Height of the antenna above the ground. The loss of height against the
                                        10 m of roof-top planning is in the propagation model, at this height.
    antenna_gain_dbi : float, dBi       Gain in the direction of the antenna's front.
    directional : bool                  Whether the antenna is aimed and discriminates.
    feeder_loss_db : float, dB          Loss of the cable.
    noise_figure_db : float, dB         Noise figure of the receiver.
    man_made_noise_db : float, dB       Rise of the noise above thermal by other devices.
    entry_loss_db : float, dB           Median loss into the building or vehicle.
    entry_sigma_db : float, dB          Standard deviation of that loss.

    Valid for                           470 to 700 MHz.
    """

    reception: Reception
    height_m: float
    antenna_gain_dbi: float
    directional: bool
    feeder_loss_db: float
    noise_figure_db: float
    man_made_noise_db: float
    entry_loss_db: float
    entry_sigma_db: float

    @property
    def net_gain_db(self) -> float:
        """Antenna gain less feeder and entry loss: received power = EIRP - path loss + this."""
        return self.antenna_gain_dbi - self.feeder_loss_db - self.entry_loss_db

    @property
    def sigma_db(self) -> float:
        """Standard deviation of the level over places: outdoor variation and entry loss, independent."""
        return math.hypot(LOCATION_SIGMA_DB, self.entry_sigma_db)

    def noise_dbm(self, bandwidth_hz: float) -> float:
        """Noise power in a bandwidth.

        Parameters
        ----------
        bandwidth_hz : float, Hz        Noise bandwidth, > 0.

        Returns
        -------
        float, dBm                      k T0 B at 290 K, plus noise figure and man-made noise.

        Raises
        ------
        ValueError                      The bandwidth is not positive and finite.

        Source                          The planning equations of the GE06 agreement (Pn = F + 10 log k T0 B).
        """
        if not (math.isfinite(bandwidth_hz) and bandwidth_hz > 0):
            raise ValueError(f"the noise bandwidth {bandwidth_hz} Hz is not finite and > 0")
        density = _THERMAL_NOISE_DBM_HZ + self.noise_figure_db + self.man_made_noise_db
        return density + 10.0 * math.log10(bandwidth_hz)

    def discrimination_db(self, off_axis_deg: ArrayLike) -> Floats:
        """Gain relative to the front, <= 0, at angles off the antenna's axis; 0 when it is not aimed.

        Parameters
        ----------
        off_axis_deg : (...) float, deg     Difference of azimuth, any sign and turn.

        Returns
        -------
        (...) float, dB                     0 up to 20 degrees, linear to -16 at 60 degrees, then -16.

        Valid for                           Bands IV and V. ASSUMED: the breakpoints of Recommendation ITU-R
                                            BT.419 are as remembered, the text was not readable here.
        """
        angle = np.abs((np.asarray(off_axis_deg, dtype=np.float64) + 180.0) % 360.0 - 180.0)
        if not self.directional:
            return np.zeros_like(angle)
        share = np.clip((angle - _FRONT_DEG) / (_BACK_DEG - _FRONT_DEG), 0.0, 1.0)
        discrimination: Floats = -_BACK_DB * share
        return discrimination


def receiver_class(reception: Reception) -> ReceiverClass:
    """Planning figures of a class, from the table `receiver_classes.csv` beside this module.

    Source                              Column `source` of the table; figures that no readable document gave
                                        say so there.
    """
    return _table()[reception]


@cache
def _table() -> dict[Reception, ReceiverClass]:
    """Read the table once."""
    text = resources.files("netgen.broadcast").joinpath("receiver_classes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    classes = {}
    for row in rows:
        reception = Reception(row["reception"])
        classes[reception] = ReceiverClass(
            reception=reception,
            height_m=float(row["height_m"]),
            antenna_gain_dbi=float(row["antenna_gain_dbi"]),
            directional=row["directional"] == "yes",
            feeder_loss_db=float(row["feeder_loss_db"]),
            noise_figure_db=float(row["noise_figure_db"]),
            man_made_noise_db=float(row["man_made_noise_db"]),
            entry_loss_db=float(row["entry_loss_db"]),
            entry_sigma_db=float(row["entry_sigma_db"]),
        )
    return classes
