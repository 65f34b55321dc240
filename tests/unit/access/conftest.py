"""A cellular network small enough for hand calculation: levels as given, one bit/s per block and unit of SINR."""

from types import SimpleNamespace

import numpy as np
import pytest
import simpy

from netgen.access.air_interface import AirInterface, Promise
from netgen.access.cellular import CellularNetwork, CellularParts
from netgen.access.crowd import Crowd
from netgen.access.download import Download
from netgen.mobility.contract import Static
from netgen.radio.handover import A3Handover, HandoverSettings
from netgen.topology.outages import Outages
from netgen.transport.train import Meaning

S = 10**9


class Levels:
    """Signal-to-noise ratios that depend on the place by a given function: x (U,) to linear ratios (U, S)."""

    def __init__(self, of_place):
        self.of_place = of_place
        self.x_m = None

    def move(self, x_m, y_m, tolerance_m):
        before, self.x_m = self.x_m, x_m.copy()
        self.snr = np.asarray(self.of_place(x_m), dtype=float)
        self.sectors = SimpleNamespace(count=self.snr.shape[1])
        return np.arange(len(x_m)) if before is None else np.flatnonzero(before != x_m)

    def received_dbm(self, rows):
        return (10 * np.log10(self.snr[rows])).astype(np.float32)

    def sinr(self, rows, serving, activity):
        received = self.snr[rows]
        own = received[np.arange(len(rows)), serving]
        return own / (1.0 + received @ activity - own * activity[serving])


class LinearRates:
    """A block carries as many bit/s as the ratio says."""

    @staticmethod
    def rate_per_block_bps(sinr_db):
        return np.round(10 ** (np.asarray(sinr_db) / 10), 9)


class TinyNetwork:
    """A network, what its downloads came to, and a clock that closes the books at every interval."""

    def __init__(
        self,
        snr,
        *,
        epoch_s=1.0,
        interval_s=1.0,
        end_s=20.0,
        blocks=10.0,
        scheduler="round-robin",
        promises=None,
        multicast=(),
        activity=0.0,
        give_up_late=False,
        crowd=None,
        handover=None,
        ticks=True,
        warmup_s=0.0,
        outages=None,
    ):
        of_place = snr if callable(snr) else lambda x_m: np.asarray(snr, dtype=float)
        users, sectors = np.shape(of_place(np.zeros(len(snr)))) if not callable(snr) else (crowd.count, None)
        crowd = crowd or Crowd([Static(np.zeros(users), np.zeros(users))])
        if sectors is None:
            sectors = np.shape(of_place(np.zeros(users)))[1]
        self.env = simpy.Environment(0)
        self.end_ns, self.interval_ns = round(end_s * S), round(interval_s * S)
        settings = HandoverSettings(
            **{"filter_coefficient": 0.0, "time_to_trigger_s": 0.0, **(handover or {})}
        )
        self.parts = CellularParts(
            crowd=crowd,
            members=np.arange(users),
            identity=np.arange(users),
            signals=Levels(of_place),
            handover=A3Handover(users, sectors, settings=settings),
            air=AirInterface(
                LinearRates(),
                np.full(sectors, float(blocks)),
                scheduler=scheduler,
                promises={number: Promise(*promise) for number, promise in (promises or {}).items()},
                users=users,
            ),
            sector_names=tuple(f"sector-{number}" for number in range(sectors)),
            activity=activity,
            tolerance_m=0.0,
            multicast=frozenset(multicast),
            give_up_late=give_up_late,
        )
        self.network = CellularNetwork(
            self.env, "net", self.parts, services={f"s{number}": number for number in range(4)},
            epoch_ns=round(epoch_s * S), interval_ns=self.interval_ns, end_ns=self.end_ns,
            warmup_ns=round(warmup_s * S),
            outages={where: Outages.of(spans) for where, spans in (outages or {}).items()},
        )  # fmt: skip
        self.outages = outages or {}
        self.got, self.given_up = {}, set()
        if ticks:
            self.env.process(self._tick())

    def _tick(self):
        while self.env.now < self.end_ns:
            yield self.env.timeout(min(self.interval_ns, self.end_ns - int(self.env.now)))
            self.network.close()

    def at(self, at_s, action):
        def process():
            yield self.env.timeout(round(at_s * S))
            action()

        self.env.process(process())

    def download(
        self,
        name,
        users,
        bits,
        *,
        at_s=0.0,
        share=0.0,
        service=0,
        deadline_s=None,
        semantic=8.0,
        multicast=None,
    ):
        def done(done_s, given_up):
            assert name not in self.got
            self.got[name] = done_s.tolist()
            if given_up:
                self.given_up.add(name)

        deadline_ns = None if deadline_s is None else round(deadline_s * S)
        made = Download(
            np.array(users), np.array(bits) if isinstance(bits, list) else bits, share,
            Meaning("film", len(name), semantic), done,
            service=f"s{service}", deadline_ns=deadline_ns, multicast=multicast,
        )  # fmt: skip
        self.at(at_s, lambda: self.network.enqueue(made))

    def run(self):
        self.env.run(until=self.end_ns + 1)
        self.network.finish()
        self.check()
        return self.got

    @property
    def carried(self):
        """Bits on the air per interval."""
        return self.network.discriminative_bits + self.network.generative_bits

    def _off_air_s(self):
        """Time in each interval that each sector is in an outage, by hand."""
        intervals, sectors = self.network.books.block_s.shape
        begin_s = np.arange(intervals)[:, None] * self.interval_ns / S
        end_s = np.minimum(begin_s + self.interval_ns / S, self.end_ns / S)
        found = np.zeros((intervals, sectors))
        for where, spans in self.outages.items():
            for down_s, up_s in spans:
                inside_s = np.clip(np.minimum(end_s, up_s) - np.maximum(begin_s, down_s), 0, None)
                found[:, slice(None) if where is None else slice(where, where + 1)] += inside_s
        return found

    def check(self):
        """What holds at the end of any run."""
        network, books = self.network, self.network.books
        waiting = float(network.unicast.backlog_bits.sum() + network.multicast.backlog_bits.sum())
        total = network.received_bits + network.discarded_bits + waiting
        assert network.offered_bits == pytest.approx(total, abs=1e-3)
        assert books.carried_bits.sum(axis=1) == pytest.approx(self.carried, abs=1e-3)
        assert (self.carried <= network.capacity_bits + 1e-6).all()
        assert (books.used_block_s <= books.block_s + 1e-9).all()
        lasting = np.diff(np.minimum(np.arange(len(books.block_s) + 1) * self.interval_ns, self.end_ns)) / S
        assert books.block_s == pytest.approx((lasting[:, None] - self._off_air_s()) * self.parts.air.blocks)
        assert (books.handovers >= books.ping_pongs).all()
        assert books.handovers.sum() == books.user_handovers.sum()


@pytest.fixture
def tiny():
    return TinyNetwork
