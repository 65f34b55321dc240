"""What holds for every model: the contract of `Mobility`."""

import numpy as np
import pytest

from netgen.mobility.contract import Mobility, Static


def test_positions_do_not_depend_on_the_instants_asked_before(make):
    """Bit for bit: every 0.1 s, in uneven steps, and once."""
    often, uneven, once = make(np.arange(60)), make(np.arange(60)), make(np.arange(60))
    for step in range(1201):
        often.positions_at(step * 0.1)
    for time_s in (0.0, 0.05, 33.0, 33.0, 90.123):
        uneven.positions_at(time_s)
    expected = np.array(once.positions_at(120.0))
    np.testing.assert_array_equal(np.array(often.positions_at(120.0)), expected)
    np.testing.assert_array_equal(np.array(uneven.positions_at(120.0)), expected)
    np.testing.assert_array_equal(often.present, once.present)


def test_a_user_does_not_depend_on_the_others(make_random):
    all_of_them, some = make_random(np.arange(40)), make_random(np.array([31, 7, 8]))
    for time_s in (0.0, 20.0, 300.0):
        together, alone = all_of_them.positions_at(time_s), some.positions_at(time_s)
        np.testing.assert_array_equal(together[0][[31, 7, 8]], alone[0])
        np.testing.assert_array_equal(together[1][[31, 7, 8]], alone[1])


def test_nobody_is_faster_than_the_bound_and_who_never_moves_does_not(make):
    model = make(np.arange(60))
    assert isinstance(model, Mobility)
    last = start = np.array(model.positions_at(0.0))
    was_there = model.present.copy()
    moved = np.zeros(60, dtype=bool)
    for step in range(1, 801):
        here = np.array(model.positions_at(step * 0.25))
        there = was_there & model.present
        far_m = np.hypot(*(here - last))
        assert (far_m[there] <= model.max_speed_mps * 0.25 + 1e-9).all()
        moved |= (here != start).any(axis=0)
        last, was_there = here, model.present.copy()
    assert not (moved & ~model.moving).any()
    assert moved.sum() >= 0.9 * model.moving.sum()


def test_arrays_are_read_only_and_time_goes_forward(make):
    model = make(np.arange(10))
    x_m, y_m = model.positions_at(5.0)
    for array in (x_m, y_m, model.moving, model.present):
        assert array.shape == (10,)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    if not isinstance(model, Static):
        with pytest.raises(ValueError, match="asked after"):
            model.positions_at(4.0)
    with pytest.raises(ValueError, match=r"nan s"):
        model.positions_at(float("nan"))


def test_blocks_of_users_are_seamless(make_random):
    """More users than a block holds; users at the seams as in a small population."""
    users = np.arange(40_000)
    many, few = make_random(users), make_random(np.array([16383, 16384, 32768, 39999]))
    for time_s in (0.0, 40.0):
        everywhere, here = np.array(many.positions_at(time_s)), np.array(few.positions_at(time_s))
        np.testing.assert_array_equal(everywhere[:, [16383, 16384, 32768, 39999]], here)


def test_static_users_refuse_what_is_no_place():
    with pytest.raises(ValueError, match=r"x_m\[1\] = nan"):
        Static([0.0, np.nan], [0.0, 0.0])
    with pytest.raises(ValueError, match="2 values of x_m but 1"):
        Static([0.0, 1.0], [0.0])
    with pytest.raises(ValueError, match="dimensions"):
        Static([[0.0]], [[0.0]])
    model = Static([1.0], [2.0])
    assert model.max_speed_mps == 0.0
    assert not model.moving.any()
