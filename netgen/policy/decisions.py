"""What a relay policy may decide about one segment at one node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Forward:
    """Pass the representation on unchanged, pipelined packet by packet."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """Contract the segment with the scenario's action `action` on this node's GPU, then send it on."""

    action: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Expand:
    """Expand the contracted representation again on this node's GPU, then send it on."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """Give the segment up here; the receivers downstream count it as lost, dropped by the policy."""

    reason: str = ""


Decision: TypeAlias = Forward | Contract | Expand | Drop


def decision_of(choice: tuple[str, str]) -> Decision:
    """Return the decision that a choice (kind, action) stands for."""
    kind, action = choice
    if kind == "contract":
        return Contract(action)
    plain: dict[str, Decision] = {"forward": Forward(), "expand": Expand(), "drop": Drop()}
    return plain[kind]


def choice_of(decision: Decision) -> tuple[str, str]:
    """Return what was chosen as (kind, action), which is what makes two decisions the same choice."""
    action = decision.action if isinstance(decision, Contract) else ""
    return type(decision).__name__.lower(), action
