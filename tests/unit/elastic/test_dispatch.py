"""Which carriers a segment is sent to, and who is refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from netgen.elastic.dispatch import CarrierDispatcher
from netgen.elastic.roster import Roster
from netgen.engine.service import Shipment
from netgen.ledger import Balance
from netgen.policy import Serve

S = 10**9


def rows(*numbers):
    return np.array(numbers, dtype=np.int64)


class Carriers:
    """A dispatcher for some users of service `s`, which goes to the tower, to c1 and to c2."""

    def __init__(self, people, *, refused=(), silent=(), positions=None):
        self.population, self.roster = people, Roster(people)
        self.refused, self.silent, self.now_s = set(refused), set(silent), 0.0
        self.asked, self.calls, self.arranged = [], [], []
        count = len(people.users)
        self.reception = SimpleNamespace(
            population=people, broadcasts={"mast:air": None}, downlinks={"c1": None, "c2": None},
            downlink_users=dict.fromkeys(("c1", "c2"), np.arange(count) if positions is None else positions),
            refuse=lambda parcel, receiver, mine: self.calls.append((parcel, receiver, mine.tolist())),
        )  # fmt: skip
        plain = SimpleNamespace(shipments=lambda service, index: [Shipment((f"{service.name}:{index}",))])
        added = SimpleNamespace(
            shipments=lambda service, index, now_s: [Shipment((f"added:{index}:{now_s:g}",))]
        )
        self.dispatcher = CarrierDispatcher(
            plain=plain, services=frozenset({"s"}), additions={"more": added}, reception=self.reception,
            watch=SimpleNamespace(roster=self.roster, admit=self._admit),
            carries=lambda service, channel: (service, channel) not in self.silent,
            arrange=self.arranged.append, now_ns=lambda: round(self.now_s * S),
        )  # fmt: skip

    def _admit(self, mine):
        self.asked.append(mine.tolist())
        return np.array([row not in self.refused for row in mine.tolist()], dtype=bool)

    def ship(self, name="s", index=0, receivers=("mast:air", "c1", "c2")):
        service = SimpleNamespace(
            name=name, paths=dict.fromkeys(receivers, ()), size=lambda index: (1000, 25), source="core",
            semantic_bits=8.0, deadline_ns=None,
        )  # fmt: skip
        return self.dispatcher.shipments(service, index)

    def found(self, **how):
        return {shipment.receivers: shipment.rows.tolist() for shipment in self.ship(**how)}

    def move(self, row, target):
        self.roster.begin(rows(row), target)
        self.roster.finish(rows(row), np.array([True]), 0.0)


def test_each_carrier_gets_one_parcel_for_those_whom_it_serves(population):
    carriers = Carriers(population("tower", "cell", "other-cell", "tower", "cell"))
    assert carriers.found() == {("mast:air",): [0, 3], ("c1",): [1, 4], ("c2",): [2]}
    assert carriers.calls == []


def test_a_tower_sends_whether_or_not_anybody_is_there_and_a_cell_does_not(population):
    carriers = Carriers(population("cell", "cell"))
    assert carriers.found() == {("mast:air",): [], ("c1",): [0, 1]}
    alone = Carriers(population("tower-only"))
    assert alone.found() == {("mast:air",): [0]}


def test_whoever_is_moved_gets_the_next_segment_from_the_new_carrier(population):
    carriers = Carriers(population("tower", "tower"))
    assert carriers.found() == {("mast:air",): [0, 1]}
    carriers.roster.begin(rows(1), Serve.CELLULAR)
    assert carriers.found() == {("mast:air",): [0, 1]}  # not yet
    carriers.roster.finish(rows(1), np.array([True]), 1.0)
    assert carriers.found() == {("mast:air",): [0], ("c1",): [1]}
    carriers.move(0, Serve.REPAIRED)
    assert carriers.found() == {("mast:air",): [0], ("c1",): [1]}  # repaired is served by the tower
    assert carriers.dispatcher.balances() == [Balance("carried", "s", 8.0, 8.0)]


def test_a_silent_tower_is_left_out_and_cells_serve_whom_they_can(population):
    people = population("tower", "cell", "tower-only", "tower")
    carriers = Carriers(people, silent={("s", "mast:air")})
    assert carriers.found() == {("c1",): [0, 1, 3]}
    # Who has no cell misses the segment, and is counted as refused by the tower.
    ((parcel, receiver, mine),) = carriers.calls
    assert (receiver, mine) == ("mast:air", [2])
    assert (parcel.receivers, parcel.index, parcel.source_bits, parcel.path) == (
        ("mast:air",),
        0,
        1000,
        ("core",),
    )
    # They are still the tower's: when it sends again, so are their segments.
    carriers.silent.clear()
    assert carriers.found() == {("mast:air",): [0, 2, 3], ("c1",): [1]}
    assert carriers.dispatcher.balances() == [Balance("carried", "s", 8.0, 8.0)]


def test_a_cell_without_room_refuses_and_sends_to_the_others(population):
    carriers = Carriers(population("cell", "cell", "cell", "tower"), refused={1})
    assert carriers.found(index=4) == {("mast:air",): [3], ("c1",): [0, 2]}
    ((parcel, receiver, mine),) = carriers.calls
    assert (receiver, mine, parcel.index, parcel.offered_ns) == ("c1", [1], 4, 0)
    assert [stage.kind for stage in parcel.stages] == ["source"]
    assert carriers.asked == [[0, 1, 2], []]
    assert carriers.dispatcher.balances() == [Balance("carried", "s", 4.0, 4.0)]


def test_what_is_refused_by_several_is_told_apart_from_what_is_sent(population):
    carriers = Carriers(population("cell", "other-cell"), refused={0, 1})
    assert carriers.found() == {("mast:air",): []}
    assert [(receiver, mine) for _, receiver, mine in carriers.calls] == [("c1", [0]), ("c2", [1])]
    assert {parcel.copy for parcel, _, _ in carriers.calls} == {1 << 21}


def test_users_of_a_cell_come_in_the_order_of_its_queues(population):
    carriers = Carriers(population("cell", "cell", "cell"), positions=np.array([2, 0, 1]))
    assert carriers.found() == {("mast:air",): [], ("c1",): [1, 2, 0]}


@pytest.mark.parametrize(("now_s", "expected"), [(0.0, [0]), (2.0, [0, 1]), (5.0, [1])])
def test_only_who_watches_is_offered_a_segment(population, now_s, expected):
    people = population("cell", "cell", leave_s=np.array([5.0, np.inf]))
    people.join_s[1] = 2.0
    carriers = Carriers(people)
    carriers.now_s = now_s
    assert carriers.found()[("c1",)] == expected
    assert carriers.dispatcher.watching == {"s": len(expected)}


def test_users_of_one_cell_may_be_cast_to_in_both_ways(population):
    carriers = Carriers(population("cell", "cell", "cell", "other-cell"))
    carriers.roster.multicast[[0, 2]] = True
    found = [
        (each.receivers, each.rows.tolist(), each.multicast) for each in carriers.ship(receivers=("c1", "c2"))
    ]
    assert found == [(("c1",), [0, 2], True), (("c1",), [1], False), (("c2",), [3], False)]
    assert carriers.arranged == ["s"]


def test_what_does_not_collaborate_is_sent_as_ever_and_enhancements_as_their_policy_says(population):
    carriers = Carriers(population("cell"))
    assert [shipment.receivers for shipment in carriers.ship("film", 3)] == [("film:3",)]
    carriers.now_s = 2.5
    assert [shipment.receivers for shipment in carriers.ship("more", 4)] == [("added:4:2.5",)]
    assert carriers.dispatcher.balances() == []


def test_a_user_without_any_carrier_shows_in_the_balance(population):
    """A service that is not sent to the user's cell: nobody serves, nobody refuses."""
    carriers = Carriers(population("cell", "other-cell"))
    assert carriers.found(receivers=("mast:air", "c1")) == {("mast:air",): [], ("c1",): [0]}
    assert carriers.dispatcher.balances() == [Balance("carried", "s", 2.0, 1.0)]
