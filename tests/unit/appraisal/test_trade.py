"""The table of the trade, on the shipped scenario made short."""

from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason="scenes have photographs of scikit-learn")

from netgen.appraisal.trade import main, table, trade
from netgen.errors import InputError

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"


@pytest.fixture
def short(tmp_path):
    """The shipped scenario with few scenes, for a shorter time."""
    text = (SCENARIOS / "utility_evaluation.yaml").read_text(encoding="utf-8")
    for long, shorter in (
        ("duration: 300 s", "duration: 60 s"),
        ("count: 60", "count: 8"),
        ("60 s: 35 kbit/s, 120 s: 10 kbit/s, 180 s: 7", "12 s: 35 kbit/s, 24 s: 10 kbit/s, 36 s: 7"),
        ("240 s: 2 kbit/s", "48 s: 2 kbit/s"),
        ("policies/scaling.py", str(SCENARIOS.parent / "policies" / "scaling.py")),
    ):
        assert long in text
        text = text.replace(long, shorter)
    path = tmp_path / "short.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_ways_meet_the_same_world(short):
    found = trade(short)
    assert [(when, bool(place)) for when, place, *_ in found] == [
        ("never", False), *[("adaptive", True)] * 3, *[("always", True)] * 3,
    ]  # fmt: skip
    assert len({figures["bad"] for *_, figures, _ in found}) == 1
    never, always = found[0][2], [figures for when, _, figures, _ in found if when == "always"]
    assert never["rated"] == never["sent_bits"] == never["gpu_seconds"] == 0
    assert all(
        figures["rated"] + sum(figures["failures"].values()) == figures["segments"] for figures in always
    )
    assert all(figures["shown_bad"]["count"] <= never["shown_bad"]["count"] for figures in always)
    assert always[2]["sent_bits"] > always[1]["sent_bits"] > always[0]["sent_bits"] == 0
    assert table(found).count("\n") == 2 + 7


def test_a_scenario_without_an_evaluation(capsys):
    path = SCENARIOS / "semantic_ledger.yaml"
    with pytest.raises(InputError, match="has 0 evaluations"):
        trade(path)
    assert main([str(path)]) == 2
    assert "has 0 evaluations" in capsys.readouterr().err
