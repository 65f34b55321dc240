"""Measures the radio on this machine: `bench_radio.py [--json FILE] [--users N ...] [--rounds N] [--no-peer]`.

The radio epoch against the machine's own floors (`radio_epoch.py`), `city_57` over four decades of users, and
ns-3's LTE module beside (`city.py`), one after the other.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import city

HERE = Path(__file__).resolve().parent
EPOCH_USERS = ["1000", "10000", "100000"]
FLOOR_NS = 1.2
"""Per user and sector: a bare compiled kernel on one core of a 2026 Xeon with AVX-512, measured before netgen's own.

It had distance, path loss, sector antenna, power and SINR, but no line-of-sight states, fields, images or tilt.
"""


def epoch_figures(rounds: int) -> dict[str, object]:
    """The radio epoch in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "epoch.json"
        command = [sys.executable, str(HERE / "radio_epoch.py"), "--users", *EPOCH_USERS]
        command += ["--rounds", str(rounds), "--json", str(file)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return found


def table(found) -> str:
    """All figures as markdown."""
    epoch = found["epoch"]
    lines = [
        "### The radio epoch",
        "",
        f"57 sectors of 19 sites (UMa), every user recomputed: nearest image, line of sight, path loss, shadow fading, "
        f"antenna, signal-to-noise ratio. Wall and CPU time per user and sector; {epoch['processors']} processors. "
        "Ratios are to a copy of an array of the same bytes, and to a bare numpy evaluation of distance, path loss and "
        "horizontal pattern in the same run.",
        "",
        "| users | what | wall | CPU | x copy | x bare numpy |",
        "| --- | --- | --: | --: | --: | --: |",
    ]
    for users, figures in epoch["users"].items():
        copy_ns, bare_ns = figures["copy of the bytes"]["ns"], figures["bare numpy"]["ns"]
        lines += [
            f"| {int(users):,} | {name} | {row['ns']:.2f} ns | {row['cpu_ns']:.2f} ns | {row['ns'] / copy_ns:.1f} | "
            f"{row['ns'] / bare_ns:.2f} |"
            for name, row in figures.items()
        ]
    bare = [
        f"{row['ns'] / FLOOR_NS:.1f} for {int(users):,} users"
        for users, figures in epoch["users"].items()
        for name, row in figures.items()
        if name == "numba, no shadowing"
    ]
    lines += [
        "",
        f"A bare compiled kernel without line-of-sight states, fields and images took {FLOOR_NS} ns on one core of "
        f"another machine. Wall time of numba without shadowing over that (aim: at most 3): {', '.join(bare)}.",
        "",
        f"First call of the compiled epoch in a process of this run: {epoch['compile_s']:.1f} s of CPU time.",
        "",
    ]
    return "\n".join(lines) + "\n" + city.table(found["city"])


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the radio on this machine.")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as JSON")
    parser.add_argument("--users", type=int, nargs="+", default=list(city.CURVE), help="users of city_57")
    parser.add_argument("--rounds", type=int, default=5, help="repeats of the epoch (default: 5)")
    parser.add_argument("--no-peer", action="store_true", help="leave ns-3 out")
    options = parser.parse_args()

    def tell(text: str) -> None:
        print(f"bench: {text}", file=sys.stderr)

    tell("the radio epoch")
    found = {"epoch": epoch_figures(options.rounds)}
    found["city"] = city.measure(users=options.users, peer=not options.no_peer, tell=tell)
    print(table(found))
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
