"""Coverage map of a cellular network, and coverage of its users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from netgen.broadcast.raster import Box, CoverageMap
from netgen.coverage.made_map import AudienceShare, MadeMap
from netgen.coverage.world import Floats, Numbers, World
from netgen.nr.link_adaptation import OUT_OF_RANGE
from netgen.nr.numerology import Numerology
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.path_loss import Environment
from netgen.radio.cell_coverage import cell_coverage
from netgen.radio.channel import Channel
from netgen.radio.sectors import Sectors
from netgen.radio.signals import make_signals
from netgen.schema.radio import CellularRadio
from netgen.topology.layout import SiteLayout
from netgen.world.cellular import build_rates, build_sectors, build_terminals, carrier_noise_dbm

_CELLS_ACROSS = 130
_MARGIN = 0.05
_DRAWS = 200
_WORLDS = 40


def cell_map(name: str, radio: CellularRadio, layout: SiteLayout, world: World) -> MadeMap:
    """Map of a cellular network for users outdoors, and coverage of its audiences as they are.

    Raises
    ------
    ModelRangeError, ValueError     A figure is outside what a model covers.
    InputError                      The chosen size of the cells does not suit the map.
    """
    cells = _Cells.made(name, radio, layout, world)
    audiences = world.audiences(lambda spec: name in spec.cells)
    home = world.home(audiences)
    corners = np.array([*layout.outline_m.tolist(), *(() if home is None else home.corners_m)])
    margin_m = _MARGIN * float(np.ptp(corners, axis=0).max())
    box = Box.around(corners[:, 0], corners[:, 1], margin_m)
    x_m, y_m, cell_m = world.axes_m(name, box, _CELLS_ACROSS)
    east, north = np.meshgrid(x_m, y_m)
    height_m = world.usual_terminal(audiences).height_m
    probability = cells.probability(east.ravel(), north.ravel(), height_m).reshape(east.shape)
    served = probability[layout.contains(east, north)]
    return MadeMap(
        node=name,
        pipe=None,
        quantity="SINR",
        required_db=cells.required_db,
        carrier_hz=radio.carrier_hz,
        receiver=None,
        activity=cells.activity,
        cell_m=cell_m,
        coverage=CoverageMap(
            x_m,
            y_m,
            probability,
            title=f"{name}: SINR of at least {cells.required_db:g} dB at {radio.carrier_hz / 1e9:g} GHz, outdoors at "
            f"{height_m:g} m, the other sectors active {cells.activity:.0%} of the time",
            sites_m=tuple(zip(layout.x_m.tolist(), layout.y_m.tolist(), strict=True)),
            site_word="site",
            outline_m=tuple((float(x), float(y)) for x, y in layout.outline_m),
            outline_word="service area",
            crs=layout.crs or world.crs,
        ),
        served=served,
        served_km2=served.size * cell_m**2 / 1e6,
        audiences=cells.shares(audiences),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """A cellular network and what is required of it."""

    name: str
    radio: CellularRadio
    sectors: Sectors
    noise_dbm: float
    required_db: float
    activity: float
    world: World

    @staticmethod
    def made(name: str, radio: CellularRadio, layout: SiteLayout, world: World) -> _Cells:
        """Take the SINR that is chosen, or the lowest that link adaptation serves."""
        numerology = Numerology(radio.subcarrier_spacing_hz, radio.bandwidth_hz)
        required_db = world.options.sinr_db
        if required_db is None:
            rates = build_rates(radio, numerology)
            lowest = int((rates.mcs_indices != OUT_OF_RANGE).argmax())
            required_db = round(rates.first_db + rates.step_db * lowest, 6)
        activity = 1.0 if radio.activity is None else radio.activity
        noise_dbm = carrier_noise_dbm(radio, numerology)
        return _Cells(name, radio, build_sectors(radio, layout), noise_dbm, required_db, activity, world)

    def probability(self, x_m: Floats, y_m: Floats, height_m: float) -> Floats:
        """Location probability outdoors."""
        return cell_coverage(
            self.sectors,
            x_m,
            y_m,
            environment=Environment(self.radio.environment),
            carrier_hz=self.radio.carrier_hz,
            user_height_m=height_m,
            noise_dbm=self.noise_dbm,
            threshold_db=self.required_db,
            rng=self.world.streams.get(f"coverage/{self.name}"),
            activity=self.activity,
            shadowing=self.radio.shadowing,
            draws=_DRAWS,
        )

    def shares(self, audiences: Mapping[str, Numbers]) -> dict[str, AudienceShare]:
        """Coverage of audiences where they are, indoors or in cars as they are, over many draws of the channel."""
        if not audiences:
            return {}
        world, environment, carrier_hz = (
            self.world,
            Environment(self.radio.environment),
            self.radio.carrier_hz,
        )
        terminals = build_terminals(
            world.scenario, world.streams, users=audiences, environment=environment, carrier_hz=carrier_hz
        )
        places = [world.places_m(audience, numbers) for audience, numbers in audiences.items()]
        x_m, y_m = (np.concatenate(axis) for axis in zip(*places, strict=True))
        rng = world.streams.get(f"coverage/{self.name}/users")
        field, everyone = CorrelatedField.drawn(rng), np.arange(len(x_m))
        load, threshold = np.full(self.sectors.count, self.activity), 10.0 ** (self.required_db / 10.0)
        served = np.zeros(len(x_m))
        for _ in range(_WORLDS):
            channel = Channel.drawn(
                environment, carrier_hz, sites=self.sectors.sites, rng=rng, field=field, shadowing=self.radio.shadowing
            )  # fmt: skip
            signals = make_signals(self.sectors, terminals, channel, noise_dbm=self.noise_dbm)
            signals.move(x_m, y_m)
            served += signals.sinr(everyone, signals.strongest(everyone), load) >= threshold
        ends = np.cumsum([len(numbers) for numbers in audiences.values()])
        shares = {}
        for audience, part in zip(audiences, np.split(served / _WORLDS, ends[:-1]), strict=True):
            users = world.scenario.audiences[audience].count
            shares[audience] = AudienceShare(users, len(part), float(part.mean()), None)
        return shares
