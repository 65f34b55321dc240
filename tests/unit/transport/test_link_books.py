import numpy as np
import pytest

from netgen.topology.capacity import CapacityProcess
from netgen.transport.link_books import LinkBooks
from netgen.transport.train import Meaning, Train

S = 10**9


def ints(*values):
    return np.array(values, dtype=np.int64)


def books(rate_bps=1000.0, *, interval_ns=S, end_ns=4 * S):
    return LinkBooks(CapacityProcess.constant(rate_bps), interval_ns, end_ns)


def train(count=9, *, generative_from=None, meaning=True):
    sizes = np.full(count, 100)
    made = Meaning("film", 0, 5.0) if meaning else None
    return Train(np.uint64(0), sizes, count if generative_from is None else generative_from, made)


def test_capacity_is_the_integral_per_interval_and_the_last_may_be_shorter():
    capacity = CapacityProcess.steps([0.0, 1.5], [1000.0, 200.0])
    made = LinkBooks(capacity, S, 2_500_000_000)
    assert made.capacity_bits.tolist() == pytest.approx([1000.0, 600.0, 100.0])


def test_a_packet_that_crosses_an_interval_is_shared_by_work_done():
    made = books()
    made.carry(train(1), ints(500_000_000), ints(2_250_000_000), ints(1750), ints(0))
    assert made.discriminative_bits.tolist() == [500, 1000, 250, 0]


def test_packets_that_end_after_the_run_are_not_carried_in_it():
    """The last interval is half as long as the others; what is sent behind the end does not count in it."""
    made = books(end_ns=1_500_000_000)
    start, end = (
        ints(1_100_000_000, 1_400_000_000, 1_600_000_000),
        ints(1_400_000_000, 1_500_000_000, 1_900_000_000),
    )
    made.carry(train(3), start, end, ints(300, 100, 300), ints(0, 1, 2))
    assert made.discriminative_bits.tolist() == [0, 400]
    assert (made.carried_bits <= made.capacity_bits).all()


def test_a_link_that_is_always_busy_carries_its_capacity_up_to_an_end_inside_an_interval(bench):
    link = bench.link(end_ns=1_500_000_000)
    bench.send([1000] * 500)
    bench.send([1000] * 3000, key=2, time_ns=np.full(3000, 1_100_000_000))
    bench.transport.advance_all(1_500_000_000)
    assert link.books.carried_bits.tolist() == [500_000, 400_000]
    assert (link.books.carried_bits <= link.books.capacity_bits).all()


def test_bits_are_told_apart_by_what_they_carry():
    made = books(1e6)
    start, end = np.arange(4) * 1000, np.arange(1, 5) * 1000
    made.carry(train(4, generative_from=3), start, end, ints(1, 2, 4, 8), np.arange(4))
    made.carry(train(4, meaning=False), start, end, ints(16, 16, 16, 16), np.arange(4))
    columns = (made.discriminative_bits, made.generative_bits, made.background_bits)
    assert [column.sum() for column in columns] == [7, 8, 64]
    assert made.carried_bits.sum() == 79
    assert made.packets == 8


def test_offered_bits_end_in_one_of_four_places():
    made = books()
    times = ints(S, 3 * S, 5 * S)
    made.offer(times, ints(1, 2, 4), born=False)
    made.offer(times, ints(1, 2, 4), born=True)
    assert (made.offered_bits, made.born_bits) == (6, 3)
    assert made.arrive(times, ints(1, 2, 4)) == 3
    assert made.arrived_of(times, ints(1, 2, 4)) == 3
    assert (made.arrived_bits, made.flying_bits) == (3, 4)
    made.drop(times, ints(1, 2, 4))
    made.corrupt(times, ints(1, 2, 4))
    assert (made.dropped_bits, made.corrupted_bits, made.flying_bits) == (3, 3, 8)
    assert made.lost_bits.tolist() == [2, 0, 4, 0]


def test_repeats_are_counted_in_the_interval_in_which_they_end():
    made = books()
    made.repeat(ints(S, S + 1, 9 * S), ints(1, 2, 4))
    assert made.retransmitted_bits.tolist() == [1, 2, 0, 0]


def test_a_second_copy_of_a_segment_adds_only_what_it_holds_beyond_the_first():
    made = books()
    made.understand(Meaning("film", 3, 5.0), S, share=1.0)
    made.understand(Meaning("film", 3, 8.0), 2 * S, share=0.5)
    made.understand(Meaning("film", 3, 9.0), 3 * S, share=1.0)
    made.understand(Meaning("film", 4, 1.0), 3 * S, share=1.0)
    made.understand(Meaning("other", 3, 2.0), 4 * S, share=1.0)
    made.understand(Meaning("other", 5, 2.0), 4 * S + 1, share=1.0)
    assert made.semantic_bits.tolist() == [5.0, 0.0, 5.0, 2.0]
