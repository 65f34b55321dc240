"""Path loss: the shape of the arguments, the breakpoint, the height of the surroundings, refusals."""

import numpy as np
import pytest

from netgen.propagation.path_loss import (
    Environment,
    breakpoint_m,
    environment_height_m,
    los_path_loss_db,
    nlos_path_loss_db,
    tall_user_gain,
)

HEIGHTS = {"base_height_m": 25.0, "user_height_m": 1.5}


def test_urban_breakpoint_by_hand():
    found = breakpoint_m("uma", base_height_m=25.0, user_height_m=1.5, carrier_hz=2e9)
    assert found == pytest.approx(4 * 24 * 0.5 * 2e9 / 3e8)
    higher = breakpoint_m(
        "uma", base_height_m=25.0, user_height_m=22.5, carrier_hz=2e9, environment_height_m=12.0
    )
    assert higher == pytest.approx(4 * 13 * 10.5 * 2e9 / 3e8)


def test_rural_breakpoint_has_no_surroundings():
    found = breakpoint_m(
        "rma", base_height_m=35.0, user_height_m=1.5, carrier_hz=7e8, environment_height_m=99.0
    )
    assert found == pytest.approx(2 * np.pi * 35 * 1.5 * 7e8 / 3e8)
    assert found == pytest.approx(769.69, abs=0.01)


def test_urban_loss_by_hand_on_both_sides_of_the_breakpoint():
    # 2 GHz, breakpoint at 320 m, antennas 23.5 m apart in height.
    near = los_path_loss_db("uma", distance_2d_m=200.0, carrier_hz=2e9, **HEIGHTS)
    distance_3d = np.hypot(200.0, 23.5)
    assert near == pytest.approx(28 + 22 * np.log10(distance_3d) + 20 * np.log10(2))
    far = los_path_loss_db("uma", distance_2d_m=400.0, carrier_hz=2e9, **HEIGHTS)
    distance_3d = np.hypot(400.0, 23.5)
    turning = 9 * np.log10(320.0**2 + 23.5**2)
    assert far == pytest.approx(28 + 40 * np.log10(distance_3d) + 20 * np.log10(2) - turning)


@pytest.mark.parametrize("environment", ["uma", "umi"])
def test_urban_slopes_meet_at_the_breakpoint(environment):
    turning = float(breakpoint_m(environment, carrier_hz=2e9, **HEIGHTS))
    sides = los_path_loss_db(
        environment, distance_2d_m=turning * np.array([1 - 1e-9, 1 + 1e-9]), carrier_hz=2e9, **HEIGHTS
    )
    assert sides[1] == pytest.approx(sides[0], abs=1e-6)


def test_rural_loss_beyond_the_breakpoint_grows_by_40_db_a_decade():
    # The antennas are 33.5 m apart in height, which matters little at kilometres.
    loss = los_path_loss_db(
        "rma", distance_2d_m=[1000.0, 10000.0], base_height_m=35.0, user_height_m=1.5, carrier_hz=7e8
    )
    assert loss[1] - loss[0] == pytest.approx(40.0, abs=0.02)


def test_rural_surroundings_change_the_loss():
    where = {"distance_2d_m": 500.0, "base_height_m": 35.0, "user_height_m": 1.5, "carrier_hz": 7e8}
    assert nlos_path_loss_db("rma", street_width_m=5.0, **where) - nlos_path_loss_db(
        "rma", street_width_m=50.0, **where
    ) == pytest.approx(7.1)
    assert los_path_loss_db("rma", building_height_m=50.0, **where) != pytest.approx(
        los_path_loss_db("rma", building_height_m=5.0, **where), abs=0.1
    )


def test_two_terms_of_the_rural_loss_are_capped_for_high_buildings():
    # 50 m: 0.03 h^1.72 = 25 and 0.044 h^1.72 = 37, cut at 10 and 14.77.
    found = los_path_loss_db(
        "rma",
        distance_2d_m=300.0,
        base_height_m=35.0,
        user_height_m=1.5,
        carrier_hz=7e8,
        building_height_m=50.0,
    )
    metres = np.hypot(300.0, 33.5)
    expected = (
        20 * np.log10(40 * np.pi * metres * 0.7 / 3)
        + 10 * np.log10(metres)
        - 14.77
        + 0.002 * np.log10(50) * metres
    )
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("loss_db", [los_path_loss_db, nlos_path_loss_db])
def test_nearer_than_ten_metres_is_computed_at_ten(environment, loss_db):
    loss = loss_db(environment, distance_2d_m=[0.0, 3.0, 10.0, 11.0], carrier_hz=2e9, **HEIGHTS)
    assert loss[0] == loss[1] == loss[2] < loss[3]


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("loss_db", [los_path_loss_db, nlos_path_loss_db])
def test_arguments_broadcast_and_do_not_disturb_each_other(environment, loss_db):
    distance = np.array([[20.0], [300.0], [4000.0]])
    user = np.array([1.5, 4.5])
    carrier = np.array([7e8, 2e9])
    whole = loss_db(
        environment, distance_2d_m=distance, base_height_m=30.0, user_height_m=user, carrier_hz=carrier
    )
    assert whole.shape == (3, 2)
    for i in range(3):
        for j in range(2):
            one = loss_db(
                environment,
                distance_2d_m=distance[i, 0],
                base_height_m=30.0,
                user_height_m=user[j],
                carrier_hz=carrier[j],
            )
            assert one.shape == ()
            assert one == pytest.approx(whole[i, j], abs=1e-12)


