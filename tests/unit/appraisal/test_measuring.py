"""Measuring actions and raters: a few scenes through every kind of action."""

import json

import numpy as np
import pytest

pytest.importorskip("torch", reason="the rater is a torch model")
pytest.importorskip("sklearn", reason="scenes have photographs of scikit-learn")

from netgen.appraisal.measuring import CODECS, Bench, cost_rows, main, table
from netgen.catalogue.loading import find_action
from netgen.rating.measured import SOURCE, read_ratings, shipped_file
from netgen.rating.rater import Knows, rater_digest


@pytest.fixture(scope="module")
def bench():
    return Bench(2, 3, None)


def test_sources_are_excellent(bench):
    for one in bench.of_source():
        assert one.truth.levels() == (5, 5, 5, 5)
        assert one.bits == 0
        assert set(one.scores) == set(Knows)


def test_the_coarsest_setting_is_worse_than_a_fine_one(bench):
    action = find_action("svtav1-quarter")
    fine, coarse = (
        np.mean([one.truth.consistency for one in bench.of_codec(action, value)]) for value in (20, 70)
    )
    assert coarse < fine


def test_repeated_frames_are_in_the_script(bench):
    """Every fourth frame and the last: things that move are up to three pixels off."""
    dropped = [one.truth.reasonableness for one in bench.of_codec(find_action("svtav1-drop4"), 20)]
    plain = [one.truth.reasonableness for one in bench.of_codec(find_action("svtav1-half"), 20)]
    assert plain == [1.0, 1.0]
    assert min(dropped) < 1


def test_fewer_labels_mean_less(bench):
    few, all_labels = ([one.truth.consistency for one in bench.of_description(labels)] for labels in (1, 7))
    assert np.mean(few) < 0.5 < np.mean(all_labels)


def test_costs(bench):
    rows = {row["rater"]: row for row in cost_rows(bench)}
    assert set(rows) == {"nothing", "description", "source"}
    assert rows["nothing"]["flops"] < rows["source"]["flops"]
    assert rows["description"]["description_bits"] > 0 == rows["source"]["description_bits"]


def test_too_few_scenes_are_refused(tmp_path, capsys):
    assert main(["--scenes", "3", "--out", str(tmp_path / "out.jsonl")]) == 2
    assert "3 scenes; at least 40" in capsys.readouterr().err


def test_arguments_that_are_refused(tmp_path, capsys):
    """Before anything is measured."""
    assert main(["--seed", "-1", "--out", str(tmp_path / "out.jsonl")]) == 2
    assert capsys.readouterr().err == "--seed must be at least 0, got -1\n"
    assert main(["--out", str(tmp_path / "gone" / "out.jsonl")]) == 2
    assert "there is no folder to write it to" in capsys.readouterr().err


def test_the_shipped_ratings_are_of_the_shipped_rater():
    rows = [json.loads(line) for line in shipped_file().read_text(encoding="utf-8").splitlines()]
    assert {row["rater_sha256"] for row in rows if row["kind"] == "cost"} == {rater_digest()}
    ratings = read_ratings()
    assert {*CODECS, SOURCE, "describe.scene"} == set(ratings.points)
    assert set(ratings.costs) == set(Knows)
    assert (ratings.points[SOURCE][0].levels == 5).all()
    told = table(shipped_file())
    assert told.count("\n| `describe.scene`") == 7
