"""Service addition: how each user gets a personal enhancement of a broadcast common stream.

An enhancement that is sent, or generated at the cell, goes over the cell's radio in full; generated at the cell it
spares the way to the cell, generated at the terminal also the radio, at the price of the terminal's battery.
"""

from __future__ import annotations

from collections import deque
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from netgen.policy import (
    Add,
    AdditionDecision,
    AdditionPolicy,
    AdditionView,
    can_generate_at_cell,
    can_generate_at_terminal,
    fits_room,
)

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WAYS = (Add.SENT, Add.AT_TERMINAL, Add.AT_CELL)  # of equals, the first


class CommonAlone(AdditionPolicy):
    """Gives nobody the enhancement: the common stream alone."""

    name: ClassVar[str] = "common-alone"

    def decide(self, view: AdditionView, rng: np.random.Generator) -> AdditionDecision:
        """Nothing for anybody."""
        return _decision(np.full(len(view.user), Add.NONE))


class SendAlways(AdditionPolicy):
    """Sends the enhancement as bits to everybody who has a cell."""

    name: ClassVar[str] = "send-always"

    def decide(self, view: AdditionView, rng: np.random.Generator) -> AdditionDecision:
        """Sent to everybody."""
        return _decision(_sent(view))


class AtCell(AdditionPolicy):
    """Has it generated at the cell's GPU; sends it where that cannot be."""

    name: ClassVar[str] = "at-cell"

    def decide(self, view: AdditionView, rng: np.random.Generator) -> AdditionDecision:
        """At the cell where it can be."""
        return _decision(np.where(can_generate_at_cell(view), Add.AT_CELL, _sent(view)))


class AtTerminal(AdditionPolicy):
    """Has it generated at the terminal; sends it to terminals that cannot.

    Parameters
    ----------
    least_battery : float           Charge below which a terminal is not asked to, 0..1.
    """

    name: ClassVar[str] = "at-terminal"

    def __init__(self, *, least_battery: float = 0.0) -> None:
        _check_share("least_battery", least_battery)
        self.least_battery = least_battery

    def decide(self, view: AdditionView, rng: np.random.Generator) -> AdditionDecision:
        """At the terminal where it can be."""
        able = can_generate_at_terminal(view) & (view.battery >= self.least_battery)
        return _decision(np.where(able, Add.AT_TERMINAL, _sent(view)))


class Threshold(AdditionPolicy):
    """Reacts: sends to users whose rate is enough; the others' terminals generate it where charge and rate allow.

    Enough is `margin` times the rate at which segments come, to begin with, and `keep` times that rate for who gets it
    so already. Who has too little of everything has the common stream alone.

    Parameters
    ----------
    margin, keep : float            Rate over what is needed, keep <= margin.
    least_battery : float           Charge below which a terminal is not asked to generate, 0..1.
    """

    name: ClassVar[str] = "addition-threshold"

    def __init__(self, *, margin: float = 1.5, keep: float = 1.0, least_battery: float = 0.2) -> None:
        if not 0 < keep <= margin:
            raise ValueError(f"need 0 < keep <= margin, got {keep} and {margin}")
        _check_share("least_battery", least_battery)
        self.margin, self.keep, self.least_battery = margin, keep, least_battery

    def decide(self, view: AdditionView, rng: np.random.Generator) -> AdditionDecision:
        """By rate, then by battery."""
        send = (view.cell >= 0) & self._enough(view, view.sent_bits, Add.SENT)
        generate = can_generate_at_terminal(view) & self._enough(view, view.control_bits, Add.AT_TERMINAL)
        generate &= (view.battery >= self.least_battery) & (view.terminal_s <= _limit_s(view))
        return _decision(np.select([send, generate], [Add.SENT, Add.AT_TERMINAL], Add.NONE))

    def _enough(self, view: AdditionView, bits: float, way: Add) -> Bools:
        """Whose rate is enough for segments of a size."""
        factor = np.where(view.how == way, self.keep, self.margin)
        return view.rate_bps >= factor * bits / view.segment_s


