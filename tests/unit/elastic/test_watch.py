"""What the cellular core sees of its cells, and whom they take on."""

from types import SimpleNamespace

import numpy as np
import pytest
import simpy

from netgen.access.downlink import Downlink
from netgen.access.download import Download
from netgen.elastic.roster import Roster
from netgen.elastic.watch import CellWatch, _first_that_fit
from netgen.policy import Serve
from netgen.topology.outages import Outages
from netgen.transport.train import Meaning

S = 10**9


def rows(*numbers):
    return np.array(numbers, dtype=np.int64)


class Cells:
    """Two cells of 10 bit/s with users of 2 bit/s each, and a watch over them."""

    def __init__(self, people, *, admission=None, cuts=(), rate_bps=2.0, peak_bps=10.0, asked=True, looks=1):
        self.env = simpy.Environment(0)
        self.population = people
        self.roster = Roster(people)
        count = len(people.users)
        self.downlinks, positions = {}, {}
        for name in ("c1", "c2"):
            if name in people.carriers:
                self.downlinks[name] = Downlink(
                    self.env, f"{name}:downlink", capacity_bps=10.0, peak_bps=np.full(count, peak_bps), epoch_ns=S,
                    interval_ns=S, end_ns=100 * S, outages=Outages.of(cuts if name == "c1" else ()),
                )  # fmt: skip
                positions[name] = np.arange(count)
        reception = SimpleNamespace(population=people, downlink_users=positions)
        nodes = {name: SimpleNamespace(gpu=None) for name in self.downlinks}
        self.watch = CellWatch(
            self.downlinks, reception, nodes, self.roster,
            rate_bps=np.broadcast_to(np.asarray(rate_bps, dtype=float), (count,)), admission=admission,
            asked=np.broadcast_to(np.asarray(asked, dtype=bool), (count,)), looks=looks,
        )  # fmt: skip

    def look(self, time_s):
        self.env.run(until=round(time_s * S) + 1)
        self.watch.look(time_s)
        return self.watch.cells


def test_without_a_limit_everybody_is_taken_on(population):
    cells = Cells(population("cell", "cell", "tower"))
    assert cells.watch.admit(rows(0, 1, 2)).tolist() == [True] * 3
    first, *_ = cells.look(0.0)
    assert (first.name, first.users, first.blocked, first.on_air, first.late) == ("c1", 2, 0, True, 0.0)


def test_a_cell_takes_users_on_up_to_its_room_and_says_whom_it_blocked(population):
    cells = Cells(population(*["cell"] * 6), admission=0.5)
    cells.look(0.0)
    assert cells.watch.admit(rows(*range(6))).tolist() == [True, True, False, False, False, False]
    (seen,) = cells.look(1.0)
    assert seen.blocked == 4
    # Who has been taken on stays so; asked again, the others still do not fit.
    assert cells.watch.admit(rows(5, 0, 1)).tolist() == [False, True, True]
    (seen,) = cells.look(2.0)
    assert seen.blocked == 1


def test_a_small_one_fits_behind_a_large_one_that_does_not(population):
    cells = Cells(population(*["cell"] * 4), admission=0.5, rate_bps=[3.0, 3.0, 1.0, 1.5])
    cells.look(0.0)
    assert cells.watch.admit(rows(0, 1, 2, 3)).tolist() == [True, False, True, False]


def test_the_room_of_who_goes_is_free_from_the_next_look_on(population):
    cells = Cells(population(*["cell"] * 3), admission=0.4)
    cells.look(0.0)
    assert cells.watch.admit(rows(0, 1, 2)).tolist() == [True, True, False]
    cells.roster.begin(rows(0), Serve.BROADCAST)
    cells.roster.finish(rows(0), np.array([True]), 0.5)
    cells.watch.release(rows(0))
    assert cells.watch.admit(rows(2)).tolist() == [False]
    cells.look(1.0)
    assert cells.watch.admit(rows(2)).tolist() == [True]


def test_who_watches_no_more_takes_no_room(population):
    people = population(*["cell"] * 3, leave_s=np.array([0.5, np.inf, np.inf]))
    cells = Cells(people, admission=0.4)
    cells.look(0.0)
    cells.watch.admit(rows(0, 1, 2))
    (seen,) = cells.look(1.0)
    assert seen.users == 2
    assert cells.watch.admit(rows(2)).tolist() == [True]


def test_nobody_is_taken_on_in_an_outage_and_those_who_are_keep_their_room(population):
    cells = Cells(population(*["cell"] * 4), admission=0.4, cuts=[(1.5, 2.5)])
    cells.look(0.0)
    cells.watch.admit(rows(0, 1))
    (seen,) = cells.look(2.0)
    assert not seen.on_air
    assert cells.watch.shares(rows(2)).tolist() == [np.inf]
    assert cells.watch.admit(rows(0, 1, 2)).tolist() == [True, True, False]
    cells.env.run(until=2.6 * S)
    assert cells.watch.admit(rows(2, 3)).tolist() == [False, False]


