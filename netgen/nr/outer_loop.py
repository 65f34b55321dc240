"""Outer-loop link adaptation: a SINR offset per user that acknowledgements drive to a target error rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from netgen.nr.tables import Floats


@dataclass(frozen=True, slots=True)
class OuterLoop:
    """Rule by which the offset moves; the scheme is then chosen at SINR - offset.

    Each loss raises the offset by `up_db`, each delivery lowers it by `down_db`, whose ratio makes the
    offset stand still exactly when the share of losses is the target.

    Parameters
    ----------
    target_bler : float                 Error rate of first transmissions to reach, 0 to 1 exclusive.
    up_db : float, dB                   Rise after a loss, > 0. ASSUMED: 0.5 dB; larger follows faster and
                                        wavers more.
    lowest_db, highest_db : float, dB   Limits of the offset.

    Raises
    ------
    ValueError                          A value outside its range.

    Source                              A. Sampath, P. Sarath Kumar, J. M. Holtzman, VTC 1997 (the ratio);
                                        K. I. Pedersen et al., as in sionna.sys.OuterLoopLinkAdaptation
                                        (Sionna 2.2.0).
    """

    target_bler: float = 0.1
    up_db: float = 0.5
    lowest_db: float = -20.0
    highest_db: float = 20.0

    def __post_init__(self) -> None:
        if not 0.0 < self.target_bler < 1.0:
            raise ValueError(f"target_bler = {self.target_bler} is not between 0 and 1")
        if not self.up_db > 0.0:
            raise ValueError(f"up_db = {self.up_db} dB is not above 0")
        if not self.lowest_db <= self.highest_db:
            raise ValueError(f"lowest_db = {self.lowest_db} is above highest_db = {self.highest_db}")

    @property
    def down_db(self) -> float:
        """Fall after a delivery: up_db x target / (1 - target)."""
        return self.up_db * self.target_bler / (1.0 - self.target_bler)

    def after_blocks(self, offset_db: ArrayLike, *, delivered: ArrayLike, lost: ArrayLike) -> Floats:
        """Offset after feedback on first transmissions: per block, or the counts of an epoch.

        Parameters
        ----------
        offset_db : (U,) float, dB      Offset of each user.
        delivered, lost : (U,) int      How many first transmissions were acknowledged and not; both 0 for a
                                        user that was not served. One and zero are the per-block form.

        Returns
        -------
        (U,) float, dB                  Offset for the next block or epoch, within the limits.

        Raises
        ------
        ValueError                      A negative count.
        """
        good, failed = np.asarray(delivered, dtype=np.float64), np.asarray(lost, dtype=np.float64)
        for name, count in (("delivered", good), ("lost", failed)):
            bad = np.flatnonzero(~(count >= 0.0))
            if bad.size:
                raise ValueError(f"{name}[{bad[0]}] = {count.flat[bad[0]]} is not a count >= 0")
        moved = np.asarray(offset_db, dtype=np.float64) + self.up_db * failed - self.down_db * good
        return np.clip(moved, self.lowest_db, self.highest_db)

    def expected(
        self, offset_db: ArrayLike, *, blocks: ArrayLike, bler: ArrayLike, largest_step_db: float = 1.0
    ) -> Floats:
        """Offset after an epoch in expectation: no draw, the same for any number of threads or replications.

        The mean drift of `blocks` blocks at the error rate of the epoch's start, held to `largest_step_db`,
        because the error rate would have changed on the way.

        Parameters
        ----------
        offset_db : (U,) float, dB      Offset of each user.
        blocks : (U,) float             First transmissions in the epoch, >= 0; may be a mean.
        bler : (U,) float               Their error rate at the scheme chosen with `offset_db`, 0 to 1.
        largest_step_db : float, dB     Most that the offset moves in one epoch, > 0.

        Returns
        -------
        (U,) float, dB                  Offset for the next epoch, within the limits.

        Raises
        ------
        ValueError                      Negative blocks, an error rate outside 0 to 1, or no step.

        Valid for                       Epochs over which the SINR is constant. Stationary where the error
                                        rate is the target; with few blocks per epoch its mean over epochs is
                                        the target also between the steps of the MCS table.
        """
        count, failed = np.asarray(blocks, dtype=np.float64), np.asarray(bler, dtype=np.float64)
        for name, bad in (("blocks", ~(count >= 0.0)), ("bler", ~((failed >= 0.0) & (failed <= 1.0)))):
            where = np.flatnonzero(bad)
            if where.size:
                raise ValueError(f"{name}[{where[0]}] is outside its range (blocks >= 0, bler 0 to 1)")
        if not largest_step_db > 0.0:
            raise ValueError(f"largest_step_db = {largest_step_db} dB is not above 0")
        drift = count * (self.up_db * failed - self.down_db * (1.0 - failed))
        moved = np.asarray(offset_db, dtype=np.float64) + np.clip(drift, -largest_step_db, largest_step_db)
        return np.clip(moved, self.lowest_db, self.highest_db)
