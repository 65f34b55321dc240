"""From the sectors' blocks to the users' rates, for one epoch of a tenth of a second."""

import numpy as np
import pytest

from netgen.access.air_interface import AirInterface, Promise, Waiting, per_sector


def air(*, scheduler="round-robin", promises=None, blocks=(10.0,), users=8):
    return AirInterface(None, np.array(blocks), scheduler=scheduler, promises=promises or {}, users=users)


def waiting(*users):
    """Users as (row, sector, rate of a block, demand, service), and what is available to them where not all is."""
    columns = list(zip(*[(*user, 1.0)[:6] for user in users], strict=True)) or [()] * 6
    rows, sector, service = (np.array(columns[place], dtype=np.int64) for place in (0, 1, 4))
    rate, demand, available = (np.array(columns[place], dtype=np.float64) for place in (2, 3, 5))
    return Waiting(rows, sector, rate, demand, service, available)


def share(interface, unicast=(), multicast=(), now_s=0.0):
    return interface.share(waiting(*unicast), waiting(*multicast), now_s=now_s, epoch_s=0.1)


def test_blocks_become_rates_and_are_counted_by_sector():
    """Sector 0: 5 blocks each, one of whom needs 2; the other has the rest. Sector 1 is idle, sector 2 full.

    2 x 100, 8 x 50 and 4 x 10 bit/s, for a tenth of a second each.
    """
    grant = share(
        air(blocks=(10.0, 10.0, 4.0)),
        [(0, 0, 100.0, 200.0, 0), (1, 0, 50.0, 1e9, 0), (2, 2, 10.0, 1e9, 0)],
    )
    assert grant.unicast.rows.tolist() == [0, 1, 2]
    assert grant.unicast.rate_bps.tolist() == pytest.approx([200, 400, 40])
    assert grant.unicast.most_bits.tolist() == pytest.approx([20, 40, 4])
    assert grant.used_blocks.tolist() == pytest.approx([10, 0, 4])
    assert len(grant.group_air_bps) == 0


def test_blocks_to_spare_make_all_users_of_the_sector_faster():
    """Sector 0 needs 2 of 10 blocks for 200 bit/s and 3 for 150 bit/s: half, so both have twice the rate.

    What they get is what they want, 20 and 15 bit; sector 1 has not enough for 1e9 bit/s, and no haste.
    """
    grant = share(
        air(blocks=(10.0, 10.0)), [(0, 0, 100.0, 200.0, 0), (1, 0, 50.0, 150.0, 0), (2, 1, 10.0, 1e9, 0)]
    )
    assert grant.unicast.rate_bps.tolist() == pytest.approx([400, 300, 100])
    assert grant.unicast.most_bits.tolist() == pytest.approx([20, 15, 10])
    assert grant.used_blocks.tolist() == pytest.approx([5, 10])


@pytest.mark.parametrize("scheduler", ["round-robin", "proportional-fair", "max-min"])
def test_one_user_has_all_blocks_however_little_it_wants(scheduler):
    """From a millionth of a block to all ten of them: 1000 bit/s until it has it."""
    for wanted_bps in (1e-4, 1.0, 999.0, 1000.0):
        grant = share(air(scheduler=scheduler), [(0, 0, 100.0, wanted_bps, 0)])
        assert grant.unicast.rate_bps.tolist() == pytest.approx([1000])
        assert grant.unicast.most_bits.tolist() == pytest.approx([wanted_bps * 0.1])
        assert grant.used_blocks.tolist() == pytest.approx([wanted_bps / 100])


def test_a_promise_to_an_idle_sector_costs_nobody_any_speed():
    """4 blocks for the promised 400 bit/s and 1 for the other's 100 bit/s: half of the blocks, twice the rates."""
    interface = air(promises={3: Promise(600.0, 0)})
    grant = share(interface, [(0, 0, 100.0, 400.0, 3), (1, 0, 100.0, 100.0, 2)])
    assert grant.unicast.rate_bps.tolist() == pytest.approx([800, 200])
    assert grant.unicast.most_bits.tolist() == pytest.approx([40, 10])


def test_an_interrupted_user_is_served_later_by_the_same_blocks():
    """A quarter of the epoch of 0.1 s is missing: 300 bit/s are 3 blocks of ten, 10/3 times as fast, from 25 ms on."""
    grant = share(air(), [(0, 0, 100.0, 300.0, 0, 0.75)])
    assert grant.used_blocks.tolist() == pytest.approx([3])
    assert grant.unicast.rate_bps.tolist() == pytest.approx([1000])
    assert grant.unicast.most_bits.tolist() == pytest.approx([30])
    assert grant.unicast.lag_s.tolist() == pytest.approx([0.025])


def test_who_is_interrupted_half_the_time_gets_its_share_in_the_other_half():
    """Both have 5 of ten blocks in the mean, 500 bit/s; the second has them in 50 ms, twice as fast."""
    grant = share(air(), [(0, 0, 100.0, 1e9, 0), (1, 0, 100.0, 1e9, 0, 0.5)])
    assert grant.unicast.rate_bps.tolist() == pytest.approx([500, 1000])
    assert grant.unicast.most_bits.tolist() == pytest.approx([50, 50])
    assert grant.unicast.lag_s.tolist() == pytest.approx([0, 0.05])


