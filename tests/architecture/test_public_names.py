"""What `__all__` promises is there, and every package says what is public."""

import ast
import importlib
from types import ModuleType


def listed(source) -> list[str] | None:
    """The names in `__all__`, or None when the module has none."""
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
        ):
            return ast.literal_eval(node.value)
    return None


def absent(module, names: list[str]) -> list[str]:
    """Names that the module does not have, and names that are listed twice."""
    return [name for name in names if not hasattr(module, name) or names.count(name) > 1]


def test_every_public_name_exists(sources):
    checked = 0
    for source in sources:
        names = listed(source)
        if names is not None:
            assert absent(importlib.import_module(source.module), names) == [], source.module
            checked += 1
    assert checked >= 3


def test_packages_import_into_init_only_what_they_list(sources):
    """A name that `__init__` imports from the package and does not list would be public by accident."""
    for source in sources:
        if source.is_package and source.package:
            imported = {
                alias.asname or alias.name
                for node in source.tree.body
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("netgen.")
                for alias in node.names
            }
            assert imported <= set(listed(source) or ()), source.module


def test_an_absent_name_is_found(sample):
    module = ModuleType("sample")
    module.there = 1
    source = sample("netgen.sample", "__all__ = ['there', 'gone', 'there']\n")
    assert absent(module, listed(source)) == ["there", "gone", "there"]
    assert listed(sample("netgen.sample", "there = 1\n")) is None
