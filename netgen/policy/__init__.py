"""The policy contract: what may be seen (views), what may be decided (decisions), and how it is checked."""

from netgen.policy.base import RelayPolicy
from netgen.policy.checking import PolicyCheck, check_policy
from netgen.policy.decisions import Contract, Decision, Drop, Expand, Forward
from netgen.policy.loading import (
    POLICY_KINDS,
    Policy,
    kinds_of,
    load_policy_class,
    policy_factory,
    policy_kinds,
)
from netgen.policy.service_checking import checked_addition, checked_continuation, checked_offloading
from netgen.policy.service_limits import can_generate_at_cell, can_generate_at_terminal, fits_room
from netgen.policy.service_policies import (
    Add,
    AdditionDecision,
    AdditionPolicy,
    ContinuationDecision,
    ContinuationPolicy,
    OffloadingDecision,
    OffloadingPolicy,
    Serve,
    ServicePolicy,
)
from netgen.policy.service_views import (
    AdditionView,
    CellView,
    ChannelView,
    ContentView,
    ContinuationView,
    OffloadingView,
    ServiceView,
)
from netgen.policy.views import GpuView, LinkView, NodeView, Option, SegmentView

__all__ = [
    "POLICY_KINDS",
    "Add",
    "AdditionDecision",
    "AdditionPolicy",
    "AdditionView",
    "CellView",
    "ChannelView",
    "ContentView",
    "ContinuationDecision",
    "ContinuationPolicy",
    "ContinuationView",
    "Contract",
    "Decision",
    "Drop",
    "Expand",
    "Forward",
    "GpuView",
    "LinkView",
    "NodeView",
    "OffloadingDecision",
    "OffloadingPolicy",
    "OffloadingView",
    "Option",
    "Policy",
    "PolicyCheck",
    "RelayPolicy",
    "SegmentView",
    "Serve",
    "ServicePolicy",
    "ServiceView",
    "can_generate_at_cell",
    "can_generate_at_terminal",
    "check_policy",
    "checked_addition",
    "checked_continuation",
    "checked_offloading",
    "fits_room",
    "kinds_of",
    "load_policy_class",
    "policy_factory",
    "policy_kinds",
]
