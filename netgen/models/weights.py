"""Weights of the shipped networks: float16 safetensors, each with its SHA-256 in a list beside it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from netgen.errors import InputError, MissingDependencyError, did_you_mean

if TYPE_CHECKING:
    from torch import Tensor, nn

LIST_FILE = "SHA256SUMS"
_SUFFIX = ".safetensors"


def shipped_folder() -> Path:
    """Return the directory of the weights that come with netgen."""
    return Path(str(resources.files("netgen.models"))) / "weights"


def weights_digest(name: str, folder: Path | None = None) -> str:
    """Return the SHA-256 of a file of weights, as 64 hexadecimal digits, after comparing it with the list.

    Parameters
    ----------
    name : str                      Name of the network, without a suffix.
    folder : Path, optional         Where its file is; None: the shipped ones.

    Raises
    ------
    InputError                      No such file, or it is not the one that the list names.
    """
    path = _weights_path(name, folder or shipped_folder())
    stat = path.stat()
    return _checked_digest(path, stat.st_mtime_ns, stat.st_size)


def weights_bytes(name: str, folder: Path | None = None) -> int:
    """Return the size of a file of weights, byte."""
    return _weights_path(name, folder or shipped_folder()).stat().st_size


def load_into(model: nn.Module, name: str, folder: Path | None = None) -> None:
    """Read weights into a model, in the precision that the model has.

    Raises
    ------
    InputError                      No such file, a damaged one, or weights of another network.
    MissingDependencyError          safetensors is not installed.
    """
    try:
        from safetensors import SafetensorError  # noqa: PLC0415  (optional: loaded when a model is used)
        from safetensors.torch import load_file  # noqa: PLC0415
    except ImportError as error:
        raise MissingDependencyError(
            "weights need safetensors, which is not installed; run: pip install netgen[actions]"
        ) from error
    weights_digest(name, folder)
    path = _weights_path(name, folder or shipped_folder())
    try:
        found = load_file(path)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: is not a file of weights: {error}") from error
    own = model.state_dict()
    different = sorted(key for key in own.keys() | found.keys() if _shape(own, key) != _shape(found, key))
    if different:
        key = different[0]
        raise InputError(
            f"{path}: are weights of another network: {key} has the shape {_shape(found, key)}, and this one needs "
            f"{_shape(own, key)}"
        )
    model.load_state_dict({key: tensor.to(own[key].dtype) for key, tensor in found.items()})


def save_weights(model: nn.Module, name: str, folder: Path) -> Path:
    """Write a model's weights as float16 into a directory and enter them in its list; both files stay whole."""
    import torch  # noqa: PLC0415  (training only)
    from safetensors.torch import save_file  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name + _SUFFIX)
    tensors = {
        key: tensor.detach().cpu().to(torch.float16).contiguous()
        for key, tensor in model.state_dict().items()
    }
    part = path.with_name(path.name + ".part")
    save_file(tensors, part)
    listed = dict(_listed(folder)) if (folder / LIST_FILE).is_file() else {}
    listed[path.name] = hashlib.sha256(part.read_bytes()).hexdigest()
    lines = "".join(f"{digest}  {file}\n" for file, digest in sorted(listed.items()))
    listing = folder / (LIST_FILE + ".part")
    listing.write_text(lines, encoding="utf-8")
    os.replace(part, path)  # noqa: PTH105  (atomic on every system)
    os.replace(listing, folder / LIST_FILE)  # noqa: PTH105
    return path


def _weights_path(name: str, folder: Path) -> Path:
    path = folder / (name + _SUFFIX)
    if not path.is_file():
        known = sorted(one.stem for one in folder.glob("*" + _SUFFIX)) if folder.is_dir() else []
        raise InputError(
            f"{path}: these weights are not there{did_you_mean(name, known)} (found: {', '.join(known) or 'none'}); "
            f"train them with: netgen train"
        )
    return path


@lru_cache(maxsize=64)
def _checked_digest(path: Path, _modified_ns: int, _size_bytes: int) -> str:
    """Hash a file once for every state of it."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    wanted = _listed(path.parent).get(path.name)
    if wanted != digest:
        raise InputError(
            f"{path}: has the SHA-256 {digest[:12]}..., and {LIST_FILE} beside it "
            f"{f'names {wanted[:12]}...' if wanted else 'does not name it'}: the file is damaged, or was exchanged"
        )
    return digest


def _listed(folder: Path) -> Mapping[str, str]:
    """Read the list of a directory: digest, two spaces, file name."""
    path = folder / LIST_FILE
    if not path.is_file():
        raise InputError(f"{path}: is not there, so the weights beside it cannot be checked")
    listed = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        digest, found, file = line.partition("  ")
        if not found or len(digest) != 64:
            raise InputError(f"{path}:{number}: is not a SHA-256, two spaces and a file name")
        listed[file] = digest
    return listed


def _shape(tensors: Mapping[str, Tensor], key: str) -> tuple[int, ...] | None:
    tensor = tensors.get(key)
    return None if tensor is None else tuple(tensor.shape)
