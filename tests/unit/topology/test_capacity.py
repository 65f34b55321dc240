"""C(t), its integral W(t) and the inverse, against exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netgen.topology.capacity import CapacityProcess

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
