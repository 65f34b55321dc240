"""Pairs to learn from: frames as SVT-AV1 decodes them, and the frames that were coded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netgen.media.codec import Codec, CodingConfig, coded_size_px, decode, encode
from netgen.media.yuv_clip import YuvClip
from netgen.training.motion import MotionRange, drawn_scene, rendered
from netgen.training.photographs import Photograph

_RATE_HZ = Fraction(25)
_NEUTRAL = 128
GOP_FRAMES = 25


@dataclass(frozen=True, slots=True)
class PairRecipe:
    """What pairs are made.

    Parameters
    ----------
    clips, frames : int             How many clips, and frames in each.
    side_px : int, px               Sides of the clean frames.
    scale : int                     Their sides are divided by this before they are coded.
    crfs : tuple of int             Rate factors, drawn evenly from the first to the last.
    keep_every : int                Of the clean frames only every so many-th is coded.
    source_share : float            Share of the clips whose clean frames are first coded well, as videos are that
                                    people have: by x265 at a rate factor of 18 to 30.
    motion : MotionRange            How much may move between clean frames.
    """

    clips: int
    frames: int
    side_px: int
    scale: int
    crfs: tuple[int, int]
    keep_every: int = 1
    source_share: float = 0.6
    motion: MotionRange = field(default_factory=lambda: MotionRange(largest_px=6.0, softest_px=1.6))


@dataclass(frozen=True, slots=True, eq=False)
class CodedPairs:
    """Decoded clips beside the clean ones, all of the same size, in memory.

    Parameters
    ----------
    coded : (clips, kept, h, w) uint8           Luma as decoded, at the coded size.
    clean : (clips, frames, h * scale, w * scale) uint8     Luma before.
    crf : (clips,) float32                      Rate factor of each.
    recipe : PairRecipe                         How they were made.
    """

    coded: NDArray[np.uint8]
    clean: NDArray[np.uint8]
    crf: NDArray[np.float32]
    recipe: PairRecipe


@dataclass(frozen=True, slots=True, eq=False)
class RestorationBatch:
    """Patches of decoded frames with both neighbours, (b, 3, s, s), and of clean ones; luma over 255."""

    coded: Tensor
    clean: Tensor
    crf: Tensor


def make_pairs(
    photographs: Sequence[Photograph],
    recipe: PairRecipe,
    generator: np.random.Generator,
    *,
    progress: Callable[[str], None],
) -> CodedPairs:
    """Draw clips, code them and decode them.

    Parameters
    ----------
    photographs : sequence          What to take textures from.
    recipe : PairRecipe             How many of which kind.
    generator : numpy Generator     Every choice; the same gives the same pairs.
    progress : callable             Told now and then.
    """
    coded_side_px, _ = coded_size_px(recipe.side_px, recipe.side_px, scale=recipe.scale)
    kept = len(range(0, recipe.frames, recipe.keep_every))
    coded = np.empty((recipe.clips, kept, coded_side_px, coded_side_px), np.uint8)
    clean = np.empty((recipe.clips, recipe.frames, recipe.side_px, recipe.side_px), np.uint8)
    crf = np.empty(recipe.clips, np.float32)
    for index in range(recipe.clips):
        scene = drawn_scene(photographs, generator, side_px=recipe.side_px, motion=recipe.motion)
        clean[index] = rendered(scene, recipe.frames)
        if generator.random() < recipe.source_share:
            well = CodingConfig(Codec.X265, int(generator.integers(18, 31)), 1, GOP_FRAMES)
            clean[index] = decoded_luma(clean[index], well)
        factor = int(generator.integers(recipe.crfs[0], recipe.crfs[1] + 1))
        config = CodingConfig(Codec.SVTAV1, factor, recipe.scale, GOP_FRAMES)
        coded[index] = decoded_luma(clean[index, :: recipe.keep_every], config)
        crf[index] = factor
        if (index + 1) % 50 == 0:
            progress(f"pairs: {index + 1} of {recipe.clips} clips")
    return CodedPairs(coded, clean, crf, recipe)


def decoded_luma(luma: NDArray[np.uint8], config: CodingConfig) -> NDArray[np.uint8]:
    """Code the luma of a clip (n, h, w) with neutral chroma, and return it as decoded, at the coded size."""
    count, height, width = luma.shape
    chroma = np.full((count, height // 2, width), _NEUTRAL, np.uint8)
    clip = YuvClip(np.concatenate((luma, chroma), axis=1), _RATE_HZ)
    made = encode(clip, config)
    coded_width_px, coded_height_px = coded_size_px(width, height, scale=config.scale)
    shown, _ = decode(replace(made, width_px=coded_width_px, height_px=coded_height_px))
    return shown.luma


def restoration_batch(
    pairs: CodedPairs, generator: np.random.Generator, *, patches: int, side_px: int
) -> RestorationBatch:
    """Cut patches of `side_px` decoded samples at random places, mirrored and transposed at random."""
    scale = pairs.recipe.scale
    coded = np.empty((patches, 3, side_px, side_px), np.uint8)
    clean = np.empty((patches, 1, side_px * scale, side_px * scale), np.uint8)
    crf = np.empty(patches, np.float32)
    clips, frames, height, width = pairs.coded.shape
    for index in range(patches):
        clip, frame = int(generator.integers(clips)), int(generator.integers(frames))
        top = 2 * int(generator.integers((height - side_px) // 2 + 1))
        left = 2 * int(generator.integers((width - side_px) // 2 + 1))
        order = np.clip([frame - 1, frame, frame + 1], 0, frames - 1)
        one = pairs.coded[clip, order, top : top + side_px, left : left + side_px]
        other = pairs.clean[
            clip, frame, top * scale : (top + side_px) * scale, left * scale : (left + side_px) * scale
        ][None]
        turned = int(generator.integers(16))
        coded[index], clean[index] = _turned(one, turned), _turned(other, turned)
        crf[index] = pairs.crf[clip]
    return RestorationBatch(_over_255(coded), _over_255(clean), torch.from_numpy(crf))


def _turned(planes: NDArray[np.uint8], turned: int) -> NDArray[np.uint8]:
    """Mirror, transpose and reverse in time as the four bits of `turned` say."""
    if turned & 1:
        planes = planes[:, ::-1]
    if turned & 2:
        planes = planes[:, :, ::-1]
    if turned & 4:
        planes = planes.transpose(0, 2, 1)
    if turned & 8:
        planes = planes[::-1]
    return planes


def _over_255(planes: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(planes).to(torch.float32) / 255
