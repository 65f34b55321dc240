"""Measures what each mode of collaboration brings: its scenario with and without it, over several seeds.

Usage: mode_table.py [--seeds N] [--workers N] [--json FILE]

Each seed is run both ways, on the same world (common random numbers), so the differences are paired; the table gives
their mean with a 95 % interval by Student's t. Then the policies of each mode are compared with each other and with
the bound, where there is one. `docs/build.py --modes` puts both into docs/collaboration.md.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy import stats

from netgen.metrics.loads import is_air
from netgen.run import run

ROOT = Path(__file__).resolve().parents[1]
CONFIDENCE = 0.95
SAME = 1e-9
"""Share of a figure by which two runs may differ and count as equal: rounding."""

Summary = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a run.

    Parameters
    ----------
    title : str                     What it is, with its unit.
    value : callable                The figure, from the summary of a run.
    better : int                    -1 when the mode is to lower it, 1 to raise it, 2 to leave it as it is, 0 when
                                    nothing is claimed.
    digits : int                    Digits after the point.
    """

    title: str
    value: Callable[[Summary], float | None]
    better: int = 0
    digits: int = 1


@dataclass(frozen=True, slots=True)
class Case:
    """A mode, its scenario, and what is changed in it for the two ways.

    Parameters
    ----------
    name : str                      The mode, and what is compared with what.
    scenario : str                  Name of the scenario file, without its ending.
    given, instead : tuple of str   Overrides with the mode, and without it.
    measures : tuple of Measure     What is compared, the headline first.
    """

    name: str
    scenario: str
    given: tuple[str, ...]
    instead: tuple[str, ...]
    measures: tuple[Measure, ...]


def _mode(mode: str, key: str, scale: float = 1.0) -> Callable[[Summary], float | None]:
    """A figure of a mode."""

    def value(summary: Summary) -> float | None:
        figure = summary["service_modes"][mode][key]
        return None if figure is None else figure / scale

    return value


def _air_bits(summary: Summary) -> float:
    """Bits that towers and cells put on the air, Gbit; a broadcast counts once."""
    names = (name for name in summary["links"] if is_air(name) or name.endswith(":downlink"))
    return math.fsum(summary["links"][name]["carried_bits"] for name in names) / 1e9


def _late_beside(summary: Summary) -> float:
    """Segments late or lost of all services but the repaired one."""
    repaired = summary["service_modes"]["continuation"]["services"]
    found = [
        figures["segments_late"] + figures["segments_lost"]
        for service, receivers in summary["receivers"].items()
        if service not in repaired
        for figures in receivers.values()
    ]
    return float(sum(found))


def _not_repaired(summary: Summary) -> float:
    """Segments of the repaired services that came late or not at all."""
    repaired = summary["service_modes"]["continuation"]["services"]
    found = [
        figures["segments_late"] + figures["segments_lost"]
        for service in repaired
        for figures in summary["receivers"][service].values()
    ]
    return float(sum(found))


def _through_cells(summary: Summary) -> float:
    """Segments that cells delivered, repairs included."""
    found = summary["service_modes"].get("cellular")
    return 0.0 if found is None else float(found["segments_delivered"] + found["segments_late"])


def _enhancements_missed(summary: Summary) -> float:
    """Enhancements that came late or not at all."""
    found = summary["service_modes"]["addition"]
    return float(found["enhancements_late"] + found["enhancements_lost"])


