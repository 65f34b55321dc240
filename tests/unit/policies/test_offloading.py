"""The policies of service offloading, by hand and against trying every choice."""

import sys
from dataclasses import replace
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from netgen.errors import InputError
from netgen.policy import (
    CellView,
    ChannelView,
    ContentView,
    OffloadingPolicy,
    OffloadingView,
    checked_offloading,
    load_policy_class,
    policy_factory,
)

FILE = Path(__file__).resolve().parents[3] / "policies" / "offloading.py"
CELL = CellView("a", 0.5, 0.0, 0, 0.0, 0, True, None)


def make(name, **parameters):
    return policy_factory(f"{FILE}:{name}", parameters, base=OffloadingPolicy)()


def content(
    name, audience, rate=4e6, share=None, *, channel=0, on=False, moving=False, since=np.inf, reachable=None
):
    reachable = audience if reachable is None else reachable
    share = 0.1 * reachable if share is None else share
    return ContentView(name, name, channel, rate, on, moving, since, audience, reachable, share, share)


def view(*contents, capacity=(20e6,), on_air=True, load=0.5, time_s=7.0):
    channels = tuple(ChannelView(f"mast:{k}", bps, on_air) for k, bps in enumerate(capacity))
    return OffloadingView(time_s, 1.0, contents, channels, (replace(CELL, load=load), CELL))


def asked(policy, seen):
    return checked_offloading(policy.decide(seen, np.random.default_rng(1)), seen, where="here")


def on_tower(policy, seen):
    return asked(policy, seen).on_tower


ALL = ["CellularOnly", "BroadcastAll", "Threshold", "Predictive", "FreesMost", "Optimal", "Bound"]


@pytest.mark.parametrize("policy", ALL)
def test_what_is_being_moved_stays_what_it_is_becoming_and_takes_its_rate(policy):
    """8 of 20 Mbit/s are on their way to the tower: of two contents of 8 Mbit/s, one still fits."""
    seen = view(
        content("coming", 1, 8e6, on=True, moving=True),
        content("going", 900, 8e6, moving=True),
        content("large", 90, 8e6),
        content("small", 80, 8e6),
    )
    assert on_tower(make(policy), seen) == (("coming",) if policy == "CellularOnly" else ("coming", "large"))


@pytest.mark.parametrize("policy", ALL)
def test_nothing_is_put_on_a_channel_that_is_off_the_air(policy):
    seen = view(content("on", 90, on=True), content("off", 90), on_air=False)
    assert on_tower(make(policy), seen) == ()


def test_only_the_channel_that_is_on_the_air_counts():
    seen = view(content("here", 90), content("there", 90, channel=1), capacity=(20e6, 20e6))
    seen = replace(seen, channels=(replace(seen.channels[0], on_air=False), seen.channels[1]))
    for policy in ALL[1:]:
        assert on_tower(make(policy), seen) == ("there",)


def test_broadcast_all_takes_the_most_watched_that_fit_one_after_the_other():
    seen = view(content("a", 10, 8e6), content("b", 30, 15e6), content("c", 20, 9e6), content("d", 5, 5e6))
    assert on_tower(make("BroadcastAll"), seen) == ("b", "d")
    assert on_tower(make("CellularOnly"), seen) == ()


def test_threshold_has_hysteresis():
    policy = make("Threshold", start_audience=20, stop_audience=8, dwell_s=0)
    counts = (20, 19, 8, 7)
    names = "abcd"
    below = view(*(content(n, c, 1e6) for n, c in zip(names, counts, strict=True)))
    above = view(*(content(n, c, 1e6, on=True) for n, c in zip(names, counts, strict=True)))
    assert on_tower(policy, below) == ("a",)
    assert on_tower(policy, above) == ("a", "b", "c")
    assert on_tower(make("Threshold", start_audience=21, dwell_s=0), above) == (
        "a",
        "b",
    )  # half, rounded up: 11


def test_threshold_counts_only_who_can_receive_the_tower():
    assert on_tower(make("Threshold"), view(content("a", 500, reachable=19))) == ()


def test_threshold_lets_smaller_audiences_go_when_a_cell_is_loaded():
    seen = view(content("a", 10), content("b", 9), load=0.8)
    assert on_tower(make("Threshold", load=0.8), seen) == ("a",)
    assert on_tower(make("Threshold", load=0.81), seen) == ()


def test_threshold_has_a_shortest_time_between_moves():
    seen = view(
        content("came", 0, on=True, since=9.9),
        content("went", 99, since=9.9),
        content("ripe", 99, since=10.0),
    )
    assert on_tower(make("Threshold"), seen) == ("came", "ripe")


