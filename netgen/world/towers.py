"""Broadcast networks of a scenario: the rate of every channel, and what users receive of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from netgen.access.broadcast_channel import Availability, BroadcastChannel, FixedChannel
from netgen.access.broadcast_network import (
    BroadcastNetwork,
    PipeChannel,
    PipeSettings,
    ReceiverGroup,
    Surface,
)
from netgen.broadcast import atsc3, lte_broadcast
from netgen.broadcast.atsc3_frame import FrameConfig
from netgen.broadcast.lte_broadcast import MulticastConfig
from netgen.broadcast.receiver_class import ReceiverClass, Reception, receiver_class
from netgen.broadcast.reception_curve import WIDTH_64800_DB, WIDTH_TURBO_6144_DB
from netgen.broadcast.single_frequency import SymbolTiming
from netgen.broadcast.transmitter import Transmitter
from netgen.errors import InputError, ModelRangeError
from netgen.prediction.contract import Predictor
from netgen.prediction.learned import LearnedPredictor
from netgen.prediction.twin import TwinPredictor
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.hata import Surroundings
from netgen.propagation.terrain import Terrain
from netgen.propagation.tower_loss import TowerLoss, hata_tower_loss, terrain_tower_loss
from netgen.rng import Streams, hashed_normal, hashed_uniform
from netgen.schema.audience import Audience
from netgen.schema.collaboration import LearnedPredictor as LearnedSpec
from netgen.schema.collaboration import NoisyPredictor as NoisySpec
from netgen.schema.collaboration import PerfectPredictor as PerfectSpec
from netgen.schema.network import TowerNode
from netgen.schema.places import DiscPlace, RectanglePlace
from netgen.schema.radio import Atsc3Broadcast, FixedBroadcast, LteBroadcast
from netgen.schema.scenario import Scenario
from netgen.topology.holes import Holes
from netgen.topology.layout import SiteLayout
from netgen.topology.outages import Outages
from netgen.units import w_to_dbm
from netgen.world.audiences import Columns, rows_of_users
from netgen.world.crowd import Located, build_crowd
from netgen.world.names import air_of

PhysicalBroadcast = Atsc3Broadcast | LteBroadcast

_FFT_SIZES = {"8K": 8192, "16K": 16384, "32K": 32768}
_TOLERANCE_SHARE = 0.05
"""Spacing of the points at which users who move have their SINR taken, over the correlation distance."""


@dataclass(frozen=True, slots=True)
class Pipe:
    """What one pipe, or the one channel of a tower, carries.

    Parameters
    ----------
    rate_bps : float, bit/s         For segments, without the repair symbols.
    required_db : float, dB         Required C/N; minus infinity for a channel of fixed rate.
    frame_payload_bits : int, bit   Payload of a forward-error-correction frame.
    width_db : float, dB            Width of the code's waterfall.
    error_at_required : float       Error probability of a frame at the required C/N.
    """

    rate_bps: float
    required_db: float = -np.inf
    frame_payload_bits: int = 1
    width_db: float = WIDTH_64800_DB
    error_at_required: float = 1e-4


def tower_pipes(name: str, node: TowerNode) -> dict[str | None, Pipe]:
    """Channels of a tower by name of the pipe; None for a tower without pipes.

    Raises
    ------
    InputError                      The physical layer has no such configuration; names the node.
    """
    radio = node.radio
    if radio is None:
        return {}
    if isinstance(radio, FixedBroadcast):
        return {None: Pipe(radio.capacity_bps)}
    try:
        return _atsc3_pipes(radio) if isinstance(radio, Atsc3Broadcast) else {None: _lte_pipe(radio)}
    except (ModelRangeError, ValueError) as error:
        raise InputError(f"nodes.{name}.radio: {error}") from None


def build_channels(
    scenario: Scenario,
    streams: Streams,
    *,
    columns: Columns,
    located: Located,
    outages: Mapping[str, Outages] | None = None,
) -> dict[str, BroadcastChannel]:
    """Reception of every channel, by the name of its far end; `outages` by the name of the tower.

    Raises
    ------
    InputError                      A figure is outside what a model of the radio covers; names the node.
    """
    channels: dict[str, BroadcastChannel] = {}
    place = rows_of_users(columns, located.first)
    for name, node in scenario.nodes.items():
        if not isinstance(node, TowerNode) or node.radio is None:
            continue
        radio = node.radio
        availability = Availability(
            _drawn_by_user(name, scenario, columns, lambda audience, spec: _tuned(audience, spec, streams)),
            (outages or {}).get(name, Outages.none()),
            _holes(radio.holes),
            located.crowd,
            place,
        )
        if isinstance(radio, FixedBroadcast):
            channels[air_of(name)] = _fixed_channel(name, radio, scenario, streams, columns, availability)
            continue
        try:
            network = _network(name, radio, scenario, streams, located)
            for pipe_name, settings in _pipe_settings(name, node, scenario).items():
                channels[air_of(name, pipe_name)] = PipeChannel(
                    network,
                    place,
                    settings,
                    key=streams.key(f"world/reception/{air_of(name, pipe_name)}"),
                    availability=availability,
                )
        except (ModelRangeError, ValueError) as error:
            raise InputError(f"nodes.{name}.radio: {error}") from None
    return channels


def build_predictor(
    spec: PerfectSpec | NoisySpec | LearnedSpec,
    channel: BroadcastChannel,
    scenario: Scenario,
    streams: Streams,
    *,
    columns: Columns,
    located: Located,
    layouts: Mapping[str, SiteLayout],
) -> Predictor:
    """What predicts the reception of a channel; each has a crowd of its own to be ahead with.

    Parameters
    ----------
    spec : model                    How reception is predicted.
    channel : BroadcastChannel      The channel of the run; it is asked nothing.
    scenario, streams, columns, located, layouts    Those that the channel was made of.
    """
    if isinstance(spec, LearnedSpec):
        place = rows_of_users(columns, located.first)
        return LearnedPredictor(located.crowd, place, bin_m=spec.bin_m)
    error_m = spec.error_m if isinstance(spec, NoisySpec) else None
    return TwinPredictor(channel.twin(build_crowd(scenario, streams, layouts, error_m=error_m).crowd))


def _pipe_settings(name: str, node: TowerNode, scenario: Scenario) -> dict[str | None, PipeSettings]:
    """How each pipe of a broadcast network carries segments."""
    radio = node.radio
    assert isinstance(radio, Atsc3Broadcast | LteBroadcast)  # noqa: S101  (fixed channels are no networks)
    return {
        pipe_name: PipeSettings(
            required_db=pipe.required_db,
            width_db=pipe.width_db,
            error_at_required=pipe.error_at_required,
            frame_payload_bits=pipe.frame_payload_bits,
            packet_bits=scenario.packet_bits,
            packet_s=scenario.packet_bits / pipe.rate_bps,
            repair=radio.repair,
            interleaving_s=radio.interleaving_s,
            fade_s=radio.fade_s,
            warmup_s=scenario.warmup_s,
        )
        for pipe_name, pipe in tower_pipes(name, node).items()
    }


def _fixed_channel(
    name: str,
    radio: FixedBroadcast,
    scenario: Scenario,
    streams: Streams,
    columns: Columns,
    availability: Availability,
) -> FixedChannel:
    """The channel of a tower of fixed rate, with the share of its audiences that it covers."""

    def covered(audience: str, spec: Audience) -> np.ndarray:
        luck: np.ndarray = streams.get(f"world/coverage/{audience}").uniform(size=spec.count)
        return luck < radio.coverage

    return FixedChannel(
        _drawn_by_user(name, scenario, columns, covered),
        radio.segment_loss,
        streams.key(f"world/reception/{name}"),
        radio.lost_share,
        availability,
    )


def _tuned(audience: str, spec: Audience, streams: Streams) -> np.ndarray:
    """Which users of an audience have a broadcast receiver."""
    luck = hashed_uniform(streams.key(f"world/tuner/{audience}"), np.arange(spec.count))
    return luck < spec.terminal.tuner


def _holes(areas: tuple[DiscPlace | RectanglePlace, ...]) -> Holes:
    """Where a tower is not received."""
    return Holes.of(
        [(*area.centre, area.radius_m) for area in areas if isinstance(area, DiscPlace)],
        [(*area.low, *area.high) for area in areas if isinstance(area, RectanglePlace)],
    )


def _drawn_by_user(
    tower: str, scenario: Scenario, columns: Columns, draw: Callable[[str, Audience], np.ndarray]
) -> np.ndarray:
    """Per row what is drawn for the user, in the audiences of a tower; False for all others."""
    found = np.zeros(columns.count, dtype=np.bool_)
    first = 0
    drawn: dict[str, np.ndarray] = {}
    for viewers in columns.viewers:
        end = first + len(viewers.numbers)
        audience = scenario.audiences.get(viewers.audience)
        if audience is not None and audience.tower == tower:
            if viewers.audience not in drawn:
                drawn[viewers.audience] = draw(viewers.audience, audience)
            found[first:end] = drawn[viewers.audience][viewers.numbers]
        first = end
    return found


def _atsc3_pipes(radio: Atsc3Broadcast) -> dict[str | None, Pipe]:
    """Rates and thresholds of the pipes of an ATSC 3.0 frame."""
    frame = FrameConfig(
        fft_size=_FFT_SIZES[radio.fft],
        guard_samples=radio.guard,
        pilot_pattern=radio.pilots,
        payload_symbols=radio.symbols,
        bandwidth_hz=radio.bandwidth_hz,
    )
    pipes = [
        atsc3.Pipe(atsc3.Constellation(pipe.constellation), int(pipe.code_rate.split("/")[0]), pipe.share)
        for pipe in radio.pipes.values()
    ]
    rates_bps = atsc3.pipe_bit_rates_bps(frame, pipes)
    channel = atsc3.Channel(radio.fading)
    return {
        name: Pipe(
            rate_bps / (1.0 + radio.repair),
            atsc3.required_cn_db(pipe.constellation, pipe.rate_fifteenths, channel=channel),
            pipe.frame_payload_bits,
        )
        for name, pipe, rate_bps in zip(radio.pipes, pipes, rates_bps, strict=True)
    }


def _lte(radio: LteBroadcast) -> MulticastConfig:
    """The physical layer of a 5G broadcast."""
    return MulticastConfig(radio.spacing, lte_broadcast.blocks_for_channel(radio.bandwidth_hz), radio.mcs)


def _lte_pipe(radio: LteBroadcast) -> Pipe:
    """Rate and threshold of a 5G broadcast."""
    config = _lte(radio)
    return Pipe(
        config.net_bit_rate_bps / (1.0 + radio.repair),
        lte_broadcast.required_cn_db(config, channel=atsc3.Channel(radio.fading)),
        config.transport_block_bits // config.code_blocks,
        width_db=WIDTH_TURBO_6144_DB,
        error_at_required=1e-2,
    )


def build_timing(radio: PhysicalBroadcast) -> tuple[SymbolTiming, float]:
    """Times of a network's symbols, and its noise bandwidth [Hz]."""
    if isinstance(radio, LteBroadcast):
        config = _lte(radio)
        return SymbolTiming(config.numerology.useful_symbol_s, config.guard_interval_s), config.occupied_hz
    frame = FrameConfig(
        fft_size=_FFT_SIZES[radio.fft],
        guard_samples=radio.guard,
        pilot_pattern=radio.pilots,
        payload_symbols=radio.symbols,
        bandwidth_hz=radio.bandwidth_hz,
    )
    return SymbolTiming(frame.useful_symbol_s, frame.guard_interval_s), radio.bandwidth_hz


