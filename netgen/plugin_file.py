"""Classes that users write in files of their own: `file.py:Class`, found and loaded."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

from netgen.errors import InputError, did_you_mean


def find_file(what: str, file_name: str, folders: tuple[Path, ...]) -> Path:
    """Return a file that a scenario names, looked for in `folders` in order, then in the current one.

    Raises InputError, which begins with `what`, when it is nowhere.
    """
    candidates = [folder / file_name for folder in (*folders, Path.cwd())]
    path = next((candidate.resolve() for candidate in candidates if candidate.is_file()), None)
    if path is None:
        places = ", ".join(dict.fromkeys(str(candidate) for candidate in candidates))
        raise InputError(f"{what}: no such file (looked for {places})")
    return path


def class_in_file(
    kind: str,
    reference: str,
    folders: tuple[Path, ...],
    *,
    is_one: Callable[[object], bool],
    failure: type[InputError] = InputError,
) -> object:
    """Return what `file.py:Class` names; whether it is of the right kind is left to the caller.

    Parameters
    ----------
    kind : str                  `policy` or `action`: begins every message, and keeps modules of one file apart.
    reference : str             `file.py:Class`.
    folders : tuple of Path     Where a relative file is looked for, in order.
    is_one : callable           Whether something in the file is such a class, for the message that lists them.
    failure : type              Error of a file that raises while it is loaded.

    Raises
    ------
    InputError                  The file or the class is missing.
    failure                     The file raised while it was loaded, `SystemExit` too.
    """
    file_name, _, class_name = reference.rpartition(":")
    path = find_file(f'{kind} "{reference}"', file_name, folders)
    module_name = f"netgen_{kind}_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise InputError(f'{kind} "{reference}": {path} is not a Python file')
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses in the plug-in look their own module up by name
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # SystemExit too
        sys.modules.pop(module_name, None)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise failure(f'{kind} "{reference}": {path} failed to load: {error!r}') from error
    found: object = getattr(module, class_name, None)
    if found is None:
        classes = [name for name, value in vars(module).items() if is_one(value)]
        hint = did_you_mean(class_name, classes)
        raise InputError(
            f'{kind} "{reference}": {path} has no class "{class_name}"{hint} (it has: {", ".join(classes) or "none"})'
        )
    return found
