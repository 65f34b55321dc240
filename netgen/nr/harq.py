"""Hybrid automatic repeat request: what retransmissions deliver, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from netgen.nr.tables import Floats

_MOTHER_RATE = 1.0 / 5.0
_MOST_TRANSMISSIONS = 4


class Combining(StrEnum):
    """What the receiver does with the earlier transmissions of a transport block."""

    NONE = "none"
    CHASE = "chase"
    INCREMENTAL = "incremental"


@dataclass(frozen=True, slots=True)
class Harq:
    """Retransmission of lost transport blocks.

    Parameters
    ----------
    combining : Combining               CHASE: the same bits again, SINRs add. INCREMENTAL: new parity bits as
                                        long as the code has any, then repetition. NONE: every transmission
                                        stands alone.
    transmissions : int                 Most transmissions of one block, the first included, 1 to 4.

    Raises
    ------
    ValueError                          Another number of transmissions.

    Valid for                           All transmissions of a block at one SINR (no change between them).
                                        ASSUMED: 4 transmissions (the usual redundancy-version cycle 0, 2, 3,
                                        1).
    Source                              TS 38.321 clause 5.3.2 (combining); TS 38.212 clause 5.4.2.1
                                        (redundancy versions).
    """

    combining: Combining = Combining.CHASE
    transmissions: int = _MOST_TRANSMISSIONS

    def __post_init__(self) -> None:
        if not 1 <= self.transmissions <= _MOST_TRANSMISSIONS:
            raise ValueError(f"transmissions = {self.transmissions} is not in 1 to {_MOST_TRANSMISSIONS}")


@dataclass(frozen=True, slots=True, eq=False)
class HarqOutcome:
    """What becomes of a transport block.

    Parameters
    ----------
    delivered : (...) float             Share of blocks decoded within the allowed transmissions.
    transmissions : (...) float         Mean number of transmissions of a block, delivered or not, >= 1.
    """

    delivered: Floats
    transmissions: Floats

    @property
    def efficiency(self) -> Floats:
        """Blocks delivered per transmission: times the rate of a transmission this is the goodput."""
        return self.delivered / self.transmissions


def combined_sinr_db(
    sinr_db: ArrayLike, transmission: int, *, combining: Combining, code_rate: ArrayLike
) -> Floats:
    """SINR at which the first transmission alone would fail as often as all up to `transmission` together.

    Parameters
    ----------
    sinr_db : (...) float, dB           SINR of every single transmission.
    transmission : int                  Number k of transmissions received, >= 1.
    combining : Combining               Chase: k times the SINR (energy adds). Incremental: mutual information
                                        adds while new parity is left, n = min(k, R / (1/5)) transmissions,
                                        (1 + SINR)^n - 1, and energy adds beyond, times k / n. None: unchanged.
    code_rate : (...) float             Rate R of the first transmission (used by incremental only).

    Returns
    -------
    (...) float, dB

    Raises
    ------
    ValueError                          `transmission` below 1.

    Valid for                           Chase: exact for maximum-ratio combining. Incremental: an upper bound
                                        (Gaussian symbols, an ideal code).
    Source                              D. Chase, IEEE Trans. Commun. 33(5), 1985, doi:10.1109/TCOM.1985.1096314;
                                        mutual-information accumulation: G. Caire and D. Tuninetti, IEEE Trans.
                                        Inf. Theory 47(5), 2001, doi:10.1109/18.930931.
    """
    if transmission < 1:
        raise ValueError(f"transmission = {transmission} is below 1")
    level_db, rate = np.broadcast_arrays(np.asarray(sinr_db, np.float64), np.asarray(code_rate, np.float64))
    combining = Combining(combining)
    if combining is Combining.NONE or transmission == 1:
        return level_db.copy()
    if combining is Combining.CHASE:
        return np.asarray(level_db + 10.0 * np.log10(transmission), dtype=np.float64)
    fresh = np.clip(rate / _MOTHER_RATE, 1.0, transmission)
    sinr = 10.0 ** (level_db / 10.0)
    with np.errstate(divide="ignore"):
        gathered = np.expm1(fresh * np.log1p(sinr)) * (transmission / fresh)
        return np.asarray(10.0 * np.log10(gathered), dtype=np.float64)


def harq_outcome(failures: ArrayLike) -> HarqOutcome:
    """Delivery and mean transmissions from the error probability after each transmission.

    A block is sent again until it is decoded or its transmissions are used up; the mean number sent is the
    sum over k of the probability that the first k were not enough (renewal-reward).

    Parameters
    ----------
    failures : (K, ...) float           Probability that a block is not decoded after 1, 2, ..., K transmissions;
                                        not increasing along the first axis.

    Returns
    -------
    HarqOutcome                         Of shape (...).

    Raises
    ------
    ValueError                          No transmission, a value outside 0 to 1, or an increase.

    Valid for                           Feedback without errors.
    """
    failed = np.asarray(failures, dtype=np.float64)
    if failed.ndim == 0 or failed.shape[0] == 0:
        raise ValueError("failures needs a first axis of at least one transmission")
    bad = np.flatnonzero(~((failed >= 0.0) & (failed <= 1.0)))
    if bad.size:
        raise ValueError(f"failures[{bad[0]}] = {failed.flat[bad[0]]} is not in 0 to 1")
    if np.any(np.diff(failed, axis=0) > 0.0):
        raise ValueError("failures increase from one transmission to the next")
    sent = 1.0 + failed[:-1].sum(axis=0)
    return HarqOutcome(np.asarray(1.0 - failed[-1]), np.asarray(sent))
