"""Photographs to train from: those that come in Python packages, pages drawn by this module, and a directory."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError, MissingDependencyError

LONGEST_SIDE_PX = 1600
"""Larger photographs are reduced to this, so that their finest detail is as sharp as that of video."""

HELD_OUT = ("astronaut", "brick", "chelsea", "coffee", "grass", "gravel", "page", "rocket", "text")
"""Photographs of scikit-image that the shipped clips are made of: never trained on."""

_SKIMAGE = ("camera", "coins", "hubble_deep_field", "immunohistochemistry", "moon", "retina")
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_PAGES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """The luma of a picture.

    Parameters
    ----------
    name : str                      Where it is from.
    luma : (height, width) uint8    BT.601, limited range.
    """

    name: str
    luma: NDArray[np.uint8]

    def __post_init__(self) -> None:
        self.luma.flags.writeable = False


def packaged_photographs() -> list[Photograph]:
    """Return the photographs that scikit-image, scikit-learn and matplotlib carry, without the held-out ones.

    Raises
    ------
    MissingDependencyError          One of the packages is not installed.
    """
    pictures: list[tuple[str, NDArray[np.uint8]]] = []
    skimage_data = _import("skimage.data")
    for name in _SKIMAGE:
        pictures.append((f"skimage/{name}", getattr(skimage_data, name)()))
    pictures.append(("skimage/motorcycle_left", skimage_data.stereo_motorcycle()[0]))
    for name in ("china.jpg", "flower.jpg"):
        pictures.append((f"sklearn/{name}", _import("sklearn.datasets").load_sample_image(name)))
    hopper = _import("matplotlib.cbook").get_sample_data("grace_hopper.jpg", asfileobj=False)
    pictures.append(
        ("matplotlib/grace_hopper.jpg", np.asarray(_import("PIL.Image").open(hopper).convert("RGB")))
    )
    return [Photograph(name, luma_of(picture)) for name, picture in pictures]


def held_out_photographs() -> list[Photograph]:
    """Return the photographs of `HELD_OUT`, which no network is trained on.

    Raises
    ------
    MissingDependencyError          scikit-image is not installed.
    """
    data = _import("skimage.data")
    return [Photograph(f"skimage/{name}", luma_of(getattr(data, name)())) for name in HELD_OUT]


def photographs_in(folder: Path) -> list[Photograph]:
    """Read all pictures (JPEG, PNG, WebP) of a directory, by name; large ones are reduced.

    Raises
    ------
    InputError                      Not a directory, without pictures, or one cannot be read.
    MissingDependencyError          Pillow is not installed.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: is not a directory of photographs")
    image = _import("PIL.Image")
    found = []
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES):
        try:
            with image.open(path) as opened:
                opened.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
                picture = opened.convert("RGB")
                picture.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), image.Resampling.LANCZOS)
                found.append(Photograph(path.name, luma_of(np.asarray(picture))))
        except OSError as error:
            raise InputError(f"{path}: cannot be read as a picture: {error}") from error
    if not found:
        raise InputError(f"{folder}: holds no picture; accepted: {', '.join(sorted(_SUFFIXES))}")
    return found


def drawn_pages(generator: np.random.Generator, count: int = _PAGES) -> list[Photograph]:
    """Draw pages of random letters and of plain shapes, as screens show them."""
    image, draw, font = _import("PIL.Image"), _import("PIL.ImageDraw"), _import("PIL.ImageFont")
    pages = []
    for index in range(count):
        paper, ink = (int(level) for level in generator.integers((150, 0), (256, 110)))
        if generator.random() < 0.25:
            paper, ink = ink, paper
        page = image.new("L", (900, 700), paper)
        pen = draw.Draw(page)
        for _ in range(int(generator.integers(0, 12))):
            left, top, wide, high = (
                int(one) for one in generator.integers((0, 0, 20, 10), (800, 600, 300, 200))
            )
            pen.rectangle((left, top, left + wide, top + high), fill=int(generator.integers(0, 256)))
        row = 8
        while row < 680:
            size = int(
                generator.choice((11, 12, 14, 16, 18, 24, 40), p=(0.2, 0.2, 0.2, 0.15, 0.1, 0.1, 0.05))
            )
            words = (
                "".join(chr(int(letter)) for letter in generator.integers(97, 123, int(length)))
                for length in generator.integers(1, 10, 30)
            )
            pen.text((10, row), " ".join(words), fill=ink, font=font.load_default(size=size))
            row += int(size * 1.4)
        pages.append(Photograph(f"drawn/page-{index}", luma_of(np.asarray(page))))
    return pages


def luma_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luma (BT.601, limited range) of an RGB, RGBA or grey picture."""
    weights = np.array([65.481, 128.553, 24.966]) / 255
    bright = picture * (219 / 255) if picture.ndim == 2 else picture[..., :3] @ weights
    return np.asarray(np.rint(16 + bright), dtype=np.uint8)


def digest(photographs: Sequence[Photograph] | Iterable[Photograph]) -> str:
    """Return the SHA-256 of names, sizes and samples, in order: what a training log records."""
    found = hashlib.sha256()
    for photograph in photographs:
        found.update(f"{photograph.name} {photograph.luma.shape}\n".encode())
        found.update(np.ascontiguousarray(photograph.luma).tobytes())
    return found.hexdigest()


def _import(module: str) -> ModuleType:
    """Import a package that carries or reads photographs, or say how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"training from photographs needs {module}, which is not installed; "
            f"run: pip install netgen[calibrate] scikit-learn matplotlib"
        ) from error
