"""The entry of the command line: one command, its errors as messages and exit codes."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence

from netgen.cli import asking, listing, making, measuring, running
from netgen.cli.command import Command
from netgen.errors import InputError, NetgenError, did_you_mean
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
        options = parser().parse_args(words)
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


def _called(command: Command, options: argparse.Namespace) -> int:
    """Run a command; whatever calls sys.exit() below it has not done the command, whatever code it gives."""
    try:
        return command(options)
    except SystemExit as error:
        raise NetgenError(f"something called sys.exit({error.code!r}) before the command was done") from error


def parser() -> argparse.ArgumentParser:
    """All commands and their arguments."""
    made = _Parser(prog="netgen", description="Emulate collaborative transmission of generative video.")
    made.add_argument("--version", action="version", version=f"netgen {__version__}")
    made.add_argument("--debug", action="store_true", help="show tracebacks of errors")
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=command)
        return added

    for module in (running, asking, measuring, making, listing):
        module.add_commands(add)
    return made
