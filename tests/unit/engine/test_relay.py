"""What becomes of a policy's decisions."""

import pytest

from netgen.errors import PolicyError


def steps(row):
    return [(stage["kind"], stage["where"]) for stage in row["stages"]]


def test_nodes_without_a_policy_pass_packets_on(ran):
    row = ran().segment()
    assert steps(row) == [("source", "A"), ("link", "A->B"), ("link", "B->C"), ("receive", "C")]
    # Ten packets of 10 ms, pipelined: one more at the second link.
    assert row["delay_s"] == pytest.approx(0.1 + 0.01 + 0.002, abs=1e-9)
    assert row["path"] == ["A", "B", "C"]


def test_a_decision_to_forward_comes_with_the_first_packet_and_costs_nothing(ran):
    done = ran(nodes={"B": {"policy": "script"}})
    row = done.segment()
    assert row["delay_s"] == pytest.approx(0.112, abs=1e-9)
    assert done.views("B")[0].time_s == pytest.approx(0.011, abs=1e-9)
    assert [stage["start_s"] for stage in row["stages"] if stage["kind"] == "forward"] == [0.011]
    assert sum(node["forwarded"] for node in done.rows("nodes")) == 3


def test_an_action_waits_for_the_whole_segment(ran, gpu_spec, declared):
    done = ran(
        plan={"B": ["contract"]}, nodes={"B": {"gpu": gpu_spec}, "C": {"kind": "edge", "gpu": gpu_spec}},
        actions={"a": declared(playable=True)},
    )  # fmt: skip
    row = done.segment(1)
    # In at B after 0.101 s, 10 ms of computing, one packet of 10,000 bit to C.
    assert row["delay_s"] == pytest.approx(0.101 + 0.01 + 0.01 + 0.001, abs=1e-9)
    assert (row["received_bits"], row["contracted_by"], row["mode"]) == (10_000, "a", "semi-reference")


def test_contract_here_expand_there(ran, gpu_spec, declared):
    done = ran(
        plan={"A": ["contract"], "C": ["expand"]},
        nodes={"A": {"gpu": gpu_spec}, "C": {"kind": "edge", "gpu": gpu_spec}}, actions={"a": declared()},
    )  # fmt: skip
    row = done.segment(1)
    assert steps(row) == [
        ("source", "A"), ("contract", "A"), ("link", "A->B"), ("link", "B->C"), ("expand", "C"), ("receive", "C"),
    ]  # fmt: skip
    assert row["delay_s"] == pytest.approx(0.01 + 2 * 0.011 + 0.02, abs=1e-9)
    assert (row["received_bits"], row["semantic_bits_delivered"]) == (100_000, pytest.approx(36.0))
    first = done.segment(0)
    assert first["delay_s"] == pytest.approx(row["delay_s"] + 0.2, abs=1e-9)  # two cold starts


def test_what_cannot_be_shown_is_lost_as_unplayable(ran, gpu_spec, declared):
    row = ran(plan={"A": ["contract"]}, nodes={"A": {"gpu": gpu_spec}}, actions={"a": declared()}).segment()
    assert (row["outcome"], row["reason"]) == ("lost", "unplayable")


def test_a_dropped_segment_is_lost_for_all_behind(ran):
    done = ran(
        plan={"B": ["drop"]}, nodes={"B": {"policy": "script"}, "D": "terminal"},
        links={"B -> D": {"capacity": "1 Mbit/s"}}, services={"s": {"to": ["C", "D"], "cast": "multicast"}},
    )  # fmt: skip
    rows = done.rows("segments", index=0)
    assert sorted((row["receiver"], row["outcome"], row["reason"]) for row in rows) == [
        ("C", "lost", "policy-drop"), ("D", "lost", "policy-drop"),
    ]  # fmt: skip
    assert sum(link["carried_bits"] for link in done.rows("links", link="B->C")) == 0


def test_a_policy_is_asked_again_without_what_would_miss_the_deadline(ran, gpu_spec, declared):
    slow = declared(declared={"contract_time": "900 ms"})
    done = ran(
        plan={"A": ["slow", "fast"]}, nodes={"A": {"gpu": gpu_spec}, "C": {"kind": "edge", "gpu": gpu_spec}},
        actions={"slow": slow, "fast": declared(playable=True)}, services={"s": {"deadline": "500 ms"}},
    )  # fmt: skip
    first, again = done.views("A")[:2]
    assert (first.missed, again.missed) == ("", "contract(slow)")
    assert [option.decision.action for option in again.contractions] == ["fast"]
    assert done.segment(0)["contracted_by"] == "fast"
    assert sum(node["deadline_misses"] for node in done.rows("nodes", node="A")) == 3
    asked = [(row["kind"], row["action"], row["missed"]) for row in done.rows("decisions", index=0, node="A")]
    assert asked == [("contract", "slow", ""), ("contract", "fast", "contract(slow)")]


