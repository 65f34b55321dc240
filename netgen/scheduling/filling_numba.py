"""Filling compiled by numba: users sorted by sector once, then one sector after the other, or side by side.

The sums run over the users of a sector in the order of the rows, as in `netgen.scheduling.filling`, and nothing is
left out or regrouped: the results are the same bits, on any number of threads.

Kernels are kept on disk between runs (`netgen.compilation`).
"""

from __future__ import annotations

from typing import TypeVar

import numba
import numpy as np

from netgen.compilation import kernel
from netgen.scheduling.filling import MAX_HEAD_START, Floats, Ints

A = TypeVar("A", Floats, Ints)

# Below this many users a parallel region costs more than it saves: its threads have to be woken and waited for.
_SERIAL_USERS = 200_000


def filled(cap: Floats, amount: Floats, *, sector: Ints, weight: Floats | None) -> Floats:
    """Shares as by `netgen.scheduling.filling.filled`, compiled."""
    return _run(cap, amount, sector, weight, None)


def filled_above(
    cap: Floats, amount: Floats, *, sector: Ints, weight: Floats | None, head_start: Floats
) -> Floats:
    """Shares as by `netgen.scheduling.filling.filled_above`, compiled."""
    return _run(cap, amount, sector, weight, head_start)


def _run(
    cap: Floats, amount: Floats, sector: Ints, weight: Floats | None, head_start: Floats | None
) -> Floats:
    """Sort the users by sector and fill the sectors."""
    users, sectors = len(cap), len(amount)
    order, starts = np.empty(users, dtype=np.int64), np.empty(sectors + 1, dtype=np.int64)
    caps, share = np.empty(users), np.empty(users)
    weights = np.empty(0 if weight is None else users)
    heads = np.empty(0 if head_start is None else users)
    _sort(
        _frozen(cap),
        _frozen(sector),
        _frozen(weights if weight is None else weight),
        _frozen(heads if head_start is None else head_start),
        order,
        starts,
        caps,
        weights,
        heads,
    )
    fill = _fill_all if users >= _SERIAL_USERS else _fill_some
    fill(0, sectors, _frozen(amount), head_start is not None, order, starts, caps, weights, heads, share)
    return share


def _frozen(values: A) -> A:
    """A view of an array that cannot be written, so that kernels see one type."""
    view = np.ascontiguousarray(values).view()
    view.flags.writeable = False
    return view


_compiled = kernel()


@_compiled
def _sort(
    cap: Floats,
    sector: Ints,
    weight: Floats,
    head: Floats,
    order: Ints,
    starts: Ints,
    caps: Floats,
    weights: Floats,
    heads: Floats,
) -> None:
    """Bring the users of each sector together, in the order of the rows; weights and heads only if given."""
    starts[:] = 0
    for user in range(len(sector)):
        starts[sector[user] + 1] += 1
    for s in range(len(starts) - 1):
        starts[s + 1] += starts[s]
    ends = starts[:-1].copy()
    for user in range(len(sector)):
        place = ends[sector[user]]
        ends[sector[user]] += 1
        order[place], caps[place] = user, cap[user]
        if len(weight):
            weights[place] = weight[user]
        if len(head):
            heads[place] = head[user]


@_compiled
def _fill_some(
    start: int,
    stop: int,
    amount: Floats,
    above: bool,
    order: Ints,
    starts: Ints,
    caps: Floats,
    weights: Floats,
    heads: Floats,
    share: Floats,
) -> None:
    """Fill some sectors; what is sorted is used up."""
    for s in range(start, stop):
        first, last = starts[s], starts[s + 1]
        users, cap = order[first:last], caps[first:last]
        weight, head = weights[first:last], heads[first:last]
        wanted = 0.0
        for k in range(len(cap)):
            wanted += cap[k]
        if not wanted > amount[s]:
            for k in range(len(cap)):
                share[users[k]] = cap[k]
        elif above:
            _fill_above(amount[s], users, cap, weight, head, share)
        else:
            _fill(amount[s], users, cap, weight, share)


@kernel(parallel=True)
def _fill_all(
    start: int,
    stop: int,
    amount: Floats,
    above: bool,
    order: Ints,
    starts: Ints,
    caps: Floats,
    weights: Floats,
    heads: Floats,
    share: Floats,
) -> None:
    """The same on all threads."""
    for s in numba.prange(start, stop):
        _fill_some(s, s + 1, amount, above, order, starts, caps, weights, heads, share)


@_compiled
def _fill(left: float, users: Ints, cap: Floats, weight: Floats, share: Floats) -> None:
    """Fill one sector: give what is left in proportion to the weights, take out who is full, repeat."""
    live, weighted = len(users), len(weight) > 0
    total = 0.0
    for k in range(live):
        total += weight[k] if weighted else 1.0
    while live:
        level = left / total if total > 0 else 0.0
        taken, total, kept = 0.0, 0.0, 0
        for k in range(live):
            user, most, own = users[k], cap[k], weight[k] if weighted else 1.0
            target = level * own
            if most <= target:
                share[user] = most
                taken += most
                continue
            share[user] = target
            users[kept], cap[kept] = user, most
            if weighted:
                weight[kept] = own
            total += own
            kept += 1
        if kept == live:
            return
        left = max(left - taken, 0.0)
        live = kept


@_compiled
def _fill_above(left: float, users: Ints, cap: Floats, weight: Floats, head: Floats, share: Floats) -> None:
    """Fill one sector above head starts: fix the full ones or the negative ones, repeat with the others."""
    weighted = len(weight) > 0
    live, total, heads = _lift(left, users, cap, weight, head, share)
    while live:
        level = (left + heads) / total if total > 0 else 0.0
        used = 0.0
        for k in range(live):
            target = level * (weight[k] if weighted else 1.0) - head[k]
            used += min(max(target, 0.0), cap[k])
        raises = used < left
        taken, total, heads, kept = 0.0, 0.0, 0.0, 0
        for k in range(live):
            user, most, own, lead = users[k], cap[k], weight[k] if weighted else 1.0, head[k]
            target = level * own - lead
            bounded = min(max(target, 0.0), most)
            share[user] = bounded
            if target >= most if raises else target <= 0.0:
                taken += bounded
                continue
            users[kept], cap[kept], head[kept] = user, most, lead
            if weighted:
                weight[kept] = own
            total += own
            heads += lead
            kept += 1
        if kept == live:
            return
        left = max(left - taken, 0.0)
        live = kept


@_compiled
def _lift(
    amount: float, users: Ints, cap: Floats, weight: Floats, head: Floats, share: Floats
) -> tuple[int, float, float]:
    """Leave out users with a cap of 0 and count head starts from the lowest.

    Return how many users are left, the sum of their weights and that of their head starts.
    """
    live, lowest, weighted = 0, np.inf, len(weight) > 0
    for k in range(len(users)):
        if not cap[k] > 0:
            share[users[k]] = 0.0
            continue
        own = weight[k] if weighted else 1.0
        users[live], cap[live], head[live] = users[k], cap[k], head[k] / own
        if weighted:
            weight[live] = own
        lowest = min(lowest, head[live])
        live += 1
    total, heads, most = 0.0, 0.0, MAX_HEAD_START * amount
    for k in range(live):
        own = weight[k] if weighted else 1.0
        head[k] = min((head[k] - lowest) * own, most)
        total += own
        heads += head[k]
    return live, total, heads
