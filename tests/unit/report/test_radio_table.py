"""What people see of the radio of a run."""

from rich.console import Console

from netgen.report.radio_table import radio_table, sector_lines

LEVELS = {"p5": -3.14, "p25": 1.0, "p50": 9.96, "p75": 20.0, "p95": 35.0, "mean": 11.0}
RATES = {"p5": 1e6, "p25": 2e6, "p50": 12.345e6, "p75": 4e7, "p95": 1.5e9, "mean": 9e7}
FOUND = {
    "ran": {
        "sinr_db": LEVELS, "rate_bps": RATES, "coverage": 0.975, "sectors": 57, "handovers": 12345, "ping_pongs": 67,
        "block_use_mean": 0.1234, "block_use_busiest": 0.9,
    },
    "mast:rich": {"sinr_db": LEVELS, "coverage": 0.5},
}  # fmt: skip


def shown(table):
    console = Console(width=100, force_terminal=False)
    with console.capture() as capture:
        console.print(table)
    return [line.split() for line in capture.get().splitlines() if line.strip()]


def test_a_line_for_every_quantity():
    lines = shown(radio_table(FOUND))
    cells = {(line[0], line[1]): line[3:] for line in lines if line[0] in FOUND}
    assert cells["ran", "SINR"] == ["-3.1", "1.0", "10.0", "20.0", "35.0", "11.0", "97.5%"]
    assert cells["ran", "rate"] == ["1.00", "2.00", "12.35", "40.00", "1,500.00", "90.00"]
    assert cells["mast:rich", "SINR"][-1] == "50.0%"
    assert len(cells) == 3


def test_a_sentence_for_every_network():
    assert sector_lines(FOUND) == [
        "ran: 57 sectors use 12.3% of their resource blocks (the busiest 90.0%); 12,345 handovers, 67 of them back "
        "within a second"
    ]
