"""Pipelines of the diffusers library: finding the weights, refusing what is not safe, loading, and what each takes."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from netgen.actions.contract import Placement
from netgen.errors import InputError, MissingDependencyError, did_you_mean

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_PICKLED = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".msgpack", ".h5"}
_FILES_OF_A_PIPELINE = ("model_index.json", "*/*.json", "*/*.txt", "*/*.model", "*/*.safetensors")
_DENOISERS = ("unet", "transformer")


class Made(Protocol):
    """What a pipeline returns: `images` of an image pipeline, or `frames` of each video."""

    images: NDArray[np.float32]
    frames: Sequence[NDArray[np.float32]]


class Pipeline(Protocol):
    """A loaded pipeline."""

    def __call__(self, **given: object) -> Made:
        """Run it."""


class Intake(StrEnum):
    """What a pipeline is given; seen from the arguments of its call.

    `image`: one picture, to repaint or to enlarge. `video`: all the frames. `first-frame`: one picture from which
    a video begins. `text`: a description alone, of a video.
    """

    IMAGE = "image"
    VIDEO = "video"
    FIRST_FRAME = "first-frame"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class PipelineWeights:
    """Which pipeline, and where its weights are.

    Parameters
    ----------
    model : str                     A folder that `save_pretrained` wrote, or a hub id `owner/name`.
    revision : str                  Commit of the hub's repository; empty for its default branch.
    pipeline : str                  Class of diffusers to load it as; empty for the one that it names itself. The
                                    same weights often serve several: text to image, image to image.
    variant : str                   Suffix of the weight files, such as `fp16`; empty for none.
    download : bool                 Whether a hub id may be fetched; otherwise only the hub's cache is looked in.
    """

    model: str
    revision: str = ""
    pipeline: str = ""
    variant: str = ""
    download: bool = False


def import_diffusers() -> ModuleType:
    """Import diffusers with what its pipelines need, or say how to install it."""
    try:
        for name in ("torch", "transformers"):
            import_module(name)
        return import_module("diffusers")
    except ImportError as error:
        raise MissingDependencyError(
            f"diffusion pipelines need {error.name or 'diffusers'}, which is not installed; run: pip install "
            "netgen[actions] diffusers transformers accelerate"
        ) from error


def find_folder(weights: PipelineWeights) -> Path:
    """Return the folder of a pipeline, and make sure that it holds safe weights.

    Parameters
    ----------
    weights : PipelineWeights       A folder is taken as it is; a hub id is looked up in the hub's cache.

    Raises
    ------
    InputError                      Nothing is there (says where it was looked for and how it gets there), it is
                                    no pipeline, weights are missing, or only pickled ones are there.
    """
    folder = Path(weights.model)
    if not folder.is_dir():
        folder = _from_hub(weights)
    _check_folder(folder, weights.variant)
    return folder


def weights_bytes(folder: Path, *, variant: str = "") -> int:
    """Return the size of the weight files of a pipeline's components."""
    return sum(
        file.stat().st_size
        for component in _components(folder)
        for file in _weight_files(folder / component, variant)[0]
    )


def load_pipeline(weights: PipelineWeights, placement: Placement) -> Pipeline:
    """Load a pipeline onto a device; from safetensors only, and without code from its folder.

    `precision` is that of the weights: large pipelines would not fit twice.

    Parameters
    ----------
    weights : PipelineWeights       Which.
    placement : Placement           Where to.

    Raises
    ------
    MissingDependencyError          diffusers or transformers is not installed.
    InputError                      As `find_folder`; or diffusers cannot load it, with its own words.
    """
    diffusers = import_diffusers()
    torch = import_module("torch")
    folder = find_folder(weights)
    name = weights.pipeline or "DiffusionPipeline"
    kind = getattr(diffusers, name, None)
    if kind is None or not issubclass(kind, diffusers.DiffusionPipeline):
        hint = did_you_mean(name, [known for known in dir(diffusers) if known.endswith("Pipeline")])
        raise InputError(f"diffusers {diffusers.__version__} has no pipeline {name}{hint}")
    for library in (diffusers, import_module("transformers")):
        library.utils.logging.disable_progress_bar()
    damaged = import_module("safetensors").SafetensorError
    dtype = getattr(torch, placement.precision)
    try:
        pipeline = kind.from_pretrained(
            str(folder),
            use_safetensors=True,
            local_files_only=True,
            variant=weights.variant or None,
            dtype=dtype,
        )
    except (OSError, ValueError, AttributeError, TypeError, ImportError, damaged) as error:
        raise InputError(f"{folder}: diffusers {diffusers.__version__} cannot load it: {error}") from error
    pipeline.set_progress_bar_config(disable=True)
    if pipeline.dtype != dtype:
        raise InputError(
            f"diffusers {diffusers.__version__} loaded {folder} in {pipeline.dtype}, not in {placement.precision}; "
            "accepted: diffusers from 0.42 on"
        )
    pipeline.to(placement.device)
    if placement.compiled:
        for part in _DENOISERS:
            if getattr(pipeline, part, None) is not None:
                setattr(pipeline, part, torch.compile(getattr(pipeline, part)))
    return cast(Pipeline, pipeline)


