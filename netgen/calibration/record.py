"""Records of calibration, schema 2: what one measurement holds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from netgen.actions.contract import Stage
from netgen.generative.measured_rows import RECORD_SCHEMA
from netgen.media.quality import Quality


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of repeated measurements.

    Parameters
    ----------
    p5, p50, p95 : float            Of all repeats and segments, s per frame.
    """

    p5: float
    p50: float
    p95: float

    @staticmethod
    def of(samples: Sequence[float]) -> Spread:
        """Return the percentiles of at least one sample, linear between neighbours."""
        ordered = sorted(samples)

        def at(share: float) -> float:
            place = share * (len(ordered) - 1)
            low = math.floor(place)
            high = min(low + 1, len(ordered) - 1)
            return ordered[low] + (place - low) * (ordered[high] - ordered[low])

        return Spread(at(0.05), statistics.median(ordered), at(0.95))

    def as_json(self) -> dict[str, float]:
        """Return four significant digits of each."""
        return {"p5": rounded(self.p5, 4), "p50": rounded(self.p50, 4), "p95": rounded(self.p95, 4)}


@dataclass(frozen=True, slots=True)
class Clip:
    """What was contracted.

    Parameters
    ----------
    content_set, name : str         Where the clip is from, and its name.
    content_class : str or None     None when nobody said what a given file shows.
    sha256 : str                    Of the file.
    size_px : (int, int)            Width and height as shown.
    frame_rate_hz, segment_s : float
    """

    content_set: str
    name: str
    content_class: str | None
    sha256: str
    size_px: tuple[int, int]
    frame_rate_hz: float
    segment_s: float


@dataclass(frozen=True, slots=True)
class Times:
    """How long it took.

    Parameters
    ----------
    contract, expand : Spread, s    Per frame of a warm process, at a given knob.
    contract_to_rate_s_per_frame : float, s     Median over repeats of the first segment, when its rate is asked for.
    contract_to_rate_bpp : float    What that gave.
    contract_stages, expand_stages : mapping of Stage to Spread, s      Where the action counts it.
    load_s, first_contract_s, first_expand_s : float, s     In a fresh process: loading, and the first calls.
    repeats, segments : int         How often each of how many segments was timed.
    """

    contract: Spread
    expand: Spread
    contract_to_rate_s_per_frame: float
    contract_to_rate_bpp: float
    contract_stages: Mapping[Stage, Spread]
    expand_stages: Mapping[Stage, Spread]
    load_s: float
    first_contract_s: float
    first_expand_s: float
    repeats: int
    segments: int

    def as_json(self) -> dict[str, Any]:
        """Return the times as they are stored."""
        return {
            "contract_s_per_frame": self.contract.as_json(),
            "expand_s_per_frame": self.expand.as_json(),
            "contract_to_rate_s_per_frame": rounded(self.contract_to_rate_s_per_frame, 4),
            "contract_to_rate_bpp": rounded(self.contract_to_rate_bpp),
            "stages_s_per_frame": {
                direction: {stage.value: spread.as_json() for stage, spread in stages.items()}
                for direction, stages in (
                    ("contract", self.contract_stages),
                    ("expand", self.expand_stages),
                )
            },
            "cold": {
                "load_s": rounded(self.load_s, 4),
                "contract_s": rounded(self.first_contract_s, 4),
                "expand_s": rounded(self.first_expand_s, 4),
            },
            "repeats": self.repeats,
            "segments": self.segments,
        }


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a fresh process that contracts and expands one segment, byte.

    Parameters
    ----------
    idle_bytes, peak_bytes : int    Resident before the weights are loaded, and at most.
    device_peak_bytes : int or None Allocated on the GPU at most; None on the processor.
    method : str                    What was read.
    """

    idle_bytes: int
    peak_bytes: int
    device_peak_bytes: int | None
    method: str


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of the whole device while it worked, its idle power and whatever else ran included.

    Parameters
    ----------
    contract_j_per_frame, expand_j_per_frame : float or None, J     None: the device does not report it.
    method : str                    `rapl`, `nvml` or `none`.
    """

    contract_j_per_frame: float | None
    expand_j_per_frame: float | None
    method: str


@dataclass(frozen=True, slots=True)
class Model:
    """Weights that took part.

    Parameters
    ----------
    weights_bytes : int             0 without a model.
    sha256 : str or None            Of the weights.
    in_contract, in_expand : bool   Whether the direction runs them.
    contract_flops_per_frame, expand_flops_per_frame : float or None    As torch counts them; None without torch.
    """

    weights_bytes: int
    sha256: str | None
    in_contract: bool
    in_expand: bool
    contract_flops_per_frame: float | None
    expand_flops_per_frame: float | None

    def as_json(self) -> dict[str, Any]:
        """Return the model and its operations as they are stored."""
        return {
            "model": {
                "bytes": self.weights_bytes,
                "sha256": self.sha256,
                "contract": self.in_contract,
                "expand": self.in_expand,
            },
            "flops": {
                "contract_per_frame": _optional(self.contract_flops_per_frame),
                "expand_per_frame": _optional(self.expand_flops_per_frame),
            },
        }


