"""Figures of the service modes on ledgers made by hand, every one of them worked out."""

import pytest

from netgen.ledger import DecisionRecord, LinkRecord, SegmentRecord, Stage, SwitchRecord, UserRecord
from netgen.metrics.modes import ModesInUse, service_modes


def stage(kind, where, bits=0):
    return Stage(kind, where, 0.0, 0.0, bits, 0.0)


AIR = (stage("source", "core", 100), stage("link", "core->mast", 100), stage("link", "mast->mast:air", 90))


@pytest.fixture
def segment(record):
    def make(kind, users, got, late=0, **more):
        given = {
            "service": "live", "source_kind": kind, "purpose": "stream", "users": users, "users_delivered": got,
            "users_late": late, "outcome": "delivered" if got else "lost", "received_bits": 100 if got else 0,
        }  # fmt: skip
        made = given | more
        cell_bits = made["received_bits"] * got if kind == "cellular" else 0
        return record(SegmentRecord, **{"cell_bits": cell_bits} | made)

    return make


@pytest.fixture
def user(record):
    def make(name, kind, **more):
        given = {"user": name, "source_kind": kind, "service": "live", "segments_offered": 10}
        return record(UserRecord, **given | more)

    return make


@pytest.fixture
def switch(record):
    def make(name, at_s, target, later_s, **more):
        effective_s = None if later_s is None else at_s + later_s
        given = {
            "user": name, "service": "live", "mode": "continuation", "decided_s": at_s, "target": target,
            "effective_s": effective_s, "transfer_s": later_s,
        }  # fmt: skip
        return record(SwitchRecord, **given | more)

    return make


def test_ways_of_delivery_are_counted_by_segment_not_by_home(segment, user, ledger_of):
    """User b begins on the tower and gets two segments by cell, one of them a repair; c is in a cell, and blocked."""
    ledger = ledger_of(
        user("a", "broadcast", segments_broadcast=3),
        user("b", "broadcast", segments_broadcast=1, segments_cellular=2),
        user("c", "cellular"),
        user("w", "wired"),
        segment("broadcast", 2, 2, late=1),
        segment("broadcast", 2, 1, stages=AIR),
        segment("broadcast", 2, 2, warmup=True, received_bits=7),
        segment("broadcast", 0, 0, received_bits=100),
        segment("cellular", 1, 1),
        segment("cellular", 1, 1, purpose="repair", received_bits=30),
        segment("cellular", 1, 0, reason="blocked"),
        segment("cellular", 1, 0, outcome="in-flight"),
    )
    found = service_modes(ledger, ModesInUse())
    assert found == {
        "broadcast": {
            "users": 2, "segments_offered": 4, "segments_delivered": 2, "segments_late": 1, "segments_lost": 1,
            "bits_received": 314,
        },
        "cellular": {
            "users": 2, "segments_offered": 4, "segments_delivered": 2, "segments_late": 0, "segments_lost": 1,
            "bits_received": 130,
        },
        "wired": {
            "users": 1, "segments_offered": 0, "segments_delivered": 0, "segments_late": 0, "segments_lost": 0,
            "bits_received": 0,
        },
    }  # fmt: skip


