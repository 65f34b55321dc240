"""Views that every service policy must survive: nobody, one, many, all poor, full cells, no tower, nothing possible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from netgen.policy.service_policies import Add, Serve
from netgen.policy.service_views import (
    AdditionView,
    Bools,
    CellView,
    ChannelView,
    ContentView,
    ContinuationView,
    Floats,
    Ints,
    OffloadingView,
)
from netgen.policy.views import GpuView

MANY = 60
"""Users of the views with many."""

_GPU = GpuView("L4", 2, 1, 3, 0.1, 24_000_000_000, 12_000_000_000, ("face",))
_FREE = CellView("west", 0.3, 0.0, 40, 0.0, 0, True, _GPU)
_BUSY = CellView("east", 0.7, 0.05, 20, 0.01, 0, True, None)
_FULL = CellView("full", 1.0, 2.5, 300, 0.4, 25, True, _GPU)
_OFF = CellView("off", 0.0, 0.0, 0, 1.0, 12, False, None)


def continuation_samples() -> tuple[ContinuationView, ...]:
    """Views of continuation policies: the last ones have the most users."""
    none = _continuation(0, cells=(_FREE,))
    one = _continuation(1, cells=(_FREE,))
    many = _continuation(MANY, cells=(_FREE, _BUSY, _FULL))
    good = _floats(np.zeros(MANY))
    ones, never = _floats(np.ones(MANY)), _floats(np.full(MANY, np.inf))
    poor = replace(many, loss_now=ones, loss_ahead=ones, time_to_poor_s=good)
    calm = replace(
        many, loss_now=good, loss_ahead=good, time_to_poor_s=never, multicast_share=_floats([0, 0, 0])
    )
    everybody = _ints(np.full(MANY, Serve.CELLULAR))
    nowhere = _ints(np.full(MANY, -1))
    views = (
        none,
        one,
        replace(one, loss_now=_floats([1.0]), loss_ahead=_floats([1.0]), time_to_poor_s=_floats([0.0])),
        replace(one, cell=_ints([-1]), cells=(), multicast_share=_floats([])),
        many,
        poor,
        replace(poor, on_air=False),
        calm,
        replace(calm, served=everybody),
        replace(poor, cell=nowhere, cells=(), multicast_share=_floats([])),
        replace(poor, cells=(_FULL, _FULL, _FULL), unicast_share=ones, multicast_share=_floats([1, 1, 1])),
        replace(poor, cells=(_OFF, _OFF, _OFF), served=everybody),
        replace(poor, unicast_share=never, multicast_share=_floats([np.inf, np.inf, 0.5])),
        replace(many, moving=_bools(np.ones(MANY, dtype=np.bool_))),
        replace(many, since_s=never, served=everybody),
    )
    return tuple(replace(view, time_s=10.0 + number) for number, view in enumerate(views))


def offloading_samples() -> tuple[OffloadingView, ...]:
    """Views of offloading policies: the audiences grow and shrink from one to the next."""
    air, other = ChannelView("mast", 20e6, True), ChannelView("mast.robust", 6e6, True)
    final = ContentView("final", "match", 0, 8e6, False, False, np.inf, 90, 70, 2.4, 0.9)
    talk = ContentView("talk", "talk", 0, 5e6, True, False, 12.0, 12, 9, 0.3, 0.1)
    news = ContentView("news", "news", 0, 9e6, False, False, 3.0, 40, 40, 1.1, 0.4)
    film = ContentView("film", "film", 1, 5e6, False, False, np.inf, 25, 0, 0.0, 0.0)
    empty = replace(
        talk, service="empty", on_tower=False, audience=0, reachable=0, share=0.0, busiest_share=0.0
    )
    contents, channels, cells = (final, talk, news, film, empty), (air, other), (_FREE, _BUSY)
    base = OffloadingView(10.0, 1.0, contents, channels, cells)
    huge = tuple(replace(content, rate_bps=1e9, on_tower=False) for content in contents)
    dead = tuple(replace(channel, capacity_bps=0.0) for channel in channels)
    silent = tuple(replace(channel, on_air=False) for channel in channels)
    coming = replace(final, on_tower=True, moving=True)
    few = tuple(replace(c, audience=1, reachable=1, share=0.01, on_tower=True) for c in (final, talk))
    crowd = tuple(
        replace(c, audience=c.audience * 50, reachable=c.reachable * 50, share=c.share * 50) for c in contents
    )
    views = (
        replace(base, contents=(), channels=(), cells=()),
        replace(base, contents=()),
        replace(base, contents=(final,), channels=(air,)),
        base,
        replace(base, contents=crowd, cells=(_FULL, _FULL)),
        replace(base, contents=crowd, cells=()),
        replace(base, contents=huge),
        replace(base, contents=tuple(replace(c, on_tower=False) for c in crowd), channels=dead),
        replace(base, contents=crowd, channels=silent, cells=(_OFF, _FULL)),
        replace(base, contents=(coming, talk, news, film)),
        replace(base, contents=(final, replace(talk, on_tower=False, moving=True), news, film)),
        # What is being moved no longer fits: nothing else may be added.
        replace(base, contents=(coming, news), channels=(replace(air, capacity_bps=1e6),)),
        # More is on the tower than fits, since it lost rate: something has to come back.
        replace(base, contents=tuple(replace(c, on_tower=True) for c in crowd)),
        replace(base, contents=few),
    )  # fmt: skip
    return tuple(replace(view, time_s=10.0 + number) for number, view in enumerate(views))


def addition_samples() -> tuple[AdditionView, ...]:
    """Views of addition policies."""
    none, one = _addition(0, cells=(_FREE,)), _addition(1, cells=(_FREE,))
    many = _addition(MANY, cells=(_FREE, _BUSY, _FULL))
    zeros, never = _floats(np.zeros(MANY)), _floats(np.full(MANY, np.inf))
    no_terminal = replace(many, can_terminal=_bools(np.zeros(MANY)), terminal_s=never)
    no_node = replace(
        many, can_cell=_bools([0, 0, 0]), cell_s=_floats([np.inf] * 3), cell_streams=_ints([0] * 3)
    )
    off_air = replace(many, cells=(_OFF, _OFF, _OFF), rate_bps=zeros)
    views = (
        none,
        one,
        replace(
            one, cell=_ints([-1]), cells=(), can_cell=_bools([]), cell_s=_floats([]), cell_streams=_ints([])
        ),
        many,
        replace(many, deadline_s=None),
        replace(many, deadline_s=0.0),
        replace(many, how=_ints(np.full(MANY, Add.SENT)), cells=(_FULL, _FULL, _FULL)),
        no_terminal,
        no_node,
        replace(no_node, can_terminal=no_terminal.can_terminal, terminal_s=never),
        replace(many, control_bits=0.0, control_share=zeros, generated_fidelity=0.0),
        replace(many, battery=zeros),
        replace(many, rate_bps=zeros, sent_share=never, control_share=never),
        replace(many, how=_ints(np.full(MANY, Add.AT_CELL)), cell_s=_floats([30.0, 30.0, 30.0])),
        off_air,
    )
    return tuple(replace(view, time_s=10.0 + number) for number, view in enumerate(views))


def _continuation(count: int, *, cells: tuple[CellView, ...]) -> ContinuationView:
    """A view whose users go through all states of service, transfer and reception."""
    number = np.arange(count)
    loss = number % 11 / 10.0
    ahead = np.maximum(loss, number % 7 / 6.0)
    return ContinuationView(
        time_s=10.0, period_s=1.0, horizon_s=5.0, service="live", content="match", tower="mast", on_air=True,
        rate_bps=4e6, segment_s=1.0, poor=0.1,
        user=_ints(3 * number + 1), served=_ints(number % 3), moving=_bools(number % 13 == 12),
        since_s=_floats(np.where(number % 5 == 0, np.inf, number % 9)),
        loss_now=_floats(loss), loss_ahead=_floats(ahead),
        time_to_poor_s=_floats(np.where(loss >= 0.1, 0.0, np.where(ahead >= 0.1, 0.5 + number % 5, np.inf))),
        cell=_ints(np.where(number % 10 == 9, -1, number % len(cells))),
        unicast_share=_floats(0.01 + 0.01 * (number % 6)),
        multicast_share=_floats(np.full(len(cells), 0.08 if count else 0.0)), cells=cells,
    )  # fmt: skip


def _addition(count: int, *, cells: tuple[CellView, ...]) -> AdditionView:
    """A view whose users differ in rate, terminal and battery, and whose cells differ in GPU."""
    number = np.arange(count)
    can_terminal, can_cell = number % 3 > 0, np.array([cell.gpu is not None for cell in cells])
    return AdditionView(
        time_s=10.0, period_s=1.0, service="angle", common="live", segment_s=1.0, deadline_s=1.5,
        sent_bits=2e6, control_bits=4e4, sent_fidelity=1.0, generated_fidelity=0.85,
        user=_ints(3 * number + 1), how=_ints(number % 4),
        cell=_ints(np.where(number % 10 == 9, -1, number % len(cells))),
        rate_bps=_floats(5e5 * (1 + number % 9)), sent_share=_floats(0.02 + 0.01 * (number % 4)),
        control_share=_floats(0.0005 * (1 + number % 4)), can_terminal=_bools(can_terminal),
        terminal_s=_floats(np.where(can_terminal, 0.3 + 0.2 * (number % 5), np.inf)),
        battery=_floats(1.0 - number % 11 / 10.0), terminal_joule=_floats(np.where(can_terminal, 3.0, 0.0)),
        can_cell=_bools(can_cell), cell_s=_floats(np.where(can_cell, 0.4, np.inf)),
        cell_streams=_ints(np.where(can_cell, 2, 0)), cells=cells,
    )  # fmt: skip


def _floats(values: ArrayLike) -> Floats:
    """A read-only array of floats."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def _ints(values: ArrayLike) -> Ints:
    """A read-only array of whole numbers."""
    array = np.array(values, dtype=np.int64)
    array.flags.writeable = False
    return array


def _bools(values: ArrayLike) -> Bools:
    """A read-only array of truth values."""
    array = np.array(values, dtype=np.bool_)
    array.flags.writeable = False
    return array
