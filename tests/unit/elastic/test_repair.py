"""Repair of lost broadcast segments: who asks when, what cells fetch, and what waits for a hand-over."""

from types import SimpleNamespace

import numpy as np
import pytest
import simpy

from netgen.elastic.repair import Backoff, RepairDesk
from netgen.elastic.roster import Roster
from netgen.elastic.switch_book import SwitchBook
from netgen.engine.parcel import REPAIR, STREAM, Parcel
from netgen.engine.segment_log import SegmentLog
from netgen.generative.representation import Representation
from netgen.ledger import LedgerWriter, LossReason
from netgen.policy import Serve

S = 10**9
AIR = "mast:air"


def rows(*numbers):
    return np.array(numbers, dtype=np.int64)


class Desk:
    """A desk for service `s` whose users ask `offset_s` and up to `backoff_s` after a loss."""

    def __init__(self, people, folder, *, offset_s=0.5, backoff_s=0.0, deadline_s=3.0, positions=None):
        self.env = simpy.Environment(0)
        self.roster = Roster(people)
        self.started, self.delivered, self.lost = [], [], []
        self.switches = SwitchBook(people.users, people.services)
        self.log = SegmentLog(LedgerWriter(folder), warmup_ns=0, receiver_names={}, source_kinds={})
        places = np.arange(len(people.users)) if positions is None else np.array(positions)
        reception = SimpleNamespace(
            log=self.log, population=people, downlink_users={"c1": places, "c2": places},
            deliver=lambda parcel, cell, now_ns: self.delivered.append((now_ns / S, cell, self.taken(parcel, cell))),
            lose=self._lose,
        )  # fmt: skip
        self.books = {name: SimpleNamespace(copied_bits=0, delivered_bits=0) for name in ("c1", "c2")}
        relay = SimpleNamespace(
            reception=reception, start=lambda parcel: self.started.append((self.env.now / S, parcel)),
            nodes={name: SimpleNamespace(books=books) for name, books in self.books.items()},
        )  # fmt: skip
        backoff = Backoff(round(offset_s * S), round(backoff_s * S), np.uint64(7))
        self.desk = RepairDesk(self.env, relay, self.roster, self.switches, backoff={"s": backoff})
        self.deadline_ns = None if deadline_s is None else round(deadline_s * S)

    def _lose(self, parcel, reason, *, final=False):
        self.lost.append((self.env.now / S, self.taken(parcel, AIR), reason, final))

    def taken(self, parcel, receiver):
        """Whom an open segment was for, and what they lack; it is closed by that."""
        entry = self.log.take(parcel, receiver)
        return dict(zip(entry.rows.tolist(), entry.missing_bits.tolist(), strict=True))

    def parcel(self, index=0, name="s", bits=1000):
        service = SimpleNamespace(
            name=name, key=np.uint64(3), source="core", deadline_ns=self.deadline_ns, semantic_bits=8.0
        )
        return Parcel(
            service=service, index=index, frames=25, source_bits=bits, copies=1, copy=0, offered_ns=0,
            representation=Representation.source(bits), receivers=(AIR,), path=("core", "mast"), stages=(),
            multicast=True,
        )  # fmt: skip

    def loses(self, at_s, *who, bits=None, **which):
        """Users lose a segment; return who may still get it."""
        self.wait(at_s)
        missing = np.full(len(who), 100) if bits is None else np.array(bits)
        parcel = self.parcel(**which)
        return self.desk.recover(parcel, AIR, rows(*who), missing, LossReason.RECEPTION).tolist()

    def serve(self, target, *who):
        self.roster.begin(rows(*who), int(target))
        self.roster.finish(rows(*who), np.ones(len(who), dtype=bool), self.env.now / S)

    def hand_over(self, at_s, target, *who):
        """Users are handed over at an instant, with their contexts."""
        self.wait(at_s)
        names = np.full(len(who), "x")
        numbers = self.switches.open(
            rows(*who),
            mode="continuation",
            decision=0,
            decided_s=0.0,
            origin=names,
            target=names,
            context_bits=1,
        )
        self.serve(target, *who)
        self.roster.switch[rows(*who)] = numbers
        self.desk.resend("s", rows(*who))

    def wait(self, until_s):
        """Let everything happen up to an instant, and what happens at it."""
        until_ns = round(until_s * S)
        while self.env.peek() <= until_ns:
            self.env.step()
        if until_ns > self.env.now:
            self.env.run(until=until_ns)

    def requests(self):
        """What has been fetched: when, for which cell and segment, and for whom with what missing."""
        return [
            (round(at_s, 6), parcel.receivers[0], parcel.index, self.taken(parcel, parcel.receivers[0]))
            for at_s, parcel in self.started
        ]


@pytest.fixture
def desk(population, tmp_path):
    def make(*kinds, **how):
        return Desk(population(*kinds), tmp_path, **how)

    return make


def test_another_service_is_not_repaired(desk):
    made = desk("tower")
    made.serve(Serve.REPAIRED, 0)
    assert made.loses(1.0, 0, name="other") == [False]
    made.wait(9.0)
    assert made.started == []


