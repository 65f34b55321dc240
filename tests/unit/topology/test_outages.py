"""Spans of time in which something is out of order."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.topology.outages import Outages

SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.one_of(st.integers(1, 15), st.just(math.inf))), max_size=8
).map(lambda some: [(float(start), float(start + length)) for start, length in some])


def test_spans_are_put_in_order_and_joined():
    outages = Outages.of([(5, 7), (1, 2), (6, 8), (8, 9), (2.5, 3)])
    assert outages.spans() == [(1, 2), (2.5, 3), (5, 9)]
    assert outages
    assert outages.start_s.dtype == outages.end_s.dtype == np.float64


def test_an_outage_holds_its_start_and_not_its_end():
    outages = Outages.of([(1, 2), (4, math.inf)])
    seen = {time_s: outages.down(time_s) for time_s in (0.0, 0.999, 1.0, 1.999, 2.0, 3.0, 4.0, 1e9)}
    assert [time_s for time_s, down in seen.items() if down] == [1.0, 1.999, 4.0, 1e9]
    assert [outages.up_from(time_s) for time_s in (0.5, 1.0, 1.5, 2.0, 4.0)] == [0.5, 2, 2, 2, math.inf]


def test_a_span_of_time_meets_an_outage():
    outages = Outages.of([(1, 2)])
    assert [outages.down_during(*span) for span in ((0, 0.9), (0, 1), (1.5, 1.6), (1.9, 9), (2, 9))] == [
        False, True, True, True, False
    ]  # fmt: skip


def test_never_out_of_order():
    never = Outages.none()
    assert not never
    assert never.spans() == []
    assert not never.down_during(0, math.inf)
    assert never.up_from(3.0) == 3.0


@given(SPANS, SPANS, st.integers(0, 130).map(lambda number: number / 2))
def test_down_means_inside_some_span(left, right, time_s):
    outages = Outages.of(left).joined(Outages.of(right))
    down = any(start_s <= time_s < end_s for start_s, end_s in left + right)
    assert outages.down(time_s) == down
    assert (outages.start_s[1:] > outages.end_s[:-1]).all()
    up_s = outages.up_from(time_s)
    assert (up_s > time_s) == down
    assert math.isinf(up_s) or not outages.down(up_s)


@pytest.mark.parametrize(
    "span", [(2, 2), (3, 2), (-1, 2), (math.nan, 2), (1, math.nan), (math.inf, math.inf)]
)
def test_what_is_no_outage_is_an_error(span):
    with pytest.raises(ValueError, match="accepted: 0 <= start < end"):
        Outages.of([(5, 6), span])


def test_what_is_shared_cannot_be_changed():
    outages = Outages.of([(1, 2)])
    for array in (outages.start_s, outages.end_s):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5.0