def test_continuation(segment, user, switch, ledger_of):
    """Hand-overs, one of them needless; one refused, one under way at the end, one in the warm-up; two services."""
    context = {"context_bits": 4000}
    ledger = ledger_of(
        user("a", "broadcast", interruption_s=1.5, segments_lost=1, segments_repaired=2, segments_cellular=5),
        user("b", "broadcast"),
        user("b", "broadcast", service="talk", interruption_s=0.25, segments_lost=3),
        user("never", "broadcast", segments_offered=0, interruption_s=0.0),
        user("other", "broadcast", service="radio", interruption_s=99.0, segments_lost=99),
        switch("a", 3.0, "cellular", 0.01, **context, needless=False, segments_resent=2),
        switch("b", 3.0, "repaired", 0.01, **context, needless=True),
        switch("b", 4.0, "cellular", 0.5),
        switch("a", 8.0, "broadcast", 0.02),
        switch("b", 9.0, "broadcast", None),
        switch("b", 5.0, "cellular", 0.04, service="talk", **context, needless=False),
        switch("a", 6.0, "cellular", 0.06, **context, effective_s=None),
        switch("a", 1.0, "cellular", 0.9, **context, needless=True),
        switch("a", 5.0, "cellular", 0.3, **context, mode="offloading", needless=True),
        switch("other", 5.0, "cellular", 0.3, **context, service="radio", needless=True),
        segment("cellular", 2, 2, received_bits=50),
        segment("cellular", 3, 1, service="talk", purpose="repair", received_bits=20),
        segment("cellular", 1, 1, service="radio"),
        segment("cellular", 1, 1, warmup=True),
        segment("broadcast", 4, 4),
    )
    found = service_modes(ledger, ModesInUse(continued=("live", "talk"), warmup_s=2.0))["continuation"]
    by_service = found.pop("services")
    assert found == pytest.approx(
        {
            "users": 2, "handovers": 4, "returns": 1, "needless": 1, "needless_share": 1 / 3, "refused": 1,
            "unfinished": 1, "interruption_s": 1.75, "interruption_mean_s": 0.875, "interrupted_users": 2,
            "segments_lost": 4, "segments_repaired": 2, "segments_resent": 2, "cellular_bits": 120,
            "context_bits": 16000, "transfer_delay_mean_s": (0.01 + 0.01 + 0.04 + 0.06) / 4,
            "transfer_delay_max_s": 0.06,
        },
        abs=1e-12,
    )  # fmt: skip
    assert list(by_service) == ["live", "talk"]
    assert by_service["talk"] == pytest.approx(
        {
            "users": 1, "handovers": 1, "returns": 0, "needless": 0, "needless_share": 0.0, "refused": 0,
            "unfinished": 0, "interruption_s": 0.25, "interruption_mean_s": 0.25, "interrupted_users": 1,
            "segments_lost": 3, "segments_repaired": 0, "segments_resent": 0, "cellular_bits": 20,
            "context_bits": 4000, "transfer_delay_mean_s": 0.04, "transfer_delay_max_s": 0.04,
        },
        abs=1e-12,
    )  # fmt: skip


def test_continuation_that_did_nothing_has_no_means(ledger_of):
    found = service_modes(ledger_of(), ModesInUse(continued=("live",)))["continuation"]
    unknown = {key for key, value in found.items() if value is None}
    assert unknown == {
        "needless_share",
        "interruption_mean_s",
        "transfer_delay_mean_s",
        "transfer_delay_max_s",
    }
    assert found["users"] == found["handovers"] == found["cellular_bits"] == 0


def test_offloading(segment, user, switch, record, ledger_of):
    """Two contents go to the tower after the warm-up, one comes back; who joins later does not count in the time."""

    def decision(number, time_s, on_tower, mode="offloading"):
        return record(DecisionRecord, decision=number, mode=mode, time_s=time_s, action=on_tower)

    def moved(name, at_s, number, service, later_s, target="broadcast"):
        return switch(name, at_s, target, later_s, mode="offloading", decision=number, service=service)

    ledger = ledger_of(
        decision(0, 0.0, "old"),
        decision(1, 1.0, "old"),
        decision(2, 2.0, "old, live"),
        decision(3, 3.0, "x", mode="addition"),
        decision(4, 3.0, "live, talk"),
        decision(5, 4.0, "talk"),
        moved("a", 2.0, 2, "live", 1.2),
        moved("b", 2.0, 2, "live", 1.0),
        moved("c", 3.0, 4, "live", 0.0),
        moved("c", 3.0, 4, "talk", 2.0),
        moved("a", 4.0, 5, "live", 0.0, "cellular"),
        moved("d", 4.0, 5, "live", None),
        user("a", "cellular", segments_late=1, segments_lost=2, segments_blocked=2),
        user("a", "cellular", service="talk", segments_late=1),
        user("b", "cellular", segments_lost=1),
        user("c", "cellular"),
        user("late", "cellular", segments_offered=0),
        user("e", "cellular", service="radio", segments_lost=9, segments_blocked=9),
        segment("broadcast", 3, 0, stages=AIR),
        segment("broadcast", 3, 3, stages=(*AIR, stage("receive", "mast", 90)), service="talk"),
        segment("broadcast", 3, 3, stages=AIR, service="radio"),
        segment("broadcast", 3, 3, stages=AIR, warmup=True),
        segment("broadcast", 1, 0, stages=(stage("source", "core", 100), stage("link", "core->mast", 100))),
        segment("cellular", 2, 2, stages=(stage("link", "core->c1", 100), stage("receive", "c1", 100))),
        record(LinkRecord, link="c1:downlink", start_s=0.0, capacity_bits=10.0, carried_bits=10),
        record(LinkRecord, link="c1:downlink", start_s=1.0, capacity_bits=10.0, carried_bits=9),
        record(LinkRecord, link="c2:downlink", start_s=1.0, capacity_bits=10.0, carried_bits=1),
    )
    found = service_modes(ledger, ModesInUse(offloaded=("live", "talk", "old"), warmup_s=1.0))["offloading"]
    assert found == pytest.approx(
        {
            "users": 3, "moves_to_tower": 2, "moves_back": 2, "moved_users": 3, "time_to_offload_mean_s": 1.5,
            "cell_load_mean": 0.5, "cell_load_busiest": 0.9, "late_or_blocked_users": 2,
            "late_or_blocked_segments_share": 5 / 40, "blocked_users": 1, "segments_late": 2, "segments_lost": 3,
            "segments_blocked": 2, "tower_bits": 180, "cellular_bits": 200, "freed_of_bound": None,
        },
        abs=1e-12,
    )  # fmt: skip


