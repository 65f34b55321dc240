"""Coverage maps of a tower: one for each of its pipes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from netgen.broadcast.coverage_map import Demand, PowerSum, network_probability, tower_coverage
from netgen.broadcast.raster import Box, CoverageMap
from netgen.broadcast.receiver_class import ReceiverClass, Reception, receiver_class
from netgen.broadcast.single_frequency import SymbolTiming, arrival_delay_s, median_power_dbm
from netgen.broadcast.transmitter import Transmitter
from netgen.coverage.made_map import AudienceShare, MadeMap
from netgen.coverage.world import Floats, Numbers, World
from netgen.errors import ModelRangeError
from netgen.propagation.tower_loss import TowerLoss
from netgen.schema.audience import Terminal
from netgen.schema.network import TowerNode
from netgen.schema.radio import FixedBroadcast
from netgen.world.towers import (
    PhysicalBroadcast,
    build_losses,
    build_timing,
    build_transmitters,
    tower_pipes,
)

_CELLS_ACROSS = 200
_PLACES_ACROSS = 50
_FARTHEST_M = 70e3
_LEAST_REACH_M = 1e3
_EDGE_PROBABILITY = 0.1
_DRAWS = 500


def tower_maps(name: str, node: TowerNode, world: World) -> list[MadeMap]:
    """One map for each pipe of a tower with transmitters, all of the same places.

    Raises
    ------
    ModelRangeError, ValueError     A figure is outside what a model covers.
    InputError                      The chosen size of the cells does not suit the map.
    """
    radio = node.radio
    if isinstance(radio, FixedBroadcast | None):
        raise ValueError(f"{name} has no transmitters")
    tower = _Tower(name, radio, build_transmitters(radio), *build_timing(radio), world)
    audiences = world.audiences(lambda spec: spec.tower == name)
    receiver = tower.receiver(world.usual_terminal(audiences))
    losses = build_losses(radio, receiver)
    pipes = tower_pipes(name, node)
    home = world.home(audiences)
    reach_m = tower.reach_m(receiver, losses, min(pipe.required_db for pipe in pipes.values()))
    x_m, y_m, cell_m = _axes_m(tower, home, reach_m, losses)
    made = []
    for pipe, carried in pipes.items():
        coverage = replace(
            tower.map(x_m, y_m, receiver, losses, carried.required_db),
            title=f"{name}{f', pipe {pipe}' if pipe else ''}: C/N of at least {carried.required_db:.1f} dB at "
            f"{radio.carrier_hz / 1e6:g} MHz, {receiver.reception.value} receivers",
            outline_m=() if home is None else home.corners_m,
            outline_word="around the users",
        )
        served, served_km2 = _served(coverage, home, cell_m)
        shares = {
            audience: tower.share(audience, numbers, carried.required_db)
            for audience, numbers in audiences.items()
        }
        one = MadeMap(
            node=name,
            pipe=pipe,
            quantity="C/N",
            required_db=carried.required_db,
            carrier_hz=radio.carrier_hz,
            receiver=receiver.reception.value,
            activity=None,
            cell_m=cell_m,
            coverage=coverage,
            served=served,
            served_km2=served_km2,
            audiences=shares,
        )
        made.append(one)
    return made


@dataclass(frozen=True, slots=True, eq=False)
class _Tower:
    """A tower and what all of its maps have in common."""

    name: str
    radio: PhysicalBroadcast
    stations: tuple[Transmitter, ...]
    timing: SymbolTiming
    bandwidth_hz: float
    world: World

    @property
    def method(self) -> PowerSum:
        """One transmitter has a closed form; several are drawn, as the moments are off where echoes interfere."""
        return PowerSum.FENTON_WILKINSON if len(self.stations) == 1 else PowerSum.MONTE_CARLO

    def rng(self) -> np.random.Generator:
        """Draws: the same for all maps and users of this tower."""
        return self.world.streams.get(f"coverage/{self.name}")

    def receiver(self, terminal: Terminal) -> ReceiverClass:
        """Receiver of a terminal, unless one is chosen for all."""
        return receiver_class(self.world.options.reception or Reception(terminal.receiver))

    def demand(self, receiver: ReceiverClass, required_db: float) -> Demand:
        """What a class of receivers needs."""
        noise_dbm = receiver.noise_dbm(self.bandwidth_hz)
        return Demand(required_db, noise_dbm, self.radio.location_deviation_db, receiver.entry_sigma_db)

    def map(
        self,
        x_m: Floats,
        y_m: Floats,
        receiver: ReceiverClass,
        losses: tuple[TowerLoss, ...],
        required_db: float,
    ) -> CoverageMap:
        """Map of the location probability."""
        return tower_coverage(
            self.stations,
            losses,
            x_m=x_m,
            y_m=y_m,
            receiver=receiver,
            bandwidth_hz=self.bandwidth_hz,
            threshold_db=required_db,
            timing=self.timing,
            sigma_db=self.radio.location_deviation_db,
            method=self.method,
            rng=self.rng(),
            draws=_DRAWS,
            crs=self.world.crs,
        )

    def share(self, audience: str, numbers: Numbers, required_db: float) -> AudienceShare:
        """Coverage of an audience where it is."""
        spec = self.world.scenario.audiences[audience]
        receiver = self.receiver(spec.terminal)
        x_m, y_m = self.world.places_m(audience, numbers)
        losses = build_losses(self.radio, receiver)
        probability = network_probability(
            median_power_dbm(self.stations, x_m, y_m, receiver=receiver, losses=losses),
            arrival_delay_s(self.stations, x_m, y_m),
            demand=self.demand(receiver, required_db),
            timing=self.timing,
            method=self.method,
            rng=self.rng(),
            draws=_DRAWS,
        )
        return AudienceShare(spec.count, len(numbers), float(probability.mean()), receiver.reception.value)

    def reach_m(
        self, receiver: ReceiverClass, losses: tuple[TowerLoss, ...], required_db: float
    ) -> list[float]:
        """Distance from each transmitter at which it alone falls below the edge probability."""
        reach, demand = [], self.demand(receiver, required_db)
        for station, loss in zip(self.stations, losses, strict=True):
            distance = np.geomspace(_LEAST_REACH_M, min(_FARTHEST_M, loss.range_m), 200)
            x_m, y_m = station.x_m + distance, np.full(distance.shape, station.y_m)
            power_dbm = median_power_dbm((station,), x_m, y_m, receiver=receiver, losses=(loss,))
            covered = network_probability(
                power_dbm, np.zeros(power_dbm.shape), demand=demand, timing=self.timing
            )
            reach.append(float(distance[covered >= _EDGE_PROBABILITY].max(initial=_LEAST_REACH_M)))
        return reach


def _axes_m(
    tower: _Tower, home: Box | None, reach_m: list[float], losses: tuple[TowerLoss, ...]
) -> tuple[Floats, Floats, float]:
    """Axes of a tower's maps and the size of their cells.

    Where the loss is not known so far, the reach is cut; where it is not known over all transmitters and users,
    the map is of the users' places alone.
    """
    boxes = [_box(tower, home, [scale * reach for reach in reach_m]) for scale in np.linspace(1.0, 0.0, 21)]
    for box in [*boxes, *filter(None, [home])]:
        x_m, y_m, cell_m = tower.world.axes_m(tower.name, box, _CELLS_ACROSS)
        if all(
            np.hypot(x - station.x_m, y - station.y_m) <= loss.range_m
            for x in (x_m[0], x_m[-1])
            for y in (y_m[0], y_m[-1])
            for station, loss in zip(tower.stations, losses, strict=True)
        ):
            return x_m, y_m, cell_m
    wide_m, high_m = boxes[-1].sides_m
    raise ModelRangeError(
        f"the transmitters are spread over {max(wide_m, high_m) / 1e3:,.0f} km, but their loss is known to "
        f"{min(loss.range_m for loss in losses) / 1e3:,.0f} km; accepted: propagation: itm, or nearer transmitters"
    )


def _box(tower: _Tower, home: Box | None, reach_m: list[float]) -> Box:
    """Rectangle around the users, and around the transmitters with at least 1 km on every side."""
    boxes = [
        Box.around([station.x_m], [station.y_m], max(reach, _LEAST_REACH_M))
        for station, reach in zip(tower.stations, reach_m, strict=True)
    ]
    corners = np.array([corner for box in [*boxes, *filter(None, [home])] for corner in box.corners_m])
    return Box.around(corners[:, 0], corners[:, 1])


def _served(coverage: CoverageMap, home: Box | None, cell_m: float) -> tuple[Floats, float]:
    """Probability at places spread evenly over the rectangle of the users, and its size in km^2; or of the map."""
    if home is None:
        return coverage.probability.ravel(), coverage.probability.size * cell_m**2 / 1e6
    shares = (np.arange(_PLACES_ACROSS) + 0.5) / _PLACES_ACROSS
    east, north = np.meshgrid(home.west_m + shares * home.sides_m[0], home.south_m + shares * home.sides_m[1])
    return coverage.at(east.ravel(), north.ravel()), home.sides_m[0] * home.sides_m[1] / 1e6
