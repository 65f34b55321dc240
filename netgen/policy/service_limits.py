"""What limits the decisions of service policies: who can get what, and for how many a cell has room."""

from __future__ import annotations

import numpy as np

from netgen.policy.service_views import AdditionView, Bools, Floats, Ints

ROUNDING = 1e-12
"""Share of a cell by which a sum may be above its room: rounding of a sum of floats, no more."""


def can_generate_at_cell(view: AdditionView) -> Bools:
    """Return for whom AT_CELL is legal: the enhancement has an action, and the node of the user's cell can do it."""
    able = np.append(view.can_cell, False)[view.cell]  # cell -1 reads the last entry
    return able & (view.cell >= 0) & (view.control_bits > 0)


def can_generate_at_terminal(view: AdditionView) -> Bools:
    """Return for whom AT_TERMINAL is legal: the enhancement has an action, the terminal can do it, and has a cell."""
    return view.can_terminal & (view.cell >= 0) & (view.control_bits > 0)


def fits_room(cell: Ints, share: Floats, room: Floats, *, rank: Floats, user: Ints) -> Bools:
    """Return who fits into the room of their cells, taken in the order of `rank`, ties by number of the user.

    In each cell it is those up to the first who does not fit. Who has no cell or takes an infinite share never fits,
    and ends nothing.

    Parameters
    ----------
    cell : (n,) int                 Index into `room`; -1 without a cell.
    share : (n,) float              What each takes of that cell.
    room : (c,) float               What each cell has for them.
    rank : (n,) float               Who goes first: the smallest.
    user : (n,) int                 Numbers of the users.
    """
    able = np.flatnonzero((cell >= 0) & np.isfinite(share))
    order = able[np.lexsort((user[able], rank[able], cell[able]))]
    of, taken = cell[order], share[order]
    total = np.cumsum(taken)
    first = np.searchsorted(of, of)
    fits = np.zeros(len(cell), dtype=np.bool_)
    fits[order] = total - total[first] + taken[first] <= room[of] + ROUNDING
    return fits
