"""Street grid: on the streets, turning by the shares, never out."""

import numpy as np
import pytest

from netgen.mobility.street_grid import StreetGrid

KEY = np.uint64(9)


def grid(users=2000, **changes):
    asked = {"block_m": (80.0, 50.0), "blocks": (5, 8), "speed_mps": (2.0, 12.0), "corner_m": (10.0, -20.0)}
    return StreetGrid(np.arange(users), key=KEY, **(asked | changes))


def test_users_keep_to_the_streets():
    model = grid()
    for time_s in (0.0, 3.0, 50.0, 1000.0, 10_000.0):
        x_m, y_m = model.positions_at(time_s)
        column, row = (x_m - 10.0) / 80.0, (y_m + 20.0) / 50.0
        on_street = (np.abs(column - np.rint(column)) < 1e-9) | (np.abs(row - np.rint(row)) < 1e-9)
        assert on_street.all()
        assert ((column > -1e-9) & (column < 5 + 1e-9) & (row > -1e-9) & (row < 8 + 1e-9)).all()


def test_turns_come_in_the_shares_asked_for():
    """Far from the edge, one user after the other at one crossing each."""
    model = grid(
        30_000,
        blocks=(400, 400),
        block_m=(10.0, 10.0),
        speed_mps=(10.0, 10.0),
        left_share=0.1,
        right_share=0.3,
    )
    # All speeds are one block per second: between 1 s before and 1 s after, each user meets one crossing
    # in the middle second.
    early, before, after, late = (
        np.array(model.positions_at(time_s)) for time_s in (0.0, 1e-3, 1.0, 1.0 + 1e-3)
    )
    heading, next_heading = (before - early) / 1e-2, (late - after) / 1e-2
    clean = (np.abs(np.abs(heading).max(axis=0) - 1) < 1e-6) & (
        np.abs(np.abs(next_heading).max(axis=0) - 1) < 1e-6
    )
    clean &= ((before > 40) & (before < 3950)).all(axis=0)
    turn = np.rint(heading[0] * next_heading[1] - heading[1] * next_heading[0])[clean]
    on = np.rint((heading * next_heading).sum(axis=0))[clean]
    count = clean.sum()
    assert count > 25_000
    for found, share in (((turn == 1).mean(), 0.1), ((turn == -1).mean(), 0.3), ((on == 1).mean(), 0.6)):
        assert abs(found - share) < 3.9 * np.sqrt(share * (1 - share) / count)
    assert (on > -1).all()


def test_a_single_block_is_walked_round_and_back():
    model = grid(100, blocks=(1, 1))
    x_m, y_m = model.positions_at(12_345.0)
    assert ((x_m >= 10 - 1e-9) & (x_m <= 90 + 1e-9) & (y_m >= -20 - 1e-9) & (y_m <= 30 + 1e-9)).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"block_m": (0.0, 5.0)},
        {"block_m": (np.inf, 5.0)},
        {"blocks": (0, 5)},
        {"speed_mps": (0.0, 5.0)},
        {"left_share": 0.7, "right_share": 0.4},
        {"left_share": -0.1},
        {"corner_m": (np.nan, 0.0)},
    ],
)
def test_wrong_grids_are_refused(changes):
    with pytest.raises(ValueError):
        grid(1, **changes)
