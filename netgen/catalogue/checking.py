"""`check_action`: the conformance check that authors of actions run themselves."""

from __future__ import annotations

import ctypes
import multiprocessing
import pickle
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from netgen.actions.contract import KnobTarget, Placement, VideoAction
from netgen.actions.contracted_video import ContractedVideo
from netgen.catalogue.check_cases import Case, Subject, digest, moving_clip, placed, sample_cases
from netgen.catalogue.check_steps import SEED, STEPS, Step
from netgen.errors import CheckFailedError, InputError
from netgen.models.precision import AUTO

LONGEST_S = 600.0
"""ASSUMED: an action that needs longer than this for clips of a few small frames hangs."""


_LEAK_CALLS = 8
_LEAK_BYTES = 5_000_000
"""ASSUMED: what the allocator may keep of eight calls on clips of 1.2 MB without a leak."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ActionCheck:
    """What `check_action` found in an action that passed.

    Parameters
    ----------
    name, domain : str                  Of the action.
    device : str                        Where it ran.
    precision : str or None             What its networks ran in; None where none takes part.
    checks : tuple of str               What was checked, in order.
    notes : tuple of str                What could not be checked here, and why.
    contract_s, expand_s : float, s     Wall time on the largest sample clip, the median of three.
    peak_bytes, bound_bytes : int, byte Largest measured growth of memory in one call, and what was declared for it.
    """

    name: str
    domain: str
    device: str
    precision: str | None
    checks: tuple[str, ...]
    notes: tuple[str, ...]
    contract_s: float
    expand_s: float
    peak_bytes: int
    bound_bytes: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What one process found: `messages` are the bytes by case, `digests` those of the frames that they expand to."""

    failures: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    domain: str = ""
    messages: Mapping[str, bytes] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    contract_s: float = 0.0
    expand_s: float = 0.0
    peak_bytes: int = 0
    bound_bytes: int = 0


def check_action(
    make: Callable[[], VideoAction],
    *,
    device: str = "cpu",
    precision: str = AUTO,
    longest_s: float = LONGEST_S,
) -> ActionCheck:
    """Run an action on small synthetic clips, and hold it to everything that the contract promises.

    The work is done in two processes, one after the other: what crashes or hangs there is a finding, and the second
    one knows nothing of the first but the bytes that it made.

    Parameters
    ----------
    make : callable                 Makes a new instance (`action_factory`); it is sent to the processes by pickle.
    device : str                    Where models run: `cpu`, `cuda` or `cuda:N`.
    precision : str                 Of the inference; `auto` is what live runs and calibration take on the device.
    longest_s : float, s            How long each step may take.

    Returns
    -------
    ActionCheck

    Raises
    ------
    CheckFailedError                Some promise is broken; one line for each.
    InputError                      `make` cannot be sent to another process, or no instance can be made.
    """
    try:
        pickle.dumps(make)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise InputError(
            f"{make!r} cannot be sent to another process ({error}); pass what action_factory() returns"
        ) from error
    action = make()
    name, learned = action.name, _has_networks(action)
    placement = Placement(device=device)
    if learned:
        placement = action.placement_for(Placement(device=device, precision=precision))
    found = _in_process(inspect_action, (make, placement), longest_s)
    afresh = Finding()
    if found.messages:
        afresh = _in_process(inspect_afresh, (make, placement, found.messages, found.digests), longest_s)
    failures = (*found.failures, *afresh.failures)
    if failures:
        lines = "".join(f"\n- {line}" for line in failures)
        where = f"{device} in {placement.precision}" if learned else device
        raise CheckFailedError(f'action "{name}" on {where} does not keep the contract:{lines}')
    return ActionCheck(
        name=name,
        domain=found.domain,
        device=device,
        precision=placement.precision if learned else None,
        checks=(*found.checks, *afresh.checks),
        notes=(*found.notes, *afresh.notes),
        contract_s=found.contract_s,
        expand_s=found.expand_s,
        peak_bytes=afresh.peak_bytes,
        bound_bytes=afresh.bound_bytes,
    )


def _has_networks(action: VideoAction) -> bool:
    """Whether an action says so; one that says nothing may, and the first step tells that it says nothing."""
    return bool(getattr(action, "learned", True))


