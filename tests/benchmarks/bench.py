"""Measures netgen on this machine: `make bench`, or `bench.py [--json FILE] [--rounds N] [--hours H]`.

Rates are events over CPU seconds, so that other programs on the machine disturb them little; each is the
median of several rounds in which netgen and SimPy take turns. Wall times are given beside.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import numpy as np
import simpy

from netgen.build.assembly import build_simulation
from netgen.ledger import LedgerWriter
from netgen.scenario import load_scenario
from netgen.topology.capacity import CapacityProcess
from netgen.topology.loss import LossProcess
from netgen.transport.carriage import Leg, Transport
from netgen.transport.link import Link
from netgen.transport.link_books import LinkBooks
from netgen.transport.train import Meaning, Train, packetise

ROOT = Path(__file__).resolve().parents[2]
RING = ROOT / "scenarios" / "ring_of_relays.yaml"
SMALL = ROOT / "tests" / "validation" / "chain.yaml"
HEAVY = ("av", "duckdb", "matplotlib", "ns3", "pandas", "sionna", "skimage", "torch")
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

EVENT = (
    "A kernel event is one event that SimPy takes from its queue and processes. A packet served is one packet on one "
    "link, for which a simulator with one event per packet and hop would have processed an event; netgen computes "
    "them in arrays."
)

CHAIN_LINKS, CHAIN_RATE_BPS, CHAIN_DELAY_NS = 7, 100_000_000, 1_000_000
PACKET_BITS, VIDEO_BPS, CHAIN_S = 11_200, 20_000_000, 60
TRAINS = {"a frame of 40 ms": 40_000_000, "a segment of 1 s": 1_000_000_000}


def simpy_rate_hz(processes: int, events: int) -> float:
    """Bare timeouts per CPU second of SimPy itself, driven as netgen drives it: by `step`."""
    env = simpy.Environment(0)

    def ticker(period_ns: int):
        while True:
            yield env.timeout(period_ns)

    for number in range(processes):
        env.process(ticker(1_000 + number))
    step = env.step
    begin_s = time.process_time()
    for _ in range(events):
        step()
    return events / (time.process_time() - begin_s)


def ring_run(hours: float) -> dict[str, float]:
    """One run of ring_of_relays in this process: what it counted, how long it took, and its peak memory."""
    begin_s = time.perf_counter()
    scenario = load_scenario(RING, [f"duration={hours * 3600:g} s"])
    with tempfile.TemporaryDirectory() as folder:
        writer = LedgerWriter(Path(folder))
        simulation = build_simulation(scenario, writer, seed=int(scenario.seed or 0))
        engine_begin_s, cpu_begin_s = time.perf_counter(), time.process_time()
        totals = simulation.run()
        cpu_s, engine_s = time.process_time() - cpu_begin_s, time.perf_counter() - engine_begin_s
        writer.close()
    return {
        "simulated_s": totals.simulated_s,
        "kernel_events": totals.kernel_events,
        "packets_served": totals.packets,
        "decisions": totals.decisions,
        "engine_cpu_s": cpu_s,
        "engine_wall_s": engine_s,
        "wall_s": time.perf_counter() - begin_s,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def chain_by_packets(train_ns: int) -> tuple[float, list[int]]:
    """CPU seconds per packet and hop of SimPy callbacks, one event each, and when each train was through."""
    env = simpy.Environment(0)
    service_ns = PACKET_BITS * 1_000_000_000 // CHAIN_RATE_BPS
    free_ns = [0] * CHAIN_LINKS
    packets = VIDEO_BPS * train_ns // 1_000_000_000 // PACKET_BITS
    last = packets - 1
    through_ns: list[int] = []

    def arrive(hop: int, number: int) -> None:
        if hop == CHAIN_LINKS:
            if number == last:
                through_ns.append(env.now)
            return
        free_ns[hop] = max(free_ns[hop], env.now) + service_ns
        event = env.timeout(free_ns[hop] + CHAIN_DELAY_NS - env.now)
        event.callbacks.append(lambda _: arrive(hop + 1, number))

    def source():
        while True:
            for number in range(packets):
                arrive(0, number)
            yield env.timeout(train_ns)

    env.process(source())
    begin_s = time.process_time()
    env.run(CHAIN_S * 1_000_000_000)
    spent_s = time.process_time() - begin_s
    return spent_s / (len(through_ns) * packets * CHAIN_LINKS), through_ns


def chain_by_trains(train_ns: int) -> tuple[float, list[int]]:
    """The same by netgen's packet trains over the same links."""
    env = simpy.Environment(0)
    end_ns = CHAIN_S * 1_000_000_000
    links = []
    for source, target in pairwise(f"n{number}" for number in range(CHAIN_LINKS + 1)):
        capacity = CapacityProcess.constant(CHAIN_RATE_BPS)
        books = LinkBooks(capacity, 1_000_000_000, end_ns)
        links.append(
            Link(
                f"{source}->{target}", source, target, capacity=capacity, delay_ns=CHAIN_DELAY_NS, queue_bits=None,
                loss=LossProcess.independent(0.0), retransmissions=0, noise_key=np.uint64(1), books=books,
            )
        )  # fmt: skip
    transport = Transport(env, links)
    leg = Leg(links[-1], (), stop=True)
    for link in reversed(links[:-1]):
        leg = Leg(link, (leg,), stop=False)
    packets = VIDEO_BPS * train_ns // 1_000_000_000 // PACKET_BITS
    through_ns: list[int] = []

    def arrived(hop) -> None:
        hop.connect(())
        through_ns.append(hop.tail_ns)

    def source():
        number = 0
        while True:
            sizes, generative_from = packetise(packets * PACKET_BITS, 0, PACKET_BITS)
            train = Train(np.uint64(number), sizes, generative_from, Meaning("video", number, 1.0))
            (hop,) = transport.launch(train, [leg])
            transport.on_tail(hop, arrived)
            number += 1
            yield env.timeout(train_ns)

    env.process(source())
    begin_s = time.process_time()
    env.run(end_ns)
    spent_s = time.process_time() - begin_s
    return spent_s / (len(through_ns) * packets * CHAIN_LINKS), through_ns


