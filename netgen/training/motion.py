"""Synthetic moving clips over photographs: layers that pan, zoom, turn and bend, with the motion known exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from netgen.training.photographs import Photograph

_MARGIN_PX = 96
"""Texture beyond the frame on every side; farther away it is mirrored."""


@dataclass(frozen=True, slots=True)
class MotionRange:
    """How much may move.

    Parameters
    ----------
    largest_px, smallest_px : float, px     Pan per frame: drawn evenly in the logarithm between these.
    most_layers : int               Moving layers before the background, >= 0.
    still_share : float             Share of layers that do not pan.
    softest_px : float, px          Half of the textures are blurred by a Gaussian of up to this deviation.
    strongest_zoom : float          Of zoom and of turning (rad) per frame: the deviation of both is drawn evenly in
                                    the logarithm from a fifteenth of this to this.
    """

    largest_px: float
    smallest_px: float = 0.05
    most_layers: int = 3
    still_share: float = 0.15
    softest_px: float = 0.0
    strongest_zoom: float = 0.004


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """A textured layer: where its texture is looked up at every instant, and what part of it is there."""

    texture: Tensor
    step: float
    velocity: tuple[float, float]
    sway: tuple[float, float, float, float]
    turn: float
    zoom: float
    bend: tuple[float, float, float, float, float]
    centre: tuple[float, float]
    outline: tuple[float, ...]

    def place(self, instant: float) -> tuple[float, float, float, float, float]:
        """Return offset (x, y), angle, scale and bend at an instant in frames from the middle of the clip."""
        amplitude_x, amplitude_y, pace, phase = self.sway
        swing = math.sin(pace * instant + phase) - math.sin(phase)
        return (
            self.centre[0] + self.velocity[0] * instant + amplitude_x * swing,
            self.centre[1] + self.velocity[1] * instant + amplitude_y * swing,
            self.turn * instant,
            self.step * math.exp(self.zoom * instant),
            self.bend[0] * math.sin(self.bend[4] * instant + phase),
        )

    def looked_up(self, places: Tensor, instant: float) -> Tensor:
        """Map frame coordinates (h, w, 2: x, y from the frame's middle) to texture coordinates."""
        x, y, angle, scale, bend = self.place(instant)
        right, down = places[..., 0] - x, places[..., 1] - y
        cosine, sine = math.cos(angle) * scale, math.sin(angle) * scale
        straight = torch.stack((cosine * right - sine * down, sine * right + cosine * down), dim=-1)
        return straight + bend * self._bent(straight)

    def shown_at(self, texture_places: Tensor, instant: float) -> Tensor:
        """Map texture coordinates back to frame coordinates; the bend is inverted by fixed-point steps."""
        x, y, angle, scale, bend = self.place(instant)
        straight = texture_places
        for _ in range(4):
            straight = texture_places - bend * self._bent(straight)
        cosine, sine = math.cos(angle) / scale, math.sin(angle) / scale
        right = cosine * straight[..., 0] + sine * straight[..., 1]
        down = -sine * straight[..., 0] + cosine * straight[..., 1]
        return torch.stack((right + x, down + y), dim=-1)

    def cover(self, texture_places: Tensor) -> Tensor:
        """Return how much of the layer is there, 0 to 1; the background (no outline) is everywhere."""
        if not self.outline:
            return torch.ones_like(texture_places[..., 0])
        radius, edge, *waves = self.outline
        around = torch.atan2(texture_places[..., 1], texture_places[..., 0])
        reach = torch.full_like(around, radius)
        for order, (share, phase) in enumerate(zip(waves[::2], waves[1::2], strict=True), start=2):
            reach = reach + radius * share * torch.cos(order * around + phase)
        inside: Tensor = reach - texture_places.norm(dim=-1)
        return (inside / edge + 0.5).clamp(0, 1)

    def _bent(self, places: Tensor) -> Tensor:
        _, wave_x, wave_y, phase, _ = self.bend
        return torch.stack(
            (torch.sin(wave_x * places[..., 1] + phase), torch.sin(wave_y * places[..., 0] - phase)), dim=-1
        )


@dataclass(frozen=True, slots=True, eq=False)
class MovingScene:
    """Layers over one another, from the background on."""

    layers: tuple[_Layer, ...]
    side_px: int
    light: float

    def frame(self, instant: float) -> Tensor:
        """Return the luma (side, side) at an instant, as float from 0 to 255."""
        places = frame_places(self.side_px)
        shown = torch.zeros(self.side_px, self.side_px)
        for layer in self.layers:
            looked_up = layer.looked_up(places, instant)
            cover = layer.cover(looked_up)
            shown = shown + cover * (_sampled(layer.texture, looked_up) - shown)
        return (shown * (1 + self.light * instant)).clamp(0, 255)

    def flow(self, instant: float, to: float) -> Tensor:
        """Return the motion (2: x, y; side; side), px, of what is seen at `instant` until the instant `to`."""
        places = frame_places(self.side_px)
        moved = torch.zeros_like(places)
        for layer in self.layers:
            looked_up = layer.looked_up(places, instant)
            there = (layer.cover(looked_up) > 0.5).unsqueeze(-1)
            moved = torch.where(there, layer.shown_at(looked_up, to) - places, moved)
        return moved.permute(2, 0, 1)


def drawn_scene(
    photographs: Sequence[Photograph], generator: np.random.Generator, *, side_px: int, motion: MotionRange
) -> MovingScene:
    """Draw a scene: its photographs, where they are cut, and how everything moves.

    Parameters
    ----------
    photographs : sequence          To take textures from.
    generator : numpy Generator     All of the choices.
    side_px : int, px               Sides of the square frame.
    motion : MotionRange            How much may move.
    """
    layers = [_drawn_layer(photographs, generator, side_px, motion, is_background=True)]
    for _ in range(int(generator.integers(0, motion.most_layers + 1))):
        layers.append(_drawn_layer(photographs, generator, side_px, motion, is_background=False))
    light = float(generator.normal(0, 0.004)) if generator.random() < 0.2 else 0.0
    return MovingScene(tuple(layers), side_px, light)


def rendered(scene: MovingScene, frames: int) -> NDArray[np.uint8]:
    """Return the frames (n, side, side) of a clip whose middle is at instant 0."""
    instants = [index - (frames - 1) / 2 for index in range(frames)]
    return np.stack([scene.frame(instant).round().to(torch.uint8).numpy() for instant in instants])


def frame_places(side_px: int) -> Tensor:
    """Return the coordinates (side, side, 2: x, y) of a frame's samples from its middle."""
    line = torch.arange(side_px, dtype=torch.float32) - (side_px - 1) / 2
    rows, columns = torch.meshgrid(line, line, indexing="ij")
    return torch.stack((columns, rows), dim=-1)


def _drawn_layer(
    photographs: Sequence[Photograph],
    generator: np.random.Generator,
    side_px: int,
    motion: MotionRange,
    *,
    is_background: bool,
) -> _Layer:
    """Draw one layer; one in the foreground has an outline of some waves around a circle."""
    step = float(np.exp(generator.uniform(math.log(0.55), math.log(1.3))))
    texture = _drawn_texture(
        photographs, generator, side_px=int(side_px * step) + 2 * _MARGIN_PX, softest_px=motion.softest_px
    )
    speed = float(np.exp(generator.uniform(math.log(motion.smallest_px), math.log(motion.largest_px))))
    if generator.random() < motion.still_share:
        speed = 0.0
    heading = float(generator.uniform(0, 2 * math.pi))
    if generator.random() < 0.4:
        heading = round(heading / (math.pi / 2)) * (math.pi / 2)
    is_lively = speed > 0 and generator.random() < 0.6
    sway = 0.25 * min(speed, 3.0) if is_lively else 0.0
    most = motion.strongest_zoom
    strength = float(np.exp(generator.uniform(math.log(most / 15), math.log(most))))
    outline: tuple[float, ...] = ()
    centre = (0.0, 0.0)
    if not is_background:
        radius = float(side_px * step * np.exp(generator.uniform(math.log(0.06), math.log(0.35))))
        waves = [
            float(one)
            for pair in zip(generator.normal(0, 0.15, 4), generator.uniform(0, 6.3, 4), strict=True)
            for one in pair
        ]
        outline = (radius, float(generator.choice((1.0, 1.5, 3.0))), *waves)
        centre = (
            float(generator.uniform(-0.5, 0.5) * side_px),
            float(generator.uniform(-0.5, 0.5) * side_px),
        )
    return _Layer(
        texture=texture,
        step=step,
        velocity=(speed * math.cos(heading), speed * math.sin(heading)),
        sway=(
            float(generator.normal(0, 1)) * sway,
            float(generator.normal(0, 1)) * sway,
            float(generator.uniform(0.1, 0.7)),
            float(generator.uniform(0, 6.3)),
        ),
        turn=float(generator.normal(0, strength)) if is_lively else 0.0,
        zoom=float(generator.normal(0, strength)) if is_lively else 0.0,
        bend=(
            float(generator.uniform(0, 3)) if generator.random() < 0.3 else 0.0,
            float(generator.uniform(0.02, 0.08)),
            float(generator.uniform(0.02, 0.08)),
            float(generator.uniform(0, 6.3)),
            float(generator.uniform(0.05, 0.4)),
        ),
        centre=centre,
        outline=outline,
    )


def _drawn_texture(
    photographs: Sequence[Photograph], generator: np.random.Generator, *, side_px: int, softest_px: float
) -> Tensor:
    """Cut a square out of a photograph, sometimes reduced; of three places the one with the most detail is taken."""
    luma = photographs[int(generator.integers(len(photographs)))].luma
    reduction = 2 if min(luma.shape) >= 2.5 * side_px and generator.random() < 0.5 else 1
    wanted = side_px * reduction
    best, most = None, -1.0
    for _ in range(3):
        top = int(generator.integers(0, max(1, luma.shape[0] - wanted + 1)))
        left = int(generator.integers(0, max(1, luma.shape[1] - wanted + 1)))
        cut = luma[top : top + wanted, left : left + wanted]
        detail = float(np.abs(np.diff(cut[::3, ::3].astype(np.float32), axis=0)).mean())
        if detail > most:
            best, most = cut, detail
    assert best is not None  # noqa: S101  (three cuts were looked at)
    texture = torch.from_numpy(best.astype(np.float32))[None, None]
    if reduction > 1:
        texture = functional.interpolate(
            texture, scale_factor=1 / reduction, mode="bicubic", antialias=True, align_corners=False
        )
    if generator.random() < 0.5:
        texture = texture.flip(3)
    if softest_px > 0 and generator.random() < 0.5:
        texture = _blurred(texture, float(generator.uniform(0.3, softest_px)))
    contrast = float(generator.uniform(0.7, 1.15))
    middle = texture.mean()
    return ((texture - middle) * contrast + middle).clamp(0, 255)


def _sampled(texture: Tensor, places: Tensor) -> Tensor:
    """Look the texture up by bicubic interpolation; (0, 0) is its middle, and beyond the border it is mirrored."""
    height, width = texture.shape[2:]
    grid = places / torch.tensor([(width - 1) / 2, (height - 1) / 2])
    found = functional.grid_sample(
        texture, grid[None], mode="bicubic", padding_mode="reflection", align_corners=True
    )
    return found[0, 0]


def _blurred(texture: Tensor, deviation_px: float) -> Tensor:
    """Blur a texture by a Gaussian."""
    reach = math.ceil(3 * deviation_px)
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float32)
    window = torch.exp(-(offsets**2) / (2 * deviation_px**2))
    window = window / window.sum()
    padded = functional.pad(texture, [reach] * 4, mode="replicate")
    return functional.conv2d(functional.conv2d(padded, window.view(1, 1, -1, 1)), window.view(1, 1, 1, -1))
