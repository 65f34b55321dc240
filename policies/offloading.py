"""Service offloading: which contents the tower takes over from the cells, and which come back."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from netgen.policy import ContentView, OffloadingDecision, OffloadingPolicy, OffloadingView

FIT = 1e-12  # share of a rate by which a channel may seem too small: rounding of a sum of floats


class CellularOnly(OffloadingPolicy):
    """Leaves every content in the cells, and has whatever is on the tower come back: never collaborates."""

    name: ClassVar[str] = "cellular-only"

    def decide(self, view: OffloadingView, rng: np.random.Generator) -> OffloadingDecision:
        """Nothing on the tower."""
        return _decision(view, [], "cells alone")


class BroadcastAll(OffloadingPolicy):
    """Puts on the tower whatever fits, the most watched first: never uses the cells where it need not."""

    name: ClassVar[str] = "broadcast-all"

    def decide(self, view: OffloadingView, rng: np.random.Generator) -> OffloadingDecision:
        """As much as fits."""
        order = sorted(_movable(view), key=lambda content: (-content.audience, not content.on_tower))
        return _decision(view, _filled(view, order), "the most watched that fit")


class Threshold(OffloadingPolicy):
    """Reacts: a content goes to the tower when its audience is large, and comes back when it is small.

    The audience that counts are users with a receiver within coverage. A content goes when it has `start_audience` of
    them, or when it has `stop_audience` and a cell is loaded to `load`; it comes back when it has fewer than
    `stop_audience`. What is on the tower is not displaced; otherwise the largest audience goes first, while it fits.

    Parameters
    ----------
    start_audience : int            Audience from which on a content goes to the tower.
    stop_audience : int             Audience below which it comes back; by default half of `start_audience`.
    load : float                    Load of the busiest cell from which on smaller audiences go, 0..1; 1 for a cell
                                    without any room.
    dwell_s : float, s              Shortest time between two moves of a content.
    """

    name: ClassVar[str] = "offloading-threshold"

    def __init__(
        self,
        *,
        start_audience: int = 20,
        stop_audience: int | None = None,
        load: float = 1.0,
        dwell_s: float = 10.0,
    ) -> None:
        if start_audience < 1:
            raise ValueError(f"start_audience must be at least 1, got {start_audience}")
        stop = (start_audience + 1) // 2 if stop_audience is None else stop_audience
        if not 1 <= stop <= start_audience:
            raise ValueError(f"need 1 <= stop_audience <= {start_audience} = start_audience, got {stop}")
        if not 0 <= load <= 1:
            raise ValueError(f"load must lie in 0..1, got {load}")
        if not dwell_s >= 0:
            raise ValueError(f"dwell_s must not be negative, got {dwell_s}")
        self.start_audience, self.stop_audience, self.load, self.dwell_s = start_audience, stop, load, dwell_s

    def decide(self, view: OffloadingView, rng: np.random.Generator) -> OffloadingDecision:
        """Move by the present audiences."""
        now = {content.service: float(content.reachable) for content in view.contents}
        return self._switch(view, now, now, "audience")

    def _switch(
        self, view: OffloadingView, starts: dict[str, float], stops: dict[str, float], what: str
    ) -> OffloadingDecision:
        """Move by one audience to the tower and by another one back."""
        busiest = max((cell.load for cell in view.cells), default=0.0)
        start = self.stop_audience if busiest >= self.load else self.start_audience
        wanted = []
        for content in _movable(view):
            stays = content.on_tower and stops[content.service] >= self.stop_audience
            goes = not content.on_tower and starts[content.service] >= start
            if content.on_tower if content.since_s < self.dwell_s else stays or goes:
                wanted.append(content)
        wanted.sort(key=lambda content: (not content.on_tower, -starts[content.service]))
        reason = f"{what} of {start} or more, busiest cell at {busiest:.3g}"
        return _decision(view, _filled(view, wanted), reason)


class Predictive(Threshold):
    """Predicts: as `Threshold`, by the audience that a content will have in `horizon_s`.

    That is the line of least squares through the audiences at the last `window` decisions, carried on. A content goes
    by its predicted audience, and comes back when both that and its present audience are small.

    Parameters
    ----------
    horizon_s : float, s            How far ahead it predicts: as long as a move takes.
    window : int                    Decisions through which the line is laid, at least 2.
    start_audience, stop_audience, load, dwell_s    As of `Threshold`.
    """

    name: ClassVar[str] = "offloading-predictive"

    def __init__(
        self,
        *,
        horizon_s: float = 10.0,
        window: int = 5,
        start_audience: int = 20,
        stop_audience: int | None = None,
        load: float = 1.0,
        dwell_s: float = 10.0,
    ) -> None:
        super().__init__(
            start_audience=start_audience, stop_audience=stop_audience, load=load, dwell_s=dwell_s
        )
        if not horizon_s >= 0:
            raise ValueError(f"horizon_s must not be negative, got {horizon_s}")
        if window < 2:
            raise ValueError(f"window must be at least 2, got {window}")
        self.horizon_s, self.window = horizon_s, window
        self._seen: dict[str, deque[tuple[float, int]]] = {}

    def decide(self, view: OffloadingView, rng: np.random.Generator) -> OffloadingDecision:
        """Move by the predicted audiences."""
        ahead, either = {}, {}
        for content in view.contents:
            seen = self._seen.setdefault(content.service, deque(maxlen=self.window))
            seen.append((view.time_s, content.reachable))
            ahead[content.service] = _line_at(view.time_s + self.horizon_s, seen)
            either[content.service] = max(ahead[content.service], float(content.reachable))
        return self._switch(view, ahead, either, f"audience in {self.horizon_s:g} s")


class FreesMost(OffloadingPolicy):
    """Weighs: fills each channel with the contents that free most of the cells for each bit of its rate.

    Parameters
    ----------
    gain : float                    How much more than a content on the tower another one must free per bit to go
                                    before it: 0.2 for a fifth more.
    least_share : float             Share of a cell that a content must free at least to go to the tower.
    dwell_s : float, s              Shortest time on the tower.
    """

    name: ClassVar[str] = "frees-most"

    def __init__(self, *, gain: float = 0.2, least_share: float = 0.0, dwell_s: float = 10.0) -> None:
        for name, value in (("gain", gain), ("least_share", least_share), ("dwell_s", dwell_s)):
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} must not be negative, got {value}")
        self.gain, self.least_share, self.dwell_s = gain, least_share, dwell_s

    def decide(self, view: OffloadingView, rng: np.random.Generator) -> OffloadingDecision:
        """Fill by the share that is freed per bit."""
        worth = [
            content
            for content in _movable(view)
            if (content.share > 0 and content.share >= self.least_share) or self._stays(content)
        ]
        chosen = _filled(view, sorted(worth, key=self._rank))
        return _decision(view, chosen, f"frees what {_freed(chosen):.3g} cells have")

    def _rank(self, content: ContentView) -> tuple[bool, float]:
        """Order of filling: who must stay, then by what is freed per bit."""
        kept = 1 + self.gain if content.on_tower else 1.0
        return not self._stays(content), -kept * content.share / content.rate_bps

    def _stays(self, content: ContentView) -> bool:
        """Whether a content has not been on the tower for long enough."""
        return content.on_tower and content.since_s < self.dwell_s


class Optimal(OffloadingPolicy):
    """Optimises: the contents that together free most of the cells, within every channel's rate, less the switching.

    A 0/1 programme (a knapsack for each channel), solved to optimality by scipy's HiGHS; needs `netgen[solver]`.
    Contents that free nothing come back.

    Parameters
    ----------
    switch : float                  What a move must free of a cell to be worth it, in either direction.
    """

    name: ClassVar[str] = "offloading-optimal"

    def __init__(self, *, switch: float = 0.001) -> None:
        if not 0 <= switch < math.inf:
            raise ValueError(f"switch must not be negative, got {switch}")
        self.switch = switch
        self._solver = _load_solver()

    def decide(self, view: OffloadingView, rng: np.random.Generator) -> OffloadingDecision:
        """Solve the programme."""
        chosen = self._solve(view)
        return _decision(view, chosen, f"frees what {_freed(chosen):.3g} cells have")

    def _solve(self, view: OffloadingView) -> list[ContentView]:
        """The best contents to have on the tower, what is being moved aside."""
        free_bps = _free_bps(view)
        contents = [c for c in _movable(view) if c.share > 0 and _fits(c.rate_bps, free_bps[c.channel])]
        if not contents:
            return []
        value = np.array([c.share + (self.switch if c.on_tower else -self.switch) for c in contents])
        used = list(dict.fromkeys(content.channel for content in contents))
        rates = np.array(
            [[c.rate_bps if c.channel == channel else 0.0 for c in contents] for channel in used]
        )
        limits = [free_bps[channel] for channel in used]
        rows, upper = rates, np.array(limits)
        while True:
            found = self._solver.milp(
                -value,
                integrality=np.ones(len(contents)),
                bounds=self._solver.Bounds(0, 1),
                constraints=self._solver.LinearConstraint(rows, ub=upper),
                options={"mip_rel_gap": 0.0},
            )
            if not found.success:
                raise RuntimeError(f"the solver stopped: {found.message}")
            taken = np.round(found.x)
            over = [not _fits(total, limit) for total, limit in zip(rates @ taken, limits, strict=True)]
            if not any(over):
                return [content for content, on in zip(contents, taken, strict=True) if on]
            # The solver keeps limits to a tolerance; a choice that is over by less is excluded, and it goes on.
            cut = np.where(taken > 0, 1.0, 0.0)
            rows, upper = np.vstack([rows, cut]), np.append(upper, cut.sum() - 1)


class Bound(Optimal):
    """Decides as `Optimal`, and states in its reason how much the linear relaxation could free: an upper bound.

    No choice of contents frees more than the relaxation, in which parts of contents may be moved. Beside what is
    freed, it shows how far any policy is from the best at most.

    Parameters
    ----------
    switch : float                  As of `Optimal`; the bound is without it.
    """

    name: ClassVar[str] = "offloading-bound"

    def decide(self, view: OffloadingView, rng: np.random.Generator) -> OffloadingDecision:
        """Solve the programme, and its relaxation."""
        chosen = self._solve(view)
        reason = f"frees what {_freed(chosen):.6g} cells have, the relaxation {relaxed(view):.6g}"
        return _decision(view, chosen, reason)


def relaxed(view: OffloadingView) -> float:
    """Most that moving parts of contents could free of the cells: each channel filled by share per bit, to the brim.

    Contents have one channel each, so the relaxation falls apart into one fractional knapsack per channel.

    Source      G. B. Dantzig, Discrete-variable extremum problems, Operations Research 5(2), 1957.
    """
    free_bps = _free_bps(view)
    total = 0.0
    for content in sorted(_movable(view), key=lambda content: -content.share / content.rate_bps):
        part = max(0.0, min(1.0, free_bps[content.channel] / content.rate_bps))
        total += part * content.share
        free_bps[content.channel] -= part * content.rate_bps
    return total


def _movable(view: OffloadingView) -> list[ContentView]:
    """Contents that can be asked for: not being moved, on a channel that is on the air."""
    return [c for c in view.contents if not c.moving and view.channels[c.channel].on_air]


def _free_bps(view: OffloadingView) -> list[float]:
    """What each channel has beside the contents that are being moved there; nothing when it is off the air."""
    free = [channel.capacity_bps if channel.on_air else 0.0 for channel in view.channels]
    for content in view.contents:
        if content.moving and content.on_tower:
            free[content.channel] -= content.rate_bps
    return free


def _filled(view: OffloadingView, order: Iterable[ContentView]) -> list[ContentView]:
    """Contents in an order, each of them if it still fits into its channel."""
    free_bps = _free_bps(view)
    chosen = []
    for content in order:
        if _fits(content.rate_bps, free_bps[content.channel]):
            free_bps[content.channel] -= content.rate_bps
            chosen.append(content)
    return chosen


def _fits(rate_bps: float, free_bps: float) -> bool:
    """Whether a rate fits, up to rounding."""
    return rate_bps <= free_bps + FIT * rate_bps


def _freed(chosen: Iterable[ContentView]) -> float:
    """What contents free of the cells, in units of one cell's resources."""
    return math.fsum(content.share for content in chosen)


def _decision(view: OffloadingView, chosen: Iterable[ContentView], reason: str) -> OffloadingDecision:
    """The chosen contents, and what is on its way to the tower."""
    names = [content.service for content in chosen]
    return OffloadingDecision(
        tuple(c.service for c in view.contents if c.service in names or (c.moving and c.on_tower)), reason
    )


def _line_at(time_s: float, seen: Iterable[tuple[float, int]]) -> float:
    """Where the line of least squares through (time, value) is at a time; not below 0."""
    times, values = np.array(list(seen), dtype=np.float64).T
    apart = times - times.mean()
    spread = float((apart**2).sum())
    slope = float((apart * values).sum()) / spread if spread > 0 else 0.0
    return max(0.0, float(values.mean()) + slope * (time_s - float(times.mean())))


def _load_solver() -> Any:  # noqa: ANN401
    """scipy.optimize, or an error that says how to get it."""
    try:
        from scipy import optimize  # noqa: PLC0415
    except ImportError as error:
        raise ImportError("this policy needs scipy: install netgen[solver]") from error
    return optimize
