"""The arithmetic in which a device runs networks fastest at no visible cost."""

from __future__ import annotations

AUTO = "auto"


def chosen_precision(asked: str, device: str) -> str:
    """Return what was asked for; for `auto`, bfloat16 where the device multiplies in it natively, else float32.

    Parameters
    ----------
    asked : str                     `auto`, or a precision as placements have it.
    device : str                    `cpu`, `cuda` or `cuda:N`.

    Notes
    -----
    The shipped networks were trained under bfloat16 autocast. On a processor with AVX512-BF16 they are about twice as
    fast in it as in float32 (docs/generative-actions.md); without such instructions it would be emulated. A torch that
    cannot tell counts as one without; where torch is not installed there are no networks, and any word will do.
    """
    if asked != AUTO:
        return asked
    try:
        import torch  # noqa: PLC0415  (heavy and optional: loaded when networks may run)
    except ImportError:
        return "float32"
    if device != "cpu":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    tell = getattr(torch.cpu, "get_capabilities", dict)
    found: dict[str, bool] = tell()
    return "bfloat16" if found.get("avx512_bf16") or found.get("amx_bf16") else "float32"
