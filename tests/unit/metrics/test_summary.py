"""Headline figures against the same figures by SQL, on a real run, and quantiles against numpy."""

import math
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.ledger import LedgerReader
from netgen.metrics.summary import compared, headline, per_link, per_node, per_receiver, weighted_quantile
from netgen.run import run

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run with broadcast, cells, losses, late segments and a warm-up."""
    overrides = [
        "duration=39.4 s", "warmup=7 s", "nodes.mast.radio.segment_loss=10 %", "services.personal.deadline=1300 ms",
        "links.edge->c3.capacity=9 Mbit/s", "links.edge->c1.loss=0.05 %",
    ]  # fmt: skip
    return run(
        SCENARIOS / "elastic_small.yaml", overrides=overrides, out=tmp_path_factory.mktemp("summary") / "out"
    )


@pytest.fixture(scope="module")
def sql(finished):
    connection = duckdb.connect()
    for table in ("links", "nodes", "users", "segments", "decisions"):
        connection.read_parquet(str(finished.folder / f"{table}.parquet")).create_view(table)

    def go(query):
        return connection.execute(query).fetchall()

    return go


def test_the_run_has_everything_that_is_summed_up(finished):
    summary = finished.summary
    for key in (
        "segments_delivered",
        "segments_late",
        "segments_lost",
        "segments_in_flight",
        "segments_generated",
    ):
        assert summary[key] > 0, key


def test_counts_of_segments(finished, sql):
    """From the users' table, and again from the segments' table, where a row stands for many users."""
    summary = finished.summary
    [by_user] = sql("""
        select sum(segments_offered), sum(segments_delivered), sum(segments_late), sum(segments_lost),
               sum(segments_in_flight), sum(segments_generated) from users
    """)
    keys = ("offered", "delivered", "late", "lost", "in_flight", "generated")
    assert [summary[f"segments_{key}"] for key in keys] == list(by_user)
    [by_segment] = sql("""
        select sum(users), sum(users_delivered - users_late), sum(users_late),
               sum(users) filter (outcome = 'in-flight'), sum(users_delivered) filter (generated)
        from segments where not warmup
    """)
    keys = ("offered", "delivered", "late", "in_flight", "generated")
    assert [summary[f"segments_{key}"] for key in keys] == list(by_segment)
    [(lost,)] = sql(
        "select sum(users - users_delivered) from segments where not warmup and outcome != 'in-flight'"
    )
    assert summary["segments_lost"] == lost


def test_bits_and_meaning(finished, sql):
    summary = finished.summary
    [(sent,)] = sql("select sum(carried_bits) from links")
    [(received,)] = sql("select sum(received_bits * users_delivered) from segments")
    [(offered, delivered)] = sql("""
        select sum(semantic_bits_offered * users), sum(semantic_bits_delivered * users) from segments
        where not warmup and outcome != 'in-flight'
    """)
    assert summary["bits_sent"] == sent
    assert summary["bits_delivered"] == received
    assert summary["semantic_bits_offered"] == pytest.approx(offered)
    assert summary["semantic_bits_delivered"] == pytest.approx(delivered)
    assert summary["semantic_fidelity_mean"] == pytest.approx(delivered / offered)
    assert summary["semantic_fidelity_provenance"] == "declared"


def test_delays(finished, sql):
    summary = finished.summary
    [(mean, by_user)] = sql("""
        select sum(delay_s * users_delivered) / sum(users_delivered),
               (select sum(delay_mean_s * (segments_delivered + segments_late))
                     / sum(segments_delivered + segments_late) from users)
        from segments where not warmup and users_delivered > 0
    """)
    assert summary["delay_mean_s"] == pytest.approx(mean)
    assert summary["delay_mean_s"] == pytest.approx(by_user)
    [(p95,)] = sql("""
        with expanded as (
            select unnest(list_resize([delay_s], users_delivered, delay_s)) as delay_s
            from segments where not warmup and users_delivered > 0
        ) select quantile_disc(delay_s, 0.95) from expanded
    """)
    assert summary["delay_p95_s"] == p95


def test_stalls_ratings_and_the_gpu(finished, sql):
    summary = finished.summary
    [(stall, utility)] = sql("select avg(stall_ratio), avg(utility) from users")
    [(busy, energy, misses)] = sql(
        "select sum(gpu_busy_s), sum(energy_joule), sum(deadline_misses) from nodes"
    )
    assert summary["stall_ratio_mean"] == pytest.approx(stall)
    assert summary["utility_mean"] == pytest.approx(utility)
    assert summary["gpu_seconds"] == pytest.approx(busy)
    assert summary["energy_joule"] == pytest.approx(energy)
    assert summary["deadline_misses"] == misses
    assert sum(summary["rating_levels"].values()) == pytest.approx(1)
    expected = sum((1 + level) * share for level, share in enumerate(summary["rating_levels"].values()))
    assert expected == pytest.approx(summary["utility_mean"])


def test_a_late_segment_stalls_the_picture_by_its_lateness(finished, sql):
    """By segment: at most its own second for a late or lost one. By user: over the playing time that was due."""
    rows = sql("""
        select service, receiver,
               sum(users_delivered) + sum(users - users_delivered) filter (outcome != 'in-flight') as due_s,
               sum(users - users_delivered) filter (outcome != 'in-flight') as lost_s
        from segments where not warmup and service = 'common' group by all
    """)
    [(_, _, due_s, lost_s)] = rows
    [(stalled,)] = sql("""
        select sum(stall_ratio * (segments_delivered + segments_late + segments_lost)) from users
        where service = 'common'
    """)
    assert lost_s > 0
    assert stalled == pytest.approx(lost_s)
    assert due_s == pytest.approx(
        sql("select sum(segments_offered - segments_in_flight) from users where service = 'common'")[0][0]
    )


def test_lateness_stalls_the_picture_up_to_the_segment_s_own_duration(tmp_path):
    """With one user at each receiver a row is a user's segment: its lateness, at most its duration of 1 s."""
    overrides = [
        "services.to-B.deadline=1.2 s", "services.to-C.deadline=900 ms", "links.A->air.capacity=7 Mbit/s",
        "duration=30 s", "baseline=null",
    ]  # fmt: skip
    folder = run(SCENARIOS / "fig8_scenario1.yaml", overrides=overrides, out=tmp_path / "out").folder
    segments, users = (
        duckdb.read_parquet(f"{folder}/segments.parquet"),
        duckdb.read_parquet(f"{folder}/users.parquet"),
    )
    stalled = {
        service: (stall_s / due_s, late, stopped)
        for service, stall_s, due_s, late, stopped in duckdb.sql("""
            select service, sum(case when outcome = 'lost' then 1.0
                                     else greatest(0, least(1, delay_s - deadline_s)) end),
                   count(*), count(*) filter (outcome = 'late' and delay_s - deadline_s < 1),
                   count(*) filter (outcome = 'late' and delay_s - deadline_s > 1)
            from segments where outcome != 'in-flight' group by service
        """).fetchall()
    }
    found = dict(duckdb.sql("select service, stall_ratio from users").fetchall())
    assert {service: share for service, (share, _, _) in stalled.items()} == pytest.approx(found)
    assert sum(late for _, late, _ in stalled.values()) > 0
    assert sum(stopped for _, _, stopped in stalled.values()) > 0
    assert 0 < max(found.values()) <= 1
    assert (len(segments), len(users)) == (90, 3)


