"""Tables that fit a narrow terminal: texts fold, and no digit is ever cut off."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

_NARROWEST = 12
"""Characters on a line before a text, or the heading of figures that are narrower themselves, is folded."""


def fitted(table: Table) -> Table:
    """Let texts fold where there is no room, keep figures whole, and fold the headings of figures; in place.

    Figures are the columns that are justified to the right. A table that is too wide even so is printed with
    `crop=False`: then lines run on, which is better than figures that lack digits.
    """
    for column in table.columns:
        column.overflow = "fold"
        cells_width = max((cell_len(_plain(cell)) for cell in column.cells), default=0)
        if column.justify != "right":
            column.no_wrap = False
            column.min_width = min(cells_width, _NARROWEST)
            continue
        column.header = Text(_folded(_plain(column.header), max(cells_width, _NARROWEST)))
        column.no_wrap = True
        column.min_width = max(cells_width, *(cell_len(line) for line in column.header.plain.split("\n")))
    return table


def _folded(heading: str, width: int) -> str:
    """A heading on lines of at most so many characters, at hyphens and blanks first."""
    return "\n".join(part for line in heading.split("\n") for part in textwrap.wrap(line, width) or [""])


def _plain(cell: RenderableType) -> str:
    """The characters of a cell."""
    return cell.plain if isinstance(cell, Text) else Text.from_markup(str(cell)).plain
