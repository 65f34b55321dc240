"""Where large models can run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from netgen.actions.contract import Placement
from netgen.errors import InputError, MissingDependencyError

_PRECISIONS = ("float32", "bfloat16", "float16")


def check_placement(action: str, placement: Placement) -> None:
    """Raise InputError when a device is not there, a precision is none, or threads or batch are below 1.

    Parameters
    ----------
    action : str                    Its name, for messages.
    placement : Placement           What is asked for.
    """
    if placement.precision not in _PRECISIONS:
        raise InputError(
            f"action {action}: precision {placement.precision}; accepted: {', '.join(_PRECISIONS)}"
        )
    if placement.threads < 1 or placement.batch < 1:
        raise InputError(
            f"action {action}: {placement.threads} threads and batches of {placement.batch}; both are at least 1"
        )
    if placement.device == "cpu":
        return
    if not re.fullmatch(r"cuda(:\d+)?", placement.device):
        raise InputError(f"action {action}: device {placement.device}; accepted: cpu, cuda, cuda:N")
    try:
        import torch  # noqa: PLC0415
    except ImportError as error:
        raise MissingDependencyError(
            f"action {action} on {placement.device} needs torch, which is not installed; run: pip install "
            "netgen[actions]"
        ) from error
    index = int(placement.device.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        raise InputError(
            f"action {action}: device {placement.device} is not there; torch {torch.__version__} sees "
            f"{torch.cuda.device_count()} CUDA devices"
        )


@contextmanager
def inference_threads(torch: ModuleType, count: int) -> Iterator[None]:
    """Give torch so many threads for a while: the last bit of a sum can depend on their number."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
