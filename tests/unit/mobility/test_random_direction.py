"""Random direction: reflection, wrapping, turns."""

import numpy as np
import pytest

from netgen.mobility.area import ConvexPolygon, Disc
from netgen.mobility.random_direction import Border, RandomDirection

AREA = ConvexPolygon.rectangle(-50.0, 20.0, width_m=200.0, height_m=100.0)
KEY = np.uint64(11)


def folded(values, low, width):
    """Where a point that goes straight on is after the mirrors at both ends."""
    phase = np.mod(values - low, 2 * width)
    return low + np.minimum(phase, 2 * width - phase)


def without_turns(border, **others):
    model = RandomDirection(
        AREA, np.arange(300), key=KEY, speed_mps=(3.0, 9.0), mean_time_s=1e12, border=border, **others
    )
    start = np.array(model.positions_at(0.0))
    # A millisecond in, nearly nobody has met the border; who has is told by the speed.
    velocity = (np.array(model.positions_at(1e-3)) - start) / 1e-3
    speed = np.hypot(*velocity)
    straight = (speed > 3.0 - 1e-6) & (speed < 9.0 + 1e-6)
    return model, start, velocity, straight


def test_reflection_is_the_mirror_image_of_straight_on():
    model, start, velocity, straight = without_turns(Border.REFLECT)
    assert straight.mean() > 0.99
    x_m, y_m = model.positions_at(400.0)
    east, north = start + 400.0 * velocity
    np.testing.assert_allclose(x_m[straight], folded(east, -50.0, 200.0)[straight], atol=1e-5)
    np.testing.assert_allclose(y_m[straight], folded(north, 20.0, 100.0)[straight], atol=1e-5)


def test_wrapping_is_straight_on_modulo_the_sides():
    model, start, velocity, straight = without_turns(Border.WRAP)
    x_m, y_m = model.positions_at(400.0)
    assert model.max_speed_mps == np.inf
    for found, free, low, width in (
        (x_m, start[0] + 400 * velocity[0], -50, 200),
        (y_m, start[1] + 400 * velocity[1], 20, 100),
    ):
        away = np.mod(found - free + width / 2, width) - width / 2
        np.testing.assert_allclose(away[straight], 0.0, atol=1e-5)
        assert (found > low - 1e-6).all()
        assert (found < low + width + 1e-6).all()


def test_directions_change_as_often_as_asked():
    """In a vast area only turns change the velocity; they are a Poisson process."""
    area = ConvexPolygon.rectangle(-1e7, -1e7, width_m=2e7, height_m=2e7)
    model = RandomDirection(area, np.arange(2000), key=KEY, speed_mps=(1.0, 2.0), mean_time_s=10.0)
    turns = 0
    velocity = None
    last = np.array(model.positions_at(0.0))
    for step in range(1, 601):
        here = np.array(model.positions_at(step * 0.05))
        moved = (here - last) / 0.05
        if velocity is not None:
            turns += (np.abs(moved - velocity).max(axis=0) > 1e-5).sum()
        last, velocity = here, moved
    # One turn inside a step changes the mean velocity twice: on the way in and on the way out.
    expected = 2 * 2000 * 30.0 / 10.0
    assert abs(turns / expected - 1) < 0.03


def test_users_stay_inside():
    for area in (Disc(5.0, 5.0, 60.0), AREA, ConvexPolygon([0, 90, 30], [0, 10, 70])):
        model = RandomDirection(area, np.arange(1000), key=KEY, speed_mps=(5.0, 30.0), mean_time_s=20.0)
        wide = area.diameter_m * 1e-9
        for time_s in (0.0, 50.0, 500.0, 3000.0):
            x_m, y_m = model.positions_at(time_s)
            outside = ~area.contains(x_m, y_m)
            nudge = [
                area.contains(x_m + east, y_m + north) for east in (-wide, wide) for north in (-wide, wide)
            ]
            assert not (outside & ~np.any(nudge, axis=0)).any()


@pytest.mark.parametrize(
    "changes",
    [
        {"mean_time_s": 0.0},
        {"mean_time_s": np.inf},
        {"speed_mps": (0.0, 1.0)},
        {"border": "bounce"},
        {"border": Border.WRAP, "area": Disc(0.0, 0.0, 1.0)},
        {"border": Border.WRAP, "area": ConvexPolygon([0, 90, 30], [0, 10, 70])},
    ],
)
def test_wrong_parameters_are_refused(changes):
    asked = {"area": AREA, "speed_mps": (1.0, 2.0), "mean_time_s": 5.0} | changes
    with pytest.raises(ValueError):
        RandomDirection(asked.pop("area"), [1], key=KEY, **asked)