def chains(rounds: int) -> dict[str, dict[str, float]]:
    """Seconds per packet and hop of both, for trains of two lengths; both must find the same instants."""
    found = {}
    for name, train_ns in TRAINS.items():
        spent = {"events": [], "trains": []}
        for _ in range(rounds):
            by_packets, expected_ns = chain_by_packets(train_ns)
            by_trains, measured_ns = chain_by_trains(train_ns)
            if expected_ns != measured_ns:
                raise SystemExit("bench: packet trains and single packets arrive at different instants")
            spent["events"].append(by_packets)
            spent["trains"].append(by_trains)
        found[name] = {
            "packets_per_train": VIDEO_BPS * train_ns // 1_000_000_000 // PACKET_BITS,
            "simpy_callbacks_s": statistics.median(spent["events"]),
            "packet_trains_s": statistics.median(spent["trains"]),
        }
    return found


def output_of(*command: str) -> str:
    """Standard output of a command in a process of its own, with one thread."""
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | THREADS,
        cwd=ROOT,
    )
    return run.stdout


def start_up(repeats: int) -> dict[str, object]:
    """Wall seconds of `netgen validate` as a person calls it, and what it imports."""
    spent_s = []
    for _ in range(repeats):
        begin_s = time.perf_counter()
        output_of(str(Path(sys.executable).with_name("netgen")), "validate", str(SMALL))
        spent_s.append(time.perf_counter() - begin_s)
    program = (
        "import json, sys; from netgen.cli import main; code = main(['validate', sys.argv[1]]); "
        "print(json.dumps([code, sorted({name.partition('.')[0] for name in sys.modules})]))"
    )
    code, modules = json.loads(output_of(sys.executable, "-c", program, str(SMALL)).splitlines()[-1])
    if code:
        raise SystemExit(f"bench: netgen validate ended with {code}")
    return {
        "validate_s": statistics.median(spent_s),
        "heavy_imported": [name for name in HEAVY if name in modules],
        "heavy_not_imported": [name for name in HEAVY if name not in modules],
        "heavy_not_installed": [name for name in HEAVY if importlib.util.find_spec(name) is None],
    }


