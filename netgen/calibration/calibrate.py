"""`netgen calibrate`: measure what executable actions do to real clips, on this machine.

Every record is one (action, configuration, clip): rate, quality and time as measured, never a mean over
clips, so that whoever reads them keeps the spread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from netgen.actions.contract import Placement
from netgen.calibration.clips import SegmentedClip, read_clips
from netgen.calibration.energy import find_meter
from netgen.calibration.measuring import Campaign, ClipMeasurement, weights_sha256
from netgen.calibration.record import CalibrationRecord
from netgen.calibration.record_file import read_lines, write_records
from netgen.calibration.roofline_error import RooflineError, roofline_errors
from netgen.catalogue.loading import find_action
from netgen.catalogue.variants import VARIANTS
from netgen.errors import InputError
from netgen.generative.profile import read_measured


def calibrate(
    variant: str,
    *,
    videos: Sequence[Path],
    progress: Callable[[str], None],
    repeats: int = 3,
    placement: Placement | None = None,
    options: Sequence[str] = (),
) -> list[CalibrationRecord]:
    """Measure an action on video files: rate, quality and time at every value of its knob's grid.

    Parameters
    ----------
    variant : str                   An action as the catalogue names it, or a plug-in's `file.py:Class`.
    videos : sequence of Path       Video files; a `clips.json` beside a file tells its class and set.
    progress : callable             Called with one line per record.
    repeats : int                   How often each direction is timed, >= 1.
    placement : Placement           Where models run; the processor on one thread by default.
    options : sequence of str       Options of the command line, for the records.

    Returns
    -------
    list of CalibrationRecord       In the order of the videos and of the grid.

    Raises
    ------
    InputError                      Unknown action or device, no video, a video that is too small or too short, or
                                    one that is reproduced exactly (its PSNR is not a number).
    CheckFailedError                The action is not deterministic, or failed in a process of its own.

    Notes
    -----
    The first three seconds of each video are contracted in segments of one second. On the processor bits and
    quality do not depend on the machine; times do.
    """
    placement = placement or Placement()
    sources = checked_clips([variant], videos, repeats=repeats, placement=placement)
    return _calibrate(variant, sources, progress, repeats, placement, options)


def calibrate_to_file(
    variants: Sequence[str],
    *,
    videos: Sequence[Path],
    out: Path,
    progress: Callable[[str], None],
    repeats: int = 3,
    placement: Placement | None = None,
    options: Sequence[str] = (),
    scenes: tuple[int, int] | None = None,
    clip_weights: Path | None = None,
) -> int:
    """Measure actions and store their records in `out`, in place of their earlier ones on the same device.

    Each action is stored as soon as it was measured; everything that can be wrong with the input is told before.

    Parameters
    ----------
    variants : sequence of str      Actions.
    videos, progress, repeats, placement, options   As for `calibrate`.
    out : Path                      A JSON Lines file; made when missing.
    scenes : (int, int) or None     Number and seed of labelled scenes, on which to measure in place of videos.
    clip_weights : Path or None     Weights of CLIP, to estimate the meaning of scenes by it as well.

    Returns
    -------
    int                             Number of records.
    """
    placement = placement or Placement()
    read_lines(out)  # an unreadable file should be told before the measurement, not after
    sources = checked_clips(
        variants, videos, repeats=repeats, placement=placement, scenes=scenes, clip_weights=clip_weights
    )
    count = 0
    for variant in variants:
        records = _calibrate(variant, sources, progress, repeats, placement, options)
        write_records(out, records)
        count += len(records)
    return count


def chosen_variants(references: Sequence[str], *, device: str) -> tuple[str, ...]:
    """Return the actions that a command names, each once; `all` means every shipped one that runs on the device.

    Raises
    ------
    InputError                      Unknown; names the nearest.
    """
    found: dict[str, None] = {}
    for reference in references:
        if reference == "all":
            found |= dict.fromkeys(
                name for name, variant in VARIANTS.items() if device == "cpu" or variant.make().learned
            )
        else:
            find_action(reference)
            found[reference] = None
    return tuple(found)


def errors_between_devices(out: Path) -> list[RooflineError]:
    """Return the roofline's errors where a file holds records of two devices; see `roofline_errors`."""
    return roofline_errors(read_measured(out.read_text(encoding="utf-8"), str(out)))


def checked_clips(
    variants: Sequence[str],
    videos: Sequence[Path],
    *,
    repeats: int,
    placement: Placement,
    scenes: tuple[int, int] | None = None,
    clip_weights: Path | None = None,
) -> list[SegmentedClip]:
    """Decode or draw the clips, after refusing what cannot be measured: an unknown action or device, small frames."""
    if repeats < 1:
        raise InputError(f"{repeats} repeats; at least 1 is needed")
    actions = [find_action(variant) for variant in variants]
    for action in actions:
        action.place(action.placement_for(placement))
        weights_sha256(action)  # missing weights should be told before other actions are measured
    sources = read_clips(videos) if scenes is None else [_labelled_clip(*scenes, clip_weights)]
    for action in actions:
        for source in sources:
            try:
                action.check_size(*source.clip.size_px)
            except InputError as error:
                raise InputError(f"{source.clip.name}: {error}") from None
    return sources


def _labelled_clip(count: int, seed: int, clip_weights: Path | None) -> SegmentedClip:
    from netgen.calibration.meaning import labelled_clip  # noqa: PLC0415  (needs torch)

    return labelled_clip(count, seed, clip_weights=clip_weights)


def _calibrate(
    variant: str,
    sources: Sequence[SegmentedClip],
    progress: Callable[[str], None],
    repeats: int,
    placement: Placement,
    options: Sequence[str],
) -> list[CalibrationRecord]:
    command = " ".join(["netgen calibrate", variant, *options])
    campaign = Campaign(variant, placement, repeats, command, find_meter(placement.device))
    records = []
    for source in sources:
        measurement = ClipMeasurement(campaign, source)
        for knob in measurement.action.knob.grid:
            record = measurement.at(knob)
            records.append(record)
            progress(_line(record))
    return records


def _line(record: CalibrationRecord) -> str:
    """Return one line that tells a record."""
    quality = record.quality
    ms_ssim = "" if quality.ms_ssim is None else f"MS-SSIM {quality.ms_ssim:.4f}, "
    vmaf = "" if quality.vmaf is None else f"VMAF {quality.vmaf:.1f}, "
    return (
        f"{record.profile} {record.knob} {record.knob_value:g} {record.clip.name}: {record.bits_per_pixel:.4f} "
        f"bit/pixel, {quality.psnr_db:.2f} dB, {ms_ssim}{vmaf}semantic {quality.semantic.fidelity:.3f}, contract "
        f"{1e3 * record.times.contract.p50:.3g} ms, expand {1e3 * record.times.expand.p50:.3g} ms a frame"
    )
