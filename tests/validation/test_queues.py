"""Links, downlinks and GPUs as queues, against closed forms that nobody here wrote.

Each statistical test asserts twice: that the closed form lies inside the 99.9% interval over independent
replications, and that the interval is narrow enough to see an error of the size that it names.
"""

from __future__ import annotations

import numpy as np
import pytest
import simpy
from scipy import stats

from netgen.access.downlink import Downlink, Download
from netgen.engine.gpu import Gpu, Job
from netgen.generative.device import Device
from netgen.rng import Streams
from netgen.topology.capacity import CapacityProcess
from netgen.topology.loss import LossProcess
from netgen.transport.carriage import Leg, Transport
from netgen.transport.link import Link
from netgen.transport.link_books import LinkBooks
from netgen.transport.train import Meaning, Train

S = 10**9
MEAN_BITS = 1_000_000  # one second of service at 1 Mbit/s


def agrees(samples, expected: float, *, sees: float) -> None:
    """Whether replications agree with `expected`, in an interval that would see a relative error of `sees`."""
    samples = np.asarray(samples)
    half_width = stats.t.ppf(0.9995, len(samples) - 1) * samples.std(ddof=1) / np.sqrt(len(samples))
    assert half_width < sees * expected
    assert abs(samples.mean() - expected) < half_width


def rng_of(test: str, replication: int) -> np.random.Generator:
    return Streams(20, replication).get(f"validation/{test}")


