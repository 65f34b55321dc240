"""Random numbers that belong to a user and to a leg of its path, whoever else is there."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import ModelRangeError
from netgen.rng import hashed_uniform

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SLOT_BITS = 3
_LEG_BITS = 26
_IDENTITY_BITS = 64 - _SLOT_BITS - _LEG_BITS - 1

START_LEGS = 1 << (_LEG_BITS - 1)
"""Legs from here on are attempts at drawing the start; a path has fewer legs than this."""


class UserDraws:
    """Uniform numbers addressed by user, leg and slot.

    Parameters
    ----------
    identities : (U,) int       Identity of each user, different ones, 0 <= identity < 2^34. The same
                                identity and key give the same path, whatever the position in the array.
    key : uint64                Key of the stream (`netgen.rng.Streams.key`).

    Raises
    ------
    ValueError                  An identity is not an integer, outside the range or given twice.

    Source                      `netgen.rng.hashed_uniform` on the counter identity | leg | slot, 34, 26
                                and 3 bits.
    """

    def __init__(self, identities: ArrayLike, key: np.uint64) -> None:
        given = np.asarray(identities)
        if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
            raise ValueError(f"identities must be integers in one dimension, not {given.dtype} {given.shape}")
        wrong = np.flatnonzero((given < 0) | (given >= 1 << _IDENTITY_BITS))
        if wrong.size:
            raise ValueError(f"identities[{wrong[0]}] = {given[wrong[0]]}; accepted: 0 <= identity < 2^34")
        values, counts = np.unique(given, return_counts=True)
        if (counts > 1).any():
            raise ValueError(f"the identity {values[counts > 1][0]} is given to {counts.max()} users")
        self._base = given.astype(np.int64) << (_LEG_BITS + _SLOT_BITS)
        self._key = np.uint64(key)

    @property
    def users(self) -> int:
        """How many users there are."""
        return self._base.size

    def uniform(self, users: Ints, leg: Ints | int, slot: int) -> Floats:
        """One number in [0, 1) for each of some users (by position), for a leg and a slot 0..7 of it."""
        counter = self._base[users]
        counter += np.int64(leg << _SLOT_BITS if isinstance(leg, int) else 0) + slot
        if not isinstance(leg, int):
            if leg.size and int(leg.max()) >= START_LEGS:
                raise ModelRangeError(f"a path of more than {START_LEGS} legs; end the run earlier")
            counter += leg << _SLOT_BITS
        return hashed_uniform(self._key, counter)

    def between(self, users: Ints, leg: Ints | int, slot: int, bounds: tuple[float, float]) -> Floats:
        """Uniform between two bounds."""
        low, high = bounds
        return low + (high - low) * self.uniform(users, leg, slot)
