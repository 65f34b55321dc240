"""Named random streams: the only place where generators are made."""

from __future__ import annotations

import hashlib

import numpy as np


class Streams:
    """Independent generators addressed by name, spawned from one seed.

    A stream depends on the seed and its name only, so adding a consumer never shifts another's draws.
    Names that begin with `world/` describe what happens to every policy alike (arrivals, reception,
    loss); names that begin with `policy/` are handed to policies. No name is used for both.

    Parameters
    ----------
    seed : int                  Root seed, >= 0.
    replication : int           Number of the replication, >= 0; changes every stream.
    """

    def __init__(self, seed: int, replication: int = 0) -> None:
        if seed < 0 or replication < 0:
            raise ValueError(f"seed and replication must be >= 0, got {seed} and {replication}")
        self._root = (seed, replication)

    def sequence(self, name: str) -> np.random.SeedSequence:
        """Return the seed sequence of the stream `name`."""
        words = np.frombuffer(hashlib.sha256(name.encode()).digest(), dtype=np.uint32)
        return np.random.SeedSequence(entropy=self._root, spawn_key=tuple(int(word) for word in words))

    def get(self, name: str) -> np.random.Generator:
        """Return a fresh generator at the start of the stream `name`."""
        return np.random.Generator(np.random.PCG64(self.sequence(name)))

    def key(self, name: str) -> np.uint64:
        """Return a 64-bit key for counter-based noise (`hashed_uniform`) of the stream `name`."""
        word: np.uint64 = self.sequence(name).generate_state(1, dtype=np.uint64)[0]
        return word


def generator_from(*words: int) -> np.random.Generator:
    """Return a generator from whole numbers >= 0 that a log can name, for work outside of a simulation.

    What a network was trained with is repeated from them; simulations take named streams.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


def hashed_uniform(key: np.uint64, counter: np.ndarray) -> np.ndarray:
    """Noise as a pure function of a counter: one uniform in [0, 1) per counter value.

    Used where a draw must belong to an instant rather than to the number of draws before it, so that a
    policy that sends more or fewer packets meets the same channel.

    Parameters
    ----------
    key : uint64                Key of the stream (`Streams.key`).
    counter : (n,) int64        Counter values, for example instants in nanoseconds.

    Returns
    -------
    (n,) float64                Uniform in [0, 1); equal counters give equal values.

    Source                      SplitMix64 finaliser: Steele, Lea, Flood, OOPSLA 2014,
                                doi:10.1145/2660193.2660195.
    """
    state = counter.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + key
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def hashed_normal(key: np.uint64, counter: np.ndarray) -> np.ndarray:
    """Noise as `hashed_uniform`, standard normal; counter + 1 must not be drawn with the same key elsewhere.

    Source                      Box, Muller, Ann. Math. Statist. 29(2), 1958.
    """
    radius = np.sqrt(-2.0 * np.log1p(-hashed_uniform(key, counter)))
    turned: np.ndarray = radius * np.cos(2.0 * np.pi * hashed_uniform(key, counter + 1))
    return turned
