"""Line of sight: probability by hand, the state as a threshold, the distribution function."""

import math

import numpy as np
import pytest

from netgen.propagation.line_of_sight import (
    los_correlation_distance_m,
    los_probability,
    normal_probability,
    sees_base,
)


def test_near_users_see_the_base_station():
    for environment, sure_m in (("uma", 18.0), ("umi", 18.0), ("rma", 10.0)):
        found = los_probability(environment, distance_2d_m=[0.0, sure_m, sure_m + 1], user_height_m=1.5)
        assert found[0] == found[1] == 1.0 > found[2]


def test_probability_by_hand():
    # 18/100 + exp(-100/63) (1 - 18/100), and the same with 36 m; exp(-(100 - 10)/1000).
    assert los_probability("uma", distance_2d_m=100.0, user_height_m=1.5) == pytest.approx(
        0.18 + 0.82 * math.exp(-100 / 63)
    )
    assert los_probability("umi", distance_2d_m=100.0, user_height_m=1.5) == pytest.approx(
        0.18 + 0.82 * math.exp(-100 / 36)
    )
    assert los_probability("rma", distance_2d_m=100.0, user_height_m=1.5) == pytest.approx(math.exp(-0.09))


def test_tall_urban_macro_users_see_more():
    low, high = los_probability("uma", distance_2d_m=100.0, user_height_m=[13.0, 23.0])
    assert high == pytest.approx(low * (1 + 1.25 * math.exp(-100 / 150)))
    assert los_probability("umi", distance_2d_m=100.0, user_height_m=23.0) == los_probability(
        "umi", distance_2d_m=100.0, user_height_m=1.5
    )


def test_the_product_of_tall_users_is_cut_at_one():
    distance = np.linspace(18.0, 20.0, 201)
    cut = los_probability("uma", distance_2d_m=distance, user_height_m=23.0)
    assert cut.max() == 1.0
    assert (cut[:5] == 1.0).all()
    assert (np.diff(cut) <= 0).all()


@pytest.mark.parametrize("environment", ["uma", "umi", "rma"])
def test_shapes_broadcast(environment):
    found = los_probability(environment, distance_2d_m=np.ones((3, 1)), user_height_m=np.full(4, 20.0))
    assert found.shape == (3, 4)
    found[0, 0] = 0.0  # an own array, not a view of one number


def test_negative_distances_are_refused():
    for wrong in (-1.0, np.nan):
        with pytest.raises(ValueError, match="distance_2d_m"):
            los_probability("uma", distance_2d_m=[5.0, wrong], user_height_m=1.5)


def test_correlation_distance_of_the_state():
    assert [los_correlation_distance_m(kind) for kind in ("uma", "umi", "rma")] == [50.0, 50.0, 60.0]


def test_distribution_function_against_the_error_function():
    deviate = np.random.default_rng(3).uniform(-9, 9, 20_000)
    exact = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in deviate])
    assert np.abs(normal_probability(deviate) - exact).max() < 3e-8
    assert (normal_probability([-9.0, 0.0, 9.0]) == [0.0, 0.5, 1.0]).all()


def test_certain_states():
    deviate = np.random.default_rng(4).standard_normal(10_000)
    assert sees_base(1.0, deviate).all()
    assert not sees_base(0.0, deviate).any()


def test_share_in_sight_is_the_probability():
    # A grid of quantiles: no chance in it.
    quantile = (np.arange(10_000) + 0.5) / 10_000
    deviate = np.interp(quantile, normal_probability(np.linspace(-8, 8, 20_001)), np.linspace(-8, 8, 20_001))
    for probability in (0.05, 0.128, 0.5, 0.93):
        assert sees_base(probability, deviate).mean() == pytest.approx(probability, abs=2e-4)