OFFLOADING = (
    Measure("users late or blocked", _mode("offloading", "late_or_blocked_users"), -1),
    Measure("mean load of the cells", _mode("offloading", "cell_load_mean"), -1, 3),
    Measure("bits through cells [Gbit]", _mode("offloading", "cellular_bits", 1e9), -1),
)
LOST = Measure("segments lost", _mode("continuation", "segments_lost"), -1)
THROUGH_CELLS = Measure("segments through cells", _through_cells)
CONTINUATION = (
    Measure("interruption per user [s]", _mode("continuation", "interruption_mean_s"), -1, 3),
    LOST,
    Measure("bits through cells [Gbit]", _mode("continuation", "cellular_bits", 1e9)),
    Measure("needless hand-overs", _mode("continuation", "needless")),
)
REPAIR = (
    Measure("segments of unicast viewers late or lost", _late_beside, -1),
    Measure("segments of the show not repaired in time", _not_repaired),
)
FEW = tuple(f"audiences.{name}.count={count}" for name, count in
            (("new-phones", 20), ("low-phones", 10), ("old-phones", 20), ("fan-zone", 20)))  # fmt: skip
AT_CELLS = ("policies.cheapest=policies/addition.py:AtCell",)
SENT = ("collaboration.addition.policy=send-always",)
UNICAST = ("services.feed.to=[ran, square]",)
NONE = tuple(
    f"collaboration.{mode}.policy=never-collaborate" for mode in ("continuation", "offloading", "addition")
)
BLOCKED_SHARE = Measure(
    "segments of titles late or lost [%]", _mode("offloading", "late_or_blocked_segments_share", 0.01), -1
)
ENHANCED = Measure("segments shown enhanced", _mode("addition", "segments_enhanced"), 1)
BITS = Measure("bits on the air [Gbit]", _air_bits, 0, 2)
BOUND = Measure("cells freed, of the bound [%]", _mode("offloading", "freed_of_bound", 0.01))


@dataclass(frozen=True, slots=True)
class Field:
    """Policies of a mode that are compared with its bound.

    Parameters
    ----------
    name : str                      The mode.
    scenario : str                  Name of the scenario file, without its ending.
    override : str                  What is set, with `{}` for the policy's class.
    policies : tuple of str         Their classes.
    measures : tuple of Measure     What is compared.
    needed : bool                   Whether to compare what went through cells with what the tower alone loses, by the
                                    measures `LOST` and `THROUGH_CELLS`; the first policy is the tower alone.
    """

    name: str
    scenario: str
    override: str
    policies: tuple[str, ...]
    measures: tuple[Measure, ...]
    needed: bool = False


