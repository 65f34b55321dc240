"""A segment on its way: its representation, whom it is for, and its history so far."""

from __future__ import annotations

from dataclasses import dataclass, replace

from netgen.engine.service import Plan, Service
from netgen.generative.representation import Representation
from netgen.ledger import Stage
from netgen.transport.clock import to_s
from netgen.transport.hop import Hop

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
            parcel = replace(parcel, path=(*parcel.path, step.link.target)).with_stage(
                "link", step.link.name, step.start_ns, step.tail_ns
            )
            for node, decided_ns in self.forwards:
                if node == step.link.target:
                    parcel = parcel.with_stage("forward", node, decided_ns, decided_ns)
        return parcel

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
