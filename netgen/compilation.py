"""Kernels compiled by numba, kept on disk from one run to the next.

numba's own cache looks at the file of a function alone, and would go on using machine code whose constants or callees
have changed in another file. Here the folder is named after everything that kernels are made of: the sources of
netgen and the version of numba. This module imports numba; import it only from modules that are imported on demand.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])

_SETTINGS: Any = numba.config
_PACKAGE = Path(__file__).parent
# Folders of other sources that stay beside the one in use: branches and installations take turns.
_OTHERS_KEPT = 7


def kernel(*, liberties: Iterable[str] = (), parallel: bool = False) -> Callable[[F], F]:
    """Compile a function that Python calls; its machine code is kept for later runs where a folder can be written.

    Functions that only kernels call need no place of their own on disk: compile them with `numba.njit`.

    Parameters
    ----------
    liberties : strings             What the compiler may do to floating-point arithmetic (numba's `fastmath`).
    parallel : bool                 Whether `prange` loops run on all threads.

    Returns
    -------
    decorator                       Compiles at the first call with each set of argument types; releases the
                                    interpreter while it runs.
    """

    def decorate(function: F) -> F:
        folder = cache_folder()
        before = _SETTINGS.CACHE_DIR
        try:
            # numba chooses the place when it decorates, and remembers it.
            _SETTINGS.CACHE_DIR = before if folder is None else str(folder)
            compiled = numba.njit(
                error_model="numpy",
                fastmath=set(liberties),
                parallel=parallel,
                nogil=True,
                cache=folder is not None,
            )(function)
        finally:
            _SETTINGS.CACHE_DIR = before
        return cast(F, compiled)

    return decorate


@cache
def cache_folder() -> Path | None:
    """Folder for the machine code of these very sources, made if need be; None where none can be written.

    It lies in the folder that `NUMBA_CACHE_DIR` names, or else in `netgen/kernels` of the user's cache folder
    (`XDG_CACHE_HOME`, or `~/.cache`).
    """
    try:
        if _SETTINGS.CACHE_DIR:
            base = Path(_SETTINGS.CACHE_DIR)
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "netgen" / "kernels"
        folder = base / f"netgen-{_fingerprint()}"
        if not folder.exists():
            folder.mkdir(parents=True)
            _forget_others(folder)
        tempfile.TemporaryFile(dir=folder).close()
        os.utime(folder)
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return None
    return folder


def _fingerprint() -> str:
    """Digest of the sources of netgen and of numba's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(_PACKAGE.rglob("*.py")):
        digest.update(str(source.relative_to(_PACKAGE)).encode())
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()[:20]


def _forget_others(folder: Path) -> None:
    """Remove the folders that have not been used for longest; one that another process removes too is no matter."""
    others = [other for other in folder.parent.glob("netgen-*") if other != folder]
    others.sort(key=lambda other: other.stat().st_mtime, reverse=True)
    for other in others[_OTHERS_KEPT:]:
        shutil.rmtree(other, ignore_errors=True)
