"""Utility evaluation in whole runs: what is rated where, what it costs, and what is shown then."""

import json

import pytest

from netgen.errors import InputError
from netgen.run import run

SCENARIO = """
name: rated
seed: 1
duration: 30 s
nodes:
  A: {kind: server, gpu: {device: L4, streams: 2}}
  B: {kind: cell, gpu: {device: L4, streams: 2}, radio: {capacity: 20 Mbit/s, peak_rate: 10 Mbit/s}}
  C: {kind: server, gpu: A100-PCIe-80GB}
links:
  A -> B: {capacity: 2 Mbit/s, delay: 5 ms}
  B <-> C: {capacity: 5 Mbit/s, delay: 10 ms}
  A -> C: {capacity: 5 Mbit/s, delay: 10 ms}
contents:
  v: {kind: parametric, format: 272x272@25, rate: 300 kbit/s, sizes: lognormal, variation: 30 %,
      class: labelled, semantic_bits: 36}
actions:
  key: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 2 GB},
        bits_per_pixel: 0.01, semantic_fidelity: 0.7, mode: semi-reference}
policies:
  squeeze: {use: "ROOT/policies/scaling.py:BppThreshold", with: {full_bpp: 9, none_bpp: 0.001}}
services:
  s: {content: v, from: A, to: B, policy: squeeze, deadline: 2 s}
audiences:
  crowd: {count: 2, cells: B, watches: s}
evaluations:
  e: {services: s, at: B, path: ratings.jsonl, then: withhold, measured_as: {key: coarse}}
"""

COST = {
    "kind": "cost", "frames": 25, "pixels": 73984, "flops": 1e9, "memory_bytes": 1000000, "device": "L4",
    "seconds": 0.01, "date": "2026-11-22", "command": "none",
}  # fmt: skip
SOURCE = {"kind": "ratings", "variant": "source", "bits_per_pixel": 0, "levels": [5, 5, 5, 5]}
COARSE = {"kind": "ratings", "variant": "coarse", "bits_per_pixel": 0.01, "levels": [1, 2, 4, 5]}


def lines(near=(1.2, 3.1, 2.2, 4.8), far=(1.1, 2.0, 3.9, 4.9)):
    """Return measured ratings: a rater that sees the source makes no mistake here, one that does not makes two."""
    scores = {"nothing": near, "description": near, "source": far}
    yield from ({**COST, "rater": name, "needs": name, "description_bits": 40} for name in scores)
    yield {**SOURCE, "scores": dict.fromkeys(scores, [4.9] * 4)}
    yield {**COARSE, "scores": {name: list(values) for name, values in scores.items()}}


@pytest.fixture
def go(tmp_path, root, run_directory):
    """Run the scenario with overrides below `evaluations.e`, and return its directory and summary."""
    (tmp_path / "scenario.yaml").write_text(SCENARIO.replace("ROOT", str(root)), encoding="utf-8")
    (tmp_path / "ratings.jsonl").write_text("\n".join(map(json.dumps, lines())) + "\n", encoding="utf-8")

    def ran(*overrides):
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        found = run(
            tmp_path / "scenario.yaml", overrides=[f"evaluations.e.{one}" for one in overrides], out=folder
        )
        return run_directory(found.folder), found.summary

    return ran


def test_what_is_rated_bad_is_withheld(go):
    folder, summary = go()
    rows = folder.table("evaluations").to_pylist()
    assert len(rows) == 30
    assert {row["true_level"] for row in rows} == {1, 2, 4, 5}
    for row in rows:
        near = dict(zip((1, 2, 4, 5), (1.2, 3.1, 2.2, 4.8), strict=True))[row["true_level"]]
        assert row["score"] == near
        assert row["outcome"] == ("withheld" if near <= 2.5 else "shown")
    lost = [row for row in folder.table("segments").to_pylist() if row["reason"] == "rated-bad"]
    assert (
        len(lost)
        == summary["evaluations"]["e"]["withheld"]
        == sum(row["true_level"] in (1, 4) for row in rows)
    )
    assert summary["segments_lost"] == 2 * len(lost)  # two users
    assert all(law["holds"] for law in summary["laws"].values())


