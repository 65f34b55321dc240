"""A segment on its way, its history so far, and what others may do with it where it arrives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from netgen.engine.service import Plan, Service
from netgen.generative.representation import Representation
from netgen.ledger import LossReason, Stage
from netgen.transport.clock import to_s
from netgen.transport.hop import Hop

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

STREAM, REPAIR = "stream", "repair"


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """One representation of one segment, bound for some receivers.

    Parameters
    ----------
    service : Service                   What it is a segment of.
    index, frames, source_bits : int    Number of the segment; its frames and bits at the source, per copy.
    copies : int                        Copies it stands for (one per user of a personal service).
    copy : int                          Number among the copies that the source sends of the segment.
    offered_ns : int, ns                When the source offered it.
    representation : Representation     What it is now, per copy.
    receivers : tuple of str            Nodes that must get it.
    path : tuple of str                 Nodes passed.
    stages : tuple of Stage             History.
    forwards : tuple of (str, int)      Nodes that decided to forward it while it came in, and when [ns].
    purpose : str                       `stream`, or `repair` of what a broadcast lost.
    plan : Plan or None                 What the service policies have decided about it already.
    multicast : bool or None            Whether cells send it once for all of its users; None for as they are set up.
    """

    service: Service
    index: int
    frames: int
    source_bits: int
    copies: int
    copy: int
    offered_ns: int
    representation: Representation
    receivers: tuple[str, ...]
    path: tuple[str, ...]
    stages: tuple[Stage, ...]
    forwards: tuple[tuple[str, int], ...] = ()
    purpose: str = STREAM
    plan: Plan | None = None
    multicast: bool | None = None

    @property
    def bits(self) -> int:
        """Bits on the wire, over all copies."""
        return self.representation.bits * self.copies

    @property
    def semantic_bits(self) -> float:
        """Meaning still held, over all copies."""
        return self.representation.semantic_fidelity * self.service.semantic_bits * self.copies

    @property
    def deadline_ns(self) -> int | None:
        """Instant after which it is late."""
        return None if self.service.deadline_ns is None else self.offered_ns + self.service.deadline_ns

    @property
    def duration_s(self) -> float:
        """Playing time."""
        return self.service.track.segment_s

    @property
    def pixels(self) -> int:
        """Pixels in one frame."""
        return self.service.track.video_format.pixels

    def bound_for(self, receivers: tuple[str, ...]) -> Parcel:
        """The same for some of its receivers."""
        return replace(self, receivers=receivers)

    def after(self, representation: Representation) -> Parcel:
        """The same in another representation."""
        return replace(self, representation=representation)

    def with_stage(self, kind: str, where: str, start_ns: int, end_ns: int) -> Parcel:
        """The same with one more step in its history."""
        stage = Stage(kind, where, to_s(start_ns), to_s(end_ns), self.bits, self.semantic_bits)
        return replace(self, stages=(*self.stages, stage))

    def carried_over(self, hop: Hop) -> Parcel:
        """The same after the links that `hop` ends, as far as they were not yet in its history.

        The history ends at the link on which the last of its packets was lost, if one was.
        """
        chain = [hop]
        while chain[-1].previous is not None:
            chain.append(chain[-1].previous)
        chain.reverse()
        parcel = self
        for step in chain[self._known(chain) :]:
            if step.start_ns is None:
                break
            if step.tail_ns is None:
                return parcel.with_stage("link", step.link.name, step.start_ns, step.start_ns)
            heard = _heard(parcel.representation, step, step.tail_ns)
            parcel = replace(parcel, path=(*parcel.path, step.link.target), representation=heard).with_stage(
                "link", step.link.name, step.start_ns, step.tail_ns
            )
            for node, decided_ns in self.forwards:
                if node == step.link.target:
                    parcel = parcel.with_stage("forward", node, decided_ns, decided_ns)
        return parcel

    def heard_over(self, hop: Hop, time_ns: int) -> Parcel:
        """The same as the link before a node leaves it, as far as is known at an instant."""
        heard = _heard(self.representation, hop, time_ns)
        return self if heard is self.representation else self.after(heard)

    def forwarded(self, node: str, time_ns: int) -> Parcel:
        """The same after a decision to forward it while it is still coming in."""
        return replace(self, forwards=(*self.forwards, (node, time_ns)))

    def _known(self, chain: list[Hop]) -> int:
        """How many of the first links of a train's way are in the history; none when it was launched just before."""
        passed = [stage.where for stage in self.stages if stage.kind == "link"]
        names = [step.link.name for step in chain]
        longest = min(len(passed), len(names))
        return next(
            count for count in range(longest, -1, -1) if passed[len(passed) - count :] == names[:count]
        )


