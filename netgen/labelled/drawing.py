"""Scenes as pictures: a moving part of a photograph, and shapes that move before it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from netgen.errors import MissingDependencyError
from netgen.labelled.meaning import BACKGROUNDS, COLOURS, MOTIONS, SHAPES, SPOTS, Meaning, Thing
from netgen.media.yuv_clip import YuvClip, clip_from_rgb

FRAME_RATE_HZ = Fraction(25)
FRAMES = 25
"""A scene lasts a second."""
SIDE_PX = 272
"""Width and height of a scene: a quarter of it is as small a side as codecs here take."""

_RGB = {
    "red": (206, 44, 40),
    "yellow": (236, 204, 52),
    "blue": (44, 82, 200),
    "white": (240, 240, 240),
    "magenta": (196, 52, 170),
    "green": (46, 160, 70),
}
_RADII = (15 / 256, 26 / 256)
"""Half the extent of a small and a large object, of the frame's side."""
_OFFSET, _TRAVEL = 14 / 256, 24 / 256
"""How far a spot lies from the middle of its place, and how far an object moves in a second."""
_PHOTOGRAPH = 1.4
"""Side of the square that a photograph is reduced to, of the frame's side, so that there is room to move in it."""
_MOST_PAN = 12 / 256

Image = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a scene looks like and does not mean.

    Parameters
    ----------
    corner : (float, float)             Where in the photograph the frame begins, 0..1 of the room for it.
    pan : (float, float)                Its way in a second, of the frame's side.
    mirrored : bool                     Whether the photograph is turned over.
    gain, offset : float                Contrast and brightness (levels of 255) of the photograph.
    shade : float                       Contrast of the shading of objects.
    jitter : (4, 2) tuple of float      How far objects are from their exact spot, of the frame's side.
    """

    corner: tuple[float, float]
    pan: tuple[float, float]
    mirrored: bool
    gain: float
    offset: float
    shade: float
    jitter: tuple[tuple[float, float], ...]


def drawn_circumstances(rng: np.random.Generator) -> Circumstances:
    """Draw all that a scene looks like and does not mean, independent of what it means."""
    first, second, across, down = (float(one) for one in rng.random(4))
    return Circumstances(
        corner=(first, second),
        pan=((2 * across - 1) * _MOST_PAN, (2 * down - 1) * _MOST_PAN),
        mirrored=bool(rng.random() < 0.5),
        gain=float(rng.uniform(0.75, 1.1)),
        offset=float(rng.uniform(-12, 12)),
        shade=float(rng.uniform(0.0, 0.25)),
        jitter=tuple((float(x), float(y)) for x, y in rng.uniform(-3 / 256, 3 / 256, (4, 2))),
    )


def drawn_frames(
    meaning: Meaning, circumstances: Circumstances, *, side_px: int = SIDE_PX, times_s: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Draw a scene at given instants of its second.

    Parameters
    ----------
    meaning : Meaning                   What it means.
    circumstances : Circumstances       What it looks like besides.
    side_px : int                       Width and height.
    times_s : (n,) float, s             Instants, 0..1.

    Returns
    -------
    (n, side_px, side_px, 3) uint8      RGB.

    Raises
    ------
    MissingDependencyError              A package that carries the photographs is not installed.
    """
    photograph = _photograph(meaning.background, round(side_px * _PHOTOGRAPH))
    if circumstances.mirrored:
        photograph = photograph[:, ::-1]
    photograph = np.clip(photograph * circumstances.gain + circumstances.offset, 0, 255)
    frames = []
    for time_s in times_s:
        frame = _window(photograph, circumstances, side_px, float(time_s))
        for place, thing in meaning.objects():
            _put(frame, place, thing, circumstances, float(time_s))
        frames.append(frame)
    return np.rint(np.clip(np.stack(frames), 0, 255)).astype(np.uint8)


def drawn_clip(meaning: Meaning, circumstances: Circumstances) -> YuvClip:
    """Draw a scene as a clip of one second: 25 frames of 272 x 272.

    Raises
    ------
    MissingDependencyError              A package that carries the photographs, or PyAV, is not installed.
    """
    times_s = np.arange(FRAMES) / float(FRAME_RATE_HZ)
    return clip_from_rgb(drawn_frames(meaning, circumstances, times_s=times_s), frame_rate_hz=FRAME_RATE_HZ)