def test_links(finished, sql):
    figures = finished.summary["links"]
    rows = sql("""
        select link, sum(capacity_bits), sum(carried_bits), sum(lost_bits), sum(semantic_bits),
               sum(semantic_capacity_bits), sum(discriminative_bits + generative_bits + background_bits)
        from links group by link
    """)
    assert len(rows) == len(figures) == 5 + 1 + 3
    for name, capacity, carried, lost, meaning, most, kinds in rows:
        link = figures[name]
        assert link["carried_bits"] == carried == kinds
        assert link["lost_bits"] == lost
        assert link["capacity_bits"] == pytest.approx(capacity)
        assert link["semantic_bits"] == pytest.approx(meaning)
        assert link["utilisation"] == pytest.approx(carried / capacity)
        assert link["semantic_utilisation"] == pytest.approx(meaning / most)
    # 39.4 s of 40 Mbit/s; the second link's capacity is steps, 12 Mbit/s from 40 s on.
    assert figures["edge->c1"]["capacity_bits"] == pytest.approx(39.4 * 40e6)
    assert figures["edge->c2"]["capacity_bits"] == pytest.approx(39.4 * 40e6)


def test_the_gain_of_contraction(finished, sql):
    """Semantic bits per carried bit over the same ratio of the uncontracted representation."""
    plain = {"common": 0.0, "personal": 15 / 1.2e6}
    rows = sql("""
        select semantic_gain, semantic_bits / (discriminative_bits + generative_bits) from links
        where link = 'edge->c3' and carried_bits > 0
    """)
    assert len(rows) > 20
    track = sql("select avg(source_bits) from segments where service = 'personal'")[0][0]
    for gain, density in rows:
        assert gain == pytest.approx(
            density / plain["personal"], rel=0.25
        )  # the drawn sizes' mean is not 1.2 Mbit
    assert track == pytest.approx(1.2e6, rel=0.25)


