"""The policies that need no plug-in: pass everything on, and never collaborate."""

from __future__ import annotations

from typing import ClassVar, overload

import numpy as np

from netgen.policy.base import RelayPolicy
from netgen.policy.decisions import Decision
from netgen.policy.service_policies import (
    Add,
    AdditionDecision,
    AdditionPolicy,
    ContinuationDecision,
    ContinuationPolicy,
    OffloadingDecision,
    OffloadingPolicy,
)
from netgen.policy.service_views import AdditionView, ContinuationView, OffloadingView, ServiceView
from netgen.policy.views import NodeView


class ForwardOnly(RelayPolicy):
    """Never contracts or expands: the conventional network, and the usual baseline."""

    name: ClassVar[str] = "forward"

    def decide(self, view: NodeView, rng: np.random.Generator) -> Decision:  # noqa: ARG002
        """Forward."""
        return view.forward.decision


class NeverCollaborate(ContinuationPolicy, OffloadingPolicy, AdditionPolicy):
    """Asks for nothing in any mode: users stay as served, no content goes to the tower, no enhancement is given."""

    name: ClassVar[str] = "never-collaborate"

    @overload
    def decide(self, view: ContinuationView, rng: np.random.Generator) -> ContinuationDecision: ...

    @overload
    def decide(self, view: OffloadingView, rng: np.random.Generator) -> OffloadingDecision: ...

    @overload
    def decide(self, view: AdditionView, rng: np.random.Generator) -> AdditionDecision: ...

    def decide(
        self,
        view: ServiceView,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> ContinuationDecision | OffloadingDecision | AdditionDecision:
        """Ask for nothing, but for what is being moved already."""
        if isinstance(view, ContinuationView):
            return ContinuationDecision(view.served)
        if isinstance(view, OffloadingView):
            return OffloadingDecision(tuple(c.service for c in view.contents if c.moving and c.on_tower))
        return AdditionDecision(np.full(len(view.user), Add.NONE, dtype=np.int64))
