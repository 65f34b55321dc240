"""How far the roofline's times for one device lie from the times measured there, given those of another device."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from netgen.errors import InputError
from netgen.generative.device import find_device
from netgen.generative.operating_point import Work
from netgen.generative.profile import Profile
from netgen.generative.service_time import service_time


@dataclass(frozen=True, slots=True)
class RooflineError:
    """Estimates against measurements of one direction of one action, from one device to another.

    Parameters
    ----------
    profile, direction : str            Action, and `contract` or `expand`.
    measured_on, estimated_for : str    Devices.
    points : int                        Clips and configurations that were measured on both.
    ratio_low, ratio, ratio_high : float or None    Estimated over measured time: least, median, most.
    reason : str                        Why there is no estimate; empty when there is one.
    """

    profile: str
    direction: str
    measured_on: str
    estimated_for: str
    points: int
    ratio_low: float | None
    ratio: float | None
    ratio_high: float | None
    reason: str

    def __str__(self) -> str:
        where = f"{self.profile} {self.direction}, {self.measured_on} to {self.estimated_for}"
        if self.ratio is None:
            return f"{where}: no estimate: {self.reason}"
        return (
            f"{where}: the roofline gives {self.ratio:.3g} times the measured time ({self.ratio_low:.3g} to "
            f"{self.ratio_high:.3g}, {self.points} points)"
        )


def roofline_errors(profiles: Mapping[str, Profile]) -> list[RooflineError]:
    """Compare every pair of devices on which the same clip and configuration was measured.

    Parameters
    ----------
    profiles : mapping                  Measured profiles by name, as `read_measured` gives them.

    Source                              The estimate is `netgen.generative.service_time`'s own.
    """
    pairs: dict[tuple[str, str, str, str], list[tuple[Work, Work]]] = {}
    for name, profile in profiles.items():
        for direction, known, other in _pairs(profile):
            pairs.setdefault((name, direction, known.device, other.device), []).append((known, other))
    return [_error(*key, found) for key, found in sorted(pairs.items())]


def _pairs(profile: Profile) -> Iterator[tuple[str, Work, Work]]:
    """Works of one point on two devices, in both orders."""
    for point in profile.points:
        for direction, work in (("contract", point.encode), ("expand", point.decode)):
            if work is not None:
                works = (work, *work.elsewhere)
                yield from (
                    (direction, known, other) for known in works for other in works if known is not other
                )


def _error(
    profile: str, direction: str, measured_on: str, estimated_for: str, found: list[tuple[Work, Work]]
) -> RooflineError:
    """Estimate every work for the other device."""
    ratios = []
    reason = ""
    for known, other in found:
        try:
            device = find_device(estimated_for)
            estimate = service_time(
                replace(known, elsewhere=()), device, frames=other.frames or 1, pixels=other.pixels or 1
            )
        except InputError as error:
            reason = str(error)
            continue
        if other.seconds > 0:
            ratios.append(estimate.seconds / other.seconds)
    if not ratios:
        reason = reason or "the measured times are zero"
        return RooflineError(
            profile, direction, measured_on, estimated_for, len(found), None, None, None, reason
        )
    return RooflineError(
        profile,
        direction,
        measured_on,
        estimated_for,
        len(ratios),
        min(ratios),
        statistics.median(ratios),
        max(ratios),
        "",
    )
