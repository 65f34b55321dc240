"""How a whole scene moves and brightens: estimated from frames, and coded in some bytes.

A frame shows the scene's picture at positions moved by an affine field, times a gain, plus an offset. The field is
given by the displacements at three corners; between knots everything changes linearly.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from netgen.described.entropy import Coder, Contexts, code_signed
from netgen.described.resampling import FloatPlane, resampled, shifted
from netgen.described.wavelet import FRACTION_BITS, Plane

Track = NDArray[np.int64]
"""(knots, 8): displacements (x, y) at the top left, top right and bottom left, gain and offset, in their units."""

UNITS_PER_SIDE = 4096
"""Displacements are in 1/4096 of the longer side: 0.12 px of 480."""
_GAIN_STEPS = 64
GAIN_UNIT = 1 / _GAIN_STEPS
"""One step of the gain, and one level the offset: ASSUMED: both are below what is seen in a moving picture."""
PARAMETERS = 8
_GREY = 128
"""Level that the gain leaves as it is."""
_UNARY = 6
_ROUNDS = 12
_SMALLEST_SIDE = 24
"""Pictures smaller than this say little of motion: pyramids end there."""
_LIMIT = 4 * UNITS_PER_SIDE
_LEAST_DETERMINANT = Fraction(1, 16)
"""A frame that shows less than this share of the anchor's scale cannot be turned round; damaged tracks may say so."""


def knot_frames(frames: int, knots: int) -> list[int]:
    """Return the frames of `knots` + 1 knots (an even number of intervals), the middle one being the anchor."""
    return (
        [round(index * (frames - 1) / knots) for index in range(knots + 1)] if knots else [anchor_of(frames)]
    )


def anchor_of(frames: int) -> int:
    """Return the frame that a scene's picture is taken from: the middle, so that least is uncovered on either side."""
    return round((frames - 1) / 2)


def track_at(track: Track, frames: int) -> NDArray[np.float64]:
    """Return the motion of every frame of a scene: (frames, 8), linear between knots."""
    knots = len(track) - 1
    if knots == 0:
        return np.repeat(track.astype(np.float64), frames, axis=0)
    at = knot_frames(frames, knots)
    columns = [np.interp(np.arange(frames), at, track[:, index]) for index in range(PARAMETERS)]
    return np.stack(columns, axis=1)


def relative(track: Track, frames: int, pair: tuple[int, int], size_px: tuple[int, int]) -> list[Fraction]:
    """Return how one frame of a scene shows another: displacements at the corners, gain and offset, exactly.

    Parameters
    ----------
    track : (knots + 1, 8)          Motion of the scene against its anchor.
    frames : int                    Frames of the scene.
    pair : (int, int)               The frame to show, and the frame that is known.
    size_px : (int, int)            Width and height of a frame.
    """
    shown, known = (_motion_at(track, frames, frame) for frame in pair)
    longer = max(size_px)
    wide, high = (Fraction(UNITS_PER_SIDE * side, longer) for side in size_px)
    # The known frame shows the anchor at p + a + B p; B by its columns.
    right = [(known[2] - known[0]) / wide, (known[3] - known[1]) / wide]
    down = [(known[4] - known[0]) / high, (known[5] - known[1]) / high]
    determinant = (1 + right[0]) * (1 + down[1]) - right[1] * down[0]
    moved: list[Fraction] = []
    for corner, (x, y) in enumerate(((Fraction(0), Fraction(0)), (wide, Fraction(0)), (Fraction(0), high))):
        if determinant < _LEAST_DETERMINANT:
            moved += [Fraction(0), Fraction(0)]
            continue
        at_x, at_y = x + shown[2 * corner] - known[0], y + shown[2 * corner + 1] - known[1]
        moved.append(((1 + down[1]) * at_x - down[0] * at_y) / determinant - x)
        moved.append(((1 + right[0]) * at_y - right[1] * at_x) / determinant - y)
    moved = [min(max(one, Fraction(-_LIMIT)), Fraction(_LIMIT)) for one in moved]
    return [*moved, shown[6] - known[6], shown[7] - known[7]]