def test_who_is_repaired_asks_after_the_offset_for_what_is_missing(desk):
    made = desk("tower", "tower")
    made.serve(Serve.REPAIRED, 0, 1)
    assert made.loses(1.0, 0, 1, bits=[100, 40], index=7) == [True, True]
    made.wait(1.49)
    assert made.started == []
    made.wait(9.0)
    ((_, parcel),) = made.started
    assert (parcel.purpose, parcel.copies, parcel.multicast, parcel.plan) == (REPAIR, 1, False, None)
    assert (parcel.path, parcel.offered_ns, parcel.source_bits) == (("core",), 0, 1000)
    assert [(stage.kind, stage.where, stage.start_s) for stage in parcel.stages] == [("source", "core", 1.0)]
    assert made.requests() == [(1.5, "c1", 7, {0: 100, 1: 40})]
    assert made.desk.requests == 2


def test_whom_a_cell_carries_is_sent_it_at_once(desk):
    made = desk("tower", "tower")
    made.serve(Serve.CELLULAR, 1)
    made.serve(Serve.REPAIRED, 0)
    assert made.loses(1.0, 0, 1) == [True, True]
    made.wait(1.0)
    assert [at_s for at_s, _ in made.started] == [1.0]
    made.wait(9.0)
    # The other asks while the cell still fetches, and waits for that.
    assert made.requests() == [(1.0, "c1", 0, {1: 100})]
    assert made.delivered == []


@pytest.mark.parametrize(("at_s", "taken"), [(2.499, True), (2.5, False), (2.9, False)])
def test_nobody_asks_for_what_cannot_be_there_before_its_deadline(desk, at_s, taken):
    made = desk("tower")
    made.serve(Serve.REPAIRED, 0)
    assert made.loses(at_s, 0) == [taken]
    made.wait(9.0)
    assert len(made.started) == taken


def test_without_a_deadline_everybody_asks_and_nobody_waits(desk):
    made = desk("tower", "tower", deadline_s=None)
    made.serve(Serve.REPAIRED, 0)
    assert made.loses(50.0, 0, 1) == [True, False]


def test_who_has_no_cell_is_not_helped(desk):
    made = desk("tower-only", "tower")
    assert made.loses(1.0, 0, 1) == [False, True]


def test_the_back_off_spreads_requests_in_a_hundred_steps_by_the_users_luck(desk):
    made = desk(*["tower"] * 400, backoff_s=1.0)
    made.serve(Serve.REPAIRED, *range(400))
    assert all(made.loses(1.0, *range(400)))
    # The cell has the segment at once, so that each group's request is served when it comes.
    made.desk.arrived(made.parcel(), "c1")
    made.wait(9.0)
    when = [at_s for at_s, _, _ in made.delivered]
    assert 1.5 < min(when) < 1.52
    assert 2.48 < max(when) <= 2.5
    assert 90 < len(when) <= 100
    assert np.allclose(np.array(when) * 100, np.round(np.array(when) * 100))
    groups = [set(who) for _, _, who in made.delivered]
    assert sum(map(len, groups)) == len(set().union(*groups)) == 400
    first_half = sum(len(group) for at_s, group in zip(when, groups, strict=True) if at_s <= 2.0)
    assert first_half == pytest.approx(200, abs=40)  # four standard deviations


def test_luck_belongs_to_user_and_segment(desk):
    made = desk(*["tower"] * 20, backoff_s=1.0)
    backoff = made.desk.backoff["s"]
    at_ns = made.desk._asks_ns(made.parcel(), np.arange(20), backoff)
    few = made.desk._asks_ns(made.parcel(), rows(3, 17), backoff)
    assert few.tolist() == at_ns[[3, 17]].tolist()  # whoever else has lost it
    assert (made.desk._asks_ns(made.parcel(index=1), np.arange(20), backoff) != at_ns).sum() > 15


def test_who_asks_the_same_cell_at_the_same_instant_shares_a_request(desk):
    made = desk("tower", "other-cell", "tower", "tower", positions=[2, 0, 1, 0])
    made.serve(Serve.REPAIRED, 0, 2, 3)
    assert made.loses(1.0, 3, 0, 1, 2, bits=[30, 10, 20, 40]) == [True] * 4
    made.wait(9.0)
    assert made.requests() == [(1.0, "c2", 0, {1: 20}), (1.5, "c1", 0, {3: 30, 2: 40, 0: 10})]


def test_requests_come_in_the_order_of_the_cells_queues(desk):
    made = desk("tower", "tower", "tower", positions=[2, 0, 1])
    made.serve(Serve.REPAIRED, 0, 1, 2)
    made.loses(1.0, 0, 1, 2)
    made.wait(9.0)
    ((_, _, _, who),) = made.requests()
    assert list(who) == [1, 2, 0]


