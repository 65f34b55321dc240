"""The command line: arguments, tables and exit codes; no logic."""

from netgen.cli.main import main, parser

__all__ = ["main", "parser"]
