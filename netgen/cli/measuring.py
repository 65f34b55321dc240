"""Commands that measure or check something on this machine: calibrate, verify, doctor."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from netgen.cli.command import Add


def add_commands(add: Add) -> None:
    """Add the commands of this module with their arguments."""
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

    add("doctor", _doctor, "say what this machine has and how to mend what is missing")


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
