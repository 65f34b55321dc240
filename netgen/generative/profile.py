"""Profiles of generative actions: what an action costs and keeps, from papers, measurements or the author."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from netgen.errors import InputError, ModelRangeError, did_you_mean
from netgen.generative.measured_rows import (
    MeasuredConditions,
    MeasuredRow,
    device_label,
    measured_row,
    merged_points,
)
from netgen.generative.operating_point import (
    ANY_DEVICE,
    SAMPLES_PER_PIXEL,
    CodingMode,
    OperatingPoint,
    Work,
    covers,
    mean_point,
    point_on_curve,
    rate_range,
)
from netgen.generative.profile_rows import published_memory_bytes, published_point
from netgen.media.content_class import ContentClass
from netgen.provenance import Provenance, weakest
from netgen.robustness.records import Cost, RobustnessRecord, shipped_robustness

__all__ = [
    "ANY_DEVICE",
    "CodingMode",
    "OperatingPoint",
    "Profile",
    "Work",
    "declared_profile",
    "find_profile",
    "load_profiles",
    "profile_warnings",
    "read_measured",
]


@dataclass(frozen=True, slots=True)
class Profile:
    """One action (a pair of contract and expand) with its operating points.

    Parameters
    ----------
    name : str                          What a scenario calls it.
    mode : CodingMode                   What its representation carries.
    playable : bool                     Whether the representation can be shown without generation.
    learned : bool                      Whether it is a model with weights, which must be on the device.
    provenance : Provenance             Where its figures come from.
    points : tuple of OperatingPoint    Sorted by bits per pixel; several clips may be mixed.
    source : str                        Paper and table, or date and command.
    encode_memory_bytes, decode_memory_bytes : int or None, byte
                                        Weights in FP16; 0 for a conventional codec, None when not known.
    compatibility : str or None         Who can expand what it contracted, as the measured action declares it.
    conditions : MeasuredConditions or None     What it was measured on; None for any other profile.
    """

    name: str
    mode: CodingMode
    playable: bool
    learned: bool
    provenance: Provenance
    points: tuple[OperatingPoint, ...]
    source: str
    encode_memory_bytes: int | None
    decode_memory_bytes: int | None
    compatibility: str | None = None
    conditions: MeasuredConditions | None = None

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError(f'profile "{self.name}" has no operating point')

    @property
    def model_memory_bytes(self) -> int | None:
        """Weights of the larger of the two directions; None when neither is known."""
        known = [side for side in (self.encode_memory_bytes, self.decode_memory_bytes) if side is not None]
        return max(known, default=None)

    @property
    def rate_range(self) -> tuple[float, float] | None:
        """Lowest and highest known bits per pixel over all clips; None when no rate is known."""
        rated = [point for point in self.points if point.bits_per_pixel is not None]
        return rate_range(rated) if rated else None

    def at(self, bits_per_pixel: float | None, *, content_class: str | None = None) -> OperatingPoint:
        """Operating point at a rate: each clip's curve is read at it, then the clips are averaged.

        Only the clips whose measured range covers the rate count (`clips` of the result says how many);
        averages of unlike sets of clips at neighbouring rates may therefore step.

        Parameters
        ----------
        bits_per_pixel : float or None, bit     None asks for the only point of the profile.
        content_class : str or None             Count only clips of this class (and points of no class); None counts
                                                all but drawn scenes, which are like no video, where there are others.

        Raises
        ------
        ModelRangeError                         No clip covers the rate, the profile has no rate, or has
                                                several and none was asked for; names the range.

        Valid for                               Rates inside the measured or published range.
        Source                                  `netgen.generative.operating_point.point_on_curve`.
        """
        points = self._of_class(content_class)
        if not points:
            known = ", ".join(sorted({point.content_class for point in self.points}))
            raise ModelRangeError(
                f'profile "{self.name}" has no content class "{content_class}" (has: {known})'
            )
        if bits_per_pixel is None:
            if len(points) == 1:
                return points[0]
            raise ModelRangeError(f'profile "{self.name}" has {len(points)} points; {self._accepted(points)}')
        curves = _curves(points)
        read = [point_on_curve(curve, bits_per_pixel) for curve in curves if covers(curve, bits_per_pixel)]
        if not read:
            floor = min((rate_range(curve)[0] for curve in curves), default=0.0)
            reason = ", which it cannot reach" if self.conditions and bits_per_pixel < floor else ""
            raise ModelRangeError(
                f'profile "{self.name}" is not known at {bits_per_pixel:g} bit/pixel{reason}; '
                f"{self._accepted(points)}"
            )
        return mean_point(read, bits_per_pixel)

    def _of_class(self, content_class: str | None) -> list[OperatingPoint]:
        """Points that count for a class of content."""
        if content_class is not None:
            return [point for point in self.points if point.content_class in ("", content_class)]
        filmed = [point for point in self.points if point.content_class != ContentClass.LABELLED]
        return filmed or list(self.points)

    def _accepted(self, points: Iterable[OperatingPoint]) -> str:
        """What `at` accepts, for messages."""
        curves = _curves(points)
        if not curves:
            return f"{self.source} gives no rate: declare bits_per_pixel in the scenario"
        low, high = rate_range([point for curve in curves for point in curve])
        if low == high:
            return f"accepted: {low:g} bit/pixel, its only point"
        return f"accepted: {low:g} to {high:g} bit/pixel, the range of its {len(curves)} clip(s)"


def _curves(points: Iterable[OperatingPoint]) -> list[list[OperatingPoint]]:
    """Points by clip, each clip sorted by rate; points without a rate are on no curve."""
    curves: dict[str, list[OperatingPoint]] = {}
    for point in points:
        if point.bits_per_pixel is not None:
            curves.setdefault(point.clip, []).append(point)
    return [sorted(curves[clip], key=_by_rate) for clip in sorted(curves)]


def _by_rate(point: OperatingPoint) -> tuple[float, str]:
    return (0.0 if point.bits_per_pixel is None else point.bits_per_pixel, point.clip)


def declared_profile(
    name: str,
    *,
    mode: CodingMode,
    contract_s: float | None,
    expand_s: float | None,
    memory_bytes: int | None,
    bits_per_pixel: float | None,
    semantic_fidelity: float | None,
    psnr_db: float | None = None,
    ms_ssim: float | None = None,
    playable: bool = False,
    learned: bool = True,
) -> Profile:
    """Profile of an action that the scenario's author describes; every figure is marked declared.

    Parameters
    ----------
    contract_s, expand_s : float or None, s     Seconds per second of video, on whatever device.
    memory_bytes : int or None, byte            Weights that must be on the device.
    bits_per_pixel : float or None, bit         Rate of the contracted representation.
    semantic_fidelity, psnr_db, ms_ssim         Of the expanded video; None when the author gives none.
    """
    mark = Provenance.DECLARED
    point = OperatingPoint(
        bits_per_pixel=bits_per_pixel,
        psnr_db=psnr_db,
        ms_ssim=ms_ssim,
        semantic_fidelity=semantic_fidelity,
        encode=_declared_work(contract_s, memory_bytes),
        decode=_declared_work(expand_s, memory_bytes),
        rate_provenance=None if bits_per_pixel is None else mark,
        quality_provenance=None if psnr_db is None and ms_ssim is None else mark,
        fidelity_provenance=None if semantic_fidelity is None else mark,
    )
    return Profile(name, mode, playable, learned, mark, (point,), "the scenario", memory_bytes, memory_bytes)


def _declared_work(seconds: float | None, memory_bytes: int | None) -> Work | None:
    if seconds is None:
        return None
    mark = Provenance.DECLARED
    return Work(
        seconds, None, None, None, ANY_DEVICE, None, memory_bytes, mark, "the scenario", duration_s=1.0
    )


def _read_published() -> dict[str, Profile]:
    """Profiles of the papers' tables: one row, one point."""
    text = (files("netgen.generative") / "profiles" / "published.csv").read_text(encoding="utf-8")
    profiles: dict[str, Profile] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["profile"] in profiles:
            raise ValueError(f"published.csv has two rows for {row['profile']}")
        profiles[row["profile"]] = Profile(
            name=row["profile"],
            mode=CodingMode(row["mode"]),
            playable=row["playable"] == "yes",
            learned=row["learned"] == "yes",
            provenance=Provenance.PUBLISHED,
            points=(published_point(row),),
            source=row["source"],
            encode_memory_bytes=published_memory_bytes(row, "encode"),
            decode_memory_bytes=published_memory_bytes(row, "decode"),
        )
    return profiles


