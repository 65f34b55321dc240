import numpy as np
import pytest

from netgen.topology.capacity import CapacityProcess
from netgen.topology.loss import LossProcess
from netgen.topology.step_function import StepFunction
from netgen.transport.clock import NEVER_NS
from netgen.transport.link import Link

PACKETS = 20_000


def survivors(bench, link, *, key=1, count=PACKETS, gap_ns=10_000):
    """Numbers of the packets of a train, all of 8 bit, that get over one link."""
    hop = bench.send([8] * count, [link], key=key, time_ns=np.arange(count) * gap_ns)
    bench.transport.advance_all(count * gap_ns + 10**9)
    return np.concatenate([chunk[2] for chunk in hop.held])


def test_a_link_needs_a_delay(bench):
    with pytest.raises(ValueError, match="propagation delay must be at least 1 ns"):
        bench.link(delay_ns=0)


@pytest.mark.parametrize("probability", [0.02, 0.3, 0.9])
def test_packets_are_lost_at_the_rate_of_the_link(bench, probability):
    got = len(survivors(bench, bench.link(1e9, loss=probability)))
    sigma = np.sqrt(PACKETS * probability * (1 - probability))
    assert abs(got - PACKETS * (1 - probability)) < 4 * sigma


@pytest.mark.parametrize("probability", [0.1, 0.5])
@pytest.mark.parametrize("most", [1, 4])
def test_repeats_are_geometric_and_counted_as_carried(bench, probability, most):
    """Mean transmissions (1 - p^n) / (1 - p), loss p^n, with n = repeats + 1."""
    link = bench.link(1e9, loss=probability, retransmissions=most)
    tries = most + 1
    got = len(survivors(bench, link))
    lost = probability**tries
    assert abs(got - PACKETS * (1 - lost)) < 4 * np.sqrt(PACKETS * lost * (1 - lost)) + 1
    sent = link.books.carried_bits.sum() / 8 / PACKETS
    assert sent == pytest.approx((1 - lost) / (1 - probability), rel=0.03)
    assert link.books.retransmitted_bits.sum() == link.books.carried_bits.sum() - 8 * PACKETS
    assert link.books.lost_bits.sum() == 8 * (PACKETS - got) == link.books.corrupted_bits


def test_losses_are_independent_of_each_other(bench):
    kept = np.zeros(PACKETS, dtype=bool)
    kept[survivors(bench, bench.link(1e9, loss=0.3))] = True
    correlation = np.corrcoef(kept[:-1], kept[1:])[0, 1]
    assert abs(correlation) < 4 / np.sqrt(PACKETS)


def test_the_same_segment_meets_the_same_luck_among_other_traffic(bench):
    """What else is sent, in what pieces and when the link is looked at, moves no packet's luck."""
    alone = survivors(bench, bench.link(1e9, loss=0.3), key=7)
    busy = bench.link(1e9, loss=0.3)
    bench.send([8] * 999, [busy], key=3)
    bench.send([800] * 50, [busy], key=4, time_ns=np.arange(50) * 7777)
    hop = bench.send([8] * PACKETS, [busy], key=7, time_ns=np.arange(PACKETS) * 10_000)
    for time_ns in (5_000, 77_777, 10**8, 10**9 + 10**8):
        bench.transport.advance_all(time_ns)
    among = np.concatenate([chunk[2] for chunk in hop.held])
    assert among.tolist() == alone.tolist()


def test_other_segments_and_other_links_meet_other_luck(bench):
    mine = set(survivors(bench, bench.link(1e9, loss=0.5), key=7).tolist())
    for link, key in ((bench.link(1e9, loss=0.5), 8), (bench.link(1e9, loss=0.5, key=6), 7)):
        other = set(survivors(bench, link, key=key).tolist())
        assert abs(len(mine & other) - PACKETS / 4) < 6 * np.sqrt(PACKETS * 3 / 16)


def test_a_link_that_loses_everything_for_a_while_lets_nothing_through_then(bench):
    """Probability 1 in the bad state: no packet is luckier than that, and each takes all its tries."""
    loss = LossProcess(StepFunction(np.array([0.001, 0.002]), np.array([0.0, 1.0, 0.0])))
    link = bench.link(1e9, loss=loss, retransmissions=2)
    kept = survivors(bench, link, count=300, gap_ns=10_000)
    assert kept.tolist() == [*range(100), *range(200, 300)]
    assert link.books.carried_bits.sum() == 8 * (200 + 3 * 100)


