"""What this machine has for netgen, and how to mend what is missing; looks without importing anything heavy."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

LEAST_FREE_BYTES = 1_000_000_000
"""ASSUMED: 1 GB of free disk is enough for the records of a few runs; nobody measured a limit."""

_LEAST_PYTHON = (3, 11)
_TOOLS_EXTRA = "dev"
_ANSWER_WITHIN_S = 60.0
_REQUIREMENT = re.compile(r"(?P<package>[A-Za-z0-9._-]+)\s*(?P<range>[^;\[]*)(?:;(?P<marker>.*))?")
_EXTRA = re.compile(r"extra\s*==\s*['\"](?P<extra>[^'\"]+)['\"]")
_AT_LEAST = re.compile(r">=\s*(?P<least>\d+(?:\.\d+)*)")
_ASK_TORCH = (
    "import torch\n"
    "print(torch.cuda.get_device_name(0) if torch.cuda.is_available() else 'CPU only')\n"
)  # fmt: skip


class State(StrEnum):
    """How a component stands: there, needed and not there, or only needed for something optional."""

    OK = "ok"
    MISSING = "missing"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Finding:
    """One component of the machine.

    Parameters
    ----------
    name : str                  What was looked for.
    state : State               `optional`: not there, and netgen works without it.
    found : str                 What was found: a version, a path, an amount.
    mend : str                  What to do about it; empty when the state is `ok`.
    """

    name: str
    state: State
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class _Requirement:
    """One line of the installed package's requirements."""

    package: str
    version_range: str
    extra: str

    @property
    def command(self) -> str:
        """What installs it."""
        return _pip_install(f"{self.package}{self.version_range}")


def examine(runs_folder: Path = Path("runs")) -> tuple[Finding, ...]:
    """Look at this machine and return what was found, needed components first.

    Parameters
    ----------
    runs_folder : Path          Where runs would be written; need not exist.

    Returns
    -------
    tuple of Finding            One per component; nothing is imported, written or downloaded.
    """
    requirements = _requirements()
    core = [requirement for requirement in requirements if not requirement.extra]
    extras = [r for r in requirements if r.extra not in {"", _TOOLS_EXTRA} and r.package != "torch"]
    return (
        _python(),
        _netgen(),
        *(_package(requirement) for requirement in core),
        _folder(runs_folder),
        _disk(runs_folder),
        *(_package(requirement) for requirement in extras),
        _torch(),
        _bridge(),
        *(() if any(r.package == "ray" for r in extras) else (_ray(),)),
        _compiler(),
    )