def read_measured(text: str, where: str) -> dict[str, Profile]:
    """Profiles of measured records, one JSON object a line; of two of one clip, configuration and device, the last.

    Parameters
    ----------
    text : str                          Content of the file.
    where : str                         Name of the file, for messages.
    """
    latest: dict[str, dict[tuple[str, str, str], MeasuredRow]] = {}
    for line_number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            row = measured_row(line, f"{where}:{line_number}")
            latest.setdefault(row.profile, {})[row.point.clip, row.config, row.device] = row
    return {name: _measured_profile(name, tuple(rows.values()), where) for name, rows in latest.items()}


def _measured_profile(name: str, rows: tuple[MeasuredRow, ...], where: str) -> Profile:
    """All records of one action, from whatever devices."""
    first = rows[0]
    for row in rows:
        if (row.mode, row.playable, row.learned, row.compatibility) != (
            first.mode, first.playable, first.learned, first.compatibility,
        ):  # fmt: skip
            raise InputError(
                f'{where}: the records of "{name}" are of two actions: {first.mode}, {first.compatibility} and '
                f"{row.mode}, {row.compatibility}; measure again"
            )
    points = merged_points(rows)
    marks = [point.rate_provenance for point in points if point.rate_provenance is not None]
    works = [work for point in points if point.encode for work in (point.encode, *point.encode.elsewhere)]
    return Profile(
        name=name,
        mode=first.mode,
        playable=first.playable,
        learned=first.learned,
        provenance=weakest(marks),
        points=tuple(sorted(points, key=_by_rate)),
        source="; ".join(sorted({work.source for work in works})),
        encode_memory_bytes=max(row.contract_model_bytes for row in rows),
        decode_memory_bytes=max(row.expand_model_bytes for row in rows),
        compatibility=first.compatibility,
        conditions=MeasuredConditions.of(rows),
    )


