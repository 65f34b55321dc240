"""Figures of decisions as people read them: with their units, and words where a number means something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_UNITS = {"_bps": "bit/s", "_bits": "bit", "_joule": "J", "_s": "s"}
_SHARES = {
    "load", "loss_now", "loss_ahead", "battery", "unicast_share", "sent_share", "control_share", "cell_load",
    "largest_load", "semantic_fidelity",
}  # fmt: skip
_WORDS: dict[str, Callable[[float], str]] = {
    "since_s": lambda value: f"for {value:.4g} s",
    "time_to_poor_s": lambda value: f"poor in {value:.4g} s" if value else "poor now",
    "on_air": lambda value: "on air" if value else "off air",
    "share": lambda value: f"share {value:.4g} cells",
    "busiest_share": lambda value: f"busiest share {value:.4g} cells",
    "bits": lambda value: f"size {_scaled(value, 'bit')}",
}
_ENDLESS = {
    "since_s": "from the start",
    "time_to_poor_s": "not poor within the horizon",
    "deadline_s": "no deadline",
    "cell_load": "no cell",
    "cell_s": "cannot be generated at the cell",
    "terminal_s": "cannot be generated at the terminal",
}


def quantity(name: str, value: float | None) -> str:
    """A named figure of a decision in words, for example `rate 4 Mbit/s`; None is a number without an end."""
    owner, _, key = name.rpartition(".")
    told = _told(key, value)
    return f"{owner} {told}" if owner else told


def quantities(figures: Mapping[str, float | None]) -> str:
    """Named figures in a line."""
    return ", ".join(quantity(name, value) for name, value in figures.items()) or "-"


def percent(share: float) -> str:
    """A share in per cent, three digits."""
    return f"{100 * share:.3g} %"


def _told(key: str, value: float | None) -> str:
    """A figure without the name of what has it."""
    label = key.replace("_", " ")
    if value is None:
        return _ENDLESS.get(key, f"{label} infinite")
    if key in _WORDS:
        return _WORDS[key](value)
    if key in _SHARES:
        return f"{label} {percent(value)}"
    for suffix, unit in _UNITS.items():
        if key.endswith(suffix):
            return f"{label.removesuffix(suffix.replace('_', ' '))} {_scaled(value, unit)}"
    return f"{label} {value:.4g}"


def _scaled(value: float, unit: str) -> str:
    """Four digits and a unit, with a prefix for large numbers; seconds and joules have none."""
    if unit in ("bit", "bit/s"):
        for factor, prefix in _PREFIXES:
            if abs(value) >= factor:
                return f"{value / factor:.4g} {prefix}{unit}"
    return f"{value:.4g} {unit}"
