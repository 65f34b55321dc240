"""Builds what a policy sees: the view of a node, and the decisions that are legal in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from netgen.access.last_hop import LastHop
from netgen.engine.gpu import Gpu
from netgen.engine.node import Node
from netgen.engine.parcel import Parcel
from netgen.generative.action import GenerativeAction, Menu
from netgen.generative.representation import Representation
from netgen.generative.service_time import service_time
from netgen.policy import (
    Contract,
    Decision,
    Drop,
    Expand,
    Forward,
    GpuView,
    LinkView,
    NodeView,
    Option,
    SegmentView,
)
from netgen.policy.decisions import choice_of
from netgen.transport.carriage import Transport
from netgen.transport.clock import NS_PER_S, to_s
from netgen.transport.hop import Hop
from netgen.transport.link import Link


def _nobody(_parcel: Parcel, _action: str) -> bool:
    """No terminal expands anything."""
    return False


class Outlook:
    """Sees the network for policies.

    Parameters
    ----------
    transport : Transport               Brings links up to date before they are looked at.
    menu : Menu                         The scenario's actions.
    nodes : mapping                     Nodes by name, for what could expand downstream.
    downlinks : mapping                 Downlinks by cell.

    Attributes
    ----------
    by_terminals : callable             Whether the terminals of all users downstream could expand what an action
                                        makes of a parcel [parcel, name of the action]; nobody's unless told.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        menu: Menu,
        nodes: Mapping[str, Node],
        downlinks: Mapping[str, LastHop],
    ) -> None:
        self.transport = transport
        self.menu = menu
        self.nodes = nodes
        self.downlinks = downlinks
        self.by_terminals: Callable[[Parcel, str], bool] = _nobody
        self._times: dict[tuple[str, str, str, str, int, int], float] = {}

    def compute_s(self, gpu: Gpu, action: GenerativeAction, direction: str, parcel: Parcel) -> float:
        """Time of one action on a GPU that can do it, for all copies of a parcel."""
        frames = parcel.frames * parcel.copies
        key = (gpu.device.name, action.name, parcel.service.content_class, direction, frames, parcel.pixels)
        if key not in self._times:
            work = action.work(direction)
            assert work is not None  # noqa: S101  (a node lists only actions that it can do)
            self._times[key] = service_time(
                work,
                gpu.device,
                frames=frames,
                pixels=parcel.pixels,
                duration_s=parcel.duration_s * parcel.copies,
            ).seconds
        return self._times[key]

    def view(
        self,
        parcel: Parcel,
        node: Node,
        hop: Hop | None = None,
        *,
        excluded: Sequence[tuple[str, str]] = (),
        missed: str = "",
    ) -> NodeView:
        """What a policy sees of a segment at a node; `excluded` choices are no longer offered.

        `hop` is the one over which the segment is still coming in; None when all of it is here.
        """
        now_ns = self.transport.now_ns
        gather_s = 0.0
        if hop is not None:
            gather_s = to_s(self.transport.remaining_ns(hop))
            parcel = parcel.heard_over(hop, now_ns)
        ways = self._ways(parcel, node)
        links = tuple(self._link_view(way[0]) for way in ways) + self._radio_view(parcel, node)
        gpu = gpu_view(node)
        deadline_ns = parcel.deadline_ns
        left_s = None if deadline_ns is None else (deadline_ns - now_ns) / NS_PER_S
        options = [
            self._option(parcel, node, ways, links, decision, left_s, gather_s)
            for decision in self.legal(parcel, node)
            if choice_of(decision) not in excluded
        ]
        return NodeView(
            to_s(now_ns),
            node.name,
            node.kind,
            self._segment_view(parcel, left_s),
            links,
            gpu,
            tuple(options),
            missed,
        )

    def after(self, parcel: Parcel, decision: Decision) -> Representation:
        """The representation that a decision makes of a parcel's."""
        representation = parcel.representation
        if isinstance(decision, Contract):
            return self._action(decision.action, parcel).contract(
                representation, frames=parcel.frames, pixels=parcel.pixels
            )
        if isinstance(decision, Expand) and representation.contracted_by is not None:
            return self._action(representation.contracted_by, parcel).expand(
                representation, source_bits=parcel.source_bits, duration_s=parcel.duration_s
            )
        return representation

    def action_of(self, parcel: Parcel, decision: Contract | Expand) -> tuple[str, GenerativeAction]:
        """Direction and action that a decision stands for."""
        if isinstance(decision, Contract):
            return "contract", self._action(decision.action, parcel)
        return "expand", self._action(str(parcel.representation.contracted_by), parcel)

    def _action(self, name: str, parcel: Parcel) -> GenerativeAction:
        """An action as it is for the parcel's class of content."""
        return self.menu.of(name, parcel.service.content_class)

    def legal(self, parcel: Parcel, node: Node) -> list[Decision]:
        """Decisions that could be carried out here."""
        legal: list[Decision] = [Forward()]
        representation = parcel.representation
        if node.gpu is not None and not node.gpu.working:
            return [*legal, Drop()]
        if representation.contracted_by is not None:
            if representation.contracted_by in node.expansions:
                legal.append(Expand())
        else:
            legal += [
                Contract(name)
                for name in node.contractions
                if self._offered(self._action(name, parcel), parcel, node)
            ]
        return [*legal, Drop()]

    def _offered(self, action: GenerativeAction, parcel: Parcel, node: Node) -> bool:
        """Whether an action makes a representation smaller, and a node can send what it makes.

        Symbols of joint coding go over one radio link of the kind that they were measured on, to its end, which is no
        cell: its downlinks carry bits.
        """
        bits = action.contracted_bits(frames=parcel.frames, pixels=parcel.pixels)
        if bits >= parcel.representation.bits or action.symbols is None:
            return bits < parcel.representation.bits
        receivers = {node.name, *self.downlinks}.intersection(parcel.receivers)
        return not receivers and all(carries_symbols(way, action) for way in self._ways(parcel, node))

    def _option(
        self,
        parcel: Parcel,
        node: Node,
        ways: list[list[Link]],
        links: tuple[LinkView, ...],
        decision: Decision,
        left_s: float | None,
        gather_s: float,
    ) -> Option:
        """One decision and what is expected of it; the last packet comes in `gather_s` at the earliest."""
        made = self.after(parcel, decision)
        levels_db = [link.snr_db for link in links if link.snr_db is not None]
        if made.symbols is not None and levels_db:
            made = made.heard(min(levels_db))
        if isinstance(decision, Drop):
            return Option(decision, 0, 0.0, made.mode, False, 0.0, 0.0, 0.0, True, False)
        wait_s = compute_s = 0.0
        if isinstance(decision, Contract | Expand) and node.gpu is not None:
            direction, action = self.action_of(parcel, decision)
            load_ns = node.gpu.load_time_ns(model_of(action, direction), action.memory_bytes)
            # An action begins when the whole segment is here, and the queue goes on meanwhile.
            wait_s = max(gather_s, to_s(node.gpu.wait_ns()))
            compute_s = self.compute_s(node.gpu, action, direction, parcel) + to_s(load_ns)
        transmit_s = self._transmit_s(made.bits * parcel.copies, ways, links)
        if isinstance(decision, Forward):
            transmit_s = max(transmit_s, gather_s)
        in_time = left_s is None or wait_s + compute_s + transmit_s <= left_s
        downstream = {link.target for way in ways for link in way}
        expandable = made.contracted_by is not None and (
            any(
                name in self.nodes and made.contracted_by in self.nodes[name].expansions
                for name in downstream
            )
            or self.by_terminals(parcel, made.contracted_by)
        )
        return Option(
            decision, made.bits, made.semantic_fidelity, made.mode, made.playable, wait_s, compute_s, transmit_s,
            in_time, expandable,
        )  # fmt: skip

    def _transmit_s(self, bits: int, ways: list[list[Link]], links: tuple[LinkView, ...]) -> float:
        """Expected time to the farthest receiver: backlog of the next link, the slowest link, all delays."""
        now_s = to_s(self.transport.now_ns)
        longest_s = 0.0
        for way, first in zip(ways, links, strict=False):
            slowest = min(link.capacity.rate_at(now_s) for link in way)
            if slowest <= 0 or first.capacity_bps <= 0:
                return float("inf")
            delay_s = sum(link.delay_ns for link in way) / NS_PER_S
            longest_s = max(longest_s, first.backlog_bits / first.capacity_bps + bits / slowest + delay_s)
        for radio in links[len(ways) :]:
            if radio.capacity_bps <= 0:
                return float("inf")
            longest_s = max(longest_s, (radio.backlog_bits + bits) / radio.capacity_bps)
        return longest_s

    def _ways(self, parcel: Parcel, node: Node) -> list[list[Link]]:
        """Per next link the longest way over it to a receiver of the parcel."""
        longest: dict[Link, list[Link]] = {}
        for receiver in parcel.receivers:
            path = parcel.service.paths[receiver]
            start = next((k for k, link in enumerate(path) if link.source == node.name), None)
            if start is not None:
                way = list(path[start:])
                if len(way) > len(longest.get(way[0], [])):
                    longest[way[0]] = way
        return list(longest.values())

    def _link_view(self, link: Link) -> LinkView:
        """A link as it is now."""
        now_ns = self.transport.now_ns
        self.transport.advance(link, self.transport.settled_ns)
        rate_bps = link.capacity.rate_at(to_s(now_ns))
        snr_db = None if link.symbols is None else link.symbols.snr_db.at_one(to_s(now_ns))
        return LinkView(
            link.name, link.target, rate_bps, link.backlog_bits(now_ns), link.queue_bits,
            to_s(link.delay_ns), link.services, rate_bps / max(link.services, 1), snr_db,
        )  # fmt: skip

    def _radio_view(self, parcel: Parcel, node: Node) -> tuple[LinkView, ...]:
        """The downlink of a cell that is a receiver of the parcel."""
        if node.name not in parcel.receivers or node.name not in self.downlinks:
            return ()
        radio = self.downlinks[node.name]
        share = radio.capacity_bps / max(radio.services, 1)
        return (
            LinkView(
                radio.name,
                "users",
                radio.capacity_bps,
                radio.backlog_bits(),
                None,
                0.0,
                radio.services,
                share,
            ),
        )

    def _segment_view(self, parcel: Parcel, left_s: float | None) -> SegmentView:
        """The segment at hand, per copy."""
        service, made = parcel.service, parcel.representation
        video = service.track.video_format
        return SegmentView(
            service=service.name, content=service.content, index=parcel.index, receivers=parcel.receivers,
            content_class=service.content_class, width_px=video.width_px, height_px=video.height_px,
            frames=parcel.frames, duration_s=parcel.duration_s, source_bits=parcel.source_bits, bits=made.bits,
            copies=parcel.copies,
            bits_per_pixel=made.bits / (parcel.frames * parcel.pixels),
            semantic_bits=made.semantic_fidelity * service.semantic_bits,
            semantic_fidelity=made.semantic_fidelity, required_fidelity=service.required_fidelity,
            contracted_by=made.contracted_by, playable=made.playable,
            age_s=to_s(self.transport.now_ns - parcel.offered_ns), time_left_s=left_s,
        )  # fmt: skip


