"""Why a user was served as it was, told from ledgers made by hand."""

import json

import pyarrow.parquet as pq
import pytest

from netgen.errors import InputError
from netgen.ledger import DecisionRecord, Figure, NodeRecord, OptionSeen, SwitchRecord, UserRecord, UserSeen
from netgen.metrics.explanation import explain, explain_run, run_length_s


def figures(**values):
    return tuple(Figure(name, value) for name, value in values.items())


def option(kind, action="", **values):
    return OptionSeen(kind, action, None, None, None, None, figures(**values))


@pytest.fixture
def ledger(record, ledger_of):
    """Two users of 20 s: `a` goes to a cell at 5 s, is refused at 9 s and comes back at 12 s; `b` stays.

    Both have an enhancement; `b` gets it from 4 s on, and from 15 s on in another way.
    """

    def user(name, service, kind="broadcast"):
        return record(
            UserRecord, user=name, audience="fans", service=service, source_kind=kind, node="mast", join_s=0.0
        )

    def decision(number, time_s, mode, service="live", **more):
        given = {"node": "core", "policy": "mine", "kind": "did", "reason": f"reason {number}"}
        return record(
            DecisionRecord, decision=number, time_s=time_s, mode=mode, service=service, **given | more
        )

    def seen(was, chosen, name="a", **values):
        return UserSeen(name, was, chosen, figures(**values))

    def switch(number, at_s, origin, target, effective_s, transfer_s=None):
        return record(
            SwitchRecord, user="a", service="live", mode="continuation", decision=number, decided_s=at_s,
            origin=origin, target=target, effective_s=effective_s, transfer_s=transfer_s,
        )  # fmt: skip

    return ledger_of(
        record(NodeRecord, node="core", start_s=0.0, length_s=19.0),
        record(NodeRecord, node="core", start_s=19.0, length_s=1.0),
        user("a", "live"),
        user("b", "live"),
        user("b", "angle", "cellular"),
        user("c", "talk", "wired"),
        decision(0, 1.0, "continuation", saw=figures(users=2.0)),
        decision(
            1, 4.0, "addition", "angle", users=(seen("none", "sent", "b", battery=0.5),), action="generate",
        ),
        decision(
            2, 5.0, "continuation",
            saw=figures(users=2.0, on_air=1.0),
            options=(option("broadcast", users_now=2.0), option("cellular", users_now=0.0)),
            users=(seen("broadcast", "cellular", loss_now=0.25, since_s=float("inf")),),
        ),
        decision(3, 6.0, "continuation"),
        decision(4, 6.0, "offloading", "", action="live", options=(option("cells", "live", audience=2.0),)),
        decision(5, 7.0, "offloading", "", options=(option("cells", "talk"),)),
        decision(6, 9.0, "continuation", users=(seen("cellular", "repaired"),)),
        decision(7, 12.0, "continuation", users=(seen("cellular", "broadcast"),)),
        decision(8, 15.0, "addition", "angle", users=(seen("sent", "at-terminal", "b"),)),
        decision(9, 15.0, "relay", "talk", node="edge", index=15, kind="contract", action="x2", bits=100),
        decision(10, 16.0, "relay", "talk", node="edge", index=16, kind="forward", missed="x2", time_left_s=0.5),
        decision(11, 16.0, "relay", "talk", node="far", index=14, kind="drop"),
        switch(2, 5.0, "broadcast", "cellular", 5.5, 0.5),
        switch(6, 9.0, "cellular", "repaired", None, 0.25),
        switch(7, 12.0, "cellular", "broadcast", 12.5, 0.5),
    )  # fmt: skip


def of(ledger, user, at_s, service="live"):
    return explain(ledger, user, at_s=at_s)["services"][service]


def numbers(decisions):
    return [decision["decision"] for decision in decisions]


