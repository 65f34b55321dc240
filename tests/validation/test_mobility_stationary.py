"""Random mobility against its stationary laws, which we did not derive."""

import numpy as np
import pytest

from netgen.mobility.area import ConvexPolygon, Disc
from netgen.mobility.line import Line
from netgen.mobility.random_direction import Border, RandomDirection
from netgen.mobility.random_waypoint import RandomWaypoint
from netgen.mobility.street_grid import StreetGrid

UNIT = ConvexPolygon.rectangle(0.0, 0.0, width_m=1.0, height_m=1.0)
KEY = np.uint64(20261121)
USERS = 400_000
CELLS = 10
# Chi-square, 99 degrees of freedom, 99.9 %: 148.2.
CHI2_99 = 148.2


def counts_at(model, time_s):
    x, y = model.positions_at(time_s)
    return np.histogram2d(x, y, bins=CELLS, range=[[0, 1], [0, 1]])[0]


def chi2(counts, share):
    expected = share / share.sum() * counts.sum()
    return ((counts - expected) ** 2 / expected).sum()


def exact_density(points):
    """Integral over directions of a1 a2 (a1 + a2), a1 and a2 the distances to the border both ways.

    Hyytia, Lassila, Virtamo, Spatial node distribution of the random waypoint mobility model with
    applications, IEEE Trans. Mobile Computing 5(6), 2006.
    """
    total = np.zeros(len(points))
    for angle in (np.arange(720) + 0.5) * np.pi / 720:
        step = np.array([np.cos(angle), np.sin(angle)])
        # A quadrature of its own, so as not to use the code under test.
        ahead = np.where(step > 0, (1 - points) / step, -points / step).min(axis=1)
        behind = np.where(step > 0, points / step, -(1 - points) / step).min(axis=1)
        total += ahead * behind * (ahead + behind)
    return total


def cell_shares(density, per_cell=16):
    """Share of each cell of the unit square under a density on points (N, 2)."""
    middle = (np.arange(CELLS * per_cell) + 0.5) / (CELLS * per_cell)
    points = np.stack(np.meshgrid(middle, middle, indexing="ij"), axis=-1).reshape(-1, 2)
    values = density(points).reshape(CELLS, per_cell, CELLS, per_cell).sum(axis=(1, 3))
    return values / values.sum()


def bettstetter(points):
    """36 x (1 - x) y (1 - y) on the unit square: Bettstetter, Resta, Santi, IEEE TMC 2(3), 2003."""
    x, y = points.T
    return 36 * x * (1 - x) * y * (1 - y)


def test_random_waypoint_has_its_stationary_density_from_the_start():
    """The exact density at 0 and later; the test sees 2 % of a uniform density mixed in."""
    share = cell_shares(exact_density)
    model = RandomWaypoint(UNIT, np.arange(USERS), key=KEY, speed_mps=(0.01, 0.1))
    for time_s in (0.0, 3.0, 200.0):
        counts = counts_at(model, time_s)
        assert chi2(counts, share) < CHI2_99
        assert chi2(counts, 0.98 * share + 0.02 / CELLS**2) > CHI2_99


def test_random_waypoint_is_near_the_polynomial_approximation():
    """The polynomial is known to be off by some per cent in the middle and more in the corners."""
    counts = counts_at(RandomWaypoint(UNIT, np.arange(USERS), key=KEY, speed_mps=(1.0, 1.0)), 0.0)
    found, expected = counts / counts.sum(), cell_shares(bettstetter)
    middle = slice(2, 8)
    np.testing.assert_allclose(found[middle, middle], expected[middle, middle], rtol=0.10)
    assert np.abs(found - expected).sum() / 2 < 0.05
    assert np.abs(found - 1 / CELLS**2).sum() / 2 > 0.2


def test_users_who_pause_are_uniform_and_mix_into_the_density():
    """The density is p + (1 - p) f_moving: Bettstetter, Resta, Santi 2003, for uniform waypoints."""
    model = RandomWaypoint(UNIT, np.arange(USERS), key=KEY, speed_mps=(0.02, 0.1), pause_s=(2.0, 20.0))
    share = model.pausing_share / CELLS**2 + (1 - model.pausing_share) * cell_shares(exact_density)
    assert 0.3 < model.pausing_share < 0.7
    for time_s in (0.0, 7.0, 150.0):
        assert chi2(counts_at(model, time_s), share) < CHI2_99


