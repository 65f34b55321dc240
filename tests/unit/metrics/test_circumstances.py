"""What was so about a user at an instant: room, carriers and faults, told from ledgers made by hand."""

import json

import pytest

from netgen.ledger import SegmentRecord
from netgen.metrics.circumstances import carriers, out_of_order, room, told_of_run

ROW = {
    "service": "live", "node": "ran", "other_node": "mast", "source_kind": "cellular", "sector": "a", "handovers": 0,
    "segments_offered": 9, "segments_blocked": 3,
}  # fmt: skip


@pytest.fixture
def ledger(record, ledger_of):
    """Two segments by `ran` over `edge`, and blocked ones; another service goes another way."""

    def segment(index, path, *, users=1, reason="", receiver="ran", service="live"):
        return record(
            SegmentRecord, service=service, index=index, offered_s=2.0 * index, users=users, reason=reason,
            receiver=receiver, path=path,
        )  # fmt: skip

    return ledger_of(
        segment(0, ("core", "edge", "ran"), users=8),
        segment(1, ("core",), users=2, reason="blocked"),
        segment(1, ("core", "edge", "ran"), users=6),
        segment(2, ("core", "edge", "ran"), users=8),
        segment(2, ("core", "hub", "mast", "mast:air"), receiver="mast"),
        segment(2, ("core", "far", "ran"), users=7, reason="blocked", service="talk"),
    )


def fault(what, where, begin_s=4.0, end_s=9.0):
    return {"what": what, "where": where, "begin_s": begin_s, "end_s": end_s}


@pytest.mark.parametrize(
    ("at_s", "offered_s", "users"), [(1.9, 0.0, 0), (2.0, 2.0, 2), (3.9, 2.0, 2), (4.0, 4.0, 0)]
)
def test_how_many_of_the_last_segment_were_blocked(ledger, at_s, offered_s, users):
    assert room(ledger, ROW, at_s) == {"segments": 3, "of": 9, "offered_s": offered_s, "users": users}


def test_room_without_anything_blocked_or_offered(ledger):
    assert room(ledger, ROW | {"segments_blocked": 0}, 4.0) is None
    nothing = room(ledger, ROW | {"service": "news"}, 4.0)
    assert (nothing["offered_s"], nothing["users"]) == (None, None)


def test_the_sector_is_known_of_who_never_changed_it():
    assert carriers(ROW) == {"tower": "mast", "cell": "ran", "sector": "a"}
    assert carriers(ROW | {"handovers": 1})["sector"] is None
    on_air = ROW | {
        "node": "mast",
        "other_node": "",
        "source_kind": "broadcast",
        "sector": None,
        "handovers": None,
    }
    assert carriers(on_air) == {"tower": "mast", "cell": None, "sector": None}
    assert carriers(on_air | {"source_kind": "wired"}) == {"tower": None, "cell": None, "sector": None}


@pytest.mark.parametrize(
    ("what", "where", "hit"),
    [
        ("tower", "mast", True),
        ("tower", "other", False),
        ("cell", "ran", True),
        ("cell", "c1", False),
        ("cell", "ran:a", True),
        ("cell", "ran:b", False),
        ("cell", "c1:a", False),
        ("cores", "cores", True),
        ("link", "core->edge", True),
        ("link", "edge->ran", True),
        ("link", "core->hub", True),
        ("link", "core->far", False),
        ("gpu", "edge", True),
        ("gpu", "far", False),
    ],
)
def test_faults_of_what_the_user_depends_on(ledger, what, where, hit):
    found = out_of_order(ledger, ROW, [fault(what, where)], 5.0)
    assert found == ([fault(what, where) | {"certain": True}] if hit else [])


def test_a_fault_lasts_from_its_begin_until_before_its_end(ledger):
    faults = [fault("tower", "mast"), fault("cell", "ran", 8.0, None)]
    seen = {
        at_s: [each["what"] for each in out_of_order(ledger, ROW, faults, at_s)]
        for at_s in (3.9, 4, 8, 9, 99)
    }
    assert seen == {3.9: [], 4: ["tower"], 8: ["tower", "cell"], 9: ["cell"], 99: ["cell"]}


def test_a_sector_that_may_have_been_another_is_not_certain(ledger):
    [found] = out_of_order(ledger, ROW | {"handovers": 2}, [fault("cell", "ran:b")], 5.0)
    assert found["certain"] is False


def test_who_has_one_carrier_does_not_need_the_cores(ledger):
    assert out_of_order(ledger, ROW | {"other_node": ""}, [fault("cores", "cores")], 5.0) == []


def test_a_baseline_is_told_of_by_the_summary_of_the_run_beside_it(tmp_path):
    folder = tmp_path / "baseline"
    folder.mkdir()
    assert told_of_run(folder) == (None, [])
    summary = {"faults": [fault("tower", "mast")], "baseline": {"failed": "broke"}}
    (tmp_path / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    assert told_of_run(folder) == ("broke", summary["faults"])
    assert told_of_run(tmp_path) == (None, summary["faults"])
    (tmp_path / "elsewhere").mkdir()
    assert told_of_run(tmp_path / "elsewhere") == (None, [])
