"""Distorted labelled scenes with their true levels, and the loss of the network that rates them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from netgen.rating.dimensions import Readings, measured
from netgen.rating.distortions import drawn_distortion, drawn_scene
from netgen.rating.script import script_of
from netgen.rating.seeing import OWN_SIGNALS, seen, stated_signals

_BATCH = 32
_LARGEST_NOISE = 0.04
_MODES = {"blind": 0.25, "stated": 0.35, "beside-source": 0.4}
"""How often a batch has nothing but the video, the description as well, and the source as well."""


@dataclass(frozen=True, slots=True, eq=False)
class RatedScenes:
    """What raters see of shown scenes, with the true levels.

    Parameters
    ----------
    frames, source : (n, 9, 3, 64, 64) uint8    What is shown, and its source.
    places, whole : (n, 4, k), (n, m)           Signals, those of what was said last.
    levels : (n, 4) int64                       Of `RATED`, less 1.
    """

    frames: NDArray[np.uint8]
    source: NDArray[np.uint8]
    places: NDArray[np.float32]
    whole: NDArray[np.float32]
    levels: NDArray[np.int64]


def make_rated_scenes(
    scenes: int, shown: int, generator: np.random.Generator, *, progress: Callable[[str], None]
) -> RatedScenes:
    """Draw scenes, show each so many times with other distortions, and measure the truth."""
    rows: list[tuple[NDArray[np.generic], ...]] = []
    for scene in range(scenes):
        rows += _rows(shown, generator)
        if (scene + 1) % 50 == 0:
            progress(f"{scene + 1} of {scenes} scenes")
    columns = [np.stack(column) for column in zip(*rows, strict=True)]
    return RatedScenes(*columns)


def _rows(shown: int, generator: np.random.Generator) -> Iterator[tuple[NDArray[np.generic], ...]]:
    meaning, circumstances = drawn_scene(generator)
    source = seen(script_of(meaning, circumstances).drawn())
    for _ in range(shown):
        one = drawn_distortion(meaning, circumstances, generator)
        looked = seen(one.clip)
        drawn = looked if one.clip is one.drawn else seen(one.drawn)
        truth = measured(meaning, one.script, Readings(source.read, drawn.read, looked.read))
        places, whole = stated_signals(looked, source.read)
        yield (
            looked.frames,
            source.frames,
            np.concatenate([looked.places, places], axis=1),
            np.concatenate([looked.whole, whole]),
            np.array(truth.levels(), dtype=np.int64) - 1,
        )


def prepare_rater(
    generator: np.random.Generator, progress: Callable[[str], None], *, small: bool
) -> Callable[[nn.Module, np.random.Generator], Tensor]:
    """Draw shown scenes; the loss is the sum of the cross-entropies of the levels, in nats per scene."""
    scenes = make_rated_scenes(*((4, 2) if small else (1000, 3)), generator, progress=progress)

    def loss(model: nn.Module, draws: np.random.Generator) -> Tensor:
        chosen = draws.integers(0, len(scenes.levels), _BATCH)
        mode = str(draws.choice(list(_MODES), p=list(_MODES.values())))
        device = next(model.parameters()).device
        frames, source = (
            torch.from_numpy(one[chosen]).to(device).float() / 255 - 0.5
            for one in (scenes.frames, scenes.source)
        )
        places, whole = (torch.from_numpy(one[chosen]).to(device) for one in (scenes.places, scenes.whole))
        if mode == "blind":
            places, whole = without_statement(places, whole)
        logits = model(_varied(frames, draws), places, whole, source if mode == "beside-source" else None)
        return rating_loss(logits, torch.from_numpy(scenes.levels[chosen]).to(device))

    return loss


def without_statement(places: Tensor, whole: Tensor) -> tuple[Tensor, Tensor]:
    """Return signals as they are where nothing was said of the scene."""
    own = OWN_SIGNALS
    places, whole = places.clone(), whole.clone()
    places[..., own[0] :] = 0
    whole[..., own[1] :] = 0
    return places, whole


def rating_loss(logits: Tensor, levels: Tensor) -> Tensor:
    """Return the mean over scenes of the summed cross-entropies of what is rated."""
    each = functional.cross_entropy(logits.float().flatten(0, 1), levels.flatten(), reduction="none")
    return each.sum() / len(levels)


def _varied(frames: Tensor, draws: np.random.Generator) -> Tensor:
    """Add a little noise, differently for every scene, so that it does not learn single pixels by heart."""
    shape = (len(frames), 1, 1, 1, 1)
    strength = torch.from_numpy(draws.uniform(0, _LARGEST_NOISE, shape)).to(frames)
    noise = torch.from_numpy(draws.standard_normal(frames.shape, dtype=np.float32)).to(frames)
    return frames + strength * noise
