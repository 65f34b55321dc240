"""The base class of relay policies: what a plug-in author writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from netgen.policy.decisions import Decision
from netgen.policy.views import NodeView


class RelayPolicy(ABC):
    """Decides what a node does with one segment: contract, forward, expand or drop.

    A policy is deterministic given (view, rng). Its parameters are the keyword arguments of
    `__init__`, annotated with their types; the scenario's `with:` is validated against them. One
    instance serves one node and one service; it may keep a memory of its own between decisions.
    """

    name: ClassVar[str] = ""

    @abstractmethod
    def decide(self, view: NodeView, rng: np.random.Generator) -> Decision:
        """Return one of the decisions in `view.options` (its `reason` is free text for the records).

        Parameters
        ----------
        view : NodeView             Read-only.
        rng : Generator             The policy's own random stream; nothing else draws from it.
        """
