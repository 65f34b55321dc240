from fractions import Fraction

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.media.codec import Codec, CodingConfig, write_video
from netgen.media.yuv_clip import YuvClip, clip_from_file, clip_from_rgb, rgb_from_clip

av = pytest.importorskip("av")


def test_colours_become_limited_range_bt601():
    """ITU-R BT.601: luma of grey g is 16 + 219 g / 255; pure red has luma 81 and chroma (90, 240)."""
    colours = {(0, 0, 0): (16, 128, 128), (255, 255, 255): (235, 128, 128), (255, 0, 0): (81, 90, 240)}
    for rgb, yuv in colours.items():
        frames = np.full((1, 64, 64, 3), rgb, np.uint8)
        clip = clip_from_rgb(frames, frame_rate_hz=Fraction(25))
        chroma = clip.planes[0, 64:].reshape(2, 32, 32)
        found = (clip.luma.mean(), chroma[0].mean(), chroma[1].mean())
        assert found == pytest.approx(yuv, abs=1)
        assert np.abs(rgb_from_clip(clip).astype(int) - frames).max() <= 3


def test_a_clip_knows_its_size_and_is_read_only():
    clip = YuvClip(np.zeros((3, 96, 80), np.uint8), Fraction(25))
    assert (clip.frames, clip.width_px, clip.height_px) == (3, 80, 64)
    assert clip.luma.shape == (3, 64, 80)
    with pytest.raises(ValueError, match="read-only"):
        clip.planes[0, 0, 0] = 1


@pytest.mark.parametrize("shape", [(0, 96, 64), (2, 95, 64), (2, 96, 63), (96, 64)])
def test_planes_that_are_not_420_are_refused(shape):
    with pytest.raises(ValueError, match="not planar YUV 4:2:0"):
        YuvClip(np.zeros(shape, np.uint8), Fraction(25))


def test_odd_sides_and_damaged_files_are_refused_by_name(tmp_path):
    odd = tmp_path / "odd.avi"
    with av.open(str(odd), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 65, 64, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 65, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame.reformat(format="yuvj420p")))
        container.mux(stream.encode(None))
    with pytest.raises(InputError, match=r"odd\.avi: frames of 65 x 64 pixels; both must be even"):
        clip_from_file(odd, most_frames=1, frame_rate_hz=Fraction(25))
    damaged = tmp_path / "damaged.mkv"
    write_video(
        damaged, YuvClip(np.zeros((3, 144, 96), np.uint8), Fraction(25)), CodingConfig(Codec.X264, 30, 1, 25)
    )
    damaged.write_bytes(damaged.read_bytes()[:200])
    with pytest.raises(InputError, match=r"damaged\.mkv: "):
        clip_from_file(damaged, most_frames=1, frame_rate_hz=Fraction(25))
