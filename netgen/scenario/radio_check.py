"""Defects of the radios of towers and cellular networks."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, dist
from pathlib import Path

from netgen.document.tree import Issue, deepest
from netgen.scenario.check import Check, Draft, dangling, is_file, repeated
from netgen.schema.audience import AlongLine as Line
from netgen.schema.audience import Audience, WatchAll
from netgen.schema.network import RanNode, TowerNode
from netgen.schema.places import DiscPlace, RectanglePlace
from netgen.schema.radio import Atsc3Broadcast, CellularRadio, FixedBroadcast, ListedLayout
from netgen.schema.scenario import Scenario

_SHARE_SLACK = 1e-9
_MEMORY_S = 1.0
_FLOOR_M = 3.0
_MHZ = 1e6
# What the models of the radio cover, so that a file's mistake is found at its line; a test compares these figures
# with those of the models, which would refuse the same.
CARRIER_MHZ = {
    15e3: (5, 10, 15, 20, 25, 30, 35, 40, 45, 50),
    30e3: (5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100),
}
RURAL_CARRIER_HZ = 30e9
BASE_HEIGHT_M = {"uma": (3.0, 150.0), "umi": (3.0, 150.0), "rma": (10.0, 150.0)}
USER_HEIGHT_M = {"uma": (1.5, 22.5), "umi": (1.5, 22.5), "rma": (1.0, 10.0)}
BROADCAST_MHZ = (6, 7, 8)
TOWER_HEIGHT_M = {"hata": (30.0, 200.0), "itm": (0.5, 3000.0)}
TOWER_CARRIER_HZ = {"hata": (150e6, 1500e6), "itm": (20e6, 20e9)}
TOWER_RANGE_M = {"hata": 100e3, "itm": 300e3}
FFT_SIZE = {"8K": 8192, "16K": 16384, "32K": 32768}
SAMPLES_PER_HZ = 1.152
BOOTSTRAP_S = 2e-3
FRAME_S = (0.05, 5.0)
MOST_PREAMBLE_SYMBOLS = 8
PILOT_SPACINGS: dict[str, dict[int, tuple[int, ...]]] = {
    "8K": {
        192: (32, 16), 384: (16, 8), 512: (12, 6), 768: (8, 4), 1024: (6, 3), 1536: (4,), 2048: (3,),
    },
    "16K": {
        192: (32,), 384: (32, 16), 512: (24, 12), 768: (16, 8), 1024: (12, 6), 1536: (8, 4), 2048: (6, 3),
        2432: (6, 3), 3072: (4,), 3648: (4,), 4096: (3,),
    },
    "32K": {
        192: (32,), 384: (32,), 512: (24,), 768: (32, 16), 1024: (24, 12), 1536: (16, 8), 2048: (12, 6),
        2432: (12, 6), 3072: (8, 3), 3648: (8, 3), 4096: (6, 3), 4864: (6, 3),
    },
}  # fmt: skip


def radio_files_exist(draft: Draft) -> Iterator[Issue]:
    """Every file of sites is there."""
    files: list[tuple[tuple[str, ...], Path]] = []
    for name, node in draft.scenario.nodes.items():
        if (
            isinstance(node, RanNode)
            and node.radio is not None
            and isinstance(node.radio.layout, ListedLayout)
        ):
            files.append((("nodes", name, "radio", "layout", "path"), node.radio.layout.path))
    for keys, path in files:
        if not is_file(path):
            yield draft.issue(keys, f"is not a file; looked for {path}")


def is_located(scenario: Scenario, audience: Audience) -> bool:
    """Whether the radio of an audience depends on where its users are."""
    if any(isinstance(scenario.nodes.get(cell), RanNode) for cell in audience.cells):
        return True
    tower = scenario.nodes.get(audience.tower) if audience.tower is not None else None
    if not isinstance(tower, TowerNode) or tower.radio is None:
        return False
    return not isinstance(tower.radio, FixedBroadcast) or bool(tower.radio.holes)


def networks_serve_alone(draft: Draft) -> Iterator[Issue]:
    """An audience is divided among cells of fixed rates, or is in one cellular network."""
    for name, audience in draft.scenario.audiences.items():
        networks = [cell for cell in audience.cells if isinstance(draft.scenario.nodes.get(cell), RanNode)]
        if networks and len(audience.cells) > 1:
            reason = f"names the cellular network {networks[0]} and other cells; accepted: one network, or cells alone"
            yield draft.issue(("audiences", name, "cells"), reason)


def pipes_exist(draft: Draft) -> Iterator[Issue]:
    """A service that names a pipe is sent to a tower that has it; the pipes of a frame fit into it."""
    for name, node in draft.scenario.nodes.items():
        if isinstance(node, TowerNode) and isinstance(node.radio, Atsc3Broadcast):
            together = sum(pipe.share for pipe in node.radio.pipes.values())
            if together > 1.0 + _SHARE_SLACK:
                reason = f"have shares that add up to {together:g}; accepted: at most 1"
                yield draft.issue(("nodes", name, "radio", "pipes"), reason, at_key=True)
    for name, service in draft.scenario.services.items():
        if service.pipe is None:
            continue
        towers = {
            receiver: tuple(tower.radio.pipes)
            for receiver in service.receivers
            if isinstance(tower := draft.scenario.nodes.get(receiver), TowerNode)
            and isinstance(tower.radio, Atsc3Broadcast)
        }
        if not towers:
            reason = "has no effect, no receiver is a tower with pipes; accepted: null, or such a tower"
            yield draft.issue(("services", name, "pipe"), reason)
        for tower_name, pipes in towers.items():
            if service.pipe not in pipes:
                reason = f"is not a pipe of {tower_name}; accepted: {', '.join(pipes)}"
                yield draft.issue(("services", name, "pipe"), reason)


def networks_refer_to_services(draft: Draft) -> Iterator[Issue]:
    """What a cellular network names is a service that is sent to it; a multicast is the same for everybody."""
    for name, node in draft.scenario.nodes.items():
        if not isinstance(node, RanNode) or node.radio is None:
            continue
        place = ("nodes", name, "radio")
        for service in node.radio.guarantees:
            yield from _sent_here(draft, (*place, "guarantees", service), service, name, at_key=True)
        for index, service in enumerate(node.radio.multicast):
            yield from _sent_here(draft, (*place, "multicast", index), service, name)
            sent = draft.scenario.services.get(service)
            if sent is not None and sent.personal:
                reason = "is personal, each user has bits of its own; accepted: services with personal: false"
                yield draft.issue((*place, "multicast", index), reason)
            if service in node.radio.guarantees:
                reason = "has a guarantee for each user; accepted: a service without guarantee"
                yield draft.issue((*place, "multicast", index), reason)
        yield from repeated(draft, (*place, "multicast"), node.radio.multicast)
        yield from _one_multicast_each(draft, name, node.radio)


def cellular_figures_are_covered(draft: Draft) -> Iterator[Issue]:
    """Carriers are those of the standard, and heights those for which the path loss is known."""
    for name, node in draft.scenario.nodes.items():
        if not isinstance(node, RanNode) or node.radio is None:
            continue
        radio, place = node.radio, ("nodes", name, "radio")
        carriers_mhz = CARRIER_MHZ.get(radio.subcarrier_spacing_hz)
        if carriers_mhz is None:
            reason = "is not a subcarrier spacing of these bands; accepted: 15 kHz, 30 kHz"
            yield draft.issue((*place, "subcarrier_spacing"), reason)
        elif radio.bandwidth_hz / _MHZ not in carriers_mhz:
            listed = ", ".join(str(mhz) for mhz in carriers_mhz)
            spacing_khz = radio.subcarrier_spacing_hz / 1e3
            reason = f"is no bandwidth of TS 38.101 at {spacing_khz:g} kHz; accepted: {listed} MHz"
            yield draft.issue((*place, "bandwidth"), reason)
        if radio.environment == "rma" and radio.carrier_hz > RURAL_CARRIER_HZ:
            reason = f"is out of range; accepted with environment: rma: <= {RURAL_CARRIER_HZ / 1e9:g} GHz"
            yield draft.issue((*place, "carrier"), reason)
        bounds_m = BASE_HEIGHT_M[radio.environment]
        if not _inside(radio.layout.height_m, bounds_m):
            reason = (
                f"is out of range; accepted with environment: {radio.environment}: {_span(bounds_m, 'm')}"
            )
            yield draft.issue((*place, "layout", "height"), reason)
        if radio.handover.offset_db + radio.handover.hysteresis_db < 0:
            reason = (
                f"and a hysteresis of {radio.handover.hysteresis_db:g} dB are less than 0 dB together, users would go "
                f"back and forth; accepted: at least {-radio.handover.hysteresis_db:g} dB, or a larger hysteresis"
            )
            yield draft.issue((*place, "handover", "offset"), reason)
        if radio.device != "cpu" and radio.compute != "torch":
            reason = f"does not go with compute: {radio.compute}; accepted: cpu, or compute: torch"
            yield draft.issue((*place, "device"), reason)
        yield from _terminals_are_covered(draft, name, radio)


def _terminals_are_covered(draft: Draft, network: str, radio: CellularRadio) -> Iterator[Issue]:
    """Yield an issue for each audience of a network that is too low or too high for its path loss."""
    low_m, high_m = USER_HEIGHT_M[radio.environment]
    for name, audience in draft.scenario.audiences.items():
        if network not in audience.cells:
            continue
        terminal, place = audience.terminal, ("audiences", name, "terminal")
        covered = f"accepted in {network}: {_span((low_m, high_m), 'm')}"
        top_m = terminal.height_m + _FLOOR_M * (terminal.floors - 1)
        if not low_m <= terminal.height_m <= high_m:
            yield draft.issue((*place, "height"), f"is out of range; {covered}")
        elif terminal.indoor > 0 and top_m > high_m:
            most = 1 + int((high_m - terminal.height_m) / _FLOOR_M)
            reason = f"has terminals at {top_m:g} m; {covered}, which is up to {most} floors"
            yield draft.issue((*place, "floors"), reason)


def tower_figures_are_covered(draft: Draft) -> Iterator[Issue]:
    """Frames are those of the standard; carriers and heights those for which the propagation is known."""
    for name, node in draft.scenario.nodes.items():
        if not isinstance(node, TowerNode) or isinstance(node.radio, FixedBroadcast | None):
            continue
        radio, place = node.radio, ("nodes", name, "radio")
        if radio.bandwidth_hz / _MHZ not in BROADCAST_MHZ:
            yield draft.issue((*place, "bandwidth"), "is no broadcast channel; accepted: 6 MHz, 7 MHz, 8 MHz")
        elif isinstance(radio, Atsc3Broadcast):
            yield from _length_fits(draft, place, radio)
        if isinstance(radio, Atsc3Broadcast):
            yield from _pilots_fit(draft, place, radio)
        if radio.propagation == "free-space":
            continue
        model = f"with propagation: {radio.propagation}"
        bounds_hz, bounds_m = TOWER_CARRIER_HZ[radio.propagation], TOWER_HEIGHT_M[radio.propagation]
        if not _inside(radio.carrier_hz, bounds_hz):
            bounds_mhz = (bounds_hz[0] / _MHZ, bounds_hz[1] / _MHZ)
            reason = f"is out of range; accepted {model}: {_span(bounds_mhz, 'MHz')}"
            yield draft.issue((*place, "carrier"), reason)
        for transmitter, spec in radio.transmitters.items():
            here = (*place, "transmitters", transmitter)
            if not _inside(spec.height_m, bounds_m):
                reason = f"is out of range; accepted {model}: {_span(bounds_m, 'm')}"
                yield draft.issue((*here, "height"), reason)
            yield from _receivers_in_range(draft, name, spec.at, TOWER_RANGE_M[radio.propagation])


def _pilots_fit(draft: Draft, place: tuple[str, ...], radio: Atsc3Broadcast) -> Iterator[Issue]:
    """Yield an issue when FFT size, guard interval and pilots do not go together (A/322 Table 8.3)."""
    guards = PILOT_SPACINGS[radio.fft]
    spacings = guards.get(radio.guard)
    if spacings is None:
        listed = ", ".join(str(guard) for guard in guards)
        reason = f"is no guard interval of an FFT of {radio.fft}; accepted: {listed}"
        yield draft.issue((*place, "guard"), reason)
        return
    repeats = (2,) if radio.fft == "32K" else (2, 4)
    patterns = [f"SP{spacing}_{repeat}" for spacing in spacings for repeat in repeats]
    if radio.pilots not in patterns:
        reason = (
            f"does not go with fft: {radio.fft} and guard: {radio.guard}; accepted: {', '.join(patterns)}"
        )
        _, unwritten = deepest(draft.root, [*place, "pilots"])
        if unwritten:
            reason = f"pilots: {radio.pilots}, the default, {reason}"
        yield draft.issue((*place, "pilots"), reason, at_key=bool(unwritten))


def _length_fits(draft: Draft, place: tuple[str, ...], radio: Atsc3Broadcast) -> Iterator[Issue]:
    """Yield an issue when a frame is too short or too long, however many symbols its preamble has."""
    symbol_s = (FFT_SIZE[radio.fft] + radio.guard) / (SAMPLES_PER_HZ * radio.bandwidth_hz)
    fewest, most = (frame_symbols(symbol_s, preamble) for preamble in (MOST_PREAMBLE_SYMBOLS, 1))
    if not fewest[0] <= radio.symbols <= most[1]:
        reason = (
            f"makes a frame of about {BOOTSTRAP_S + radio.symbols * symbol_s:.3g} s; accepted: {FRAME_S[0]:g} to "
            f"{FRAME_S[1]:g} s, here about {most[0]} to {most[1]} symbols"
        )
        yield draft.issue((*place, "symbols"), reason)


def frame_symbols(symbol_s: float, preamble: int) -> tuple[int, int]:
    """Fewest and most payload symbols of a frame behind a preamble of some symbols."""
    shortest, longest = ((limit_s - BOOTSTRAP_S) / symbol_s for limit_s in FRAME_S)
    return max(ceil(shortest) - preamble, 2), int(longest) - preamble


def _receivers_in_range(draft: Draft, tower: str, at: tuple[float, float], range_m: float) -> Iterator[Issue]:
    """Yield an issue for each audience of which some are beyond the range of the propagation model."""
    for name, audience in draft.scenario.audiences.items():
        if audience.tower != tower:
            continue
        keys, farthest_m = ("audiences", name, "place"), 0.0
        if isinstance(audience.mobility, Line):
            keys = ("audiences", name, "mobility")
            farthest_m = max(dist(at, point) for point in audience.mobility.points)
        elif isinstance(audience.place, DiscPlace):
            farthest_m = dist(at, audience.place.centre) + audience.place.radius_m
        elif isinstance(audience.place, RectanglePlace):
            xs, ys = zip(audience.place.low, audience.place.high, strict=True)
            farthest_m = max(dist(at, (x_m, y_m)) for x_m in xs for y_m in ys)
        if farthest_m > range_m:
            reason = (
                f"is up to {farthest_m / 1e3:g} km from a transmitter of {tower}, whose propagation is known to "
                f"{range_m / 1e3:g} km; accepted: nearer, or another propagation"
            )
            yield draft.issue(keys, reason, at_key=True)


def _inside(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _span(bounds: tuple[float, float], unit: str) -> str:
    return f"{bounds[0]:g} to {bounds[1]:g} {unit}"


def _sent_here(
    draft: Draft, keys: tuple[str | int, ...], service: str, network: str, *, at_key: bool = False
) -> Iterator[Issue]:
    """Yield an issue when a service does not exist or is not sent to a network."""
    yield from dangling(draft, keys, service, "services", at_key=at_key)
    sent = draft.scenario.services.get(service)
    if sent is not None and network not in sent.receivers:
        reason = f'"{service}" is not sent to {network}; accepted: a service with to: {network}'
        yield draft.issue(keys, reason, at_key=at_key)


def _one_multicast_each(draft: Draft, network: str, radio: CellularRadio) -> Iterator[Issue]:
    """Yield an issue when users watch several multicasts at once: a user listens to one."""
    for name, audience in draft.scenario.audiences.items():
        heard = [service for service in audience.watches if service in radio.multicast]
        if network in audience.cells and len(heard) > 1 and isinstance(audience.choice, WatchAll):
            both = " and ".join(heard[:2])
            reason = f"holds {both}, both multicast in {network}; accepted: one of them, or choice: zipf"
            yield draft.issue(("audiences", name, "watches"), reason)


RADIO_CHECKS: tuple[Check, ...] = (
    radio_files_exist,
    networks_serve_alone,
    pipes_exist,
    networks_refer_to_services,
    cellular_figures_are_covered,
    tower_figures_are_covered,
)


def radio_warnings(scenario: Scenario) -> Iterator[str]:
    """Yield epochs longer than what a scheduler remembers."""
    for name, node in scenario.nodes.items():
        radio = node.radio if isinstance(node, RanNode) else None
        if radio is not None and radio.scheduler == "proportional-fair" and scenario.epoch_s > _MEMORY_S:
            yield (
                f"nodes.{name}.radio.scheduler: proportional fair remembers {_MEMORY_S:g} s, less than an epoch of "
                f"{scenario.epoch_s:g} s; take a shorter epoch"
            )
