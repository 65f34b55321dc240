"""Guaranteed bit rates with priorities: which guarantees a sector can hold, and what they take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.scheduling.fairness import checked_users
from netgen.scheduling.filling import Floats, Ints

Flags = NDArray[np.bool_]

MAX_PRIORITY = 127
# A guarantee fits when it exceeds what is left by no more than rounding.
_SLACK = 1e-12
_SORT_AT_MOST = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Reserved:
    """Blocks set aside for the guarantees that a sector can hold.

    Parameters
    ----------
    blocks : (n,) float     Blocks that each user needs for the guarantee, or for the demand where that is
                            less; 0 for users refused or without a guarantee.
    met : (n,) bool         False for users with a guarantee that is refused; True for all others.
    left : (S,) float       Blocks of each sector that no guarantee takes.
    """

    blocks: Floats
    met: Flags
    left: Floats


def reserved_blocks(
    rate_per_block_bps: ArrayLike,
    demand_bps: ArrayLike,
    *,
    sector: ArrayLike,
    blocks: ArrayLike,
    guaranteed_bps: ArrayLike,
    priority: ArrayLike | None = None,
    tie_break: ArrayLike | None = None,
) -> Reserved:
    """Admit guarantees by priority, within a priority those first that need the fewest blocks.

    Within a priority the first guarantee that does not fit ends the admission, which holds as many as
    possible; the next priority goes on with what is left, so that one user at the edge of the cell, who
    cannot be satisfied at all, does not cost all others theirs. Nobody is admitted in part. Users who
    are equal in sector, priority, blocks needed and `tie_break` are admitted or refused together, so that the
    order of the rows never matters: give identities as `tie_break` where equal users shall not be refused
    together. Users without a demand need nothing.

    Parameters
    ----------
    rate_per_block_bps, demand_bps, sector, blocks
                                            As for `netgen.scheduling.fairness.round_robin`.
    guaranteed_bps : (n,) float, bit/s      Guaranteed bit rate of each user, finite, >= 0; 0 for none.
    priority : (n,) int or None             0..127, 0 first; None for one priority for all.
    tie_break : (n,) int or None            Among equal users the lower is admitted first; None: equal stays equal.

    Returns
    -------
    Reserved                                Blocks set aside, whose guarantee is met, what is left.

    Raises
    ------
    ValueError                              An array has the wrong shape or a value out of range; names both.

    Valid for                               Rates constant over the epoch; all admitted guarantees are equal.
    Source                                  TS 23.501 5.7.2.5 (guaranteed flow bit rate) and 5.7.3.3 (a lower
                                            level first); the order within a priority is this model's.
    """
    caps, rate, where, amount = checked_users(rate_per_block_bps, demand_bps, sector, blocks)
    wanted_bps, levels = _checked_promises(guaranteed_bps, priority, len(caps))
    ties = _whole("tie_break", tie_break, len(caps))
    wanted = (wanted_bps > 0) & (np.asarray(demand_bps, dtype=np.float64) > 0)
    met = ~wanted
    candidates = np.flatnonzero(wanted & (rate > 0))
    with np.errstate(over="ignore"):
        need = np.minimum(wanted_bps[candidates] / rate[candidates], caps[candidates])
    left, slack, taken = amount.copy(), amount * _SLACK, np.zeros(len(caps))
    for rows in _by_priority(levels, candidates):
        users = candidates[rows]
        admitted = _smallest_that_fit(
            need[rows], left, sector=where[users], slack=slack, tie=None if ties is None else ties[users]
        )
        winners = users[admitted]
        met[winners] = True
        taken[winners] = need[rows[admitted]]
        left -= np.bincount(where[winners], weights=taken[winners], minlength=len(left))
        np.maximum(left, 0.0, out=left)
    return Reserved(taken, met, left)


def _checked_promises(
    guaranteed_bps: ArrayLike, priority: ArrayLike | None, users: int
) -> tuple[Floats, Ints | None]:
    """Guaranteed rates and priorities of all users; raises ValueError for one that is out of range."""
    wanted_bps = np.asarray(guaranteed_bps, dtype=np.float64)
    if wanted_bps.shape != (users,):
        raise ValueError(f"guaranteed_bps has shape {wanted_bps.shape}; needed is ({users},)")
    bad = np.flatnonzero(~((wanted_bps >= 0) & (wanted_bps < np.inf)))
    if bad.size:
        raise ValueError(f"guaranteed_bps[{bad[0]}] = {wanted_bps[bad[0]]} is not finite and >= 0")
    levels = _whole("priority", priority, users)
    if levels is not None and levels.size and not (levels.min() >= 0 and levels.max() <= MAX_PRIORITY):
        index = int(np.flatnonzero((levels < 0) | (levels > MAX_PRIORITY))[0])
        raise ValueError(f"priority[{index}] = {levels[index]} is not within 0..{MAX_PRIORITY}")
    return wanted_bps, levels


def _by_priority(levels: Ints | None, candidates: Ints) -> list[Ints]:
    """Positions in `candidates` of each priority in use, the first priority first."""
    if levels is None:
        return [np.arange(len(candidates))]
    mine = levels[candidates]
    return [np.flatnonzero(mine == level) for level in np.flatnonzero(np.bincount(mine))]


def _smallest_that_fit(need: Floats, left: Floats, *, sector: Ints, slack: Floats, tie: Ints | None) -> Flags:
    """Users with the smallest needs of each sector that together fit; equal users together or not at all.

    The limit is narrowed down by cutting the open users of every sector at their mean need: those below are
    admitted if they fit, else those above are refused. The rest is sorted when it is small.
    """
    sectors = len(left)
    admitted = np.zeros(len(need), dtype=np.bool_)
    room = left.copy()
    live = np.flatnonzero(need <= (room + slack)[sector])
    while live.size > _SORT_AT_MOST:
        where, needs = sector[live], need[live]
        count = np.bincount(where, minlength=sectors)
        total = np.bincount(where, weights=needs, minlength=sectors)
        cut = np.divide(total, count, out=np.zeros(sectors), where=count > 0)
        low = needs <= cut[where]
        low_total = np.bincount(where[low], weights=needs[low], minlength=sectors)
        fits = low_total <= room + slack
        take = low & fits[where]
        admitted[live[take]] = True
        room -= np.where(fits, low_total, 0.0)
        np.maximum(room, 0.0, out=room)
        keep = np.where(fits[where], ~low, low)
        if keep.all():
            break
        live = live[keep]
    if not live.size:
        return admitted
    admitted[live] = _prefix_that_fits(
        need[live], room + slack, sector=sector[live], tie=None if tie is None else tie[live]
    )
    return admitted


def _prefix_that_fits(need: Floats, room: Floats, *, sector: Ints, tie: Ints | None) -> Flags:
    """The same by sorting by sector, need and tie."""
    order = np.lexsort((need, sector) if tie is None else (tie, need, sector))
    where, needs = sector[order], need[order]
    first = np.concatenate([[True], where[1:] != where[:-1]])
    start = np.flatnonzero(first)
    sums = np.cumsum(needs)
    before = np.concatenate([[0.0], sums])[start]
    used = sums - np.repeat(before, np.diff(np.append(start, len(order))))
    new = first | np.concatenate([[True], needs[1:] != needs[:-1]])
    if tie is not None:
        ties = tie[order]
        new |= np.concatenate([[True], ties[1:] != ties[:-1]])
    last = np.append(np.flatnonzero(new)[1:], len(order)) - 1
    fits = (used[last] <= room[where[last]])[np.cumsum(new) - 1]
    result = np.empty(len(order), dtype=np.bool_)
    result[order] = fits
    return result


def _whole(name: str, values: ArrayLike | None, users: int) -> Ints | None:
    """Return one integer per user, or None."""
    if values is None:
        return None
    column = np.asarray(values)
    if column.shape != (users,) or (users and not np.issubdtype(column.dtype, np.integer)):
        raise ValueError(
            f"{name} has shape {column.shape} and type {column.dtype}; integers of shape ({users},) are needed"
        )
    whole: Ints = column.astype(np.int64, copy=False)
    return whole