def build_transmitters(radio: PhysicalBroadcast) -> tuple[Transmitter, ...]:
    """The transmitters of a network."""
    return tuple(
        Transmitter(
            spec.at[0],
            spec.at[1],
            height_m=spec.height_m,
            eirp_dbm=w_to_dbm(spec.power_w),
            delay_s=spec.delay_s,
        )
        for spec in radio.transmitters.values()
    )


def build_losses(radio: PhysicalBroadcast, receiver: ReceiverClass) -> tuple[TowerLoss, ...]:
    """Median loss of every transmitter to one class of receivers; raises ModelRangeError outside the ranges."""
    losses = []
    for spec in radio.transmitters.values():
        if radio.propagation == "hata":
            loss = hata_tower_loss(
                radio.carrier_hz,
                base_height_m=spec.height_m,
                mobile_height_m=receiver.height_m,
                surroundings=Surroundings(radio.surroundings),
            )
        elif radio.propagation == "itm":
            loss = terrain_tower_loss(
                radio.carrier_hz,
                base_height_m=spec.height_m,
                mobile_height_m=receiver.height_m,
                terrain_kind=Terrain(irregularity_m=radio.irregularity_m),
            )
        else:
            distance_m, excess_db = np.array([1.0, 1e6]), np.zeros(2)
            loss = TowerLoss(
                "free-space", radio.carrier_hz, spec.height_m, receiver.height_m, distance_m, excess_db
            )
        losses.append(loss)
    return tuple(losses)


