"""The policies of service addition on views whose answer is worked out by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.policy import (
    Add,
    AdditionPolicy,
    AdditionView,
    CellView,
    GpuView,
    checked_addition,
    policy_factory,
)

FILE = Path(__file__).resolve().parents[3] / "policies" / "addition.py"
NONE, SENT, AT_CELL, AT_TERMINAL = Add
GPU = GpuView("L4", 1, 0, 0, 0.0, 1, 1, ())
CELL = CellView("a", 0.0, 0.0, 0, 0.0, 0, True, GPU)


def make(name, **parameters):
    return policy_factory(f"{FILE}:{name}", parameters, base=AdditionPolicy)()


def view(count=1, *, load=0.0, cells=1, cells_named="abc", **changes):
    """Users who take 0.2 of a cell if they are sent 1 Mbit a second, 0.01 for control bits, at 4 Mbit/s each."""

    def each(value, dtype=float):
        return np.broadcast_to(np.array(value, dtype=dtype), (count,))

    values = {
        "time_s": 7.0, "period_s": 1.0, "service": "angle", "common": "live", "segment_s": 1.0, "deadline_s": 1.0,
        "sent_bits": 1e6, "control_bits": 4e4, "sent_fidelity": 1.0, "generated_fidelity": 0.8,
        "user": np.arange(count), "how": each(NONE, int), "cell": each(0, int), "rate_bps": each(4e6),
        "sent_share": each(0.2), "control_share": each(0.01), "can_terminal": each(False, bool),
        "terminal_s": each(0.5), "battery": each(1.0), "terminal_joule": each(2.0),
        "can_cell": np.full(cells, False), "cell_s": np.full(cells, 0.25), "cell_streams": np.full(cells, 1),
        "cells": tuple(replace(CELL, name=name, load=load) for name in cells_named[:cells]),
    }  # fmt: skip
    for name, value in changes.items():
        of_users = isinstance(values[name], np.ndarray) and not name.startswith("ce") and name != "can_cell"
        values[name] = each(value, values[name].dtype) if of_users or name == "cell" else value
    return AdditionView(**values)


def asked(policy, seen):
    return checked_addition(policy.decide(seen, np.random.default_rng(1)), seen, where="here")


def how(policy, seen):
    return asked(policy, seen).how.tolist()


def test_the_fixed_policies_fall_back_to_sending():
    seen = view(
        4,
        cell=[0, 0, 1, -1],
        cells=2,
        can_cell=np.array([True, False]),
        can_terminal=[True, False, True, True],
    )
    assert how(make("CommonAlone"), seen) == [NONE, NONE, NONE, NONE]
    assert how(make("SendAlways"), seen) == [SENT, SENT, SENT, NONE]
    assert how(make("AtCell"), seen) == [AT_CELL, AT_CELL, SENT, NONE]
    assert how(make("AtTerminal"), seen) == [AT_TERMINAL, SENT, AT_TERMINAL, NONE]
    assert asked(make("AtTerminal"), seen).reason == "of 4: 1 sent, 2 at terminal, 0 at cell"


def test_a_terminal_is_spared_below_the_least_battery():
    seen = view(3, can_terminal=True, battery=[0.3, 0.29, 0.0])
    assert how(make("AtTerminal", least_battery=0.3), seen) == [AT_TERMINAL, SENT, SENT]
    assert how(make("AtTerminal"), seen) == [AT_TERMINAL] * 3


def test_threshold_sends_where_the_rate_is_enough_with_hysteresis():
    """1 Mbit/s are needed: 1.5 to begin, 1 to go on."""
    rates = [1.5e6, 1.49e6, 1e6, 0.99e6]
    assert how(make("Threshold"), view(4, rate_bps=rates)) == [SENT, NONE, NONE, NONE]
    assert how(make("Threshold"), view(4, rate_bps=rates, how=SENT)) == [SENT, SENT, SENT, NONE]
    assert how(make("Threshold", margin=1.0), view(4, rate_bps=rates)) == [SENT, SENT, SENT, NONE]


def test_threshold_generates_at_the_terminal_where_rate_charge_and_time_allow():
    """40 kbit/s of control bits need 60 kbit/s to begin."""
    seen = view(
        5, can_terminal=[True, True, True, True, False], rate_bps=[6e4, 5.9e4, 6e4, 6e4, 6e4],
        battery=[0.2, 1.0, 0.19, 1.0, 1.0], terminal_s=[1.0, 0.5, 0.5, 1.1, 0.5],
    )  # fmt: skip
    assert how(make("Threshold"), seen) == [AT_TERMINAL, NONE, NONE, NONE, NONE]
    assert how(make("Threshold"), replace(seen, deadline_s=None))[3] == AT_TERMINAL
    assert how(make("Threshold"), replace(seen, control_bits=0.0)) == [NONE] * 5


def test_cheapest_takes_the_way_that_takes_least_of_the_cell():
    seen = view(2, can_terminal=[True, False], can_cell=np.array([True]))
    assert how(make("Cheapest"), seen) == [AT_TERMINAL, SENT]
    dear = replace(seen, control_share=np.array([0.3, 0.3]))
    assert how(make("Cheapest"), dear) == [SENT, SENT]


def test_a_price_of_the_way_to_the_cell_makes_generating_there_cheaper():
    """Sent, 0.2 + 0.1 * 1; at the cell, 0.2 + 0.1 * 0.04."""
    seen = view(1, can_cell=np.array([True]))
    assert how(make("Cheapest"), seen) == [SENT]
    assert how(make("Cheapest", way_price=0.1), seen) == [AT_CELL]
    assert how(make("Cheapest", way_price=0.1, least_fidelity=0.81), seen) == [SENT]
    assert how(make("Cheapest", least_fidelity=0.81), view(1, can_terminal=True)) == [SENT]


def test_the_gpu_of_a_cell_takes_as_many_as_it_can_do_in_a_segment():
    """Two streams of 0.4 s a segment: five segments a second; the rest is sent."""
    seen = view(
        6, sent_share=0.01, can_cell=np.array([True]), cell_s=np.array([0.4]), cell_streams=np.array([2])
    )
    assert how(make("Cheapest", way_price=1.0), seen) == [AT_CELL] * 5 + [SENT]
    assert how(make("Cheapest", way_price=1.0), replace(seen, cell_s=np.array([0.0]))) == [AT_CELL] * 6
    assert how(make("Cheapest", way_price=1.0), replace(seen, cell_s=np.array([1.1]))) == [SENT] * 6


def test_the_sectors_of_a_network_share_the_gpu_of_its_node():
    """A GPU that does four segments a second: four of the six users of its two sectors, and all of the other cell."""
    seen = view(
        9, cells=3, cell=[0, 1, 0, 1, 0, 1, 2, 2, 2], sent_share=0.01,
        can_cell=np.full(3, True), cells_named=("ran:0", "ran:1", "site"),
    )  # fmt: skip
    assert how(make("Cheapest", way_price=1.0), seen) == [AT_CELL] * 4 + [SENT] * 2 + [AT_CELL] * 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rate_bps": 1e6}, SENT),  # a segment takes a second: just in time
        ({"rate_bps": 0.99e6}, NONE),
        ({"rate_bps": 0.99e6, "deadline_s": None}, NONE),  # late by ever more
        ({"rate_bps": 0.0}, NONE),
        ({"deadline_s": 0.25}, SENT),
        ({"deadline_s": 0.24}, NONE),
        ({"can_terminal": True, "deadline_s": 0.51}, AT_TERMINAL),  # 0.01 s for control bits, 0.5 s there
        ({"can_terminal": True, "deadline_s": 0.5}, SENT),
        ({"can_terminal": True, "terminal_s": np.inf}, SENT),
        ({"can_terminal": True, "battery": 0.1}, SENT),
        ({"can_cell": np.array([True]), "sent_fidelity": 0.0, "deadline_s": 0.5}, AT_CELL),  # 0.25 + 0.25 s
        ({"can_cell": np.array([True]), "sent_fidelity": 0.0, "deadline_s": 0.49}, NONE),
    ],
)
def test_cheapest_takes_only_what_is_in_time(changes, expected):
    assert how(make("Cheapest", least_fidelity=0.5), view(1, **changes)) == [expected]


def test_the_wait_at_the_gpu_counts():
    seen = view(1, can_cell=np.array([True]), deadline_s=0.6)
    busy = replace(seen, cells=(replace(CELL, gpu=replace(GPU, wait_s=0.2)),))
    assert how(make("Cheapest", way_price=1.0), seen) == [AT_CELL]
    assert how(make("Cheapest", way_price=1.0), busy) == [SENT]


def test_cells_are_filled_to_the_room_beside_everything_else():
    """0.3 is taken by others: 0.6 of 0.9 is left for three users; what the enhancement takes itself counts as room."""
    assert how(make("Cheapest"), view(5, load=0.3)) == [SENT, SENT, SENT, NONE, NONE]
    own = view(5, load=0.7, how=[NONE, NONE, NONE, SENT, SENT])  # 0.4 of it
    assert how(make("Cheapest"), own) == [SENT, SENT, SENT, NONE, NONE]
    assert asked(make("Cheapest"), own).reason == (
        "of 5: 3 sent, 0 at terminal, 0 at cell, no room for 2, none in time for 0"
    )
    assert how(make("Cheapest", room=0.5), view(5, load=0.3)) == [SENT, NONE, NONE, NONE, NONE]


def test_the_cheapest_users_go_first_and_each_cell_for_itself():
    seen = view(5, cells=2, cell=[0, 0, 0, 1, -1], sent_share=[0.5, 0.4, 0.4, 0.9, 0.1])
    assert how(make("Cheapest"), seen) == [NONE, SENT, SENT, SENT, NONE]


def test_predictive_leaves_room_to_growing_load():
    """What others take grows from 0.1 by 0.1 a second: 0.3 now, 0.5 in two seconds, so 0.4 is left for two users."""
    policy = make("Predictive", horizon_s=2.0)
    for time_s, load in ((1.0, 0.1), (2.0, 0.2)):
        how(policy, view(5, load=load, time_s=time_s))
    seen = view(5, load=0.3, time_s=3.0)
    assert how(policy, seen) == [SENT, SENT, NONE, NONE, NONE]
    assert how(make("Cheapest"), seen) == [SENT, SENT, SENT, NONE, NONE]
    assert how(make("Predictive"), seen) == [SENT, SENT, SENT, NONE, NONE]  # it has seen nothing grow


def test_predictive_forgets_other_cells_and_what_is_before_its_window():
    policy = make("Predictive", horizon_s=2.0, window=2)
    for time_s, load in ((1.0, 0.0), (2.0, 0.3), (3.0, 0.3)):
        found = how(policy, view(5, load=load, time_s=time_s))
    assert found == [SENT, SENT, SENT, NONE, NONE]
    assert how(policy, view(3, load=0.3, cells=2, time_s=4.0)) == [SENT, SENT, SENT]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("AtTerminal", {"least_battery": 1.1}),
        ("Threshold", {"margin": 0.9}),
        ("Threshold", {"keep": 0}),
        ("Cheapest", {"room": -0.1}),
        ("Cheapest", {"way_price": float("nan")}),
        ("Cheapest", {"least_fidelity": 2}),
        ("Predictive", {"window": 1}),
        ("Predictive", {"horizon_s": -1}),
    ],
)
def test_impossible_parameters_are_wrong_input(name, parameters):
    with pytest.raises(InputError, match=name):
        make(name, **parameters)
