"""One row of the published tables as an operating point."""

from __future__ import annotations

from collections.abc import Mapping

from netgen.generative.device import find_device
from netgen.generative.operating_point import OperatingPoint, Work
from netgen.provenance import Provenance

BYTES_PER_PARAMETER = 2
"""Weights are held in FP16: two bytes each."""

FLOPS_PER_MADD = 2
"""A multiply-add is two operations, as peak FLOP/s count them."""


def number(text: str) -> float | None:
    """Return the figure of a cell, or None for an empty one."""
    return float(text) if text else None


def published_point(row: Mapping[str, str]) -> OperatingPoint:
    """Operating point of one row of `profiles/published.csv`.

    The rate of a representation that is bits only follows from its bits and the frames where the paper
    gives those; joint source-channel coded parts are symbols and have no bits per pixel.
    """
    width_px, height_px, frames = (number(row[name]) for name in ("width_px", "height_px", "frames"))
    bits_per_pixel = number(row["bits_per_pixel"])
    bits = number(row["description_bits"])
    bits_only = row["representation"] == "bits"
    if bits_per_pixel is None and bits and bits_only and width_px and height_px and frames:
        bits_per_pixel = bits / (frames * width_px * height_px)
    return OperatingPoint(
        bits_per_pixel=bits_per_pixel,
        psnr_db=number(row["psnr_db"]),
        ms_ssim=number(row["ms_ssim"]),
        semantic_fidelity=number(row["semantic_fidelity"]),
        encode=_published_work(row, "encode"),
        decode=_published_work(row, "decode"),
        rate_provenance=None if bits_per_pixel is None else Provenance.PUBLISHED,
        quality_provenance=Provenance.PUBLISHED if row["psnr_db"] or row["ms_ssim"] else None,
        fidelity_provenance=Provenance.PUBLISHED if row["semantic_fidelity"] else None,
        content_class=row["content_class"],
        channel_bandwidth_ratio=number(row["channel_bandwidth_ratio"]),
    )


def published_memory_bytes(row: Mapping[str, str], direction: str) -> int | None:
    """Weights in FP16 of the model of one direction; the whole model where the paper does not split it."""
    if row["learned"] == "no":
        return 0
    millions = number(row[f"{direction}_params_m"]) or number(row["params_m"])
    return None if millions is None else round(millions * 1e6) * BYTES_PER_PARAMETER


def _published_work(row: Mapping[str, str], direction: str) -> Work | None:
    """Work of one direction, or None where the paper gives no time.

    ASSUMED: MAdd figures are per frame. The paper does not say; 53.6 G for 250 frames would use each of
    FOMM's 45.6 M weights under 5 times a frame, and a convolution uses each at every place of its map.
    The estimate for another device does not depend on it while arithmetic bounds both devices.
    """
    seconds = number(row[f"{direction}_s"])
    if seconds is None:
        return None
    frames, width_px, height_px = (number(row[name]) for name in ("frames", "width_px", "height_px"))
    madd_g = number(row[f"{direction}_madd_g"])
    return Work(
        seconds=seconds,
        std_s=number(row[f"{direction}_std_s"]),
        frames=None if frames is None else int(frames),
        pixels=None if width_px is None or height_px is None else int(width_px * height_px),
        device=find_device(row["device"]).name,
        flops=None if madd_g is None or frames is None else FLOPS_PER_MADD * madd_g * 1e9 * frames,
        memory_bytes=published_memory_bytes(row, direction),
        provenance=Provenance.PUBLISHED,
        source=row["source"],
    )
