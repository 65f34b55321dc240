"""Instants at which an audience comes in surges, against the profiles' closed forms."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from netgen.errors import InputError, ModelRangeError
from netgen.rng import hashed_uniform
from netgen.traffic.arrivals import (
    live_event_joins_s,
    ramp_joins_s,
    read_arrival_trace,
    step_joins_s,
    trace_joins_s,
)

LAST = math.nextafter(1.0, 0.0)


def luck(count: int = 20_000, key: int = 7) -> np.ndarray:
    return hashed_uniform(np.uint64(key), np.arange(count))


def trace_file(tmp_path, text: str):
    path = tmp_path / "arrivals.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_step_by_hand():
    """A quarter is there, the rest comes from 10 s to 13 s: a number of 0.5 is a third of the way."""
    joins_s = step_joins_s([0.0, 0.2499, 0.25, 0.5, 0.75], at_s=10.0, over_s=3.0, before=0.25)
    assert joins_s.tolist() == pytest.approx([0, 0, 10, 11, 12])
    assert step_joins_s([0.0, 0.2, 0.9], at_s=10.0, over_s=0.0, before=0.1).tolist() == [0, 10, 10]
    assert step_joins_s([0.0, LAST], at_s=10.0, over_s=3.0, before=1.0).tolist() == [0, 0]


def test_a_step_multiplies_the_audience_a_hundredfold():
    joins_s = step_joins_s(luck(100_000), at_s=60.0, over_s=30.0, before=0.01)
    assert abs((joins_s == 0).sum() - 1000) < 4 * math.sqrt(100_000 * 0.01 * 0.99)
    later = joins_s[joins_s > 0]
    assert later.min() >= 60
    assert later.max() < 90
    assert stats.kstest(later, "uniform", args=(60, 30)).pvalue > 0.001
    assert stats.kstest(later, "uniform", args=(60, 31)).pvalue < 1e-6


def test_a_ramp_grows_linearly():
    """5 s after its start, a ramp of 20 s has brought a quarter of those who come."""
    joins_s = ramp_joins_s(luck(), start_s=5.0, over_s=20.0, before=0.2)
    for time_s, share in ((4.9, 0.2), (10.0, 0.4), (15.0, 0.6), (25.0, 1.0)):
        sigma = math.sqrt(share * (1 - share) / 20_000)
        assert abs((joins_s <= time_s).mean() - share) <= 4 * sigma
    assert ramp_joins_s([0.2, 0.6, 0.8], start_s=5.0, over_s=20.0, before=0.2).tolist() == pytest.approx(
        [5, 15, 20]
    )


def test_a_live_event_rises_from_a_tenth_to_nine_tenths_in_its_rise():
    """Start many rises after 0: the plain logistic curve, at its quantiles."""
    joins_s = live_event_joins_s([0.1, 0.5, 0.9], start_s=600.0, rise_s=60.0, before=0.0)
    assert joins_s == pytest.approx([570, 600, 630], abs=1e-9)
    scale_s = 60.0 / (2 * math.log(9))
    many_s = live_event_joins_s(luck(), start_s=600.0, rise_s=60.0, before=0.0)
    assert stats.kstest(many_s, "logistic", args=(600, scale_s)).pvalue > 0.001
    assert stats.kstest(many_s, "logistic", args=(600, scale_s * 1.1)).pvalue < 1e-6
    assert stats.kstest(many_s, "logistic", args=(603, scale_s)).pvalue < 1e-6


@pytest.mark.parametrize("start_s", [0.0, 10.0, 40.0])
def test_a_live_event_that_begins_early_is_cut_at_zero(start_s):
    """(F(t) - F(0)) / (1 - F(0)): nobody joins before the run, and the shape of the rest is kept."""
    scale_s = 60.0 / (2 * math.log(9))

    def cut(time_s):
        below = stats.logistic.cdf(0.0, start_s, scale_s)
        return (stats.logistic.cdf(time_s, start_s, scale_s) - below) / (1 - below)

    numbers = np.linspace(0, 0.999, 50)
    joins_s = live_event_joins_s(numbers, start_s=start_s, rise_s=60.0, before=0.0)
    assert joins_s[0] == pytest.approx(0, abs=1e-12)
    assert cut(joins_s) == pytest.approx(numbers, abs=1e-12)
    many_s = live_event_joins_s(luck(), start_s=start_s, rise_s=60.0, before=0.0)
    assert stats.kstest(many_s, cut).pvalue > 0.001


def test_a_live_event_has_those_who_are_there_before_it():
    numbers = luck()
    joins_s = live_event_joins_s(numbers, start_s=600.0, rise_s=60.0, before=0.05)
    assert (joins_s == 0).tolist() == (numbers < 0.05).tolist()
    assert np.median(joins_s[joins_s > 0]) == pytest.approx(600, abs=1.5)


def test_a_trace_is_followed_piece_by_piece(tmp_path):
    """10 at 0 s, 30 at 5 s, none until 8 s, 50 at 10 s: 50 users of which each number is a place in line."""
    trace = read_arrival_trace(trace_file(tmp_path, "time_s,users\n0,10\n5,30\n8,30\n10,50\n"))
    numbers = np.array([0, 9.99, 10, 20, 29.99, 30.01, 40, 49.99]) / 50
    expected_s = [0, 0, 0, 2.5, 4.9975, 8.001, 9, 9.999]
    assert trace_joins_s(numbers, trace).tolist() == pytest.approx(expected_s)
    joins_s = trace_joins_s(luck(), trace)
    for time_s, share in ((0, 0.2), (2.5, 0.4), (5, 0.6), (7.9, 0.6), (9, 0.8), (10, 1.0)):
        sigma = math.sqrt(share * (1 - share) / 20_000)
        assert abs((joins_s <= time_s).mean() - share) <= 4 * sigma


def test_a_trace_may_hold_one_line_or_a_step(tmp_path):
    alone = read_arrival_trace(trace_file(tmp_path, "time_s,users\n0,5\n"))
    assert trace_joins_s([0.0, 0.5, LAST], alone).tolist() == [0, 0, 0]
    level = read_arrival_trace(trace_file(tmp_path, "time_s,users\n0,0\n\n10,0\n11,1\n20,1\n"))
    assert trace_joins_s([0.0, 0.5, LAST], level).tolist() == pytest.approx([10, 10.5, 11])
    with pytest.raises(ValueError, match="read-only"):
        level.users[0] = 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: found 'an empty file'; accepted: a header time_s,users"),
        ("time,users\n0,1\n", ":1: found 'time,users'; accepted: a header time_s,users"),
        ("time_s,users\n0,1,2\n", ":2: found 3 columns; accepted: 2"),
        ("time_s,users\n0,1\n1,many\n", ":3: users = 'many'; accepted: a number >= 0"),
        ("time_s,users\n0,-1\n", ":2: users = '-1'; accepted: a number >= 0"),
        ("time_s,users\n0,1\n\ninf,2\n", ":4: time_s = 'inf'; accepted: a number >= 0"),
        ("time_s,users\n1,1\n", ":2: time_s = 1.0; accepted: 0 in the first line"),
        ("time_s,users\n0,1\n2,3\n2,4\n", ":4: time_s = 2.0; accepted: after 2.0, that of the line before"),
        ("time_s,users\n0,4\n2,3\n", ":3: users = 3.0; accepted: at least 4.0, those of the line before"),
        ("time_s,users\n", ": no users ever join; accepted: a curve that ends above 0 users"),
        ("time_s,users\n0,0\n9,0\n", ": no users ever join; accepted: a curve that ends above 0 users"),
    ],
)
def test_what_is_no_trace_is_an_error_with_file_and_line(tmp_path, text, message):
    path = trace_file(tmp_path, text)
    with pytest.raises(InputError) as error:
        read_arrival_trace(path)
    assert str(error.value) == f"{path}{message}"


def test_a_trace_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(InputError, match="cannot be read as a CSV file"):
        read_arrival_trace(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as a CSV file"):
        read_arrival_trace(str(tmp_path / "binary.csv"))


PROFILES = {
    "step": lambda numbers, before: step_joins_s(numbers, at_s=3.0, over_s=2.0, before=before),
    "ramp": lambda numbers, before: ramp_joins_s(numbers, start_s=3.0, over_s=2.0, before=before),
    "live-event": lambda numbers, before: live_event_joins_s(numbers, start_s=3.0, rise_s=2.0, before=before),
}


@pytest.mark.parametrize("profile", PROFILES)
@example(numbers=[0.0, 0.0, LAST], before=0.2316419)  # the rest of the last number rounds up to 1
@given(
    numbers=st.lists(st.floats(0, LAST), min_size=1, max_size=30).map(lambda some: [*some, 0.0, LAST]),
    before=st.floats(0, 1),
)
def test_whatever_the_numbers_instants_are_finite_ordered_and_a_users_own(profile, numbers, before):
    joins_s = PROFILES[profile](numbers, before)
    assert np.isfinite(joins_s).all()
    assert (joins_s >= 0).all()
    order = np.argsort(numbers, kind="stable")
    assert (np.diff(joins_s[order]) >= 0).all()
    for number, join_s in zip(numbers, joins_s.tolist(), strict=True):
        assert PROFILES[profile]([number], before).tolist() == [join_s]


@pytest.mark.parametrize("start_s", [0.0, 1.0, 1e6])
@pytest.mark.parametrize("rise_s", [1e-9, 1.0, 1e9])
def test_a_live_event_of_any_pace_has_finite_instants(start_s, rise_s):
    joins_s = live_event_joins_s([0.0, 2.0**-53, 0.5, LAST], start_s=start_s, rise_s=rise_s, before=0.0)
    assert np.isfinite(joins_s).all()
    assert (joins_s >= 0).all()
    assert (np.diff(joins_s) >= 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: step_joins_s([0.5], at_s=-1.0, over_s=0.0, before=0.0), "at_s = -1.0 s; accepted: >= 0 s"),
        (lambda: step_joins_s([0.5], at_s=1.0, over_s=math.nan, before=0.0), "over_s = nan s"),
        (lambda: ramp_joins_s([0.5], start_s=math.inf, over_s=1.0, before=0.0), "start_s = inf s"),
        (lambda: ramp_joins_s([0.5], start_s=1.0, over_s=1.0, before=1.1), "before = 1.1; accepted: 0..1"),
        (lambda: live_event_joins_s([0.5], start_s=1.0, rise_s=0.0, before=0.0), "rise_s = 0.0 s"),
        (lambda: live_event_joins_s([0.5], start_s=-1.0, rise_s=1.0, before=0.0), "start_s = -1.0 s"),
        (lambda: ramp_joins_s([0.5, 1.0], start_s=1.0, over_s=1.0, before=0.0), "luck of user 1 = 1.0"),
    ],
)
def test_values_outside_the_range_are_errors(call, message):
    with pytest.raises(ModelRangeError) as error:
        call()
    assert str(error.value).startswith(message)
