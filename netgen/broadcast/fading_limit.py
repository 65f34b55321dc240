"""Information limit of Gray-labelled square QAM over AWGN, Rice and Rayleigh channels."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import ModelRangeError

Floats = NDArray[np.float64]

_GRID_DB = np.arange(-30.0, 60.0 + 1e-9, 0.5)
_HERMITE_POINTS = 40
_GAIN_POINTS = 800
_LARGEST_RICE_DB = 20.0


class Channel(StrEnum):
    """Small-scale fading that a required C/N is stated for."""

    AWGN = "awgn"
    RICE = "rice"
    RAYLEIGH = "rayleigh"


def bicm_bits_per_symbol(
    snr_db: ArrayLike, bits_per_symbol: int, *, rice_factor_db: float = np.inf
) -> NDArray[np.float64]:
    """Bit-interleaved mutual information of a Gray-labelled square QAM, in bits per symbol.

    Parameters
    ----------
    snr_db : (...,) float, dB           Mean Es/N0 or C/N per cell.
    bits_per_symbol : int               2, 4, ..., 12.
    rice_factor_db : float, dB          Direct to scattered power; infinite is AWGN, minus infinite is Rayleigh.
                                        The fading is independent from cell to cell and known to the receiver.

    Returns
    -------
    (...,) float, bit per symbol        Between 0 and `bits_per_symbol`; held at the ends outside -30 to 60 dB.

    Raises
    ------
    ModelRangeError                     The size is not an even number of bits from 2 to 12, or the Rice factor
                                        is finite and above 20 dB (use infinity).

    Valid for                           Ideal channel knowledge, uniform constellations.
    Source                              Caire, Taricco, Biglieri, Bit-interleaved coded modulation, IEEE Trans.
                                        Inf. Theory 44(3), 1998, parallel-channel capacity.
    """
    curve = _curve(_checked_bits(bits_per_symbol), _checked_rice(rice_factor_db))
    result: Floats = np.interp(np.asarray(snr_db, dtype=np.float64), _GRID_DB, curve)
    return result


def limit_db(information_bits: float, bits_per_symbol: int, *, rice_factor_db: float = np.inf) -> float:
    """Smallest mean C/N at which a constellation can carry that much information per symbol.

    Parameters
    ----------
    information_bits : float, bit       Information bits per symbol, above 0 and below `bits_per_symbol`.
    bits_per_symbol : int               2, 4, ..., 12.
    rice_factor_db : float, dB          As in `bicm_bits_per_symbol`.

    Returns
    -------
    float, dB                           QPSK at 1 bit over AWGN gives 0.19 dB, over Rayleigh 1.83 dB.

    Raises
    ------
    ModelRangeError                     Outside the range that the curve reaches between -30 and 60 dB.
    """
    curve = _curve(_checked_bits(bits_per_symbol), _checked_rice(rice_factor_db))
    if not curve[0] < information_bits < min(float(curve[-1]), bits_per_symbol - 1e-6):
        raise ModelRangeError(
            f"{information_bits} bit per symbol cannot be reached with {bits_per_symbol} coded bits per symbol "
            f"between {_GRID_DB[0]} and {_GRID_DB[-1]} dB"
        )
    rising = np.maximum.accumulate(curve)
    return float(np.interp(information_bits, rising, _GRID_DB))


def _checked_bits(bits_per_symbol: int) -> int:
    """The number of bits, or an error that lists the legal ones."""
    if bits_per_symbol not in (2, 4, 6, 8, 10, 12):
        raise ModelRangeError(f"{bits_per_symbol} bits per symbol is not one of 2, 4, 6, 8, 10, 12")
    return bits_per_symbol


def _checked_rice(rice_factor_db: float) -> float:
    """The Rice factor, or an error where its density cannot be computed."""
    factor = float(rice_factor_db)
    if np.isnan(factor) or (_LARGEST_RICE_DB < factor < np.inf):
        raise ModelRangeError(
            f"a Rice factor of {factor} dB is above {_LARGEST_RICE_DB} dB; use infinity for a channel without fading"
        )
    return factor


@cache
def _curve(bits_per_symbol: int, rice_factor_db: float) -> Floats:
    """Information in bits per symbol at every SNR of the grid."""
    if np.isposinf(rice_factor_db):
        curve = np.array([_awgn_bits(10.0 ** (snr / 10.0), bits_per_symbol) for snr in _GRID_DB])
    else:
        still = _curve(bits_per_symbol, np.inf)
        gain, weight = _rice_gains(10.0 ** (rice_factor_db / 10.0))
        levels = _GRID_DB[:, None] + 10.0 * np.log10(gain)[None, :]
        curve = np.interp(levels, _GRID_DB, still, left=0.0) @ weight
    curve.flags.writeable = False
    return curve


def _awgn_bits(snr: float, bits_per_symbol: int) -> float:
    """Information of one symbol, as two independent Gray-labelled PAM dimensions."""
    half = bits_per_symbol // 2
    size = 1 << half
    index = np.arange(size)
    gray = index ^ (index >> 1)
    levels = 2.0 * index - (size - 1)
    levels *= np.sqrt(0.5 / np.mean(levels**2))
    node, weight = np.polynomial.hermite.hermgauss(_HERMITE_POINTS)
    sigma = np.sqrt(0.5 / snr)
    sent = levels[: size // 2]  # the other half mirrors it, with the same labels but for one flipped bit
    received = sent[:, None] + np.sqrt(2.0) * sigma * node[None, :]
    exponent = -((received[:, :, None] - levels) ** 2) / (2.0 * sigma**2)
    top = exponent.max(axis=2, keepdims=True)
    likelihood = np.exp(exponent - top)
    every = likelihood.sum(axis=2)
    total = 0.0
    for bit in range(half):
        label = (gray >> bit) & 1
        sides = likelihood @ np.stack([label == 0, label == 1], axis=1).astype(np.float64)
        same = np.where(label[: len(sent), None] == 1, sides[:, :, 1], sides[:, :, 0])
        lost = np.log2(every / np.maximum(same, 1e-300))
        total += 1.0 - float(np.mean(lost @ weight)) / np.sqrt(np.pi)
    return max(2.0 * total, 0.0)


def _rice_gains(factor: float) -> tuple[Floats, Floats]:
    """Power gains of unit mean and their probabilities, from the Rice density on a logarithmic grid."""
    log_gain = np.linspace(np.log(1e-7), np.log(60.0), _GAIN_POINTS)
    gain = np.exp(log_gain)
    argument = 2.0 * np.sqrt(factor * (1.0 + factor) * gain)
    keep = argument < 600.0
    bessel = np.i0(np.where(keep, argument, 0.0))
    density = np.where(keep, (1.0 + factor) * np.exp(-factor - (1.0 + factor) * gain) * bessel, 0.0)
    weight = density * gain
    weight /= weight.sum()
    return gain, weight
