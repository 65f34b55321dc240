"""Moving pictures made from still photographs: camera moves, a drive between walls, labelled objects.

Everything is a function of the frame number; nothing is drawn at random. The photographs are those inside
scikit-image's wheel; scipy, which scikit-image needs itself, interpolates them by cubic splines.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from netgen.errors import MissingDependencyError

Image = NDArray[np.float64]
_FAR_M = 1e6
_COLOURS = {
    "red": (208, 40, 36),
    "yellow": (238, 206, 48),
    "blue": (40, 84, 200),
    "white": (240, 240, 240),
    "magenta": (196, 48, 168),
    "orange": (240, 132, 32),
}


@dataclass(frozen=True, slots=True)
class MovingObject:
    """One labelled object in a clip.

    Parameters
    ----------
    shape : str                     circle, square, triangle or diamond.
    colour : str                    Name of its colour.
    radius_px : float, px           Half its extent.
    motion : str                    linear, orbit or bounce: the label of its path.
    path : callable                 Time in s to the centre (x, y) in px of the frame.
    """

    shape: str
    colour: str
    radius_px: float
    motion: str
    path: Callable[[float], tuple[float, float]]


def portrait(time_s: float, width_px: int, height_px: int) -> Image:
    """A head that sways and speaks before a still background: a photograph under a local warp."""
    rows, columns = _grid(width_px, height_px)
    rows, columns = 8 + rows * 0.9, 9 + columns * 0.9
    head = np.exp(-((((rows - 95) / 80) ** 2 + ((columns - 222) / 75) ** 2) ** 2))
    mouth = np.exp(-(((rows - 146) / 11) ** 2) - ((columns - 222) / 24) ** 2)
    opening = 0.35 * math.sin(2 * math.pi * 2.1 * time_s) ** 2 * (0.6 + 0.4 * math.sin(1.3 * time_s))
    rows, columns = (
        rows - head * 3.5 * math.sin(2 * math.pi * time_s / 1.9) - mouth * opening * (rows - 146),
        columns - head * 7.0 * math.sin(2 * math.pi * time_s / 3.1),
    )
    return _sampled("astronaut", rows, columns)


def cat_zoom(time_s: float, width_px: int, height_px: int) -> Image:
    """A slow zoom towards one eye."""
    step = 0.92 * 0.6 ** (time_s / 5)
    focus_row, focus_column = 118 + 10 * math.cos(time_s), 225 + 12 * math.sin(0.8 * time_s)
    return _sampled("chelsea", *_camera(width_px, height_px, focus_row, focus_column, step=step))


def coffee_pan(time_s: float, width_px: int, height_px: int) -> Image:
    """A pan by hand: it travels, rests, travels back, and is never quite still."""
    travel = 0.5 - 0.5 * math.cos(math.pi * min(max((time_s - 0.4) / 1.6, 0), 1))
    back = 0.5 - 0.5 * math.cos(math.pi * min(max((time_s - 3.0) / 1.6, 0), 1))
    shake = 1.4 * math.sin(8.1 * time_s) + 0.8 * math.sin(13.7 * time_s + 1)
    row = 165 + 60 * (travel - 0.4 * back) + 0.7 * shake
    column = 235 + 130 * (travel - back) + shake
    turn = 0.012 * math.sin(2.3 * time_s)
    return _sampled("coffee", *_camera(width_px, height_px, row, column, step=0.8, turn=turn))


def page_scroll(time_s: float, width_px: int, height_px: int) -> Image:
    """A text document on a screen, scrolled in four steps with rests, under a bar that stays."""
    scrolled = sum(1 / (1 + math.exp(-14 * (time_s - at_s))) for at_s in (1.0, 2.2, 3.4, 4.9))
    rows, columns = _grid(width_px, height_px)
    picture = _sampled("document", rows * 0.8 + 62 * scrolled, columns * 0.8)
    picture[:24] = (44.0, 62.0, 80.0)
    picture[9:15, 12 : 12 + round(100 * scrolled)] = (236.0, 240.0, 241.0)
    return picture


def corridor_drive(time_s: float, width_px: int, height_px: int) -> Image:
    """A drive between two walls over gravel: true perspective, so near things pass faster than far ones."""
    focal_px, eye_m, half_width_m, wall_m, texels_per_m = 0.85 * width_px, 1.3, 3.2, 2.6, 120.0
    rows, columns = _grid(width_px, height_px)
    right = (columns - width_px / 2) / focal_px + 0.05 * math.sin(0.9 * time_s)
    down = (rows - 0.42 * height_px) / focal_px + 0.004 * math.sin(7.0 * time_s)
    aside_m, ahead_m = 0.4 * math.sin(0.7 * time_s), 3.5 * time_s + 0.35 * time_s**2
    floor_m = np.where(down > 0, eye_m / np.maximum(down, 1e-9), _FAR_M)
    wall_at_m = np.where(right > 0, half_width_m - aside_m, half_width_m + aside_m)
    side_m = wall_at_m / np.maximum(np.abs(right), 1e-9)
    on_wall = (side_m < floor_m) & (down * side_m > eye_m - wall_m)
    on_floor = (floor_m <= side_m) & (floor_m < _FAR_M)
    picture = _sampled("rocket", 412 + focal_px * 0.9 * down, 345 + focal_px * 0.9 * right)
    for name, hit, depth_m, across_m, footprint in (
        ("brick", on_wall, side_m, down * side_m, side_m**2 / (half_width_m * focal_px)),
        ("gravel", on_floor, floor_m, right * floor_m + aside_m, floor_m**2 / (eye_m * focal_px)),
    ):
        depth_m = np.where(hit, np.minimum(depth_m, 60.0), 1.0)  # noqa: PLW2901  (masked copy)
        surface = _mipmapped(
            name, across_m * texels_per_m, (depth_m + ahead_m) * texels_per_m, footprint * texels_per_m
        )
        haze = np.exp(-depth_m / 18.0)[..., None]
        surface = surface * haze + np.array([70.0, 76.0, 104.0]) * (1 - haze)
        picture = np.where(hit[..., None], surface, picture)
    return picture


def field_objects() -> tuple[MovingObject, ...]:
    """Four players over a field."""
    return (
        MovingObject("circle", "red", 15, "linear", lambda t: (40 + 62 * t, 70 + 18 * t)),
        MovingObject("square", "yellow", 13, "linear", lambda t: (440 - 55 * t, 200 - 12 * t)),
        MovingObject("triangle", "blue", 18, "orbit", lambda t: _orbit(t, (250, 140), 80, 3.0)),
        MovingObject("circle", "white", 7, "bounce", lambda t: (60 + 70 * t, _bounce(t, 245, 150, 1.0))),
    )


def field_game(time_s: float, width_px: int, height_px: int) -> Image:
    """Labelled players that move over grass while the camera follows to the right."""
    ground = _sampled("grass", *_camera(width_px, height_px, 250, 245 + 6 * time_s, step=0.85))
    return _with_objects(ground, field_objects(), time_s)


def wall_objects() -> tuple[MovingObject, ...]:
    """Three objects before a wall."""
    return (
        MovingObject("diamond", "magenta", 22, "orbit", lambda t: _orbit(t, (120, 120), 55, 4.0)),
        MovingObject("circle", "orange", 18, "bounce", lambda t: (260 + 30 * t, _bounce(t, 250, 190, 1.5))),
        MovingObject("square", "white", 16, "linear", lambda t: (470 - 90 * t, 60 + 8 * t)),
    )


def wall_balls(time_s: float, width_px: int, height_px: int) -> Image:
    """Labelled objects that move before a brick wall; the camera stands still."""
    wall = _sampled("brick", *_camera(width_px, height_px, 256, 256, step=0.9))
    return _with_objects(wall, wall_objects(), time_s)


def _orbit(
    time_s: float, centre: tuple[float, float], radius_px: float, period_s: float
) -> tuple[float, float]:
    angle = 2 * math.pi * time_s / period_s
    return centre[0] + radius_px * math.cos(angle), centre[1] + 0.7 * radius_px * math.sin(angle)


def _bounce(time_s: float, floor_px: float, height_px: float, period_s: float) -> float:
    phase = time_s % period_s / period_s
    return floor_px - 4 * height_px * phase * (1 - phase)


def _with_objects(picture: Image, objects: tuple[MovingObject, ...], time_s: float) -> Image:
    """Paint the objects over a picture, with smooth edges and a little light from above."""
    rows, columns = _grid(picture.shape[1], picture.shape[0])
    for item in objects:
        x, y = item.path(time_s)
        right, down = columns - x, rows - y
        cover = np.clip(0.5 - _distance_px(item.shape, right, down, item.radius_px), 0, 1)[..., None]
        light = np.clip(1.0 - 0.25 * down / item.radius_px, 0.6, 1.3)[..., None]
        picture = picture * (1 - cover) + np.array(_COLOURS[item.colour]) * light * cover
    return picture


def _distance_px(shape: str, right: Image, down: Image, radius_px: float) -> Image:
    """Return the distance to the outline, negative inside (exact near the edges, which is where it counts)."""
    if shape == "circle":
        return np.asarray(np.hypot(right, down) - radius_px)
    if shape == "square":
        return np.maximum(np.abs(right), np.abs(down)) - radius_px
    if shape == "diamond":
        return (np.abs(right) + np.abs(down) - radius_px) / math.sqrt(2)
    if shape == "triangle":
        sides = np.abs(right) * math.cos(math.pi / 6) - down * 0.5 - radius_px / 2
        return np.maximum(sides, down - radius_px / 2)
    raise ValueError(f'no shape is called "{shape}"')


def _camera(
    width_px: int, height_px: int, row: float, column: float, *, step: float, turn: float = 0.0
) -> tuple[Image, Image]:
    """Return where a camera at (row, column) looks; `step` source pixels are one pixel of the frame."""
    rows, columns = _grid(width_px, height_px)
    rows, columns = (rows - (height_px - 1) / 2) * step, (columns - (width_px - 1) / 2) * step
    cosine, sine = math.cos(turn), math.sin(turn)
    return row + cosine * rows + sine * columns, column - sine * rows + cosine * columns


def _grid(width_px: int, height_px: int) -> tuple[Image, Image]:
    rows, columns = np.mgrid[0:height_px, 0:width_px].astype(np.float64)
    return rows, columns


def _sampled(name: str, rows: Image, columns: Image) -> Image:
    """Look a photograph up at fractional places; beyond its border it is mirrored."""
    ndimage = _import("scipy.ndimage")
    channels = _spline(name)
    found = [
        ndimage.map_coordinates(channel, (rows, columns), order=3, mode="mirror", prefilter=False)
        for channel in channels
    ]
    return np.stack(found, axis=-1)


def _mipmapped(name: str, rows: Image, columns: Image, footprint: Image) -> Image:
    """Look a texture up, averaged over about `footprint` texels so that the distance does not flicker."""
    ndimage = _import("scipy.ndimage")
    levels = _pyramid(name)
    level = np.clip(np.log2(np.maximum(footprint, 1.0)), 0, len(levels) - 1.001)
    picture = np.zeros((*rows.shape, 3))
    for index, channels in enumerate(levels):
        share = np.clip(1 - np.abs(level - index), 0, 1)
        there = share > 0
        if not there.any():
            continue
        places = ((rows[there] + 0.5) / 2**index - 0.5, (columns[there] + 0.5) / 2**index - 0.5)
        for band, channel in enumerate(channels):
            found = ndimage.map_coordinates(channel, places, order=1, mode="mirror")
            picture[..., band][there] += share[there] * found
    return picture


@lru_cache(maxsize=16)
def _spline(name: str) -> tuple[Image, ...]:
    ndimage = _import("scipy.ndimage")
    picture = _photograph(name)
    return tuple(ndimage.spline_filter(picture[..., band], order=3, mode="mirror") for band in range(3))


@lru_cache(maxsize=4)
def _pyramid(name: str) -> tuple[tuple[Image, ...], ...]:
    picture = _photograph(name)
    levels = []
    while min(picture.shape[:2]) >= 8:
        levels.append(tuple(np.ascontiguousarray(picture[..., band]) for band in range(3)))
        height, width = picture.shape[0] // 2, picture.shape[1] // 2
        picture = picture[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
    return tuple(levels)


def _photograph(name: str) -> Image:
    """Return a photograph of scikit-image's wheel as (height, width, 3); grey ones are given a tint."""
    data = _import("skimage.data")
    tints = {"grass": (0.62, 1.0, 0.45), "brick": (1.05, 0.72, 0.62), "gravel": (0.95, 0.92, 0.86)}
    if name == "document":
        page, text = (_evenly_lit(photo().astype(np.float64)) for photo in (data.page, data.text))
        white = np.full((30, page.shape[1]), 240.0)
        parts = [white, page, white, text[:, : page.shape[1]], white]
        return np.repeat(np.concatenate(parts)[..., None], 3, axis=-1)
    picture = getattr(data, name)().astype(np.float64)
    if picture.ndim == 2:
        picture = picture[..., None] * np.array(tints[name])
    if name == "brick":
        picture = np.swapaxes(picture, 0, 1)  # its rows of bricks stand upright
    return np.asarray(picture[..., :3])


def _evenly_lit(page: Image) -> Image:
    """Divide a photographed page by its own light, so that the paper is as white as on a screen."""
    ndimage = _import("scipy.ndimage")
    light = ndimage.gaussian_filter(ndimage.maximum_filter(page, size=15), 8)
    return np.asarray(np.clip(page / light * 250, 0, 240))


def _import(module: str) -> ModuleType:
    """Import a part of the `video` extra, or say how to install it."""
    import importlib  # noqa: PLC0415

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"making clips needs {module}, which is not installed; run: pip install netgen[video]"
        ) from error
