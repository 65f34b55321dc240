"""Folders of large pretrained models, as `save_pretrained` of transformers writes them: safe weights or none."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from types import ModuleType

from netgen.errors import InputError, MissingDependencyError

_PICKLED = (".bin", ".pt", ".pth", ".pkl", ".ckpt", ".h5", ".msgpack")


def safe_weights(folder: Path) -> list[Path]:
    """Return the safetensors files of a folder.

    Raises
    ------
    InputError                      There are none; says so where there are pickled ones, which nobody reads here.
    """
    found = sorted(folder.glob("*.safetensors"))
    if not found:
        pickled = sorted(file.name for file in folder.iterdir() if file.suffix in _PICKLED)
        why = (
            f"only pickled weights ({pickled[0]}), which are refused: reading them can run any code. Load them once "
            "where you trust them and write them again with save_pretrained"
            if pickled
            else "no *.safetensors beside its config.json"
        )
        raise InputError(f"{folder} has {why}")
    return found


def digest_of_weights(folder: Path) -> str:
    """Return the SHA-256 of the weights of a folder: what other weights say is another thing."""
    found = hashlib.sha256()
    for path in safe_weights(folder):
        with path.open("rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def import_transformers(needed_by: str) -> ModuleType:
    """Import transformers, and torch beneath it.

    Raises
    ------
    MissingDependencyError          One of them is not installed; `needed_by` begins the message.
    """
    try:
        import_module("torch")
        return import_module("transformers")
    except ImportError as error:
        raise MissingDependencyError(
            f"{needed_by} needs {error.name or 'transformers'}, which is not installed; "
            "run: pip install netgen[diffusion]"
        ) from error