def test_a_rate_above_the_peak_rate_is_never_taken_on(population):
    cells = Cells(population("cell"), admission=1.0, peak_bps=1.0)
    cells.look(0.0)
    assert cells.watch.admit(rows(0)).tolist() == [False]


def test_each_row_is_seen_in_the_cell_that_it_has(population):
    cells = Cells(population("cell", "other-cell", "tower", "tower-only", "wired"), rate_bps=[1, 2, 3, 4, 5])
    everybody = rows(0, 1, 2, 3, 4)
    assert cells.watch.names == ("c1", "c2")
    assert cells.watch.part_of(everybody).tolist() == [0, 1, 0, -1, -1]
    assert cells.watch.shares(everybody).tolist() == [0.1, 0.2, 0.3, np.inf, np.inf]
    # Of one service, once per cell, by its highest rate there.
    assert cells.watch.multicast_shares(everybody).tolist() == [0.3, 0.2]
    assert [cell.users for cell in cells.look(0.0)] == [1, 1]


def test_the_late_are_those_of_the_segments_that_ended_since_the_last_look(population):
    cells = Cells(population("cell", "cell", "tower"))
    people = cells.population
    people.delivered[:] = [3, 1, 5]
    people.late[1], people.lost[0], people.lost[2] = 1, 1, 9
    (seen,) = cells.look(1.0)
    assert seen.late == pytest.approx(2 / 6)
    (seen,) = cells.look(2.0)
    assert seen.late == 0.0


@pytest.mark.parametrize(
    ("share", "room", "fits"),
    [
        ([], 1.0, []),
        ([0.5, 0.5], 1.0, [True, True]),
        ([0.1] * 10, 1.0, [True] * 10),  # though the sum of floats is not 1
        ([0.6, 0.6, 0.4], 1.0, [True, False, True]),
        ([2.0, 0.5, 2.0, 0.5, 0.1], 1.0, [False, True, False, True, False]),
        ([0.1], 0.0, [False]),
        ([0.1], -0.5, [False]),
    ],
)
def test_first_that_fit(share, room, fits):
    assert _first_that_fit(np.array(share, dtype=float), room).tolist() == fits


def test_a_multicast_takes_what_its_weakest_member_takes(population):
    """Of 5 bit/s two are taken by one unicast; a multicast has room with all its members, one more unicast has not."""
    cells = Cells(population(*["cell"] * 5), admission=0.5)
    cells.roster.multicast[[1, 2, 3]] = True
    cells.look(0.0)
    assert cells.watch.admit(rows(0, 1, 2, 3, 4)).tolist() == [True, True, True, True, False]
    cells.look(1.0)
    assert cells.watch.admit(rows(4)).tolist() == [False]
    # Without the multicast there is room again.
    cells.watch.release(rows(1, 2, 3))
    cells.look(2.0)
    assert cells.watch.admit(rows(4)).tolist() == [True]


def test_who_is_not_asked_has_room_whatever_that_leaves_to_others(population):
    cells = Cells(population(*["cell"] * 4), admission=0.5, asked=[False, False, True, True])
    cells.look(0.0)
    assert cells.watch.admit(rows(0, 1, 2, 3)).tolist() == [True, True, False, False]
    cells.watch.weight[0] = 0.5  # 1 bit/s of enhancements as control bits
    cells.watch.release(rows(0, 1))
    cells.look(1.0)
    assert cells.watch.admit(rows(0, 1, 2, 3)).tolist() == [True, True, True, False]


def test_loads_and_shares_are_means_over_looks(population):
    """A burst of 10 bit fills the instant and the first second, then the cell idles."""
    cells = Cells(population("cell", "cell"), looks=2)
    cells.downlinks["c1"].enqueue(
        Download(
            users=np.array([0]),
            size_bits=10,
            generative_share=0.0,
            meaning=Meaning("film", 0, 1.0),
            done=lambda *_: None,
            service="s",
        )
    )
    loads = [cells.look(at_s)[0].load for at_s in (0.0, 1.0, 2.0, 3.0)]
    assert loads == pytest.approx([1.0, 1.0, 0.5, 0.0], abs=1e-6)
    cells.watch.rate_bps = np.array([4.0, 2.0])
    assert cells.watch.shares(rows(0, 1)).tolist() == pytest.approx([(0.2 + 0.4) / 2, 0.2])
    cells.watch.rate_bps = np.array([40.0, 2.0])
    assert cells.watch.shares(rows(0, 1)).tolist() == [np.inf, 0.2]
