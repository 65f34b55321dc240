"""A segment's history, as the records show it."""


def test_a_history_names_every_link_once_however_often_it_is_looked_at(ran, gpu_spec, declared):
    done = ran(
        plan={"B": ["contract"]},
        nodes={"B": {"gpu": gpu_spec}, "C": {"kind": "edge", "gpu": gpu_spec}}, actions={"a": declared(playable=True)},
    )  # fmt: skip
    row = done.segment(1)
    kinds = [(stage["kind"], stage["where"]) for stage in row["stages"]]
    assert kinds == [
        ("source", "A"), ("link", "A->B"), ("contract", "B"), ("link", "B->C"), ("forward", "C"), ("receive", "C"),
    ]  # fmt: skip
    assert row["path"] == ["A", "B", "C"]
    source, up, contract, down, _, receive = row["stages"]
    assert [stage["bits"] for stage in (source, up, contract, down, receive)] == [
        100_000,
        100_000,
        10_000,
        10_000,
        10_000,
    ]
    assert [stage["semantic_bits"] for stage in (up, contract)] == [40.0, 36.0]
    assert contract["start_s"] == up["end_s"]
    assert down["start_s"] == contract["end_s"]


def test_a_history_at_the_end_of_the_run_goes_as_far_as_is_known(ran):
    done = ran(duration="2.05 s")
    row = done.segment(2)
    assert (row["outcome"], row["completed_s"]) == ("in-flight", None)
    assert row["stages"][0]["kind"] == "source"


def test_personal_parcels_stand_for_a_copy_per_user(ran):
    cell = {"kind": "cell", "radio": {"capacity": "5 Mbit/s", "peak_rate": "1 Mbit/s"}}
    done = ran(
        nodes={"C": cell}, services={"s": {"personal": True}},
        audiences={"crowd": {"count": 3, "cells": "C", "watches": "s"}},
    )  # fmt: skip
    row = done.segment()
    assert (row["source_bits"], row["received_bits"]) == (100_000, 100_000)
    assert {stage["bits"] for stage in row["stages"]} == {300_000}
    assert row["stages"][0]["semantic_bits"] == 120.0
