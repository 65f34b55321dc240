import numpy as np
import pytest

from netgen.described.motion import PARAMETERS
from netgen.described.resampling import resampled, shifted
from netgen.described.scenes import cuts, key_count, key_frames, shares, track_of

STILL = np.zeros((1, PARAMETERS), np.int64)


def _picture(seed: int) -> np.ndarray:
    return resampled(np.random.default_rng(seed).integers(30, 220, (18, 30)).astype(np.uint8), 90, 160)


def test_a_cut_is_found_and_a_fast_pan_is_none() -> None:
    one, other = _picture(0), _picture(1)
    assert cuts([one] * 6 + [other] * 5, 25.0, 8) == [6]
    rows, columns = np.mgrid[:90, :160].astype(np.float32)
    wide = resampled(np.random.default_rng(2).integers(30, 220, (18, 90)).astype(np.uint8), 90, 480)
    pan = [shifted(wide, rows, columns + 3 * max(frame - 5, 0) ** 2) for frame in range(11)]
    assert cuts(pan, 25.0, 8) == []


def test_long_scenes_are_divided_evenly() -> None:
    assert cuts([_picture(0)] * 76, 25.0, 8) == [38]
    assert cuts([_picture(0)] * 38, 25.0, 8) == []


def test_no_more_scenes_than_allowed() -> None:
    flicker = [_picture(frame // 3) for frame in range(30)]
    assert len(cuts(flicker, 25.0, 4)) <= 3


def test_a_still_scene_has_no_knots_and_one_picture() -> None:
    frames = [_picture(0)] * 9
    np.testing.assert_array_equal(track_of(frames, 4), STILL)
    assert key_count(frames, STILL, (160, 90), lambda keys: (100 * len(keys), 50.0)) == 1


def test_changing_frames_are_worth_more_pictures_when_these_are_cheap() -> None:
    frames = [_picture(0) * (1 - frame / 24) + _picture(1) * (frame / 24) for frame in range(25)]
    many = key_count(frames, STILL, (160, 90), lambda keys: (100 + len(keys), 50.0))
    few = key_count(frames, STILL, (160, 90), lambda keys: (10_000 * len(keys), 5000.0))
    assert many > few == 1


@pytest.mark.parametrize(("frames", "count"), [(1, 1), (2, 2), (25, 1), (25, 5), (25, 12), (12, 12)])
def test_key_frames_lie_inside_and_apart(frames: int, count: int) -> None:
    keys = key_frames(frames, count)
    assert len(set(keys)) == count
    assert 0 <= keys[0] <= keys[-1] < frames
    for frame, mix in enumerate(shares(frames, keys)):
        assert sum(share for _, share in mix) == pytest.approx(1)
        assert sum(share * keys[index] for index, share in mix) == pytest.approx(
            min(max(frame, keys[0]), keys[-1])
        )
