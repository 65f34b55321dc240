"""Queues against closed forms: M/M/1 and M/D/1 on a link, M/M/c on a GPU with c streams."""

from __future__ import annotations

import csv
from collections.abc import Generator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from netgen.engine.gpu import Gpu, Job
from netgen.generative.device import Device
from netgen.rng import Streams
from netgen.topology.capacity import CapacityProcess
from netgen.topology.loss import LossProcess
from netgen.transport.carriage import Leg, Transport
from netgen.transport.clock import NS_PER_S
from netgen.transport.link import Link
from netgen.transport.link_books import LinkBooks
from netgen.transport.train import Train
from netgen.verify.check import Check

Floats = NDArray[np.float64]

_BATCHES = 100
_T_QUANTILE = 1.984217
"""97.5% quantile of Student's t with 99 degrees of freedom."""

_WIDEST = 0.02
_MEAN_BITS = 1e6
_CHUNK = 1_000_000


@dataclass(frozen=True, slots=True)
class ClosedForm:
    """A queue with a known mean sojourn time, in units of its mean service time."""

    model: str
    arrival_rate: float
    servers: int
    mean_sojourn: float
    source: str

    @property
    def name(self) -> str:
        """Name of its check."""
        where = "gpu" if self.model == "M/M/c" else "link"
        streams = f", c = {self.servers}" if self.model == "M/M/c" else ""
        return f"{self.model} on a {where}, load {self.arrival_rate / self.servers:.2g}{streams}"


def closed_forms() -> tuple[ClosedForm, ...]:
    """The queues of `closed_forms.csv`."""
    text = (files("netgen.verify") / "closed_forms.csv").read_text(encoding="utf-8")
    return tuple(
        ClosedForm(
            row["model"],
            float(row["arrival_rate"]),
            int(row["servers"]),
            float(row["mean_sojourn"]),
            f"{row['formula']}; {row['source']}",
        )
        for row in csv.DictReader(text.splitlines())
    )


def check_queue(form: ClosedForm, *, customers: int, seed: int) -> Check:
    """Simulate a queue and compare its mean sojourn with the closed form.

    The interval is that of batch means over 100 batches, Student's t, 95%. The check holds when the closed
    form lies inside it and it is at most 2% of the closed form wide; the tolerance is its half width.
    """
    simulate = gpu_sojourns if form.model == "M/M/c" else link_sojourns
    sojourns = simulate(form, customers=customers, seed=seed)
    mean, half_width = batch_interval(sojourns)
    narrow = 2 * half_width <= _WIDEST * form.mean_sojourn
    inside = abs(mean - form.mean_sojourn) <= half_width
    return Check(form.name, mean, form.mean_sojourn, half_width, narrow and inside, form.source)


def batch_interval(sojourns: Floats) -> tuple[float, float]:
    """Mean and half width of its 95% interval, by batch means; a twentieth is cut off as warm-up.

    Source                              Law, Simulation Modeling and Analysis, 5th ed., section 9.5.3.
    """
    steady = sojourns[len(sojourns) // 20 :]
    size = len(steady) // _BATCHES
    means = steady[: size * _BATCHES].reshape(_BATCHES, size).mean(axis=1)
    return float(means.mean()), float(_T_QUANTILE * means.std(ddof=1) / np.sqrt(_BATCHES))


def link_sojourns(form: ClosedForm, *, customers: int, seed: int) -> Floats:
    """Sojourn times of packets on a link whose mean packet takes 1 s; sizes exponential or constant."""
    rng = Streams(seed).get(f"world/verify/{form.name}")
    arrivals_s = np.cumsum(rng.exponential(1.0 / form.arrival_rate, size=customers))
    end_ns = int(arrivals_s[-1] * NS_PER_S) + 10**15
    capacity = CapacityProcess.constant(_MEAN_BITS)
    books = LinkBooks(capacity, end_ns, end_ns)
    link = Link(
        "q", "a", "b", capacity=capacity, delay_ns=1, queue_bits=None, loss=LossProcess.independent(0.0),
        retransmissions=0, noise_key=np.uint64(0), books=books,
    )  # fmt: skip
    transport = Transport(simpy.Environment(0), [link])
    sojourns = []
    for begin in range(0, customers, _CHUNK):
        arrival_ns = np.rint(arrivals_s[begin : begin + _CHUNK] * NS_PER_S).astype(np.int64)
        count = len(arrival_ns)
        sizes = (
            rng.exponential(_MEAN_BITS, size=count) if form.model == "M/M/1" else np.full(count, _MEAN_BITS)
        )
        train = Train(np.uint64(begin), np.maximum(np.rint(sizes), 1.0).astype(np.int64), count, None)
        (hop,) = transport.launch(train, [Leg(link, (), stop=True)], time_ns=arrival_ns)
        transport.advance(link, int(arrival_ns[-1]))
        ((left_ns, _, _),) = hop.held
        sojourns.append((left_ns - link.delay_ns - arrival_ns) / NS_PER_S)
    return np.concatenate(sojourns)


def gpu_sojourns(form: ClosedForm, *, customers: int, seed: int) -> Floats:
    """Sojourn times of jobs on a GPU with as many streams as the closed form has servers."""
    rng = Streams(seed).get(f"world/verify/{form.name}")
    gaps_ns = np.rint(rng.exponential(NS_PER_S / form.arrival_rate, size=customers)).astype(np.int64).tolist()
    service_ns = np.rint(rng.exponential(NS_PER_S, size=customers)).astype(np.int64).tolist()
    env = simpy.Environment(0)
    end_ns = int(sum(gaps_ns)) + 10**15
    device = Device("any", "gpu", None, 1, None, None, None, streams=form.servers)
    gpu = Gpu(env, device, interval_ns=end_ns, end_ns=end_ns)
    sojourns = np.empty(customers)

    def arrive() -> Generator[simpy.Event, Any, None]:
        for number, (gap_ns, length_ns) in enumerate(zip(gaps_ns, service_ns, strict=True)):
            yield env.timeout(gap_ns)
            done = _finisher(number, int(env.now), sojourns)
            gpu.submit(Job("m", 0, length_ns, lambda _: True, done, _never_fails))

    env.process(arrive())
    env.run()
    return sojourns


def _never_fails() -> None:
    """A GPU without outages does not fail."""


def _finisher(number: int, submitted_ns: int, sojourns: Floats) -> Any:  # noqa: ANN401  (a closure)
    """What notes the sojourn of one job when it is done."""

    def done(_taken_ns: int, finished_ns: int) -> None:
        sojourns[number] = (finished_ns - submitted_ns) / NS_PER_S

    return done