def carries_symbols(way: Sequence[Link], action: GenerativeAction) -> bool:
    """Whether a way is one radio link of the kind on which an action's symbols were measured."""
    return (
        action.symbols is not None
        and len(way) == 1
        and way[0].symbols is not None
        and way[0].symbols.kind == action.symbols.channel
    )


def gpu_view(node: Node) -> GpuView | None:
    """A node's GPU as it is now; None without one."""
    gpu = node.gpu
    if gpu is None or not gpu.working:
        return None
    return GpuView(
        gpu.device.name, gpu.device.streams, gpu.busy, gpu.queued, to_s(gpu.wait_ns()),
        gpu.memory.memory_bytes, gpu.memory.free_bytes, gpu.memory.resident,
    )  # fmt: skip


def model_of(action: GenerativeAction, direction: str) -> str:
    """Name under which a model's residency is known: an action's encoder and decoder are two models."""
    return f"{action.name}/{direction}"


def largest_backlog_bits(links: Sequence[LinkView]) -> int:
    """Largest backlog among links; 0 without any."""
    return max((link.backlog_bits for link in links), default=0)


def smallest_share_bps(links: Sequence[LinkView]) -> float | None:
    """Smallest equal share among links; None without any."""
    return float(np.min([link.available_bps for link in links])) if links else None
