"""Live runs: real frames travel through the network, and whatever happens to a model the run ends well."""

import json
import shutil
from pathlib import Path

import av
import pytest

from netgen.errors import InputError
from netgen.run import run

PLUGINS = Path(__file__).with_name("live_plugins.py")

SCENARIO = """
name: live
seed: 3
duration: 3 s
fidelity: live
nodes:
  A: {{kind: server, gpu: {{device: L4, streams: 1}}, actions: [small]}}
  F: {{kind: edge, gpu: {{device: L4, streams: 1}}, actions: [small], policy: open}}
  H: terminal
links:
  A -> F: {{capacity: 100 kbit/s, delay: 5 ms}}
  F -> H: {{capacity: 5 Mbit/s, delay: 2 ms}}
contents:
  clip: {{kind: file, path: "{clip}", class: talking-face, segment: 1 s, semantic_bits: 20}}
actions:
  small:
    declared: {{contract_time: 50 ms, expand_time: 80 ms, memory: 1 GB}}
    bits_per_pixel: {rate}
    semantic_fidelity: 0.9
    mode: semi-reference
    run: "{runs}"
policies:
  close: {{use: "live_policy.py:Close"}}
  open: {{use: "live_policy.py:Open"}}
services:
  show: {{content: clip, from: A, to: H, policy: close, deadline: 3 s}}
"""

POLICIES = Path(__file__).with_name("live_policy.py")


@pytest.fixture
def live(tmp_path, scenarios, directory_of):
    """Run the chain A-F-H live with an action, and return its run directory."""

    def go(runs, *overrides, rate=0.02, save_video=False, out="run"):
        shutil.copy(POLICIES, tmp_path)
        path = tmp_path / "live.yaml"
        clip = scenarios / "clips" / "portrait.mkv"
        path.write_text(SCENARIO.format(clip=clip, runs=runs, rate=rate), encoding="utf-8")
        done = run(path, overrides=overrides, out=tmp_path / out, save_video=save_video)
        return directory_of(done), done.warnings

    return go


def test_frames_travel_and_what_is_shown_is_measured(live):
    """A contracts to real bytes, F expands them and codes them again, H shows them."""
    done, warnings = live("x265-half", save_video=True)
    rows = done.rows("segments")
    assert [row["outcome"] for row in rows] == ["delivered"] * 3
    pixels = 480 * 272 * 25
    for row in rows:
        bits = {(stage["kind"], stage["where"]): stage["bits"] for stage in row["stages"]}
        assert bits["contract", "A"] == bits["link", "A->F"]
        assert bits["contract", "A"] / pixels == pytest.approx(0.02, rel=0.1)
        assert bits["expand", "F"] == bits["link", "F->H"] == pytest.approx(bits["source", "A"], rel=0.15)
        assert row["quality_measured"]
        assert 30 < row["psnr_db"] < 45
        assert 0.95 < row["ms_ssim"] < 1
        assert 0 < row["measured_fidelity"] <= 1
        assert row["semantic_fidelity"] == 0.9
    assert all(law["holds"] for law in done.summary["laws"].values())
    assert done.summary["live"]["jobs"] == {"contract(small)": 3, "expand(small)": 3}
    assert done.summary["live"]["failures"] == []
    assert not [text for text in warnings if "node F" in text]
    wall = json.loads((done.folder / "live.json").read_text(encoding="utf-8"))["wall_s"]
    assert wall["contract(small)"]["jobs"] == 3
    assert wall["contract(small)"]["total_s"] > 0
    saved = done.summary["live"]["videos"]["show/H"]
    assert (saved["segments"], saved["missing"]) == (3, [])
    with av.open(str(done.folder / saved["file"])) as container:
        assert sum(1 for _ in container.decode(video=0)) == 75
    assert (done.folder / "video" / "show-H.png").read_bytes().startswith(b"\x89PNG")


def test_a_live_run_repeats_to_the_last_byte_with_any_number_of_workers(live):
    one, _ = live(f"{PLUGINS}:Means", "live.workers=1", out="one")
    other, _ = live(f"{PLUGINS}:Means", "live.workers=2", out="other")
    assert one.hashes() == other.hashes()
    assert one.summary_without("live") == other.summary_without("live")