def _heard(representation: Representation, hop: Hop, now_ns: int) -> Representation:
    """Return a representation behind the link of a hop: symbols as its SNR leaves them."""
    snr_db = None if representation.symbols is None else hop.snr_db(now_ns)
    return representation if snr_db is None else representation.heard(snr_db)


class ActionJob(Protocol):
    """One contraction or expansion that a node has taken on."""

    def measured_s(self) -> float | None:
        """Wall time of the job, run at once, where that is to count as the simulated time; else None."""
        ...

    def abandon(self) -> None:
        """Nobody wants the result any more."""
        ...

    def made(self) -> Representation | None:
        """What it made; None when it failed, which is noted."""
        ...


@dataclass(frozen=True, slots=True)
class ProfileJob:
    """A job that makes what the profile of its action says."""

    expected: Representation

    def measured_s(self) -> float | None:
        """Nothing is measured."""
        return None

    def abandon(self) -> None:
        """Nothing was begun."""

    def made(self) -> Representation | None:
        """What the profile says."""
        return self.expected


class LiveActions(Protocol):
    """Runs actions on the real frames of segments, for the nodes and contents that are live."""

    def submit(
        self, node: str, parcel: Parcel, expected: Representation, *, direction: str, action: str
    ) -> ActionJob | None:
        """Take on a job of which its profile expects this representation; None where it is not live."""
        ...

    def shown(self, parcel: Parcel, receiver: str) -> Parcel | None:
        """A parcel at the end of its way with the quality of what is shown of it; None when nothing can be."""
        ...


class Recovery(Protocol):
    """Sees to it that a cell repairs what a broadcast lost."""

    def recover(
        self, parcel: Parcel, receiver: str, rows: Rows, missing_bits: Rows, reason: LossReason
    ) -> Flags:
        """Whose segment may still come, in the order of the rows; it is open again when this returns."""
        ...

    def sent(self, parcel: Parcel, receiver: str, *, begin_s: float, time_s: float) -> None:
        """A tower has sent a segment, which others than its present listeners could have heard."""
        ...

    def arrived(self, parcel: Parcel, receiver: str) -> None:
        """What a cell needs for a repair is there."""
        ...

    def failed(self, parcel: Parcel, receiver: str) -> None:
        """What a cell needs for a repair was lost on the way."""
        ...


class TerminalGenerators(Protocol):
    """The terminals of users, which may expand what reaches them contracted."""

    @property
    def energy_joule(self) -> Floats:
        """(rows,) Energy spent on the segments of each row so far."""
        ...

    @property
    def battery_left(self) -> Floats:
        """(rows,) Charge left in the terminal of each row's user, 0..1."""
        ...

    @property
    def has_battery(self) -> Flags:
        """(rows,) Whose terminal runs on a battery."""
        ...

    def able(self, parcel: Parcel, rows: Rows) -> Flags:
        """Whose terminal can expand the parcel's representation."""
        ...

    def suited(self, parcel: Parcel, action: str, rows: Rows) -> Flags:
        """Whose terminal could expand what an action makes of the parcel, with enough charge."""
        ...

    def expand(self, parcel: Parcel, rows: Rows, at_s: Floats) -> tuple[Flags, Floats, Representation]:
        """Who gets it expanded, when each of them [s], and what it is then; in the order of the rows."""
        ...
