"""The conservation laws of a run, each with its residual (design: models, section 6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from netgen.errors import ConservationError


@dataclass(frozen=True, slots=True)
class Balance:
    """Both sides of one account, for one link, node or user.

    Parameters
    ----------
    law : str                   Which law the account belongs to.
    where : str                 Link, node or segment it was taken for.
    left, right : float         Both sides; equal, or for a bound `left <= right`.
    bound : bool                Whether the law is a bound instead of an equality.
    tolerance : float           Largest residual that counts as balanced.
    """

    law: str
    where: str
    left: float
    right: float
    bound: bool = False
    tolerance: float = 0.0

    @property
    def residual(self) -> float:
        """By how much the law fails: 0 where it holds exactly or a bound has room, infinite for NaN."""
        gap = self.left - self.right
        if math.isnan(gap):
            return math.inf
        return max(0.0, gap) if self.bound else abs(gap)


@dataclass(frozen=True, slots=True)
class Law:
    """A law over all its accounts: the worst residual and where it was found."""

    name: str
    accounts: int
    residual: float
    worst: str
    holds: bool


STATEMENTS = {
    "link-bits": "bits offered to a link = bits arrived + lost + in flight",
    "node-bits": "bits into a node + made there = bits out + delivered + used up + dropped + held",
    "capacity": "bits carried in an interval <= integral of the capacity",
    "semantic-loss": "semantic bits never increase along a path",
    "delivery": "bits that users received = bits that the last hops delivered",
    "segments": "segments offered = delivered + late + lost + in flight",
    "once": "segments of collaborating services handed to players = distinct pairs of user and segment",
    "carried": "users offered a segment = users of the carriers that send it + blocked",
    "messages": "bits of messages between the cores offered = arrived + under way",
}


def check_laws(balances: Sequence[Balance]) -> dict[str, Law]:
    """Sum up the accounts per law; every law of `STATEMENTS` appears, also when it had no account.

    Raises KeyError for an account of a law that is not in `STATEMENTS`.
    """
    unknown = [balance for balance in balances if balance.law not in STATEMENTS]
    if unknown:
        raise KeyError(f'"{unknown[0].law}" is no law; known: {", ".join(STATEMENTS)}')
    laws = {}
    for name in STATEMENTS:
        accounts = [balance for balance in balances if balance.law == name]
        worst = max(accounts, key=lambda balance: balance.residual - balance.tolerance, default=None)
        laws[name] = Law(
            name,
            len(accounts),
            max((balance.residual for balance in accounts), default=0.0),
            "" if worst is None or worst.residual == 0 else worst.where,
            all(balance.residual <= balance.tolerance for balance in accounts),
        )
    return laws


def raise_if_broken(laws: dict[str, Law]) -> None:
    """Raise ConservationError that names every broken law, its residual and where."""
    broken = [law for law in laws.values() if not law.holds]
    if broken:
        lines = "; ".join(
            f"{law.name} ({STATEMENTS[law.name]}): {law.residual:g} at {law.worst}" for law in broken
        )
        raise ConservationError(f"the books do not balance: {lines}")
