"""A worker process: keeps loaded actions, runs tasks one after the other, and turns what goes wrong into answers.

Started by `netgen.live.worker_process`, as a program of its own.
"""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import gc
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from netgen.actions.contract import Placement, RateTarget, VideoAction
from netgen.actions.contracted_video import ContractedVideo
from netgen.catalogue.loading import find_action
from netgen.errors import InputError
from netgen.live.travel import coded_for_travel
from netgen.live.work import (
    NO_MEMORY_STATUS,
    ActionReference,
    Contraction,
    Description,
    Expansion,
    FailureKind,
    Header,
    Result,
    Task,
    pack_description,
    pack_result,
    receive,
    send,
    unpack_action,
    unpack_task,
)
from netgen.media.yuv_clip import YuvClip
from netgen.models.allocation import give_freed_memory_back, keep_freed_memory
from netgen.models.threads import ThreadLimit

_LONGEST_MESSAGE = 500
_LONGEST_TRACEBACK = 4000


def main(descriptor: int, lifeline: int, memory_limit_bytes: int) -> None:
    """Serve one parent until it closes the connection.

    Parameters
    ----------
    descriptor : int                File descriptor of the socket to the parent.
    lifeline : int                  File descriptor of a pipe that the parent holds open as long as it lives.
    memory_limit_bytes : int, byte  Most memory of this process; 0 for no limit.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to deal with
    faulthandler.enable()
    keep_freed_memory()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_limit_bytes:
        resource.setrlimit(resource.RLIMIT_DATA, (memory_limit_bytes, memory_limit_bytes))
    threading.Thread(target=_die_with_parent, args=(lifeline,), daemon=True).start()
    sys.addaudithook(_refuse_network)
    connection = Connection(descriptor)
    bench = _Bench()
    send(connection, {"kind": "ready"})
    while True:
        try:
            header, blobs = receive(connection)
        except (EOFError, OSError):
            return
        except MemoryError:  # what is left of the message cannot be told from the next one
            os._exit(NO_MEMORY_STATUS)
        answer, payloads = bench.answer(header, blobs)
        send(connection, answer, payloads)


class _Bench:
    """The loaded actions, and how requests are answered."""

    def __init__(self) -> None:
        self._actions: dict[ActionReference, VideoAction] = {}
        self._work: tuple[ActionReference, type[Task]] | None = None
        self._threads = ThreadLimit()

    def answer(self, header: Header, blobs: Sequence[bytes]) -> tuple[Header, list[bytes | memoryview]]:
        """Answer one request; whatever an action raises becomes an answer too."""
        try:
            action = unpack_action(header["action"])
            if header["kind"] == "load":
                return {"kind": "loaded", **pack_description(self._load(action))}, []
            payloads = iter(blobs)
            tasks = [unpack_task(packed, payloads, action) for packed in header["tasks"]]
            answers = [pack_result(result) for result in self._perform(action, tasks)]
            return (
                {"kind": "done", "results": [packed for packed, _ in answers]},
                [blob for _, own in answers for blob in own],
            )
        except BaseException as error:  # an action may raise anything, SystemExit too
            answer = {
                "kind": "failed",
                "failure": str(_kind(error)),
                "message": _said(error),
                "last_words": "".join(traceback.format_exception(error))[-_LONGEST_TRACEBACK:],
            }
        # Here the error and the frames that it held are gone.
        _free_memory()
        return answer, []

    def _load(self, reference: ActionReference) -> Description:
        """Find an action and bring its weights into memory, once."""
        began_s = time.perf_counter()
        action = self._actions.get(reference)
        if action is None:
            action = find_action(reference.name, dict(reference.parameters), folders=reference.folders)
            placement = action.placement_for(reference.placement)
            action.place(placement if action.learned else replace(placement, device="cpu"))
            self._threads.apply(placement.threads)
            action.load()
            action.take_stages()
            self._actions[reference] = action
        return Description(
            domain=action.domain,
            learned=action.learned,
            precision=action.placement.precision,
            gains_from_batches=action.gains_from_batches,
            model_bytes=action.model_bytes,
            load_s=time.perf_counter() - began_s,
        )

    def _give_memory_back(self, reference: ActionReference) -> None:
        """Give back what other work left, lest it count as this one's.

        What is kept from the same work counts as its own. Codecs keep little, and a decoder that must map its pages
        anew for every segment takes twice as long, so it stays where neither work has a network.
        """
        before = () if self._work is None else (self._work[0],)
        if any(self._actions[one].learned for one in (reference, *before)):
            give_freed_memory_back()

    def _perform(self, reference: ActionReference, tasks: Sequence[Task]) -> list[Result]:
        """Run tasks of one action; several at once are one batch."""
        self._threads.apply(reference.placement.threads)
        work = reference, type(tasks[0])
        if work != self._work:
            self._give_memory_back(reference)
            self._work = work
        _reset_peaks(reference.placement)
        action = self._actions[reference]
        began_s = time.perf_counter()
        made = _run(action, tasks)
        wall_s = (time.perf_counter() - began_s) / len(tasks)
        stages = action.take_stages()
        on_device_bytes = _device_peak_bytes(reference.placement)
        results = []
        for task, one in zip(tasks, made, strict=True):
            began_s = time.perf_counter()
            sent = one
            if isinstance(task, Expansion) and isinstance(one, YuvClip) and task.travel_bits_per_pixel:
                sent = coded_for_travel(one, task.travel_bits_per_pixel)
            results.append(
                Result(
                    contracted=sent if isinstance(sent, ContractedVideo) else None,
                    clip=sent if isinstance(sent, YuvClip) else None,
                    wall_s=wall_s,
                    stages={stage: seconds / len(tasks) for stage, seconds in stages.items()},
                    recode_s=0.0 if sent is one else time.perf_counter() - began_s,
                    peak_memory_bytes=0,
                    device_memory_bytes=on_device_bytes,
                    segments_at_once=len(tasks),
                )
            )
        peak_bytes = _host_peak_bytes()
        return [replace(result, peak_memory_bytes=peak_bytes) for result in results]


def _run(action: VideoAction, tasks: Sequence[Task]) -> list[ContractedVideo | YuvClip]:
    """Contract one segment, or expand one or more."""
    match tasks:
        case [Contraction() as one]:
            contracted = action.contract(one.clip, RateTarget(one.bits_per_pixel), seed=one.seed)
            return [_checked(action, contracted, of=one.clip)]
        case [Expansion() as one]:
            return [_checked(action, action.expand(one.contracted, seed=one.seed), of=one.contracted)]
    expansions = [task for task in tasks if isinstance(task, Expansion)]
    if len(expansions) != len(tasks):
        raise ValueError(f"{len(tasks)} tasks at once that are no expansions of one action")
    seeds = [one.seed for one in expansions]
    clips = action.expand_many([one.contracted for one in expansions], seeds=seeds)
    return [_checked(action, clip, of=one.contracted) for clip, one in zip(clips, expansions, strict=True)]


def _checked(
    action: VideoAction, made: YuvClip | ContractedVideo, *, of: YuvClip | ContractedVideo
) -> YuvClip | ContractedVideo:
    """Return what an action made when it stands for the same frames as what it was made of."""
    if _stands_for(made) != _stands_for(of):
        raise RuntimeError(f"made {_stands_for(made)} of {_stands_for(of)}")
    if isinstance(made, ContractedVideo) and made.domain != action.domain:
        raise RuntimeError(
            f'made a representation of the domain "{made.domain}", not of its own, "{action.domain}"'
        )
    return made


def _stands_for(segment: YuvClip | ContractedVideo) -> str:
    """Say which frames a segment has or stands for."""
    return (
        f"{segment.frames} frames of {segment.width_px} x {segment.height_px} at {segment.frame_rate_hz} Hz"
    )


def _kind(error: BaseException) -> FailureKind:
    """Tell what an error means."""
    torch = sys.modules.get("torch")
    text = str(error)
    if (
        isinstance(error, MemoryError)
        or (torch is not None and isinstance(error, torch.OutOfMemoryError))
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or (
            isinstance(error, RuntimeError) and "DefaultCPUAllocator" in text
        )  # torch has no class for the CPU
    ):
        return FailureKind.OUT_OF_MEMORY
    return FailureKind.REFUSED if isinstance(error, InputError) else FailureKind.CRASHED


def _said(error: BaseException) -> str:
    """Return the first line of an error, with its type where that says something."""
    text = str(error).strip().partition("\n")[0][:_LONGEST_MESSAGE]
    return text if isinstance(error, InputError) else f"{type(error).__name__}: {text}".removesuffix(": ")


def _free_memory() -> None:
    """Give memory back after a failure."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def _reset_peaks(placement: Placement) -> None:
    """Begin to measure the most memory in use."""
    with contextlib.suppress(OSError):
        # Linux: the high-water mark begins anew at the present size (proc(5), clear_refs, 5).
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    torch = sys.modules.get("torch")
    if torch is not None and placement.device != "cpu":
        torch.cuda.reset_peak_memory_stats(placement.device)


def _host_peak_bytes() -> int:
    """Return the most resident memory since `_reset_peaks`, or of the whole life where that cannot be told."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _device_peak_bytes(placement: Placement) -> int:
    """Return the most memory that torch allocated on the accelerator since `_reset_peaks`."""
    torch = sys.modules.get("torch")
    if torch is None or placement.device == "cpu":
        return 0
    return int(torch.cuda.max_memory_allocated(placement.device))


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what Python code does to reach another machine; native code is not seen."""
    if event == "socket.getaddrinfo" or (
        event in {"socket.connect", "socket.sendto"} and arguments[0].family != socket.AF_UNIX
    ):
        raise InputError(
            "an action asked for the network; weights and everything else must be on this machine"
        )


def _die_with_parent(lifeline: int) -> None:
    """Wait for the parent's end of the pipe to close, then end this process and all that it started."""
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)
