"""Layouts scale, turn and wrap as geometry says."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netgen.topology.hexagonal import RINGS, bounding_hexagon, hexagonal_layout

sites = st.sampled_from(sorted(RINGS))
distances_m = st.floats(1.0, 1e5)
angles_deg = st.floats(-360.0, 360.0)


def layout(count, distance_m, angle_deg, *, wrap_around):
    return hexagonal_layout(
        count,
        inter_site_distance_m=distance_m,
        height_m=25.0,
        wrap_around=wrap_around,
        first_neighbour_deg=angle_deg,
    )


@given(sites, distances_m, angles_deg, st.booleans())
def test_a_layout_is_a_scaled_and_turned_one(count, distance_m, angle_deg, wrap_around):
    unit = layout(count, 1.0, 0.0, wrap_around=wrap_around)
    found = layout(count, distance_m, angle_deg, wrap_around=wrap_around)
    turn = distance_m * np.exp(1j * np.radians(angle_deg))

    def turned(points):
        image = (points[:, 0] + 1j * points[:, 1]) * turn
        return np.column_stack([image.real, image.imag])

    atol = 1e-9 * distance_m
    place = np.column_stack([unit.x_m, unit.y_m])
    np.testing.assert_allclose(np.column_stack([found.x_m, found.y_m]), turned(place), atol=atol)
    np.testing.assert_allclose(found.outline_m, turned(unit.outline_m), atol=atol)
    np.testing.assert_allclose(found.image_offsets_m, turned(unit.image_offsets_m), atol=atol)
    np.testing.assert_allclose(found.area_m2, count * distance_m**2 * np.sqrt(0.75), rtol=1e-9)


@given(sites, distances_m, angles_deg, st.integers(0, 2**32 - 1))
def test_with_wrap_around_every_point_has_a_site_as_near_as_its_cell(count, distance_m, angle_deg, seed):
    wrapped = layout(count, distance_m, angle_deg, wrap_around=True)
    radius_m, corner_deg = bounding_hexagon(
        count, inter_site_distance_m=distance_m, first_neighbour_deg=angle_deg, wrap_around=True
    )
    rng = np.random.default_rng(seed)
    reach_m = radius_m * np.sqrt(0.75) * np.sqrt(rng.random(50))
    angle = 2 * np.pi * rng.random(50)
    x_m, y_m = reach_m * np.cos(angle), reach_m * np.sin(angle)
    here_m = wrapped.distance_2d_m(x_m, y_m)
    assert (here_m.min(axis=1) <= distance_m / np.sqrt(3) * (1 + 1e-9)).all()
    assert (here_m <= layout(count, distance_m, angle_deg, wrap_around=False).distance_2d_m(x_m, y_m)).all()
    # The same surroundings across each side of the hexagon that tiles the plane.
    for side in range(6):
        normal = np.radians(corner_deg + 30 + 60 * side)
        out = np.array([np.cos(normal), np.sin(normal)]) * radius_m * np.sqrt(0.75)
        along = np.array([-np.sin(normal), np.cos(normal)]) * radius_m * rng.uniform(-0.5, 0.5)
        one = wrapped.distance_2d_m(*(out + along)[:, None])
        other = wrapped.distance_2d_m(*(along - out)[:, None])
        np.testing.assert_allclose(one, other, atol=1e-8 * distance_m)


@given(sites, angles_deg, st.integers(0, 2**32 - 1), st.floats(0.0, 0.4))
def test_drops_keep_to_the_area_and_their_distance(count, angle_deg, seed, near):
    wrapped = layout(count, 500.0, angle_deg, wrap_around=True)
    x_m, y_m = wrapped.drop(40, np.random.default_rng(seed), min_distance_2d_m=500.0 * near)
    assert wrapped.contains(x_m, y_m).all()
    assert (wrapped.distance_2d_m(x_m, y_m) >= 500.0 * near - 1e-9).all()
