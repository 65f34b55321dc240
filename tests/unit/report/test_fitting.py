"""Tables on narrow terminals: texts fold, figures keep every digit."""

import pytest
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from netgen.report.fitting import fitted


def printed(table, width):
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(table, crop=False)
    return capture.get()


def made(name="a-service-with-a-long-name", heading="never-collaborate"):
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column("service", no_wrap=True)
    table.add_column("users", justify="right", no_wrap=True)
    table.add_column(Text(heading), justify="right", no_wrap=True)
    table.add_row(name, "1,234,567", "+0.125")
    return fitted(table)


@pytest.mark.parametrize("width", [80, 40, 30, 10])
def test_figures_are_whole_at_any_width(width):
    shown = printed(made(), width)
    assert "1,234,567" in shown
    assert "+0.125" in shown
    assert "…" not in shown


def test_texts_fold_and_lose_nothing():
    lines = printed(made(), 40).splitlines()
    assert max(map(len, lines)) <= 40
    beginnings = "".join(line[1:].split(" ")[0] for line in lines if "─" not in line)
    assert beginnings == "servicea-service-with-a-long-name"


def test_the_heading_of_figures_folds_at_hyphens_first():
    lines = printed(made(name="s"), 80).splitlines()
    assert [line.split()[-1] for line in lines if line.strip()][:2] == ["never-", "collaborate"]
    assert "abcdefghijkl" in printed(made(heading="abcdefghijklmnopq"), 80)


def test_a_heading_on_two_lines_stays_so():
    table = Table(box=None)
    table.add_column(Text("in\ntime"), justify="right")
    table.add_row("7")
    assert [line.strip() for line in printed(fitted(table), 80).splitlines()] == ["in", "time", "7"]


def test_a_table_without_rows():
    table = Table(box=None)
    table.add_column("name")
    table.add_column("figure", justify="right")
    assert "figure" in printed(fitted(table), 80)
