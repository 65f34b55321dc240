"""Reception of a broadcast network where users are: median power, location variation, errors, repair."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.access.broadcast_channel import Availability
from netgen.access.crowd import Crowd
from netgen.access.histogram import Histogram
from netgen.broadcast.interleaving import interleaved_losses
from netgen.broadcast.object_fec import (
    MOST_SOURCE_SYMBOLS,
    ObjectCode,
    ObjectLossTable,
    missing_symbols,
)
from netgen.broadcast.receiver_class import ReceiverClass
from netgen.broadcast.reception_curve import frame_error_probability, packet_loss_probability
from netgen.broadcast.single_frequency import SymbolTiming, arrival_delay_s, median_power_dbm, sfn_sinr
from netgen.broadcast.transmitter import Transmitter
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.location_variation import location_variation_db
from netgen.propagation.tower_loss import TowerLoss
from netgen.rng import hashed_uniform

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

# Tables of object loss are made for numbers of source symbols that are these steps apart.
_SIZES_PER_DECADE = 48
_FEWEST_EXACT = 20
_TINY = 1e-300
_BELOW_ONE = 1.0 - 2.0**-53


@dataclass(frozen=True, slots=True, eq=False)
class ReceiverGroup:
    """Users with the same class of receiver.

    Parameters
    ----------
    users : (n,) int64              Their places in the crowd, increasing.
    receiver : ReceiverClass        What they have.
    losses : sequence of TowerLoss  Of each transmitter at its height and the receivers'.
    entry_db : (n,) float, dB       Deviation of each user's entry loss from the class's median.
    """

    users: Rows
    receiver: ReceiverClass
    losses: Sequence[TowerLoss]
    entry_db: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The location variation of a network.

    Parameters
    ----------
    field : CorrelatedField         Unit Gaussian field.
    offsets : (T, 2) float          Where each transmitter reads it, in correlation distances.
    deviation_db : float, dB        Standard deviation.
    correlation_m : float, m        Correlation distance.
    """

    field: CorrelatedField
    offsets: Floats
    deviation_db: float
    correlation_m: float


class BroadcastNetwork:
    """SINR of every user from a network of transmitters, kept up to date for those who are asked for.

    The SINR of users who move is that of the nearest point of a grid, so that it does not depend on when it was
    asked before, and what policies ask changes nothing; who never moves has that of the very place.

    Parameters
    ----------
    crowd : Crowd                   Where all located users are.
    transmitters : sequence         The network.
    groups : sequence               Users by class of receiver; nobody twice.
    timing : SymbolTiming           Symbol, guard interval and window of the receivers.
    surface : Surface               Location variation.
    bandwidth_hz : float, Hz        Noise bandwidth.
    tolerance_m : float, m          Spacing of that grid; 0 for the very place of everybody.
    """

    def __init__(
        self,
        crowd: Crowd,
        transmitters: Sequence[Transmitter],
        *,
        groups: Sequence[ReceiverGroup],
        timing: SymbolTiming,
        surface: Surface,
        bandwidth_hz: float,
        tolerance_m: float,
    ) -> None:
        self.crowd, self.transmitters, self.timing = crowd, tuple(transmitters), timing
        self._groups, self._surface = tuple(groups), surface
        self._bandwidth_hz, self._tolerance_m = bandwidth_hz, tolerance_m
        self._forget()
        self._group_of = np.full(crowd.count, -1, dtype=np.int64)
        self._place_in_group = np.zeros(crowd.count, dtype=np.int64)
        for number, group in enumerate(self._groups):
            self._group_of[group.users] = number
            self._place_in_group[group.users] = np.arange(len(group.users))

    def sinr_db(self, users: Rows, time_s: float) -> Floats:
        """SINR of some users, dB, by their place in the crowd; minus infinity for who is not there."""
        crowd = self.crowd
        crowd.look(time_s)
        x_m, y_m = self._grid_points(users)
        changed = ~((x_m == self._x_m[users]) & (y_m == self._y_m[users]))
        stale = users[changed]
        if len(stale):
            self._x_m[stale], self._y_m[stale] = x_m[changed], y_m[changed]
            group_of = self._group_of[stale]
            for number, group in enumerate(self._groups):
                mine = stale[group_of == number]
                if len(mine):
                    self._sinr_db[mine] = self._computed_db(mine, group)
        return np.where(crowd.present[users], self._sinr_db[users], -np.inf)

    def twin(self, crowd: Crowd) -> BroadcastNetwork:
        """The same network for another crowd of the same users."""
        network = copy(self)
        network.crowd = crowd
        network._forget()
        return network

    def _forget(self) -> None:
        """Nobody's SINR is known."""
        count = self.crowd.count
        self._sinr_db = np.full(count, -np.inf)
        self._x_m, self._y_m = np.full(count, np.nan), np.full(count, np.nan)

    def _grid_points(self, users: Rows) -> tuple[Floats, Floats]:
        """Where the SINR of some users is taken."""
        x_m, y_m = self.crowd.x_m[users], self.crowd.y_m[users]
        if self._tolerance_m == 0:
            return x_m, y_m
        moving, spacing_m = self.crowd.moving[users], self._tolerance_m
        return (
            np.where(moving, np.rint(x_m / spacing_m) * spacing_m, x_m),
            np.where(moving, np.rint(y_m / spacing_m) * spacing_m, y_m),
        )

    def _computed_db(self, users: Rows, group: ReceiverGroup) -> Floats:
        """SINR of some users of one group where they are."""
        x_m, y_m = self._x_m[users], self._y_m[users]
        power_dbm = median_power_dbm(
            self.transmitters, x_m, y_m, receiver=group.receiver, losses=group.losses
        )
        surface = self._surface
        for column, offset in enumerate(surface.offsets):
            power_dbm[:, column] += location_variation_db(
                surface.field, x_m, y_m, sigma_db=surface.deviation_db,
                correlation_distance_m=surface.correlation_m, offset=(float(offset[0]), float(offset[1])),
            )  # fmt: skip
        power_dbm -= group.entry_db[self._place_in_group[users]][:, None]
        noise_mw = 10.0 ** (group.receiver.noise_dbm(self._bandwidth_hz) / 10.0)
        delay_s = arrival_delay_s(self.transmitters, x_m, y_m)
        sinr = sfn_sinr(10.0 ** (power_dbm / 10.0), delay_s, noise_mw, timing=self.timing)
        level_db: Floats = 10.0 * np.log10(np.maximum(sinr, 1e-300))
        return level_db