def test_the_decision_behind_a_move(ledger):
    found = of(ledger, "a", 8.0)
    assert (found["served"], found["moving_to"], found["added"]) == ("cellular", None, None)
    assert found["switch"]["effective_s"] == 5.5
    assert found["decision"] == {
        "decision": 2,
        "mode": "continuation",
        "time_s": 5.0,
        "core": "core",
        "tower": None,
        "policy": "mine",
        "saw": {"users": 2.0, "on_air": 1.0},
        "saw_of_user": {"loss_now": 0.25, "since_s": None},
        "options": [
            {"kind": "broadcast", "action": "", "users_now": 2.0},
            {"kind": "cellular", "action": "", "users_now": 0.0},
        ],
        "chose": "did",
        "chose_action": "",
        "chose_for_user": {"was": "broadcast", "chosen": "cellular"},
        "reason": "reason 2",
    }
    assert numbers(found["unchanged"]) == [3, 4]  # one of each mode since; not the one about other contents
    assert found["next"]["decision"]["decision"] == 6
    assert found["next"]["switch"]["target"] == "repaired"
    assert found["relay"] == []


@pytest.mark.parametrize(
    ("at_s", "served", "moving_to", "cause"),
    [
        (4.9, "broadcast", None, None),
        (5.0, "broadcast", "cellular", 2),
        (5.49, "broadcast", "cellular", 2),
        (5.5, "cellular", None, 2),
        (9.0, "cellular", "repaired", 6),
        (9.25, "cellular", None, 6),  # refused: served as before
        (12.2, "cellular", "broadcast", 7),
        (20.0, "broadcast", None, 7),
    ],
)
def test_how_a_user_is_served_at_every_stage(ledger, at_s, served, moving_to, cause):
    found = of(ledger, "a", at_s)
    decision = found["decision"]
    assert (found["served"], found["moving_to"]) == (served, moving_to)
    assert (None if decision is None else decision["decision"]) == cause


def test_a_user_who_was_never_moved_gets_the_last_decisions_that_left_it_there(ledger):
    found = of(ledger, "b", 20.0)
    assert (found["served"], found["switch"], found["decision"], found["next"]) == (
        "broadcast",
        None,
        None,
        None,
    )
    assert numbers(found["unchanged"]) == [7, 4]
    assert numbers(of(ledger, "b", 5.9)["unchanged"]) == [2]
    assert of(ledger, "b", 0.5)["unchanged"] == []


@pytest.mark.parametrize(
    ("at_s", "added", "cause", "following"),
    [(3.9, None, None, 1), (4.0, "sent", 1, 8), (16.0, "at-terminal", 8, None)],
)
def test_an_enhancement_comes_as_was_last_asked_for(ledger, at_s, added, cause, following):
    found = of(ledger, "b", at_s, "angle")
    assert (found["served"], found["added"], found["switch"]) == ("cellular", added, None)
    assert (found["decision"] or {}).get("decision") == cause
    assert ((found["next"] or {}).get("decision") or {}).get("decision") == following
    assert list(explain(ledger, "b", at_s=at_s)["services"]) == ["live", "angle"]


def test_the_last_decision_about_a_segment_at_each_node(ledger):
    found = of(ledger, "c", 16.0, "talk")
    assert found["served"] == "wired"
    assert numbers(found["unchanged"]) == [5]
    assert [(row["node"], row["index"], row["kind"], row["missed"]) for row in found["relay"]] == [
        ("edge", 16, "forward", "x2"),
        ("far", 14, "drop", ""),
    ]
    assert found["relay"][0]["saw"]["time_left_s"] == 0.5
    [before] = of(ledger, "c", 15.5, "talk")["relay"]
    assert (before["action"], before["saw"]["bits"]) == ("x2", 100)
    assert of(ledger, "c", 14.0, "talk")["relay"] == []


def test_what_is_told_fits_into_json(ledger):
    for user in ("a", "b", "c"):
        json.dumps(explain(ledger, user, at_s=10.0), allow_nan=False)


