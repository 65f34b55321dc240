"""What a rater sees of a second of video: a few small frames, what changes from frame to frame, and what is read."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError, MissingDependencyError
from netgen.labelled.drawing import FRAMES
from netgen.labelled.meaning import ATTRIBUTES, BACKGROUNDS, PLACES, Meaning, Thing
from netgen.labelled.reading import shipped_reader, views_of
from netgen.media.yuv_clip import YuvClip

if TYPE_CHECKING:
    pass

Floats = NDArray[np.float32]

_LEAST_LOG = -8.0
"""Logarithms of probabilities are cut off here, and divided by it."""
_VALUES = sum(map(len, ATTRIBUTES.values()))
OWN_SIGNALS = (2 + _VALUES + FRAMES - 1, len(BACKGROUNDS) + 1)
"""Of each place: what the reader makes of it, and its changes; of the whole: the background, and sharpness."""
STATED_SIGNALS = (1 + _VALUES + 1 + len(ATTRIBUTES), len(BACKGROUNDS) + 2)
"""Of each place, and of the whole: what was said, how probable the reader holds it, and that something was said."""
SIGNALS = (OWN_SIGNALS[0] + STATED_SIGNALS[0], OWN_SIGNALS[1] + STATED_SIGNALS[1])


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One second of video as a rater sees it.

    Parameters
    ----------
    frames : (9, 3, 64, 64) uint8       Small frames.
    places, whole                       Signals that need nothing but the video: (4, own), (own,).
    likelihoods : dict                  Probabilities that the reader gives the values of every label.
    read : Meaning                      The most likely ones.
    """

    frames: NDArray[np.uint8]
    places: Floats
    whole: Floats
    likelihoods: dict[str, Floats]
    read: Meaning


def seen(clip: YuvClip) -> Seen:
    """Look at a second of video.

    Raises
    ------
    InputError                          The clip is not 25 frames long, or the reader's weights are missing or damaged.
    MissingDependencyError              torch or safetensors is not installed.
    """
    if clip.frames != FRAMES:
        raise InputError(
            f"a clip of {clip.frames} frames; raters look at {FRAMES} frames, a second of a scene"
        )
    torch = rating_torch()
    views = torch.from_numpy(views_of([clip])).float() / 255 - 0.5
    with torch.inference_mode():
        found = shipped_reader()(views)
    likelihoods = {name: logits[0].softmax(dim=-1).numpy() for name, logits in found.items()}
    luma = clip.planes[:, : clip.height_px].astype(np.float32)
    read = np.concatenate(
        [_logarithms(likelihoods[name]).reshape(PLACES, -1) for name in ("there", *ATTRIBUTES)], axis=1
    )
    changes = np.log1p(_quarters(np.abs(np.diff(luma, axis=0))))
    edges = (
        4 * luma[:, 1:-1, 1:-1]
        - luma[:, :-2, 1:-1]
        - luma[:, 2:, 1:-1]
        - luma[:, 1:-1, :-2]
        - luma[:, 1:-1, 2:]
    )
    sharpness = np.log1p(np.abs(edges).mean(keepdims=True).ravel())
    return Seen(
        _small_frames(clip),
        np.concatenate([read, changes], axis=1).astype(np.float32),
        np.concatenate([_logarithms(likelihoods["background"]), sharpness]).astype(np.float32),
        likelihoods,
        _most_likely(likelihoods),
    )


def stated_signals(shown: Seen, stated: Meaning | None) -> tuple[Floats, Floats]:
    """Return the signals of what was said of a scene, and how it agrees with what is shown; zeros where nothing was.

    Returns
    -------
    (4, stated), (stated,)
    """
    places = np.zeros((PLACES, STATED_SIGNALS[0]), dtype=np.float32)
    whole = np.zeros(STATED_SIGNALS[1], dtype=np.float32)
    if stated is None:
        return places, whole
    whole[stated.background] = 1
    whole[-2:] = _logarithms(shown.likelihoods["background"][stated.background]), 1
    for place, thing in enumerate(stated.things):
        probable = [shown.likelihoods["there"][place, int(thing is not None)]]
        if thing is not None:
            places[place, 0] = 1
            at = 1
            for name, value in zip(ATTRIBUTES, thing.values(), strict=True):
                places[place, at + value] = 1
                at += len(ATTRIBUTES[name])
                probable.append(shown.likelihoods[name][place, value])
        places[place, 1 + _VALUES : 1 + _VALUES + len(probable)] = _logarithms(np.array(probable))
    return places, whole


def _small_frames(clip: YuvClip) -> NDArray[np.uint8]:
    torch = rating_torch()
    from netgen.models.utility_rater import SIDE_PX, VIEWS  # noqa: PLC0415  (needs torch)

    chosen = np.rint(np.linspace(0, clip.frames - 1, VIEWS)).astype(np.int64)
    planes, height, width = clip.planes[chosen], clip.height_px, clip.width_px
    chroma = planes[:, height:].reshape(VIEWS, 2, height // 2, width // 2)
    parts = [
        torch.nn.functional.interpolate(
            torch.from_numpy(np.ascontiguousarray(part)).float(), size=(SIDE_PX, SIDE_PX), mode="area"
        )
        for part in (planes[:, None, :height], chroma)
    ]
    small: NDArray[np.uint8] = torch.cat(parts, dim=1).round().to(torch.uint8).numpy()
    return small


def _quarters(planes: Floats) -> Floats:
    """Return the means over the quadrants of frames: (4, n)."""
    height, width = planes.shape[1] // 2, planes.shape[2] // 2
    parts = [
        planes[:, row : row + height, column : column + width] for row in (0, height) for column in (0, width)
    ]
    return np.stack([part.mean(axis=(1, 2)) for part in parts])


def _logarithms(probabilities: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        found = np.maximum(np.log(probabilities), _LEAST_LOG) / _LEAST_LOG
    return found.astype(np.float32)


def _most_likely(likelihoods: dict[str, Floats]) -> Meaning:
    values = {name: found.argmax(axis=-1) for name, found in likelihoods.items()}
    things = tuple(
        Thing(*(int(values[name][place]) for name in ATTRIBUTES)) if values["there"][place] else None
        for place in range(PLACES)
    )
    return Meaning(int(values["background"]), things)


def rating_torch() -> ModuleType:
    """Return torch.

    Raises
    ------
    MissingDependencyError              It is not installed.
    """
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise MissingDependencyError(
            "rating needs torch, which is not installed; run: pip install netgen[actions]"
        ) from error
