"""Who can get what, and who fits into the room of a cell."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netgen.policy import can_generate_at_cell, can_generate_at_terminal, fits_room
from netgen.policy.service_samples import addition_samples


def fits(cell, share, room, *, rank=None, user=None):
    number = np.arange(len(cell)) if user is None else np.array(user, dtype=np.int64)
    order = np.zeros(len(cell)) if rank is None else np.array(rank, dtype=np.float64)
    found = fits_room(
        np.array(cell, dtype=np.int64),
        np.array(share, dtype=np.float64),
        np.array(room),
        rank=order,
        user=number,
    )
    return found.tolist()


def test_users_are_taken_in_the_order_of_rank_then_number_until_the_first_who_does_not_fit():
    assert fits([0, 0, 0], [0.5, 0.4, 0.3], [0.9]) == [True, True, False]
    assert fits([0, 0, 0], [0.5, 0.4, 0.3], [0.9], user=[3, 2, 1]) == [False, True, True]
    assert fits([0, 0, 0], [0.5, 0.4, 0.3], [0.9], rank=[2.0, 1.0, 0.0], user=[1, 2, 3]) == [
        False,
        True,
        True,
    ]
    assert fits([0, 0, 0], [0.5, 0.6, 0.1], [0.9]) == [
        True,
        False,
        False,
    ]  # the third would fit, but is later


def test_each_cell_has_its_own_room():
    assert fits([0, 1, 0, 1], [0.6, 0.6, 0.6, 0.3], [0.6, 0.9]) == [True, True, False, True]
    assert fits([0, 1], [0.0, 0.1], [0.0, 0.0]) == [True, False]
    assert fits([0], [0.1], [-0.5]) == [False]


def test_tenths_fill_a_cell_up_to_rounding():
    assert fits([0] * 10, [0.1] * 10, [1.0]) == [True] * 10


def test_who_has_no_cell_or_takes_everything_does_not_fit_and_ends_nothing():
    assert fits([-1, 0, 0], [0.1, np.inf, 0.4], [0.5]) == [False, False, True]
    assert fits([], [], []) == []
    assert fits([-1], [0.1], []) == [False]


@given(
    st.lists(
        st.tuples(st.integers(-1, 3), st.floats(0, 1), st.floats(0, 5), st.integers(0, 10**6)),
        max_size=30,
        unique_by=lambda row: row[3],
    ),
    st.lists(st.floats(-0.5, 2), min_size=4, max_size=4),
)
def test_it_does_what_a_loop_over_users_does(rows, room):
    """The plain twin: one user after the other."""
    expected = {}
    for cell in range(4):
        used, open_ = 0.0, True
        for _, share, _, user in sorted((r for r in rows if r[0] == cell), key=lambda r: (r[2], r[3])):
            open_ = open_ and used + share <= room[cell] + 1e-9
            used += share
            expected[user] = open_
    cell, share, rank, user = (
        (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    )
    if any(abs(sum_ - room[c]) < 1e-8 for c, sum_ in partial_sums(rows)):
        return  # on the edge the two may round differently
    found = fits(cell, share, room, rank=rank, user=user)
    assert found == [expected.get(number, False) for number in user]


def partial_sums(rows):
    """What is used in each cell after each of its users."""
    for cell in range(4):
        used = 0.0
        for _, share, _, _ in sorted((r for r in rows if r[0] == cell), key=lambda r: (r[2], r[3])):
            used += share
            yield cell, used


def test_generating_needs_an_action_a_cell_and_a_device():
    view = replace(
        addition_samples()[3],
        cell=np.array([0, 1, -1, 0]),
        can_cell=np.array([True, False, True]),
        can_terminal=np.array([True, True, True, False]),
    )
    assert can_generate_at_cell(view).tolist() == [True, False, False, True]
    assert can_generate_at_terminal(view).tolist() == [True, True, False, False]
    without = replace(view, control_bits=0.0)
    assert not can_generate_at_cell(without).any()
    assert not can_generate_at_terminal(without).any()
