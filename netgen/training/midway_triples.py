"""Triples to learn interpolation from: two decoded frames, the clean one midway, and the true motion to both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netgen.media.codec import Codec, CodingConfig
from netgen.training.coded_pairs import GOP_FRAMES, decoded_luma
from netgen.training.motion import MotionRange, drawn_scene, rendered
from netgen.training.photographs import Photograph

_FRAMES = 9
_SPANS = ((0, 8), (0, 4), (4, 8), (2, 6), (2, 4), (4, 6))
"""First and last frame of the triples of a clip; the frame midway is what is learned."""


@dataclass(frozen=True, slots=True)
class TripleRecipe:
    """What triples are made.

    Parameters
    ----------
    clips : int                     Clips of nine frames; each gives six triples.
    side_px : int, px               Sides of the frames.
    crfs : tuple of int             Rate factors of SVT-AV1, drawn evenly from the first to the last.
    clean_share : float             Share of the clips that are not coded at all.
    motion : MotionRange            How much may move between frames.
    """

    clips: int
    side_px: int = 208
    crfs: tuple[int, int] = (20, 63)
    clean_share: float = 0.15
    motion: MotionRange = field(
        default_factory=lambda: MotionRange(largest_px=10.0, smallest_px=0.1, strongest_zoom=0.02)
    )


@dataclass(frozen=True, slots=True, eq=False)
class MidwayTriples:
    """All triples, of the same size, in memory.

    Parameters
    ----------
    ends : (n, 2, h, w) uint8       The first and the second frame as decoded.
    middle : (n, 1, h, w) uint8     The clean frame midway.
    flow : (n, 4, h, w) float16     Motion from the middle to the first (x, y) and to the second (x, y), px.
    """

    ends: NDArray[np.uint8]
    middle: NDArray[np.uint8]
    flow: NDArray[np.float16]


@dataclass(frozen=True, slots=True, eq=False)
class TripleBatch:
    """Patches: luma over 255, and motion in px."""

    ends: Tensor
    middle: Tensor
    flow: Tensor


def make_triples(
    photographs: Sequence[Photograph],
    recipe: TripleRecipe,
    generator: np.random.Generator,
    *,
    progress: Callable[[str], None],
) -> MidwayTriples:
    """Draw clips, code every second frame, and cut triples.

    Parameters
    ----------
    photographs : sequence          What to take textures from.
    recipe : TripleRecipe           How many of which kind.
    generator : numpy Generator     Every choice; the same gives the same triples.
    progress : callable             Told now and then.
    """
    side_px, count = recipe.side_px, recipe.clips * len(_SPANS)
    ends = np.empty((count, 2, side_px, side_px), np.uint8)
    middle = np.empty((count, 1, side_px, side_px), np.uint8)
    flow = np.empty((count, 4, side_px, side_px), np.float16)
    for index in range(recipe.clips):
        scene = drawn_scene(photographs, generator, side_px=side_px, motion=recipe.motion)
        clean = rendered(scene, _FRAMES)
        factor = int(generator.integers(recipe.crfs[0], recipe.crfs[1] + 1))
        is_coded = generator.random() >= recipe.clean_share
        config = CodingConfig(Codec.SVTAV1, factor, 1, GOP_FRAMES)
        kept = decoded_luma(clean[::2], config) if is_coded else clean[::2]
        for at, (start, end) in enumerate(_SPANS, start=index * len(_SPANS)):
            instants = [one - (_FRAMES - 1) / 2 for one in (start, (start + end) / 2, end)]
            ends[at] = kept[[start // 2, end // 2]]
            middle[at] = clean[(start + end) // 2]
            flow[at, :2] = scene.flow(instants[1], instants[0]).numpy()
            flow[at, 2:] = scene.flow(instants[1], instants[2]).numpy()
        if (index + 1) % 50 == 0:
            progress(f"triples: {index + 1} of {recipe.clips} clips")
    return MidwayTriples(ends, middle, flow)


def triple_batch(
    triples: MidwayTriples, generator: np.random.Generator, *, patches: int, side_px: int
) -> TripleBatch:
    """Cut patches at random places, mirrored, transposed and reversed in time at random."""
    count, _, height, width = triples.ends.shape
    ends = np.empty((patches, 2, side_px, side_px), np.uint8)
    middle = np.empty((patches, 1, side_px, side_px), np.uint8)
    flow = np.empty((patches, 4, side_px, side_px), np.float32)
    for index in range(patches):
        one = int(generator.integers(count))
        top = int(generator.integers(height - side_px + 1))
        left = int(generator.integers(width - side_px + 1))
        rows, columns = slice(top, top + side_px), slice(left, left + side_px)
        ends[index], middle[index], flow[index] = _turned(
            triples.ends[one, :, rows, columns],
            triples.middle[one, :, rows, columns],
            triples.flow[one, :, rows, columns].astype(np.float32),
            int(generator.integers(16)),
        )
    return TripleBatch(
        torch.from_numpy(ends).to(torch.float32) / 255,
        torch.from_numpy(middle).to(torch.float32) / 255,
        torch.from_numpy(flow),
    )


def _turned(
    ends: NDArray[np.uint8], middle: NDArray[np.uint8], flow: NDArray[np.float32], turned: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """Mirror, transpose and reverse in time as the four bits of `turned` say; motion follows."""
    signs = np.ones((4, 1, 1), np.float32)
    if turned & 1:
        ends, middle, flow = ends[:, ::-1], middle[:, ::-1], flow[:, ::-1]
        signs[[1, 3]] = -1
    if turned & 2:
        ends, middle, flow = ends[:, :, ::-1], middle[:, :, ::-1], flow[:, :, ::-1]
        signs[[0, 2]] = -1
    flow = flow * signs
    if turned & 4:
        ends, middle, flow = (plane.transpose(0, 2, 1) for plane in (ends, middle, flow))  # type: ignore[assignment]
        flow = flow[[1, 0, 3, 2]]
    if turned & 8:
        ends, flow = ends[::-1], flow[[2, 3, 0, 1]]
    return ends, middle, flow
