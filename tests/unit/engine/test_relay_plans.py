"""Parcels about which a service policy has decided already: no policy of a node is asked about them."""

import pytest

from netgen.engine.service import Plan, Shipment
from netgen.engine.simulation import EveryReceiver

CELL = {"kind": "cell", "radio": {"capacity": "1 Mbit/s", "peak_rate": "1 Mbit/s"}}


def steps(row):
    return [(stage["kind"], stage["where"]) for stage in row["stages"]]


@pytest.fixture
def planned(ran, monkeypatch, gpu_spec, declared):
    """A chain A-B-C to users of cell C whose personal copies have a plan; the policies of all nodes would drop them."""

    def start(
        where="cell", *, users=1, cell_gpu=True, source_gpu=True, script="drop", action=None, **changes
    ):
        plan = Plan("key", where)

        def shipments(dispatcher, service, index):
            rows = dispatcher.population.reach(service.name, "C").rows
            return [Shipment(("C",), copies=len(rows), rows=rows, plan=plan)]

        monkeypatch.setattr(EveryReceiver, "shipments", shipments)
        nodes = {"A": {"kind": "server"}, "B": {"kind": "edge", "gpu": gpu_spec}, "C": dict(CELL)}
        if source_gpu:
            nodes["A"]["gpu"] = gpu_spec
        if cell_gpu:
            nodes["C"]["gpu"] = gpu_spec
        return ran(
            plan={node: [script] for node in "ABC"},
            nodes=nodes,
            actions={"key": action or declared()},
            services={"s": {"personal": True, **changes.pop("service", {})}},
            audiences={"crowd": {"count": users, "cells": "C", "watches": "s"}},
            **changes,
        )

    return start


def test_the_source_contracts_and_the_cell_expands_without_a_question(planned):
    done = planned()
    row = done.segment(1)
    assert steps(row) == [
        ("source", "A"), ("contract", "A"), ("link", "A->B"), ("link", "B->C"), ("expand", "C"), ("receive", "C"),
    ]  # fmt: skip
    # 10 ms to contract, one packet of 10 ms and 1 ms on each link, 20 ms to expand, 100 kbit from the cell.
    assert row["delay_s"] == pytest.approx(0.01 + 2 * 0.011 + 0.02 + 0.1, abs=1e-9)
    assert (row["contracted_by"], row["generated"], row["received_bits"]) == ("key", True, 100_000)
    assert done.rows("decisions") == []
    assert sum(node["contracted"] for node in done.rows("nodes", node="A")) == 3
    assert sum(node["expanded"] for node in done.rows("nodes", node="C")) == 3
    assert sum(node["gpu_jobs"] for node in done.rows("nodes", node="B")) == 0


def test_the_copies_of_a_personal_segment_are_made_one_after_the_other(planned):
    row = planned(users=3).segment(1)
    # Three times 10 ms, three packets pipelined, three times 20 ms, 300 kbit from the cell.
    assert row["delay_s"] == pytest.approx(0.03 + 0.03 + 0.001 + 0.011 + 0.06 + 0.3, abs=1e-9)
    assert (row["users"], row["users_delivered"]) == (3, 3)


def test_copies_that_are_lost_on_the_way_are_not_expanded(planned):
    done = planned(users=10, duration="40 s", links={"A -> B": {"capacity": "1 Gbit/s", "loss": 0.1}})
    got = [user["segments_delivered"] / user["segments_offered"] for user in done.rows("users")]
    # One packet each: nine in ten come through, give or take four standard errors of 0.3 / sqrt(400).
    assert abs(sum(got) / len(got) - 0.9) < 0.06
    assert min(row["users_delivered"] for row in done.rows("segments", outcome="delivered")) < 10


def test_what_no_packet_arrives_of_is_lost(planned):
    always = {"kind": "gilbert", "loss_bad": "100 %", "loss_good": 0.99, "good": "1 ms", "bad": "100 s"}
    row = planned(links={"B -> C": {"loss": always}}).segment(1)
    assert (row["outcome"], row["reason"]) == ("lost", "incomplete")


