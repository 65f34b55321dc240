"""The schedulers by name, as a scenario gives them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import InputError, did_you_mean
from netgen.scheduling.fairness import max_min, proportional_fair, round_robin
from netgen.scheduling.filling import Compute, Floats
from netgen.scheduling.guarantees import reserved_blocks


class Scheduler(StrEnum):
    """Schedulers that a sector can use."""

    ROUND_ROBIN = "round-robin"
    PROPORTIONAL_FAIR = "proportional-fair"
    MAX_MIN = "max-min"
    GUARANTEED = "guaranteed"

    @classmethod
    def named(cls, name: str) -> Scheduler:
        """Return the scheduler called `name`; raises InputError with the nearest name when there is none."""
        known = [str(each) for each in cls]
        if name not in known:
            raise InputError(
                f'no scheduler is called "{name}"{did_you_mean(name, known)} (known: {", ".join(known)})'
            )
        return cls(name)


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """Blocks of each user, and whose guarantee is met.

    Parameters
    ----------
    blocks : (n,) float     Resource blocks, averaged over the epoch; times the rate this is the throughput.
    met : (n,) bool         False for users whose guarantee was refused; True for all others.
    """

    blocks: Floats
    met: NDArray[np.bool_]


def allocate(
    scheduler: Scheduler | str,
    rate_per_block_bps: ArrayLike,
    *,
    demand_bps: ArrayLike,
    sector: ArrayLike,
    blocks: ArrayLike,
    weight: ArrayLike | None = None,
    head_start_blocks: ArrayLike | None = None,
    guaranteed_bps: ArrayLike | None = None,
    priority: ArrayLike | None = None,
    tie_break: ArrayLike | None = None,
    rest: Scheduler | str = Scheduler.PROPORTIONAL_FAIR,
    compute: Compute = "numpy",
) -> Allocation:
    """Share out the blocks of all sectors for one epoch by the scheduler of the given name.

    Parameters
    ----------
    scheduler : Scheduler or str            "round-robin", "proportional-fair", "max-min" or "guaranteed".
    rate_per_block_bps, demand_bps, sector, blocks
                                            As for `netgen.scheduling.fairness.round_robin`.
    weight, head_start_blocks               As for `netgen.scheduling.fairness.proportional_fair`; other schedulers
                                            do not look at them.
    guaranteed_bps, priority, tie_break     As for `netgen.scheduling.guarantees.reserved_blocks`; "guaranteed" needs
                                            the first, other schedulers look at none of them.
    rest : Scheduler or str                 With "guaranteed": who shares out, among all users, the blocks that no
                                            guarantee takes; what a guarantee gave does not count there.
    compute : "numpy" or "numba"            Whether the filling is plain or compiled, with the same bits as result.

    Returns
    -------
    Allocation                              Blocks of each user, and whose guarantee is met.

    Raises
    ------
    InputError                              No scheduler has this name, or `compute` is not known.
    MissingDependencyError                  numba is not installed.
    ValueError                              An array has the wrong shape or a value out of range, guaranteed rates are
                                            missing, or the rest is to be shared by "guaranteed" again.
    """
    chosen = Scheduler.named(scheduler)
    if chosen is not Scheduler.GUARANTEED:
        got = _shared(
            chosen, rate_per_block_bps, demand_bps, sector, blocks, weight, head_start_blocks, compute
        )
        return Allocation(got, np.ones(len(got), dtype=np.bool_))
    remaining = Scheduler.named(rest)
    if guaranteed_bps is None:
        raise ValueError("the scheduler guaranteed needs guaranteed_bps")
    if remaining is Scheduler.GUARANTEED:
        raise ValueError("the rest cannot be shared by the scheduler guaranteed; name another one")
    first = reserved_blocks(
        rate_per_block_bps, demand_bps, sector=sector, blocks=blocks,
        guaranteed_bps=guaranteed_bps, priority=priority, tie_break=tie_break,
    )  # fmt: skip
    rate = np.asarray(rate_per_block_bps, dtype=np.float64)
    unmet_bps = np.maximum(np.asarray(demand_bps, dtype=np.float64) - first.blocks * rate, 0.0)
    more = _shared(remaining, rate, unmet_bps, sector, first.left, weight, head_start_blocks, compute)
    return Allocation(first.blocks + more, first.met)


def _shared(
    scheduler: Scheduler,
    rate_per_block_bps: ArrayLike,
    demand_bps: ArrayLike,
    sector: ArrayLike,
    blocks: ArrayLike,
    weight: ArrayLike | None,
    head_start_blocks: ArrayLike | None,
    compute: Compute,
) -> Floats:
    """Blocks by one of the schedulers without guarantees."""
    if scheduler is Scheduler.PROPORTIONAL_FAIR:
        return proportional_fair(
            rate_per_block_bps,
            demand_bps,
            sector=sector,
            blocks=blocks,
            weight=weight,
            head_start_blocks=head_start_blocks,
            compute=compute,
        )
    share = max_min if scheduler is Scheduler.MAX_MIN else round_robin
    return share(rate_per_block_bps, demand_bps, sector=sector, blocks=blocks, compute=compute)