def intake_of(pipeline: object) -> Intake:
    """Return what a pipeline takes, from the arguments of its call.

    Raises
    ------
    InputError                      It makes single pictures from text: nothing of a video would be left.
    """
    arguments = inspect.signature(type(pipeline).__call__).parameters
    if "video" in arguments:
        return Intake.VIDEO
    if "image" in arguments:
        return Intake.FIRST_FRAME if "num_frames" in arguments else Intake.IMAGE
    if "num_frames" in arguments:
        return Intake.TEXT
    raise InputError(
        f"{type(pipeline).__name__} makes single pictures from text; accepted: pipelines that take an image or a "
        "video, or that make a video. The same weights may serve as an image-to-image class: name it as `pipeline`"
    )


def checked_options(pipeline: object, options: Mapping[str, object]) -> dict[str, object]:
    """Return the options for a pipeline's call that are set; raises InputError for one that it does not take."""
    arguments = inspect.signature(type(pipeline).__call__).parameters
    for option, value in options.items():
        if value is not None and option not in arguments:
            hint = did_you_mean(option, arguments)
            raise InputError(f"{type(pipeline).__name__} takes no option {option}{hint}")
    return {option: value for option, value in options.items() if value is not None}


def accepts(pipeline: object, option: str) -> bool:
    """Whether a pipeline's call has an argument of this name."""
    return option in inspect.signature(type(pipeline).__call__).parameters


def _from_hub(weights: PipelineWeights) -> Path:
    """Return the folder of a hub id in the hub's cache, fetched there first when that is allowed."""
    model = weights.model
    if not _HUB_ID.fullmatch(model):
        raise InputError(
            f'no diffusion pipeline at "{model}" (looked in {Path(model).absolute()}); give a folder that '
            "save_pretrained wrote, or a hub id owner/name"
        )
    import_diffusers()
    hub = import_module("huggingface_hub")
    revision = weights.revision or None
    try:
        return Path(
            hub.snapshot_download(
                model,
                revision=revision,
                local_files_only=not weights.download,
                allow_patterns=list(_FILES_OF_A_PIPELINE),
            )
        )
    except (OSError, ValueError) as error:
        at = f" --revision {weights.revision}" if revision else ""
        why = f" ({error})" if weights.download else ""
        raise InputError(
            f'no diffusion pipeline "{model}": neither the folder {Path(model).absolute()} nor the hub\'s cache '
            f"{hub.constants.HF_HUB_CACHE} has it{why}; fetch it where there is a network with: hf download "
            f"{model}{at}, or allow it with download = True"
        ) from error


def _components(folder: Path) -> tuple[str, ...]:
    """Return the components that `model_index.json` names, or say what is wrong with it."""
    index = folder / "model_index.json"
    if not index.is_file():
        raise InputError(
            f"{folder} is no diffusion pipeline: it has no model_index.json, which save_pretrained writes"
        )
    try:
        named = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{index} cannot be read: {error}") from error
    if not isinstance(named, dict) or not isinstance(named.get("_class_name"), str):
        raise InputError(
            f"{index} names no class of diffusers as _class_name; pipelines that bring their own code are refused"
        )
    return tuple(
        name for name, value in named.items() if isinstance(value, list) and value and value[0] is not None
    )


def _weight_files(component: Path, variant: str) -> tuple[list[Path], list[Path]]:
    """Return the safe weight files of a component in a variant, and the pickled files."""
    safe = sorted(
        file
        for file in component.glob("*.safetensors")
        if not variant or f".{variant}." in file.name or f".{variant}-" in file.name
    )
    return safe, sorted(file for file in component.glob("*") if file.suffix in _PICKLED)


def _check_folder(folder: Path, variant: str) -> None:
    """Raise InputError unless every model among the components has safe weights."""
    for component in _components(folder):
        place = folder / component
        if not (place / "config.json").is_file():
            continue  # schedulers and tokenizers have configurations of other names, and no weights
        safe, pickled = _weight_files(place, variant)
        if safe:
            continue
        of_variant = f' of the variant "{variant}"' if variant else ""
        if pickled:
            raise InputError(
                f"{place} has only pickled weights ({pickled[0].name}), which are refused: reading them can run any "
                "code. Load them once where you trust them and write them again with "
                "save_pretrained(..., safe_serialization=True)"
            )
        raise InputError(f"{place} has no weights{of_variant}: no *.safetensors beside its config.json")
