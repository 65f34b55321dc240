"""Commands that run, check and show scenarios."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from netgen.cli.command import Add
from netgen.errors import InputError, NetgenError


def add_commands(add: Add) -> None:
    """Add the commands of this module with their arguments."""
    run = add("run", _run, "run one scenario and write a run directory")
    run.add_argument("scenario", metavar="SCENARIO", help="scenario file")
    run.add_argument(
        "--set", metavar="PATH=VALUE", action="append", default=[], help="change one key; repeatable"
    )
    run.add_argument("--seed", type=int, help="root of all random streams")
    run.add_argument("--out", metavar="DIR", help="run directory (default: the next number under runs/NAME)")
    run.add_argument("--json", action="store_true", help="print the summary as JSON and nothing else")
    run.add_argument(
        "--save-video", action="store_true", help="write what receivers of live contents got as video files"
    )
    run.add_argument("--quiet", action="store_true", help="no progress bar")

    validate = add("validate", _validate, "check scenario files without running them")
    validate.add_argument("scenarios", metavar="SCENARIO", nargs="+", help="scenario files")

    add("schema", _schema, "print the JSON Schema of a scenario")

    show = add("show", _show, "show a scenario with everything filled in, or draw it")
    show.add_argument("scenario", metavar="SCENARIO", help="scenario file")
    show.add_argument(
        "--set", metavar="PATH=VALUE", action="append", default=[], help="change one key; repeatable"
    )
    show.add_argument(
        "--resolved", action="store_true", help="print it with extends and defaults filled in (default)"
    )
    show.add_argument("--graph", metavar="OUT", help="draw its network into a PNG, SVG or PDF file")


def _run(options: argparse.Namespace) -> int:
    from netgen.report.terminal import progress_bar, run_tables
    from netgen.run import run

    shown = sys.stderr.isatty() and not options.json and not options.quiet
    with progress_bar(shown=shown) as progress:
        result = run(
            options.scenario, overrides=options.set, seed=options.seed, out=options.out, progress=progress,
            save_video=options.save_video,
        )  # fmt: skip
    for warning in result.warnings:
        sys.stderr.write(f"netgen: warning: {warning}\n")
    if options.json:
        sys.stdout.write(json.dumps(result.summary, indent=2, allow_nan=False) + "\n")
    else:
        run_tables(result.summary, result.folder)
    return 0


def _validate(options: argparse.Namespace) -> int:
    from netgen.errors import ScenarioError
    from netgen.run import rehearse

    errors: list[str] = []
    for path in options.scenarios:
        try:
            scenario, warnings = rehearse(path)
        except ScenarioError as error:
            errors.append(str(error))
        except NetgenError as error:
            errors.append(f"{path}: {error}")
        else:
            for warning in warnings:
                sys.stderr.write(f"netgen: warning: {warning}\n")
            sys.stdout.write(f"{path}: ok ({len(scenario.nodes)} nodes, {len(scenario.links)} links)\n")
    if errors:
        raise InputError("\n".join(errors))
    return 0


def _schema(_options: argparse.Namespace) -> int:
    from netgen.scenario import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
    return 0


def _show(options: argparse.Namespace) -> int:
    from netgen.scenario import load_scenario, resolved_yaml

    scenario = load_scenario(options.scenario, options.set)
    if options.graph is not None:
        from netgen.report.drawing import draw_scenario

        draw_scenario(scenario, Path(options.graph))
        sys.stdout.write(f"drew {options.graph}\n")
    if options.resolved or options.graph is None:
        sys.stdout.write(resolved_yaml(scenario))
    return 0
