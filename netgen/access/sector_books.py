"""What the sectors of a cellular network did, interval by interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netgen.access.histogram import Histogram

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class SectorBooks:
    """Sums per interval and sector, and distributions over users and time.

    Parameters
    ----------
    sectors : int                   Number of sectors.
    users : int                     Number of users of the network.
    interval_ns, end_ns : int, ns   Interval of the books, and end of the run.

    Attributes
    ----------
    user_s, active_s : (intervals, sectors)     Time that attached users, and users with something waiting, spent.
    used_block_s, block_s : (intervals, sectors)    Resource blocks in use, and there, times time.
    carried_bits : (intervals, sectors)         Bits put on the air; a multicast counts once.
    handovers, ping_pongs : (intervals, sectors)    Users who came in by handover; those of them who were back soon.
    """

    def __init__(self, sectors: int, users: int, *, interval_ns: int, end_ns: int) -> None:
        self.interval_ns = interval_ns
        shape = (-(-end_ns // interval_ns), sectors)
        self.user_s, self.active_s = np.zeros(shape), np.zeros(shape)
        self.used_block_s, self.block_s = np.zeros(shape), np.zeros(shape)
        self.carried_bits = np.zeros(shape)
        self.handovers = np.zeros(shape, dtype=np.int64)
        self.ping_pongs = np.zeros(shape, dtype=np.int64)
        self.sinr_db = Histogram(-40.0, 80.0, 480)
        self.rate_bps = Histogram(1e3, 1e10, 280, decades=True)
        self.out_of_range = 0
        self.samples = 0
        self.sinr_sum_db, self.sinr_samples = np.zeros(users), np.zeros(users, dtype=np.int64)
        self.served_bits, self.served_s = np.zeros(users), np.zeros(users)
        self.user_handovers = np.zeros(users, dtype=np.int64)
        self._sampled_bits, self._sampled_s = np.zeros(users), np.zeros(users)

    def slot(self, until_ns: int) -> int:
        """Interval of a span that ends at an instant."""
        return max(until_ns - 1, 0) // self.interval_ns

    def served(self, slot: int, rows: Rows, sector: Rows, bits: Floats, active_s: Floats) -> None:
        """Some users, each once, got bits while something waited for them for some time."""
        self.served_bits[rows] += bits
        self.served_s[rows] += active_s
        self.active_s[slot] += np.bincount(sector, weights=active_s, minlength=self.active_s.shape[1])

    def handed_over(self, slot: int, rows: Rows, to_sector: Rows, ping_pong: NDArray[np.bool_]) -> None:
        """Some users changed their sector."""
        np.add.at(self.handovers[slot], to_sector, 1)
        np.add.at(self.ping_pongs[slot], to_sector[ping_pong], 1)
        self.user_handovers[rows] += 1

    def leave_out_what_was(self) -> None:
        """The warm-up is over: what users got up to now does not count in their next samples."""
        self._sampled_bits[:], self._sampled_s[:] = self.served_bits, self.served_s

    def sample(self, rows: Rows, sinr_db: Floats, out_of_range: int) -> None:
        """Count the SINR of some attached users, and the mean rate since their last samples of those with a queue."""
        self.sinr_db.add(sinr_db)
        self.samples += len(rows)
        self.out_of_range += out_of_range
        self.sinr_sum_db[rows] += sinr_db
        self.sinr_samples[rows] += 1
        bits, span_s = self.served_bits[rows], self.served_s[rows]
        since_bits, since_s = bits - self._sampled_bits[rows], span_s - self._sampled_s[rows]
        self._sampled_bits[rows], self._sampled_s[rows] = bits, span_s
        active = since_s > 0
        self.rate_bps.add(since_bits[active] / since_s[active])
