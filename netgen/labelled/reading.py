"""Reads what a scene means from its frames, by a network of this repository."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netgen.errors import MissingDependencyError
from netgen.labelled.meaning import ATTRIBUTES, BACKGROUNDS, PLACES, Meaning, Thing
from netgen.media.yuv_clip import YuvClip
from netgen.models.weights import load_into, weights_digest

if TYPE_CHECKING:
    from netgen.models.scene_reader import SceneReader

READER = "scene-reader"
"""Name of its weights."""


def views_of(clips: Sequence[YuvClip]) -> NDArray[np.uint8]:
    """Return what the reader sees of clips: five frames over their length, each plane brought to 128 x 128.

    Returns
    -------
    (clips, 5, 3, 128, 128) uint8

    Raises
    ------
    MissingDependencyError          torch is not installed.
    """
    torch = _torch()
    from netgen.models.scene_reader import SIDE_PX, VIEWS  # noqa: PLC0415  (needs torch)

    seen = []
    for clip in clips:
        chosen = np.rint(np.linspace(0, clip.frames - 1, VIEWS)).astype(np.int64)
        planes, height, width = clip.planes[chosen], clip.height_px, clip.width_px
        chroma = planes[:, height:].reshape(VIEWS, 2, height // 2, width // 2)
        parts = [
            torch.nn.functional.interpolate(
                torch.from_numpy(np.ascontiguousarray(part)).float(), size=(SIDE_PX, SIDE_PX), mode="area"
            )
            for part in (planes[:, None, :height], chroma)
        ]
        seen.append(torch.cat(parts, dim=1).round().to(torch.uint8).numpy())
    return np.stack(seen)


def read_meanings(views: NDArray[np.uint8], *, batch: int = 32) -> list[Meaning]:
    """Read the most likely labels of scenes.

    Parameters
    ----------
    views : (n, 5, 3, 128, 128) uint8   From `views_of`.
    batch : int                     Scenes at once.

    Raises
    ------
    InputError                      The weights are missing or damaged.
    MissingDependencyError          torch or safetensors is not installed.
    """
    torch = _torch()
    reader = shipped_reader()
    found: list[Meaning] = []
    with torch.inference_mode():
        for begin in range(0, len(views), batch):
            frames = torch.from_numpy(views[begin : begin + batch]).float() / 255 - 0.5
            labels = {name: logits.argmax(dim=-1).numpy() for name, logits in reader(frames).items()}
            found += [_meaning(labels, scene) for scene in range(len(frames))]
    return found


def reader_digest() -> str:
    """Return the SHA-256 of the reader's weights, for records."""
    return weights_digest(READER)


def built_reader() -> SceneReader:
    """Return the network with its first weights, for the labels of these scenes."""
    _torch()
    from netgen.models.scene_reader import SceneReader  # noqa: PLC0415  (needs torch)

    return SceneReader(len(BACKGROUNDS), {name: len(values) for name, values in ATTRIBUTES.items()})


def _meaning(labels: dict[str, NDArray[np.int64]], scene: int) -> Meaning:
    things = tuple(
        Thing(*(int(labels[name][scene, place]) for name in ATTRIBUTES))
        if labels["there"][scene, place]
        else None
        for place in range(PLACES)
    )
    return Meaning(int(labels["background"][scene]), things)


@lru_cache(maxsize=1)
def shipped_reader() -> SceneReader:
    """Return the network with the shipped weights; raises as `read_meanings` does."""
    reader = built_reader()
    load_into(reader, READER)
    return reader.eval()


def _torch() -> ModuleType:
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise MissingDependencyError(
            "reading labelled scenes needs torch, which is not installed; run: pip install netgen[actions]"
        ) from error