def _python() -> Finding:
    """The interpreter itself."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    if tuple(sys.version_info[:2]) >= _LEAST_PYTHON:
        return Finding("Python", State.OK, f"{found} ({sys.executable})")
    least = ".".join(str(part) for part in _LEAST_PYTHON)
    return Finding("Python", State.MISSING, found, f"install Python {least} or newer and make .venv with it")


def _netgen() -> Finding:
    """The installed copy of netgen."""
    version = _version("netgen")
    if version:
        return Finding("netgen", State.OK, f"{version} ({Path(__file__).parent})")
    return Finding(
        "netgen",
        State.MISSING,
        "not installed",
        "in the repository: make test, or python -m pip install -e .",
    )


def _requirements() -> tuple[_Requirement, ...]:
    """What the installed netgen asks for; empty when it is not installed."""
    try:
        lines = metadata.requires("netgen") or []
    except metadata.PackageNotFoundError:
        return ()
    return tuple(_parsed(lines))


def _parsed(lines: list[str]) -> Iterator[_Requirement]:
    """Requirement lines such as `av>=14; extra == "video"`."""
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match is None:
            raise ValueError(f"netgen's metadata holds a requirement that cannot be read: {line!r}")
        extra = _EXTRA.search(match["marker"] or "")
        yield _Requirement(match["package"], match["range"].strip(), extra["extra"] if extra else "")


def _package(requirement: _Requirement) -> Finding:
    """A package that netgen or one of its extras asks for."""
    name = f"{requirement.package} ({requirement.extra})" if requirement.extra else requirement.package
    absent = State.OPTIONAL if requirement.extra else State.MISSING
    version = _version(requirement.package)
    if not version:
        return Finding(name, absent, "not installed", requirement.command)
    least = _AT_LEAST.search(requirement.version_range)
    if least and _numbers(version) < _numbers(least["least"]):
        found = f"{version}, older than {least['least']}"
        return Finding(name, absent, found, requirement.command)
    return Finding(name, State.OK, version)


def _torch() -> Finding:
    """Torch and the device it can use; asked in another process, because importing it is slow and large."""
    version = _version("torch")
    if not version:
        return Finding(
            "torch", State.OPTIONAL, "not installed", f"{_pip_install('torch')} (for generative models)"
        )
    mend = _pip_install("--force-reinstall", "torch")
    try:
        answer = subprocess.run(  # noqa: S603  (this interpreter, a constant program)
            [sys.executable, "-c", _ASK_TORCH],
            capture_output=True,
            text=True,
            timeout=_ANSWER_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        found = f"{version}, but it did not start within {_ANSWER_WITHIN_S:g} s"
        return Finding("torch", State.OPTIONAL, found, mend)
    if answer.returncode != 0:
        reason = (answer.stderr.strip().splitlines() or [f"exit status {answer.returncode}"])[-1]
        return Finding("torch", State.OPTIONAL, f"{version}, but it does not start: {reason}", mend)
    return Finding("torch", State.OK, f"{version}, {answer.stdout.strip().splitlines()[-1]}")


def _bridge() -> Finding:
    """The packet-level engine."""
    if find_spec("netgen.ns3") is not None:
        return Finding("ns-3 bridge", State.OK, "netgen.ns3")
    found = f"not part of netgen {_version('netgen') or 'as it is here'}"
    return Finding("ns-3 bridge", State.OPTIONAL, found, "nothing to mend: only packet-level runs need it")


def _ray() -> Finding:
    """Ray, which spreads studies over machines."""
    version = _version("ray")
    if version:
        return Finding("ray", State.OK, version)
    return Finding(
        "ray", State.OPTIONAL, "not installed", f"{_pip_install('ray')} (for studies on several machines)"
    )


def _compiler() -> Finding:
    """A C++ compiler."""
    for name in (os.environ.get("CXX", ""), "c++", "g++", "clang++"):
        path = shutil.which(name) if name else None
        if path:
            return Finding("C++ compiler", State.OK, path)
    mend = "on Debian and Ubuntu: apt-get install g++ (only to build compiled parts)"
    return Finding("C++ compiler", State.OPTIONAL, "not found", mend)


def _folder(runs_folder: Path) -> Finding:
    """Whether runs can be written where they go by default."""
    place = _existing(runs_folder)
    if not place.is_dir():
        found, mend = f"{place} is a file", f"move {place} away, or run with --out"
        return Finding("runs folder", State.MISSING, found, mend)
    if not os.access(place, os.W_OK | os.X_OK):
        found, mend = f"{place} is read-only", f"chmod u+w {place}, or run with --out in another folder"
        return Finding("runs folder", State.MISSING, found, mend)
    return Finding("runs folder", State.OK, f"{runs_folder.resolve()} is writable")


def _disk(runs_folder: Path) -> Finding:
    """Room for records."""
    place = _existing(runs_folder)
    free_bytes = shutil.disk_usage(place).free
    found = f"{free_bytes / 1e9:.1f} GB free"
    if free_bytes >= LEAST_FREE_BYTES:
        return Finding("disk", State.OK, found)
    mend = f"free {LEAST_FREE_BYTES / 1e9:g} GB at {place}, or run with --out on another disk"
    return Finding("disk", State.MISSING, found, mend)


def _existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    return next(place for place in (path.resolve(), *path.resolve().parents) if place.exists())


def _version(package: str) -> str:
    """Installed version of a package; empty when it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: 2.10.0rc1 gives (2, 10, 0); missing ones count as 0."""
    numbers = []
    for part in version.split("."):
        digits = re.match(r"\d+", part)
        if digits is None:
            break
        numbers.append(int(digits.group()))
    return tuple((*numbers, 0, 0, 0)[:3])


def _pip_install(*what: str) -> str:
    """The command that installs `what` into this environment."""
    return shlex.join([sys.executable, "-m", "pip", "install", *what])
