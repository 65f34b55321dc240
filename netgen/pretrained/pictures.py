"""Frames as large models take them: RGB arrays, padded to the multiples that a network needs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from netgen.actions.coded_stream import resized
from netgen.errors import InputError
from netgen.media.yuv_clip import YuvClip, clip_from_rgb, rgb_from_clip

Pictures = NDArray[np.float32]
"""RGB, 0..1: (n, height, width, 3)."""


def pictures_of(clip: YuvClip) -> Pictures:
    """Return the frames of a clip."""
    return rgb_from_clip(clip).astype(np.float32) / np.float32(255)


def clip_of(rgb: Pictures, size_px: tuple[int, int], frame_rate_hz: Fraction) -> YuvClip:
    """Return pictures as a clip of a size.

    Parameters
    ----------
    rgb : Pictures                  Of any even size.
    size_px : (int, int)            Width and height of the clip.
    frame_rate_hz : Fraction, Hz    Of the clip.

    Raises
    ------
    InputError                      The pictures hold what is no finite number.
    """
    if not np.isfinite(rgb).all():
        raise InputError(
            "the model made frames that are not finite numbers; in float16 some models overflow: place it in "
            "bfloat16 or float32"
        )
    whole = np.rint(255 * rgb.clip(0, 1)).astype(np.uint8)
    return resized(clip_from_rgb(whole, frame_rate_hz=frame_rate_hz), *size_px)


def padded(rgb: Pictures, multiple_px: int) -> Pictures:
    """Return pictures whose sides are multiples, by repeating the last row and column."""
    height_px, width_px = rgb.shape[1:3]
    margins = ((0, 0), (0, -height_px % multiple_px), (0, -width_px % multiple_px), (0, 0))
    return np.pad(rgb, margins, mode="edge")


def cropped(made: Pictures, given_px: tuple[int, int], wanted_px: tuple[int, int]) -> Pictures:
    """Take off what `padded` put on; a model may have enlarged the pictures by a whole number.

    Parameters
    ----------
    made : Pictures                 What a model made.
    given_px, wanted_px : (int, int)    Height and width with the margins, and without.

    Raises
    ------
    InputError                      The model changed the size otherwise.
    """
    ratio = made.shape[1] // given_px[0]
    if ratio < 1 or made.shape[1:3] != (ratio * given_px[0], ratio * given_px[1]):
        raise InputError(
            f"pictures of {given_px[1]} x {given_px[0]} pixels came back as {made.shape[2]} x {made.shape[1]}; "
            "accepted: the same size, or a whole multiple"
        )
    return made[:, : ratio * wanted_px[0], : ratio * wanted_px[1]].astype(np.float32, copy=False)
