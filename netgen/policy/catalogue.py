"""Lists the policies that can be used: built in, installed, and in files."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from netgen.policy.loading import named_policies


def list_policies(folder: Path) -> dict[str, str]:
    """Name and first docstring line of every policy: built in, installed, and in `folder/policies/*.py`.

    Files are read, not run: a policy is a class that defines `decide`, or derives from one that does in the same
    file; a name that begins with an underscore is a base of others.
    """
    known = named_policies()
    found = {}
    for name in known:
        policy = known.get(name)
        found[name] = _first_line(policy.__doc__) if inspect.isclass(policy) else f"installed: {policy.value}"
    for path in sorted((folder / "policies").glob("*.py")):
        able: list[str] = []
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and _decides(node, able):
                able.append(node.name)
                if not node.name.startswith("_"):
                    found[f"policies/{path.name}:{node.name}"] = _first_line(ast.get_docstring(node))
    return found


def _decides(node: ast.ClassDef, able: list[str]) -> bool:
    """Whether a class defines `decide` or derives from one of `able`, which do."""
    own = any(isinstance(part, ast.FunctionDef) and part.name == "decide" for part in node.body)
    return own or any(isinstance(base, ast.Name) and base.id in able for base in node.bases)


def _first_line(text: str | None) -> str:
    """First line of a docstring."""
    return (text or "").strip().split("\n")[0]
