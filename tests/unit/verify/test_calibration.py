"""The drops of the calibration: tables, set-up, users, metrics, and that another set-up would be seen."""

from dataclasses import replace

import numpy as np
import pytest

from netgen.propagation.building_entry import Glass
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.path_loss import Environment
from netgen.verify import calibration
from netgen.verify.calibration import (
    CAMPAIGNS,
    PERCENTILES,
    check_calibration,
    company_results,
    simulate_percentiles,
)
from netgen.verify.calibration_drop import (
    METRICS,
    CalibrationSetup,
    _path_losses_db,
    drop_users,
    metrics,
    simulate_drop,
    simulate_epoch_drop,
)

UMA = CalibrationSetup.standard(Environment.UMA, 6e9, glass=Glass.RELEASE_14)
UMI = CalibrationSetup.standard(Environment.UMI, 6e9, glass=Glass.RELEASE_14)


def case(name, campaign=CAMPAIGNS[0]):
    return next(found for found in company_results(campaign) if found.case == name)


def test_tables_hold_every_case_and_percentile():
    first, second = (company_results(campaign) for campaign in CAMPAIGNS)
    assert {found.case for found in first} == {f"{e} {f} GHz" for e in ("UMa", "UMi") for f in (6, 30, 70)}
    assert {found.case for found in second} == {f"{e} {f} GHz" for e in ("UMa", "UMi") for f in (6, 7)}
    assert {int(count) for found in first for count in found.companies} == {21}
    assert {int(count) for found in second for count in found.companies} == {15, 16, 17}
    for found in (*first, *second):
        assert found.mean_db.shape == (len(METRICS), len(PERCENTILES)) == (3, 19)
        assert (found.lowest_db <= found.mean_db).all()
        assert (found.mean_db <= found.highest_db).all()
        assert (np.diff(found.mean_db, axis=1) > 0).all()


def test_set_ups_are_those_of_the_report():
    assert (UMA.power_dbm, UMA.bandwidth_hz, UMA.noise_dbm) == (49.0, 20e6, pytest.approx(-91.99, abs=0.01))
    assert (UMI.power_dbm, UMI.bandwidth_hz) == (44.0, 20e6)
    high = case("UMi 70 GHz").setup
    assert (high.power_dbm, high.bandwidth_hz, high.noise_dbm) == (35.0, 100e6, pytest.approx(-85.0))
    assert high.glass is Glass.RELEASE_14
    assert case("UMa 7 GHz", CAMPAIGNS[1]).setup == replace(UMA, carrier_hz=7e9, glass=Glass.RELEASE_19)
    assert (UMA.layout().sites, UMA.layout().sectors, len(UMA.layout().image_offsets_m)) == (19, 57, 7)
    assert len(replace(UMA, wrap_around=False).layout().image_offsets_m) == 1


@pytest.mark.parametrize(("setup", "nearest_m"), [(UMA, 35.0), (UMI, 10.0)])
def test_users_stand_where_the_report_puts_them(setup, nearest_m):
    layout = setup.layout()
    users = drop_users(setup, layout, users=40_000, rng=np.random.default_rng(1))
    distance_m = layout.distance_2d_m(users.x_m, users.y_m).min(axis=1)
    assert nearest_m <= distance_m.min() < 1.1 * nearest_m
    assert users.indoor.mean() == pytest.approx(0.8, abs=0.01)
    assert set(users.height_m[~users.indoor]) == {1.5}
    assert not users.entry_loss_db[~users.indoor].any()
    assert not users.inside_m[~users.indoor].any()
    storeys = (users.height_m[users.indoor] - 1.5) / 3.0 + 1.0
    assert set(storeys) == set(range(1, 9))
    # On the first four storeys of a building of 4 to 8, each with the mean of 1/4 ... 1/8.
    assert np.mean(storeys == 1) == pytest.approx(np.mean(1 / np.arange(4, 9)), abs=0.01)
    assert np.mean(storeys == 8) == pytest.approx(1 / 40, abs=0.004)
    assert users.inside_m[users.indoor].mean() == pytest.approx(25 / 3, abs=0.15)
    # Walls of 13.402 and 30.693 dB in halves, and half a dB per metre.
    mean_db = (13.402 + 30.693) / 2 + 0.5 * 25 / 3
    assert users.entry_loss_db[users.indoor].mean() == pytest.approx(mean_db, abs=0.25)
    # Half of (8.65 dB)^2 apart, (4.4^2 + 6.5^2) / 2 of the walls, and the depth: min of two has (25 m)^2 / 18.
    variance = 8.6455**2 + (4.4**2 + 6.5**2) / 2 + 0.25 * 25**2 / 18
    assert users.entry_loss_db[users.indoor].std() == pytest.approx(np.sqrt(variance), rel=0.02)


