"""The run directory: when it appears, what is in it, and what becomes of it when something goes wrong."""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from netgen.errors import (
    ConservationError,
    InputError,
    MissingDependencyError,
    NetgenError,
    PolicyError,
    ScenarioError,
)
from netgen.ledger import Balance
from netgen.run import run
from netgen.scenario import load_scenario

ROOT = Path(__file__).resolve().parents[2]
TEXT = """
name: small
seed: 1
duration: 3 s
interval: 500 ms
nodes: {A: {kind: edge, gpu: L4}, B: terminal}
links: {A -> B: {capacity: 5 Mbit/s}}
contents: {v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, class: sports, semantic_bits: 10}}
services: {s: {content: v, from: A, to: B}}
"""


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def listed(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_progress_is_told_once_per_interval(small):
    seen = []
    run(small, out="out", progress=lambda time_s, end_s: seen.append((time_s, end_s)))
    assert seen == [(0.5 * k, 3.0) for k in range(1, 7)]


def test_nothing_is_at_the_place_of_the_run_directory_but_an_empty_folder_until_it_is_done(small, tmp_path):
    during = []
    run(small, out="out", progress=lambda *_: during.append(list((tmp_path / "out").iterdir())))
    assert during == [[]] * 6
    assert (tmp_path / "out" / "summary.json").is_file()
    assert [name for name in listed(tmp_path) if "partial" in name] == []


def test_the_resolved_scenario_means_the_same_from_anywhere(small, tmp_path, monkeypatch):
    """Policies by file and videos by path are found from another folder too."""
    (tmp_path / "mine.py").write_text(
        "from netgen.policy import RelayPolicy\n\n\nclass Mine(RelayPolicy):\n"
        "    def decide(self, view, rng):\n        return view.forward.decision\n",
        encoding="utf-8",
    )
    text = TEXT.replace("services:", "policies: {mine: 'mine.py:Mine'}\nservices:").replace(
        "to: B}", "to: B, policy: mine}"
    )
    small.write_text(text, encoding="utf-8")
    first = run("small.yaml", out="out")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    second = run(
        first.folder.resolve() if first.folder.is_absolute() else tmp_path / "out" / "scenario.yaml",
        out="again",
    )
    assert pq.read_table(second.folder / "decisions.parquet")["policy"].to_pylist() == ["mine"] * 3
    assert load_scenario(tmp_path / "out" / "scenario.yaml") == load_scenario(
        elsewhere / "again" / "scenario.yaml"
    )


def test_the_seed_given_to_run_wins(small):
    assert run(small, seed=5, out="out").summary["seed"] == 5
    with pytest.raises(InputError):
        run(small, seed=-5, out="other")


def test_the_environment_is_written_down(small, tmp_path):
    run(small, out="out")
    environment = json.loads((tmp_path / "out" / "environment.json").read_text(encoding="utf-8"))
    for package in ("numpy", "pyarrow", "simpy", "pydantic", "networkx"):
        assert environment["packages"][package]
    assert environment["seed"] == 1
    assert environment["wall_s"] > 0


@pytest.mark.parametrize(
    ("override", "error"),
    [
        ("duration=-1 s", ScenarioError),
        ("nodes.A.gpu=none-such", InputError),
        ("services.s.policy=mine", ScenarioError),
        ("contents.v.path=nowhere.mkv", ScenarioError),
    ],
)
def test_wrong_input_leaves_nothing(small, tmp_path, override, error):
    with pytest.raises(error):
        run(small, overrides=[override])
    assert listed(tmp_path) == ["small.yaml"]


def test_a_file_that_is_no_video_is_found_when_the_run_is_built(small, tmp_path):
    (tmp_path / "v.mkv").write_bytes(b"not a video at all")
    content = "{kind: file, path: v.mkv, class: sports, semantic_bits: 10}"
    with pytest.raises(InputError, match=r"v\.mkv: cannot be read as video"):
        run(small, overrides=[f"contents.v={content}"])
    assert listed(tmp_path) == ["small.yaml", "v.mkv"]


@pytest.fixture
def live(small, tmp_path):
    """A live scenario without actions: nothing starts a worker."""
    av = pytest.importorskip("av")

    def go(side_px):
        with av.open(str(tmp_path / "v.mkv"), "w") as container:
            stream = container.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = side_px, side_px, "yuv420p"
            for value in range(25):
                planes = np.full((side_px * 3 // 2, side_px), 40 + value, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
            container.mux(stream.encode(None))
        content = "{kind: file, path: v.mkv, class: sports, semantic_bits: 10}"
        return {"overrides": ["fidelity=live", f"contents.v={content}"], "save_video": True}

    return go


def test_video_that_cannot_be_saved_is_a_warning_and_the_run_is_kept(small, live, tmp_path):
    """Frames of 64 x 64 pixels are too small for the MP4, not for the picture beside it."""
    pytest.importorskip("matplotlib")
    done = run(small, out="out", **live(64))
    (note,) = done.summary["notes"]
    assert note == "video/s-B.mp4 is not saved: frames of 64 x 64 pixels; sides are at least 66"
    assert note in done.warnings
    assert done.summary["live"]["videos"] == {}
    assert listed(tmp_path / "out" / "video") == ["s-B.png"]
    assert done.summary["segments_delivered"] == 3
    assert json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))["notes"] == [note]


def test_a_full_disk_while_video_is_saved_costs_no_records(small, live, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")

    def full(*_arguments, **_more):
        raise OSError(28, "No space left on device", "out/video/x.mp4")

    settings = live(72)
    monkeypatch.setattr("netgen.live.saving.VideoRecorder.finish", full)
    done = run(small, out="out", **settings)
    assert done.summary["notes"] == ["video/s-B.mp4 is not saved: No space left on device"]
    assert pq.read_table(tmp_path / "out" / "segments.parquet").num_rows == 3


def test_what_saving_video_needs_is_told_before_the_run_starts(small, live, tmp_path, monkeypatch):
    seen = []
    settings = live(72)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"netgen\[plot\]"):
        run(small, out="out", progress=lambda *_: seen.append(_), **settings)
    assert seen == []
    assert listed(tmp_path) == ["small.yaml", "v.mkv"]


def test_a_broken_law_fails_the_run_and_keeps_the_records(small, tmp_path, monkeypatch):
    from netgen.engine import simulation  # noqa: PLC0415

    true = simulation.books.link_balances

    def lying(link, end_ns):
        return [*true(link, end_ns), Balance("link-bits", link.name, 1000.0, 997.0)]

    monkeypatch.setattr(simulation.books, "link_balances", lying)
    with pytest.raises(ConservationError, match=r"link-bits \(.*\): 3 at A->B"):
        run(small, out="out")
    assert pq.read_table(tmp_path / "out" / "segments.parquet").num_rows == 3
    assert pq.read_table(tmp_path / "out" / "links.parquet").num_rows == 6
    failed = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))["failed"]
    assert "the books do not balance" in failed


