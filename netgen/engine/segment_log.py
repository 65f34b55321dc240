"""Opens a record for every segment and receiver, and closes it when its fate is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from netgen.engine.parcel import Parcel
from netgen.engine.population import Rows
from netgen.ledger import LedgerWriter, LossReason, Outcome, SegmentRecord
from netgen.transport.clock import to_s


@dataclass(frozen=True, slots=True, eq=False)
class OpenSegment:
    """A segment that some receiver is still to get: by the users of `rows`, of `users` at the beginning.

    `missing_bits` holds what each of them needs of a repair; None where all need the whole segment.
    """

    parcel: Parcel
    rows: Rows
    warmup: bool
    users: int
    missing_bits: Rows | None = None

    def of(self, selected: NDArray[np.bool_]) -> OpenSegment:
        """What is still to come for some of its users alone."""
        return replace(self._narrowed(selected), users=int(selected.sum()))

    def without(self, selected: NDArray[np.bool_]) -> OpenSegment:
        """The same but for some of its users, who are counted elsewhere."""
        return replace(self._narrowed(~selected), users=self.users - int(selected.sum()))

    def _narrowed(self, selected: NDArray[np.bool_]) -> OpenSegment:
        """The same with some of the rows left to get it."""
        missing = None if self.missing_bits is None else self.missing_bits[selected]
        return replace(self, rows=self.rows[selected], missing_bits=missing)


@dataclass(frozen=True, slots=True)
class Completion:
    """How a receiver got a segment; times are means over its users, None when nobody was there."""

    users: int
    late: int
    completed_s: float | None
    received_bits: int
    cell_bits: int = 0


class Evaluator(Protocol):
    """Has segments rated before they are shown."""

    def takes(self, parcel: Parcel, receiver: str) -> bool:
        """Whether a segment that a receiver has waits for its rating: then its fate is decided later."""
        ...


def _key(parcel: Parcel, receiver: str) -> tuple[str, int, str, int]:
    """What tells the open segments apart: several copies of one may be on their way to a receiver."""
    return parcel.service.name, parcel.index, receiver, parcel.copy


class SegmentLog:
    """The open segments of a run, and the writer of their records.

    Parameters
    ----------
    writer : LedgerWriter           Where closed records go.
    warmup_ns : int, ns             Segments offered before are marked.
    receiver_names : mapping        Name in the scenario of each receiver node of the engine.
    source_kinds : mapping          broadcast, cellular or wired, per receiver node.
    """

    def __init__(
        self,
        writer: LedgerWriter,
        *,
        warmup_ns: int,
        receiver_names: dict[str, str],
        source_kinds: dict[str, str],
    ) -> None:
        self.writer = writer
        self.warmup_ns = warmup_ns
        self.receiver_names = receiver_names
        self.source_kinds = source_kinds
        self.worst_gain_bits = 0.0
        self._open: dict[tuple[str, int, str, int], OpenSegment] = {}

    def open(self, parcel: Parcel, receiver: str, rows: Rows, missing_bits: Rows | None = None) -> None:
        """A segment, or its repair, is on its way to users of a receiver."""
        warmup = parcel.offered_ns < self.warmup_ns
        self._open[_key(parcel, receiver)] = OpenSegment(parcel, rows, warmup, len(rows), missing_bits)

    def take(self, parcel: Parcel, receiver: str) -> OpenSegment:
        """Remove an open segment, whose fate is now known, and return it."""
        return self._open.pop(_key(parcel, receiver))

    def rows(self, parcel: Parcel, receiver: str) -> Rows:
        """Return the users who are still to get an open segment."""
        return self._open[_key(parcel, receiver)].rows

    def put_back(self, parcel: Parcel, receiver: str, entry: OpenSegment) -> None:
        """Undo `take`: the run ended before the fate of the segment was known."""
        self._open[_key(parcel, receiver)] = replace(entry, parcel=parcel)

    def narrow(self, parcel: Parcel, receiver: str, kept: NDArray[np.bool_]) -> Rows:
        """Leave an open segment to some of its users, and return the rows of the others."""
        key = _key(parcel, receiver)
        entry = self._open[key]
        self._open[key] = replace(entry, rows=entry.rows[kept])
        return entry.rows[~kept]

    def overdue(self, end_ns: int) -> list[tuple[str, OpenSegment]]:
        """Open segments whose deadline has passed by `end_ns`, each with its receiver."""
        return [
            (receiver, entry)
            for (_, _, receiver, _), entry in self._open.items()
            if entry.parcel.deadline_ns is not None and entry.parcel.deadline_ns < end_ns
        ]

    def write_delivered(self, parcel: Parcel, receiver: str, entry: OpenSegment, done: Completion) -> None:
        """Record a segment that its users got, or that came when nobody was there."""
        outcome = Outcome.LATE if done.users and done.late == done.users else Outcome.DELIVERED
        self._write(parcel, receiver, entry, outcome, LossReason.NONE, done)

    def write_lost(self, parcel: Parcel, receiver: str, entry: OpenSegment, reason: LossReason) -> None:
        """Record a segment that no user got."""
        self._write(parcel, receiver, entry, Outcome.LOST, reason, None)

    def write_open(self) -> list[OpenSegment]:
        """Record what is in flight at the end, and return it."""
        for (_, _, receiver, _), entry in self._open.items():
            gone = entry.users - len(entry.rows)
            if gone:
                lost = replace(entry, rows=entry.rows[:0], users=gone)
                self._write(entry.parcel, receiver, lost, Outcome.LOST, LossReason.INCOMPLETE, None)
            left = replace(entry, users=len(entry.rows))
            self._write(entry.parcel, receiver, left, Outcome.IN_FLIGHT, LossReason.NONE, None)
        return list(self._open.values())

    def _write(
        self,
        parcel: Parcel,
        receiver: str,
        entry: OpenSegment,
        outcome: Outcome,
        reason: LossReason,
        done: Completion | None,
    ) -> None:
        """Write one record."""
        service, made = parcel.service, parcel.representation
        held = [stage.semantic_bits for stage in parcel.stages]
        gains = [later - earlier for earlier, later in pairwise(held)]
        self.worst_gain_bits = max([self.worst_gain_bits, *gains])
        delivered = service.semantic_bits * made.semantic_fidelity if done is not None else 0.0
        share = 0.0 if done is None or not entry.users else done.users / entry.users
        completed_s = None if done is None else done.completed_s
        self.writer.add(
            SegmentRecord(
                service=service.name,
                content=service.content,
                index=parcel.index,
                receiver=self.receiver_names[receiver],
                source_kind=self.source_kinds[receiver],
                purpose=parcel.purpose,
                warmup=entry.warmup,
                users=entry.users,
                users_delivered=0 if done is None else done.users,
                users_late=0 if done is None else done.late,
                offered_s=to_s(parcel.offered_ns),
                completed_s=completed_s,
                delay_s=None if completed_s is None else completed_s - to_s(parcel.offered_ns),
                deadline_s=None if service.deadline_ns is None else to_s(service.deadline_ns),
                outcome=outcome.value,
                reason=reason.value,
                mode=made.mode,
                contracted_by=made.last_action,
                generated=made.generated,
                source_bits=parcel.source_bits,
                received_bits=0 if done is None else done.received_bits,
                cell_bits=0 if done is None else done.cell_bits,
                semantic_bits_offered=service.semantic_bits,
                semantic_bits_delivered=delivered * share,
                semantic_fidelity=made.semantic_fidelity,
                fidelity_provenance=made.fidelity_provenance.value,
                psnr_db=made.psnr_db,
                ms_ssim=made.ms_ssim,
                quality_measured=made.measured is not None,
                measured_fidelity=None if made.measured is None else made.measured.semantic_fidelity,
                vmaf=None if made.measured is None else made.measured.vmaf,
                path=parcel.path,
                stages=parcel.stages,
            )
        )
