"""Queues of terminals: order, instants, giving up, and the corners of rounding."""

import numpy as np
import pytest

from netgen.access.download import Download
from netgen.access.queues import SharedLine, TerminalQueues
from netgen.transport.train import Meaning

MS = 1_000_000


class Bench:
    """Queues of some users, and what their downloads came to."""

    def __init__(self, users=3):
        self.queues = TerminalQueues(users)
        self.got = {}
        self.given_up = set()

    def enqueue(self, name, users, bits, *, share=0.0, service=0, deadline_ms=None, then=None):
        def done(done_s, given_up):
            assert name not in self.got
            self.got[name] = done_s.tolist()
            if given_up:
                self.given_up.add(name)
            if then is not None:
                then()

        deadline_ns = None if deadline_ms is None else deadline_ms * MS
        self.queues.enqueue(
            Download(
                np.array(users), np.array(bits) if isinstance(bits, list) else bits, share,
                Meaning("film", 0, 1.0), done, deadline_ns=deadline_ns,
            ),
            service,
        )  # fmt: skip

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


# Sizes of each user -----------------------------------------------------------------------------------------------


def test_users_may_miss_different_numbers_of_bits():
    """At 100 bit/s: 300, 50 and 120 bit, a quarter of which steers a model, and 10 plain bit behind the second."""
    bench = Bench()
    bench.enqueue("repair", [0, 1, 2], [300, 50, 120], share=0.25)
    bench.enqueue("next", [1], 10)
    assert bench.queues.offered_bits == 480
    bits, generative = bench.serve(dict.fromkeys(range(3), 100.0), 0.0, 1.0)
    assert bits == pytest.approx([100, 60, 100])
    assert generative == pytest.approx([25, 12.5, 25])
    assert bench.queues.backlog_bits.tolist() == pytest.approx([200, 0, 20])
    assert bench.got == {"next": pytest.approx([0.6])}
    bench.serve({0: 100.0, 2: 100.0}, 1.0, 2.0)
    assert bench.got["repair"] == pytest.approx([3.0, 0.5, 1.2])


def test_what_is_given_up_is_what_each_still_misses():
    """Behind something else for user 0, at the head for users 1 and 2 with 10 bit there, and complete for user 2."""
    bench = Bench()
    bench.enqueue("first", [0], 40)
    bench.enqueue("repair", [0, 1, 2], [300, 50, 10], deadline_ms=1)
    bench.enqueue("last", [0, 1], [7, 8])
    bench.serve(dict.fromkeys(range(3), 10e3), 0.0, 0.001)
    bench.queues.give_up(2 * MS)
    assert bench.got["repair"] == pytest.approx([np.nan, np.nan, 0.001], nan_ok=True)
    assert bench.queues.discarded_bits == pytest.approx(300 + 40)
    assert bench.queues.backlog_bits.tolist() == pytest.approx([30 + 7, 8, 0])
    bench.serve({0: 1e6, 1: 1e6}, 0.002, 1.0)
    assert bench.got["last"] == pytest.approx([0.002 + 37e-6, 0.002 + 8e-6])


# Looking, and what comes of an end --------------------------------------------------------------------------------


def test_everything_in_line_is_told_with_what_is_missing():
    """Heads with what is left of them; lines that turned around; what was given up is not there."""
    bench = Bench()
    for number in range(3):
        bench.enqueue(f"{number}", [0], 100)
    bench.serve({0: 100.0}, 0.0, 2.5)
    bench.enqueue("late", [0], 100, deadline_ms=1)
    for number, size in enumerate((30, 40, 50)):
        bench.enqueue(f"more-{number}", [0, 2], size)
    bench.queues.give_up(2 * MS)
    users, numbers, bits = bench.queues.in_line()
    assert users.tolist() == [0, 0, 0, 0, 2, 2, 2]
    assert numbers.tolist() == [2, 4, 5, 6, 4, 5, 6]
    assert bits.tolist() == pytest.approx([50, 30, 40, 50, 30, 40, 50])
    assert [len(each) for each in Bench().queues.in_line()] == [0, 0, 0]


def test_an_end_may_bring_more_to_the_queues():
    """Told when the books are up to date: nothing of what comes then is lost or served in the same span."""
    bench = Bench()
    bench.enqueue("a", [0, 1], 100, then=lambda: bench.enqueue("b", [0, 1], 70))
    bits, _ = bench.serve({0: 200.0, 1: 100.0}, 0.0, 1.0)
    assert bits == pytest.approx([100, 100])
    assert bench.queues.backlog_bits.tolist() == [70, 70, 0]
    assert bench.queues.offered_bits == 340
    bench.serve({0: 70.0, 1: 140.0}, 1.0, 1.0)
    assert bench.got["b"] == pytest.approx([2.0, 1.5])


# Lines that all hear ----------------------------------------------------------------------------------------------


def shared(line, users, bits, *, peak_bps, share=0.0, deadline_ms=None):
    download = Download(
        np.array(users), bits, share, Meaning("film", 0, 1.0), lambda *_: None, multicast=True,
        deadline_ns=None if deadline_ms is None else deadline_ms * MS,
    )  # fmt: skip
    line.enqueue(download, peak_bps)
    return download


def test_a_shared_line_sends_once_and_counts_for_everybody():
    """150 bit at 100 bit/s in pieces of a second: 1.5 s; three users hear it."""
    line = SharedLine()
    live = shared(line, [0, 1, 2], 150, peak_bps=200.0, share=0.5)
    assert (line.offered_bits, line.backlog_bits, line.air_backlog_bits, line.peak_bps) == (
        450,
        450,
        150,
        200,
    )
    assert line.serve(100.0, 10.0, 1.0) == (100, 50, [])
    assert (line.backlog_bits, line.air_backlog_bits) == (150, 50)
    assert line.serve(100.0, 11.0, 1.0) == (50, 25, [live])
    assert live.done_s.tolist() == pytest.approx([11.5] * 3)
    assert line.carried_bits == 450
    assert (len(line), line.peak_bps, line.backlog_bits) == (0, 0, 0)
    assert line.serve(100.0, 12.0, 1.0) == (0, 0, [])


def test_a_shared_line_slows_down_for_the_users_of_the_next_segment():
    """100 bit at 100 bit/s, then 100 at the 50 bit/s that its users can take, then at 100 again, not at their 400."""
    line = SharedLine()
    first, second, third = (shared(line, [0], 100, peak_bps=peak) for peak in (100.0, 50.0, 400.0))
    bits, _, complete = line.serve(100.0, 0.0, 5.0)
    assert bits == 300
    assert complete == [first, second, third]
    assert [float(each.done_s[0]) for each in complete] == pytest.approx([1.0, 3.0, 4.0])


def test_a_shared_line_gives_up_what_is_late():
    line = SharedLine()
    late, other = shared(line, [0, 1], 100, peak_bps=1.0, deadline_ms=4), shared(line, [0], 30, peak_bps=1.0)
    line.serve(100.0, 0.0, 40.0)
    assert line.give_up(4 * MS) == []
    assert line.give_up(4 * MS + 1) == [late]
    assert (line.carried_bits, line.discarded_bits, line.backlog_bits) == (80, 120, 30)
    assert line.finish() == [other]
    assert line.offered_bits == 230


def test_nobody_gets_anything_at_no_rate():
    line = SharedLine()
    shared(line, [0], 100, peak_bps=0.0)
    assert line.serve(100.0, 0.0, 1.0) == (0, 0, [])
    assert line.serve(0.0, 0.0, 1.0) == (0, 0, [])
