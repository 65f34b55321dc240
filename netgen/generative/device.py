"""Devices that run generative actions: the shipped table, and finding one by name."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from netgen.errors import InputError, did_you_mean
from netgen.provenance import Provenance

IDLE_POWER_FRACTION = 0.15
"""ASSUMED: an idle device draws 0.15 of its peak power; no data sheet in the table gives idle power."""

LOAD_RATE_BYTE_PER_S = 10e9
"""ASSUMED: a model is copied from host memory to the device at 10 GB/s, some third of what a PCIe 4.0 x16
slot carries; no data sheet in the table gives a load rate."""

_ASSUMED_WITH_POWER = ("idle_power_w", "load_rate_byte_per_s")
_ASSUMED_WITHOUT_POWER = ("load_rate_byte_per_s",)


@dataclass(frozen=True, slots=True)
class Device:
    """What runs contract and expand; a figure that no source gives is None, never guessed.

    Parameters
    ----------
    name : str                                  The name under which `find_device` knows it.
    kind : str                                  `gpu` or `cpu`.
    peak_flops : float or None, 1/s             Dense FP16/BF16 operations per second, FP32 accumulation.
    memory_bytes : int or None, byte            Device memory.
    memory_bandwidth_byte_per_s : float or None, byte/s     Peak rate of the device memory.
    peak_power_w, idle_power_w : float or None, W           Under full load, and when nothing runs.
    load_rate_byte_per_s : float, byte/s        Rate at which a model's weights come onto the device, > 0.
    streams : int                               Jobs that run at the same time, >= 1.
    variants : tuple of str                     Devices that count as this one: a source that leaves the
                                                variant open measured on one of them.
    provenance : Provenance                     Weakest mark of peak, memory and bandwidth.
    power_provenance : Provenance or None       Mark of the peak power; None when it is not known.
    assumed : tuple of str                      Fields that hold a default of this module (`ASSUMED:`).
    source, note : str                          Where the figures are from and how they were checked.
    """

    name: str
    kind: str
    peak_flops: float | None
    memory_bytes: int | None
    memory_bandwidth_byte_per_s: float | None
    peak_power_w: float | None
    idle_power_w: float | None
    load_rate_byte_per_s: float = LOAD_RATE_BYTE_PER_S
    streams: int = 1
    variants: tuple[str, ...] = ()
    provenance: Provenance = Provenance.DECLARED
    power_provenance: Provenance | None = None
    assumed: tuple[str, ...] = ()
    source: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        figures = {
            "peak_flops": self.peak_flops,
            "memory_bytes": self.memory_bytes,
            "memory_bandwidth_byte_per_s": self.memory_bandwidth_byte_per_s,
            "peak_power_w": self.peak_power_w,
            "load_rate_byte_per_s": self.load_rate_byte_per_s,
            "streams": self.streams,
        }
        for field, figure in figures.items():
            if figure is not None and not 0 < figure < float("inf"):
                raise ValueError(f"device {self.name}: {field} must be positive and finite, got {figure}")
        if self.idle_power_w is not None and not 0 <= self.idle_power_w <= (
            self.peak_power_w or float("inf")
        ):
            raise ValueError(
                f"device {self.name}: idle_power_w must lie in 0..peak_power_w, got {self.idle_power_w}"
            )

    def stands_for(self, device: Device) -> bool:
        """Whether a time taken on this device holds on `device`: the same one, or one of its variants."""
        return device.name == self.name or device.name in self.variants

    def load_s(self, memory_bytes: int) -> float:
        """Seconds of a cold start: a model of `memory_bytes` copied onto the device at its load rate."""
        return memory_bytes / self.load_rate_byte_per_s


def _number(text: str) -> float | None:
    return float(text) if text else None


def _whole(text: str) -> int | None:
    return int(float(text)) if text else None


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


def _device(row: Mapping[str, str]) -> Device:
    """One row of `devices.csv` with the defaults of this module for what the row cannot give."""
    peak_power_w = _number(row["peak_power_w"])
    note = "; ".join(part for part in (f"verified: {row['verified']}", row["note"]) if part)
    return Device(
        name=row["name"],
        kind=row["kind"],
        peak_flops=_number(row["peak_flops"]),
        memory_bytes=_whole(row["memory_bytes"]),
        memory_bandwidth_byte_per_s=_number(row["memory_bandwidth_byte_per_s"]),
        peak_power_w=peak_power_w,
        idle_power_w=None if peak_power_w is None else IDLE_POWER_FRACTION * peak_power_w,
        variants=_split(row["variants"]),
        provenance=Provenance(row["provenance"]),
        power_provenance=Provenance(row["power_provenance"]) if row["power_provenance"] else None,
        assumed=_ASSUMED_WITHOUT_POWER if peak_power_w is None else _ASSUMED_WITH_POWER,
        source=row["source"],
        note=note,
    )


@cache
def _rows() -> tuple[Mapping[str, str], ...]:
    text = (files("netgen.generative") / "profiles" / "devices.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def load_devices() -> Mapping[str, Device]:
    """Return the shipped devices by name.

    Source                              The data sheets named in each row of `profiles/devices.csv`.
    Valid for                           Dense half-precision arithmetic; memory in decimal bytes.
    """
    return MappingProxyType({row["name"]: _device(row) for row in _rows()})


def _key(name: str) -> str:
    """Name without case, spaces, hyphens and underscores, so that `RTX 3090` finds `RTX-3090`."""
    return re.sub(r"[\s_-]+", "", name).casefold()


@cache
def _names() -> Mapping[str, str]:
    """Canonical name by key of the name and of each alias; a key that two devices claim is an error."""
    names: dict[str, str] = {}
    for row in _rows():
        for spelling in (row["name"], *_split(row["aliases"])):
            taken = names.setdefault(_key(spelling), row["name"])
            if taken != row["name"]:
                raise ValueError(f'devices.csv: "{spelling}" names both {taken} and {row["name"]}')
    return MappingProxyType(names)


def canonical_name(label: str) -> str:
    """Return the name of the device that `label` means, or `label` itself where the table has none."""
    return _names().get(_key(label), label)


def find_device(name: str) -> Device:
    """Return the device called `name`, by its name or an alias, whatever its case, spaces and hyphens.

    Raises
    ------
    InputError                          No device has this name; names the nearest and all of them.
    """
    canonical = _names().get(_key(name))
    if canonical is None:
        hint = did_you_mean(
            name, [part for row in _rows() for part in (row["name"], *_split(row["aliases"]))]
        )
        known = ", ".join(sorted(load_devices()))
        raise InputError(f'no device is called "{name}"{hint} (known: {known})')
    return load_devices()[canonical]
