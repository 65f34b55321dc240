"""Cellular networks of a scenario: sites, channel, air interface, users."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

import numpy as np
import simpy

from netgen.access.air_interface import AirInterface, Promise
from netgen.access.cellular import CellularNetwork, CellularParts
from netgen.errors import InputError, ModelRangeError, did_you_mean
from netgen.nr.fading import Fading
from netgen.nr.link_adaptation import RateTable
from netgen.nr.numerology import Numerology, Overhead
from netgen.propagation.antenna import SectorAntenna
from netgen.propagation.building_entry import (
    Building,
    car_loss_db,
    inside_distance_m,
    inside_loss_db,
    wall_loss_db,
    wall_sigma_db,
)
from netgen.propagation.path_loss import Environment
from netgen.radio.channel import Channel, Terminals
from netgen.radio.handover import A3Handover, HandoverSettings, make_handover
from netgen.radio.sectors import Sectors
from netgen.radio.signals import make_signals
from netgen.rng import Streams, hashed_normal, hashed_uniform
from netgen.scheduling.filling import Compute
from netgen.schema.audience import Terminal
from netgen.schema.network import RanNode
from netgen.schema.radio import CellularRadio, HexagonalLayout
from netgen.schema.scenario import Scenario
from netgen.topology.hexagonal import hexagonal_layout
from netgen.topology.layout import SiteLayout
from netgen.topology.outages import Outages
from netgen.topology.sites import read_sites
from netgen.transport.clock import to_ns
from netgen.units import w_to_dbm
from netgen.world.audiences import Columns, cell_users
from netgen.world.crowd import Located

_THERMAL_NOISE_DBM_HZ = -173.975
"""Thermal noise density at 290 K, k T0."""
_FLOOR_M = 3.0
_IDENTITIES = 2.0**48
"""Users are told apart by so many numbers, which leaves room to multiply them by the number of a site."""
_MCS_TABLES = {"64qam": 1, "256qam": 2}
_LISTED_MARGIN_M = 1000.0
_NO_OUTAGES: Mapping[str, Outages] = MappingProxyType({})


def build_layouts(scenario: Scenario) -> dict[str, SiteLayout]:
    """Sites of every cellular network; raises InputError for a file of sites that cannot be read."""
    layouts = {}
    for name, node in scenario.nodes.items():
        if isinstance(node, RanNode) and node.radio is not None:
            layout = node.radio.layout
            if isinstance(layout, HexagonalLayout):
                layouts[name] = hexagonal_layout(
                    layout.sites, inter_site_distance_m=layout.spacing_m, height_m=layout.height_m,
                    sectors=layout.sectors, wrap_around=layout.wrap_around,
                )  # fmt: skip
            else:
                layouts[name] = read_sites(
                    layout.path, default_height_m=layout.height_m, margin_m=_LISTED_MARGIN_M
                )
    return layouts


def build_networks(
    scenario: Scenario,
    streams: Streams,
    env: simpy.Environment,
    *,
    columns: Columns,
    located: Located,
    layouts: Mapping[str, SiteLayout],
    outages: Mapping[str, Outages] = _NO_OUTAGES,
) -> dict[str, CellularNetwork]:
    """Make every cellular network that has users.

    Parameters
    ----------
    outages : mapping               Of whole networks, by node, and of sectors, by `node:sector`; those of other
                                    nodes do not matter here.

    Raises
    ------
    InputError                      A figure is outside what a model of the radio covers; names the node. Or a fault
                                    is of a sector that is not there; lists those that are.
    """
    networks = {}
    for name, layout in layouts.items():
        down = _outages_of(name, layout, outages)
        users = cell_users(columns, name)
        node = scenario.nodes[name]
        if not users or not isinstance(node, RanNode) or node.radio is None:
            continue
        try:
            parts = _parts(name, node.radio, scenario, streams, users=users, located=located, layout=layout)
        except (ModelRangeError, ValueError) as error:
            raise InputError(f"nodes.{name}.radio: {error}") from None
        networks[name] = CellularNetwork(
            env,
            f"{name}:downlink",
            parts,
            services={service: number for number, service in enumerate(scenario.services)},
            epoch_ns=to_ns(scenario.epoch_s),
            interval_ns=to_ns(scenario.interval_s),
            end_ns=to_ns(scenario.duration_s),
            warmup_ns=to_ns(scenario.warmup_s),
            outages=down,
        )
    return networks


def _outages_of(name: str, layout: SiteLayout, outages: Mapping[str, Outages]) -> dict[int | None, Outages]:
    """Outages of one network, by the number of the sector and None for all of it."""
    numbers = {sector: number for number, sector in enumerate(sector_names(layout))}
    found: dict[int | None, Outages] = {}
    for where, spans in outages.items():
        node, colon, sector = where.partition(":")
        if node != name:
            continue
        if colon and sector not in numbers:
            raise InputError(
                f'faults: where: "{where}" names no sector of {name}; accepted: '
                f"{', '.join(f'{name}:{known}' for known in islice(numbers, 12))}"
                f"{f', ... ({len(numbers)} in all)' if len(numbers) > 12 else ''}{did_you_mean(sector, numbers)}"
            )
        found[numbers[sector] if colon else None] = spans
    return found


def build_sectors(radio: CellularRadio, layout: SiteLayout) -> Sectors:
    """The sectors of a layout, all with the radio's power and antenna; a file's tilts are added to it."""
    tilts, which = np.unique(layout.sector_tilt_deg, return_inverse=True)
    panel = radio.antenna
    return Sectors(
        layout.x_m[layout.sector_site],
        layout.y_m[layout.sector_site],
        height_m=layout.height_m[layout.sector_site],
        site=layout.sector_site,
        azimuth_deg=layout.sector_azimuth_deg,
        power_dbm=w_to_dbm(radio.power_w),
        antennas=tuple(
            SectorAntenna(panel.elements, panel.spacing, panel.tilt_deg + float(tilt)) for tilt in tilts
        ),
        antenna=which,
        image_offsets_m=layout.image_offsets_m,
    )


def sector_names(layout: SiteLayout) -> tuple[str, ...]:
    """Name of every sector: that of its site, and its number there."""
    seen: dict[int, int] = {}
    names = []
    for site in layout.sector_site.tolist():
        seen[site] = seen.get(site, 0) + 1
        names.append(f"{layout.names[site]}-{seen[site]}")
    return tuple(names)


def _parts(
    name: str,
    radio: CellularRadio,
    scenario: Scenario,
    streams: Streams,
    *,
    users: Mapping[str, np.ndarray],
    located: Located,
    layout: SiteLayout,
) -> CellularParts:
    """Everything that a network is made of."""
    environment = Environment(radio.environment)
    numerology = Numerology(radio.subcarrier_spacing_hz, radio.bandwidth_hz)
    sectors = build_sectors(radio, layout)
    members = np.concatenate([located.first[audience] + numbers for audience, numbers in users.items()])
    signals = make_signals(
        sectors,
        build_terminals(scenario, streams, users=users, environment=environment, carrier_hz=radio.carrier_hz),
        Channel.drawn(
            environment,
            radio.carrier_hz,
            sites=sectors.sites,
            rng=streams.get(f"world/channel/{name}"),
            shadowing=radio.shadowing,
        ),
        noise_dbm=carrier_noise_dbm(radio, numerology),
        compute=radio.compute,
        device=radio.device,
    )
    numbers = {service: number for number, service in enumerate(scenario.services)}
    return CellularParts(
        crowd=located.crowd,
        members=members,
        identity=signals.terminals.identity,
        signals=signals,
        handover=_handover(radio, len(members), sectors.count),
        air=AirInterface(
            build_rates(radio, numerology),
            np.full(sectors.count, float(numerology.resource_blocks)),
            scheduler=radio.scheduler,
            promises={
                numbers[service]: Promise(promise.rate_bps, promise.priority)
                for service, promise in radio.guarantees.items()
            },
            users=len(members),
            compute=_arrays(radio),
        ),
        sector_names=sector_names(layout),
        activity=radio.activity,
        tolerance_m=radio.tolerance_m,
        multicast=frozenset(numbers[service] for service in radio.multicast),
        give_up_late=radio.give_up_late,
    )


def _arrays(radio: CellularRadio) -> Compute:
    """What computes handover and scheduling, which torch has no part in."""
    return "numba" if radio.compute == "numba" else "numpy"


def _handover(radio: CellularRadio, users: int, sectors: int) -> A3Handover:
    """Event A3 with the radio's settings."""
    spec = radio.handover
    settings = HandoverSettings(
        offset_db=spec.offset_db,
        hysteresis_db=spec.hysteresis_db,
        time_to_trigger_s=spec.time_to_trigger_s,
        filter_coefficient=spec.filter_coefficient,
        interruption_s=spec.interruption_s,
    )
    return make_handover(users, sectors, settings=settings, compute=_arrays(radio))


