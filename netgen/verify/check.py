"""One check: a value that netgen computed beside one that somebody else knows."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """Result of one check.

    Parameters
    ----------
    name : str              What was checked.
    value : float           What netgen computed.
    reference : float       What it should be.
    tolerance : float       Largest difference that counts as agreement.
    ok : bool               Whether it agrees.
    source : str            Where the reference is from.
    """

    name: str
    value: float
    reference: float
    tolerance: float
    ok: bool
    source: str

    @staticmethod
    def within(name: str, value: float, reference: float, tolerance: float, source: str) -> Check:
        """A check that holds when the value is at most `tolerance` from the reference."""
        return Check(name, value, reference, tolerance, abs(value - reference) <= tolerance, source)

    def as_dict(self) -> dict[str, object]:
        """The check as `netgen verify --json` prints it."""
        return asdict(self)
