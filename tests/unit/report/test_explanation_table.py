"""What people see of why a user was served as it was."""

import pytest
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
    "join_s": 0.0, "leave_s": None, "tower": "mast", "cell": "ran", "sector": None, "room": None, "out_of_order": [],
    "served": "broadcast", "moving_to": None, "added": None, "switch": None, "decision": None, "unchanged": [],
    "next": None, "relay": [],
}  # fmt: skip
RELAYED = {
    "node": "edge", "time_s": 9.0, "index": 9, "policy": "greedy", "kind": "contract", "action": "x2",
    "reason": "queue",
}  # fmt: skip


OFFLOADED = DECISION | {
    "mode": "offloading", "tower": None, "saw_of_user": None, "chose_for_user": None, "reason": "full",
    "saw": {"ran:a.load": 0.25, "ran:b.load": 1.0, "other.load": 0.5, "mast:only.capacity_bps": 9.8e6},
    "options": [
        {"kind": "tower", "action": "live", "audience": 3.0, "rate_bps": 4e6, "share": 2.5, "since_s": None},
        {"kind": "cells", "action": "talk", "audience": 1.0}, {"kind": "cells", "action": "news", "audience": 1.0},
    ],
}  # fmt: skip


def shown(failed=None, **found):
    console = Console(width=160, force_terminal=False)
    tables = explanation_tables(
        {
            "user": "fans:3",
            "time_s": 12.5,
            "audience": "fans",
            "failed": failed,
            "services": {"live": NOTHING | found},
        }
    )
    with console.capture() as capture:
        for table in tables:
            console.print(table)
    return [" ".join(line.split()) for line in capture.get().splitlines() if line.strip()]


def test_a_move_and_the_decision_behind_it():
    assert shown(served="cellular", switch=MOVE, decision=DECISION) == [
        "fans:3 at 12.5 s: live",
        "served by a cell, ran",
        "move broadcast -> cellular decided at 6 s, effective at 6.01006 s (10.06 ms later), context of 4,000 bit, 2 "
        "segments sent again, not needless",
        "decided 6 s, broadcast-core for mast, continuation by predictive, decision 6",
        "reason poor ahead",
        "chose cellular 2 (x2); this user: broadcast -> cellular",
        "saw of user loss now 25 %, from the start",
        "saw users 5, capacity 10 Mbit/s",
        "options broadcast (users now 4); cells live",
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
        "saw users 5, capacity 10 Mbit/s",
        "options broadcast (users now 4); cells live",
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


def test_offloading_shows_the_own_service_and_sector():
    assert shown(unchanged=[OFFLOADED], sector="a")[3:] == [
        "saw ran:a load 25 %, mast:only capacity 9.8 Mbit/s; 2 others: see --json",
        "options tower live (audience 3, rate 4 Mbit/s, share 2.5 cells, from the start); 2 others: see --json",
    ]


def test_a_sector_that_is_not_known_is_not_guessed():
    lines = shown(unchanged=[OFFLOADED])
    assert lines[3] == (
        "saw 2 sectors of ran: load 25 % to 100 % (which of them served it then is not recorded), mast:only capacity "
        "9.8 Mbit/s; 1 other: see --json"
    )
    alone = shown(unchanged=[OFFLOADED], cell=None, tower=None)
    assert alone[3] == "saw -; 4 others: see --json"
    cell = shown(unchanged=[OFFLOADED], cell="other")
    assert cell[3].startswith("saw other load 50 %, mast:only")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"served": "absent", "join_s": 41.5}, "served not: has not joined yet (joins at 41.5 s)"),
        ({"served": "absent", "join_s": None}, "served not: has not joined yet (never joins)"),
        ({"served": "left", "leave_s": 12.0}, "served not: has left at 12 s"),
    ],
)
def test_of_who_is_not_there_nothing_else_is_told(found, text):
    assert shown(**found, unchanged=[OFFLOADED]) == ["fans:3 at 12.5 s: live", text]


def test_who_is_blocked_is_not_served():
    room = {"segments": 9, "of": 9, "offered_s": 12.0, "users": 2}
    assert shown(served="blocked", room=room)[1:3] == [
        "served not: blocked: no room in its cell (all of its 9 segments)",
        "decision none: no policy was asked about it by then",
    ]
    nowhere = shown(served="blocked", room=room, cell=None)
    assert "the tower does not send it, and there is no cell" in nowhere[1]


@pytest.mark.parametrize(
    ("room", "text"),
    [
        (
            {"segments": 3, "of": 9, "offered_s": 12.0, "users": 2},
            "room 3 of its 9 segments were blocked (which ones is not recorded); the one offered at 12 s was "
            "blocked for 2 users of live",
        ),
        (
            {"segments": 1, "of": 9, "offered_s": 12.0, "users": 0},
            "room 1 of its 9 segments was blocked (which one is not recorded); the one offered at 12 s was blocked for "
            "nobody of live",
        ),
        (
            {"segments": 1, "of": 9, "offered_s": None, "users": None},
            "room 1 of its 9 segments was blocked (which one is not recorded)",
        ),
    ],
)
def test_some_blocked_segments_are_told_as_far_as_records_go(room, text):
    assert text in " ".join(shown(served="cellular", room=room, sector="a")[1:])


def test_what_is_out_of_order_and_a_failure():
    def fault(what, where, end_s=45.0, certain=True):
        return {"what": what, "where": where, "begin_s": 40.0, "end_s": end_s, "certain": certain}

    faults = [fault("tower", "mast"), fault("cores", "cores", None), fault("cell", "ran:a", certain=False)]
    assert shown("policy broke", out_of_order=faults)[1:6] == [
        "run failed: policy broke",
        "served by the tower",
        "out of order tower mast since 40 s until 45 s",
        "out of order way between the cores since 40 s until the end",
        "out of order cell ran:a since 40 s until 45 s; of its network, which sector served it then is not recorded",
    ]


def test_an_enhancement_that_is_left_out_is_not_served():
    assert shown(served="cellular", added="none")[1:3] == [
        "served not: the enhancement is left out",
        "enhancement none",
    ]
