"""What people see of the service modes of a run."""

from rich.console import Console

from netgen.report.modes_table import modes_table

CONTINUATION = {
    "users": 1200, "handovers": 1234, "returns": 5, "needless": 2, "needless_share": 0.25, "refused": 1,
    "unfinished": 3,
    "interruption_s": 12.5, "interrupted_users": 7, "segments_lost": 11, "segments_repaired": 6, "segments_resent": 4,
    "cellular_bits": 3_400_000, "transfer_delay_mean_s": 0.01006, "transfer_delay_max_s": 0.5,
}  # fmt: skip
OFFLOADING = {
    "users": 80, "cell_load_mean": 0.057, "cell_load_busiest": 0.9, "late_or_blocked_users": 4,
    "late_or_blocked_segments_share": 0.04, "blocked_users": 3, "moves_to_tower": 2, "moves_back": 1, "moved_users": 60,
    "freed_of_bound": 0.875, "time_to_offload_mean_s": 1.02004, "tower_bits": 48_000_000, "cellular_bits": 16_000_000,
}  # fmt: skip
ADDITION = {
    "segments_enhanced": 66, "segments_common_alone": 3, "enhancements_sent": 70, "enhancements_generated_at_cell": 5,
    "enhancements_generated_at_terminal": 2, "enhancements_late": 1, "enhancements_lost": 0,
    "bits_per_enhanced_segment": 1_304_000.0, "terminal_energy_joule": None,
    "cell_load_mean": 0.25, "cell_load_busiest": 0.5,
}  # fmt: skip


def shown(table):
    console = Console(width=100, force_terminal=False)
    with console.capture() as capture:
        console.print(table)
    return [" ".join(line.split()) for line in capture.get().splitlines() if line.strip()]


def test_a_scenario_without_modes_has_no_table():
    assert modes_table({"wired": {"users": 3}}, None) is None


def test_the_figures_of_every_mode():
    lines = shown(
        modes_table({"continuation": CONTINUATION, "offloading": OFFLOADING, "addition": ADDITION}, None)
    )
    assert lines[0] == "service modes"
    for line in (
        "continuation hand-overs / returns 1,234 / 5",
        "needless, of those judged 2 (25.0%)",
        "refused / unfinished 1 / 3",
        "interrupted users 7 of 1,200",
        "interruption, all users 12.500 s",
        "segments repaired / sent again 6 / 4",
        "sent by cells 3.4 Mbit",
        "context transfer, mean / longest 10.06 / 500.00 ms",
        "offloading cell load, mean / busiest 5.7% / 90.0%",
        "users late, lost or blocked 4 of 80",
        "segments late or lost 4.0%",
        "contents to tower / back 2 / 1",
        "cells freed, of the bound 87.5%",
        "time to offload 1.020 s",
        "sent by the tower 48.0 Mbit",
        "addition cell load, mean / busiest 25.0% / 50.0%",
        "segments enhanced / alone 66 / 3",
        "sent / at cells / at terminals 70 / 5 / 2",
        "bits per enhanced segment 1.304 Mbit",
        "energy of terminals -",
    ):
        assert line in lines, line


def test_with_and_without_stand_side_by_side():
    without = OFFLOADING | {
        "moves_to_tower": 0, "moves_back": 0, "time_to_offload_mean_s": None, "cell_load_mean": 1.0,
        "cell_load_busiest": 1.0, "late_or_blocked_users": 80,
    }  # fmt: skip
    baseline = {"policy": "never-collaborate", "service_modes": {"offloading": without}}
    lines = shown(modes_table({"cellular": {}, "offloading": OFFLOADING}, baseline))
    assert lines[:3] == [
        "service modes, beside the baseline",
        "never-",
        "mode figure this run collaborate",
    ]
    assert "offloading cell load, mean / busiest 5.7% / 90.0% 100.0% / 100.0%" in lines
    assert "users late, lost or blocked 4 of 80 80 of 80" in lines
    assert "time to offload 1.020 s -" in lines


def test_nothing_judged_and_nothing_transferred():
    nothing = {
        "needless": 0,
        "needless_share": None,
        "transfer_delay_mean_s": None,
        "transfer_delay_max_s": None,
    }
    lines = shown(modes_table({"continuation": CONTINUATION | nothing}, None))
    assert "needless, of those judged 0" in lines
    assert "context transfer, mean / longest -" in lines


def test_a_baseline_that_failed_has_no_column():
    lines = shown(modes_table({"addition": ADDITION}, {"policy": "x", "failed": "no"}))
    assert lines[:2] == ["service modes", "mode figure this run"]


def test_nothing_is_cut_on_80_columns():
    wide = CONTINUATION | {"transfer_delay_mean_s": 0.04214, "transfer_delay_max_s": 3.01012}
    added = ADDITION | {"enhancements_sent": 15862, "enhancements_generated_at_cell": 14119}
    modes = {"continuation": wide, "addition": added, "offloading": OFFLOADING}
    table = modes_table(modes, {"policy": "never-collaborate", "service_modes": modes})
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        console.print(table)
    text = capture.get()
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.count("42.14 / 3,010.12 ms") == 2
    assert text.count("15,862 / 14,119 / 2") == 2
