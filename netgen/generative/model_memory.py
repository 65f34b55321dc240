"""Which models are in a device's memory: loaded on demand, evicted least recently used first."""

from __future__ import annotations

from collections import OrderedDict


class ModelMemory:
    """Residency of models in device memory.

    A model in use is pinned and is never evicted.
    """

    def __init__(self, memory_bytes: int) -> None:
        self.memory_bytes = memory_bytes
        self.evictions = 0
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._pins: dict[str, int] = {}

    @property
    def free_bytes(self) -> int:
        """Memory that no resident model holds."""
        return self.memory_bytes - sum(self._sizes.values())

    @property
    def resident(self) -> tuple[str, ...]:
        """Resident models, least recently used first."""
        return tuple(self._sizes)

    def holds(self, model: str) -> bool:
        """Whether a model is resident."""
        return model in self._sizes

    def admit(self, model: str, size_bytes: int) -> bool:
        """Make room for a model and reserve it; False while models in use hold too much.

        Raises
        ------
        ValueError                  The model exceeds the whole memory: it could never run.
        """
        if size_bytes > self.memory_bytes:
            raise ValueError(f"model {model} needs {size_bytes} byte of {self.memory_bytes} byte")
        pinned = sum(size for name, size in self._sizes.items() if self._pins.get(name))
        if pinned + size_bytes > self.memory_bytes:
            return False
        for name in list(self._sizes):
            if self.free_bytes >= size_bytes:
                break
            if not self._pins.get(name):
                del self._sizes[name]
                self.evictions += 1
        self._sizes[model] = size_bytes
        return True

    def pin(self, model: str) -> None:
        """Mark a resident model as in use, and as the most recently used."""
        self._sizes.move_to_end(model)
        self._pins[model] = self._pins.get(model, 0) + 1

    def unpin(self, model: str) -> None:
        """Undo one `pin`."""
        self._pins[model] -= 1
