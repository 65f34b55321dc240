"""Lists the policies that can be used: built in, installed, and in files."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from netgen.policy.loading import named_policies


def list_policies(folder: Path) -> dict[str, str]:
    """Name and first docstring line of every policy: built in, installed, and in `folder/policies/*.py`.

    Files are read, not run.
    """
    known = named_policies()
    found = {}
    for name in known:
        policy = known.get(name)
        found[name] = _first_line(policy.__doc__) if inspect.isclass(policy) else f"installed: {policy.value}"
    for path in sorted((folder / "policies").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and any(_is_method(part, "decide") for part in node.body):
                found[f"policies/{path.name}:{node.name}"] = _first_line(ast.get_docstring(node))
    return found


def _is_method(part: ast.stmt, name: str) -> bool:
    """Whether a statement defines a method of that name."""
    return isinstance(part, ast.FunctionDef) and part.name == name


def _first_line(text: str | None) -> str:
    """First line of a docstring."""
    return (text or "").strip().split("\n")[0]
