"""What people see of a search for the crossover."""

from rich.console import Console

from netgen.crossover import Crossover, Question, Spent, Tried
from netgen.report.crossover_table import (
    crossover_sentence,
    crossover_table,
    others_sentence,
    progress_line,
    run_name,
)

CELLS, TOWER = Spent(0.24, 0.0, 0.24, 0.0, 0.125), Spent(0.0, 0.2, 0.2, None, None)
TRIED = (Tried(5, Spent(0.2, 0.0, 0.2, 0.0, 0.0), TOWER), Tried(6000, CELLS, TOWER))


def test_a_line_for_every_size():
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        console.print(crossover_table(Crossover("s", 1, Question("live", "fans"), 6000, TRIED)))
    lines = [" ".join(line.split()) for line in capture.get().splitlines() if line.strip()]
    assert lines[0] == "live to fans, by cells or by the tower"
    assert lines[-2:] == [
        "5 0.2000 0.0% 0.0% 0.2000 - - cells",
        "6,000 0.2400 0.0% 12.5% 0.2000 - - tower",
    ]


def test_the_answer_in_a_sentence():
    found = Crossover("s", 1, Question("live", "fans"), 6000, TRIED)
    assert crossover_sentence(found).endswith("from 6,000 users on, with a channel worth 1 cell")
    half = Crossover("s", 1, Question("live", "fans", 2.5), 6, TRIED)
    assert crossover_sentence(half).endswith("from 6 users on, with a channel worth 2.5 cells")


def test_the_answer_says_when_the_cheaper_way_loses_more():
    worse = Spent(0.0, 0.2, 0.2, 0.03, 0.125)
    found = Crossover("s", 1, Question("live", "fans"), 6, (Tried(6, CELLS, worse), Tried(8, CELLS, TOWER)))
    assert crossover_sentence(found).endswith(
        "worth 1 cell; but it loses more: 15.5% of the segments are late or lost by the tower, 12.5% by cells"
    )
    little = Crossover(
        "s", 1, Question("live", "fans"), 6, (Tried(6, CELLS, Spent(0.0, 0.2, 0.2, 0.0, 0.13)),)
    )
    assert crossover_sentence(little).endswith("worth 1 cell")


def test_what_others_take_is_said():
    by_cells, by_tower = Spent(0.5, 0.3, 0.8, 0.0, 0.0), Spent(0.08, 0.5, 0.33, 0.0, 0.0)
    found = Crossover("s", 1, Question("live", "fans", 0.5), 6, (Tried(6, by_cells, by_tower),))
    assert others_sentence(found) == (
        "other services are in both columns: at 6 users 0.0800 in cells while live goes by the tower, 0.1500 on towers "
        "while it goes by cells"
    )
    alone = Crossover("s", 1, Question("live", "fans"), 6000, TRIED)
    assert others_sentence(alone) == "no other service is in either column"


def test_a_run_that_goes_on_has_a_name():
    assert run_name(6000, "tower") == "6,000 users by the tower: simulated"
    assert run_name(1, "cells") == "1 users by cells: simulated"


def test_progress_tells_both_costs():
    assert progress_line(TRIED[1]) == (
        "6,000 users: 0.24 cells by cells (12.5% late or lost), 0.2 by the tower (0.0%)"
    )
