"""Every shipped scenario runs, keeps the contract of the run directory, and repeats from what it left there."""

import json
import shutil
from itertools import pairwise

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from netgen.ledger.tables import schema_of

TABLES = ("links", "nodes", "users", "segments", "decisions")
RADIO_TABLES = ("sectors", "distributions")
EVERY_TABLE = (*TABLES, *RADIO_TABLES, "switches", "evaluations")
# Number of sectors of the scenarios with radio; elsewhere the tables of the radio are empty.
RADIO = {
    "addition_stadium": 3,
    "city_57": 57,
    "continuation_train": 22,
    "hex_7": 21,
    "offload_final": 21,
    "regional": 21,
    "repair_storm": 21,
}
COLLABORATING = {"addition_stadium", "continuation_train", "offload_final", "regional", "repair_storm"}
# Collaboration in which nobody is moved between tower and cells.
UNMOVED = {"addition_stadium"}
EVALUATED = {"utility_evaluation"}
QUICK = {
    "addition_stadium": ("duration=6 s",),
    "city_57": (
        "duration=4 s",
        "warmup=1 s",
        "audiences.walkers.count=200",
        "audiences.indoors.count=250",
        "audiences.drivers.count=50",
    ),
    "continuation_train": ("duration=24 s",),
    "elastic_small": ("duration=30 s",),
    "fig8_scenario1": ("duration=20 s",),
    "fig8_scenario2": ("duration=20 s",),
    "hex_7": ("duration=6 s", "warmup=1 s"),
    "measured_coding": ("duration=20 s",),
    "offload_final": (
        "duration=30 s",
        "audiences.final-viewers.join.start=10 s",
        "audiences.final-viewers.join.rise=10 s",
    ),
    "regional": (
        "duration=16 s",
        "baseline=null",
        "audiences.homes.join.start=5 s",
        "audiences.homes.join.rise=8 s",
        "faults=[{what: tower, where: mast, at: 6 s, repair: 2 s}, {what: cores, at: 10 s, repair: 2 s}]",
    ),
    "repair_storm": ("duration=26 s", "baseline=null", "audiences.listeners.count=400"),
    "ring_of_relays": ("duration=120 s",),
    "semantic_ledger": ("duration=20 s", "contents.scenes.count=8"),
    "snr_threshold": ("duration=50 s", "contents.scenes.count=8"),
    "slower_than_real_time": ("duration=150 s",),
    "utility_evaluation": ("duration=60 s", "contents.scenes.count=8"),
}
# design: models, section 8
FIGURES = [
    "schema_version",
    "scenario",
    "seed",
    "simulated_s",
    "wall_s",
    "events",
    "segments_offered",
    "segments_delivered",
    "segments_late",
    "segments_lost",
    "bits_sent",
    "bits_delivered",
    "semantic_bits_offered",
    "semantic_bits_delivered",
    "semantic_fidelity_mean",
    "delay_mean_s",
    "delay_p95_s",
    "stall_ratio_mean",
    "utility_mean",
    "qoe_mean",
    "gpu_seconds",
    "energy_joule",
    "radio",
    "service_modes",
    "links",
    "nodes",
    "laws",
]
LINK_COLUMNS = [
    "capacity_bits",
    "carried_bits",
    "discriminative_bits",
    "generative_bits",
    "lost_bits",
    "retransmitted_bits",
    "semantic_bits",
    "semantic_capacity_bits",
    "semantic_utilisation",
    "semantic_gain",
]
LAWS = {
    "link-bits",
    "node-bits",
    "capacity",
    "semantic-loss",
    "delivery",
    "segments",
    "once",
    "carried",
    "messages",
}


