"""C(t), its integral W(t) and the inverse, against exact arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netgen.topology.capacity import CapacityProcess
from netgen.topology.outages import Outages

QUARTERS = 4


@st.composite
def processes(draw, *, periodic: bool | None = None):
    """(starts, rates, period) in quarter seconds and bit/s; rates are often zero."""
    starts = [0, *sorted(draw(st.sets(st.integers(1, 40), max_size=5)))]
    rate = st.one_of(st.just(0), st.integers(1, 10**8))
    rates = draw(st.lists(rate, min_size=len(starts), max_size=len(starts)).filter(any))
    repeats = draw(st.booleans()) if periodic is None else periodic
    period = starts[-1] + draw(st.integers(1, 20)) if repeats else None
    return starts, rates, period


def capacity_of(process) -> CapacityProcess:
    starts, rates, period = process
    return CapacityProcess.steps(
        [start / QUARTERS for start in starts], rates, None if period is None else period / QUARTERS
    )


def exact_work(process, time: Fraction) -> Fraction:
    """W(t) piece by piece, nothing rounded."""
    starts, rates, period = process
    turns = Fraction(0)
    if period is not None:
        turns, time = divmod(time, Fraction(period, QUARTERS))
    ends = [*starts[1:], period]

    def within(until: Fraction) -> Fraction:
        work = Fraction(0)
        for start, end, rate in zip(starts, ends, rates, strict=True):
            stop = until if end is None else min(until, Fraction(end, QUARTERS))
            work += max(Fraction(0), stop - Fraction(start, QUARTERS)) * rate
        return work

    whole = within(Fraction(period, QUARTERS)) if period is not None else Fraction(0)
    return turns * whole + within(time)


def exact_rate(process, time: Fraction) -> int:
    starts, rates, period = process
    if period is not None:
        time %= Fraction(period, QUARTERS)
    return [rate for start, rate in zip(starts, rates, strict=True) if Fraction(start, QUARTERS) <= time][-1]


INSTANTS = st.integers(0, 2000).map(lambda number: Fraction(number, 8))


@given(processes(), st.lists(INSTANTS, min_size=1, max_size=8))
def test_work_is_the_integral_of_the_rate(process, times):
    capacity = capacity_of(process)
    work = capacity.work_bits(np.array([float(time) for time in times]))
    assert work == pytest.approx([float(exact_work(process, time)) for time in times], rel=1e-12)
    assert [capacity.rate_at(float(time)) for time in times] == [exact_rate(process, time) for time in times]


@given(processes(), INSTANTS)
def test_the_inverse_is_the_earliest_instant(process, time):
    """At the instant that `time_s` gives, the work is done; any time before it, it is not."""
    work = exact_work(process, time)
    assume(work > 0)
    capacity = capacity_of(process)
    (instant_s,) = capacity.time_s(np.array([float(work)]))
    assert instant_s <= float(time) * (1 + 1e-12)
    assert float(exact_work(process, Fraction(instant_s))) == pytest.approx(float(work), rel=1e-12)
    before = Fraction(instant_s) - Fraction(1, 10**6)
    assert before < 0 or exact_work(process, before) < work


@given(processes(), st.lists(st.integers(0, 10**10), min_size=2, max_size=8))
def test_the_inverse_is_monotone_and_never_early(process, amounts):
    capacity = capacity_of(process)
    work_bits = np.array(sorted(amounts), dtype=np.float64)
    instants_s = capacity.time_s(work_bits)
    assert (np.diff(instants_s[np.isfinite(instants_s)]) >= 0).all()
    for amount, instant_s in zip(sorted(amounts), instants_s, strict=True):
        if np.isfinite(instant_s):
            reached = float(exact_work(process, Fraction(instant_s)))
            assert reached == pytest.approx(amount, rel=1e-12, abs=1e-3)


@given(processes(), st.integers(1, 10**12))
def test_the_inverse_is_infinite_only_when_the_rate_ends_at_zero(process, amount):
    _, rates, period = process
    capacity = capacity_of(process)
    (instant_s,) = capacity.time_s(np.array([float(amount)]))
    never = period is None and rates[-1] == 0 and exact_work(process, Fraction(10**6)) < amount
    assert np.isinf(instant_s) == never


def test_a_period_that_ends_in_silence_never_swallows_work():
    """Rates and periods that are no round numbers: the work of whole periods is reached at their ends."""
    rng = np.random.default_rng(1)
    for rate_bps, busy_s, silent_s in rng.uniform([1e5, 0.1, 0.1], [1e8, 5.0, 5.0], (200, 3)):
        capacity = CapacityProcess.steps([0.0, busy_s], [rate_bps, 0.0], busy_s + silent_s)
        turns = np.arange(1, 200)
        work_bits = capacity.work_bits((turns - 1) * (busy_s + silent_s) + busy_s)
        instants_s = capacity.time_s(work_bits)
        assert np.isfinite(instants_s).all()
        ends_s = (turns - 1) * (busy_s + silent_s) + busy_s
        starts_again_s = turns * (busy_s + silent_s)
        near = np.minimum(abs(instants_s - ends_s), abs(instants_s - starts_again_s))
        assert (near <= 1e-9).all()


def test_silence_is_waited_out():
    """1 Mbit/s for 2 s, nothing for 3 s, then 4 Mbit/s: by hand."""
    capacity = CapacityProcess.steps([0, 2, 5], [1e6, 0, 4e6])
    assert capacity.work_bits(np.array([0.0, 1.0, 2.0, 4.0, 5.0, 6.0])).tolist() == [
        0,
        1e6,
        2e6,
        2e6,
        2e6,
        6e6,
    ]
    assert capacity.time_s(np.array([0.0, 1e6, 2e6, 2e6 + 4, 6e6])).tolist() == [0, 1, 2, 5.000001, 6]
    assert [capacity.rate_at(time_s) for time_s in (0.0, 1.999, 2.0, 5.0, 99.0)] == [1e6, 1e6, 0, 4e6, 4e6]
    assert capacity.max_rate_bps == 4e6


def test_a_constant_capacity_is_a_straight_line():
    capacity = CapacityProcess.constant(2e6)
    times_s = np.array([0.0, 0.5, 1e4])
    assert capacity.work_bits(times_s).tolist() == [0, 1e6, 2e10]
    assert capacity.time_s(np.array([0, 1e6, 2e10])).tolist() == times_s.tolist()
    assert capacity.rate_at(1e9) == capacity.max_rate_bps == 2e6


def test_one_rate_with_a_period_is_constant():
    capacity = CapacityProcess.steps([0], [3.0], 7.0)
    assert capacity.work_bits(np.array([20.0])).tolist() == [60.0]


def test_what_is_shared_cannot_be_changed():
    capacity = CapacityProcess.steps([0, 1], [1.0, 2.0])
    for array in (capacity.start_s, capacity.rate_bps, capacity._work_bits):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5.0


@pytest.mark.parametrize(
    ("starts", "rates", "period", "message"),
    [
        ([], [], None, "need as many rates as instants, at least one: 0, 0"),
        ([0, 1], [5], None, "need as many rates as instants, at least one: 1, 2"),
        ([1, 2], [5, 5], None, "the first rate must begin at 0 s, not 1.0 s"),
        ([0, 2, 2], [5, 5, 5], None, "instant 2 = 2.0 s is not after the one before it"),
        ([0, 2, 1], [5, 5, 5], None, "instant 2 = 1.0 s is not after the one before it"),
        ([0, np.nan], [5, 5], None, "instant 1 = nan s"),
        ([0, np.inf], [5, 5], None, "instant 1 = inf s"),
        ([0, 1], [5, -1], None, "rate 1 = -1.0 bit/s is not finite and >= 0"),
        ([0, 1], [5, np.nan], None, "rate 1 = nan bit/s is not finite and >= 0"),
        ([0, 1], [np.inf, 5], None, "rate 0 = inf bit/s is not finite and >= 0"),
        ([0, 1], [0, 0], None, "a capacity of 0 bit/s at all times carries nothing"),
        ([0, 3], [5, 5], 3, "the period 3 s does not exceed the last instant 3.0 s"),
        ([0, 3], [5, 5], np.nan, "the period nan s does not exceed"),
        ([0, 3], [5, 5], np.inf, "the period inf s"),
    ],
)
def test_what_is_no_capacity_is_an_error(starts, rates, period, message):
    with pytest.raises(ValueError) as error:
        CapacityProcess.steps(starts, rates, period)
    assert str(error.value).startswith(message)


@st.composite
def cuts(draw) -> Outages:
    """A few outages in quarter seconds, the last sometimes without an end."""
    spans = draw(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), min_size=1, max_size=5))
    ended = [(start / QUARTERS, (start + length) / QUARTERS) for start, length in spans]
    endless = [(draw(st.integers(0, 400)) / QUARTERS, math.inf)] if draw(st.booleans()) else []
    return Outages.of(ended + endless)


def exact_cut_work(process, outages: Outages, time: Fraction) -> Fraction:
    """The same with outages: the work of all time up to t, less that of the outages."""
    work = exact_work(process, time)
    for start_s, end_s in outages.spans():
        end = time if math.isinf(end_s) else min(time, Fraction(end_s))
        if end > Fraction(start_s):
            work -= exact_work(process, end) - exact_work(process, Fraction(start_s))
    return work


@given(processes(), cuts(), st.lists(INSTANTS, min_size=1, max_size=8))
def test_the_work_of_an_interrupted_capacity_is_the_integral_of_the_rate_while_it_is_up(
    process, outages, times
):
    capacity = capacity_of(process).interrupted(outages)
    work = capacity.work_bits(np.array([float(time) for time in times]))
    exact = [float(exact_cut_work(process, outages, time)) for time in times]
    assert work == pytest.approx(exact, rel=1e-12, abs=1e-4)
    for time in times:
        up = not outages.down(float(time))
        assert capacity.rate_at(float(time)) == (exact_rate(process, time) if up else 0)


@given(processes(), cuts(), st.integers(0, 1500), st.integers(1, 500))
def test_interrupted_work_is_what_a_sum_over_a_grid_gives(process, outages, first, length):
    """All changes lie on quarters of a second: the sum of the rates at eighths, over any span, is exact."""
    capacity = capacity_of(process).interrupted(outages)
    grid_s = np.arange(first, first + length) / QUARTERS
    summed = sum(
        capacity_of(process).rate_at(time_s + 0.125) * (not outages.down(time_s + 0.125)) for time_s in grid_s
    )
    ends = capacity.work_bits(np.array([first, first + length]) / QUARTERS)
    assert ends[1] - ends[0] == pytest.approx(summed / QUARTERS, rel=1e-12, abs=1e-3)


@given(processes(), cuts(), INSTANTS)
def test_the_inverse_of_an_interrupted_capacity_is_the_earliest_instant(process, outages, time):
    work = exact_cut_work(process, outages, time)
    assume(work > 0)
    capacity = capacity_of(process).interrupted(outages)
    (instant_s,) = capacity.time_s(np.array([float(work)]))
    assert instant_s <= float(time) * (1 + 1e-12)
    reached = float(exact_cut_work(process, outages, Fraction(instant_s)))
    assert reached == pytest.approx(float(work), rel=1e-12, abs=1e-3)
    before = Fraction(instant_s) - Fraction(1, 10**5)
    assert before < 0 or exact_cut_work(process, outages, before) < work


@given(processes(), cuts(), st.lists(st.integers(0, 10**10), min_size=2, max_size=8))
def test_the_inverse_of_an_interrupted_capacity_is_monotone_and_never_in_an_outage(process, outages, amounts):
    capacity = capacity_of(process).interrupted(outages)
    instants_s = capacity.time_s(np.array(sorted(amounts), dtype=np.float64))
    assert not np.isnan(instants_s).any()
    finite_s = instants_s[np.isfinite(instants_s)]
    assert (np.diff(finite_s) >= 0).all()
    for amount, instant_s in zip(sorted(amounts), finite_s.tolist(), strict=False):
        up = not outages.down_during(math.nextafter(instant_s, 0), math.nextafter(instant_s, 0))
        assert up or amount == 0 or instant_s == 0
        reached = float(exact_cut_work(process, outages, Fraction(instant_s)))
        assert reached == pytest.approx(amount, rel=1e-12, abs=1e-2)
    endless = bool(np.isinf(outages.end_s).any())
    ends = process[2] is None and process[1][-1] == 0
    assert np.isfinite(instants_s).all() or endless or ends


@given(processes(), cuts(), cuts())
def test_interrupted_twice_is_interrupted_by_both(process, some, others):
    twice = capacity_of(process).interrupted(some).interrupted(others)
    once = capacity_of(process).interrupted(some.joined(others))
    times_s = np.arange(0, 200, 0.375)
    assert twice.work_bits(times_s).tolist() == once.work_bits(times_s).tolist()
    assert twice.rate_at(7.0) == once.rate_at(7.0)


@given(processes(periodic=True), cuts())
def test_interrupted_work_never_goes_back_and_stands_still_in_an_outage(process, outages):
    capacity = capacity_of(process).interrupted(outages)
    edges_s = np.concatenate([outages.start_s, outages.end_s[np.isfinite(outages.end_s)]])
    times_s = np.sort(np.concatenate([np.arange(0, 130, 0.3), *(np.nextafter(edges_s, x) for x in (0, 1e9))]))
    work = capacity.work_bits(times_s)
    assert (np.diff(work) >= 0).all()
    for start_s, end_s in outages.spans():
        inside = (times_s >= start_s) & (times_s < end_s)
        assert len(set(work[inside].tolist())) <= 1


def test_outages_of_a_constant_capacity_by_hand():
    """1 Mbit/s, nothing in [2, 3) and from 10 s on: 9 Mbit in all."""
    capacity = CapacityProcess.constant(1e6).interrupted(Outages.of([(2, 3), (10, math.inf)]))
    assert capacity.work_bits(np.array([1, 2, 2.5, 3, 4, 10, 99])).tolist() == [
        1e6, 2e6, 2e6, 2e6, 3e6, 9e6, 9e6
    ]  # fmt: skip
    amounts = np.array([0, 2e6, 2e6 + 1, 3e6, 9e6, 9e6 + 1])
    assert capacity.time_s(amounts).tolist() == [0, 2, 3.000001, 4, 10, math.inf]
    rates = [capacity.rate_at(time_s) for time_s in (0.0, 1.999, 2.0, 2.999, 3.0, 10.0, 1e9)]
    assert rates == [1e6, 1e6, 0, 0, 1e6, 0, 0]


def test_a_capacity_that_is_never_in_order_carries_nothing():
    for steady in (CapacityProcess.constant(5.0), CapacityProcess.steps([0, 1], [5.0, 0.0], 3.0)):
        capacity = steady.interrupted(Outages.of([(0, math.inf)]))
        assert capacity.work_bits(np.array([0.0, 7.0, 1e6])).tolist() == [0, 0, 0]
        assert capacity.time_s(np.array([0.0, 1.0])).tolist() == [0, math.inf]
        assert capacity.rate_at(0.0) == 0


def test_no_outages_change_nothing():
    capacity = CapacityProcess.constant(5.0)
    assert capacity.interrupted(Outages.none()) is capacity


def test_an_outage_after_a_million_periods_is_as_exact_as_the_capacity():
    """1 ms of each 2 ms at 1 Gbit/s: 0.5 Gbit a second, and an hour without."""
    steady = CapacityProcess.steps([0, 0.001], [1e9, 0.0], 0.002)
    capacity = steady.interrupted(Outages.of([(10_000.0, 13_600.0)]))
    times_s = np.array([10_000.0, 11_000.0, 13_600.0, 13_601.0])
    assert capacity.work_bits(times_s).tolist() == pytest.approx([5e12, 5e12, 5e12, 5e12 + 5e8], rel=1e-14)
    instants_s = capacity.time_s(np.array([5e12 + 5e5, 5e12 + 1.5e6]))
    assert instants_s.tolist() == pytest.approx([13_600.0005, 13_600.0025], rel=0, abs=1e-9)


def test_work_that_is_done_as_an_outage_begins_does_not_wait_and_never_goes_back():
    """Rates, periods and outages that are no round numbers: rounding adds no outage and takes no bit."""
    rng = np.random.default_rng(1)
    for rate_bps, busy_s, silent_s, up_s, down_s in rng.uniform(
        [1e5, 0.1, 0.1, 0.5, 0.5], [1e8, 5.0, 5.0, 9.0, 9.0], (200, 5)
    ):
        starts_s = up_s + (up_s + down_s) * np.arange(60)
        outages = Outages.of(zip(starts_s.tolist(), (starts_s + down_s).tolist(), strict=True))
        for steady in (
            CapacityProcess.constant(rate_bps),
            CapacityProcess.steps([0.0, busy_s], [rate_bps, 0.0], busy_s + silent_s),
        ):
            capacity = steady.interrupted(outages)
            work_bits = capacity.work_bits(starts_s)
            for rounded_up_bits in (0.0, 5e-7):
                assert (capacity.time_s(work_bits + rounded_up_bits) <= starts_s).all()
            around_s = np.sort(np.concatenate([starts_s, outages.end_s, np.nextafter(outages.end_s, 0)]))
            assert (np.diff(capacity.work_bits(around_s)) >= 0).all()
