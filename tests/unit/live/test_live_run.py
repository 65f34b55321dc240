"""A live run with a workshop that fails on purpose, without any worker."""

from dataclasses import dataclass, replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.generative.representation import Representation
from netgen.live.live_run import LiveRun, LiveWorld
from netgen.live.store import ArtefactStore
from netgen.live.work import ActionReference, Failure, FailureKind, Result
from netgen.media.yuv_clip import YuvClip

RATE = Fraction(25)
CLIP = YuvClip(np.full((5, 108, 72), 90, np.uint8), RATE)
TIRED = Failure(FailureKind.CRASHED, "too tired")
WORKED = Result(
    contracted=None,
    clip=CLIP,
    wall_s=0.1,
    stages={},
    recode_s=0.0,
    peak_memory_bytes=1,
    device_memory_bytes=0,
    segments_at_once=1,
)


@dataclass(frozen=True)
class Segment:
    """A segment on its way, as far as a live run looks at it."""

    service: SimpleNamespace
    index: int
    representation: Representation
    frames: int = 5
    pixels: int = 72 * 72

    def after(self, representation):
        return replace(self, representation=representation)


class Desk:
    """Stands for the workshop: gives outcomes in the order in which they are laid out."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)

    def submit(self, task):
        return 0

    def result(self, ticket):
        return self.outcomes.pop(0)


@pytest.fixture
def live(monkeypatch):
    """A live run whose expansions have the given outcomes, and a segment that needs one to be shown."""
    quality = SimpleNamespace(psnr_db=40.0, ms_ssim=0.9, semantic_fidelity=0.8, vmaf=None)
    monkeypatch.setattr("netgen.live.live_run.measured_quality", lambda *_, vmaf: quality)
    world = LiveWorld(
        contents={"clip": SimpleNamespace(clip=lambda _: CLIP, track=SimpleNamespace(segment_s=0.2))},
        is_live=lambda *_: True,
        actions={"small": ActionReference("small")},
        measured_time=False,
        vmaf=False,
        seed_of=lambda *_: 1,
        node_of=lambda receiver: receiver.partition(":")[0],
    )
    with ArtefactStore() as store:

        def go(*outcomes):
            video = ContractedVideo("d", 72, 72, 5, RATE, (Part(PartKind.GENERATIVE, b"x"),))
            made = replace(
                Representation.source(100), last_action="small", artefact=store.put(video, action="small")
            )
            service = SimpleNamespace(name="show", content="clip")
            return LiveRun(world, Desk(*outcomes), store), Segment(service, 0, made)

        yield go


def test_every_receiver_that_cannot_be_shown_a_segment_is_named(live):
    """The segment is expanded once for both, in vain for both."""
    run, segment = live(TIRED)
    assert run.shown(segment, "H") is None
    assert run.shown(segment, "G") is None
    assert [(one.node, one.action, one.direction, one.message) for one in run.failures] == [
        ("H", "small", "show", "too tired"),
        ("G", "small", "show", "too tired"),
    ]
    assert [one["node"] for one in run.figures()["failures"]] == ["H", "G"]


def test_a_segment_is_expanded_once_for_all_receivers(live):
    run, segment = live(WORKED)
    assert run.shown(segment, "H").representation.psnr_db == 40.0
    assert run.shown(segment, "G").representation.psnr_db == 40.0
    assert run.failures == []


def test_a_failure_while_a_video_is_saved_is_noted_for_its_receiver(live, tmp_path):
    pytest.importorskip("av")
    pytest.importorskip("matplotlib")
    run, segment = live(WORKED, TIRED, WORKED)
    for receiver in ("G", "H"):
        run.shown(segment, receiver)
    done = run.save_videos(tmp_path, {("show", "G"): 1, ("show", "H"): 1})
    assert done.files.keys() == {"show/H"}
    assert len(done.unsaved) == 1
    assert [(one.node, one.direction) for one in run.failures] == [("G", "show")]


def test_a_tower_is_named_as_in_the_scenario_and_what_it_lost_at_the_end_is_missing(live, tmp_path):
    """The engine's name of its channel is in no scenario, and in no record of what was offered."""
    pytest.importorskip("av")
    pytest.importorskip("matplotlib")
    run, segment = live(WORKED, WORKED)
    run.shown(segment, "T:air")
    done = run.save_videos(tmp_path / "video", {("show", "T"): 3})
    assert done.files == {"show/T": {"file": "video/show-T.mp4", "segments": 3, "missing": [1, 2]}}


def test_files_of_two_receivers_do_not_overwrite_each_other(live, tmp_path):
    pytest.importorskip("av")
    pytest.importorskip("matplotlib")
    run, segment = live(*[WORKED] * 4)
    run.shown(replace(segment, service=SimpleNamespace(name="a-b", content="clip")), "c")
    run.shown(replace(segment, service=SimpleNamespace(name="a", content="clip")), "b-c")
    done = run.save_videos(tmp_path, {})
    assert len({one["file"] for one in done.files.values()}) == 2
    assert len(list(tmp_path.glob("*.mp4"))) == len(list(tmp_path.glob("*.png"))) == 2
