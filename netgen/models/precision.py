"""How a device runs networks fastest: in which arithmetic, and how many frames at once."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

AUTO = "auto"

PRECISIONS = ("float32", "bfloat16", "float16")
"""What a network can be run in."""

_NATIVE_BFLOAT16 = (8, 0)
"""Compute capability from which CUDA devices multiply in bfloat16 themselves (CUDA C++ Programming Guide, table of
technical specifications by compute capability)."""


def chosen_precision(asked: str, device: str, accepted: Sequence[str] = PRECISIONS) -> str:
    """Return what was asked for; for `auto`, bfloat16 where the device multiplies in it natively, else float32.

    Parameters
    ----------
    asked : str                     `auto`, or a precision as placements have it.
    device : str                    `cpu`, `cuda` or `cuda:N`.
    accepted : sequence of str      What an action can run in: `auto` chooses among these.

    Notes
    -----
    The shipped networks were trained under bfloat16 autocast. On a processor with AVX512-BF16 they are about twice as
    fast in it as in float32 (docs/generative-actions.md); without such instructions it would be emulated. A torch that
    cannot tell counts as one without; where torch is not installed there are no networks, and any word will do. So it
    will for a device that is not there: placing an action on it is refused, in words of its own.
    """
    if asked != AUTO:
        return asked
    if "bfloat16" not in accepted:
        return "float32"
    try:
        import torch  # noqa: PLC0415  (heavy and optional: loaded when networks may run)
    except ImportError:
        return "float32"
    native = _native_on_processor(torch) if device == "cpu" else _native_on_cuda(torch, device)
    return "bfloat16" if native else "float32"


def usual_batch(device: str) -> int:
    """Return how many frames one inference takes where nobody says: 4 on a processor, 32 on CUDA.

    On a processor more than its cache holds makes it slower (docs/generative-actions.md).
    ASSUMED: 32 frames fill a GPU; none was at hand.
    """
    return 4 if device == "cpu" else 32


def _native_on_processor(torch: ModuleType) -> bool:
    """Whether the processor has instructions for bfloat16."""
    tell = getattr(torch.cpu, "get_capabilities", dict)
    found: dict[str, bool] = tell()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def _native_on_cuda(torch: ModuleType, device: str) -> bool:
    """Whether this very device, which need not be the current one, multiplies in bfloat16."""
    count = torch.cuda.device_count()
    if count == 0 or device not in {"cuda", *(f"cuda:{index}" for index in range(count))}:
        return False
    return bool(torch.cuda.get_device_capability(device) >= _NATIVE_BFLOAT16)