def predicted(plane: NDArray[np.uint8], motion: Sequence[Fraction], *, luma: bool) -> Plane:
    """Move a small picture in whole numbers, the same on every machine: samples in 1/16.

    Parameters
    ----------
    plane : (height, width) uint8   What is known.
    motion : sequence of Fraction   From `relative`.
    luma : bool                     Whether gain and offset apply.
    """
    height, width = plane.shape
    corner_x, corner_y, right_x, right_y, down_x, down_y, gain, offset = (round(one) for one in motion)
    unit = (max(height, width) << 16) // UNITS_PER_SIDE
    column, row = np.arange(width)[None, :], np.arange(height)[:, None]
    across, along = max(width - 1, 1), max(height - 1, 1)
    x = (column << 16) + unit * corner_x + unit * (right_x - corner_x) * column // across
    x = np.clip(x + unit * (down_x - corner_x) * row // along, 0, (width - 1) << 16)
    y = (row << 16) + unit * corner_y + unit * (right_y - corner_y) * column // across
    y = np.clip(y + unit * (down_y - corner_y) * row // along, 0, (height - 1) << 16)
    left, top = np.minimum(x >> 16, max(width - 2, 0)), np.minimum(y >> 16, max(height - 2, 0))
    part_x, part_y = (x - (left << 16)) >> 8, (y - (top << 16)) >> 8
    samples = plane.astype(np.int64)
    beside, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    upper = samples[top, left] * (256 - part_x) + samples[top, beside] * part_x
    lower = samples[below, left] * (256 - part_x) + samples[below, beside] * part_x
    out = (upper * (256 - part_y) + lower * part_y) >> (16 - FRACTION_BITS)
    if luma:
        grey = _GREY << FRACTION_BITS
        out = (((out - grey) * (_GAIN_STEPS + gain)) // _GAIN_STEPS) + grey + (offset << FRACTION_BITS)
    bounded: Plane = np.clip(out, 0, 255 << FRACTION_BITS)
    return bounded


def _motion_at(track: Track, frames: int, frame: int) -> list[Fraction]:
    """Return the motion of one frame, exactly."""
    at = knot_frames(frames, len(track) - 1)
    after = next(index for index, knot in enumerate(at) if knot >= frame or index == len(at) - 1)
    if at[after] == frame or len(at) == 1:
        return [Fraction(int(one)) for one in track[after]]
    share = Fraction(frame - at[after - 1], at[after] - at[after - 1])
    return [
        int(one) + share * (int(other) - int(one))
        for one, other in zip(track[after - 1], track[after], strict=True)
    ]


def positions(
    motion: Sequence[float] | NDArray[np.float64], height: int, width: int
) -> tuple[FloatPlane, FloatPlane]:
    """Return the rows and columns of the scene's picture that a frame shows, in samples of its own size."""
    unit = max(height, width) / UNITS_PER_SIDE
    corner_x, corner_y, right_x, right_y, down_x, down_y = (float(one) * unit for one in motion[:6])
    across = np.linspace(0, 1, width)[None, :]
    along = np.linspace(0, 1, height)[:, None]
    x = np.arange(width)[None, :] + corner_x + (right_x - corner_x) * across + (down_x - corner_x) * along
    y = np.arange(height)[:, None] + corner_y + (right_y - corner_y) * across + (down_y - corner_y) * along
    return y.astype(np.float32), x.astype(np.float32)


def brightened(plane: FloatPlane, motion: Sequence[float] | NDArray[np.float64]) -> FloatPlane:
    """Apply the gain and the offset of a frame to luma."""
    out: FloatPlane = (plane - _GREY) * np.float32(1 + motion[6] * GAIN_UNIT) + np.float32(_GREY + motion[7])
    return out


def code_track(coder: Coder, contexts: Contexts, *, knots: int, track: Track | None) -> Track:
    """Write or read a track: outward from the anchor, as differences from a steady motion.

    Parameters
    ----------
    knots : int                     Even number of intervals, at least 2.
    track : (knots + 1, 8)          What to write; None to read.
    """
    middle = knots // 2
    out = np.zeros((knots + 1, PARAMETERS), np.int64)
    for step in range(1, middle + 1):
        for side in (1, -1):
            at = middle + side * step
            if step > 1:
                guess = 2 * out[at - side] - out[at - 2 * side]
            else:
                guess = -out[middle + 1] if side < 0 else np.zeros(PARAMETERS, np.int64)
            change = np.zeros(PARAMETERS, np.int64) if track is None else _corners_apart(track[at] - guess)
            rank = "first" if step == 1 and side > 0 else "next"
            for index in range(PARAMETERS):
                row = contexts.row(f"motion{rank}{min(index // 2, 1) + index // 6}", _UNARY + 1)
                change[index] = code_signed(coder, row, int(change[index]))
            out[at] = np.clip(guess + _corners_together(change), -_LIMIT, _LIMIT)
    return out


def estimated(planes: Sequence[FloatPlane], anchor: int, at: Sequence[int]) -> NDArray[np.float64]:
    """Estimate the motion of frames against the anchor.

    Parameters
    ----------
    planes : sequence of (height, width)    Luma of a scene, reduced.
    anchor : int                            Frame of the scene's picture.
    at : sequence of int                    Frames to estimate, in order.

    Returns
    -------
    (len(at), 8) float64                    In the units of a track.

    Source                          Gauss-Newton on intensity differences (Baker and Matthews, Lucas-Kanade 20 years
                                    on, 2004) over a pyramid, re-weighted against outliers (Cauchy); a
                                    frame begins from its neighbour's motion or, where that fits better, from the peak
                                    of the phase correlation.
    """
    pyramids = {index: _pyramid(planes[index]) for index in sorted({anchor, *at})}
    found: dict[int, NDArray[np.float64]] = {anchor: np.zeros(PARAMETERS)}
    for side in (1, -1):
        before, earlier = anchor, anchor
        for index in sorted(
            (one for one in at if (one - anchor) * side > 0), key=lambda one: abs(one - anchor)
        ):
            share = (index - before) / (before - earlier) if before != earlier else 0.0
            ahead = found[before] + share * (found[before] - found[earlier])
            found[index] = _registered(pyramids[anchor], pyramids[index], (ahead, np.zeros(PARAMETERS)))
            before, earlier = index, before
    return np.stack([found[index] for index in at])


def _corners_apart(parameters: Track) -> Track:
    """Express the second and third corner by their difference from the first."""
    out = parameters.copy()
    out[2:6] -= np.tile(parameters[:2], 2)
    return out


def _corners_together(parameters: Track) -> Track:
    """Undo `_corners_apart`."""
    out = parameters.copy()
    out[2:6] += np.tile(parameters[:2], 2)
    return out


def _pyramid(plane: FloatPlane) -> list[FloatPlane]:
    """Return a plane and its halves, the smallest first."""
    levels = [plane]
    while min(levels[0].shape) >= 2 * _SMALLEST_SIDE:
        levels.insert(0, resampled(levels[0], levels[0].shape[0] // 2, levels[0].shape[1] // 2))
    return levels


def _registered(
    anchor: list[FloatPlane], frame: list[FloatPlane], starts: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the motion that shows the anchor as the frame."""
    peak = _phase_peak(anchor[0], frame[0])
    best = min((*starts, peak), key=lambda start: _misfit(anchor[0], frame[0], start))
    for source, target in zip(anchor, frame, strict=True):
        best = _refined(source, target, best)
    plain = np.zeros(PARAMETERS)
    return best if _misfit(anchor[-1], frame[-1], best) < _misfit(anchor[-1], frame[-1], plain) else plain


def _phase_peak(source: FloatPlane, target: FloatPlane) -> NDArray[np.float64]:
    """Return the shift at the peak of the phase correlation, as motion.

    Source                          Kuglin and Hines, The phase correlation image alignment method, 1975.
    """
    window = np.outer(np.hanning(source.shape[0]), np.hanning(source.shape[1]))
    one, other = (np.fft.rfft2((plane - plane.mean()) * window) for plane in (source, target))
    cross = one * np.conj(other)
    surface = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-6), s=source.shape)
    shift = np.array(np.unravel_index(int(np.argmax(surface)), surface.shape), dtype=np.float64)
    sides = np.array(source.shape)
    shift = np.where(shift > sides / 2, shift - sides, shift)
    motion = np.zeros(PARAMETERS)
    motion[0:6:2], motion[1:6:2] = shift[1], shift[0]
    motion *= UNITS_PER_SIDE / max(source.shape)
    return motion


def _misfit(source: FloatPlane, target: FloatPlane, motion: NDArray[np.float64]) -> float:
    """Return the mean absolute difference that a motion leaves where the anchor was seen."""
    rows, columns = positions(motion, *source.shape)
    seen = _inside(rows, columns, source.shape)
    if seen.mean() < 0.2:
        return float("inf")
    left = np.abs(target - brightened(shifted(source, rows, columns), motion))
    return float(np.minimum(left, 40.0)[seen].mean())


def _inside(rows: FloatPlane, columns: FloatPlane, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (
        (rows >= 0) & (rows <= shape[0] - 1) & (columns >= 0) & (columns <= shape[1] - 1)
    )
    return inside


def _refined(source: FloatPlane, target: FloatPlane, motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gauss-Newton at one size; a step that fits worse ends it."""
    height, width = source.shape
    slope_y, slope_x = (np.asarray(slope, np.float32) for slope in np.gradient(source))
    across = np.broadcast_to(np.linspace(0, 1, width, dtype=np.float32)[None, :], source.shape)
    along = np.broadcast_to(np.linspace(0, 1, height, dtype=np.float32)[:, None], source.shape)
    unit = max(height, width) / UNITS_PER_SIDE
    shares = (1 - across - along, across, along)
    best, least = motion, _misfit(source, target, motion)
    for _ in range(_ROUNDS):
        rows, columns = positions(best, height, width)
        seen = _inside(rows, columns, source.shape)
        moved = shifted(source, rows, columns)
        left = target - brightened(moved, best)
        spread = 1.4826 * float(np.median(np.abs(left[seen]))) + 1.0
        weight = np.where(seen, 1 / (1 + (left / (2.4 * spread)) ** 2), 0)
        gain = 1 + best[6] * GAIN_UNIT
        down, right = shifted(slope_y, rows, columns) * gain, shifted(slope_x, rows, columns) * gain
        jacobian = [part for share in shares for part in (share * right * unit, share * down * unit)]
        jacobian += [(moved - _GREY) * GAIN_UNIT, np.ones_like(moved)]
        matrix = np.stack([part.reshape(-1) for part in jacobian], axis=1).astype(np.float64)
        weighted = matrix * weight.reshape(-1, 1)
        normal = weighted.T @ matrix
        normal[np.diag_indices(PARAMETERS)] *= 1 + 1e-4
        normal[np.diag_indices(PARAMETERS)] += 1e-6
        step = np.linalg.solve(normal, weighted.T @ left.reshape(-1).astype(np.float64))
        misfit = _misfit(source, target, best + step)
        if misfit >= least:
            break
        best, least = best + step, misfit
    return best
