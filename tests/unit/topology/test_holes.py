"""Areas without reception."""

import numpy as np
import pytest

from netgen.topology.holes import Holes


def test_discs_and_rectangles_hold_their_borders():
    holes = Holes.of([(0.0, 0.0, 5.0)], [(10.0, -1.0, 20.0, 1.0)])
    x_m = np.array([0.0, 3.0, 3.0, 5.01, 10.0, 20.0, 15.0, 20.01])
    y_m = np.array([0.0, 4.0, 4.01, 0.0, 1.0, -1.0, 1.01, 0.0])
    assert holes.hold(x_m, y_m).tolist() == [True, True, False, False, True, True, False, False]
    assert holes.hold(3.0, 4.0).tolist() is True


def test_nowhere_is_in_no_hole():
    holes = Holes.of([(0.0, 0.0, 5.0)], [(10.0, -1.0, 20.0, 1.0)])
    assert holes
    assert not Holes.none()
    assert holes.hold(np.array([np.nan]), np.array([0.0])).tolist() == [False]
    assert Holes.none().hold(np.zeros(2), np.zeros(2)).tolist() == [False, False]


@pytest.mark.parametrize(
    ("discs", "rectangles"),
    [
        ([(0, 0, 0)], []),
        ([(0, 0, -1)], []),
        ([(0, np.inf, 1)], []),
        ([], [(1, 0, 1, 2)]),
        ([], [(0, 3, 1, 2)]),
    ],
)
def test_a_hole_without_extent_is_refused(discs, rectangles):
    with pytest.raises(ValueError, match=r"extent|finite"):
        Holes.of(discs, rectangles)


def test_arrays_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="3 columns"):
        Holes(np.zeros((1, 4)), np.empty((0, 4)))
