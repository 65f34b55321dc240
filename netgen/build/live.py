"""Makes the live side of a simulation: frames, what runs the actions, and the workers that do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from netgen.build.contents import build_menu
from netgen.errors import InputError
from netgen.rng import Streams
from netgen.scenario.live_check import live_contents, node_is_live
from netgen.schema.scenario import Content, FileContent, Scenario, ScenesContent
from netgen.world.names import tower_of

if TYPE_CHECKING:
    from netgen.actions.contract import Placement
    from netgen.live.frames import ContentFrames
    from netgen.live.live_run import LiveRun
    from netgen.live.work import ActionReference

_LARGEST_SEED = 2**31
_START_LIMIT_S = 120.0
"""Wall time that starting a worker and loading its action may take in any case: importing torch alone takes some."""


@contextmanager
def live_side(scenario: Scenario) -> Iterator[LiveRun | None]:
    """The live side of a scenario with a seed, for as long as its workers are wanted; None where nothing is live.

    Raises
    ------
    InputError                      An action has nothing to run or cannot be loaded, a content has no frames that can
                                    be decoded, or the device is not there.
    """
    names = live_contents(scenario)
    if not names:
        yield None
        return
    # Loaded here, so that runs by profile need none of it.
    from netgen.labelled.delivered import DeliveredMeaning  # noqa: PLC0415
    from netgen.labelled.scene_content import SceneContent  # noqa: PLC0415
    from netgen.live.live_run import LiveRun, LiveWorld  # noqa: PLC0415
    from netgen.live.store import ArtefactStore  # noqa: PLC0415
    from netgen.live.work import Failure  # noqa: PLC0415
    from netgen.live.workshop import Workshop  # noqa: PLC0415

    references = _references(scenario)
    frames = {name: _frames(scenario.contents[name]) for name in names}
    assert scenario.seed is not None  # noqa: S101  (`load` draws a missing one)
    streams = Streams(scenario.seed)

    def seed_of(action: str, content: str, index: int) -> int:
        return (int(streams.key(f"live/{action}/{content}")) + index) % _LARGEST_SEED

    world = LiveWorld(
        contents=frames,
        is_live=lambda node, content: node_is_live(scenario, node, content),
        actions=references,
        measured_time=scenario.live.time == "measured",
        vmaf=scenario.live.vmaf,
        seed_of=seed_of,
        node_of=tower_of,
    )
    live = scenario.live
    with (
        ArtefactStore() as store,
        Workshop(
            workers=live.workers,
            limit_s=live.limit_s,
            start_limit_s=max(_START_LIMIT_S, live.limit_s),
            memory_limit_bytes=live.memory_bytes,
            undisturbed=world.measured_time,
        ) as workshop,
    ):
        for name, reference in references.items():
            described = workshop.describe(reference)
            if isinstance(described, Failure):
                words = f" ({described.last_words.splitlines()[-1]})" if described.last_words else ""
                raise InputError(f"actions.{name}: cannot be run: {described.message}{words}")
        labelled = {name: one for name, one in frames.items() if isinstance(one, SceneContent)}
        yield LiveRun(world, workshop, store, DeliveredMeaning(labelled) if labelled else None)


def _frames(content: Content) -> ContentFrames:
    """Frames of a content; a check of the scenario has seen to it that it has some."""
    if isinstance(content, ScenesContent):
        from netgen.labelled.scene_content import SceneContent  # noqa: PLC0415

        return SceneContent(content.count, content.seed, content.crf)
    from netgen.live.frames import SegmentFrames  # noqa: PLC0415

    assert isinstance(content, FileContent)  # noqa: S101
    return SegmentFrames(content.path, content.segment_s)


def _references(scenario: Scenario) -> dict[str, ActionReference]:
    """What runs each action; raises InputError for one that has nothing to run."""
    from netgen.live.work import ActionReference  # noqa: PLC0415

    menu = build_menu(scenario)
    found = {}
    for name in menu.names:
        runs = menu.variants_of(name)[0].run
        if menu.variants_of(name)[0].symbols is not None:
            raise InputError(
                f"actions.{name}: sends symbols of joint coding, which are known by measured tables alone and have "
                f"nothing to run, but the scenario is live; accepted: fidelity: profile, or another profile"
            )
        if runs is None:
            raise InputError(
                f"actions.{name}: its profile is known by published figures alone and has nothing to run, but the "
                f"scenario is live; accepted: run: with the name of a variant (netgen actions lists them) or "
                f"file.py:Class, or a profile that netgen calibrate measured"
            )
        found[name] = ActionReference(runs, placement=_placement(scenario))
    return found


def _placement(scenario: Scenario) -> Placement:
    """Where models run."""
    from netgen.actions.contract import Placement  # noqa: PLC0415
    from netgen.models.precision import usual_batch  # noqa: PLC0415

    live = scenario.live
    device = _device(live.device)
    batch = live.batch or usual_batch(device)
    return Placement(device=device, precision=live.precision, threads=live.threads, batch=batch)


def _device(wanted: str) -> str:
    """The device that the scenario asks for, or CUDA where there is one; raises InputError without it."""
    if wanted == "cpu":
        return wanted
    try:
        import torch  # noqa: PLC0415

        has_cuda = torch.cuda.is_available()
    except ImportError:
        has_cuda = False
    if wanted == "cuda" and not has_cuda:
        raise InputError("live.device: cuda is not there (torch sees none); accepted: auto, cpu")
    return "cuda" if has_cuda else "cpu"
