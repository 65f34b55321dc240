"""The machine that measures: its processor or GPU, and the software that was measured."""

from __future__ import annotations

import importlib
import os
import platform
import re
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

from netgen.actions.contract import Placement
from netgen.calibration.record import DeviceUsed
from netgen.media.video_file import import_av
from netgen.version import __version__

_PACKAGES = (
    "numpy",
    "torch",
    "safetensors",
    "scikit-image",
    "torchmetrics",
    "imageio-ffmpeg",
    "diffusers",
    "compressai",
)
_LIBRARIES = ("libavcodec", "libavfilter", "libswscale")


def device_used(placement: Placement, *, learned: bool) -> DeviceUsed:
    """Return what a placement means here; the speed of products of matrices is measured for learned actions."""
    cores = os.cpu_count() or 1
    speed = matmul_flops_per_s(placement) if learned else None
    if placement.device == "cpu":
        return DeviceUsed("cpu", processor_name(), cores, placement.threads, None, None, speed)
    torch = importlib.import_module("torch")
    name = torch.cuda.get_device_name(placement.device)
    return DeviceUsed("cuda", name, cores, placement.threads, _driver(), torch.version.cuda, speed)


def matmul_flops_per_s(placement: Placement) -> float:
    """Return the most operations per second that torch reaches here in a large product of matrices.

    What the inference reaches is compared with it: the share of the device's peak. The best of ten products of
    1024 x 1024 (8192 x 8192 on a GPU) matrices, in the precision and with the threads of the placement.
    """
    torch = importlib.import_module("torch")
    side = 1024 if placement.device == "cpu" else 8192
    ones = torch.ones(side, side, dtype=getattr(torch, placement.precision), device=placement.device)
    before = torch.get_num_threads()
    torch.set_num_threads(placement.threads)
    try:
        return 2 * side**3 / min(_product_s(torch, ones) for _ in range(10))
    finally:
        torch.set_num_threads(before)


def _product_s(torch: ModuleType, ones: Any) -> float:  # noqa: ANN401  (a tensor)
    """Time one product until the device has finished it."""
    on_gpu = ones.device.type == "cuda"
    if on_gpu:
        torch.cuda.synchronize(ones.device)
    began_s = time.perf_counter()
    _ = ones @ ones
    if on_gpu:
        torch.cuda.synchronize(ones.device)
    return time.perf_counter() - began_s


def processor_name() -> str:
    """Return the processor's model name, or its architecture where the system does not tell."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.machine()


def versions() -> tuple[tuple[str, str], ...]:
    """Return the versions of what is measured and of what measures; packages that are not there are left out."""
    av = import_av()
    found = [("netgen", __version__), ("python", platform.python_version()), ("av", av.__version__)]
    found += [(name, ".".join(str(part) for part in av.library_versions[name])) for name in _LIBRARIES]
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


def _driver() -> str | None:
    """Return the version of NVIDIA's driver where Linux shows it."""
    path = Path("/proc/driver/nvidia/version")
    found = re.search(r"\b\d+\.\d+(\.\d+)?\b", path.read_text(encoding="utf-8")) if path.is_file() else None
    return found[0] if found else None