def test_threshold_displaces_nothing_and_fills_the_rest_with_the_largest():
    seen = view(
        content("on", 15, 8e6, on=True), content("a", 30, 8e6), content("b", 40, 8e6), content("c", 20, 4e6)
    )
    assert on_tower(make("Threshold"), seen) == ("on", "b", "c")


def test_predictive_carries_the_line_of_least_squares_on():
    """Audiences 2, 4, 6 in steps of a second grow by 2 a second: 26 in ten seconds, 20 in seven."""
    for horizon_s, expected in ((10.0, ("a",)), (7.0, ("a",)), (6.9, ())):
        policy = make("Predictive", horizon_s=horizon_s)
        for time_s, audience in ((1.0, 2), (2.0, 4)):
            on_tower(policy, view(content("a", audience), time_s=time_s))
        assert on_tower(policy, view(content("a", 6), time_s=3.0)) == expected


def test_predictive_fits_all_of_its_window_and_nothing_before():
    """Through (1, 0), (2, 3), (3, 3) the line is 2 + 1.5 (t - 2): 3.5 now, 18.5 in ten seconds."""
    module = sys.modules[load_policy_class(f"{FILE}:Predictive").__module__]
    assert module._line_at(13.0, [(1.0, 0), (2.0, 3), (3.0, 3)]) == pytest.approx(18.5, abs=1e-12)
    assert module._line_at(13.0, [(3.0, 5)]) == 5.0
    assert module._line_at(99.0, [(1.0, 9), (2.0, 1)]) == 0.0
    policy = make("Predictive", window=2, horizon_s=10.0)
    for time_s, audience in ((1.0, 15), (2.0, 15), (3.0, 15)):
        assert on_tower(policy, view(content("a", audience), time_s=time_s)) == ()
    assert on_tower(policy, view(content("a", 16), time_s=4.0)) == ("a",)  # 16 + 10


def test_predictive_waits_while_the_audience_shrinks_and_comes_back_only_when_it_is_small():
    policy = make("Predictive", dwell_s=0, window=2, horizon_s=5.0)
    on_tower(policy, view(content("a", 40), time_s=1.0))
    assert on_tower(policy, view(content("a", 30), time_s=2.0)) == ()  # none left in three seconds
    policy = make("Predictive", dwell_s=0, window=2, horizon_s=5.0)
    on_tower(policy, view(content("a", 40, on=True), time_s=1.0))
    assert on_tower(policy, view(content("a", 30, on=True), time_s=2.0)) == ("a",)
    assert on_tower(policy, view(content("a", 9, on=True), time_s=3.0)) == ()


def test_greedy_takes_what_frees_most_per_bit():
    """Per Mbit/s: a 0.2, b 0.25, c 0.1; b and c fill 14 of 20 Mbit/s and a no longer fits, as greed will have it."""
    seen = view(content("a", 9, 10e6, 2.0), content("b", 9, 12e6, 3.0), content("c", 9, 2e6, 0.2))
    assert on_tower(make("FreesMost"), seen) == ("b", "c")
    assert asked(make("FreesMost"), seen).reason == "frees what 3.2 cells have"


def test_greedy_displaces_only_what_frees_enough_less():
    """The other frees 1.2 times as much: more than a gain of 0.19, not more than one of 0.21."""
    seen = view(content("on", 9, 12e6, 1.0, on=True), content("off", 9, 12e6, 1.2))
    assert on_tower(make("FreesMost", gain=0.19), seen) == ("off",)
    assert on_tower(make("FreesMost", gain=0.21), seen) == ("on",)
    fresh = view(content("on", 9, 12e6, 1.0, on=True, since=9.9), content("off", 9, 12e6, 9.0))
    assert on_tower(make("FreesMost"), fresh) == ("on",)


def test_greedy_leaves_what_frees_little():
    seen = view(content("a", 9, 1e6, 0.2), content("b", 9, 1e6, 0.1), content("c", 0, 1e6, 0.0))
    assert on_tower(make("FreesMost"), seen) == ("a", "b")
    assert on_tower(make("FreesMost", least_share=0.2), seen) == ("a",)


def test_the_optimum_is_better_than_greed():
    """Greed takes b (0.25 per Mbit/s) and then fits nothing more; a and c free more and fill the channel."""
    seen = view(content("a", 9, 10e6, 2.0), content("b", 9, 12e6, 3.0), content("c", 9, 10e6, 2.0))
    assert on_tower(make("FreesMost"), seen) == ("b",)
    assert on_tower(make("Optimal"), seen) == ("a", "c")
    # Relaxed: b, and 8 of the 10 Mbit/s of a.
    assert asked(make("Bound"), seen).reason == "frees what 4 cells have, the relaxation 4.6"


