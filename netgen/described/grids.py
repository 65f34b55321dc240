"""How fine a description is: its grids, and the quantiser steps of its levels of detail."""

from __future__ import annotations

COARSEST, FINEST = 1.0, 8.0
DETAIL_STEP = 0.25
"""Levels of detail, and how far apart they are."""

_LAYOUT_SIDE = 240
_SKETCH_SIDE = 120
_STUDY_SIDE = 160
"""Longer sides in cells: of layouts, of sketches, and of the pictures that motion is estimated on."""
_COARSEST_STEP = 16 * 320
_STEP_RATIO = 0.75
_CHROMA_RATIO = (8, 5)
"""Quantiser steps in 1/16 level: at detail 1; from one level of detail to the next; of chroma against luma.

At 480 x 272 and 25 frame/s they give about 80 to 1500 byte per picture. ASSUMED: chroma at 8/5 of luma looks even.
"""


def layout_cells(width_px: int, height_px: int) -> tuple[int, int]:
    """Return rows and columns of a layout's luma."""
    return _cells(width_px, height_px, _LAYOUT_SIDE)


def sketch_cells(width_px: int, height_px: int) -> tuple[int, int]:
    """Return rows and columns of a sketch."""
    return _cells(width_px, height_px, _SKETCH_SIDE)


def study_cells(width_px: int, height_px: int) -> tuple[int, int]:
    """Return rows and columns of the pictures that motion is estimated on."""
    return _cells(width_px, height_px, _STUDY_SIDE)


def quantiser_step(detail: float, *, chroma: bool = False) -> int:
    """Return the quantiser step of a level of detail, 1/16 level."""
    step: float = _COARSEST_STEP * _STEP_RATIO ** (detail - COARSEST)
    luma = round(step)  # no level of detail comes within 0.01 of a half, where machines might differ
    return luma * _CHROMA_RATIO[0] // _CHROMA_RATIO[1] if chroma else luma


def _cells(width_px: int, height_px: int, longer_side: int) -> tuple[int, int]:
    """Return rows and columns of a grid with a longer side of so many cells, no finer than the pixels."""
    longer = max(width_px, height_px)
    side = min(longer_side, longer)
    rows = max((2 * height_px * side + longer) // (2 * longer), 1)
    return rows, max((2 * width_px * side + longer) // (2 * longer), 1)
