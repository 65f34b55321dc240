"""Asks service policies, and writes down what they saw and chose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from netgen.errors import PolicyError
from netgen.ledger import DecisionRecord, Figure, LedgerWriter, OptionSeen, UserSeen
from netgen.transport.clock import to_s

View = TypeVar("View")


@dataclass(frozen=True, slots=True, eq=False)
class ServiceDecider(Generic[View]):
    """A service policy with its own random stream.

    Parameters
    ----------
    name : str                      Its name in the scenario.
    decide : callable               Its `decide(view, rng)`.
    rng : Generator                 Nothing else draws from it.
    """

    name: str
    decide: Callable[[View, np.random.Generator], Any]
    rng: np.random.Generator

    def ask(self, view: View, *, core: str, now_ns: int) -> tuple[Any, str]:
        """Its decision, unchecked, and how messages about it begin; raises PolicyError when it raises."""
        where = f'policy "{self.name}" at {core}, t = {to_s(now_ns):.6f} s'
        try:
            return self.decide(view, self.rng), where
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PolicyError(f"{where}: raised {type(error).__name__}: {error}") from error


def figures(**values: float) -> tuple[Figure, ...]:
    """Named numbers for the records."""
    return tuple(Figure(name, float(value)) for name, value in values.items())


def option(kind: str, action: str = "", **values: float) -> OptionSeen:
    """What could be asked for, with what the policy saw of it."""
    return OptionSeen(kind, action, None, None, None, None, figures(**values))


def record_decision(
    writer: LedgerWriter,
    *,
    mode: str,
    core: str,
    tower: str = "",
    service: str,
    policy: str,
    now_ns: int,
    kind: str,
    action: str,
    reason: str,
    options: Sequence[OptionSeen],
    saw: Sequence[Figure],
    users: Sequence[UserSeen],
) -> int:
    """Write a decision of a service policy down and return its number."""
    number = writer.number_decision()
    writer.add(
        DecisionRecord(
            decision=number, mode=mode, time_s=to_s(now_ns), node=core, tower=tower, service=service,
            index=None, policy=policy, missed="", kind=kind, action=action, reason=reason, bits=None,
            bits_per_pixel=None, semantic_fidelity=None, time_left_s=None, backlog_bits=None, available_bps=None,
            gpu_queued=None, options=tuple(options), saw=tuple(saw), users=tuple(users),
        )
    )  # fmt: skip
    return number