def test_surroundings_are_one_metre_for_low_users():
    uniform = np.linspace(0, 1, 1000, endpoint=False)
    for height in (1.5, 10.0, 12.99, 13.0):
        found = environment_height_m(uniform, distance_2d_m=300.0, user_height_m=height)
        assert (found == 1.0).all()


@pytest.mark.parametrize(("height", "roofs"), [(22.5, {12, 15, 18, 21}), (16.5, {12, 15}), (13.5, {12})])
def test_surroundings_of_high_users_follow_the_reports_distribution(height, roofs):
    # A fine grid of uniform numbers gives the probabilities themselves.
    count = 100_000
    uniform = (np.arange(count) + 0.5) / count
    found = environment_height_m(uniform, distance_2d_m=300.0, user_height_m=height)
    odds = ((height - 13) / 10) ** 1.5 * 1.25 * 27 * np.exp(-2.0)
    assert set(np.unique(found).astype(int)) == roofs | {1}
    assert (found == 1).mean() == pytest.approx(1 / (1 + odds), abs=2e-5)
    for roof in roofs:
        share = (1 - 1 / (1 + odds)) / len(roofs)
        assert (found == roof).mean() == pytest.approx(share, abs=4e-5)


def test_surroundings_stay_below_the_user():
    rng = np.random.default_rng(1)
    height = rng.uniform(1.5, 23.0, 100_000)
    found = environment_height_m(
        rng.random(height.size), distance_2d_m=rng.uniform(0, 5000, height.size), user_height_m=height
    )
    assert (found < height).all()
    assert (found[height >= 13.5] <= height[height >= 13.5] - 1.5).all()


def test_the_gain_of_tall_users_stops_at_23_m_and_starts_beyond_18_m():
    assert tall_user_gain(300.0, 23.0) == tall_user_gain(300.0, 60.0) > 0
    assert tall_user_gain(18.0, 22.5) == 0 < tall_user_gain(18.01, 22.5)


def test_refusals_name_the_value_and_where_it_stands():
    with pytest.raises(ValueError, match=r"distance_2d_m = -3 at index 1 m is negative"):
        los_path_loss_db("uma", distance_2d_m=[5.0, -3.0], carrier_hz=2e9, **HEIGHTS)
    with pytest.raises(ValueError, match="not a number"):
        nlos_path_loss_db("umi", distance_2d_m=np.nan, carrier_hz=2e9, **HEIGHTS)
    with pytest.raises(ValueError, match="carrier_hz = 0 "):
        los_path_loss_db("rma", distance_2d_m=50.0, carrier_hz=0.0, **HEIGHTS)
    with pytest.raises(ValueError, match=r"user_height_m - environment_height_m = -0\.5"):
        breakpoint_m("umi", base_height_m=10.0, user_height_m=0.5, carrier_hz=2e9)
    with pytest.raises(ValueError, match=r"base_height_m - environment_height_m = -2"):
        breakpoint_m("uma", base_height_m=10.0, user_height_m=16.5, carrier_hz=2e9, environment_height_m=12.0)
    with pytest.raises(ValueError, match="street_width_m = 0"):
        nlos_path_loss_db("rma", distance_2d_m=50.0, carrier_hz=2e9, street_width_m=0.0, **HEIGHTS)
    with pytest.raises(ValueError, match="'indoor' is not a valid Environment"):
        los_path_loss_db("indoor", distance_2d_m=50.0, carrier_hz=2e9, **HEIGHTS)
    for uniform in (1.0, -0.1, np.nan):
        with pytest.raises(ValueError, match="uniform numbers"):
            environment_height_m([0.5, uniform], distance_2d_m=50.0, user_height_m=15.0)
