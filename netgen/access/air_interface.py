"""What each user gets in one epoch: from SINR to rate, and from the sectors' blocks to the users' rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.nr.link_adaptation import RateTable
from netgen.scheduling.allocation import Scheduler, allocate
from netgen.scheduling.filling import Compute
from netgen.scheduling.multicast import MulticastGroups, multicast_groups
from netgen.scheduling.past_throughput import PastThroughput

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


_NO_SERVICE = -1


@dataclass(frozen=True, slots=True)
class Promise:
    """A guaranteed rate of a service, bit/s per user; priority 0 is served first."""

    rate_bps: float
    priority: int


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """Users with something waiting at the begin of an epoch, of one kind of queue.

    Parameters
    ----------
    rows : (n,) int64                       Users.
    sector : (n,) int64                     Their sectors.
    rate_per_block_bps : (n,) float, bit/s  What one resource block gives each of them.
    demand_bps : (n,) float, bit/s          What would empty their queues within the epoch.
    service : (n,) int64                    Number of the service at the head of each queue; of multicasts that of the
                                            segment, which tells its groups apart.
    available : (n,) float                  Share of the epoch in which each of them is not interrupted, 0..1.
    """

    rows: Rows
    sector: Rows
    rate_per_block_bps: Floats
    demand_bps: Floats
    service: Rows
    available: Floats

    @staticmethod
    def nobody() -> Waiting:
        """Nothing waits for anybody."""
        none, nothing = np.empty(0, dtype=np.int64), np.empty(0)
        return Waiting(none, none, nothing, nothing, none, nothing)


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """What the users of one kind of queue get in an epoch.

    Parameters
    ----------
    rows : (n,) int64               Users.
    rate_bps : (n,) float, bit/s    Rate of each of them while it is served, from the begin of the epoch on.
    most_bits : (n,) float, bit     What each of them gets at most in the epoch.
    lag_s : (n,) float, s           Time until each of them is served, because of a handover.
    mean_bps : (n,) float, bit/s    Mean rate of each of them over the epoch.
    """

    rows: Rows
    rate_bps: Floats
    most_bits: Floats
    lag_s: Floats
    mean_bps: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """Who gets what in one epoch.

    A sector that has more blocks than are needed uses all of them until everybody has what waited, and none then:
    nobody is slower because the epoch is long.

    Parameters
    ----------
    unicast, multicast : Share                  Per kind of queue.
    used_blocks : (S,) float                    Resource blocks in use, averaged over the epoch.
    group : (m,) int64                          Multicast group of each multicast user.
    group_sector : (g,) int64                   Sector of each group.
    group_air_bps : (g,) float, bit/s           What goes over the air for each group, once, while its sector is busy.
    """

    unicast: Share
    multicast: Share
    used_blocks: Floats
    group: Rows
    group_sector: Rows
    group_air_bps: Floats

    @staticmethod
    def nothing(sectors: int) -> Grant:
        """Nobody gets anything."""
        none, nobody = np.empty(0), np.empty(0, dtype=np.int64)
        share = Share(nobody, none, none, none, none)
        return Grant(share, share, np.zeros(sectors), nobody, nobody, none)


def per_sector(sector: Rows, values: Floats, sectors: int) -> Floats:
    """Sum of some values (n,) in each of the sectors (S,)."""
    return np.bincount(sector, weights=values, minlength=sectors).astype(np.float64, copy=False)


class AirInterface:
    """Link adaptation and scheduler of all sectors.

    Parameters
    ----------
    rates : RateTable               From SINR to the rate of one resource block.
    blocks : (S,) float             Resource blocks of each sector.
    scheduler : str                 `round-robin`, `proportional-fair` or `max-min`.
    promises : mapping              Guaranteed rates by number of the service.
    users : int                     Number of users.
    compute : "numpy" or "numba"    What computes the shares, with the same results.
    """

    def __init__(
        self,
        rates: RateTable,
        blocks: Floats,
        *,
        scheduler: str,
        promises: Mapping[int, Promise],
        users: int,
        compute: Compute = "numpy",
    ) -> None:
        self.rates = rates
        self.blocks = blocks
        self.scheduler = Scheduler.named(scheduler)
        self._promises = dict(promises)
        self._compute = compute
        self._past = PastThroughput(users) if self.scheduler is Scheduler.PROPORTIONAL_FAIR else None

    @property
    def sectors(self) -> int:
        """Number of sectors."""
        return len(self.blocks)

    def share(self, unicast: Waiting, multicast: Waiting, *, now_s: float, epoch_s: float) -> Grant:
        """Share out the blocks of all sectors for the epoch from `now_s` on.

        A multicast group competes like one user; the past of proportional fair belongs to unicast users alone.
        """
        groups = multicast_groups(
            multicast.rate_per_block_bps,
            np.where(multicast.available > 0, multicast.demand_bps, 0.0),
            sector=multicast.sector,
            content=multicast.service,
        )
        rate = np.concatenate([unicast.rate_per_block_bps, groups.rate_per_block_bps])
        sector = np.concatenate([unicast.sector, groups.sector])
        granted = self._allocated(unicast, groups, rate, sector, now_s=now_s, epoch_s=epoch_s)
        got_bps = granted * rate
        users = len(unicast.rows)
        used = per_sector(sector, granted, self.sectors)
        # Rounding aside, a sector with a user left unserved has no block left.
        haste = np.divide(
            self.blocks, used, out=np.ones(self.sectors), where=(used > 0) & (used < self.blocks)
        )
        heard_bps = np.minimum(groups.to_members(got_bps[users:]) * multicast.available, multicast.demand_bps)
        return Grant(
            unicast=_unicast_share(unicast, got_bps[:users], haste, epoch_s),
            multicast=Share(
                rows=multicast.rows,
                rate_bps=heard_bps * haste[multicast.sector],
                most_bits=heard_bps * epoch_s,
                lag_s=np.zeros(len(heard_bps)),
                mean_bps=heard_bps,
            ),
            used_blocks=used,
            group=groups.group,
            group_sector=groups.sector,
            group_air_bps=got_bps[users:] * haste[groups.sector],
        )

    def remember(self, unicast: Share, *, now_s: float, epoch_s: float) -> None:
        """Let proportional fair know what users got in the epoch from `now_s` on."""
        if self._past is not None:
            self._past.record(unicast.rows, unicast.mean_bps, now_s=now_s, epoch_s=epoch_s)

    def _allocated(
        self,
        unicast: Waiting,
        groups: MulticastGroups,
        rate: Floats,
        sector: Rows,
        *,
        now_s: float,
        epoch_s: float,
    ) -> Floats:
        """Blocks of each unicast user and then of each group."""
        head_start = None
        if self._past is not None:
            mine = self._past.head_start_blocks(
                unicast.rows, rate[: len(unicast.rows)], now_s=now_s, epoch_s=epoch_s
            )
            head_start = np.concatenate([mine, np.zeros(len(groups.sector))])
        # Who is interrupted can at most have the whole sector for the rest of the epoch.
        most_bps = unicast.available * unicast.rate_per_block_bps * self.blocks[unicast.sector]
        demand_bps = np.concatenate([np.minimum(unicast.demand_bps, most_bps), groups.demand_bps])
        if not self._promises:
            return allocate(
                self.scheduler, rate, demand_bps=demand_bps, sector=sector, blocks=self.blocks,
                head_start_blocks=head_start, compute=self._compute,
            ).blocks  # fmt: skip
        service = np.concatenate([unicast.service, np.full(len(groups.sector), _NO_SERVICE)])
        guaranteed_bps, priority = np.zeros(len(rate)), np.zeros(len(rate), dtype=np.int64)
        for number, promise in self._promises.items():
            mine_too = service == number
            guaranteed_bps[mine_too], priority[mine_too] = promise.rate_bps, promise.priority
        return allocate(
            Scheduler.GUARANTEED, rate, demand_bps=demand_bps, sector=sector, blocks=self.blocks,
            head_start_blocks=head_start, guaranteed_bps=guaranteed_bps, priority=priority, rest=self.scheduler,
            compute=self._compute,
        ).blocks  # fmt: skip


def _unicast_share(waiting: Waiting, mean_bps: Floats, haste: Floats, epoch_s: float) -> Share:
    """What unicast users get: who is interrupted has it in what is left of the epoch."""
    free = np.maximum(waiting.available, 1e-9)
    return Share(
        rows=waiting.rows,
        rate_bps=mean_bps * np.maximum(haste[waiting.sector], 1.0 / free),
        most_bits=mean_bps * epoch_s,
        lag_s=(1.0 - waiting.available) * epoch_s,
        mean_bps=mean_bps,
    )
