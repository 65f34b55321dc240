"""The checks of cells (link, schedulers, handover, mobility) hold, and fail when the model is wrong."""

import numpy as np
import pytest

from netgen.scheduling.allocation import Allocation, Scheduler
from netgen.verify import cells


def verdicts(checks):
    return [check.ok for check in checks]


def test_the_link_holds():
    assert verdicts(cells.check_link()) == [True] * 4


def test_a_wrong_overhead_is_found(monkeypatch):
    share = cells.Overhead.of_share
    monkeypatch.setattr(cells.Overhead, "of_share", staticmethod(lambda value: share(value + 1e-6)))
    assert verdicts(cells.check_link()) == [False, True, True, True]


@pytest.mark.parametrize("by_db", [-0.5, 0.5])
def test_error_rates_that_are_off_are_found(monkeypatch, by_db):
    bler = cells.bler
    monkeypatch.setattr(cells, "bler", lambda mcs, sinr_db, **how: bler(mcs, sinr_db - by_db, **how))
    assert verdicts(cells.check_bler_thresholds()) == [False, False]


def test_one_scheme_that_is_off_is_found(monkeypatch):
    """0.35 dB more for one scheme, which the distance to the independent simulation has room for."""
    bler = cells.bler

    def moved(mcs, sinr_db, **how):
        return bler(mcs, sinr_db - 0.35 * ((mcs, how["mcs_table_number"]) == (17, 2)), **how)

    monkeypatch.setattr(cells, "bler", moved)
    assert verdicts(cells.check_bler_thresholds()) == [False, True]


@pytest.mark.parametrize("share", [0.5, 5.0])
def test_goodput_above_the_bound_or_far_below_it_is_found(monkeypatch, share):
    """Blocks of half the width carry what they did; of five times the width, nothing comes near the bound."""
    width_hz = 12 * 30e3 * share
    monkeypatch.setattr(cells.Numerology, "block_hz", property(lambda _: width_hz))
    assert verdicts(cells.check_link()) == [True, True, True, False]


def test_schedulers_hold():
    checks = cells.check_schedulers()
    assert verdicts(checks) == [True] * 6
    assert sum("unused" in check.name for check in checks) == len(Scheduler)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("proportional_fair", [False, True]), ("max_min", [True, False])],
)
@pytest.mark.parametrize(
    "wrong", [lambda got: got * (1 + 1e-6), lambda got: got[::-1], lambda got: got * np.nan]
)
def test_shares_that_are_not_the_closed_form_are_found(monkeypatch, name, expected, wrong):
    scheduler = getattr(cells, name)
    monkeypatch.setattr(cells, name, lambda *args, **kwargs: wrong(scheduler(*args, **kwargs)))
    assert verdicts(cells.check_schedulers()[:2]) == expected


@pytest.mark.parametrize("factor", [1 - 1e-6, 1 + 1e-6, np.nan])
def test_wasted_and_invented_blocks_are_found(monkeypatch, factor):
    allocate = cells.allocate

    def wrong(*args, **kwargs):
        got = allocate(*args, **kwargs)
        return Allocation(got.blocks * factor, got.met)

    monkeypatch.setattr(cells, "allocate", wrong)
    assert verdicts(cells.check_schedulers()[2:]) == [False] * 4


def test_a_user_who_gets_more_than_wanted_is_found(monkeypatch):
    """Blocks moved from one user of a sector to another leave the sum as it is."""
    allocate = cells.allocate

    def wrong(scheduler, rate, *, sector, **kwargs):
        got = allocate(scheduler, rate, sector=sector, **kwargs)
        blocks = got.blocks.copy()
        giver = np.argmax(blocks)
        taker = np.flatnonzero((sector == sector[giver]) & (rate == 0.0))[0]
        blocks[[giver, taker]] = blocks[[taker, giver]]
        return Allocation(blocks, got.met)

    monkeypatch.setattr(cells, "allocate", wrong)
    assert verdicts(cells.check_schedulers()[2:]) == [False] * 4


def test_handover_holds():
    assert verdicts(cells.check_handover()) == [True, True]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"time_to_trigger_s": 0.5}, [False, False]),
        ({"hysteresis_db": 0.5}, [False, True]),
        ({"filter_coefficient": 8.0}, [False, False]),
        ({"hysteresis_db": 15.0, "offset_db": 15.0}, [False, False]),
    ],
)
def test_another_instant_is_found(monkeypatch, changes, expected):
    settings = cells.HandoverSettings
    monkeypatch.setattr(cells, "HandoverSettings", lambda **given: settings(**(given | changes)))
    assert verdicts(cells.check_handover()) == expected


def test_the_speed_holds():
    assert verdicts(cells.check_mean_speed()) == [True, True]


def test_a_start_at_waypoints_is_found(monkeypatch):
    """Uniform speeds at the start, 10.25 m/s on average; an hour later the speed has decayed to the stationary one."""
    model = cells.RandomWaypoint

    class Started(model):
        def _start_walking(self, users):
            speed_mps = self._draws.between(users, 1, 1, self._speed_mps)
            at_m = self._area.point(self._draws.uniform(users, 1, 2), self._draws.uniform(users, 1, 3))
            self._set_leg(
                users, 0.0, at_m, velocity_mps=(speed_mps, 0 * speed_mps), lasting_s=0 * speed_mps + 1.0
            )

    monkeypatch.setattr(cells, "RandomWaypoint", Started)
    assert verdicts(cells.check_mean_speed())[0] is False


def test_a_speed_known_too_little_is_not_enough(monkeypatch):
    monkeypatch.setattr(cells, "_WALKERS", 2000)
    assert verdicts(cells.check_mean_speed()) == [False, False]
