"""What a module of commands is given to add them with."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Protocol

Command = Callable[[argparse.Namespace], int]


class Add(Protocol):
    """Adds one command: its name, what it runs, one line of what it does; returns its parser for arguments."""

    def __call__(self, name: str, command: Command, text: str) -> argparse.ArgumentParser:
        """Add a command."""
        ...
