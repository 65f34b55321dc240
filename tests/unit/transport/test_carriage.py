import numpy as np
import pytest

from netgen.topology.capacity import CapacityProcess
from netgen.topology.loss import LossProcess
from netgen.topology.step_function import StepFunction
from netgen.transport.carriage import Leg


class Waiter:
    """Notes when it is called back."""

    def __init__(self, bench) -> None:
        self.bench = bench
        self.calls: list[int] = []

    def __call__(self, hop) -> None:
        self.calls.append(self.bench.transport.now_ns)


def watched(bench, hop) -> tuple[Waiter, Waiter]:
    head, tail = Waiter(bench), Waiter(bench)
    bench.transport.on_head(hop, head)
    bench.transport.on_tail(hop, tail)
    return head, tail


def test_a_train_is_pipelined_over_links_and_waits_only_where_it_queues(bench):
    """Four packets of 1000 bit at 1, 0.5 and 2 Mbit/s with 10 us each: by hand, the middle link sends on end."""
    for rate_bps in (1e6, 5e5, 2e6):
        bench.link(rate_bps, delay_ns=10_000)
    hop = bench.send([1000] * 4)
    head, tail = watched(bench, hop)
    bench.until(20_000_000)
    # 1 ms + 2 ms + 0.5 ms for one packet; the middle link then needs 2 ms for each of the other three.
    assert (hop.head_ns, hop.tail_ns) == (3_530_000, 9_530_000)
    assert (head.calls, tail.calls) == ([3_530_000], [9_530_000])


def test_trains_on_a_shared_link_go_packet_by_packet_as_they_come(bench):
    left, right, shared = bench.link(), bench.link(), bench.link(2e6)
    first = bench.send([1000] * 3, [left, shared])
    second = bench.send([1000] * 3, [right, shared], key=2, time_ns=[250_000] * 3)
    bench.until(20_000_000)
    assert (first.head_ns, first.tail_ns) == (1_502_000, 3_502_000)
    assert (second.head_ns, second.tail_ns) == (2_002_000, 4_002_000)


def test_a_tree_makes_one_copy_per_link(bench):
    """The two trains take turns on the trunk: the second's packets leave it after 2 and 4 ms."""
    trunk, left, right = bench.link(), bench.link(2e6), bench.link(5e5)
    hop = bench.send([1000, 1000], [trunk])
    leg = Leg(trunk, (Leg(left, (), stop=True), Leg(right, (), stop=True)), stop=False)
    ends = bench.transport.launch(hop.train, [leg])
    bench.until(20_000_000)
    assert trunk.books.offered_bits == 4000
    assert [end.link for end in ends] == [left, right]
    assert [end.tail_ns for end in ends] == [4_502_000, 6_002_000]


def test_callbacks_come_where_nothing_arrives(bench):
    """A train whose every packet is lost, on the last link or before it, is known to be lost in the end."""
    certain = LossProcess.independent(1.0)
    bench.link()
    bench.link(loss=certain)
    bench.link()
    last = bench.send([1000] * 3, bench.links[:2])
    beyond = bench.send([1000] * 3, bench.links, key=2)
    waiters = [*watched(bench, last), *watched(bench, beyond)]
    bench.until(10**9)
    assert [len(waiter.calls) for waiter in waiters] == [1, 1, 1, 1]
    assert (last.head_ns, last.tail_ns, beyond.head_ns) == (None, None, None)


def test_no_callback_comes_where_the_capacity_ends(bench):
    bench.link(capacity=CapacityProcess.steps([0.0, 0.0005], [1e6, 0.0]))
    waiters = watched(bench, bench.send([1000]))
    bench.until(10**9)
    assert [waiter.calls for waiter in waiters] == [[], []]


def looks_taken(bench, hop) -> int:
    """Kernel events that waiting for the head and the tail of one train costs."""
    watched(bench, hop)
    looks = 0
    while bench.env.peek() < 10**10:
        bench.env.step()
        looks += 1
    return looks


def test_waiting_costs_a_few_looks_and_not_one_per_packet(bench):
    for _ in range(5):
        bench.link(delay_ns=1)
    assert looks_taken(bench, bench.send([1000] * 1000)) <= 12


def test_waiting_through_a_pause_costs_a_few_looks(bench):
    """The inverse of the work in a pause of the capacity lies before the pause, that is, in the past."""
    pause = CapacityProcess.steps([0.0, 0.3, 0.5], [0.0, 4e6, 0.0], 0.6)
    bench.link(1e5)
    bench.link(3e6)
    bench.link(capacity=pause)
    bench.link(capacity=pause, delay_ns=1)
    hop = bench.send([1000] * 100)
    assert looks_taken(bench, hop) <= 40
    assert hop.complete


def test_waiting_for_a_head_whose_first_packets_are_lost_costs_a_look_per_packet(bench):
    bench.link(1e5)
    bench.link(
        1e9, delay_ns=1, loss=LossProcess(StepFunction(np.array([0.0, 0.045]), np.array([0.0, 1.0, 0.0])))
    )
    bench.link(1e9, delay_ns=1)
    hop = bench.send([1000] * 9)
    assert looks_taken(bench, hop) <= 40
    assert hop.out == 5


def test_waiting_for_packets_handed_over_later_costs_a_few_looks(bench):
    bench.link(1e9, delay_ns=1)
    hop = bench.send([1000] * 5, time_ns=np.arange(5) * 100_000_000)
    assert looks_taken(bench, hop) <= 20
    assert hop.tail_ns == 400_001_001


def test_trains_that_feed_each_others_links_in_a_ring_are_advanced(bench):
    for _ in range(3):
        bench.link(delay_ns=100_000)
    one, two, three = bench.links
    paths = ([one, two], [two, three], [three, one])
    ends = [bench.send([1000] * 20, path, key=key) for key, path in enumerate(paths)]
    bench.until(60_000_000)
    assert all(end.complete for end in ends)
    for link in bench.links:
        assert link.feeders == {}
        assert link.books.arrived_bits == 40_000


def test_looking_ahead_of_the_clock_is_not_needed_for_what_has_been_sent(bench):
    """A head's instant is known before it comes, as soon as its packet has been taken into service."""
    link = bench.link()
    hop = bench.send([1000])
    bench.transport.advance(link, 0)
    assert hop.head_ns == 1_001_000
    assert bench.transport.now_ns == 0


@pytest.mark.parametrize("stop", [True, False])
def test_launch_returns_a_hop_for_each_stop(bench, stop):
    bench.link()
    hop = bench.send([1000], stop=stop)
    assert (hop is not None) is stop
