"""A node of the network: its GPU, the policies that decide in it, and its books."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from netgen.engine.gpu import Gpu
from netgen.policy import RelayPolicy

CHANNEL = "channel"
"""Kind of the far end of a tower's broadcast channel: a place where users listen, not a machine."""


@dataclass(frozen=True, slots=True, eq=False)
class Decider:
    """A policy that decides on one service at one node, with its own random stream."""

    name: str
    policy: RelayPolicy
    rng: np.random.Generator


@dataclass(slots=True, eq=False)
class NodeBooks:
    """Bits that a node made, used and gave up, and what it did per interval.

    The counts in bits close the node's balance: bits that arrived on links + `originated` + `made` +
    `copied` = bits offered to links + `delivered` + `used` + `dropped` + bits held.
    """

    intervals: int
    originated_bits: int = 0
    made_bits: int = 0
    copied_bits: int = 0
    delivered_bits: int = 0
    used_bits: int = 0
    dropped_bits: int = 0
    stored_bits: int = 0
    contracted: np.ndarray = field(init=False)
    expanded: np.ndarray = field(init=False)
    forwarded: np.ndarray = field(init=False)
    missed: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        for name in ("contracted", "expanded", "forwarded", "missed"):
            setattr(self, name, np.zeros(self.intervals, dtype=np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A node.

    Parameters
    ----------
    name, kind : str                Name and kind in the scenario.
    gpu : Gpu or None               Its GPU.
    contractions : tuple of str     Actions that it can contract with.
    expansions : tuple of str       Actions whose representations it can expand.
    deciders : mapping              Per service the policy that decides here; services without one pass.
    books : NodeBooks               Where what happens is counted.
    """

    name: str
    kind: str
    gpu: Gpu | None
    contractions: tuple[str, ...]
    expansions: tuple[str, ...]
    deciders: dict[str, Decider]
    books: NodeBooks
