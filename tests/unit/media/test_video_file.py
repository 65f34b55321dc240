import sys
from fractions import Fraction

import numpy as np
import pytest

from netgen.errors import InputError, MissingDependencyError
from netgen.media.codec import Codec, CodingConfig, encode, write_video
from netgen.media.video_file import measure_video_file, track_from_file
from netgen.media.yuv_clip import YuvClip
from netgen.provenance import Provenance

av = pytest.importorskip("av")


def moving(frames, *, rate_hz=25, side_px=96):
    """Texture that moves, so that B-frames are used and sizes differ."""
    texture = (
        np.random.default_rng(3).integers(0, 256, (side_px * 3 // 2, side_px + 2 * frames)).astype(np.uint8)
    )
    planes = np.stack([texture[:, 2 * k : 2 * k + side_px] for k in range(frames)])
    return YuvClip(planes, Fraction(rate_hz))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def with_b_frames(folder):
    """60 frames of x264 with a group of pictures every 25."""
    path = folder / "b-frames.mp4"
    write_video(path, moving(60), CodingConfig(Codec.X264, 30, 1, 25))
    return path


@pytest.fixture(scope="module")
def with_audio(folder):
    """30 frames with one second and a fifth of silence beside them, and one with silence only."""
    path = folder / "audio.mkv"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=25)
        picture.width, picture.height, picture.pix_fmt = 96, 96, "yuv420p"
        picture.codec_context.thread_count = 1
        sound = container.add_stream("pcm_s16le", rate=8000)
        for index, plane in enumerate(moving(30).planes):
            frame = av.VideoFrame.from_ndarray(plane, format="yuv420p")
            frame.pts = index
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        _silence(container, sound, 9600)
    return path


def _silence(container, stream, samples):
    frame = av.AudioFrame.from_ndarray(np.zeros((1, samples), np.int16), format="s16", layout="mono")
    frame.sample_rate, frame.pts = 8000, 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def test_sizes_are_those_of_the_packets_in_the_order_of_presentation(with_b_frames):
    report = measure_video_file(with_b_frames)
    with av.open(str(with_b_frames)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        stored = [packet.pts for packet in packets]
        assert stored != sorted(stored)  # the file does reorder
        by_time = sorted(packets, key=lambda packet: packet.pts)
        assert report.frame_bits.tolist() == [8 * packet.size for packet in by_time]
    assert report.frames == 60
    assert report.gop_frames == (25, 25, 10)
    assert np.flatnonzero(report.is_keyframe).tolist() == [0, 25, 50]
    assert report.has_constant_rate
    assert (report.codec, report.frame_rate_hz) == ("h264", 25)
    assert (report.video_format.width_px, report.video_format.height_px) == (96, 96)
    assert report.duration_s == pytest.approx(2.4)
    assert report.bits_per_pixel == pytest.approx(report.frame_bits.sum() / (60 * 96 * 96))
    assert report.rate_bps == pytest.approx(report.frame_bits.sum() / 2.4)
    assert not report.frame_bits.flags.writeable


def test_a_track_is_the_whole_segments_and_the_rest_is_reported(with_b_frames):
    report = measure_video_file(with_b_frames)
    result = report.segmented(1.0)
    assert result.track.bits.tolist() == [report.frame_bits[:25].sum(), report.frame_bits[25:50].sum()]
    assert result.track.provenance is Provenance.MEASURED
    assert (result.dropped_frames, result.dropped_bits) == (10, report.frame_bits[50:].sum())
    assert np.array_equal(track_from_file(with_b_frames, segment_s=1.0).bits, result.track.bits)
    with pytest.raises(InputError, match=r"b-frames\.mp4: 60 frames .* shorter than one segment of 3 s"):
        track_from_file(with_b_frames, segment_s=3.0)


def test_the_payload_is_the_encoders_own_bitstream(folder):
    """Matroska stores what SVT-AV1 made, without the temporal delimiter of 2 byte before each frame."""
    clip, config = moving(10), CodingConfig(Codec.SVTAV1, 50, 1, 25)
    path = folder / "av1.mkv"
    write_video(path, clip, config)
    bare = [8 * len(packet) for packet in encode(clip, config).packets]
    report = measure_video_file(path)
    assert report.codec == "av1"
    assert report.frame_bits.tolist() == [bits - 16 for bits in bare]


def test_sound_is_read_over_and_a_missing_stream_duration_is_no_obstacle(with_audio):
    report = measure_video_file(with_audio)
    with av.open(str(with_audio)) as container:
        assert len(container.streams) == 2
        assert container.streams.video[0].duration is None
        pictures = sum(packet.size for packet in container.demux(video=0))
    assert report.frame_bits.sum() == 8 * pictures
    assert report.frames == 30


def test_ntsc_rates_are_exact_although_matroska_rounds_times_to_milliseconds(folder):
    path = folder / "ntsc.mkv"
    write_video(path, moving(61, rate_hz=Fraction(30000, 1001)), CodingConfig(Codec.X264, 40, 1, 30))
    report = measure_video_file(path)
    assert report.frame_rate_hz == Fraction(30000, 1001)
    assert report.has_constant_rate
    assert report.segmented(1.0).track.frames.tolist() == [30, 30]


def test_a_variable_rate_keeps_the_times_of_the_frames(folder):
    """Ten frames 40 ms apart, then six 80 ms apart."""
    path = folder / "variable.mkv"
    times_ms = [40 * k for k in range(10)] + [400 + 80 * k for k in range(6)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 96, "yuv420p"
        stream.codec_context.thread_count = 1
        for plane, time_ms in zip(moving(16).planes, times_ms, strict=True):
            frame = av.VideoFrame.from_ndarray(plane, format="yuv420p")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    report = measure_video_file(path)
    assert not report.has_constant_rate
    assert report.segmented(0.4).track.frames.tolist() == [10, 5]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv", "cut.avi"])
def test_a_truncated_file_is_refused(folder, name, share):
    whole = folder / f"whole-{name}"
    if not whole.exists():
        write_video(whole, moving(40), CodingConfig(Codec.X264, 30, 1, 25))
    measure_video_file(whole)
    content = whole.read_bytes()
    cut = folder / f"{share}-{name}"
    cut.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=rf"{name}: .*accepted: a local video file"):
        measure_video_file(cut)


def test_what_is_not_a_video_is_refused_by_name_and_with_what_is_accepted(folder):
    sound = folder / "sound.mkv"
    with av.open(str(sound), "w") as container:
        _silence(container, container.add_stream("pcm_s16le", rate=8000), 800)
    text = folder / "notes.txt"
    text.write_text("not a video\n" * 500)
    playlist = folder / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nwhole.mp4\n")
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "noise.mkv").write_bytes(np.random.default_rng(1).bytes(5000))
    for path, message in (
        (sound, r"holds no video stream \(found: audio\)"),
        (text, "cannot be read as video"),
        (playlist, "cannot be read as video"),
        (folder / "empty.mp4", "cannot be read as video"),
        (folder / "noise.mkv", "cannot be read as video"),
        (folder / "absent.mp4", "does not exist"),
        (folder, "is a directory"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            measure_video_file(path)
        assert str(path) in str(caught.value)
        assert "accepted: a local video file" in str(caught.value)


def test_a_video_stream_without_frames_is_refused(folder):
    path = folder / "no-frames.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 96, "yuv420p"
        container.start_encoding()
    with pytest.raises(InputError, match=r"no-frames\.mkv: .*(no frames|no video stream|cannot be read)"):
        measure_video_file(path)


def test_frames_without_times_are_refused(folder):
    path = folder / "raw.mkv"
    write_video(path, moving(5), CodingConfig(Codec.X264, 30, 1, 25))
    raw = folder / "raw.h264"
    raw.write_bytes(b"".join(encode(moving(5), CodingConfig(Codec.X264, 30, 1, 25)).packets))
    measure_video_file(path)
    with pytest.raises(InputError, match=r"raw\.h264: cannot be read as video"):
        measure_video_file(raw)


def test_without_pyav_the_message_names_the_extra(with_b_frames, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingDependencyError, match=r"pip install netgen\[video\]"):
        measure_video_file(with_b_frames)
