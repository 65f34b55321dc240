"""What is asked of workers and what they answer, and how both travel between processes: JSON and plain bytes."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from fractions import Fraction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from netgen.actions.contract import Placement, Stage
from netgen.actions.contracted_video import ContractedVideo
from netgen.errors import InputError
from netgen.media.yuv_clip import YuvClip

Header = dict[str, Any]

NO_MEMORY_STATUS = 137
"""Exit status of a worker that has no memory for the frames it is sent; shells give it to what the kernel kills."""

_FIGURES = ("wall_s", "recode_s", "peak_memory_bytes", "device_memory_bytes", "segments_at_once")


@dataclass(frozen=True, slots=True)
class ActionReference:
    """Which action, where its file is looked for, and where its models run.

    Parameters
    ----------
    name : str                      A name of the catalogue, an entry point, or `file.py:Class`.
    folders : tuple of Path         Where a relative file is looked for, in order.
    placement : Placement           For actions with a model; the others run on the CPU.
    parameters : tuple of pairs     Parameters of a plug-in's class, by name.
    """

    name: str
    folders: tuple[Path, ...] = ()
    placement: Placement = field(default_factory=Placement)
    parameters: tuple[tuple[str, int | str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Contraction:
    """Contract a segment.

    Parameters
    ----------
    action : ActionReference        With what.
    clip : YuvClip                  The frames.
    bits_per_pixel : float          The rate to meet, > 0.
    seed : int                      For actions that draw at random.
    """

    action: ActionReference
    clip: YuvClip
    bits_per_pixel: float
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Expansion:
    """Expand a segment to frames, and code these frames again when they travel on.

    Parameters
    ----------
    action : ActionReference        With what.
    contracted : ContractedVideo    What travelled.
    seed : int                      For actions that draw at random.
    travel_bits_per_pixel : float or None   Rate at which the frames are coded for the next hop; None when they stay.
    """

    action: ActionReference
    contracted: ContractedVideo
    seed: int = 0
    travel_bits_per_pixel: float | None = None


Task = Contraction | Expansion


@dataclass(frozen=True, slots=True)
class Description:
    """What a worker found when it loaded an action.

    Parameters
    ----------
    domain : str                    Decode-compatibility domain, on the worker's device.
    learned : bool                  Whether a model with weights takes part.
    precision : str                 Of its networks, as chosen where `auto` was asked for.
    gains_from_batches : bool       Whether several segments at once are expanded faster than side by side.
    model_bytes : int               Weights in memory, byte.
    load_s : float, s               Wall time of finding and loading it.
    """

    domain: str
    learned: bool
    precision: str
    gains_from_batches: bool
    model_bytes: int
    load_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a task gave.

    Parameters
    ----------
    contracted : ContractedVideo or None    What travels on: of a contraction, or of an expansion coded again.
    clip : YuvClip or None                  The frames of an expansion that stay.
    wall_s : float, s                       Wall time of the action; of a batch, the segment's share.
    stages : mapping to float, s            The parts of it that the action declared; of a batch, the shares.
    recode_s : float, s                     Wall time of coding expanded frames again, not part of `wall_s`.
    peak_memory_bytes : int, byte           Most resident memory of the worker during the call, its code included.
    device_memory_bytes : int, byte         Most memory that torch allocated on the accelerator; 0 on the CPU.
    segments_at_once : int                  Segments of the batch.
    """

    contracted: ContractedVideo | None
    clip: YuvClip | None
    wall_s: float
    stages: Mapping[Stage, float]
    recode_s: float
    peak_memory_bytes: int
    device_memory_bytes: int
    segments_at_once: int


@dataclass(slots=True)
class Effort:
    """What the jobs of one action in one direction took.

    Attributes
    ----------
    wall_s : list of float, s       Wall time of every job.
    peak_memory_bytes : int, byte   Most resident memory that a worker had during one of them.
    device_memory_bytes : int, byte   Most memory that torch allocated on the accelerator; 0 on the CPU.
    segments_at_once : int          Segments of the largest batch.
    """

    wall_s: list[float] = field(default_factory=list)
    peak_memory_bytes: int = 0
    device_memory_bytes: int = 0
    segments_at_once: int = 0

    @property
    def jobs(self) -> int:
        """Jobs that gave something."""
        return len(self.wall_s)

    def add(self, result: Result) -> None:
        """Count one job."""
        self.wall_s.append(result.wall_s)
        self.peak_memory_bytes = max(self.peak_memory_bytes, result.peak_memory_bytes)
        self.device_memory_bytes = max(self.device_memory_bytes, result.device_memory_bytes)
        self.segments_at_once = max(self.segments_at_once, result.segments_at_once)

    def wall_times(self) -> dict[str, float]:
        """Return how many jobs there were, and what they took; there is at least one."""
        return {"jobs": self.jobs, "median_s": statistics.median(self.wall_s), "total_s": sum(self.wall_s)}

    def largest(self) -> dict[str, int]:
        """Return the most memory and the most segments of any job."""
        return {
            "peak_memory_bytes": self.peak_memory_bytes,
            "device_memory_bytes": self.device_memory_bytes,
            "segments_at_once": self.segments_at_once,
        }


