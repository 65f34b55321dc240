import numpy as np

from netgen.transport.carriage import Leg


def test_an_undecided_hop_holds_its_packets_until_it_is_connected(bench):
    first, second = bench.link(), bench.link()
    hop = bench.send([1000, 1000], [first])
    bench.until(5_000_000)
    assert hop.complete
    assert [chunk[0].tolist() for chunk in hop.held] == [[1_001_000, 2_001_000]]
    assert second.books.offered_bits == 0
    (end,) = bench.transport.launch(hop.train, [Leg(second, (), stop=True)], source=hop)
    assert hop.held == []
    bench.until(6_000_000)
    assert (end.head_ns, end.tail_ns) == (2_002_000, 3_002_000)
    assert end.order == hop.order


def test_a_hop_counts_what_came_through_and_when(bench):
    bench.link(queue_bits=2000)
    hop = bench.send([1000, 1000, 1000])
    bench.until(10_000_000)
    assert (hop.seen, hop.out, hop.out_bits, hop.served_bits) == (3, 2, 2000, 3000)
    assert (hop.start_ns, hop.head_ns, hop.tail_ns) == (0, 1_001_000, 2_001_000)


def test_the_hop_behind_expects_what_got_through(bench):
    bench.link(queue_bits=2000)
    bench.link(delay_ns=2000)
    hop = bench.send([1000, 1000, 1000])
    assert hop.expected is None
    bench.until(10_000_000)
    assert (hop.expected, hop.seen, hop.complete) == (2, 2, True)


def test_copies_and_ends_are_counted_where_they_happen(bench):
    trunk, left, right = bench.link(), bench.link(), bench.link()
    train = bench.send([1000], [trunk]).train
    leg = Leg(trunk, (Leg(left, (), stop=True), Leg(right, (), stop=True)), stop=False)
    bench.transport.launch(train, [leg])
    bench.send([500], [trunk, left], meaning=False, stop=False)
    bench.until(10_000_000)
    assert trunk.books.copied_bits == 1000
    assert (left.books.ended_bits, right.books.ended_bits) == (500, 0)
    assert (left.books.arrived_bits, right.books.arrived_bits) == (1500, 1000)


def test_semantic_bits_count_when_a_segment_has_passed_entirely_and_only_then(bench):
    whole = bench.link()
    broken = bench.link(queue_bits=1000)
    bench.send([1000, 1000], [whole])
    bench.send([1000, 1000], [broken], key=2)
    bench.send([1000, 1000], [bench.link(queue_bits=1000)], key=3, tolerance=0.5)
    bench.until(10_000_000)
    assert [link.books.semantic_bits.sum() for link in bench.links] == [7.0, 0.0, 7.0]
    assert np.flatnonzero(whole.books.semantic_bits).tolist() == [0]
