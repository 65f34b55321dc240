"""Carries trains over links: launches them, advances links in causal order, and wakes those who wait.

Nobody is woken per packet. A waiter is woken at a lower bound of the instant it waits for; then the links
on the way are processed up to now, and either the instant is known or a better bound is. At each such
look at least one more hop becomes final, so the looks per wait are at most the hops on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import simpy

from netgen.transport.clock import NEVER_NS
from netgen.transport.hop import Hop
from netgen.transport.link import Link
from netgen.transport.train import Ints, Train


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """A tree of links to the next stops; where `stop` is set, somebody waits for the train there."""

    link: Link
    branches: tuple[Leg, ...]
    stop: bool


class Transport:
    """Moves trains through the network.

    Parameters
    ----------
    env : simpy.Environment         Its clock counts integer nanoseconds.
    links : sequence of Link        Every link of the network.
    """

    def __init__(self, env: simpy.Environment, links: Sequence[Link]) -> None:
        self.env = env
        self.links = tuple(links)
        self._launched = 0

    @property
    def now_ns(self) -> int:
        """Simulated time."""
        return int(self.env.now)

    @property
    def settled_ns(self) -> int:
        """Last instant whose events are all known: more may still be handed over at the present one."""
        return self.now_ns - 1

    def remaining_ns(self, hop: Hop) -> int:
        """Lower bound on the time until the last packet arrives at the far end of `hop`."""
        bound_ns = self._tail_bound_ns(hop)
        return 0 if bound_ns is None or bound_ns >= NEVER_NS else max(0, bound_ns - self.now_ns)

    def launch(
        self, train: Train, legs: Sequence[Leg], *, source: Hop | None = None, time_ns: Ints | None = None
    ) -> list[Hop]:
        """Send a train along `legs` and return the hops that end at stops, in the order of the legs.

        Parameters
        ----------
        source : Hop or None        The hop whose packets go on; None when the train starts here.
        time_ns : (n,) int64, ns    When each packet is handed over, not before now; default all now.
        """
        stops: list[Hop] = []
        self._launched += source is None
        hops = tuple(self._lay(train, leg, source, stops) for leg in legs)
        if source is not None:
            source.connect(hops)
            return stops
        if time_ns is None:
            time_ns = np.full(len(train.size_bits), self.now_ns, dtype=np.int64)
        index = np.arange(len(train.size_bits))
        for hop in hops:
            hop.receive(time_ns, train.size_bits, index)
        return stops

    def advance(self, link: Link, until_ns: int) -> None:
        """Process `link`, and before it whatever can still send to it, up to an instant not after now."""
        stack = [(link, until_ns)]
        while stack:
            current, target_ns = stack[-1]
            if current.done_ns >= target_ns:
                stack.pop()
                continue
            for feeder in current.feeders:
                if feeder.done_ns < target_ns - feeder.delay_ns:
                    stack.append((feeder, target_ns - feeder.delay_ns))
                    break
            else:
                current.process(target_ns)
                stack.pop()

    def advance_all(self, until_ns: int) -> None:
        """Process every link up to an instant not after now."""
        for link in self.links:
            self.advance(link, until_ns)

    def on_head(self, hop: Hop, callback: Callable[[Hop], None]) -> None:
        """Call back when the first packet arrives at the far end of `hop` (or none ever will)."""
        self._poll(hop, callback, self._head_bound_ns)

    def on_tail(self, hop: Hop, callback: Callable[[Hop], None]) -> None:
        """Call back when the last packet arrives at the far end of `hop`, or is known to be lost."""
        self._poll(hop, callback, self._tail_bound_ns)

    def _lay(self, train: Train, leg: Leg, previous: Hop | None, stops: list[Hop]) -> Hop:
        """Make the hop of a leg and of all legs behind it."""
        undecided = leg.stop and not leg.branches
        order = self._launched if previous is None else previous.order
        hop = Hop(train, leg.link, previous, None if undecided else (), order=order)
        if leg.branches:
            hop.following = tuple(self._lay(train, branch, hop, stops) for branch in leg.branches)
            for following in hop.following:
                following.link.feed_from(leg.link)
        if leg.stop:
            stops.append(hop)
        return hop

    def _poll(self, hop: Hop, callback: Callable[[Hop], None], bound: Callable[[Hop], int | None]) -> None:
        """Look now; call back if the awaited instant has come, else look again at its lower bound."""
        bound_ns = bound(hop)
        if bound_ns is None or bound_ns <= self.now_ns:
            callback(hop)
            return
        if bound_ns >= NEVER_NS:
            return
        wake = self.env.timeout(bound_ns - self.now_ns)
        assert wake.callbacks is not None  # noqa: S101  (SimPy's type: None only after it has fired)
        wake.callbacks.append(lambda _: self._poll(hop, callback, bound))

    def _chain(self, hop: Hop) -> list[Hop]:
        """The hops from the train's start to `hop`."""
        chain = [hop]
        while chain[-1].previous is not None:
            chain.append(chain[-1].previous)
        return chain[::-1]

    def _tail_bound_ns(self, hop: Hop) -> int | None:
        """When the last packet arrives at the far end at the earliest; None if nothing will arrive."""
        arrival_ns = 0
        size_bits = int(hop.train.size_bits[-1])
        exact = True
        for step in self._chain(hop):
            if exact and not step.complete:
                self.advance(step.link, self.settled_ns)
            if exact and step.complete:
                if step.tail_ns is None:
                    return None
                arrival_ns = step.tail_ns
                continue
            if exact and step.previous is None:
                arrival_ns = step.last_ns
            exact = False
            behind_bits = self._expected_bits(step) - step.served_bits
            arrival_ns = step.link.earliest_exit_ns(
                arrival_ns, min(size_bits, max(behind_bits, 0)), behind_bits
            )
        return arrival_ns if exact else max(arrival_ns, self.now_ns + 1)

    def _expected_bits(self, hop: Hop) -> int:
        """Bits that will surely come over a hop: what is already on its way to it."""
        previous = hop.previous
        if previous is None:
            return hop.train.total_bits
        return previous.out_bits

    def _head_bound_ns(self, hop: Hop) -> int | None:
        """When the first packet arrives at the far end at the earliest; None if none will."""
        arrival_ns = 0
        exact = True
        size_bits = int(hop.train.size_bits.min())
        for step in self._chain(hop):
            if exact and step.head_ns is None and not step.complete:
                self.advance(step.link, self.settled_ns)
            if exact and step.head_ns is not None:
                arrival_ns = step.head_ns
                continue
            if exact and step.complete:
                return None
            if exact:
                arrival_ns = self._next_ns(step, size_bits)
            exact = False
            arrival_ns = step.link.earliest_exit_ns(arrival_ns, size_bits, 0)
        return arrival_ns if exact else max(arrival_ns, self.now_ns + 1)

    def _next_ns(self, hop: Hop, size_bits: int) -> int:
        """When the next packet that has not been served arrives at the link of `hop`, at the earliest."""
        waiting_ns = hop.link.next_arrival_ns(hop)
        if waiting_ns is not None:
            return waiting_ns
        if hop.previous is None:
            return NEVER_NS
        return hop.previous.link.earliest_exit_ns(self._next_ns(hop.previous, size_bits), size_bits, 0)
