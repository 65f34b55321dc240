"""TR 38.901 for any legal numbers: monotone, ordered, bounded, symmetric, and one user at a time."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netgen.propagation.antenna import SectorAntenna, element_gain_dbi, local_angles
from netgen.propagation.building_entry import Building, Glass, inside_distance_m, wall_loss_db
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.line_of_sight import los_probability, sees_base
from netgen.propagation.path_loss import (
    Environment,
    breakpoint_m,
    environment_height_m,
    los_path_loss_db,
    nlos_path_loss_db,
)
from netgen.propagation.shadow_fading import correlation_distance_m, sigma_db
from netgen.propagation.validity import check_ranges

ENVIRONMENTS = st.sampled_from(list(Environment))
FIELD = CorrelatedField.drawn(np.random.default_rng(9), 128)


@st.composite
def links(draw):
    """Any environment and legal heights and carrier, as arguments of the loss functions."""
    environment = draw(ENVIRONMENTS)
    rural = environment is Environment.RMA
    where = {
        "base_height_m": draw(st.floats(10.0, 150.0) if rural else st.floats(22.0, 60.0)),
        "user_height_m": draw(st.floats(1.0, 10.0) if rural else st.floats(1.5, 22.5)),
        "carrier_hz": draw(st.floats(0.5e9, 30e9 if rural else 100e9)),
    }
    check_ranges(environment, **where)
    if environment is Environment.UMA:
        where["environment_height_m"] = float(
            environment_height_m(
                draw(st.floats(0.0, 0.999)), distance_2d_m=300.0, user_height_m=where["user_height_m"]
            )
        )
    return environment, where


DISTANCES = st.lists(st.floats(0.0, 5000.0), min_size=2, max_size=30).map(sorted).map(np.array)


@given(links(), DISTANCES)
def test_loss_never_falls_with_distance(link, distance_m):
    environment, where = link
    for loss_db in (los_path_loss_db, nlos_path_loss_db):
        loss = loss_db(environment, distance_2d_m=distance_m, **where)
        assert np.isfinite(loss).all()
        assert (np.diff(loss) >= -1e-9).all()


@given(links(), DISTANCES)
def test_losing_sight_never_helps(link, distance_m):
    environment, where = link
    los = los_path_loss_db(environment, distance_2d_m=distance_m, **where)
    assert (nlos_path_loss_db(environment, distance_2d_m=distance_m, **where) >= los).all()


@given(links(), DISTANCES)
def test_loss_is_never_less_than_in_free_space_less_six_decibels(link, distance_m):
    """A reflection can add at most 6 dB to the direct path; the fitted curves stay within that."""
    environment, where = link
    metres = np.hypot(np.maximum(distance_m, 10.0), where["base_height_m"] - where["user_height_m"])
    free_space = 20 * np.log10(4 * np.pi * metres * where["carrier_hz"] / 3e8)
    assert (los_path_loss_db(environment, distance_2d_m=distance_m, **where) > free_space - 6.02).all()


@given(links(), st.floats(0.0, 5000.0), st.floats(1.01, 4.0))
def test_higher_carriers_lose_more_short_of_the_breakpoint(link, distance_m, factor):
    """The curve of the same link at a higher carrier lies 20 log10 of the ratio higher, before both breakpoints."""
    environment, where = link
    assume(max(distance_m, 10.0) < breakpoint_m(environment, **where))
    higher = {**where, "carrier_hz": where["carrier_hz"] * factor}
    apart = los_path_loss_db(environment, distance_2d_m=distance_m, **higher) - los_path_loss_db(
        environment, distance_2d_m=distance_m, **where
    )
    assert apart == pytest.approx(20 * np.log10(factor), abs=1e-9)


@given(ENVIRONMENTS, DISTANCES, st.floats(1.0, 23.0))
def test_sight_is_a_probability_that_falls_with_distance(environment, distance_m, user_height_m):
    found = los_probability(environment, distance_2d_m=distance_m, user_height_m=user_height_m)
    assert ((found > 0) & (found <= 1)).all()
    assert (np.diff(found) <= 1e-12).all()


@given(ENVIRONMENTS, st.floats(0.0, 5000.0), st.floats(1.0, 22.0), st.floats(0.0, 10.0))
def test_higher_users_see_no_less(environment, distance_m, user_height_m, rise_m):
    low, high = los_probability(
        environment, distance_2d_m=distance_m, user_height_m=[user_height_m, user_height_m + rise_m]
    )
    assert high >= low


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.lists(st.floats(-9.0, 9.0), min_size=1, max_size=20))
def test_whoever_sees_at_a_low_probability_sees_at_a_high_one(first, second, deviates):
    low, high = sorted((first, second))
    assert (~sees_base(low, deviates) | sees_base(high, deviates)).all()


@given(st.integers(1, 24), st.floats(0.4, 1.0), st.floats(-20.0, 20.0), st.floats(-15.0, 15.0))
def test_antenna_is_bounded_and_alike_on_both_sides(elements, spacing, tilt_deg, mechanical_deg):
    antenna = SectorAntenna(elements, spacing, tilt_deg, mechanical_deg)
    zenith, azimuth = np.meshgrid(np.linspace(0, 180, 37), np.linspace(-180, 180, 37))
    gain = antenna.gain_dbi(zenith, azimuth)
    assert (gain <= antenna.largest_gain_dbi + 1e-9).all()
    assert (gain >= 8 - 30 - 120 - 1e-9).all()
    mirrored = antenna.gain_dbi(zenith, -azimuth)
    # In a null the last bits of the phase decide by how much the sum misses zero.
    shown = np.maximum(gain, mirrored) > -60
    assert gain[shown] == pytest.approx(mirrored[shown], abs=1e-3)


@given(st.floats(0.0, 180.0), st.floats(-720.0, 720.0))
def test_element_is_symmetric_about_its_horizon_and_its_normal(zenith_deg, azimuth_deg):
    gain = element_gain_dbi(zenith_deg, azimuth_deg)
    assert 8 - 30 <= gain <= 8
    assert element_gain_dbi(180 - zenith_deg, azimuth_deg) == pytest.approx(gain, abs=1e-9)
    assert element_gain_dbi(zenith_deg, -azimuth_deg) == pytest.approx(gain, abs=1e-9)


@given(st.floats(0.0, 180.0), st.floats(-180.0, 180.0), st.floats(-180.0, 180.0), st.floats(-90.0, 90.0))
def test_turning_a_panel_keeps_the_angle_to_its_normal(zenith_deg, azimuth_deg, bearing_deg, tilt_deg):
    own_zenith, own_azimuth = np.deg2rad(
        local_angles(zenith_deg, azimuth_deg, bearing_deg=bearing_deg, tilt_deg=tilt_deg)
    )
    theta, tilt = np.deg2rad(zenith_deg), np.deg2rad(tilt_deg)
    ahead = np.sin(theta) * np.cos(np.deg2rad(azimuth_deg - bearing_deg))
    expected = np.cos(tilt) * ahead - np.sin(tilt) * np.cos(theta)
    assert np.sin(own_zenith) * np.cos(own_azimuth) == pytest.approx(expected, abs=1e-9)
    assert 0 <= own_zenith <= np.pi
    assert -np.pi <= own_azimuth <= np.pi


@given(st.sampled_from(list(Glass)), st.floats(0.5e9, 99e9), st.floats(1e6, 1e9))
def test_walls_lose_more_at_higher_carriers(glass, carrier_hz, rise_hz):
    for kind in Building:
        low, high = wall_loss_db(kind, [carrier_hz, carrier_hz + rise_hz], glass=glass)
        assert high >= low > 5
    assert wall_loss_db("high", carrier_hz, glass=glass) > wall_loss_db("low", carrier_hz, glass=glass)


@given(ENVIRONMENTS, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=9))
def test_depths_lie_inside_the_building(environment, pairs):
    depth = inside_distance_m(environment, np.array(pairs).T)
    assert ((depth >= 0) & (depth <= (10 if environment is Environment.RMA else 25))).all()


@given(st.data(), ENVIRONMENTS)
def test_each_user_gets_the_same_alone_as_in_a_crowd(data, environment):
    """Shapes broadcast, and no result depends on which other users are computed with it."""
    count = data.draw(st.integers(1, 8))
    floats = st.lists(st.floats(10.0, 4000.0), min_size=count, max_size=count)
    distance_m = np.array(data.draw(floats))[:, np.newaxis]
    user_m = np.array([1.5, 4.5, 7.5])
    where = {"base_height_m": 30.0, "carrier_hz": 2e9}
    loss = nlos_path_loss_db(environment, distance_2d_m=distance_m, user_height_m=user_m, **where)
    sight = los_probability(environment, distance_2d_m=distance_m, user_height_m=user_m)
    reading = FIELD.at(distance_m / 50.0, user_m)
    assert loss.shape == sight.shape == reading.shape == (count, 3)
    one = data.draw(st.integers(0, count - 1))
    alone = nlos_path_loss_db(environment, distance_2d_m=distance_m[one, 0], user_height_m=user_m, **where)
    # Vector and scalar logarithms may differ in the last bit.
    assert loss[one] == pytest.approx(alone, rel=1e-14)
    assert sight[one] == pytest.approx(
        los_probability(environment, distance_2d_m=distance_m[one, 0], user_height_m=user_m), rel=1e-14
    )
    assert (reading[one] == FIELD.at(distance_m[one, 0] / 50.0, user_m)).all()


@given(ENVIRONMENTS, st.lists(st.integers(0, 2), min_size=1, max_size=20), st.booleans())
def test_shadowing_of_each_link_is_its_own(environment, states, beyond):
    sigma = sigma_db(environment, states, beyond_breakpoint=beyond)
    distance = correlation_distance_m(environment, states)
    assert sigma.shape == distance.shape == (len(states),)
    assert (sigma[0] == sigma_db(environment, states[0], beyond_breakpoint=beyond)).all()
    assert ((sigma >= 4) & (sigma <= 8) & (distance >= 7) & (distance <= 120)).all()