class FailureKind(StrEnum):
    """Why a task gave nothing."""

    CRASHED = "crashed"
    TIMED_OUT = "timed-out"
    OUT_OF_MEMORY = "out-of-memory"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that gave nothing; the workshop goes on.

    Parameters
    ----------
    kind : FailureKind              Crashed: the process died, or the action raised. Refused: it raised InputError.
    message : str                   The action and what happened; the same in every run that meets the same fault.
    last_words : str                What the process printed at its end, for people; not reproducible.
    """

    kind: FailureKind
    message: str
    last_words: str = ""


def send(connection: Connection, header: Header, blobs: Sequence[bytes | memoryview] = ()) -> None:
    """Send a message: its header as JSON, then its blobs."""
    connection.send_bytes(json.dumps({**header, "blobs": len(blobs)}, allow_nan=False).encode())
    for blob in blobs:
        connection.send_bytes(blob)


def receive(connection: Connection) -> tuple[Header, list[bytes]]:
    """Receive what `send` sent; EOFError or OSError when the other end is gone."""
    header: Header = json.loads(connection.recv_bytes())
    return header, [connection.recv_bytes() for _ in range(header.pop("blobs"))]


def pack_action(action: ActionReference) -> Header:
    """Return an action reference for a header."""
    return {
        "name": action.name,
        "folders": [str(folder) for folder in action.folders],
        "placement": asdict(action.placement),
        "parameters": action.parameters,
    }


def unpack_action(packed: Header) -> ActionReference:
    """Read what `pack_action` wrote."""
    return ActionReference(
        packed["name"],
        tuple(Path(folder) for folder in packed["folders"]),
        Placement(**packed["placement"]),
        tuple((name, value) for name, value in packed["parameters"]),
    )


def pack_task(task: Task) -> tuple[Header, list[bytes | memoryview]]:
    """Return a task without its action for a header, and its payloads."""
    header: Header
    segment: YuvClip | ContractedVideo
    if isinstance(task, Contraction):
        segment = task.clip
        header = {"seed": task.seed, "bits_per_pixel": task.bits_per_pixel}
    else:
        segment = task.contracted
        header = {"seed": task.seed, "travel_bits_per_pixel": task.travel_bits_per_pixel}
    packed, blob = pack_segment(segment)
    return {**header, "segment": packed}, [blob]


def unpack_task(packed: Header, blobs: Iterator[bytes], action: ActionReference) -> Task:
    """Read what `pack_task` wrote, taking its payloads."""
    segment = unpack_segment(packed["segment"], next(blobs))
    if isinstance(segment, YuvClip):
        return Contraction(action, segment, packed["bits_per_pixel"], packed["seed"])
    return Expansion(action, segment, packed["seed"], packed["travel_bits_per_pixel"])


def pack_segment(segment: YuvClip | ContractedVideo) -> tuple[Header, bytes | memoryview]:
    """Return frames or a representation for a header, and its bytes."""
    if isinstance(segment, ContractedVideo):
        return {"domain": segment.domain}, segment.to_bytes()
    planes = np.ascontiguousarray(segment.planes)
    return {"shape": planes.shape, "rate": str(segment.frame_rate_hz)}, planes.reshape(-1).data


def unpack_segment(packed: Header, blob: bytes) -> YuvClip | ContractedVideo:
    """Read what `pack_segment` wrote."""
    if "domain" in packed:
        return ContractedVideo.from_bytes(blob, domain=packed["domain"])
    planes = np.frombuffer(blob, np.uint8).reshape(packed["shape"])
    return YuvClip(planes, Fraction(packed["rate"]))


def pack_result(result: Result) -> tuple[Header, list[bytes | memoryview]]:
    """Return a result for a header, and its payload."""
    header: Header = {name: getattr(result, name) for name in _FIGURES}
    header["stages"] = {str(stage): seconds for stage, seconds in result.stages.items()}
    made = result.clip if result.contracted is None else result.contracted
    assert made is not None  # noqa: S101  (a result has one of the two)
    header["segment"], blob = pack_segment(made)
    return header, [blob]


def unpack_result(packed: Header, blobs: Iterator[bytes]) -> Result:
    """Read what `pack_result` wrote, taking its payload."""
    made = unpack_segment(packed["segment"], next(blobs))
    return Result(
        contracted=made if isinstance(made, ContractedVideo) else None,
        clip=made if isinstance(made, YuvClip) else None,
        stages={Stage(stage): seconds for stage, seconds in packed["stages"].items()},
        **{name: packed[name] for name in _FIGURES},
    )


def pack_description(description: Description) -> Header:
    """Return a description for a header."""
    return asdict(description)


def unpack_description(packed: Header) -> Description:
    """Read what `pack_description` wrote."""
    return Description(**{one.name: packed[one.name] for one in fields(Description)})


def check_task(task: Task) -> None:
    """Raise InputError when a task asks for a rate that is none, before anything is started."""
    rate = task.bits_per_pixel if isinstance(task, Contraction) else task.travel_bits_per_pixel
    if rate is not None and not 0 < rate < float("inf"):
        raise InputError(
            f"action {task.action.name}: a rate of {rate} bit/pixel; it must be positive and finite"
        )