def test_a_full_disk_is_no_half_written_directory(small, tmp_path, monkeypatch):
    from netgen import run as module  # noqa: PLC0415

    def full(*_arguments, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.LedgerWriter, "add_columns", full)
    with pytest.raises(OSError, match="No space left"):
        run(small, out="out")
    assert listed(tmp_path) == ["small.yaml"]


def test_parents_that_were_there_stay_and_those_that_were_made_go(small, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError):
        run(small, overrides=["nodes.A.gpu=none-such"], out="there/new/run")
    assert listed(tmp_path) == ["small.yaml", "there"]
    run(small, out="there/new/run")
    with pytest.raises(InputError):
        run(small, overrides=["nodes.A.gpu=none-such"], out="there/new/other")
    assert (tmp_path / "there" / "new" / "run" / "summary.json").is_file()
    assert not (tmp_path / "there" / "new" / "other").exists()


def test_the_baseline_meets_the_same_world_and_has_its_own_records(small, tmp_path):
    result = run(ROOT / "scenarios" / "fig8_scenario2.yaml", overrides=["duration=5 s"], out="out")
    mine = pq.read_table(result.folder / "segments.parquet")
    other = pq.read_table(result.folder / "baseline" / "segments.parquet")
    assert sorted(mine["offered_s"].to_pylist()) == sorted(other["offered_s"].to_pylist())
    assert set(other["contracted_by"].to_pylist()) == {""}
    assert set(mine["contracted_by"].to_pylist()) - {""} == {
        "face"
    }  # the last one may be on its way to A's GPU
    assert result.summary["baseline"]["bits_sent"] > result.summary["bits_sent"]
    assert result.summary["baseline"]["service_modes"].keys() == {"wired"}


def test_warnings_say_what_is_odd(small):
    small.write_text(TEXT + "policies: {idle: forward}\n", encoding="utf-8")
    assert run(small, out="out").warnings == (
        "policies.idle is not used: no service, node, mode of collaboration or baseline names it",
    )


def test_a_link_to_an_empty_folder_is_followed(small, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk", target_is_directory=True)
    assert run(small, out="out").folder == tmp_path / "disk"
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "out" / "summary.json").is_file()
    with pytest.raises(InputError, match="is not empty"):
        run(small, out="out")


