"""Users as rows in arrays: who watches what, and what each has received."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


NOBODY = -1
"""Number of the carrier of a row that nobody has room for."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """The rows that one receiver serves, or may serve, for one service.

    Parameters
    ----------
    rows : (n,) int64               Their rows.
    join_s, leave_s : (n,) float, s When each of them watches.
    number : int                    Number of the receiver among the carriers.
    carrier : (rows,) int64 or None Who serves each row of the population now; None where nobody else could.
    """

    rows: Rows
    join_s: Floats
    leave_s: Floats
    number: int
    carrier: Rows | None = None

    def active(self, offered_s: float) -> Rows:
        """Rows of the users who watch then and whom the receiver serves now."""
        watching = (self.join_s <= offered_s) & (offered_s < self.leave_s)
        if self.carrier is not None:
            watching &= self.carrier[self.rows] == self.number
        rows: Rows = self.rows[watching]
        return rows


@dataclass(frozen=True, slots=True, eq=False)
class Join:
    """Which segments of a common stream and of its enhancement each user had in time.

    Parameters
    ----------
    common_row : (rows,) int64              Per row the same user's row of the common service; -1 without.
    common, enhancement : (rows, n) bool    On time, per row and segment.
    """

    common_row: Rows
    common: NDArray[np.bool_]
    enhancement: NDArray[np.bool_]

    @staticmethod
    def of(users: list[str], services: list[str], enhancement: str, common: str, segments: int) -> Join:
        """Match the rows of an enhancement with the rows of its common stream, user by user."""
        row_of = {
            user: row for row, (user, name) in enumerate(zip(users, services, strict=True)) if name == common
        }
        matched = [
            row_of.get(user, -1) if name == enhancement else -1
            for user, name in zip(users, services, strict=True)
        ]
        shape = (len(users), segments)
        return Join(np.array(matched), np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_))

    def met(self) -> tuple[Rows, Rows, NDArray[np.bool_]]:
        """Rows of the enhancement, their users' rows of the common stream, and per segment: both on time."""
        rows = np.flatnonzero(self.common_row >= 0)
        common_rows = self.common_row[rows]
        return rows, common_rows, self.enhancement[rows] & self.common[common_rows]


