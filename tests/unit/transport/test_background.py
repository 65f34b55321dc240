import numpy as np
import pytest

from netgen.transport.background import BackgroundFlow

S = 10**9


def flow(bench, **changes):
    fields = {
        "name": "b", "path": tuple(bench.links), "rate_bps": 8e5, "packet_bits": 8000, "poisson": True,
        "start_ns": 0, "stop_ns": 50 * S, "chunk_ns": S, "rng": np.random.default_rng(1), "key": np.uint64(9),
    }  # fmt: skip
    return BackgroundFlow(**{**fields, **changes})


def run(bench, made, end_ns=60 * S):
    bench.env.process(made.run(bench.env, bench.transport))
    bench.until(end_ns)
    return bench.links[-1].books


@pytest.mark.parametrize("poisson", [True, False])
def test_the_mean_rate_is_the_one_asked_for(bench, poisson):
    bench.link(1e8)
    bench.link(1e8)
    books = run(bench, flow(bench, poisson=poisson))
    packets = books.ended_bits / 8000
    assert abs(packets - 5000) <= (4 * np.sqrt(5000) if poisson else 0)
    assert books.arrived_bits == books.ended_bits == books.background_bits.sum()
    assert books.discriminative_bits.sum() == books.semantic_bits.sum() == 0


def test_even_packets_are_evenly_spaced_across_chunks(bench):
    link = bench.link(1e9)
    made = flow(bench, poisson=False, rate_bps=2400.0, start_ns=250_000_000, stop_ns=20 * S)
    sent = []
    link.accept = lambda hop, time_ns, size_bits, index: sent.extend(time_ns.tolist())
    bench.env.process(made.run(bench.env, bench.transport))
    bench.env.run(until=30 * S)
    # 8000 bit at 2400 bit/s: one packet every 10/3 s.
    assert sent == [250_000_000 + round(k * 10 * S / 3) for k in range(6)]


def test_poisson_arrivals_are_memoryless(bench):
    link = bench.link(1e9)
    sent = []
    link.accept = lambda hop, time_ns, size_bits, index: sent.extend(time_ns.tolist())
    bench.env.process(flow(bench).run(bench.env, bench.transport))
    bench.env.run(until=60 * S)
    gaps_s = np.diff(sent) / 1e9
    assert sent == sorted(sent)
    assert gaps_s.mean() == pytest.approx(0.01, rel=0.06)
    assert gaps_s.std() == pytest.approx(0.01, rel=0.06)


def test_nothing_is_sent_before_the_start_or_after_the_stop(bench):
    link = bench.link(1e9)
    sent = []
    link.accept = lambda hop, time_ns, size_bits, index: sent.extend(time_ns.tolist())
    made = flow(bench, start_ns=3 * S + 7, stop_ns=5 * S + 3)
    bench.env.process(made.run(bench.env, bench.transport))
    bench.env.run(until=60 * S)
    assert min(sent) >= 3 * S + 7
    assert max(sent) < 5 * S + 3


def test_its_luck_does_not_repeat_from_chunk_to_chunk(bench):
    link = bench.link(1e9, loss=0.5)
    run(bench, flow(bench, poisson=False, stop_ns=2 * S))
    lost = link.books.corrupted_bits / 8000
    assert 60 < lost < 140
    assert link.books.arrived_bits == (200 - lost) * 8000
