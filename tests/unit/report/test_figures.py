"""Figures of finished runs: what they are drawn from, and what they refuse."""

import json
import shutil
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow.compute as pc
import pytest

from netgen.errors import InputError
from netgen.ledger import LedgerReader
from netgen.report.figures import _spans, cell_courses, chain_steps, draw_chain, draw_elastic
from netgen.report.meaning_curves import draw_link_meaning
from netgen.run import run

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"


@pytest.fixture(scope="module")
def elastic(tmp_path_factory):
    """Half a minute of elastic_small: long enough for one cell to be short of bits."""
    out = tmp_path_factory.mktemp("runs") / "elastic"
    return run(SCENARIOS / "elastic_small.yaml", overrides=["duration=30 s"], out=out).folder


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """A quarter of a minute of fig8_scenario2."""
    out = tmp_path_factory.mktemp("runs") / "chain"
    return run(SCENARIOS / "fig8_scenario2.yaml", overrides=["duration=15 s"], out=out).folder


def test_courses_say_what_the_tables_say(elastic):
    courses = cell_courses(elastic)
    assert list(courses) == ["c1", "c2", "c3"]
    decisions = LedgerReader(elastic).table("decisions")
    contractions = decisions.filter(pc.equal(decisions["kind"], "contract"))
    seen = sum(int(course.contracted.sum()) for course in courses.values())
    assert 0 < seen <= len(contractions)
    assert not courses["c1"].contracted.any()
    for cell, course in courses.items():
        assert course.link == f"edge->{cell}"
        assert (course.carried_bps <= course.capacity_bps + 1).all()
        assert (np.diff(course.offered_s) > 0).all()
        assert set(np.round(course.fidelity[course.contracted], 9)) <= {0.85}
        assert set(np.round(course.fidelity[~course.contracted], 9)) <= {1.0}
    assert courses["c3"].contracted.any()


def test_the_baseline_never_contracts(elastic):
    assert not any(course.contracted.any() for course in cell_courses(elastic / "baseline").values())


def test_the_figure_of_cells_is_drawn_and_repeats(elastic, tmp_path):
    draw_elastic(elastic, tmp_path / "one.svg")
    draw_elastic(elastic, tmp_path / "two.svg")
    text = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert (tmp_path / "two.svg").read_text(encoding="utf-8") == text
    share = cell_courses(elastic)["c3"].contracted.mean()
    for words in (
        f"c3: {share:.0%} of segments contracted",
        "backhaul [Mbit/s]",
        "time [s]",
        "with the policy",
    ):
        assert f"<!-- {words} -->" in text, words


def test_the_chain_is_that_of_the_records(chain):
    steps = chain_steps(chain)
    names = [
        "source A",
        "contract A",
        "link A->D",
        "forward D",
        "link D->F",
        "expand F",
        "link F->H",
        "receive H",
    ]
    assert [step.name for step in steps] == names
    source_bits = LedgerReader(chain).table("segments", ["source_bits"])["source_bits"].to_pylist()
    contracted_bits = round(0.012 * 25 * 480 * 272)
    assert [step.bits for step in steps[1:5]] == 4 * [contracted_bits]
    assert {step.bits for step in (steps[0], *steps[5:])} <= set(source_bits) | {median(source_bits)}
    assert min(source_bits) > 3 * contracted_bits
    held = [step.semantic_bits for step in steps]
    assert held == sorted(held, reverse=True)
    begins_s = [step.begin_s for step in steps]
    assert begins_s == sorted(begins_s)
    assert steps[4].begin_s < steps[2].end_s, "D forwards while the segment is still coming in"


def test_the_figure_of_the_chain_is_drawn(chain, tmp_path):
    draw_chain(chain, tmp_path / "chain.png")
    assert (tmp_path / "chain.png").read_bytes().startswith(b"\x89PNG")


def test_the_books_of_every_link_are_drawn(chain, tmp_path):
    draw_link_meaning(chain, tmp_path / "links.svg")
    text = (tmp_path / "links.svg").read_text(encoding="utf-8")
    for words in ("A to D", "D to F", "F to H", "semantic bit/s", "carried"):
        assert f"<!-- {words} -->" in text, words
    with pytest.raises(InputError, match="is not a run directory"):
        draw_link_meaning(tmp_path, tmp_path / "wrong.png")


def test_runs_of_another_kind_are_refused(elastic, chain, tmp_path):
    with pytest.raises(InputError, match="several receivers"):
        draw_chain(elastic, tmp_path / "wrong.png")
    with pytest.raises(InputError, match="no segment reached the users of a cell"):
        draw_elastic(chain, tmp_path / "wrong.png")
    without = tmp_path / "without"
    shutil.copytree(chain, without)
    summary = json.loads((without / "summary.json").read_text(encoding="utf-8"))
    del summary["baseline"]
    (without / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    with pytest.raises(InputError, match="no baseline"):
        draw_elastic(without, tmp_path / "wrong.png")
    assert not (tmp_path / "wrong.png").exists()


def test_what_is_no_finished_run_is_refused(chain, tmp_path):
    with pytest.raises(InputError, match="not a run directory"):
        draw_chain(tmp_path, tmp_path / "wrong.png")
    failed = tmp_path / "failed"
    shutil.copytree(chain, failed)
    (failed / "summary.json").write_text('{"failed": "policy \\"x\\" raised"}', encoding="utf-8")
    with pytest.raises(InputError, match='the run failed: policy "x" raised'):
        draw_chain(failed, tmp_path / "wrong.png")


def test_spans_reach_from_one_segment_to_the_next():
    instants_s = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    chosen = np.array([True, False, True, True, False])
    assert _spans(instants_s, chosen) == [(0.0, 1.0), (2.0, 4.0)]
    assert _spans(instants_s, np.array([False, False, False, False, True])) == [(4.0, 5.0)]
    assert _spans(np.array([]), np.array([], dtype=np.bool_)) == []
