"""Reference tables that are shipped with the checks."""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


def reference_rows(file_name: str) -> list[dict[str, str]]:
    """Rows of a table of this package; lines that begin with `#` are comments."""
    text = (files("netgen.verify") / file_name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def column(rows: list[dict[str, str]], name: str) -> NDArray[np.float64]:
    """One column as numbers."""
    return np.array([float(row[name]) for row in rows])
