"""A map of losses, learned from reports."""

import numpy as np
import pytest

from netgen.prediction.radio_map import RadioMap


def array(*values):
    return np.array(values, dtype=float)


def test_nothing_is_known_of_nowhere():
    empty = RadioMap(50.0)
    assert (empty.mean, empty.squares, empty.reports) == (0.0, 0, 0)
    assert empty.at(array(0, 1e6), array(0, 0)).tolist() == [0.0, 0.0]


def test_squares_hold_the_mean_of_their_reports():
    """Squares of 50 m: three reports in the first, one in the one west of it, one north."""
    learned = RadioMap(50.0)
    learned.learn(array(0, 49.9, -0.1), array(0, 49.9, 0), array(0.0, 0.3, 1.0))
    learned.learn(array(10, 10), array(10, 50), array(0.6, 0.5))
    assert (learned.squares, learned.reports) == (3, 5)
    assert learned.at(array(25, -50, 25), array(25, 49, 99)).tolist() == pytest.approx([0.3, 1.0, 0.5])
    assert learned.at(array(25), array(100)).tolist() == pytest.approx([2.4 / 5])


def test_the_order_of_reports_does_not_matter():
    rng = np.random.default_rng(4)
    x_m, y_m, loss = rng.uniform(-500, 500, 300), rng.uniform(-500, 500, 300), rng.integers(0, 9, 300) / 8.0
    together, apart = RadioMap(50.0), RadioMap(50.0)
    together.learn(x_m, y_m, loss)
    for part in reversed(np.array_split(np.arange(300), 17)):
        apart.learn(x_m[part], y_m[part], loss[part])
    assert together.at(x_m, y_m).tolist() == apart.at(x_m, y_m).tolist()
    square = (np.floor(x_m / 50) == np.floor(x_m[0] / 50)) & (np.floor(y_m / 50) == np.floor(y_m[0] / 50))
    assert together.at(x_m[:1], y_m[:1])[0] == pytest.approx(loss[square].mean())


def test_no_reports_teach_nothing():
    learned = RadioMap(50.0)
    learned.learn(array(1), array(1), array(0.5))
    learned.learn(array(), array(), array())
    assert learned.at(array(2), array(2)).tolist() == [0.5]


def test_the_far_end_of_the_plane_is_one_square():
    learned = RadioMap(1.0)
    learned.learn(array(1e300, -1e300), array(0, 0), array(1.0, 0.0))
    assert learned.at(array(1e200, -1e200), array(0, 0)).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("side_m", [0.0, -1.0, float("nan")])
def test_squares_without_a_side_are_refused(side_m):
    with pytest.raises(ValueError, match="bin_m"):
        RadioMap(side_m)
