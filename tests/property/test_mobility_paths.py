"""Paths are functions of the instant, the user and the key, whatever the parameters."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netgen.mobility.area import ConvexPolygon, Disc
from netgen.mobility.line import Line
from netgen.mobility.random_direction import Border, RandomDirection
from netgen.mobility.random_waypoint import RandomWaypoint
from netgen.mobility.street_grid import StreetGrid
from netgen.mobility.trace import Trace, TraceSamples

lengths_m = st.floats(1.0, 1e5)
shares = st.floats(0.0, 0.5)


@st.composite
def ranges(draw, low, high):
    first, second = draw(st.floats(low, high)), draw(st.floats(low, high))
    return min(first, second), max(first, second)


@st.composite
def areas(draw):
    kind = draw(st.sampled_from(["disc", "hexagon", "rectangle"]))
    if kind == "disc":
        return Disc(draw(st.floats(-1e4, 1e4)), 0.0, draw(lengths_m))
    if kind == "hexagon":
        corner_deg = draw(st.floats(-180.0, 180.0))
        return ConvexPolygon.hexagon(0.0, 5.0, circumradius_m=draw(lengths_m), first_corner_deg=corner_deg)
    return ConvexPolygon.rectangle(-3.0, 8.0, width_m=draw(lengths_m), height_m=draw(lengths_m))


@st.composite
def factories(draw):
    """A function from identities to a population, and the time in which it goes through some legs."""
    key = np.uint64(draw(st.integers(0, 2**64 - 1)))
    speed_mps = draw(ranges(0.1, 100.0))
    kind = draw(st.sampled_from(["waypoint", "direction", "line", "grid"]))
    if kind == "waypoint":
        area, pause_s = draw(areas()), draw(ranges(0.0, 100.0))
        size_m = area.diameter_m

        def make(users):
            return RandomWaypoint(area, users, key=key, speed_mps=speed_mps, pause_s=pause_s)
    elif kind == "direction":
        area = draw(areas())
        wraps = not isinstance(area, Disc) and draw(st.booleans())
        size_m = np.sqrt(area.area_m2) / 4

        def make(users):
            border = Border.WRAP if wraps else Border.REFLECT
            mean_time_s = area.diameter_m / speed_mps[1]
            return RandomDirection(
                area, users, key=key, speed_mps=speed_mps, mean_time_s=mean_time_s, border=border
            )
    elif kind == "line":
        turns = draw(st.lists(st.tuples(lengths_m, lengths_m), min_size=2, max_size=6, unique=True))
        x_m, y_m = np.cumsum(np.array(turns), axis=0).T
        border, size_m = draw(st.sampled_from(Border)), 1e3

        def make(users):
            return Line(x_m, y_m, users, key=key, speed_mps=speed_mps, border=border)
    else:
        block_m, left, right = (draw(lengths_m), draw(lengths_m)), draw(shares), draw(shares)
        blocks, size_m = (draw(st.integers(1, 9)), draw(st.integers(1, 9))), min(block_m)

        def make(users):
            return StreetGrid(
                users,
                key=key,
                block_m=block_m,
                blocks=blocks,
                speed_mps=speed_mps,
                left_share=left,
                right_share=right,
            )

    return make, 20.0 * size_m / speed_mps[1]


@given(factories(), st.lists(st.floats(0.0, 1.0), max_size=8), st.permutations(range(6)))
def test_neither_instants_nor_companions_nor_order_change_a_path(factory, instants, order):
    make, horizon_s = factory
    once, often = make(np.arange(6)), make(np.array(order) + 0)
    for share in sorted(instants):
        often.positions_at(share * horizon_s)
    expected = np.array(once.positions_at(horizon_s))
    np.testing.assert_array_equal(np.array(often.positions_at(horizon_s)), expected[:, order])
    np.testing.assert_array_equal(np.array(make(np.array([4])).positions_at(horizon_s))[:, 0], expected[:, 4])


@given(factories(), st.floats(0.0, 1.0), st.floats(0.0, 0.1))
def test_nobody_beats_the_speed_bound(factory, begin, lasting):
    make, horizon_s = factory
    model = make(np.arange(20))
    before = np.array(model.positions_at(begin * horizon_s))
    after = np.array(model.positions_at((begin + lasting) * horizon_s))
    allowed_m = model.max_speed_mps * lasting * horizon_s if lasting else 0.0
    scale_m = np.abs(before).max() + np.abs(after).max()
    assert (np.hypot(*(after - before)) <= allowed_m * (1 + 1e-9) + 1e-9 * scale_m).all()


@given(factories(), st.floats(0.0, 1.0))
def test_coordinates_are_finite_and_everyone_is_there(factory, share):
    make, horizon_s = factory
    model = make(np.arange(20))
    assert np.isfinite(model.positions_at(share * horizon_s)).all()
    assert model.present.all()
    assert model.moving.all()


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 40), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
        min_size=1,
        max_size=25,
        unique_by=lambda row: row[:2],
    ),
    st.lists(st.floats(0.0, 45.0), min_size=1, max_size=6),
    st.sampled_from([2.0, 5.0, np.inf]),
)
def test_a_trace_is_plain_interpolation(rows, instants, longest_gap_s):
    seen = sorted({row[0] for row in rows})
    user, time_s, x_m, y_m = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    samples = TraceSamples(
        tuple(str(number) for number in seen), np.searchsorted(seen, user), time_s, x_m, y_m
    )
    model = Trace(samples, longest_gap_s=longest_gap_s)
    for instant in sorted(instants):
        found = np.array(model.positions_at(instant))
        for number, name in enumerate(seen):
            mine = sorted((time, x, y) for who, time, x, y in rows if who == name)
            times, east, north = (np.array(part, dtype=float) for part in zip(*mine, strict=True))
            inside = times[0] <= instant <= times[-1]
            after = np.searchsorted(times, instant)
            at_sample = bool((times == instant).any())
            bridged = inside and (at_sample or times[after] - times[after - 1] <= longest_gap_s)
            assert model.present[number] == bridged
            if bridged or not inside:
                expected = np.interp(instant, times, east), np.interp(instant, times, north)
                np.testing.assert_allclose(found[:, number], expected, rtol=1e-9, atol=1e-6)
