"""Queues of terminals: order, instants, giving up, and the corners of rounding."""

import numpy as np
import pytest

from netgen.access.download import Download
from netgen.access.queues import TerminalQueues
from netgen.transport.train import Meaning

MS = 1_000_000


class Bench:
    """Queues of some users, and what their downloads came to."""

    def __init__(self, users=3):
        self.queues = TerminalQueues(users)
        self.got = {}
        self.given_up = set()

    def enqueue(self, name, users, bits, *, share=0.0, service=0, deadline_ms=None):
        def done(done_s, given_up):
            assert name not in self.got
            self.got[name] = done_s.tolist()
            if given_up:
                self.given_up.add(name)

        deadline_ns = None if deadline_ms is None else deadline_ms * MS
        self.queues.enqueue(
            Download(np.array(users), bits, share, Meaning("film", 0, 1.0), done, deadline_ns=deadline_ns),
            service,
        )

    def serve(self, rates_bps, begin_s, span_s):
        """Serve users by number; returns the bits and the generative bits of each."""
        bits, generative = self.queues.serve(
            np.array(list(rates_bps)), np.array(list(rates_bps.values()), dtype=float), begin_s, span_s
        )
        return bits.tolist(), generative.tolist()


def test_a_span_goes_through_several_segments_in_order():
    """300 bit at 100 bit/s are 3 s, the 50 bit behind them 0.5 s more; a quarter of the first steers a model."""
    bench = Bench()
    bench.enqueue("a", [1], 300, share=0.25, service=7)
    bench.enqueue("b", [1], 50, share=1.0, service=8)
    bench.enqueue("c", [1], 100, service=9)
    assert bench.queues.head_service(np.array([1])).tolist() == [7]
    bits, generative = bench.serve({1: 100.0}, 10.0, 4.0)
    assert bits == pytest.approx([400.0])
    assert generative == pytest.approx([300 * 0.25 + 50])
    assert bench.got == {"a": pytest.approx([13.0]), "b": pytest.approx([13.5])}
    assert bench.queues.head_service(np.array([1])).tolist() == [9]
    assert bench.queues.backlog_bits.tolist() == pytest.approx([0, 50, 0])


def test_a_segment_is_done_when_all_of_its_users_have_it():
    bench = Bench()
    bench.enqueue("a", [0, 2], 100)
    bench.serve({0: 100.0, 2: 40.0}, 0.0, 2.0)
    assert bench.got == {}
    assert [download.size_bits for download in bench.queues.downloads] == [100]
    bench.serve({2: 40.0}, 2.0, 2.0)
    assert bench.got == {"a": pytest.approx([1.0, 2.5])}


def test_a_rate_of_zero_is_patience():
    bench = Bench()
    bench.enqueue("a", [0, 1], 100)
    assert bench.serve({0: 0.0, 1: 50.0}, 0.0, 1.0)[0] == [0.0, 50.0]
    assert bench.queues.active().tolist() == [0, 1]


def test_what_is_late_goes_and_nothing_else():
    """At 5 ms: a is late, b is due right now, c has no deadline."""
    bench = Bench()
    bench.enqueue("a", [0, 1, 2], 100, deadline_ms=4)
    bench.enqueue("b", [0, 1], 100, deadline_ms=5)
    bench.enqueue("c", [0], 100)
    bench.serve({0: 20e3, 1: 10e3}, 0.0, 0.005)
    bench.queues.give_up(5 * MS)
    assert bench.given_up == {"a"}
    assert bench.got["a"] == pytest.approx([0.005, np.nan, np.nan], nan_ok=True)
    assert bench.queues.discarded_bits == pytest.approx(50 + 100)
    assert bench.queues.backlog_bits.tolist() == pytest.approx([200, 100, 0])
    bench.queues.give_up(5 * MS + 1)
    assert bench.given_up == {"a", "b"}
    assert bench.queues.backlog_bits.tolist() == pytest.approx([100, 0, 0])
    bench.serve({0: 100e3}, 0.005, 0.005)
    assert bench.got["c"] == pytest.approx([0.006])


