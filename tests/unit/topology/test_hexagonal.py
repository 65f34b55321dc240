"""Sites on a hexagonal grid: places, boresights, copies, area, drops."""

import numpy as np
import pytest

from netgen.errors import ModelRangeError
from netgen.topology.hexagonal import bounding_hexagon, hexagonal_layout
from netgen.topology.layout import SiteLayout

CELL_M2 = 500.0**2 * np.sqrt(3.0) / 2.0


def hexagons(sites, **others):
    return hexagonal_layout(sites, inter_site_distance_m=500.0, height_m=25.0, **others)


@pytest.mark.parametrize(("sites", "corners"), [(1, 6), (7, 18), (19, 30), (37, 42)])
def test_each_number_of_sites_fills_its_rings(sites, corners):
    layout = hexagons(sites)
    assert layout.sites == sites
    assert layout.sectors == 3 * sites
    assert layout.outline_m.shape == (corners, 2)
    assert layout.area_m2 == pytest.approx(sites * CELL_M2, rel=1e-12)
    assert not layout.image_offsets_m.any()
    apart_m = np.hypot(layout.x_m - layout.x_m[:, None], layout.y_m - layout.y_m[:, None])
    if sites > 1:
        np.fill_diagonal(apart_m, np.inf)
        np.testing.assert_allclose(apart_m.min(axis=1), 500.0)


def test_boresights_point_at_neighbours_or_at_corners_of_the_cell():
    for first_deg, expected_m in ((30.0, 500.0), (0.0, 500.0 * np.sqrt(3.0))):
        layout = hexagons(19, first_neighbour_deg=first_deg)
        assert layout.sector_azimuth_deg[:3].tolist() == [30.0, 150.0, 270.0]
        assert layout.sector_site[:4].tolist() == [0, 0, 0, 1]
        angle = np.degrees(np.arctan2(layout.y_m[1:], layout.x_m[1:]))
        ahead = np.flatnonzero(np.abs(angle - 30.0) < 1e-6) + 1
        assert np.hypot(layout.x_m[ahead], layout.y_m[ahead]).min() == pytest.approx(expected_m)


def test_one_sector_looks_east():
    layout = hexagons(7, sectors=1, tilt_deg=6.0)
    assert layout.sector_azimuth_deg.tolist() == [0.0] * 7
    assert layout.sector_tilt_deg.tolist() == [6.0] * 7


def test_the_first_ring_follows_counter_clockwise_from_the_first_neighbour():
    layout = hexagons(7)
    angle = np.degrees(np.arctan2(layout.y_m[1:], layout.x_m[1:])) % 360
    np.testing.assert_allclose(angle, [30, 90, 150, 210, 270, 330])


@pytest.mark.parametrize("sites", [1, 7, 19, 37])
def test_seven_copies_hold_the_nearest_one(sites):
    """Against 81 copies of the cluster, from anywhere in the area and in the hexagons to move in."""
    layout = hexagons(sites, wrap_around=True)
    assert layout.image_offsets_m.shape == (7, 2)
    np.testing.assert_allclose(np.hypot(*layout.image_offsets_m[1:].T), 500.0 * np.sqrt(sites))
    rng = np.random.default_rng(sites)
    drop_x, drop_y = layout.drop(400, rng)
    circumradius_m, corner_deg = bounding_hexagon(sites, inter_site_distance_m=500.0)
    corner = np.radians(corner_deg + 60 * np.arange(6))
    x_m = np.concatenate([drop_x, layout.outline_m[:, 0], circumradius_m * np.cos(corner)])
    y_m = np.concatenate([drop_y, layout.outline_m[:, 1], circumradius_m * np.sin(corner)])
    one, other = layout.image_offsets_m[1], layout.image_offsets_m[2]
    best_m = np.full((x_m.size, sites), np.inf)
    for along in range(-4, 5):
        for aside in range(-4, 5):
            shift = along * one + aside * other
            away_x = x_m[:, None] - layout.x_m - shift[0]
            away_y = y_m[:, None] - layout.y_m - shift[1]
            best_m = np.minimum(best_m, np.hypot(away_x, away_y))
    np.testing.assert_allclose(layout.distance_2d_m(x_m, y_m), best_m, rtol=1e-9, atol=1e-9)
    if sites > 1:
        assert (hexagons(sites).distance_2d_m(x_m, y_m) > best_m + 1).any()


def test_copies_fill_the_plane_without_overlap():
    layout = hexagons(7, wrap_around=True)
    rng = np.random.default_rng(4)
    points_m = rng.uniform(-700.0, 700.0, (5000, 2))
    owners = sum(layout.contains(*(points_m - shift).T).astype(int) for shift in layout.image_offsets_m)
    assert (owners == 1).all()


def test_the_area_is_what_is_nearest_to_a_site_and_no_further_than_its_cell():
    layout = hexagons(19)
    rng = np.random.default_rng(2)
    points_m = rng.uniform(-1600.0, 1600.0, (20_000, 2))
    wide = hexagons(37)
    nearest = wide.distance_2d_m(*points_m.T).argmin(axis=1)
    np.testing.assert_array_equal(layout.contains(*points_m.T), nearest < 19)