def test_metrics_of_a_case_by_hand():
    """Gains of -90, -93.01 and -100 dB, 49 dBm and noise of -41.99 dBm: 1 over 0.5 + 0.1 + 0.1, without 0.6."""
    setup = replace(UMA, bandwidth_hz=10 ** (0.1 * (-51.0 + 165.0)))
    gain_db = np.array([[-100.0, -90.0, -90.0 - 10 * np.log10(2)], [-90.0, -90.0, -300.0]])
    coupling_db, sinr_db, sir_db = metrics(gain_db, setup)
    assert setup.noise_dbm == pytest.approx(-51.0)
    assert coupling_db == pytest.approx([-90.0, -90.0])
    assert sinr_db == pytest.approx([-10 * np.log10(0.7), -10 * np.log10(1.1)])
    assert sir_db == pytest.approx([-10 * np.log10(0.6), 0.0], abs=1e-9)


def test_excess_is_zero_inside_and_the_distance_outside():
    found = case("UMi 30 GHz")
    assert not found.excess_db(found.mean_db).any()
    assert not found.excess_db(found.lowest_db).any()
    values_db = found.mean_db.copy()
    values_db[1, 3] = found.highest_db[1, 3] + 0.25
    values_db[2, 0] = found.lowest_db[2, 0] - 0.5
    excess_db = found.excess_db(values_db)
    assert excess_db[1, 3] == pytest.approx(0.25)
    assert excess_db[2, 0] == pytest.approx(0.5)
    assert np.count_nonzero(excess_db) == 2


def test_the_same_seed_gives_the_same_percentiles():
    once, again = (simulate_percentiles(UMI, drops=2, users=300) for _ in range(2))
    assert (once == again).all()
    assert (once != simulate_percentiles(UMI, drops=2, users=300, seed=1)).any()
    assert (once[1] <= once[2]).all()


def test_the_first_line_of_sight_formula_is_that_of_the_older_report():
    """UMa at 6 GHz, 25 m over 1.5 m: 32.4 + 20 log10(f) + 20 log10(d), beyond 960 m with 40 and the breakpoint."""
    first = replace(UMA, first_los_formula=True)
    distance_m, height_m = np.array([[100.0, 2000.0]]), np.array([[1.5]])
    los_db, nlos_db = _path_losses_db(first, distance_m, height_m, np.ones((1, 2)))
    slant_m = np.hypot(distance_m, 23.5)
    near_db = 32.4 + 20 * np.log10(6 * slant_m[0, 0])
    far_db = 32.4 + 20 * np.log10(6) + 40 * np.log10(slant_m[0, 1]) - 10 * np.log10(960**2 + 23.5**2)
    assert los_db[0] == pytest.approx([near_db, far_db])
    own_db = 13.54 + 39.08 * np.log10(slant_m) + 20 * np.log10(6)
    assert nlos_db == pytest.approx(own_db)
    now_db, _ = _path_losses_db(UMA, distance_m, height_m, np.ones((1, 2)))
    assert (los_db - now_db)[0] == pytest.approx([4.4 - 2 * np.log10(slant_m[0, 0]), -1.57], abs=0.01)
    assert (
        simulate_drop(first, users=200, rng=np.random.default_rng(3))
        != simulate_drop(UMA, users=200, rng=np.random.default_rng(3))
    ).any()


def test_the_epoch_sees_the_same_users_in_the_same_way():
    rng = np.random.default_rng(7)
    epoch_db = simulate_epoch_drop(UMI, users=6000, rng=rng, field=CorrelatedField.drawn(rng, 1024))
    links_db = simulate_drop(UMI, users=6000, rng=np.random.default_rng(8))
    at = np.array([10.0, 50.0, 90.0])
    epoch, links = (np.percentile(found, at, axis=1).T for found in (epoch_db, links_db))
    assert np.abs(epoch - links)[0].max() < 2.0
    assert np.abs(epoch - links)[1:].max() < 0.8


def test_checks_report_what_lies_outside(monkeypatch):
    """One campaign with its glass changed to today's: at 30 and 70 GHz the walls lose too little."""
    wrong = replace(CAMPAIGNS[0], glass=Glass.RELEASE_19)
    monkeypatch.setattr(
        calibration, "simulate_percentiles", lambda setup: simulate_percentiles(setup, drops=6)
    )
    checks = {check.name: check for check in check_calibration([wrong])}
    assert len(checks) == 6 * 4
    gain = checks["UMi 70 GHz, R1-165974: percentiles of coupling gain in the companies' range"]
    worst = checks["UMi 70 GHz, R1-165974: furthest outside [dB]"]
    assert not gain.ok
    assert gain.value < gain.reference == 19
    assert not worst.ok
    assert worst.value > 1.0
    assert "R1-165974" in gain.source
