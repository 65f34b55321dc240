"""The detail of repainted frames, moved along with what they show onto the frames between them."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from netgen.errors import MissingDependencyError

_LUMA = np.array((0.299, 0.587, 0.114), np.float32)
"""Luma of RGB. Source: Recommendation ITU-R BT.601-7, 2.5.1."""


def spread_detail(
    base: NDArray[np.float32], keys: Sequence[int], painted: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return all frames when only some were repainted.

    What repainting added to the nearest repainted frame before and after is moved by the optical flow between the
    decoded frames (iterative Lucas-Kanade, scikit-image), and both are weighted by their nearness in time.

    Parameters
    ----------
    base : (n, height, width, 3) float32    The decoded frames, 0..1.
    keys : sequence of int                  Which of them were repainted, rising; the first and the last are.
    painted : (len(keys), height, width, 3) float32     The repainted frames.
    """
    frames = base.copy()
    frames[list(keys)] = painted
    detail = painted - base[list(keys)]
    luma = base @ _LUMA
    for before, after in zip(range(len(keys)), range(1, len(keys)), strict=False):
        first, last = keys[before], keys[after]
        for index in range(first + 1, last):
            late = (index - first) / (last - first)
            frames[index] += (1 - late) * _carried(detail[before], luma[first], luma[index])
            frames[index] += late * _carried(detail[after], luma[last], luma[index])
    return frames.clip(0, 1)


def _carried(
    detail: NDArray[np.float32], there: NDArray[np.float32], here: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return detail of one frame where its things are in another."""
    skimage = _import_skimage()
    rows, columns = skimage.registration.optical_flow_ilk(here, there)
    height_px, width_px = here.shape
    at = np.meshgrid(np.arange(height_px), np.arange(width_px), indexing="ij")
    places = np.stack((at[0] + rows, at[1] + columns))
    moved = [
        skimage.transform.warp(detail[..., channel], places, order=1, mode="edge")
        for channel in range(detail.shape[-1])
    ]
    return np.stack(moved, axis=-1).astype(np.float32)


def _import_skimage() -> ModuleType:
    """Import scikit-image's flow and warping, or say how to install them."""
    try:
        import skimage.registration  # noqa: PLC0415
        import skimage.transform  # noqa: PLC0415
    except ImportError as error:
        raise MissingDependencyError(
            "moving detail between frames needs scikit-image, which is not installed; run: pip install "
            "netgen[video], or set moves_detail = False"
        ) from error
    module: ModuleType = skimage
    return module