def _in_process(
    inspection: Callable[..., Finding], arguments: tuple[object, ...], longest_s: float
) -> Finding:
    """Run an inspection in a new process; what it found so far, and how the process ended if not well."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_inspected, args=(inspection, arguments, sender))
    process.start()
    sender.close()
    step, result = "start", None
    try:
        while result is None and receiver.poll(longest_s):
            told = receiver.recv()
            if isinstance(told, Finding):
                result = told
            else:
                step = str(told)
    except EOFError:
        process.join()
        return Finding(failures=(f"{step}: its process ended with exit code {process.exitcode}",))
    finally:
        if result is None and process.is_alive():
            process.kill()
        process.join()
        receiver.close()
    if result is None:
        return Finding(failures=(f"{step}: took longer than {longest_s:g} s, and was stopped",))
    return result


def _inspected(inspection: Callable[..., Finding], arguments: tuple[object, ...], sender: Connection) -> None:
    """Run in the new process: send the name of each step, and then what was found."""
    sender.send(inspection(*arguments, sender.send))
    sender.close()


def inspect_action(make: Callable[[], VideoAction], placement: Placement, tell: Tell) -> Finding:
    """Take every step but those that want a process of their own."""
    tell("making an instance")
    try:
        action = placed(make, placement)
        cases = sample_cases(action)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too
        return Finding(failures=(f"making an instance: raised {error!r}",))
    subject = Subject(make, placement, action, cases)
    failures = _taken(STEPS, subject, tell)
    return Finding(
        failures=failures,
        checks=tuple(name for name, _ in STEPS),
        notes=tuple(subject.notes),
        domain=action.domain if not failures else "",
        messages={name: made.to_bytes() for name, made in subject.made.items()},
        digests={name: digest(shown) for name, shown in subject.shown.items()},
        contract_s=subject.contract_s,
        expand_s=subject.expand_s,
    )


def inspect_afresh(
    make: Callable[[], VideoAction],
    placement: Placement,
    messages: Mapping[str, bytes],
    digests: Mapping[str, str],
    tell: Tell,
) -> Finding:
    """Expand the other process's bytes, contract its clips again, and measure memory."""
    tell("fresh process")
    subject = Subject(make, placement, placed(make, placement), ())
    cases = tuple(case for case in sample_cases(subject.action) if case.name in messages)
    subject.cases = cases
    action, exact = subject.action, placement.device == "cpu"
    peaks: list[tuple[int, int]] = []

    def afresh(_: Subject) -> Iterator[str]:
        for case in cases:
            if case.name not in digests:
                continue
            read = ContractedVideo.from_bytes(messages[case.name], domain=action.domain)
            subject.made[case.name] = read
            shown = action.expand(read, seed=SEED)
            if exact and digest(shown) != digests[case.name]:
                yield f"{case.name}: the same bytes expand to other frames in another process: what else is needed?"
        for case in cases:
            again = action.contract(case.clip, KnobTarget(case.knob), seed=SEED).to_bytes()
            if exact and again != messages[case.name]:
                yield f"{case.name}: gives other bytes in another process with the same seed"

    def memory(_: Subject) -> Iterator[str]:
        for case in cases:
            bound = action.memory_bound_bytes(case.clip.width_px, case.clip.height_px, case.clip.frames)
            for call, run in _calls(subject, case):
                peak = _peak_bytes(run, placement.device)
                peaks.append((peak, bound))
                if peak > bound:
                    yield f"{case.name}: {call} took {peak:,} byte, above memory_bound_bytes of {bound:,}"

    failures = _taken(
        (("fresh process", afresh), ("memory bound", memory), ("memory kept", _leaks)), subject, tell
    )
    peak, bound = max(peaks, default=(0, 0))
    return Finding(
        failures=failures,
        checks=("fresh process", "memory bound", "memory kept"),
        notes=tuple(subject.notes),
        peak_bytes=peak,
        bound_bytes=bound,
    )


def _taken(steps: Sequence[tuple[str, Step]], subject: Subject, tell: Tell) -> tuple[str, ...]:
    """Take all steps; what one raises is a failure of that step, and the next follows."""
    failures = []
    for name, step in steps:
        tell(name)
        try:
            for failure in step(subject):
                failures.append(f"{name}: {failure}")
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too
            failures.append(f"{name}: raised {error!r}")
    return tuple(failures)


def _leaks(subject: Subject) -> Iterator[str]:
    """Memory does not grow from call to call."""
    action = subject.action
    side = max(2 * ((action.smallest_side_px + 1) // 2), 192)
    clip = moving_clip(side + 128, side, frames=13)
    case = Case("leak", clip, sample_cases(action)[0].knob)
    calls = _calls(subject, case)
    for _ in range(2):
        for _, run in calls:
            run()
    _give_back_freed_memory()
    before = _status_bytes("VmRSS")
    if not before:
        subject.notes.append("no /proc: memory was not checked")
        return
    most = max(_LEAK_BYTES, _LEAK_CALLS * clip.planes.nbytes // 2)
    grown = 0
    for _ in range(2):
        for _ in range(_LEAK_CALLS // 2):
            for _, run in calls:
                run()
        _give_back_freed_memory()
        grown = _status_bytes("VmRSS") - before
        if grown < most // 4:  # after half of the calls: all of them would leave less than half of the limit
            return
    if grown > most:
        yield f"{_LEAK_CALLS} further calls left {grown:,} byte more in memory"


def _calls(subject: Subject, case: Case) -> tuple[tuple[str, Callable[[], object]], ...]:
    """Both directions on a case, to be run and measured."""
    made = subject.made.get(case.name)
    if made is None:
        made = subject.action.contract(case.clip, KnobTarget(case.knob), seed=SEED)
    return (
        ("contract", lambda: subject.action.contract(case.clip, KnobTarget(case.knob), seed=SEED)),
        ("expand", lambda: subject.action.expand(made, seed=SEED)),
    )


def _peak_bytes(run: Callable[[], object], device: str) -> int:
    """Run a call; return by how much the memory of the process, or of the CUDA device, rose at most."""
    if device.startswith("cuda"):
        import torch  # noqa: PLC0415  (only where models run on CUDA)

        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        run()
        return int(torch.cuda.max_memory_allocated(device) - before)
    marker = Path("/proc/self/clear_refs")
    if not marker.exists():
        run()
        return 0
    _give_back_freed_memory()
    marker.write_text("5")  # the peak begins again from what is held now (man 5 proc)
    before = _status_bytes("VmRSS")
    run()
    return max(0, _status_bytes("VmHWM") - before)


def _give_back_freed_memory() -> None:
    """Have the C library return what is free, so that the process holds what is in use; where it can (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _status_bytes(name: str) -> int:
    """Return a size that Linux tells of this process; 0 where there is no /proc."""
    status = Path("/proc/self/status")
    found = re.search(rf"^{name}:\s+(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    return 1024 * int(found[1]) if found else 0
