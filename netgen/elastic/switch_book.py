"""Every move of a user between tower and cells, from decision to effect, as it will be written down."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netgen.ledger import LedgerWriter

Bools = NDArray[np.bool_]
Rows = NDArray[np.int64]

_UNKNOWN, _NO, _YES = -1, 0, 1


@dataclass(slots=True, eq=False)
class SwitchBook:
    """Moves in arrays, in the order of their decisions.

    Parameters
    ----------
    users, services : list of str   Names, per row of the population.
    """

    users: list[str]
    services: list[str]
    _columns: dict[str, list[np.ndarray]] = field(default_factory=dict)
    _count: int = 0
    _effective_s: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    _arrived_s: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    _resent: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _needless: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        """Number of moves so far."""
        return self._count

    def open(
        self, rows: Rows, *, mode: str, decision: int, decided_s: float, origin: NDArray[np.str_],
        target: NDArray[np.str_], context_bits: int,
    ) -> Rows:  # fmt: skip
        """Note that some rows are to be moved; return the numbers of their moves."""
        count = len(rows)
        numbers = np.arange(self._count, self._count + count, dtype=np.int64)
        chunk = {
            "row": rows,
            "mode": np.full(count, mode),
            "decision": np.full(count, decision, dtype=np.int64),
            "decided_s": np.full(count, decided_s),
            "origin": origin,
            "target": target,
            "context_bits": np.full(count, context_bits, dtype=np.int64),
        }
        for name, values in chunk.items():
            self._columns.setdefault(name, []).append(values)
        self._count += count
        self._effective_s = np.concatenate([self._effective_s, np.full(count, np.nan)])
        self._arrived_s = np.concatenate([self._arrived_s, np.full(count, np.nan)])
        self._resent = np.concatenate([self._resent, np.zeros(count, dtype=np.int64)])
        self._needless = np.concatenate([self._needless, np.full(count, _UNKNOWN, dtype=np.int64)])
        return numbers

    def arrive(self, numbers: Rows, *, time_s: float, effective: Bools | None = None) -> None:
        """The contexts of some moves have arrived; those that were refused never become effective."""
        self._arrived_s[numbers] = time_s
        accepted = numbers if effective is None else numbers[effective]
        self._effective_s[accepted] = time_s

    def resend(self, numbers: Rows) -> None:
        """One more segment of the contexts of some moves was sent again."""
        self._resent[numbers] += 1

    def judge(self, numbers: Rows, needless: Bools) -> None:
        """Whether some moves turned out to be needless."""
        self._needless[numbers] = np.where(needless, _YES, _NO)

    def write(self, writer: LedgerWriter) -> None:
        """Write all moves."""
        if not self._count:
            return
        columns = {name: np.concatenate(chunks) for name, chunks in self._columns.items()}
        rows = columns.pop("row")
        decided_s = columns["decided_s"]
        writer.add_columns(
            "switches",
            {
                **{name: values.tolist() for name, values in columns.items()},
                "user": [self.users[row] for row in rows.tolist()],
                "service": [self.services[row] for row in rows.tolist()],
                "effective_s": np.ma.masked_invalid(self._effective_s),
                "transfer_s": np.ma.masked_invalid(self._arrived_s - decided_s),
                "segments_resent": self._resent,
                "needless": np.ma.masked_array(self._needless == _YES, mask=self._needless == _UNKNOWN),
            },
        )
