"""Tables and the progress bar on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from netgen.report.coverage_table import coverage_table
from netgen.report.crossover_table import (
    crossover_sentence,
    crossover_table,
    others_sentence,
    progress_line,
    run_name,
)
from netgen.report.explanation_table import explanation_tables
from netgen.report.fitting import fitted
from netgen.report.modes_table import modes_table
from netgen.report.radio_table import radio_table, sector_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from netgen.coverage.made_map import MadeMap
    from netgen.crossover import Crossover, Tried, Way
    from netgen.doctor import Finding
    from netgen.generative.profile import Profile
    from netgen.verify import Check


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Callable[[float, float], None] | None]:
    """A bar of simulated time on stderr; yields what is to be called with the simulated time and its end [s]."""
    if not shown:
        yield None
        return
    with Progress(*_bar_columns(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("simulated", total=None)
        yield lambda time_s, end_s: bar.update(task, completed=time_s, total=end_s)


class _Output(Console):
    """A console that leaves a reader who has gone to the command line, as plain printing does."""

    def on_broken_pipe(self) -> None:
        """Raise instead of ending the process."""
        raise BrokenPipeError


def _console() -> Console:
    """Standard output; wide enough for every table where it is not a terminal."""
    console = _Output(highlight=False)
    return console if console.is_terminal else _Output(width=140, highlight=False)


def run_tables(summary: Mapping[str, Any], folder: Path) -> None:
    """The summary of a run."""
    console = _console()
    console.print(_headline(summary), crop=False)
    console.print(_receivers(summary), crop=False)
    if any(node.get("gpu_offered_load") for node in summary["nodes"].values()):
        console.print(_gpus(summary), crop=False)
    console.print(_links(summary), crop=False)
    if summary["radio"]:
        console.print(radio_table(summary["radio"]), crop=False)
    modes = modes_table(summary["service_modes"], summary.get("baseline"))
    if modes is not None:
        console.print(modes, crop=False)
    if summary["evaluations"]:
        console.print(_evaluations(summary), crop=False)
    _notes(console, summary)
    console.print(Text(f"run directory: {folder}", style="bold"))


def coverage_tables(maps: Sequence[MadeMap], title: str, files: Mapping[str, tuple[Path, Path]]) -> None:
    """Coverage maps, and where their files are."""
    console = _console()
    console.print(coverage_table(maps, title), crop=False)
    for picture, geotiff in files.values():
        console.print(Text(f"{picture}, {geotiff}"))


def explanation(explained: Mapping[str, Any]) -> None:
    """Why a user was served as it was."""
    console = _console()
    for table in explanation_tables(explained):
        console.print(table)


def crossover(found: Crossover) -> None:
    """The sizes that were tried, and the answer."""
    console = _console()
    console.print(crossover_table(found))
    console.print(Text(others_sentence(found)))
    if found.users is not None:
        console.print(Text(crossover_sentence(found), style="bold"))


@contextmanager
def search_progress(
    *, shown: bool
) -> Iterator[
    tuple[Callable[[Tried], None] | None, Callable[[int, Way], Callable[[float, float], None]] | None]
]:
    """On stderr a line for every size of an audience that was tried, and a bar for the run that goes on.

    Yields what is to be called with every size, and before every run with its size and way; what the latter returns is
    to be called with the simulated time and its end [s].
    """
    if not shown:
        yield None, None
        return
    with Progress(*_bar_columns(), console=Console(stderr=True, highlight=False), transient=True) as bar:
        task = bar.add_task("", total=None)

        def begin(users: int, way: Way) -> Callable[[float, float], None]:
            bar.reset(task, description=run_name(users, way), total=None)
            return lambda time_s, end_s: bar.update(task, completed=time_s, total=end_s)

        yield lambda tried: bar.console.print(progress_line(tried)), begin


def _bar_columns() -> tuple[TextColumn, BarColumn, TimeElapsedColumn]:
    """What a bar of simulated time shows."""
    return (
        TextColumn("{task.description} {task.completed:.0f} s"),
        BarColumn(pulse_style="cyan"),
        TimeElapsedColumn(),
    )


def _compact(title: str) -> Table:
    """A table that fits on a terminal of 80 columns: no padding, headers on two lines."""
    return Table(title=title, box=box.SIMPLE_HEAD, padding=0, pad_edge=False)


def _headline(summary: Mapping[str, Any]) -> Table:
    """Headline figures, two columns."""
    table = Table(title=f"{summary['scenario']} (seed {summary['seed']})", show_header=False, box=box.SIMPLE)
    table.add_column("figure")
    table.add_column("value", justify="right")
    mark = summary["semantic_fidelity_provenance"] or "nothing delivered"
    rows = [
        ("simulated / wall time", f"{summary['simulated_s']:g} s / {summary['wall_s']:.2f} s"),
        ("segments offered", f"{summary['segments_offered']:,}"),
        ("delivered in time", _share(summary, "segments_delivered")),
        ("late", _share(summary, "segments_late")),
        ("lost", _share(summary, "segments_lost")),
        ("in flight at the end", _share(summary, "segments_in_flight")),
        (
            "semantic fidelity",
            f"{_number(summary['semantic_fidelity_mean'])} ({mark})",
        ),
        ("delay mean / p95", f"{_number(summary['delay_mean_s'])} s / {_number(summary['delay_p95_s'])} s"),
        ("stall ratio", _number(summary["stall_ratio_mean"])),
        ("utility (1 to 5)", _number(summary["utility_mean"])),
        ("quality of experience (1 to 5)", _number(summary["qoe_mean"])),
        (
            "bits sent / delivered",
            f"{summary['bits_sent'] / 1e6:,.1f} / {summary['bits_delivered'] / 1e6:,.1f} Mbit",
        ),
        ("GPU time / energy", f"{summary['gpu_seconds']:,.1f} s / {_number(summary['energy_joule'], 0)} J"),
        ("deadline misses of actions", f"{summary['deadline_misses']:,}"),
    ]
    for name, value in rows:
        table.add_row(name, value)
    return table


def _receivers(summary: Mapping[str, Any], most: int = 15) -> Table:
    """The services with most segments at each receiver, beside the baseline when there is one."""
    beside = summary.get("baseline", {}).get("receivers", {})
    pairs = [(service, receiver) for service, found in summary["receivers"].items() for receiver in found]
    ranked = sorted(pairs, key=lambda pair: -summary["receivers"][pair[0]][pair[1]]["segments_offered"])
    shown = set(ranked[:most])
    table = _compact(f"the {most} largest of {len(pairs)} receivers" if len(pairs) > most else "receivers")
    if len(pairs) > most:
        table.caption = f"the other {len(pairs) - most} are in summary.json, under receivers"
    table.add_column("service")
    table.add_column("receiver")
    for name in (
        "users",
        "offer-\ned",
        "in\ntime",
        "late",
        "lost",
        "fide-\nlity",
        "delay\n[s]",
        "uti-\nlity",
        "QoE",
    ):
        table.add_column(Text(name), justify="right")
    if beside:
        table.add_column(Text("fidelity\n- base-\nline"), justify="right")
    for service, found in summary["receivers"].items():
        for receiver, figures in found.items():
            if (service, receiver) not in shown:
                continue
            row = [
                service, receiver, str(figures["users"]), str(figures["segments_offered"]),
                str(figures["segments_delivered"]), str(figures["segments_late"]), str(figures["segments_lost"]),
                _number(figures["semantic_fidelity"]), _number(figures["delay_mean_s"]),
                _number(figures["utility"], 2), _number(figures["qoe"], 2),
            ]  # fmt: skip
            if beside:
                difference = beside[service][receiver]["difference"]
                row.append("-" if difference is None else f"{difference:+.3f}")
            table.add_row(*row)
    return fitted(table)


def _gpus(summary: Mapping[str, Any]) -> Table:
    """Nodes with a GPU."""
    table = _compact("GPUs")
    table.add_column("node")
    for name in (
        "jobs", "con-\ntracted", "for-\nwarded", "ex-\npanded", "busy\n[s]", "offered\nload", "longest\nqueue",
        "deadline\nmisses",
    ):  # fmt: skip
        table.add_column(Text(name), justify="right")
    for name, node in summary["nodes"].items():
        if "gpu_offered_load" in node:
            table.add_row(
                name, str(node["gpu_jobs"]), str(node["contracted"]), str(node["forwarded"]), str(node["expanded"]),
                f"{node['gpu_busy_s']:.1f}", f"{node['gpu_offered_load']:.2f}", str(node["gpu_queue_max"]),
                str(node["deadline_misses"]),
            )  # fmt: skip
    return fitted(table)


def _links(summary: Mapping[str, Any], most: int = 12) -> Table:
    """The busiest links."""
    ranked = sorted(summary["links"].items(), key=lambda item: (-(item[1]["utilisation"] or 0.0), item[0]))
    shown = f"the {most} busiest of {len(ranked)} links" if len(ranked) > most else "links"
    table = _compact(shown)
    if len(ranked) > most:
        table.caption = f"the other {len(ranked) - most} are in summary.json, under links"
    table.add_column("link")
    for name in ("carried\n[Mbit]", "used", "lost\n[Mbit]", "semantic\n[bit]", "semantic\nuse"):
        table.add_column(Text(name), justify="right")
    for name, link in ranked[:most]:
        table.add_row(
            name, f"{link['carried_bits'] / 1e6:,.2f}", _number(link["utilisation"]), f"{link['lost_bits'] / 1e6:,.2f}",
            f"{link['semantic_bits']:,.0f}", _number(link["semantic_utilisation"]),
        )  # fmt: skip
    return fitted(table)


def _evaluations(summary: Mapping[str, Any]) -> Table:
    """What ratings found, and what they cost."""
    table = _compact("evaluations")
    table.add_column("evaluation")
    for name in (
        "seg-\nments", "rated", "bad", "found", "false\nalarms", "with-\nheld", "fetched\nagain", "bad\nshown",
        "GPU\n[s]", "sent\n[Mbit]", "delay\n[ms]",
    ):  # fmt: skip
        table.add_column(Text(name), justify="right")
    for name, found in summary["evaluations"].items():
        delay_s = found["delay_mean_s"]
        table.add_row(
            name, str(found["segments"]), str(found["rated"]), str(found["bad"]), str(found["detected"]["count"]),
            str(found["false_alarms"]["count"]), str(found["withheld"]), str(found["refetched"]),
            str(found["shown_bad"]["count"]), f"{found['gpu_seconds']:.2f}", f"{found['sent_bits'] / 1e6:,.2f}",
            "-" if delay_s is None else f"{1e3 * delay_s:.1f}",
        )  # fmt: skip
    return fitted(table)


def _notes(console: Console, summary: Mapping[str, Any]) -> None:
    """What a reader must not overlook."""
    for name, node in summary["nodes"].items():
        if node.get("overloaded"):
            load = node["gpu_offered_load"]
            console.print(
                Text(f"{name}: its GPU was offered {load:.2f} times what it can do", style="yellow")
            )
    for line in sector_lines(summary["radio"]):
        console.print(line)
    worst = max(law["residual"] for law in summary["laws"].values())
    console.print(f"{len(summary['laws'])} conservation laws hold (largest residual {worst:g})")


def name_table(title: str, entries: Mapping[str, str]) -> None:
    """Names with one line each."""
    table = Table(title=title, show_header=False)
    table.add_column("name", no_wrap=True)
    table.add_column("what it is")
    for name, text in entries.items():
        table.add_row(Text(name), Text(text))
    _console().print(table)


def profile_table(profiles: Mapping[str, Profile]) -> None:
    """Profiles of generative actions."""
    table = Table(title="profiles")
    for name in ("profile", "mode", "provenance", "bits per pixel", "source"):
        table.add_column(name, no_wrap=name == "profile")
    for name, profile in sorted(profiles.items()):
        found = profile.rate_range
        rates = "-" if found is None else f"{found[0]:.4g} to {found[1]:.4g}"
        table.add_row(name, profile.mode.value, profile.provenance.value, rates, Text(profile.source))
    _console().print(table)


def doctor_table(findings: Sequence[Finding]) -> None:
    """What is there, what is missing, and how to mend it."""
    table = Table(title="netgen doctor")
    for name in ("what", "state", "found", "how to mend"):
        table.add_column(name)
    styles = {"ok": "green", "missing": "red", "optional": "yellow"}
    for finding in findings:
        state = Text(finding.state, style=styles.get(finding.state, ""))
        table.add_row(Text(finding.name), state, Text(finding.found), Text(finding.mend))
    _console().print(table)


def check_table(checks: Sequence[Check]) -> None:
    """Checks with value, reference, tolerance and source."""
    table = Table(title="netgen verify")
    for name in ("check", "value", "reference", "tolerance", "ok", "source"):
        table.add_column(name, justify="right" if name in {"value", "reference", "tolerance"} else "left")
    for check in checks:
        verdict = Text("yes", style="green") if check.ok else Text("NO", style="bold red")
        table.add_row(
            Text(check.name), f"{check.value:.9g}", f"{check.reference:.9g}", f"{check.tolerance:.3g}", verdict,
            Text(check.source),
        )  # fmt: skip
    _console().print(table)
    held = sum(check.ok for check in checks)
    _console().print(f"{held} passed, {len(checks) - held} failed")


def _number(value: float | None, digits: int = 3) -> str:
    """So many digits behind the point; a dash for what is not known."""
    return "-" if value is None else f"{value:,.{digits}f}"


def _share(summary: Mapping[str, Any], key: str) -> str:
    """A count and its share of what was offered."""
    offered = summary["segments_offered"]
    return f"{summary[key]:,} ({summary[key] / offered:.1%})" if offered else "0"
