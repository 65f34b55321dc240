from fractions import Fraction

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.live.pictures import side_by_side
from netgen.media.yuv_clip import YuvClip, rgb_from_clip

pytest.importorskip("av")
image = pytest.importorskip("matplotlib.image")


def noise(seed, *, side=80):
    """Two different frames."""
    return YuvClip(
        np.random.default_rng(seed).integers(16, 236, (2, side * 3 // 2, side), np.uint8), Fraction(25)
    )


def test_frames_stand_beside_each_other_pixel_for_pixel(tmp_path):
    source, shown = noise(1), noise(2, side=60)
    path = tmp_path / "frames.png"
    side_by_side({"source": source, "shown": shown}, path, frame=1)
    picture = np.round(255 * image.imread(path)[..., :3]).astype(np.uint8)
    assert picture.shape == (80 + 28 + 12, 12 + 80 + 12 + 60 + 12, 3)
    assert np.array_equal(picture[28:108, 12:92], rgb_from_clip(source)[1])
    assert np.array_equal(picture[28:88, 104:164], rgb_from_clip(shown)[1])
    assert (picture[110:] == 255).all()
    assert (picture[:28] < 128).any()
    first = path.read_bytes()
    side_by_side({"source": source, "shown": shown}, path, frame=1)
    assert path.read_bytes() == first
    assert [one.name for one in tmp_path.iterdir()] == ["frames.png"]


def test_what_cannot_be_drawn_is_refused(tmp_path):
    with pytest.raises(InputError, match="no frame 2 of shown"):
        side_by_side({"shown": noise(1)}, tmp_path / "a.png", frame=2)
    with pytest.raises(InputError, match="no frame 0 of anything"):
        side_by_side({}, tmp_path / "a.png")
    with pytest.raises(InputError, match=r"saved as \.png"):
        side_by_side({"shown": noise(1)}, tmp_path / "a.jpg")
    with pytest.raises(InputError, match="does not exist"):
        side_by_side({"shown": noise(1)}, tmp_path / "no" / "a.png")
