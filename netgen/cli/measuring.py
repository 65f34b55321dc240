"""Commands that measure or check something on this machine: calibrate, verify, doctor."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from netgen.cli.command import Add, add_precision
from netgen.errors import InputError
from netgen.models.precision import AUTO


def add_commands(add: Add) -> None:
    """Add the commands of this module with their arguments."""
    calibrate = add("calibrate", _calibrate, "measure profiles of actions on this machine and store them")
    calibrate.add_argument(
        "actions", metavar="ACTION", nargs="+", help="names of actions, file.py:Class of your own, or all"
    )
    calibrate.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: cpu)")
    add_precision(calibrate)
    calibrate.add_argument("--threads", type=int, default=1, help="CPU threads of one inference (default: 1)")
    calibrate.add_argument(
        "--batch", type=int, help="most frames of one inference (default: 4 on a processor, 32 on CUDA)"
    )
    calibrate.add_argument(
        "--video", metavar="FILE", action="append", default=[], help="video instead of the clips; repeatable"
    )
    calibrate.add_argument(
        "--out",
        metavar="FILE",
        default="calibrated.jsonl",
        help="JSON Lines file to add to (default: calibrated.jsonl)",
    )
    calibrate.add_argument("--repeats", type=int, default=3, help="timed repeats per segment (default: 3)")
    calibrate.add_argument(
        "--scenes",
        type=int,
        metavar="N",
        help="measure on N labelled scenes in place of clips, and with them the meaning that is kept",
    )
    calibrate.add_argument("--seed", type=int, default=1, help="of the labelled scenes (default: 1)")
    calibrate.add_argument(
        "--clip-weights",
        metavar="FOLDER",
        help="with --scenes: estimate by the CLIP model in this folder too",
    )

    verify = add("verify", _verify, "check this installation against closed forms, tables and laws")
    verify.add_argument("--full", action="store_true", help="also the long checks")
    verify.add_argument(
        "--only", metavar="NAME", action="append", default=[], help="only checks whose name has NAME"
    )
    verify.add_argument("--json", action="store_true", help="print the checks as JSON and nothing else")

    add("doctor", _doctor, "say what this machine has and how to mend what is missing")


def _calibrate(options: argparse.Namespace) -> int:
    from netgen.actions.contract import Placement
    from netgen.calibration.calibrate import calibrate_to_file, chosen_variants, errors_between_devices
    from netgen.calibration.clips import shipped_clips
    from netgen.models.precision import usual_batch

    def tell(text: str) -> None:
        sys.stderr.write(text + "\n")

    names = chosen_variants(
        options.actions, device=options.device
    )  # a wrong name is told of first, whatever else is missing
    out = Path(options.out)
    placement = Placement(
        device=options.device,
        precision=options.precision,
        threads=options.threads,
        batch=usual_batch(options.device) if options.batch is None else options.batch,
    )
    if options.scenes is not None and options.video:
        raise InputError("calibrate: --scenes draws its own videos; leave --video out")
    if options.clip_weights is not None and options.scenes is None:
        raise InputError("calibrate: --clip-weights is for labelled scenes; give their number with --scenes")
    videos = tuple(Path(video) for video in options.video)
    count = calibrate_to_file(
        names,
        out=out,
        videos=videos or (shipped_clips() if options.scenes is None else ()),
        scenes=None if options.scenes is None else (options.scenes, options.seed),
        clip_weights=None if options.clip_weights is None else Path(options.clip_weights),
        repeats=options.repeats,
        placement=placement,
        options=_calibrate_options(options),
        progress=tell,
    )
    for error in errors_between_devices(out):
        tell(str(error))
    sys.stdout.write(f"wrote {count} records to {out}\n")
    return 0


def _calibrate_options(options: argparse.Namespace) -> list[str]:
    """Options that are not the default, as the records keep them; of files, the names alone."""
    defaults = {"device": "cpu", "precision": AUTO, "threads": 1, "batch": None, "repeats": 3}
    defaults |= {"scenes": None, "seed": 1}
    given = [
        f"--{name} {getattr(options, name)}"
        for name, value in defaults.items()
        if getattr(options, name) != value
    ]
    if options.clip_weights is not None:
        given.append(f"--clip-weights {Path(options.clip_weights).name}")
    return given + [f"--video {Path(video).name}" for video in options.video]


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