def test_asked_again_until_only_forwarding_is_left(ran, gpu_spec, declared):
    slow = declared(declared={"contract_time": "900 ms"})
    done = ran(
        plan={"A": ["contract"]}, nodes={"A": {"gpu": gpu_spec}},
        actions={"a": slow, "b": slow}, services={"s": {"deadline": "500 ms"}},
    )  # fmt: skip
    kinds = [row["kind"] for row in done.rows("decisions", index=0, node="A")]
    assert kinds == ["contract", "contract", "forward"]
    assert done.segment(0)["outcome"] == "delivered"


def test_multicast_makes_copies_where_ways_part_and_delivers_on_the_way(ran):
    done = ran(
        nodes={"D": "terminal"}, links={"B -> D": {"capacity": "500 kbit/s"}},
        services={"s": {"to": ["B", "C", "D"], "cast": "multicast"}},
    )  # fmt: skip
    carried = {
        name: sum(row["carried_bits"] for row in done.rows("links", link=name))
        for name in ("A->B", "B->C", "B->D")
    }
    assert carried == {"A->B": 300_000, "B->C": 300_000, "B->D": 300_000}
    delays = {row["receiver"]: row["delay_s"] for row in done.rows("segments", index=0)}
    assert delays["B"] == pytest.approx(0.101, abs=1e-9)
    assert delays["C"] == pytest.approx(0.112, abs=1e-9)
    assert delays["D"] == pytest.approx(0.011 + 0.2 + 0.001, abs=1e-9)


def test_unicast_sends_a_copy_for_each_receiver(ran):
    done = ran(
        nodes={"D": "terminal"},
        links={"B -> D": {"capacity": "1 Mbit/s"}},
        services={"s": {"to": ["C", "D"]}},
    )
    assert sum(row["carried_bits"] for row in done.rows("links", link="A->B")) == 600_000
    delays = {row["receiver"]: row["delay_s"] for row in done.rows("segments", index=0)}
    # They take turns on the shared link: the last packet of one is the last of all, the other's comes before it.
    assert max(delays.values()) == pytest.approx(0.212, abs=1e-9)
    assert min(delays.values()) == pytest.approx(0.202, abs=1e-9)


def test_copies_for_two_receivers_are_not_lost_together(ran):
    changes = {
        "duration": "60 s", "packet": "100 kbit",
        "nodes": {"D": "terminal"}, "services": {"s": {"to": ["C", "D"]}},
        "links": {"A -> B": {"loss": 0.5}, "B -> D": {"capacity": "1 Mbit/s"}},
    }  # fmt: skip
    lost = {}
    for row in ran(**changes).rows("segments"):
        lost.setdefault(row["index"], {})[row["receiver"]] = row["outcome"] == "lost"
    apart = sum(pair["C"] != pair["D"] for pair in lost.values())
    assert 15 <= apart <= 45  # of 60; none if their luck were one


def test_a_receiver_on_the_way_whose_train_is_there_at_once_is_booked_once(ran):
    """Most packets are dropped, so the last one is at the relay when the first one is: books must balance."""
    done = ran(
        nodes={"B": {"policy": "script"}}, links={"A -> B": {"queue": "10 kbit"}},
        services={"s": {"to": ["B", "C"], "cast": "multicast"}},
    )  # fmt: skip
    assert {row["reason"] for row in done.rows("segments")} == {"incomplete"}
    assert all(law.holds for law in done.laws.values())


def test_a_loss_that_is_tolerated_does_not_matter(ran):
    changes = {"links": {"A -> B": {"loss": 0.1}}, "duration": "20 s"}
    strict = ran(**changes).rows("segments", outcome="delivered")
    lax = ran(**changes, services={"s": {"loss_tolerance": 0.5}}).rows("segments", outcome="delivered")
    assert len(strict) < 15
    assert len(lax) >= 18


def test_a_loss_leaves_a_history_up_to_where_it_happened(ran):
    always = {"kind": "gilbert", "loss_bad": "100 %", "loss_good": 0.99, "good": "1 ms", "bad": "100 s"}
    row = ran(links={"B -> C": {"loss": always}}, packet="100 kbit").segment(1)
    assert steps(row) == [("source", "A"), ("link", "A->B"), ("link", "B->C")]
    assert row["path"] == ["A", "B"]
    assert [stage["start_s"] for stage in row["stages"]] == sorted(
        stage["start_s"] for stage in row["stages"]
    )
    assert (row["outcome"], row["reason"], row["completed_s"]) == ("lost", "incomplete", None)


def test_an_exception_in_a_policy_says_where_and_when(ran):
    where = 'policy "script" at node B, t = 0.011000 s, segment 0 of s: raised RuntimeError: no more'
    with pytest.raises(PolicyError, match=where):
        ran(plan={"B": ["fail"]}, nodes={"B": {"policy": "script"}})