def test_a_source_without_a_gpu_sends_bits(planned):
    row = planned(source_gpu=False, script="forward").segment(1)
    assert (row["outcome"], row["contracted_by"], row["received_bits"]) == ("delivered", "", 100_000)
    assert [where for kind, where in steps(row) if kind == "forward"] == ["B", "C"]


def test_what_would_not_shrink_is_sent_as_it_is(planned, declared):
    row = planned(action=declared(bits_per_pixel=2.0), script="forward").segment(1)
    assert (row["contracted_by"], row["received_bits"]) == ("", 100_000)


def test_the_policy_of_the_source_is_asked_when_its_gpu_is_too_slow(planned, declared):
    slow = declared(declared={"contract_time": "900 ms"})
    done = planned(action=slow, script="forward", service={"deadline": "500 ms"})
    assert [row["missed"] for row in done.rows("decisions", node="A")] == ["contract(key)"] * 3
    assert [row["outcome"] for row in done.rows("segments")] == ["delivered"] * 3
    assert sum(node["deadline_misses"] for node in done.rows("nodes", node="A")) == 3


@pytest.mark.parametrize(("playable", "reason"), [(True, ""), (False, "unplayable")])
def test_a_cell_without_a_gpu_passes_on_what_can_be_shown_as_it_is(planned, declared, playable, reason):
    """No terminal can expand anything here."""
    done = planned(cell_gpu=False, action=declared(playable=playable))
    row = done.segment(1)
    assert row["reason"] == reason
    if playable:
        assert row["delay_s"] == pytest.approx(0.01 + 2 * 0.011 + 0.01, abs=1e-9)
        assert (row["generated"], row["received_bits"]) == (False, 10_000)


def test_a_cells_gpu_that_is_too_slow_counts_a_miss(planned, declared):
    slow = declared(declared={"expand_time": "900 ms"}, playable=True)
    done = planned(action=slow, service={"deadline": "500 ms"})
    assert sum(node["deadline_misses"] for node in done.rows("nodes", node="C")) == 3
    assert [row["generated"] for row in done.rows("segments")] == [False] * 3


def test_at_the_terminal_the_cell_expands_nothing(planned, declared):
    done = planned("terminal", action=declared())
    assert {row["reason"] for row in done.rows("segments")} == {"unplayable"}  # no terminal can
    assert sum(node["gpu_jobs"] for node in done.rows("nodes", node="C")) == 0


@pytest.mark.parametrize("end", ["50 ms", "105 ms", "118 ms", "130 ms", "250 ms", "270 ms"])
def test_the_books_balance_wherever_a_parcel_is_when_the_run_ends(planned, end):
    """Being contracted, on the links, being expanded (both after 0.1 s to load a model), and on the downlink."""
    done = planned(users=2, duration=end)
    assert all(law.holds for law in done.laws.values())
    assert {row["outcome"] for row in done.rows("segments")} == {"in-flight"}


@pytest.mark.parametrize("cell_gpu", [True, False])
def test_what_the_code_repairs_is_booked_at_the_cell(planned, declared, cell_gpu):
    """Ten packets a copy, of which two may be missing: most copies that lost some are used all the same."""
    done = planned(
        cell_gpu=cell_gpu, users=5, duration="20 s", packet="1 kbit", action=declared(playable=True),
        service={"loss_tolerance": 0.2}, links={"B -> C": {"loss": 0.05, "capacity": "10 Mbit/s"}},
    )  # fmt: skip
    assert all(law.holds for law in done.laws.values())
    assert sum(link["lost_bits"] for link in done.rows("links", link="B->C")) > 10_000
    got = [user["segments_delivered"] / user["segments_offered"] for user in done.rows("users")]
    # At most two of ten lost: 0.9885.
    assert sum(got) / len(got) > 0.95
