"""Runs one scenario: load, build, simulate, sum up; and writes the run directory."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgen.build.assembly import build_simulation
from netgen.build.contents import build_menu, old_profiles, profile_file
from netgen.build.live import live_side
from netgen.engine.simulation import EngineTotals, Progress
from netgen.errors import InputError, NetgenError
from netgen.fidelity.curve_file import shipped_curves
from netgen.generative.action import GenerativeAction
from netgen.ledger import STATEMENTS, LedgerReader, LedgerWriter, check_laws, raise_if_broken
from netgen.metrics import summary as figures
from netgen.metrics.experience import experience_columns
from netgen.metrics.modes import ModesInUse, service_modes
from netgen.metrics.radio import radio
from netgen.metrics.tallies import segments_offered
from netgen.metrics.users import rated_users
from netgen.metrics.utility import LEVELS, evaluation_figures
from netgen.plugin_file import find_file
from netgen.provenance import Provenance, weakest
from netgen.rng import Streams
from netgen.run_directory import discard, finish, reserve, write_json
from netgen.scenario import load_scenario, scenario_warnings
from netgen.scenario.live_check import live_contents
from netgen.schema.scenario import ProfiledAction, Scenario
from netgen.world.faults import build_outages, fault_rows

if TYPE_CHECKING:
    from netgen.live.live_run import LiveRun

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
    save_video: bool = False,
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
    save_video : bool               Whether a live run writes what its receivers got as video files; one that cannot
                                    be written is a warning.

    Raises
    ------
    InputError                      The scenario, an override or `out` is wrong, or there is no video to save or
                                    nothing to draw with; nothing is written.
    NetgenError                     The run failed; the records written so far are complete and readable. When
                                    only the baseline failed, the run itself is complete.
    """
    scenario = load(path, overrides=overrides, seed=seed)
    if save_video:
        _check_video_can_be_saved(path, scenario)
    target, made = reserve(out, scenario.name)
    beginning = target.name.encode()[:200].decode(errors="ignore")  # a name has at most 255 bytes
    partial = target.with_name(f".{beginning}.partial-{os.getpid()}")
    started_s = time.perf_counter()
    summary: dict[str, Any] | None = None
    try:
        partial.mkdir()
        summary = simulate(scenario, partial, progress=progress, save_video=save_video)
        if scenario.baseline is not None:
            (partial / _BASELINE).mkdir()
            beside = simulate(scenario, partial / _BASELINE, forced_policy=scenario.baseline)
            summary[_BASELINE] = figures.compared(summary, beside, scenario.baseline)
    except NetgenError as error:
        if summary is None and isinstance(error, InputError):
            discard(partial, made)
            raise
        told = _failed(scenario, error, summary, target)
        finish(partial, target, scenario, summary=told.summary, started_s=started_s)
        raise told.error from error
    except BaseException:
        discard(partial, made)
        raise
    finish(partial, target, scenario, summary=summary, started_s=started_s)
    return RunResult(target, summary, _warnings(scenario, summary))


def _check_video_can_be_saved(path: str | Path, scenario: Scenario) -> None:
    """Raise InputError, before a run of hours, where there will be no video or nothing to draw its picture with."""
    if not live_contents(scenario):
        raise InputError(
            f"{path}: nothing in it is live, so there is no video to save; accepted: --set fidelity=live, or no "
            f"--save-video"
        )
    from netgen.live.pictures import import_figure  # noqa: PLC0415  (as the rest of a live run)

    import_figure()


def _warnings(scenario: Scenario, summary: dict[str, Any]) -> tuple[str, ...]:
    """What was odd about a scenario and its run."""
    failures = [] if summary["live"] is None else summary["live"]["failures"]
    told = (failure["told"] for failure in failures)
    return (*scenario_warnings(scenario), *old_profiles(scenario, _today()), *summary["notes"], *told)


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
    return scenario, (*scenario_warnings(scenario), *old_profiles(scenario, _today()), *notes)


