"""What a profile is made of: work, operating points, and the curves between measured points."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import fmean, stdev

from netgen.errors import ModelRangeError
from netgen.provenance import Provenance, weakest
from netgen.robustness.table import RobustnessTable

ANY_DEVICE = "any"
"""Device of a declared time: it holds on whatever the scenario's author runs it on."""

SAMPLES_PER_PIXEL = 3
"""Of a picture in colour, in the definition of the channel bandwidth ratio: K / (C_in H W F)."""

_SAME_RATE = 1e-9


class CodingMode(StrEnum):
    """What a representation carries (Zhang et al., Generative Video Communications, 2026, section 2)."""

    FULL_REFERENCE = "full-reference"
    SEMI_REFERENCE = "semi-reference"
    NO_REFERENCE = "no-reference"


@dataclass(frozen=True, slots=True)
class Work:
    """One direction of an action (contract or expand) as its source gives it.

    Parameters
    ----------
    seconds : float, s                  Time for `frames` frames of `pixels` pixels each, or, when `frames`
                                        is None, for `duration_s` seconds of video.
    std_s : float or None, s            Standard deviation of `seconds` over contents.
    frames, pixels : int or None        None: the source does not say, or the time is per second of video.
    device : str                        Device it was measured on; `ANY_DEVICE` for a declared time.
    flops : float or None               Floating-point operations of the whole work.
    memory_bytes : int or None, byte    Weights of the model in FP16; 0 when there is no model.
    provenance : Provenance             Mark of `seconds`.
    source : str                        Paper and table, or date and command.
    duration_s : float or None, s       Seconds of video that `seconds` are for, when `frames` is None.
    elsewhere : tuple of Work           The same work as it was measured on other devices.
    """

    seconds: float
    std_s: float | None
    frames: int | None
    pixels: int | None
    device: str
    flops: float | None
    memory_bytes: int | None
    provenance: Provenance
    source: str
    duration_s: float | None = None
    elsewhere: tuple[Work, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.seconds < math.inf:
            raise ValueError(f"work takes a finite time >= 0, got {self.seconds} s ({self.source})")
        if any(count is not None and count <= 0 for count in (self.frames, self.pixels)):
            raise ValueError(f"work is for at least one frame and pixel, got {self}")
        if self.duration_s is not None and not self.duration_s > 0:
            raise ValueError(f"work is for some time of video, got {self.duration_s} s ({self.source})")


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """One rate of a profile with its quality and its work; None: the source does not give the figure.

    Parameters
    ----------
    bits_per_pixel : float or None, bit         Coded bits per source pixel.
    psnr_db : float or None, dB                 Of the expanded video against the source; measured: luma.
    ms_ssim : float or None                     Likewise, 0..1.
    semantic_fidelity : float or None           Share of the semantic bits that is kept, 0..1.
    encode, decode : Work or None               Contract and expand.
    rate_provenance, quality_provenance, fidelity_provenance : Provenance or None
                                                Marks of the rate, of PSNR and MS-SSIM, of the fidelity.
    content_class, clip : str                   What was coded; `clip` is empty for an average.
    clips : int                                 Clips that this point averages.
    channel_bandwidth_ratio : float or None     Channel symbols per source sample (K / (C_in H W F)).
    ssim, vmaf : float or None                  Like PSNR; VMAF 0..100.
    semantic_interval : (float, float) or None  Where an estimated fidelity is expected for one content like these, and
                                                where a measured one lies.
    fidelity_source : str                       Method, date and command behind the fidelity; empty when not said.
    symbols : RobustnessTable or None           Of joint coding: what a channel leaves of its symbols.
    """

    bits_per_pixel: float | None
    psnr_db: float | None = None
    ms_ssim: float | None = None
    semantic_fidelity: float | None = None
    encode: Work | None = None
    decode: Work | None = None
    rate_provenance: Provenance | None = None
    quality_provenance: Provenance | None = None
    fidelity_provenance: Provenance | None = None
    content_class: str = ""
    clip: str = ""
    clips: int = 1
    channel_bandwidth_ratio: float | None = None
    ssim: float | None = None
    vmaf: float | None = None
    semantic_interval: tuple[float, float] | None = None
    fidelity_source: str = ""
    symbols: RobustnessTable | None = None

    def __post_init__(self) -> None:
        if self.bits_per_pixel is not None and not 0 < self.bits_per_pixel < math.inf:
            raise ValueError(f"bits_per_pixel must be positive and finite, got {self.bits_per_pixel}")
        for name, share in (("ms_ssim", self.ms_ssim), ("semantic_fidelity", self.semantic_fidelity)):
            if share is not None and not 0 <= share <= 1:
                raise ValueError(f"{name} must lie in 0..1, got {share}")


def rate_range(curve: Sequence[OperatingPoint]) -> tuple[float, float]:
    """Lowest and highest bits per pixel of a curve; the caller has left out points without a rate."""
    rates = [_rate(point) for point in curve]
    return min(rates), max(rates)


def covers(curve: Sequence[OperatingPoint], bits_per_pixel: float) -> bool:
    """Whether `bits_per_pixel` lies inside the curve, its end points included."""
    low, high = rate_range(curve)
    return low * (1 - _SAME_RATE) <= bits_per_pixel <= high * (1 + _SAME_RATE)


def point_on_curve(curve: Sequence[OperatingPoint], bits_per_pixel: float) -> OperatingPoint:
    """Quality and work of one clip's curve at a rate that it covers, linear in log(bits per pixel).

    `curve` is sorted by rate. At a point of the curve the result is that point.

    Valid for                           The coded range; nothing is extrapolated.
    Source                              The interpolation in log-rate of Bjontegaard, VCEG-M33, 2001,
                                        with straight pieces, which cannot overshoot between the points.
    """
    rates = [_rate(point) for point in curve]
    upper = bisect_left(rates, bits_per_pixel)
    for nearest in (upper, upper - 1):
        if 0 <= nearest < len(rates) and math.isclose(rates[nearest], bits_per_pixel, rel_tol=_SAME_RATE):
            return curve[nearest]
    low, high = curve[upper - 1], curve[upper]
    share = math.log(bits_per_pixel / rates[upper - 1]) / math.log(rates[upper] / rates[upper - 1])

    def between(first: float | None, second: float | None) -> float | None:
        return None if first is None or second is None else first + share * (second - first)

    return OperatingPoint(
        bits_per_pixel=bits_per_pixel,
        psnr_db=between(low.psnr_db, high.psnr_db),
        ms_ssim=between(low.ms_ssim, high.ms_ssim),
        semantic_fidelity=between(low.semantic_fidelity, high.semantic_fidelity),
        encode=_combined_work(
            (low.encode, high.encode), lambda times: times[0] + share * (times[1] - times[0])
        ),
        decode=_combined_work(
            (low.decode, high.decode), lambda times: times[0] + share * (times[1] - times[0])
        ),
        rate_provenance=_weakest_given(point.rate_provenance for point in (low, high)),
        quality_provenance=_weakest_given(point.quality_provenance for point in (low, high)),
        fidelity_provenance=_weakest_given(point.fidelity_provenance for point in (low, high)),
        content_class=low.content_class,
        clip=low.clip,
        ssim=between(low.ssim, high.ssim),
        vmaf=between(low.vmaf, high.vmaf),
        semantic_interval=_between_intervals(low.semantic_interval, high.semantic_interval, share),
        fidelity_source=_joined_sources((low, high)),
    )


def mean_point(points: Sequence[OperatingPoint], bits_per_pixel: float) -> OperatingPoint:
    """Average of points of different clips at one rate; a figure that one of them lacks stays None.

    The mean work is per frame of the clips' mean size; its `std_s` is the standard deviation over clips. The
    semantic interval spans those of the clips, since it is where one content is expected, not the mean.
    """
    if len(points) == 1:
        return points[0]
    classes = {point.content_class for point in points}
    return OperatingPoint(
        bits_per_pixel=bits_per_pixel,
        psnr_db=_mean(point.psnr_db for point in points),
        ms_ssim=_mean(point.ms_ssim for point in points),
        semantic_fidelity=_mean(point.semantic_fidelity for point in points),
        encode=_combined_work([point.encode for point in points], fmean, spread=True),
        decode=_combined_work([point.decode for point in points], fmean, spread=True),
        rate_provenance=_weakest_given(point.rate_provenance for point in points),
        quality_provenance=_weakest_given(point.quality_provenance for point in points),
        fidelity_provenance=_weakest_given(point.fidelity_provenance for point in points),
        content_class=classes.pop() if len(classes) == 1 else "mixed",
        clips=len(points),
        ssim=_mean(point.ssim for point in points),
        vmaf=_mean(point.vmaf for point in points),
        semantic_interval=_spanned(point.semantic_interval for point in points),
        fidelity_source=_joined_sources(points),
    )


def _rate(point: OperatingPoint) -> float:
    if point.bits_per_pixel is None:
        raise ValueError(f"a point without a rate is on no curve: {point}")
    return point.bits_per_pixel


def _mean(figures: Iterable[float | None]) -> float | None:
    given = list(figures)
    known = [figure for figure in given if figure is not None]
    return fmean(known) if len(known) == len(given) else None


def _weakest_given(marks: Iterable[Provenance | None]) -> Provenance | None:
    known = [mark for mark in marks if mark is not None]
    return weakest(known) if known else None


def _joined_sources(points: Iterable[OperatingPoint]) -> str:
    return "; ".join(dict.fromkeys(point.fidelity_source for point in points if point.fidelity_source))


def _between_intervals(
    low: tuple[float, float] | None, high: tuple[float, float] | None, share: float
) -> tuple[float, float] | None:
    if low is None or high is None:
        return None
    return (low[0] + share * (high[0] - low[0]), low[1] + share * (high[1] - low[1]))


def _spanned(intervals: Iterable[tuple[float, float] | None]) -> tuple[float, float] | None:
    given = list(intervals)
    known = [interval for interval in given if interval is not None]
    if len(known) < len(given):
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def _combined_work(
    works: Sequence[Work | None], combine: Callable[[list[float]], float], *, spread: bool = False
) -> Work | None:
    """Works as one work for one frame, on every device that has them all; None when one of them is not known.

    One declared work that all the points share stays as it is.
    """
    if works[0] is not None and works[0].device == ANY_DEVICE and all(work == works[0] for work in works):
        return works[0]
    known = [work for work in works if work is not None]
    if len(known) < len(works):
        return None
    by_device = [{one.device: one for one in (work, *work.elsewhere)} for work in known]
    shared = [device for device in by_device[0] if all(device in devices for devices in by_device)]
    if not shared:
        devices = sorted({device for devices in by_device for device in devices})
        raise ModelRangeError(
            f"times of one profile come from different devices ({', '.join(devices)}); keep them apart"
        )
    combined = [
        _work_on_one_device([devices[device] for devices in by_device], combine, spread=spread)
        for device in shared
    ]
    first, *others = combined
    return None if first is None else replace(first, elsewhere=tuple(one for one in others if one))


def _work_on_one_device(
    works: Sequence[Work], combine: Callable[[list[float]], float], *, spread: bool
) -> Work | None:
    """Works of one device as one work for one frame; None when one of them does not say its frames and their size.

    Works of unlike frame sizes are brought to their mean size in proportion to the pixels, which makes the
    time an estimate.
    """
    sized = [(work, work.frames, work.pixels) for work in works if work.frames and work.pixels]
    if len(sized) < len(works):
        return None
    pixels = round(fmean(size for _, _, size in sized))
    to_frame = [pixels / size / frames for _, frames, size in sized]
    marks = [work.provenance for work in works]
    if len({size for _, _, size in sized}) > 1:
        marks.append(Provenance.ESTIMATED)
    times = [work.seconds * share for work, share in zip(works, to_frame, strict=True)]
    flops = [
        work.flops * share for work, share in zip(works, to_frame, strict=True) if work.flops is not None
    ]
    weights = [work.memory_bytes for work in works if work.memory_bytes is not None]
    return Work(
        seconds=combine(times),
        std_s=stdev(times) if spread else None,
        frames=1,
        pixels=pixels,
        device=works[0].device,
        flops=combine(flops) if len(flops) == len(works) else None,
        memory_bytes=max(weights) if len(weights) == len(works) else None,
        provenance=weakest(marks),
        source="; ".join(sorted({work.source for work in works})),
    )
