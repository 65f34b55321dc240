"""What policies are shown is true, what they return is all that counts, and who is listed first gains nothing."""

import pytest

from netgen.errors import PolicyError

TAMPER = '''
from netgen.policy import Contract, Option, RelayPolicy


class Tamper(RelayPolicy):
    """Writes itself an option that was never offered, and other figures for the records."""

    def decide(self, view, rng):
        forged = Option(Contract("key"), 7, 1.0, "source", True, 0.0, 0.0, 0.0, True, False)
        object.__setattr__(view, "options", (forged,))
        object.__setattr__(view.segment, "bits", 7)
        return forged.decision
'''


def test_a_policy_cannot_forge_what_it_was_offered(ran, tmp_path, gpu_spec, declared):
    (tmp_path / "tamper.py").write_text(TAMPER, encoding="utf-8")
    with pytest.raises(
        PolicyError, match=r"Contract\(action='key'.* is not offered here; legal: forward, drop"
    ):
        ran(
            nodes={"A": {"kind": "edge", "gpu": gpu_spec, "actions": []}},
            actions={"key": declared()},
            policies={"tamper": {"use": "tamper.py:Tamper"}},
            services={"s": {"policy": "tamper"}},
        )


def test_who_is_asked_again_sees_the_stream_free_that_the_missed_job_would_have_taken(
    ran, gpu_spec, declared
):
    slow = {"declared": {"contract_time": "5 s", "expand_time": "1 ms", "memory": "1 MB"}}
    fast = {"declared": {"contract_time": "100 ms", "expand_time": "1 ms", "memory": "1 MB"}}
    done = ran(
        plan={"A": ["slow", "fast"]},
        nodes={"A": {"kind": "edge", "gpu": gpu_spec}, "C": {"kind": "edge", "gpu": gpu_spec}},
        actions={"slow": declared(**slow), "fast": declared(**fast)},
        services={"s": {"deadline": "1 s"}},
    )
    first, again = done.views("A")[:2]
    assert (first.missed, again.missed) == ("", "contract(slow)")
    assert (again.gpu.busy, again.gpu.wait_s) == (0, 0.0)
    (option,) = [option for option in again.contractions if option.decision.action == "fast"]
    assert option.meets_deadline
    assert done.segment(0)["contracted_by"] == "fast"


def test_an_action_is_expected_to_wait_for_the_last_packet(ran, gpu_spec, declared):
    """At B the first of ten packets of 10 ms is here: the last comes 90 ms later, and the estimate comes true."""
    done = ran(
        plan={"B": ["contract"]},
        nodes={"B": {"kind": "edge", "gpu": gpu_spec}},
        actions={"key": declared(mode="full-reference")},
    )
    # The model is resident from the second segment on.
    view = done.views("B")[1]
    (option,) = view.contractions
    assert option.wait_s == pytest.approx(0.090, abs=1e-6)
    assert view.forward.transmit_s >= 0.090
    finished_s = done.segment(1)["completed_s"]
    assert view.time_s + option.total_s == pytest.approx(finished_s, abs=1e-6)


def test_a_segment_that_is_overdue_at_the_end_is_lost_and_stops_the_picture(ran):
    steps = {"kind": "steps", "steps": {"0 s": "1 Mbit/s", "1.05 s": "0 bit/s"}}
    done = ran(links={"B -> C": {"capacity": steps}}, services={"s": {"deadline": "500 ms"}}, duration="4 s")
    assert [done.segment(index)["outcome"] for index in range(4)] == ["delivered", "lost", "lost", "lost"]
    assert done.segment(1)["reason"] == "overdue"
    (user,) = done.rows("users")
    assert (user["segments_lost"], user["segments_in_flight"]) == (3, 0)
    assert user["stall_ratio"] == pytest.approx(0.75)


def test_what_is_undecided_at_the_end_does_not_lower_the_fidelity(ran):
    done = ran(duration="2.05 s")
    (user,) = done.rows("users")
    assert (user["segments_offered"], user["segments_in_flight"]) == (3, 1)
    assert user["semantic_fidelity"] == 1.0


def test_the_order_in_which_services_are_listed_changes_nothing(ran):
    """Three bursts of one instant before a queue that holds two of them: all lose alike, whoever is first."""

    def fates(names):
        services = {name: {"content": "film", "from": "A", "to": "C"} for name in names}
        done = ran(services={"s": {"stop": "1 ns"}, **services}, links={"A -> B": {"queue": "200 kbit"}})
        return {(row["service"], row["index"]): row["outcome"] for row in done.rows("segments")}

    assert fates(["x", "y", "z"]) == fates(["z", "y", "x"])


def test_pacing_spreads_a_segment_over_its_duration(ran):
    """Ten packets over one second: the last leaves A at 0.9 s; a queue of one packet is enough."""
    links = {"A -> B": {"queue": "10 kbit"}, "B -> C": {"queue": "10 kbit"}}
    assert ran(links=links).segment(0)["outcome"] == "lost"
    done = ran(links=links, services={"s": {"pacing": 1}})
    assert done.segment(0)["outcome"] == "delivered"
    assert done.segment(0)["delay_s"] == pytest.approx(0.9 + 0.01 + 0.01 + 0.002, abs=1e-6)
