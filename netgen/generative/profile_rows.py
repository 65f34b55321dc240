"""One row of the published tables, or one measured record, as an operating point."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from netgen.errors import InputError
from netgen.generative.device import canonical_name, find_device
from netgen.generative.operating_point import OperatingPoint, Work
from netgen.provenance import Provenance

RECORD_SCHEMA = 1
"""Version of the measured records that this module reads."""

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


def measured_point(line: str, where: str) -> tuple[str, str, OperatingPoint]:
    """Profile name, configuration and operating point of one line of a file of measured records.

    Raises
    ------
    InputError                          Not JSON, another schema version, a missing or impossible field;
                                        names the place and what was found.
    """
    try:
        record = json.loads(line)
        if record["schema"] != RECORD_SCHEMA:
            raise InputError(
                f"{where}: schema {record['schema']} is not read here; accepted: {RECORD_SCHEMA}"
            )
        if not record["action"].startswith("codec."):
            raise InputError(f'{where}: action "{record["action"]}" is not known; accepted: codec.<encoder>')
        return record["profile"], json.dumps(record["config"], sort_keys=True), _measured_point(record)
    except KeyError as error:
        raise InputError(f"{where}: the record has no {error}; see the format in netgen calibrate") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{where}: not a measured record: {error}") from None


def _measured_point(record: Mapping[str, Any]) -> OperatingPoint:
    mark = Provenance(record["provenance"]["mark"])
    content, quality = record["content"], record["quality"]
    return OperatingPoint(
        bits_per_pixel=float(record["rate"]["bpp"]),
        psnr_db=float(quality["psnr_db"]),
        ms_ssim=float(quality["ms_ssim"]),
        encode=_measured_work(record, "encode"),
        decode=_measured_work(record, "decode"),
        rate_provenance=mark,
        quality_provenance=mark,
        content_class=content["class"] or "",
        clip=f"{content['set']}/{content['clip']}",
    )


def _measured_work(record: Mapping[str, Any], direction: str) -> Work:
    """Work of one direction; processors of one model name count as one device only with as many cores."""
    width_px, height_px = record["config"]["size"]
    frames = int(record["rate"]["frames"])
    provenance = record["provenance"]
    return Work(
        seconds=float(record["latency"][f"{direction}_s_per_frame"]) * frames,
        std_s=None,
        frames=frames,
        pixels=int(width_px) * int(height_px),
        device=canonical_name(f"{record['device']['name']}, {record['device']['cores']} cores"),
        flops=None,
        memory_bytes=0,
        provenance=Provenance(provenance["mark"]),
        source=f"{provenance['date']}, {provenance['command']}, {record['latency']['threads']} thread(s)",
    )