def test_offloading_without_cells_or_users_has_no_shares(ledger_of):
    found = service_modes(ledger_of(), ModesInUse(offloaded=("live",)))["offloading"]
    assert {key for key, value in found.items() if value is None} == {
        "time_to_offload_mean_s", "cell_load_mean", "cell_load_busiest", "late_or_blocked_segments_share",
        "freed_of_bound",
    }  # fmt: skip


def test_addition(segment, user, ledger_of):
    """Sent to two, generated at a cell for three, in the terminal for one; the rest of a segment was not playable."""
    at_cell = (
        stage("source", "core"),
        stage("expand", "c1"),
        stage("link", "c1->c2"),
        stage("receive", "c1"),
    )
    in_terminal = (stage("source", "core"), stage("receive", "c1"), stage("expand", "terminal"))
    mine = {"service": "angle", "received_bits": 10}
    ledger = ledger_of(
        user("a", "broadcast", segments_delivered=9, segments_joined=6),
        user("b", "broadcast", segments_delivered=5, segments_joined=1),
        user("a", "cellular", service="angle", segments_joined=6, terminal_energy_joule=2.5, segments_late=1),
        user("b", "cellular", service="angle", segments_joined=2, terminal_energy_joule=0.5, segments_lost=4),
        segment("cellular", 2, 2, **mine, stages=in_terminal[:2]),
        segment("cellular", 3, 3, **mine, stages=at_cell, generated=True),
        segment("cellular", 2, 1, **mine, stages=in_terminal, generated=True),
        segment("cellular", 2, 2, **mine, stages=in_terminal, generated=True, warmup=True),
        segment("cellular", 2, 2, service="live", received_bits=1000),
    )
    found = service_modes(ledger, ModesInUse({"angle": "live"}))["addition"]
    assert found == pytest.approx(
        {
            "enhancements_offered": 20, "enhancements_joined": 8, "segments_enhanced": 7,
            "segments_common_alone": 7, "enhancements_late": 1, "enhancements_lost": 4, "enhancements_sent": 2,
            "enhancements_generated_at_cell": 3, "enhancements_generated_at_terminal": 1, "enhancement_bits": 60,
            "bits_per_enhanced_segment": 7.5, "terminal_energy_joule": 3.0,
            "cell_load_mean": None, "cell_load_busiest": None,
        }
    )  # fmt: skip


def test_addition_without_terminals_that_generate(user, ledger_of):
    ledger = ledger_of(user("a", "cellular", service="angle", segments_joined=0))
    found = service_modes(ledger, ModesInUse({"angle": "live"}))["addition"]
    assert found["terminal_energy_joule"] is None
    assert found["bits_per_enhanced_segment"] is None
    assert found["enhancements_sent"] == found["enhancements_generated_at_terminal"] == 0
