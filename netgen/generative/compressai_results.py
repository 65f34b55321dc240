"""Result files of CompressAI (JSON: a name, a description, rates and qualities) as published profiles."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

from netgen.errors import InputError
from netgen.generative.device import canonical_name, load_devices
from netgen.generative.operating_point import CodingMode, OperatingPoint, Work
from netgen.generative.profile import Profile
from netgen.provenance import Provenance

_CONVENTIONAL = re.compile(r"\b(av1|bpg|hm|jpeg2?\d*|vtm|webp|x264|x265)\b", re.IGNORECASE)
"""Conventional codecs in the names of CompressAI's files; every other name is a learned codec."""

_KODAK_PIXELS = 768 * 512
"""Every one of the 24 Kodak images is 768 x 512 or 512 x 768 pixels."""


class QualityPlanes(StrEnum):
    """Over which planes a file's PSNR and MS-SSIM are taken.

    `luma`: `psnr-y`; the files have no MS-SSIM of luma. `rgb`: `psnr-rgb`, `ms-ssim-rgb`. `unstated`: `psnr` and
    `ms-ssim`, of which older files do not say what they are of.
    """

    LUMA = "luma"
    RGB = "rgb"
    UNSTATED = "unstated"


_PSNR = {QualityPlanes.LUMA: "psnr-y", QualityPlanes.RGB: "psnr-rgb", QualityPlanes.UNSTATED: "psnr"}
_MS_SSIM = {QualityPlanes.RGB: "ms-ssim-rgb", QualityPlanes.UNSTATED: "ms-ssim"}
_MS_SSIM_DB = {QualityPlanes.RGB: "ms-ssim-db-rgb", QualityPlanes.UNSTATED: "ms-ssim-db"}


@dataclass(frozen=True, slots=True)
class Raster:
    """Size and rate of the videos behind a file, which states neither.

    Parameters
    ----------
    width_px, height_px : int       Frame size.
    frame_rate_hz : Fraction, Hz    Frames per second.
    """

    width_px: int
    height_px: int
    frame_rate_hz: Fraction

    def __post_init__(self) -> None:
        if self.width_px <= 0 or self.height_px <= 0 or self.frame_rate_hz <= 0:
            raise InputError(f"{self}: size and rate must be positive")


@dataclass(frozen=True, slots=True)
class ResultsReference:
    """What a scenario's `file.json:NAME[/PLANES][@WIDTHxHEIGHTpRATE]` means.

    Parameters
    ----------
    path : Path                     The file.
    name : str                      The name that it holds.
    planes : QualityPlanes          Whose PSNR and MS-SSIM are read.
    raster : Raster or None         Of the videos, for a file with bit rates.
    """

    path: Path
    name: str
    planes: QualityPlanes = QualityPlanes.LUMA
    raster: Raster | None = None


def results_reference(reference: str) -> ResultsReference | None:
    """Return what a profile's reference means, or None when it names no JSON file.

    Parameters
    ----------
    reference : str                 `ssf.json:ssf2020-mse-ans-vimeo/rgb@1920x1080p120`, for example; planes are luma
                                    when they are left out.

    Raises
    ------
    InputError                      Planes or raster are not of that form.
    """
    file_name, separator, asked = reference.rpartition(".json:")
    if not separator:
        return None
    name, at, raster_text = asked.partition("@")
    raster = None
    if at:
        found = re.fullmatch(r"(\d+)x(\d+)p(\d+(?:[./]\d+)?)", raster_text)
        if found is None:
            raise InputError(f'{reference}: "@{raster_text}" is no raster; accepted: @WIDTHxHEIGHTpRATE')
        raster = Raster(int(found[1]), int(found[2]), Fraction(found[3]))
    name, slash, planes = name.partition("/")
    if slash and planes not in tuple(QualityPlanes):
        raise InputError(f'{reference}: planes "{planes}"; accepted: {", ".join(QualityPlanes)}')
    return ResultsReference(
        Path(f"{file_name}.json"), name, QualityPlanes(planes) if slash else QualityPlanes.LUMA, raster
    )


def referenced_profile(reference: ResultsReference) -> Profile:
    """Return the profile that a reference means; raises InputError when its file holds another name."""
    profile = read_results(reference.path, planes=reference.planes, raster=reference.raster)
    if profile.name != reference.name:
        raise InputError(f'{reference.path} holds "{profile.name}", not "{reference.name}"')
    return profile


