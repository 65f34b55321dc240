"""The figures of the table of modes: paired intervals and what is said of them."""

import importlib.util
import sys

import pytest


@pytest.fixture(scope="module")
def modes(root):
    """docs/mode_table.py as a module."""
    spec = importlib.util.spec_from_file_location("mode_table", root / "docs" / "mode_table.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["mode_table"] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_interval_is_that_of_student(modes):
    """Three differences with mean 2 and deviation 1; the quantile of t with 2 degrees is 4.30265."""
    mean, half = modes.interval([1.0, 2.0, 3.0])
    assert mean == 2.0
    assert half == pytest.approx(4.302652729911275 / 3**0.5, rel=1e-9)
    assert modes.interval([-0.5, -0.5]) == (-0.5, 0.0)


@pytest.mark.parametrize(
    ("better", "mean", "half", "said"),
    [
        (-1, -3.0, 2.9, "holds"),
        (-1, -3.0, 3.0, "not shown"),
        (-1, 3.0, 2.9, "opposite"),
        (1, 3.0, 2.9, "holds"),
        (1, -3.0, 2.9, "opposite"),
        (0, 3.0, 0.1, "-"),
        (2, 0.0, 0.0, "equal"),
        (2, 1e-3, 0.0, "not equal"),
    ],
)
def test_a_claim_holds_when_the_whole_interval_is_on_its_side(modes, better, mean, half, said):
    assert modes._verdict(better, mean, half, scale=5.0) == said


def test_the_table_has_a_row_for_every_measure(modes):
    cases = [[[[1.0, 2.0], [3.0, 5.0]] for _ in case.measures] for case in modes.CASES]
    lines = modes.table({"seeds": [1, 2], "cases": cases}).splitlines()
    rows = sum(len(case.measures) for case in modes.CASES)
    assert len([line for line in lines if line.startswith("|")]) == rows + 2
    assert lines[2].startswith(
        "| offloading (`FreesMost`) against never | `offload_final` | users late or blocked | 1.5 | 4.0 |"
    )
    assert "-2.5 ± 6.4" in lines[2]
    assert lines[2].endswith("| not shown |")
    assert "95 % interval" in lines[-1]


def test_the_scenarios_of_all_cases_are_there(modes, root):
    assert all((root / "scenarios" / f"{case.scenario}.yaml").is_file() for case in modes.CASES)
    assert all((root / "scenarios" / f"{field.scenario}.yaml").is_file() for field in modes.FIELDS)


def test_policies_of_a_mode_stand_below_each_other(modes):
    """Means over the seeds; a dash where a run had nothing to measure."""
    fields = [
        [[[float(k), k + 2.0] for _ in field.measures] for k in range(len(field.policies))]
        for field in modes.FIELDS
    ]
    fields[0][0][0] = [None, 1.0]
    lines = modes.policy_tables({"fields": fields}).splitlines()
    assert lines[0] == "Policies of offloading in `offload_final`:"
    assert lines[4].startswith("| `CellularOnly` | - | 1.0 |")
    assert lines[5].startswith("| `Threshold` | 2.0 | 2.0 |")


def test_what_goes_through_cells_is_compared_with_what_the_tower_loses(modes):
    """The tower alone loses 10 and 20; the policy loses 1 and 2 and has cells send 12 and 36: 9 / 12 and 18 / 36."""
    (field,) = (field for field in modes.FIELDS if field.needed)
    lost, sent = field.measures.index(modes.LOST), field.measures.index(modes.THROUGH_CELLS)
    alone = [[0.0, 0.0] for _ in field.measures]
    mine = [[0.0, 0.0] for _ in field.measures]
    alone[lost], mine[lost], mine[sent] = [10.0, 20.0], [1.0, 2.0], [12.0, 36.0]
    assert modes._needed(field, alone, mine) == "62.5"
    assert modes._needed(field, alone, alone) == "-"
