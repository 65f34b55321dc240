"""Limits the threads of a process: those of torch, and those of the linear algebra that numpy and scipy bring.

An action that has one thread must not find that a product of matrices takes all cores: where another process works on
one of them, both halves of the product wait for the slower core, and a layout takes ten times as long.
"""

from __future__ import annotations

import importlib
import sys

from netgen.errors import MissingDependencyError


def limit_threads(count: int) -> None:
    """Give torch and every library of linear algebra that is loaded so many threads, from now on.

    Raises
    ------
    MissingDependencyError          threadpoolctl is not installed.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != count:
        torch.set_num_threads(count)
    try:
        threadpoolctl = importlib.import_module("threadpoolctl")
    except ImportError as error:
        raise MissingDependencyError(
            "limiting threads needs threadpoolctl, which is not installed; run: pip install netgen[actions]"
        ) from error
    threadpoolctl.ThreadpoolController().select(user_api="blas").limit(limits=count)


class ThreadLimit:
    """A limit that is set anew only when it changes or more modules are loaded, which may bring libraries with them."""

    def __init__(self) -> None:
        self._set = (0, 0)

    def apply(self, count: int) -> None:
        """Allow so many threads; raises as `limit_threads` does."""
        if self._set != (count, len(sys.modules)):
            limit_threads(count)
            self._set = (count, len(sys.modules))
