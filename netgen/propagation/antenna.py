"""The sector antenna of 3GPP TR 38.901: one column of elements with electrical and mechanical down-tilt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Largest gain of one element, dBi.
ELEMENT_GAIN_DBI = 8.0
#: Depth of the nulls of a column of elements, dB, at which its gain stops falling; keeps the gain finite.
NULL_DEPTH_DB = -120.0
_BEAMWIDTH_DEG = 65.0
_LARGEST_ATTENUATION_DB = 30.0


def element_gain_dbi(zenith_deg: ArrayLike, azimuth_deg: ArrayLike) -> Floats:
    """Gain of one element towards a direction, both polarisations together.

    Parameters
    ----------
    zenith_deg : (...) float, deg       0 up, 90 on the horizon, 180 down, in the panel's own frame.
    azimuth_deg : (...) float, deg      From the panel's normal, any turn.

    Returns
    -------
    (...) float, dBi                    8 dBi ahead, 30 dB less at most; the arguments broadcast.

    Source                              3GPP TR 38.901 Table 7.3-1 (65 deg beams, 30 dB, 8 dBi).
    """
    zenith, azimuth = np.asarray(zenith_deg, dtype=np.float64), np.asarray(azimuth_deg, dtype=np.float64)
    turned = azimuth - 360.0 * np.rint(azimuth * (1.0 / 360.0))
    # Each angle's own limit is the same 30 dB and needs no step of its own: a sum is never less than its parts.
    fade_db = turned * turned + np.square(zenith - 90.0)
    fade_db *= 12.0 / _BEAMWIDTH_DEG**2
    return np.asarray(ELEMENT_GAIN_DBI - np.minimum(fade_db, _LARGEST_ATTENUATION_DB), dtype=np.float64)


def array_factor_db(
    zenith_deg: ArrayLike, *, elements: int, spacing_wavelengths: float = 0.5, tilt_deg: ArrayLike = 0.0
) -> Floats:
    """Gain of a vertical column of equally fed elements over one of them.

    Parameters
    ----------
    zenith_deg : (...) float, deg       0 up, 90 on the horizon, in the panel's own frame.
    elements : int                      Elements in the column, >= 1.
    spacing_wavelengths : float         Distance between elements in wavelengths, > 0.
    tilt_deg : (...) float, deg         Electrical tilt of the beam below the panel's horizon.

    Returns
    -------
    (...) float, dB                     10 log10(elements) in the beam; nulls stop at -120 dB.

    Raises
    ------
    ValueError                          There is no element or no spacing.

    Source                              3GPP TR 38.901 clause 7.3 and TR 36.873 clause 7.1 (weights
                                        exp(-j 2 pi m d cos(tilt)) / sqrt(M)), summed in closed form.
    """
    return column_gain_db(
        np.cos(np.deg2rad(np.asarray(zenith_deg, dtype=np.float64))),
        elements=elements,
        spacing_wavelengths=spacing_wavelengths,
        tilt_deg=tilt_deg,
    )


def column_gain_db(
    rise: ArrayLike, *, elements: int, spacing_wavelengths: float = 0.5, tilt_deg: ArrayLike = 0.0
) -> Floats:
    """Gain of a column as `array_factor_db`, towards directions of which the upward part is known.

    Parameters
    ----------
    rise : (...) float                  Cosine of the zenith angle in the panel's frame, -1 to 1.
    elements, spacing_wavelengths, tilt_deg     As of `array_factor_db`.

    Returns
    -------
    (...) float, dB                     10 log10(elements) in the beam; nulls stop at -120 dB.

    Raises
    ------
    ValueError                          There is no element or no spacing.

    Source                              As of `array_factor_db`.
    """
    if elements < 1 or not spacing_wavelengths > 0:
        raise ValueError(
            f"a column needs elements >= 1 and a spacing > 0, got {elements}, {spacing_wavelengths}"
        )
    beam = -np.sin(np.deg2rad(np.asarray(tilt_deg, dtype=np.float64)))
    half_phase = (np.pi * spacing_wavelengths) * (np.asarray(rise, dtype=np.float64) - beam)
    sine, many = _sine(half_phase), _sine(elements * half_phase)
    alike = np.abs(sine) < 1e-7
    if alike.any():
        many[alike], sine[alike] = elements, 1.0
    many /= sine
    floor = 10.0 ** (0.1 * NULL_DEPTH_DB)
    return np.asarray(10.0 * np.log10(np.maximum(many * many * (1.0 / elements), floor)), dtype=np.float64)


def local_angles(
    zenith_deg: ArrayLike, azimuth_deg: ArrayLike, *, bearing_deg: ArrayLike = 0.0, tilt_deg: ArrayLike = 0.0
) -> tuple[Floats, Floats]:
    """Turn a direction in space into the angles that a turned and tilted panel sees.

    Parameters
    ----------
    zenith_deg, azimuth_deg : (...) float, deg      Direction: zenith from straight up, azimuth
                                                    counter-clockwise from the x axis.
    bearing_deg : (...) float, deg                  Azimuth of the panel's normal.
    tilt_deg : (...) float, deg                     Mechanical tilt of the normal below the horizon.

    Returns
    -------
    zenith_deg, azimuth_deg : (...) float, deg      In the panel's frame: (90, 0) along its normal; the
                                                    azimuth lies in [-180, 180].

    Source                                          3GPP TR 38.901 equations 7.1-7 and 7.1-8, slant 0.
    """
    zenith, tilt = np.deg2rad(np.asarray(zenith_deg, dtype=np.float64)), np.deg2rad(tilt_deg)
    azimuth = np.deg2rad(
        np.asarray(azimuth_deg, dtype=np.float64) - np.asarray(bearing_deg, dtype=np.float64)
    )
    up = np.cos(zenith)
    ahead, aside = np.sin(zenith) * np.cos(azimuth), np.sin(zenith) * np.sin(azimuth)
    own_ahead = np.cos(tilt) * ahead - np.sin(tilt) * up
    own_up = np.sin(tilt) * ahead + np.cos(tilt) * up
    own_zenith = np.rad2deg(np.arctan2(np.hypot(own_ahead, aside), own_up))
    own_azimuth = np.rad2deg(np.arctan2(aside, own_ahead))
    return np.asarray(own_zenith, dtype=np.float64), np.asarray(own_azimuth, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class SectorAntenna:
    """A panel of one column of elements.

    Parameters
    ----------
    elements : int                  Elements in the column, >= 1.
    spacing_wavelengths : float     Distance between elements in wavelengths, > 0.
    tilt_deg : float, deg           Electrical tilt of the beam below the panel's horizon, within +-90.
    mechanical_tilt_deg : float, deg    Tilt of the panel itself below the horizon, within +-90.

    Raises
    ------
    ValueError                      A value breaks its rule.

    Source                          3GPP TR 38.901 clause 7.3; Table 7.8-1 uses ten elements, half a
                                    wavelength apart, tilted by 12 deg.
    """

    elements: int = 10
    spacing_wavelengths: float = 0.5
    tilt_deg: float = 0.0
    mechanical_tilt_deg: float = 0.0

    def __post_init__(self) -> None:
        if self.elements < 1:
            raise ValueError(f"elements = {self.elements} is not at least 1")
        if not 0 < self.spacing_wavelengths < np.inf:
            raise ValueError(f"spacing_wavelengths = {self.spacing_wavelengths} is not positive")
        for name, tilt in (("tilt_deg", self.tilt_deg), ("mechanical_tilt_deg", self.mechanical_tilt_deg)):
            if not -90 <= tilt <= 90:
                raise ValueError(f"{name} = {tilt} is outside -90..90 deg")

    @property
    def largest_gain_dbi(self) -> float:
        """Gain that no direction exceeds: 8 dBi and 10 log10(elements)."""
        return ELEMENT_GAIN_DBI + 10.0 * float(np.log10(self.elements))

    def gain_dbi(self, zenith_deg: ArrayLike, azimuth_deg: ArrayLike) -> Floats:
        """Gain towards a direction.

        Parameters
        ----------
        zenith_deg : (...) float, deg       0 up, 90 on the horizon.
        azimuth_deg : (...) float, deg      From the sector's bearing, counter-clockwise, any turn.

        Returns
        -------
        (...) float, dBi                    Element gain and array factor; the arguments broadcast.

        Source                              3GPP TR 38.901 clause 7.3.
        """
        zenith, azimuth = np.asarray(zenith_deg, dtype=np.float64), np.asarray(azimuth_deg, dtype=np.float64)
        if self.mechanical_tilt_deg:
            zenith, azimuth = local_angles(zenith, azimuth, tilt_deg=self.mechanical_tilt_deg)
        column = array_factor_db(
            zenith,
            elements=self.elements,
            spacing_wavelengths=self.spacing_wavelengths,
            tilt_deg=self.tilt_deg,
        )
        return np.asarray(element_gain_dbi(zenith, azimuth) + column, dtype=np.float64)


def _sine(angle: Floats) -> Floats:
    """Sine by the tangent of half the angle, to the last bits the same: numpy has vector code for that alone."""
    half = np.tan(0.5 * angle)
    return np.asarray(2.0 * half / (1.0 + half * half), dtype=np.float64)
