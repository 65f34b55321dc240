"""Measured records as operating points, and the conditions under which they were measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from netgen.errors import InputError
from netgen.generative.device import canonical_name
from netgen.generative.operating_point import CodingMode, OperatingPoint, Work
from netgen.provenance import Provenance
from netgen.version import __version__

RECORD_SCHEMA = 2
"""Version of the measured records that this module reads."""

OLD_AFTER_DAYS = 365
"""ASSUMED: times measured more than a year ago are worth measuring again."""

SIZE_FACTOR = 2.0
"""ASSUMED: quality and time per pixel hold for frames of half to twice the pixels that were measured, and for frame
rates in the same proportion."""


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """One record, as far as a profile needs it.

    Parameters
    ----------
    profile : str                       Name of the profile.
    config : str                        The configuration, as a key.
    device, device_kind : str           Where times were measured; `cpu` or `cuda`.
    point : OperatingPoint              Rate, quality and work.
    mode, playable, learned, compatibility      As the action declares them.
    contract_model_bytes, expand_model_bytes : int, byte    Weights that each direction needs.
    size_px : (int, int)                Frame size.
    frame_rate_hz, segment_s : float    Of the clip, and of the segments that it was contracted in.
    date, netgen_version : str          When, and by which version.
    """

    profile: str
    config: str
    device: str
    device_kind: str
    point: OperatingPoint
    mode: CodingMode
    playable: bool
    learned: bool
    compatibility: str
    contract_model_bytes: int
    expand_model_bytes: int
    size_px: tuple[int, int]
    frame_rate_hz: float
    segment_s: float
    date: str
    netgen_version: str


@dataclass(frozen=True, slots=True)
class MeasuredConditions:
    """What a profile was measured on: outside it, its figures are carried over.

    Parameters
    ----------
    content_classes : tuple of str      Empty text: nobody said what a clip shows.
    sizes_px : tuple of (int, int)      Frame sizes.
    frame_rates_hz, segments_s : tuple of float
    oldest : str                        ISO date of the oldest record.
    netgen_versions : tuple of str      That measured.
    """

    content_classes: tuple[str, ...]
    sizes_px: tuple[tuple[int, int], ...]
    frame_rates_hz: tuple[float, ...]
    segments_s: tuple[float, ...]
    oldest: str
    netgen_versions: tuple[str, ...]

    @staticmethod
    def of(rows: Sequence[MeasuredRow]) -> MeasuredConditions:
        """Return the conditions of some records."""
        return MeasuredConditions(
            content_classes=tuple(sorted({row.point.content_class for row in rows})),
            sizes_px=tuple(sorted({row.size_px for row in rows})),
            frame_rates_hz=tuple(sorted({row.frame_rate_hz for row in rows})),
            segments_s=tuple(sorted({row.segment_s for row in rows})),
            oldest=min(row.date for row in rows),
            netgen_versions=tuple(sorted({row.netgen_version for row in rows})),
        )

    def warnings(
        self,
        *,
        content_class: str,
        width_px: int,
        height_px: int,
        frame_rate_hz: float,
        segment_s: float,
        today: date | None,
    ) -> list[str]:
        """Say in which respects a use differs from what was measured; see `profile_warnings`."""
        found = []
        if content_class not in self.content_classes:
            known = ", ".join(name or "(no class stated)" for name in self.content_classes)
            found.append(f'was not measured on contents of class "{content_class}" (on: {known})')
        pixels = sorted(width * height for width, height in self.sizes_px)
        if not pixels[0] / SIZE_FACTOR <= width_px * height_px <= pixels[-1] * SIZE_FACTOR:
            sizes = ", ".join(f"{width}x{height}" for width, height in self.sizes_px)
            found.append(
                f"was measured on frames of {sizes}, not within a factor of {SIZE_FACTOR:g} of {width_px}x{height_px}"
            )
        rates = self.frame_rates_hz
        if not rates[0] / SIZE_FACTOR <= frame_rate_hz <= rates[-1] * SIZE_FACTOR:
            found.append(
                f"was measured at {_listed(rates)} Hz, not within a factor of {SIZE_FACTOR:g} of {frame_rate_hz:g} Hz"
            )
        if not any(abs(segment_s - measured) < 1e-6 for measured in self.segments_s):
            found.append(f"was measured in segments of {_listed(self.segments_s)} s, not of {segment_s:g} s")
        return found + ([] if today is None else self.age_warnings(today))

    def age_warnings(self, today: date) -> list[str]:
        """Say that the records are old, or another version's."""
        found = []
        days = (today - date.fromisoformat(self.oldest)).days
        if days > OLD_AFTER_DAYS:
            found.append(f"was measured {days} days ago, on {self.oldest}: calibrate again")
        others = [version for version in self.netgen_versions if version != __version__]
        if others:
            found.append(
                f"was measured by netgen {', '.join(others)}; this is {__version__}: calibrate again"
            )
        return found


def measured_row(line: str, where: str) -> MeasuredRow:
    """Read one line of a file of measured records.

    Raises
    ------
    InputError                          Not JSON, another schema version, a missing or impossible field;
                                        names the place and what was found.
    """
    try:
        record = json.loads(line)
        if record["schema"] != RECORD_SCHEMA:
            raise InputError(
                f"{where}: schema {record['schema']} is not read here; accepted: {RECORD_SCHEMA}, as netgen "
                f"calibrate writes it: measure again"
            )
        return _row(record)
    except KeyError as error:
        raise InputError(f"{where}: the record has no {error}; see the format in netgen calibrate") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{where}: not a measured record: {error}") from None


