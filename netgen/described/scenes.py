"""Find the scenes of a segment, how each moves, and how often its picture is renewed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from netgen.described.motion import (
    PARAMETERS,
    Track,
    anchor_of,
    brightened,
    estimated,
    knot_frames,
    positions,
    relative,
    track_at,
)
from netgen.described.resampling import FloatPlane, shifted

MOTION_STEPS = (0, 2, 4, 8)
"""Numbers of intervals that a track may have."""
KEY_COUNTS = (1, 2, 3, 5, 8, 12)
"""Numbers of pictures that a scene may have."""
_CUT_LEVEL, _CUT_RATIO = 18.0, 4.0
"""ASSUMED: a cut changes luma by 18 levels on average, and four times as much as frames of the segment usually do."""
_CUT_LEFT = 0.6
"""ASSUMED: and moving one frame explains no more than the rest of that change."""
_LONGEST_SCENE_S = 1.5
"""ASSUMED: after so long a scene ends even without a cut, since far motion cannot be followed."""
_SLOPE = 0.75
"""Squared error falls about with this power of the bytes of a layout: measured on photographs, 0.02 to 0.1 bit per
pixel of a picture (330 to 1384 byte: 4.67 dB)."""


def cuts(reduced: Sequence[FloatPlane], frame_rate_hz: float, most: int) -> list[int]:
    """Return the frames with which a new scene begins, but for the first.

    Parameters
    ----------
    reduced : sequence of (height, width)   Luma of the segment, reduced.
    frame_rate_hz : float, Hz               Frames per second.
    most : int                              Scenes at most.
    """
    changes = [float(np.abs(one - before).mean()) for before, one in pairwise(reduced)]
    usual = float(np.median(changes)) if changes else 0.0
    out: list[int] = []
    begin = 0
    ends = [
        index
        for index, change in enumerate(changes, start=1)
        if change > max(_CUT_LEVEL, _CUT_RATIO * usual) and not _moved(reduced[index - 1 : index + 1], change)
    ]
    for end in [*ends, len(reduced)]:
        pieces = -(-(end - begin) // max(round(_LONGEST_SCENE_S * frame_rate_hz), 1))
        out += [begin + round((end - begin) * piece / pieces) for piece in range(1, pieces)]
        out += [end] if end < len(reduced) else []
        begin = end
    return out[: most - 1]


def track_of(reduced: Sequence[FloatPlane], tolerance: float) -> Track:
    """Return the motion of a scene with the fewest knots that come near enough to the motion found.

    Parameters
    ----------
    reduced : sequence of (height, width)   Luma of the scene, reduced.
    tolerance : float                       Largest error of a displacement, in units of a track.
    """
    frames = len(reduced)
    still = np.zeros((1, PARAMETERS), np.int64)
    possible = [knots for knots in MOTION_STEPS[1:] if knots <= frames - 1]
    if not possible:
        return still
    finest = possible[-1]
    at = knot_frames(frames, finest)
    found = np.rint(estimated(reduced, anchor_of(frames), at)).astype(np.int64)
    for knots in (0, *possible):
        track = still if knots == 0 else found[:: finest // knots]
        if knots and knot_frames(frames, knots) != at[:: finest // knots]:
            continue
        apart = np.abs(track_at(track, frames)[at] - found)
        if apart[:, :6].max() <= tolerance and apart[:, 6:].max() <= 2:
            return track
    return found


def key_frames(frames: int, count: int) -> list[int]:
    """Return the frames that pictures are taken from: the middles of equal parts."""
    if count == 1:
        return [anchor_of(frames)]
    return [(2 * index + 1) * frames // (2 * count) for index in range(count)]


def shares(frames: int, keys: Sequence[int]) -> list[tuple[tuple[int, float], ...]]:
    """Return of each frame the pictures that it is mixed from, by number, and their shares."""
    out: list[tuple[tuple[int, float], ...]] = []
    for frame in range(frames):
        after = next((index for index, key in enumerate(keys) if key >= frame), len(keys))
        if after == 0 or after == len(keys) or keys[after] == frame:
            out.append(((min(after, len(keys) - 1), 1.0),))
        else:
            share = (frame - keys[after - 1]) / (keys[after] - keys[after - 1])
            out.append(((after - 1, 1 - share), (after, share)))
    return out


def key_count(
    reduced: Sequence[FloatPlane],
    track: Track,
    size_px: tuple[int, int],
    cost_of: Callable[[Sequence[int]], tuple[int, float]],
) -> int:
    """Choose how many pictures of a scene to send: as many as the error of its motion is worth.

    Parameters
    ----------
    reduced : sequence of (height, width)   Luma of the scene, reduced.
    track : Track                           Its motion.
    size_px : (int, int)                    Width and height of its frames.
    cost_of : callable                      Key frames to (numbers that are not zero in their layouts, mean
                                            squared error of the first layout): what stands for their bytes.

    Returns
    -------
    int                             One of `KEY_COUNTS`: of the least error of motion plus worth of the bytes, at the
                                    slope of error over bytes that a finer layout has.
    """
    best, least, first_cost, error = 1, float("inf"), 1, 0.0
    for count in KEY_COUNTS:
        if count > len(reduced):
            break
        keys = key_frames(len(reduced), count)
        cost, layout_error = cost_of(keys)
        if count == 1:
            first_cost, error = max(cost, 1), layout_error
        worth = _motion_error(reduced, track, size_px, keys) + _SLOPE * error * cost / first_cost
        if worth < least:
            best, least = count, worth
        elif count > 2 * best:
            break
    return best


def _motion_error(
    reduced: Sequence[FloatPlane], track: Track, size_px: tuple[int, int], keys: Sequence[int]
) -> float:
    """Return the mean squared error of a scene that is shown from its own reduced frames."""
    total = 0.0
    for frame, mix in enumerate(shares(len(reduced), keys)):
        shown = mixed(
            [reduced[keys[index]] for index, _ in mix], frame, mix, (track, len(reduced), keys, size_px)
        )
        total += float(np.square(shown - reduced[frame]).mean())
    return total / len(reduced)


def mixed(
    planes: Sequence[FloatPlane],
    frame: int,
    mix: Sequence[tuple[int, float]],
    scene: tuple[Track, int, Sequence[int], tuple[int, int]],
    *,
    luma: bool = True,
) -> FloatPlane:
    """Return a plane of a frame: the pictures that it is mixed from, each moved to where it is by then.

    Parameters
    ----------
    planes : sequence of (height, width)    The pictures of `mix`, in its order.
    frame : int                             The frame.
    mix : sequence of (int, float)          From `shares`.
    scene : (Track, int, sequence of int, (int, int))   Motion, number of frames, key frames, frame size.
    luma : bool                             Whether gain and offset apply.
    """
    track, frames, keys, size_px = scene
    out: FloatPlane | None = None
    for plane, (index, share) in zip(planes, mix, strict=True):
        motion = [float(one) for one in relative(track, frames, (frame, keys[index]), size_px)]
        here = shifted(plane, *positions(motion, *plane.shape)) if any(motion[:6]) else plane
        if luma and any(motion[6:]):
            here = brightened(here, motion)
        part = here if share == 1 else here * np.float32(share)
        out = part if out is None else out + part
    assert out is not None  # noqa: S101  (a mix has at least one picture)
    return out


def _moved(pair: Sequence[FloatPlane], change: float) -> bool:
    """Tell whether a change between two frames is motion."""
    motion: NDArray[np.float64] = estimated(pair, 0, [1])[0]
    shown = brightened(shifted(pair[0], *positions(motion, *pair[0].shape)), motion)
    return float(np.abs(shown - pair[1]).mean()) < _CUT_LEFT * change
