"""Synonymous mappings: which symbols mean the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Classes = NDArray[np.int64]

TOLERANCE = 1e-9
"""Most that the probabilities of a distribution may miss one by."""


def singletons(symbols: int) -> Classes:
    """Return the mapping in which every symbol means something else."""
    return np.arange(symbols, dtype=np.int64)


def as_classes(classes: ArrayLike, symbols: int, name: str = "classes") -> Classes:
    """Check a synonymous mapping.

    Parameters
    ----------
    classes : (symbols,) int            Class of each symbol, any whole numbers >= 0.
    symbols : int                       How many symbols there are.
    name : str                          What the message calls it.

    Returns
    -------
    (symbols,) int                      The same mapping, classes numbered from 0 without gaps, in order.

    Raises
    ------
    ValueError                          Not one whole number >= 0 per symbol.
    """
    given = np.asarray(classes)
    if given.shape != (symbols,) or not np.issubdtype(given.dtype, np.integer) or (given < 0).any():
        raise ValueError(
            f"{name} must hold one whole number >= 0 for each of {symbols} symbols, got {given!r}"
        )
    numbered: Classes = np.unique(given, return_inverse=True)[1].astype(np.int64)
    return numbered


def as_distribution(probabilities: ArrayLike, name: str = "probabilities") -> Floats:
    """Check a distribution of any shape: finite, >= 0, summing to 1.

    Raises
    ------
    ValueError                          A value is negative or not finite, or the sum misses 1 by more than 1e-9.
    """
    given = np.asarray(probabilities, dtype=np.float64)
    total = float(given.sum()) if given.size else 0.0
    if not np.isfinite(given).all() or (given < 0).any() or abs(total - 1.0) > TOLERANCE:
        lowest = float(given.min()) if given.size else float("nan")
        raise ValueError(
            f"{name} must be >= 0 and sum to 1, got a sum of {total!r} and a smallest of {lowest!r}"
        )
    return given


def as_channel(transition: ArrayLike, name: str = "transition") -> Floats:
    """Check a discrete memoryless channel: row x holds p(y | x).

    Raises
    ------
    ValueError                          Not a matrix, or a row that is no distribution; names the row.
    """
    given = np.asarray(transition, dtype=np.float64)
    if given.ndim != 2 or given.size == 0:
        raise ValueError(f"{name} must be a matrix of p(y | x), a row per input, got the shape {given.shape}")
    for x, row in enumerate(given):
        as_distribution(row, f"{name}[{x}]")
    return given


def members(classes: Classes) -> Floats:
    """Return the (symbols, classes) matrix that is 1 where a symbol belongs to a class."""
    matrix: Floats = (classes[:, None] == np.arange(classes.max() + 1)).astype(np.float64)
    return matrix


def class_masses(probabilities: ArrayLike, classes: ArrayLike) -> Floats:
    """Return the distribution of the meanings: the sums of the probabilities of their symbols."""
    p = as_distribution(probabilities)
    masses: Floats = p @ members(as_classes(classes, len(p)))
    return masses


def joint_class_masses(joint: ArrayLike, x_classes: ArrayLike, y_classes: ArrayLike) -> Floats:
    """Return the joint distribution of two meanings from the joint distribution (x, y) of their symbols."""
    p = as_distribution(joint, "joint")
    if p.ndim != 2:
        raise ValueError(f"joint must be a matrix of p(x, y), got the shape {p.shape}")
    rows = members(as_classes(x_classes, p.shape[0], "x_classes"))
    columns = members(as_classes(y_classes, p.shape[1], "y_classes"))
    masses: Floats = rows.T @ p @ columns
    return masses
