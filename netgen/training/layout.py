"""Layouts and sketches of photographs beside the photographs, and the loss of the layout generator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from netgen.described.grids import COARSEST, layout_cells, quantiser_step, sketch_cells
from netgen.described.picture import quantised, restored
from netgen.described.resampling import resampled
from netgen.described.sketch import drawn, enlarged
from netgen.models.layout_generator import ENLARGEMENT
from netgen.training.photographs import Photograph

_HEIGHT_PX, _WIDTH_PX = 272, 480
_PATCHES, _SIDE_CELLS = 8, 96
_SKETCHED_SHARE = 0.5
_LARGEST_ZOOM = 3.0
_COARSEST_STEP, _STEP_RATIO = quantiser_step(COARSEST), 0.70
"""Steps are drawn from 320 down to 26 levels: beyond the finest of a description, so that it is no edge."""
_STRUCTURE_WEIGHT = 8.0
"""dB that a unit of structural dissimilarity is worth. ASSUMED: PSNR and SSIM of coded video move together so."""

_ERROR_FLOOR = 4e-5
_DECIBEL = 10 / float(np.log(10))


@dataclass(frozen=True, slots=True, eq=False)
class Layouts:
    """Photographs as video shows them, and what a description holds of them.

    Parameters
    ----------
    clean : (n, 272, 480) uint8             Luma.
    plain : (n, 272, 480) uint8             The layout, enlarged.
    layout, sketch : (n, rows, columns)     The layout, and the sketch at its grid; uint8 and bool.
    step : (n,) float32                     Quantiser step, levels.
    """

    clean: NDArray[np.uint8]
    plain: NDArray[np.uint8]
    layout: NDArray[np.uint8]
    sketch: NDArray[np.bool_]
    step: NDArray[np.float32]


def make_layouts(
    photographs: Sequence[Photograph],
    count: int,
    generator: np.random.Generator,
    *,
    progress: Callable[[str], None],
) -> Layouts:
    """Cut pictures from photographs at random places and scales, and make layouts of them at random quantiser steps."""
    rows, columns = layout_cells(_WIDTH_PX, _HEIGHT_PX)
    made = Layouts(
        np.empty((count, _HEIGHT_PX, _WIDTH_PX), np.uint8),
        np.empty((count, _HEIGHT_PX, _WIDTH_PX), np.uint8),
        np.empty((count, rows, columns), np.uint8),
        np.empty((count, rows, columns), bool),
        np.empty(count, np.float32),
    )
    for index in range(count):
        luma = _cut(photographs[int(generator.integers(len(photographs)))].luma, generator)
        exponent = float(np.round(generator.uniform(1, 8) * 4) / 4) - 1
        step = round(_COARSEST_STEP * _STEP_RATIO**exponent)
        cells = np.clip(np.rint(resampled(luma, rows, columns)), 0, 255).astype(np.int64)
        made.layout[index] = restored(quantised(cells, step), step)
        sketch = drawn(resampled(luma, *sketch_cells(_WIDTH_PX, _HEIGHT_PX)))
        made.sketch[index] = enlarged(sketch, rows, columns)
        made.clean[index] = luma
        made.plain[index] = np.clip(np.rint(resampled(made.layout[index], _HEIGHT_PX, _WIDTH_PX)), 0, 255)
        made.step[index] = step / 16
        if (index + 1) % 200 == 0:
            progress(f"layouts: {index + 1} of {count}")
    return made


def prepare_layout(
    photographs: Sequence[Photograph],
    generator: np.random.Generator,
    progress: Callable[[str], None],
    small: bool,
) -> Callable[[nn.Module, np.random.Generator], Tensor]:
    """Make layouts; the loss is the PSNR gained over the plain enlargement and the structure lost, in dB."""
    layouts = make_layouts(photographs, 4 if small else 1200, generator, progress=progress)

    def loss(model: nn.Module, draws: np.random.Generator) -> Tensor:
        clean, plain, *given = _batch(layouts, draws, next(model.parameters()).device)
        shown = plain + model(*given).float()
        errors = [((one - clean).square().mean(dim=(1, 2, 3)) + _ERROR_FLOOR).log() for one in (plain, shown)]
        gain_db = (errors[0] - errors[1]).mean() * _DECIBEL
        lost = sum((_dissimilarity(shown, clean, halvings) for halvings in range(3)), clean.new_zeros(()))
        return -gain_db + _STRUCTURE_WEIGHT * lost / 3

    return loss


def _batch(layouts: Layouts, draws: np.random.Generator, device: torch.device) -> list[Tensor]:
    """Cut patches: clean, plain, layout, sketch, whether sketched, step."""
    _, rows, columns = layouts.layout.shape
    cut: list[list[NDArray[np.float32]]] = [[], [], [], []]
    sketched, steps = [], []
    for _ in range(_PATCHES):
        index = int(draws.integers(len(layouts.clean)))
        top = int(draws.integers(rows - _SIDE_CELLS + 1))
        left = int(draws.integers(columns - _SIDE_CELLS + 1))
        mirrored = bool(draws.integers(2))
        with_sketch = draws.random() < _SKETCHED_SHARE
        whole = (layouts.clean, layouts.plain, layouts.layout, layouts.sketch)
        for kind, planes in enumerate(whole):
            scale = ENLARGEMENT if kind < 2 else 1
            patch = planes[
                index,
                scale * top : scale * (top + _SIDE_CELLS),
                scale * left : scale * (left + _SIDE_CELLS),
            ].astype(np.float32)
            patch = patch[:, ::-1] if mirrored else patch
            cut[kind].append(patch * (float(with_sketch) if kind == 3 else 1 / 255))
        sketched.append(float(with_sketch))
        steps.append(layouts.step[index])
    planes_of = [torch.from_numpy(np.stack(kind)[:, None]) for kind in cut]
    numbers = [torch.tensor(sketched), torch.tensor(np.array(steps, np.float32))]
    return [one.to(device) for one in (*planes_of, *numbers)]


def _cut(luma: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Cut a picture of the aspect of video at a random place, and reduce it to its size."""
    height, width = luma.shape
    fit = min(height / _HEIGHT_PX, width / _WIDTH_PX)
    scale = fit / float(np.exp(generator.uniform(0, np.log(_LARGEST_ZOOM))))
    scale = max(scale, min(fit, 1.0))
    high, wide = min(int(_HEIGHT_PX * scale), height), min(int(_WIDTH_PX * scale), width)
    top, left = int(generator.integers(height - high + 1)), int(generator.integers(width - wide + 1))
    part = resampled(luma[top : top + high, left : left + wide], _HEIGHT_PX, _WIDTH_PX)
    return np.clip(np.rint(part), 0, 255).astype(np.uint8)


def _dissimilarity(shown: Tensor, clean: Tensor, halvings: int) -> Tensor:
    """Return 1 - SSIM (windows of 8 x 8 equal weights, every second one) after some halvings."""
    one, other = shown, clean
    for _ in range(halvings):
        one, other = functional.avg_pool2d(one, 2), functional.avg_pool2d(other, 2)
    mean_one, mean_other = _windowed(one), _windowed(other)
    covariance = _windowed(one * other) - mean_one * mean_other
    spread = _windowed(one * one) - mean_one**2 + _windowed(other * other) - mean_other**2
    luminance = (2 * mean_one * mean_other + 0.01**2) / (mean_one**2 + mean_other**2 + 0.01**2)
    return (1 - luminance * (2 * covariance + 0.03**2) / (spread + 0.03**2)).mean()


def _windowed(planes: Tensor) -> Tensor:
    return functional.avg_pool2d(planes, 8, stride=2)
