"""The source files of the repository, parsed once, and samples for proving that a check can fail."""

import ast
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Source:
    """One Python file: its dotted module name (packages without `__init__`) and its text."""

    module: str
    text: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def package(self) -> str:
        """The part of netgen it belongs to: `engine` for netgen.engine.link, `run` for netgen.run."""
        return self.module.split(".")[1] if "." in self.module else ""

    @property
    def imported(self) -> set[str]:
        """Every module that it names in an import, wherever the import stands."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
        return names


def _read(folder: Path, prefix: str) -> tuple[Source, ...]:
    found = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join((prefix, *(parts[:-1] if is_package else parts)))
        found.append(Source(name, path.read_text(encoding="utf-8"), is_package))
    return tuple(found)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def sources() -> tuple[Source, ...]:
    """Every module of netgen."""
    found = _read(ROOT / "netgen", "netgen")
    assert len(found) > 50, "the source tree was not found"
    return found


@pytest.fixture(scope="session")
def plugins() -> tuple[Source, ...]:
    """The policies that are shipped as plug-ins."""
    return _read(ROOT / "policies", "policies")


@pytest.fixture(scope="session")
def sample() -> Callable[..., Source]:
    """Makes a source that is not in the repository, for example one that breaks a rule."""

    def make(module: str, text: str, *, is_package: bool = False) -> Source:
        return Source(module, textwrap.dedent(text), is_package)

    return make
