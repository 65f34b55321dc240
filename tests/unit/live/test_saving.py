from fractions import Fraction

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.live.saving import VideoRecorder
from netgen.media.video_file import measure_video_file
from netgen.media.yuv_clip import YuvClip, clip_from_file

pytest.importorskip("av")
RATE = Fraction(25)


def flat(luma, *, count=5, side=72, rate=RATE):
    planes = np.full((count, side * 3 // 2, side), 128, np.uint8)
    planes[:, :side] = luma
    return YuvClip(planes, rate)


def brightness(path):
    """Mean luma of every frame, rounded."""
    clip = clip_from_file(path, most_frames=1000, frame_rate_hz=RATE)
    return np.round(clip.luma.mean(axis=(1, 2))).astype(int).tolist()


def test_segments_follow_each_other_and_gaps_are_filled(tmp_path):
    path = tmp_path / "h.mp4"
    with VideoRecorder(path, 0.2, frame_rate_hz=RATE) as recorder:
        assert recorder.show(1, flat(100))
        assert recorder.show(2, flat(150))
        assert not recorder.show(2, flat(10))
        assert recorder.show(5, flat(200))
        assert not recorder.show(3, flat(10))
        assert not path.exists()
        saved = recorder.finish(segments=7)
    assert saved.path == path
    assert (saved.segments, saved.missing, saved.frames) == (7, (0, 3, 4, 6), 35)
    assert saved.size_bytes == path.stat().st_size
    assert brightness(path) == [16] * 5 + [100] * 5 + [150] * 15 + [200] * 10
    report = measure_video_file(path)
    assert (report.frame_rate_hz, report.has_constant_rate, report.codec) == (RATE, True, "h264")
    assert [one.name for one in tmp_path.iterdir()] == ["h.mp4"]


def test_a_file_begins_with_the_receivers_first_segment(tmp_path):
    path = tmp_path / "late.mp4"
    with VideoRecorder(path, 0.2, frame_rate_hz=RATE, first=40) as recorder:
        assert not recorder.show(39, flat(10))
        recorder.show(40, flat(90))
        saved = recorder.finish()
    assert (saved.segments, saved.missing) == (1, ())
    assert brightness(path) == [90] * 5


def test_segments_that_are_no_whole_number_of_frames_keep_the_rate(tmp_path):
    """0.1 s at 25 Hz: 3, 2, 3, 2 frames; one segment of two frames is missing."""
    path = tmp_path / "uneven.mp4"
    with VideoRecorder(path, 0.1, frame_rate_hz=RATE) as recorder:
        for index, count in enumerate((3, 2, 3, 2, 3)):
            if index != 3:
                recorder.show(index, flat(50 + 20 * index, count=count))
        assert recorder.finish().frames == 13
    report = measure_video_file(path)
    assert report.has_constant_rate
    assert report.frames == 13


def test_a_segment_of_fewer_frames_lasts_as_long(tmp_path):
    path = tmp_path / "variable.mp4"
    with VideoRecorder(path, 0.4, frame_rate_hz=RATE) as recorder:
        recorder.show(0, flat(50, count=10))
        recorder.show(1, flat(90, count=4, rate=Fraction(10)))
        recorder.show(2, flat(50, count=10))
        recorder.finish()
    report = measure_video_file(path)
    assert report.frames == 24
    assert report.duration_s == pytest.approx(1.2, abs=0.06)


def test_the_same_segments_give_the_same_bytes(tmp_path):
    noise = np.random.default_rng(4).integers(0, 256, (25, 108, 72), np.uint8)
    written = []
    for name in ("one.mp4", "two.mp4"):
        with VideoRecorder(tmp_path / name, 1.0, frame_rate_hz=RATE) as recorder:
            recorder.show(0, YuvClip(noise.copy(), RATE))
            recorder.finish()
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_a_recorder_left_by_an_error_or_without_segments_leaves_nothing(tmp_path):
    def fails():
        with VideoRecorder(tmp_path / "a.mp4", 0.2, frame_rate_hz=RATE) as recorder:
            recorder.show(0, flat(100))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    with VideoRecorder(tmp_path / "b.mp4", 0.2, frame_rate_hz=RATE) as recorder:
        assert recorder.finish(segments=3) is None
    assert list(tmp_path.iterdir()) == []


class Full:
    """A container on a disk without room."""

    def __init__(self, container):
        self.mux = container.mux
        self.inner = container

    def close(self):
        raise OSError(28, "No space left on device")


def test_an_older_file_is_replaced_only_when_the_new_one_is_finished(tmp_path):
    path = tmp_path / "h.mp4"
    path.write_text("old")
    with VideoRecorder(path, 0.2, frame_rate_hz=RATE) as recorder:
        recorder.show(0, flat(100))
        assert path.read_text() == "old"
    assert path.read_text() == "old"


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"saved as \.mp4"):
        VideoRecorder(tmp_path / "h.mkv", 0.2, frame_rate_hz=RATE)
    with pytest.raises(InputError, match="does not exist"):
        VideoRecorder(tmp_path / "no" / "h.mp4", 0.2, frame_rate_hz=RATE)
    with VideoRecorder(tmp_path / "h.mp4", 0.2, frame_rate_hz=RATE) as recorder:
        with pytest.raises(InputError, match="at least 66"):
            recorder.show(0, flat(100, side=64))
        recorder.show(0, flat(100))
        with pytest.raises(InputError, match="80 x 80 pixels after others of 72 x 72"):
            recorder.show(1, flat(100, side=80))


def test_what_cannot_be_completed_leaves_nothing_either(tmp_path):
    """On a full disk even giving up fails: the container writes its end."""

    def fails():
        with VideoRecorder(tmp_path / "a.mp4", 0.2, frame_rate_hz=RATE) as recorder:
            recorder.show(0, flat(100))
            recorder._container = Full(recorder._container)
            recorder.finish()

    with pytest.raises(OSError, match="No space left"):
        fails()
    assert list(tmp_path.iterdir()) == []
