"""What the end-to-end tests share: running scenarios, and what a run left on disk."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from netgen.run import run

TABLES = ("links", "nodes", "users", "segments", "decisions")


class RunDirectory:
    """A finished run: its tables, its summary and fingerprints of both."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def table(self, name):
        return pq.read_table(self.folder / f"{name}.parquet")

    def rows(self, name, **wanted):
        return [
            row
            for row in self.table(name).to_pylist()
            if all(row[key] == value for key, value in wanted.items())
        ]

    @property
    def summary(self):
        return json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))

    def summary_without(self, *keys):
        """Return the summary without what differs from run to run, as text."""
        summary = {key: value for key, value in self.summary.items() if key not in ("wall_s", *keys)}
        return json.dumps(summary, indent=1)

    def hashes(self):
        """SHA-256 of every Parquet file of the run and of its baseline."""
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*.parquet"))
        }

    def digest(self):
        """One value for everything that a run found out: records and summary, without names and seed."""
        return (*self.hashes().items(), self.summary_without("scenario", "seed"))


@pytest.fixture(scope="session")
def root():
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def scenarios(root):
    return root / "scenarios"


@pytest.fixture
def directory_of():
    """Return what a run left on disk."""
    return lambda result: RunDirectory(result.folder)


@pytest.fixture
def run_file(tmp_path):
    """Run a scenario file in this process."""
    count = 0

    def go(path, *overrides, out=None, seed=None):
        nonlocal count
        count += 1
        result = run(path, overrides=overrides, seed=seed, out=out or tmp_path / f"run-{count}")
        return RunDirectory(result.folder)

    return go


@pytest.fixture
def run_text(tmp_path, run_file):
    """Write a scenario into a folder of its own, with files beside it, and run it in this process."""

    def go(text, *overrides, files=None, out=None):
        folder = tmp_path / "scenario"
        folder.mkdir(exist_ok=True)
        for name, content in (files or {}).items():
            (folder / name).write_text(content, encoding="utf-8")
        path = folder / "scenario.yaml"
        path.write_text(text, encoding="utf-8")
        return run_file(path, *overrides, out=out)

    return go


@pytest.fixture(scope="session")
def netgen():
    """Run the command line in a process of its own."""
    program = shutil.which("netgen", path=str(Path(sys.executable).parent))
    command = [program] if program else [sys.executable, "-m", "netgen"]

    def go(*arguments, cwd=None, env=None, **more):
        return subprocess.run(
            [*command, *map(str, arguments)],
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            **more,
        )

    return go


@pytest.fixture(scope="session")
def run_directory():
    return RunDirectory
