"""How long a device takes for one direction of an action: as its source says, scaled, or by the roofline."""

from __future__ import annotations

from dataclasses import dataclass

from netgen.errors import ModelRangeError
from netgen.generative.device import Device, find_device, load_devices
from netgen.generative.operating_point import ANY_DEVICE, Work
from netgen.provenance import Provenance, weakest

_DECLARE = "declare the time of this action in the scenario"


@dataclass(frozen=True, slots=True)
class TimeEstimate:
    """Service time of one job with its mark.

    Parameters
    ----------
    seconds : float, s                  Expected time.
    std_s : float or None, s            Standard deviation over contents; None when the source gives none.
    provenance : Provenance             Weakest mark of what it was derived from.
    method : str                        How it was derived, for the records.
    """

    seconds: float
    std_s: float | None
    provenance: Provenance
    method: str


def service_time(
    work: Work, device: Device, *, frames: int, pixels: int, duration_s: float | None = None
) -> TimeEstimate:
    """Time of `work` on `device` for `frames` frames of `pixels` pixels each.

    On the device of the source the time is the source's, in proportion to frames and pixels; on another
    one the roofline scales it: seconds * roof(device) / roof(source's device), with roof the larger of the
    arithmetic and the memory time, that is, with the efficiency reached on the source's device. A work that was
    measured on several devices is taken from `device` where it was measured there, else from one of its kind.

    Parameters
    ----------
    work : Work                         What the source measured.
    device : Device                     Where the job runs.
    frames, pixels : int                Size of the job, >= 1.
    duration_s : float or None, s       Seconds of video in the job; needed for a declared time, which is
                                        per second of video.

    Raises
    ------
    ModelRangeError                     The source's figures do not suffice; says which is missing.

    Valid for                           One job at a time, half precision, the same efficiency on both
                                        devices. Proportion to pixels: convolutional models and codecs.
    Source                              S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful
                                        visual performance model for multicore architectures", CACM 52(4),
                                        2009.
    """
    if frames < 1 or pixels < 1:
        raise ValueError(f"a job has at least one frame and pixel, got {frames} frames of {pixels} pixels")
    if work.device == ANY_DEVICE:
        return _declared_time(work, duration_s)
    work = _nearest_work(work, device)
    if work.frames is None or work.pixels is None:
        raise ModelRangeError(
            f"{work.source} gives {work.seconds:g} s without the frames and the frame size it is for; {_DECLARE}"
        )
    size_ratio = (frames * pixels) / (work.frames * work.pixels)
    mark = work.provenance
    steps = [f"{work.source}: {work.seconds:g} s for {work.frames} frames on {work.device}"]
    if frames != work.frames:
        steps.append(f"scaled to {frames} frames")
    if pixels != work.pixels:
        mark = weakest((mark, Provenance.ESTIMATED))
        steps.append(f"in proportion to {pixels} instead of {work.pixels} pixels")
    reference = device if work.device == device.name else find_device(work.device)
    device_ratio = 1.0
    if not reference.stands_for(device):
        device_ratio, bound = _roof_ratio(work, work.frames, reference, device)
        mark = weakest((mark, Provenance.ESTIMATED, reference.provenance, device.provenance))
        steps.append(f"roofline on {device.name} ({bound}) with the efficiency on {reference.name}")
    ratio = size_ratio * device_ratio
    std_s = None if work.std_s is None else work.std_s * ratio
    return TimeEstimate(work.seconds * ratio, std_s, mark, "; ".join(steps))


def _nearest_work(work: Work, device: Device) -> Work:
    """The work as it was measured on the device itself, or else on one of its kind, or else as it is."""
    if not work.elsewhere:
        return work
    measured = (work, *work.elsewhere)
    for one in measured:
        if one.device == device.name or _stands_for(one.device, device):
            return one
    kinds = {name: known.kind for name, known in load_devices().items()}
    return next((one for one in measured if kinds.get(one.device) == device.kind), work)


def _stands_for(name: str, device: Device) -> bool:
    """Whether times of the device called `name`, which the table may not know, hold on `device`."""
    known = load_devices().get(name)
    return known is not None and known.stands_for(device)


def _declared_time(work: Work, duration_s: float | None) -> TimeEstimate:
    """Time of a declared work, in proportion to the seconds of video."""
    if duration_s is None or work.duration_s is None:
        raise ValueError("a declared time is per second of video: service_time needs duration_s")
    if not duration_s > 0:
        raise ValueError(f"duration_s must be positive, got {duration_s}")
    seconds = work.seconds * duration_s / work.duration_s
    return TimeEstimate(seconds, None, work.provenance, f"{work.source}: per second of video")


def _roof_ratio(work: Work, frames: int, reference: Device, device: Device) -> tuple[float, str]:
    """Roof of `device` over roof of `reference`, and what bounds them; only bounds known on both count.

    ASSUMED: the weights are read from memory once a frame; activations are not counted.
    """
    roofs: list[tuple[str, float, float]] = []
    if work.flops and reference.peak_flops and device.peak_flops:
        roofs.append(("arithmetic", work.flops / reference.peak_flops, work.flops / device.peak_flops))
    bandwidths = (reference.memory_bandwidth_byte_per_s, device.memory_bandwidth_byte_per_s)
    if work.memory_bytes and bandwidths[0] and bandwidths[1]:
        traffic_bytes = work.memory_bytes * frames
        roofs.append(("memory", traffic_bytes / bandwidths[0], traffic_bytes / bandwidths[1]))
    if not roofs:
        raise ModelRangeError(_missing(work, reference, device))
    bound, _, roof_s = max(roofs, key=lambda roof: roof[2])
    reference_roof_s = max(roof[1] for roof in roofs)
    left_out = {"arithmetic", "memory"} - {roof[0] for roof in roofs}
    text = f"{bound} bound" + "".join(f", {name} bound not known" for name in left_out)
    return roof_s / reference_roof_s, text


def _missing(work: Work, reference: Device, device: Device) -> str:
    """Why no roofline can be drawn, for the message."""
    if not work.flops and not work.memory_bytes:
        gaps = ["neither the operations nor the weights of a model are known"]
    else:
        sides = (reference, device)
        gaps = [f"the peak FLOP/s of {side.name} is not known" for side in sides if not side.peak_flops]
        gaps += [
            f"the memory bandwidth of {side.name} is not known"
            for side in sides
            if not side.memory_bandwidth_byte_per_s
        ]
        if not work.flops:
            gaps.append("the operations of the model are not known")
    return (
        f"{work.source} was measured on {reference.name} and cannot be estimated for {device.name}: "
        f"{', '.join(gaps)}; {_DECLARE}, or run it on {reference.name}"
    )