def test_a_rater_with_the_source_finds_all_and_takes_bits_and_time(go):
    _, edge = go()
    folder, cloud = go("at=C", "rater=source")
    near, far = edge["evaluations"]["e"], cloud["evaluations"]["e"]
    assert far["detected"]["share"] == 1.0
    assert far["false_alarms"]["count"] == 0
    assert 0 < near["detected"]["share"] < 1
    assert near["false_alarms"]["count"] > 0
    assert near["sent_bits"] == 30 * 40
    rows = folder.table("evaluations").to_pylist()
    sources = {row["index"]: row["source_bits"] for row in folder.table("segments").to_pylist()}
    # What is shown has as many bits as the source: the cell has expanded it. The rating comes back in 1,000 bit.
    assert [row["sent_bits"] for row in rows] == [2 * sources[row["index"]] + 1000 for row in rows]
    assert far["delay_mean_s"] > 0.05 > near["delay_mean_s"]
    assert sum(link["background_bits"] for link in cloud["links"].values()) == sum(
        row["sent_bits"] for row in rows
    )


def test_what_is_rated_bad_is_fetched_again(go):
    folder, summary = go("then=refetch", "rater=source")
    found = summary["evaluations"]["e"]
    assert found["refetched"] == found["bad"] > 0
    assert found["shown"] == 30
    assert found["shown_bad"]["count"] == 0
    rows = [row for row in folder.table("evaluations").to_pylist() if row["purpose"] == "repair"]
    assert len(rows) == found["refetched"]
    assert {(row["true_level"], row["reason"], row["action"]) for row in rows} == {(5, "", "")}
    again = [row for row in folder.table("segments").to_pylist() if row["purpose"] == "repair"]
    assert {row["outcome"] for row in again} == {"delivered"}
    assert summary["segments_delivered"] == 60


def test_by_an_action_it_is_fetched_as_that_makes_it(go):
    folder, _ = go("then={kind: refetch, action: key}", "rater=source")
    rows = [row for row in folder.table("evaluations").to_pylist() if row["purpose"] == "repair"]
    assert {row["action"] for row in rows} == {"key"}


def test_notes_hold_nothing_up(go):
    _, noted = go("then=note", "at=C", "rater=source")
    _, never = go("when=never", "at=C", "rater=source")
    assert noted["segments_delivered"] == never["segments_delivered"] == 60
    assert noted["evaluations"]["e"]["detected"]["share"] == 1.0
    assert noted["evaluations"]["e"]["shown_bad"] == never["evaluations"]["e"]["shown_bad"]
    assert never["evaluations"]["e"]["gpu_seconds"] == 0 < noted["evaluations"]["e"]["gpu_seconds"]


@pytest.mark.parametrize("when", ["never", "{kind: share, share: 40 %}", "adaptive", "always"])
def test_what_is_true_does_not_depend_on_who_looks(go, when):
    (base, _), (other, summary) = go("then=note"), go("then=note", f"when={when}")
    levels = [
        [
            (row["index"], row["true_level"])
            for row in sorted(one.table("evaluations").to_pylist(), key=lambda r: r["index"])
        ]
        for one in (base, other)
    ]
    assert levels[0] == levels[1]
    found = summary["evaluations"]["e"]
    assert found["asked"] == sum(found["reasons"].values())
    assert (found["asked"] == 0) == (when == "never")


def test_adaptive_looks_again_after_a_bad_one(go):
    folder, summary = go("when={kind: adaptive, fidelity: 0, after_bad: 2, share: 30 %}")
    rows = sorted(folder.table("evaluations").to_pylist(), key=lambda row: row["index"])
    bad = [row["index"] for row in rows if row["rated_bad"]]
    assert bad
    for row in rows:
        recent = any(row["index"] - 2 <= index < row["index"] for index in bad)
        assert (row["reason"] == "after-bad") == recent
    assert set(summary["evaluations"]["e"]["reasons"]) == {"after-bad", "share"}


def test_a_rating_that_would_be_too_late_is_not_waited_for(go):
    folder, summary = go("work={time: 3 s, memory: 1 GB}")
    assert summary["evaluations"]["e"]["failures"] == {"deadline": 30}
    assert summary["segments_late"] == 0
    assert {row["outcome"] for row in folder.table("evaluations").to_pylist()} == {"shown"}


