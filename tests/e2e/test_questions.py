"""The shipped scenarios answer the questions that their first lines ask."""

from itertools import pairwise

import pytest

from netgen.generative.profile import load_profiles


def test_contracting_for_the_others_lets_c_have_the_complete_video(scenarios, run_file):
    """Fig. 8, scenario 1: the fidelity at C rises against forwarding, and the summary says by how much."""
    done = run_file(scenarios / "fig8_scenario1.yaml")
    summary = done.summary
    at_c, before = summary["receivers"]["to-C"]["C"], summary["baseline"]["receivers"]["to-C"]["C"]
    assert summary["baseline"]["policy"] == "forward"
    assert at_c["semantic_fidelity"] == before["semantic_fidelity"] == 1.0
    assert before["baseline_semantic_fidelity"] < 0.5
    assert before["difference"] == before["semantic_fidelity"] - before["baseline_semantic_fidelity"] > 0.5
    assert summary["semantic_fidelity_mean"] > summary["baseline"]["semantic_fidelity_mean"]
    complete = done.rows("segments", service="to-C")
    assert {row["contracted_by"] for row in complete} == {""}
    assert {row["received_bits"] - row["source_bits"] for row in complete} == {0}
    for service in ("to-B", "to-D"):
        delivered = done.rows("segments", service=service, outcome="delivered")
        assert len(delivered) > 50
        assert {row["contracted_by"] for row in delivered} == {"key"}
        assert all(row["generated"] for row in delivered)


def test_contract_forward_expand_deliver(scenarios, run_file):
    """Fig. 8, scenario 2: the three stages with their bits, semantic bits and times, by a measured action."""
    done = run_file(scenarios / "fig8_scenario2.yaml", "services.call.stop=50 s")
    segments = done.rows("segments")
    assert len(segments) == 50
    frames, pixels = 25, 480 * 272
    small = round(0.012 * frames * pixels)
    point = load_profiles()["restore-half"].at(0.012, content_class="talking-face")
    meaning = 25 * point.semantic_fidelity
    for row in segments[1:]:  # the first one finds no model loaded
        kinds = [(stage["kind"], stage["where"]) for stage in row["stages"]]
        assert kinds == [
            ("source", "A"), ("contract", "A"), ("link", "A->D"), ("forward", "D"), ("link", "D->F"),
            ("expand", "F"), ("link", "F->H"), ("receive", "H"),
        ]  # fmt: skip
        assert row["path"] == ["A", "D", "F", "H"]
        source, contract, up, forward, across, expand, down, receive = row["stages"]
        full = source["bits"]
        assert full > 3 * small
        assert [stage["bits"] for stage in row["stages"]] == [full, *[small] * 4, *[full] * 3]
        assert source["semantic_bits"] == 25
        assert [stage["semantic_bits"] for stage in row["stages"][1:]] == pytest.approx(
            [meaning] * 7, rel=1e-12
        )
        assert contract["end_s"] - contract["start_s"] == pytest.approx(
            frames * point.encode.seconds / point.encode.frames, rel=1e-6
        )
        assert expand["end_s"] - expand["start_s"] == pytest.approx(
            frames * point.decode.seconds / point.decode.frames, rel=1e-6
        )
        # D forwards when the first packet is there, long before the last one is.
        assert up["start_s"] < forward["start_s"] < up["end_s"]
        # F waits for the whole segment before it expands.
        assert expand["start_s"] >= across["end_s"]
        assert receive["end_s"] == down["end_s"] == row["completed_s"]
        assert row["outcome"] == "delivered"
        assert row["fidelity_provenance"] == "estimated"
    choices = [(d["node"], d["kind"], d["action"]) for d in done.rows("decisions", index=7)]
    assert choices == [("A", "contract", "face"), ("D", "forward", ""), ("F", "expand", "")]
    by_node = {d["node"]: d for d in done.rows("decisions", index=7)}
    assert by_node["D"]["bits"] == by_node["F"]["bits"] == small
    links = done.summary["links"]
    assert links["F->H"]["carried_bits"] > 3 * links["D->F"]["carried_bits"]
    assert links["F->H"]["semantic_bits"] == links["D->F"]["semantic_bits"] == pytest.approx(50 * meaning)
    # Without contraction the narrow link lets less and less through in time.
    call = done.summary["receivers"]["call"]["H"]
    assert call["segments_delivered"] == 50
    assert done.summary["baseline"]["receivers"]["call"]["H"]["baseline_semantic_fidelity"] < 0.6


