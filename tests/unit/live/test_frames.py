from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.live import frames
from netgen.live.frames import SegmentFrames
from netgen.media.codec import Codec, CodingConfig, write_video
from netgen.media.video_file import measure_video_file
from netgen.media.yuv_clip import YuvClip, clip_from_file

av = pytest.importorskip("av")
RATE = Fraction(25)


def moving(count=30, *, side=72):
    """Frames that are all different."""
    planes = np.full((count, side * 3 // 2, side), 128, np.uint8)
    planes[:, :side] = np.random.default_rng(3).integers(60, 190, (side, side))
    for k in range(count):
        planes[k, :side, 2 * k : 2 * k + 8] = 230
    return YuvClip(planes, RATE)


@pytest.fixture(scope="module", params=[Codec.X264, Codec.X265, Codec.SVTAV1])
def path(request, tmp_path_factory):
    """A file with B-frames (x264, x265) and a key frame in every 10th place."""
    suffix = ".mkv" if request.param is Codec.X265 else ".mp4"
    path = tmp_path_factory.mktemp("video") / f"moving{suffix}"
    write_video(path, moving(), CodingConfig(request.param, 30, 1, 10))
    return path


@pytest.mark.parametrize(("segment_s", "segments"), [(0.1, 12), (0.36, 3), (0.4, 3)])
@pytest.mark.parametrize("step", [1, -1, 2])
def test_segments_are_the_files_frames_in_any_order(path, segment_s, segments, step):
    whole = clip_from_file(path, most_frames=100, frame_rate_hz=RATE)
    found = SegmentFrames(path, segment_s, cache_bytes=0)
    order = [*list(range(len(found)))[::step], *range(1, len(found))]
    clips = {index: found.clip(index) for index in order}
    assert len(found) == len(found.track) == segments
    clips |= {index: found.clip(index) for index in range(len(found)) if index not in clips}
    counts = [clips[index].frames for index in range(len(found))]
    assert counts == found.track.frames.tolist()
    shown = np.concatenate([clips[index].planes for index in range(len(found))])
    assert np.array_equal(shown, whole.planes[: len(shown)])
    assert clips[0].frame_rate_hz == RATE
    assert found.bits(len(found)) == found.track.bits[0]


def test_the_file_begins_anew_and_frames_stay_in_a_bounded_cache(path, monkeypatch):
    opened = Counter()
    really = frames.open_video

    def counted(path):
        opened["times"] += 1
        return really(path)

    monkeypatch.setattr(frames, "open_video", counted)
    segment_bytes = 10 * 108 * 72
    found = SegmentFrames(path, 0.4, cache_bytes=2 * segment_bytes)
    opened.clear()
    assert found.clip(4) is found.clip(1) is found.clip(7)
    assert opened["times"] == 1
    found.clip(2)
    found.clip(0)
    assert found.cached_bytes == 2 * segment_bytes
    opened.clear()
    found.clip(2)
    found.clip(0)
    assert opened["times"] == 0
    found.clip(1)
    assert opened["times"] == 1
    with pytest.raises(ValueError, match="numbered from 0"):
        found.clip(-1)


def test_files_in_long_groups_are_read_on_not_again(tmp_path, monkeypatch):
    path = tmp_path / "long.mp4"
    write_video(path, moving(), CodingConfig(Codec.X264, 30, 1, 30))
    found = SegmentFrames(path, 0.2)
    opened = Counter()
    really = frames.open_video

    def counted(path):
        opened["times"] += 1
        return really(path)

    monkeypatch.setattr(frames, "open_video", counted)
    for index in range(len(found)):
        found.clip(index)
    assert opened["times"] == 1


def test_a_variable_frame_rate_keeps_its_frames_and_its_duration(tmp_path):
    """25 Hz, but every second frame of the second half is left out."""
    path = tmp_path / "variable.mkv"
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 72, 72, "yuv420p"
        for slot, plane in enumerate(moving(20).planes):
            if slot < 10 or slot % 2 == 0:
                picture = av.VideoFrame.from_ndarray(plane, format="yuv420p")
                picture.pts, picture.time_base = slot, Fraction(1, 25)
                container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    report = measure_video_file(path)
    found = SegmentFrames(path, 0.2)
    counts = [found.clip(index).frames for index in range(len(found))]
    assert not report.has_constant_rate
    assert counts == report.segmented(0.2).track.frames.tolist()
    assert counts[0] > counts[-1]
    assert [found.clip(index).frame_rate_hz for index in range(len(found))] == [
        Fraction(n, 1) * 5 for n in counts
    ]
    whole = clip_from_file(path, most_frames=100, frame_rate_hz=RATE)
    assert np.array_equal(found.clip(len(found) - 1).planes, whole.planes[sum(counts[:-1]) : sum(counts)])


def test_a_damaged_file_says_which_segment(path, tmp_path):
    found = SegmentFrames(path, 0.4)
    damaged = tmp_path / path.name
    damaged.write_bytes(path.read_bytes())
    found.path = damaged
    # The packets in the middle are zeros: the index of the file still names them.
    content = bytearray(damaged.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = bytes(third)
    damaged.write_bytes(content)
    with pytest.raises(
        InputError, match=rf"{damaged.name}: (segment 1 has 10 frames|cannot be read as video)"
    ):
        found.clip(1)


def test_odd_sides_and_missing_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        SegmentFrames(tmp_path / "nothing.mp4", 1.0)
    path = tmp_path / "odd.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 73, 72, "yuv444p"
        for slot in range(25):
            picture = av.VideoFrame(73, 72, "yuv444p")
            picture.pts, picture.time_base = slot, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    with pytest.raises(InputError, match="both must be even"):
        SegmentFrames(path, 1.0)