@pytest.mark.parametrize("pause_s", [(0.0, 0.0), (10.0, 60.0)])
def test_speed_does_not_decay(pause_s):
    """Mean speed (high - low) / ln(high / low) of those who move, at all times: Yoon, Liu, Noble 2003."""
    low, high = 0.5, 20.0
    area = ConvexPolygon.rectangle(0, 0, width_m=1000.0, height_m=1000.0)
    model = RandomWaypoint(area, np.arange(100_000), key=KEY, speed_mps=(low, high), pause_s=pause_s)
    expected_mps = (1 - model.pausing_share) * (high - low) / np.log(high / low)
    for time_s in (0.0, 10.0, 100.0, 1000.0, 4000.0):
        before = np.array(model.positions_at(time_s))
        speed_mps = np.hypot(*(np.array(model.positions_at(time_s + 0.01)) - before)) / 0.01
        half_width_mps = 3.9 * speed_mps.std() / np.sqrt(speed_mps.size)
        assert half_width_mps < 0.03 * expected_mps
        assert abs(speed_mps.mean() - expected_mps) < half_width_mps + 0.001 * expected_mps
    assert expected_mps < 0.6 * (low + high) / 2  # which is where a start at waypoints would begin


def test_distance_over_time_is_the_mean_speed():
    """One cycle is E[D] long and takes E[D] E[1/V] + E[pause]: the renewal-reward theorem."""
    model = RandomWaypoint(UNIT, np.arange(2000), key=KEY, speed_mps=(0.02, 0.1), pause_s=(1.0, 5.0))
    mean_distance = (2 + np.sqrt(2) + 5 * np.log(1 + np.sqrt(2))) / 15
    expected_mps = mean_distance / (mean_distance * np.log(5.0) / 0.08 + 3.0)
    gone_m = np.zeros(2000)
    last = np.array(model.positions_at(0.0))
    for step in range(1, 4001):
        here = np.array(model.positions_at(step * 0.1))
        gone_m += np.hypot(*(here - last))
        last = here
    speed_mps = gone_m / 400.0
    half_width = 3.9 * speed_mps.std() / np.sqrt(2000)
    assert half_width < 0.01 * expected_mps
    # Steps cut the corners: at most one step in each of the cycles.
    assert abs(speed_mps.mean() - expected_mps) < half_width + 0.004 * expected_mps


@pytest.mark.parametrize("border", list(Border))
def test_random_direction_is_uniform(border):
    model = RandomDirection(
        UNIT, np.arange(USERS), key=KEY, speed_mps=(0.01, 0.2), mean_time_s=3.0, border=border
    )
    uniform = np.full((CELLS, CELLS), 1 / CELLS**2)
    for time_s in (0.0, 2.0, 40.0):
        counts = counts_at(model, time_s)
        assert chi2(counts, uniform) < CHI2_99
        assert chi2(counts, uniform + 0.03 * (cell_shares(bettstetter) - uniform)) > CHI2_99


def test_random_direction_is_uniform_in_a_disc():
    """Squared distance from the centre is uniform on 0..1; Kolmogorov, 99.9 %."""
    model = RandomDirection(
        Disc(0, 0, 1.0), np.arange(100_000), key=KEY, speed_mps=(0.01, 0.2), mean_time_s=5.0
    )
    for time_s in (0.0, 60.0):
        x, y = model.positions_at(time_s)
        squared = np.sort(np.minimum(x**2 + y**2, 1.0))
        steps = np.arange(100_001) / 100_000
        furthest = max((steps[1:] - squared).max(), (squared - steps[:-1]).max())
        assert furthest < 1.95 / np.sqrt(100_000)


def test_street_grid_is_uniform_over_its_streets():
    """Per block of street, in the middle and at the edge alike, at the start and after many turns."""
    model = StreetGrid(np.arange(200_000), key=KEY, block_m=(1.0, 1.0), blocks=(3, 2), speed_mps=(0.1, 0.5))
    for time_s in (0.0, 9.0, 300.0):
        x, y = model.positions_at(time_s)
        level = np.abs(y - np.rint(y)) < 1e-9
        place = np.where(level, np.rint(y) * 3 + np.floor(x), 100 + np.rint(x) * 2 + np.floor(y)).astype(int)
        streets, counts = np.unique(place, return_counts=True)
        assert streets.size == 3 * 3 + 4 * 2
        expected = 200_000 / 17
        assert ((counts - expected) ** 2 / expected).sum() < 39.3  # 16 degrees of freedom, 99.9 %


def test_users_on_a_line_stay_uniform():
    for border in Border:
        model = Line([0, 1], [0, 0], np.arange(100_000), key=KEY, speed_mps=(0.01, 0.3), border=border)
        for time_s in (0.0, 50.0):
            x = np.sort(model.positions_at(time_s)[0])
            steps = np.arange(100_001) / 100_000
            assert max((steps[1:] - x).max(), (x - steps[:-1]).max()) < 1.95 / np.sqrt(100_000)
