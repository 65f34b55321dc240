from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.described.entropy import Contexts, Reader, Writer
from netgen.described.motion import (
    PARAMETERS,
    UNITS_PER_SIDE,
    brightened,
    code_track,
    estimated,
    positions,
    predicted,
    relative,
    track_at,
)
from netgen.described.resampling import resampled, shifted


def _texture(seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(30, 220, (18, 30)).astype(np.uint8)
    return resampled(coarse, 90, 160)


def _clip(motions: np.ndarray) -> list[np.ndarray]:
    large = resampled(np.random.default_rng(0).integers(30, 220, (36, 60)).astype(np.uint8), 180, 320)
    frames = []
    for motion in motions:
        rows, columns = positions(motion, 90, 160)
        frames.append(brightened(shifted(large, rows + 45, columns + 80), motion))
    return frames


@pytest.mark.parametrize(
    "last",
    [
        (120, 0, 120, 0, 120, 0, 0, 0),  # a pan of 4.7 cells of 160
        (-600, 200, -600, 200, -600, 200, 0, 0),  # a far one, which only the phase correlation finds
        (0, 0, 200, 0, 0, 112, 0, 0),  # a zoom
        (0, 0, 0, 130, -73, 0, 0, 0),  # a turn
        (40, 0, 40, 0, 40, 0, 6, 10),  # a pan into the light
    ],
)
def test_known_motion_is_found(last: tuple[int, ...]) -> None:
    motions = np.linspace(-1, 1, 9)[:, None] * np.array(last, float)
    found = estimated(_clip(motions), 4, [0, 4, 8])
    np.testing.assert_allclose(found[[0, 2], :6], motions[[0, 8], :6], atol=8)
    np.testing.assert_allclose(found[[0, 2], 6:], motions[[0, 8], 6:], atol=1.5)
    assert not found[1].any()


def test_noise_has_no_motion() -> None:
    noise = np.random.default_rng(1).normal(128, 30, (3, 60, 90)).astype(np.float32)
    assert np.abs(estimated(list(noise), 1, [0, 1, 2])).max() < UNITS_PER_SIDE


def test_flat_frames_have_no_motion() -> None:
    flat = [np.full((60, 90), 77, np.float32)] * 3
    assert not estimated(flat, 1, [0, 1, 2])[:, :6].any()


@given(st.lists(st.integers(-900, 900), min_size=40, max_size=40))
def test_a_track_comes_back(numbers: list[int]) -> None:
    track = np.array(numbers).reshape(5, PARAMETERS)
    track[2] = 0
    writer = Writer()
    code_track(writer, Contexts(), knots=4, track=track)
    np.testing.assert_array_equal(
        code_track(Reader(writer.message()), Contexts(), knots=4, track=None), track
    )


def test_steady_motion_costs_little() -> None:
    track = np.arange(-4, 5)[:, None] * np.array([30, 4, 30, 4, 30, 4, 0, 0])
    writer = Writer()
    code_track(writer, Contexts(), knots=8, track=track)
    assert len(writer.message()) < 16


def test_motion_is_linear_between_knots() -> None:
    track = np.array([[-20] * PARAMETERS, [0] * PARAMETERS, [40] * PARAMETERS])
    assert track_at(track, 9)[:, 0].tolist() == [-20, -15, -10, -5, 0, 10, 20, 30, 40]


def test_relative_motion_between_frames_is_exact() -> None:
    rng = np.random.default_rng(3)
    track = np.zeros((3, PARAMETERS), np.int64)
    track[[0, 2]] = rng.integers(-200, 200, (2, PARAMETERS))
    motion = [float(one) for one in relative(track, 9, (8, 0), (160, 90))]
    # A point of frame 8, looked up in frame 0, shows the same point of the anchor.
    units = 4096 / 160

    def at(x: float, y: float, motion: list[float]) -> tuple[float, float]:
        across, along = x / 160, y / 90
        moved = [
            motion[i] + across * (motion[2 + i] - motion[i]) + along * (motion[4 + i] - motion[i])
            for i in (0, 1)
        ]
        return x + moved[0] / units, y + moved[1] / units

    first, last = (list(track_at(track, 9)[frame]) for frame in (0, 8))
    assert at(*at(50, 20, motion), first) == pytest.approx(at(50, 20, last))
    assert motion[6:] == [track[2, 6] - track[0, 6], track[2, 7] - track[0, 7]]


def test_a_folded_track_is_taken_as_still() -> None:
    track = np.zeros((3, PARAMETERS), np.int64)
    track[0, 2] = -UNITS_PER_SIDE  # frame 0 shows one column of the anchor: nothing can be looked up in it
    assert relative(track, 9, (8, 0), (160, 90))[:6] == [0] * 6


def test_whole_number_motion_agrees_with_the_real_one() -> None:
    plane = np.rint(_texture()).clip(0, 255).astype(np.uint8)
    motion = [Fraction(one) for one in (130, -40, 190, 20, 60, -90, 3, -5)]
    whole = predicted(plane, motion, luma=True) / 16
    real = [float(one) for one in motion]
    shown = brightened(shifted(plane.astype(np.float32), *positions(real, *plane.shape)), real)
    assert np.abs(whole - shown.clip(0, 255)).max() < 1.5
