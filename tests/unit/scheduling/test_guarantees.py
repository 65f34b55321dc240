"""Guaranteed bit rates: who is admitted, who is refused, and who shares the rest."""

import numpy as np
import pytest

from netgen.scheduling.allocation import allocate
from netgen.scheduling.guarantees import reserved_blocks


def reserve(rate, guaranteed, *, blocks=10.0, demand=None, **more):
    """Reserve in one sector."""
    users = len(rate)
    return reserved_blocks(
        rate,
        [np.inf] * users if demand is None else demand,
        sector=np.zeros(users, dtype=np.int64),
        blocks=[blocks],
        guaranteed_bps=guaranteed,
        **more,
    )


def test_the_fewest_blocks_come_first():
    got = reserve([1.0, 2.0, 4.0], [8.0, 8.0, 8.0])
    assert got.met.tolist() == [False, True, True]
    np.testing.assert_allclose(got.blocks, [0, 4, 2])
    np.testing.assert_allclose(got.left, [4])


def test_priority_comes_before_need():
    got = reserve([1.0, 2.0, 4.0], [8.0, 8.0, 8.0], priority=np.array([0, 1, 1]))
    assert got.met.tolist() == [True, False, True]


def test_a_first_priority_that_cannot_be_held_does_not_cost_the_others_theirs():
    got = reserve([0.1, 0.0, 2.0], [8.0, 8.0, 8.0], priority=np.array([0, 0, 1]))
    assert got.met.tolist() == [False, False, True]


def test_equal_users_are_admitted_together_or_by_their_tie_break():
    together = reserve([1.0] * 3, [4.0] * 3)
    assert not together.met.any()
    assert together.left[0] == 10.0
    apart = reserve([1.0] * 3, [4.0] * 3, tie_break=np.array([7, 5, 6]))
    assert apart.met.tolist() == [False, True, True]


def test_a_guarantee_reserves_no_more_than_the_demand():
    got = reserve([1.0, 1.0], [8.0, 8.0], demand=[2.0, 0.0])
    assert got.met.all()
    np.testing.assert_allclose(got.blocks, [2, 0])


def test_exact_thirds_fit():
    got = reserve([3.0] * 3, [1.0] * 3, blocks=1.0)
    assert got.met.all()
    assert got.left[0] == pytest.approx(0.0, abs=1e-12)


def test_narrowing_down_equals_sorting_all_for_many_users():
    """20,000 users, two priorities, overloaded: the admitted are a prefix of the needs in order."""
    rng = np.random.default_rng(5)
    users, sectors = 20_000, 3
    rate, sector = rng.integers(1, 30, users) * 1e4, rng.integers(0, sectors, users)
    priority, identity = rng.integers(0, 2, users), rng.permutation(users)
    got = reserved_blocks(
        rate,
        np.full(users, np.inf),
        sector=sector,
        blocks=np.full(sectors, 600.0),
        guaranteed_bps=np.full(users, 1e4),
        priority=priority,
        tie_break=identity,
    )
    need = 1e4 / rate
    for s in range(sectors):
        left = 600.0
        for p in range(2):
            mine = np.flatnonzero((sector == s) & (priority == p))
            in_order = mine[np.lexsort((identity[mine], need[mine]))]
            fits = np.cumsum(need[in_order]) <= left + 600e-12
            assert (got.met[in_order] == fits).all()
            left -= need[in_order[fits]].sum()
    assert 0.05 < got.met.mean() < 0.95


def test_the_rest_is_shared_among_all():
    got = allocate(
        "guaranteed",
        [1.0, 1.0, 1.0],
        demand_bps=[np.inf, np.inf, 1.0],
        sector=np.zeros(3, dtype=np.int64),
        blocks=[10.0],
        guaranteed_bps=[4.0, 0.0, 20.0],
        rest="round-robin",
    )
    # The third needs only its demand of 1; 5 of 10 blocks are left for the first two.
    assert got.met.all()
    np.testing.assert_allclose(got.blocks, [6.5, 2.5, 1.0])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "needs guaranteed_bps"),
        ({"guaranteed_bps": [1.0], "rest": "guaranteed"}, "cannot be shared by the scheduler guaranteed"),
        ({"guaranteed_bps": [np.inf]}, r"guaranteed_bps\[0\] = inf"),
        ({"guaranteed_bps": [1.0, 1.0]}, "guaranteed_bps has shape"),
        ({"guaranteed_bps": [1.0], "priority": np.array([128])}, r"priority\[0\] = 128 is not within 0..127"),
        ({"guaranteed_bps": [1.0], "priority": np.array([0.0])}, "priority has shape .* and type float64"),
        ({"guaranteed_bps": [1.0], "tie_break": np.array([1, 2])}, "tie_break has shape"),
    ],
)
def test_wrong_input_is_named(more, message):
    with pytest.raises(ValueError, match=message):
        allocate("guaranteed", [1.0], demand_bps=[1.0], sector=np.array([0]), blocks=[1.0], **more)
