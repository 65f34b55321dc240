"""What each shipped network learns: its pairs, its loss and its settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from netgen.labelled.reading import READER, built_reader
from netgen.models.interpolator import Interpolator
from netgen.models.joint_coding import JointChain
from netgen.models.layout_generator import LayoutGenerator
from netgen.models.restorer import Restorer, enlarged
from netgen.rating.learning import prepare_rater
from netgen.rating.rater import RATER, built_rater
from netgen.training.coded_pairs import PairRecipe, make_pairs, restoration_batch
from netgen.training.joint_coding import base_loss, diffusion_loss, tuned_loss
from netgen.training.layout import prepare_layout
from netgen.training.midway_triples import TripleRecipe, make_triples, triple_batch
from netgen.training.photographs import Photograph
from netgen.training.scene_reading import prepare_reader

Loss = Callable[[nn.Module, np.random.Generator], Tensor]
Progress = Callable[[str], None]

_ERROR_FLOOR = 4e-5
"""Added to squared errors (luma over 255) before their logarithm, so that flat patches do not rule: 44 dB."""

_DECIBEL = 10 / np.log(10)
_FLOW_WEIGHT = 0.1
_FLOW_LEVELS = (0.25, 0.5, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """How one network is trained.

    Parameters
    ----------
    name : str                      Name of its weights.
    group : str                     `--only` trains a group: restorer, interpolator or layout.
    subject : str                   What `netgen train` is told: `actions` and `channel`, whose networks learn from
                                    photographs, or `meaning` and `rating`, whose networks learn from labelled scenes.
    build : callable                Makes the network.
    prepare : callable              (photographs, generator, progress, small) to its loss; `small` is for tests.
    begins_from : str or None       Weights of equal shape are taken from this network, which is trained before.
    share : float                   Its share of its group's minutes.
    steps : int                     The steps that the shipped weights were trained for.
    learning_rate : float           Of Adam, at its highest.
    """

    name: str
    group: str
    build: Callable[[], nn.Module]
    prepare: Callable[[Sequence[Photograph], np.random.Generator, Progress, bool], Loss]
    begins_from: str | None
    share: float
    steps: int
    learning_rate: float
    subject: str = "actions"


def restorer_loss(
    recipe: PairRecipe, photographs: Sequence[Photograph], generator: np.random.Generator, progress: Progress
) -> Loss:
    """Make pairs; the loss is the gain in PSNR over bicubic enlargement, in dB and negative, a patch at a time."""
    pairs = make_pairs(photographs, recipe, generator, progress=progress)
    side_px = min(96 if recipe.scale == 1 else 48, pairs.coded.shape[-1])

    def loss(model: nn.Module, draws: np.random.Generator) -> Tensor:
        batch = restoration_batch(pairs, draws, patches=16, side_px=side_px)
        coded, clean, crf = (_like(model, one) for one in (batch.coded, batch.clean, batch.crf))
        restored = model(coded, crf)
        return -_gain_db(restored, enlarged(coded[:, 1:2], recipe.scale), clean)

    return loss


def interpolator_loss(
    recipe: TripleRecipe,
    photographs: Sequence[Photograph],
    generator: np.random.Generator,
    progress: Progress,
) -> Loss:
    """Make triples; the loss is the gain in PSNR over blending, in dB and negative, and the error of the motion."""
    triples = make_triples(photographs, recipe, generator, progress=progress)
    side_px = min(160, recipe.side_px // 16 * 16)

    def loss(model: nn.Module, draws: np.random.Generator) -> Tensor:
        batch = triple_batch(triples, draws, patches=4, side_px=side_px)
        ends, middle, flow = (_like(model, one) for one in (batch.ends, batch.middle, batch.flow))
        found = model(ends[:, :1], ends[:, 1:])
        gain_db = _gain_db(found.luma, ends.mean(dim=1, keepdim=True), middle)
        return -gain_db + _FLOW_WEIGHT * _flow_error_px(found.flows, flow)

    return loss


def _gain_db(shown: Tensor, plain: Tensor, clean: Tensor) -> Tensor:
    """Return the mean over patches of the PSNR gained over a plain picture."""
    plain_error, error = (
        ((one.float() - clean).square().mean(dim=(1, 2, 3)) + _ERROR_FLOOR).log() for one in (plain, shown)
    )
    gain: Tensor = (plain_error - error).mean() * _DECIBEL
    return gain


def _flow_error_px(flows: Sequence[Tensor], truth: Tensor) -> Tensor:
    """Return the weighted mean distance of the motion at every grid from the truth."""
    total = truth.new_zeros(())
    for flow, weight in zip(flows, _FLOW_LEVELS, strict=True):
        batch, _, height, width = flow.shape
        squares = (flow.float() - truth).square().view(batch, 2, 2, height, width).sum(dim=2)
        total = total + weight * (squares + 0.01).sqrt().mean()
    return total


def _like(model: nn.Module, batch: Tensor) -> Tensor:
    """Return a batch on the model's device."""
    return batch.to(next(model.parameters()).device)


