"""The engine's clock: integer nanoseconds inside, seconds at every public edge."""

from __future__ import annotations

NS_PER_S = 1_000_000_000
NEVER_NS = 1 << 62


def to_ns(time_s: float) -> int:
    """Nearest nanosecond to a time in seconds."""
    return round(time_s * NS_PER_S)


def to_s(time_ns: int) -> float:
    """Seconds of a time in nanoseconds; both of its roundings are below half a nanosecond up to 52 days."""
    return time_ns / NS_PER_S
