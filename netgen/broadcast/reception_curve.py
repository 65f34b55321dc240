"""Frame errors near the threshold: the waterfall of a long code, and what it does to packets."""

from __future__ import annotations

from functools import cache
from math import erfc, log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

WIDTH_64800_DB = 0.045
WIDTH_16200_DB = 0.09
WIDTH_TURBO_6144_DB = 0.12
_STEP = 0.01
_LOWEST, _HIGHEST = -9.0, 37.0


def frame_error_probability(
    snr_db: ArrayLike,
    required_db: ArrayLike,
    *,
    width_db: float = WIDTH_64800_DB,
    error_at_required: float = 1e-4,
) -> NDArray[np.float64]:
    """Probability that one FEC frame is lost at a given margin over the required C/N.

    Parameters
    ----------
    snr_db : (...,) float, dB           C/N of each user; may be infinite.
    required_db : (...,) float, dB      Required C/N of the configuration; broadcasts with `snr_db`.
    width_db : float, dB                Standard deviation of the waterfall; of a 64800-bit code by default.
    error_at_required : float           Frame error probability at the required C/N, above 0 and below 0.5.

    Returns
    -------
    (...,) float                        Falls from 1 to 0: with the defaults 0.5 at 0.17 dB below the
                                        requirement, 1e-4 at it.

    Raises
    ------
    ValueError                          A NaN, a width not above 0, a probability outside its range.

    Valid for                           Margins within about 1 dB; no error floor is modelled (the outer BCH code
                                        removes it). ASSUMED: the required C/N means a frame error
                                        probability of 1e-4. ASSUMED: one width for all constellations and code
                                        rates and for fading that is independent from cell to cell.
    Source                              Form: finite-length scaling law of iteratively decoded codes (Amraoui,
                                        Montanari, Richardson, Urbanke, IEEE Trans. Inf. Theory 55(2), 2009).
                                        Width: own simulation of A/322 codes, `waterfall.csv`.
    """
    snr = np.asarray(snr_db, dtype=np.float64)
    required = np.asarray(required_db, dtype=np.float64)
    for name, values in (("snr_db", snr), ("required_db", required)):
        if np.isnan(values).any():
            raise ValueError(f"{name}[{np.argmax(np.isnan(values.ravel()))}] is not a number")
    if not 0.0 < width_db < np.inf:
        raise ValueError(f"width_db = {width_db} dB is not above 0 and finite")
    if not 0.0 < error_at_required < 0.5:
        raise ValueError(f"error_at_required = {error_at_required} is not between 0 and 0.5")
    steps = NormalDist().inv_cdf(1.0 - error_at_required)
    return _upper_tail((snr - required) / width_db + steps)


def packet_loss_probability(
    frame_error: ArrayLike, *, packet_bits: int, frame_payload_bits: int
) -> NDArray[np.float64]:
    """Probability that a packet is lost when packets fill the FEC frames without gaps.

    Parameters
    ----------
    frame_error : (...,) float          Frame error probability, 0 to 1; frame errors independent.
    packet_bits : int, bit              Size of a packet, > 0.
    frame_payload_bits : int, bit       Payload of an FEC frame, > 0.

    Returns
    -------
    (...,) float                        A packet is lost with any frame that it touches; a packet of one bit
                                        gives `frame_error` itself.

    Raises
    ------
    ValueError                          A probability outside 0 to 1 or a size not above 0; names index and value.

    Valid for                           Packet starts spread evenly over the frame; exact then.
    Source                              Elementary probability.
    """
    error = np.asarray(frame_error, dtype=np.float64)
    wrong = ~((error >= 0.0) & (error <= 1.0))
    if wrong.any():
        index = int(np.argmax(wrong.ravel()))
        raise ValueError(f"frame_error[{index}] = {error.ravel()[index]} is not between 0 and 1")
    if packet_bits <= 0 or frame_payload_bits <= 0:
        raise ValueError(
            f"packet_bits = {packet_bits} and frame_payload_bits = {frame_payload_bits} must be above 0"
        )
    whole, rest = divmod(packet_bits - 1, frame_payload_bits)
    more = rest / frame_payload_bits
    with np.errstate(divide="ignore"):
        intact = np.log1p(-error)
    fewest = -np.expm1((whole + 1) * intact)
    result: Floats = fewest + more * (1.0 - fewest) * error
    return result


def _upper_tail(steps: Floats) -> Floats:
    """Upper tail of the normal distribution; the logarithm is interpolated (relative error below 2e-5)."""
    result: Floats = np.exp(np.interp(steps, _tail_grid(), _log_tail()))
    return np.where(steps > _HIGHEST, 0.0, np.where(steps < _LOWEST, 1.0, result))


@cache
def _tail_grid() -> Floats:
    """Numbers of standard deviations at which the tail is tabulated."""
    return np.arange(_LOWEST, _HIGHEST + _STEP, _STEP)


@cache
def _log_tail() -> Floats:
    """Logarithm of the tail on the grid."""
    return np.array([log(0.5 * erfc(step / sqrt(2.0))) for step in _tail_grid()])
