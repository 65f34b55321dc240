"""What nodes do with segments: ask the policy, forward packet by packet, or run an action and send on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from netgen.engine.gpu import Job
from netgen.engine.node import Decider, Node
from netgen.engine.options import Outlook, largest_backlog_bits, model_of, smallest_share_bps
from netgen.engine.parcel import REPAIR, Parcel, ProfileJob
from netgen.engine.reception import Reception
from netgen.errors import PolicyError
from netgen.ledger import DecisionRecord, LedgerWriter, LossReason, OptionSeen
from netgen.policy import Contract, Decision, Drop, Expand, Forward, NodeView
from netgen.policy.checking import checked_choice
from netgen.policy.decisions import choice_of, decision_of
from netgen.transport.carriage import Leg, Transport
from netgen.transport.clock import NS_PER_S, to_ns
from netgen.transport.hop import Hop
from netgen.transport.train import Meaning, Train, packetise


class Relay:
    """Moves parcels from node to node until they are received or lost.

    Parameters
    ----------
    transport : Transport           Carries trains between stops.
    nodes : mapping                 Nodes by name.
    outlook : Outlook               What policies see.
    reception : Reception           What receivers do.
    writer : LedgerWriter           Where decisions are recorded.
    packet_bits : int, bit          Size of a full packet.
    interval_ns : int, ns           Interval of the node books.
    end_ns : int, ns                End of the run.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        nodes: Mapping[str, Node],
        outlook: Outlook,
        reception: Reception,
        writer: LedgerWriter,
        packet_bits: int,
        interval_ns: int,
        end_ns: int,
    ) -> None:
        self.transport = transport
        self.nodes = nodes
        self.outlook = outlook
        self.reception = reception
        self.writer = writer
        self.packet_bits = packet_bits
        self.interval_ns = interval_ns
        self.end_ns = end_ns
        self.open_hops: dict[Hop, str] = {}
        self._stops: dict[str, frozenset[str]] = {}

    def start(self, parcel: Parcel) -> None:
        """A source hands over a parcel at its node."""
        node = self.nodes[parcel.service.source]
        node.books.originated_bits += parcel.bits
        if parcel.plan is None:
            self._at_stop(parcel, node, None)
        else:
            self._carry_out(parcel, node, Contract(parcel.plan.action))

    def _at_stop(self, parcel: Parcel, node: Node, hop: Hop | None) -> None:
        """A parcel is about to reach a node, over `hop`, or is in its store."""
        settled = parcel.plan is not None or parcel.purpose == REPAIR
        if settled or parcel.service.name not in node.deciders:
            self._pass_on(parcel, node, hop)
        elif hop is None:
            self._decide(parcel, node, None)
        else:
            self.transport.on_head(hop, lambda reached: self._on_head(parcel, node, reached))

    def _on_head(self, parcel: Parcel, node: Node, hop: Hop) -> None:
        """The first packet is here, or none will ever come."""
        if hop.head_ns is None:
            self._pass_on(parcel.bound_for(()), node, hop)
            self.reception.lose(parcel.carried_over(hop), LossReason.INCOMPLETE)
        else:
            self._decide(parcel, node, hop)

    def _decide(
        self,
        parcel: Parcel,
        node: Node,
        hop: Hop | None,
        excluded: tuple[tuple[str, str], ...] = (),
        missed: str = "",
    ) -> None:
        """Ask the policy and carry its decision out."""
        decider = node.deciders[parcel.service.name]
        view = self.outlook.view(parcel, node, hop, excluded=excluded, missed=missed)
        decision = self._ask(decider, view)
        now_ns = self.transport.now_ns
        slot = self._slot()
        if isinstance(decision, Forward):
            node.books.forwarded[slot] += 1
            if hop is None:
                parcel = parcel.with_stage("forward", node.name, now_ns, now_ns)
            else:
                parcel = parcel.forwarded(node.name, now_ns)
            self._pass_on(parcel, node, hop)
        elif isinstance(decision, Drop):
            if hop is None:
                node.books.dropped_bits += parcel.bits
            else:
                self._discard(hop)
            self.reception.lose(parcel if hop is None else parcel.carried_over(hop), LossReason.POLICY_DROP)
        elif hop is None:
            self._submit(parcel, node, decision, excluded)
        else:
            self.open_hops[hop] = node.name
            hop.connect(())
            self.transport.on_tail(hop, lambda done: self._gather(parcel, node, done, decision, excluded))

    def _ask(self, decider: Decider, view: NodeView) -> Decision:
        """One decision of a policy, checked and recorded.

        What was offered and what is written down are taken before the policy has the view in its hands.
        """
        offered = [choice_of(option.decision) for option in view.options]
        record = _record(decider, view)
        where = f'policy "{decider.name}" at node {record.node}, t = {record.time_s:.6f} s'
        try:
            decision = decider.policy.decide(view, decider.rng)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PolicyError(
                f"{where}, segment {record.index} of {record.service}: raised {type(error).__name__}: {error}"
            ) from error
        choice, reason = checked_choice(decision, offered, where=where)
        number = self.writer.number_decision()
        self.writer.add(replace(record, decision=number, kind=choice[0], action=choice[1], reason=reason))
        return decision_of(choice)

    def _pass_on(self, parcel: Parcel, node: Node, hop: Hop | None) -> None:
        """Send a parcel on towards its receivers, and deliver it here if this is one of them."""
        onward = tuple(receiver for receiver in parcel.receivers if receiver != node.name)
        here = node.name in parcel.receivers
        trees = parcel.service.legs(node.name, onward, self._stops_of(parcel))
        if hop is None and here:
            node.books.delivered_bits += parcel.bits
            self.reception.deliver(parcel, node.name, self.transport.now_ns)
        if trees:
            self._send(parcel, node, hop, trees, here=here)
        elif hop is not None:
            hop.connect(())
        if hop is not None and here:
            # After it is sent on: its last packet may be here already, and is received at once.
            self.open_hops[hop] = node.name
            self.transport.on_tail(
                hop, lambda done: self._receive(parcel.bound_for((node.name,)), node, done)
            )

    def _send(
        self,
        parcel: Parcel,
        node: Node,
        hop: Hop | None,
        trees: list[tuple[Leg, list[tuple[str, ...]]]],
        *,
        here: bool,
    ) -> None:
        """Launch a parcel, or let its train go on, along trees of links to its next stops."""
        train = self._train(parcel) if hop is None else hop.train
        if hop is None:
            copies = len(trees) - 1 + here
            node.books.copied_bits += copies * parcel.bits
        legs = [leg for leg, _ in trees]
        if hop is None and parcel.service.pacing > 0:
            ends = self.transport.launch(train, legs, time_ns=self._paced(parcel, node, train, len(legs)))
        else:
            ends = self.transport.launch(train, legs, source=hop)
        groups = [group for _, groups in trees for group in groups]
        for end, group in zip(ends, groups, strict=True):
            self._at_stop(parcel.bound_for(group), self.nodes[end.link.target], end)

    def _paced(self, parcel: Parcel, node: Node, train: Train, trees: int) -> np.ndarray:
        """Instants at which a node that holds a segment hands its packets over, evenly spaced."""
        count = len(train.size_bits)
        span_ns = parcel.service.pacing * parcel.duration_s * NS_PER_S
        time_ns = self.transport.now_ns + (np.arange(count) * (span_ns / count)).astype(np.int64)
        # What is due after the end of the run never leaves the store.
        node.books.stored_bits += trees * int(train.size_bits[time_ns > self.end_ns].sum())
        return time_ns

    def _receive(self, parcel: Parcel, node: Node, hop: Hop) -> None:
        """The last packet is at a receiver."""
        del self.open_hops[hop]
        parcel = parcel.carried_over(hop)
        if hop.following:
            node.books.copied_bits += hop.arrived_bits
        kept = self._complete_copies(parcel, node, hop)
        if kept is None or hop.tail_ns is None:
            self.reception.lose(parcel, LossReason.INCOMPLETE)
        elif _awaits_the_cell(kept[0]):
            node.books.made_bits += kept[0].bits - kept[1]
            self._carry_out(kept[0], node, Expand())
        else:
            node.books.delivered_bits += kept[1]
            self.reception.deliver(kept[0], node.name, hop.tail_ns)

    def _complete_copies(self, parcel: Parcel, node: Node, hop: Hop) -> tuple[Parcel, int] | None:
        """The parcel of the copies that are complete, with their bits; None without any. Drops the others."""
        complete = hop.complete_copies()
        bits = int(hop.copy_bits[complete].sum())
        node.books.dropped_bits += hop.arrived_bits - bits
        if not complete.any():
            return None
        return (parcel if complete.all() else self.reception.lose_copies(parcel, complete)), bits

    def _gather(
        self,
        parcel: Parcel,
        node: Node,
        hop: Hop,
        decision: Contract | Expand,
        excluded: tuple[tuple[str, str], ...],
    ) -> None:
        """The last packet of a segment that an action waits for is here."""
        del self.open_hops[hop]
        parcel = parcel.carried_over(hop)
        kept = self._complete_copies(parcel, node, hop)
        if kept is not None:
            # What little the code repaired is made here, so that the store holds the whole representation.
            node.books.made_bits += kept[0].bits - kept[1]
            self._submit(kept[0], node, decision, excluded)
        else:
            self.reception.lose(parcel, LossReason.INCOMPLETE)

    def _carry_out(self, parcel: Parcel, node: Node, decision: Contract | Expand) -> None:
        """Do what the plan of a parcel that is in the store says, or go on without where it cannot be done."""
        if decision in self.outlook.legal(parcel, node):
            self._submit(parcel, node, decision, ())
        else:
            self._do_without(parcel, node)

    def _do_without(
        self, parcel: Parcel, node: Node, excluded: tuple[tuple[str, str], ...] = (), missed: str = ""
    ) -> None:
        """An action cannot be had here: ask the policy again, or let a parcel with a plan go on without it.

        At the source such a parcel goes on as one without a plan. At its cell, contracted, it is left to the
        terminals, or shown as it is where that can be done.
        """
        if parcel.plan is not None and parcel.representation.contracted_by is not None:
            rest = None if parcel.representation.playable else replace(parcel.plan, where="terminal")
            self._pass_on(replace(parcel, plan=rest), node, None)
            return
        parcel = replace(parcel, plan=None)
        if parcel.service.name in node.deciders:
            self._decide(parcel, node, None, excluded, missed)
        else:
            self._pass_on(parcel, node, None)

    def _submit(
        self,
        parcel: Parcel,
        node: Node,
        decision: Contract | Expand,
        excluded: tuple[tuple[str, str], ...],
    ) -> None:
        """Queue an action on the node's GPU."""
        assert node.gpu is not None  # noqa: S101  (actions are offered only where there is one)
        node.books.stored_bits += parcel.bits
        kind, action = self.outlook.action_of(parcel, decision)
        compute_s = self.outlook.compute_s(node.gpu, action, kind, parcel)
        expected = self.outlook.after(parcel, decision)
        live, work = self.reception.live, None
        if live is not None:
            work = live.submit(node.name, parcel, expected, direction=kind, action=action.name)
        work = work or ProfileJob(expected)
        compute_s = work.measured_s() or compute_s
        submitted_ns = self.transport.now_ns

        def admit(finish_ns: int) -> bool:
            deadline_ns = parcel.deadline_ns
            if deadline_ns is None or finish_ns <= deadline_ns:
                return True
            node.books.missed[self._slot()] += 1
            work.abandon()
            give_up((*excluded, choice_of(decision)))
            return False

        def give_up(more: tuple[tuple[str, str], ...]) -> None:
            node.books.stored_bits -= parcel.bits
            self._do_without(parcel, node, more, missed=f"{kind}({action.name})")

        def done(_taken_ns: int, finished_ns: int) -> None:
            became = work.made()
            if became is None:
                give_up((*excluded, choice_of(decision)))
                return
            node.books.stored_bits -= parcel.bits
            node.books.used_bits += parcel.bits
            made = parcel.after(became).with_stage(kind, node.name, submitted_ns, finished_ns)
            node.books.made_bits += made.bits
            (node.books.contracted if kind == "contract" else node.books.expanded)[self._slot()] += 1
            self._pass_on(made, node, None)

        def failed() -> None:
            work.abandon()
            give_up(excluded)

        model = model_of(action, kind)
        node.gpu.submit(Job(model, action.memory_bytes, to_ns(compute_s), admit, done, failed))

    def _discard(self, hop: Hop) -> None:
        """Let the rest of a train come in and end here."""
        self.open_hops[hop] = self.nodes[hop.link.target].name
        hop.connect(())
        self.transport.on_tail(hop, self._discarded)

    def _discarded(self, hop: Hop) -> None:
        """All of a dropped train is here."""
        del self.open_hops[hop]
        self.nodes[hop.link.target].books.dropped_bits += hop.arrived_bits

    def _train(self, parcel: Parcel) -> Train:
        """The packets of a parcel's representation."""
        made, service = parcel.representation, parcel.service
        sizes, generative_from = packetise(made.discriminative_bits, made.generative_bits, self.packet_bits)
        if parcel.copies > 1:
            sizes = np.tile(sizes, parcel.copies)
            sizes.flags.writeable = False
        with np.errstate(over="ignore"):
            # Another key for every copy: the copies for two receivers are not lost together.
            key = service.key + np.uint64((parcel.index << 24) + parcel.copy)
        meaning = Meaning(service.content, parcel.index, parcel.semantic_bits)
        tolerance = service.loss_tolerance
        return Train(key, sizes, generative_from, meaning, tolerance, parcel.copies, made.symbols)

    def _stops_of(self, parcel: Parcel) -> frozenset[str]:
        """Nodes at which some policy decides on a service."""
        service = parcel.service.name
        if service not in self._stops:
            self._stops[service] = frozenset(
                name for name, node in self.nodes.items() if service in node.deciders
            )
        return self._stops[service]

    def _slot(self) -> int:
        """Interval of the present instant."""
        return max(self.transport.now_ns - 1, 0) // self.interval_ns


