"""The base classes of service policies, one per mode of collaboration, and what they may decide."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from netgen.policy.service_views import AdditionView, ContinuationView, OffloadingView

Ints = NDArray[np.int64]


class Serve(IntEnum):
    """How a user of a continued service is served."""

    BROADCAST = 0
    """By the tower alone."""
    REPAIRED = 1
    """By the tower, and a cell repairs what is lost."""
    CELLULAR = 2
    """A cell carries the stream on."""


class Add(IntEnum):
    """How a user gets an enhancement."""

    NONE = 0
    """Not at all: the common stream alone."""
    SENT = 1
    """As bits, through the cell."""
    AT_CELL = 2
    """As semantic control bits, generated at the cell's GPU."""
    AT_TERMINAL = 3
    """As semantic control bits, generated at the terminal."""


@dataclass(frozen=True, slots=True, eq=False)
class ContinuationDecision:
    """How every user of a view is to be served from now on.

    Parameters
    ----------
    serve : (n,) int                As `Serve`; for who is moving what `served` says, and for who has no cell that or
                                    `BROADCAST`: the way back needs none.
    cast : str                      How cells carry the stream on: one copy each, one per cell or sector for all, or
                                    the `cheaper` of the two in each cell, unicast of equals.
    reason : str                    One line of text for the records.
    """

    serve: Ints
    cast: Literal["unicast", "multicast", "cheaper"] = "unicast"
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class OffloadingDecision:
    """Which services are to be on the tower from now on; their rates fit into their channels.

    Parameters
    ----------
    on_tower : tuple of str         Names of services of the view; what is moving stays what it is becoming.
    reason : str                    One line of text for the records.
    """

    on_tower: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AdditionDecision:
    """How every user of a view gets the enhancement from now on.

    Parameters
    ----------
    how : (n,) int                  As `Add`.
    reason : str                    One line of text for the records.
    """

    how: Ints
    reason: str = ""


class ContinuationPolicy(ABC):
    """Decides, in the broadcast core, which users cells are to carry on or repair, and who comes back.

    Deterministic given (view, rng). Parameters are keyword arguments of `__init__`, annotated. One instance serves
    one service of one tower; it may keep a memory of its own between decisions.
    """

    name: ClassVar[str] = ""

    @abstractmethod
    def decide(self, view: ContinuationView, rng: np.random.Generator) -> ContinuationDecision:
        """Return how each user of the view is to be served."""


class OffloadingPolicy(ABC):
    """Decides, in the cellular core, which contents the tower is to take over; as `ContinuationPolicy` otherwise."""

    name: ClassVar[str] = ""

    @abstractmethod
    def decide(self, view: OffloadingView, rng: np.random.Generator) -> OffloadingDecision:
        """Return which services are to be on the tower."""


class AdditionPolicy(ABC):
    """Decides, in the cellular core, how users get an enhancement; as `ContinuationPolicy` otherwise."""

    name: ClassVar[str] = ""

    @abstractmethod
    def decide(self, view: AdditionView, rng: np.random.Generator) -> AdditionDecision:
        """Return how each user of the view gets the enhancement."""


ServicePolicy = ContinuationPolicy | OffloadingPolicy | AdditionPolicy
SERVICE_POLICIES: tuple[type, ...] = (ContinuationPolicy, OffloadingPolicy, AdditionPolicy)