def linked(tmp_path, *links):
    """Replace links of the scenario by others."""
    path = tmp_path / "scenario.yaml"
    text = path.read_text(encoding="utf-8")
    usual = "  B <-> C: {capacity: 5 Mbit/s, delay: 10 ms}\n"
    assert usual in text
    path.write_text(text.replace(usual, "".join(f"  {one}\n" for one in links)), encoding="utf-8")


BACK = {
    "known": "C -> B: {capacity: 300 bit/s, delay: 10 ms}",
    "unknown": "C -> B: {capacity: 2 kbit/s, delay: 10 ms, loss: 80 %, retransmissions: 9}",
}
"""Ways back that are slow for all, and for those whose messages are lost and repeated."""


def test_a_slow_way_to_the_rater_makes_nothing_late(go, tmp_path):
    """Of 30 segments the link takes some 300 kbit every second, and carries 160 kbit."""
    linked(tmp_path, "B <-> C: {capacity: 160 kbit/s, delay: 10 ms}")
    folder, summary = go("at=C", "rater=source")
    found = summary["evaluations"]["e"]
    assert summary["segments_late"] == 0
    assert summary["segments_lost"] == 2 * found["withheld"]
    assert found["failures"]["deadline"] >= 20
    assert all(row["delay_s"] < 2 for row in folder.table("evaluations").to_pylist())
    assert all(law["holds"] for law in summary["laws"].values())


@pytest.mark.parametrize("back", BACK)
def test_a_slow_way_from_the_rater_makes_nothing_late(go, tmp_path, back):
    """A rating that cannot be back in time is not begun; one that turns out not to be is not waited for."""
    linked(tmp_path, "B -> C: {capacity: 5 Mbit/s, delay: 10 ms}", BACK[back])
    folder, summary = go("at=C", "rater=source")
    found = summary["evaluations"]["e"]
    assert summary["segments_late"] == 0
    assert summary["segments_lost"] == 2 * found["withheld"]
    rows = [row for row in folder.table("evaluations").to_pylist() if row["failed"] == "deadline"]
    assert {row["outcome"] for row in rows} == {"shown"}
    assert {row["score"] for row in rows} == {None}
    if back == "known":
        assert len(rows) == 30
        assert found["gpu_seconds"] == 0
    else:
        assert 0 < len(rows) < 30
        assert any(row["compute_s"] > 0 for row in rows)


def test_at_a_cell_time_is_left_for_the_last_hop(go, tmp_path):
    """A segment of 300 kbit for two users takes 0.3 s of a cell of 2 Mbit/s; it is handed over that much earlier."""
    linked(tmp_path, "B <-> C: {capacity: 160 kbit/s, delay: 10 ms}")
    path = tmp_path / "scenario.yaml"
    path.write_text(path.read_text().replace("capacity: 20 Mbit/s", "capacity: 2 Mbit/s"), encoding="utf-8")
    _, base = go("when=never")
    _, summary = go("at=C", "rater=source")
    assert base["segments_late"] == 0
    assert summary["segments_late"] == 0
    assert summary["evaluations"]["e"]["failures"]["deadline"] >= 20


def test_what_is_sent_for_several_receivers_is_lost_on_its_own(go, tmp_path):
    """The source goes to the rater over one lossy link, for two receivers, of two services with the same index."""
    path = tmp_path / "scenario.yaml"
    text = path.read_text(encoding="utf-8")
    for usual, changed in (
        ("  C: {kind: server", "  D: {kind: server}\n  C: {kind: server"),
        ("  A -> C: {capacity: 5 Mbit/s, delay: 10 ms}", "  A -> C: {capacity: 5 Mbit/s, delay: 10 ms, loss: 2 %}\n"
         "  A -> D: {capacity: 5 Mbit/s, delay: 5 ms}\n  D <-> C: {capacity: 5 Mbit/s, delay: 10 ms}"),
        ("from: A, to: B, policy: squeeze, deadline: 2 s}",
         "from: A, to: [B, D]}\n  t: {content: v, from: A, to: [B, D]}"),
        ("cells: B, watches: s}", "cells: B, watches: [s, t]}"),
        ("services: s, at: B", "services: [s, t], at: B"),
    ):  # fmt: skip
        assert usual in text
        text = text.replace(usual, changed)
    path.write_text(text, encoding="utf-8")
    folder, _ = go("at=C", "rater=source", "then=note")
    lost = {
        (service, receiver): frozenset(
            row["index"]
            for row in folder.rows("evaluations", service=service, receiver=receiver)
            if row["failed"] == "lost on the way"
        )
        for service in "st"
        for receiver in "BD"
    }
    assert all(5 < len(each) < 25 for each in lost.values())
    assert len(set(lost.values())) == 4