def profile_warnings(
    profile: Profile,
    *,
    content_class: str,
    width_px: int,
    height_px: int,
    frame_rate_hz: float,
    segment_s: float,
    today: date | None = None,
) -> list[str]:
    """Say in which respects a use of a measured profile lies outside what was measured; none for other profiles.

    A rate outside its range is an error (`Profile.at`), not a warning.

    Parameters
    ----------
    content_class : str                 Of the content that is contracted.
    width_px, height_px : int           Its frames.
    frame_rate_hz : float, Hz
    segment_s : float, s                Duration of its segments.
    today : date or None                To tell the age of the records; None leaves it out.
    """
    if profile.conditions is None:
        return []
    found = profile.conditions.warnings(
        content_class=content_class,
        width_px=width_px,
        height_px=height_px,
        frame_rate_hz=frame_rate_hz,
        segment_s=segment_s,
        today=today,
    )
    return [f'profile "{profile.name}" {text}' for text in found]


@cache
def load_profiles() -> Mapping[str, Profile]:
    """Return the shipped profiles by name: the papers' tables and the measurements on shipped clips and scenes."""
    profiles = _read_published()
    folder = files("netgen.generative") / "profiles"
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("measured.jsonl", "meaning.jsonl")]
    for name, profile in read_measured("".join(texts), "measured.jsonl, meaning.jsonl").items():
        if name in profiles:
            raise ValueError(f"{name} is the name of a published profile and of a measured one")
        profiles[name] = profile
    for record in shipped_robustness().values():
        if record.cost is not None and record.part in profiles:
            raise ValueError(f"{record.part} is the name of a profile and of a table of joint coding")
        if record.cost is not None:
            profiles[record.part] = symbols_profile(record, record.cost)
    return MappingProxyType(profiles)


def symbols_profile(record: RobustnessRecord, cost: Cost) -> Profile:
    """Profile of joint coding: its one point takes symbols, of which a link says how many bits each takes."""
    device = device_label(cost.device)

    def work(seconds: float, flops: float, parameters: int) -> Work:
        return Work(
            seconds=seconds,
            std_s=None,
            frames=1,
            pixels=record.size_px[0] * record.size_px[1],
            device=device,
            flops=flops,
            memory_bytes=2 * parameters,
            provenance=Provenance.MEASURED,
            source=f"{record.date}, {record.command}",
        )

    clean = record.table.clean
    point = OperatingPoint(
        bits_per_pixel=None,
        psnr_db=clean.psnr_db,
        ms_ssim=clean.ms_ssim,
        semantic_fidelity=clean.fidelity,
        encode=work(cost.encode_s, cost.encode_flops, cost.encoder_parameters),
        decode=work(cost.decode_s, cost.decode_flops, cost.decoder_parameters),
        quality_provenance=Provenance.MEASURED,
        fidelity_provenance=Provenance.MEASURED,
        content_class=record.content_class,
        channel_bandwidth_ratio=record.symbols_per_pixel / SAMPLES_PER_PIXEL,
        semantic_interval=clean.interval,
        fidelity_source=f"labelled scenes, {record.date}, {record.command}",
        symbols=record.table,
    )
    conditions = MeasuredConditions(
        content_classes=(record.content_class,),
        sizes_px=(record.size_px,),
        frame_rates_hz=(record.frame_rate_hz,),
        segments_s=(record.segment_s,),
        oldest=record.date,
        netgen_versions=(record.netgen_version,),
    )
    return Profile(
        name=record.part,
        mode=CodingMode.SEMI_REFERENCE,
        playable=False,
        learned=True,
        provenance=Provenance.MEASURED,
        points=(point,),
        source=f"{record.date}, {record.command}",
        encode_memory_bytes=2 * cost.encoder_parameters,
        decode_memory_bytes=2 * cost.decoder_parameters,
        compatibility="weights",
        conditions=conditions,
    )


def find_profile(name: str) -> Profile:
    """Return the shipped profile called `name`; raises InputError with the nearest name when there is none."""
    profiles = load_profiles()
    if name not in profiles:
        known = ", ".join(sorted(profiles))
        raise InputError(f'no profile is called "{name}"{did_you_mean(name, profiles)} (known: {known})')
    return profiles[name]