@pytest.fixture(scope="module", params=sorted(QUICK))
def finished(request, tmp_path_factory, scenarios, netgen, run_directory):
    """Run a scenario by the command line as a person would, from another folder, only shorter."""
    folder = tmp_path_factory.mktemp("shipped") / request.param
    folder.mkdir()
    overrides = [word for text in QUICK[request.param] for word in ("--set", text)]
    done = netgen(
        "run",
        scenarios / f"{request.param}.yaml",
        *overrides,
        "--out",
        folder / "first",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert "conservation laws hold" in done.stdout
    return run_directory(folder / "first")


def test_every_shipped_scenario_is_tested(scenarios):
    assert {path.stem for path in scenarios.glob("*.yaml")} == set(QUICK)


def test_the_run_directory_holds_what_is_promised(finished):
    files = {path.name for path in finished.folder.iterdir()} - {"baseline"}
    assert files == {f"{table}.parquet" for table in EVERY_TABLE} | {
        "scenario.yaml",
        "summary.json",
        "environment.json",
    }
    if "baseline" in finished.summary:
        baseline = {path.name for path in (finished.folder / "baseline").iterdir()}
        assert baseline == {f"{table}.parquet" for table in EVERY_TABLE}
    environment = json.loads((finished.folder / "environment.json").read_text(encoding="utf-8"))
    assert {"netgen", "python", "packages", "host", "platform", "seed", "simulated_s", "wall_s"} <= set(
        environment
    )
    assert environment["seed"] == finished.summary["seed"]
    assert environment["simulated_s"] == finished.summary["simulated_s"]


def test_every_table_is_read_by_pyarrow_pandas_and_duckdb(finished):
    name = finished.folder.parent.name
    # With a radio no node decides anything, only cores do where there is collaboration.
    empty = set() if name in RADIO else set(RADIO_TABLES)
    if name in RADIO and name not in COLLABORATING:
        empty.add("decisions")
    if name not in COLLABORATING - UNMOVED:
        empty.add("switches")
    if name not in EVALUATED:
        empty.add("evaluations")
    for table in EVERY_TABLE:
        path = finished.folder / f"{table}.parquet"
        arrow = pq.read_table(path)
        assert arrow.schema.equals(schema_of(table)), table
        frame = pd.read_parquet(path)
        assert list(frame.columns) == arrow.column_names
        [(count,)] = duckdb.read_parquet(str(path)).count("*").fetchall()
        assert len(frame) == arrow.num_rows == count, table
        assert (count == 0) == (table in empty), table
    assert set(LINK_COLUMNS) <= set(finished.table("links").column_names)


def test_every_column_tells_its_meaning(finished):
    for table in EVERY_TABLE:
        for field in pq.read_schema(finished.folder / f"{table}.parquet"):
            assert field.metadata[b"meaning"], f"{table}.{field.name}"


def test_the_summary_has_every_figure(finished):
    summary = finished.summary
    assert [key for key in FIGURES if key not in summary] == []
    assert summary["schema_version"] == 1
    assert set(summary["laws"]) == LAWS
    for name, law in summary["laws"].items():
        assert law["holds"] is True, name
        about_modes, scenario = name in {"once", "carried", "messages"}, finished.folder.parent.name
        # Enhancements have no carrier but their cell, and may be left out.
        if not about_modes or scenario in COLLABORATING - (UNMOVED if name == "carried" else set()):
            assert law["accounts"] > 0, name
        assert 0 <= law["residual"] < 10
    assert 1 <= summary["utility_mean"] <= 5
    assert 0 <= summary["semantic_fidelity_mean"] <= 1
    assert summary["delay_mean_s"] > 0
    assert summary["wall_s"] > 0
    assert summary["events"] > 0


def test_the_radio_is_there_where_the_scenario_has_it(finished):
    """One row per sector and interval, with its own name; distributions that count what the summary speaks of."""
    sectors = RADIO.get(finished.folder.parent.name, 0)
    rows = finished.rows("sectors")
    assert len({row["sector"] for row in rows}) == sectors
    assert bool(finished.summary["radio"]) == bool(sectors)
    if not sectors:
        return
    assert finished.summary["radio"]["ran"]["sectors"] == sectors
    starts = {row["start_s"] for row in rows}
    assert len(rows) == sectors * len(starts)
    assert all(0 <= row["block_use"] <= 1 + 1e-9 for row in rows)
    counted = {(row["node"], row["quantity"]) for row in finished.rows("distributions") if row["count"]}
    assert {("ran", "sinr_db"), ("ran", "rate_bps")} <= counted
    assert {node for node, _ in counted} == set(finished.summary["radio"])


def test_every_node_and_link_of_the_scenario_is_in_the_books(finished):
    from netgen.scenario import load_scenario  # noqa: PLC0415

    scenario = load_scenario(finished.folder / "scenario.yaml")
    assert set(finished.summary["nodes"]) == set(scenario.nodes)
    assert set(scenario.links) <= set(finished.summary["links"])
    assert set(finished.table("users")["node"].to_pylist()) <= set(scenario.nodes)
    assert set(finished.table("segments")["receiver"].to_pylist()) <= set(scenario.nodes)


def test_outcomes_add_up(finished):
    summary = finished.summary
    fates = [summary[f"segments_{fate}"] for fate in ("delivered", "late", "lost", "in_flight")]
    assert summary["segments_offered"] == sum(fates) > 0
    for row in finished.rows("users"):
        fates = [row[f"segments_{fate}"] for fate in ("delivered", "late", "lost", "in_flight")]
        assert row["segments_offered"] == sum(fates)
        assert row["semantic_bits_delivered"] <= row["semantic_bits_offered"]
    for row in finished.rows("segments"):
        assert row["users_late"] <= row["users_delivered"] <= row["users"]
        assert row["outcome"] in {"delivered", "late", "lost", "in-flight"}
        assert bool(row["reason"]) == (row["outcome"] == "lost")
        assert (row["delay_s"] is None) == (row["users_delivered"] == 0)


def test_history_is_in_order_and_meaning_never_grows(finished):
    for row in finished.rows("segments"):
        stages = row["stages"]
        assert stages[0]["kind"] == "source"
        if row["purpose"] == "repair":
            assert stages[0]["start_s"] >= row["offered_s"]
        else:
            assert stages[0]["start_s"] == row["offered_s"]
        for stage in stages:
            assert stage["end_s"] >= stage["start_s"]
        for earlier, later in pairwise(stages):
            assert later["semantic_bits"] <= earlier["semantic_bits"]
        # A segment is forwarded while it is still coming in, so that step ends before the link's.
        for earlier, later in pairwise(stage for stage in stages if stage["kind"] != "forward"):
            assert later["end_s"] >= earlier["end_s"]
            if later["kind"] == "link":
                assert later["bits"] == earlier["bits"]
        if row["users_delivered"]:
            *_, before, last = stages
            received = before if (last["kind"], last["where"]) == ("expand", "terminal") else last
            assert received["kind"] == "receive"
            assert row["path"][-1] == row["receiver"] or row["source_kind"] == "broadcast"
            assert row["delay_s"] == pytest.approx(row["completed_s"] - row["offered_s"], abs=1e-12)


def test_no_link_carries_more_than_it_can(finished):
    for row in finished.rows("links"):
        kinds = row["discriminative_bits"] + row["generative_bits"] + row["background_bits"]
        assert row["carried_bits"] == kinds
        assert row["carried_bits"] <= row["capacity_bits"] + 10
        assert row["retransmitted_bits"] <= row["carried_bits"]
        assert min(row["lost_bits"], row["semantic_bits"], row["semantic_capacity_bits"]) >= 0


def test_what_the_run_left_runs_again_to_the_same_bytes(finished, tmp_path, netgen, run_directory):
    """From another folder, from a copy, without the overrides: scenario.yaml holds everything."""
    copied = tmp_path / "elsewhere.yaml"
    shutil.copy(finished.folder / "scenario.yaml", copied)
    done = netgen("run", copied, "--out", tmp_path / "again", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    again = run_directory(tmp_path / "again")
    assert again.hashes() == finished.hashes()
    assert again.summary_without() == finished.summary_without()
    assert copied.read_text(encoding="utf-8") == (again.folder / "scenario.yaml").read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_hour_of_the_ring_of_relays_runs(scenarios, tmp_path, netgen, run_directory):
    done = netgen("run", scenarios / "ring_of_relays.yaml", "--out", tmp_path / "ring")
    assert done.returncode == 0, done.stderr
    ring = run_directory(tmp_path / "ring")
    assert ring.summary["simulated_s"] == 3600
    assert ring.table("links").num_rows == 120 * 360
    assert all(law["holds"] for law in ring.summary["laws"].values())