class Population:
    """One row per user and service; every update works on arrays of rows.

    Parameters
    ----------
    users, nodes, audiences, services, source_kinds : sequences of str, one per row; the node and its kind are
                                    those that serve the user at the beginning.
    join_s, leave_s : (n,) float, s From when and until when each user watches; to the end by default.
    others : sequence of str        Node that may serve the row instead; empty for none, the default.
    identity : (n,) int64           A number that belongs to the user alone, whoever else is there; keys the
                                    user's luck. Default: the number of the row.
    """

    def __init__(
        self,
        *,
        users: list[str],
        nodes: list[str],
        audiences: list[str],
        services: list[str],
        source_kinds: list[str],
        join_s: Floats,
        leave_s: Floats | None = None,
        others: list[str] | None = None,
        identity: Rows | None = None,
    ) -> None:
        self.users, self.nodes, self.audiences = users, nodes, audiences
        self.services, self.source_kinds = services, source_kinds
        self.join_s = join_s
        self.leave_s = np.full(len(users), np.inf) if leave_s is None else leave_s
        self.identity: Rows = np.arange(len(users)) if identity is None else identity
        count = len(users)
        self.offered, self.delivered, self.late, self.lost, self.generated = (
            np.zeros(count, dtype=np.int64) for _ in range(5)
        )
        self.broadcast, self.cellular, self.repaired, self.blocked, self.switches = (
            np.zeros(count, dtype=np.int64) for _ in range(5)
        )
        self.bits = np.zeros(count, dtype=np.int64)
        self.semantic_offered, self.semantic_delivered = np.zeros(count), np.zeros(count)
        self.delay_s, self.stall_s, self.due_s = np.zeros(count), np.zeros(count), np.zeros(count)
        self.quality, self.quality_known = np.zeros(count), np.zeros(count, dtype=np.int64)
        self._carry(others)
        self._joins: dict[str, Join] = {}
        self._common_of: dict[str, str] = {}

    def _carry(self, others: list[str] | None) -> None:
        """Number the carriers, and find which rows each of them serves or may serve."""
        others = [""] * len(self.nodes) if others is None else others
        self.carriers = tuple(dict.fromkeys([*self.nodes, *others]))
        number = {name: k for k, name in enumerate(self.carriers)} | {"": NOBODY}
        self.carrier: Rows = np.array([number[name] for name in self.nodes], dtype=np.int64)
        self.home: Rows = self.carrier.copy()
        self.other: Rows = np.array([number[name] for name in others], dtype=np.int64)
        by_pair: dict[tuple[str, str], list[int]] = {}
        shared: dict[tuple[str, str], None] = {}
        for row, (service, node, other) in enumerate(zip(self.services, self.nodes, others, strict=True)):
            by_pair.setdefault((service, node), []).append(row)
            if other:
                by_pair.setdefault((service, other), []).append(row)
                shared |= {(service, node): None, (service, other): None}
        self._reach = {
            pair: Reach(
                np.array(rows), self.join_s[rows], self.leave_s[rows], number[pair[1]],
                self.carrier if pair in shared else None,
            )
            for pair, rows in by_pair.items()
        }  # fmt: skip

    @property
    def tower(self) -> Rows:
        """(n,) Number of the carrier of each row that is a tower's channel; -1 for none."""
        first = np.array([kind == "broadcast" for kind in self.source_kinds], dtype=np.bool_)
        return np.where(first, self.home, self.other)

    @property
    def cell(self) -> Rows:
        """(n,) Number of the carrier of each row that is a cell or cellular network; -1 for none."""
        first = np.array([kind == "cellular" for kind in self.source_kinds], dtype=np.bool_)
        return np.where(first, self.home, self.other)

    @property
    def other_nodes(self) -> list[str]:
        """Node that may serve each row instead; empty for none."""
        return ["" if number == NOBODY else self.carriers[number] for number in self.other.tolist()]

    def watching(self, time_s: float) -> NDArray[np.bool_]:
        """(n,) Who watches at an instant."""
        watching: NDArray[np.bool_] = (self.join_s <= time_s) & (time_s < self.leave_s)
        return watching

    def reach(self, service: str, node: str) -> Reach:
        """The rows that `node` serves for `service`; empty when nobody watches there."""
        empty = Reach(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), NOBODY)
        return self._reach.get((service, node), empty)

    def follow(self, enhancement: str, common: str, segments: int) -> None:
        """Keep track of which segments of an enhancement meet those of its common stream in time."""
        self._joins[enhancement] = Join.of(self.users, self.services, enhancement, common, segments)
        self._common_of[enhancement] = common

    def mark_on_time(self, service: str, index: int, rows: Rows) -> None:
        """Note who has a segment in time, where that matters for a join."""
        for enhancement, join in self._joins.items():
            for name, marks in ((enhancement, join.enhancement), (self._common_of[enhancement], join.common)):
                if name == service and index < marks.shape[1]:
                    marks[rows, index] = True

    def joined(self) -> list[int | None]:
        """Per row the segments shown enhanced: of an enhancement, and of a common stream with any of its own.

        None for all other rows; a service that is both counts as an enhancement.
        """
        counts = np.full(len(self.users), -1, dtype=np.int64)
        services = np.array(self.services)
        segments = max((join.common.shape[1] for join in self._joins.values()), default=0)
        enhanced = np.zeros((len(self.users) if segments else 0, segments), dtype=np.bool_)
        for join in self._joins.values():
            _, common_rows, both = join.met()
            enhanced[common_rows, : both.shape[1]] |= both
        for common in self._common_of.values():
            mine = services == common
            counts[mine] = enhanced[mine].sum(axis=1)
        for enhancement, join in self._joins.items():
            rows, _, both = join.met()
            counts[services == enhancement] = 0
            counts[rows] = both.sum(axis=1)
        return [None if count < 0 else count for count in counts.tolist()]

    def offer(self, rows: Rows, semantic_bits: float) -> None:
        """Count a segment that these users are to get."""
        self.offered[rows] += 1
        self.semantic_offered[rows] += semantic_bits

    def withdraw(self, rows: Rows, semantic_bits: float) -> None:
        """Leave a segment that is undecided at the end of the run out of the meaning that was offered."""
        self.semantic_offered[rows] -= semantic_bits

    def receive_bits(self, rows: Rows, bits: int | Rows) -> None:
        """Count bits that reached each of these users, whatever became of them."""
        self.bits[rows] += bits

    def deliver(
        self,
        rows: Rows,
        *,
        delay_s: Floats,
        deadline_s: float | None,
        duration_s: float,
        semantic_bits: float,
        generated: bool,
        ms_ssim: float | None,
        source_kind: str = "wired",
        repaired: bool = False,
    ) -> int:
        """Count a complete segment for these users, on time or late; return how many were late.

        Playback keeps to the live edge: a late segment stops the picture for its lateness, at most for
        its own duration, and the rest of it is shown.
        """
        late = np.zeros(len(rows), dtype=np.bool_)
        if deadline_s is not None:
            lateness_s = delay_s - deadline_s
            late = lateness_s > 0
            self.stall_s[rows] += np.clip(lateness_s, 0.0, duration_s)
        self.delivered[rows[~late]] += 1
        self.late[rows[late]] += 1
        self.due_s[rows] += duration_s
        self.delay_s[rows] += delay_s
        self.semantic_delivered[rows] += semantic_bits
        if generated:
            self.generated[rows] += 1
        if source_kind == "broadcast":
            self.broadcast[rows] += 1
        elif source_kind == "cellular":
            self.cellular[rows] += 1
        if repaired:
            self.repaired[rows] += 1
        if ms_ssim is not None:
            self.quality[rows] += ms_ssim
            self.quality_known[rows] += 1
        return int(late.sum())

    def lose(self, rows: Rows, *, duration_s: float, blocked: bool = False) -> None:
        """Count a segment that these users never get: the picture stands still for its duration."""
        self.lost[rows] += 1
        if blocked:
            self.blocked[rows] += 1
        self.stall_s[rows] += duration_s
        self.due_s[rows] += duration_s

    def columns(self) -> dict[str, object]:
        """Columns of users.parquet that the engine knows, and the sums that the rating needs."""
        complete = self.delivered + self.late
        return {
            "user": self.users,
            "node": self.nodes,
            "audience": self.audiences,
            "service": self.services,
            "source_kind": self.source_kinds,
            "other_node": self.other_nodes,
            "join_s": np.ma.masked_invalid(self.join_s),
            "leave_s": np.ma.masked_invalid(self.leave_s),
            "segments_offered": self.offered,
            "segments_delivered": self.delivered,
            "segments_late": self.late,
            "segments_lost": self.lost,
            "segments_in_flight": self.offered - complete - self.lost,
            "segments_generated": self.generated,
            "segments_broadcast": self.broadcast,
            "segments_cellular": self.cellular,
            "segments_repaired": self.repaired,
            "segments_blocked": self.blocked,
            "switches": self.switches,
            "interruption_s": self.stall_s,
            "segments_joined": self.joined(),
            "bits_received": self.bits,
            "semantic_bits_offered": self.semantic_offered,
            "semantic_bits_delivered": self.semantic_delivered,
            "semantic_fidelity": _ratio(self.semantic_delivered, self.semantic_offered),
            "delay_mean_s": _ratio(self.delay_s, complete),
            "stall_ratio": _ratio(self.stall_s, self.due_s),
            # Where some of what was shown was never measured, a mean over the rest would flatter.
            "quality": _ratio(self.quality, np.where(self.quality_known == complete, complete, 0)),
        }


def _ratio(above: Floats, below: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Element-wise quotient, a masked array: nothing where there is nothing to divide by."""
    ratio = np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
    masked: NDArray[np.float64] = np.ma.masked_array(ratio, mask=below <= 0)
    return masked
