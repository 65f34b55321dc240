"""Contents and generative actions of a scenario, as models."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

from netgen.build.coded_links import bits_per_symbol, refuse_what_symbols_have_not, symbols_bits_per_pixel
from netgen.errors import InputError, ModelRangeError, did_you_mean
from netgen.generative.action import GenerativeAction, Menu
from netgen.generative.compressai_results import referenced_profile, results_reference
from netgen.generative.profile import (
    CodingMode,
    OperatingPoint,
    Profile,
    declared_profile,
    find_profile,
    profile_warnings,
    read_measured,
)
from netgen.labelled.meaning import scene_entropy_bits
from netgen.media.parametric import SizeLaw, parametric_track
from netgen.media.segment_track import SegmentTrack
from netgen.media.trace import track_from_trace
from netgen.media.video_file import track_from_file
from netgen.provenance import Provenance, weakest
from netgen.rng import Streams
from netgen.schema.scenario import (
    Content,
    DeclaredAction,
    FileContent,
    ProfiledAction,
    Scenario,
    ScenesContent,
    TraceContent,
)


def build_tracks(scenario: Scenario, streams: Streams) -> dict[str, SegmentTrack]:
    """Segment sizes of every content; parametric ones are drawn from a world stream of their own."""
    return {name: _track(name, content, scenario, streams) for name, content in scenario.contents.items()}


def semantic_bits_of(content: Content) -> float:
    """Return the meaning of one segment: declared, or the entropy of a labelled scene."""
    return scene_entropy_bits() if isinstance(content, ScenesContent) else content.semantic_bits


def _track(name: str, content: Content, scenario: Scenario, streams: Streams) -> SegmentTrack:
    """Segment sizes of one content."""
    if isinstance(content, ScenesContent):
        from netgen.labelled.scene_content import SceneContent  # noqa: PLC0415  (PyAV and photographs)

        return SceneContent(content.count, content.seed, content.crf).track
    if isinstance(content, FileContent):
        return track_from_file(content.path, segment_s=content.segment_s)
    video_format = content.video_format
    if isinstance(content, TraceContent):
        return track_from_trace(content.path, video_format=video_format, segment_s=content.segment_s)
    return parametric_track(
        video_format=video_format,
        rate_bps=content.rate_bps,
        segment_s=content.segment_s,
        count=math.ceil(scenario.duration_s / content.segment_s) + 1,
        sizes=SizeLaw(content.sizes),
        variation=content.variation or 0.0,
        rng=streams.get(f"world/content/{name}"),
    )


def build_menu(scenario: Scenario) -> Menu:
    """The scenario's actions, each at its operating point for every class of content that the scenario has."""
    # Without contents there is no class; what is wrong with an action is found all the same.
    classes: list[str] = [*dict.fromkeys(c.content_class for c in scenario.contents.values())] or [""]
    efficiencies = bits_per_symbol(scenario)
    return Menu({
        (name, content_class): build_action(name, spec, content_class, efficiencies)
        for name, spec in scenario.actions.items()
        for content_class in classes
    })  # fmt: skip


def old_profiles(scenario: Scenario, today: date) -> tuple[str, ...]:
    """Say which measured profiles of a scenario are old, or another version's."""
    notes: dict[str, None] = {}
    for name, spec in scenario.actions.items():
        if isinstance(spec, DeclaredAction):
            continue
        profile = _find_profile(name, spec.profile)
        if profile.conditions is not None:
            told = profile.conditions.age_warnings(today)
            notes.update(dict.fromkeys(f'profile "{profile.name}" {text}' for text in told))
    return tuple(notes)


def profile_notes(scenario: Scenario, tracks: Mapping[str, SegmentTrack]) -> tuple[str, ...]:
    """Say where actions are used outside of what their measured profiles cover."""
    notes: dict[str, None] = {}
    for name, spec in scenario.actions.items():
        if isinstance(spec, DeclaredAction):
            continue
        profile = _find_profile(name, spec.profile)
        for content, track in tracks.items():
            video = track.video_format
            found = profile_warnings(
                profile,
                content_class=scenario.contents[content].content_class,
                width_px=video.width_px,
                height_px=video.height_px,
                frame_rate_hz=video.frame_rate_hz,
                segment_s=track.segment_s,
            )
            notes.update(dict.fromkeys(f"actions.{name} on {content}: {text}" for text in found))
    return tuple(notes)


def build_action(
    name: str,
    spec: ProfiledAction | DeclaredAction,
    content_class: str,
    efficiencies: Collection[float] = (),
) -> GenerativeAction:
    """One action at its operating point; what the scenario declares is marked so.

    A profile that was measured on contents of the class counts with these alone, any other with all. Symbols of joint
    coding take the bits that a symbol of the scenario's radio links carries, which are the `efficiencies`.

    Raises
    ------
    InputError                  A figure is missing that the profile does not give and the scenario does
                                not declare, or lies outside the profile's range.
    """
    if isinstance(spec, DeclaredAction):
        mode = CodingMode(spec.mode)
        profile = declared_profile(
            name,
            mode=mode,
            contract_s=spec.declared.contract_s,
            expand_s=spec.declared.expand_s,
            memory_bytes=spec.declared.memory_bytes,
            bits_per_pixel=spec.bits_per_pixel,
            semantic_fidelity=spec.semantic_fidelity,
            psnr_db=spec.psnr_db,
            ms_ssim=spec.ms_ssim,
            playable=mode is CodingMode.FULL_REFERENCE,
        )
    else:
        profile = _find_profile(name, spec.profile)
    return _at_point(name, spec, profile, content_class, efficiencies)


