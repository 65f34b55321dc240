"""Runs one scenario: load, build, simulate, sum up; and writes the run directory."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from netgen.build.assembly import build_simulation
from netgen.build.contents import build_menu, profile_file
from netgen.engine.simulation import EngineTotals, Progress
from netgen.errors import InputError, NetgenError
from netgen.ledger import STATEMENTS, LedgerReader, LedgerWriter, check_laws, raise_if_broken
from netgen.metrics import summary as figures
from netgen.metrics.modes import ModesInUse, service_modes
from netgen.metrics.radio import radio
from netgen.metrics.users import rated_users
from netgen.metrics.utility import LEVELS
from netgen.policy.loading import find_file
from netgen.provenance import weakest
from netgen.rng import Streams
from netgen.scenario import load_scenario, resolved_yaml, scenario_warnings
from netgen.schema.scenario import ProfiledAction, Scenario
from netgen.version import __version__
from netgen.world.faults import build_outages, fault_rows

_BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run.

    Parameters
    ----------
    folder : Path                   Its run directory.
    summary : dict                  What summary.json holds.
    warnings : tuple of str         What was odd about the scenario, though not wrong.
    """

    folder: Path
    summary: dict[str, Any]
    warnings: tuple[str, ...]


def run(
    path: str | Path,
    *,
    overrides: Sequence[str] = (),
    seed: int | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Run a scenario file and write its run directory.

    Parameters
    ----------
    path : path                     Scenario file.
    overrides : sequence of str     `a.b.c=value`, as with `--set`.
    seed : int or None              Replaces the scenario's; drawn when neither gives one.
    out : path or None              Run directory to write, which must not exist or be empty; by default the
                                    next free number under `runs/NAME`.
    progress : callable or None     Called with the simulated time and its end [s], once per interval.

    Raises
    ------
    InputError                      The scenario, an override or `out` is wrong; nothing is written.
    NetgenError                     The run failed; the records written so far are complete and readable. When
                                    only the baseline failed, the run itself is complete.
    """
    scenario = load(path, overrides=overrides, seed=seed)
    target, made = _reserve(out, scenario.name)
    beginning = target.name.encode()[:200].decode(errors="ignore")  # a name has at most 255 bytes
    partial = target.with_name(f".{beginning}.partial-{os.getpid()}")
    started = time.perf_counter()
    summary: dict[str, Any] | None = None
    try:
        partial.mkdir()
        summary = simulate(scenario, partial, progress=progress)
        if scenario.baseline is not None:
            (partial / _BASELINE).mkdir()
            beside = simulate(scenario, partial / _BASELINE, forced_policy=scenario.baseline)
            summary[_BASELINE] = figures.compared(summary, beside, scenario.baseline)
    except NetgenError as error:
        if summary is None and isinstance(error, InputError):
            _discard(partial, made)
            raise
        told = _failed(scenario, error, summary, target)
        _finish(partial, target, scenario, told.summary, started)
        raise told.error from error
    except BaseException:
        _discard(partial, made)
        raise
    _finish(partial, target, scenario, summary, started)
    return RunResult(target, summary, (*scenario_warnings(scenario), *summary["notes"]))


def rehearse(path: str | Path, *, overrides: Sequence[str] = ()) -> tuple[Scenario, tuple[str, ...]]:
    """Load and build a scenario without running it, and return it with its warnings.

    What only the models can refuse (a device, a profile, a policy, a file's contents) is found here.

    Raises
    ------
    InputError                      The scenario is wrong.
    """
    scenario = load(path, overrides=overrides)
    notes: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory() as folder:
        for policy in dict.fromkeys((None, scenario.baseline)):
            writer = LedgerWriter(Path(folder))
            try:
                assert scenario.seed is not None  # noqa: S101  (`load` draws a missing one)
                notes = build_simulation(scenario, writer, seed=scenario.seed, forced_policy=policy).notes
            finally:
                writer.close()
    return scenario, (*scenario_warnings(scenario), *notes)


def seeded(scenario: Scenario) -> Scenario:
    """The same scenario with a seed: one that nobody gave is drawn."""
    if scenario.seed is not None:
        return scenario
    return scenario.model_copy(update={"seed": secrets.randbits(48)})


def load(path: str | Path, *, overrides: Sequence[str] = (), seed: int | None = None) -> Scenario:
    """A scenario with a seed, and with the files that it names found; raises InputError when it is wrong."""
    scenario = seeded(load_scenario(path, overrides, seed=seed))
    return _with_absolute_files(scenario, (Path(path).resolve().parent, Path(path).resolve().parent.parent))


@dataclass(frozen=True, slots=True)
class _Failure:
    """What summary.json holds of a run that failed, and the error that tells of it."""

    summary: dict[str, Any]
    error: NetgenError


def _failed(scenario: Scenario, error: NetgenError, summary: dict[str, Any] | None, target: Path) -> _Failure:
    """A run without a summary failed itself; with one, only its baseline did, and the summary stands."""
    if summary is None:
        failed = {
            "schema_version": figures.SCHEMA_VERSION,
            "scenario": scenario.name,
            "seed": scenario.seed,
            "failed": str(error),
        }
        return _Failure(failed, type(error)(f"{error}\nthe records up to then are in {target}"))
    beside = {"policy": scenario.baseline, "failed": str(error)}
    # Wrong input means that nothing was written, which is not so here.
    kind = NetgenError if isinstance(error, InputError) else type(error)
    message = (
        f'the baseline "{scenario.baseline}" failed: {error}\nthe run itself is complete and in {target}'
    )
    return _Failure(summary | {_BASELINE: beside}, kind(message))


def simulate(
    scenario: Scenario, folder: Path, *, progress: Progress | None = None, forced_policy: str | None = None
) -> dict[str, Any]:
    """Simulate a scenario with a seed once, with records in `folder`, and sum up; as `run` raises."""
    writer = LedgerWriter(folder)
    try:
        assert scenario.seed is not None  # noqa: S101  (`load` draws a missing one)
        simulation = build_simulation(scenario, writer, seed=scenario.seed, forced_policy=forced_policy)
        totals = simulation.run(progress)
        users, levels = rated_users(totals.users)
        writer.add_columns("users", users)
    finally:
        writer.close()
    laws = check_laws(totals.balances)
    raise_if_broken(laws)
    found = _summary(scenario, totals, levels.tolist(), laws, LedgerReader(folder))
    return found | {"faults": fault_rows(build_outages(scenario, Streams(scenario.seed)))}


def _summary(
    scenario: Scenario, totals: EngineTotals, levels: list[float], laws: dict[str, Any], ledger: LedgerReader
) -> dict[str, Any]:
    """Everything that summary.json holds, but the wall time."""
    nodes = figures.per_node(ledger)
    for name, load in totals.gpu_offered_load.items():
        nodes[name] |= {
            "gpu_offered_load": load,
            "overloaded": load > 1.0,
            "cold_starts": totals.cold_starts[name],
            "evictions": totals.evictions[name],
        }
    return {
        "schema_version": figures.SCHEMA_VERSION,
        "scenario": scenario.name,
        "seed": scenario.seed,
        "simulated_s": totals.simulated_s,
        "wall_s": None,
        "events": totals.kernel_events + totals.packets,
        "kernel_events": totals.kernel_events,
        "packet_events": totals.packets,
        "decisions": totals.decisions,
        **figures.headline(ledger),
        "rating_levels": dict(zip(LEVELS, levels, strict=True)),
        "notes": list(totals.notes),
        "actions": _marks(scenario),
        "radio": radio(ledger),
        "service_modes": service_modes(ledger, _modes_in_use(scenario)),
        "receivers": figures.per_receiver(ledger),
        "links": figures.per_link(ledger),
        "nodes": nodes,
        "laws": {
            name: {
                "statement": STATEMENTS[name],
                "accounts": law.accounts,
                "residual": law.residual,
                "holds": law.holds,
            }
            for name, law in laws.items()
        },
    }


def _modes_in_use(scenario: Scenario) -> ModesInUse:
    """The modes of collaboration that a scenario has."""
    enhancements = {
        name: service.enhances for name, service in scenario.services.items() if service.enhances is not None
    }
    modes = scenario.collaboration
    return ModesInUse(
        enhancements,
        continued=() if modes is None or modes.continuation is None else modes.continuation.services,
        offloaded=() if modes is None or modes.offloading is None else modes.offloading.services,
        warmup_s=scenario.warmup_s,
    )


def _marks(scenario: Scenario) -> dict[str, str]:
    """Weakest provenance among the figures of each action."""
    menu = build_menu(scenario)
    return {
        name: weakest(action.provenance for action in menu.variants_of(name)).value for name in menu.names
    }


def _with_absolute_files(scenario: Scenario, folders: tuple[Path, ...]) -> Scenario:
    """The same with the files of its policies and profiles found, so that it runs from anywhere once resolved."""
    actions = {}
    for name, action in scenario.actions.items():
        named = profile_file(action.profile) if isinstance(action, ProfiledAction) else None
        if named is not None:
            path = find_file(f"actions.{name}: profile {named[0]}", named[0], folders)
            action = action.model_copy(update={"profile": f"{path}:{named[1]}"})  # noqa: PLW2901
        file_name, separator, class_name = (action.run or "").rpartition(":")
        if separator:
            path = find_file(f"actions.{name}: run {action.run}", file_name, folders)
            action = action.model_copy(update={"run": f"{path}:{class_name}"})  # noqa: PLW2901
        actions[name] = action
    found = {}
    for name, reference in scenario.policies.items():
        file_name, separator, class_name = reference.use.rpartition(":")
        if separator:
            path = find_file(f'policy "{reference.use}"', file_name, folders)
            use = f"{path}:{class_name}"
            reference = reference.model_copy(update={"use": use})  # noqa: PLW2901
        found[name] = reference
    return scenario.model_copy(update={"policies": found, "actions": actions})


def _reserve(out: str | Path | None, name: str) -> tuple[Path, list[Path]]:
    """Make the run directory, empty, so that no other run takes it.

    Returns
    -------
    target : Path                   The run directory.
    made : list of Path             What was made for it, innermost first: itself, and parents that were missing.

    Raises
    ------
    InputError                      It is taken or cannot be made.
    """
    if out is None:
        number = 1
        while True:
            target = Path("runs") / name / f"{number:03d}"
            try:
                return target, _made(target)
            except FileExistsError:
                number += 1
    target = Path(out)
    if _exists(target) and target.is_symlink():
        try:
            target = target.resolve()  # the folder it names is replaced, not the link
        except (OSError, RuntimeError):
            raise InputError(f"{target} cannot be written: its links lead in a circle") from None
    if not target.name:
        raise InputError(f"{target} cannot be a run directory: give the name of a new or empty folder")
    if not _exists(target):
        return target, _made(target)
    if not target.is_dir() or any(target.iterdir()):
        raise InputError(
            f"{target} exists and is not empty; nothing is overwritten: give another --out or remove it"
        )
    return target, []


def _exists(place: Path) -> bool:
    """Whether something is there; InputError when the system cannot even look, as for an over-long name."""
    try:
        return place.exists() or place.is_symlink()
    except (OSError, ValueError) as error:
        raise _unwritable(place, error) from None


def _unwritable(folder: Path, error: OSError | ValueError) -> InputError:
    """Why a run directory cannot be made."""
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(f"{folder} cannot be written: {reason}")


def _made(folder: Path) -> list[Path]:
    """Make a folder and its missing parents; return them, innermost first."""
    missing = [place for place in (folder, *folder.parents) if not _exists(place)]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except FileExistsError:
        if folder.is_dir():
            raise
        _remove(missing)
        raise InputError(f"{folder} cannot be written: there is a file in its way") from None
    except (OSError, ValueError) as error:
        _remove(missing)
        raise _unwritable(folder, error) from None
    return missing


def _discard(partial: Path, made: list[Path]) -> None:
    """Remove what a run began to write, and the folders made for it that hold nothing else."""
    shutil.rmtree(partial, ignore_errors=True)
    _remove(made)


def _remove(made: list[Path]) -> None:
    """Remove those of these folders, innermost first, that are there and hold nothing."""
    for folder in made:
        with contextlib.suppress(OSError, ValueError):
            folder.rmdir()


def _finish(partial: Path, target: Path, scenario: Scenario, summary: dict[str, Any], started: float) -> None:
    """Write the files beside the records and put the run directory in its place at once.

    Raises OSError, which says where the results are, when something has got in the way meanwhile.
    """
    (partial / "scenario.yaml").write_text(resolved_yaml(scenario), encoding="utf-8")
    if "wall_s" in summary:
        summary["wall_s"] = time.perf_counter() - started
    _write_json(partial / "summary.json", summary)
    _write_json(partial / "environment.json", _environment(scenario, time.perf_counter() - started))
    try:
        target.rmdir()
        partial.rename(target)
    except OSError as error:
        message = f"{target} cannot be replaced ({error.strerror}); the results are complete and in {partial}"
        raise OSError(message) from error


def _write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON document; NaN and infinity are refused."""
    path.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _environment(scenario: Scenario, wall_s: float) -> dict[str, Any]:
    """Where and with what a run was made."""
    names = ("networkx", "numpy", "pint", "pyarrow", "pydantic", "simpy")
    return {
        "netgen": __version__,
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in names},
        "platform": platform.platform(),
        "host": platform.node(),
        "processors": os.cpu_count(),
        "seed": scenario.seed,
        "simulated_s": scenario.duration_s,
        "wall_s": wall_s,
    }
