"""When something is out of order: spans of time that are known before a run begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Outages:
    """Spans [start, end) in which something does not work, in order and apart from each other.

    Parameters
    ----------
    start_s, end_s : (n,) float, s  Ends of the spans; an end may be infinite.
    """

    start_s: Floats
    end_s: Floats

    @staticmethod
    def none() -> Outages:
        """Never out of order."""
        return Outages.of(())

    @staticmethod
    def of(spans: Iterable[tuple[float, float]]) -> Outages:
        """From spans in any order, which may overlap or touch; raises ValueError for one without length."""
        merged: list[list[float]] = []
        for start_s, end_s in sorted(spans):
            if not 0 <= start_s < end_s:
                raise ValueError(f"an outage from {start_s} s to {end_s} s; accepted: 0 <= start < end")
            if merged and start_s <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end_s)
            else:
                merged.append([start_s, end_s])
        columns = np.array(merged, dtype=np.float64).reshape(-1, 2).T.copy()
        columns.flags.writeable = False
        return Outages(columns[0], columns[1])

    def joined(self, other: Outages) -> Outages:
        """Out of order whenever one of the two is."""
        return Outages.of([*self.spans(), *other.spans()])

    def spans(self) -> list[tuple[float, float]]:
        """Start and end of each, in order."""
        return list(zip(self.start_s.tolist(), self.end_s.tolist(), strict=True))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return len(self.start_s) > 0

    def down(self, time_s: float) -> bool:
        """Whether an instant lies in an outage."""
        return self.down_during(time_s, time_s)

    def down_during(self, begin_s: float, end_s: float) -> bool:
        """Whether some instant of [begin, end] lies in an outage."""
        return bool(((self.start_s <= end_s) & (self.end_s > begin_s)).any())

    def up_from(self, time_s: float) -> float:
        """First instant from `time_s` on that lies in no outage; infinite when there is none."""
        inside = (self.start_s <= time_s) & (self.end_s > time_s)
        return float(self.end_s[inside][0]) if inside.any() else time_s


NOTHING_DOWN: Mapping[str, Outages] = MappingProxyType({})
"""Nothing is ever out of order."""