def test_common_stream_by_broadcast_and_enhancements_by_unicast(scenarios, run_file):
    done = run_file(scenarios / "elastic_small.yaml", "duration=40 s")
    modes = done.summary["service_modes"]
    assert modes["broadcast"]["users"] == modes["cellular"]["users"] == 45
    addition = modes["addition"]
    enhanced = sum(row["segments_joined"] for row in done.rows("users", service="personal"))
    assert addition["segments_enhanced"] == addition["enhancements_joined"] == enhanced > 0
    assert sum(row["segments_joined"] for row in done.rows("users", service="common")) == enhanced
    shown = modes["broadcast"]["segments_delivered"]
    assert addition["segments_common_alone"] == shown - enhanced >= 0
    for row in done.rows("users", service="personal"):
        assert row["source_kind"] == "cellular"
        assert row["segments_joined"] <= row["segments_delivered"]
    assert {row["node"] for row in done.rows("users", service="common")} == {"mast"}
    downlink = sum(done.summary["links"][f"c{k}:downlink"]["carried_bits"] for k in (1, 2, 3))
    received = sum(row["bits_received"] for row in done.rows("users", service="personal"))
    assert 0 <= downlink - received < 0.05 * downlink  # the rest is on its way at the end


TWICE_ENHANCED = """
name: twice-enhanced
seed: 1
duration: 10 s
nodes:
  S: server
  mast: {kind: tower, radio: {capacity: 8 Mbit/s, segment_loss: 30 %}}
  c1: {kind: cell, radio: {capacity: 50 Mbit/s, peak_rate: 20 Mbit/s}}
links: {S -> mast: {capacity: 20 Mbit/s}, S -> c1: {capacity: 50 Mbit/s, queue: 9 MB}}
contents:
  base: {kind: parametric, format: 720p25, rate: 1 Mbit/s, class: sports, semantic_bits: 40}
services:
  common: {content: base, from: S, to: mast}
  sharp: {content: base, from: S, to: c1, enhances: common, deadline: 1 s}
  colour: {content: base, from: S, to: c1, enhances: common, stop: 5 s, deadline: 1 s}
audiences:
  crowd: {count: 4, tower: mast, cells: c1, watches: [common, sharp, colour]}
  poor: {count: 3, tower: mast, watches: common}
"""


def test_a_common_stream_with_two_enhancements_is_enhanced_once(run_text):
    """Segments shown enhanced and alone add up to those shown, however many enhancements came."""
    done = run_text(TWICE_ENHANCED)
    common = done.rows("users", service="common")
    shown = sum(row["segments_delivered"] for row in common)
    by_user = {row["user"]: row for row in common}
    for row in done.rows("users", service="sharp"):  # all of these come in time
        assert row["segments_joined"] == by_user[row["user"]]["segments_delivered"]
        assert by_user[row["user"]]["segments_joined"] == row["segments_joined"]
    crowd = sum(row["segments_delivered"] for row in common if row["audience"] == "crowd")
    addition = done.summary["service_modes"]["addition"]
    assert 0 < crowd < shown
    assert addition["segments_enhanced"] == crowd
    assert addition["segments_common_alone"] == shown - crowd
    colour = sum(row["segments_joined"] for row in done.rows("users", service="colour"))
    assert addition["enhancements_joined"] == crowd + colour
    assert 0 < colour < crowd


