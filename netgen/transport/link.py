"""A link: a FIFO queue with a time-varying capacity, loss, link-layer repeats and propagation delay.

A link computes nothing until somebody asks for its state up to an instant (`process`); then it serves,
in one array operation, every packet that has arrived by then. What it finds is exactly what a simulator
with one event per packet would find, because packets that arrive later cannot change it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.rng import hashed_uniform
from netgen.topology.capacity import CapacityProcess
from netgen.topology.loss import LossProcess, SymbolChannel
from netgen.transport.clock import NEVER_NS, NS_PER_S
from netgen.transport.hop import Hop
from netgen.transport.link_books import LinkBooks
from netgen.transport.queueing import admit_finite, departure_work_bits

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Chunk = tuple[Ints, Ints, Ints, Hop]
Selection = NDArray[np.int64] | NDArray[np.bool_] | slice


@dataclass(frozen=True, slots=True)
class _Batch:
    """Packets of one service: when each arrived, its size, when its sending began and ended, its fate."""

    time_ns: Ints
    size_bits: Ints
    start_ns: Ints
    leave_ns: Ints
    tries: Ints | None
    lost: NDArray[np.bool_] | None
    admitted: NDArray[np.bool_] | None

    def pick(self, selection: Selection) -> _Batch:
        """Some of the packets."""
        return _Batch(
            self.time_ns[selection],
            self.size_bits[selection],
            self.start_ns[selection],
            self.leave_ns[selection],
            None if self.tries is None else self.tries[selection],
            None if self.lost is None else self.lost[selection],
            None if self.admitted is None else self.admitted[selection],
        )


def _turn(chunk: Chunk) -> tuple[int, int]:
    """What decides between trains whose packets of the same number arrive at the same instant."""
    return int(chunk[3].train.key), chunk[3].order


class Link:
    """A directed link between two nodes.

    Parameters
    ----------
    name, source, target : str          The link and its two nodes.
    capacity : CapacityProcess          C(t).
    delay_ns : int, ns                  Propagation delay, > 0: nothing acts at a distance at once.
    queue_bits : int or None, bit       Most bits waiting or in service; None for no limit.
    loss : LossProcess                  Loss of each transmission.
    retransmissions : int               Times the link layer sends a lost packet again.
    noise_key : uint64                  Key of the link's channel noise (a world stream).
    books : LinkBooks                   Where what happens is counted.
    symbols : SymbolChannel or None     The radio channel below it, where it is one of coded blocks.
    """

    def __init__(
        self,
        name: str,
        source: str,
        target: str,
        *,
        capacity: CapacityProcess,
        delay_ns: int,
        queue_bits: int | None,
        loss: LossProcess,
        retransmissions: int,
        noise_key: np.uint64,
        books: LinkBooks,
        symbols: SymbolChannel | None = None,
    ) -> None:
        if delay_ns <= 0:
            raise ValueError(f"link {name}: the propagation delay must be at least 1 ns, got {delay_ns}")
        self.name, self.source, self.target = name, source, target
        self.capacity = capacity
        self.delay_ns = delay_ns
        self.queue_bits = queue_bits
        self.loss = loss
        self.retransmissions = retransmissions
        self.noise_key = noise_key
        self.books = books
        self.symbols = symbols
        self.services = 0
        self.done_ns = -1
        self.free_work_bits = 0.0
        self.feeders: dict[Link, int] = {}
        self._pending: list[Chunk] = []

    def feed_from(self, feeder: Link) -> None:
        """Note that some train goes on from `feeder` to this link."""
        self.feeders[feeder] = self.feeders.get(feeder, 0) + 1

    def release(self, feeder: Link) -> None:
        """Note that one such train has passed `feeder` entirely."""
        self.feeders[feeder] -= 1
        if not self.feeders[feeder]:
            del self.feeders[feeder]

    def accept(self, hop: Hop, time_ns: Ints, size_bits: Ints, index: Ints) -> None:
        """Queue packets whose arrival instants are known, none before what has been processed."""
        background = hop.previous is None and hop.train.meaning is None
        self.books.offer(time_ns, size_bits, born=background)
        self.done_ns = min(self.done_ns, int(time_ns[0]) - 1)
        self._pending.append((time_ns, size_bits, index, hop))

    def process(self, until_ns: int) -> None:
        """Serve every packet that has arrived by `until_ns`; its feeders must have been processed."""
        taken = self._take(until_ns)
        taken.sort(key=_turn)
        self.done_ns = until_ns
        if not taken:
            return
        if len(taken) == 1:
            time_ns, size_bits, index, hop = taken[0]
            self._serve(time_ns, size_bits, self._luck(taken), [(hop, index, slice(None))])
            return
        time_ns = np.concatenate([chunk[0] for chunk in taken])
        # Packets of the same instant take turns, train by train, as those of several senders do; the order of
        # the trains among them is that of their keys, so that it does not matter who was listed or looked at first.
        order = np.lexsort((np.concatenate([chunk[2] for chunk in taken]), time_ns))
        lengths = [len(chunk[0]) for chunk in taken]
        owner = np.repeat(np.arange(len(taken)), lengths)[order]
        luck = self._luck(taken)
        self._serve(
            time_ns[order],
            np.concatenate([chunk[1] for chunk in taken])[order],
            None if luck is None else luck[order],
            [(chunk[3], chunk[2], np.flatnonzero(owner == k)) for k, chunk in enumerate(taken)],
        )

    def backlog_bits(self, time_ns: int) -> int:
        """Bits waiting or in service at an instant up to which the link has been processed."""
        reached = float(self.capacity.work_bits(np.array([time_ns / NS_PER_S]))[0])
        return max(0, round(self.free_work_bits - reached)) + self.unserved_bits(time_ns)

    def earliest_exit_ns(self, arrival_ns: int, size_bits: int, behind_bits: int) -> int:
        """Lower bound on when a packet that arrives at `arrival_ns` has crossed the link.

        Parameters
        ----------
        size_bits : int, bit        Its size.
        behind_bits : int, bit      Bits, its own included, that are known to be served after all that
                                    has been processed so far.
        """
        arrived = float(self.capacity.work_bits(np.array([arrival_ns / NS_PER_S]))[0])
        level = max(max(arrived, self.free_work_bits) + size_bits, self.free_work_bits + behind_bits)
        leave_s = float(self.capacity.time_s(np.array([level]))[0])
        if not np.isfinite(leave_s):
            return NEVER_NS
        # Nothing to send in a pause of the capacity is, as work, done before the pause.
        return min(NEVER_NS, max(arrival_ns, int(leave_s * NS_PER_S)) + self.delay_ns)

    def next_arrival_ns(self, hop: Hop) -> int | None:
        """When the next packet of a hop arrives that has not been served; None if none is known."""
        return min((int(chunk[0][0]) for chunk in self._pending if chunk[3] is hop), default=None)

    def unserved_bits(self, end_ns: int) -> int:
        """Bits that arrived by `end_ns` and have not been served."""
        return sum(int(chunk[1][chunk[0] <= end_ns].sum()) for chunk in self._pending)

    def _take(self, until_ns: int) -> list[Chunk]:
        """Remove the packets that have arrived by `until_ns` from the queue's future."""
        taken: list[Chunk] = []
        kept: list[Chunk] = []
        for chunk in self._pending:
            time_ns, size_bits, index, hop = chunk
            if time_ns[-1] <= until_ns:
                taken.append(chunk)
            elif time_ns[0] > until_ns:
                kept.append(chunk)
            else:
                cut = int(np.searchsorted(time_ns, until_ns, side="right"))
                taken.append((time_ns[:cut], size_bits[:cut], index[:cut], hop))
                kept.append((time_ns[cut:], size_bits[cut:], index[cut:], hop))
        self._pending = kept
        return taken

    def _luck(self, taken: list[Chunk]) -> Floats | None:
        """One uniform per packet; it belongs to the packet's identity, not to how many came before.

        Packets of symbols have the best luck there is: they are in no block that could be lost.
        """
        if self.loss.lossless:
            return None
        with np.errstate(over="ignore"):
            return np.concatenate([
                np.ones(len(index)) if hop.train.symbols is not None
                else hashed_uniform(self.noise_key ^ hop.train.key, index)
                for _, _, index, hop in taken
            ])  # fmt: skip

    def _serve(
        self,
        time_ns: Ints,
        size_bits: Ints,
        luck: Floats | None,
        owners: list[tuple[Hop, Ints, Selection]],
    ) -> None:
        """Send packets in order of arrival and hand each hop its own."""
        arrival_s = time_ns / NS_PER_S
        repeats = self.retransmissions > 0
        tries, lost = (None, None) if luck is None or not repeats else self._tries(arrival_s, size_bits, luck)
        sizes = size_bits.astype(np.float64)
        work_bits = sizes if tries is None else sizes * tries
        arrival_work = self.capacity.work_bits(arrival_s)
        admitted: NDArray[np.bool_] | None = None
        if self.queue_bits is None:
            leave_work = departure_work_bits(arrival_work, work_bits, self.free_work_bits)
        else:
            admitted, leave_work = admit_finite(
                arrival_work, work_bits, self.free_work_bits, float(self.queue_bits), size_bits=sizes
            )
            if admitted.all():
                admitted = None
        before = np.concatenate([[self.free_work_bits], leave_work[:-1]])
        self.free_work_bits = float(leave_work[-1])
        leave_ns = self._instants_ns(leave_work)
        start_ns = np.maximum(time_ns, self._instants_ns(before))
        if luck is not None and not repeats:
            # Without repeats nothing of the timing depends on the luck: look it up when the sending begins.
            lost = luck < self.loss.probability(start_ns / NS_PER_S, size_bits)
        batch = _Batch(time_ns, size_bits, start_ns, leave_ns, tries, lost, admitted)
        for hop, index, selected in owners:
            self._hand_over(hop, index, batch.pick(selected))

    def _hand_over(self, hop: Hop, index: Ints, batch: _Batch) -> None:
        """Count the packets of one hop and pass on those that got through."""
        taken = len(index)
        hop.served_bits += int(batch.size_bits.sum())
        if batch.admitted is not None and not batch.admitted.all():
            full = batch.pick(~batch.admitted)
            self.books.drop(full.time_ns, full.size_bits)
            index, batch = index[batch.admitted], batch.pick(batch.admitted)
        if len(index):
            work_bits = batch.size_bits if batch.tries is None else batch.size_bits * batch.tries
            self.books.carry(hop.train, batch.start_ns, batch.leave_ns, work_bits, index)
            hop.sent(int(batch.leave_ns[0]), int(batch.leave_ns[-1]))
            if batch.tries is not None and (batch.tries > 1).any():
                self.books.repeat(batch.leave_ns, work_bits - batch.size_bits)
        if batch.lost is not None and batch.lost.any():
            gone = batch.pick(batch.lost)
            self.books.corrupt(gone.leave_ns, gone.size_bits)
            index, batch = index[~batch.lost], batch.pick(~batch.lost)
        hop.emit(taken, np.minimum(batch.leave_ns + self.delay_ns, NEVER_NS), batch.size_bits, index)

    def _tries(self, arrival_s: Floats, size_bits: Ints, luck: Floats) -> tuple[Ints, NDArray[np.bool_]]:
        """Transmissions of each packet, and which are lost after all of them.

        How long a packet is sent depends on its repeats, so the state of the loss is that at its arrival.
        """
        probability = self.loss.probability(arrival_s, size_bits)
        most = self.retransmissions + 1
        # P(at least k failures) = p^k: one uniform decides the whole geometric number of failures.
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = np.floor(np.log(np.maximum(luck, 2.0**-53)) / np.log(probability))
        failures = np.where((probability <= 0) | (luck >= 1), 0.0, np.where(probability >= 1, most, drawn))
        tries = np.minimum(failures + 1, most).astype(np.int64)
        return tries, failures >= most

    def _instants_ns(self, work_bits: Floats) -> Ints:
        """Instants at which work levels are reached, to the nearest nanosecond."""
        time_s = self.capacity.time_s(work_bits)
        finite = np.isfinite(time_s)
        if finite.all():
            return np.rint(time_s * NS_PER_S).astype(np.int64)
        return np.where(finite, np.rint(np.where(finite, time_s, 0.0) * NS_PER_S), NEVER_NS).astype(np.int64)
