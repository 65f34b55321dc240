"""The run directory: reserved for one run, written beside, and put in its place at once."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from netgen.errors import InputError
from netgen.scenario import resolved_yaml
from netgen.schema.scenario import Scenario
from netgen.version import __version__


def reserve(out: str | Path | None, name: str) -> tuple[Path, list[Path]]:
    """Make the run directory, empty, so that no other run takes it.

    Returns
    -------
    target : Path                   The run directory.
    made : list of Path             What was made for it, innermost first: itself, and parents that were missing.

    Raises
    ------
    InputError                      It is taken or cannot be made.
    """
    if out is None:
        number = 1
        while True:
            target = Path("runs") / name / f"{number:03d}"
            try:
                return target, _made(target)
            except FileExistsError:
                number += 1
    target = Path(out)
    if _exists(target) and target.is_symlink():
        try:
            target = target.resolve()  # the folder it names is replaced, not the link
        except (OSError, RuntimeError):
            raise InputError(f"{target} cannot be written: its links lead in a circle") from None
    if not target.name:
        raise InputError(f"{target} cannot be a run directory: give the name of a new or empty folder")
    if not _exists(target):
        return target, _made(target)
    if not target.is_dir() or any(target.iterdir()):
        raise InputError(
            f"{target} exists and is not empty; nothing is overwritten: give another --out or remove it"
        )
    return target, []


def _exists(place: Path) -> bool:
    """Whether something is there; InputError when the system cannot even look, as for an over-long name."""
    try:
        return place.exists() or place.is_symlink()
    except (OSError, ValueError) as error:
        raise _unwritable(place, error) from None


def _unwritable(folder: Path, error: OSError | ValueError) -> InputError:
    """Why a run directory cannot be made."""
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(f"{folder} cannot be written: {reason}")


def _made(folder: Path) -> list[Path]:
    """Make a folder and its missing parents; return them, innermost first."""
    missing = [place for place in (folder, *folder.parents) if not _exists(place)]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except FileExistsError:
        if folder.is_dir():
            raise
        _remove(missing)
        raise InputError(f"{folder} cannot be written: there is a file in its way") from None
    except (OSError, ValueError) as error:
        _remove(missing)
        raise _unwritable(folder, error) from None
    return missing


def discard(partial: Path, made: list[Path]) -> None:
    """Remove what a run began to write, and the folders made for it that hold nothing else."""
    shutil.rmtree(partial, ignore_errors=True)
    _remove(made)


def _remove(made: list[Path]) -> None:
    """Remove those of these folders, innermost first, that are there and hold nothing."""
    for folder in made:
        with contextlib.suppress(OSError, ValueError):
            folder.rmdir()


def finish(
    partial: Path,
    target: Path,
    scenario: Scenario,
    *,
    summary: dict[str, Any],
    started_s: float,
) -> None:
    """Write the files beside the records and put the run directory in its place at once.

    Parameters
    ----------
    partial, target : Path          Where the records are, and where the run directory is to be.
    scenario : Scenario             The scenario as resolved.
    summary : dict                  What summary.json is to hold; gets the wall time.
    started_s : float, s            `time.perf_counter()` at the beginning.

    Raises
    ------
    OSError                         Something has got in the way meanwhile; says where the results are.
    """
    (partial / "scenario.yaml").write_text(resolved_yaml(scenario), encoding="utf-8")
    if "wall_s" in summary:
        summary["wall_s"] = time.perf_counter() - started_s
    write_json(partial / "summary.json", summary)
    write_json(partial / "environment.json", _environment(scenario, time.perf_counter() - started_s))
    try:
        target.rmdir()
        partial.rename(target)
    except OSError as error:
        message = f"{target} cannot be replaced ({error.strerror}); the results are complete and in {partial}"
        raise OSError(message) from error


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON document; NaN and infinity are refused."""
    path.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _environment(scenario: Scenario, wall_s: float) -> dict[str, Any]:
    """Where and with what a run was made."""
    names = ("networkx", "numpy", "pint", "pyarrow", "pydantic", "simpy")
    return {
        "netgen": __version__,
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in names},
        "platform": platform.platform(),
        "host": platform.node(),
        "processors": os.cpu_count(),
        "seed": scenario.seed,
        "simulated_s": scenario.duration_s,
        "wall_s": wall_s,
    }
