"""What each user went through, from what the user's players did: the columns of experience of users.parquet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from netgen.ledger import Playback, ServicePlayback
from netgen.ledger.playback import FIRST_QUALITY, STOPPED, UNKNOWN
from netgen.metrics.qoe import WORST, Experience, Floats, Sessions, experience, quality_score

CELLS_AT_ONCE = 1 << 19
"""Users times segments that are rated together: some arrays of 4 MB, however many users there are."""


def experience_columns(playback: Playback) -> dict[str, Any]:
    """Rate what all users went through.

    Returns
    -------
    dict                            Columns `qoe`, `quality_switches`, `stalls` and `startup_delay_s`, in the order
                                    of the rows. `qoe` is null where no segment's fate is known, and 1, the worst,
                                    where nothing was ever shown; then there is no start-up delay.

    ASSUMED: whoever was never shown anything rates 1.
    """
    count = playback.count
    qoe = np.ma.masked_array(np.zeros(count), mask=True)
    startup_s = np.ma.masked_array(np.zeros(count), mask=True)
    switches, stalls = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    for service in playback:
        qoe[service.rows[(service.marks != UNKNOWN).any(axis=0)]] = WORST
        for rows, sessions in _sessions(service):
            found: Experience = experience(sessions)
            qoe[rows], startup_s[rows] = found.qoe, sessions.startup_s
            switches[rows], stalls[rows] = found.quality_switches, found.stalls
    return {"qoe": qoe, "quality_switches": switches, "stalls": stalls, "startup_delay_s": startup_s}


def _sessions(service: ServicePlayback) -> Iterator[tuple[np.ndarray, Sessions]]:
    """Sessions of the users who were shown something, some at a time, with their rows."""
    scores = np.full(FIRST_QUALITY + len(service.qualities), np.nan)
    scores[FIRST_QUALITY:] = [
        quality_score(vmaf=known.vmaf, ms_ssim=known.ms_ssim, semantic_fidelity=known.semantic_fidelity)
        for known in service.qualities
    ]
    lines = np.flatnonzero((service.marks > STOPPED).any(axis=0))
    step = max(1, CELLS_AT_ONCE // max(1, len(service.marks)))
    for begin in range(0, len(lines), step):
        some = lines[begin : begin + step]
        yield service.rows[some], _of_lines(service, some, scores)


def _of_lines(service: ServicePlayback, lines: np.ndarray, scores: Floats) -> Sessions:
    """Sessions of some players; each begins with the first segment that it showed."""
    marks = service.marks[:, lines].T
    segments = marks.shape[1]
    known = marks != UNKNOWN
    begun = np.argmax(known, axis=1)
    first = np.argmax(marks > STOPPED, axis=1)
    count = segments - np.argmax(known[:, ::-1], axis=1) - first
    number = np.arange(segments)
    inside = number < count[:, None]
    place = np.where(inside, first[:, None] + number, 0)
    mark = np.ascontiguousarray(np.where(inside, np.take_along_axis(marks, place, axis=1), UNKNOWN))
    stopped_s = np.where(mark == STOPPED, service.segment_s, 0.0)
    if service.stopped_s is not None:
        stopped_s += np.where(inside, np.take_along_axis(service.stopped_s[:, lines].T, place, axis=1), 0.0)
    # Until the first picture nothing can stop; the wait for it is the start-up.
    stopped_s[:, 0] = 0.0
    startup_s = service.first_s[lines] - service.offered_s[begun]
    return Sessions(scores[mark], stopped_s, count, service.segment_s, np.maximum(startup_s, 0.0))