def _today() -> date:
    """The date, for warnings alone."""
    return datetime.now(tz=UTC).date()


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
    scenario: Scenario,
    folder: Path,
    *,
    progress: Progress | None = None,
    forced_policy: str | None = None,
    save_video: bool = False,
) -> dict[str, Any]:
    """Simulate a scenario with a seed once, with records in `folder`, and sum up; as `run` raises."""
    with live_side(scenario) as live:
        found = _simulated(scenario, folder, live, progress=progress, forced_policy=forced_policy)
        if live is None:
            return found | {"live": None}
        write_json(folder / "live.json", live.times())
        videos = {}
        if save_video:
            saved = live.save_videos(folder / "video", segments_offered(LedgerReader(folder)))
            found["notes"] += saved.unsaved
            videos = {"videos": saved.files}
        # Last, for models may fail once more when their segments are expanded for a video.
        return found | {"live": live.figures() | videos}


def _simulated(
    scenario: Scenario,
    folder: Path,
    live: LiveRun | None,
    *,
    progress: Progress | None,
    forced_policy: str | None,
) -> dict[str, Any]:
    """Simulate a scenario once, with its live side at hand, and sum up all but that side."""
    writer = LedgerWriter(folder)
    try:
        assert scenario.seed is not None  # noqa: S101  (`load` draws a missing one)
        simulation = build_simulation(
            scenario, writer, seed=scenario.seed, forced_policy=forced_policy, live=live
        )
        totals = simulation.run(progress)
        users, levels = rated_users(totals.users)
        writer.add_columns("users", users | experience_columns(totals.playback))
    finally:
        writer.close()
    laws = check_laws(totals.balances)
    raise_if_broken(laws)
    found = _summary(scenario, totals, levels.tolist(), laws, LedgerReader(folder))
    if live is not None and scenario.live.time == "measured":
        found["notes"].append(
            "live.time is measured: wall times went into the records, which do not repeat exactly"
        )
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
        "semantic_bits_provenance": _meaning_mark(scenario),
        "semantic_fidelities": _fidelities(scenario),
        "rating_levels": dict(zip(LEVELS, levels, strict=True)),
        "notes": list(totals.notes),
        "actions": _marks(scenario),
        "radio": radio(ledger),
        "service_modes": service_modes(ledger, _modes_in_use(scenario)),
        "evaluations": evaluation_figures(ledger, scenario.evaluations),
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


def _meaning_mark(scenario: Scenario) -> str:
    """Mark of the semantic bits that are offered: exact where only labelled scenes are sent."""
    contents = {scenario.contents[service.content].kind for service in scenario.services.values()}
    return (Provenance.EXACT if contents == {"scenes"} else Provenance.DECLARED).value


def _fidelities(scenario: Scenario) -> list[dict[str, Any]]:
    """Semantic fidelity of every action on every class of content, and how it is known."""
    return [
        {
            "action": name,
            "class": content_class,
            "fidelity": action.semantic_fidelity,
            "low": None if action.semantic_interval is None else action.semantic_interval[0],
            "high": None if action.semantic_interval is None else action.semantic_interval[1],
            "mark": action.fidelity_provenance.value,
            "source": action.fidelity_source,
            "calibrated": _calibrated(action),
        }
        for (name, content_class), action in build_menu(scenario).variants.items()
    ]


def _calibrated(action: GenerativeAction) -> dict[str, float] | None:
    """Fidelity that an estimate stands for by the curve of its method; None where there is no estimate or no curve."""
    curves = shipped_curves().curves
    method = action.fidelity_source.partition(",")[0]
    if action.fidelity_provenance is not Provenance.ESTIMATED or method not in curves:
        return None
    found = curves[method].calibrated(action.semantic_fidelity)
    return {"fidelity": found.fidelity, "low": found.low, "high": found.high}


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
