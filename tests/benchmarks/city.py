"""Measures `city_57` over numbers of users, and against ns-3's LTE module: `city.py [--users N ...] [--json FILE]`.

Every run is a process of its own: loading and building first, then the engine with all records. Simulated seconds
per wall second are those of the engine; building is told apart, since it does not grow with the simulated time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from netgen.build.assembly import build_simulation
from netgen.ledger import LedgerWriter
from netgen.scenario import load_scenario

ROOT = Path(__file__).resolve().parents[2]
CITY = ROOT / "scenarios" / "city_57.yaml"
SHARES = {"walkers": 0.4, "indoors": 0.5, "drivers": 0.1}
AIMS = {10_000: 20.0, 100_000: 3.0, 1_000_000: 1.0}
"""Simulated seconds per wall second that each number of users should reach."""
CURVE = {100: 30.0, 1_000: 30.0, 10_000: 30.0, 100_000: 20.0, 1_000_000: 20.0}
"""Users of the curve, and the simulated seconds for which each is run."""
PEER = {"sites": 7, "sectors": 21, "users": (10, 30, 100), "simulated_s": 1.0}


def city_run(users: int, simulated_s: float, overrides: list[str]) -> dict[str, object]:
    """One run of city_57 in this process with a number of users, each audience with its share of them."""
    settings = [
        *(f"audiences.{name}.count={max(1, round(users * share))}" for name, share in SHARES.items()),
        f"duration={simulated_s!r} s",
        "warmup=0 s",
        *overrides,
    ]
    begin_s = time.perf_counter()
    scenario = load_scenario(CITY, settings)
    with tempfile.TemporaryDirectory() as folder:
        writer = LedgerWriter(Path(folder))
        simulation = build_simulation(scenario, writer, seed=int(scenario.seed or 0))
        engine_begin_s, cpu_begin_s = time.perf_counter(), time.process_time()
        totals = simulation.run()
        cpu_s, wall_s = time.process_time() - cpu_begin_s, time.perf_counter() - engine_begin_s
        writer.close()
    return {
        "users": users,
        "simulated_s": totals.simulated_s,
        "build_s": engine_begin_s - begin_s,
        "engine_wall_s": wall_s,
        "engine_cpu_s": cpu_s,
        "kernel_events": totals.kernel_events,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def measured(users: int, simulated_s: float, *overrides: str) -> dict[str, object]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--one", str(users), "--simulated", repr(simulated_s)]
    for override in overrides:
        command += ["--set", override]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    found: dict[str, object] = json.loads(run.stdout.splitlines()[-1])
    return found


def measure(*, users: list[int], peer: bool, tell) -> dict[str, object]:
    """The curve over users with the compiled radio, 10,000 users with the reference, and ns-3 beside."""
    rows = []
    for count in users:
        simulated_s = CURVE.get(count, 10.0)
        for compute in ("numba", "numpy") if count <= 10_000 else ("numba",):
            tell(f"city_57 with {count:,} users for {simulated_s:g} s, {compute}")
            settings = f"nodes.ran.radio.compute={compute}"
            if not rows:
                # Compiles and keeps what the others load: kernels for few and for many users.
                measured(100, 1.0, settings)
                measured(1_000_000, 0.2, settings)
            rows.append({"compute": compute, **measured(count, simulated_s, settings)})
    return {
        "curve": rows,
        "peer": against_ns3(tell) if peer else {"left_out": "not asked for"},
        "processors": os.cpu_count(),
        "system": platform.system(),
    }


def against_ns3(tell) -> dict[str, object]:
    """The same sectors and users in netgen and in ns-3's LTE module, one after the other in this run."""
    sys.path.insert(0, str(Path(__file__).parent))
    import ns3_lte  # noqa: PLC0415  (beside this file; needs the ns3 wheel)

    reason = ns3_lte.why_not()
    if reason is not None:
        return {"left_out": reason}
    rows = []
    for users in PEER["users"]:
        tell(f"ns-3 LTE and netgen, {PEER['sectors']} sectors, {users} users")
        theirs = ns3_lte.measure(PEER["sites"], users, PEER["simulated_s"])
        ours = measured(
            users, 30.0, f"nodes.ran.radio.layout.sites={PEER['sites']}", "nodes.ran.radio.bandwidth=10 MHz",
            "nodes.ran.radio.compute=numba",
        )  # fmt: skip
        rows.append(
            {
                "users": users,
                "ns3_cpu_s_per_simulated_s": theirs["cpu_s_per_simulated_s"],
                "netgen_cpu_s_per_simulated_s": ours["engine_cpu_s"] / ours["simulated_s"],
            }
        )
    return {"rows": rows, "assumptions": list(ns3_lte.ASSUMPTIONS)}


def table(found) -> str:
    """The measurements as markdown."""
    lines = [
        "### `city_57` over numbers of users",
        "",
        "19 sites, 57 sectors, epochs of 100 ms. The engine with all records; building is beside it and does not grow "
        "with the simulated time. Peak memory is that of the whole process.",
        "",
        "| users | compute | simulated / wall time | aim | CPU s per simulated s | building | peak memory |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in found["curve"]:
        rate = row["simulated_s"] / row["engine_wall_s"]
        aim = AIMS.get(row["users"])
        lines.append(
            f"| {row['users']:,} | {row['compute']} | **{rate:.2f}** | {'' if aim is None else f'{aim:g}'} | "
            f"{row['engine_cpu_s'] / row['simulated_s']:.3f} | {row['build_s']:.1f} s | "
            f"{row['peak_rss_bytes'] / 2**20:,.0f} MiB |"
        )
    lines += ["", "### ns-3's LTE module, same sectors and users", ""]
    peer = found["peer"]
    if "left_out" in peer:
        lines.append(f"Not measured: {peer['left_out']}.")
        return "\n".join(lines) + "\n"
    lines += [
        f"{PEER['sectors']} sectors, 10 MHz, proportional fair. CPU seconds per simulated second of each, in this run. "
        "The same sectors and users for the same simulated time, not the same detail:",
        "",
        *(f"- {sentence}" for sentence in peer["assumptions"]),
        "",
        "| users | ns-3 | netgen | ratio |",
        "| --- | --- | --- | --- |",
    ]
    for row in peer["rows"]:
        theirs, ours = row["ns3_cpu_s_per_simulated_s"], row["netgen_cpu_s_per_simulated_s"]
        lines.append(f"| {row['users']:,} | {theirs:.2f} s | {ours:.4f} s | {theirs / ours:,.0f} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure city_57 on this machine.")
    parser.add_argument("--users", type=int, nargs="+", default=list(CURVE), help="numbers of users")
    parser.add_argument("--no-peer", action="store_true", help="leave ns-3 out")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as JSON")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--simulated", type=float, default=10.0, help=argparse.SUPPRESS)
    parser.add_argument("--set", action="append", default=[], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(city_run(options.one, options.simulated, options.set)))
        return 0
    found = measure(
        users=options.users,
        peer=not options.no_peer,
        tell=lambda text: print(f"bench: {text}", file=sys.stderr),
    )
    print(table(found))
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