def _row(record: Mapping[str, Any]) -> MeasuredRow:
    config, device, model = record["config"], record["device"], record["model"]
    width_px, height_px = config["size"]
    weights = int(model["bytes"])
    return MeasuredRow(
        profile=str(record["profile"]),
        config=json.dumps(config, sort_keys=True),
        device=device_label(device),
        device_kind=str(device["kind"]),
        point=_point(record),
        mode=CodingMode(record["mode"]),
        playable=bool(record["playable"]),
        learned=bool(record["learned"]),
        compatibility=str(record["compatibility"]),
        contract_model_bytes=weights if model["contract"] else 0,
        expand_model_bytes=weights if model["expand"] else 0,
        size_px=(int(width_px), int(height_px)),
        frame_rate_hz=float(config["fps"]),
        segment_s=float(config["segment_s"]),
        date=date.fromisoformat(record["provenance"]["date"]).isoformat(),
        netgen_version=str(record["provenance"]["versions"]["netgen"]),
    )


def device_label(device: Mapping[str, Any]) -> str:
    """Return the name of the device of a record; a processor counts as the same only with as many cores."""
    label = str(device["name"])
    return canonical_name(f"{label}, {device['cores']} cores" if device["kind"] == "cpu" else label)


def _point(record: Mapping[str, Any]) -> OperatingPoint:
    mark = Provenance(record["provenance"]["mark"])
    content, quality, semantic = record["content"], record["quality"], record["semantic"]
    return OperatingPoint(
        bits_per_pixel=float(record["rate"]["bpp"]),
        psnr_db=float(quality["psnr_db"]),
        ms_ssim=_optional(quality["ms_ssim"]),
        semantic_fidelity=None if semantic is None else float(semantic["fidelity"]),
        encode=_work(record, "contract"),
        decode=_work(record, "expand"),
        rate_provenance=mark,
        quality_provenance=mark,
        fidelity_provenance=None if semantic is None else Provenance(semantic["mark"]),
        content_class=content["class"] or "",
        clip=f"{content['set']}/{content['clip']}",
        ssim=_optional(quality["ssim"]),
        vmaf=_optional(quality["vmaf"]),
        semantic_interval=None if semantic is None else (float(semantic["low"]), float(semantic["high"])),
        fidelity_source="" if semantic is None else _fidelity_source(record),
    )


def _fidelity_source(record: Mapping[str, Any]) -> str:
    provenance = record["provenance"]
    return f"{record['semantic']['method']}, {provenance['date']}, {provenance['command']}"


def _work(record: Mapping[str, Any], direction: str) -> Work:
    """Work of one direction: a contraction as it is met in a run, where a rate is asked for."""
    width_px, height_px = record["config"]["size"]
    frames = int(record["rate"]["frames"])
    provenance, times, flops = record["provenance"], record["time"], record["flops"]
    s_per_frame = float(times[f"{direction}_s_per_frame"]["p50"])
    flops_per_frame = _optional(flops[f"{direction}_per_frame"])
    if direction == "contract" and times["contract_to_rate_s_per_frame"] is not None:
        codings = float(times["contract_to_rate_s_per_frame"]) / s_per_frame if s_per_frame else 1.0
        s_per_frame = float(times["contract_to_rate_s_per_frame"])
        flops_per_frame = None if flops_per_frame is None else flops_per_frame * codings
    return Work(
        seconds=s_per_frame * frames,
        std_s=None,
        frames=frames,
        pixels=int(width_px) * int(height_px),
        device=device_label(record["device"]),
        flops=None if flops_per_frame is None else flops_per_frame * frames,
        memory_bytes=int(record["model"]["bytes"]) if record["model"][direction] else 0,
        provenance=Provenance(provenance["mark"]),
        source=f"{provenance['date']}, {provenance['command']}, {record['device']['threads']} thread(s)",
    )


def merged_points(rows: Iterable[MeasuredRow]) -> tuple[OperatingPoint, ...]:
    """Return one point for every clip and configuration, with its work on every device.

    Rate and quality are those of the first device (processors before others, then by name): the processor is the
    reference, and elsewhere they differ by rounding alone.
    """
    groups: dict[tuple[str, str], list[MeasuredRow]] = {}
    for row in rows:
        groups.setdefault((row.point.clip, row.config), []).append(row)
    points = []
    for group in groups.values():
        first, *others = sorted(group, key=lambda row: (row.device_kind != "cpu", row.device))
        encode, decode = (
            None if work is None else replace(work, elsewhere=tuple(one for one in others_works if one))
            for work, others_works in (
                (first.point.encode, [row.point.encode for row in others]),
                (first.point.decode, [row.point.decode for row in others]),
            )
        )
        points.append(replace(first.point, encode=encode, decode=decode))
    return tuple(points)


def _optional(figure: float | None) -> float | None:
    return None if figure is None else float(figure)


def _listed(figures: Sequence[float]) -> str:
    return ", ".join(f"{figure:g}" for figure in figures)
