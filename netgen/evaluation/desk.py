"""Rates segments at their receivers: sends what a rater needs to where it runs, and does what its rating says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import simpy

from netgen.access.last_hop import time_to_send_s
from netgen.engine.gpu import Job
from netgen.engine.parcel import REPAIR, Parcel
from netgen.engine.relay import Relay
from netgen.engine.service import Plan
from netgen.evaluation.trigger import Trigger
from netgen.generative.representation import Representation
from netgen.ledger import Balance, EvaluationRecord, LossReason
from netgen.rng import hashed_uniform
from netgen.transport.carriage import Leg
from netgen.transport.clock import to_ns, to_s
from netgen.transport.hop import Hop
from netgen.transport.link import Link
from netgen.transport.train import Train, packetise

_FIRST_COPY = 1 << 22
"""Numbers of segments that are fetched again begin here, above all that sources and cells send."""
_SCENE, _RATE, _TRIGGER, _LUCKS = range(4)
"""What is drawn for a segment."""


class Ratings(Protocol):
    """Where the truth about a segment and its rating come from."""

    def drawn(
        self, variant: str, bits_per_pixel: float, rater: str, *, scene: float, rate: float
    ) -> tuple[int, float]:
        """Return the true level and the score."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """One evaluation of a scenario.

    Parameters
    ----------
    name, node, rater : str         Its name, where it is done, and by whom.
    ratings : Ratings               Measured ratings.
    variants : mapping              Action (empty for none) to the measured one that it counts as, and its rate.
    trigger : Trigger               Which segments are rated.
    bad : float                     Scores up to this are bad.
    then : str                      What happens to those: `note`, `withhold` or `refetch`.
    refetched_by : str or None      Action by which they are fetched again; None for as they are at the source.
    seconds, memory_bytes           What a rating of one segment takes on the GPU of the node.
    power_w : float or None, W      Power that a busy stream adds there.
    source_bits : callable          Bits that the rater needs of the source of a parcel.
    rating_bits : int, bit          Size of the message with the rating.
    paths : mapping                 Links between two nodes that something is sent between.
    key : uint64                    Of the segments' luck, which is the same whatever is rated.
    """

    name: str
    node: str
    rater: str
    ratings: Ratings
    variants: Mapping[str, tuple[str, float]]
    trigger: Trigger
    bad: float
    then: str
    refetched_by: str | None
    seconds: float
    memory_bytes: int
    power_w: float | None
    source_bits: Callable[[Parcel], int]
    rating_bits: int
    paths: Mapping[tuple[str, str], tuple[Link, ...]]
    key: np.uint64


@dataclass(slots=True, eq=False)
class _Case:
    """A segment at a receiver, and how far its evaluation has come.

    `limit_ns` is the instant until which it waits for its rating; None where it does not wait, or has no deadline.
    """

    evaluation: Evaluation
    parcel: Parcel
    receiver: str
    level: int
    score: float
    reason: str
    arrived_ns: int
    limit_ns: int | None = None
    sent_bits: int = 0
    transfer_ns: int = 0
    wait_ns: int = 0
    compute_ns: int = 0
    waiting: int = 0
    failed: str = ""


class EvaluationDesk:
    """Takes segments that are about to be shown, and hands them on, withholds them, or fetches them again.

    A request for what a rater needs of the source takes no time and no bits on the way up, like a request for a repair.
    A segment that waits is handed over without a rating when its deadline is so near that its receiver, by what it
    knew when the segment came, needs the rest of the time to bring it to its users.

    Parameters
    ----------
    relay : Relay                   Whose segments are rated.
    evaluations : mapping           Per service its evaluation.
    """

    def __init__(self, relay: Relay, evaluations: Mapping[str, Evaluation]) -> None:
        self.relay = relay
        self.evaluations = dict(evaluations)
        self._since_bad: dict[tuple[str, str], int] = {}
        self._open: dict[_Case, None] = {}
        self._next_copy = _FIRST_COPY

    def start(self) -> None:
        """Nothing runs before a segment comes."""

    def balances(self) -> list[Balance]:
        """What it sends is in the accounts of nodes and links."""
        return []

    def close(self, end_ns: int) -> None:
        """Write down what is not rated at the end: what waits for it is undecided, the rest has been shown."""
        for case in self._open:
            case.failed = "end of the run"
            if case.evaluation.then == "note":
                self._write(case, "shown", rated=False, now_ns=case.arrived_ns)
            else:
                self._write(case, "undecided", rated=False, now_ns=end_ns)

    def takes(self, parcel: Parcel, receiver: str) -> bool:
        """Whether a segment waits for its rating; it is handed on, or not, later."""
        evaluation = self.evaluations.get(parcel.service.name)
        if evaluation is None:
            return False
        case = self._case(evaluation, parcel, receiver)
        if not case.reason:
            self._write(case, "shown", rated=False, now_ns=case.arrived_ns)
            return False
        if evaluation.then != "note" and parcel.deadline_ns is not None:
            case.limit_ns = parcel.deadline_ns - self._last_hop_ns(parcel, receiver)
            if case.limit_ns <= case.arrived_ns:
                case.failed = "deadline"
                self._write(case, "shown", rated=False, now_ns=case.arrived_ns)
                return False
            self.relay.transport.env.process(self._expire(case, case.limit_ns))
        self._open[case] = None
        self._gather(case)
        return evaluation.then != "note"

    def _last_hop_ns(self, parcel: Parcel, receiver: str) -> int:
        """Return how long a receiver needs to bring a segment to its users, by what it knows now."""
        reception = self.relay.reception
        downlink, rows = reception.downlinks.get(receiver), reception.log.rows(parcel, receiver)
        if downlink is None or not len(rows):
            return 0
        users = reception.downlink_users[receiver][rows]
        once = downlink.casts_once(parcel.service.name, parcel.multicast)
        # One more, so that what is rounded is not late.
        return to_ns(time_to_send_s(downlink, users, parcel.representation.bits, once=once)) + 1

    def _expire(self, case: _Case, limit_ns: int) -> Generator[simpy.Event, Any, None]:
        """Wait no longer for a rating; what still comes of it is ignored."""
        env = self.relay.transport.env
        yield env.timeout(limit_ns - self.relay.transport.now_ns)
        # After a rating that comes at this very instant, whose events were queued before.
        yield env.timeout(0)
        if case in self._open:
            case.failed = "deadline"
            self._conclude(case, rated=False)

    def _case(self, evaluation: Evaluation, parcel: Parcel, receiver: str) -> _Case:
        service, made = parcel.service, parcel.representation
        scene, rate, luck = self._lucks(evaluation, parcel)
        variant, bits_per_pixel = evaluation.variants[made.last_action]
        level, score = evaluation.ratings.drawn(
            variant, bits_per_pixel, evaluation.rater, scene=scene, rate=rate
        )
        reason = ""
        if parcel.purpose != REPAIR:
            place = (service.name, receiver)
            since = self._since_bad.get(place)
            reason = evaluation.trigger.reason(fidelity=made.semantic_fidelity, since_bad=since, luck=luck)
            if since is not None:
                self._since_bad[place] = since + 1
        return _Case(evaluation, parcel, receiver, level, score, reason, self.relay.transport.now_ns)

    def _lucks(self, evaluation: Evaluation, parcel: Parcel) -> tuple[float, float, float]:
        """Draw which measured scene a segment is like, between which settings, and whether it is rated at random.

        A scene that comes again is like the same measured one again, whatever is done to it.
        """
        content = parcel.index % len(parcel.service.track)
        counter = np.array([content, content, parcel.index], dtype=np.int64) * _LUCKS
        counter += np.array([_SCENE, _RATE, _TRIGGER])
        with np.errstate(over="ignore"):
            scene, rate, luck = hashed_uniform(evaluation.key ^ parcel.service.key, counter).tolist()
        return scene, rate, luck

    def _gather(self, case: _Case) -> None:
        """Send what the rater needs to its node, and rate when all of it is there."""
        evaluation, parcel = case.evaluation, case.parcel
        wanted = [
            (case.receiver, parcel.representation.bits),
            (parcel.service.source, evaluation.source_bits(parcel)),
        ]
        ways = [(origin, bits) for origin, bits in wanted if bits and origin != evaluation.node]
        case.waiting = len(ways)
        for origin, bits in ways:
            self._send(case, origin, evaluation.node, bits, self._gathered)
        if not ways:
            self._submit(case)

    def _gathered(self, case: _Case, complete: bool) -> None:
        """Something that the rater needs is at its node, or lost."""
        if case not in self._open:
            return
        case.waiting -= 1
        if not complete:
            case.failed = "lost on the way"
        if case.waiting:
            return
        case.transfer_ns = self.relay.transport.now_ns - case.arrived_ns
        if case.failed:
            self._conclude(case, rated=False)
        else:
            self._submit(case)

    def _submit(self, case: _Case) -> None:
        """Queue the rating on the GPU; one that would make the segment late is given up."""
        evaluation = case.evaluation
        gpu = self.relay.nodes[evaluation.node].gpu
        assert gpu is not None  # noqa: S101  (a check of the scenario)
        submitted_ns = self.relay.transport.now_ns

        def admit(finish_ns: int) -> bool:
            if case not in self._open:
                return False
            if case.limit_ns is None or self._back_ns(case, finish_ns) <= case.limit_ns:
                return True
            give_up("deadline")
            return False

        def give_up(why: str) -> None:
            if case in self._open:
                case.failed = why
                self._conclude(case, rated=False)

        def done(taken_ns: int, finished_ns: int) -> None:
            if case not in self._open:
                return
            case.wait_ns, case.compute_ns = taken_ns - submitted_ns, finished_ns - taken_ns
            if evaluation.node == case.receiver:
                self._conclude(case, rated=True)
            else:
                self._send(case, evaluation.node, case.receiver, evaluation.rating_bits, self._told)

        gpu.submit(
            Job(
                f"rater/{evaluation.rater}", evaluation.memory_bytes, to_ns(evaluation.seconds), admit, done,
                lambda: give_up("out of order"),
            )
        )  # fmt: skip

    def _back_ns(self, case: _Case, finish_ns: int) -> int:
        """Return when a rating that is done at an instant can be at the receiver, by what is on the way back now."""
        evaluation, transport = case.evaluation, self.relay.transport
        for link in evaluation.paths.get((evaluation.node, case.receiver), ()):
            transport.advance(link, transport.settled_ns)
            finish_ns = link.earliest_exit_ns(finish_ns, evaluation.rating_bits, 0)
        return finish_ns

    def _told(self, case: _Case, complete: bool) -> None:
        """The rating is at the receiver, or lost."""
        if case not in self._open:
            return
        if not complete:
            case.failed = "lost on the way"
        self._conclude(case, rated=complete)

    def _conclude(self, case: _Case, *, rated: bool) -> None:
        """Do what the rating says; without one the segment is shown."""
        del self._open[case]
        evaluation, parcel = case.evaluation, case.parcel
        now_ns = self.relay.transport.now_ns
        bad = rated and case.score <= evaluation.bad
        if bad:
            self._since_bad[parcel.service.name, case.receiver] = 1
        if evaluation.then == "note":
            # It was shown as it came.
            self._write(case, "shown", rated=rated, now_ns=case.arrived_ns)
            return
        if rated:
            parcel = parcel.with_stage("rate", evaluation.node, case.arrived_ns, now_ns)
        reception = self.relay.reception
        if not bad:
            self._write(case, "shown", rated=rated, now_ns=now_ns)
            reception.hand_over(parcel, case.receiver, now_ns)
        elif evaluation.then == "withhold":
            self._write(case, "withheld", rated=rated, now_ns=now_ns)
            reception.lose(parcel, LossReason.RATED_BAD, final=True)
        else:
            self._write(case, "refetched", rated=rated, now_ns=now_ns)
            self._fetch_again(case)

    def _fetch_again(self, case: _Case) -> None:
        """Send a segment again from its source, in place of what was rated bad."""
        parcel, action = case.parcel, case.evaluation.refetched_by
        now_ns, source = self.relay.transport.now_ns, parcel.service.source
        self._next_copy += 1
        again = replace(
            parcel, copy=self._next_copy, representation=Representation.source(parcel.source_bits), path=(source,),
            stages=(), forwards=(), purpose=REPAIR, plan=None if action is None else Plan(action, "cell"),
        ).with_stage("source", source, now_ns, now_ns)  # fmt: skip
        log = self.relay.reception.log
        entry = log.take(parcel, case.receiver)
        log.open(again, case.receiver, entry.rows, entry.missing_bits)
        self.relay.start(again)

    def _send(
        self, case: _Case, origin: str, target: str, bits: int, told: Callable[[_Case, bool], None]
    ) -> None:
        """Send bits from node to node; links count them as background, which ends where it arrives."""
        relay = self.relay
        leg: Leg | None = None
        for link in reversed(case.evaluation.paths[origin, target]):
            leg = Leg(link, () if leg is None else (leg,), stop=leg is None)
        assert leg is not None  # noqa: S101  (paths between different nodes have links)
        sizes, discriminative = packetise(bits, 0, relay.packet_bits)
        case.sent_bits += bits
        (hop,) = relay.transport.launch(
            Train(_train_key(case, origin, target), sizes, discriminative, None), [leg]
        )
        hop.connect(())

        def arrived(hop: Hop) -> None:
            told(case, hop.tail_ns is not None and bool(hop.complete_copies().all()))

        relay.transport.on_tail(hop, arrived)

    def _write(self, case: _Case, outcome: str, *, rated: bool, now_ns: int) -> None:
        evaluation, parcel = case.evaluation, case.parcel
        log = self.relay.reception.log
        compute_s = to_s(case.compute_ns)
        power_w = evaluation.power_w
        self.relay.writer.add(
            EvaluationRecord(
                evaluation=evaluation.name,
                service=parcel.service.name,
                index=parcel.index,
                receiver=log.receiver_names[case.receiver],
                purpose=parcel.purpose,
                warmup=parcel.offered_ns < log.warmup_ns,
                time_s=to_s(case.arrived_ns),
                action=parcel.representation.last_action,
                true_level=case.level,
                reason=case.reason,
                node=evaluation.node,
                rater=evaluation.rater,
                score=case.score if rated else None,
                rated_bad=case.score <= evaluation.bad if rated else None,
                outcome=outcome,
                failed=case.failed,
                sent_bits=case.sent_bits,
                transfer_s=to_s(case.transfer_ns),
                wait_s=to_s(case.wait_ns),
                compute_s=compute_s,
                delay_s=to_s(now_ns - case.arrived_ns),
                energy_joule=None if power_w is None else compute_s * power_w,
            )
        )


def _train_key(case: _Case, origin: str, target: str) -> np.uint64:
    """Return a key of its own for what is sent for a segment at a receiver from node to node."""
    parcel, evaluation = case.parcel, case.evaluation
    words = (parcel.service.name, parcel.index, parcel.copy, case.receiver, origin, target)
    digest = hashlib.sha256(repr(words).encode()).digest()
    return np.uint64(evaluation.key ^ np.frombuffer(digest, dtype="<u8")[0])