FIELDS = (
    Field(
        "offloading", "offload_final", "policies.frees-most=policies/offloading.py:{}",
        ("CellularOnly", "Threshold", "Predictive", "BroadcastAll", "FreesMost", "Optimal"), (BOUND, *OFFLOADING),
    ),
    Field(
        "continuation", "continuation_train", "policies.predictive=policies/continuation.py:{}",
        ("BroadcastOnly", "CellularOnly", "RepairOnly", "Threshold", "Predictive", "Cheapest", "JustInTime"),
        (*CONTINUATION, THROUGH_CELLS), needed=True,
    ),
    Field(
        "addition", "addition_stadium", "policies.cheapest=policies/addition.py:{}",
        ("CommonAlone", "SendAlways", "AtCell", "AtTerminal", "Threshold", "Predictive", "Cheapest"),
        (
            ENHANCED, Measure("enhancements late or lost", _enhancements_missed),
            Measure("bits per enhanced segment [Mbit]", _mode("addition", "bits_per_enhanced_segment", 1e6), 0, 3),
            Measure("energy of terminals [kJ]", _mode("addition", "terminal_energy_joule", 1e3), 0, 2),
        ),
    ),
)  # fmt: skip
CASES = (
    Case(
        "offloading (`FreesMost`) against never",
        "offload_final", (), ("collaboration.offloading.policy=never-collaborate",), OFFLOADING,
    ),
    Case(
        "continuation: predictive against reactive",
        "continuation_train", (), ("collaboration.continuation.policy=reactive",), CONTINUATION,
    ),
    Case(
        "the same, by a radio map learned from reports",
        "continuation_train", ("collaboration.continuation.predictor=learned",),
        ("collaboration.continuation.policy=reactive",), CONTINUATION,
    ),
    Case(
        "continuation: reactive against never",
        "continuation_train", ("collaboration.continuation.policy=reactive",),
        ("collaboration.continuation.policy=never-collaborate",), CONTINUATION[:3],
    ),
    Case(
        "addition against unicast alone, at equal utility (70 users, enhancements sent to all)",
        "addition_stadium", (*FEW, *SENT), (*FEW, *SENT, *UNICAST),
        (
            Measure("bits on the air [Gbit]", _air_bits, -1, 2),
            Measure("utility (1 to 5)", lambda summary: summary["utility_mean"], 2, 4),
        ),
    ),
    Case(
        "the same with enhancements generated at cells that have a GPU",
        "addition_stadium", (*FEW, *AT_CELLS), (*FEW, *AT_CELLS, *UNICAST),
        (
            Measure("bits on the air [Gbit]", _air_bits, -1, 2),
            Measure("utility (1 to 5)", lambda summary: summary["utility_mean"], 2, 4),
        ),
    ),
    Case(
        "addition: cheapest way against sending always",
        "addition_stadium", (), SENT,
        (
            ENHANCED,
            Measure("bits per enhanced segment [Mbit]", _mode("addition", "bits_per_enhanced_segment", 1e6), -1, 3),
            Measure("energy of terminals [kJ]", _mode("addition", "terminal_energy_joule", 1e3), 0, 2),
        ),
    ),
    Case(
        "repair: back-off of 10 s against none",
        "repair_storm", (), ("collaboration.continuation.repair.backoff=0 s",), REPAIR,
    ),
    Case(
        "all modes against none, with four faults",
        "regional", (), NONE, (BLOCKED_SHARE, OFFLOADING[0], CONTINUATION[0], ENHANCED, BITS),
    ),
    Case(
        "the same without faults",
        "regional", ("faults=[]",), ("faults=[]", *NONE), (BLOCKED_SHARE, OFFLOADING[0], CONTINUATION[0]),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """One run: its scenario, what is changed in it, what is measured of it, and its seed."""

    scenario: str
    overrides: tuple[str, ...]
    seed: int


def measured(job: Job) -> Summary:
    """The summary of one run."""
    with tempfile.TemporaryDirectory() as folder:
        path = ROOT / "scenarios" / f"{job.scenario}.yaml"
        overrides = ("baseline=null", *job.overrides)
        return run(path, overrides=overrides, seed=job.seed, out=Path(folder) / "run").summary


def _ways(case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Overrides with the mode and without it."""
    return case.given, case.instead


def measure_all(seeds: Sequence[int], workers: int) -> dict[str, Any]:
    """Run everything; for each case and each field of policies the figures of every seed, by measure."""
    jobs = [Job(case.scenario, way, seed) for case in CASES for way in _ways(case) for seed in seeds]
    jobs += [
        Job(field.scenario, (field.override.format(policy),), seed)
        for field in FIELDS
        for policy in field.policies
        for seed in seeds
    ]
    jobs = list(dict.fromkeys(jobs))
    with ProcessPoolExecutor(workers) as pool:
        found = dict(zip(jobs, pool.map(measured, jobs), strict=True))

    def values(measure: Measure, scenario: str, overrides: tuple[str, ...]) -> list[float | None]:
        """A measure of a run with every seed; None where there was nothing to measure."""
        return [_number(measure, found[Job(scenario, overrides, seed)]) for seed in seeds]

    return {
        "seeds": list(seeds),
        "cases": [
            [[values(measure, case.scenario, way) for way in _ways(case)] for measure in case.measures]
            for case in CASES
        ],
        "fields": [
            [
                [
                    values(measure, field.scenario, (field.override.format(policy),))
                    for measure in field.measures
                ]
                for policy in field.policies
            ]
            for field in FIELDS
        ],
    }


def _number(measure: Measure, summary: Summary) -> float | None:
    """A measure of a run; None where there was nothing to measure."""
    value = measure.value(summary)
    return None if value is None else float(value)


def interval(differences: Sequence[float]) -> tuple[float, float]:
    """Mean of paired differences, and half the width of its 95 % interval by Student's t."""
    count = len(differences)
    mean = math.fsum(differences) / count
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in differences) / (count - 1))
    return mean, float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)) * deviation / math.sqrt(count)


