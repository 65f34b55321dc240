"""The experience of users of a whole run is that of their segments' records."""

from pathlib import Path

import numpy as np
import pytest

from netgen.ledger import LedgerReader
from netgen.metrics.qoe import Sessions, experience, quality_score
from netgen.run import run

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "fig8_scenario1.yaml"
OVERRIDES = [
    "services.to-B.deadline=2.2 s", "services.to-C.deadline=900 ms", "links.A->air.capacity=7 Mbit/s",
    "links.A->air.loss=0.02 %", "duration=40 s", "warmup=3 s", "baseline=null",
]  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run with one user at each receiver, so that a record of a segment is one of a user."""
    return run(SCENARIO, overrides=OVERRIDES, out=tmp_path_factory.mktemp("experience") / "out")


def session_of(records):
    """The session that a user's records tell, segments of 1 s in the order of their numbers; None without a picture."""
    stopped_s, score = [], []
    for row in records:
        late_s = 1.0 if row["outcome"] == "lost" else max(0.0, round(row["delay_s"], 9) - row["deadline_s"])
        stopped_s.append(min(late_s, 1.0))
        known = {key: row[key] for key in ("vmaf", "ms_ssim", "semantic_fidelity")}
        score.append(np.nan if late_s >= 1.0 else quality_score(**known))
    shown = [k for k, value in enumerate(score) if not np.isnan(value)]
    if not shown:
        return None
    first = shown[0]
    startup_s = min(records[k]["completed_s"] for k in shown) - records[0]["offered_s"]
    stopped_s[first] = 0.0
    return Sessions(
        np.array([score[first:]]), np.array([stopped_s[first:]]), np.array([len(score) - first]), 1.0,
        np.array([startup_s]),
    )  # fmt: skip


def test_every_user_went_through_what_the_segments_say(finished):
    ledger = LedgerReader(finished.folder)
    segments = ledger.table("segments").to_pylist()
    stalls = 0
    for user in ledger.table("users").to_pylist():
        mine = [row for row in segments if row["service"] == user["service"] and not row["warmup"]]
        decided = sorted((row for row in mine if row["outcome"] != "in-flight"), key=lambda row: row["index"])
        session = session_of(decided)
        if session is None:
            assert (user["qoe"], user["startup_delay_s"], user["stalls"]) == (1.0, None, 0)
            continue
        wanted = experience(session)
        assert user["startup_delay_s"] == pytest.approx(session.startup_s[0])
        assert (user["stalls"], user["quality_switches"]) == (wanted.stalls[0], wanted.quality_switches[0])
        assert user["qoe"] == pytest.approx(wanted.qoe[0], rel=1e-6)
        stalls += user["stalls"]
    assert stalls > 2
    assert any(row["outcome"] == "late" and row["delay_s"] - row["deadline_s"] < 1 for row in segments)


def test_the_summary_has_the_mean_over_users(finished):
    scores = LedgerReader(finished.folder).table("users")["qoe"].to_pylist()
    assert finished.summary["qoe_mean"] == pytest.approx(np.mean(scores))
    assert 1.0 < finished.summary["qoe_mean"] < finished.summary["utility_mean"]


def test_more_room_on_the_link_is_a_better_experience(finished, tmp_path):
    overrides = [*OVERRIDES, "links.A->air.capacity=40 Mbit/s", "links.A->air.loss=0"]
    better = run(SCENARIO, overrides=overrides, out=tmp_path / "out").summary
    assert better["qoe_mean"] > finished.summary["qoe_mean"] + 0.5
