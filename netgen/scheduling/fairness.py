"""Round robin, proportional fair and max-min: resource blocks of all sectors for one epoch, as a fluid.

Within an epoch rates are constant, so what a scheduler does slot by slot is only seen in the share of the
blocks that each user has got at the end; shares may be fractions of a block. All three are work conserving:
a sector leaves blocks unused only when everybody who can be served has all that was asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.scheduling.filling import (
    MAX_WEIGHT,
    MIN_WEIGHT,
    Compute,
    Floats,
    Ints,
    filled,
    filled_above,
)

# Below this a rate is treated as this one when it is inverted; no user of a cell comes near.
_SMALLEST_RATE_BPS = 1e-90


def round_robin(
    rate_per_block_bps: ArrayLike,
    demand_bps: ArrayLike,
    *,
    sector: ArrayLike,
    blocks: ArrayLike,
    compute: Compute = "numpy",
) -> Floats:
    """Equal numbers of resource blocks for all users of a sector; what one does not need goes to the others.

    Parameters
    ----------
    rate_per_block_bps : (n,) float, bit/s  What one resource block gives each user all epoch long, >= 0; users
                                            with 0 cannot be served and get nothing.
    demand_bps : (n,) float, bit/s          Most that each user can take, >= 0; infinite for a full buffer.
    sector : (n,) int                       Sector that serves each user, 0..S-1.
    blocks : (S,) float                     Resource blocks of each sector, >= 0.
    compute : "numpy" or "numba"            Plain or compiled, with the same results to the last bit.

    Returns
    -------
    (n,) float                              Blocks of each user, averaged over the epoch; times the rate this is
                                            the throughput. Demands of 1, 4, 8 Mbit/s at 1 Mbit/s per block share
                                            9 blocks as 1, 4, 4.

    Raises
    ------
    ValueError                              An array has the wrong shape or a value out of range; names both.
    InputError, MissingDependencyError      `compute` is not known, or numba is not installed.

    Valid for                               Rates constant over the epoch and equal on all blocks.
    Source                                  Bertsekas, Gallager, Data Networks, 2nd ed., section 6.5.2.
    """
    caps, _, where, amount = checked_users(rate_per_block_bps, demand_bps, sector, blocks)
    return filled(caps, amount, sector=where, compute=compute)


def proportional_fair(
    rate_per_block_bps: ArrayLike,
    demand_bps: ArrayLike,
    *,
    sector: ArrayLike,
    blocks: ArrayLike,
    weight: ArrayLike | None = None,
    head_start_blocks: ArrayLike | None = None,
    compute: Compute = "numpy",
) -> Floats:
    """Blocks that maximise the sum of weight * log(throughput) in every sector.

    Without fast fading the optimum does not depend on the rates: blocks are shared in proportion to the
    weights (equally without them, as in round robin), capped by the demands. What sets proportional fair
    apart from round robin is its memory: with `head_start_blocks` the averaged throughput at the end of the
    epoch takes the place of the throughput in the logarithm, which is what a scheduler with the metric
    rate / average does over an epoch (see `netgen.scheduling.past_throughput`).

    Parameters
    ----------
    rate_per_block_bps, demand_bps, sector, blocks, compute
                                            As for `round_robin`, errors too.
    weight : (n,) float or None             Weights, 1e-100..1e100; None for equal ones.
    head_start_blocks : (n,) float or None  Blocks that the past of each user counts for in this epoch, 0..1e100.

    Returns
    -------
    (n,) float                              Blocks of each user, averaged over the epoch.

    Raises
    ------
    ValueError                              An array has the wrong shape or a value out of range; names both.

    Valid for                               Rates constant over the epoch and equal on all blocks: there is no
                                            gain from scheduling on fading peaks.
    Source                                  F. Kelly, Charging and rate control for elastic traffic, Eur. Trans.
                                            Telecommun. 8 (1997); D. Tse, P. Viswanath, Fundamentals of Wireless
                                            Communication, section 6.7 (metric rate / average).
    """
    caps, _, where, amount = checked_users(rate_per_block_bps, demand_bps, sector, blocks)
    weights = None
    if weight is not None:
        weights = _column("weight", weight, len(caps))
        _require("weight", weights, low=MIN_WEIGHT, high=MAX_WEIGHT)
    if head_start_blocks is None:
        return filled(caps, amount, sector=where, weight=weights, compute=compute)
    head = _column("head_start_blocks", head_start_blocks, len(caps))
    _require("head_start_blocks", head, low=0.0, high=MAX_WEIGHT)
    return filled_above(caps, amount, sector=where, weight=weights, head_start=head, compute=compute)


def max_min(
    rate_per_block_bps: ArrayLike,
    demand_bps: ArrayLike,
    *,
    sector: ArrayLike,
    blocks: ArrayLike,
    compute: Compute = "numpy",
) -> Floats:
    """Equal throughputs for all users of a sector that can be served, capped by their demands.

    Nobody's throughput can be raised without lowering one that is no higher: users at the edge of a cell get
    the most blocks. Arguments, errors and result as for `round_robin`; two users at 1 and 3 Mbit/s per block
    share 8 blocks as 6 and 2.

    Valid for                               Rates constant over the epoch and equal on all blocks.
    Source                                  Bertsekas, Gallager, Data Networks, 2nd ed., section 6.5.2.
    """
    caps, rate, where, amount = checked_users(rate_per_block_bps, demand_bps, sector, blocks)
    weight = 1.0 / np.maximum(rate, _SMALLEST_RATE_BPS)
    return filled(caps, amount, sector=where, weight=weight, compute=compute)


def checked_users(
    rate_per_block_bps: ArrayLike, demand_bps: ArrayLike, sector: ArrayLike, blocks: ArrayLike
) -> tuple[Floats, Floats, Ints, Floats]:
    """Return most blocks that each user can take, rates, sectors and blocks as checked arrays."""
    rate = np.asarray(rate_per_block_bps, dtype=np.float64)
    if rate.ndim != 1:
        raise ValueError(
            f"rate_per_block_bps has shape {rate.shape}; one value for each user is needed: (n,)"
        )
    demand = _column("demand_bps", demand_bps, len(rate))
    amount = np.asarray(blocks, dtype=np.float64)
    if amount.ndim != 1:
        raise ValueError(f"blocks has shape {amount.shape}; one value for each sector is needed: (S,)")
    _require("rate_per_block_bps", rate, low=0.0, high=MAX_WEIGHT)
    _require("demand_bps", demand, low=0.0, high=np.inf)
    _require("blocks", amount, low=0.0, high=MAX_WEIGHT)
    where = checked_sectors(sector, len(rate), len(amount))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        caps = demand / rate
    caps[rate == 0] = 0.0
    return caps, rate, where, amount


def checked_sectors(sector: ArrayLike, users: int, sectors: int | None = None) -> Ints:
    """Return the sector of each user as integers in 0..sectors-1; raises ValueError naming the first bad one."""
    where = np.asarray(sector)
    if where.shape != (users,):
        raise ValueError(f"sector has shape {where.shape}; one value for each user is needed: ({users},)")
    if users and not np.issubdtype(where.dtype, np.integer):
        raise ValueError(f"sector must hold integers, not {where.dtype}")
    whole: Ints = where.astype(np.int64, copy=False)
    high = np.iinfo(np.int64).max if sectors is None else sectors - 1
    if users and (whole.min() < 0 or whole.max() > high):
        index = int(np.flatnonzero((whole < 0) | (whole > high))[0])
        known = "" if sectors is None else f"; there are {sectors} sectors"
        raise ValueError(f"sector[{index}] = {whole[index]} is no sector{known}")
    return whole


def _column(name: str, values: ArrayLike, users: int) -> Floats:
    """Return one float per user or raise ValueError."""
    column: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    if column.shape != (users,):
        raise ValueError(f"{name} has shape {column.shape}; one value for each user is needed: ({users},)")
    return column


def _require(name: str, values: Floats, *, low: float, high: float) -> None:
    """Raise ValueError naming the first value that is not within low..high (NaN never is)."""
    if values.size and not (values.min() >= low and values.max() <= high):
        index = int(np.flatnonzero(~((values >= low) & (values <= high)))[0])
        limit = f">= {low:g}" if np.isinf(high) else f"within {low:g}..{high:g}"
        raise ValueError(f"{name}[{index}] = {values[index]} is not {limit}")
