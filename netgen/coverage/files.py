"""Writes coverage maps into a folder of their own: a picture and a GeoTIFF file each."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from netgen.broadcast.raster import write_geotiff, write_png
from netgen.coverage.made_map import MadeMap
from netgen.errors import InputError


def map_folder(out: str | Path | None, name: str) -> Path:
    """Folder for the maps of a scenario, which nothing is in yet; it is not made here.

    Parameters
    ----------
    out : path or None              What is asked for; None for the next free `runs/NAME/coverage-NNN`.
    name : str                      Name of the scenario.

    Raises
    ------
    InputError                      It holds something, is no folder, or cannot be looked at.
    """
    if out is None:
        number = 1
        while (target := Path("runs") / name / f"coverage-{number:03d}").exists():
            number += 1
        return target
    target = Path(out)
    try:
        taken = target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir())))
    except (OSError, ValueError) as error:
        raise InputError(f"{target} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    if taken or not target.name:
        raise InputError(
            f"{target} exists and is not an empty folder; nothing is overwritten: give another --out or remove it"
        )
    return target


def write_maps(maps: Sequence[MadeMap], target: Path) -> dict[str, tuple[Path, Path]]:
    """Write all maps, or nothing.

    Parameters
    ----------
    maps : sequence of MadeMap      The maps.
    target : Path                   Folder that does not exist or is empty; made with its parents.

    Returns
    -------
    dict                            By name of the map its picture (.png) and its GeoTIFF file (.tif).

    Raises
    ------
    InputError                      The folder cannot be made, or a reference system is not known.
    MissingDependencyError          matplotlib or rasterio is not installed.
    """
    names = [made.name for made in maps]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two maps would be called {twice}; rename a node or a pipe")
    partial = target.with_name(f".{target.name[:200]}.partial-{os.getpid()}")
    missing = [folder for folder in partial.parents if not folder.exists()]
    try:
        try:
            partial.mkdir(parents=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"{target} cannot be written: {reason}") from None
        for made in maps:
            write_png(made.coverage, partial / f"{made.name}.png")
            write_geotiff(made.coverage, partial / f"{made.name}.tif")
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for folder in missing:  # innermost first; those that hold the maps stay
            with contextlib.suppress(OSError):
                folder.rmdir()
    return {name: (target / f"{name}.png", target / f"{name}.tif") for name in names}
