"""Where the bytes of representations lie while their segments travel: on disk, so that a long run needs no memory."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from netgen.actions.contracted_video import ContractedVideo


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one representation lies, and whose it is."""

    offset: int
    size_bytes: int
    domain: str
    action: str | None


class ArtefactStore:
    """Representations by number, in one temporary file that has no name and goes with the process.

    Nothing is ever taken out: a segment may be shown, saved or expanded again at any time, by any number of
    receivers, and needs no counting of who still wants it. In memory an artefact costs some hundred bytes.

    Parameters
    ----------
    folder : path or None           Where the file is made; the system's place for temporary files by default.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed by `close`)
        self._places: list[_Place] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        """Number of representations."""
        return len(self._places)

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return self._places[-1].offset + self._places[-1].size_bytes if self._places else 0

    def put(self, contracted: ContractedVideo, *, action: str | None) -> int:
        """Store a representation and return its number, counted from 0.

        Parameters
        ----------
        contracted : ContractedVideo    What travels.
        action : str or None            The scenario's name of the action that expands it; None for frames that
                                        `coded_for_travel` coded.
        """
        message = contracted.to_bytes()
        place = _Place(self.size_bytes, len(message), contracted.domain, action)
        self._file.seek(place.offset)
        self._file.write(message)
        self._places.append(place)
        return len(self._places) - 1

    def get(self, number: int) -> ContractedVideo:
        """Return a representation."""
        place = self._place(number)
        self._file.seek(place.offset)
        return ContractedVideo.from_bytes(self._file.read(place.size_bytes), domain=place.domain)

    def action_of(self, number: int) -> str | None:
        """Return which action expands a representation; None for frames that were coded again."""
        return self._place(number).action

    def bits(self, number: int) -> int:
        """Return the size of a representation, bit, its header included."""
        return 8 * self._place(number).size_bytes

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def _place(self, number: int) -> _Place:
        """Look a number up; none is below 0."""
        if not 0 <= number < len(self._places):
            raise ValueError(f"representation {number} of {len(self._places)} stored ones")
        return self._places[number]
