"""Percentiles of binned samples, and the radio section of a summary."""

import numpy as np
import pytest

from netgen.access.histogram import Histogram
from netgen.ledger import LedgerReader, LedgerWriter
from netgen.metrics.radio import percentiles, radio


def binned(values, bins=400):
    counted = Histogram(-40.0, 60.0, bins)
    counted.add(values)
    filled = np.flatnonzero(counted.counts)
    return counted.edges[filled], counted.edges[filled + 1], counted.counts[filled]


def test_percentiles_are_those_of_the_samples_to_a_bin():
    values = np.random.default_rng(1).normal(12, 9, size=20_000)
    found = percentiles(*binned(values))
    for percent in (5, 25, 50, 75, 95):
        assert found[f"p{percent}"] == pytest.approx(np.percentile(values, percent), abs=0.25)
    assert found["mean"] == pytest.approx(values.mean(), abs=0.05)


def test_samples_are_spread_evenly_inside_a_bin():
    """One bin from 10 to 20: percentiles are on its diagonal."""
    found = percentiles(np.array([10.0]), np.array([20.0]), np.array([7]))
    assert found == pytest.approx({"p5": 10.5, "p25": 12.5, "p50": 15, "p75": 17.5, "p95": 19.5, "mean": 15})


def test_a_percentile_at_the_edge_of_a_bin_is_the_edge():
    found = percentiles(np.array([0.0, 10.0]), np.array([1.0, 11.0]), np.array([25, 75]))
    assert found["p25"] == pytest.approx(1.0)
    assert found["p50"] == pytest.approx(10 + 1 / 3)


def test_percentiles_rise():
    rng = np.random.default_rng(2)
    for _ in range(50):
        found = percentiles(*binned(rng.normal(0, rng.uniform(0.01, 30), size=int(rng.integers(1, 50)))))
        values = [found[f"p{percent}"] for percent in (5, 25, 50, 75, 95)]
        assert values == sorted(values)


@pytest.fixture
def ledger(tmp_path):
    """One network of two sectors over two intervals, and one channel."""
    writer = LedgerWriter(tmp_path)
    writer.add_columns(
        "distributions",
        {
            "node": ["ran", "ran", "ran", "mast:rich"],
            "quantity": ["sinr_db", "sinr_db", "rate_bps", "sinr_db"],
            "low": np.array([0.0, 10.0, 1e6, 30.0]),
            "high": np.array([10.0, 20.0, 2e6, 31.0]),
            "count": np.array([1, 1, 5, 9]),
            "usable": np.array([0.75, 0.75, 1.0, 0.5]),
        },
    )
    writer.add_columns(
        "sectors",
        {
            "node": ["ran"] * 4,
            "sector": ["a", "a", "b", "b"],
            "start_s": np.array([0.0, 1.0, 0.0, 1.0]),
            "length_s": np.ones(4),
            "users": np.ones(4),
            "active_users": np.ones(4),
            "block_use": np.array([0.1, 0.2, 0.7, 0.9]),
            "carried_bits": np.array([1, 2, 3, 4]),
            "handovers": np.array([0, 3, 1, 0]),
            "ping_pongs": np.array([0, 1, 0, 0]),
        },
    )
    writer.close()
    return LedgerReader(tmp_path)


def test_the_section_has_networks_and_channels(ledger):
    found = radio(ledger)
    assert list(found) == ["ran", "mast:rich"]
    assert found["ran"]["sinr_db"]["p50"] == pytest.approx(10.0)
    assert found["ran"]["sinr_db"]["mean"] == pytest.approx(10.0)
    assert found["ran"]["rate_bps"]["mean"] == pytest.approx(1.5e6)
    assert (found["ran"]["coverage"], found["mast:rich"]["coverage"]) == (0.75, 0.5)
    assert (found["ran"]["sectors"], found["ran"]["handovers"], found["ran"]["ping_pongs"]) == (2, 4, 1)
    assert found["ran"]["block_use_mean"] == pytest.approx(0.475)
    assert found["ran"]["block_use_busiest"] == pytest.approx(0.8)
    assert set(found["mast:rich"]) == {"sinr_db", "coverage"}


def test_a_run_without_radio_has_an_empty_section(tmp_path):
    LedgerWriter(tmp_path).close()
    assert radio(LedgerReader(tmp_path)) == {}
