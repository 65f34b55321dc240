"""Energy counters of devices: RAPL of processors, NVML of GPUs; none is modelled."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

POWERCAP = Path("/sys/class/powercap")


class EnergyMeter(Protocol):
    """A counter that only rises."""

    @property
    def method(self) -> str:
        """What counts: `rapl`, `nvml` or `none`."""

    def joules_since(self, reading: object) -> float | None:
        """Energy since a reading, J; None where there is no counter."""

    def read(self) -> object:
        """Return the counter as it stands."""


@dataclass(frozen=True, slots=True)
class NoMeter:
    """No counter is at hand."""

    @property
    def method(self) -> str:
        """None."""
        return "none"

    def read(self) -> object:
        """Return nothing."""
        return None

    def joules_since(self, reading: object) -> float | None:  # noqa: ARG002
        """Return None: nothing was counted."""
        return None


@dataclass(frozen=True, slots=True)
class RaplMeter:
    """Counters of the processor packages, which wrap around.

    Parameters
    ----------
    zones : tuple of Path           One directory per package, with `energy_uj` and `max_energy_range_uj`.
    """

    zones: tuple[Path, ...]

    @property
    def method(self) -> str:
        """RAPL, packages."""
        return "rapl"

    def read(self) -> object:
        """Return the counter of every package, microjoule."""
        return tuple(_whole(zone / "energy_uj") for zone in self.zones)

    def joules_since(self, reading: object) -> float | None:
        """Return the sum over the packages; a counter that wrapped once is put right."""
        total_uj = 0
        now = self.read()
        assert isinstance(reading, tuple)  # noqa: S101  (what `read` returned)
        assert isinstance(now, tuple)  # noqa: S101
        for zone, before, after in zip(self.zones, reading, now, strict=True):
            range_uj = _whole(zone / "max_energy_range_uj")
            total_uj += after - before if after >= before else after + range_uj - before
        return total_uj / 1e6


@dataclass(frozen=True, slots=True)
class NvmlMeter:
    """Counter of one GPU, millijoule.

    Parameters
    ----------
    library : module                pynvml.
    handle : object                 Its handle of the GPU.
    """

    library: Any
    handle: Any

    @property
    def method(self) -> str:
        """NVML, total energy."""
        return "nvml"

    def read(self) -> object:
        """Return the counter."""
        return self.library.nvmlDeviceGetTotalEnergyConsumption(self.handle)

    def joules_since(self, reading: object) -> float | None:
        """Return the energy of the whole card."""
        assert isinstance(reading, int)  # noqa: S101
        return float(self.library.nvmlDeviceGetTotalEnergyConsumption(self.handle) - reading) / 1e3


def find_meter(device: str, *, powercap: Path = POWERCAP) -> EnergyMeter:
    """Return the counter of a device, or the one that counts nothing.

    Parameters
    ----------
    device : str                    `cpu`, `cuda` or `cuda:N`.
    powercap : Path                 Where Linux shows RAPL.
    """
    if device == "cpu":
        zones = tuple(_packages(powercap))
        return RaplMeter(zones) if zones else NoMeter()
    try:
        pynvml = importlib.import_module("pynvml")
    except ImportError:
        return NoMeter()
    try:
        pynvml.nvmlInit()
        handle = _handle(pynvml, device)
        pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except pynvml.NVMLError:  # older cards and virtual ones have no counter
        return NoMeter()
    return NvmlMeter(pynvml, handle)


def _handle(pynvml: ModuleType, device: str) -> object:
    """Return NVML's handle of the GPU that torch means by a device.

    By its UUID: NVML numbers all cards of the machine, torch those that CUDA_VISIBLE_DEVICES leaves, in that order.
    A slice of a card (MIG) has a UUID that no whole card has, and no counter of its own.
    """
    index = int(device.partition(":")[2] or 0)
    uuid = _uuid(device, index)
    handle: object = (
        pynvml.nvmlDeviceGetHandleByIndex(index) if uuid is None else pynvml.nvmlDeviceGetHandleByUUID(uuid)
    )
    return handle


def _uuid(device: str, index: int) -> str | None:
    """Return the UUID of a GPU as NVML writes it; None where torch is not there, or tells none."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return None
    if index >= torch.cuda.device_count():
        return None
    told = getattr(torch.cuda.get_device_properties(device), "uuid", None)
    if told is None:
        return None
    uuid = str(told)
    return uuid if uuid.startswith(("GPU-", "MIG-")) else f"GPU-{uuid}"  # torch tells it without the prefix


def _packages(powercap: Path) -> Iterator[Path]:
    """Readable counters of whole packages; the zones within them would be counted twice."""
    for zone in sorted(powercap.glob("intel-rapl:*")):
        if zone.name.count(":") == 1:
            try:
                _whole(zone / "energy_uj")
                _whole(zone / "max_energy_range_uj")
            except (OSError, ValueError):  # often readable by root alone
                continue
            yield zone


def _whole(path: Path) -> int:
    return int(path.read_text(encoding="ascii"))
