"""The scenes on which it is measured what a channel leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError
from netgen.labelled.delivered import FEWEST_SCENES
from netgen.labelled.information import kept_meaning
from netgen.labelled.meaning import Meaning
from netgen.labelled.reading import read_meanings, views_of
from netgen.labelled.scene_content import SceneContent
from netgen.media.quality import compare
from netgen.media.yuv_clip import YuvClip
from netgen.rng import generator_from
from netgen.robustness.table import Left

VIEWS = 5
"""Frames of a scene that its reader sees; quality is taken over them as well."""

_NEUTRAL = 128


def viewed(clip: YuvClip) -> NDArray[np.uint8]:
    """Return the planes of the frames that the reader sees: five over the length of a clip."""
    return clip.planes[np.rint(np.linspace(0, clip.frames - 1, VIEWS)).astype(np.int64)]


def nothing_shown(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the grey that is seen before any picture came."""
    return np.full_like(planes, _NEUTRAL)


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedScenes:
    """Scenes with their meaning, and what their reader sees of them.

    Parameters
    ----------
    seed : int
    clips : tuple of YuvClip        All frames of each.
    meanings : tuple of Meaning     The truth.
    """

    seed: int
    clips: tuple[YuvClip, ...]
    meanings: tuple[Meaning, ...]

    @staticmethod
    def drawn(count: int, seed: int) -> ReceivedScenes:
        """Draw the first scenes of a seed.

        Raises
        ------
        InputError                  Fewer than 40: too few for every label to occur.
        MissingDependencyError      A package that carries photographs is not installed.
        """
        if count < FEWEST_SCENES:
            raise InputError(f"{count} scenes; at least {FEWEST_SCENES} are needed for every label to occur")
        return ReceivedScenes.some(count, seed)

    @staticmethod
    def some(count: int, seed: int) -> ReceivedScenes:
        """Draw the first scenes of a seed, however few: enough to look at, not to measure meaning on."""
        content = SceneContent(count, seed, crf=0)
        return ReceivedScenes(
            seed,
            tuple(content.clip(scene) for scene in range(count)),
            tuple(content.meaning(scene) for scene in range(count)),
        )

    def left_in(self, shown: Sequence[NDArray[np.uint8]]) -> Left:
        """Measure what is left in the five frames that are shown of each scene."""
        rate_hz = self.clips[0].frame_rate_hz
        seen = views_of([YuvClip(planes, rate_hz) for planes in shown])
        rng = generator_from(self.seed, len(self.meanings), 3)
        kept = kept_meaning(self.meanings, read_meanings(seen), rng)
        reference = np.concatenate([viewed(clip) for clip in self.clips])
        quality = compare(
            YuvClip(reference, rate_hz), YuvClip(np.concatenate(shown), rate_hz), with_vmaf=False
        )
        low, high = max(0.0, kept.low), min(1.0, kept.high)
        fidelity = min(max(kept.fidelity, low), high)
        return Left(fidelity, (low, high), quality.psnr_db, quality.ms_ssim)