def carrier_noise_dbm(radio: CellularRadio, numerology: Numerology) -> float:
    """Noise of a terminal over all resource blocks of the carrier."""
    return float(_THERMAL_NOISE_DBM_HZ + 10.0 * np.log10(numerology.occupied_hz) + radio.noise_figure_db)


def build_rates(radio: CellularRadio, numerology: Numerology) -> RateTable:
    """Link adaptation of a radio."""
    if radio.overhead is None:
        overhead = Overhead(downlink_share=radio.downlink_share)
    else:
        overhead = Overhead.of_share(radio.overhead, downlink_share=radio.downlink_share)
    return RateTable.built(
        numerology,
        mcs_table_number=_MCS_TABLES[radio.mcs_table],
        overhead=overhead,
        target_bler=radio.target_bler,
        fading=Fading(radio.fading),
    )


def build_terminals(
    scenario: Scenario,
    streams: Streams,
    *,
    users: Mapping[str, np.ndarray],
    environment: Environment,
    carrier_hz: float,
) -> Terminals:
    """What the channel needs to know of the users of some audiences, by number in each.

    Whether a user is indoors, on which floor and behind which walls belongs to the user, whoever else there is.
    """
    drawn = [
        _terminals(scenario.audiences[audience].terminal, numbers, streams.key(f"world/terminals/{audience}"),
                   environment, carrier_hz)
        for audience, numbers in users.items()
    ]  # fmt: skip
    height_m, indoor, entry_db, inside_m, identity = (
        np.concatenate(column) for column in zip(*drawn, strict=True)
    )
    return Terminals(height_m, indoor=indoor, entry_loss_db=entry_db, inside_m=inside_m, identity=identity)


