"""The one tree of exceptions; every message says where, what was found, and what would be accepted."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable


class NetgenError(Exception):
    """Base of every error that netgen raises on purpose; `exit_code` is what the command line returns."""

    exit_code = 1


class InputError(NetgenError):
    """The input is wrong: a scenario, an option, a path. Nothing was run and nothing was written."""

    exit_code = 2


class ScenarioError(InputError):
    """A scenario file has one or more errors; the message holds one line for each of them."""


class ModelRangeError(InputError):
    """A model was asked for a value outside the range that its source covers."""


class MissingDependencyError(InputError):
    """An optional component is not installed; the message names the extra that brings it."""


class PolicyError(NetgenError):
    """A policy raised, or decided something that was not offered to it."""


class PolicySetupError(PolicyError, InputError):
    """A policy could not be loaded or refuses its parameters; nothing was run."""


class ConservationError(NetgenError):
    """The books of a finished run do not balance."""


class CheckFailedError(NetgenError):
    """A check or a threshold that the user asked for did not hold."""

    exit_code = 3


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the hint `; did you mean "x"?` for the nearest known name, or an empty string."""
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def exit_code_of(command: Callable[[], int]) -> int:
    """Run the command of a module: an error of netgen's own is one message on stderr, and its exit code."""
    try:
        return command()
    except NetgenError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