def test_a_link_to_nothing_is_followed_too(small, tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    run(small, out="out")
    assert (tmp_path / "disk" / "summary.json").is_file()


def test_a_link_to_itself_is_wrong_input(small, tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "out")
    with pytest.raises(InputError, match="its links lead in a circle"):
        run(small, out="out")


@pytest.mark.parametrize("out", ["x" * 300, "x" * 300 + "/run", "there/" + "x" * 300])
def test_a_name_that_is_too_long_is_wrong_input(small, tmp_path, out):
    with pytest.raises(InputError, match="cannot be written: File name too long"):
        run(small, out=out)
    assert listed(tmp_path) == ["small.yaml"]


def test_a_name_that_only_the_folder_beside_it_makes_too_long_is_used(small, tmp_path):
    """What is written first has a name of its own, which must not be longer than the system takes."""
    name = "x" * 250
    run(small, out=name)
    assert (tmp_path / name / "summary.json").is_file()


def test_what_gets_in_the_way_meanwhile_costs_no_results(small, tmp_path):
    def intrude(time_s, end_s):
        (tmp_path / "out" / "theirs.txt").write_text("keep", encoding="utf-8")

    with pytest.raises(
        OSError, match=r"out cannot be replaced \(.*\); the results are complete and in "
    ) as error:
        run(small, out="out", progress=intrude)
    place = Path(str(error.value).rpartition(" in ")[2])
    assert json.loads((place / "summary.json").read_text(encoding="utf-8"))["scenario"] == "small"
    assert (tmp_path / "out" / "theirs.txt").read_text(encoding="utf-8") == "keep"


def test_a_baseline_that_fails_leaves_the_run_as_it_is(small, tmp_path):
    (tmp_path / "fails.py").write_text(
        "from netgen.policy import RelayPolicy\n\n\nclass Fails(RelayPolicy):\n"
        "    def decide(self, view, rng):\n        raise RuntimeError('had enough')\n",
        encoding="utf-8",
    )
    alone = run(small, out="alone").summary
    assert alone["wall_s"] > 0
    small.write_text(TEXT + "policies: {fails: 'fails.py:Fails'}\nbaseline: fails\n", encoding="utf-8")
    with pytest.raises(
        PolicyError, match=r'(?s)baseline "fails" failed: .*had enough.*run itself is complete .* out'
    ):
        run(small, out="out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary.pop("baseline").keys() == {"policy", "failed"}
    assert "failed" not in summary
    for figure in ("segments_delivered", "bits_sent", "links", "laws"):
        assert summary[figure] == alone[figure]
    assert (tmp_path / "out" / "baseline" / "segments.parquet").is_file()
    assert (tmp_path / "out" / "environment.json").is_file()


def test_a_baseline_that_cannot_be_made_leaves_the_run_as_it_is(small, tmp_path):
    """A baseline that fails to start is found after the run, which may have taken hours; the run stays."""
    (tmp_path / "lacks.py").write_text(
        "from netgen.policy import RelayPolicy\n\n\nclass Lacks(RelayPolicy):\n"
        "    def __init__(self) -> None:\n        raise RuntimeError('no licence')\n"
        "    def decide(self, view, rng):\n        return view.forward.decision\n",
        encoding="utf-8",
    )
    small.write_text(TEXT + "policies: {lacks: 'lacks.py:Lacks'}\nbaseline: lacks\n", encoding="utf-8")
    with pytest.raises(NetgenError, match="no licence") as error:
        run(small, out="out")
    assert error.value.exit_code == 1
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["segments_delivered"] == 3
    assert "no licence" in summary["baseline"]["failed"]


@pytest.mark.parametrize("interval", ["1 s", "300 ms", "7 ms"])
@pytest.mark.parametrize("duration", ["10 ms", "1050 ms"])
def test_a_run_may_be_shorter_than_an_interval_and_need_not_be_a_multiple_of_it(small, duration, interval):
    """How often the ledger is written changes no figure; the defaults do not refuse a short run."""
    one = run(small, overrides=[f"duration={duration}"], out="one").summary
    other = run(
        small, overrides=[f"duration={duration}", f"interval={interval}", "epoch=1 h"], out="other"
    ).summary
    for figure in ("segments_offered", "segments_delivered", "bits_sent"):
        assert other[figure] == one[figure]
    assert other["segments_offered"] == (2 if duration == "1050 ms" else 1)
    for summary in (one, other):
        assert all(law["holds"] for law in summary["laws"].values())
        assert summary["links"]["A->B"]["utilisation"] == pytest.approx(one["links"]["A->B"]["utilisation"])