@dataclass(frozen=True, slots=True)
class PipeSettings:
    """How one pipe carries segments.

    Parameters
    ----------
    required_db : float, dB         Required C/N.
    width_db : float, dB            Width of the code's waterfall around it.
    error_at_required : float       Error probability of a frame at the required C/N.
    frame_payload_bits : int, bit   Payload of a forward-error-correction frame.
    packet_bits : int, bit          Size of a packet, which is one symbol of the object code.
    packet_s : float, s             Time between packets on air.
    repair : float                  Repair symbols over source symbols.
    interleaving_s, fade_s : float, s    Depth of the time interleaver, and mean length of a fade.
    warmup_s : float, s             Before this time nothing is counted in the distributions.
    """

    required_db: float
    width_db: float
    error_at_required: float
    frame_payload_bits: int
    packet_bits: int
    packet_s: float
    repair: float
    interleaving_s: float
    fade_s: float
    warmup_s: float = 0.0


class PipeChannel:
    """One physical-layer pipe of a broadcast network, for the rows of the population.

    Distributions of SINR and coverage count every user who is there and has a tuner, whenever a segment goes out:
    one in a hole, or during an outage, with the SINR of the place, and as not covered.

    Parameters
    ----------
    network : BroadcastNetwork      The transmitters and receivers.
    place : (rows,) int64           Per row of the population the user's place in the crowd; -1 for nowhere.
    settings : PipeSettings         How segments are carried.
    key : uint64                    Key of the reception's luck, a world stream.
    availability : Availability     Tuners, holes and outages.
    """

    def __init__(
        self,
        network: BroadcastNetwork,
        place: Rows,
        settings: PipeSettings,
        *,
        key: np.uint64,
        availability: Availability | None = None,
    ) -> None:
        self.network, self.settings, self.key = network, settings, key
        self.availability = Availability() if availability is None else availability
        self.snr_db = Histogram(-40.0, 80.0, 480)
        self.samples = self.covered = 0
        self.user_samples = np.zeros(len(place), dtype=np.int64)
        self.user_covered = np.zeros(len(place), dtype=np.int64)
        self._place = place
        self._tables: dict[int, ObjectLossTable] = {}

    def tuned(self, rows: Rows) -> Flags:
        """Whether the users have a receiver for this channel."""
        return self.availability.tuned(rows)

    def off_air(self, *, begin_s: float, end_s: float) -> bool:
        """Whether an outage of the tower overlaps that time, s."""
        return self.availability.outages.down_during(begin_s, end_s)

    def chances(
        self, rows: Rows, *, time_s: float, size_bits: int, begin_s: float | None = None
    ) -> tuple[Flags, Floats]:
        """Covered are users who would lose less than half of the packets; each has a loss of its own."""
        sinr_db, loss = self._packet_loss(rows, time_s)
        covered = (loss < 0.5) & self.availability.at(rows, time_s=time_s, begin_s=begin_s)
        if time_s >= self.settings.warmup_s:
            self._count(rows, sinr_db, covered)
        return covered, self._segment_loss(loss, size_bits)

    def loss_now(self, rows: Rows, *, time_s: float, size_bits: int) -> Floats:
        """The loss of `chances`, 1 outside coverage; counted nowhere."""
        _, loss = self._packet_loss(rows, time_s)
        covered = (loss < 0.5) & self.availability.at(rows, time_s=time_s)
        return np.where(covered, self._segment_loss(loss, size_bits), 1.0)

    def missing_bits(
        self, rows: Rows, luck: Floats, *, time_s: float, size_bits: int, begin_s: float | None = None
    ) -> Rows:
        """The symbols that decoding still needs, drawn by `luck` over the loss; all of it outside coverage.

        Less luck means that less was received. Of a segment in several source blocks some may be complete.

        Valid for                       Packets lost independently: bursts, which are in the loss, are not in how much
                                        is missing. Blocks that fail miss the same number of symbols.
        """
        missing = np.full(len(rows), size_bits, dtype=np.int64)
        _, loss = self._packet_loss(rows, time_s)
        covered = (loss < 0.5) & self.availability.at(rows, time_s=time_s, begin_s=begin_s)
        loss, luck = loss[covered], luck[covered]
        quantile = np.minimum(luck / np.maximum(self._segment_loss(loss, size_bits), _TINY), _BELOW_ONE)
        blocks, symbols = self._blocks(size_bits)
        failed = np.ones(len(loss))
        if blocks > 1:
            block_loss = self._table(symbols).at(loss)
            failed = missing_symbols(ObjectCode(blocks, blocks), block_loss, quantile)
            with np.errstate(over="ignore"):
                quantile = hashed_uniform(self.key, np.floor(luck * 2.0**53).astype(np.int64))
        symbols_missing = failed * missing_symbols(self._code(symbols), loss, quantile)
        bits = np.ceil(symbols_missing * self.settings.packet_bits)
        missing[covered] = np.minimum(bits, float(size_bits)).astype(np.int64)
        return missing

    def twin(self, crowd: Crowd) -> PipeChannel:
        """The same channel for another crowd of the same users, never off air, with counts of its own."""
        channel = PipeChannel(
            self.network.twin(crowd),
            self._place,
            self.settings,
            key=self.key,
            availability=self.availability.foreseen(crowd),
        )
        channel._tables = self._tables
        return channel

    def _packet_loss(self, rows: Rows, time_s: float) -> tuple[Floats, Floats]:
        """SINR [dB] and packet loss of each user; minus infinity and 1 for who is not there or has no tuner."""
        settings, place = self.settings, self._place[rows]
        sinr_db = np.full(len(rows), -np.inf)
        known = np.flatnonzero((place >= 0) & self.tuned(rows))
        sinr_db[known] = self.network.sinr_db(place[known], time_s)
        frame_error = frame_error_probability(
            sinr_db,
            settings.required_db,
            width_db=settings.width_db,
            error_at_required=settings.error_at_required,
        )
        loss = packet_loss_probability(
            frame_error, packet_bits=settings.packet_bits, frame_payload_bits=settings.frame_payload_bits
        )
        return sinr_db, np.minimum(loss, 1.0)

    def _segment_loss(self, loss: Floats, size_bits: int) -> Floats:
        """Loss of a segment from the loss of packets."""
        blocks, symbols = self._blocks(size_bits)
        block_loss = self._table(symbols).at(loss)
        return block_loss if blocks == 1 else -np.expm1(blocks * np.log1p(-block_loss))

    def _blocks(self, size_bits: int) -> tuple[int, int]:
        """Number of source blocks of a segment, and source symbols of each.

        A large object is cut into source blocks of about the same size, each with its own repair symbols.
        """
        symbols = -(-size_bits // self.settings.packet_bits)
        blocks = -(-symbols // MOST_SOURCE_SYMBOLS)
        return blocks, -(-symbols // blocks)

    def _code(self, symbols: int) -> ObjectCode:
        """The code of a source block."""
        return ObjectCode(symbols, symbols + int(np.ceil(symbols * self.settings.repair)))

    def _count(self, rows: Rows, sinr_db: Floats, covered: Flags) -> None:
        """Keep the distribution of SINR and coverage over users who are there, and segments."""
        there = np.isfinite(sinr_db)
        self.snr_db.add(sinr_db[there])
        self.samples += int(there.sum())
        self.covered += int(covered.sum())
        self.user_samples[rows[there]] += 1
        self.user_covered[rows[covered]] += 1

    def _table(self, symbols: int) -> ObjectLossTable:
        """Object loss over packet loss, for a number of source symbols near the given one."""
        if symbols > _FEWEST_EXACT:
            step = round(np.log10(symbols) * _SIZES_PER_DECADE)
            symbols = min(round(10.0 ** (step / _SIZES_PER_DECADE)), MOST_SOURCE_SYMBOLS)
        if symbols not in self._tables:
            settings = self.settings
            # Near the threshold losses are rare: bursts are as long as they are for a vanishing loss.
            bursts = interleaved_losses(
                np.zeros(1),
                fade_s=settings.fade_s,
                depth_s=settings.interleaving_s,
                packet_s=settings.packet_s,
            )
            self._tables[symbols] = ObjectLossTable.built(
                self._code(symbols), mean_burst=float(bursts.mean_burst[0])
            )
        return self._tables[symbols]