def _network(
    name: str, radio: PhysicalBroadcast, scenario: Scenario, streams: Streams, located: Located
) -> BroadcastNetwork:
    """Transmitters and receivers of one tower node."""
    rng = streams.get(f"world/location/{name}")
    field = CorrelatedField.drawn(rng)
    span = field.values.shape[0] / field.samples_per_distance
    timing, bandwidth_hz = build_timing(radio)
    return BroadcastNetwork(
        located.crowd,
        build_transmitters(radio),
        groups=_groups(name, radio, scenario, streams, located.first),
        timing=timing,
        surface=Surface(
            field,
            rng.random((len(radio.transmitters), 2)) * span,
            radio.location_deviation_db,
            radio.location_correlation_m,
        ),
        bandwidth_hz=bandwidth_hz,
        tolerance_m=_TOLERANCE_SHARE * radio.location_correlation_m,
    )


def _groups(
    name: str, radio: PhysicalBroadcast, scenario: Scenario, streams: Streams, first: Mapping[str, int]
) -> list[ReceiverGroup]:
    """The audiences of a tower, each with its class of receivers."""
    groups = []
    for audience, spec in scenario.audiences.items():
        if spec.tower != name:
            continue
        receiver = receiver_class(Reception(spec.terminal.receiver))
        numbers = np.arange(spec.count)
        luck = hashed_normal(streams.key(f"world/entry/{audience}"), 2 * numbers)
        groups.append(
            ReceiverGroup(
                first[audience] + numbers,
                receiver,
                build_losses(radio, receiver),
                receiver.entry_sigma_db * luck,
            )
        )
    return groups
