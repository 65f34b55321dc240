"""When the parts of a last hop are on air."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netgen.access.last_hop import AirTimes
from netgen.topology.outages import Outages
from netgen.transport.clock import NEVER_NS

S = 10**9


def test_parts_have_outages_of_their_own_and_of_all():
    times = AirTimes({1: Outages.of([(1, 3)]), None: Outages.of([(2, 4)])}, 3, end_ns=10 * S)
    assert times.changes_ns.tolist() == [S, 2 * S, 3 * S, 4 * S]
    found = {at_s: times.on_air(round(at_s * S)).tolist() for at_s in (0.5, 1, 2.5, 3.5, 4)}
    nobody, all_up, others = [False] * 3, [True] * 3, [True, False, True]
    assert found == {0.5: all_up, 1: others, 2.5: nobody, 3.5: nobody, 4: all_up}


def test_changes_are_to_the_nanosecond_and_inside_the_run():
    times = AirTimes({None: Outages.of([(0, 1e-9), (0.123456789, np.inf)])}, 1, end_ns=S)
    assert times.changes_ns.tolist() == [1, 123_456_789]
    assert times.next_change_ns(0) == 1
    assert times.next_change_ns(1) == 123_456_789
    assert times.next_change_ns(123_456_789) == NEVER_NS
    assert not times.on_air(0)[0]
    assert times.on_air(1)[0]


def test_without_outages_all_is_on_air():
    times = AirTimes({}, 2, end_ns=S)
    assert times.on_air(5).tolist() == [True, True]
    assert times.next_change_ns(0) == NEVER_NS
    assert times.on_air_ns(np.array([0, 300, S])).tolist() == [300, S - 300]


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 15)), max_size=6),
    st.lists(st.integers(0, 50), min_size=2, max_size=8),
)
def test_time_on_air_is_that_of_every_nanosecond(spans, edges):
    outages = Outages.of((down * 1e-9, (down + lasting) * 1e-9) for down, lasting in spans)
    times = AirTimes({0: outages}, 1, end_ns=50)
    edges_ns = np.sort(np.array(edges))
    up = np.array([times.on_air(at_ns)[0] for at_ns in range(50)])
    by_hand = [int(up[a:b].sum()) for a, b in pairwise(edges_ns.tolist())]
    assert times.on_air_ns(edges_ns).tolist() == by_hand
    assert up.tolist() == [not any(a <= at < a + lasting for a, lasting in spans) for at in range(50)]
