"""The policies of service continuation on views whose answer is worked out by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.policy import (
    CellView,
    ContinuationPolicy,
    ContinuationView,
    Serve,
    checked_continuation,
    policy_factory,
)

FILE = Path(__file__).resolve().parents[3] / "policies" / "continuation.py"
B, R, C = Serve.BROADCAST, Serve.REPAIRED, Serve.CELLULAR
FREE = CellView("a", 0.0, 0.0, 0, 0.0, 0, True, None)


def make(name, **parameters):
    return policy_factory(f"{FILE}:{name}", parameters, base=ContinuationPolicy)()


def view(
    loss, *, ahead=None, until=None, served=B, since=np.inf, cell=0, share=0.1, multicast=(0.0,), **changes
):
    """Users of one or more cells by their loss; what is not given is the same for all."""
    count = len(loss)
    now = np.array(loss, dtype=float)

    def each(value, dtype=float):
        return np.broadcast_to(np.array(value, dtype=dtype), (count,))

    values = {
        "time_s": 7.0, "period_s": 1.0, "horizon_s": 5.0, "service": "live", "content": "match", "tower": "mast",
        "on_air": True, "rate_bps": 4e6, "segment_s": 1.0, "poor": 0.1, "user": np.arange(count),
        "served": each(served, int), "moving": each(False, bool), "since_s": each(since), "loss_now": now,
        "loss_ahead": now if ahead is None else each(ahead),
        "time_to_poor_s": np.where(now >= 0.1, 0.0, np.inf) if until is None else each(until),
        "cell": each(cell, int), "unicast_share": each(share), "multicast_share": np.array(multicast),
        "cells": tuple(replace(FREE, name=name) for name in "abc"[: len(multicast)]),
    }  # fmt: skip
    return ContinuationView(**(values | changes))


def asked(policy, seen):
    """The checked decision."""
    return checked_continuation(policy.decide(seen, np.random.default_rng(1)), seen, where="here")


def serve(policy, seen):
    return asked(policy, seen).serve.tolist()


def test_the_two_that_never_collaborate():
    mixed = view([0.0, 0.5, 1.0], served=[B, R, C])
    assert serve(make("BroadcastOnly"), mixed) == [B, B, B]
    assert serve(make("CellularOnly"), mixed) == [C, C, C]
    assert asked(make("CellularOnly", cast="multicast"), mixed).cast == "multicast"


@pytest.mark.parametrize(
    "policy", ["BroadcastOnly", "CellularOnly", "Threshold", "Predictive", "JustInTime", "Cheapest"]
)
def test_nobody_is_asked_for_who_is_moving_and_only_the_way_back_without_a_cell(policy):
    moving = np.array([True, True, False, False, False])
    seen = view([1.0, 0.0, 1.0, 0.0, 1.0], served=[B, C, C, C, B], cell=[0, 0, -1, -1, -1], moving=moving)
    assert serve(make(policy), seen) == [B, C, C, B, B]


@pytest.mark.parametrize(
    "policy", ["CellularOnly", "Threshold", "Predictive", "JustInTime", "RepairOnly", "Cheapest"]
)
def test_nobody_is_sent_to_a_cell_that_is_off_the_air(policy):
    seen = replace(view([1.0, 1.0], served=[B, C]), cells=(replace(FREE, on_air=False),))
    assert serve(make(policy), seen) == [B, B]


@pytest.mark.parametrize("policy", ["Threshold", "Predictive", "JustInTime", "Cheapest"])
def test_everybody_is_handed_over_when_the_tower_is_silent(policy):
    """The last reports were good, and the prediction knows nothing of outages."""
    assert serve(make(policy), view([0.0, 0.05], on_air=False)) == [C, C]


def test_threshold_has_hysteresis():
    """Enters at 0.2, leaves below 0.1: between the two everybody stays where it is."""
    policy = make("Threshold", enter=0.2, leave=0.1)
    losses = [0.2, 0.199, 0.1, 0.099]
    assert serve(policy, view(losses, served=B)) == [C, B, B, B]
    assert serve(policy, view(losses, served=C)) == [C, C, C, B]


def test_threshold_takes_the_scenarios_poor_and_half_of_it():
    losses = [0.1, 0.099, 0.05, 0.049]
    assert serve(make("Threshold"), view(losses, served=B)) == [C, B, B, B]
    assert serve(make("Threshold"), view(losses, served=C)) == [C, C, C, B]


def test_a_minimum_stay_holds_in_the_cell_and_not_on_the_tower():
    policy = make("Threshold", dwell_s=3.0)
    assert serve(policy, view([0.0, 0.0], served=C, since=[2.9, 3.0])) == [C, B]
    assert serve(policy, view([1.0], served=B, since=0.0)) == [C]


@pytest.mark.parametrize(
    ("least_users", "least_share", "acts"),
    [(1, 1.0, True), (3, 1.0, True), (4, 1.0, False), (4, 0.5, True), (4, 0.7, False), (99, 0.6, True)],
)
def test_threshold_acts_from_a_number_or_a_share_of_users_on(least_users, least_share, acts):
    """Three of five are poor, one of whom is in a cell already and stays there either way."""
    policy = make("Threshold", least_users=least_users, least_share=least_share)
    seen = view([0.5, 0.5, 0.5, 0.0, 0.0], served=[C, B, B, B, B])
    assert serve(policy, seen) == ([C, C, C, B, B] if acts else [C, B, B, B, B])
    assert asked(policy, seen).reason.startswith("3 of 5 users lose 0.1 or more")
    assert asked(policy, seen).reason.endswith("too few to act") != acts


def test_predictive_moves_before_reception_is_poor_and_back_when_it_will_stay_good():
    policy = make("Predictive", notice_s=2.0, dwell_s=0.0)
    until = [2.0, 2.1, np.inf, 0.0]
    ahead = [0.5, 0.5, 0.05, 0.5]
    loss = [0.0, 0.0, 0.05, 0.5]
    assert serve(policy, view(loss, ahead=ahead, until=until)) == [C, B, B, C]
    # Who is in a cell stays while anything within the horizon is poor: no back and forth.
    assert serve(policy, view(loss, ahead=ahead, until=until, served=C)) == [C, C, B, C]


def test_predictive_notices_for_the_whole_horizon_by_default_and_keeps_the_stay():
    seen = view([0.0, 0.0], ahead=[0.5, 0.0], until=[4.9, np.inf], served=[B, C], since=4.0)
    assert serve(make("Predictive"), seen) == [C, C]
    assert serve(make("Predictive", dwell_s=4.0), seen) == [C, B]
    assert serve(make("Predictive", leave=0.02), view([0.03, 0.01], served=C)) == [C, B]


def test_just_in_time_waits_for_the_last_look_that_is_in_time():
    """A look each second, segments of a second, a transfer of 0.1 s: notice is 2.1 s."""
    seen = view([0.0] * 4, until=[2.1, 2.11, np.inf, 1.0])
    assert serve(make("JustInTime"), seen) == [C, B, B, C]
    assert serve(make("JustInTime"), replace(seen, served=np.full(4, C), since_s=np.zeros(4))) == [C, B, B, C]
    assert serve(make("JustInTime", transfer_s=0.5), seen) == [C, C, B, C]


def test_just_in_time_refuses_a_horizon_that_it_cannot_use():
    with pytest.raises(ValueError, match=r"the horizon of 2 s is shorter than the notice of 2\.1 s"):
        make("JustInTime").decide(view([0.0], horizon_s=2.0), np.random.default_rng(1))


@pytest.mark.parametrize("speed_s", [0.3, 1.0])
def test_just_in_time_is_in_time_and_never_earlier_than_needed(speed_s):
    """Reception turns poor at second 10, seen at looks each second: the move takes effect in time, by less than a look.

    A move decided at t takes effect at t + 0.1; the segment that is offered just before that is on the air until
    t + 1.1. So a look is needed in [10 - 1 - 1.1, 10 - 1.1).
    """
    looks = np.arange(0.0, 12.0, speed_s)
    policy = make("JustInTime")
    moved = [
        t for t in looks if serve(policy, view([0.0], until=max(0.0, 10.0 - t), period_s=speed_s))[0] == C
    ]
    assert moved[0] + 1.1 <= 10.0 < moved[0] + 1.1 + speed_s + 1e-9


def test_repair_only_repairs_everybody_or_who_loses():
    losses = [0.0, 0.04, 0.05]
    assert serve(make("RepairOnly"), view(losses)) == [R, R, R]
    assert serve(make("RepairOnly", enter=0.05), view(losses, served=[R, R, C])) == [B, B, R]


@pytest.mark.parametrize("cast", ["unicast", "multicast", "cheaper"])
@pytest.mark.parametrize("name", ["CellularOnly", "Threshold", "Predictive", "JustInTime"])
def test_the_cast_is_left_to_the_cells(name, cast):
    assert asked(make(name, cast=cast), view([0.5, 0.5])).cast == cast


def test_the_reason_says_who_comes_back_and_when_too_few_are_poor():
    policy = make("Threshold", least_users=2)
    assert asked(policy, view([0.5, 0.0])).reason.endswith("1 of 2 users lose 0.1 or more, too few to act")
    back = asked(policy, view([0.0, 0.0], served=[C, B], since=9.0)).reason
    assert back.endswith("0 of 2 users lose 0.1 or more; 1 receive the tower well again and come back")


def test_cheapest_repairs_small_losses_and_carries_large_ones():
    policy = make("Cheapest", repair_up_to=0.3)
    found = asked(policy, view([0.05, 0.1, 0.3, 0.31, 1.0], multicast=(0.9,)))
    assert found.serve.tolist() == [B, R, R, C, C]
    # Repair takes 0.1 * (0.1 + 0.3), unicast 2 * 0.1.
    assert found.reason == "2 by unicast and 2 repaired take 0.24 of a cell; no room for 0"


def test_cheapest_multicasts_when_that_takes_less():
    """Three to carry take 0.3 by unicast and 0.2 by multicast, which carries the one who could be repaired too."""
    found = asked(make("Cheapest"), view([0.2, 1.0, 1.0, 1.0], multicast=(0.2,)))
    assert (found.serve.tolist(), found.cast) == ([C, C, C, C], "multicast")
    assert (
        asked(make("Cheapest", cast="unicast"), view([0.2, 1.0, 1.0, 1.0], multicast=(0.2,))).cast
        == "unicast"
    )


def test_cheapest_repairs_rather_than_multicasts_when_that_takes_less():
    """To repair four users of loss 0.2 takes 0.08."""
    assert serve(make("Cheapest"), view([0.2] * 4, multicast=(0.09,))) == [R] * 4
    found = asked(make("Cheapest"), view([0.2] * 4, multicast=(0.07,)))
    assert (found.serve.tolist(), found.cast) == ([C] * 4, "multicast")


def test_cheapest_keeps_to_the_room_of_each_cell():
    """Beside a load of 0.7, 0.2 is left of 0.9: two users of the first cell; the second cell has room for all."""
    seen = view([1.0] * 5, cell=[0, 0, 0, 1, 1], multicast=(0.5, 0.5))
    seen = replace(seen, cells=(replace(FREE, load=0.7), FREE))
    found = asked(make("Cheapest"), seen)
    assert found.serve.tolist() == [C, C, B, C, C]
    assert found.reason.endswith("no room for 1")


def test_cheapest_serves_first_whom_it_serves_and_then_who_loses_most_for_what_it_takes():
    seen = view(
        [0.5, 1.0, 0.4, 1.0], share=[0.1, 0.3, 0.1, 0.1], multicast=(9.0,), served=[B, B, C, B], since=99
    )
    # The third is in the load of 0.4 with its 0.1; 0.6 is left. Prices: 0.2, 0.3, served, 0.1.
    seen = replace(seen, cells=(replace(FREE, load=0.4),))
    assert serve(make("Cheapest"), seen) == [C, C, C, C]
    assert serve(make("Cheapest", room=0.6), seen) == [C, B, C, C]
    assert serve(make("Cheapest", room=0.5), seen) == [B, B, C, C]
    assert serve(make("Cheapest", room=0.4), seen) == [B, B, C, B]


def test_cheapest_spares_more_loss_rather_than_resources():
    """By unicast one of three fits into 0.15; the multicast takes all of it, and carries all."""
    found = asked(make("Cheapest", room=0.15), view([1.0] * 3, multicast=(0.15,)))
    assert (found.serve.tolist(), found.cast) == ([C, C, C], "multicast")


def test_cheapest_has_hysteresis_and_a_minimum_stay():
    seen = view([0.06, 0.04, 0.04, 0.06], served=[C, C, C, B], since=[9.0, 9.0, 1.0, 9.0], multicast=(9.0,))
    assert serve(make("Cheapest"), seen) == [R, B, C, B]


def test_who_cannot_be_served_by_a_cell_takes_no_room_from_others():
    seen = view([1.0, 1.0], share=[np.inf, 0.1], multicast=(np.inf,))
    assert serve(make("Cheapest"), seen) == [B, C]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Threshold", {"enter": 0.1, "leave": 0.2}),
        ("Threshold", {"enter": 1.5}),
        ("Threshold", {"dwell_s": -1}),
        ("Threshold", {"least_users": 0}),
        ("Threshold", {"least_share": 1.1}),
        ("Threshold", {"cast": "anycast"}),
        ("Predictive", {"notice_s": -1}),
        ("Predictive", {"leave": 0}),
        ("JustInTime", {"transfer_s": float("nan")}),
        ("RepairOnly", {"enter": -0.1}),
        ("Cheapest", {"room": 2}),
        ("Cheapest", {"repair_up_to": -1}),
        ("Cheapest", {"dwell_s": float("nan")}),
    ],
)
def test_impossible_parameters_are_wrong_input(name, parameters):
    with pytest.raises(InputError, match=name):
        make(name, **parameters)