def _window(photograph: Image, circumstances: Circumstances, side_px: int, time_s: float) -> Image:
    """Return the part of a photograph that is in view, placed between its pixels by linear interpolation."""
    room = photograph.shape[0] - side_px - 2
    reach = _MOST_PAN * side_px
    begins = []
    for share, pan in zip(circumstances.corner, circumstances.pan, strict=True):
        begins.append(reach + share * (room - 2 * reach) + pan * side_px * (time_s - 0.5))
    (row, row_part), (column, column_part) = ((int(begin), begin - int(begin)) for begin in begins)
    part = photograph[row : row + side_px + 1, column : column + side_px + 1]
    rows = part[:-1] + np.float32(row_part) * (part[1:] - part[:-1])
    window: Image = rows[:, :-1] + np.float32(column_part) * (rows[:, 1:] - rows[:, :-1])
    return window


def _put(frame: Image, place: int, thing: Thing, circumstances: Circumstances, time_s: float) -> None:
    """Draw an object into a frame, its edge a pixel wide."""
    side_px = frame.shape[0]
    radius_px = _RADII[thing.size] * side_px
    row_px, column_px = (
        side_px * one for one in centre_of(place, thing, circumstances.jitter[place], time_s)
    )
    reach = int(radius_px) + 2
    top, left = max(0, int(row_px) - reach), max(0, int(column_px) - reach)
    view = frame[top : int(row_px) + reach + 1, left : int(column_px) + reach + 1]
    rows = (np.arange(view.shape[0], dtype=np.float32) + top - row_px)[:, None]
    columns = (np.arange(view.shape[1], dtype=np.float32) + left - column_px)[None, :]
    share = np.clip(0.5 - _outside_px(SHAPES[thing.shape], rows, columns, radius_px), 0, 1)[..., None]
    shade = 1 - circumstances.shade * (rows + columns) / (2 * radius_px)
    painted = np.asarray(_RGB[COLOURS[thing.colour]], dtype=np.float32) * shade[..., None]
    view += share.astype(np.float32) * (painted.astype(np.float32) - view)


def centre_of(place: int, thing: Thing, jitter: tuple[float, float], time_s: float) -> tuple[float, float]:
    """Return where an object's centre stands.

    Parameters
    ----------
    place : int                         Number of its place.
    thing : Thing                       The object.
    jitter : (float, float)             How far it is from its exact spot, of the frame's side.
    time_s : float, s                   Instant, 0..1.

    Returns
    -------
    (float, float)                      Row and column as shares of the frame's side.
    """
    row, column = 0.25 + 0.5 * (place // 2), 0.25 + 0.5 * (place % 2)
    spot = SPOTS[thing.spot]
    row += -_OFFSET if "upper" in spot else _OFFSET
    column += -_OFFSET if "left" in spot else _OFFSET
    way = _TRAVEL * (time_s - 0.5)
    down = {"up": -way, "down": way}.get(MOTIONS[thing.motion], 0.0)
    right = {"left": -way, "right": way}.get(MOTIONS[thing.motion], 0.0)
    return row + down + jitter[0], column + right + jitter[1]


def _outside_px(shape: str, rows: Image, columns: Image, radius_px: float) -> Image:
    """Return the distance from the edge of a shape, negative inside, px."""
    if shape == "circle":
        found = np.hypot(rows, columns) - radius_px
    elif shape == "square":
        found = np.maximum(np.abs(rows), np.abs(columns)) - 0.88 * radius_px
    elif shape == "diamond":
        found = (np.abs(rows) + np.abs(columns)) / np.sqrt(2) - 0.76 * radius_px
    else:
        lower = rows - 0.62 * radius_px
        sides = np.abs(columns) * np.cos(np.pi / 6) - (rows + radius_px) * np.sin(np.pi / 6)
        found = np.maximum(lower, sides)
    outside: Image = np.asarray(found, dtype=np.float32)
    return outside


@lru_cache(maxsize=32)
def _photograph(background: int, side_px: int) -> Image:
    """Return a photograph as a square of floating-point RGB."""
    picture = _picture(BACKGROUNDS[background])
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    image = _import("PIL.Image")
    square = image.fromarray(picture[top : top + side, left : left + side])
    found: Image = np.asarray(square.resize((side_px, side_px), image.Resampling.LANCZOS), dtype=np.float32)
    found.flags.writeable = False
    return found


def _picture(name: str) -> NDArray[np.uint8]:
    if name in ("china", "flower"):
        return np.asarray(_import("sklearn.datasets").load_sample_image(f"{name}.jpg"))
    source = {"cat": "chelsea", "colony": "immunohistochemistry"}.get(name, name)
    return np.asarray(getattr(_import("skimage.data"), source)())[..., :3]


def _import(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"labelled scenes need {module}, which is not installed; "
            f"run: pip install netgen[calibrate] scikit-learn pillow"
        ) from error
