"""Commands that answer a question: coverage, explain, crossover."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from netgen.cli.command import Add


def add_commands(add: Add) -> None:
    """Add the commands of this module with their arguments."""
    _add_coverage(add)
    _add_explain_and_crossover(add)


def _add_coverage(add: Add) -> None:
    """The command that draws coverage maps."""
    coverage = add("coverage", _coverage, "map where towers and cellular networks are received")
    coverage.add_argument("scenario", metavar="SCENARIO", help="scenario file")
    coverage.add_argument(
        "--set", metavar="PATH=VALUE", action="append", default=[], help="change one key; repeatable"
    )
    coverage.add_argument("--seed", type=int, help="root of all random streams")
    coverage.add_argument("--out", metavar="DIR", help="folder (default: the next runs/NAME/coverage-NNN)")
    coverage.add_argument(
        "--cell", metavar="SIZE", help="cells of the maps, such as 100 m (default: by extent)"
    )
    coverage.add_argument(
        "--receiver", metavar="CLASS", help="class of all broadcast receivers (default: the audiences' own)"
    )
    coverage.add_argument(
        "--sinr",
        metavar="LEVEL",
        help="SINR that cells must give, such as 5 dB (default: the least that serves)",
    )
    coverage.add_argument("--json", action="store_true", help="print the figures as JSON and nothing else")


def _add_explain_and_crossover(add: Add) -> None:
    """The commands that answer a question about collaboration."""
    explain = add("explain", _explain, "say why a user of a run was served as it was")
    explain.add_argument("run", metavar="RUN", help="run directory")
    explain.add_argument("--user", metavar="NAME", required=True, help="user, such as fans:3")
    explain.add_argument("--at", metavar="TIME", required=True, help="simulated time, such as 12 s")
    explain.add_argument("--json", action="store_true", help="print the answer as JSON and nothing else")

    crossover = add("crossover", _crossover, "find the audience from which on broadcast beats unicast")
    crossover.add_argument("scenario", metavar="SCENARIO", help="scenario file")
    crossover.add_argument("--service", metavar="NAME", required=True, help="service to tower and cells")
    crossover.add_argument("--audience", metavar="NAME", help="audience that grows (default: the only one)")
    crossover.add_argument(
        "--channel-worth",
        metavar="CELLS",
        default="1",
        help="cells that a channel is worth (default: 1)",
    )
    crossover.add_argument(
        "--most", metavar="USERS", default="1000", help="largest audience that is tried (default: 1000)"
    )
    crossover.add_argument(
        "--set", metavar="PATH=VALUE", action="append", default=[], help="change one key; repeatable"
    )
    crossover.add_argument("--seed", type=int, help="root of all random streams")
    crossover.add_argument("--json", action="store_true", help="print the answer as JSON and nothing else")


def _coverage(options: argparse.Namespace) -> int:
    from netgen.broadcast.raster import require_writers
    from netgen.coverage.files import map_folder, write_maps
    from netgen.coverage.made_map import MapOptions
    from netgen.coverage.maps import coverage_maps
    from netgen.report.coverage_table import coverage_document
    from netgen.report.terminal import coverage_tables
    from netgen.run import seeded
    from netgen.scenario import load_scenario

    chosen = MapOptions.read(cell=options.cell, receiver=options.receiver, sinr=options.sinr)
    scenario = seeded(load_scenario(options.scenario, options.set, seed=options.seed))
    folder = map_folder(options.out, scenario.name)
    require_writers()
    maps = coverage_maps(scenario, chosen)
    files = write_maps(maps, folder)
    if options.json:
        document = coverage_document(maps, files, scenario=scenario.name, seed=scenario.seed)
        sys.stdout.write(json.dumps(document, indent=2, allow_nan=False) + "\n")
    else:
        coverage_tables(maps, f"coverage of {scenario.name} (seed {scenario.seed})", files)
    return 0


def _explain(options: argparse.Namespace) -> int:
    from netgen.metrics.explanation import explain_run
    from netgen.report.terminal import explanation

    explained = explain_run(Path(options.run), user=options.user, at=options.at)
    if options.json:
        sys.stdout.write(json.dumps(explained, indent=2, allow_nan=False) + "\n")
    else:
        explanation(explained)
    return 0


def _crossover(options: argparse.Namespace) -> int:
    from netgen.crossover import Question, find_crossover
    from netgen.report.terminal import crossover, search_progress
    from netgen.run import load

    scenario = load(options.scenario, overrides=options.set, seed=options.seed)
    question = Question.read(
        scenario, service=options.service, audience=options.audience, channel_worth=options.channel_worth,
        most=options.most,
    )  # fmt: skip
    with search_progress(shown=sys.stderr.isatty() and not options.json) as (tell, begin):
        found = find_crossover(scenario, question, tell=tell, begin=begin)
    if options.json:
        sys.stdout.write(json.dumps(found.as_dict(), indent=2, allow_nan=False) + "\n")
    else:
        crossover(found)
    found.check()
    return 0
