import json
from fractions import Fraction

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.generative import calibrate as module
from netgen.generative.calibrate import ACTIONS, CodingAction, calibrate, calibrate_to_file, find_action
from netgen.generative.profile import read_measured
from netgen.media.codec import Codec, CodingConfig, write_video
from netgen.media.yuv_clip import YuvClip

pytest.importorskip("av")


def write_clip(path, *, frames=8, width_px=288, height_px=272, still=False):
    x, y = np.meshgrid(np.arange(width_px + 3 * frames), np.arange(height_px * 3 // 2))
    picture = 128 + 50 * np.sin(x / 7) * np.cos(y / 11) + np.random.default_rng(4).normal(0, 5, x.shape)
    picture = np.full_like(picture, 128.0) if still else picture
    planes = np.stack([picture[:, 3 * k : 3 * k + width_px] for k in range(frames)]).astype(np.uint8)
    write_video(path, YuvClip(planes, Fraction(8)), CodingConfig(Codec.X264, 18, 1, 8))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip") / "waves.mkv", frames=30)


@pytest.fixture
def small_grid(monkeypatch):
    grid = CodingAction(Codec.X265, (1, 4), (30, 45))
    monkeypatch.setattr(module, "ACTIONS", {"x265": grid})
    return grid


def test_actions_cover_full_half_and_quarter_resolution_down_to_the_floor():
    assert ACTIONS["x265"].scales == ACTIONS["svtav1"].scales == (1, 2, 4)
    assert ACTIONS["x264"].crfs[-1] == ACTIONS["x265"].crfs[-1] == 51
    assert ACTIONS["svtav1"].crfs[-1] == 63
    assert find_action("codec.svtav1") is find_action("svtav1")
    with pytest.raises(
        InputError, match=r'is called "x266"; did you mean "x26[45]"\? \(known: svtav1, x264, x265\)'
    ):
        find_action("x266")


def test_every_configuration_is_measured_on_the_first_three_seconds(clip, small_grid):
    lines = []
    records = calibrate("codec.x265", videos=[clip], repeats=2, progress=lines.append)
    assert [(one.profile, one.crf) for one in records] == [
        ("x265", 30),
        ("x265", 45),
        ("x265-quarter", 30),
        ("x265-quarter", 45),
    ]
    assert len(lines) == 4
    for one in records:
        assert (one.frames, one.gop_frames, one.repeats) == (24, 8, 2)
        assert one.bits_per_pixel == pytest.approx(8 * one.size_bytes / (24 * 288 * 272))
        assert one.encode_s_per_frame > 0
        assert one.decode_s_per_frame > 0
        assert (one.content_set, one.clip, one.content_class) == ("file", "waves", None)
        assert dict(one.versions)["av"]
    full, quarter = records[0], records[2]
    assert full.psnr_db > records[1].psnr_db
    assert full.size_bytes > records[1].size_bytes
    assert full.psnr_db > quarter.psnr_db
    assert full.ms_ssim > quarter.ms_ssim
    assert full.size_bytes > quarter.size_bytes
    again = calibrate("x265", videos=[clip], repeats=1, progress=lines.append)
    assert [(one.size_bytes, one.psnr_db, one.ms_ssim) for one in again] == [
        (one.size_bytes, one.psnr_db, one.ms_ssim) for one in records
    ]


def test_records_name_the_set_and_class_that_the_list_beside_the_clip_gives(tmp_path, small_grid):
    video = write_clip(tmp_path / "waves.mkv")
    listing = {"set": "mine", "clips": [{"file": "waves.mkv", "class": "natural"}]}
    (tmp_path / "clips.json").write_text(json.dumps(listing), encoding="utf-8")
    record = calibrate("x265", videos=[video], repeats=1, progress=lambda _: None)[0]
    assert (record.content_set, record.clip, record.content_class) == ("mine", "waves", "natural")
    (tmp_path / "clips.json").write_text(
        '{"clips": [{"file": "waves.mkv", "class": "opera"}]}', encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"clips\.json: is not a list of clips .*talking-face, sports"):
        calibrate("x265", videos=[video], repeats=1, progress=lambda _: None)


def test_what_is_written_can_be_read_as_profiles(clip, small_grid, tmp_path):
    out = tmp_path / "measured.jsonl"
    records = calibrate_to_file("x265", videos=[clip], out=out, repeats=1, progress=lambda _: None)
    text = out.read_text(encoding="utf-8")
    assert len(text.splitlines()) == len(records) == 4
    assert str(clip.parent) not in text
    assert set(read_measured(text, "measured.jsonl")) == {"x265", "x265-quarter"}


def test_what_cannot_be_calibrated_is_refused_before_anything_is_coded(tmp_path, small_grid, monkeypatch):
    def never(*_):
        raise AssertionError("coded although it should have been refused")

    monkeypatch.setattr(module, "encode", never)
    good = write_clip(tmp_path / "good.mkv")
    narrow = write_clip(tmp_path / "narrow.mkv", width_px=240, height_px=200)
    low = write_clip(tmp_path / "low.mkv", height_px=160)
    for videos, repeats, message in (
        ([good, narrow], 1, "240 x 200 at scale 4 are 60 x 50 pixels"),
        ([good, low], 1, r"low\.mkv: frames of 288 x 160 pixels; both sides must be at least 176"),
        ([good], 0, "0 repeats"),
        ([], 1, "no video is given"),
        ([tmp_path / "none.mkv"], 1, r"none\.mkv: does not exist"),
    ):
        with pytest.raises(InputError, match=message):
            calibrate("x265", videos=videos, repeats=repeats, progress=lambda _: None)
    (tmp_path / "notes.jsonl").write_text("notes\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"notes\.jsonl:1"):
        calibrate_to_file(
            "x265", videos=[good], out=tmp_path / "notes.jsonl", repeats=1, progress=lambda _: None
        )


def test_a_clip_that_is_reproduced_exactly_has_no_psnr_to_record(tmp_path, small_grid):
    flat = write_clip(tmp_path / "flat.mkv", still=True)
    with pytest.raises(InputError, match="flat at x265 CRF 30: the clip is reproduced exactly"):
        calibrate("x265", videos=[flat], repeats=1, progress=lambda _: None)


def test_a_bitstream_that_changes_from_run_to_run_is_an_error(clip, small_grid, monkeypatch):
    real, calls = module.encode, []

    def unsteady(source, config):
        calls.append(config)
        coded = real(source, config)
        return type(coded)(
            coded.config, (*coded.packets[:-1], bytes([len(calls)])), 288, 272, coded.frame_rate_hz, 1.0
        )

    monkeypatch.setattr(module, "encode", unsteady)
    with pytest.raises(RuntimeError, match="different bitstreams"):
        calibrate("x265", videos=[clip], repeats=2, progress=lambda _: None)