def test_notes_that_are_still_to_come_at_the_end_are_of_what_was_shown(go, tmp_path):
    linked(tmp_path, "B <-> C: {capacity: 160 kbit/s, delay: 10 ms}")
    folder, summary = go("at=C", "rater=source", "then=note")
    found, rows = summary["evaluations"]["e"], folder.rows("evaluations")
    assert {row["outcome"] for row in rows} == {"shown"}
    assert found["shown"] == found["segments"] == 30
    assert found["failures"] == {"end of the run": 30 - found["rated"]}
    assert 0 < found["rated"] < 30
    assert all((row["score"] is None) == bool(row["failed"]) for row in rows)
    assert found["delay_mean_s"] == 0


@pytest.mark.parametrize("deadline", ["2 s", "60 s"])
def test_what_is_undecided_at_the_end_is_on_its_way(go, tmp_path, deadline):
    linked(tmp_path, "B <-> C: {capacity: 160 kbit/s, delay: 10 ms}")
    path = tmp_path / "scenario.yaml"
    path.write_text(path.read_text().replace("deadline: 2 s", f"deadline: {deadline}"), encoding="utf-8")
    folder, _ = go("at=C", "rater=source")
    waiting = {row["index"] for row in folder.rows("evaluations", outcome="undecided")}
    assert waiting
    assert waiting == {row["index"] for row in folder.rows("segments", outcome="in-flight")}


def test_what_terminals_are_still_to_expand_is_not_rated(go, tmp_path):
    """The cell has nothing to look at: it hands on what users' terminals make a video of."""
    path = tmp_path / "scenario.yaml"
    text = path.read_text(encoding="utf-8")
    for usual, changed in (
        ("B: {kind: cell, ", "B: {kind: cell, actions: [], "),
        ("watches: s}", "watches: s, terminal: {generator: {device: L4, slowdown: 1, memory: 4 GB, power: 4 W}}}"),
    ):  # fmt: skip
        assert usual in text
        text = text.replace(usual, changed)
    path.write_text(text, encoding="utf-8")
    folder, summary = go()
    stages = [
        [stage["kind"] for stage in row["stages"]] for row in folder.rows("segments", outcome="delivered")
    ]
    assert stages
    assert all("expand" in each and "rate" not in each for each in stages)
    assert folder.rows("evaluations") == []
    assert summary["evaluations"]["e"]["segments"] == 0
    assert summary["segments_delivered"] == 60


def test_energy_is_that_of_the_streams_time(go):
    folder, _ = go("work={time: 100 ms, memory: 1 MB}")
    row = folder.table("evaluations").to_pylist()[-1]
    assert row["compute_s"] == pytest.approx(0.1)
    assert row["energy_joule"] == pytest.approx(0.1 * (72 - 0.15 * 72) / 2)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("rater=larg", "ratings.jsonl has no rater 'larg'"),
        ("measured_as={key: cose}", "has no ratings of 'cose'; did you mean \"coarse\"?"),
        ("measured_as={}", "has no ratings of 'key'"),
        ("work={time: 1 s, memory: 90 GB}", "the rater needs 90000000000 byte of memory, L4 has 24000000000"),
        ("at=A", 'no way from "B" to "A"'),
    ],
)
def test_what_nobody_measured_is_refused(go, override, told):
    with pytest.raises(InputError, match=r"evaluations\.e") as caught:
        go(override)
    assert told in str(caught.value)


def test_rates_that_nobody_measured_are_refused(go, tmp_path):
    path = tmp_path / "scenario.yaml"
    path.write_text(path.read_text().replace("bits_per_pixel: 0.01", "bits_per_pixel: 0.02"))
    with pytest.raises(InputError, match=r"measured from 0.01 to 0.01 bit/pixel, and the action has 0.02"):
        go()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"kind": "cost"}', "is no line of measured ratings"),
    ],
)
def test_broken_files_are_named_with_their_line(go, tmp_path, line, told):
    with (tmp_path / "ratings.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=f"ratings.jsonl:6: {told}"):
        go()
