"""What the cellular core sees of the sectors of a cellular network: load, backlog, and what users would take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgen.access.air_interface import Grant, per_sector
from netgen.access.download import Floats, Rows
from netgen.access.last_hop import AirTimes, Flags
from netgen.access.queues import TerminalQueues

if TYPE_CHECKING:
    from netgen.access.cellular import CellularParts


class CellOutlook:
    """The state of a cellular network that the cores may ask about, and the answers.

    Positions, serving sectors, interference and outages are those of the begin of the epoch; queues are those of now.

    Parameters
    ----------
    name : str                      Name of the network, followed by `:downlink`.
    parts : CellularParts           What it is made of.
    users : int                     Number of its users.
    air_times : AirTimes            When each sector is on air.
    """

    def __init__(self, name: str, parts: CellularParts, *, users: int, air_times: AirTimes) -> None:
        self.name, self.parts = name, parts
        self.unicast, self.multicast = TerminalQueues(users), TerminalQueues(users)
        self._air_times = air_times
        self._up = air_times.on_air(0)
        self._blocks = np.where(self._up, parts.air.blocks, 0.0)
        self._grant = Grant.nothing(parts.air.sectors)
        self._activity = np.where(self._up, parts.activity or 0.0, 0.0)
        # Blocks in use, and there, times time, since the load was asked last.
        self._usage = np.zeros((2, parts.air.sectors))

    def _advance(self) -> None:
        """Bring the state up to now."""
        raise NotImplementedError

    def places(self) -> tuple[str, ...]:
        """Names of the sectors, each as `node:sector`."""
        node = self.name.removesuffix(":downlink")
        return tuple(f"{node}:{sector}" for sector in self.parts.sector_names)

    def place_of(self, users: Rows) -> Rows:
        """Serving sector of each of some users, on air or not; -1 for who is absent or not attached yet."""
        parts = self.parts
        present = parts.crowd.present[parts.members[users]]
        return np.where(present, parts.handover.serving[users], -1)

    def on_air(self) -> Flags:
        """Which sectors are in no outage."""
        return self._up.copy()

    def load(self) -> Floats:
        """Share of each sector's blocks in use since this was asked last, over the time on air."""
        self._advance()
        used, there = self._usage
        load = np.divide(used, there, out=np.zeros(len(used)), where=there > 0)
        self._usage = np.zeros_like(self._usage)
        return np.minimum(load, 1.0)

    def backlog_s(self) -> Floats:
        """Time for which all blocks of each sector would be busy with what waits for its users within reach, s.

        A multicast counts once, at the rate of the weakest of those who are to hear it. What a sector in an outage
        would need is that of when it is back.
        """
        self._advance()
        sectors = self.parts.air.sectors
        rows = self.unicast.active()
        sector, rate_bps = self._rates_of(rows)
        reached = rate_bps > 0
        bits = self.unicast.backlog_bits[rows][reached]
        block_s = per_sector(sector[reached], bits / rate_bps[reached], sectors)
        rows = self.multicast.active()
        sector, rate_bps = self._rates_of(rows)
        users, number, bits = self.multicast.in_line()
        place = np.searchsorted(rows, users)
        reached = rate_bps[place] > 0
        place, number, bits = place[reached], number[reached], bits[reached]
        sector, rate_bps = sector[place], rate_bps[place]
        _, group = np.unique(number * sectors + sector, return_inverse=True)
        groups = int(group.max(initial=-1)) + 1
        most_bits, least_bps = np.zeros(groups), np.full(groups, np.inf)
        where = np.zeros(groups, dtype=np.int64)
        np.maximum.at(most_bits, group, bits)
        np.minimum.at(least_bps, group, rate_bps)
        where[group] = sector
        block_s += per_sector(where, most_bits / least_bps, sectors)
        waiting_s: Floats = block_s / self.parts.air.blocks
        return waiting_s

    def unicast_share(self, users: Rows, rate_bps: float | Floats) -> Floats:
        """Share of its sector's blocks that each user takes at a rate; infinite out of coverage or in an outage."""
        most_bps = self._most_bps(users)
        share: Floats = np.divide(rate_bps, most_bps, out=np.full(len(users), np.inf), where=most_bps > 0)
        return share

    def multicast_share(self, users: Rows, rate_bps: float) -> Floats:
        """Share of each sector's blocks that a multicast to some users takes; the weakest in it decides."""
        share = np.zeros(self.parts.air.sectors)
        sector = self.place_of(users)
        there = sector >= 0
        np.maximum.at(share, sector[there], self.unicast_share(users[there], rate_bps))
        return share

    def rate_bps(self, users: Rows) -> Floats:
        """What is left of its sector in this epoch, or an equal share beside those for whom something waits."""
        self._advance()
        sectors = self.parts.air.sectors
        active = self.unicast.active()
        sector = self.place_of(active)
        streams = np.bincount(sector[sector >= 0], minlength=sectors)
        # A multicast in a sector is one more stream, whoever hears it.
        heard, number, _ = self.multicast.in_line()
        sector = self.place_of(heard)
        each = np.unique((number * sectors + sector)[sector >= 0])
        streams += np.bincount(each % sectors, minlength=sectors)
        waits = self.unicast.backlog_bits[users] > 0
        sector = self.place_of(users)
        left = 1.0 - np.minimum(self._grant.used_blocks / self.parts.air.blocks, 1.0)
        equal = 1.0 / (streams[sector] - waits + 1.0)
        most_bps: Floats = self._most_bps(users) * np.maximum(left[sector], equal)
        return most_bps

    def _most_bps(self, users: Rows) -> Floats:
        """What each user would get with all blocks of its sector; 0 out of coverage, in an outage, in no sector."""
        sector, rate_bps = self._rates_of(users)
        most_bps: Floats = rate_bps * self._blocks[sector]
        return most_bps

    def _rates_of(self, users: Rows) -> tuple[Rows, Floats]:
        """Sector of each user, and what a block of it gives the user; 0 for who is in none."""
        sector = self.place_of(users)
        rate_bps = np.zeros(len(users))
        there = np.flatnonzero(sector >= 0)
        if len(there):
            rate_bps[there] = self._rate_per_block_bps(users[there], sector[there])
        return sector, rate_bps

    def _rate_per_block_bps(self, rows: Rows, sector: Rows) -> Floats:
        """What a block gives some users at their sectors."""
        return self.parts.air.rates.rate_per_block_bps(self._sinr_db(rows, sector))

    def _sinr_db(self, rows: Rows, sector: Rows) -> Floats:
        """SINR of some users at their sectors."""
        sinr = self.parts.signals.sinr(rows, sector, self._activity)
        with np.errstate(divide="ignore"):
            level_db: Floats = 10.0 * np.log10(sinr.astype(np.float64))
        return level_db
