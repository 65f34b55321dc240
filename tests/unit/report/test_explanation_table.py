"""What people see of why a user was served as it was."""

from rich.console import Console

from netgen.report.explanation_table import explanation_tables

DECISION = {
    "decision": 6, "mode": "continuation", "time_s": 6.0, "core": "broadcast-core", "tower": "mast",
    "policy": "predictive",
    "saw": {"users": 5.0, "capacity_bps": 1e7}, "saw_of_user": {"loss_now": 0.25, "since_s": None},
    "options": [{"kind": "broadcast", "action": "", "users_now": 4.0}, {"kind": "cells", "action": "live"}],
    "chose": "cellular 2", "chose_action": "x2", "reason": "poor ahead",
    "chose_for_user": {"was": "broadcast", "chosen": "cellular"},
}  # fmt: skip
MOVE = {
    "decided_s": 6.0, "effective_s": 6.01006, "origin": "broadcast", "target": "cellular", "context_bits": 4000,
    "transfer_s": 0.01006, "segments_resent": 2, "needless": False,
}  # fmt: skip
NOTHING = {
    "served": "broadcast", "moving_to": None, "added": None, "switch": None, "decision": None, "unchanged": [],
    "next": None, "relay": [],
}  # fmt: skip
RELAYED = {
    "node": "edge", "time_s": 9.0, "index": 9, "policy": "greedy", "kind": "contract", "action": "x2",
    "reason": "queue",
}  # fmt: skip


def shown(**found):
    console = Console(width=160, force_terminal=False)
    tables = explanation_tables(
        {"user": "fans:3", "time_s": 12.5, "audience": "fans", "services": {"live": NOTHING | found}}
    )
    with console.capture() as capture:
        for table in tables:
            console.print(table)
    return [" ".join(line.split()) for line in capture.get().splitlines() if line.strip()]


def test_a_move_and_the_decision_behind_it():
    assert shown(served="cellular", switch=MOVE, decision=DECISION) == [
        "fans:3 at 12.5 s: live",
        "served by a cell",
        "move broadcast -> cellular decided at 6 s, effective at 6.01006 s (10.06 ms later), context of 4,000 bit, 2 "
        "segments sent again, not needless",
        "decided 6 s, broadcast-core for mast, continuation by predictive, decision 6",
        "reason poor ahead",
        "chose cellular 2 (x2); this user: broadcast -> cellular",
        "saw of user loss_now 0.25, since_s infinite",
        "saw users 5, capacity_bps 1e+07",
        "options broadcast (users_now 4); cells live",
    ]


def test_a_move_that_did_not_happen():
    refused = MOVE | {"effective_s": None, "context_bits": 0, "segments_resent": 0, "needless": None}
    lines = shown(switch=refused, moving_to="cellular")
    assert lines[1:3] == [
        "served by the tower; on the way: by a cell",
        "move broadcast -> cellular decided at 6 s, refused",
    ]
    late = shown(switch=refused | {"transfer_s": None})
    assert late[2] == "move broadcast -> cellular decided at 6 s, not arrived before the end"
    needless = shown(switch=refused | {"needless": True})
    assert needless[2].endswith("refused, needless as it turned out")


def test_who_was_never_moved():
    same = DECISION | {"saw_of_user": None, "chose_for_user": None, "reason": ""}
    assert shown(unchanged=[same]) == [
        "fans:3 at 12.5 s: live",
        "served by the tower",
        "unchanged 6 s, broadcast-core for mast, continuation by predictive asked for nothing else: no reason given",
        "saw users 5, capacity_bps 1e+07",
        "options broadcast (users_now 4); cells live",
    ]


def test_what_came_next_and_what_relays_did():
    lines = shown(
        added="sent", next={"decision": DECISION, "switch": None}, relay=[RELAYED, RELAYED | {"action": ""}]
    )
    assert lines[2:] == [
        "enhancement sent",
        "next 6 s, broadcast-core for mast, continuation by predictive: broadcast -> cellular; poor ahead",
        "at edge 9 s, segment 9: greedy chose contract x2; queue",
        "at edge 9 s, segment 9: greedy chose contract; queue",
    ]
    moved = shown(next={"decision": DECISION, "switch": MOVE})
    assert "broadcast -> cellular decided at 6 s, effective at 6.01006 s" in moved[2]


def test_nobody_decided():
    assert shown()[-1] == "decision none: no policy was asked about it by then"