def _terminals(
    spec: Terminal, numbers: np.ndarray, key: np.uint64, environment: Environment, carrier_hz: float
) -> tuple[np.ndarray, ...]:
    """Height, whether indoors, loss of walls or car, distance inside, and identity of some users."""

    def uniform(slot: int) -> np.ndarray:
        return hashed_uniform(key, numbers * 16 + slot)

    indoor = uniform(0) < spec.indoor
    floor = np.floor(uniform(1) * spec.floors) * indoor
    inside_m = inside_distance_m(environment, np.stack([uniform(2), uniform(3)])) * indoor
    share = spec.high_loss
    if share is None:
        share = 0.0 if environment is Environment.RMA else 0.5
    high = uniform(4) < share
    spread = hashed_normal(key, numbers * 16 + 5)
    wall_db = np.where(
        high, wall_loss_db(Building.HIGH, carrier_hz), wall_loss_db(Building.LOW, carrier_hz)
    ) + spread * np.where(high, wall_sigma_db(Building.HIGH), wall_sigma_db(Building.LOW))
    in_car = ~indoor & (uniform(7) < spec.in_car)
    entry_db = np.where(indoor, wall_db + inside_loss_db(inside_m), 0.0)
    entry_db = np.where(in_car, car_loss_db(hashed_normal(key, numbers * 16 + 8)), entry_db)
    identity = (uniform(10) * _IDENTITIES).astype(np.int64)
    return spec.height_m + _FLOOR_M * floor, indoor, entry_db, inside_m, identity
