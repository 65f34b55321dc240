"""Cell multicast: one transmission per sector and content, at the rate of its weakest member."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.scheduling.fairness import checked_sectors
from netgen.scheduling.filling import Floats, Ints

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class MulticastGroups:
    """Groups of users who get one transmission; a group competes with unicast users as one entry.

    Append `rate_per_block_bps`, `demand_bps` and `sector` to those of the unicast users, share out the blocks,
    and hand what the groups got to `to_members`.

    Parameters
    ----------
    sector, content : (g,) int              What makes a group; ordered by sector, then content.
    members : (g,) int                      Users in each group, those left out included.
    rate_per_block_bps : (g,) float, bit/s  Rate that the weakest member which is not left out can decode; 0 when
                                            nobody in the group is within reach.
    demand_bps : (g,) float, bit/s          Most that a member which is not left out can take.
    group : (n,) int                        Group of each user.
    reached : (n,) bool                     Users who can decode the transmission of their group.
    """

    sector: Ints
    content: Ints
    members: Ints
    rate_per_block_bps: Floats
    demand_bps: Floats
    group: Ints
    reached: Flags

    def to_members(self, throughput_bps: ArrayLike) -> Floats:
        """Throughput of each user (n,) from that of the groups (g,), in bit/s: all of it, or 0 if left out."""
        throughput = np.asarray(throughput_bps, dtype=np.float64)
        if throughput.shape != self.members.shape:
            raise ValueError(f"throughput_bps has shape {throughput.shape}; needed is {self.members.shape}")
        return np.where(self.reached, throughput[self.group], 0.0)


def multicast_groups(
    rate_per_block_bps: ArrayLike,
    demand_bps: ArrayLike,
    *,
    sector: ArrayLike,
    content: ArrayLike,
    left_out_share: float = 0.0,
) -> MulticastGroups:
    """Group the users of each sector by content and find the rate at which each group is served.

    Of m members the ``floor(left_out_share * m)`` with the lowest rates need not be served. Members with rate
    0 cannot be served at any rate and do not stop the others: they use up this number first, and are
    left out even beyond it. Members who are left out but not weaker than the weakest served (equal rates)
    do decode.

    O(n) for all members served while sector times content stays within a few times n, else one sort.

    Parameters
    ----------
    rate_per_block_bps : (n,) float, bit/s  What one block would give each member alone, finite, >= 0.
    demand_bps : (n,) float, bit/s          Most that each member can take, >= 0, may be infinite.
    sector : (n,) int                       Sector of each member, >= 0.
    content : (n,) int                      What each member receives, >= 0.
    left_out_share : float                  0 <= share < 1; 0 serves everybody within reach.

    Returns
    -------
    MulticastGroups                         One entry for each pair of sector and content that occurs.

    Raises
    ------
    ValueError                              An array has the wrong shape or a value out of range; names both.

    Valid for                               One layer, no retransmission to single members: what the weakest
                                            decodes all decode.
    Source                                  Group rate as the minimum over members, "conventional multicast scheme":
                                            R. Afolabi, A. Dadlani, K. Kim, Multicast scheduling and resource
                                            allocation algorithms for OFDMA-based systems: a survey, IEEE Commun.
                                            Surveys Tuts. 15 (2013).
    """
    rate = np.asarray(rate_per_block_bps, dtype=np.float64)
    demand = np.asarray(demand_bps, dtype=np.float64)
    _check(rate, demand, left_out_share)
    where = checked_sectors(sector, len(rate))
    what = np.asarray(content)
    if what.shape != rate.shape or (what.size and (what.dtype.kind not in "iu" or what.min() < 0)):
        raise ValueError(f"content must hold one integer >= 0 for each of the {len(rate)} members")
    contents = int(what.max()) + 1 if what.size else 1
    keys, group = _numbered(where * contents + what.astype(np.int64))
    count = len(keys)
    members = np.bincount(group, minlength=count).astype(np.int64)
    slowest = _group_rates(rate, group, members, left_out_share)
    reached = (rate > 0) & (rate >= slowest[group])
    wanted = np.zeros(count)
    np.maximum.at(wanted, group, np.where(reached, demand, 0.0))
    return MulticastGroups(keys // contents, keys % contents, members, slowest, wanted, group, reached)


def _check(rate: Floats, demand: Floats, left_out_share: float) -> None:
    """Raise ValueError for rates, demands or a share out of range."""
    for name, column in (("rate_per_block_bps", rate), ("demand_bps", demand)):
        if column.ndim != 1 or column.shape != rate.shape:
            raise ValueError(f"{name} has shape {column.shape}; one value for each member is needed")
        bad = np.flatnonzero(~(column >= 0))
        if bad.size:
            raise ValueError(f"{name}[{bad[0]}] = {column[bad[0]]} bit/s is not >= 0")
    if rate.size and np.isinf(rate.max()):
        raise ValueError(f"rate_per_block_bps[{int(np.argmax(rate))}] is not finite")
    if not 0 <= left_out_share < 1:
        raise ValueError(f"left_out_share = {left_out_share} is not within 0 <= share < 1")


def _numbered(key: Ints) -> tuple[Ints, Ints]:
    """Keys that occur, in order, and the position of each user's key among them."""
    span = int(key.max()) + 1 if key.size else 0
    if span > 8 * key.size + 1024:
        keys, group = np.unique(key, return_inverse=True)
        return keys, group.astype(np.int64, copy=False)
    keys = np.flatnonzero(np.bincount(key, minlength=span))
    position = np.empty(span, dtype=np.int64)
    position[keys] = np.arange(len(keys))
    return keys, position[key]


def _group_rates(rate: Floats, group: Ints, members: Ints, left_out_share: float) -> Floats:
    """Rate of the weakest member within reach after leaving out a share of the weakest, 0 if there is none."""
    if left_out_share == 0:
        slowest = np.full(len(members), np.inf)
        np.minimum.at(slowest, group, np.where(rate > 0, rate, np.inf))
        return np.where(np.isinf(slowest), 0.0, slowest)
    in_order = rate[np.lexsort((rate, group))]
    unreachable = np.bincount(group[rate == 0], minlength=len(members))
    # The smallest excess over a whole number is rounding of the product: 0.1 * 30 is to leave out 3.
    spared = np.floor(left_out_share * members * (1 + 1e-12)).astype(np.int64)
    skipped = np.maximum(spared, unreachable)
    start = np.cumsum(members) - members
    reachable = skipped < members
    return np.where(reachable, in_order[start + np.minimum(skipped, members - 1)], 0.0)