def profile_file(reference: str) -> tuple[str, str] | None:
    """File and profile of a reference `file.jsonl:name` or `file.json:name`; None for a shipped profile's name."""
    for suffix in (".jsonl:", ".json:"):
        file_name, separator, profile = reference.rpartition(suffix)
        if separator:
            return file_name + suffix[:-1], profile
    return None


def _find_profile(action: str, reference: str) -> Profile:
    """A shipped profile, one of a file that `netgen calibrate` wrote, or one of results that CompressAI published."""
    published = results_reference(reference)
    if published is not None:
        return referenced_profile(published)
    named = profile_file(reference)
    if named is None:
        return find_profile(reference)
    path, name = Path(named[0]), named[1]
    try:
        found = read_measured(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"actions.{action}: profile {reference}: cannot read {path}: {error}") from None
    if name not in found:
        hint = did_you_mean(name, found)
        raise InputError(
            f'actions.{action}: {path} has no profile "{name}"{hint} (it has: {", ".join(found)})'
        )
    return found[name]


def _at_point(
    name: str,
    spec: ProfiledAction | DeclaredAction,
    profile: Profile,
    content_class: str,
    efficiencies: Collection[float],
) -> GenerativeAction:
    """An action of a profile at the rate that the scenario asks for."""
    rated = profile.rate_range is not None
    known = {point.content_class for point in profile.points}
    asked = spec.bits_per_pixel if rated else None
    try:
        point = profile.at(asked, content_class=content_class if content_class in known else None)
    except ModelRangeError as error:
        raise InputError(f"actions.{name}: {error}") from None
    bits_per_pixel = point.bits_per_pixel if rated else spec.bits_per_pixel
    if point.symbols is not None:
        refuse_what_symbols_have_not(name, spec)
        bits_per_pixel = symbols_bits_per_pixel(name, point, efficiencies)
    fidelity = point.semantic_fidelity if spec.semantic_fidelity is None else spec.semantic_fidelity
    for key, figure, meaning in (
        ("bits_per_pixel", bits_per_pixel, "rate"),
        ("semantic_fidelity", fidelity, "semantic fidelity"),
    ):
        if figure is None:
            raise InputError(
                f'actions.{name}: profile "{profile.name}" ({profile.source}) gives no {meaning}; '
                f"declare {key} in the scenario"
            )
    declared = isinstance(spec, DeclaredAction) or spec.semantic_fidelity is not None
    fidelity_mark, fidelity_source = Provenance.DECLARED, "the scenario"
    if not declared:
        fidelity_mark, fidelity_source = _known_fidelity(profile, point, content_class)
    exact = Provenance.EXACT if point.symbols is not None else Provenance.DECLARED
    rate_mark = exact if not rated else (point.rate_provenance or profile.provenance)
    mode = CodingMode(spec.mode) if spec.mode is not None else profile.mode
    share = spec.generative_share
    measured = profile.provenance is Provenance.MEASURED and point.symbols is None
    return GenerativeAction(
        name=name,
        mode=mode,
        bits_per_pixel=bits_per_pixel or 0.0,
        semantic_fidelity=fidelity or 0.0,
        fidelity_provenance=fidelity_mark,
        provenance=weakest([profile.provenance, fidelity_mark, rate_mark]),
        playable=profile.playable if spec.playable is None else spec.playable,
        learned=profile.learned,
        generative_share=(1.0 if mode is CodingMode.NO_REFERENCE else 0.0) if share is None else share,
        expanded_rate_bps=spec.expanded_rate_bps,
        psnr_db=point.psnr_db if spec.psnr_db is None else spec.psnr_db,
        ms_ssim=point.ms_ssim if spec.ms_ssim is None else spec.ms_ssim,
        contract_work=point.encode,
        expand_work=point.decode,
        memory_bytes=profile.model_memory_bytes or 0,
        run=spec.run or (profile.name if measured else None),
        compatibility=spec.compatibility or profile.compatibility or "format",
        semantic_interval=None if declared else point.semantic_interval,
        fidelity_source=fidelity_source,
        symbols=point.symbols,
    )


def _known_fidelity(profile: Profile, point: OperatingPoint, content_class: str) -> tuple[Provenance, str]:
    """Mark and source of a profile's fidelity; what was measured on another class of content is an estimate."""
    mark = point.fidelity_provenance or profile.provenance
    source = point.fidelity_source or profile.source
    if mark is Provenance.MEASURED and content_class and point.content_class != content_class:
        known = point.content_class or "unknown"
        return Provenance.ESTIMATED, f"{source}; of contents of class {known}, carried over"
    return mark, source
