"""The command line: arguments, tables and exit codes; no logic."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from netgen.errors import CheckFailedError, InputError, NetgenError, PolicyError, did_you_mean
from netgen.version import __version__


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are wrong input: one message, exit code 2, and the nearest valid command."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Raise instead of printing the usage and leaving."""
        wrong = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        hint = did_you_mean(wrong[1], re.findall(r"[\w-]+", wrong[2])) if wrong else ""
        raise InputError(message + hint)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong input, 3 a check failed."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        options = _parser().parse_args(words)
        return _called(options.command, options)
    except NetgenError as error:
        if debug:
            raise
        sys.stderr.write(f"netgen: {error}\n")
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the output has gone; Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if debug:
            raise
        sys.stderr.write(f"netgen: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("netgen: interrupted; nothing was written\n")
        return 1
    except Exception as error:
        if debug:
            raise
        sys.stderr.write(
            f"netgen: a fault in netgen itself: {type(error).__name__}: {error} (--debug shows where)\n"
        )
        return 1


def _called(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; whatever calls sys.exit() below it has not done the command, whatever code it gives."""
    try:
        return command(options)
    except SystemExit as error:
        raise NetgenError(f"something called sys.exit({error.code!r}) before the command was done") from error


def _parser() -> argparse.ArgumentParser:
    """All commands and their arguments."""
    parser = _Parser(prog="netgen", description="Emulate collaborative transmission of generative video.")
    parser.add_argument("--version", action="version", version=f"netgen {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks of errors")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(command=command)
        return made

    run = add("run", _run, "run one scenario and write a run directory")
    run.add_argument("scenario", metavar="SCENARIO", help="scenario file")
    run.add_argument(
        "--set", metavar="PATH=VALUE", action="append", default=[], help="change one key; repeatable"
    )
    run.add_argument("--seed", type=int, help="root of all random streams")
    run.add_argument("--out", metavar="DIR", help="run directory (default: the next number under runs/NAME)")
    run.add_argument("--json", action="store_true", help="print the summary as JSON and nothing else")
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

    _add_coverage(add)
    _add_asking(add)
    _add_measuring(add)
    add("doctor", _doctor, "say what this machine has and how to mend what is missing")
    policies = add("policies", _policies, "list policies, or check one against the policy contract")
    policies.add_argument(
        "--check", metavar="POLICY", help="file.py:Class, entry point or built-in name to check"
    )
    add("profiles", _profiles, "list profiles of generative actions")
    add("scenarios", _scenarios, "list the scenarios in ./scenarios")
    return parser


def _add_coverage(add: Callable[..., argparse.ArgumentParser]) -> None:
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


def _add_asking(add: Callable[..., argparse.ArgumentParser]) -> None:
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


def _add_measuring(add: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands that measure or check something."""
    calibrate = add("calibrate", _calibrate, "measure an action's profile on this machine and store it")
    calibrate.add_argument("action", metavar="ACTION", help="x265, x264, svtav1 or all")
    calibrate.add_argument("--device", default="cpu", choices=["cpu"], help="where to measure (default: cpu)")
    calibrate.add_argument(
        "--video", metavar="FILE", action="append", default=[], help="video instead of the clips"
    )
    calibrate.add_argument(
        "--out",
        metavar="FILE",
        default="calibrated.jsonl",
        help="JSON Lines file to add to (default: calibrated.jsonl)",
    )
    calibrate.add_argument("--repeats", type=int, default=3, help="timed repeats per point (default: 3)")

    verify = add("verify", _verify, "check this installation against closed forms, tables and laws")
    verify.add_argument("--full", action="store_true", help="also the long checks")
    verify.add_argument(
        "--only", metavar="NAME", action="append", default=[], help="only checks whose name has NAME"
    )
    verify.add_argument("--json", action="store_true", help="print the checks as JSON and nothing else")


def _run(options: argparse.Namespace) -> int:
    from netgen.report.terminal import progress_bar, run_tables
    from netgen.run import run

    shown = sys.stderr.isatty() and not options.json and not options.quiet
    with progress_bar(shown=shown) as progress:
        result = run(
            options.scenario, overrides=options.set, seed=options.seed, out=options.out, progress=progress
        )
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


def _calibrate(options: argparse.Namespace) -> int:
    from netgen.generative.calibrate import ACTIONS, calibrate_to_file, find_action, shipped_clips

    def tell(text: str) -> None:
        sys.stderr.write(text + "\n")

    names = sorted(ACTIONS) if options.action == "all" else [options.action]
    for name in names:
        find_action(name)  # a wrong name is told of first, whatever else is missing
    out = Path(options.out)
    videos = tuple(Path(video) for video in options.video) or shipped_clips()
    count = sum(
        len(calibrate_to_file(name, out=out, videos=videos, repeats=options.repeats, progress=tell))
        for name in names
    )
    sys.stdout.write(f"wrote {count} records to {out}\n")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from netgen.report.terminal import check_table
    from netgen.verify import run_checks
    from netgen.verify.suite import left_out

    checks = run_checks(full=options.full, only=tuple(options.only))
    for line in left_out(full=options.full, only=tuple(options.only)):
        sys.stderr.write(f"{line}\n")
    if options.json:
        sys.stdout.write(json.dumps({"checks": [check.as_dict() for check in checks]}, indent=2) + "\n")
    else:
        check_table(checks)
    return 0 if all(check.ok for check in checks) else 3


def _doctor(_options: argparse.Namespace) -> int:
    from netgen.doctor import examine
    from netgen.report.terminal import doctor_table

    findings = examine()
    doctor_table(findings)
    return 0 if all(finding.state != "missing" for finding in findings) else 3


def _policies(options: argparse.Namespace) -> int:
    if options.check is not None:
        from netgen.policy import check_policy, policy_factory

        make = policy_factory(options.check, {}, base=None)
        try:
            found = check_policy(make)
        except PolicyError as error:
            raise CheckFailedError(str(error)) from error
        sys.stdout.write(
            f"{options.check}: ok on {found.views} views, {found.decision_s * 1e6:.0f} us a decision\n"
        )
        return 0
    from netgen.policy.catalogue import list_policies
    from netgen.report.terminal import name_table

    name_table("policies", list_policies(Path.cwd()))
    return 0


def _profiles(_options: argparse.Namespace) -> int:
    from netgen.generative.profile import load_profiles
    from netgen.report.terminal import profile_table

    profile_table(load_profiles())
    return 0


def _scenarios(_options: argparse.Namespace) -> int:
    from netgen.report.terminal import name_table
    from netgen.scenario import load_scenario

    folder = Path("scenarios")
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder.resolve()}; run this where the scenarios are")
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            found[str(path)] = load_scenario(path).description.strip().split("\n")[0]
        except NetgenError as error:
            found[str(path)] = f"(not valid: {str(error).splitlines()[0]})"
    name_table("scenarios", found)
    return 0
