"""Line: on the line, at constant speed, turning or wrapping at the ends."""

import numpy as np
import pytest

from netgen.mobility.line import Line
from netgen.mobility.random_direction import Border

X_M, Y_M = [0.0, 300.0, 300.0, 700.0], [0.0, 400.0, 500.0, 800.0]
KEY = np.uint64(77)
LENGTH_M = 500.0 + 100.0 + 500.0


def odometer(x_m, y_m):
    """Distance from the first corner of points on the line; fails for points beside it."""
    reach_m = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(X_M), np.diff(Y_M)))])
    best, gone = np.full(np.size(x_m), np.inf), np.zeros(np.size(x_m))
    for part in range(3):
        along = np.array([X_M[part + 1] - X_M[part], Y_M[part + 1] - Y_M[part]])
        length = np.hypot(*along)
        share = np.clip(((x_m - X_M[part]) * along[0] + (y_m - Y_M[part]) * along[1]) / length**2, 0, 1)
        beside = np.hypot(x_m - X_M[part] - share * along[0], y_m - Y_M[part] - share * along[1])
        nearer = beside < best
        best[nearer], gone[nearer] = beside[nearer], (reach_m[part] + share * length)[nearer]
    assert best.max() < 1e-6
    return gone


@pytest.mark.parametrize("border", list(Border))
def test_the_odometer_runs_on_modulo_the_ends(border):
    model = Line(X_M, Y_M, np.arange(500), key=KEY, speed_mps=(5.0, 40.0), border=border)
    assert model.length_m == pytest.approx(LENGTH_M)
    start_m = odometer(*model.positions_at(0.0))
    velocity = (odometer(*model.positions_at(1e-3)) - start_m) / 1e-3
    straight = (np.abs(velocity) >= 5 - 1e-6) & (np.abs(velocity) <= 40 + 1e-6)
    assert straight.mean() > 0.99
    for time_s in (7.0, 100.0, 5000.0):
        found_m = odometer(*model.positions_at(time_s))
        free_m = start_m + time_s * velocity
        if border is Border.WRAP:
            away = np.mod(found_m - free_m + LENGTH_M / 2, LENGTH_M) - LENGTH_M / 2
        else:
            phase = np.mod(free_m, 2 * LENGTH_M)
            away = found_m - np.minimum(phase, 2 * LENGTH_M - phase)
        np.testing.assert_allclose(away[straight], 0.0, atol=1e-6 * max(time_s, 1.0) + 1e-6)


def test_users_start_anywhere_at_any_speed_in_the_share_of_ways():
    model = Line(X_M, Y_M, np.arange(20_000), key=KEY, speed_mps=(5.0, 25.0), forward_share=0.7)
    start_m = odometer(*model.positions_at(0.0))
    velocity = (odometer(*model.positions_at(1e-3)) - start_m) / 1e-3
    assert abs((velocity > 0).mean() - 0.7) < 3.9 * np.sqrt(0.21 / 20_000)
    assert abs(start_m.mean() - LENGTH_M / 2) < 3.9 * LENGTH_M / np.sqrt(12 * 20_000)
    assert abs(np.abs(velocity).mean() - 15.0) < 3.9 * 20.0 / np.sqrt(12 * 20_000)


def test_a_ring_wraps_without_a_jump():
    ring = Line([0, 9, 9, 0], [0, 0, 9, 0], [1], key=KEY, speed_mps=(1, 2), border=Border.WRAP)
    assert ring.max_speed_mps == 2.0
    assert Line(X_M, Y_M, [1], key=KEY, speed_mps=(1, 2), border=Border.WRAP).max_speed_mps == np.inf


@pytest.mark.parametrize(
    "changes",
    [
        {"x_m": [0.0], "y_m": [0.0]},
        {"x_m": [0.0, 1.0]},
        {"x_m": [0.0, 0.0, 1.0, 1.0], "y_m": [1.0, 1.0, 2.0, 3.0]},
        {"speed_mps": (0.0, 1.0)},
        {"forward_share": 1.5},
        {"forward_share": float("nan")},
    ],
)
def test_wrong_lines_are_refused(changes):
    asked = {"x_m": X_M, "y_m": Y_M, "speed_mps": (1.0, 2.0)} | changes
    with pytest.raises(ValueError):
        Line(asked.pop("x_m"), asked.pop("y_m"), [1], key=KEY, **asked)
