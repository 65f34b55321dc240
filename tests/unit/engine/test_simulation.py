"""Whole runs: what is offered when, and what is counted at the end."""

import pytest


def test_periodic_services_offer_a_segment_per_duration(ran):
    offers = [
        row["offered_s"] for row in ran(services={"s": {"start": "200 ms", "stop": "2.3 s"}}).rows("segments")
    ]
    assert offers == [0.2, 1.2, 2.2]


def test_poisson_services_offer_as_many_on_average(ran):
    done = ran(duration="400 s", interval="100 s", services={"s": {"arrivals": "poisson"}})
    assert 320 < len(done.rows("segments")) < 480


def test_progress_is_reported_at_the_end_of_every_interval(ran):
    done = ran(duration="2.5 s")
    assert done.totals.simulated_s == 2.5
    assert len(done.rows("links", link="A->B")) == 3


def test_the_totals_count_events_packets_and_decisions(ran):
    done = ran(nodes={"B": {"policy": "script"}})
    assert done.totals.packets == 3 * 10 * 2
    assert done.totals.decisions == 3
    assert done.totals.kernel_events > 0


def test_events_do_not_grow_with_the_number_of_packets(ran):
    coarse, fine = ran(packet="10 kbit").totals, ran(packet="100 bit").totals
    assert fine.packets == 100 * coarse.packets
    assert fine.kernel_events <= coarse.kernel_events + 10


def test_cold_starts_evictions_and_load_are_those_of_the_gpus(ran, gpu_spec, declared):
    done = ran(
        plan={"A": ["contract"]}, nodes={"A": {"gpu": gpu_spec}, "C": {"kind": "edge", "gpu": gpu_spec}},
        actions={"a": declared()},
    )  # fmt: skip
    assert done.totals.cold_starts == {"A": 1, "C": 0}
    assert done.totals.evictions == {"A": 0, "C": 0}
    assert done.totals.gpu_offered_load == {"A": pytest.approx(0.01), "C": 0.0}


def test_an_overloaded_gpu_misses_deadlines_and_says_so(ran, gpu_spec, declared):
    """1.5 s of work for every second of video: the queue grows, and what would be late is asked again."""
    slow = declared(declared={"contract_time": "1.5 s"})
    done = ran(
        plan={"A": ["contract"]}, duration="20 s", actions={"a": slow}, services={"s": {"deadline": "3 s"}},
        nodes={"A": {"gpu": gpu_spec}, "C": {"kind": "edge", "gpu": gpu_spec}},
    )  # fmt: skip
    assert done.totals.gpu_offered_load["A"] == pytest.approx(1.5)
    misses = sum(row["deadline_misses"] for row in done.rows("nodes", node="A"))
    assert misses >= 5
    assert max(row["gpu_queue"] for row in done.rows("nodes", node="A")) >= 1
    assert {row["outcome"] for row in done.rows("segments")} <= {"delivered", "in-flight", "lost"}


def test_the_same_seed_gives_the_same_records_and_another_seed_others(ran):
    changes = {
        "links": {"A -> B": {"loss": 0.02}},
        "duration": "20 s",
        "services": {"s": {"arrivals": "poisson"}},
    }
    one, two, three = (ran(seed=seed, **changes).rows("segments") for seed in (1, 1, 2))
    assert one == two != three
