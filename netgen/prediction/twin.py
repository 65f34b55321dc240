"""Prediction by a twin of the crowd and of the channel, which is ahead of the run: perfect, or missing the place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from netgen.access.broadcast_channel import BroadcastChannel
from netgen.access.crowd import Crowd
from netgen.mobility.contract import Mobility
from netgen.rng import hashed_normal, hashed_uniform

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class TwinPredictor:
    """Asks a twin of the channel, whose crowd is at the instant to come already.

    Where users will be is a pure function of the instant, so that a second crowd, made like the first one, is in the
    true future. Outages of the tower are not foreseen: a twin is never off air.

    Parameters
    ----------
    channel : BroadcastChannel      Made by `twin` of the real channel, on a crowd that nobody else looks at: a crowd
                                    cannot go back in time. On a `DisplacedCrowd` the prediction is noisy.
    """

    revises: ClassVar[bool] = False

    def __init__(self, channel: BroadcastChannel) -> None:
        self.channel = channel

    def loss_ahead(self, rows: Rows, *, at_s: float, size_bits: int) -> Floats:
        """The loss at that instant; raises ValueError for users who move when it is before the last one asked."""
        return self.channel.loss_now(rows, time_s=at_s, size_bits=size_bits)

    def observe(self, rows: Rows, loss: Floats, *, time_s: float) -> None:
        """Reports teach it nothing."""


class DisplacedCrowd(Crowd):
    """A crowd whose places are each displaced by a normal error, east and north, that is new at every instant.

    Parameters
    ----------
    groups : sequence of Mobility   As for a crowd.
    identity : (N,) int64           A number of each user, whoever else is there; keys its errors.
    key : uint64                    Key of the errors (`Streams.key`).
    error_m : float, m              Standard deviation of each coordinate's error, >= 0.

    Raises
    ------
    ValueError                      A negative error, or identities that do not match the users.

    Valid for                       Errors of different instants are independent, and so are those of users.
    """

    def __init__(self, groups: Sequence[Mobility], *, identity: Rows, key: np.uint64, error_m: float) -> None:
        super().__init__(groups)
        if not error_m >= 0.0:
            raise ValueError(f"error_m = {error_m} m; accepted: >= 0")
        if len(identity) != self.count:
            raise ValueError(f"{len(identity)} identities of {self.count} users")
        self._identity, self._key, self._error_m = identity, key, error_m
        self._true_x_m, self._true_y_m = self.x_m, self.y_m
        if error_m > 0:
            self.moving = np.ones(self.count, dtype=np.bool_)

    def look(self, time_s: float) -> None:
        """Bring presence and displaced positions to an instant, s, not before the last one asked."""
        if time_s == self._time_s:
            return
        self.x_m, self.y_m = self._true_x_m, self._true_y_m
        super().look(time_s)
        if self._error_m > 0:
            # A key for every instant: what is hashed is the nanosecond, so that the number of looks does not matter.
            instant = np.array([round(time_s * 1e9)])
            key = self._key ^ np.uint64(hashed_uniform(self._key, instant)[0] * 2.0**53)
            with np.errstate(over="ignore"):
                counter = 4 * self._identity
            self.x_m = self._true_x_m + self._error_m * hashed_normal(key, counter)
            self.y_m = self._true_y_m + self._error_m * hashed_normal(key, counter + 2)
