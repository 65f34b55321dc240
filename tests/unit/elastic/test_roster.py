"""How users are served: which moves are legal, and where they end."""

import numpy as np
import pytest

from netgen.elastic.roster import NO_SWITCH, Roster
from netgen.policy import Serve

B, R, C = Serve.BROADCAST, Serve.REPAIRED, Serve.CELLULAR
YES, NO = np.array([True]), np.array([False])


def rows(*numbers):
    return np.array(numbers, dtype=np.int64)


@pytest.fixture
def roster(population):
    return Roster(population("tower", "cell", "tower-only", "cell-only", "wired"))


def test_everybody_begins_where_they_are(roster):
    assert roster.serve.tolist() == [B, C, B, C, B]
    assert not roster.moving(rows(0, 1, 2, 3, 4)).any()
    assert roster.switch.tolist() == [NO_SWITCH] * 5
    assert np.isneginf(roster.since_s).all()
    assert roster.legal()


@pytest.mark.parametrize(("origin", "target"), [(a, b) for a in Serve for b in Serve if a != b])
def test_every_change_of_somebody_with_both_is_legal_and_has_the_carrier_follow(population, origin, target):
    roster = Roster(population("tower", "tower"))
    if origin != B:
        roster.begin(rows(0), origin)
        roster.finish(rows(0), YES, 1.0)
    before = roster.population.carrier[0]
    roster.begin(rows(0), target)
    assert roster.moving(rows(0, 1)).tolist() == [True, False]
    assert roster.serve[0] == origin
    assert roster.population.carrier[0] == before
    assert roster.legal()
    roster.finish(rows(0), YES, 2.5)
    assert roster.serve[0] == target
    assert roster.since_s[0] == 2.5
    assert roster.population.carrier[0] == (roster.cell if target == C else roster.tower)[0]
    assert roster.population.switches[0] == (2 if origin != B else 1)
    assert roster.legal()


def test_a_move_that_is_refused_ends_where_it_began(roster):
    roster.begin(rows(0, 1), np.array([C, B]))
    roster.finish(rows(0, 1), np.array([False, True]), 3.0)
    assert roster.serve[:2].tolist() == [B, B]
    assert not roster.moving(rows(0, 1)).any()
    assert roster.since_s[:2].tolist() == [-np.inf, 3.0]
    assert roster.population.switches[:2].tolist() == [0, 1]
    assert roster.legal()


@pytest.mark.parametrize(
    ("row", "target", "message"),
    [
        (0, B, "row 0 cannot go from BROADCAST to BROADCAST$"),
        (1, C, "row 1 cannot go from CELLULAR to CELLULAR$"),
        (2, C, "row 2 cannot go from BROADCAST to CELLULAR$"),  # has no cell
        (2, R, "row 2 cannot go from BROADCAST to REPAIRED$"),
        (3, B, "row 3 cannot go from CELLULAR to BROADCAST$"),  # has no tower
        (3, R, "row 3 cannot go from CELLULAR to REPAIRED$"),
        (4, C, "row 4 cannot go from BROADCAST to CELLULAR$"),
    ],
)
def test_a_move_to_a_carrier_that_is_not_there_is_refused_loudly(roster, row, target, message):
    with pytest.raises(RuntimeError, match=message):
        roster.begin(rows(row), target)
    assert not roster.moving(rows(row)).any()


def test_who_is_moving_cannot_be_moved_and_who_is_not_cannot_arrive(roster):
    roster.begin(rows(0), C)
    with pytest.raises(RuntimeError, match="row 0 cannot go from BROADCAST to REPAIRED, for it is moving"):
        roster.begin(rows(0), R)
    with pytest.raises(RuntimeError, match="not moving cannot arrive"):
        roster.finish(rows(0, 1), np.array([True, True]), 1.0)
    roster.finish(rows(0), NO, 1.0)
    with pytest.raises(RuntimeError, match="not moving cannot arrive"):
        roster.finish(rows(0), YES, 1.0)


def test_a_carrier_that_nobody_decided_on_is_not_legal(roster):
    roster.population.carrier[0] = roster.cell[0]
    assert not roster.legal()


def test_a_way_that_does_not_exist_is_not_legal(roster):
    roster.serve[0] = 3
    assert not roster.legal()
