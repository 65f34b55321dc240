"""Turns what links, downlinks and nodes counted into records, and closes the accounts of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from netgen.access.last_hop import LastHop
from netgen.engine.node import Node
from netgen.engine.population import Population
from netgen.engine.relay import Relay
from netgen.generative.semantic_capacity import Candidate, semantic_capacity_bits
from netgen.ledger import Balance, LedgerWriter
from netgen.transport.clock import NS_PER_S
from netgen.transport.link import Link


def write_link(
    writer: LedgerWriter,
    link: Link | LastHop,
    *,
    interval_ns: int,
    until_ns: int,
    candidates: Sequence[Candidate],
    uncontracted: float,
) -> None:
    """Write the rows of one link or downlink for all intervals up to an instant.

    Parameters
    ----------
    candidates : sequence           What the link could carry, for its semantic capacity.
    uncontracted : float            Semantic bits per bit of the contents on it without contraction; 0 if
                                    no service uses the link.
    """
    counted = link.books if isinstance(link, Link) else link
    start_s, length_s = spans_s(interval_ns, until_ns)
    count = len(start_s)
    capacity, semantic = counted.capacity_bits[:count], counted.semantic_bits[:count]
    discriminative = _whole(counted.discriminative_bits[:count])
    generative = _whole(counted.generative_bits[:count])
    background = lost = repeated = np.zeros(count, dtype=np.int64)
    if isinstance(link, Link):
        background = link.books.background_bits[:count]
        lost, repeated = link.books.lost_bits[:count], link.books.retransmitted_bits[:count]
    contents = discriminative + generative
    most = semantic_capacity_bits(capacity, length_s, candidates)
    with np.errstate(divide="ignore", invalid="ignore"):
        utilisation = np.where(most > 0, semantic / most, 0.0)
        gain = semantic / contents / uncontracted if uncontracted > 0 else np.full(count, np.nan)
    writer.add_columns(
        "links",
        {
            "link": [link.name] * count,
            "start_s": start_s,
            "length_s": length_s,
            "capacity_bits": capacity,
            "carried_bits": contents + background,
            "discriminative_bits": discriminative,
            "generative_bits": generative,
            "background_bits": background,
            "lost_bits": lost,
            "retransmitted_bits": repeated,
            "semantic_bits": semantic,
            "semantic_capacity_bits": most,
            "semantic_utilisation": utilisation,
            "semantic_gain": [value if np.isfinite(value) else None for value in gain.tolist()],
        },
    )


def write_node(
    writer: LedgerWriter, node: Node, *, queue: np.ndarray, interval_ns: int, until_ns: int
) -> None:
    """Write the rows of one node for all intervals up to an instant; `queue` holds its jobs waiting in each."""
    start_s, length_s = spans_s(interval_ns, until_ns)
    count = len(start_s)
    gpu = node.gpu
    zero = np.zeros(count, dtype=np.int64)
    energy = np.zeros(count) if gpu is None else gpu.energy_joule()
    writer.add_columns(
        "nodes",
        {
            "node": [node.name] * count,
            "start_s": start_s,
            "length_s": length_s,
            "gpu_busy_s": (zero if gpu is None else gpu.busy_ns[:count]) / NS_PER_S,
            "gpu_load_s": (zero if gpu is None else gpu.load_ns[:count]) / NS_PER_S,
            "gpu_jobs": zero if gpu is None else gpu.jobs_done[:count],
            "gpu_queue": queue[:count],
            "deadline_misses": node.books.missed[:count],
            "energy_joule": [None] * count if energy is None else energy[:count],
            "contracted": node.books.contracted[:count],
            "expanded": node.books.expanded[:count],
            "forwarded": node.books.forwarded[:count],
        },
    )


def spans_s(interval_ns: int, until_ns: int) -> tuple[np.ndarray, np.ndarray]:
    """Start and length [s] of every interval up to an instant; the last may be cut short by it."""
    start_ns = np.arange(-(-until_ns // interval_ns)) * interval_ns
    return start_ns / NS_PER_S, np.diff(np.append(start_ns, until_ns)) / NS_PER_S


def link_balances(link: Link, end_ns: int) -> list[Balance]:
    """Accounts of one link: where its bits went, and that it never carried more than it could."""
    books = link.books
    lost = books.dropped_bits + books.corrupted_bits
    flying = link.unserved_bits(end_ns) + books.flying_bits
    excess = books.carried_bits - books.capacity_bits
    worst = int(np.argmax(excess))
    # Instants are whole nanoseconds, so an interval's share of a packet is known to a nanosecond's bits.
    tolerance = 2.0 + 2e-9 * link.capacity.max_rate_bps
    return [
        Balance("link-bits", link.name, books.offered_bits, books.arrived_bits + lost + flying),
        Balance(
            "capacity",
            link.name,
            float(books.carried_bits[worst]),
            float(books.capacity_bits[worst]),
            True,
            tolerance,
        ),
    ]


def downlink_balances(downlink: LastHop) -> list[Balance]:
    """Accounts of one downlink; its bits are fluid, so they balance to a bit per interval."""
    carried = downlink.discriminative_bits + downlink.generative_bits
    worst = int(np.argmax(carried - downlink.capacity_bits))
    flying = downlink.backlog_bits()
    return [
        Balance(
            "link-bits", downlink.name, downlink.offered_bits,
            downlink.received_bits + downlink.discarded_bits + flying,
            tolerance=2.0 + 1e-9 * downlink.offered_bits,
        ),
        Balance(
            "capacity", downlink.name, float(carried[worst]), float(downlink.capacity_bits[worst]), True,
            1e-9 * float(downlink.capacity_bits[worst]) + 1e-3,
        ),
    ]  # fmt: skip


def node_balances(nodes: Mapping[str, Node], links: Sequence[Link], relay: Relay) -> list[Balance]:
    """Accounts of every node: bits in and made there, against bits out, delivered, used, dropped and held."""
    arrived: dict[str, int] = dict.fromkeys(nodes, 0)
    offered: dict[str, int] = dict.fromkeys(nodes, 0)
    ended: dict[str, int] = dict.fromkeys(nodes, 0)
    copied: dict[str, int] = dict.fromkeys(nodes, 0)
    for link in links:
        arrived[link.target] += link.books.arrived_bits
        copied[link.target] += link.books.copied_bits
        ended[link.target] += link.books.ended_bits
        offered[link.source] += link.books.offered_bits - link.books.born_bits
    held: dict[str, int] = dict.fromkeys(nodes, 0)
    for hop, name in relay.open_hops.items():
        held[name] += hop.arrived_bits
        if hop.following:
            copied[name] += hop.arrived_bits
    balances = []
    for name, node in nodes.items():
        books = node.books
        enter = arrived[name] + books.originated_bits + books.made_bits + books.copied_bits + copied[name]
        leave = offered[name] + books.delivered_bits + books.used_bits + books.dropped_bits + ended[name]
        balances.append(Balance("node-bits", name, enter, leave + held[name] + books.stored_bits))
    return balances


def user_balances(population: Population, relay: Relay, in_flight: int, warm_in_flight: int) -> list[Balance]:
    """Accounts of the users: bits against the last hops, and segments against their fates."""
    log, reception = relay.reception.log, relay.reception
    complete = int((population.delivered + population.late + population.lost).sum())
    return [
        Balance("delivery", "users", float(population.bits.sum()), float(reception.handed_bits)),
        Balance(
            "segments", "users", float(population.offered.sum()), float(complete + in_flight - warm_in_flight)
        ),
        Balance("semantic-loss", "segments", log.worst_gain_bits, 0.0, True, 1e-9),
        *(
            Balance("once", service, float(reception.played[service]), float(once.sum()))
            for service, once in reception.played_once.items()
        ),
    ]


def _whole(bits: np.ndarray) -> np.ndarray:
    """Whole bits of a fluid count."""
    whole: np.ndarray = np.rint(bits).astype(np.int64)
    return whole
