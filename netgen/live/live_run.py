"""Runs the actions of one simulation on real frames: what the engine asks when a node or a content is live."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Self

from netgen.errors import InputError
from netgen.generative.representation import MeasuredQuality, Representation
from netgen.live.frames import SegmentFrames
from netgen.live.measure import measured_quality
from netgen.live.pictures import side_by_side
from netgen.live.saving import SavedVideo, VideoRecorder
from netgen.live.store import ArtefactStore
from netgen.live.travel import frames_that_travelled
from netgen.live.work import ActionReference, Contraction, Expansion, Failure, Result, Task
from netgen.live.workshop import Workshop
from netgen.media.yuv_clip import YuvClip
from netgen.provenance import Provenance

CONTRACT = "contract"


class CarriedService(Protocol):
    """A service, as far as a live run looks at it."""

    @property
    def name(self) -> str:
        """Name in the scenario."""
        ...

    @property
    def content(self) -> str:
        """Name of its content."""
        ...


class Carried(Protocol):
    """A segment on its way, as far as a live run looks at it."""

    @property
    def service(self) -> CarriedService:
        """What it is a segment of."""
        ...

    @property
    def index(self) -> int:
        """Number of the segment."""
        ...

    @property
    def frames(self) -> int:
        """Its frames."""
        ...

    @property
    def pixels(self) -> int:
        """Pixels of a frame."""
        ...

    @property
    def representation(self) -> Representation:
        """What it is now."""
        ...

    def after(self, representation: Representation) -> Self:
        """The same in another representation."""
        ...


@dataclass(frozen=True, slots=True)
class LiveFailure:
    """A job that gave nothing, and where.

    Parameters
    ----------
    node : str                      Node, or receiver where a player or terminal should have shown the segment.
    action, direction : str         What it should have done.
    service, index : str, int       The segment.
    kind, message : str             Crashed, timed-out, out-of-memory or refused; and what happened.
    """

    node: str
    action: str
    direction: str
    service: str
    index: int
    kind: str
    message: str

    def __str__(self) -> str:
        return (
            f"node {self.node}: {self.direction} by {self.action} of segment {self.index} of {self.service} "
            f"{self.kind}: {self.message}"
        )


_Shown = tuple[float | None, float | None, MeasuredQuality]


@dataclass(frozen=True, slots=True)
class _Delivered:
    """A segment at the end of its way."""

    parcel: Carried
    receiver: str


@dataclass(frozen=True, slots=True)
class LiveWorld:
    """What is live in a scenario.

    Parameters
    ----------
    contents : mapping              Frames of the live contents by name.
    is_live : callable              Whether a node runs its actions on a content [node, content].
    actions : mapping               What runs each action of the scenario.
    measured_time : bool            Whether wall time counts as simulated time.
    vmaf : bool                     Whether VMAF is measured.
    seed_of : callable              Seed of an action on a content's segment [action, content, index].
    """

    contents: Mapping[str, SegmentFrames]
    is_live: Callable[[str, str], bool]
    actions: Mapping[str, ActionReference]
    measured_time: bool
    vmaf: bool
    seed_of: Callable[[str, str, int], int]


@dataclass(slots=True, eq=False)
class LiveRun:
    """The live side of one simulation.

    Parameters
    ----------
    world : LiveWorld               What is live.
    workshop : Workshop             Where work is done; whoever made it closes it.
    store : ArtefactStore           Where bytes lie meanwhile; likewise.

    Attributes
    ----------
    failures : list of LiveFailure  In the order in which they were met.
    """

    world: LiveWorld
    workshop: Workshop
    store: ArtefactStore
    failures: list[LiveFailure] = field(default_factory=list)
    _shown: dict[int, _Shown | None] = field(default_factory=dict)
    _wall_s: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    _delivered: dict[tuple[str, str], dict[int, _Delivered]] = field(default_factory=dict)

    def submit(
        self, node: str, parcel: Carried, expected: Representation, *, direction: str, action: str
    ) -> LiveJob | None:
        """Take on a job; None where its node is not live, or its frames were left behind at a node that is not."""
        content = parcel.service.content
        if content not in self.world.contents or not self.world.is_live(node, content):
            return None
        task = self._task(parcel, expected, direction, action)
        if task is None:
            return None
        return LiveJob(self, node, parcel, expected=expected, direction=direction, action=action, task=task)

    def shown(self, parcel: Carried, receiver: str) -> Any:  # noqa: ANN401  (the parcel that it is given, or None)
        """Compare what is shown of a segment with its source, and return the parcel with that quality.

        The semantic fidelity that the network books is not raised by what is measured at the end; where it is an
        estimate itself, a lower one that is measured takes its place.
        """
        content, made = parcel.service.content, parcel.representation
        if content not in self.world.contents:
            return parcel
        if made.artefact is None:
            if made.last_action == "":
                self._deliver(parcel, receiver)
            return parcel
        if made.artefact not in self._shown:
            self._shown[made.artefact] = self._measured(parcel, receiver, made.artefact)
        found = self._shown[made.artefact]
        if found is None:
            return None
        self._deliver(parcel, receiver)
        psnr_db, ms_ssim, measured = found
        fidelity = made.semantic_fidelity
        if made.fidelity_provenance is Provenance.ESTIMATED:
            fidelity = min(fidelity, measured.semantic_fidelity)
        return parcel.after(
            replace(made, psnr_db=psnr_db, ms_ssim=ms_ssim, measured=measured, semantic_fidelity=fidelity)
        )

    def save_videos(self, folder: Path, offered: Mapping[tuple[str, str], int]) -> dict[str, dict[str, Any]]:
        """Write what every receiver was shown as `SERVICE-RECEIVER.mp4`, and a picture of its first segment.

        Parameters
        ----------
        folder : Path                   Made when missing.
        offered : mapping               Segments that were to come, by service and receiver.

        Returns
        -------
        dict                            Per service and receiver the file, its segments and which are missing.
        """
        folder.mkdir(parents=True, exist_ok=True)
        told: dict[str, dict[str, Any]] = {}
        for (service, receiver), segments in sorted(self._delivered.items()):
            name = f"{service}-{receiver}".replace(":", "-")
            saved = self._save(folder, name, segments, offered.get((service, receiver), 0))
            told[f"{service}/{receiver}"] = {
                "file": f"{folder.name}/{saved.path.name}",
                "segments": saved.segments,
                "missing": list(saved.missing),
            }
        return told

    def _save(self, folder: Path, name: str, segments: Mapping[int, _Delivered], offered: int) -> SavedVideo:
        """Write one file, and the middle frame of its first segment beside the source's."""
        first = min(segments)
        frames = self.world.contents[segments[first].parcel.service.content]
        rate_hz = frames.clip(first).frame_rate_hz
        with VideoRecorder(folder / f"{name}.mp4", frames.track.segment_s, frame_rate_hz=rate_hz) as recorder:
            for index, one in sorted(segments.items()):
                clip = self._clip_of(one.parcel, one.receiver, one.parcel.representation.artefact)
                if clip is None:
                    continue
                recorder.show(index, clip)
                if index == first:
                    source = frames.clip(index)
                    clips = {"source": source, "as received": clip}
                    side_by_side(clips, folder / f"{name}.png", frame=source.frames // 2)
            saved = recorder.finish(segments=offered)
        if saved is None:
            raise InputError(f"{folder / name}.mp4: nothing of it could be shown")
        return saved

    def times(self) -> dict[str, Any]:
        """Return where the work was done and what it took: wall times, which no other run repeats."""
        placements = {reference.placement for reference in self.world.actions.values()}
        return {
            "placements": [asdict(placement) for placement in placements],
            "wall_s": self._wall_times(),
        }

    def _wall_times(self) -> dict[str, dict[str, float]]:
        """Return how often each action ran in each direction, and its wall times."""
        return {
            f"{direction}({action})": {
                "jobs": len(times),
                "median_s": statistics.median(times),
                "total_s": sum(times),
            }
            for (direction, action), times in sorted(self._wall_s.items())
        }

    def figures(self) -> dict[str, Any]:
        """Return what summary.json tells of the live side; wall times are not in it."""
        return {
            "contents": sorted(self.world.contents),
            "jobs": {
                f"{direction}({action})": len(times)
                for (direction, action), times in sorted(self._wall_s.items())
            },
            "failures": [asdict(failure) | {"told": str(failure)} for failure in self.failures],
        }

    def _task(self, parcel: Carried, expected: Representation, direction: str, action: str) -> Task | None:
        """What a worker is asked for."""
        service, made = parcel.service, parcel.representation
        seed = self.world.seed_of(action, service.content, parcel.index)
        rate = expected.bits / (parcel.frames * parcel.pixels)
        if direction == CONTRACT:
            clip = self._frames_of(parcel)
            return None if clip is None else Contraction(self.world.actions[action], clip, rate, seed)
        if made.artefact is None:
            return None
        contracted = self.store.get(made.artefact)
        return Expansion(self.world.actions[action], contracted, seed, travel_bits_per_pixel=rate)

    def _frames_of(self, parcel: Carried) -> YuvClip | None:
        """Frames of a segment that is not contracted: the source's, or what an expansion coded again."""
        made = parcel.representation
        if made.artefact is not None:
            return frames_that_travelled(self.store.get(made.artefact))
        if made.last_action:
            return None
        return self.world.contents[parcel.service.content].clip(parcel.index)

    def finish(self, job: LiveJob, outcome: Result | Failure) -> Representation | None:
        """Book what a job gave: a representation of real bytes, or a failure."""
        if isinstance(outcome, Failure):
            self._note(job.node, job.parcel, job.action, job.direction, outcome)
            return None
        self._wall_s.setdefault((job.direction, job.action), []).append(outcome.wall_s)
        assert outcome.contracted is not None  # noqa: S101  (whatever goes on from a node is coded)
        contracts = job.direction == CONTRACT
        number = self.store.put(outcome.contracted, action=job.action if contracts else None)
        generative = outcome.contracted.generative_bits if contracts else 0
        return replace(
            job.expected,
            discriminative_bits=outcome.contracted.bits - generative,
            generative_bits=generative,
            psnr_db=None,
            ms_ssim=None,
            artefact=number,
        )

    def _measured(self, parcel: Carried, receiver: str, artefact: int) -> _Shown | None:
        """Frames of an artefact against the source's; None when it cannot be shown."""
        found = self._clip_of(parcel, receiver, artefact)
        if found is None:
            return None
        source = self.world.contents[parcel.service.content].clip(parcel.index)
        quality = measured_quality(source, found, vmaf=self.world.vmaf)
        return quality.psnr_db, quality.ms_ssim, MeasuredQuality(quality.semantic_fidelity, quality.vmaf)

    def _clip_of(self, parcel: Carried, receiver: str, artefact: int | None) -> YuvClip | None:
        """What a player makes of an artefact, or of the source."""
        if artefact is None:
            return self.world.contents[parcel.service.content].clip(parcel.index)
        contracted, action = self.store.get(artefact), self.store.action_of(artefact)
        if action is None:
            return frames_that_travelled(contracted)
        seed = self.world.seed_of(action, parcel.service.content, parcel.index)
        ticket = self.workshop.submit(Expansion(self.world.actions[action], contracted, seed))
        outcome = self.workshop.result(ticket)
        if isinstance(outcome, Failure):
            self._note(receiver, parcel, action, "show", outcome)
            return None
        return outcome.clip

    def _note(self, node: str, parcel: Carried, action: str, direction: str, failure: Failure) -> None:
        self.failures.append(
            LiveFailure(
                node,
                action,
                direction,
                parcel.service.name,
                parcel.index,
                failure.kind.value,
                failure.message,
            )
        )

    def _deliver(self, parcel: Carried, receiver: str) -> None:
        """Remember what reached a receiver."""
        segments = self._delivered.setdefault((parcel.service.name, receiver), {})
        segments[parcel.index] = _Delivered(parcel, receiver)


class LiveJob:
    """One job of a live run: handed to the workshop at once, asked for when simulated time has passed."""

    def __init__(
        self,
        run: LiveRun,
        node: str,
        parcel: Carried,
        *,
        expected: Representation,
        direction: str,
        action: str,
        task: Task,
    ) -> None:
        self.run = run
        self.node, self.parcel, self.expected = node, parcel, expected
        self.direction, self.action = direction, action
        self._ticket = run.workshop.submit(task)
        self._outcome: Result | Failure | None = None

    def measured_s(self) -> float | None:
        """Wall time, where it counts as simulated time; a job that fails takes its profile's."""
        if not self.run.world.measured_time:
            return None
        outcome = self._result()
        return outcome.wall_s if isinstance(outcome, Result) else None

    def abandon(self) -> None:
        """Nobody wants the result any more."""
        if self._outcome is None:
            self.run.workshop.discard(self._ticket)

    def made(self) -> Representation | None:
        """What the job made; None when it failed."""
        return self.run.finish(self, self._result())

    def _result(self) -> Result | Failure:
        """Ask the workshop, once."""
        if self._outcome is None:
            self._outcome = self.run.workshop.result(self._ticket)
        return self._outcome
