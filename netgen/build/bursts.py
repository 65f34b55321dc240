"""Segments that come faster than a link drains and are too large for its queue."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from netgen.engine.node import Node
from netgen.engine.population import Population
from netgen.engine.service import Service
from netgen.transport.link import Link


def burst_notes(
    services: Sequence[Service],
    *,
    nodes: Mapping[str, Node],
    population: Population,
    duration_s: float,
) -> tuple[str, ...]:
    """Say which services lose packets of every mean segment because nothing spreads what a node sends.

    A node that decides, and the source, sends a segment at once; a node that passes packets on sends them as
    they come. What a link cannot drain meanwhile waits: bits * (1 - capacity / rate of arrival). Copies for
    several receivers, and for all users of a personal service, leave together. Contraction, which needs
    smaller queues, is not taken into account; of several such links on a way the first is named.

    Parameters
    ----------
    services : sequence         What is sent; those with pacing are left out.
    nodes : mapping             Nodes by name: where segments are held to be decided on.
    population : Population     Who watches where.
    duration_s : float, s       Length of the run, over which a link's capacity is averaged.
    """
    notes = []
    for service in services:
        if service.pacing > 0:
            continue
        bits = _bits_per_link(service, population)
        named: set[str] = set()
        for path in service.paths.values():
            arrival_bps = math.inf
            for link in path:
                if nodes[link.source].deciders.get(service.name) is not None:
                    arrival_bps = math.inf
                drain_bps = float(link.capacity.work_bits(np.array([duration_s]))[0]) / duration_s
                if drain_bps <= 0:
                    break  # cut for the whole run: nothing comes to what is behind it
                waiting_bits = bits[link] * (1.0 - min(1.0, drain_bps / arrival_bps))
                if link.queue_bits is not None and waiting_bits > link.queue_bits:
                    if link.name not in named:
                        notes.append(_note(service, link, bits[link]))
                    named.add(link.name)
                    break
                arrival_bps = min(arrival_bps, drain_bps)
    return tuple(notes)


def _bits_per_link(service: Service, population: Population) -> dict[Link, float]:
    """Bits of one mean segment that cross each link: one copy of a multicast, else one for each receiver."""
    mean_bits = float(service.track.bits.mean())
    bits: dict[Link, float] = {}
    for receiver, path in service.paths.items():
        copies = len(population.reach(service.name, receiver).rows) if service.personal else 1
        for link in path:
            bits[link] = mean_bits if service.multicast else bits.get(link, 0.0) + copies * mean_bits
    return bits


def _note(service: Service, link: Link, bits: float) -> str:
    """One warning, with both sizes."""
    return (
        f"service {service.name}: a segment of {bits / 1e6:.3g} Mbit, all copies together, comes to link {link.name} "
        f"faster than it drains, and its queue holds {(link.queue_bits or 0) / 1e6:.3g} Mbit: packets are lost unless "
        f"it is contracted; a larger queue, or pacing of the service (0..1), helps"
    )
