"""What every link could carry at best: the candidates of its semantic capacity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from netgen.access.last_hop import LastHop
from netgen.engine.node import Node
from netgen.engine.options import carries_symbols
from netgen.engine.service import Service
from netgen.generative.action import GenerativeAction, Menu
from netgen.generative.semantic_capacity import Candidate
from netgen.generative.service_time import service_time
from netgen.transport.link import Link


def link_candidates(
    services: Sequence[Service],
    *,
    nodes: Mapping[str, Node],
    menu: Menu,
    downlinks: Mapping[str, LastHop],
) -> tuple[dict[str, list[Candidate]], dict[str, float]]:
    """Candidates per link, and semantic bits per bit of its contents without contraction.

    Each service counts with the whole GPU throughput of the nodes on its way, as if it were alone there,
    so the capacity is an upper bound where services share a GPU.
    """
    candidates: dict[str, list[Candidate]] = {}
    meaning: dict[str, float] = {}
    bits: dict[str, float] = {}
    for service in services:
        for receiver, path in service.paths.items():
            carriers: list[tuple[str, int]] = [(link.name, k) for k, link in enumerate(path)]
            if receiver in downlinks:
                carriers.append((downlinks[receiver].name, len(path)))
            for name, position in carriers:
                found = _candidates(service, path, position, nodes, menu)
                known = candidates.setdefault(name, [])
                known.extend(candidate for candidate in found if candidate not in known)
                meaning[name] = meaning.get(name, 0.0) + service.semantic_bits / service.track.segment_s
                bits[name] = bits.get(name, 0.0) + _source_bits(service) / service.track.segment_s
    return candidates, {name: meaning[name] / bits[name] for name in meaning}


def _source_bits(service: Service) -> float:
    """Mean bits of an uncontracted segment."""
    return float(service.track.bits.mean())


def _candidates(
    service: Service,
    path: tuple[Link, ...],
    position: int,
    nodes: Mapping[str, Node],
    menu: Menu,
) -> list[Candidate]:
    """What one service could put on the link at `position` of one of its paths."""
    stops = [path[0].source, *(link.target for link in path)]
    before = [nodes[name] for name in stops[: position + 1]]
    after = [nodes[name] for name in stops[position + 1 :]]
    found = [Candidate(service.semantic_bits / _source_bits(service), math.inf)]
    for name in menu.names:
        action = menu.of(name, service.content_class)
        fidelity = _best_fidelity(action, path[position:])
        if fidelity < service.required_fidelity or not fidelity:
            continue
        contract_hz = _throughput_hz(service, action, "contract", before)
        expand_hz = math.inf if action.playable else _throughput_hz(service, action, "expand", after)
        segments_hz = min(contract_hz, expand_hz)
        if segments_hz > 0:
            size = service.track.bits_of(action.bits_per_pixel)
            found.append(Candidate(service.semantic_bits * fidelity / size, segments_hz * size))
    return found


def _best_fidelity(action: GenerativeAction, way: Sequence[Link]) -> float:
    """Fidelity of an action at a link, of symbols at its highest SNR; 0 where they cannot go over it."""
    if action.symbols is None:
        return action.semantic_fidelity
    if not carries_symbols(way, action) or way[0].symbols is None:
        return 0.0
    return action.symbols.at(float(way[0].symbols.snr_db.values.max())).fidelity


def _throughput_hz(
    service: Service, action: GenerativeAction, direction: str, nodes: Sequence[Node]
) -> float:
    """Segments per second that the GPUs of some nodes together could contract or expand."""
    total_hz = 0.0
    for node in nodes:
        able = node.contractions if direction == "contract" else node.expansions
        work = action.work(direction)
        if node.gpu is None or action.name not in able or service.name not in node.deciders or work is None:
            continue
        frames = max(1, round(float(service.track.frames.mean())))
        seconds = service_time(
            work,
            node.gpu.device,
            frames=frames,
            pixels=service.track.video_format.pixels,
            duration_s=service.track.segment_s,
        ).seconds
        total_hz += node.gpu.device.streams / seconds if seconds > 0 else math.inf
    return total_hz