class Cheapest(AdditionPolicy):
    """Weighs: gives each user the way that takes least of the cell, among those that are in time, while it has room.

    A way is in time when the user's rate keeps up with the segments and one of them, with the wait at the cell's GPU or
    the terminal, comes before the deadline. The GPU of a node takes as many as it can do in the time of a segment.
    Cells are filled to `room`, the cheapest users first, ties by number; the others have the common stream alone.

    Parameters
    ----------
    room : float                    Share of a cell up to which it is filled, 0..1.
    least_battery : float           Charge below which a terminal is not asked to generate, 0..1.
    least_fidelity : float          Meaning below which a way does not count, 0..1.
    way_price : float, s/Mbit       What a Mbit/s on the way to the cell counts, in shares of a cell; 0 for nothing.
                                    Above it, what is generated at the cell is cheaper than what is sent.
    """

    name: ClassVar[str] = "addition-cheapest"

    def __init__(
        self,
        *,
        room: float = 0.9,
        least_battery: float = 0.2,
        least_fidelity: float = 0.0,
        way_price: float = 0.0,
    ) -> None:
        _check_share("room", room)
        _check_share("least_battery", least_battery)
        _check_share("least_fidelity", least_fidelity)
        if not way_price >= 0:
            raise ValueError(f"way_price must not be negative, got {way_price}")
        self.room, self.least_battery, self.least_fidelity = room, least_battery, least_fidelity
        self.way_price = way_price

    def decide(self, view: AdditionView, rng: np.random.Generator) -> AdditionDecision:
        """The cheapest way in time, while there is room."""
        return self._fill(view, _others(view))

    def _fill(self, view: AdditionView, others: Floats) -> AdditionDecision:
        """Give ways until the cells are full, beside what everything else takes of them."""
        share = _shares(view)
        price = self._prices(view, share)
        everybody = np.arange(len(view.user))
        best = np.argmin(price, axis=0)
        at_cell = np.isfinite(price[best, everybody]) & (best == WAYS.index(Add.AT_CELL))
        node, places = _gpu_places(view)
        gpu = fits_room(
            np.where(at_cell, node[view.cell], -1), np.ones(len(best)), places,
            rank=price[WAYS.index(Add.AT_CELL)], user=view.user,
        )  # fmt: skip
        price[WAYS.index(Add.AT_CELL), at_cell & ~gpu] = np.inf
        best = np.argmin(price, axis=0)
        possible = np.isfinite(price[best, everybody])
        fits = fits_room(
            np.where(possible, view.cell, -1), share[best, everybody], self.room - others,
            rank=price[best, everybody], user=view.user,
        )  # fmt: skip
        how = np.where(fits, np.array(WAYS)[best], Add.NONE)
        without = int((possible & ~fits).sum())
        return _decision(how, f", no room for {without}, none in time for {int((~possible).sum())}")

    def _prices(self, view: AdditionView, share: Floats) -> Floats:
        """Price of each way for each user, infinite where it cannot be or would be late: (way, user)."""
        sent_mbps, control_mbps = (
            bits / view.segment_s / 1e6 for bits in (view.sent_bits, view.control_bits)
        )
        on_way = np.array([[sent_mbps], [control_mbps], [control_mbps]])
        fidelity = np.array([[view.sent_fidelity], [view.generated_fidelity], [view.generated_fidelity]])
        possible = np.array(
            [
                view.cell >= 0,
                can_generate_at_terminal(view) & (view.battery >= self.least_battery),
                can_generate_at_cell(view),
            ]
        )
        possible &= _in_time(view) & (fidelity >= self.least_fidelity)
        return np.where(possible, share + self.way_price * on_way, np.inf)


