"""What a transmission of a broadcast channel is for each of its users: within coverage or not, and how risky."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from netgen.access.crowd import Crowd
from netgen.topology.holes import Holes
from netgen.topology.outages import Outages

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Availability:
    """What keeps users from receiving a tower besides its radio.

    Parameters
    ----------
    tuner : (rows,) bool or None    Per row of the population, whether the user's terminal has a broadcast receiver;
                                    None for all.
    outages : Outages               When the tower is off air.
    holes : Holes                   Areas without reception.
    crowd, place                    Where users are, and per row of the population the user's place in that crowd, -1
                                    for nowhere; only needed for holes. Who is nowhere is in no hole.

    Raises
    ------
    ValueError                      Holes without a crowd or the places in it.
    """

    tuner: Flags | None = None
    outages: Outages = field(default_factory=Outages.none)
    holes: Holes = field(default_factory=Holes.none)
    crowd: Crowd | None = None
    place: Rows | None = None

    def __post_init__(self) -> None:
        if self.holes and (self.crowd is None or self.place is None):
            raise ValueError("holes were given, but not where the users are")

    def tuned(self, rows: Rows) -> Flags:
        """Whether the users of some rows have a broadcast receiver."""
        tuned: Flags = np.ones(len(rows), dtype=np.bool_) if self.tuner is None else self.tuner[rows]
        return tuned

    def at(self, rows: Rows, *, time_s: float, begin_s: float | None = None) -> Flags:
        """Whether the users of some rows can receive what is on air from `begin_s` to `time_s`, s.

        An outage that overlaps that time cuts it off; holes and absence count where the users are at its end.
        """
        if self.outages.down_during(time_s if begin_s is None else begin_s, time_s):
            return np.zeros(len(rows), dtype=np.bool_)
        receiving = self.tuned(rows)
        if self.holes and self.crowd is not None and self.place is not None:
            place = self.place[rows]
            somewhere = np.flatnonzero(place >= 0)
            users = place[somewhere]
            self.crowd.look(time_s)
            hidden = self.holes.hold(self.crowd.x_m[users], self.crowd.y_m[users])
            receiving[somewhere] &= self.crowd.present[users] & ~hidden
        return receiving

    def foreseen(self, crowd: Crowd) -> Availability:
        """The same for another crowd of the same users, without outages, which nobody foresees."""
        return replace(self, crowd=crowd, outages=Outages.none())


class BroadcastChannel(Protocol):
    """One channel of a tower, or one of its physical-layer pipes.

    Attributes
    ----------
    key : uint64                    Key of the reception's luck, a world stream.
    """

    @property
    def key(self) -> np.uint64:
        """Key of the reception's luck."""
        ...

    def tuned(self, rows: Rows) -> Flags:
        """Whether the users have a receiver for this channel."""
        ...

    def off_air(self, *, begin_s: float, end_s: float) -> bool:
        """Whether an outage of the tower overlaps that time, s."""
        ...

    def chances(
        self, rows: Rows, *, time_s: float, size_bits: int, begin_s: float | None = None
    ) -> tuple[Flags, Floats]:
        """Whether each user is within coverage, and the probability that one within it loses the segment.

        Parameters
        ----------
        rows : (n,) int64               Rows of the population.
        time_s : float, s               When the segment is received.
        size_bits : int, bit            Its size.
        begin_s : float, s              When its transmission began; an outage since then cuts it off. None: at
                                        `time_s`.
        """
        ...

    def loss_now(self, rows: Rows, *, time_s: float, size_bits: int) -> Floats:
        """Probability that each user loses a segment received now, 1 outside coverage; counted nowhere."""
        ...

    def missing_bits(
        self, rows: Rows, luck: Floats, *, time_s: float, size_bits: int, begin_s: float | None = None
    ) -> Rows:
        """Bits that users who lost a segment still need, after what forward error correction could do.

        Parameters
        ----------
        rows : (n,) int64               Rows of users who lost it.
        luck : (n,) float               Their uniform luck: below the loss of `chances`, or they are outside coverage.
        time_s, size_bits, begin_s      As for `chances`.

        Returns
        -------
        (n,) int64, bit                 1 to `size_bits`; all of it outside coverage.

        Source                          Block-level recovery, as in the file repair of 3GPP TS 26.346, 9.3.
        """
        ...

    def twin(self, crowd: Crowd) -> BroadcastChannel:
        """The same channel for another crowd of the same users, never off air: it can be asked of the future."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FixedChannel:
    """A channel whose coverage and loss are given.

    Parameters
    ----------
    covered : (users,) bool         Per row of the population, whether the user is inside coverage.
    segment_loss : float            Probability that a covered user loses a segment, 0..1.
    key : uint64                    Key of the reception's luck, a world stream.
    lost_share : float              Share of a lost segment's bits that are missing, 0..1; at least one bit is.
    availability : Availability     Tuners, holes and outages.
    """

    covered: Flags
    segment_loss: float
    key: np.uint64
    lost_share: float = 1.0
    availability: Availability = field(default_factory=Availability)

    def tuned(self, rows: Rows) -> Flags:
        """Whether the users have a receiver for this channel."""
        return self.availability.tuned(rows)

    def off_air(self, *, begin_s: float, end_s: float) -> bool:
        """Whether an outage of the tower overlaps that time, s."""
        return self.availability.outages.down_during(begin_s, end_s)

    def chances(
        self,
        rows: Rows,
        *,
        time_s: float,
        size_bits: int,  # noqa: ARG002  (the same for any size)
        begin_s: float | None = None,
    ) -> tuple[Flags, Floats]:
        """Coverage as given but for holes, outages and tuners; the loss is the same everywhere and for any size."""
        covered = self.covered[rows] & self.availability.at(rows, time_s=time_s, begin_s=begin_s)
        return covered, np.full(len(rows), self.segment_loss)

    def loss_now(self, rows: Rows, *, time_s: float, size_bits: int) -> Floats:
        """The given loss within coverage, 1 outside."""
        covered, loss = self.chances(rows, time_s=time_s, size_bits=size_bits)
        return np.where(covered, loss, 1.0)

    def missing_bits(
        self,
        rows: Rows,
        luck: Floats,  # noqa: ARG002  (everybody misses the same share)
        *,
        time_s: float,
        size_bits: int,
        begin_s: float | None = None,
    ) -> Rows:
        """The given share of the segment within coverage, all of it outside."""
        covered, _ = self.chances(rows, time_s=time_s, size_bits=size_bits, begin_s=begin_s)
        return np.where(covered, max(round(self.lost_share * size_bits), 1), size_bits)

    def twin(self, crowd: Crowd) -> FixedChannel:
        """The same channel for another crowd of the same users, never off air."""
        return replace(self, availability=self.availability.foreseen(crowd))
