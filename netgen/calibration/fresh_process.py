"""What only a fresh process shows: the times of the first calls, and the memory that they take."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from netgen.actions.contract import KnobTarget, Placement
from netgen.calibration.record import Memory
from netgen.catalogue.loading import find_action
from netgen.errors import CheckFailedError, NetgenError
from netgen.media.yuv_clip import YuvClip
from netgen.models.allocation import keep_freed_memory
from netgen.models.threads import limit_threads

LIMIT_S = 1800.0
"""The process is ended after so long."""

_PROGRAM = "import sys; sys.path[:] = {path!r}; from netgen.calibration.fresh_process import main; main()"
_FRAMES, _TASK, _ANSWER = "frames.npy", "task.json", "answer.json"
_OWN_FAILURE = 3


@dataclass(frozen=True, slots=True)
class FreshStart:
    """One segment in a process that did nothing before.

    Parameters
    ----------
    load_s, contract_s, expand_s : float, s     Loading the weights, and the first call of each direction.
    memory : Memory                 Of that process.
    """

    load_s: float
    contract_s: float
    expand_s: float
    memory: Memory


def measure_fresh(
    action: str, segment: YuvClip, *, knob: float, placement: Placement, limit_s: float = LIMIT_S
) -> FreshStart:
    """Contract and expand one segment in a process of its own.

    Parameters
    ----------
    action : str                    As `find_action` takes it.
    segment : YuvClip               What to contract.
    knob : float                    Value of the action's knob.
    placement : Placement           Where models run.
    limit_s : float, s              The process is ended after so long.

    Raises
    ------
    CheckFailedError                The process ended or hung; names the action and what it printed last.
    """
    threads = str(placement.threads)
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    with tempfile.TemporaryDirectory(prefix="netgen-fresh-") as folder:
        np.save(Path(folder, _FRAMES), segment.planes)
        rate = segment.frame_rate_hz
        task = {"action": action, "knob": knob, "rate": [rate.numerator, rate.denominator]}
        task |= {"placement": asdict(placement), "folder": os.getcwd()}  # noqa: PTH109  (a plug-in's file is relative to it)
        Path(folder, _TASK).write_text(json.dumps(task), encoding="utf-8")
        try:
            done = subprocess.run(  # noqa: S603  (this interpreter, a constant program)
                [sys.executable, "-c", _PROGRAM.format(path=sys.path)],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CheckFailedError(
                f"action {action} took longer than {limit_s:g} s for one segment in a fresh process and was ended"
            ) from None
        if done.returncode != 0:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            how = "failed" if done.returncode == _OWN_FAILURE else f"ended its process ({done.returncode})"
            raise CheckFailedError(f"action {action} {how} in a fresh process: {said}")
        answer = json.loads(Path(folder, _ANSWER).read_text(encoding="utf-8"))
    return FreshStart(answer["load_s"], answer["contract_s"], answer["expand_s"], Memory(**answer["memory"]))


def main() -> None:
    """Do the task in the working directory and leave the answer beside it; what a fresh process runs."""
    keep_freed_memory()  # as a worker of a live run does
    here = Path.cwd()
    task = json.loads((here / _TASK).read_text(encoding="utf-8"))
    segment = YuvClip(np.load(here / _FRAMES), Fraction(*task["rate"]))
    os.chdir(task["folder"])
    try:
        answer = _measure(task["action"], segment, task["knob"], Placement(**task["placement"]))
    except NetgenError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_OWN_FAILURE)
    (here / _ANSWER).write_text(json.dumps(asdict(answer)), encoding="utf-8")


def _measure(name: str, segment: YuvClip, knob: float, placement: Placement) -> FreshStart:
    action = find_action(name)
    action.place(placement)
    idle_bytes = _resident_bytes("VmRSS")
    began_s = time.perf_counter()
    action.load()
    limit_threads(placement.threads)
    loaded_s = time.perf_counter()
    contracted = action.contract(segment, KnobTarget(knob))
    contracted_s = time.perf_counter()
    action.expand(contracted)
    expanded_s = time.perf_counter()
    return FreshStart(
        loaded_s - began_s,
        contracted_s - loaded_s,
        expanded_s - contracted_s,
        Memory(
            idle_bytes,
            _resident_bytes("VmHWM"),
            _device_peak_bytes(placement),
            "VmHWM" if _status() else "ru_maxrss",
        ),
    )


def _device_peak_bytes(placement: Placement) -> int | None:
    """Most that torch had allocated on the GPU."""
    if placement.device == "cpu":
        return None
    torch = importlib.import_module("torch")
    return int(torch.cuda.max_memory_allocated(placement.device))


def _resident_bytes(field: str) -> int:
    """Return resident memory now (VmRSS) or at most (VmHWM).

    `ru_maxrss` alone would not do where the kernel can say better: a process inherits it from the one that
    started it.
    """
    found = _status().get(field)
    if found is not None:
        return int(found.split()[0]) * 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def _status() -> dict[str, str]:
    """Return the fields of Linux's status of this process; none elsewhere."""
    path = Path("/proc/self/status")
    if not path.is_file():
        return {}
    lines = (line.partition(":") for line in path.read_text(encoding="utf-8").splitlines())
    return {name: text.strip() for name, _, text in lines}