def test_a_wrong_question_says_what_can_be_asked(ledger):
    assert run_length_s(ledger) == 20.0
    with pytest.raises(InputError, match=r'"d" is no user of .*; users are called a, b, c$'):
        explain(ledger, "d", at_s=1.0)
    for at_s in (-0.1, 20.1):
        with pytest.raises(InputError, match="is not within the run; accepted: 0 s to 20 s"):
            explain(ledger, "a", at_s=at_s)
    with pytest.raises(InputError, match='--at "8": has no unit'):
        explain_run(ledger.folder, user="a", at="8")
    with pytest.raises(InputError, match=r"nowhere is not a folder$"):
        explain_run(ledger.folder / "nowhere", user="a", at="8 s")
    (ledger.folder / "empty").mkdir()
    with pytest.raises(InputError, match="empty is not a run directory: it has no links"):
        explain_run(ledger.folder / "empty", user="a", at="8 s")
    with pytest.raises(InputError, match=r'emty is not a folder; did you mean ".*/empty"\?$'):
        explain_run(ledger.folder / "emty", user="a", at="8 s")
    assert explain_run(ledger.folder, user="a", at="8000 ms")["time_s"] == 8.0


def test_a_misspelt_user_is_guessed(record, ledger_of):
    users = [record(UserRecord, user=f"fans:{k}", service="live", join_s=0.0) for k in (10, 9, 0)]
    ledger = ledger_of(
        *users, record(UserRecord, user="screen", service="live"), record(NodeRecord, length_s=5.0)
    )
    with pytest.raises(
        InputError, match=r'did you mean "fans:9".*; users are called fans:0 to fans:10, screen$'
    ):
        explain(ledger, "fan:9", at_s=1.0)
    found = explain(ledger, "fans:9", at_s=1.0)["services"]["live"]
    assert not found["unchanged"]
    assert not found["relay"]


@pytest.mark.parametrize(
    ("at_s", "served"), [(0.0, "absent"), (3.9, "absent"), (4.0, "wired"), (8.9, "wired"), (9.0, "left")]
)
def test_nobody_is_served_before_it_joins_or_after_it_has_left(record, ledger_of, at_s, served):
    ledger = ledger_of(
        record(UserRecord, user="a", service="live", source_kind="wired", join_s=4.0, leave_s=9.0),
        record(NodeRecord, length_s=20.0),
    )
    found = of(ledger, "a", at_s)
    assert (found["served"], found["join_s"], found["leave_s"]) == (served, 4.0, 9.0)


def test_whose_every_segment_was_blocked_is_served_by_nobody(record, ledger_of):
    def user(name, blocked):
        return record(
            UserRecord, user=name, service="live", source_kind="cellular", node="c1", join_s=0.0, segments_offered=9,
            segments_blocked=blocked,
        )  # fmt: skip

    ledger = ledger_of(user("a", 9), user("b", 8), user("c", 0), record(NodeRecord, length_s=20.0))
    assert [of(ledger, name, 5.0)["served"] for name in "abc"] == ["blocked", "cellular", "cellular"]
    assert [(of(ledger, name, 5.0)["room"] or {}).get("segments") for name in "abc"] == [9, 8, None]


def test_a_run_that_failed_says_so(ledger, record, ledger_of):
    (ledger.folder / "summary.json").write_text('{"failed": "law broken"}', encoding="utf-8")
    assert explain(ledger, "a", at_s=1.0)["failed"] == "law broken"
    nobody = ledger_of(record(NodeRecord, length_s=20.0))
    (nobody.folder / "summary.json").write_text('{"failed": "policy broke"}', encoding="utf-8")
    with pytest.raises(InputError, match="has no users, because the run failed: policy broke"):
        explain(nobody, "a", at_s=1.0)


def test_records_of_another_version_are_refused(ledger):
    path = ledger.folder / "users.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["join_s"]), path)
    with pytest.raises(InputError, match="was written by another version of netgen"):
        explain(ledger, "a", at_s=1.0)
