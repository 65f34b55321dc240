"""The tables of the rater's figures, from a few scenes and from figures by hand."""

import json

import pytest

pytest.importorskip("torch", reason="the rater is a torch model")
pytest.importorskip("sklearn", reason="scenes have photographs of scikit-learn")

from netgen.appraisal.held_out import held_out, main, table
from netgen.rating.dimensions import RATED
from netgen.rating.rater import Knows


def test_a_few_scenes(tmp_path, capsys):
    file = tmp_path / "found.json"
    assert main(["--scenes", "2", "--seed", "5", "--json", str(file)]) == 0
    found = json.loads(file.read_text())
    assert capsys.readouterr().out == table(found)
    assert len(found["kinds"]) == len(found["levels"]) == 4
    for knows in Knows:
        assert len(found["scores"][knows]) == 4
        assert all(1 <= score <= 5 for row in found["scores"][knows] for score in row)
        assert len(found["rated"][knows][0]) == len(RATED)
    assert held_out(2, 5) == found


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--scenes", "0"], "--scenes must be at least 1, got 0"),
        (["--scenes", "-3"], "--scenes must be at least 1, got -3"),
        (["--scenes", "1", "--seed", "-1"], "--seed must be at least 0, got -1"),
    ],
)
def test_arguments_that_are_refused(capsys, words, told):
    assert main(words) == 2
    assert capsys.readouterr().err == told + "\n"


def test_the_table_by_hand():
    """Two bad of four; the rater that knows nothing finds one of them and has no false alarm."""
    levels = [[1, 5, 5, 1], [5, 2, 5, 2], [4, 5, 5, 4], [5, 5, 5, 5]]
    blind = [[3.0, 5.0, 5.0, 2.0], [3.0, 5.0, 5.0, 4.5], [3.0, 5.0, 5.0, 4.0], [3.0, 5.0, 5.0, 5.0]]
    perfect = [[float(one) for one in row] for row in levels]
    found = {
        "scenes": 2,
        "seed": 1,
        "kinds": ["labels", "faults", "labels", "none"],
        "levels": levels,
        "scores": {"nothing": blind, "description": perfect, "source": perfect},
        "rated": {
            "nothing": [[3, 5, 5, round(row[3])] for row in blind],
            "description": levels,
            "source": levels,
        },
    }
    told = table(found).splitlines()
    assert told[0] == "4 shown scenes, 2 of them bad (`--scenes 2 --seed 1`)."
    nothing = next(line for line in told if line.startswith("| nothing | 0.750"))
    assert "| 0.500 [0.095, 0.905] | 0.000 [0.000, 0.658] |" in nothing
    assert any(line.startswith("| description | 1.000 | 1.000") for line in told)
    assert "| labels | 2 | 1 | 1.000 [0.207, 1.000] |" in "\n".join(told)
    assert "| stall | 0 | 0 | - | - | - |" in told
    assert "| nothing | 2 | 0 | 0 | 0 | 1 | 0 |" in told