def test_what_is_given_up_in_the_middle_of_a_line_is_skipped():
    """The second of three goes while the first is being served; the third follows the first without a gap."""
    bench = Bench()
    bench.enqueue("a", [0], 100)
    bench.enqueue("b", [0], 100, deadline_ms=1)
    bench.enqueue("c", [0], 100, service=3)
    bench.serve({0: 10e3}, 0.0, 0.002)
    bench.queues.give_up(2 * MS)
    assert bench.queues.discarded_bits == 100
    bench.serve({0: 10e3}, 0.002, 0.010)
    assert bench.got["a"] == pytest.approx([0.010])
    assert bench.queues.head_service(np.array([0])).tolist() == [3]
    bench.serve({0: 10e3}, 0.012, 0.020)
    assert bench.got["c"] == pytest.approx([0.020])
    assert bench.queues.carried_bits == pytest.approx(200)


def test_lines_of_any_length_are_kept_in_order():
    """Rings of four places turn once and are then made longer."""
    bench = Bench(users=2)
    for number in range(3):
        bench.enqueue(f"first-{number}", [0], 10)
    bench.serve({0: 10.0}, 0.0, 2.0)
    for number in range(40):
        bench.enqueue(f"then-{number}", [0, 1] if number % 2 else [0], 10)
    bench.serve({0: 10.0, 1: 10.0}, 2.0, 100.0)
    assert bench.got["first-2"] == pytest.approx([3.0])
    for number in range(40):
        mine = 4.0 + number
        wanted = [mine, 2.0 + (number + 1) / 2] if number % 2 else [mine]
        assert bench.got[f"then-{number}"] == pytest.approx(wanted)


def test_many_downloads_outgrow_the_first_tables():
    bench = Bench(users=1)
    for number in range(3000):
        bench.enqueue(number, [0], 1, share=float(number >= 2000), service=number)
        bits, generative = bench.serve({0: 1.0}, float(number), 1.0)
        assert (bits, generative) == ([1.0], [float(number >= 2000)])
    assert bench.got[2999] == pytest.approx([3000.0])


def test_the_end_hands_out_what_there_is():
    bench = Bench()
    bench.enqueue("a", [0, 1], 100)
    bench.enqueue("b", [1], 100)
    bench.serve({0: 200.0, 1: 10.0}, 0.0, 1.0)
    bench.queues.finish()
    assert bench.got["a"] == pytest.approx([0.5, np.nan], nan_ok=True)
    assert bench.got["b"] == pytest.approx([np.nan], nan_ok=True)
    assert bench.given_up == set()
    assert len(bench.queues) == 0


def test_a_remainder_of_rounding_is_not_left_for_another_epoch():
    """A thousand spans whose bits add up to the segment but for rounding."""
    bench = Bench(users=1)
    bench.enqueue("a", [0], 1_000_000)
    for step in range(1000):
        bench.serve({0: 1_000_000 / 0.7}, step * 0.0007, 0.0007)
    assert bench.got["a"] == pytest.approx([0.7], abs=1e-9)
    assert bench.queues.active().tolist() == []
    assert bench.queues.backlog_bits.tolist() == [0.0]


def test_serving_somebody_for_whom_nothing_waits_any_more_does_nothing():
    """Rates hold until the end of an epoch: who is done a hair before it, by rounding, is served on in vain."""
    bench = Bench(users=2)
    bench.enqueue("a", [0], 10)
    bench.serve({0: 100.0}, 0.0, 0.1 - 1e-6)
    assert bench.got["a"] == pytest.approx([0.1], abs=1e-5)
    bits, generative = bench.serve({0: 100.0, 1: 50.0}, 0.1 - 1e-6, 1e-6)
    assert (bits, generative) == ([0.0, 0.0], [0.0, 0.0])
    assert bench.queues.carried_bits == pytest.approx(10)
    bench.enqueue("b", [0], 10)
    bench.serve({0: 100.0}, 0.2, 0.1)
    assert bench.got["b"] == pytest.approx([0.3])
