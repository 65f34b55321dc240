"""Clips are cut into whole segments, and known by their set, class and content."""

import hashlib
import json
from fractions import Fraction

import numpy as np
import pytest

from netgen.calibration.clips import joined, read_clips, shipped_clips
from netgen.errors import InputError
from netgen.media.codec import Codec, CodingConfig, write_video
from netgen.media.yuv_clip import YuvClip

pytest.importorskip("av")


def write_clip(path, *, frames):
    x, y = np.meshgrid(np.arange(96 + frames), np.arange(72 * 3 // 2))
    picture = 128 + 50 * np.sin(x / 7) * np.cos(y / 11)
    planes = np.stack([picture[:, k : k + 96] for k in range(frames)]).astype(np.uint8)
    write_video(path, YuvClip(planes, Fraction(8)), CodingConfig(Codec.X264, 18, 1, 8))
    return path


def test_the_first_three_seconds_are_cut_into_whole_segments(tmp_path):
    video = write_clip(tmp_path / "long.mkv", frames=30)
    (found,) = read_clips([video])
    assert [segment.frames for segment in found.segments] == [8, 8, 8]
    assert (found.frames, found.clip.segment_s) == (24, 1.0)
    assert np.array_equal(joined(found.segments[:1]).planes, found.segments[0].planes)
    assert found.clip.sha256 == hashlib.sha256(video.read_bytes()).hexdigest()
    assert (found.clip.content_set, found.clip.name, found.clip.content_class) == ("file", "long", None)
    (short,) = read_clips([write_clip(tmp_path / "short.mkv", frames=15)])
    assert [segment.frames for segment in short.segments] == [8]


def test_the_list_beside_the_clip_gives_set_and_class(tmp_path):
    video = write_clip(tmp_path / "waves.mkv", frames=8)
    listing = {"set": "mine", "clips": [{"file": "waves.mkv", "class": "natural"}]}
    (tmp_path / "clips.json").write_text(json.dumps(listing), encoding="utf-8")
    (found,) = read_clips([video])
    assert (found.clip.content_set, found.clip.content_class) == ("mine", "natural")
    wrong = '{"clips": [{"file": "waves.mkv", "class": "opera"}]}'
    (tmp_path / "clips.json").write_text(wrong, encoding="utf-8")
    with pytest.raises(InputError, match=r"clips\.json: is not a list of clips .*talking-face, sports"):
        read_clips([video])


def test_what_cannot_be_measured_is_refused(tmp_path):
    with pytest.raises(InputError, match="no video is given"):
        read_clips([])
    with pytest.raises(InputError, match=r"none\.mkv: does not exist"):
        read_clips([tmp_path / "none.mkv"])
    with pytest.raises(
        InputError, match=r"brief\.mkv: 7 frames at 8 Hz; at least one segment of 1 s is needed"
    ):
        read_clips([write_clip(tmp_path / "brief.mkv", frames=7)])
    video = write_clip(tmp_path / "twin.mkv", frames=8)
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match='two videos are called "twin"'):
        read_clips([video, write_clip(tmp_path / "other" / "twin.mkv", frames=8)])
    with pytest.raises(InputError, match="has no clips: run this in the repository"):
        shipped_clips(tmp_path / "other" / "nothing")
