"""All coverage maps of a scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netgen.broadcast.raster import LOCAL_CRS
from netgen.coverage.cell_maps import cell_map
from netgen.coverage.made_map import MadeMap, MapOptions
from netgen.coverage.tower_maps import tower_maps
from netgen.coverage.world import World
from netgen.errors import InputError, ModelRangeError
from netgen.rng import Streams
from netgen.schema.network import RanNode, TowerNode
from netgen.schema.radio import FixedBroadcast
from netgen.schema.scenario import Scenario
from netgen.topology.layout import SiteLayout
from netgen.world.cellular import build_layouts
from netgen.world.crowd import build_crowd


def coverage_maps(scenario: Scenario, options: MapOptions | None = None) -> list[MadeMap]:
    """Make a map of every pipe of every tower with transmitters, and of every cellular network.

    A tower's map covers its transmitters and its audiences, and reaches so far around each transmitter that it
    alone falls below a probability of 10 % there, at most 70 km and what its propagation model covers. A network's
    covers its service area and its audiences.

    Parameters
    ----------
    scenario : Scenario             With a seed, that has passed its checks.
    options : MapOptions or None    What is chosen; None for nothing.

    Returns
    -------
    list of MadeMap                 In the order of the nodes and pipes.

    Raises
    ------
    InputError                      No tower or network has places, or a figure or an option is outside what a
                                    model covers; names the node or the option.

    Valid for                       The required C/N or SINR as a sharp limit. Towers: location variation that is
                                    independent between transmitters. Cells: the sector received best serves;
                                    ASSUMED: all other sectors interfere all the time, unless the scenario says how
                                    much (`activity`).
    """
    if scenario.seed is None:
        raise InputError(f'scenario "{scenario.name}" has no seed; its maps need one')
    layouts = build_layouts(scenario)
    towers = [
        name
        for name, node in scenario.nodes.items()
        if isinstance(node, TowerNode) and not isinstance(node.radio, FixedBroadcast | None)
    ]
    world = _world(scenario, options or MapOptions(), layouts=layouts, towers=towers)
    maps: list[MadeMap] = []
    for name, node in scenario.nodes.items():
        try:
            if name in towers and isinstance(node, TowerNode):
                maps += tower_maps(name, node, world)
            elif name in layouts and isinstance(node, RanNode) and node.radio is not None:
                maps.append(cell_map(name, node.radio, layouts[name], world))
        except (ModelRangeError, ValueError) as error:
            raise InputError(f"nodes.{name}.radio: {error}") from None
    return maps


def _world(
    scenario: Scenario, options: MapOptions, *, layouts: Mapping[str, SiteLayout], towers: Sequence[str]
) -> World:
    """Put the users in their places; raises InputError when there is nothing to map, or an option has no effect."""
    if not layouts and not towers:
        raise InputError(
            f'scenario "{scenario.name}" has no radio with places; accepted: a node of kind ran with a radio, or a '
            "tower whose radio has transmitters (kind: atsc3 or 5g-broadcast)"
        )
    if options.reception is not None and not towers:
        raise InputError(
            f'--receiver: scenario "{scenario.name}" has no tower with transmitters; leave it out'
        )
    if options.sinr_db is not None and not layouts:
        raise InputError(f'--sinr: scenario "{scenario.name}" has no cellular network; leave it out')
    streams = Streams(scenario.seed or 0)
    located = build_crowd(scenario, streams, layouts)
    located.crowd.look(0.0)
    planes = {layout.crs for layout in layouts.values() if layout.crs is not None}
    crs = planes.pop() if len(planes) == 1 else LOCAL_CRS
    return World(scenario, streams, located, options, crs)
