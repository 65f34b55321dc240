"""Convex areas: membership, uniform points, borders, mean distances."""

import numpy as np
import pytest

from netgen.mobility.area import ConvexPolygon, Disc

RECTANGLE = ConvexPolygon.rectangle(-10.0, 5.0, width_m=400.0, height_m=100.0)
HEXAGON = ConvexPolygon.hexagon(20.0, -30.0, circumradius_m=150.0, first_corner_deg=17.0)
TRIANGLE = ConvexPolygon([0.0, 300.0, 50.0], [0.0, 0.0, 200.0])
DISC = Disc(40.0, 50.0, 120.0)
AREAS = [RECTANGLE, HEXAGON, TRIANGLE, DISC]


@pytest.mark.parametrize("area", AREAS)
def test_points_are_inside_and_uniform(area):
    """Mean and covariance of uniform points against those of a grid of points inside."""
    rng = np.random.default_rng(3)
    x_m, y_m = area.point(rng.random(40_000), rng.random(40_000))
    assert area.contains(x_m, y_m).mean() > 0.9999
    grid_x, grid_y = np.meshgrid(np.arange(-200.0, 400.0, 0.5) + 0.25, np.arange(-200.0, 300.0, 0.5) + 0.25)
    inside = area.contains(grid_x.ravel(), grid_y.ravel())
    assert inside.sum() * 0.25 == pytest.approx(area.area_m2, rel=2e-3)
    grid = np.array([grid_x.ravel()[inside], grid_y.ravel()[inside]])
    spread_m = area.diameter_m / np.sqrt(40_000)
    np.testing.assert_allclose([x_m.mean(), y_m.mean()], grid.mean(axis=1), atol=1.5 * spread_m)
    np.testing.assert_allclose(np.cov(x_m, y_m), np.cov(grid), atol=1.5 * spread_m * area.diameter_m)


@pytest.mark.parametrize("area", AREAS)
def test_mean_distance_is_that_of_drawn_pairs(area):
    rng = np.random.default_rng(5)
    one, other = (area.point(rng.random(100_000), rng.random(100_000)) for _ in range(2))
    apart_m = np.hypot(one[0] - other[0], one[1] - other[1])
    margin_m = 3.9 * apart_m.std() / np.sqrt(100_000)
    assert margin_m < 0.01 * area.mean_distance_m
    assert abs(apart_m.mean() - area.mean_distance_m) < margin_m
    assert apart_m.max() <= area.diameter_m


def test_mean_distances_have_their_closed_forms():
    """Unit square (2 + sqrt 2 + 5 ln(1 + sqrt 2)) / 15; equilateral triangle 1/5 + 3/20 ln 3."""
    square = ConvexPolygon.rectangle(3.0, 7.0, width_m=2.0, height_m=2.0)
    expected = 2.0 * (2 + np.sqrt(2) + 5 * np.log(1 + np.sqrt(2))) / 15
    assert square.mean_distance_m == pytest.approx(expected, rel=1e-10)
    triangle = ConvexPolygon([0, 1, 0.5], [0, 0, np.sqrt(0.75)])
    assert triangle.mean_distance_m == pytest.approx(1 / 5 + 3 / 20 * np.log(3), rel=1e-10)


@pytest.mark.parametrize("area", AREAS)
def test_movers_reach_the_border_when_they_are_said_to(area):
    rng = np.random.default_rng(7)
    x_m, y_m = area.point(rng.random(1000), rng.random(1000))
    angle = 2 * np.pi * rng.random(1000)
    velocity = 7.0 * np.cos(angle), 7.0 * np.sin(angle)
    time_s, side = area.exit((x_m, y_m), velocity)
    for share, expected in ((0.999, True), (1.001, False)):
        at_m = x_m + share * time_s * velocity[0], y_m + share * time_s * velocity[1]
        assert (area.contains(*at_m) == expected).mean() > 0.999
    normal = area.normal((x_m + time_s * velocity[0], y_m + time_s * velocity[1]), side)
    np.testing.assert_allclose(np.hypot(*normal), 1.0)
    assert (normal[0] * velocity[0] + normal[1] * velocity[1] >= 0).all()


@pytest.mark.parametrize("area", [RECTANGLE, HEXAGON])
def test_translations_lead_to_the_opposite_side(area):
    shift_x, shift_y = area.translations()
    middle_x, middle_y = (area.x_m + np.roll(area.x_m, -1)) / 2, (area.y_m + np.roll(area.y_m, -1)) / 2
    half = middle_x.size // 2
    np.testing.assert_allclose(middle_x + shift_x, np.roll(middle_x, half))
    np.testing.assert_allclose(middle_y + shift_y, np.roll(middle_y, half))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ConvexPolygon([0, 1], [0, 1]),
        lambda: ConvexPolygon([0, 0, 1], [0, 1, 0]),
        lambda: ConvexPolygon([0, 2, 1, 1], [0, 0, 0.2, 2]),
        lambda: ConvexPolygon([0, 1, 2], [0, 0, 0]),
        lambda: ConvexPolygon([0, 1, np.nan], [0, 0, 1]),
        lambda: ConvexPolygon(
            *np.array([[np.cos(k * 4 * np.pi / 5), np.sin(k * 4 * np.pi / 5)] for k in range(5)]).T
        ),
        lambda: ConvexPolygon.rectangle(0, 0, width_m=0, height_m=1),
        lambda: ConvexPolygon.hexagon(0, 0, circumradius_m=-1),
        lambda: Disc(0.0, 0.0, 0.0),
        lambda: Disc(np.inf, 0.0, 1.0),
        TRIANGLE.translations,
        ConvexPolygon([0, 3, 2, 1], [0, 0, 1, 1]).translations,
    ],
)
def test_what_is_no_such_area_is_refused(make):
    with pytest.raises(ValueError):
        make()
