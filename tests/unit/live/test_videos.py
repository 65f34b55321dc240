import sys
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from netgen.live.videos import Received, file_stems, save_videos
from netgen.media.yuv_clip import YuvClip

av = pytest.importorskip("av")
pytest.importorskip("matplotlib")
RATE = Fraction(25)


def flat(side):
    return YuvClip(np.full((5, side * 3 // 2, side), 90, np.uint8), RATE)


def received(*segments, offered, side=72, gone=()):
    """A receiver that was shown flat frames; segments in `gone` cannot be made again."""
    frames = SimpleNamespace(clip=lambda _: flat(side), track=SimpleNamespace(segment_s=0.2))
    return Received(frames, segments, lambda index: None if index in gone else flat(side), offered)


def saved(folder, **by_receiver):
    pairs = {("s", name): one for name, one in by_receiver.items()}
    return save_videos(folder / "video", pairs, stems=file_stems(pairs))


def test_a_file_is_named_after_service_and_receiver():
    assert file_stems([("call", "H"), ("live-news", "H"), ("call", "cell-2")]) == {
        ("call", "H"): "call-H",
        ("live-news", "H"): "live-news-H",
        ("call", "cell-2"): "call-cell-2",
    }


def test_names_that_would_be_the_same_are_told_apart():
    assert file_stems([("a-b", "c"), ("a", "b-c"), ("a", "c")]) == {
        ("a-b", "c"): "a-b+c",
        ("a", "b-c"): "a+b-c",
        ("a", "c"): "a-c",
    }


def test_what_cannot_be_saved_keeps_nothing_else_from_being_saved(tmp_path):
    """One receiver's frames are too small for a video, though not for a picture."""
    done = saved(tmp_path, A=received(0, 1, offered=2, side=64), B=received(0, 2, offered=4))
    assert done.files == {"s/B": {"file": "video/s-B.mp4", "segments": 4, "missing": [1, 3]}}
    assert done.unsaved == ("video/s-A.mp4 is not saved: frames of 64 x 64 pixels; sides are at least 66",)
    assert sorted(one.name for one in (tmp_path / "video").iterdir()) == ["s-A.png", "s-B.mp4", "s-B.png"]


def test_a_picture_that_cannot_be_drawn_does_not_cost_the_video(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    done = saved(tmp_path, A=received(0, offered=1))
    assert done.files.keys() == {"s/A"}
    (told,) = done.unsaved
    assert told.startswith("video/s-A.png is not saved: pictures side by side need matplotlib")


def test_segments_that_cannot_be_made_again_are_missing(tmp_path):
    """The picture is of the first that can; without any there is no file."""
    done = saved(tmp_path, A=received(0, 1, offered=2, gone={0}), B=received(0, offered=1, gone={0}))
    assert done.files["s/A"]["missing"] == [0]
    assert done.unsaved == ("video/s-B.mp4 is not saved: nothing of it could be shown",)
    assert sorted(one.name for one in (tmp_path / "video").iterdir()) == ["s-A.mp4", "s-A.png"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (av.error.FFmpegError(1, "no such muxer"), "no such muxer"),
        (av.codec.codec.UnknownCodecError("libx264"), "libx264"),
    ],
)
def test_what_the_codec_library_raises_is_told(tmp_path, monkeypatch, error, reason):
    def fails(*_arguments, **_more):
        raise error

    monkeypatch.setattr("netgen.live.saving.VideoRecorder.show", fails)
    assert saved(tmp_path, A=received(0, offered=1)).unsaved == (f"video/s-A.mp4 is not saved: {reason}",)