def test_a_queue_of_one_packet_carries_well_spaced_packets_that_are_repeated(bench):
    link = bench.link(loss=0.5, retransmissions=8, queue_bits=1000)
    hop = bench.send([1000] * 100, time_ns=np.arange(100) * 20_000_000)
    bench.transport.advance_all(10**10)
    assert link.books.dropped_bits == 0
    assert hop.out == 100 - link.books.corrupted_bits // 1000
    assert link.books.retransmitted_bits.sum() > 50_000


def test_backlog_is_what_is_left_to_send(bench):
    link = bench.link()
    bench.send([1000, 1000, 1000])
    for time_ns, left in ((0, 3000), (1_000_000, 2000), (1_500_000, 1500), (3_000_000, 0), (9_000_000, 0)):
        bench.transport.advance(link, time_ns)
        assert link.backlog_bits(time_ns) == left


def test_the_earliest_exit_bounds_the_true_one_from_below(bench):
    link = bench.link()
    assert link.earliest_exit_ns(0, 1000, 0) == 1_001_000
    bench.send([1000, 1000])
    bench.transport.advance(link, 0)
    assert link.earliest_exit_ns(0, 1000, 0) == 3_001_000
    assert link.earliest_exit_ns(0, 1000, 5000) == 7_001_000
    assert link.earliest_exit_ns(50_000_000, 1000, 0) == 51_001_000


def test_the_earliest_exit_is_never_before_the_arrival(bench):
    """In a pause of the capacity, 0 bit are done as early as the pause begins."""
    capacity = CapacityProcess.steps([0.0, 1.0, 2.0], [1e6, 0.0, 1e6])
    assert bench.link(capacity=capacity).earliest_exit_ns(1_700_000_000, 0, 0) == 1_700_001_000
    ending = CapacityProcess.steps([0.0, 1.0], [1e6, 0.0])
    assert bench.link(capacity=ending).earliest_exit_ns(1_700_000_000, 10, 0) == NEVER_NS


def test_a_link_whose_capacity_ends_keeps_what_it_has(bench):
    link = bench.link(capacity=CapacityProcess.steps([0.0, 0.0015], [1e6, 0.0]))
    hop = bench.send([1000, 1000, 1000])
    bench.until(10**9)
    assert (hop.head_ns, link.books.arrived_bits) == (1_001_000, 1000)
    assert link.books.arrived_bits + link.books.flying_bits == link.books.offered_bits == 3000


def test_packets_of_one_instant_go_in_the_order_of_their_launch(bench):
    left, right, shared = bench.link(), bench.link(), bench.link()
    bench.transport.links = ()
    first = bench.send([1000], [left, shared], key=1)
    second = bench.send([1000], [right, shared], key=2)
    bench.transport.advance(right, 5_000_000)  # a look at the second train's link first
    bench.transport.advance(shared, 5_000_000)
    assert (first.tail_ns, second.tail_ns) == (2_002_000, 3_002_000)


def test_the_next_arrival_is_that_of_the_hop_and_not_yet_served(bench):
    link = bench.link()
    hop = bench.send([1000, 1000], time_ns=[100, 900])
    other = bench.send([1000], key=2, time_ns=[500])
    assert link.next_arrival_ns(hop) == 100
    bench.transport.advance(link, 600)
    assert link.next_arrival_ns(hop) == 900
    assert link.next_arrival_ns(other) is None


def test_a_link_says_what_it_is(bench):
    link = bench.link()
    assert isinstance(link, Link)
    assert (link.name, link.source, link.target, link.done_ns) == ("l0", "0", "1", -1)


def test_what_ends_just_when_the_capacity_pauses_does_not_wait_for_the_pause(bench):
    """1 ms of each 9 at 1 Mbit/s holds one packet of 1000 bit exactly, however the numbers are rounded."""
    capacity = CapacityProcess.steps([0.0, 0.008], [0.0, 1e6], 0.009)
    bench.link(capacity=capacity)
    hop = bench.send([1000] * 50)
    bench.until(10**9)
    leaves = np.concatenate([chunk[0] for chunk in hop.held]) - 1000
    assert leaves.tolist() == [9_000_000 * (k + 1) for k in range(50)]


def test_the_work_of_a_repeating_capacity_never_goes_back(bench):
    """0.018 s / 0.002 s rounds to 9 periods and a remainder just below 0, which is none."""
    capacity = CapacityProcess.steps([0.0, 0.0015], [0.0, 1e6], 0.002)
    work = capacity.work_bits(np.arange(200) * 0.002)
    assert work.tolist() == pytest.approx([500.0 * k for k in range(200)], abs=1e-6)
    link = bench.link(capacity=capacity, interval_ns=2_000_000)
    bench.send([5000])
    bench.until(50_000_000)
    assert link.books.carried_bits[:12].tolist() == [500] * 10 + [0, 0]
