"""What players did with the segments of their services: shown in what quality, stopped for how long, or neither.

The sums of a user cannot tell one long stop from many short ones, nor good segments from bad ones at the end. So
every user and segment has two bytes here, and four more in a service that had segments which stopped only in part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

UNKNOWN = 0
"""Mark of a segment that was not offered, or is undecided."""
STOPPED = 1
"""Mark of a segment in whose time the picture stood still from beginning to end."""
FIRST_QUALITY = 2
"""Mark of a segment of the first of the qualities; the following marks are those of the others."""


@dataclass(frozen=True, slots=True)
class ShownQuality:
    """What is known of the quality of a segment that was shown.

    Parameters
    ----------
    vmaf : float or None            0..100; None where it was not measured.
    ms_ssim : float or None         0..1; None where nobody measured it.
    semantic_fidelity : float       Share of the meaning that it kept, 0..1.
    """

    vmaf: float | None
    ms_ssim: float | None
    semantic_fidelity: float


class ServicePlayback:
    """The players of one service, one line each.

    Parameters
    ----------
    rows : (n,) int64               Their rows in the population.
    line_of : (rows,) int64         Line of each row of the population, among the players of its own service.
    segments : int                  Segments that the service offers in the run.
    segment_s : float, s            Playing time of a segment.

    Attributes
    ----------
    marks : (segments, n) uint16 or uint32
                                    By segment first, as they are written: what became of each segment, `UNKNOWN`,
                                    `STOPPED`, or `FIRST_QUALITY` and the number of its quality in `qualities`.
    stopped_s : (segments, n) float32 or None, s
                                    How late a segment was that was still shown in part; None while none was.
    offered_s : (segments,) float, s Instants of the offers; NaN where none is known.
    first_s : (n,) float, s         Instant at which a player first had a segment to show; infinite before.
    qualities : list of ShownQuality
    """

    def __init__(self, rows: Rows, line_of: Rows, *, segments: int, segment_s: float) -> None:
        self.rows = rows
        self._line_of = line_of
        self.segment_s = segment_s
        self.marks: NDArray[np.unsignedinteger] = np.zeros((segments, len(rows)), dtype=np.uint16)
        self.stopped_s: NDArray[np.float32] | None = None
        self.offered_s: Floats = np.full(segments, np.nan)
        self.first_s: Floats = np.full(len(rows), np.inf)
        self.qualities: list[ShownQuality] = []
        self._mark_of: dict[ShownQuality, int] = {}

    def show(
        self, index: int, rows: Rows, *, offered_s: float, delay_s: Floats, deadline_s: float | None,
        quality: ShownQuality,
    ) -> None:  # fmt: skip
        """Players of rows of the population have a segment; what comes late is shown for the rest of its time."""
        self.offered_s[index] = offered_s
        lines = self._line_of[rows]
        late = None if deadline_s is None else delay_s > deadline_s
        if late is not None and deadline_s is not None and late.any():
            gone = delay_s - deadline_s >= self.segment_s
            self.marks[index, lines[gone]] = STOPPED
            part = late & ~gone
            if part.any():
                if self.stopped_s is None:
                    self.stopped_s = np.zeros(self.marks.shape, dtype=np.float32)
                self.stopped_s[index, lines[part]] = delay_s[part] - deadline_s
            lines, delay_s = lines[~gone], delay_s[~gone]
        # The mark may need a wider array, so it comes first.
        mark = self._mark(quality)
        self.marks[index, lines] = mark
        self.first_s[lines] = np.minimum(self.first_s[lines], offered_s + delay_s)

    def stop(self, index: int, rows: Rows, *, offered_s: float) -> None:
        """Players of rows of the population never get a segment."""
        self.offered_s[index] = offered_s
        self.marks[index, self._line_of[rows]] = STOPPED

    def _mark(self, quality: ShownQuality) -> int:
        """Mark of a quality; a new one is numbered."""
        mark = self._mark_of.get(quality)
        if mark is None:
            mark = self._mark_of[quality] = FIRST_QUALITY + len(self.qualities)
            self.qualities.append(quality)
            if mark > np.iinfo(self.marks.dtype).max:
                # A live run measures every segment anew.
                self.marks = self.marks.astype(np.uint32)
        return mark


class Playback:
    """The players of all services.

    Parameters
    ----------
    services : sequence of str      Per row of the population the service that is watched.
    """

    def __init__(self, services: Sequence[str]) -> None:
        self.count = len(services)
        rows_of: dict[str, list[int]] = {}
        for row, service in enumerate(services):
            rows_of.setdefault(service, []).append(row)
        self._rows_of = {service: np.array(rows, dtype=np.int64) for service, rows in rows_of.items()}
        self._line_of: Rows = np.zeros(self.count, dtype=np.int64)
        for rows in self._rows_of.values():
            self._line_of[rows] = np.arange(len(rows))
        self._services: dict[str, ServicePlayback] = {}

    def __iter__(self) -> Iterator[ServicePlayback]:
        """The services of which anything is known, in the order in which it came to be known."""
        return iter(self._services.values())

    def of(self, service: str, *, segments: int, segment_s: float) -> ServicePlayback:
        """The players of one service, made when it is first asked for."""
        found = self._services.get(service)
        if found is None:
            rows = self._rows_of.get(service, np.empty(0, dtype=np.int64))
            found = self._services[service] = ServicePlayback(
                rows, self._line_of, segments=segments, segment_s=segment_s
            )
        return found
