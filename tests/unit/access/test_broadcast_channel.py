"""Channels whose coverage and loss are given, and what keeps users from receiving any channel."""

import numpy as np
import pytest

from netgen.access.broadcast_channel import Availability, FixedChannel
from netgen.access.crowd import Crowd
from netgen.mobility.contract import Static
from netgen.mobility.trace import Trace, TraceSamples
from netgen.rng import Streams
from netgen.topology.holes import Holes
from netgen.topology.outages import Outages

KEY = Streams(1).key("luck")
EVERYBODY = np.ones(4, dtype=bool)


def chances(channel, rows, time_s=0.0, **more):
    covered, loss = channel.chances(np.array(rows), time_s=time_s, size_bits=1000, **more)
    return covered.tolist(), loss.tolist()


def train(until_s=10.0):
    """One user eastwards from the origin at 10 m/s, there until some time."""
    times = np.array([0.0, until_s])
    return Crowd([Trace(TraceSamples(("u",), np.zeros(2, dtype=int), times, 10.0 * times, np.zeros(2)))])


def in_train(crowd, *rectangles, place=(0,)):
    holes = Holes.of(rectangles=rectangles)
    return FixedChannel(
        np.ones(len(place), dtype=bool), 0.05, KEY,
        availability=Availability(holes=holes, crowd=crowd, place=np.array(place)),
    )  # fmt: skip


def test_coverage_and_loss_are_those_given_at_any_time_and_size():
    channel = FixedChannel(np.array([True, False, True]), 0.05, KEY)
    for time_s, size_bits in ((0.0, 1), (1e6, 10**9)):
        covered, loss = channel.chances(np.array([1, 2]), time_s=time_s, size_bits=size_bits)
        assert covered.tolist() == [False, True]
        assert loss.tolist() == [0.05, 0.05]
        assert channel.loss_now(np.array([1, 2]), time_s=time_s, size_bits=size_bits).tolist() == [1.0, 0.05]
    assert channel.tuned(np.arange(3)).tolist() == [True] * 3


def test_who_has_no_tuner_is_never_covered():
    tuner = np.array([True, False, True, False])
    channel = FixedChannel(EVERYBODY, 0.05, KEY, availability=Availability(tuner))
    assert chances(channel, [1, 2, 3])[0] == [False, True, False]
    assert channel.tuned(np.array([3, 0])).tolist() == [False, True]
    assert tuner.tolist() == [True, False, True, False]


def test_an_outage_cuts_off_what_is_on_air_during_any_part_of_it():
    """Off air from 5 to 8 s; what ended before, or began from 8 s on, is received."""
    channel = FixedChannel(EVERYBODY, 0.0, KEY, availability=Availability(outages=Outages.of([(5.0, 8.0)])))
    spans = {(4.0, 4.9): True, (4.0, 5.0): False, (6.0, 7.0): False, (4.0, 9.0): False, (7.9, 8.5): False,
             (8.0, 9.0): True}  # fmt: skip
    for (begin_s, time_s), received in spans.items():
        assert chances(channel, [0], time_s, begin_s=begin_s)[0] == [received], (begin_s, time_s)
    assert [chances(channel, [0], at_s)[0] for at_s in (4.9, 5.0, 8.0)] == [[True], [False], [True]]
    assert channel.loss_now(np.array([0]), time_s=6.0, size_bits=1).tolist() == [1.0]


def test_a_hole_is_not_covered_while_the_user_is_in_it():
    """At 10 m/s a hole from 30 to 50 m lasts from 3 to 5 s."""
    channel = in_train(train(), (30.0, -1.0, 50.0, 1.0))
    found = [chances(channel, [0], at_s)[0][0] for at_s in (2.9, 3.0, 5.0, 5.1)]
    assert found == [True, False, False, True]


def test_who_is_absent_is_not_covered_where_places_matter_and_who_is_nowhere_is_in_no_hole():
    channel = in_train(train(until_s=4.0), (30.0, -1.0, 35.0, 1.0), place=(0, -1))
    assert [chances(channel, [0, 1], at_s)[0] for at_s in (1.0, 3.2, 3.9, 4.1)] == [
        [True, True], [False, True], [True, True], [False, True],
    ]  # fmt: skip


def test_holes_need_to_know_where_users_are():
    with pytest.raises(ValueError, match="where the users are"):
        Availability(holes=Holes.of([(0, 0, 1)]))


def test_a_lost_segment_misses_the_given_share_and_all_of_it_outside_coverage():
    rows, luck = np.arange(2), np.zeros(2)
    channel = FixedChannel(np.array([True, False]), 0.5, KEY, 0.3)
    missing = channel.missing_bits(rows, luck, time_s=0.0, size_bits=1001)
    assert (missing.tolist(), missing.dtype) == ([300, 1001], np.int64)
    assert channel.missing_bits(rows, luck, time_s=0.0, size_bits=1).tolist() == [1, 1]
    off_air = Availability(outages=Outages.of([(0.0, 1.0)]))
    cut_off = FixedChannel(np.array([True, False]), 0.5, KEY, 0.3, off_air)
    assert cut_off.missing_bits(rows, luck, time_s=2.0, begin_s=0.5, size_bits=10).tolist() == [10, 10]
    assert cut_off.missing_bits(rows, luck, time_s=2.0, size_bits=10).tolist() == [3, 10]


def test_a_twin_is_ahead_and_never_off_air():
    """The twin knows at once where the train will be, the channel is at the present all the same."""
    real = in_train(train(), (30.0, -1.0, 50.0, 1.0))
    outages = Outages.of([(0.0, 100.0)])
    real = FixedChannel(
        real.covered, 0.05, KEY,
        availability=Availability(None, outages, real.availability.holes, real.availability.crowd, np.array([0])),
    )  # fmt: skip
    twin = real.twin(train())
    ahead = [float(twin.loss_now(np.array([0]), time_s=at_s, size_bits=1)[0]) for at_s in (2.0, 4.0, 6.0)]
    assert ahead == [0.05, 1.0, 0.05]
    assert chances(real, [0], 1.0)[0] == [False]
    assert twin.chances(np.array([0]), time_s=6.0, size_bits=1)[0].tolist() == [True]


def test_a_crowd_knows_who_moves():
    assert train().moving.tolist() == [True]
    assert Crowd([Static([1.0], [2.0])]).moving.tolist() == [False]
    assert Crowd([]).moving.tolist() == []
