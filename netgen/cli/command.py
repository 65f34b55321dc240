"""What a module of commands is given to add them with."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Protocol

from netgen.models.precision import AUTO, PRECISIONS

Command = Callable[[argparse.Namespace], int]


class Add(Protocol):
    """Adds one command: its name, what it runs, one line of what it does; returns its parser for arguments."""

    def __call__(self, name: str, command: Command, text: str) -> argparse.ArgumentParser:
        """Add a command."""
        ...


def add_precision(parser: argparse.ArgumentParser) -> None:
    """Add the option for the arithmetic of networks."""
    parser.add_argument(
        "--precision",
        default=AUTO,
        choices=[*PRECISIONS, AUTO],
        help="of inference: float32, bfloat16, float16, or auto: bfloat16 where the device multiplies in it natively, "
        "else float32 (default: auto)",
    )
