"""Commands around actions of one's own: list and check them, write a new one, train the shipped networks."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from netgen.cli.command import Add, add_precision
from netgen.errors import InputError, NetgenError


def add_commands(add: Add) -> None:
    """Add the commands of this module with their arguments."""
    actions = add("actions", _actions, "list the actions that can run, or check one against the contract")
    actions.add_argument("what", metavar="check", nargs="?", choices=["check"], help="check an action")
    actions.add_argument(
        "action", metavar="ACTION", nargs="?", help="name of a variant, entry point, or file.py:Class"
    )
    actions.add_argument(
        "--device", default="cpu", help="where models run: cpu, cuda or cuda:N (default: cpu)"
    )
    add_precision(actions)

    new = add("new", _new, "write a commented starting point that works")
    new.add_argument("kind", metavar="KIND", choices=["action"], help="what to begin: action")
    new.add_argument("name", metavar="NAME", help="what to call it, such as edge-sketch")
    new.add_argument("--out", metavar="DIR", default=".", help="folder (default: this one)")

    train = add("train", _train, "train the shipped networks")
    train.add_argument(
        "subject",
        metavar="SUBJECT",
        choices=["actions", "meaning", "rating", "channel"],
        help="actions (from photographs), meaning (what reads it, from labelled scenes), rating (what rates its "
        "utility, from distorted labelled scenes), or channel (joint source-channel coding, from photographs)",
    )
    train.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        default=[],
        help="one network or group of networks; repeatable (default: all)",
    )
    train.add_argument(
        "--photos",
        metavar="DIR",
        action="append",
        default=[],
        help="folder of photographs beside those that come in packages; repeatable",
    )
    train.add_argument("--minutes", type=float, help="for each group (default: the shipped numbers of steps)")
    train.add_argument("--steps", type=int, help="of each network, in place of minutes: repeats exactly")
    train.add_argument("--seed", type=int, default=1, help="of weights, clips and batches (default: 1)")
    train.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    train.add_argument("--threads", type=int, default=1, help="CPU threads (default: 1)")
    train.add_argument(
        "--out", metavar="DIR", default="weights", help="folder to write into (default: weights)"
    )


def _actions(options: argparse.Namespace) -> int:
    from netgen.catalogue.loading import action_factory, find_action, known_actions

    if options.what is None:
        from netgen.report.terminal import name_table

        found = {}
        for name in known_actions():
            try:
                action = find_action(name)
                chosen = ", ".join(f"{key} {value}" for key, value in action.values.items())
                found[name] = action.summary + (f" ({chosen})" if chosen else "")
            except NetgenError as error:
                found[name] = f"(cannot be made here: {str(error).splitlines()[0]})"
        name_table("actions", found)
        return 0
    if options.action is None:
        raise InputError("actions check: name an action: a variant, an entry point, or file.py:Class")
    from netgen.catalogue.checking import check_action

    checked = check_action(action_factory(options.action), device=options.device, precision=options.precision)
    for note in checked.notes:
        sys.stderr.write(f"netgen: note: {note}\n")
    where = checked.device if checked.precision is None else f"{checked.device} in {checked.precision}"
    memory = f"{checked.peak_bytes / 1e6:.3g} MB of {checked.bound_bytes / 1e6:.3g} MB declared"
    sys.stdout.write(
        f"{options.action}: ok, {len(checked.checks)} checks on {where}; contract {checked.contract_s:.3g} s, "
        f"expand {checked.expand_s:.3g} s; {memory}\n"
    )
    return 0


def _new(options: argparse.Namespace) -> int:
    from netgen.catalogue.starting_point import class_name_of, write_action

    path = write_action(options.name, Path(options.out))
    sys.stdout.write(f"wrote {path}; try: netgen actions check {path}:{class_name_of(options.name)}\n")
    return 0


def _train(options: argparse.Namespace) -> int:
    from netgen.errors import MissingDependencyError

    try:
        from netgen.training.train import train
    except ImportError as error:
        raise MissingDependencyError(
            f"training needs {error.name}, which is not installed; run: pip install netgen[actions]"
        ) from error

    def tell(text: str) -> None:
        sys.stderr.write(text + "\n")

    written = train(
        options.subject, options.only, photos=[Path(folder) for folder in options.photos], minutes=options.minutes,
        steps=options.steps, seed=options.seed, device=options.device, threads=options.threads,
        out=Path(options.out), progress=tell,
    )  # fmt: skip
    for path in written:
        sys.stdout.write(f"wrote {path}\n")
    return 0
