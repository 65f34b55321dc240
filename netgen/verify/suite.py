"""All checks by name, and running them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from netgen.errors import InputError, MissingDependencyError, did_you_mean
from netgen.generative.device import find_device
from netgen.generative.profile import find_profile
from netgen.generative.service_time import service_time
from netgen.verify.against_sionna import check_against_sionna
from netgen.verify.broadcast import (
    check_bit_rates,
    check_object_code,
    check_single_frequency,
    check_thresholds,
)
from netgen.verify.calibration import check_calibration, check_epoch_calibration
from netgen.verify.cells import check_handover, check_link, check_mean_speed, check_schedulers
from netgen.verify.chain import check_chain, check_laws
from netgen.verify.check import Check
from netgen.verify.queues import check_queue, closed_forms
from netgen.verify.radio import check_epoch, check_field, check_hata, check_path_loss

_SEED = 2026
"""Seed of the queues: the year of the first release, chosen before any result was seen."""

_LONG_LOAD = 0.75
_CUSTOMERS = {"M/M/1": 2_000_000, "M/D/1": 1_000_000, "M/M/c": 800_000}
_LONG_FACTOR = 6

_EXTRAS = {"numba": "fast", "torch": "torch", "sionna": "sionna"}
"""Extra of netgen that installs each optional package."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One or more checks that are run together; `needs` names an optional package without which they are left out."""

    name: str
    run: Callable[[], Sequence[Check]]
    full_only: bool
    needs: str | None = None

    @property
    def missing(self) -> bool:
        """Whether the optional package is not installed."""
        return self.needs is not None and find_spec(self.needs) is None


def entries() -> tuple[Entry, ...]:
    """Every entry of the suite, in the order in which they are run."""
    found = [
        Entry("chain", lambda: [check_chain()], full_only=False),
        Entry("laws", check_laws, full_only=False),
        Entry("published", _published, full_only=False),
        Entry("path loss", lambda: [*check_path_loss(), *check_hata()], full_only=False),
        Entry("correlated field", check_field, full_only=False),
        Entry("radio epoch numba", lambda: check_epoch("numba"), full_only=True, needs="numba"),
        Entry("radio epoch torch", lambda: check_epoch("torch"), full_only=True, needs="torch"),
        Entry("cell link", check_link, full_only=False),
        Entry("schedulers", check_schedulers, full_only=False),
        Entry("handover", check_handover, full_only=False),
        Entry("mobility", check_mean_speed, full_only=False),
        Entry("broadcast", _broadcast, full_only=False),
        Entry("against Sionna", check_against_sionna, full_only=True, needs="sionna"),
        Entry("calibration", check_calibration, full_only=True),
        Entry("calibration of the radio epoch", check_epoch_calibration, full_only=True),
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
    full : bool                 Also the long checks: heavily loaded queues, compiled radio epochs, Sionna.
    only : sequence of str      Only entries whose name has one of these in it, long ones included.

    Returns
    -------
    tuple of Check              Without those of packages that are not installed (see `left_out`).

    Raises
    ------
    InputError                  Nothing has such a name.
    MissingDependencyError      Nothing is left to run, because what was asked for is not installed.
    """
    chosen = _chosen(full, only)
    runnable = [entry for entry in chosen if not entry.missing]
    if not runnable:
        raise MissingDependencyError("; ".join(_why_left_out(entry) for entry in chosen))
    return tuple(check for entry in runnable for check in entry.run())


def left_out(*, full: bool, only: Sequence[str] = ()) -> tuple[str, ...]:
    """One line for every entry that `run_checks` would leave out because a package is not installed."""
    return tuple(_why_left_out(entry) for entry in _chosen(full, only) if entry.missing)


def _why_left_out(entry: Entry) -> str:
    """What is left out, why, and what to do."""
    extra = _EXTRAS[str(entry.needs)]
    return f"{entry.name}: left out, {entry.needs} is not installed (pip install 'netgen[{extra}]')"


def _chosen(full: bool, only: Sequence[str]) -> list[Entry]:
    """Entries asked for; raises InputError for a word that is in no name."""
    every = entries()
    names = [entry.name for entry in every]
    for word in only:
        if not any(word.casefold() in name.casefold() for name in names):
            hint = did_you_mean(word, names)
            raise InputError(f'no check has "{word}" in its name{hint} (known: {"; ".join(names)})')
    return [
        entry
        for entry in every
        if (
            any(word.casefold() in entry.name.casefold() for word in only)
            if only
            else full or not entry.full_only
        )
    ]


def _broadcast() -> list[Check]:
    """Bit rates, thresholds, single-frequency network and erasure code."""
    return [check_bit_rates(), check_thresholds(), *check_single_frequency(), check_object_code()]


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
