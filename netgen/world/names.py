"""Names that the build makes up; none collides with a name of a scenario, which holds no colon."""

from __future__ import annotations


def air_of(tower: str, pipe: str | None = None) -> str:
    """Name of the far end of a tower's broadcast channel, or of one of its physical-layer pipes."""
    return f"{tower}:{pipe or 'air'}"


def tower_of(channel: str) -> str:
    """Name of the tower whose broadcast channel or pipe has that far end."""
    return channel.partition(":")[0]
