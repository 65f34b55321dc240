"""`netgen calibrate`: measure what coding actions do to real clips, on this machine.

Every record is one (action, configuration, clip): rate, quality and time as measured, never a mean over
clips, so that whoever reads them keeps the spread.
"""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

from netgen.errors import InputError, did_you_mean
from netgen.generative.calibration_record import CalibrationRecord, read_lines, write_records
from netgen.media.codec import Codec, CodingConfig, coded_size_px, decode, encode
from netgen.media.content_class import ContentClass
from netgen.media.quality import SMALLEST_MS_SSIM_SIDE_PX, psnr_db, sequence_ms_ssim
from netgen.media.video_file import import_av, measure_video_file
from netgen.media.yuv_clip import YuvClip, clip_from_file
from netgen.version import __version__

CLIP_S = 3.0
"""Duration of a clip that is coded, s: three closed groups of pictures of one second each."""

_CLIP_LIST = "clips.json"
_SCALE_NAMES = {1: "", 2: "-half", 4: "-quarter"}


@dataclass(frozen=True, slots=True)
class CodingAction:
    """A conventional codec as an action, and the grid on which it is measured.

    Parameters
    ----------
    codec : Codec                   The encoder.
    scales : tuple of int           Divisors of the frame's sides; 2 and 4 are expanded by bicubic interpolation.
    crfs : tuple of int             Rate factors from high quality to the codec's floor.
    """

    codec: Codec
    scales: tuple[int, ...]
    crfs: tuple[int, ...]

    @property
    def name(self) -> str:
        """The action's name in records."""
        return f"codec.{self.codec.value}"


ACTIONS: Mapping[str, CodingAction] = {
    action.codec.value: action
    for action in (
        CodingAction(Codec.X264, (1,), (20, 26, 32, 38, 44, 51)),
        CodingAction(Codec.X265, (1, 2, 4), (20, 26, 32, 38, 44, 51)),
        CodingAction(Codec.SVTAV1, (1, 2, 4), (20, 30, 40, 50, 57, 63)),
    )
}


def calibrate(
    action: str, *, videos: Sequence[Path], repeats: int, progress: Callable[[str], None]
) -> list[CalibrationRecord]:
    """Measure an action on video files: rate, quality and time in every configuration of its grid.

    Parameters
    ----------
    action : str                    x264, x265 or svtav1, with or without `codec.` before it.
    videos : sequence of Path       Video files; a `clips.json` beside a file tells its class and set.
    repeats : int                   How often each coding is timed, >= 1.
    progress : callable             Called with one line per configuration.

    Returns
    -------
    list of CalibrationRecord       In the order of the videos, scales and rate factors.

    Raises
    ------
    InputError                      Unknown action, no video, a video that is too small or too short, or one
                                    that is reproduced exactly (its PSNR is not a number).

    Notes
    -----
    The first three seconds of each video are coded (less when it is shorter), in closed groups of pictures of
    one second, on one thread. Bits and quality do not depend on the machine; times do.
    """
    grid = find_action(action)
    if repeats < 1:
        raise InputError(f"calibrate {action}: {repeats} repeats; at least 1 is needed")
    if not videos:
        raise InputError(f"calibrate {action}: no video is given; at least one is needed")
    sources = [_Source.read(Path(video), scales=grid.scales) for video in videos]
    records = []
    for source in sources:
        for config in _configs(grid, source):
            record = _measure(grid, config, source, repeats=repeats)
            records.append(record)
            progress(
                f"{record.profile} crf {record.crf} {record.clip}: {record.bits_per_pixel:.4f} bit/pixel, "
                f"{record.psnr_db:.2f} dB, MS-SSIM {record.ms_ssim:.4f}"
            )
    return records


def calibrate_to_file(
    action: str,
    *,
    videos: Sequence[Path],
    out: Path,
    repeats: int = 3,
    progress: Callable[[str], None],
) -> list[CalibrationRecord]:
    """Measure an action and store its records in `out`, in place of that action's earlier ones.

    Parameters
    ----------
    action, videos, repeats, progress   As for `calibrate`.
    out : Path                          A JSON Lines file; made when missing.

    Returns
    -------
    list of CalibrationRecord
    """
    read_lines(out)  # an unreadable file should be told before the measurement, not after
    records = calibrate(action, videos=videos, repeats=repeats, progress=progress)
    write_records(out, records)
    return records


def shipped_clips(folder: Path = Path("scenarios/clips")) -> tuple[Path, ...]:
    """Return the clips that the repository ships; raises InputError where they are not at hand."""
    clips = tuple(sorted(path for path in folder.glob("*") if path.suffix in {".mp4", ".mkv"}))
    if not clips:
        raise InputError(f"{folder} has no clips: run this in the repository, or name videos with --video")
    return clips


