"""Descriptions of any video compared by slots and relations: what each place of the frame is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from netgen.errors import MissingDependencyError
from netgen.fidelity.contract import Family, FidelityEstimator
from netgen.labelled.reading import views_of
from netgen.media.yuv_clip import YuvClip

PLACES_PER_SIDE = 8
"""Rows and columns of places."""

_TONES = (20.0, 40.0, 60.0, 80.0)
"""ASSUMED: five tones, black to white, in equal steps of lightness (CIELAB)."""
_GREY = 15.0
"""ASSUMED: a colour is called by one of six hues from this chroma on (CIELAB), and grey below."""
_HUES = 6
_TEXTURES = (2.0, 6.0, 15.0)
"""ASSUMED: flat, soft, textured and busy places, by the deviation of lightness within them (CIELAB)."""
_LIGHTER = 5.0
"""ASSUMED: a place is lighter than its neighbour, or than before, from this difference of lightness on (CIELAB)."""

Statements = Mapping[str, NDArray[np.int8]]
"""What is stated of a second, by kind of statement: numbers of words, for every place or pair of places."""


class StatedPlaces(FidelityEstimator[Statements]):
    """States the tone, colour and texture of 64 places in five frames a second, and how they stand to each other.

    Slots are those three words of a place. Relations are: lighter or darker than the neighbour, of the same colour as
    the neighbour, lighter or darker than a moment ago. Statements of a kind are compared by Cohen's kappa, for most
    places of most videos are alike, and agreeing on that states little.

    Source                              Cohen, Educ. Psychol. Meas. 20(1), 1960, doi:10.1177/001316446002000104.
    """

    name = "stated-places-v1"
    family = Family.DESCRIPTION

    def described(self, piece: YuvClip) -> Statements:
        """Return the statements of a second.

        Raises
        ------
        MissingDependencyError          scikit-image or torch is not installed.
        """
        lab = lab_of(piece)
        side = lab.shape[1] // PLACES_PER_SIDE
        places = lab.reshape(len(lab), PLACES_PER_SIDE, side, PLACES_PER_SIDE, side, 3)
        mean = places.mean(axis=(2, 4))
        lightness, chroma = mean[..., 0], np.hypot(mean[..., 1], mean[..., 2])
        turn = np.arctan2(mean[..., 2], mean[..., 1]) / (2 * np.pi) % 1.0
        colour = np.where(chroma < _GREY, 0, 1 + np.floor(_HUES * turn))
        neighbours = [np.diff(lightness, axis=axis).ravel() for axis in (1, 2)]
        alike = [(np.diff(colour, axis=axis) == 0).ravel() for axis in (1, 2)]
        words = {
            "tone": np.digitize(lightness, _TONES),
            "colour": colour,
            "texture": np.digitize(places[..., 0].std(axis=(2, 4)), _TEXTURES),
            "lighter than its neighbour": np.digitize(np.concatenate(neighbours), (-_LIGHTER, _LIGHTER)),
            "of one colour with its neighbour": np.concatenate(alike),
            "lighter than before": np.digitize(np.diff(lightness, axis=0), (-_LIGHTER, _LIGHTER)),
        }
        return {kind: np.asarray(said, dtype=np.int8) for kind, said in words.items()}

    def compared(self, reference: Statements, shown: Statements) -> float:
        """Return the mean of kappa over the kinds of statements; below 0 counts as 0."""
        return max(0.0, float(np.mean([kappa(reference[kind], shown[kind]) for kind in reference])))


def kappa(one: NDArray[np.int8], other: NDArray[np.int8]) -> float:
    """Return the agreement of two labellings beyond that of chance; 1 where both say the same one thing of all.

    Source                              Cohen (1960).
    """
    words = int(max(one.max(), other.max())) + 1
    counts = np.bincount(words * one.astype(np.int64).ravel() + other.ravel(), minlength=words**2)
    joint = counts.reshape(words, words) / one.size
    chance = float(joint.sum(axis=0) @ joint.sum(axis=1))
    return 1.0 if chance == 1.0 else (float(np.trace(joint)) - chance) / (1 - chance)


def rgb_of(piece: YuvClip) -> NDArray[np.float64]:
    """Return five frames of a second as RGB, 0..1: (5, 128, 128, 3)."""
    planes = np.moveaxis(views_of([piece])[0], 1, -1)
    found: NDArray[np.float64] = np.clip(_colour().ycbcr2rgb(planes.astype(np.float64)), 0, 1)
    return found


def lab_of(piece: YuvClip) -> NDArray[np.float64]:
    """Return five frames of a second in CIELAB: (5, 128, 128, 3)."""
    found: NDArray[np.float64] = _colour().rgb2lab(rgb_of(piece))
    return found


def _colour() -> ModuleType:
    try:
        return importlib.import_module("skimage.color")
    except ImportError as error:
        raise MissingDependencyError(
            "describing places needs scikit-image, which is not installed; run: pip install netgen[calibrate]"
        ) from error
