"""Scenes look as their labels say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from netgen.labelled.drawing import Circumstances, drawn_circumstances, drawn_clip, drawn_frames
from netgen.labelled.meaning import COLOURS, MOTIONS, Meaning, Thing
from netgen.rng import generator_from

PLAIN = Circumstances((0.5, 0.5), (0.0, 0.0), False, 1.0, 0.0, 0.0, ((0.0, 0.0),) * 4)
HALF = np.array([0.5])


def difference(meaning: Meaning, time_s: float = 0.5, side_px: int = 256) -> np.ndarray:
    """Return where a scene differs from the same one without objects."""
    times_s = np.array([time_s])
    drawn = drawn_frames(meaning, PLAIN, side_px=side_px, times_s=times_s)[0].astype(int)
    empty = drawn_frames(Meaning(meaning.background, (None,) * 4), PLAIN, side_px=side_px, times_s=times_s)[0]
    return np.abs(drawn - empty).max(axis=-1) > 12


def centre(mask: np.ndarray) -> tuple[float, float]:
    """Return the middle of the extent of what is marked."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2


@pytest.mark.parametrize("place", range(4))
def test_an_object_stays_in_its_place(place: int) -> None:
    """Large, at the far spot, moving outwards: it never leaves its quadrant."""
    for spot in range(4):
        for motion in range(len(MOTIONS)):
            things: list[Thing | None] = [None] * 4
            things[place] = Thing(1, 3, 1, motion, spot)
            for time_s in (0.0, 1.0):
                mask = difference(Meaning(4, tuple(things)), time_s)
                assert mask.any()
                rows, columns = divmod(place, 2)
                mask[128 * rows : 128 * (rows + 1), 128 * columns : 128 * (columns + 1)] = False
                assert not mask.any()


def test_spots_and_motions_are_where_they_say() -> None:
    """A circle at the upper left, moving right: 28 px apart from the lower right, 24 px on after a second."""
    here = centre(difference(Meaning(4, (Thing(0, 3, 0, 2, 0), None, None, None))))
    other = centre(difference(Meaning(4, (Thing(0, 3, 0, 2, 3), None, None, None))))
    np.testing.assert_allclose(np.subtract(other, here), (28, 28), atol=1.5)
    begin, end = (
        centre(difference(Meaning(4, (Thing(0, 3, 0, 2, 0), None, None, None)), t)) for t in (0.0, 1.0)
    )
    np.testing.assert_allclose(np.subtract(end, begin), (0, 24), atol=1.5)


def test_sizes_and_shapes_differ() -> None:
    """A large circle has (26 / 15)^2 the area of a small one; no two shapes look alike."""
    areas = [
        int(difference(Meaning(4, (Thing(0, 3, size, 0, 0), None, None, None))).sum()) for size in (0, 1)
    ]
    assert areas[1] / areas[0] == pytest.approx((26 / 15) ** 2, rel=0.1)
    masks = [difference(Meaning(4, (Thing(shape, 3, 1, 0, 0), None, None, None))) for shape in range(4)]
    for first in range(4):
        for second in range(first):
            assert (masks[first] ^ masks[second]).sum() > 0.1 * masks[first].sum()


def test_colours_are_far_apart() -> None:
    """The middle of each object has its own colour, at least 80 levels from any other."""
    seen = []
    for colour in range(len(COLOURS)):
        frame = drawn_frames(Meaning(0, (Thing(1, colour, 1, 0, 0), None, None, None)), PLAIN, times_s=HALF)[
            0
        ]
        middle = round(272 * (0.25 - 14 / 256))
        seen.append(frame[middle, middle].astype(int))
    for first in range(len(seen)):
        for second in range(first):
            assert np.linalg.norm(seen[first] - seen[second]) > 80


def test_circumstances_change_the_picture_and_not_the_objects() -> None:
    """Another crop and contrast: the background differs; the same circumstances give the same picture."""
    meaning = Meaning(1, (Thing(0, 0, 1, 0, 0), None, None, None))
    one, other = (drawn_circumstances(generator_from(seed)) for seed in (1, 2))
    first = drawn_frames(meaning, one, times_s=HALF)
    assert np.abs(first.astype(int) - drawn_frames(meaning, other, times_s=HALF)).mean() > 3
    np.testing.assert_array_equal(first, drawn_frames(meaning, one, times_s=HALF))
    turned = drawn_frames(meaning, replace(one, mirrored=not one.mirrored), times_s=HALF)
    assert np.abs(first.astype(int) - turned).mean() > 3


def test_a_clip_is_a_second_of_video() -> None:
    """25 frames of 272 x 272 at 25 Hz."""
    clip = drawn_clip(Meaning(6, (None,) * 4), PLAIN)
    assert (clip.frames, clip.width_px, clip.height_px, clip.frame_rate_hz) == (25, 272, 272, 25)