def find_action(name: str) -> CodingAction:
    """Return the action called `name`; raises InputError with the nearest name when there is none."""
    action = ACTIONS.get(name.removeprefix("codec."))
    if action is None:
        known = ", ".join(sorted(ACTIONS))
        raise InputError(
            f'no action that can be calibrated is called "{name}"{did_you_mean(name, ACTIONS)} (known: {known})'
        )
    return action


@dataclass(frozen=True, slots=True)
class _Source:
    """A clip to code, and what is known of it."""

    name: str
    clip: YuvClip
    content_set: str
    content_class: str | None
    gop_frames: int

    @staticmethod
    def read(video: Path, *, scales: Sequence[int]) -> _Source:
        """Decode the beginning of a file and look it up in the list of clips beside it."""
        report = measure_video_file(video)
        width_px, height_px = report.video_format.width_px, report.video_format.height_px
        if min(width_px, height_px) < SMALLEST_MS_SSIM_SIDE_PX:
            raise InputError(
                f"{video}: frames of {width_px} x {height_px} pixels; both sides must be at least "
                f"{SMALLEST_MS_SSIM_SIDE_PX} for MS-SSIM of five scales"
            )
        for scale in scales:
            coded_size_px(width_px, height_px, scale=scale)
        rate_hz = report.frame_rate_hz
        most = math.ceil(Fraction(CLIP_S) * rate_hz)
        clip = clip_from_file(video, most_frames=most, frame_rate_hz=rate_hz)
        content_set, content_class = _listed(video)
        return _Source(video.stem, clip, content_set, content_class, max(1, round(rate_hz)))


def _listed(video: Path) -> tuple[str, str | None]:
    """Return the set and the class that a `clips.json` beside the file gives it."""
    path = video.parent / _CLIP_LIST
    if not path.is_file():
        return "file", None
    try:
        listing = json.loads(path.read_text(encoding="utf-8"))
        for entry in listing["clips"]:
            if entry["file"] == video.name:
                return str(listing["set"]), ContentClass(entry["class"]).value
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f'{path}: is not a list of clips ({error!r}); accepted: {{"set": name, "clips": [{{"file": name, '
            f'"class": one of {", ".join(ContentClass)}}}]}}'
        ) from error
    return "file", None


def _configs(action: CodingAction, source: _Source) -> Iterator[CodingConfig]:
    for scale in action.scales:
        for crf in action.crfs:
            yield CodingConfig(action.codec, crf, scale, source.gop_frames)


def _measure(
    action: CodingAction, config: CodingConfig, source: _Source, *, repeats: int
) -> CalibrationRecord:
    """Code a clip `repeats` times; the bitstream must come out the same each time."""
    clip = source.clip
    encodings = [encode(clip, config) for _ in range(repeats)]
    coded = encodings[0]
    if any(other.packets != coded.packets for other in encodings):
        raise RuntimeError(f"{config} on {source.name}: the same frames gave different bitstreams")
    decodings = [decode(coded) for _ in range(repeats)]
    shown = decodings[0][0]
    psnr = psnr_db(clip.luma, shown.luma)
    if not math.isfinite(psnr):
        raise InputError(
            f"{source.name} at {config.codec} CRF {config.crf}: the clip is reproduced exactly, so its PSNR is "
            f"not a number; calibrate on a video with some detail"
        )
    return CalibrationRecord(
        action=action.name,
        profile=f"{config.codec.value}{_SCALE_NAMES[config.scale]}",
        scale=config.scale,
        crf=config.crf,
        gop_frames=config.gop_frames,
        preset=config.preset,
        frame_rate_hz=round(float(clip.frame_rate_hz), 6),
        size_px=(clip.width_px, clip.height_px),
        content_set=source.content_set,
        clip=source.name,
        content_class=source.content_class,
        size_bytes=coded.size_bytes,
        bits_per_pixel=coded.bits_per_pixel,
        frames=clip.frames,
        psnr_db=psnr,
        ms_ssim=sequence_ms_ssim(clip.luma, shown.luma),
        encode_s_per_frame=statistics.median(one.encode_s for one in encodings) / clip.frames,
        decode_s_per_frame=statistics.median(wall_s for _, wall_s in decodings) / clip.frames,
        repeats=repeats,
        load=round(os.getloadavg()[0], 2),
        device_name=_processor_name(),
        cores=os.cpu_count() or 1,
        date=datetime.now(tz=UTC).date().isoformat(),
        versions=_versions(),
    )


def _versions() -> tuple[tuple[str, str], ...]:
    """Return the versions of what was measured."""
    av = import_av()
    return (
        ("netgen", __version__),
        ("av", av.__version__),
        ("libavcodec", ".".join(str(part) for part in av.library_versions["libavcodec"])),
        ("libswscale", ".".join(str(part) for part in av.library_versions["libswscale"])),
        ("numpy", version("numpy")),
    )


def _processor_name() -> str:
    """Return the processor's model name, or its architecture where the system does not tell."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.machine()
