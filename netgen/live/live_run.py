"""Runs the actions of one simulation on real frames: what the engine asks when a node or a content is live."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Self

from netgen.generative.representation import MeasuredQuality, Representation
from netgen.labelled.delivered import DeliveredMeaning, reading_of
from netgen.labelled.meaning import Meaning
from netgen.live.frames import ContentFrames
from netgen.live.measure import measured_quality
from netgen.live.store import ArtefactStore
from netgen.live.travel import frames_that_travelled
from netgen.live.videos import Received, SavedVideos, file_stems, save_videos
from netgen.live.work import ActionReference, Contraction, Effort, Expansion, Failure, Result, Task
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


_Shown = tuple[float | None, float | None, MeasuredQuality, Meaning | None]


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
    node_of : callable              Node of the scenario that a receiver of the engine belongs to [receiver].
    """

    contents: Mapping[str, ContentFrames]
    is_live: Callable[[str, str], bool]
    actions: Mapping[str, ActionReference]
    measured_time: bool
    vmaf: bool
    seed_of: Callable[[str, str, int], int]
    node_of: Callable[[str], str]


@dataclass(slots=True, eq=False)
class LiveRun:
    """The live side of one simulation.

    Parameters
    ----------
    world : LiveWorld               What is live.
    workshop : Workshop             Where work is done; whoever made it closes it.
    store : ArtefactStore           Where bytes lie meanwhile; likewise.
    meaning : DeliveredMeaning or None  What receivers of labelled scenes learn; None without such contents.

    Attributes
    ----------
    failures : list of LiveFailure  In the order in which they were met.
    """

    world: LiveWorld
    workshop: Workshop
    store: ArtefactStore
    meaning: DeliveredMeaning | None = None
    failures: list[LiveFailure] = field(default_factory=list)
    _shown: dict[int, _Shown | Failure] = field(default_factory=dict)
    _effort: dict[tuple[str, str], Effort] = field(default_factory=dict)
    _delivered: dict[tuple[str, str], dict[int, Carried]] = field(default_factory=dict)

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
            self._shown[made.artefact] = self._measured(parcel, made.artefact)
        found = self._shown[made.artefact]
        if isinstance(found, Failure):
            self._note_unshown(parcel, receiver, found)
            return None
        psnr_db, ms_ssim, measured, read = found
        self._deliver(parcel, receiver, read)
        fidelity = made.semantic_fidelity
        if made.fidelity_provenance is Provenance.ESTIMATED:
            fidelity = min(fidelity, measured.semantic_fidelity)
        return parcel.after(
            replace(made, psnr_db=psnr_db, ms_ssim=ms_ssim, measured=measured, semantic_fidelity=fidelity)
        )

    def save_videos(self, folder: Path, offered: Mapping[tuple[str, str], int]) -> SavedVideos:
        """Write what every receiver was shown as `SERVICE-RECEIVER.mp4`, and a picture of its first segment.

        Models that expand what was shown run again, and may fail this time; `failures` has that too.

        Parameters
        ----------
        folder : Path                   Made when missing.
        offered : mapping               Segments that were to come, by service and receiver.
        """
        received = {
            pair: self._received(pair[1], parcels, offered.get(pair, 0))
            for pair, parcels in self._delivered.items()
        }
        return save_videos(folder, received, stems=file_stems(sorted({*offered, *received})))

    def _received(self, receiver: str, parcels: Mapping[int, Carried], offered: int) -> Received:
        """What one receiver was shown, to be made again segment by segment."""

        def clip(index: int) -> YuvClip | None:
            found = self._clip_of(parcels[index], parcels[index].representation.artefact)
            if isinstance(found, Failure):
                self._note_unshown(parcels[index], receiver, found)
                return None
            return found

        segments = sorted(parcels)
        content = parcels[segments[0]].service.content
        return Received(self.world.contents[content], segments, clip, offered)

    def _placement(self, reference: ActionReference) -> dict[str, Any]:
        """Return where an action ran, and in which precision it really did."""
        described = self.workshop.describe(reference)
        placement = asdict(reference.placement)
        return placement if isinstance(described, Failure) else placement | {"precision": described.precision}

    def times(self) -> dict[str, Any]:
        """Return where the work was done and what it took: wall times and memory, which no other run repeats."""
        return {
            "placements": {name: self._placement(one) for name, one in sorted(self.world.actions.items())},
            "wall_s": {name: effort.wall_times() for name, effort in self._efforts()},
            "largest": {name: effort.largest() for name, effort in self._efforts()},
        }

    def _efforts(self) -> list[tuple[str, Effort]]:
        """Return what each action took in each direction, by name."""
        return [
            (f"{direction}({action})", effort) for (direction, action), effort in sorted(self._effort.items())
        ]

    def figures(self) -> dict[str, Any]:
        """Return what summary.json tells of the live side; wall times are not in it."""
        return {
            "contents": sorted(self.world.contents),
            "jobs": {name: effort.jobs for name, effort in self._efforts()},
            "failures": [asdict(failure) | {"told": str(failure)} for failure in self.failures],
            "meaning": [] if self.meaning is None else self.meaning.figures(),
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
        self._effort.setdefault((job.direction, job.action), Effort()).add(outcome)
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

    def _measured(self, parcel: Carried, artefact: int) -> _Shown | Failure:
        """Frames of an artefact against the source's, or why it cannot be shown."""
        found = self._clip_of(parcel, artefact)
        if isinstance(found, Failure):
            return found
        source = self.world.contents[parcel.service.content].clip(parcel.index)
        quality = measured_quality(source, found, vmaf=self.world.vmaf)
        measured = MeasuredQuality(quality.semantic_fidelity, quality.vmaf)
        return (
            quality.psnr_db,
            quality.ms_ssim,
            measured,
            reading_of(found) if self._labelled(parcel) else None,
        )

    def _clip_of(self, parcel: Carried, artefact: int | None) -> YuvClip | Failure:
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
            return outcome
        assert outcome.clip is not None  # noqa: S101  (nothing was asked to travel on)
        return outcome.clip

    def _note_unshown(self, parcel: Carried, receiver: str, failure: Failure) -> None:
        """Note for one receiver that what it got cannot be shown."""
        artefact = parcel.representation.artefact
        action = None if artefact is None else self.store.action_of(artefact)
        self._note(self.world.node_of(receiver), parcel, action or "", "show", failure)

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

    def _labelled(self, parcel: Carried) -> bool:
        """Whether the exact meaning of a segment is known."""
        return self.meaning is not None and parcel.service.content in self.meaning.contents

    def _deliver(self, parcel: Carried, receiver: str, read: Meaning | None = None) -> None:
        """Remember what reached a receiver."""
        service, node = parcel.service, self.world.node_of(receiver)
        self._delivered.setdefault((service.name, node), {})[parcel.index] = parcel
        if self.meaning is not None and self._labelled(parcel):
            self.meaning.note(
                service.name,
                node,
                content=service.content,
                index=parcel.index,
                made=parcel.representation,
                read=read,
            )


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