def test_the_optimum_moves_only_what_is_worth_it():
    seen = view(content("on", 9, 12e6, 1.0, on=True), content("off", 9, 12e6, 1.05))
    assert on_tower(make("Optimal", switch=0.02), seen) == ("off",)  # two moves cost 0.04
    assert on_tower(make("Optimal", switch=0.03), seen) == ("on",)
    assert on_tower(make("Optimal"), view(content("empty", 0, on=True), content("a", 5))) == ("a",)


@st.composite
def choices(draw):
    """Up to ten contents on two channels, rates of whole Mbit/s."""
    count = draw(st.integers(0, 10))
    contents = [
        content(
            f"c{k}",
            9,
            1e6 * draw(st.integers(1, 12)),
            draw(st.floats(0, 3)),
            channel=draw(st.integers(0, 1)),
            on=draw(st.booleans()),
            moving=draw(st.integers(0, 9)) == 0,
        )
        for k in range(count)
    ]
    return view(*contents, capacity=(1e6 * draw(st.integers(0, 40)), 1e6 * draw(st.integers(0, 20))))


def worth(seen, names, switch=0.0):
    """What a choice frees beside what is being moved, less its moves."""
    mine = [c for c in seen.contents if not c.moving]
    freed = sum(c.share for c in mine if c.service in names)
    return freed - switch * sum(c.on_tower != (c.service in names) for c in mine if c.share > 0)


def every_choice(seen):
    """Every legal set of contents, what is being moved there included."""
    free = [channel.capacity_bps for channel in seen.channels]
    for c in seen.contents:
        if c.moving and c.on_tower:
            free[c.channel] -= c.rate_bps
    mine = [c for c in seen.contents if not c.moving]
    for chosen in chain.from_iterable(combinations(mine, count) for count in range(len(mine) + 1)):
        used = [sum(c.rate_bps for c in chosen if c.channel == k) for k in range(2)]
        if all(not used[k] or used[k] <= free[k] for k in range(2)):
            yield tuple(c.service for c in chosen)


@given(choices(), st.sampled_from([0.0, 0.001, 0.3]))
def test_the_optimum_is_the_best_of_all_choices(seen, switch):
    best = max(worth(seen, names, switch) for names in every_choice(seen))
    found = worth(seen, on_tower(make("Optimal", switch=switch), seen), switch)
    assert found == pytest.approx(best, abs=1e-6)


@given(choices())
def test_greed_frees_at_most_the_optimum_and_that_at_most_the_relaxation(seen):
    greedy = worth(seen, on_tower(make("FreesMost", gain=0.0, dwell_s=0.0), seen))
    optimal = worth(seen, on_tower(make("Optimal", switch=0.0), seen))
    relaxed = sys.modules[load_policy_class(f"{FILE}:Bound").__module__].relaxed(seen)
    assert greedy <= optimal + 1e-6
    assert optimal <= relaxed + 1e-6


@given(choices())
def test_the_relaxation_is_what_a_linear_programme_finds(seen):
    free = [channel.capacity_bps for channel in seen.channels]
    for c in seen.contents:
        if c.moving and c.on_tower:
            free[c.channel] -= c.rate_bps
    mine = [c for c in seen.contents if not c.moving]
    relaxed = sys.modules[load_policy_class(f"{FILE}:Bound").__module__].relaxed(seen)
    if not mine:
        assert relaxed == 0
        return
    rates = [[c.rate_bps / 1e6 if c.channel == k else 0.0 for c in mine] for k in range(2)]
    found = linprog(
        [-c.share for c in mine], A_ub=rates, b_ub=[max(0.0, f / 1e6) for f in free], bounds=(0, 1)
    )
    assert relaxed == pytest.approx(-found.fun, abs=1e-7)


def test_without_a_solver_the_error_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    for name in ("Optimal", "Bound"):
        with pytest.raises(InputError, match=r"needs scipy: install netgen\[solver\]"):
            make(name)
    assert make("FreesMost") is not None


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Threshold", {"start_audience": 0}),
        ("Threshold", {"start_audience": 5, "stop_audience": 6}),
        ("Threshold", {"load": 1.5}),
        ("Threshold", {"dwell_s": float("nan")}),
        ("Predictive", {"window": 1}),
        ("Predictive", {"horizon_s": -1}),
        ("FreesMost", {"gain": -0.1}),
        ("Optimal", {"switch": float("inf")}),
    ],
)
def test_impossible_parameters_are_wrong_input(name, parameters):
    with pytest.raises(InputError, match=name):
        make(name, **parameters)