def table(found: Mapping[str, Any]) -> str:
    """The table of the cases."""
    seeds = found["seeds"]
    rows = [
        "| mode | scenario | measure | with | without | difference | claim |",
        "| --- | --- | --- | --: | --: | --: | --- |",
    ]
    for case, figures in zip(CASES, found["cases"], strict=True):
        for place, (measure, (given, instead)) in enumerate(zip(case.measures, figures, strict=True)):
            mean, half = interval([one - other for one, other in zip(given, instead, strict=True)])
            means = [math.fsum(values) / len(values) for values in (given, instead)]
            cells = (
                case.name if place == 0 else "",
                f"`{case.scenario}`" if place == 0 else "",
                measure.title,
                *(f"{value:,.{measure.digits}f}" for value in means),
                f"{mean:+,.{measure.digits}f} ± {half:,.{measure.digits}f}",
                _verdict(measure.better, mean, half, scale=max(map(abs, means))),
            )
            rows.append("| " + " | ".join(cells) + " |")
    note = (
        f"Means over seeds {seeds[0]} to {seeds[-1]}, scenarios at full length; differences are paired by seed, with "
        f"a {CONFIDENCE:.0%} interval by Student's t. A claim holds when the whole interval is on its side of zero.\n"
    )
    return "\n".join(rows) + "\n\n" + note.replace("%", " %")


def policy_tables(found: Mapping[str, Any]) -> str:
    """One table of policies for each mode: means over all seeds."""
    texts = []
    for field, figures in zip(FIELDS, found["fields"], strict=True):
        rows = [
            f"Policies of {field.name} in `{field.scenario}`:\n",
            "| policy | " + " | ".join(measure.title for measure in field.measures) + " |",
            "| --- |" + " --: |" * len(field.measures),
        ]
        if field.needed:
            rows[-2] += " of these the tower loses [%] |"
            rows[-1] += " --: |"
        for policy, values in zip(field.policies, figures, strict=True):
            means = [
                "-" if None in each else f"{math.fsum(each) / len(each):,.{measure.digits}f}"
                for measure, each in zip(field.measures, values, strict=True)
            ]
            if field.needed:
                means.append(_needed(field, figures[0], values))
            rows.append(f"| `{policy}` | " + " | ".join(means) + " |")
        texts.append("\n".join(rows) + "\n")
    return "\n".join(texts)


def _needed(field: Field, alone: list[list[float]], values: list[list[float]]) -> str:
    """Of what went through cells, the share that the tower alone loses and the policy did not; a mean over seeds.

    No policy that loses as few can have cells send fewer segments than that, so 100 % is the bound.
    """
    lost, sent = field.measures.index(LOST), field.measures.index(THROUGH_CELLS)
    shares = [
        (before - left) / through
        for before, left, through in zip(alone[lost], values[lost], values[sent], strict=True)
        if through
    ]
    return f"{100 * math.fsum(shares) / len(shares):,.1f}" if shares else "-"


def _verdict(better: int, mean: float, half: float, *, scale: float) -> str:
    """Whether what is claimed of a measure holds."""
    if better == 0:
        return "-"
    if better == 2:
        return "equal" if abs(mean) + half <= SAME * scale else "not equal"
    if better * mean - half > 0:
        return "holds"
    return "opposite" if -better * mean - half > 0 else "not shown"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table or write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, help="number of seeds, from 1 on")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--json", metavar="FILE", help="write the figures of every seed to a file")
    options = parser.parse_args(arguments)
    if options.seeds < 2:
        parser.error("--seeds must be at least 2, for an interval")
    seeds = list(range(1, options.seeds + 1))
    found = measure_all(seeds, options.workers)
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(found) + "\n" + policy_tables(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
