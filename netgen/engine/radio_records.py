"""Turns what cellular and broadcast networks counted into records."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from netgen.access.broadcast_network import PipeChannel
from netgen.access.cellular import CellularNetwork
from netgen.access.histogram import Histogram
from netgen.engine.books import spans_s
from netgen.ledger import Balance, LedgerWriter


def write_sectors(writer: LedgerWriter, node: str, network: CellularNetwork, *, until_ns: int) -> None:
    """Write the rows of all sectors of a network for all intervals up to an instant."""
    start_s, length_s = spans_s(network.interval_ns, until_ns)
    count, books, names = len(start_s), network.books, network.parts.sector_names

    def by_sector(values: np.ndarray) -> np.ndarray:
        """Sector after sector, each with its intervals."""
        return values[:count].T.ravel()

    lengths_s = np.tile(length_s, len(names))
    writer.add_columns(
        "sectors",
        {
            "node": [node] * count * len(names),
            "sector": np.repeat(names, count).tolist(),
            "start_s": np.tile(start_s, len(names)),
            "length_s": lengths_s,
            "users": by_sector(books.user_s) / lengths_s,
            "active_users": by_sector(books.active_s) / lengths_s,
            "block_use": _share(by_sector(books.used_block_s), by_sector(books.block_s)),
            "carried_bits": np.rint(by_sector(books.carried_bits)).astype(np.int64),
            "handovers": by_sector(books.handovers),
            "ping_pongs": by_sector(books.ping_pongs),
        },
    )


def write_distributions(
    writer: LedgerWriter,
    networks: Mapping[str, CellularNetwork],
    channels: Mapping[str, PipeChannel],
) -> None:
    """Write the distributions of SINR and rate; of the channels' under the names of their far ends."""
    for name, network in networks.items():
        books = network.books
        in_range = 1.0 - books.out_of_range / max(books.samples, 1)
        _write(writer, name, "sinr_db", books.sinr_db, usable=in_range)
        _write(writer, name, "rate_bps", books.rate_bps, usable=1.0)
    for name, channel in channels.items():
        _write(writer, name, "sinr_db", channel.snr_db, usable=channel.covered / max(channel.samples, 1))


def _write(writer: LedgerWriter, node: str, quantity: str, histogram: Histogram, *, usable: float) -> None:
    """The bins of one distribution that are not empty."""
    filled = np.flatnonzero(histogram.counts)
    edges = histogram.edges
    writer.add_columns(
        "distributions",
        {
            "node": [node] * len(filled),
            "quantity": [quantity] * len(filled),
            "low": edges[filled],
            "high": edges[filled + 1],
            "count": histogram.counts[filled],
            "usable": np.full(len(filled), usable),
        },
    )


def user_columns(
    rows: int,
    networks: Mapping[str, CellularNetwork],
    positions: Mapping[str, np.ndarray],
    channels: Mapping[str, PipeChannel],
) -> dict[str, np.ndarray]:
    """What radios know of each row of the population; masked where it does not apply."""
    sinr_db, rate_bps, coverage = (np.full(rows, np.nan) for _ in range(3))
    handovers = np.full(rows, -1, dtype=np.int64)
    sector = np.full(rows, None, dtype=np.object_)
    for name, network in networks.items():
        mine = np.flatnonzero(positions[name] >= 0)
        place, books = positions[name][mine], network.books
        with np.errstate(invalid="ignore", divide="ignore"):
            sinr_db[mine] = books.sinr_sum_db[place] / books.sinr_samples[place]
            rate_bps[mine] = books.served_bits[place] / books.served_s[place]
        handovers[mine] = books.user_handovers[place]
        serving = network.parts.handover.serving[place]
        named = np.array([*network.parts.sector_names, None], dtype=np.object_)  # -1: with nobody yet
        sector[mine] = named[serving]
    for channel in channels.values():
        mine = np.flatnonzero(channel.user_samples)
        coverage[mine] = channel.user_covered[mine] / channel.user_samples[mine]
    return {
        "sinr_db_mean": _known(sinr_db),
        "rate_bps_mean": _known(rate_bps),
        "handovers": np.ma.masked_less(handovers, 0),
        "sector": sector,
        "coverage": _known(coverage),
    }


def sector_balances(name: str, network: CellularNetwork) -> list[Balance]:
    """No sector uses more resource blocks than it has; the worst interval of each counts."""
    books = network.books
    excess = books.used_block_s - books.block_s
    return [
        Balance(
            "capacity",
            f"{name}:{sector}",
            float(books.used_block_s[worst, number]),
            float(books.block_s[worst, number]),
            True,
            1e-6 * float(books.block_s[worst, number]),
        )
        for number, sector in enumerate(network.parts.sector_names)
        for worst in [int(np.argmax(excess[:, number]))]
    ]


def _known(values: np.ndarray) -> np.ndarray:
    """Values, masked where they are not finite."""
    known: np.ndarray = np.ma.masked_invalid(values)
    return known


def _share(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotient, 0 where there is nothing to divide by."""
    share: np.ndarray = np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
    return share