class Predictive(Cheapest):
    """Predicts: as `Cheapest`, beside what everything else will take of the cells in `horizon_s`.

    That is the line of least squares through what it took at the last `window` decisions, carried on. It leaves room
    to growing load before that is there, so that fewer segments are late; what is not there yet is given up for it.

    Parameters
    ----------
    horizon_s : float, s            How far ahead it predicts.
    window : int                    Decisions through which the line is laid, at least 2.
    room, least_battery, least_fidelity, way_price      As of `Cheapest`.
    """

    name: ClassVar[str] = "addition-predictive"

    def __init__(
        self,
        *,
        horizon_s: float = 5.0,
        window: int = 5,
        room: float = 0.9,
        least_battery: float = 0.2,
        least_fidelity: float = 0.0,
        way_price: float = 0.0,
    ) -> None:
        super().__init__(
            room=room, least_battery=least_battery, least_fidelity=least_fidelity, way_price=way_price
        )
        if not horizon_s >= 0:
            raise ValueError(f"horizon_s must not be negative, got {horizon_s}")
        if window < 2:
            raise ValueError(f"window must be at least 2, got {window}")
        self.horizon_s = horizon_s
        self._seen: deque[tuple[float, tuple[str, ...], Floats]] = deque(maxlen=window)

    def decide(self, view: AdditionView, rng: np.random.Generator) -> AdditionDecision:
        """The cheapest way in time, while there will be room."""
        names = tuple(cell.name for cell in view.cells)
        if self._seen and self._seen[-1][1] != names:
            self._seen.clear()  # other cells: nothing is known of them
        self._seen.append((view.time_s, names, _others(view)))
        times = np.array([time_s for time_s, _, _ in self._seen])
        others = np.array([load for _, _, load in self._seen])
        apart = times - times.mean()
        spread = float((apart**2).sum())
        slope = apart @ others / spread if spread > 0 else np.zeros(len(names))
        ahead = others.mean(axis=0) + slope * (view.time_s + self.horizon_s - times.mean())
        return self._fill(view, np.clip(ahead, 0.0, 1.0))


def _shares(view: AdditionView) -> Floats:
    """What each way takes of the cell for each user: (way, user)."""
    return np.array([view.sent_share, view.control_share, view.sent_share])


def _in_time(view: AdditionView) -> Bools:
    """Which ways keep up with the segments and bring them before the deadline, for each user: (way, user)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        sending_s, control_s = (bits / view.rate_bps for bits in (view.sent_bits, view.control_bits))
    wait_s = np.array([0.0 if cell.gpu is None else cell.gpu.wait_s for cell in view.cells] + [np.inf])
    at_cell_s = np.append(view.cell_s, np.inf)[view.cell] + wait_s[view.cell]
    radio_s = np.array([sending_s, control_s, sending_s])
    whole_s = np.array([sending_s, control_s + view.terminal_s, sending_s + at_cell_s])
    return (radio_s <= view.segment_s) & (whole_s <= _limit_s(view))


def _gpu_places(view: AdditionView) -> tuple[Ints, Floats]:
    """The GPU of each cell, and how many users each GPU can generate for: segments that it can do in the time of one.

    The sectors of a cellular network, `node:sector`, share the GPU of its node. Cell -1 reads the last entry, -1.
    """
    names = [cell.name.partition(":")[0] for cell in view.cells]
    nodes = list(dict.fromkeys(names))
    first = [names.index(node) for node in nodes]
    cell_s, streams = view.cell_s[first], view.cell_streams[first]
    able = np.isfinite(cell_s) & (cell_s > 0)
    each = np.divide(view.segment_s, cell_s, out=np.zeros(len(first)), where=able)
    places = np.where(cell_s == 0, np.inf, np.floor(each * streams + 1e-9))
    return np.array([*(nodes.index(name) for name in names), -1]), places


def _others(view: AdditionView) -> Floats:
    """What everything but this enhancement takes of each cell."""
    load = np.array([cell.load for cell in view.cells], dtype=np.float64)
    served = (view.cell >= 0) & (view.how != Add.NONE)
    share = np.where(view.how == Add.AT_TERMINAL, view.control_share, view.sent_share)
    served &= np.isfinite(share)
    own = np.bincount(view.cell[served], weights=share[served], minlength=len(load))
    return np.maximum(load - own, 0.0)


def _limit_s(view: AdditionView) -> float:
    """The deadline; infinite without one."""
    return np.inf if view.deadline_s is None else view.deadline_s


def _sent(view: AdditionView) -> Ints:
    """Sent to everybody who has a cell."""
    return np.where(view.cell >= 0, Add.SENT, Add.NONE)


def _decision(how: Ints, more: str = "") -> AdditionDecision:
    """A decision that counts in its reason how many get it in which way."""
    counts = ", ".join(f"{int((how == way).sum())} {way.name.lower().replace('_', ' ')}" for way in WAYS)
    return AdditionDecision(how, f"of {len(how)}: {counts}{more}")


def _check_share(name: str, value: float) -> None:
    """Raise ValueError unless a value lies in 0..1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie in 0..1, got {value}")