def measure(*, rounds: int, hours: float, tell) -> dict[str, object]:
    """All measurements, as numbers in SI units."""
    one, thousand, rings = [], [], []
    for number in range(rounds):
        tell(
            f"round {number + 1} of {rounds}: SimPy alone, then ring_of_relays for {hours:g} h of simulated time"
        )
        one.append(simpy_rate_hz(1, 1_000_000))
        thousand.append(simpy_rate_hz(1_000, 500_000))
        rings.append(json.loads(output_of(sys.executable, __file__, "--ring", f"{hours!r}")))
    tell("start-up, and the chain of links")
    figure = {key: statistics.median([ring[key] for ring in rings]) for key in rings[0]}
    return {
        "machine": {
            "system": platform.system(),
            "processor": _processor(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "simpy": metadata.version("simpy"),
            "numpy": metadata.version("numpy"),
            "netgen": metadata.version("netgen"),
        },
        "rounds": rounds,
        "simpy": {
            "one_process_hz": statistics.median(one),
            "thousand_processes_hz": statistics.median(thousand),
        },
        "ring": figure,
        "start_up": start_up(5),
        "chain": chains(rounds),
    }


def _processor() -> str:
    """Name of the processor as Linux gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "not known"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "not known"
    )


def table(found) -> str:
    """The measurements as markdown, with what each figure means."""
    ring, simpy_rates, start = found["ring"], found["simpy"], found["start_up"]
    events = ring["kernel_events"] + ring["packets_served"]
    rate_hz, kernel_hz = events / ring["engine_cpu_s"], ring["kernel_events"] / ring["engine_cpu_s"]
    one_hz, thousand_hz = simpy_rates["one_process_hz"], simpy_rates["thousand_processes_hz"]
    hour_s = ring["wall_s"] * 3600 / ring["simulated_s"]
    machine = found["machine"]
    rows = [
        ("simulated time", f"{ring['simulated_s']:,.0f} s"),
        ("kernel events", f"{ring['kernel_events']:,.0f}"),
        ("packets served, one count per packet and link", f"{ring['packets_served']:,.0f}"),
        ("events, both together", f"{events:,.0f}"),
        ("CPU time of the engine, records included", f"{ring['engine_cpu_s']:.1f} s"),
        ("events per CPU second", f"{rate_hz:,.0f} /s"),
        ("SimPy alone, bare timeouts, 1 process", f"{one_hz:,.0f} /s"),
        ("SimPy alone, bare timeouts, 1,000 processes", f"{thousand_hz:,.0f} /s"),
        ("**events per second over SimPy's with 1 process** (aim: at least 0.5)", f"**{rate_hz / one_hz:.2f}**"),
        ("the same over SimPy's with 1,000 processes", f"{rate_hz / thousand_hz:.2f}"),
        ("kernel events alone per CPU second, without the packets in arrays", f"{kernel_hz:,.0f} /s"),
        ("the same over SimPy's with 1 process", f"{kernel_hz / one_hz:.4f}"),
        ("packets served per kernel event", f"{ring['packets_served'] / ring['kernel_events']:,.0f}"),
        ("wall time per simulated hour, with loading and records", f"{hour_s:.1f} s"),
        ("peak memory of the process", f"{ring['peak_rss_bytes'] / 2**20:,.0f} MiB"),
    ]  # fmt: skip
    lines = [
        f"Measured with netgen {machine['netgen']}, SimPy {machine['simpy']}, NumPy {machine['numpy']}, Python "
        f"{machine['python']} on {machine['processor']}, {machine['processors']} processors, {machine['system']}; "
        f"medians of {found['rounds']} rounds.",
        "",
        "### `ring_of_relays`",
        "",
        "| figure | value |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in rows),
        "",
        EVENT,
        "",
        "### Start-up",
        "",
        "| figure | value |",
        "| --- | --- |",
        "| `netgen validate` of a small scenario, wall time, median of 5 (aim: below 1.5 s) | "
        f"{start['validate_s']:.2f} s |",
        f"| heavy packages that it does not import | {', '.join(start['heavy_not_imported'])} |",
        f"| of these not installed here, so that it could not | {', '.join(start['heavy_not_installed']) or 'none'} |",
        f"| heavy packages that it does import | {', '.join(start['heavy_imported']) or 'none'} |",
        "",
        f"### A chain of {CHAIN_LINKS} links",
        "",
        f"Video of {VIDEO_BPS / 1e6:g} Mbit/s in packets of {PACKET_BITS // 8:,} bytes over {CHAIN_LINKS} links of "
        f"{CHAIN_RATE_BPS / 1e6:g} Mbit/s, {CHAIN_S} s of it. CPU time per packet and hop; both ways find the same "
        "arrival instants, to the nanosecond.",
        "",
        "| a train is | packets in it | SimPy callbacks, an event per packet and hop | packet trains | ratio |",
        "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, chain in found["chain"].items():
        slow_s, fast_s = chain["simpy_callbacks_s"], chain["packet_trains_s"]
        lines.append(
            f"| {name} | {chain['packets_per_train']:,} | {slow_s * 1e9:,.0f} ns | {fast_s * 1e9:,.0f} ns | "
            f"{slow_s / fast_s:.1f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure netgen on this machine.")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as JSON")
    parser.add_argument("--rounds", type=int, default=3, help="repeats of each measurement (default: 3)")
    parser.add_argument(
        "--hours", type=float, default=1.0, help="simulated hours of ring_of_relays (default: 1)"
    )
    parser.add_argument("--ring", type=float, metavar="HOURS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ring is not None:
        sys.stdout.write(json.dumps(ring_run(options.ring)) + "\n")
        return 0
    os.environ.update(THREADS)
    found = measure(
        rounds=options.rounds, hours=options.hours, tell=lambda text: print(f"bench: {text}", file=sys.stderr)
    )
    print(table(found))
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
