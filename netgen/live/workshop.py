"""The workshop: takes tasks, runs them in worker processes when a result is asked for, and survives what they do."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import wait
from types import TracebackType
from typing import Self

from netgen.errors import InputError
from netgen.live.work import (
    ActionReference,
    Description,
    Expansion,
    Failure,
    FailureKind,
    Header,
    Result,
    Task,
    check_task,
    pack_action,
    pack_task,
    unpack_description,
    unpack_result,
)
from netgen.live.worker_process import WorkerProcess


@dataclass(slots=True)
class _Job:
    """Tasks of one action for one worker: several are one batch, none only loads the action."""

    action: ActionReference
    tickets: tuple[int, ...]
    tasks: tuple[Task, ...]


class _Doing(StrEnum):
    """What a worker is at."""

    START = "starting"
    LOAD = "loading"
    WORK = "working"


@dataclass(slots=True)
class _Shift:
    """A worker, what it is doing, and until when it may."""

    worker: WorkerProcess
    job: _Job | None = None
    doing: _Doing = _Doing.START
    deadline_s: float = 0.0


class Workshop:
    """Runs contractions and expansions in worker processes.

    Submitted tasks wait until a result is asked for; then all that wait are handed out. Expansions of one action and
    one shape go together to an action that gains from it, in the order of submission and `segments_at_once` at a
    time: what is done together depends on the order of calls alone, never on timing or on the number of workers.
    A worker that dies, or takes longer than its limit, is ended and replaced. The tasks of a batch that failed are
    done again one by one, so that a bad segment takes none of its neighbours down.

    Parameters
    ----------
    workers : int                   Processes at most, >= 1; they are started when there is work for them.
    limit_s : float, s              Wall time that a task may take, > 0; a batch may take the sum.
    start_limit_s : float, s        Wall time for starting a worker, and for loading an action, > 0.
    memory_limit_bytes : int or None, byte   Most private writable memory of a worker, weights and code included;
                                    Python with torch takes 0.2 GB by itself. Memory of an accelerator is not limited.
    segments_at_once : int          Segments in one batch at most, >= 1.
    undisturbed : bool              Whether `result` returns only once no task is under way, so that what the caller
                                    does next takes no time from the tasks: where their wall times count.

    Raises
    ------
    InputError                      A parameter is outside its range.

    Valid for                       POSIX; the memory limit holds on Linux only. Whether a task runs into its time
                                    limit depends on the machine and on what else it does.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        limit_s: float = 60.0,
        start_limit_s: float = 120.0,
        memory_limit_bytes: int | None = None,
        segments_at_once: int = 8,
        undisturbed: bool = False,
    ) -> None:
        if min(workers, segments_at_once) < 1 or not min(limit_s, start_limit_s) > 0:
            raise InputError(
                f"{workers} workers, limits of {limit_s} s and {start_limit_s} s, {segments_at_once} segments at once; "
                f"accepted: at least 1 worker and 1 segment, limits above 0"
            )
        if memory_limit_bytes is not None and memory_limit_bytes < 1:
            raise InputError(f"a memory limit of {memory_limit_bytes} byte; it must be positive")
        self._most_workers = workers
        self._limit_s, self._start_limit_s = limit_s, start_limit_s
        self._memory_limit_bytes = memory_limit_bytes
        self._segments_at_once = segments_at_once
        self._undisturbed = undisturbed
        self._tickets = 0
        self._waiting: dict[int, Task] = {}
        self._queue: deque[_Job] = deque()
        self._under_way: set[int] = set()
        self._finished: dict[int, Result | Failure] = {}
        self._described: dict[ActionReference, Description | Failure] = {}
        self._shifts: list[_Shift] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Numbers of the worker processes that run now."""
        return tuple(shift.worker.process_id for shift in self._shifts)

    def submit(self, task: Task) -> int:
        """Take a task; nothing is started yet.

        Returns
        -------
        int                             Its ticket, for `result` or `discard`.

        Raises
        ------
        InputError                      It asks for a rate that is none.
        """
        check_task(task)
        self._tickets += 1
        self._waiting[self._tickets] = task
        return self._tickets

    def discard(self, ticket: int) -> None:
        """Give up a task: its result will not be asked for."""
        self._waiting.pop(ticket, None)
        self._finished.pop(ticket, None)
        self._under_way.discard(ticket)

    def result(self, ticket: int) -> Result | Failure:
        """Return what a task gave, once: it is forgotten then.

        Everything that waits is handed out first; other tasks may still run when this returns, unless the workshop is
        undisturbed.

        Raises
        ------
        ValueError                      The ticket is unknown, discarded, or its result was returned already.
        """
        if ticket in self._waiting:
            self._hand_out()
        while ticket in self._under_way or (self._undisturbed and self._is_at_work):
            self._turn()
        if ticket not in self._finished:
            raise ValueError(
                f"ticket {ticket} has no result: it is unknown, discarded or was returned already"
            )
        return self._finished.pop(ticket)

    def describe(self, action: ActionReference) -> Description | Failure:
        """Load an action in a worker and return what it is; asked again, the same answer comes at once."""
        if action not in self._described:
            loading = _Job(action, (), ())
            self._queue.appendleft(loading)
            while action not in self._described:
                self._turn()
        return self._described[action]

    def close(self) -> None:
        """End all workers at once and forget everything; a closed workshop can be used again."""
        for shift in self._shifts:
            shift.worker.kill()
        self._shifts.clear()
        self._waiting.clear()
        self._queue.clear()
        self._under_way.clear()
        self._finished.clear()

    @property
    def _is_at_work(self) -> bool:
        """Whether any worker has something to do, or will be given something."""
        return bool(self._queue) or any(shift.job is not None for shift in self._shifts)

    def _hand_out(self) -> None:
        """Turn everything that waits into jobs, in the order of submission."""
        batches: dict[object, list[int]] = {}
        for ticket, task in self._waiting.items():
            key = self._batch_key(task) or ticket
            batch = batches.setdefault(key, [])
            if len(batch) == self._segments_at_once:  # a full batch stays where it is, under another key
                batches[(key, batch[0])] = batches.pop(key)
                batch = batches.setdefault(key, [])
            batch.append(ticket)
        for tickets in sorted(batches.values()):
            tasks = tuple(self._waiting[ticket] for ticket in tickets)
            self._queue.append(_Job(tasks[0].action, tuple(tickets), tasks))
        self._under_way.update(self._waiting)
        self._waiting.clear()

    def _batch_key(self, task: Task) -> object:
        """Return what tasks of one batch have in common; None for a task that is done alone."""
        if not isinstance(task, Expansion) or self._segments_at_once == 1:
            return None
        description = self.describe(task.action)
        if isinstance(description, Failure) or not description.gains_from_batches:
            return None
        one = task.contracted
        return task.action, one.domain, one.width_px, one.height_px, one.frames, one.frame_rate_hz

    def _turn(self) -> None:
        """Give idle workers work, then wait until a worker answers, ends or runs out of time."""
        self._assign()
        busy = [shift for shift in self._shifts if shift.job is not None]
        if not busy:
            return
        left_s = min(shift.deadline_s for shift in busy) - time.monotonic()
        ready = wait([shift.worker.connection for shift in busy], timeout=max(0.0, left_s))
        for shift in busy:
            if shift.worker.connection in ready:
                self._hear(shift)
            elif time.monotonic() >= shift.deadline_s:
                words = shift.worker.last_words()
                self._lose(shift)
                self._fail(shift, FailureKind.TIMED_OUT, self._too_long(shift), words)

    def _assign(self) -> None:
        """Hand queued jobs to idle workers, to those that have the action loaded where there are any."""
        while self._queue:
            job = self._queue[0]
            known = self._described.get(job.action)
            if isinstance(known, Failure) or (job.tickets and self._under_way.isdisjoint(job.tickets)):
                self._queue.popleft()
                self._finish(job, known)
                continue
            idle = [shift for shift in self._shifts if shift.job is None]
            fitting = [shift for shift in idle if job.action in shift.worker.loaded] or idle
            if fitting:
                shift = fitting[0]
                if shift.worker.has_hung_up:  # ended while it had nothing to do: that is no task's fault
                    self._lose(shift)
                    continue
            elif len(self._shifts) < self._most_workers:
                shift = _Shift(WorkerProcess(self._memory_limit_bytes))
                self._shifts.append(shift)
            else:
                return
            shift.job = self._queue.popleft()
            if shift.doing is _Doing.START:
                shift.deadline_s = time.monotonic() + self._start_limit_s
            else:
                self._go_on(shift, shift.job)

    def _go_on(self, shift: _Shift, job: _Job) -> None:
        """Ask a worker for the next step of its job: to load the action, then to do the tasks."""
        header: Header = {"action": pack_action(job.action)}
        blobs: list[bytes | memoryview] = []
        if job.action not in shift.worker.loaded:
            shift.doing, limit_s = _Doing.LOAD, self._start_limit_s
            header["kind"] = "load"
        elif job.tasks:
            shift.doing, limit_s = _Doing.WORK, self._limit_s * len(job.tasks)
            packed = [pack_task(task) for task in job.tasks]
            header |= {"kind": "work", "tasks": [one for one, _ in packed]}
            blobs = [blob for _, own in packed for blob in own]
        else:
            shift.job = None
            return
        shift.deadline_s = time.monotonic() + limit_s
        try:
            shift.worker.ask(header, blobs)
        except OSError:
            self._bury(shift)

    def _hear(self, shift: _Shift) -> None:
        """Take a worker's answer."""
        job = shift.job
        if job is None:
            return
        try:
            answer, blobs = shift.worker.answer()
        except (EOFError, OSError):
            self._bury(shift)
            return
        if answer["kind"] == "ready":
            shift.doing = _Doing.LOAD
            self._go_on(shift, job)
        elif answer["kind"] == "loaded":
            shift.worker.loaded.add(job.action)
            self._described.setdefault(job.action, unpack_description(answer))
            self._go_on(shift, job)
        elif answer["kind"] == "failed":
            self._fail(shift, FailureKind(answer["failure"]), answer["message"], answer["last_words"])
        else:
            payloads = iter(blobs)
            results = [unpack_result(one, payloads) for one in answer["results"]]
            if sum(result.wall_s for result in results) > self._limit_s * len(results):
                self._fail(shift, FailureKind.TIMED_OUT, self._too_long(shift), "")
                return
            shift.job = None
            self._keep(dict(zip(job.tickets, results, strict=True)))

    def _bury(self, shift: _Shift) -> None:
        """Deal with a worker that hung up."""
        kind, ending = shift.worker.ending()
        words = shift.worker.last_words()
        self._lose(shift)
        self._fail(shift, kind, f"the worker process {ending} while {shift.doing}", words)

    def _lose(self, shift: _Shift) -> None:
        """End a worker; another is started when there is work for it."""
        self._shifts.remove(shift)
        shift.worker.kill()

    def _too_long(self, shift: _Shift) -> str:
        """Say that a limit has passed."""
        limit_s = self._limit_s if shift.doing is _Doing.WORK else self._start_limit_s
        return f"not done after {limit_s:g} s of {shift.doing}"

    def _fail(self, shift: _Shift, kind: FailureKind, message: str, last_words: str) -> None:
        """Answer the tasks of a job that failed, or queue those of a batch again, one by one."""
        job, shift.job = shift.job, None
        if job is None:
            return
        own = f'action "{job.action.name}": '  # as errors of loading begin
        failure = Failure(kind, own + message.removeprefix(own), last_words)
        if shift.doing is not _Doing.WORK:
            self._described.setdefault(job.action, failure)
            self._finish(job, failure)
        elif len(job.tasks) == 1:
            self._finish(job, failure)
        else:
            alone = [
                _Job(job.action, (ticket,), (task,))
                for ticket, task in zip(job.tickets, job.tasks, strict=True)
            ]
            self._queue.extendleft(reversed(alone))

    def _finish(self, job: _Job, outcome: Description | Failure | None) -> None:
        """Give every task of a job the same failure."""
        if isinstance(outcome, Failure):
            self._keep(dict.fromkeys(job.tickets, outcome))

    def _keep(self, outcomes: Mapping[int, Result | Failure]) -> None:
        """Store what tasks gave, but for those that were discarded."""
        for ticket, outcome in outcomes.items():
            if ticket in self._under_way:
                self._under_way.remove(ticket)
                self._finished[ticket] = outcome