def _restorer_lesson(
    scale: int, recipe: PairRecipe, *, begins_from: str | None, share: float, steps: int, learning_rate: float
) -> Lesson:
    def prepare(
        photographs: Sequence[Photograph], generator: np.random.Generator, progress: Progress, small: bool
    ) -> Loss:
        used = PairRecipe(3, 3, 66 * scale, scale, recipe.crfs) if small else recipe
        return restorer_loss(used, photographs, generator, progress)

    return Lesson(
        f"restorer-x{scale}",
        "restorer",
        lambda: Restorer(scale),
        prepare,
        begins_from,
        share,
        steps,
        learning_rate,
    )


def _prepare_interpolator(
    photographs: Sequence[Photograph], generator: np.random.Generator, progress: Progress, small: bool
) -> Loss:
    recipe = TripleRecipe(2, side_px=80) if small else TripleRecipe(600)
    return interpolator_loss(recipe, photographs, generator, progress)


def _prepare_reader(
    photographs: Sequence[Photograph],  # noqa: ARG001  (scenes have their own)
    generator: np.random.Generator,
    progress: Progress,
    small: bool,
) -> Loss:
    return prepare_reader(generator, progress, small=small)


def _prepare_rater(
    photographs: Sequence[Photograph],  # noqa: ARG001  (scenes have their own)
    generator: np.random.Generator,
    progress: Progress,
    small: bool,
) -> Loss:
    return prepare_rater(generator, progress, small=small)


def _joint_lesson(
    name: str,
    loss: Callable[[Sequence[Photograph]], Loss],
    *,
    denoises: bool,
    begins_from: str | None,
    share: float,
    steps: int,
) -> Lesson:
    def prepare(
        photographs: Sequence[Photograph],
        generator: np.random.Generator,  # noqa: ARG001  (patches are cut while it learns)
        progress: Progress,  # noqa: ARG001
        small: bool,  # noqa: ARG001
    ) -> Loss:
        return loss(photographs)

    return Lesson(
        name,
        "joint",
        lambda: JointChain(denoises=denoises),
        prepare,
        begins_from,
        share,
        steps,
        1e-3,
        "channel",
    )


LESSONS = (
    _restorer_lesson(
        2, PairRecipe(1400, 9, 192, 2, (28, 70)), begins_from=None, share=0.6, steps=6000, learning_rate=1e-3
    ),
    _restorer_lesson(
        4,
        PairRecipe(400, 7, 272, 4, (20, 70)),
        begins_from="restorer-x2",
        share=0.2,
        steps=1200,
        learning_rate=7e-4,
    ),
    _restorer_lesson(
        1,
        PairRecipe(500, 7, 192, 1, (35, 70)),
        begins_from="restorer-x2",
        share=0.2,
        steps=1500,
        learning_rate=7e-4,
    ),
    Lesson(
        "interpolator",
        "interpolator",
        Interpolator,
        _prepare_interpolator,
        None,
        1.0,
        7500,
        1e-3,
    ),
    Lesson("layout", "layout", LayoutGenerator, prepare_layout, None, 1.0, 2392, 1e-3),
    Lesson(READER, "reader", built_reader, _prepare_reader, None, 1.0, 2500, 1e-3, "meaning"),
    Lesson(RATER, "rater", built_rater, _prepare_rater, None, 1.0, 1500, 1e-3, "rating"),
    _joint_lesson("joint-base", base_loss, denoises=False, begins_from=None, share=0.4, steps=6000),
    _joint_lesson("joint-plain", tuned_loss, denoises=False, begins_from="joint-base", share=0.2, steps=3000),
    _joint_lesson(
        "joint-diffusion", diffusion_loss, denoises=True, begins_from="joint-base", share=0.2, steps=3000
    ),
    _joint_lesson(
        "joint-control", tuned_loss, denoises=True, begins_from="joint-base", share=0.2, steps=3000
    ),
)


def generator_for(seed: int, name: str) -> torch.Generator:
    """Return the generator of a network's first weights."""
    return torch.Generator().manual_seed(seed + sum(name.encode()))
