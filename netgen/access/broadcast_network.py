"""Reception of a broadcast network where users are: median power, location variation, errors, repair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.access.crowd import Crowd
from netgen.access.histogram import Histogram
from netgen.broadcast.interleaving import interleaved_losses
from netgen.broadcast.object_fec import MOST_SOURCE_SYMBOLS, ObjectCode, ObjectLossTable
from netgen.broadcast.receiver_class import ReceiverClass
from netgen.broadcast.reception_curve import frame_error_probability, packet_loss_probability
from netgen.broadcast.single_frequency import SymbolTiming, arrival_delay_s, median_power_dbm, sfn_sinr
from netgen.broadcast.transmitter import Transmitter
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.location_variation import location_variation_db
from netgen.propagation.tower_loss import TowerLoss

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

# Tables of object loss are made for numbers of source symbols that are these steps apart.
_SIZES_PER_DECADE = 48
_FEWEST_EXACT = 20


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

    Parameters
    ----------
    crowd : Crowd                   Where all located users are.
    transmitters : sequence         The network.
    groups : sequence               Users by class of receiver; nobody twice.
    timing : SymbolTiming           Symbol, guard interval and window of the receivers.
    surface : Surface               Location variation.
    bandwidth_hz : float, Hz        Noise bandwidth.
    tolerance_m : float, m          Movement below which a user's SINR is kept.
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
        self._sinr_db = np.full(crowd.count, -np.inf)
        self._x_m, self._y_m = np.full(crowd.count, np.nan), np.full(crowd.count, np.nan)
        self._group_of = np.full(crowd.count, -1, dtype=np.int64)
        self._place_in_group = np.zeros(crowd.count, dtype=np.int64)
        for number, group in enumerate(self._groups):
            self._group_of[group.users] = number
            self._place_in_group[group.users] = np.arange(len(group.users))

    def sinr_db(self, users: Rows, time_s: float) -> Floats:
        """SINR of some users, dB, by their place in the crowd; minus infinity for who is not there."""
        crowd = self.crowd
        crowd.look(time_s)
        east, north = crowd.x_m[users] - self._x_m[users], crowd.y_m[users] - self._y_m[users]
        with np.errstate(invalid="ignore"):
            stale = users[~(east**2 + north**2 <= self._tolerance_m**2)]
        if len(stale):
            self._x_m[stale], self._y_m[stale] = crowd.x_m[stale], crowd.y_m[stale]
            group_of = self._group_of[stale]
            for number, group in enumerate(self._groups):
                mine = stale[group_of == number]
                if len(mine):
                    self._sinr_db[mine] = self._computed_db(mine, group)
        return np.where(crowd.present[users], self._sinr_db[users], -np.inf)

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

    Parameters
    ----------
    network : BroadcastNetwork      The transmitters and receivers.
    place : (rows,) int64           Per row of the population the user's place in the crowd; -1 for nowhere.
    settings : PipeSettings         How segments are carried.
    key : uint64                    Key of the reception's luck, a world stream.
    """

    def __init__(
        self, network: BroadcastNetwork, place: Rows, settings: PipeSettings, *, key: np.uint64
    ) -> None:
        self.network, self.settings, self.key = network, settings, key
        self.snr_db = Histogram(-40.0, 80.0, 480)
        self.samples = self.covered = 0
        self.user_samples = np.zeros(len(place), dtype=np.int64)
        self.user_covered = np.zeros(len(place), dtype=np.int64)
        self._place = place
        self._tables: dict[int, ObjectLossTable] = {}

    def chances(self, rows: Rows, *, time_s: float, size_bits: int) -> tuple[Flags, Floats]:
        """Covered are users who would lose less than half of the packets; each has a loss of its own."""
        sinr_db = self.network.sinr_db(self._place[rows], time_s)
        settings = self.settings
        frame_error = frame_error_probability(
            sinr_db,
            settings.required_db,
            width_db=settings.width_db,
            error_at_required=settings.error_at_required,
        )
        loss = packet_loss_probability(
            frame_error, packet_bits=settings.packet_bits, frame_payload_bits=settings.frame_payload_bits
        )
        covered = loss < 0.5
        if time_s >= settings.warmup_s:
            self._count(rows, sinr_db, covered)
        symbols = -(-size_bits // settings.packet_bits)
        # A large object is cut into source blocks of about the same size, each with its own repair symbols.
        blocks = -(-symbols // MOST_SOURCE_SYMBOLS)
        block_loss = self._table(-(-symbols // blocks)).at(np.minimum(loss, 1.0))
        return covered, block_loss if blocks == 1 else -np.expm1(blocks * np.log1p(-block_loss))

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
            code = ObjectCode(symbols, symbols + int(np.ceil(symbols * settings.repair)))
            self._tables[symbols] = ObjectLossTable.built(code, mean_burst=float(bursts.mean_burst[0]))
        return self._tables[symbols]
