"""Writes the generated pages and pictures of the documentation again: `make docs`.

Usage: build.py [--check] [--bench [FILE]] [--bench-radio [FILE]] [--bench-actions [FILE]] [--modes [FILE]]
                [--live [FILE]] [--rating [FILE]] [--verify]

Whole pages under `docs/reference/` come from the code, blocks between `<!-- begin NAME -->` and
`<!-- end NAME -->` in other pages from real runs, and so do the pictures. `--check` writes nothing and exits with 3
if a page is out of date; pictures and what only the other options measure are left out of that.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from netgen.appraisal import measuring, trade
from netgen.cli import parser as command_parser
from netgen.fidelity.curve_file import shipped_curves
from netgen.generative.device import Device, load_devices
from netgen.generative.profile import Profile, load_profiles
from netgen.ledger import RECORD_TYPES, STATEMENTS, LossReason, OptionSeen, Outcome, Stage
from netgen.rating.measured import shipped_file
from netgen.report.drawing import draw_scenario
from netgen.report.figures import draw_chain, draw_elastic
from netgen.report.meaning_curves import (
    calibration_table,
    draw_link_meaning,
    draw_meaning,
    draw_robustness,
    meaning_table,
    robustness_table,
    shipped_meaning,
    snr_table,
)
from netgen.report.rate_quality import (
    MEASURES,
    draw_rate_quality,
    same_bitstream_table,
    shipped_records,
    strongest_control_table,
)
from netgen.robustness.records import shipped_robustness
from netgen.run import run
from netgen.scenario import field_table, load_scenario
from netgen.schema.loss import CodedLoss, SteppedSnr

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = "docs/reference"
HEADER = "<!-- Written by docs/build.py (make docs); do not edit. -->\n\n"
RUNS = (
    "elastic_small",
    "fig8_scenario1",
    "fig8_scenario2",
    "measured_coding",
    "semantic_ledger",
    "slower_than_real_time",
)
PICTURED_NETWORKS = ("elastic_small", "ring_of_relays")
MEASURING = {
    "bench": ("tests/benchmarks/bench.py", "speed of the engine (minutes)"),
    "bench-radio": ("tests/benchmarks/bench_radio.py", "speed of the radio (many minutes)"),
    "bench-actions": ("tests/benchmarks/bench_actions.py", "speed of the actions (minutes)"),
    "modes": ("docs/mode_table.py", "what the modes of collaboration bring (minutes)"),
    "live": ("docs/live_table.py", "live runs against profiles (many minutes)"),
    "rating": ("netgen/appraisal/held_out.py", "how well the rater rates (minutes)"),
}
"""Options, the program behind each, and what it measures."""


def scenario_page() -> str:
    """Reference of all keys of a scenario file."""
    text = (
        "# Keys of a scenario file\n\n"
        "Every mapping of a scenario with its keys. [How to write one](../scenario.md) comes first. Quantities carry a "
        "unit; the range is in the unit of the default.\n\n"
    )
    return HEADER + text + field_table().rstrip() + "\n"


def records_page() -> str:
    """Tables of a run directory and the laws."""
    lines = ["# Tables of a run directory", ""]
    lines += [
        "[What a run directory holds](../run-directory.md) comes first. A field marked with `null` may be absent.",
        "",
    ]
    for name, record_type in RECORD_TYPES.items():
        lines += [f"## `{name}.parquet`", "", f"{_first_line(record_type)}", "", *_fields(record_type), ""]
    for title, record_type in (("stages", Stage), ("options", OptionSeen)):
        lines += [f"### One of `{title}`", "", f"{_first_line(record_type)}", "", *_fields(record_type), ""]
    lines += ["## Outcomes and reasons", ""]
    lines += [f"`outcome`: {', '.join(f'`{value}`' for value in Outcome)}.", ""]
    lines += [f"`reason`: empty, {', '.join(f'`{value}`' for value in LossReason if value)}.", ""]
    lines += ["## Laws", "", "Checked at the end of every run; one that does not hold fails the run.", ""]
    lines += ["| law | statement |", "| --- | --- |"]
    lines += [f"| `{name}` | {_cell(statement)} |" for name, statement in STATEMENTS.items()]
    return HEADER + "\n".join(lines) + "\n"


def _fields(record_type: type) -> list[str]:
    """Table of the fields of a record."""
    hints = typing.get_type_hints(record_type)
    rows = ["| field | type | unit | meaning |", "| --- | --- | --- | --- |"]
    for spec in dataclasses.fields(record_type):
        unit, meaning = spec.metadata["unit"], spec.metadata["meaning"]
        rows.append(f"| `{spec.name}` | {_type(hints[spec.name])} | {_cell(unit)} | {_cell(meaning)} |")
    return rows


def _type(hint: object) -> str:
    """A type in words."""
    names = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "`null`"}
    if hint in names:
        return names[hint]
    if typing.get_origin(hint) is tuple:
        return f"list of {_type(typing.get_args(hint)[0])}"
    if dataclasses.is_dataclass(hint):
        return "mapping, see below"
    return " or ".join(_type(part) for part in typing.get_args(hint))


def profiles_page() -> str:
    """Profiles and devices with provenance."""
    lines = ["# Profiles and devices", ""]
    lines += [
        "What the marks mean: [models](../models.md#provenance). A dash is a figure that the source does not give.",
        "",
    ]
    lines += ["## Profiles of actions", ""]
    lines += [
        "| profile | mode | mark | bits per pixel | PSNR [dB] | MS-SSIM | contract | expand | source |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_profile_row(profile) for _, profile in sorted(load_profiles().items())),
    ]
    silent = [
        name
        for name, profile in load_profiles().items()
        if not any(p.semantic_fidelity for p in profile.points)
    ]
    who = (
        "No profile gives"
        if len(silent) == len(load_profiles())
        else f"{', '.join(silent)}: the source gives no"
    )
    lines += ["", f"{who} a semantic fidelity; a scenario that uses one declares it.", ""]
    lines += ["## Devices", ""]
    lines += [
        "| device | kind | peak [TFLOP/s] | memory [GB] | bandwidth [GB/s] | peak power [W] | mark | source |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_device_row(device) for device in load_devices().values()),
    ]
    lines += [
        "",
        "Idle power and the rate at which models are loaded are [assumed](../assumptions.md) for all of them.",
    ]
    return HEADER + "\n".join(lines) + "\n"


def _profile_row(profile: Profile) -> str:
    """One profile; a range over its points where it has several."""
    points = profile.points
    cells = (
        f"`{profile.name}`",
        profile.mode.value,
        profile.provenance.value,
        _span(point.bits_per_pixel for point in points),
        _span(point.psnr_db for point in points),
        _span(point.ms_ssim for point in points),
        _work(points, "encode"),
        _work(points, "decode"),
        profile.source,
    )
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _work(points: Iterable[Any], side: str) -> str:
    """Time of one direction, as the source gives it."""
    works = [work for point in points if (work := getattr(point, side)) is not None]
    if not works:
        return "-"
    devices = sorted({work.device for work in works})
    frames = sorted({work.frames for work in works if work.frames})
    length = (
        "a frame" if frames == [1] else f"{' or '.join(map(str, frames))} frames" if frames else "one video"
    )
    return f"{_span(work.seconds for work in works)} s for {length} on {' or '.join(devices)}"


def _device_row(device: Device) -> str:
    """One device."""
    cells = (
        device.name,
        device.kind,
        _number(device.peak_flops, 1e12),
        _number(device.memory_bytes, 1e9),
        _number(device.memory_bandwidth_byte_per_s, 1e9),
        _number(device.peak_power_w, 1.0),
        device.provenance.value,
        device.source,
    )
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def commands_page() -> str:
    """Commands and their arguments."""
    lines = ["# Commands", ""]
    lines += [
        "Exit codes: 0 done, 1 failed, 2 wrong input, 3 a check failed. `--debug` shows where an error came from.",
        "",
    ]
    (commands,) = (
        action for action in command_parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    for name, parser in commands.choices.items():
        arguments = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
        words = [action.metavar or action.dest.upper() for action in arguments if not action.option_strings]
        lines += [
            f"## `netgen {' '.join([name, *words])}`",
            "",
            f"{_sentence(parser.description or '')}.",
            "",
        ]
        if arguments:
            lines += ["| argument | meaning |", "| --- | --- |"]
            lines += [f"| `{_argument(action)}` | {_cell(action.help or '')} |" for action in arguments] + [
                ""
            ]
    return HEADER + "\n".join(lines).rstrip() + "\n"


def _argument(action: argparse.Action) -> str:
    """An argument as a person writes it."""
    if not action.option_strings:
        return str(action.metavar or action.dest)
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return action.option_strings[0] + value


def _help(action: argparse.Action) -> str:
    """What an argument does, its default filled in."""
    return (action.help or "").replace("%(default)s", str(action.default))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def result_blocks(folder: Path) -> dict[str, str]:
    """Blocks of the pages that hold results of runs in `folder`."""
    summaries = {name: run(ROOT / "scenarios" / f"{name}.yaml", out=folder / name).summary for name in RUNS}
    elastic = summaries["elastic_small"]
    tables = {
        f"{name.replace('_', '-')}-result": _receivers_table(found) for name, found in summaries.items()
    }
    del tables["elastic-small-result"]
    return tables | {
        "elastic-result": _receivers_table(elastic) + "\n" + _addition_line(elastic),
        "headline-results": _headline_table(summaries),
        "semantic-ledger": _ledger_table(summaries["semantic_ledger"]),
        **action_blocks(),
        "robustness": robustness_table(shipped_robustness()),
        "snr-threshold": _snr_block(folder / "snr_threshold"),
        "measured-ratings": measuring.table(shipped_file()),
        "evaluation-trade": trade.table(trade.trade(ROOT / "scenarios" / "utility_evaluation.yaml")),
    }


def _snr_block(folder: Path) -> str:
    """What was sent at each SNR of the shipped scenario, and what arrived."""
    file = ROOT / "scenarios" / "snr_threshold.yaml"
    run(file, out=folder)
    loss = load_scenario(file).links["B->H"].loss
    assert isinstance(loss, CodedLoss)
    assert isinstance(loss.snr, SteppedSnr)
    return snr_table(folder, dict(loss.snr.steps))


def _receivers_table(summary: Mapping[str, Any]) -> str:
    """Every receiver beside the baseline."""
    policy = summary["baseline"]["policy"]
    rows = [
        f"| service | receiver | users | in time | late | lost | fidelity | with `{policy}` only | difference |",
        "| --- | --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for service, receivers in summary["receivers"].items():
        for receiver, found in receivers.items():
            beside = summary["baseline"]["receivers"][service][receiver]
            rows.append(
                f"| {service} | {receiver} | {found['users']} | {found['segments_delivered']:,} | "
                f"{found['segments_late']:,} | {found['segments_lost']:,} | {_fixed(found['semantic_fidelity'])} | "
                f"{_fixed(beside['baseline_semantic_fidelity'])} | {_fixed(beside['difference'], sign=True)} |"
            )
    mark = summary["semantic_fidelity_provenance"]
    return "\n".join(rows) + f"\n\nWeakest mark among the fidelities: {mark}.\n"


def _addition_line(summary: Mapping[str, Any]) -> str:
    """The figures of service addition in a sentence."""
    modes = summary["service_modes"]["addition"]
    return (
        f"Of {modes['enhancements_offered']:,} enhancements offered, {modes['segments_enhanced']:,} were shown "
        f"together with the common stream.\n"
    )


def _headline_table(summaries: Mapping[str, Mapping[str, Any]]) -> str:
    """Headline figures of the runs side by side."""
    keys = (
        ("segments_offered", "segments offered"),
        ("segments_delivered", "delivered in time"),
        ("segments_late", "late"),
        ("segments_lost", "lost"),
        ("segments_in_flight", "in flight at the end"),
        ("deadline_misses", "actions given up for the deadline"),
        ("semantic_fidelity_mean", "mean semantic fidelity"),
        ("delay_mean_s", "mean delay [s]"),
        ("stall_ratio_mean", "mean stall ratio"),
        ("utility_mean", "mean utility (1 to 5)"),
        ("gpu_seconds", "GPU time [s]"),
        ("energy_joule", "GPU energy [J]"),
    )
    rows = [
        f"| figure | {' | '.join(f'`{name}`' for name in summaries)} |",
        "| --- " * (len(summaries) + 1) + "|",
    ]
    for key, title in keys:
        cells = [
            f"{summary[key]:,}" if isinstance(summary[key], int) else _fixed(summary[key])
            for summary in summaries.values()
        ]
        rows.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def measured_blocks(program: Path, measured: str) -> dict[str, str]:
    """Blocks of a program that measures for minutes: from a file that its `--json` wrote, or measured now."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(measured) if measured else Path(folder) / "measured.json"
        if not measured:
            command = [sys.executable, str(program), "--json", str(file)]
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=ROOT)  # noqa: S603
        found = json.loads(file.read_text(encoding="utf-8"))
    module = _loaded(program)
    if program.stem == "bench_radio":
        draw_curve(found["city"]["curve"], ROOT / "docs" / "pictures" / "city_57_wall_time.png")
    if program.stem == "mode_table":
        return {"modes": module.table(found), "mode-policies": module.policy_tables(found)}
    return {program.stem.replace("_", "-"): module.table(found)}


