"""Names that the build makes up; none collides with a name of a scenario, which holds no colon."""

from __future__ import annotations


def air_of(tower: str, pipe: str | None = None) -> str:
    """Name of the far end of a tower's broadcast channel, or of one of its physical-layer pipes."""
    return f"{tower}:{pipe or 'air'}"