def test_without_a_deadline_what_is_slower_than_real_time_falls_behind_linearly(scenarios, run_file):
    """CTTR expands 10 s of video in 22.88 s: every segment waits 12.88 s longer than the one before."""
    done = run_file(
        scenarios / "slower_than_real_time.yaml",
        "services.call.deadline=null",
        "baseline=null",
        "duration=400 s",
    )
    delivered = sorted(done.rows("segments", outcome="delivered"), key=lambda row: row["index"])
    delays = [row["delay_s"] for row in delivered]
    assert len(delays) >= 15
    steps = [later - earlier for earlier, later in pairwise(delays)]
    assert steps[1:] == pytest.approx([12.88] * (len(steps) - 1), abs=1e-6)
    expansions = [stage for row in delivered for stage in row["stages"] if stage["kind"] == "expand"]
    ends = [stage["end_s"] for stage in expansions]
    gaps = [later - earlier for earlier, later in pairwise(ends)]
    assert gaps == pytest.approx([22.88] * len(gaps), abs=1e-9)
    queue = [row["gpu_queue"] for row in done.rows("nodes", node="F")]
    assert queue[-1] > 15
    # 0.1 segments arrive in a second and 1 / 22.88 are served.
    assert queue[-1] - queue[9] == pytest.approx((0.1 - 1 / 22.88) * 10 * (len(queue) - 10), abs=1.5)
    assert done.summary["nodes"]["F"]["overloaded"] is True
    assert done.summary["nodes"]["F"]["gpu_offered_load"] > 2
    assert done.summary["nodes"]["A"]["overloaded"] is False
    assert done.summary["deadline_misses"] == 0


def test_with_a_deadline_the_policy_is_asked_again_and_the_misses_are_counted(scenarios, run_file):
    done = run_file(scenarios / "slower_than_real_time.yaml")
    summary = done.summary
    again = [row for row in done.rows("decisions", node="F") if row["missed"]]
    assert len(again) == summary["deadline_misses"] == summary["nodes"]["F"]["deadline_misses"] > 5
    for row in again:
        assert row["missed"] == "expand(cttr)"
        assert row["kind"] == "forward"
        assert [option["kind"] for option in row["options"]] == ["forward", "drop"]
        assert row["time_left_s"] < 22.88
        first = next(d for d in done.rows("decisions", node="F", index=row["index"]) if not d["missed"])
        assert first["kind"] == "expand"
        assert first["time_s"] < row["time_s"]
    lost = done.rows("segments", outcome="lost")
    assert {row["reason"] for row in lost} == {"unplayable"}
    assert {row["index"] for row in lost} == {row["index"] for row in again}
    assert summary["segments_late"] == 0
    assert all(row["delay_s"] <= 90 for row in done.rows("segments", outcome="delivered"))
    assert summary["nodes"]["F"]["overloaded"] is True
    assert summary["semantic_fidelity_provenance"] == summary["actions"]["cttr"] == "declared"


def test_measured_coding_on_a_real_clip(scenarios, run_file):
    """Bits, times and quality come from the measurements; the fidelity is their estimate, and marked so."""
    done = run_file(scenarios / "measured_coding.yaml")
    assert done.summary["actions"] == {"half": "estimated", "quarter": "estimated"}
    rows = sorted(done.rows("segments"), key=lambda row: row["index"])
    assert {row["contracted_by"] for row in rows} == {"half", "quarter"}
    pixels = 480 * 272 * 25
    for row in rows:
        expected = {"half": 0.025, "quarter": 0.008}[row["contracted_by"]]
        assert row["received_bits"] == round(expected * pixels) < row["source_bits"]
        assert row["fidelity_provenance"] == "estimated"
        assert row["mode"] == "semi-reference"
        assert row["generated"] is False
        assert 25 < row["psnr_db"] < 50
        assert 0.8 < row["ms_ssim"] < 1
    quality = {row["contracted_by"]: row["psnr_db"] for row in rows}
    assert quality["half"] > quality["quarter"]
    assert rows[0]["contracted_by"] == "half"
    assert rows[-1]["contracted_by"] == "quarter"
    # The power of that processor is not known, so neither is the energy.
    assert done.summary["energy_joule"] is None
    assert done.summary["gpu_seconds"] > 0
