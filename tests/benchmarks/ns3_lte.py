"""Measures the LTE module of ns-3 on a hexagonal layout, as a peer for netgen's radio.

`why_not()` says why it cannot be measured here (no compiler, no ns-3), or nothing; `measure()` compiles
`ns3_lte.cc` once against the PyPI wheel `ns3` and runs it in a process of its own. ns-3 is GPL-2.0-only: it is
linked into a program in a temporary folder that is used here and thrown away, and netgen never imports it.

By hand: `python tests/benchmarks/ns3_lte.py [SITES USERS SIMULATED_S]`.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_suffix(".cc")
MODULES = (
    "lte", "internet", "applications", "point-to-point", "mobility", "propagation", "antenna", "spectrum",
    "network", "core",
)  # fmt: skip

ASSUMPTIONS = (
    "1 site, or 7 sites 500 m apart, each of 3 sectors at 25 m; users stand still at 1.5 m, outdoors, uniform over "
    "the hexagons of the sites and at least 35 m from each; no wrap-around",
    "band 1 (2,120 MHz down, 1,930 MHz up), 50 resource blocks (10 MHz) each way, one antenna at each end "
    "(transmission mode 1), reuse 1, nothing cut off as too weak",
    "path loss, line of sight and shadowing: ns-3's TR 38.901 urban macro; the two random ones are drawn once for "
    "each sector and user, independently even for sectors of one site, the shadowing also independently up and down; "
    "no fast fading, no entry loss; the path loss is computed anew for each signal, each ms, though nobody moves",
    "sector antenna: parabolic in azimuth only, 65 degrees, at most 30 dB down, peak gain 0 dBi, no tilt; users 0 dBi",
    "46 dBm from each sector, 23 dBm with power control from each user; noise figures 5 and 9 dB",
    "proportional fair scheduler (PfFfMacScheduler) each 1 ms, HARQ, ns-3's Vienna CQI and mutual-information "
    "error models for data and control, a channel quality report each ms, RLC unacknowledged mode with 10,240 bytes "
    "of queue for each user (what exceeds it is lost)",
    "each user is attached to its best sector before the start; ideal RRC messages; no handover, no X2",
    "core network of ns-3 (GTP tunnels); a server sends each user 100 UDP packets of 1,250 bytes a second; no "
    "traffic up, but ns-3's sounding and control signals",
    "measured after 0.3 s of simulated warm-up, building the scenario not counted",
    "the wheel is a release build that keeps logging and assertions compiled in; an optimised build of one's own "
    "took a fifth less time where both were measured (46 instead of 57 s with 21 sectors and 210 users)",
)  # fmt: skip
"""What the scenario of ns-3 assumes. netgen computes neither packets, control channels nor the uplink."""


@functools.cache
def _wheel() -> tuple[Path, Path, str] | None:
    """Folders of headers and libraries of the ns-3 installed, and how its libraries' names begin."""
    spec = importlib.util.find_spec("ns3")  # finds it, does not import it
    for place in (spec.submodule_search_locations or ()) if spec else ():
        root = Path(place)
        for library in sorted(root.glob("lib*/libns3*-lte.so")):
            if (root / "include" / "ns3" / "lte-module.h").is_file():
                return root / "include", library.parent, library.name.removesuffix("-lte.so")
    return None


def why_not() -> str | None:
    """Why ns-3 cannot be measured here, in one sentence; nothing when it can."""
    if not sys.platform.startswith("linux"):
        return "the ns3 wheel is for Linux only"
    if shutil.which("g++") is None:
        return "g++ is not installed; on Debian and Ubuntu: apt-get install g++"
    if _wheel() is None:
        return "ns-3 is not installed with its headers; install it with: pip install ns3==3.44.post0"
    return None


def build(folder: Path) -> Path:
    """Compile the program into `folder`, unless the one that is there is newer than its source."""
    wheel = _wheel()
    program = folder / "ns3_lte"
    if wheel is None:
        raise RuntimeError(why_not())
    if program.is_file() and program.stat().st_mtime > SOURCE.stat().st_mtime:
        return program
    include, libraries, prefix = wheel
    # The wheel's config-store needs GTK, which the wheel does not bring and this program never calls.
    command = [
        "g++", "-std=c++20", "-O2", "-isystem", str(include), str(SOURCE), "-o", str(program), f"-L{libraries}",
        f"-Wl,-rpath,{libraries}", f"-Wl,-rpath-link,{libraries}", "-Wl,--as-needed", "-Wl,-z,lazy",
        "-Wl,--allow-shlib-undefined", *(f"-l:{prefix}-{module}.so" for module in MODULES),
    ]  # fmt: skip
    compiled = subprocess.run(command, capture_output=True, text=True, check=False)
    if compiled.returncode != 0:
        raise RuntimeError(f"g++ cannot compile {SOURCE.name}: {compiled.stderr.strip()[-600:]}")
    return program


@functools.cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    """One folder for the life of this process; it is removed at the end."""
    return tempfile.TemporaryDirectory(prefix="netgen-bench-ns3-")


def measure(
    sites: int,
    users: int,
    simulated_s: float,
    *,
    seed: int = 1,
    loss: str = "uma",
    folder: Path | None = None,
) -> dict[str, Any]:
    """One run of ns-3: what it cost and what it delivered.

    `sites` is 1 or 7, `loss` is "uma" (TR 38.901) or "log-distance" (cheaper: neither line of sight nor
    shadowing). The program is compiled into `folder`, or once into a temporary one. The figures of the program
    come with `cpu_s_per_simulated_s`, `wall_s_per_simulated_s`, `events_per_cpu_s`, the minimum, median and mean
    of `delivered_bps`, and `ns3`, its version. `RuntimeError` says why when there is nothing to measure.
    """
    reason = why_not()
    if reason is not None:
        raise RuntimeError(reason)
    program = build(Path(_temporary().name) if folder is None else folder)
    with tempfile.TemporaryDirectory() as elsewhere:
        run = subprocess.run(
            [
                str(program.resolve()), f"--sites={sites}", f"--users={users}", f"--simulated={simulated_s!r}",
                f"--seed={seed}", f"--loss={loss}",
            ],
            capture_output=True, text=True, check=False, cwd=elsewhere,
        )  # fmt: skip
    if run.returncode != 0:
        raise RuntimeError(f"ns-3 failed with status {run.returncode}: {run.stderr.strip()[-600:]}")
    found: dict[str, Any] = json.loads(run.stdout)
    delivered_bps = found["delivered_bps"]
    return found | {
        "loss": loss,
        "ns3": metadata.version("ns3"),
        "cpu_s_per_simulated_s": found["cpu_s"] / simulated_s,
        "wall_s_per_simulated_s": found["wall_s"] / simulated_s,
        "events_per_cpu_s": found["events"] / found["cpu_s"],
        "delivered_minimum_bps": min(delivered_bps),
        "delivered_median_bps": statistics.median(delivered_bps),
        "delivered_mean_bps": statistics.fmean(delivered_bps),
    }


def main() -> int:
    """Print one measurement as JSON."""
    reason = why_not()
    if reason is not None:
        print(f"ns3_lte: not measured: {reason}", file=sys.stderr)
        return 1
    sites, users, simulated_s = (*sys.argv[1:4], *("7", "30", "1.0")[len(sys.argv) - 1 :])
    print(json.dumps(measure(int(sites), int(users), float(simulated_s)), indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
