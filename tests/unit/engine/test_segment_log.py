"""One record per segment and receiver, however it ends."""


def test_every_segment_is_recorded_once_for_each_receiver(ran):
    done = ran(
        nodes={"D": "terminal"},
        links={"B -> D": {"capacity": "90 kbit/s"}},
        services={"s": {"to": ["C", "D"]}},
    )
    rows = done.rows("segments")
    assert sorted((row["index"], row["receiver"]) for row in rows) == [
        (k, to) for k in range(3) for to in "CD"
    ]
    # D gets 100 kbit/s over 90 kbit/s: the last one is still on its way at the end.
    assert {row["receiver"]: row["outcome"] for row in rows if row["index"] == 2} == {
        "C": "delivered",
        "D": "in-flight",
    }


def test_a_record_holds_what_was_offered_and_what_came_of_it(ran):
    row = ran(services={"s": {"deadline": "100 ms"}}).segment(1)
    assert (row["offered_s"], row["outcome"], row["reason"]) == (1.0, "late", "")
    assert (row["users"], row["users_delivered"], row["users_late"]) == (1, 1, 1)
    assert (row["source_bits"], row["received_bits"], row["mode"]) == (100_000, 100_000, "source")
    assert (row["semantic_bits_offered"], row["semantic_bits_delivered"]) == (40.0, 40.0)
    assert row["completed_s"] - row["offered_s"] == row["delay_s"]
    assert row["fidelity_provenance"] == "exact"


def test_declared_fidelity_is_marked_and_lowers_what_is_delivered(ran, gpu_spec, declared):
    changes = {"nodes": {"A": {"gpu": gpu_spec}}, "actions": {"a": declared(playable=True)}}
    row = ran(plan={"A": ["contract"]}, **changes).segment()
    assert (row["semantic_fidelity"], row["fidelity_provenance"]) == (0.9, "declared")
    assert row["semantic_bits_delivered"] == 36.0


def test_the_worst_gain_of_meaning_is_what_the_law_is_checked_on(ran, gpu_spec, declared):
    done = ran(
        plan={"A": ["contract"], "C": ["expand"]},
        nodes={"A": {"gpu": gpu_spec}, "C": {"kind": "edge", "gpu": gpu_spec}}, actions={"a": declared()},
    )  # fmt: skip
    assert done.simulation.relay.reception.log.worst_gain_bits == 0.0
    meanings = [stage["semantic_bits"] for stage in done.segment()["stages"]]
    assert meanings == sorted(meanings, reverse=True)
    assert [stage["bits"] for stage in done.segment()["stages"]].count(100_000) == 3
