"""The books of one link: bits per interval, and the totals that its conservation law is checked on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netgen.topology.capacity import CapacityProcess
from netgen.transport.clock import NS_PER_S
from netgen.transport.train import Meaning, Train

Ints = NDArray[np.int64]


class LinkBooks:
    """Counts what one link carries, per interval of the ledger and in total.

    Parameters
    ----------
    capacity : CapacityProcess      C(t) of the link.
    interval_ns : int, ns           Length of an interval.
    end_ns : int, ns                End of the run; what departs later stays in flight.
    """

    def __init__(self, capacity: CapacityProcess, interval_ns: int, end_ns: int) -> None:
        self.capacity = capacity
        self.interval_ns = interval_ns
        self.end_ns = end_ns
        count = -(-end_ns // interval_ns)
        self.discriminative_bits: Ints = np.zeros(count, dtype=np.int64)
        self.generative_bits: Ints = np.zeros(count, dtype=np.int64)
        self.background_bits: Ints = np.zeros(count, dtype=np.int64)
        self.lost_bits: Ints = np.zeros(count, dtype=np.int64)
        self.retransmitted_bits: Ints = np.zeros(count, dtype=np.int64)
        self.semantic_bits = np.zeros(count)
        edges_ns = np.minimum(np.arange(count + 1) * interval_ns, end_ns)
        self.capacity_bits = np.diff(capacity.work_bits(edges_ns / NS_PER_S))
        self.offered_bits = 0
        self.arrived_bits = 0
        self.dropped_bits = 0
        self.corrupted_bits = 0
        self.flying_bits = 0
        self.copied_bits = 0
        self.ended_bits = 0
        self.born_bits = 0
        self.packets = 0
        self._best: dict[str, dict[int, float]] = {}

    def offer(self, time_ns: Ints, size_bits: Ints, *, born: bool) -> None:
        """Count bits handed to the link by its node before the end of the run; `born`: made there and then."""
        bits = _sum_until(time_ns, size_bits, self.end_ns)
        self.offered_bits += bits
        if born:
            self.born_bits += bits

    def arrive(self, time_ns: Ints, size_bits: Ints) -> int:
        """Count bits handed to the node at the other end before the end of the run; return how many."""
        bits = _sum_until(time_ns, size_bits, self.end_ns)
        self.arrived_bits += bits
        self.flying_bits += int(size_bits.sum()) - bits
        return bits

    def arrived_of(self, time_ns: Ints, size_bits: Ints) -> int:
        """Bits among these packets that are at the far end before the end of the run."""
        return _sum_until(time_ns, size_bits, self.end_ns)

    def drop(self, time_ns: Ints, size_bits: Ints) -> None:
        """Count packets that found the queue full."""
        inside = time_ns <= self.end_ns
        self.dropped_bits += int(size_bits[inside].sum())
        self._add(self.lost_bits, time_ns, size_bits)

    def corrupt(self, time_ns: Ints, size_bits: Ints) -> None:
        """Count packets that were sent and lost on the way."""
        inside = time_ns <= self.end_ns
        self.corrupted_bits += int(size_bits[inside].sum())
        self.flying_bits += int(size_bits[~inside].sum())
        self._add(self.lost_bits, time_ns, size_bits)

    def repeat(self, time_ns: Ints, size_bits: Ints) -> None:
        """Count bits that were sent again by the link layer."""
        self._add(self.retransmitted_bits, time_ns, size_bits)

    def carry(self, train: Train, start_ns: Ints, end_ns: Ints, work_bits: Ints, index: Ints) -> None:
        """Count bits on the wire, split where a packet's sending crosses into the next interval.

        Parameters
        ----------
        start_ns, end_ns : (n,) int64, ns   When the sending of each packet began and ended.
        work_bits : (n,) int64, bit         Bits sent for it, repeats included.
        index : (n,) int64                  Its number in the train.
        """
        self.packets += len(index)
        if train.meaning is None:
            self._spread(self.background_bits, start_ns, end_ns, work_bits)
            return
        if train.copies > 1:
            self._carry_copies(train, start_ns, end_ns, work_bits, index)
            return
        split = int(np.searchsorted(index, train.generative_from))
        if split:
            self._spread(self.discriminative_bits, start_ns[:split], end_ns[:split], work_bits[:split])
        if split < len(index):
            self._spread(self.generative_bits, start_ns[split:], end_ns[split:], work_bits[split:])

    def _carry_copies(self, train: Train, start_ns: Ints, end_ns: Ints, work_bits: Ints, index: Ints) -> None:
        """The same for a train of several copies, in which the two kinds of bits take turns."""
        generative = index % train.packets_per_copy >= train.generative_from
        for column, mine in ((self.generative_bits, generative), (self.discriminative_bits, ~generative)):
            if mine.any():
                self._spread(column, start_ns[mine], end_ns[mine], work_bits[mine])

    def understand(self, meaning: Meaning, time_ns: int, *, share: float) -> None:
        """Count a segment's semantic bits once: a second copy adds only what it holds beyond the first.

        `share` is the part of a train's copies that got through complete.
        """
        if time_ns > self.end_ns:
            return
        best = self._best.setdefault(meaning.content, {})
        held_bits = share * meaning.semantic_bits
        gain = held_bits - best.get(meaning.index, 0.0)
        if gain > 0:
            best[meaning.index] = held_bits
            self.semantic_bits[max(time_ns - 1, 0) // self.interval_ns] += gain

    @property
    def carried_bits(self) -> Ints:
        """Bits on the wire per interval, of every kind, repeats included."""
        return self.discriminative_bits + self.generative_bits + self.background_bits

    def _spread(self, column: Ints, start_ns: Ints, end_ns: Ints, bits: Ints) -> None:
        """Add bits to the intervals in which they were sent."""
        first, last = int(start_ns[0]) // self.interval_ns, (int(end_ns[-1]) - 1) // self.interval_ns
        if first == last and int(end_ns[-1]) <= self.end_ns:
            column[first] += bits.sum()
            return
        crossing = start_ns // self.interval_ns != (end_ns - 1) // self.interval_ns
        self._add(column, end_ns[~crossing], bits[~crossing])
        for begin, finish, size in zip(
            start_ns[crossing].tolist(), end_ns[crossing].tolist(), bits[crossing].tolist(), strict=True
        ):
            self._spread_one(column, begin, finish, size)

    def _spread_one(self, column: Ints, begin_ns: int, finish_ns: int, bits: int) -> None:
        """Share one packet among the intervals that its sending spans, by the work done in each."""
        done = 0
        first = begin_ns // self.interval_ns + 1
        last = (min(finish_ns, self.end_ns) - 1) // self.interval_ns
        if first <= last:
            instants_ns = np.concatenate([[begin_ns], np.arange(first, last + 1) * self.interval_ns])
            work = self.capacity.work_bits(instants_ns / NS_PER_S)
            for slot, level in zip(range(first - 1, last), (work[1:] - work[0]).tolist(), strict=True):
                reached = min(bits, int(level))
                column[slot] += reached - done
                done = reached
        if finish_ns <= self.end_ns:
            column[min(max(last, 0), len(column) - 1)] += bits - done

    def _add(self, column: Ints, time_ns: Ints, bits: Ints) -> None:
        """Add bits to the intervals of their instants; later than the end of the run is left out."""
        inside = time_ns <= self.end_ns
        slots = np.maximum(time_ns[inside] - 1, 0) // self.interval_ns
        np.add.at(column, slots, bits[inside])


def _sum_until(time_ns: Ints, size_bits: Ints, end_ns: int) -> int:
    """Sum of the sizes whose instants, which never decrease, are not after `end_ns`."""
    if time_ns[-1] <= end_ns:
        return int(size_bits.sum())
    return int(size_bits[: np.searchsorted(time_ns, end_ns, side="right")].sum())
