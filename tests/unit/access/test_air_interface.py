"""From the sectors' blocks to the users' rates, for one epoch."""

import numpy as np
import pytest

from netgen.access.air_interface import AirInterface, Promise, Waiting, per_sector


def air(*, scheduler="round-robin", promises=None, blocks=(10.0,), users=8):
    return AirInterface(None, np.array(blocks), scheduler=scheduler, promises=promises or {}, users=users)


def waiting(*users):
    """Users as (row, sector, rate of a block, demand, service)."""
    columns = list(zip(*users, strict=True)) or [()] * 5
    rows, sector, service = (np.array(columns[place], dtype=np.int64) for place in (0, 1, 4))
    rate, demand = (np.array(columns[place], dtype=np.float64) for place in (2, 3))
    return Waiting(rows, sector, rate, demand, service, np.ones(len(rows)))


def share(interface, unicast=(), multicast=(), now_s=0.0):
    return interface.share(waiting(*unicast), waiting(*multicast), now_s=now_s, epoch_s=0.1)


def test_blocks_become_rates_and_are_counted_by_sector():
    """Sector 0: 5 blocks each, one of whom needs 2; the other has the rest. Sector 1 is idle, sector 2 full."""
    grant = share(
        air(blocks=(10.0, 10.0, 4.0)),
        [(0, 0, 100.0, 200.0, 0), (1, 0, 50.0, 1e9, 0), (2, 2, 10.0, 1e9, 0)],
    )
    assert grant.unicast_bps.tolist() == pytest.approx([200, 400, 40])
    assert grant.used_blocks.tolist() == pytest.approx([10, 0, 4])
    assert grant.multicast_air_bps.tolist() == [0, 0, 0]


def test_nobody_waits():
    grant = share(air(blocks=(10.0, 10.0)))
    assert grant.used_blocks.tolist() == [0, 0]
    assert len(grant.unicast_bps) == len(grant.multicast_bps) == 0


def test_members_of_a_group_take_no_more_than_they_need():
    """The group is sent 300 bit/s, as much as its neediest member wants; the other one has 100 bit/s to come."""
    grant = share(air(), multicast=[(0, 0, 100.0, 300.0, 1), (1, 0, 30.0, 100.0, 1)])
    assert grant.multicast_bps.tolist() == pytest.approx([300, 100])
    assert grant.multicast_air_bps.tolist() == pytest.approx([300])
    assert grant.used_blocks.tolist() == pytest.approx([10])


def test_who_is_out_of_range_does_not_stop_a_group():
    grant = share(air(), multicast=[(0, 0, 100.0, 1e9, 1), (1, 0, 0.0, 1e9, 1)])
    assert grant.multicast_bps.tolist() == pytest.approx([1000, 0])


def test_services_and_sectors_make_groups():
    """Two services in sector 0 share its blocks; the same service in sector 1 is another group."""
    grant = share(
        air(blocks=(10.0, 10.0)), multicast=[(0, 0, 10.0, 1e9, 1), (1, 0, 20.0, 1e9, 2), (2, 1, 30.0, 1e9, 1)]
    )
    assert grant.multicast_bps.tolist() == pytest.approx([50, 100, 300])
    assert grant.multicast_air_bps.tolist() == pytest.approx([150, 300])


def test_a_promise_is_kept_for_its_service_alone():
    """600 bit/s at 100 bit/s a block; user 1 is as good but of another service."""
    interface = air(promises={3: Promise(600.0, 0)})
    grant = share(interface, [(0, 0, 100.0, 1e9, 3), (1, 0, 100.0, 1e9, 2)])
    assert grant.unicast_bps.tolist() == pytest.approx([800, 200])


def test_proportional_fair_remembers_who_was_served():
    """User 0 alone for a second; then user 1 comes first until it has caught up. Round robin forgets."""

    def second(scheduler):
        interface = air(scheduler=scheduler)
        for step in range(10):
            share(interface, [(0, 0, 100.0, 1e9, 0)], now_s=step * 0.1)
        return share(
            interface, [(0, 0, 100.0, 1e9, 0), (1, 0, 100.0, 1e9, 0)], now_s=1.0
        ).unicast_bps.tolist()

    assert second("proportional-fair") == pytest.approx([0, 1000])
    assert second("round-robin") == pytest.approx([500, 500])


def test_sums_by_sector():
    assert per_sector(np.array([2, 0, 2]), np.array([1.0, 2.0, 3.5]), 4).tolist() == [2, 0, 4.5, 0]
    assert per_sector(np.empty(0, dtype=np.int64), np.empty(0), 2).tolist() == [0, 0]
