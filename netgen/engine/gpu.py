"""A GPU: a job queue before concurrent streams, with cold starts, model memory, deadlines, failures, energy."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy

from netgen.generative.device import Device
from netgen.generative.model_memory import ModelMemory
from netgen.topology.outages import Outages
from netgen.transport.clock import NEVER_NS, NS_PER_S, to_ns

NO_OUTAGES = Outages.none()


class _FailedError(Exception):
    """The GPU has failed since a stream began to wait: the stream is no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One contraction or expansion.

    Parameters
    ----------
    model : str                 Model it runs, as residency knows it.
    memory_bytes : int, byte    Memory of that model.
    service_ns : int, ns        Time on a stream once the model is loaded.
    admit : callable            Asked when a stream is about to take the job, with the instant at which it
                                would be done; False gives the job up. Asked once more when the job had to
                                wait for memory and would be done later than that.
    done : callable             Called with the instants at which the job was taken and finished.
    failed : callable           Called at once when the GPU fails before the job is done, or is out of order
                                when the job is submitted; what was computed is lost.
    """

    model: str
    memory_bytes: int
    service_ns: int
    admit: Callable[[int], bool]
    done: Callable[[int, int], None]
    failed: Callable[[], None]


class Gpu:
    """A device with `device.streams` concurrent streams and one first-come-first-served queue.

    Every stream runs a job in its profile's time: profiles are measured per stream. A model that is not
    resident is loaded first, at the device's load rate; while one stream loads it, others wait for it.

    During an outage, which begins and ends at whole nanoseconds, no job is taken. When it begins, jobs that
    run are aborted, jobs that wait are taken from the queue, all are handed back (`Job.failed`) in the order
    in which they were submitted, and no model is in memory any more. A job that ends at that very instant is
    done. The time spent on aborted jobs is counted as busy.
    ASSUMED: a GPU that is out of order goes on drawing its idle power.
    """

    def __init__(
        self,
        env: simpy.Environment,
        device: Device,
        *,
        interval_ns: int,
        end_ns: int,
        outages: Outages = NO_OUTAGES,
    ) -> None:
        self.env = env
        self.device = device
        if device.memory_bytes is None:
            raise ValueError(f"the memory of device {device.name} is not known; the scenario must give it")
        self.memory = ModelMemory(device.memory_bytes)
        self.interval_ns, self.end_ns = interval_ns, end_ns
        count = -(-end_ns // interval_ns)
        self.busy_ns = np.zeros(count, dtype=np.int64)
        self.load_ns = np.zeros(count, dtype=np.int64)
        self.jobs_done = np.zeros(count, dtype=np.int64)
        self.cold_starts = 0
        self.offered_ns = 0
        self.jobs_failed = 0
        self._queued_ns = 0
        self._finish_ns: dict[int, int] = {}
        self._running: dict[int, tuple[int, np.ndarray]] = {}
        # Jobs that are neither done nor given up, by number; in the queue there are the numbers alone.
        self._held: dict[int, Job] = {}
        self._submitted = 0
        self._failures = 0
        self._jobs: simpy.Store = simpy.Store(env)
        self._loading: dict[str, simpy.Event] = {}
        self._loaded_ns: dict[str, int] = {}
        self._freed = env.event()
        self._down_ns = [
            (to_ns(start_s), NEVER_NS if math.isinf(end_s) else to_ns(end_s))
            for start_s, end_s in outages.spans()
        ]
        self._start_streams()
        if self._down_ns:
            env.process(self._break_down())

    def submit(self, job: Job) -> None:
        """Queue a job, or hand it back when the GPU is out of order; it counts as offered either way."""
        self.offered_ns += job.service_ns
        if not self.working:
            self.jobs_failed += 1
            job.failed()
            return
        self._queued_ns += job.service_ns
        self._held[self._submitted] = job
        self._jobs.put(self._submitted)
        self._submitted += 1

    @property
    def working(self) -> bool:
        """Whether the GPU is in order now: from the end of an outage on, up to but not at the next one's start."""
        now_ns = self._now_ns()
        return not any(start_ns <= now_ns < end_ns for start_ns, end_ns in self._down_ns)

    @property
    def queued(self) -> int:
        """Jobs that wait for a stream."""
        return len(self._jobs.items)

    @property
    def busy(self) -> int:
        """Streams that load or compute."""
        return len(self._finish_ns)

    def wait_ns(self) -> int:
        """Expected wait of a job submitted now: the next stream to fall idle, then the queue's share."""
        if self.busy < self.device.streams and not self.queued:
            return 0
        first = max(0, min(self._finish_ns.values(), default=self._now_ns()) - self._now_ns())
        return first + self._queued_ns // self.device.streams

    def load_time_ns(self, model: str, size_bytes: int) -> int:
        """Cold-start time of a model now: 0 when it is resident, the rest of it while it is being loaded."""
        if model in self._loaded_ns:
            return self._loaded_ns[model] - self._now_ns()
        if self.memory.holds(model) or not size_bytes:
            return 0
        return to_ns(self.device.load_s(size_bytes))

    def energy_joule(self) -> np.ndarray | None:
        """Energy per interval: idle power always, and the rest of peak power by the share of busy streams.

        None when the device's power is not known.
        """
        device = self.device
        if device.idle_power_w is None or device.peak_power_w is None:
            return None
        edges_ns = np.minimum(np.arange(len(self.busy_ns) + 1) * self.interval_ns, self.end_ns)
        length_s = np.diff(edges_ns) / NS_PER_S
        active_s = (self.busy_ns + self.load_ns) / NS_PER_S / self.device.streams
        energy: np.ndarray = (
            device.idle_power_w * length_s + (device.peak_power_w - device.idle_power_w) * active_s
        )
        return energy

    def close(self) -> None:
        """Count what is still running, at the end of the run."""
        self._stop_counting(self.end_ns)

    def _now_ns(self) -> int:
        """Simulated time."""
        return int(self.env.now)

    def _start_streams(self) -> None:
        """Let every stream begin to take jobs."""
        for stream in range(self.device.streams):
            self.env.process(self._stream(stream))

    def _break_down(self) -> Generator[simpy.Event, Any, None]:
        """Fail at the beginning of every outage, start again at its end."""
        for start_ns, end_ns in self._down_ns:
            yield self.env.timeout(start_ns - self._now_ns())
            # After what ends at this very instant, whose events were queued before.
            yield self.env.timeout(0)
            self._fail()
            yield self.env.timeout(end_ns - self._now_ns())
            self._start_streams()

    def _fail(self) -> None:
        """Abort all jobs, forget all models, and hand all jobs back."""
        self._failures += 1
        self._stop_counting(self._now_ns())
        evictions = self.memory.evictions
        self.memory = ModelMemory(self.memory.memory_bytes)
        self.memory.evictions = evictions
        self._queued_ns = 0
        self._finish_ns.clear()
        self._loading.clear()
        self._loaded_ns.clear()
        # Streams that wait for a job of the old store are never called again; others end when they are.
        self._jobs = simpy.Store(self.env)
        failed = list(self._held.values())
        self._held.clear()
        self.jobs_failed += len(failed)
        for job in failed:
            job.failed()

    def _wait(self, event: simpy.Event) -> Generator[simpy.Event, Any, Any]:
        """Wait for an event; raises _FailedError when the GPU fails meanwhile."""
        failures = self._failures
        value = yield event
        if self._failures != failures:
            raise _FailedError
        return value

    def _stream(self, stream: int) -> Generator[simpy.Event, Any, None]:
        """One stream, until the GPU fails."""
        with suppress(_FailedError):
            while True:
                number: int = yield from self._wait(self._jobs.get())
                yield from self._serve(stream, number)

    def _serve(self, stream: int, number: int) -> Generator[simpy.Event, Any, None]:
        """Load the model of a job and run it, unless it is given up."""
        job = self._held[number]
        self._queued_ns -= job.service_ns
        taken_ns = self._now_ns()
        finish_ns = taken_ns + self.load_time_ns(job.model, job.memory_bytes) + job.service_ns
        # While it is asked, the job does not hold the stream: whoever looks for a cheaper one sees it free.
        if not job.admit(finish_ns):
            del self._held[number]
            return
        self._finish_ns[stream] = finish_ns
        yield from self._make_resident(stream, job)
        del self._finish_ns[stream]
        # Waiting for memory takes a time that nobody knows before; then the deadline is asked again.
        waited_ns = self._now_ns() + job.service_ns - finish_ns
        if waited_ns > 0 and not job.admit(finish_ns + waited_ns):
            del self._held[number]
            return
        self._finish_ns[stream] = self._now_ns() + job.service_ns
        yield from self._compute(stream, job)
        del self._finish_ns[stream], self._held[number]
        job.done(taken_ns, self._now_ns())

    def _compute(self, stream: int, job: Job) -> Generator[simpy.Event, Any, None]:
        """Run a job whose model is in memory."""
        self.memory.pin(job.model)
        yield from self._spend(stream, self.busy_ns, job.service_ns)
        self.memory.unpin(job.model)
        self._wake_waiters()
        if self._now_ns() <= self.end_ns:
            self.jobs_done[max(self._now_ns() - 1, 0) // self.interval_ns] += 1

    def _make_resident(self, stream: int, job: Job) -> Generator[simpy.Event, Any, None]:
        """Wait until the job's model is in memory, loading it if nobody else does."""
        while job.model in self._loading or not self.memory.holds(job.model):
            if job.model in self._loading:
                yield from self._wait(self._loading[job.model])
            elif self.memory.admit(job.model, job.memory_bytes):
                loaded = self._loading[job.model] = self.env.event()
                self.cold_starts += 1
                self.memory.pin(job.model)
                load_ns = to_ns(self.device.load_s(job.memory_bytes))
                self._loaded_ns[job.model] = self._now_ns() + load_ns
                yield from self._spend(stream, self.load_ns, load_ns)
                self.memory.unpin(job.model)
                del self._loading[job.model], self._loaded_ns[job.model]
                loaded.succeed()
                self._wake_waiters()
            else:
                yield from self._wait(self._freed)

    def _spend(self, stream: int, column: np.ndarray, length_ns: int) -> Generator[simpy.Event, Any, None]:
        """Let time pass on a stream and count it."""
        begin_ns = self._now_ns()
        self._running[stream] = (begin_ns, column)
        yield from self._wait(self.env.timeout(length_ns))
        del self._running[stream]
        self._count(column, begin_ns, self._now_ns())

    def _count(self, column: np.ndarray, begin_ns: int, finish_ns: int) -> None:
        """Add a span of time to the intervals that it covers, up to the end of the run."""
        finish_ns = min(finish_ns, self.end_ns)
        while begin_ns < finish_ns:
            slot = begin_ns // self.interval_ns
            edge_ns = min(finish_ns, (slot + 1) * self.interval_ns)
            column[slot] += edge_ns - begin_ns
            begin_ns = edge_ns

    def _stop_counting(self, now_ns: int) -> None:
        """Count what is running as having run until now."""
        for begin_ns, column in self._running.values():
            self._count(column, begin_ns, now_ns)
        self._running.clear()

    def _wake_waiters(self) -> None:
        """Tell streams that wait for memory that some model is no longer in use."""
        freed, self._freed = self._freed, self.env.event()
        freed.succeed()