@dataclass(frozen=True, slots=True)
class DeviceUsed:
    """Where it ran.

    Parameters
    ----------
    kind : str                      `cpu` or `cuda`.
    name : str                      Processor or GPU.
    cores, threads : int            Cores of the processor, and threads of one inference.
    driver, cuda : str or None      Of the GPU.
    matmul_flops_per_s : float or None      What products of matrices reach there; None for conventional actions.
    """

    kind: str
    name: str
    cores: int
    threads: int
    driver: str | None
    cuda: str | None
    matmul_flops_per_s: float | None


@dataclass(frozen=True, slots=True)
class Origin:
    """How the record came to be.

    Parameters
    ----------
    mark : str                      `measured`.
    date, command : str             ISO date, and what was called.
    load : float                    The machine's load average over the minute before the end.
    precision : str                 Of the inference.
    batch : int                     Most frames of one inference.
    compiled : bool                 Whether models went through torch.compile.
    versions : tuple of (str, str)  Software that was measured.
    """

    mark: str
    date: str
    command: str
    load: float
    precision: str
    batch: int
    compiled: bool
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """One measurement: an action in one configuration on one clip, segment by segment.

    Parameters
    ----------
    profile, action : str           The variant's name, and the action's.
    mode, compatibility, domain : str
    playable, learned : bool        As the action declares them.
    parameters : mapping            The variant's parameters.
    knob, knob_value : str, float   The configuration.
    segment_bits : tuple of int     Bits of each segment that travel, header included.
    generative_bits : int           How many of them steer a generative model.
    frames : int                    Frames of all segments.
    meaning : mapping or None       What is kept of labelled scenes; the semantic fidelity is then measured.
    """

    profile: str
    action: str
    mode: str
    playable: bool
    learned: bool
    compatibility: str
    domain: str
    parameters: Mapping[str, int | str]
    knob: str
    knob_value: float
    clip: Clip
    segment_bits: tuple[int, ...]
    generative_bits: int
    frames: int
    quality: Quality
    times: Times
    memory: Memory
    energy: Energy
    model: Model
    device: DeviceUsed
    origin: Origin
    meaning: Mapping[str, Any] | None = None

    @property
    def bits_per_pixel(self) -> float:
        """All bits over all pixels as shown."""
        width_px, height_px = self.clip.size_px
        return sum(self.segment_bits) / (self.frames * width_px * height_px)

    def as_json(self) -> dict[str, Any]:
        """Return the record as it is stored, one line of JSON."""
        clip = self.clip
        return {
            "schema": RECORD_SCHEMA,
            "profile": self.profile,
            "action": self.action,
            "mode": self.mode,
            "playable": self.playable,
            "learned": self.learned,
            "compatibility": self.compatibility,
            "domain": self.domain,
            "config": {
                "parameters": dict(self.parameters),
                "knob": self.knob,
                "value": self.knob_value,
                "segment_s": clip.segment_s,
                "fps": clip.frame_rate_hz,
                "size": list(clip.size_px),
            },
            "content": {
                "set": clip.content_set,
                "clip": clip.name,
                "class": clip.content_class,
                "sha256": clip.sha256,
            },
            "rate": {
                "bpp": rounded(self.bits_per_pixel),
                "frames": self.frames,
                "segment_bits": list(self.segment_bits),
                "generative_bits": self.generative_bits,
            },
            **_quality_json(self.quality, "estimated" if self.meaning is None else "measured"),
            **({} if self.meaning is None else {"meaning": dict(self.meaning)}),
            "time": self.times.as_json(),
            "memory": asdict(self.memory),
            "energy": {
                "contract_j_per_frame": _optional(self.energy.contract_j_per_frame),
                "expand_j_per_frame": _optional(self.energy.expand_j_per_frame),
                "method": self.energy.method,
            },
            **self.model.as_json(),
            "device": asdict(self.device) | {"matmul_flops_per_s": _optional(self.device.matmul_flops_per_s)},
            "provenance": asdict(self.origin) | {"versions": dict(self.origin.versions)},
        }


def rounded(value: float, digits: int = 6) -> float:
    """Return the value with so many significant digits."""
    return float(f"{value:.{digits}g}")


def _quality_json(quality: Quality, mark: str) -> dict[str, Any]:
    """Return the measures as they are stored."""
    semantic = quality.semantic
    return {
        "quality": {
            "plane": "luma",
            "psnr_db": rounded(quality.psnr_db),
            "ssim": rounded(quality.ssim),
            "ms_ssim": _optional(quality.ms_ssim),
            "vmaf": _optional(quality.vmaf),
        },
        "semantic": {
            "fidelity": rounded(semantic.fidelity),
            "low": rounded(semantic.low),
            "high": rounded(semantic.high),
            "method": semantic.method,
            "mark": mark,
        },
    }


def _optional(value: float | None) -> float | None:
    return None if value is None else rounded(value)
