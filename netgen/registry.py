"""Registry of extensions by name: one small, greppable mapping per kind of extension."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from netgen.errors import InputError, did_you_mean

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to extensions of one kind; a taken name and an unknown name are errors, never silent."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> T:
        """Register `entry` under `name`; raises ValueError when the name is taken."""
        if name in self._entries:
            raise ValueError(f'{self.kind} "{name}" is already registered as {self._entries[name]!r}')
        self._entries[name] = entry
        return entry

    def get(self, name: str) -> T:
        """Return the entry called `name`; raises InputError with the nearest name when there is none."""
        try:
            return self._entries[name]
        except KeyError:
            hint = did_you_mean(name, self._entries)
            known = ", ".join(sorted(self._entries)) or "none"
            raise InputError(f'no {self.kind} is called "{name}"{hint} (known: {known})') from None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
