"""Files of measured ratings: what is read from them, and what is refused, by file and line."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from netgen.errors import InputError
from netgen.rating.measured import read_ratings

COST = {
    "kind": "cost", "rater": "nothing", "needs": "nothing", "description_bits": 0, "frames": 25, "pixels": 73984,
    "flops": 1e9, "memory_bytes": 1000000, "device": "L4", "seconds": 0.01, "date": "2026-11-22", "command": "none",
}  # fmt: skip
SOURCE = {
    "kind": "ratings", "variant": "source", "bits_per_pixel": 0, "levels": [5, 5], "scores": {"nothing": [4, 4.5]},
}  # fmt: skip
COARSE = {**SOURCE, "variant": "coarse", "bits_per_pixel": 0.01, "levels": [1, 4]}


def written(path: Path, *rows: dict[str, object]) -> Path:
    """Write a file of a name of its own: what was read of another one is kept."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_what_is_read(tmp_path):
    found = read_ratings(written(tmp_path / "good.jsonl", COST, SOURCE, COARSE))
    assert set(found.points) == {"source", "coarse"}
    assert found.drawn("coarse", 0.01, "nothing", scene=0.5, rate=0.0) == (4, 4.5)


def test_the_module_that_measures_is_there(tmp_path):
    found = read_ratings(written(tmp_path / "good.jsonl", COST, SOURCE))
    with pytest.raises(InputError, match="has no ratings of 'coarse'") as caught:
        found.check("coarse", 0.01, "nothing", "evaluations.e")
    (module,) = re.findall(r"python -m ([\w.]+\w)", str(caught.value))
    assert find_spec(module) is not None


def test_every_module_that_is_named_in_a_command_is_there(pytestconfig):
    folder = pytestconfig.rootpath / "netgen"
    named = {
        found: path
        for path in folder.rglob("*.py")
        for found in re.findall(r"python -m (netgen\.[\w.]+\w)", path.read_text(encoding="utf-8"))
    }
    assert "netgen.appraisal.measuring" in named
    assert {name: path for name, path in named.items() if find_spec(name) is None} == {}


@pytest.mark.parametrize(
    ("row", "change", "told"),
    [
        (COARSE, {"scores": {"nothing": [float("nan"), 4]}}, "scores must be 1 to 5"),
        (COARSE, {"scores": {"nothing": [0.5, 4]}}, "scores must be 1 to 5"),
        (COARSE, {"scores": {"nothing": [5.1, 4]}}, "scores must be 1 to 5"),
        (COARSE, {"scores": {"nothing": [True, 4]}}, "scores must be 1 to 5"),
        (COARSE, {"scores": {"nothing": ["3", 4]}}, "scores must be 1 to 5"),
        (COARSE, {"scores": {"nothing": [3]}}, "as many scores of every rater as levels"),
        (COARSE, {"scores": [3, 4]}, "scores must be an object"),
        (COARSE, {"levels": [2.7, 4]}, "levels must be whole numbers, 1 to 5"),
        (COARSE, {"levels": [0, 4]}, "levels must be whole numbers, 1 to 5"),
        (COARSE, {"levels": [True, 4]}, "levels must be whole numbers, 1 to 5"),
        (COARSE, {"levels": []}, "at least one"),
        (COARSE, {"levels": 3}, "levels must be a list"),
        (COARSE, {"bits_per_pixel": float("nan")}, "bits_per_pixel must be positive"),
        (COARSE, {"bits_per_pixel": float("inf")}, "bits_per_pixel must be positive"),
        (COARSE, {"bits_per_pixel": 0}, "bits_per_pixel must be positive"),
        (COARSE, {"kind": "rating"}, "kind must be cost or ratings, not 'rating'"),
        (COARSE, {"levels": [1, 2, 3], "scores": {"nothing": [3, 3, 3]}}, "3 scenes, and those before it 2"),
        (COST, {"description_bits": -1}, "description_bits must be"),
        (COST, {"description_bits": 40.5}, "description_bits must be"),
        (COST, {"needs": "description"}, "description_bits must be"),
        (COST, {"needs": "all"}, "needs must be nothing, description or source"),
        (COST, {"seconds": float("nan")}, "seconds must be positive"),
        (COST, {"seconds": 0}, "seconds must be positive"),
        (COST, {"frames": 0}, "frames must be a whole number"),
        (COST, {"memory_bytes": -1}, "memory_bytes must be a whole number"),
        (COST, {"flops": float("inf")}, "flops must be positive"),
    ],
)  # fmt: skip
def test_what_is_no_line_of_ratings(tmp_path, row, change, told):
    path = written(tmp_path / "bad.jsonl", COST, SOURCE, {**row, **change})
    with pytest.raises(InputError) as caught:
        read_ratings(path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert told in str(caught.value)