def action_blocks() -> dict[str, str]:
    """Comparisons of the shipped actions, from the calibration records that netgen ships."""
    records = shipped_records()
    tables = {
        f"strongest-{measure.replace('_', '-')}": strongest_control_table(records, measure)
        for measure in MEASURES
    }
    meaning = {
        "kept-meaning": meaning_table(shipped_meaning()),
        "fidelity-curves": calibration_table(shipped_curves()),
    }
    return tables | meaning | {"same-bitstream": same_bitstream_table(records)}


def _ledger_table(summary: Mapping[str, Any]) -> str:
    """What every link carried of bits and of meaning, and what it could have carried."""
    rows = [
        "| link | capacity [Mbit] | carried [Mbit] | used | semantic bit carried | semantic capacity [semantic bit] | "
        "used |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for name, found in summary["links"].items():
        rows.append(
            f"| {name.replace('->', ' to ')} | {found['capacity_bits'] / 1e6:.2f} | "
            f"{found['carried_bits'] / 1e6:.2f} | {_fixed(found['utilisation'])} | {found['semantic_bits']:,.0f} | "
            f"{found['semantic_capacity_bits']:,.0f} | {_fixed(found['semantic_utilisation'])} |"
        )
    residual = max(law["residual"] for law in summary["laws"].values())
    return "\n".join(rows) + (
        f"\n\n{len(summary['laws'])} conservation laws, largest residual {residual:g}. Marks: semantic bits "
        f"{summary['semantic_bits_provenance']}, fidelities {summary['semantic_fidelity_provenance']}.\n"
    )


def _loaded(program: Path) -> Any:  # noqa: ANN401  (a module by its file)
    """A program as a module."""
    spec = importlib.util.spec_from_file_location(program.stem, program)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[program.stem] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def draw_curve(rows: Sequence[dict[str, float]], path: Path) -> None:
    """Wall time of one simulated second of city_57 over the number of users."""
    import matplotlib.pyplot as plt  # noqa: PLC0415  (only for the picture)

    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    for compute, colour in (("numba", "#0072b2"), ("numpy", "#d55e00")):
        mine = [row for row in rows if row["compute"] == compute]
        wall_s = [row["engine_wall_s"] / row["simulated_s"] for row in mine]
        axes.loglog([row["users"] for row in mine], wall_s, "o-", color=colour, label=f"compute: {compute}")
    axes.axhline(1.0, color="black", linewidth=0.8, linestyle="--")
    axes.text(rows[0]["users"], 1.08, "real time", fontsize=8, va="bottom")
    axes.set_xlabel("users")
    axes.set_ylabel("wall time of the engine per simulated second [s]")
    axes.set_title("city_57: 57 sectors, epochs of 100 ms", fontsize=10)
    axes.grid(visible=True, which="major", linewidth=0.4)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def verify_block() -> str:
    """Checks of `netgen verify --full`."""
    from netgen.verify import run_checks  # noqa: PLC0415  (long: only when asked for)

    rows = [
        "| check | value | reference | tolerance | holds | source |",
        "| --- | --: | --: | --: | --- | --- |",
    ]
    for check in run_checks(full=True, only=()):
        rows.append(
            f"| {_cell(check.name)} | {check.value:.9g} | {check.reference:.9g} | {check.tolerance:.3g} | "
            f"{'yes' if check.ok else 'NO'} | {_cell(check.source)} |"
        )
    return "\n".join(rows) + "\n"


def draw_pictures(folder: Path) -> list[Path]:
    """Draw the pictures from the runs in `folder`."""
    pictures = ROOT / "docs" / "pictures"
    pictures.mkdir(exist_ok=True)
    names = (
        "elastic_small",
        "fig8_scenario2",
        "rate_quality",
        "kept_meaning",
        "semantic_ledger",
        "robustness",
    )
    made = [pictures / f"{name}.png" for name in names]
    draw_elastic(folder / "elastic_small", made[0])
    draw_chain(folder / "fig8_scenario2", made[1])
    draw_rate_quality(shipped_records(), made[2])
    draw_meaning(shipped_meaning(), made[3])
    draw_link_meaning(folder / "semantic_ledger", made[4])
    draw_robustness(shipped_robustness(), made[5])
    for name in PICTURED_NETWORKS:
        made.append(pictures / f"{name}_network.png")
        draw_scenario(load_scenario(ROOT / "scenarios" / f"{name}.yaml"), made[-1])
    return made


def with_blocks(page: str, blocks: Mapping[str, str]) -> str:
    """A page with the content of its blocks replaced; a block that nobody makes stays as it is."""

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        return (
            match.group(0)
            if name not in blocks
            else f"<!-- begin {name} -->\n{blocks[name]}<!-- end {name} -->"
        )

    return re.sub(r"<!-- begin ([a-z0-9-]+) -->\n.*?<!-- end \1 -->", fill, page, flags=re.DOTALL)


def texts(blocks: Mapping[str, str]) -> dict[Path, str]:
    """Every page that is generated, whole or in part, with its new text."""
    makers: dict[str, Callable[[], str]] = {
        "scenario": scenario_page,
        "records": records_page,
        "profiles": profiles_page,
        "commands": commands_page,
    }
    made = {ROOT / REFERENCE / f"{name}.md": make() for name, make in makers.items()}
    placed: set[str] = set()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        page = path.read_text(encoding="utf-8")
        placed |= set(re.findall(r"<!-- begin ([a-z0-9-]+) -->", page))
        made[path] = with_blocks(page, blocks)
    if lost := sorted(set(blocks) - placed):
        raise SystemExit(f"build.py: no page has the block(s) {', '.join(lost)}")
    return made


def _first_line(thing: type) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _span(values: Iterable[float | None]) -> str:
    """A range of figures; a dash where none is known."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    low, high = (f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in (min(known), max(known)))
    return low if low == high else f"{low} to {high}"


def _number(value: float | None, unit: float) -> str:
    return "-" if value is None else f"{value / unit:,.4g}"


def _fixed(value: float | None, *, sign: bool = False) -> str:
    return "-" if value is None else f"{value:+.3f}" if sign else f"{value:,.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build or check, by the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 3 if a page is out of date")
    for option, (program, words) in MEASURING.items():
        name = Path(program).name
        parser.add_argument(
            f"--{option}",
            metavar="FILE",
            nargs="?",
            const="",
            help=f"also measure {words}, or take {name}'s JSON file",
        )
    parser.add_argument("--verify", action="store_true", help="also run `netgen verify --full`")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blocks = result_blocks(folder)
        for option, (program, _) in MEASURING.items():
            if (measured := getattr(options, option.replace("-", "_"))) is not None:
                blocks |= measured_blocks(ROOT / program, measured)
        if options.verify:
            blocks["verify"] = verify_block()
        stale = {
            path: text
            for path, text in texts(blocks).items()
            if not path.is_file() or path.read_text("utf-8") != text
        }
        if options.check:
            for path in stale:
                sys.stderr.write(f"{path.relative_to(ROOT)} is out of date; run: make docs\n")
            return 3 if stale else 0
        for path, text in stale.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
        for picture in draw_pictures(folder):
            sys.stdout.write(f"drew {picture.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
