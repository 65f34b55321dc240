"""When faults are repaired."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import ModelRangeError


def outage_spans(
    at_s: ArrayLike, repair_s: ArrayLike, *, random: ArrayLike, luck: ArrayLike
) -> list[tuple[float, float]]:
    """From when until when each fault lasts; `Outages.of` takes those of one thing together.

    The time of a random repair is the inverse of the exponential distribution function at one number of the
    fault's own, so that it does not depend on other faults.

    Parameters
    ----------
    at_s : (n,) float, s            When each thing breaks, >= 0.
    repair_s : (n,) float, s        Time until it works again, > 0; may be infinite. Its mean when random.
    random : (n,) bool              Whether that time is drawn.
    luck : (n,) float               One uniform number in [0, 1) each.

    Returns
    -------
    (n,) pairs of float, s          Start and end; the end is later than the start, however small the draw.

    Raises
    ------
    ModelRangeError                 A value is outside these ranges; names fault and value.
    """
    start, mean, drawn, numbers = np.broadcast_arrays(
        np.atleast_1d(np.asarray(at_s, dtype=np.float64)),
        np.asarray(repair_s, dtype=np.float64),
        np.asarray(random, dtype=np.bool_),
        np.asarray(luck, dtype=np.float64),
    )
    _refuse(start, (start >= 0) & np.isfinite(start), "begins at", " s; accepted: >= 0 s")
    _refuse(mean, mean > 0, "is repaired in", " s; accepted: > 0 s")
    _refuse(numbers, (numbers >= 0) & (numbers < 1), "has the luck", "; accepted: >= 0 and < 1")
    # Half a step of the uniform numbers instead of 0 leaves an infinite mean infinite.
    factor = np.where(drawn, -np.log1p(-np.maximum(numbers, 2.0**-54)), 1.0)
    end = np.maximum(start + mean * factor, np.nextafter(start, np.inf))
    return list(zip(start.tolist(), end.tolist(), strict=True))


def _refuse(values: NDArray[np.float64], accepted: NDArray[np.bool_], what: str, rule: str) -> None:
    """Raise an error that names the first value outside its range."""
    wrong = np.flatnonzero(~accepted)
    if wrong.size:
        raise ModelRangeError(f"fault {wrong[0]} {what} {values[wrong[0]]}{rule}")
