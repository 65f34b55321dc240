"""`netgen train`: train the shipped networks, and write their weights with a log."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from torch import nn

from netgen.errors import InputError, did_you_mean
from netgen.models.restorer import initialise
from netgen.models.weights import load_into, save_weights
from netgen.rng import generator_from
from netgen.training.fit import Budget, FitLog, FitSettings, fit
from netgen.training.lessons import LESSONS, Lesson, generator_for
from netgen.training.photographs import (
    Photograph,
    digest,
    drawn_pages,
    packaged_photographs,
    photographs_in,
)
from netgen.version import __version__

SUBJECTS = tuple(dict.fromkeys(lesson.subject for lesson in LESSONS))
"""What can be trained: `actions`, what measures `meaning`, what does the `rating`, and what crosses a `channel`."""

_FROM_PHOTOGRAPHS = {"actions", "channel"}

_PACKAGES = ("torch", "numpy", "av", "safetensors")


def train(
    subject: str,
    names: Sequence[str],
    *,
    photos: Sequence[Path],
    minutes: float | None,
    steps: int | None = None,
    seed: int = 1,
    device: str = "cpu",
    threads: int = 1,
    out: Path,
    progress: Callable[[str], None],
    small: bool = False,
) -> list[Path]:
    """Train networks, and write `NAME.safetensors`, `NAME.json` (the log) and the list of hashes.

    Parameters
    ----------
    subject : str                   One of `SUBJECTS`.
    names : sequence of str         Groups (restorer, interpolator) or single networks; empty: all of the subject.
    photos : sequence of Path       Directories of photographs, beside those that come in packages; for actions.
    minutes : float or None         For each group, making pairs not counted. None: the shipped numbers of steps.
    steps : int, optional           Of each network, in place of minutes: what a log names repeats exactly.
    seed : int                      Of first weights, clips and batches.
    device : str                    `cpu` or `cuda`.
    threads : int                   CPU threads of the training; results depend on it in the last bits.
    out : Path                      Directory to write into.
    progress : callable             Called with one line now and then.
    small : bool                    A handful of tiny clips, for tests.

    Returns
    -------
    list of Path                    The files of weights.

    Raises
    ------
    InputError                      Unknown name, no CUDA device, a directory without photographs, or photographs for
                                    networks that do not learn from any.
    MissingDependencyError          A package that carries photographs is not installed.
    """
    lessons = _chosen(subject, names)
    if device != "cpu" and not torch.cuda.is_available():
        raise InputError(f"device {device}: torch finds no CUDA device here; use cpu")
    if minutes is not None and steps is not None:
        raise InputError("a training budget is either a number of steps or minutes")
    torch.set_num_threads(threads)
    if photos and subject not in _FROM_PHOTOGRAPHS:
        raise InputError(f"networks for {subject} do not learn from photographs; leave them out")
    photographs = _pictures(photos, seed, small) if subject in _FROM_PHOTOGRAPHS else []
    progress(f"{len(photographs)} pictures")
    written = []
    for lesson in lessons:
        budget = Budget(steps=steps or lesson.steps)
        if minutes is not None:
            budget = Budget(minutes=minutes * lesson.share)
        path, log = _train_one(lesson, photographs, budget, seed, device, out, progress, small)
        record = _record(lesson, log, photographs, photos, seed, device, threads)
        (out / f"{lesson.name}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _pictures(photos: Sequence[Path], seed: int, small: bool) -> list[Photograph]:
    """Return the photographs of packages and of directories, and drawn pages."""
    photographs = packaged_photographs() if not small else packaged_photographs()[:3]
    for folder in photos:
        photographs += photographs_in(folder)
    return photographs + drawn_pages(generator_from(seed))


def _train_one(
    lesson: Lesson,
    photographs: Sequence[Photograph],
    budget: Budget,
    seed: int,
    device: str,
    out: Path,
    progress: Callable[[str], None],
    small: bool,
) -> tuple[Path, FitLog]:
    """Make the pairs of one network, train it, and write it."""

    def told(line: str) -> None:
        progress(f"{lesson.name}: {line}")

    clips = generator_from(seed, *lesson.name.encode())
    loss = lesson.prepare(photographs, clips, told, small)
    model = lesson.build()
    initialise(model, generator_for(seed, lesson.name))
    if lesson.begins_from is not None:
        _begin_from(model, lesson.begins_from, out)
    model = model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    settings = FitSettings(
        budget,
        seed,
        learning_rate=lesson.learning_rate,
        precision="bfloat16",
        device=device,
        checkpoint=out / f"{lesson.name}.checkpoint",
    )
    log = fit(model, loss, settings, progress=told)
    path = save_weights(model, lesson.name, out)
    (out / f"{lesson.name}.checkpoint").unlink(missing_ok=True)
    return path, log


def _begin_from(model: nn.Module, name: str, folder: Path) -> None:
    """Take the weights of equal name and shape from a network that was trained before."""
    source = next(lesson for lesson in LESSONS if lesson.name == name).build()
    load_into(source, name, folder)
    own, found = model.state_dict(), source.state_dict()
    model.load_state_dict(
        {
            key: found[key] if key in found and found[key].shape == tensor.shape else tensor
            for key, tensor in own.items()
        }
    )


def _chosen(subject: str, names: Sequence[str]) -> list[Lesson]:
    """Return the lessons of groups or of single networks, in the order in which they build on one another."""
    lessons = [lesson for lesson in LESSONS if lesson.subject == subject]
    known = [name for lesson in lessons for name in (lesson.group, lesson.name)]
    for name in names:
        if name not in known:
            raise InputError(
                f'no network is called "{name}"{did_you_mean(name, known)} (known: {", ".join(dict.fromkeys(known))})'
            )
    return [lesson for lesson in lessons if not names or lesson.group in names or lesson.name in names]


def _record(
    lesson: Lesson,
    log: FitLog,
    photographs: Sequence[Photograph],
    photos: Sequence[Path],
    seed: int,
    device: str,
    threads: int,
) -> dict[str, object]:
    """Return the log that is written beside the weights."""
    model = lesson.build()
    return {
        "network": lesson.name,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "repeat_with": shlex.join(
            [
                "netgen",
                "train",
                lesson.subject,
                "--only",
                lesson.name,
                "--seed",
                str(seed),
                "--steps",
                str(log.steps),
            ]
            + [word for folder in photos for word in ("--photos", folder.name)]
        ),
        "program": Path(sys.argv[0]).name,
        "begins_from": lesson.begins_from,
        "seed": seed,
        "steps": log.steps,
        "minutes": round(log.wall_s / 60, 2),
        "loss_curve": [[step, round(loss, 5)] for step, loss in log.curve],
        "pictures": [photograph.name for photograph in photographs],
        "pictures_sha256": digest(photographs),
        "device": device,
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": threads,
        "precision": "bfloat16 autocast",
        "versions": {"netgen": __version__} | {name: version(name) for name in _PACKAGES},
        "date": datetime.now(UTC).date().isoformat(),
    }
