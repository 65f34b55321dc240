"""When faults are repaired."""

import math

import numpy as np
import pytest
from scipy import stats

from netgen.errors import ModelRangeError
from netgen.rng import hashed_uniform
from netgen.topology.fault_times import outage_spans
from netgen.topology.outages import Outages


def test_given_and_drawn_repairs_by_hand():
    """Half of all random repairs are over after mean x ln 2."""
    spans = outage_spans([1.0, 2.0, 3.0], [10.0, 10.0, math.inf], random=[False, True, False], luck=0.5)
    assert spans == [(1.0, 11.0), (2.0, pytest.approx(2 + 10 * math.log(2))), (3.0, math.inf)]


def test_random_repairs_have_their_distribution_and_are_each_a_faults_own():
    luck = hashed_uniform(np.uint64(9), np.arange(5000))
    spans = outage_spans(np.full(5000, 7.0), 4.0, random=True, luck=luck)
    repairs_s = [end_s - start_s for start_s, end_s in spans]
    assert stats.kstest(repairs_s, "expon", args=(0, 4)).pvalue > 0.001
    assert stats.kstest(repairs_s, "expon", args=(0, 4.5)).pvalue < 1e-6
    assert spans[:10] == outage_spans(np.full(10, 7.0), 4.0, random=True, luck=luck[:10])


def test_the_smallest_draw_is_still_an_outage():
    spans = outage_spans([0.0, 1e6, 3.0], [1.0, 1e-12, math.inf], random=True, luck=0.0)
    assert all(start_s < end_s for start_s, end_s in spans)
    assert spans[2] == (3.0, math.inf)
    assert Outages.of(spans).down(0.0)


def test_no_faults_no_spans():
    assert outage_spans([], [], random=[], luck=[]) == []


@pytest.mark.parametrize(
    ("at_s", "repair_s", "luck", "message"),
    [
        ([0.0, -1.0], 1.0, 0.0, "fault 1 begins at -1.0 s; accepted: >= 0 s"),
        (math.inf, 1.0, 0.0, "fault 0 begins at inf s; accepted: >= 0 s"),
        (0.0, 0.0, 0.0, "fault 0 is repaired in 0.0 s; accepted: > 0 s"),
        (0.0, math.nan, 0.0, "fault 0 is repaired in nan s; accepted: > 0 s"),
        (0.0, [1.0, 1.0], [0.0, 1.0], "fault 1 has the luck 1.0; accepted: >= 0 and < 1"),
    ],
)
def test_values_outside_the_range_are_errors(at_s, repair_s, luck, message):
    with pytest.raises(ModelRangeError) as error:
        outage_spans(at_s, repair_s, random=True, luck=luck)
    assert str(error.value) == message
