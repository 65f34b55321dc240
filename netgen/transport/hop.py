"""One train on one link: what has arrived, what has left, and where its packets go next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netgen.transport.clock import NS_PER_S
from netgen.transport.train import Train

if TYPE_CHECKING:
    from netgen.transport.link import Link

Ints = NDArray[np.int64]


class Hop:
    """State of one train on one link.

    `following` holds the hops that its packets go on to. Where it is None the next step is not decided
    yet and the packets are held; an empty tuple means that they end at the link's far node. `order` is the
    number of the train among all launched.
    """

    __slots__ = (
        "arrived_bits", "complete", "copy_bits", "expected", "following", "head_ns", "held", "last_ns", "link",
        "order", "out", "out_bits", "previous", "seen", "sending_ns", "served_bits", "start_ns", "tail_ns", "train",
    )  # fmt: skip

    def __init__(
        self,
        train: Train,
        link: Link,
        previous: Hop | None,
        following: tuple[Hop, ...] | None,
        *,
        order: int = 0,
    ) -> None:
        self.train = train
        self.link = link
        self.previous = previous
        self.following = following
        self.order = order
        self.held: list[tuple[Ints, Ints, Ints]] = []
        self.expected: int | None = None if previous is not None else len(train.size_bits)
        self.seen = 0
        self.out = 0
        self.out_bits = 0
        self.copy_bits = np.zeros(train.copies, dtype=np.int64)
        self.arrived_bits = 0
        self.served_bits = 0
        self.start_ns: int | None = None
        self.last_ns = 0
        self.sending_ns: tuple[int, int] | None = None
        self.head_ns: int | None = None
        self.tail_ns: int | None = None
        self.complete = False

    def receive(self, time_ns: Ints, size_bits: Ints, index: Ints) -> None:
        """Hand packets to the link of this hop."""
        if self.start_ns is None:
            self.start_ns = int(time_ns[0])
        self.last_ns = int(time_ns[-1])
        self.link.accept(self, time_ns, size_bits, index)

    def sent(self, first_ns: int, last_ns: int) -> None:
        """Take note of when the first and the last of some packets had been sent."""
        self.sending_ns = (first_ns if self.sending_ns is None else self.sending_ns[0], last_ns)

    def snr_db(self, now_ns: int) -> float | None:
        """Return the SNR that symbols had: the lower of those when their first and their last packet had been sent.

        None where the link is no radio link. `now_ns` stands for what has not been sent.
        ASSUMED: the SNR between the two instants counts for nothing.
        """
        if self.link.symbols is None:
            return None
        instants_ns = self.sending_ns or (now_ns, now_ns)
        return min(self.link.symbols.snr_db.at_one(instant_ns / NS_PER_S) for instant_ns in instants_ns)

    def emit(self, taken: int, time_ns: Ints, size_bits: Ints, index: Ints) -> None:
        """Take note of `taken` packets served, of which those given reach the far end at `time_ns`."""
        self.seen += taken
        if len(time_ns):
            self.out += len(time_ns)
            self.out_bits += int(size_bits.sum())
            if self.train.copies == 1:
                self.copy_bits[0] = self.out_bits
            else:
                np.add.at(self.copy_bits, index // self.train.packets_per_copy, size_bits)
            arrived = self.link.books.arrive(time_ns, size_bits)
            self.arrived_bits += arrived
            if self.head_ns is None:
                self.head_ns = int(time_ns[0])
            self.tail_ns = int(time_ns[-1])
            if self.following is None:
                self.held.append((time_ns, size_bits, index))
            else:
                self._send_on(self.following, arrived, (time_ns, size_bits, index))
        self.settle()

    def settle(self) -> None:
        """Close the hop when its last packet has been served, and tell the hops after it."""
        if self.complete or self.seen != self.expected:
            return
        self.complete = True
        meaning = self.train.meaning
        if meaning is not None and self.tail_ns is not None:
            share = float(self.complete_copies().mean())
            snr_db = self.snr_db(self.tail_ns) if self.train.symbols is not None else None
            if self.train.symbols is not None and snr_db is not None:
                share *= self.train.symbols.kept(snr_db)
            self.link.books.understand(meaning, self.tail_ns - self.link.delay_ns, share=share)
        if self.following is not None:
            self._tell(self.following)

    def complete_copies(self) -> NDArray[np.bool_]:
        """Per copy of the train whether enough of it is over the link."""
        return self.train.complete_with(self.copy_bits)

    def connect(self, following: tuple[Hop, ...]) -> None:
        """Decide where held and coming packets go: on to `following`, or nowhere if it is empty."""
        self.following = following
        for chunk in self.held:
            self._send_on(following, self.link.books.arrived_of(chunk[0], chunk[1]), chunk)
        self.held.clear()
        for hop in following:
            hop.link.feed_from(self.link)
        if self.complete:
            self._tell(following)

    def _send_on(self, following: tuple[Hop, ...], arrived: int, chunk: tuple[Ints, Ints, Ints]) -> None:
        """Hand packets to the next hops; `arrived` of their bits are here before the end of the run."""
        if following:
            self.link.books.copied_bits += (len(following) - 1) * arrived
            for hop in following:
                hop.receive(*chunk)
        elif self.train.meaning is None:
            self.link.books.ended_bits += arrived

    def _tell(self, following: tuple[Hop, ...]) -> None:
        """Tell the next hops how many packets to expect in all."""
        for hop in following:
            hop.link.release(self.link)
            hop.expected = self.out
            hop.settle()
