"""What large models share: pictures with margins."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.pretrained.moved_detail import spread_detail
from netgen.pretrained.pictures import clip_of, cropped, padded


def test_margins_repeat_the_edge_and_come_off_again():
    rgb = np.random.default_rng(0).random((2, 10, 13, 3), dtype=np.float32)
    room = padded(rgb, 8)
    assert room.shape == (2, 16, 16, 3)
    assert np.array_equal(room[:, 12], room[:, 9])
    assert np.array_equal(cropped(room, (16, 16), (10, 13)), rgb)
    twice = room.repeat(2, axis=1).repeat(2, axis=2)
    assert np.array_equal(cropped(twice, (16, 16), (10, 13))[:, ::2, ::2], rgb)


@pytest.mark.parametrize("made", [(8, 16), (16, 24), (24, 24)])
def test_other_sizes_than_whole_multiples_are_refused(made: tuple[int, int]):
    with pytest.raises(InputError, match="accepted: the same size, or a whole multiple"):
        cropped(np.zeros((1, *made, 3), np.float32), (16, 16), (10, 13))


def test_numbers_that_are_not_finite_are_refused():
    rgb = np.zeros((1, 8, 8, 3), np.float32)
    rgb[0, 0, 0, 0] = np.nan
    with pytest.raises(InputError, match="not finite numbers"):
        clip_of(rgb, (8, 8), Fraction(25))


def test_detail_goes_with_what_it_lies_on():
    """A texture moves 2 pixels a frame; a stripe painted on it in the first and the last frame must move with it."""
    rng = np.random.default_rng(1)
    texture = np.kron(rng.random((12, 24)), np.ones((6, 6))).astype(np.float32)
    smooth = (texture + np.roll(texture, 1, 0) + np.roll(texture, 1, 1) + np.roll(texture, 3, 1)) / 4
    base = np.stack([np.stack([smooth[:, 20 - 2 * t : 100 - 2 * t]] * 3, axis=-1) for t in range(5)]) * 0.5
    stripe = np.zeros_like(base)
    for t in range(5):
        stripe[t, :, 30 + 2 * t : 36 + 2 * t] = 0.3
    frames = spread_detail(base, (0, 4), (base + stripe)[[0, 4]])
    assert np.array_equal(frames[[0, 4]], (base + stripe)[[0, 4]])
    wanted = base[2] + stripe[2]
    inside = np.s_[12:-12, 12:-12]
    left_behind = np.abs(base[2] + (stripe[0] + stripe[4]) / 2 - wanted)[inside].mean()
    assert np.abs(frames[2] - wanted)[inside].mean() < 0.4 * left_behind
