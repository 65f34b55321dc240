"""The policy contract: what may be seen (views), what may be decided (decisions), and how it is checked."""

from netgen.policy.base import RelayPolicy
from netgen.policy.checking import PolicyCheck, check_policy
from netgen.policy.decisions import Contract, Decision, Drop, Expand, Forward
from netgen.policy.loading import load_policy_class, policy_factory
from netgen.policy.views import GpuView, LinkView, NodeView, Option, SegmentView

__all__ = [
    "Contract",
    "Decision",
    "Drop",
    "Expand",
    "Forward",
    "GpuView",
    "LinkView",
    "NodeView",
    "Option",
    "PolicyCheck",
    "RelayPolicy",
    "SegmentView",
    "check_policy",
    "load_policy_class",
    "policy_factory",
]
