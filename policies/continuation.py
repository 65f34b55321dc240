"""Service continuation: which users of a broadcast service cells carry on or repair, and who comes back."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from netgen.policy import ContinuationDecision, ContinuationPolicy, ContinuationView, Serve, fits_room

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Cast = Literal["unicast", "multicast", "cheaper"]


class BroadcastOnly(ContinuationPolicy):
    """Leaves everybody to the tower, and has whoever is in a cell come back: never collaborates."""

    name: ClassVar[str] = "broadcast-only"

    def decide(self, view: ContinuationView, rng: np.random.Generator) -> ContinuationDecision:
        """Everybody on the tower."""
        return _carried_on(view, np.zeros(len(view.user), dtype=np.bool_), "unicast", "tower alone")


class CellularOnly(ContinuationPolicy):
    """Has cells carry everybody who has one, whatever the reception: never uses the tower where it need not.

    Parameters
    ----------
    cast : str                      `unicast`, `multicast`, or the `cheaper` of the two in each cell.
    """

    name: ClassVar[str] = "cellular-only"

    def __init__(self, *, cast: Cast = "unicast") -> None:
        self.cast = cast

    def decide(self, view: ContinuationView, rng: np.random.Generator) -> ContinuationDecision:
        """Everybody in cells."""
        return _carried_on(view, np.ones(len(view.user), dtype=np.bool_), self.cast, "cells alone")


class _Switching(ContinuationPolicy):
    """What policies share that move users who are poor to cells, and back after a minimum stay when they are good.

    Nobody is moved to a cell that is off the air, and who is in one comes back. While the tower's heartbeat is not
    heard, everybody counts as poor.
    """

    def __init__(
        self, *, dwell_s: float = 5.0, least_users: int = 1, least_share: float = 1.0, cast: Cast = "unicast"
    ) -> None:
        if not dwell_s >= 0:
            raise ValueError(f"dwell_s must not be negative, got {dwell_s}")
        if least_users < 1:
            raise ValueError(f"least_users must be at least 1, got {least_users}")
        _check_share("least_share", least_share)
        self.dwell_s, self.least_users, self.least_share, self.cast = dwell_s, least_users, least_share, cast

    def _switch(self, view: ContinuationView, poor: Bools, good: Bools, reason: str) -> ContinuationDecision:
        """Move the poor when they are enough, and bring back the good who have stayed long enough."""
        count = int(poor.sum())
        enough = count >= min(self.least_users, self.least_share * len(poor))
        by_cell = view.served == Serve.CELLULAR
        stays = by_cell & ~(good & (view.since_s >= self.dwell_s))
        back = int((by_cell & ~stays & ~(poor & enough) & ~view.moving).sum())
        reason = f"{count} of {len(poor)} users {reason}"
        reason += ", too few to act" if count and not enough else ""
        reason += f"; {back} receive the tower well again and come back" if back else ""
        return _carried_on(view, stays | (poor & enough), self.cast, reason)


class Threshold(_Switching):
    """Reacts: moves users whose loss has reached `enter`, and brings them back when it is below `leave`.

    It acts when at least `least_users`, or at least `least_share` of the users, have such a loss, already moved ones
    included; who has been moved comes back alone.

    Parameters
    ----------
    enter, leave : float            Loss of segments, 0..1; by default the scenario's `poor`, and half of `enter`.
    dwell_s : float, s              Shortest stay in a cell.
    least_users : int               Number of users from which on it acts.
    least_share : float             Share of the users from which on it acts, if they are fewer; 1 for all of them.
    cast : str                      `unicast`, `multicast`, or the `cheaper` of the two in each cell.
    """

    name: ClassVar[str] = "continuation-threshold"

    def __init__(
        self,
        *,
        enter: float | None = None,
        leave: float | None = None,
        dwell_s: float = 5.0,
        least_users: int = 1,
        least_share: float = 1.0,
        cast: Cast = "unicast",
    ) -> None:
        super().__init__(dwell_s=dwell_s, least_users=least_users, least_share=least_share, cast=cast)
        _check_hysteresis(enter, leave)
        self.enter, self.leave = enter, leave

    def decide(self, view: ContinuationView, rng: np.random.Generator) -> ContinuationDecision:
        """Move by the reported loss."""
        enter = view.poor if self.enter is None else self.enter
        leave = enter / 2 if self.leave is None else self.leave
        _check_hysteresis(enter, leave)
        loss = _loss(view, view.loss_now)
        return self._switch(view, loss >= enter, loss < leave, f"lose {enter:g} or more")


class Predictive(_Switching):
    """Predicts: moves users who are poor or by the prediction soon will be, and brings them back when neither is so.

    Parameters
    ----------
    notice_s : float, s             How long before reception turns poor users are moved; by default the horizon.
    leave : float                   Loss below which a user is good again, now and over the whole horizon, 0..1; by
                                    default the scenario's `poor`.
    dwell_s, least_users, least_share, cast     As of `Threshold`; the users who soon will be poor count.
    """

    name: ClassVar[str] = "continuation-predictive"

    def __init__(
        self,
        *,
        notice_s: float | None = None,
        leave: float | None = None,
        dwell_s: float = 5.0,
        least_users: int = 1,
        least_share: float = 1.0,
        cast: Cast = "unicast",
    ) -> None:
        super().__init__(dwell_s=dwell_s, least_users=least_users, least_share=least_share, cast=cast)
        if notice_s is not None and not notice_s >= 0:
            raise ValueError(f"notice_s must not be negative, got {notice_s}")
        _check_hysteresis(None, leave)
        self.notice_s, self.leave = notice_s, leave

    def decide(self, view: ContinuationView, rng: np.random.Generator) -> ContinuationDecision:
        """Move by the reported and the predicted loss."""
        notice_s = view.horizon_s if self.notice_s is None else self.notice_s
        leave = view.poor if self.leave is None else self.leave
        _check_hysteresis(view.poor, leave)
        now = _loss(view, view.loss_now)
        poor = (now >= view.poor) | (view.time_to_poor_s <= notice_s)
        good = ~poor & (np.maximum(now, view.loss_ahead) < leave)
        return self._switch(view, poor, good, f"are poor or will be within {notice_s:g} s")


class JustInTime(ContinuationPolicy):
    """Moves users at the last look that is still in time, and back at the first look at which they are good.

    Its notice is a period until the next look, a segment that is on its way, and the transfer; it needs a horizon of at
    least that. With the perfect predictor nothing is lost for want of notice, and users are in cells for little longer
    than reception is poor: what is left to spare are the parts of the notice that a user turns out not to need.

    Parameters
    ----------
    transfer_s : float, s           Time that a transfer between the cores takes.
    cast : str                      `unicast`, `multicast`, or the `cheaper` of the two in each cell.
    """

    name: ClassVar[str] = "just-in-time"

    def __init__(self, *, transfer_s: float = 0.1, cast: Cast = "unicast") -> None:
        if not transfer_s >= 0:
            raise ValueError(f"transfer_s must not be negative, got {transfer_s}")
        self.transfer_s, self.cast = transfer_s, cast

    def decide(self, view: ContinuationView, rng: np.random.Generator) -> ContinuationDecision:
        """Move who would be poor before a move decided at the next look could take effect."""
        notice_s = view.period_s + view.segment_s + self.transfer_s
        if notice_s > view.horizon_s:
            raise ValueError(
                f"the horizon of {view.horizon_s:g} s is shorter than the notice of {notice_s:g} s"
            )
        poor = (view.time_to_poor_s <= notice_s) | (not view.on_air)
        reason = f"{int(poor.sum())} of {len(poor)} users will be poor within {notice_s:g} s"
        return _carried_on(view, poor, self.cast, reason)


class RepairOnly(ContinuationPolicy):
    """Leaves everybody on the tower, and has cells repair what users lose who lose `enter` or more.

    Parameters
    ----------
    enter : float                   Loss of segments, 0..1; 0 for everybody.
    """

    name: ClassVar[str] = "repair-only"

    def __init__(self, *, enter: float = 0.0) -> None:
        _check_share("enter", enter)
        self.enter = enter

    def decide(self, view: ContinuationView, rng: np.random.Generator) -> ContinuationDecision:
        """Repair by the reported loss."""
        repaired = (_loss(view, view.loss_now) >= self.enter) & _cell_on_air(view)
        serve = _changed(view, np.where(repaired, Serve.REPAIRED, Serve.BROADCAST))
        return ContinuationDecision(serve, reason=f"{int(repaired.sum())} users lose {self.enter:g} or more")


class Cheapest(ContinuationPolicy):
    """Weighs what each way takes of the cells: nothing, repairing, or carrying on by unicast or by multicast.

    To repair a user takes the lost share of what unicast takes, but comes late when much is lost: up to a loss of
    `repair_up_to` users are repaired, above it carried on. A multicast carries all poor users of a cell; it is used
    where some must be carried, or where it takes less than to repair them. Users are served while their cell has room,
    first who is served already, then who loses most for what it takes. Of unicast and multicast it takes the one by
    which more loss is spared, and of equals the one that takes less.

    Parameters
    ----------
    room : float                    Share of a cell up to which it is filled, 0..1.
    repair_up_to : float            Largest loss that is repaired, 0..1.
    leave : float                   Loss below which a user comes back, 0..1; by default half of the scenario's `poor`.
    dwell_s : float, s              Shortest time that a user stays carried or repaired.
    cast : str                      `unicast` or `multicast` to forbid the other.
    """

    name: ClassVar[str] = "continuation-cheapest"

    def __init__(
        self,
        *,
        room: float = 0.9,
        repair_up_to: float = 0.3,
        leave: float | None = None,
        dwell_s: float = 5.0,
        cast: Cast = "cheaper",
    ) -> None:
        _check_share("room", room)
        _check_share("repair_up_to", repair_up_to)
        _check_hysteresis(None, leave)
        if not dwell_s >= 0:
            raise ValueError(f"dwell_s must not be negative, got {dwell_s}")
        self.room, self.repair_up_to, self.leave, self.dwell_s = room, repair_up_to, leave, dwell_s
        self.cast = cast
        self._last: Literal["unicast", "multicast"] = "unicast"

    def decide(self, view: ContinuationView, rng: np.random.Generator) -> ContinuationDecision:
        """Compare the plans of unicast and multicast."""
        leave = view.poor / 2 if self.leave is None else self.leave
        _check_hysteresis(view.poor, leave)
        loss = _loss(view, np.maximum(view.loss_now, view.loss_ahead))
        stays = (view.served != Serve.BROADCAST) & ((loss >= leave) | (view.since_s < self.dwell_s))
        needy = ((loss >= view.poor) | stays) & _cell_on_air(view)
        settled = (view.served == Serve.CELLULAR) & (view.since_s < self.dwell_s)
        light = needy & (loss <= self.repair_up_to) & ~settled
        room = self._room(view)
        plans: dict[Literal["unicast", "multicast"], tuple[Ints, float]] = {}
        if self.cast != "multicast":
            plans["unicast"] = _unicast_plan(view, loss, needy, light, room)
        if self.cast != "unicast":
            plans["multicast"] = _multicast_plan(view, loss, needy, light, room)
        # Of equals in both, the first: unicast.
        cast = min(plans, key=lambda name: (-_spared(loss, plans[name][0]), plans[name][1]))
        serve, share = plans[cast]
        self._last = cast
        without = int((needy & (serve == Serve.BROADCAST)).sum())
        reason = (
            f"{int((serve == Serve.CELLULAR).sum())} by {cast} and {int((serve == Serve.REPAIRED).sum())} repaired "
            f"take {share:.3g} of a cell; no room for {without}"
        )
        return ContinuationDecision(_changed(view, serve), cast, reason)

    def _room(self, view: ContinuationView) -> Floats:
        """What each cell has for this service: its room less what everything else takes there."""
        load = np.array([cell.load for cell in view.cells], dtype=np.float64)
        carried = (view.served == Serve.CELLULAR) & (view.cell >= 0)
        repaired = (view.served == Serve.REPAIRED) & (view.cell >= 0)
        own = _per_cell(view, repaired, view.loss_now * _finite(view.unicast_share))
        if self._last == "multicast":
            own += _finite(_multicast_share(view, carried))
        else:
            own += _per_cell(view, carried, _finite(view.unicast_share))
        return self.room - np.maximum(load - own, 0.0)


def _unicast_plan(
    view: ContinuationView, loss: Floats, needy: Bools, light: Bools, room: Floats
) -> tuple[Ints, float]:
    """How users are served by repair and unicast, and what that takes of the cells."""
    share = np.where(light, loss * _finite(view.unicast_share), view.unicast_share)
    serve = np.where(light, Serve.REPAIRED, Serve.CELLULAR)
    return _fill(view, serve, loss, needy, share, room)


def _multicast_plan(
    view: ContinuationView, loss: Floats, needy: Bools, light: Bools, room: Floats
) -> tuple[Ints, float]:
    """How users are served by repair and multicast, and what that takes of the cells."""
    multicast = _multicast_share(view, needy)
    repair = loss * _finite(view.unicast_share)
    must = _per_cell(view, needy & ~light, np.ones(len(loss))) > 0
    fits = (multicast > 0) & (multicast <= room) & (must | (multicast < _per_cell(view, light, repair)))
    carried = needy & np.append(fits, False)[view.cell]
    repaired = np.full(len(loss), Serve.REPAIRED)
    serve, share = _fill(view, repaired, loss, light & ~carried, repair, room)
    return np.where(carried, Serve.CELLULAR, serve), share + float(multicast[fits].sum())


def _fill(
    view: ContinuationView, serve: Ints, loss: Floats, needy: Bools, share: Floats, room: Floats
) -> tuple[Ints, float]:
    """Serve needy users while their cells have room, and what they take: the served first, then the worst off."""
    needy = needy & np.isfinite(share)
    price = np.divide(share, loss, out=np.zeros(len(loss)), where=needy & (loss > 0))
    rank = np.where(view.served != Serve.BROADCAST, -1.0, price)
    cell = np.where(needy, view.cell, -1)
    fits = fits_room(cell, share, room, rank=rank, user=view.user)
    return np.where(fits, serve, Serve.BROADCAST), float(share[fits].sum())


def _spared(loss: Floats, serve: Ints) -> float:
    """Loss of the users who are carried or repaired."""
    return round(float(loss[serve != Serve.BROADCAST].sum()), 9)


def _carried_on(view: ContinuationView, wanted: Bools, cast: Cast, reason: str) -> ContinuationDecision:
    """Cells carry those on who are wanted and whose cell is on the air, the tower everybody else."""
    serve = np.where(wanted & _cell_on_air(view), Serve.CELLULAR, Serve.BROADCAST)
    return ContinuationDecision(_changed(view, serve), cast, reason)


def _changed(view: ContinuationView, serve: Ints) -> Ints:
    """What is asked for: as wanted, but nothing for who is being moved.

    Who has no cell can only go back to the tower, and does when that is good; otherwise it waits for a cell.
    """
    good = _loss(view, view.loss_now) < view.poor
    serve = np.where(view.cell < 0, np.where(good, Serve.BROADCAST, view.served), serve)
    return np.where(view.moving, view.served, serve)


def _multicast_share(view: ContinuationView, carried: Bools) -> Floats:
    """What a multicast to those carried takes of each cell; 0 where there are none.

    The view knows it for who is or will be poor. For others it is what the one takes who takes most by unicast, since
    a multicast is sent so that everybody in it can receive it.
    """
    most = np.zeros(len(view.cells))
    np.maximum.at(most, view.cell[carried], view.unicast_share[carried])
    share = np.where(view.multicast_share > 0, view.multicast_share, most)
    return np.where(_per_cell(view, carried, np.ones(len(view.user))) > 0, share, 0.0)


def _per_cell(view: ContinuationView, users: Bools, values: Floats) -> Floats:
    """Sum of a value over some users, all of whom have a cell, by cell."""
    sums = np.bincount(view.cell[users], weights=values[users], minlength=len(view.cells))
    return sums.astype(np.float64)  # of nobody it is whole numbers


def _loss(view: ContinuationView, loss: Floats) -> Floats:
    """A loss on the tower, which is all while its heartbeat is not heard."""
    return loss if view.on_air else np.ones(len(loss))


def _cell_on_air(view: ContinuationView) -> Bools:
    """Who has a cell that is on the air."""
    return np.array([*(cell.on_air for cell in view.cells), False])[view.cell]


def _finite(share: Floats) -> Floats:
    """Shares, 0 for infinite ones: those users cannot be served, and take nothing."""
    return np.where(np.isfinite(share), share, 0.0)


def _check_share(name: str, value: float) -> None:
    """Raise ValueError unless a value lies in 0..1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie in 0..1, got {value}")


def _check_hysteresis(enter: float | None, leave: float | None) -> None:
    """Raise ValueError unless both lie in 0..1 and the way back is not above the way in."""
    for name, value in (("enter", enter), ("leave", leave)):
        if value is not None and not 0 < value <= 1:
            raise ValueError(f"{name} must lie above 0 and up to 1, got {value}")
    if enter is not None and leave is not None and leave > enter:
        raise ValueError(f"leave must not be above {enter:g}, got {leave:g}")
