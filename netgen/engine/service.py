"""A service as the engine runs it: what is delivered, from where, to whom, by which route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from netgen.media.segment_track import SegmentTrack
from netgen.transport.carriage import Leg
from netgen.transport.link import Link


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """One delivery of one content.

    Parameters
    ----------
    name, content, content_class : str  Names in the scenario.
    track : SegmentTrack                Sizes of the segments; repeats when the run is longer.
    semantic_bits : float, bit          Meaning of one segment.
    source : str                        Node that offers it.
    paths : mapping                     Per receiver the links to it, in order; never empty.
    multicast : bool                    One copy per link, instead of one per receiver.
    deadline_ns : int or None, ns       Longest delay that is on time.
    required_fidelity : float           Least fidelity worth delivering, 0..1.
    loss_tolerance : float              Share of a segment's bits that may be lost at no cost.
    offers_ns : (n,) int64, ns          Instants at which segments are offered: part of the world.
    pacing : float                      Share of the segment's duration over which its packets are handed over
                                        by a node that holds all of it, 0..1.
    personal : bool                     Whether every user of a receiver gets bits of their own.
    key : uint64                        Key of its packets' luck.
    """

    name: str
    content: str
    content_class: str
    track: SegmentTrack
    semantic_bits: float
    source: str
    paths: dict[str, tuple[Link, ...]]
    multicast: bool
    deadline_ns: int | None
    required_fidelity: float
    loss_tolerance: float
    offers_ns: np.ndarray
    pacing: float
    personal: bool
    key: np.uint64

    def size(self, index: int) -> tuple[int, int]:
        """Source bits and frames of segment `index` of one copy."""
        position = index % len(self.track)
        return int(self.track.bits[position]), int(self.track.frames[position])

    def next_links(self, node: str, receivers: tuple[str, ...]) -> tuple[tuple[Link, tuple[str, ...]], ...]:
        """Links out of `node` on the way to `receivers`, each with the receivers behind it."""
        grouped: dict[Link, list[str]] = {}
        for receiver in receivers:
            link = next((link for link in self.paths[receiver] if link.source == node), None)
            if link is not None:
                grouped.setdefault(link, []).append(receiver)
        return tuple((link, tuple(behind)) for link, behind in grouped.items())

    def legs(
        self, node: str, receivers: tuple[str, ...], stops: frozenset[str]
    ) -> list[tuple[Leg, list[tuple[str, ...]]]]:
        """Trees of links from `node` to the next stops, each with the receivers behind its stops in order."""
        found = []
        for link, behind in self.next_links(node, receivers):
            if link.target in stops or link.target in behind:
                found.append((Leg(link, (), stop=True), [behind]))
                continue
            branches = self.legs(link.target, behind, stops)
            below = [group for _, groups in branches for group in groups]
            found.append((Leg(link, tuple(leg for leg, _ in branches), stop=False), below))
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """What a service policy has decided about an enhancement: generate it from control bits.

    Parameters
    ----------
    action : str                    Action whose representation the source sends.
    where : str                     Who generates the enhancement from it: the `cell`, or the `terminal`.
    """

    action: str
    where: Literal["cell", "terminal"]


@dataclass(frozen=True, slots=True, eq=False)
class Shipment:
    """One parcel that the source of a service sends of a segment.

    Parameters
    ----------
    receivers : tuple of str        Nodes that must get it.
    copies : int                    Copies it stands for, one per user of a personal service.
    rows : (n,) int64 or None       Rows of the population that it is for, at its one receiver; None for those
                                    whom its receivers serve at that instant.
    plan : Plan or None             What is already decided about it.
    multicast : bool or None        Whether cells send it once for all of its users; None for as they are set up.
    """

    receivers: tuple[str, ...]
    copies: int = 1
    rows: NDArray[np.int64] | None = None
    plan: Plan | None = None
    multicast: bool | None = None


class Dispatcher(Protocol):
    """Decides which carriers a segment is sent to at the instant of its offer."""

    def shipments(self, service: Service, index: int) -> Sequence[Shipment]:
        """Parcels of one segment; users whom none of them is for are counted by the dispatcher itself."""
        ...