def test_a_drop_is_uniform_and_keeps_its_distance():
    layout = hexagons(7, wrap_around=True)
    x_m, y_m = layout.drop(70_000, np.random.default_rng(1), min_distance_2d_m=35.0)
    distance_m = layout.distance_2d_m(x_m, y_m)
    assert distance_m.min() >= 35.0
    assert layout.contains(x_m, y_m).all()
    counts = np.bincount(distance_m.argmin(axis=1), minlength=7)
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 22.5  # chi-square, 6 degrees of freedom, 99.9 %
    # Within 100 m of a site: the share of the ring between 35 and 100 m in a cell without its hole.
    share = np.pi * (100.0**2 - 35.0**2) / (CELL_M2 - np.pi * 35.0**2)
    found = (distance_m.min(axis=1) < 100.0).mean()
    assert abs(found - share) < 3.9 * np.sqrt(share / 70_000)
    assert 3.9 * np.sqrt(share / 70_000) < 0.05 * share


def test_the_same_seed_gives_the_same_drop():
    layout = hexagons(7)
    one = layout.drop(50, np.random.default_rng(8))
    other = layout.drop(50, np.random.default_rng(8))
    np.testing.assert_array_equal(one, other)
    assert layout.drop(0, np.random.default_rng(8))[0].size == 0


def test_the_hexagon_to_move_in_holds_the_cells_or_has_their_area():
    for sites in (1, 7, 19, 37):
        circumradius_m, corner_deg = bounding_hexagon(sites, inter_site_distance_m=500.0)
        normal = np.radians(corner_deg + 30 + 60 * np.arange(6))
        reach_m = hexagons(sites).outline_m @ np.array([np.cos(normal), np.sin(normal)])
        assert reach_m.max() == pytest.approx(circumradius_m * np.sqrt(3) / 2)
        radius_m, corner_deg = bounding_hexagon(sites, inter_site_distance_m=500.0, wrap_around=True)
        assert 1.5 * np.sqrt(3) * radius_m**2 == pytest.approx(sites * CELL_M2)
        # Its sides lie half-way to the copies.
        offsets = hexagons(sites, wrap_around=True).image_offsets_m[1:]
        sides_deg = (corner_deg + 30 + 60 * np.arange(6)) % 360
        angles_deg = np.degrees(np.arctan2(offsets[:, 1], offsets[:, 0])) % 360
        np.testing.assert_allclose(np.sort(angles_deg), np.sort(sides_deg), atol=1e-9)
        np.testing.assert_allclose(np.hypot(*offsets.T) / 2, radius_m * np.sqrt(3) / 2)


def test_what_is_no_layout_is_refused():
    for wrong in ({"sites": 3}, {"sectors": 2}, {"inter_site_distance_m": 0.0}, {"tilt_deg": np.nan}):
        asked = {"sites": 7, "inter_site_distance_m": 500.0, "height_m": 25.0} | wrong
        with pytest.raises(ModelRangeError):
            hexagonal_layout(asked.pop("sites"), **asked)
    with pytest.raises(ModelRangeError):
        bounding_hexagon(8, inter_site_distance_m=500.0)
    with pytest.raises(ValueError, match="height_m"):
        hexagonal_layout(7, inter_site_distance_m=500.0, height_m=0.0)
    with pytest.raises(ValueError, match="no room"):
        hexagons(1).drop(1, np.random.default_rng(1), min_distance_2d_m=400.0)


def layout_with(**changes):
    fields = {
        "names": ("a", "b"),
        "x_m": [0.0, 1.0],
        "y_m": [0.0, 0.0],
        "height_m": [10.0, 10.0],
        "sector_site": np.array([0, 1]),
        "sector_azimuth_deg": [0.0, 0.0],
        "sector_tilt_deg": [0.0, 0.0],
        "outline_m": [[0, 0], [1, 0], [1, 1]],
        "image_offsets_m": [[0.0, 0.0]],
    }
    return SiteLayout(**(fields | changes))


def test_a_layout_checks_its_parts_and_cannot_be_written():
    layout = layout_with()
    assert layout.area_m2 == pytest.approx(0.5)
    with pytest.raises(ValueError, match="read-only"):
        layout.x_m[0] = 5.0
    for changes, message in (
        ({"names": ("a", "a")}, "names that differ"),
        ({"x_m": [0.0, 0.0]}, "same position"),
        ({"x_m": [0.0]}, "x_m has the shape"),
        ({"y_m": [0.0, np.inf]}, "y_m has the shape"),
        ({"sector_site": np.array([0, 2])}, "does not exist"),
        ({"outline_m": [[0, 0], [1, 1], [1, 0]]}, "counter-clockwise"),
        ({"image_offsets_m": [[1.0, 0.0]]}, "image offset"),
    ):
        with pytest.raises(ValueError, match=message):
            layout_with(**changes)