def test_nodes_and_receivers(finished, sql):
    for node, busy, jobs, most in sql(
        "select node, sum(gpu_busy_s), sum(gpu_jobs), max(gpu_queue) from nodes group by node"
    ):
        found = finished.summary["nodes"][node]
        assert found["gpu_busy_s"] == pytest.approx(busy)
        assert (found["gpu_jobs"], found["gpu_queue_max"]) == (jobs, most)
    for service, node, users, offered, fidelity in sql("""
        select service, node, count(*), sum(segments_offered),
               sum(semantic_bits_delivered) / sum(semantic_bits_offered) from users group by all
    """):
        found = finished.summary["receivers"][service][node]
        assert (found["users"], found["segments_offered"]) == (users, offered)
        assert found["semantic_fidelity"] == pytest.approx(fidelity)


def test_decisions_are_counted(finished, sql):
    [(count,)] = sql("select count(*) from decisions")
    assert finished.summary["decisions"] == count > 0
    rows = sql("select node, kind, count(*) from decisions where missed = '' group by all order by all")
    done = {(node, kind): number for node, kind, number in rows}
    contracted = finished.summary["nodes"]["edge"]["contracted"]
    assert 0 <= done["edge", "contract"] - contracted <= 3  # some are on the GPU at the end


def test_the_functions_give_what_the_file_holds(finished):
    ledger = LedgerReader(finished.folder)
    summary = finished.summary
    assert headline(ledger) == {key: summary[key] for key in headline(ledger)}
    assert per_link(ledger) == summary["links"]
    assert per_receiver(ledger) == summary["receivers"]
    assert set(per_node(ledger)) == set(summary["nodes"])
    same = compared(summary, summary, "itself")
    assert same["policy"] == "itself"
    assert {row["difference"] for by in same["receivers"].values() for row in by.values()} == {0.0}


@given(
    rows=st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 20)), max_size=40),
    share=st.sampled_from([0.05, 0.25, 0.5, 0.75, 0.95, 1.0]),
)
def test_a_weighted_quantile_is_that_of_the_expanded_values(rows, share):
    values = np.array([value for value, _ in rows])
    weights = np.array([float(weight) for _, weight in rows])
    found = weighted_quantile(values, weights, share)
    expanded = np.repeat(values, weights.astype(int)) if rows else values
    if not len(expanded):
        assert found is None
        return
    assert found == np.quantile(expanded, share, method="inverted_cdf")
    assert found == sorted(expanded)[max(math.ceil(share * len(expanded) - 1e-9), 1) - 1]
