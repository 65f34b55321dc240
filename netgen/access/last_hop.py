"""What the engine and the cores ask of any last hop by radio that gives each user bits of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import simpy
from numpy.typing import NDArray

from netgen.access.download import Download, Floats, Rows
from netgen.topology.outages import Outages
from netgen.transport.clock import NEVER_NS, NS_PER_S

Flags = NDArray[np.bool_]


class AirTimes:
    """When the parts of a last hop are on air, to the nanosecond.

    Parameters
    ----------
    outages : mapping               Outages of parts, by number, and of all of them, by None.
    parts : int                     Number of parts.
    end_ns : int, ns                End of the run; what lies behind it does not matter.
    """

    def __init__(self, outages: Mapping[int | None, Outages], parts: int, *, end_ns: int) -> None:
        self._parts = parts
        part, down_ns, up_ns = [], [], []
        for number in range(parts):
            for each in (outages.get(None), outages.get(number)):
                if each is not None:
                    part.append(np.full(len(each.start_s), number, dtype=np.int64))
                    down_ns.append(np.rint(np.minimum(each.start_s * NS_PER_S, end_ns)).astype(np.int64))
                    up_ns.append(np.rint(np.minimum(each.end_s * NS_PER_S, end_ns)).astype(np.int64))
        nothing = np.empty(0, dtype=np.int64)
        self._part, self._down_ns, self._up_ns = (
            np.concatenate([nothing, *some]) for some in (part, down_ns, up_ns)
        )
        edges_ns = np.unique(np.concatenate([self._down_ns, self._up_ns]))
        self.changes_ns = edges_ns[(edges_ns > 0) & (edges_ns < end_ns)]

    def on_air(self, now_ns: int) -> Flags:
        """Which parts are on air at an instant; one that goes down at it is not, one that is repaired is."""
        found = np.ones(self._parts, dtype=np.bool_)
        found[self._part[(self._down_ns <= now_ns) & (self._up_ns > now_ns)]] = False
        return found

    def next_change_ns(self, now_ns: int) -> int:
        """First instant behind this one at which some part goes down or up; `NEVER_NS` without one."""
        place = int(np.searchsorted(self.changes_ns, now_ns, side="right"))
        return int(self.changes_ns[place]) if place < len(self.changes_ns) else NEVER_NS

    def on_air_ns(self, edges_ns: Rows) -> Rows:
        """Time (n,) that the first part is on air between successive instants (n + 1,), ns."""
        change_ns = np.concatenate([[0], self.changes_ns])
        up = np.array([self.on_air(at_ns)[0] for at_ns in change_ns.tolist()])
        # What has been on air until each change, and from there until each of the instants.
        until_ns = np.concatenate([[0], np.cumsum(np.diff(change_ns) * up[:-1])])
        last = np.searchsorted(change_ns, edges_ns, side="right") - 1
        spent_ns: Rows = np.diff(until_ns[last] + (edges_ns - change_ns[last]) * up[last])
        return spent_ns


class LastHop(Protocol):
    """A cell of fixed rates, or a whole cellular network.

    Its parts are what has resources of its own: the cell itself, or each sector. Users are numbered within the last
    hop; arrays have one value per user asked for, or one per part.

    Attributes
    ----------
    env : simpy.Environment         The clock.
    name : str                      Name in the ledger of links.
    services : int                  How many services are sent to it.
    capacity_bits, discriminative_bits, generative_bits, semantic_bits : (intervals,) float
                                    Books per interval of what is on the air, where a multicast counts once;
                                    `capacity_bits` is never less than what was carried.
    offered_bits, received_bits, discarded_bits : float, bit
                                    Bits for all users so far, of which received, and given up; of a multicast
                                    the bits of every user. With those that wait they balance at any instant.
    """

    env: simpy.Environment
    name: str
    services: int
    capacity_bits: Floats
    discriminative_bits: Floats
    generative_bits: Floats
    semantic_bits: Floats

    @property
    def capacity_bps(self) -> float:
        """What it can carry now; 0 during an outage of all of it."""
        ...

    @property
    def offered_bits(self) -> float:
        """Bits for all users so far."""
        ...

    @property
    def received_bits(self) -> float:
        """Bits that users have received so far."""
        ...

    @property
    def discarded_bits(self) -> float:
        """Bits that were given up so far."""
        ...

    def enqueue(self, download: Download) -> None:
        """Queue a segment for some users."""
        ...

    def backlog_bits(self) -> int:
        """Bits that wait at this instant, over all users."""
        ...

    def close(self) -> None:
        """Bring the books to this instant."""
        ...

    def finish(self) -> None:
        """End the run: hand over what some users of unfinished segments have."""
        ...

    def places(self) -> tuple[str, ...]:
        """Names of its parts: the cell's, or `node:sector` of each sector."""
        ...

    def casts_once(self, service: str, asked: bool | None) -> bool:
        """Whether a service goes out once for all users in a part; `asked` as in `Download.multicast`."""
        ...

    def place_of(self, users: Rows) -> Rows:
        """Part in which each of some users is now; -1 for who is in none."""
        ...

    def on_air(self) -> Flags:
        """Which parts are in order."""
        ...

    def load(self) -> Floats:
        """Share of each part's resources in use, over its time on air since this was asked last, 0..1."""
        ...

    def backlog_s(self) -> Floats:
        """Time that each part, on air, would need for all that waits in it and can be carried, s."""
        ...

    def unicast_share(self, users: Rows, rate_bps: float | Floats) -> Floats:
        """Share of its part's resources that each user takes at a rate of its own, bit/s.

        May be above 1; infinite for who cannot have the rate whatever it takes: out of coverage, in an outage,
        in no part.
        """
        ...

    def multicast_share(self, users: Rows, rate_bps: float) -> Floats:
        """Share of each part's resources that a multicast of a rate, bit/s, to those of some users in it takes.

        The weakest of them decides. 0 for parts without any of them; infinite where one cannot have the rate.
        """
        ...

    def rate_bps(self, users: Rows) -> Floats:
        """What each user could get now beside the others, bit/s."""
        ...


def time_to_send_s(hop: LastHop, users: Rows, size_bits: int, *, once: bool) -> float:
    """Return how long a last hop needs now for a segment and for all that waits before it.

    An estimate, by what it can give now to those of the users whom it reaches.

    Parameters
    ----------
    users : (n,) int64              Who is to get it.
    size_bits : int, bit            Bits per user.
    once : bool                     Whether it goes out once for all users in a part (`LastHop.casts_once`).

    Returns
    -------
    float, s                        Until the last of them has it; 0 where it reaches nobody.
    """
    share = hop.unicast_share(users, 1.0)
    reached = np.isfinite(share)
    if not reached.any():
        return 0.0
    users, share = users[reached], share[reached]
    place, waiting_s = hop.place_of(users), hop.backlog_s()
    each_bit_s = np.bincount(place, weights=share, minlength=len(waiting_s)).astype(np.float64)
    if once:
        each_bit_s = hop.multicast_share(users, 1.0)
    together_s = (waiting_s + size_bits * each_bit_s)[place].max()
    return float(max(together_s, (size_bits / hop.rate_bps(users)).max()))
