"""The one training loop: deterministic given a seed and a number of steps, with checkpoints that are whole."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from netgen.errors import InputError
from netgen.rng import generator_from

_WARM_UP_STEPS = 60
_REPORT_EVERY = 100
_CHECKPOINT_EVERY = 500


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to train: a number of steps, or minutes.

    With minutes, the first steps are timed and a number of steps is set from them; the log holds it, and the same
    number given as `steps` repeats the run to the last bit on the same device and thread count.
    """

    steps: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise InputError("a training budget is either a number of steps or minutes")
        if (self.steps is not None and self.steps < 1) or (self.minutes is not None and self.minutes <= 0):
            raise InputError(f"a training budget of {self.steps or self.minutes}; it must be positive")


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How the loop runs.

    Parameters
    ----------
    budget : Budget                 How long.
    seed : int                      Of the batches.
    learning_rate : float           Of Adam, at its highest; it falls to 0 along a cosine.
    precision : str                 `float32` or `bfloat16` (autocast).
    device : str                    `cpu` or `cuda`.
    checkpoint : Path or None       Weights so far are written there now and then.
    """

    budget: Budget
    seed: int
    learning_rate: float = 1e-3
    precision: str = "float32"
    device: str = "cpu"
    checkpoint: Path | None = None


@dataclass(frozen=True, slots=True)
class FitLog:
    """What a training run did: steps, wall time, and (step, mean loss since the row before) rows."""

    steps: int
    wall_s: float
    curve: tuple[tuple[int, float], ...]


def fit(
    model: nn.Module,
    loss_of: Callable[[nn.Module, np.random.Generator], Tensor],
    settings: FitSettings,
    *,
    progress: Callable[[str], None],
) -> FitLog:
    """Train a model in place by Adam.

    Parameters
    ----------
    model : Module                  Changed in place; already on the device.
    loss_of : callable              (model, generator) to the loss of one batch that it draws.
    settings : FitSettings          How.
    progress : callable             Told the mean loss now and then.

    Returns
    -------
    FitLog
    """
    generator = generator_from(settings.seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    autocast = torch.autocast(
        settings.device.split(":")[0], torch.bfloat16, enabled=settings.precision == "bfloat16"
    )
    steps, step, began_s = settings.budget.steps, 0, time.perf_counter()
    curve: list[tuple[int, float]] = []
    since: list[float] = []
    model.train()
    while steps is None or step < steps:
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * _share(step, steps)
        optimiser.zero_grad(set_to_none=True)
        with autocast:
            loss = loss_of(model, generator)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        since.append(float(loss.detach()))
        step += 1
        if not math.isfinite(since[-1]):
            raise FloatingPointError(f"the loss is {since[-1]} at step {step}; lower the learning rate")
        if steps is None and step == _WARM_UP_STEPS:
            steps = _steps_for(settings.budget, (time.perf_counter() - began_s) / step)
            progress(f"{steps} steps fit the time")
        if step % _REPORT_EVERY == 0 or step == steps:
            curve.append((step, sum(since) / len(since)))
            since = []
            progress(
                f"step {step} of {steps}: loss {curve[-1][1]:.5f}, {time.perf_counter() - began_s:.0f} s"
            )
        if settings.checkpoint is not None and step % _CHECKPOINT_EVERY == 0:
            save_checkpoint(model, settings.checkpoint)
    model.eval()
    return FitLog(step, time.perf_counter() - began_s, tuple(curve))


def save_checkpoint(model: nn.Module, path: Path) -> None:
    """Write the weights in float32 so that the file is whole at every instant."""
    from safetensors.torch import save_file  # noqa: PLC0415  (only training and loading need it)

    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    save_file(
        {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}, beside
    )
    os.replace(beside, path)  # noqa: PTH105  (atomic on every system)


def _share(step: int, steps: int | None) -> float:
    """Return the share of the highest learning rate: a ramp, then a cosine to 0."""
    ramp = min(1.0, (step + 1) / _WARM_UP_STEPS)
    if steps is None or step < _WARM_UP_STEPS:
        return ramp if steps is None or steps > _WARM_UP_STEPS else 1.0
    return 0.5 + 0.5 * math.cos(math.pi * (step - _WARM_UP_STEPS) / max(1, steps - _WARM_UP_STEPS))


def _steps_for(budget: Budget, step_s: float) -> int:
    assert budget.minutes is not None  # noqa: S101  (called for a budget in minutes alone)
    return max(_WARM_UP_STEPS + 1, int(budget.minutes * 60 / step_s))
