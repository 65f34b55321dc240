"""A sketch: where the edges of a picture are, one bit per cell, in context-adaptive binary arithmetic code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netgen.described.entropy import Coder, Contexts
from netgen.described.resampling import FloatPlane

Sketch = NDArray[np.bool_]

_SHARE = 0.08
"""Share of cells that are drawn at most. ASSUMED: about what line drawings of photographs have."""
_LEAST_SLOPE = 10.0
"""Slope, levels per cell, that counts as an edge. ASSUMED: below it, it is grain or shading."""


def drawn(luma: FloatPlane) -> Sketch:
    """Draw the edges of a picture: ridges of its slope, the strongest ones.

    Parameters
    ----------
    luma : (height, width) float32  The picture at the size of the sketch.

    Source                          Canny, A computational approach to edge detection, 1986: thinning by
                                    non-maximum suppression, here along the nearer axis.
    """
    down, right = np.gradient(luma)
    slope = np.hypot(down, right)
    wide = np.pad(slope, 1)
    flat = np.abs(right) >= np.abs(down)
    before = np.where(flat, wide[1:-1, :-2], wide[:-2, 1:-1])
    after = np.where(flat, wide[1:-1, 2:], wide[2:, 1:-1])
    ridge = np.where((slope >= before) & (slope > after), slope, 0.0)
    threshold = max(float(np.quantile(ridge, 1 - _SHARE)), _LEAST_SLOPE)
    edges: Sketch = ridge > threshold
    return edges


def code_sketch(coder: Coder, contexts: Contexts, shape: tuple[int, int], *, sketch: Sketch | None) -> Sketch:
    """Write or read a sketch; the context of a cell is the ten cells around it that are known by then.

    Source                          The template of JBIG (ITU-T T.82, 1993, section 6.7.1, three lines).
    """
    height, width = shape
    row = contexts.row("sketch", 1024)
    cells = np.zeros((height + 2, width + 4), np.int64).tolist()
    wanted = None if sketch is None else sketch.tolist()
    for i in range(height):
        above, upper, here = cells[i], cells[i + 1], cells[i + 2]
        for j in range(width):
            context = (above[j + 1] << 9) | (above[j + 2] << 8) | (above[j + 3] << 7)
            context |= (upper[j] << 6) | (upper[j + 1] << 5) | (upper[j + 2] << 4)
            context |= (upper[j + 3] << 3) | (upper[j + 4] << 2) | (here[j] << 1) | here[j + 1]
            here[j + 2] = coder.bit(row[context], int(wanted[i][j]) if wanted is not None else 0)
    return np.array(cells, dtype=bool)[2:, 2:-2]


def enlarged(sketch: Sketch, height: int, width: int) -> Sketch:
    """Return a sketch at another grid: each cell takes the nearest one."""
    down = np.arange(height) * sketch.shape[0] // height
    across = np.arange(width) * sketch.shape[1] // width
    larger: Sketch = sketch[down][:, across]
    return larger