def _awaits_the_cell(parcel: Parcel) -> bool:
    """Whether the plan of a parcel that is at its receiver says that the node there expands it."""
    planned = parcel.plan is not None and parcel.plan.where == "cell"
    return planned and parcel.representation.contracted_by is not None


def _record(decider: Decider, view: NodeView) -> DecisionRecord:
    """What is written down of a decision, but for the decision itself."""
    return DecisionRecord(
        decision=0,
        mode="relay",
        time_s=view.time_s,
        node=view.node,
        tower="",
        service=view.segment.service,
        index=view.segment.index,
        policy=decider.name,
        missed=view.missed,
        kind="",
        action="",
        reason="",
        bits=view.segment.bits,
        bits_per_pixel=view.segment.bits_per_pixel,
        semantic_fidelity=view.segment.semantic_fidelity,
        time_left_s=view.segment.time_left_s,
        backlog_bits=largest_backlog_bits(view.links),
        available_bps=smallest_share_bps(view.links),
        gpu_queued=None if view.gpu is None else view.gpu.queued,
        options=tuple(
            OptionSeen(
                *choice_of(seen.decision),
                seen.bits,
                seen.semantic_fidelity,
                seen.total_s,
                seen.meets_deadline,
                (),
            )
            for seen in view.options
        ),
        saw=(),
        users=(),
    )
