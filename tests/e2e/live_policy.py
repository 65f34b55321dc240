"""Policies of live scenarios: one node contracts whatever it can, another one expands it again."""

from netgen.policy import RelayPolicy


class Close(RelayPolicy):
    """Contracts what it can."""

    name = "close"

    def decide(self, view, rng):
        """Contract by the first action on offer."""
        return view.contractions[0].decision if view.contractions else view.forward.decision


class Open(RelayPolicy):
    """Expands what it can."""

    name = "open"

    def decide(self, view, rng):
        """Expand where that is on offer."""
        return view.forward.decision if view.expansion is None else view.expansion.decision
