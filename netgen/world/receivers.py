"""Everything that receives: the population's rows, and the radios that serve them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import simpy

from netgen.access.broadcast_channel import BroadcastChannel
from netgen.access.cellular import CellularNetwork
from netgen.access.downlink import Downlink
from netgen.access.last_hop import LastHop
from netgen.engine.population import Population
from netgen.rng import Streams
from netgen.schema.network import CellNode
from netgen.schema.scenario import Scenario
from netgen.topology.layout import SiteLayout
from netgen.topology.outages import Outages
from netgen.transport.clock import to_ns
from netgen.world.audiences import Columns, build_columns, build_population, cell_positions
from netgen.world.cellular import build_layouts, build_networks
from netgen.world.crowd import Located, build_crowd
from netgen.world.faults import NO_FAULTS, outages_of
from netgen.world.towers import build_channels


@dataclass(frozen=True, slots=True, eq=False)
class Receivers:
    """Users and the radios that serve them.

    Parameters
    ----------
    population : Population         All rows.
    downlinks : mapping             Last hop of each cell or cellular network that serves anybody.
    downlink_users : mapping        Per cell or network the position of each row among its users; -1 elsewhere.
    channels : mapping              Reception of each broadcast channel, by the name of its far end.
    columns, located, layouts       What they were made of: rows, places of users, sites.
    """

    population: Population
    downlinks: Mapping[str, LastHop]
    downlink_users: Mapping[str, np.ndarray]
    channels: Mapping[str, BroadcastChannel]
    columns: Columns
    located: Located
    layouts: Mapping[str, SiteLayout]

    @property
    def networks(self) -> dict[str, CellularNetwork]:
        """The cellular networks among the downlinks."""
        return {name: hop for name, hop in self.downlinks.items() if isinstance(hop, CellularNetwork)}


def build_receivers(
    scenario: Scenario,
    streams: Streams,
    env: simpy.Environment,
    outages: Mapping[str, Mapping[str, Outages]] = NO_FAULTS,
) -> Receivers:
    """Make the users of a scenario and what serves them; raises InputError where a model of the radio refuses."""
    columns = build_columns(scenario, streams)
    layouts = build_layouts(scenario)
    located = build_crowd(scenario, streams, layouts)
    cells_down = outages_of(outages, "cell")
    networks = build_networks(
        scenario, streams, env, columns=columns, located=located, layouts=layouts, outages=cells_down
    )
    downlinks: dict[str, LastHop] = {}
    positions: dict[str, np.ndarray] = {}
    for name, node in scenario.nodes.items():
        position, users = cell_positions(columns, name)
        if name in networks:
            downlinks[name], positions[name] = networks[name], position
        elif isinstance(node, CellNode) and node.radio is not None and users:
            positions[name] = position
            down = cells_down.get(name, Outages.none())
            downlinks[name] = _downlink(name, node, scenario, env, users, down)
    return Receivers(
        build_population(columns),
        downlinks,
        positions,
        build_channels(
            scenario, streams, columns=columns, located=located, outages=outages_of(outages, "tower")
        ),
        columns,
        located,
        layouts,
    )


def _downlink(
    name: str, node: CellNode, scenario: Scenario, env: simpy.Environment, users: int, outages: Outages
) -> Downlink:
    """The downlink of a cell of fixed rates."""
    assert node.radio is not None  # noqa: S101  (checked by the caller)
    return Downlink(
        env,
        f"{name}:downlink",
        capacity_bps=node.radio.capacity_bps,
        peak_bps=np.full(users, node.radio.peak_rate_bps),
        epoch_ns=to_ns(scenario.epoch_s),
        interval_ns=to_ns(scenario.interval_s),
        end_ns=to_ns(scenario.duration_s),
        outages=outages,
    )
