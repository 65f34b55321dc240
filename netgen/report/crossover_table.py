"""What people see of a search for the audience from which on broadcast takes less than unicast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from netgen.crossover import Crossover, Spent, Tried, Way


def crossover_table(found: Crossover) -> Table:
    """One line for each size of the audience that was tried."""
    question = found.question
    title = f"{question.service} to {question.audience}, by cells or by the tower"
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column("users", justify="right", no_wrap=True)
    for name in ("by cells\n[cells]", "late", "lost", "by tower\n[cells]", "late", "lost", "takes\nless"):
        table.add_column(Text(name), justify="right", no_wrap=True)
    for tried in found.tried:
        winner = "tower" if tried.broadcast_wins else "cells"
        table.add_row(f"{tried.users:,}", *_shown(tried.by_cells), *_shown(tried.by_tower), winner)
    return table


def others_sentence(found: Crossover) -> str:
    """What other services take at the answer, as far as it can be told apart from what the service itself takes."""
    answer, question = found.answer, found.question
    in_cells, on_towers = answer.by_tower.cells, question.channel_worth * answer.by_cells.channels
    if not in_cells and not on_towers:
        return "no other service is in either column"
    return (
        f"other services are in both columns: at {answer.users:,} users {in_cells:.4f} in cells while "
        f"{question.service} goes by the tower, {on_towers:.4f} on towers while it goes by cells"
    )


def crossover_sentence(found: Crossover) -> str:
    """The answer in a sentence, where there is one, and what it costs the users."""
    question, answer = found.question, found.answer
    worth = f"{question.channel_worth:g} cell{'' if question.channel_worth == 1 else 's'}"
    told = f"broadcast takes less of the radio from {found.users:,} users on, with a channel worth {worth}"
    if not answer.winner_loses_more:
        return told
    return (
        f"{told}; but it loses more: {answer.by_tower.late_or_lost:.1%} of the segments are late or lost by the tower, "
        f"{answer.by_cells.late_or_lost:.1%} by cells"
    )


def run_name(users: int, way: Way) -> str:
    """A run of a search, while it goes on."""
    return f"{users:,} users by {'the tower' if way == 'tower' else 'cells'}: simulated"


def progress_line(tried: Tried) -> str:
    """One size of the audience, when its runs are done."""
    return f"{tried.users:,} users: {_beside(tried)}"


def _beside(tried: Tried) -> str:
    """Both costs, and how many segments were late or lost at them."""
    one, other = tried.by_cells, tried.by_tower
    return (
        f"{one.cost:.4g} cells by cells ({one.late_or_lost:.1%} late or lost), "
        f"{other.cost:.4g} by the tower ({other.late_or_lost:.1%})"
    )


def _shown(spent: Spent) -> tuple[str, str, str]:
    """Cost, late and lost."""
    return f"{spent.cost:,.4f}", _percent(spent.late), _percent(spent.lost)


def _percent(share: float | None) -> str:
    """A share in per cent; a dash without users."""
    return "-" if share is None else f"{share:.1%}"
