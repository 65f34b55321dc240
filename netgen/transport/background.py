"""Background traffic: packets that load the links and mean nothing to anybody."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy

from netgen.transport.carriage import Leg, Transport
from netgen.transport.clock import NS_PER_S
from netgen.transport.link import Link
from netgen.transport.train import Train


@dataclass(frozen=True, slots=True, eq=False)
class BackgroundFlow:
    """A stream of packets along a fixed path, drawn from a world stream.

    Parameters
    ----------
    name : str                      Its name in the scenario.
    path : tuple of Link            Links from its source to its sink.
    rate_bps : float, bit/s         Mean rate.
    packet_bits : int, bit          Size of every packet.
    poisson : bool                  Poisson arrivals; otherwise evenly spaced.
    start_ns, stop_ns : int, ns     When it begins and ends.
    chunk_ns : int, ns              Packets are drawn and launched for so long ahead at a time.
    rng : Generator                 Its stream; nothing else draws from it.
    key : uint64                    Key of its packets' luck.
    """

    name: str
    path: tuple[Link, ...]
    rate_bps: float
    packet_bits: int
    poisson: bool
    start_ns: int
    stop_ns: int
    chunk_ns: int
    rng: np.random.Generator
    key: np.uint64

    def run(self, env: simpy.Environment, transport: Transport) -> Generator[simpy.Event, Any, None]:
        """Launch one train per chunk of time, with the instants of all its packets."""
        leg = Leg(self.path[-1], (), stop=False)
        for link in reversed(self.path[:-1]):
            leg = Leg(link, (leg,), stop=False)
        sent = 0
        gap_ns = NS_PER_S * self.packet_bits / self.rate_bps
        begin_ns = self.start_ns
        yield env.timeout(self.start_ns)
        while begin_ns < self.stop_ns:
            end_ns = min(begin_ns + self.chunk_ns, self.stop_ns)
            time_ns = self._instants_ns(begin_ns, end_ns, gap_ns)
            if len(time_ns):
                with np.errstate(over="ignore"):
                    key = self.key + np.uint64(sent)
                sizes = np.full(len(time_ns), self.packet_bits, dtype=np.int64)
                transport.launch(Train(key, sizes, len(sizes), None), [leg], time_ns=time_ns)
                sent += len(time_ns)
            yield env.timeout(end_ns - begin_ns)
            begin_ns = end_ns

    def _instants_ns(self, begin_ns: int, end_ns: int, gap_ns: float) -> np.ndarray:
        """Arrival instants in [begin, end), in order."""
        if self.poisson:
            # Given their number, the arrivals of a Poisson process are uniform and independent.
            count = int(self.rng.poisson((end_ns - begin_ns) / gap_ns))
            return np.sort(self.rng.integers(begin_ns, end_ns, size=count))
        first = int(np.ceil((begin_ns - self.start_ns) / gap_ns))
        last = int(np.ceil((end_ns - self.start_ns) / gap_ns))
        instants: np.ndarray = (self.start_ns + np.rint(np.arange(first, last) * gap_ns)).astype(np.int64)
        return instants