class LinkQueue:
    """A link as a queue: one packet per customer, one long train of them."""

    def __init__(self, arrivals_s, sizes_bits, *, queue_bits=None, capacity=None) -> None:
        arrival_ns = np.rint(np.asarray(arrivals_s) * S).astype(np.int64)
        sizes = np.maximum(np.rint(sizes_bits), 1).astype(np.int64)
        capacity = CapacityProcess.constant(MEAN_BITS) if capacity is None else capacity
        end_ns = int(arrival_ns[-1]) + 10**6 * S
        link = Link(
            "q", "a", "b", capacity=capacity, delay_ns=1, queue_bits=queue_bits, loss=LossProcess.independent(0.0),
            retransmissions=0, noise_key=np.uint64(0), books=LinkBooks(capacity, end_ns, end_ns),
        )  # fmt: skip
        transport = Transport(simpy.Environment(0), [link])
        (hop,) = transport.launch(
            Train(np.uint64(0), sizes, len(sizes), None), [Leg(link, (), stop=True)], time_ns=arrival_ns
        )
        transport.advance(link, end_ns)
        left_ns, _, index = hop.held[0]
        self.served = index
        self.sojourn_s = (left_ns - link.delay_ns - arrival_ns[index]) / S
        self.wait_s = self.sojourn_s - sizes[index] / MEAN_BITS
        self.lost = 1 - len(index) / len(arrival_ns)

    def steady(self, values):
        return values[len(values) // 10 :]


def poisson(rng, rate_hz: float, count: int):
    return np.cumsum(rng.exponential(1 / rate_hz, size=count))


SIZES = {
    # name: sampler of service times with mean 1, squared coefficient of variation
    "constant": (lambda rng, n: np.ones(n), 0.0),
    "erlang-2": (lambda rng, n: rng.gamma(2, 0.5, n), 0.5),
    "exponential": (lambda rng, n: rng.exponential(1.0, n), 1.0),
    "lognormal": (lambda rng, n: rng.lognormal(-0.5, 1.0, n), np.e - 1),
}


@pytest.mark.parametrize("sizes", SIZES)
def test_mean_wait_on_a_link_is_that_of_pollaczek_and_khinchine(sizes):
    """M/G/1: Wq = rho (1 + cs2) E[S] / (2 (1 - rho)). Kleinrock, Queueing Systems, vol. 1, 1975, ch. 5."""
    draw, cs2 = SIZES[sizes]
    rho, count = 0.6, 150_000
    waits = []
    for replication in range(20):
        rng = rng_of(f"mg1/{sizes}", replication)
        queue = LinkQueue(poisson(rng, rho, count), draw(rng, count) * MEAN_BITS)
        waits.append(queue.steady(queue.wait_s).mean())
    agrees(waits, rho * (1 + cs2) / (2 * (1 - rho)), sees=0.05)


@pytest.mark.parametrize(("wait_s", "expected"), [(1.5, 0.897996831), (3.0, 0.984748700)])
def test_the_distribution_of_the_wait_for_constant_sizes_is_that_of_m_d_1(wait_s, expected):
    """P(Wq <= t) at rho = 0.5: Erlang's series (values computed with mpmath at 40 digits)."""
    shares = []
    for replication in range(20):
        rng = rng_of("md1", replication)
        queue = LinkQueue(poisson(rng, 0.5, 100_000), np.full(100_000, MEAN_BITS))
        shares.append((queue.steady(queue.wait_s) <= wait_s + 1e-9).mean())
    agrees(shares, expected, sees=0.005)


def test_sojourns_of_m_m_1_are_exponential():
    """Share of sojourns beyond t is exp(-(mu - lambda) t); at rho = 0.8 the 95th percentile is 14.9786614 s."""
    shares = []
    for replication in range(20):
        rng = rng_of("mm1", replication)
        queue = LinkQueue(poisson(rng, 0.8, 400_000), rng.exponential(MEAN_BITS, 400_000))
        shares.append((queue.steady(queue.sojourn_s) > 14.9786614).mean())
    agrees(shares, 0.05, sees=0.1)


@pytest.mark.parametrize("load", [0.5, 1.0, 2.0])
def test_a_queue_of_one_packet_loses_as_erlang_says(load):
    """M/D/1/1: Erlang's B with one server, a / (1 + a), whatever the service time's distribution."""
    lost = []
    for replication in range(20):
        rng = rng_of(f"erlang/{load}", replication)
        queue = LinkQueue(poisson(rng, load, 20_000), np.full(20_000, MEAN_BITS), queue_bits=MEAN_BITS)
        lost.append(queue.lost)
    agrees(lost, load / (1 + load), sees=0.02)


def test_a_capacity_that_stops_and_goes_has_the_waits_of_server_vacations():
    """D/D/1 by hand: 0.25 s of service at double rate after a pause; only those who come in the pause wait."""
    capacity = CapacityProcess.steps([0.0, 1.0], [0.0, 2 * MEAN_BITS], 2.0)
    arrivals = np.arange(8) * 0.5 + 0.125
    queue = LinkQueue(arrivals, np.full(8, MEAN_BITS / 2), capacity=capacity)
    leaves = [1.25, 1.5, 1.75, 2.0, 3.25, 3.5, 3.75, 4.0]
    assert (arrivals + queue.sojourn_s).tolist() == pytest.approx(leaves, abs=2e-9)


def gpu_waits(streams: int, rate_hz: float, count: int, rng) -> np.ndarray:
    """Waits of jobs of exponential length, mean 1 s, on a GPU."""
    env = simpy.Environment(0)
    end_ns = 10**6 * S
    gpu = Gpu(
        env,
        Device("any", "gpu", None, 1, None, None, None, streams=streams),
        interval_ns=end_ns,
        end_ns=end_ns,
    )
    waits = []
    gaps = np.rint(rng.exponential(S / rate_hz, size=count)).astype(np.int64).tolist()
    lengths = np.rint(rng.exponential(S, size=count)).astype(np.int64).tolist()

    def submit(length_ns: int, now_ns: int) -> None:
        def done(taken_ns: int, _finished_ns: int) -> None:
            waits.append((taken_ns - now_ns) / S)

        gpu.submit(Job("m", 0, length_ns, lambda _: True, done, lambda: pytest.fail("no outages")))

    def arrive():
        for gap_ns, length_ns in zip(gaps, lengths, strict=True):
            yield env.timeout(gap_ns)
            submit(length_ns, int(env.now))

    env.process(arrive())
    env.run()
    return np.array(waits)


@pytest.mark.parametrize(
    ("streams", "rate_hz", "waiting", "mean_wait_s"),
    [(2, 1.5, 0.642857143, 1.28571429), (3, 2.0, 4 / 9, 4 / 9)],
)
def test_jobs_on_a_gpu_wait_as_erlang_says(streams, rate_hz, waiting, mean_wait_s):
    """M/M/c: P(wait) = C(c, a), Wq = C / (c mu - lambda) (Erlang's C; Kleinrock, vol. 1, 1975, ch. 3)."""
    waits = [gpu_waits(streams, rate_hz, 9_000, rng_of(f"mmc/{streams}", r))[900:] for r in range(12)]
    agrees([(wait > 0).mean() for wait in waits], waiting, sees=0.08)
    agrees([wait.mean() for wait in waits], mean_wait_s, sees=0.25)


def downlink_sojourns(rho: float, epoch_s: float, count: int, rng) -> np.ndarray:
    """Sojourns on a cell's downlink, each of a user of its own, sizes exponential with mean 1 s."""
    users = 300
    env = simpy.Environment(0)
    cell = Downlink(
        env, "cell", capacity_bps=MEAN_BITS, peak_bps=np.full(users, float(MEAN_BITS)), epoch_ns=round(epoch_s * S),
        interval_ns=10**6 * S, end_ns=10**6 * S,
    )  # fmt: skip
    gaps, sizes = rng.exponential(S / rho, count), np.maximum(np.rint(rng.exponential(MEAN_BITS, count)), 1)
    found = np.full(count, np.nan)

    def request(number: int, now_s: float) -> None:
        def done(done_s, _given_up) -> None:
            found[number] = done_s[0] - now_s

        meaning = Meaning("film", number, 1.0)
        cell.enqueue(Download(np.array([number % users]), int(sizes[number]), 0.0, meaning, done))

    def arrive():
        for number, gap_ns in enumerate(gaps.tolist()):
            yield env.timeout(round(gap_ns))
            request(number, env.now / S)

    env.process(arrive())
    env.run(until=int(gaps.sum()) + 200 * S)
    assert not np.isnan(found).any()
    return found[count // 10 :]


@pytest.mark.slow
def test_a_downlink_of_short_epochs_shares_like_a_processor():
    """M/G/1-PS: E[T] = E[S] / (1 - rho) for any sizes (Kleinrock, vol. 2, 1976, ch. 4).

    What a user leaves over inside an epoch is shared from the next one on, so waits are a little longer:
    the epoch here is a twentieth of the mean service, for which the bias is below the width of the interval.
    """
    means = [downlink_sojourns(0.5, 0.05, 1500, rng_of("ps", r)).mean() for r in range(16)]
    agrees(means, 2.0, sees=0.12)


@pytest.mark.slow
@pytest.mark.parametrize("load", [0.5, 0.8])
def test_a_link_meets_the_required_precision(load):
    """95% interval at most 2% wide, on the mean sojourn of M/M/1 on a link."""
    count = 3_000_000
    means = []
    for replication in range(10):
        rng = rng_of(f"precise/{load}", replication)
        queue = LinkQueue(poisson(rng, load, count), rng.exponential(MEAN_BITS, count))
        means.append(queue.steady(queue.sojourn_s).mean())
    half_width = stats.t.ppf(0.975, 9) * np.std(means, ddof=1) / np.sqrt(10)
    assert 2 * half_width <= 0.02 / (1 - load)
    assert abs(np.mean(means) - 1 / (1 - load)) <= 1.5 * half_width