def test_a_resolved_live_scenario_gives_the_same_records(live, tmp_path, directory_of):
    first, _ = live(f"{PLUGINS}:Means")
    again = directory_of(run(first.folder / "scenario.yaml", out=tmp_path / "again"))
    assert again.hashes() == first.hashes()


@pytest.mark.parametrize(
    ("culprit", "override", "kind"),
    [
        ("Crashes", "live.limit=60 s", "crashed"),
        ("Hangs", "live.limit=2 s", "timed-out"),
        ("Swells", "live.memory=1 GB", "out-of-memory"),
    ],
)
def test_a_model_that_fails_costs_its_segment_and_nothing_else(live, culprit, override, kind):
    """The policy at F has nothing left but to forward, and H cannot show what it gets: lost, and on the books."""
    done, warnings = live(f"{PLUGINS}:{culprit}", override, "duration=1 s", rate=0.0001)
    (row,) = done.rows("segments")
    assert (row["outcome"], row["reason"]) == ("lost", "unplayable")
    (failure,) = done.summary["live"]["failures"]
    assert (failure["node"], failure["action"], failure["kind"]) == ("F", "small", kind)
    (told,) = [text for text in warnings if "small" in text and "node F" in text]
    assert kind in told
    assert all(law["holds"] for law in done.summary["laws"].values())
    decisions = [(d["node"], d["kind"]) for d in done.rows("decisions")]
    assert decisions == [("A", "contract"), ("F", "expand"), ("F", "forward")]


def test_a_node_by_profile_leaves_the_frames_behind(live):
    done, _ = live(f"{PLUGINS}:Means", "nodes.A.fidelity=profile", rate=0.01)
    for row in done.rows("segments"):
        assert not row["quality_measured"]
        assert row["psnr_db"] is None
        contracted = next(stage for stage in row["stages"] if stage["kind"] == "contract")
        assert contracted["bits"] == round(0.01 * 480 * 272 * 25)
    assert done.summary["live"]["jobs"] == {}


def test_a_content_can_be_live_by_itself(live):
    done, _ = live(f"{PLUGINS}:Means", "fidelity=profile", "contents.clip.fidelity=live", rate=0.01)
    assert done.summary["live"]["contents"] == ["clip"]
    assert all(row["quality_measured"] for row in done.rows("segments"))
    by_profile, _ = live(f"{PLUGINS}:Means", "fidelity=profile", out="profile")
    assert by_profile.summary["live"] is None


def test_vmaf_is_measured_on_request(live):
    pytest.importorskip("imageio_ffmpeg")
    done, _ = live("x264", "live.vmaf=true", "duration=1 s", "links.A->F.capacity=5 Mbit/s", rate=0.04)
    (row,) = done.rows("segments")
    assert 50 < row["vmaf"] <= 100
    plain, _ = live("x264", "duration=1 s", "links.A->F.capacity=5 Mbit/s", rate=0.04, out="plain")
    assert [row["vmaf"] for row in plain.rows("segments")] == [None]


def test_measured_time_takes_the_place_of_the_profile(live):
    def spans(done):
        stages = [
            stage for row in done.rows("segments") for stage in row["stages"] if stage["kind"] == "expand"
        ]
        return [stage["end_s"] - stage["start_s"] for stage in stages]

    by_profile, _ = live(f"{PLUGINS}:Means", rate=0.01, out="one")
    measured, _ = live(f"{PLUGINS}:Means", "live.time=measured", rate=0.01, out="two")
    assert spans(by_profile)[1:] == pytest.approx([0.08, 0.08], abs=1e-9)
    assert all(span > 0 and span != pytest.approx(0.08, abs=1e-6) for span in spans(measured)[1:])
    assert any("do not repeat" in note for note in measured.summary["notes"])


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("actions.small.run=null",), "actions.small"),
        (("actions.small.run=x265-hlaf",), 'did you mean "x265-half"'),
        (("live.device=cuda",), "live.device: cuda is not there"),
    ],
)
def test_what_cannot_run_live_is_told_before_anything_is_written(live, tmp_path, overrides, message):
    if "cuda" in overrides[0]:
        torch = pytest.importorskip("torch")
        if torch.cuda.is_available():
            pytest.skip("this machine has CUDA")
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        live("x265-half", *overrides)
    assert not (tmp_path / "run").exists()


