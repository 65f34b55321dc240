"""The terminals of users as generators: who can expand what, when it is ready, and what that costs the battery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.engine.parcel import Parcel
from netgen.engine.population import Population
from netgen.errors import ModelRangeError
from netgen.generative.action import GenerativeAction, Menu
from netgen.generative.device import Device
from netgen.generative.representation import Representation
from netgen.generative.service_time import service_time

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_NO_KIND = -1
_ROUNDING = 1e-9
"""Share of an expansion's energy by which a battery may be short of it: rounding of a sum of floats, no more."""


@dataclass(frozen=True, slots=True)
class Generator:
    """What a terminal generates with.

    Parameters
    ----------
    device : Device             Device whose time of an action is taken.
    slowdown : float            How many times as long an action takes here, > 0.
    memory_bytes : int, byte    Memory that the model of an action must fit into.
    power_w : float, W          Power drawn while it generates.
    """

    device: Device
    slowdown: float
    memory_bytes: int
    power_w: float


@dataclass(frozen=True, slots=True)
class TerminalKind:
    """What all terminals of an audience are.

    Parameters
    ----------
    generator : Generator or None   What they generate with; None for nothing.
    battery_joule : float or None, J
                                    Energy of a full battery, > 0; None on the mains.
    charge : float                  Share of it that is there at the beginning, 0..1.
    """

    generator: Generator | None
    battery_joule: float | None = None
    charge: float = 1.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment as terminals expand it.

    Parameters
    ----------
    content_class : str         Class of the content.
    frames, pixels : int        Frames, and pixels in each.
    duration_s : float, s       Playing time.
    """

    content_class: str
    frames: int
    pixels: int
    duration_s: float

    @staticmethod
    def of(parcel: Parcel) -> Piece:
        """What a parcel brings to one user."""
        return Piece(parcel.service.content_class, parcel.frames, parcel.pixels, parcel.duration_s)


class Terminals:
    """One generator per user, which expands one segment after the other of all that the user watches.

    It begins with a segment when that is complete and what was given to it before is done, whether or not it will be
    in time. Segments that are on their way to many users are given to it when the last of them has its own, so one
    that was complete a little earlier may be taken after another.

    ASSUMED: nothing but generating draws on a terminal's battery.
    ASSUMED: a terminal keeps the model of its action in memory, it has no cold start.

    Parameters
    ----------
    population : Population         Whose rows it is about; rows of one user share a terminal.
    menu : Menu                     The scenario's actions.
    kinds : mapping                 What terminals are, by audience; nothing is known of others, which cannot expand.
    """

    def __init__(self, population: Population, *, menu: Menu, kinds: Mapping[str, TerminalKind]) -> None:
        self.menu = menu
        self.user_of = number_users(population.users)
        users = int(self.user_of.max(initial=-1)) + 1
        number = {audience: k for k, audience in enumerate(kinds)}
        self._kinds = tuple(kinds.values())
        self._kind = np.full(users, _NO_KIND, dtype=np.int64)
        of_rows = [number.get(audience, _NO_KIND) for audience in population.audiences]
        self._kind[self.user_of] = np.array(of_rows, dtype=np.int64)
        full = [np.inf if kind.battery_joule is None else kind.battery_joule for kind in self._kinds]
        self._full_joule: Floats = np.array([*full, np.inf])[self._kind]
        charge = np.array([*(kind.charge for kind in self._kinds), 1.0])[self._kind]
        self._left_joule: Floats = np.where(np.isfinite(self._full_joule), self._full_joule * charge, np.inf)
        self._busy_until_s = np.zeros(users)
        self._energy_joule = np.zeros(len(population.users))
        self._times: dict[tuple[int, str, Piece], float] = {}

    @property
    def energy_joule(self) -> Floats:
        """(rows,) Energy that was spent on the segments of each row so far, J."""
        return self._energy_joule.copy()

    @property
    def has_battery(self) -> Bools:
        """(rows,) Whose terminal runs on a battery."""
        finite: Bools = np.isfinite(self._full_joule)[self.user_of]
        return finite

    @property
    def battery_left(self) -> Floats:
        """(rows,) Charge left in the terminal of each row's user, 0..1; 1 without a battery."""
        return self.battery(np.arange(len(self.user_of)))

    def battery(self, rows: Rows) -> Floats:
        """Charge left of each row's user, 0..1; 1 without a battery."""
        users = self.user_of[rows]
        left, full = self._left_joule[users], self._full_joule[users]
        held = np.isfinite(full)
        return np.divide(left, full, out=np.ones(len(users)), where=held)

    def wait_s(self, rows: Rows, time_s: float) -> Floats:
        """Time until the generator of each row's user is free, s."""
        wait_s: Floats = np.maximum(self._busy_until_s[self.user_of[rows]] - time_s, 0.0)
        return wait_s

    def expand_s(self, rows: Rows, action: GenerativeAction, piece: Piece) -> Floats:
        """Time of one expansion in each row's terminal, s; infinite where device or memory do not allow it."""
        kind = self._kind[self.user_of[rows]]
        time_s = np.full(len(rows), np.inf)
        for number in np.unique(kind[kind >= 0]).tolist():
            time_s[kind == number] = self._time_s(number, action, piece)
        return time_s

    def joule(self, rows: Rows, action: GenerativeAction, piece: Piece) -> Floats:
        """Energy of one expansion in each row's terminal, J; 0 where device or memory do not allow it."""
        time_s = self.expand_s(rows, action, piece)
        return self._power_w(rows) * np.where(np.isfinite(time_s), time_s, 0.0)

    def can(self, rows: Rows, action: GenerativeAction, piece: Piece) -> Bools:
        """Whose terminal can expand a segment now: device, memory and battery allow it."""
        time_s = self.expand_s(rows, action, piece)
        able: Bools = np.isfinite(time_s)
        need_joule = self._power_w(rows) * np.where(able, time_s, 0.0)
        return able & (self._left_joule[self.user_of[rows]] >= need_joule * (1.0 - _ROUNDING))

    def able(self, parcel: Parcel, rows: Rows) -> Bools:
        """Whose terminal can expand a parcel's representation now."""
        action = self._action(parcel)
        return (
            np.zeros(len(rows), dtype=np.bool_)
            if action is None
            else self.can(rows, action, Piece.of(parcel))
        )

    def suited(self, parcel: Parcel, action: str, rows: Rows) -> Bools:
        """Whose terminal could expand what an action makes of a parcel, as long as it has the charge."""
        made = self.menu.of(action, parcel.service.content_class)
        return np.isfinite(self.expand_s(rows, made, Piece.of(parcel)))

    def expand(self, parcel: Parcel, rows: Rows, at_s: Floats) -> tuple[Bools, Floats, Representation]:
        """Expand a contracted segment for users who have it complete at their instants.

        Parameters
        ----------
        parcel : Parcel             What they have.
        rows : (n,) int64           Their rows, of different users.
        at_s : (n,) float, s        When each of them has it.

        Returns
        -------
        can : (n,) bool             Who gets it: device and memory allow it, and the battery pays for it.
        ready_s : (n,) float, s     When; NaN for the others.
        made : Representation       What they get.
        """
        action = self._action(parcel)
        if action is None:
            raise ValueError(f"segment {parcel.index} of {parcel.service.name} is not contracted")
        piece = Piece.of(parcel)
        can = self.can(rows, action, piece)
        mine = rows[can]
        users, time_s = self.user_of[mine], self.expand_s(mine, action, piece)
        joule = self._power_w(mine) * time_s
        self._busy_until_s[users] = np.maximum(at_s[can], self._busy_until_s[users]) + time_s
        self._left_joule[users] = np.maximum(self._left_joule[users] - joule, 0.0)
        self._energy_joule[mine] += joule
        ready_s = np.full(len(rows), np.nan)
        ready_s[can] = self._busy_until_s[users]
        made = action.expand(
            parcel.representation, source_bits=parcel.source_bits, duration_s=parcel.duration_s
        )
        return can, ready_s, made

    def _action(self, parcel: Parcel) -> GenerativeAction | None:
        """The action that contracted a parcel; None for a full representation."""
        name = parcel.representation.contracted_by
        return None if name is None else self.menu.of(name, parcel.service.content_class)

    def _power_w(self, rows: Rows) -> Floats:
        """Power of each row's generator, W; 0 without one."""
        power_w = [0.0 if kind.generator is None else kind.generator.power_w for kind in self._kinds]
        found: Floats = np.array([*power_w, 0.0])[self._kind[self.user_of[rows]]]
        return found

    def _time_s(self, number: int, action: GenerativeAction, piece: Piece) -> float:
        """Time of one expansion in a kind of terminal, s; infinite where it cannot be done."""
        key = (number, action.name, piece)
        if key not in self._times:
            self._times[key] = _expansion_s(self._kinds[number].generator, action, piece)
        return self._times[key]


def number_users(users: list[str]) -> Rows:
    """Number of each row's user, in the order in which users appear."""
    number: dict[str, int] = {}
    return np.array([number.setdefault(user, len(number)) for user in users], dtype=np.int64)


def _expansion_s(generator: Generator | None, action: GenerativeAction, piece: Piece) -> float:
    """Time of one expansion, s; infinite without a generator, a time of the action on it, or the memory for it."""
    work = action.expand_work
    if generator is None or work is None or action.memory_bytes > generator.memory_bytes:
        return float("inf")
    try:
        estimate = service_time(
            work, generator.device, frames=piece.frames, pixels=piece.pixels, duration_s=piece.duration_s
        )
    except ModelRangeError:
        # No source lets its time on this device be known: it is not guessed.
        return float("inf")
    return estimate.seconds * generator.slowdown