def read_results(
    path: Path, *, planes: QualityPlanes = QualityPlanes.LUMA, raster: Raster | None = None
) -> Profile:
    """Read a result file of CompressAI; what it does not say stays unknown.

    Points are averages over a data set; an image codec codes each frame by itself. Measured profiles hold luma PSNR,
    so by default only `psnr-y` is read: RGB is another measure and must be asked for. Times are read only where the
    file names a device that netgen knows, and a data set that tells the picture's size.

    Parameters
    ----------
    path : Path                     The file.
    planes : QualityPlanes          Whose PSNR and MS-SSIM are read.
    raster : Raster or None         Of the videos; needed by a file with bit rates.

    Returns
    -------
    Profile                         Full-reference; every figure marked published.

    Raises
    ------
    InputError                      Not such a file, or one with bit rates alone and no raster.

    Source                          Files under results/ of CompressAI (J. Begaint et al., "CompressAI: a PyTorch
                                    library and evaluation platform for end-to-end compression research",
                                    arXiv:2011.03029, 2020); `bitrate` is in kbit/s (its video benchmarks).
    """
    name, description, results, meta = _content(path)
    columns = _columns(results, path)
    rates = _bits_per_pixel(columns, raster, path)
    encode, decode = _times(columns, meta, path)
    mark = _quality_mark(columns, planes)
    try:
        points = tuple(
            OperatingPoint(
                bits_per_pixel=rates[row],
                psnr_db=_at(columns, _PSNR[planes], row),
                ms_ssim=_ms_ssim(columns, planes, row),
                encode=encode[row],
                decode=decode[row],
                rate_provenance=Provenance.PUBLISHED,
                quality_provenance=mark,
            )
            for row in sorted(range(len(rates)), key=rates.__getitem__)
        )
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error
    learned = _CONVENTIONAL.search(name) is None
    of = "" if mark is None else f"; PSNR and MS-SSIM over {_WORDS[planes]}"
    return Profile(
        name=name,
        mode=CodingMode.FULL_REFERENCE,
        playable=not learned,
        learned=learned,
        provenance=Provenance.PUBLISHED,
        points=points,
        source=f"CompressAI results, {path.name}: {name}, {description}{of}",
        encode_memory_bytes=None if learned else 0,
        decode_memory_bytes=None if learned else 0,
    )


_WORDS = {
    QualityPlanes.LUMA: "luma",
    QualityPlanes.RGB: "RGB",
    QualityPlanes.UNSTATED: "planes that the file does not state",
}


def _content(path: Path) -> tuple[str, str, Mapping[str, Any], Mapping[str, Any]]:
    """Return name, description, results and the rest that newer files say of themselves."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    found = content if isinstance(content, dict) else {}
    name, description, results = (found.get(key) for key in ("name", "description", "results"))
    if not (isinstance(name, str) and isinstance(description, str) and isinstance(results, dict)):
        raise InputError(
            f"{path} is no result file of CompressAI: it has {', '.join(found) or 'no keys'}; accepted: name and "
            "description, which are text, and results, lists by name"
        )
    meta = found.get("meta")
    return name, description, results, meta if isinstance(meta, dict) else {}


def _columns(results: Mapping[str, Any], path: Path) -> dict[str, list[float]]:
    """Return the lists of numbers of a file; others, such as names of checkpoints, are left out."""
    columns = {
        key: [float(figure) for figure in column]
        for key, column in results.items()
        if isinstance(column, list) and all(_is_number(figure) for figure in column)
    }
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise InputError(
            f"{path}: its lists have {sorted(lengths)} entries; accepted: all as many, one at least"
        )
    return columns


def _is_number(figure: object) -> bool:
    return isinstance(figure, int | float) and not isinstance(figure, bool) and math.isfinite(figure)


def _bits_per_pixel(
    columns: Mapping[str, Sequence[float]], raster: Raster | None, path: Path
) -> Sequence[float]:
    """Return the rates; bit rates need the raster of the videos."""
    if "bpp" in columns:
        return columns["bpp"]
    if "bitrate" not in columns:
        raise InputError(f"{path} has neither bpp nor bitrate (has: {', '.join(columns)})")
    if raster is None:
        raise InputError(
            f"{path} gives bit rates without the size and rate of its videos; say them as @WIDTHxHEIGHTpRATE"
        )
    pixels_per_s = raster.width_px * raster.height_px * raster.frame_rate_hz
    return [float(1000 * Fraction(rate_kbps) / pixels_per_s) for rate_kbps in columns["bitrate"]]


def _times(
    columns: Mapping[str, Sequence[float]], meta: Mapping[str, Any], path: Path
) -> tuple[Sequence[Work | None], Sequence[Work | None]]:
    """Return the works of both directions; None where device or picture size are not known."""
    count = len(next(iter(columns.values())))
    label = meta.get("device")
    device = canonical_name(label) if isinstance(label, str) else ""
    if device not in load_devices() or meta.get("dataset") != "kodak":
        return [None] * count, [None] * count

    def works(key: str) -> Sequence[Work | None]:
        return [
            Work(seconds, None, 1, _KODAK_PIXELS, device, None, None, Provenance.PUBLISHED, f"CompressAI, {path.name}")
            for seconds in columns[key]
        ] if key in columns else [None] * count  # fmt: skip

    return works("encoding_time"), works("decoding_time")


def _at(columns: Mapping[str, Sequence[float]], key: str | None, row: int) -> float | None:
    return columns[key][row] if key is not None and key in columns else None


def _ms_ssim(columns: Mapping[str, Sequence[float]], planes: QualityPlanes, row: int) -> float | None:
    """Return MS-SSIM; files that give it in decibel mean -10 log10(1 - MS-SSIM)."""
    decibel = _at(columns, _MS_SSIM_DB.get(planes), row)
    plain = _at(columns, _MS_SSIM.get(planes), row)
    return 1 - 10 ** (-decibel / 10) if plain is None and decibel is not None else plain


def _quality_mark(columns: Mapping[str, Sequence[float]], planes: QualityPlanes) -> Provenance | None:
    """Return the mark of PSNR and MS-SSIM; None where the file has neither of these planes."""
    keys = {_PSNR[planes], _MS_SSIM.get(planes), _MS_SSIM_DB.get(planes)}
    return Provenance.PUBLISHED if keys & set(columns) else None
