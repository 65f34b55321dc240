"""The one policy that needs no plug-in: pass everything on."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from netgen.policy.base import RelayPolicy
from netgen.policy.decisions import Decision
from netgen.policy.views import NodeView


class ForwardOnly(RelayPolicy):
    """Never contracts or expands: the conventional network, and the usual baseline."""

    name: ClassVar[str] = "forward"

    def decide(self, view: NodeView, rng: np.random.Generator) -> Decision:  # noqa: ARG002
        """Forward."""
        return view.forward.decision
