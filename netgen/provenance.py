"""Where a figure comes from; a derived figure carries the weakest mark of its inputs."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Provenance(StrEnum):
    """How a figure came to be known (`design`: measured > published > estimated > declared).

    Exact is what follows from definitions alone: that a source has all of its meaning, the entropy of labels that
    were drawn from a declared distribution.
    """

    EXACT = "exact"
    MEASURED = "measured"
    PUBLISHED = "published"
    ESTIMATED = "estimated"
    DECLARED = "declared"


_STRENGTH = tuple(Provenance)


def weakest(marks: Iterable[Provenance]) -> Provenance:
    """Return the weakest mark; figures derived from no marked input count as exact."""
    return max(marks, key=_STRENGTH.index, default=Provenance.EXACT)
