"""A link that is cut for a while: nothing is carried, what comes waits, and no bit is lost."""

import math

import numpy as np
import pytest

from netgen.topology.capacity import CapacityProcess
from netgen.topology.outages import Outages
from netgen.transport.clock import NEVER_NS

MS = 10**6
STEADY = CapacityProcess.constant(1e6)


def leaves_ms(hop) -> list[float]:
    """When the sending of each packet ended: its arrival less the delay of 1 us."""
    return ((np.concatenate([chunk[0] for chunk in hop.held]) - 1000) / MS).tolist()


def test_packets_wait_for_the_end_of_an_outage(bench):
    """1 ms each at 1 Mbit/s, out of order in [1.5 ms, 4 ms): half of the second packet is sent after it."""
    link = bench.link(capacity=STEADY.interrupted(Outages.of([(0.0015, 0.004)])), interval_ns=MS)
    hop = bench.send([1000] * 3, time_ns=[0, 0, 3 * MS])
    for time_ns, left in ((MS, 1000), (2 * MS, 500), (3 * MS, 1500), (5 * MS, 500)):
        bench.transport.advance(link, time_ns)
        assert link.backlog_bits(time_ns) == left
    bench.until(10 * MS)
    assert leaves_ms(hop) == [1, 4.5, 5.5]
    assert link.books.carried_bits[:7].tolist() == [1000, 500, 0, 0, 1000, 500, 0]
    assert link.books.capacity_bits[:7].tolist() == pytest.approx([1000, 500, 0, 0, 1000, 1000, 1000])
    assert link.books.arrived_bits == link.books.offered_bits == 3000


def test_a_full_queue_drops_what_comes_during_an_outage(bench):
    """A queue of 2 packets: of five that come during the outage, two are kept."""
    capacity = STEADY.interrupted(Outages.of([(0.001, 0.01)]))
    link = bench.link(capacity=capacity, queue_bits=2000)
    hop = bench.send([1000] * 6, time_ns=[0, 2 * MS, 3 * MS, 4 * MS, 5 * MS, 6 * MS])
    bench.until(100 * MS)
    assert leaves_ms(hop) == [1, 11, 12]
    assert link.books.dropped_bits == 3000


def test_a_link_that_is_never_repaired_keeps_what_it_has(bench):
    link = bench.link(capacity=STEADY.interrupted(Outages.of([(0.0015, math.inf)])))
    hop = bench.send([1000] * 3)
    bench.until(10**9)
    assert (hop.head_ns, link.books.arrived_bits) == (1_001_000, 1000)
    assert link.books.arrived_bits + link.books.flying_bits == link.books.offered_bits == 3000
    assert link.earliest_exit_ns(10**9, 1000, 0) == NEVER_NS


def test_the_earliest_exit_waits_for_the_repair(bench):
    link = bench.link(capacity=STEADY.interrupted(Outages.of([(1.0, 2.0)])))
    assert link.earliest_exit_ns(1_700_000_000, 1000, 0) == 2_001_001_000
    assert link.earliest_exit_ns(1_700_000_000, 0, 0) == 1_700_001_000


def test_a_segment_is_carried_alike_whenever_the_link_is_looked_at(bench):
    """A capacity that stops and goes, cut twice: the packets leave at the same instants."""
    steps = CapacityProcess.steps([0.0, 0.003], [1e6, 0.0], 0.005)
    capacity = steps.interrupted(Outages.of([(0.0021, 0.0107), (0.02, 0.0311)]))
    once, often = bench.link(capacity=capacity), bench.link(capacity=capacity)
    times_ns = np.arange(40) * 700_001
    hops = [
        bench.send([700] * 40, [link], key=key, time_ns=times_ns) for key, link in enumerate((once, often))
    ]
    for time_ns in range(0, 90 * MS, 777_777):
        bench.transport.advance(often, time_ns)
    bench.until(200 * MS)
    assert leaves_ms(hops[0]) == leaves_ms(hops[1])
    assert len(leaves_ms(hops[0])) == 40
    work = capacity.work_bits(np.array(leaves_ms(hops[0])) / 1000)
    assert (np.diff(work) > 699).all()
