"""Frames side by side in one picture, pixel for pixel, with their names above."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError, MissingDependencyError
from netgen.media.yuv_clip import YuvClip, rgb_from_clip

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GAP_PX, _TITLE_PX, _DPI = 12, 28, 100
_POINTS_PER_INCH = 72
_TEXT_PX = 14


def side_by_side(clips: Mapping[str, YuvClip], path: Path, *, frame: int = 0) -> None:
    """Write the same frame of several clips beside each other into a PNG; the same clips give the same bytes.

    Parameters
    ----------
    clips : mapping                 What stands above each frame, and the clip: source, contracted, shown, ...
    path : Path                     File to write, ending in .png; it appears at once.
    frame : int                     Which frame of every clip, >= 0.

    Raises
    ------
    InputError                      Another suffix, no such folder, no clips, or a clip with fewer frames.
    MissingDependencyError          matplotlib is not installed.
    """
    if path.suffix.lower() != ".png":
        raise InputError(f"{path}: pictures side by side are saved as .png")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist")
    short = [name for name, clip in clips.items() if not 0 <= frame < clip.frames]
    if not clips or short:
        raise InputError(f"{path}: there is no frame {frame} of {short[0] if short else 'anything'}")
    pictures = {
        name: rgb_from_clip(YuvClip(clip.planes[frame : frame + 1], clip.frame_rate_hz))[0]
        for name, clip in clips.items()
    }
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        _draw(pictures, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def import_figure() -> type[Figure]:
    """Import matplotlib's figures, or say how to install them."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  (takes 0.3 s, needed for pictures only)
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "pictures side by side need matplotlib, which is not installed; install it with: "
            "pip install 'netgen[plot]'"
        ) from None
    return Figure


def _draw(pictures: Mapping[str, NDArray[np.uint8]], out: Path) -> None:
    """Lay the pictures out from left to right, without any scaling."""
    heights, widths = zip(*(picture.shape[:2] for picture in pictures.values()), strict=True)
    height_px = max(heights) + _TITLE_PX + _GAP_PX
    width_px = sum(widths) + _GAP_PX * (len(pictures) + 1)
    figure = import_figure()(figsize=(width_px / _DPI, height_px / _DPI), dpi=_DPI, facecolor="white")
    left_px = _GAP_PX
    for name, picture in pictures.items():
        bottom_px = height_px - _TITLE_PX - picture.shape[0]
        figure.figimage(picture, xo=left_px, yo=bottom_px, origin="upper")
        figure.text(
            left_px / width_px, 1 - _TITLE_PX / 2 / height_px, name,
            va="center", fontsize=_TEXT_PX * _POINTS_PER_INCH / _DPI,
        )  # fmt: skip
        left_px += picture.shape[1] + _GAP_PX
    figure.savefig(out, format="png", dpi=_DPI, metadata={"Software": None})
