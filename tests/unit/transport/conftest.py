"""Small networks, built without a scenario."""

import numpy as np
import pytest
import simpy

from netgen.topology.capacity import CapacityProcess
from netgen.topology.loss import LossProcess
from netgen.transport.carriage import Leg, Transport
from netgen.transport.link import Link
from netgen.transport.link_books import LinkBooks
from netgen.transport.train import Meaning, Train


class Bench:
    """Links on one clock, and trains to send over them."""

    def __init__(self) -> None:
        self.env = simpy.Environment(0)
        self.links: list[Link] = []
        self.transport = Transport(self.env, ())

    def link(
        self, rate_bps=1e6, *, delay_ns=1000, queue_bits=None, loss=0.0, retransmissions=0, capacity=None,
        interval_ns=10**9, end_ns=100 * 10**9, key=5,
    ) -> Link:  # fmt: skip
        """One more link, after the last one."""
        capacity = CapacityProcess.constant(rate_bps) if capacity is None else capacity
        loss = LossProcess.independent(loss) if isinstance(loss, float) else loss
        number = len(self.links)
        self.links.append(
            Link(
                f"l{number}", str(number), str(number + 1), capacity=capacity, delay_ns=delay_ns,
                queue_bits=queue_bits, loss=loss, retransmissions=retransmissions, noise_key=np.uint64(key),
                books=LinkBooks(capacity, interval_ns, end_ns),
            )
        )  # fmt: skip
        self.transport.links = tuple(self.links)
        return self.links[-1]

    def send(self, sizes, path=None, *, key=1, time_ns=None, stop=True, meaning=True, tolerance=0.0):
        """Launch a train along links in a row; return its hop at the end when somebody waits there."""
        sizes = np.asarray(sizes, dtype=np.int64)
        made = Meaning("film", key, 7.0) if meaning else None
        train = Train(np.uint64(key), sizes, len(sizes), made, tolerance)
        links = self.links if path is None else path
        leg = Leg(links[-1], (), stop)
        for link in reversed(links[:-1]):
            leg = Leg(link, (leg,), stop=False)
        times = None if time_ns is None else np.asarray(time_ns, dtype=np.int64)
        ends = self.transport.launch(train, [leg], time_ns=times)
        return ends[0] if ends else None

    def until(self, time_ns: int) -> None:
        """Let time pass and bring every link up to it."""
        self.env.run(until=time_ns)
        self.transport.advance_all(time_ns)


@pytest.fixture
def bench() -> Bench:
    return Bench()
