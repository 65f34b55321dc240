"""All checks by name, and running them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from netgen.errors import InputError, did_you_mean
from netgen.generative.device import find_device
from netgen.generative.profile import find_profile
from netgen.generative.service_time import service_time
from netgen.verify.chain import check_chain, check_laws
from netgen.verify.check import Check
from netgen.verify.queues import check_queue, closed_forms

_SEED = 2026
"""Seed of the queues: the year of the first release, chosen before any result was seen."""

_LONG_LOAD = 0.75
_CUSTOMERS = {"M/M/1": 2_000_000, "M/D/1": 1_000_000, "M/M/c": 800_000}
_LONG_FACTOR = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One or more checks that are run together."""

    name: str
    run: Callable[[], Sequence[Check]]
    full_only: bool


def entries() -> tuple[Entry, ...]:
    """Every entry of the suite, in the order in which they are run."""
    found = [
        Entry("chain", lambda: [check_chain()], full_only=False),
        Entry("laws", check_laws, full_only=False),
        Entry("published", _published, full_only=False),
    ]
    for form in closed_forms():
        long = form.arrival_rate / form.servers >= _LONG_LOAD
        customers = _CUSTOMERS[form.model] * (_LONG_FACTOR if long else 1)
        found.append(Entry(form.name, partial(_queue, form.name, customers), full_only=long))
    return tuple(found)


def run_checks(*, full: bool, only: Sequence[str] = ()) -> tuple[Check, ...]:
    """Run the suite.

    Parameters
    ----------
    full : bool                 Also the long checks: heavily loaded queues.
    only : sequence of str      Only entries whose name has one of these in it, long ones included.

    Raises
    ------
    InputError                  Nothing has such a name.
    """
    every = entries()
    names = [entry.name for entry in every]
    for word in only:
        if not any(word.casefold() in name.casefold() for name in names):
            hint = did_you_mean(word, names)
            raise InputError(f'no check has "{word}" in its name{hint} (known: {"; ".join(names)})')
    chosen = [
        entry
        for entry in every
        if (
            any(word.casefold() in entry.name.casefold() for word in only)
            if only
            else full or not entry.full_only
        )
    ]
    return tuple(check for entry in chosen for check in entry.run())


def _queue(name: str, customers: int) -> list[Check]:
    """One closed form."""
    form = next(form for form in closed_forms() if form.name == name)
    return [check_queue(form, customers=customers, seed=_SEED)]


def _published() -> list[Check]:
    """A published figure that must come through untouched: CTTR decodes 250 frames in 22.88 s on an A100."""
    profile = find_profile("cttr")
    work = profile.at(None).decode
    assert work is not None  # noqa: S101  (Table 6 gives it)
    seconds = service_time(work, find_device("A100-SXM4-40GB"), frames=250, pixels=256 * 256).seconds
    return [Check.within("CTTR decodes 10 s of video in [s]", seconds, 22.880, 1e-9, profile.source)]