def test_a_cell_fetches_a_segment_once_and_serves_later_requests_from_its_store(desk):
    made = desk("tower", "tower", "tower")
    made.serve(Serve.REPAIRED, 0, 1, 2)
    made.loses(1.0, 0)
    made.loses(1.2, 1)
    made.wait(1.8)
    assert [(at_s, parcel.receivers) for at_s, parcel in made.started] == [(1.5, ("c1",))]
    assert made.delivered == []  # the second waits since 1.7 s
    made.desk.arrived(made.started[0][1], "c1")
    assert made.delivered == [(pytest.approx(1.8), "c1", {1: 100})]
    made.loses(2.0, 2)
    made.wait(9.0)
    assert made.delivered[1:] == [(pytest.approx(2.5), "c1", {2: 100})]
    assert len(made.started) == 1
    # What comes from the store is copied there, whole.
    assert (made.books["c1"].copied_bits, made.books["c1"].delivered_bits) == (2000, 2000)
    assert made.books["c2"].copied_bits == 0


def test_each_cell_and_each_segment_is_fetched_for_itself(desk):
    made = desk("tower", "other-cell")
    made.serve(Serve.REPAIRED, 0)
    for index in (0, 1):
        made.loses(1.0, 0, 1, index=index)
    made.wait(9.0)
    found = {(cell, index) for _, cell, index, _ in made.requests()}
    assert found == {("c1", 0), ("c1", 1), ("c2", 0), ("c2", 1)}


def test_what_a_cell_fetched_in_vain_it_fetches_for_the_next_who_waits(desk):
    made = desk("tower", "tower", "tower")
    made.serve(Serve.REPAIRED, 0, 1, 2)
    for row, at_s in enumerate((1.0, 1.1, 1.2)):
        made.loses(at_s, row)
    made.wait(2.0)
    assert len(made.started) == 1
    made.desk.failed(made.started[0][1], "c1")
    assert len(made.started) == 2
    made.desk.arrived(made.started[1][1], "c1")
    assert [who for _, _, who in made.delivered] == [{2: 100}]
    assert [who for *_, who in made.requests()] == [{0: 100}, {1: 100}]


def test_after_a_failure_without_anybody_waiting_the_next_request_begins_anew(desk):
    made = desk("tower", "tower")
    made.serve(Serve.REPAIRED, 0, 1)
    made.loses(1.0, 0)
    made.wait(1.5)
    made.desk.failed(made.started[0][1], "c1")
    made.loses(2.0, 1)
    made.wait(9.0)
    assert [round(at_s, 6) for at_s, _ in made.started] == [1.5, 2.5]


def test_a_loss_waits_in_the_context_until_its_deadline(desk):
    made = desk("tower", "tower")
    assert made.loses(1.0, 0, 1, bits=[10, 20]) == [True, True]
    made.wait(2.99)
    assert made.lost == []
    made.wait(9.0)
    assert made.lost == [(3.0, {0: 10, 1: 20}, LossReason.RECEPTION, True)]
    assert made.started == []


def test_at_its_deadline_nothing_is_kept(desk):
    made = desk("tower")
    assert made.loses(3.0, 0) == [False]


def test_a_hand_over_has_what_the_context_holds_sent_at_once(desk):
    made = desk("tower", "tower", "tower")
    made.loses(1.0, 0, 1, 2, index=1, bits=[10, 20, 30])
    made.loses(1.5, 1, index=2)
    made.hand_over(2.0, Serve.CELLULAR, 1, 2)
    made.wait(9.0)
    assert made.requests() == [(2.0, "c1", 1, {1: 20, 2: 30}), (2.0, "c1", 2, {1: 100})]
    assert made.switches._resent.tolist() == [2, 1]
    # Who stayed loses the segment at its deadline; whoever was handed over does not.
    assert made.lost == [(3.0, {0: 10}, LossReason.RECEPTION, True)]


def test_who_is_to_be_repaired_is_sent_what_the_context_holds_too(desk):
    made = desk("tower")
    made.loses(1.0, 0)
    made.hand_over(2.0, Serve.REPAIRED, 0)
    made.wait(9.0)
    assert made.requests() == [(2.0, "c1", 0, {0: 100})]
    assert made.lost == []


def test_a_context_holds_nothing_that_is_overdue_or_was_sent_again(desk):
    made = desk("tower")
    made.loses(1.0, 0)
    made.hand_over(3.5, Serve.CELLULAR, 0)
    assert made.started == []
    assert made.switches._resent.tolist() == [0]
    made.desk.resend("s", rows(0))
    made.desk.resend("other", rows(0))
    made.wait(9.0)
    assert made.started == []
    assert len(made.lost) == 1


def test_what_is_held_is_still_the_stream_and_repairs_are_told_apart(desk):
    made = desk("tower", "tower")
    made.loses(1.0, 0)
    made.serve(Serve.REPAIRED, 1)
    made.loses(1.0, 1)
    made.wait(2.0)
    (entry,) = [entry for entry in made.log._open.values() if entry.parcel.purpose == STREAM]
    assert entry.rows.tolist() == [0]
    copies = [entry.parcel.copy for entry in made.log._open.values()]
    assert len(set(copies)) == 2
    assert min(copies) > 1 << 20
