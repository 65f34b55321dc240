"""Shadow fading: rows of the table, the rural breakpoint, refusals."""

import numpy as np
import pytest

from netgen.propagation.path_loss import Environment
from netgen.propagation.shadow_fading import Sight, correlation_distance_m, sigma_db


def test_states_are_numbers_of_rows():
    assert [int(sight) for sight in Sight] == [0, 1, 2]


def test_only_rural_line_of_sight_depends_on_the_breakpoint():
    for environment in Environment:
        for sight in Sight:
            near, far = sigma_db(environment, sight, beyond_breakpoint=[False, True])
            changes = environment is Environment.RMA and sight is Sight.LOS
            assert (near != far) == changes
    assert sigma_db("rma", Sight.LOS, beyond_breakpoint=True) == 6.0


def test_shapes_broadcast():
    found = sigma_db("rma", [[0], [1]], beyond_breakpoint=[False, True, False])
    assert found.tolist() == [[4, 6, 4], [8, 8, 8]]
    assert sigma_db("uma", [[0], [1]], beyond_breakpoint=[False, True, False]).shape == (2, 3)
    assert correlation_distance_m("umi", [0, 1, 2, 0]).tolist() == [10, 13, 7, 10]


def test_callers_get_an_own_array():
    found = correlation_distance_m("uma", np.arange(3))
    found[:] = 0
    assert correlation_distance_m("uma", Sight.LOS) == 37.0


@pytest.mark.parametrize("wrong", [-1, 3])
def test_other_states_are_refused(wrong):
    with pytest.raises(ValueError, match="a state must be"):
        sigma_db("uma", [0, wrong])
    with pytest.raises(ValueError, match="a state must be"):
        correlation_distance_m("uma", [0, wrong])
