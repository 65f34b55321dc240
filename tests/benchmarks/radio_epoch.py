"""Measures the radio epoch against the machine's own floors: `radio_epoch.py [--users N ...] [--rounds N]`.

One epoch recomputes every user with the 57 sectors of a 19-site city (UMa at 2 GHz, with shadowing). Beside it,
in the same process: a copy of an array of the same bytes, and a bare numpy evaluation of distance, path loss and
antenna pattern for the same users and sectors, without line-of-sight states, shadowing, tilt or interference.
CPU seconds are those of all threads. Figures are medians; the disturbance is the largest over the smallest.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from netgen.propagation.antenna import SectorAntenna
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.path_loss import Environment
from netgen.radio.channel import Channel, Terminals
from netgen.radio.sectors import Sectors
from netgen.radio.signals import Signals, make_signals

ISD_M, RINGS, CARRIER_HZ, NOISE_DBM = 500.0, 2, 2e9, -95.0
# How many users each implementation is measured with at most: the slower ones would take minutes.
MOST_USERS = {"numpy": 100_000, "torch": 100_000, "numba": 1_000_000}
CHUNK = 4096
VARIANTS = {"": (0.0, True), ", no shadowing": (0.0, False), ", 80 % indoors": (0.8, True)}


def city() -> Sectors:
    """19 sites with three sectors each on a hexagonal grid."""
    steps = [
        (q, r) for q in range(-RINGS, RINGS + 1) for r in range(-RINGS, RINGS + 1) if abs(q + r) <= RINGS
    ]
    place = np.array([(ISD_M * (q + r / 2), ISD_M * r * 3**0.5 / 2) for q, r in steps])
    site = np.repeat(np.arange(len(steps)), 3)
    return Sectors(
        place[site, 0],
        place[site, 1],
        height_m=25.0,
        site=site,
        azimuth_deg=np.tile([30.0, 150.0, 270.0], len(steps)),
        power_dbm=46.0,
        antennas=SectorAntenna(tilt_deg=12.0),
    )


def terminals(users: int, indoor_share: float) -> Terminals:
    """Users, of whom a share is on one of eight floors of a building."""
    rng = np.random.default_rng(1)
    indoor = rng.random(users) < indoor_share
    return Terminals(
        np.where(indoor, 1.5 + 3.0 * rng.integers(0, 8, users), 1.5),
        indoor=indoor,
        entry_loss_db=np.where(indoor, 20.0, 0.0),
        inside_m=np.where(indoor, 10.0, 0.0),
    )


def bare_epoch(sectors: Sectors, x_m: np.ndarray, y_m: np.ndarray, out: np.ndarray) -> None:
    """The floor in numpy: distance, UMa path loss and horizontal pattern in float32, a chunk of users at a time."""
    first = sectors.first_of_site
    scale = np.float32(0.1 * np.log(10.0))
    carrier_db = np.float32(20.0 * np.log10(CARRIER_HZ * 1e-9))
    for start in range(0, len(x_m), CHUNK):
        part = slice(start, start + CHUNK)
        for site in range(sectors.sites):
            east = (x_m[part] - sectors.x_m[first[site]]).astype(np.float32)
            north = (y_m[part] - sectors.y_m[first[site]]).astype(np.float32)
            square = east * east + north * north + np.float32(23.5**2)
            loss_db = np.float32(13.54) + np.float32(39.08 / 2) * np.log10(square) + carrier_db
            azimuth = np.rad2deg(np.arctan2(north, east))
            for sector in np.flatnonzero(sectors.site == site):
                turn = azimuth - np.float32(sectors.azimuth_deg[sector])
                turn -= np.float32(360.0) * np.rint(turn * np.float32(1 / 360.0))
                fade_db = np.minimum(np.float32(12.0 / 65.0**2) * turn * turn, np.float32(30.0))
                level_db = np.float32(sectors.power_dbm[sector] + 8.0 - NOISE_DBM) - loss_db - fade_db
                out[part, sector] = np.exp(scale * level_db)


def timed(work: Callable[[], object], rounds: int) -> dict[str, float]:
    """Median wall and CPU seconds of some rounds, after one that is not counted."""
    work()
    wall_s, cpu_s = [], []
    for _ in range(rounds):
        wall_begin_s, cpu_begin_s = time.perf_counter(), time.process_time()
        work()
        wall_s.append(time.perf_counter() - wall_begin_s)
        cpu_s.append(time.process_time() - cpu_begin_s)
    return {
        "wall_s": statistics.median(wall_s),
        "cpu_s": statistics.median(cpu_s),
        "disturbance": max(wall_s) / min(wall_s),
    }


def mover(signals: Signals, x_m: np.ndarray, y_m: np.ndarray) -> Callable[[], object]:
    """An epoch in which every user has moved by 1 m."""
    steps = [0]

    def move() -> None:
        steps[0] += 1
        if signals.move(x_m + steps[0], y_m).size != len(x_m):
            raise AssertionError("not every user was computed")

    return move


def channel(sectors: Sectors, field: CorrelatedField, shadowing: bool) -> Channel:
    """The same channel for everybody."""
    rng = np.random.default_rng(3)
    return Channel.drawn(
        Environment.UMA, CARRIER_HZ, sites=sectors.sites, rng=rng, field=field, shadowing=shadowing
    )


def steps(
    signals: Signals, name: str, x_m: np.ndarray, y_m: np.ndarray, rounds: int
) -> dict[str, dict[str, float]]:
    """What an epoch does besides: nobody moved, the interference of everybody, the strongest sector."""
    signals.move(x_m, y_m)
    rows = np.arange(len(x_m))
    serving, activity = signals.strongest(rows), np.full(signals.sectors.count, 0.7)
    return {
        f"{name}, nobody moved": timed(lambda: signals.move(x_m, y_m), rounds),
        f"{name} sinr": timed(lambda: signals.sinr(rows, serving, activity), rounds),
        f"{name} strongest": timed(lambda: signals.strongest(rows), rounds),
    }


def floors(sectors: Sectors, x_m: np.ndarray, y_m: np.ndarray, rounds: int) -> dict[str, dict[str, float]]:
    """What the machine needs for arrays of this size: a copy, and the bare evaluation in numpy."""
    source = np.ones((len(x_m), sectors.count), dtype=np.float32)
    target = np.empty_like(source)
    found = {"copy of the bytes": timed(lambda: np.copyto(target, source), rounds)}
    if len(x_m) <= MOST_USERS["numpy"]:
        found["bare numpy"] = timed(lambda: bare_epoch(sectors, x_m, y_m, target), rounds)
    return found


def measure(users: int, rounds: int, field: CorrelatedField) -> dict[str, dict[str, float]]:
    """All implementations with one number of users; `ns` is wall time per user and sector."""
    sectors, rng = city(), np.random.default_rng(2)
    x_m, y_m = rng.uniform(-ISD_M * (RINGS + 0.5), ISD_M * (RINGS + 0.5), (2, users))
    links, found = users * sectors.count, floors(sectors, x_m, y_m, rounds)
    for compute, most in MOST_USERS.items():
        if users <= most and importlib.util.find_spec(compute) is not None:
            for variant, (indoor_share, shadowing) in VARIANTS.items():
                people = terminals(users, indoor_share)
                signals = make_signals(
                    sectors, people, channel(sectors, field, shadowing), noise_dbm=NOISE_DBM, compute=compute
                )
                found[compute + variant] = timed(mover(signals, x_m, y_m), rounds)
                if not variant:
                    found |= steps(signals, compute, x_m, y_m, rounds)
                del signals
    for figures in found.values():
        figures["ns"] = 1e9 * figures["wall_s"] / links
        figures["cpu_ns"] = 1e9 * figures["cpu_s"] / links
    return found


def first_call_s(field: CorrelatedField) -> float | None:
    """CPU seconds that numba takes to compile, or None without numba; measured before anything else runs."""
    if importlib.util.find_spec("numba") is None:
        return None
    sectors = city()
    begin_s = time.process_time()
    here = channel(sectors, field, True)
    signals = make_signals(sectors, terminals(1, 0.0), here, noise_dbm=NOISE_DBM, compute="numba")
    signals.move(np.zeros(1), np.zeros(1))
    signals.sinr(np.zeros(1, dtype=np.int64), signals.strongest(np.zeros(1, dtype=np.int64)), np.ones(57))
    return time.process_time() - begin_s


def report(counts: list[int], rounds: int) -> dict[str, object]:
    """Measure, print a table, and return its figures."""
    field = CorrelatedField.drawn(np.random.default_rng(0))
    compile_s = first_call_s(field)
    threads = len(os.sched_getaffinity(0))
    print(f"radio epoch: 57 sectors, all users recomputed, {threads} processors; ns per user and sector")
    if compile_s is not None:
        print(f"numba compiles for {compile_s:.1f} s of CPU time, once per process")
    results = {}
    for users in counts:
        found = measure(users, rounds, field)
        results[users] = found
        copy_ns = found["copy of the bytes"]["ns"]
        bare_ns = found.get("bare numpy", {}).get("ns")
        print(f"\n{users:,} users")
        print(f"{'':28}{'wall':>9}{'cpu':>9}{'x copy':>9}{'x bare':>9}{'disturbed':>11}")
        for name, figures in found.items():
            bare = f"{figures['ns'] / bare_ns:9.2f}" if bare_ns else f"{'-':>9}"
            print(
                f"{name:28}{figures['ns']:9.2f}{figures['cpu_ns']:9.2f}{figures['ns'] / copy_ns:9.1f}{bare}"
                f"{figures['disturbance']:11.2f}"
            )
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory {peak_mb:.0f} MiB")
    return {"compile_s": compile_s, "processors": threads, "peak_mib": peak_mb, "users": results}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    results = report(options.users, options.rounds)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
