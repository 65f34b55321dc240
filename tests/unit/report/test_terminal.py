"""The summary of a run on a terminal of 80 columns."""

from pathlib import Path

import pytest
from rich.console import Console

from netgen.report import terminal


def receiver(**figures):
    return {
        "users": 1000, "segments_offered": 44923, "segments_delivered": 44123, "segments_late": 132,
        "segments_lost": 1661, "semantic_fidelity": 0.985, "delay_mean_s": 12.345, "utility": 4.947,
        "qoe": 4.123,
        "difference": 0.73,
    } | figures  # fmt: skip


def link(carried_bits):
    return {
        "carried_bits": carried_bits, "utilisation": 0.88, "lost_bits": 0, "semantic_bits": 1_297_674,
        "semantic_utilisation": 0.973,
    }  # fmt: skip


@pytest.fixture
def summary():
    """A run with as many receivers and links as make the tables leave some out, and a baseline of a long name."""
    receivers = {f"title-{k:02d}": {"ran": receiver(segments_offered=44923 - k)} for k in range(18)}
    return {
        "scenario": "narrow", "seed": 1, "semantic_fidelity_provenance": "measured", "simulated_s": 150.0,
        "wall_s": 1.0, "segments_offered": 100, "segments_delivered": 90, "segments_late": 4, "segments_lost": 6,
        "segments_in_flight": 0, "semantic_fidelity_mean": 0.9, "delay_mean_s": 0.1, "delay_p95_s": 0.2,
        "stall_ratio_mean": 0.0, "utility_mean": 5.0, "qoe_mean": 4.5, "bits_sent": 1, "bits_delivered": 1,
        "gpu_seconds": 1.0, "energy_joule": None, "deadline_misses": 0, "receivers": receivers,
        "nodes": {
            "a-node-whose-name-is-long": {
                "gpu_offered_load": 0.59, "gpu_jobs": 123456, "contracted": 123456, "forwarded": 123456,
                "expanded": 123456, "gpu_busy_s": 12345.6, "gpu_queue_max": 1234, "deadline_misses": 12345,
            },
        },
        "links": {f"a-tower-with-a-name->a-tower-with-a-name:pipe-{k}": link(95682.29e6) for k in range(14)},
        "radio": {}, "service_modes": {}, "evaluations": {}, "laws": {"once": {"residual": 0.0}},
        "baseline": {"policy": "never-collaborate", "receivers": receivers},
    }  # fmt: skip


def shown(summary, monkeypatch, width=80):
    console = Console(width=width, force_terminal=False, highlight=False)
    monkeypatch.setattr(terminal, "_console", lambda: console)
    with console.capture() as capture:
        terminal.run_tables(summary, Path("runs/narrow/001"))
    return capture.get()


def test_no_figure_is_cut_on_80_columns(summary, monkeypatch):
    text = shown(summary, monkeypatch)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    first = next(line.split() for line in text.splitlines() if "title-00" in line)
    assert first == [
        "title-00", "ran", "1000", "44923", "44123", "132", "1661", "0.985", "12.345", "4.95", "4.12", "+0.730",
    ]  # fmt: skip
    assert "95,682.29" in text
    assert text.count("123456") == 4


def test_a_narrower_terminal_gets_longer_lines_and_no_wrong_figures(summary, monkeypatch):
    text = shown(summary, monkeypatch, width=50)
    assert "…" not in text
    assert "44923" in text
    assert "+0.730" in text


def test_it_says_what_it_leaves_out_and_where_that_is(summary, monkeypatch):
    text = shown(summary, monkeypatch)
    assert "the 15 largest of 18 receivers" in text
    assert "the other 3 are in summary.json, under receivers" in text
    assert "the 12 busiest of 14 links" in text
    assert "the other 2 are in summary.json, under links" in text
    for name in ("receivers", "links"):
        summary[name] = dict(list(summary[name].items())[:3])
    assert "summary.json" not in shown(summary, monkeypatch)


def test_the_difference_to_the_baseline_is_named(summary, monkeypatch):
    lines = shown(summary, monkeypatch).splitlines()
    heading = next(number for number, line in enumerate(lines) if line.rstrip().endswith("- base-"))
    assert [lines[heading + k].split()[-1] for k in (-1, 1)] == ["fidelity", "line"]


def test_evaluations_tell_what_they_found_and_cost(summary, monkeypatch):
    assert "evaluations" not in shown(summary, monkeypatch)
    summary["evaluations"] = {
        "guard": {
            "segments": 300, "rated": 189, "bad": 81, "detected": {"count": 71}, "false_alarms": {"count": 20},
            "withheld": 91, "refetched": 4, "shown_bad": {"count": 10}, "gpu_seconds": 1.25, "sent_bits": 63.5e6,
            "delay_mean_s": 0.0188,
        },
    }  # fmt: skip
    row = next(line.split() for line in shown(summary, monkeypatch).splitlines() if "guard" in line)
    assert row == ["guard", "300", "189", "81", "71", "20", "91", "4", "10", "1.25", "63.50", "18.8"]
