"""Labelled scenes, as drawn and as codecs leave them, and the loss of the network that reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from netgen.actions.contract import KnobTarget
from netgen.catalogue.loading import find_action
from netgen.labelled.drawing import drawn_circumstances, drawn_clip
from netgen.labelled.meaning import ATTRIBUTES, Meaning, drawn_meaning
from netgen.labelled.reading import views_of

CODINGS = ("x264", "x265", "x265-half", "svtav1", "svtav1-half", "svtav1-quarter", "vp9", "flat")
"""Variants whose output it learns to read: codecs, reduced sizes, and a description drawn without a network."""

_BATCH = 24
_LARGEST_NOISE = 0.04
_LARGEST_GAIN = 0.1


@dataclass(frozen=True, slots=True)
class SceneRecipe:
    """How many scenes are drawn, and how often each is coded besides."""

    scenes: int
    codings: int


@dataclass(frozen=True, slots=True, eq=False)
class ReadScenes:
    """What the reader sees of scenes, with their labels.

    Parameters
    ----------
    views : (n, 5, 3, 128, 128) uint8   Frames.
    labels : dict                       `background` (n,), `there` (n, 4) and each attribute (n, 4), int64; attributes
                                        of an empty place are 0 and do not count.
    """

    views: NDArray[np.uint8]
    labels: dict[str, NDArray[np.int64]]


def make_scenes(
    recipe: SceneRecipe, generator: np.random.Generator, *, progress: Callable[[str], None]
) -> ReadScenes:
    """Draw scenes, and code each by variants and at knobs that are drawn for it."""
    actions = [find_action(name) for name in CODINGS]
    views, meanings = [], []
    for scene in range(recipe.scenes):
        meaning = drawn_meaning(generator)
        clip = drawn_clip(meaning, drawn_circumstances(generator))
        shown = [clip]
        for number in generator.choice(len(actions), recipe.codings, replace=False):
            action = actions[int(number)]
            knob = action.knob
            value = knob.nearest(knob.finest + float(generator.random()) * (knob.coarsest - knob.finest))
            shown.append(action.expand(action.contract(clip, KnobTarget(value))))
        views.append(views_of(shown))
        meanings += [meaning] * len(shown)
        if (scene + 1) % 100 == 0:
            progress(f"{scene + 1} of {recipe.scenes} scenes")
    return ReadScenes(np.concatenate(views), labels_of(meanings))


def labels_of(meanings: list[Meaning]) -> dict[str, NDArray[np.int64]]:
    """Return the labels of scenes as arrays."""
    labels = {
        "background": np.array([meaning.background for meaning in meanings]),
        "there": np.array([[thing is not None for thing in meaning.things] for meaning in meanings]),
    }
    for number, name in enumerate(ATTRIBUTES):
        labels[name] = np.array(
            [[0 if thing is None else thing.values()[number] for thing in one.things] for one in meanings]
        )
    return {name: values.astype(np.int64) for name, values in labels.items()}


def prepare_reader(
    generator: np.random.Generator, progress: Callable[[str], None], *, small: bool
) -> Callable[[nn.Module, np.random.Generator], Tensor]:
    """Draw scenes; the loss is the sum of the cross-entropies of all labels, in nats per scene."""
    scenes = make_scenes(SceneRecipe(6, 1) if small else SceneRecipe(1500, 2), generator, progress=progress)

    def loss(model: nn.Module, draws: np.random.Generator) -> Tensor:
        chosen = draws.integers(0, len(scenes.views), _BATCH)
        device = next(model.parameters()).device
        views = torch.from_numpy(scenes.views[chosen]).to(device).float() / 255 - 0.5
        labels = {name: torch.from_numpy(values[chosen]).to(device) for name, values in scenes.labels.items()}
        return reading_loss(model(_varied(views, draws)), labels)

    return loss


def reading_loss(logits: dict[str, Tensor], labels: dict[str, Tensor]) -> Tensor:
    """Return the mean over scenes of the summed cross-entropies; attributes count where something is there."""
    scenes = len(labels["background"])
    total = functional.cross_entropy(logits["background"].float(), labels["background"])
    there = labels["there"].flatten()
    total = total + 4 * functional.cross_entropy(logits["there"].float().flatten(0, 1), there)
    for name in ATTRIBUTES:
        each = functional.cross_entropy(
            logits[name].float().flatten(0, 1), labels[name].flatten(), reduction="none"
        )
        total = total + (each * there).sum() / scenes
    return total


def _varied(views: Tensor, draws: np.random.Generator) -> Tensor:
    """Add a little noise, and change contrast and brightness a little, differently for every scene."""
    shape = (len(views), 1, 1, 1, 1)
    gain, offset = (
        torch.from_numpy(draws.uniform(-_LARGEST_GAIN, _LARGEST_GAIN, shape)).to(views) for _ in range(2)
    )
    strength = torch.from_numpy(draws.uniform(0, _LARGEST_NOISE, shape)).to(views)
    noise = torch.from_numpy(draws.standard_normal(views.shape, dtype=np.float32)).to(views)
    luma = torch.zeros(3, 1, 1).to(views)
    luma[0] = 1
    return views * (1 + gain) + 0.5 * offset * luma + strength * noise
