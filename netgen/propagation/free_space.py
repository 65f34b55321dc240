"""Loss in free space: the floor below which no broadcast loss falls."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SPEED_OF_LIGHT_M_S = 299_792_458.0
DIPOLE_GAIN_DBI = 2.15


def free_space_path_loss_db(distance_m: ArrayLike, carrier_hz: float) -> Floats:
    """Free-space basic transmission loss between isotropic antennas.

    Parameters
    ----------
    distance_m : (...) float, m     Slant distance, > 0.
    carrier_hz : float, Hz          Carrier frequency, > 0.

    Returns
    -------
    (...) float, dB                 Same shape as `distance_m`; 100 m at 600 MHz gives 68.01 dB.

    Raises
    ------
    ValueError                      A distance or the carrier is not positive and finite.

    Valid for                       Far field, clear line of sight, no ground reflection.
    Source                          Recommendation ITU-R P.525, 20 log10(4 pi d / wavelength).
    """
    distance = np.asarray(distance_m, dtype=np.float64)
    bad = ~(np.isfinite(distance) & (distance > 0))
    if bad.any():
        index = tuple(int(axis[0]) for axis in np.nonzero(np.atleast_1d(bad)))
        raise ValueError(f"distance {index} = {np.atleast_1d(distance)[index]} m is not finite and > 0")
    if not (np.isfinite(carrier_hz) and carrier_hz > 0):
        raise ValueError(f"the carrier {carrier_hz} Hz is not finite and > 0")
    loss: Floats = 20.0 * np.log10(4.0 * np.pi * carrier_hz / SPEED_OF_LIGHT_M_S * distance)
    return loss
