"""Multicast groups: the weakest member's rate, members left out, and competition with unicast users."""

import numpy as np
import pytest

from netgen.scheduling.allocation import allocate
from netgen.scheduling.multicast import multicast_groups


def test_a_group_is_as_fast_as_its_weakest_member():
    groups = multicast_groups(
        [5.0, 2.0, 7.0, 3.0],
        [9.0, 8.0, 7.0, 6.0],
        sector=np.array([0, 0, 1, 0]),
        content=np.array([4, 4, 4, 9]),
    )
    assert groups.sector.tolist() == [0, 0, 1]
    assert groups.content.tolist() == [4, 9, 4]
    assert groups.members.tolist() == [2, 1, 1]
    assert groups.rate_per_block_bps.tolist() == [2.0, 3.0, 7.0]
    assert groups.demand_bps.tolist() == [9.0, 6.0, 7.0]
    assert groups.to_members([10.0, 20.0, 30.0]).tolist() == [10.0, 10.0, 30.0, 20.0]


def test_large_content_numbers_give_the_same_groups():
    small = multicast_groups(
        [5.0, 2.0, 7.0], [1.0] * 3, sector=np.array([1, 0, 1]), content=np.array([3, 3, 8])
    )
    large = multicast_groups(
        [5.0, 2.0, 7.0], [1.0] * 3, sector=np.array([1, 0, 1]), content=np.array([3, 3, 8]) * 10**12
    )
    assert small.group.tolist() == large.group.tolist() == [1, 0, 2]
    assert (small.content * 10**12).tolist() == large.content.tolist()


def test_the_worst_share_is_left_out_and_gets_nothing():
    rate = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    groups = multicast_groups(
        rate, np.ones(10), sector=np.zeros(10, int), content=np.zeros(10, int), left_out_share=0.3
    )
    assert groups.rate_per_block_bps.tolist() == [4.0]
    assert groups.to_members([6.0]).tolist() == [0.0] * 3 + [6.0] * 7


def test_members_out_of_reach_do_not_stop_the_others():
    groups = multicast_groups(
        [0.0, 3.0, 0.0], [9.0, 1.0, 9.0], sector=np.array([0, 0, 1]), content=np.zeros(3, int)
    )
    assert groups.rate_per_block_bps.tolist() == [3.0, 0.0]
    assert groups.demand_bps.tolist() == [1.0, 0.0]
    assert groups.reached.tolist() == [False, True, False]


def test_a_group_competes_as_one_entry():
    """Four listeners at 1, 2, 2, 4 Mbit/s per block against one unicast user: half of the blocks each."""
    groups = multicast_groups(
        [1e6, 2e6, 2e6, 4e6], np.full(4, np.inf), sector=np.zeros(4, int), content=np.zeros(4, int)
    )
    rate = np.concatenate([[3e6], groups.rate_per_block_bps])
    got = allocate(
        "proportional-fair",
        rate,
        demand_bps=np.concatenate([[np.inf], groups.demand_bps]),
        sector=np.concatenate([[0], groups.sector]),
        blocks=[10.0],
    )
    np.testing.assert_allclose(got.blocks, [5, 5])
    np.testing.assert_allclose(groups.to_members(got.blocks[1:] * rate[1:]), np.full(4, 5e6))


def test_nobody_listens():
    none = np.empty(0, dtype=np.int64)
    groups = multicast_groups([], [], sector=none, content=none)
    assert groups.members.size == 0
    assert groups.to_members([]).size == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate_per_block_bps": [-1.0]}, r"rate_per_block_bps\[0\] = -1.0"),
        ({"rate_per_block_bps": [np.inf]}, r"rate_per_block_bps\[0\] is not finite"),
        ({"demand_bps": [np.nan]}, r"demand_bps\[0\] = nan"),
        ({"demand_bps": [1.0, 1.0]}, "demand_bps has shape"),
        ({"sector": np.array([-1])}, r"sector\[0\] = -1 is no sector"),
        ({"content": np.array([-1])}, "content must hold one integer >= 0"),
        ({"content": np.array([0.5])}, "content must hold one integer >= 0"),
        ({"left_out_share": 1.0}, "left_out_share = 1.0"),
    ],
)
def test_wrong_input_is_named(change, message):
    inputs = {
        "rate_per_block_bps": [1.0],
        "demand_bps": [1.0],
        "sector": np.array([0]),
        "content": np.array([0]),
    } | change
    with pytest.raises(ValueError, match=message):
        multicast_groups(inputs.pop("rate_per_block_bps"), inputs.pop("demand_bps"), **inputs)


def test_shares_of_other_groups_are_refused():
    groups = multicast_groups([1.0], [1.0], sector=np.array([0]), content=np.array([0]))
    with pytest.raises(ValueError, match="throughput_bps has shape"):
        groups.to_members([1.0, 2.0])