def test_video_is_saved_of_live_runs_alone(live, tmp_path):
    with pytest.raises(InputError, match="nothing in it is live"):
        live("x265-half", "fidelity=profile", save_video=True)
    assert not (tmp_path / "run").exists()


def test_a_model_that_fails_while_video_is_saved_is_told_and_the_run_is_kept(live):
    """H could show the segment when it came, but nobody can once more for the file."""
    done, warnings = live(
        f"{PLUGINS}:Tires",
        "duration=1 s",
        "actions.small.playable=true",
        "nodes.F.policy=forward",
        save_video=True,
    )
    (row,) = done.rows("segments")
    assert (row["outcome"], row["quality_measured"]) == ("delivered", True)
    (failure,) = done.summary["live"]["failures"]
    assert (failure["node"], failure["action"], failure["direction"]) == ("H", "small", "show")
    assert "too tired" in failure["message"]
    assert done.summary["live"]["videos"] == {}
    assert done.summary["notes"] == ["video/show-H.mp4 is not saved: nothing of it could be shown"]
    assert {failure["told"], *done.summary["notes"]} <= set(warnings)
    assert list((done.folder / "video").iterdir()) == []
    live_json = json.loads((done.folder / "live.json").read_text(encoding="utf-8"))
    largest = live_json["largest"]["contract(small)"]
    assert live_json["largest"].keys() == live_json["wall_s"].keys() == {"contract(small)"}
    assert largest["peak_memory_bytes"] > 10_000_000
    assert (largest["device_memory_bytes"], largest["segments_at_once"]) == (0, 1)


@pytest.mark.parametrize(("limit", "start_limit_s"), [("2 s", 120), ("600 s", 600)])
def test_a_worker_may_take_its_limit_to_start_and_two_minutes_at_least(
    live, monkeypatch, limit, start_limit_s
):
    asked = []

    def no_workshop(**parameters):
        asked.append(parameters)
        raise InputError("seen enough")

    monkeypatch.setattr("netgen.live.workshop.Workshop", no_workshop)
    with pytest.raises(InputError, match="seen enough"):
        live("x264", f"live.limit={limit}")
    assert [parameters["start_limit_s"] for parameters in asked] == [start_limit_s]


def test_fig8_scenario2_by_a_network_on_real_frames(scenarios, tmp_path, directory_of):
    """A contracts, D forwards, F expands by a network, H receives a video that plays; as its profile foretold."""
    path = scenarios / "fig8_scenario2.yaml"
    two = ["duration=8 s", "services.call.stop=2 s"]
    foretold = directory_of(run(path, overrides=two, out=tmp_path / "profile")).rows("segments")
    done = directory_of(run(path, overrides=[*two, "fidelity=live"], out=tmp_path / "live", save_video=True))
    rows = done.rows("segments")
    assert [row["outcome"] for row in rows] == ["delivered"] * 2
    for live, profile in zip(rows, foretold, strict=True):
        assert [(stage["kind"], stage["where"]) for stage in live["stages"]] == [
            (stage["kind"], stage["where"]) for stage in profile["stages"]
        ]
        bits, by_profile = (
            next(stage["bits"] for stage in row["stages"] if stage["kind"] == "contract")
            for row in (live, profile)
        )
        assert bits == pytest.approx(by_profile, rel=0.1)
        # H is shown what F expanded and coded again for the last link, at the source's rate.
        assert live["psnr_db"] == pytest.approx(profile["psnr_db"], abs=1.0)
        assert live["ms_ssim"] == pytest.approx(profile["ms_ssim"], abs=0.01)
        assert live["quality_measured"]
    assert done.summary["live"]["jobs"] == {"contract(face)": 2, "expand(face)": 2}
    assert done.summary["live"]["failures"] == []
    with av.open(str(done.folder / done.summary["live"]["videos"]["call/H"]["file"])) as container:
        shown = [(frame.width, frame.height) for frame in container.decode(video=0)]
    assert shown == [(480, 272)] * 50