def test_who_is_interrupted_all_the_time_gets_nothing_and_takes_nothing():
    grant = share(air(), [(0, 0, 100.0, 300.0, 0, 0.0), (1, 0, 100.0, 500.0, 0)])
    assert grant.used_blocks.tolist() == pytest.approx([5])
    assert grant.unicast.rate_bps.tolist() == pytest.approx([0, 1000])
    assert grant.unicast.most_bits.tolist() == pytest.approx([0, 50])


def test_nobody_waits():
    grant = share(air(blocks=(10.0, 10.0)))
    assert grant.used_blocks.tolist() == [0, 0]
    assert len(grant.unicast.rows) == len(grant.multicast.rate_bps) == len(grant.multicast.most_bits) == 0
    assert len(grant.group_air_bps) == len(grant.group) == 0


def test_members_of_a_group_take_no_more_than_they_need():
    """The group is sent 300 bit/s, as much as its neediest member wants; the other one has 100 bit/s to come.

    At 30 bit/s of a block, the weaker one's, these are all ten blocks.
    """
    grant = share(air(), multicast=[(0, 0, 100.0, 300.0, 1), (1, 0, 30.0, 100.0, 1)])
    assert grant.multicast.rate_bps.tolist() == pytest.approx([300, 100])
    assert grant.multicast.most_bits.tolist() == pytest.approx([30, 10])
    assert grant.group_air_bps.tolist() == pytest.approx([300])
    assert grant.used_blocks.tolist() == pytest.approx([10])


def test_an_interrupted_member_gets_less_and_the_others_and_the_air_do_not():
    """300 bit/s at 60 bit/s of a block are 5 of 10 blocks, so twice as fast; one member misses a third of it."""
    grant = share(air(), multicast=[(0, 0, 60.0, 300.0, 1), (1, 0, 90.0, 300.0, 1, 2 / 3)])
    assert grant.multicast.rate_bps.tolist() == pytest.approx([600, 400])
    assert grant.multicast.most_bits.tolist() == pytest.approx([30, 20])
    assert grant.group_air_bps.tolist() == pytest.approx([600])
    assert grant.used_blocks.tolist() == pytest.approx([5])


def test_who_is_out_of_range_does_not_stop_a_group():
    """All ten blocks at the 100 bit/s of the one member who can decode."""
    grant = share(air(), multicast=[(0, 0, 100.0, 1e9, 1), (1, 0, 0.0, 1e9, 1)])
    assert grant.multicast.rate_bps.tolist() == pytest.approx([1000, 0])
    assert grant.multicast.most_bits.tolist() == pytest.approx([100, 0])


def test_services_and_sectors_make_groups():
    """Two services in sector 0 share its blocks, 5 x 10 and 5 x 20 bit/s; in sector 1 the first is another group."""
    grant = share(
        air(blocks=(10.0, 10.0)), multicast=[(0, 0, 10.0, 1e9, 1), (1, 0, 20.0, 1e9, 2), (2, 1, 30.0, 1e9, 1)]
    )
    assert grant.multicast.rate_bps.tolist() == pytest.approx([50, 100, 300])
    assert grant.group.tolist() == [0, 1, 2]
    assert grant.group_sector.tolist() == [0, 0, 1]
    assert grant.group_air_bps.tolist() == pytest.approx([50, 100, 300])


def test_a_promise_is_kept_for_its_service_alone():
    """600 bit/s are 6 blocks; the other four are halved with user 1, who is as good but of another service."""
    interface = air(promises={3: Promise(600.0, 0)})
    grant = share(interface, [(0, 0, 100.0, 1e9, 3), (1, 0, 100.0, 1e9, 2)])
    assert grant.unicast.rate_bps.tolist() == pytest.approx([800, 200])


def test_proportional_fair_remembers_who_was_served():
    """User 0 alone for a second; then user 1 comes first until it has caught up. Round robin forgets."""

    def second(scheduler):
        interface = air(scheduler=scheduler)
        for step in range(10):
            served = share(interface, [(0, 0, 100.0, 1e9, 0)], now_s=step * 0.1).unicast
            interface.remember(served, now_s=step * 0.1, epoch_s=0.1)
        grant = share(interface, [(0, 0, 100.0, 1e9, 0), (1, 0, 100.0, 1e9, 0)], now_s=1.0)
        return grant.unicast.rate_bps.tolist()

    assert second("proportional-fair") == pytest.approx([0, 1000])
    assert second("round-robin") == pytest.approx([500, 500])


def test_sums_by_sector():
    assert per_sector(np.array([2, 0, 2]), np.array([1.0, 2.0, 3.5]), 4).tolist() == [2, 0, 4.5, 0]
    assert per_sector(np.empty(0, dtype=np.int64), np.empty(0), 2).tolist() == [0, 0]
