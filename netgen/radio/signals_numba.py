"""The radio epoch compiled by numba: the kernels behind the methods of `Signals`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numba
import numpy as np
from numba import prange

from netgen.propagation.antenna import ELEMENT_GAIN_DBI, NULL_DEPTH_DB
from netgen.propagation.correlated_field import STEPS_PER_DEVIATION
from netgen.propagation.path_loss import Environment
from netgen.radio.channel import Channel, Terminals
from netgen.radio.elementary import compiled, compiled_parallel, fade, log2, sine, singles, turns
from netgen.radio.link_constants import (
    BEAMWIDTH_DEG,
    LARGEST_ATTENUATION_DB,
    OCTAVES_PER_DB,
    TALL_USER_M,
    LinkConstants,
    link_constants,
)
from netgen.radio.link_kernels import (
    AZIMUTH,
    BOTTOM,
    CLIMB,
    COLUMN,
    DISTANCE,
    DOUBLE_ROWS,
    DOWN,
    EAST,
    EAST_1,
    GAIN,
    INTEGER_ROWS,
    INVERSE,
    LANES,
    LIFT,
    NORTH,
    NORTH_1,
    RISE,
    RISE_1,
    ROOF,
    SINGLE_ROWS,
    TOP,
    Integers,
    Law,
    Network,
    Users,
    choose,
    choose_state,
    load,
    lose,
    place,
    read,
    roofs,
    see,
    tiled,
)
from netgen.radio.sectors import Sectors
from netgen.radio.signals import Floats, Indices, Signals, Singles

_CHUNK = 512
# Fewer users are computed by the calling thread: waking the others and waiting for them costs more than they save.
_SERIAL_LINKS, _SERIAL_SUMS = 2_000, 20_000
_ZERO, _HALF, _ONE, _SAME = singles(0.0, 0.5, 1.0, 1e-7)
_DB_PER_OCTAVE, _NOTHING = singles(1.0 / OCTAVES_PER_DB, -math.inf)
_MOST, _PER_TURN2, _NULL = singles(
    LARGEST_ATTENUATION_DB * OCTAVES_PER_DB,
    12.0 * (360.0 / BEAMWIDTH_DEG) ** 2 * OCTAVES_PER_DB,
    10.0 ** (0.1 * NULL_DEPTH_DB),
)


class NumbaSignals(Signals):
    """The compiled twin: float32 with polynomials, on all threads; within 1e-3 dB of `NumpySignals`."""

    def __init__(self, sectors: Sectors, terminals: Terminals, channel: Channel, *, noise_dbm: float) -> None:
        super().__init__(sectors, terminals, channel, noise_dbm=noise_dbm)
        self._snr = np.zeros((terminals.count, sectors.count), dtype=np.float32)
        constants = link_constants(sectors, terminals, channel)
        self._network = _network(sectors, constants, self.noise_dbm)
        self._law = _law(channel, constants)
        self._users = Users(
            x_m=self._x_m,
            y_m=self._y_m,
            height_m=terminals.height_m,
            inside_m=terminals.inside_m.astype(np.float32),
            indoor=terminals.indoor,
            entry=(constants.user_db * OCTAVES_PER_DB).astype(np.float32),
            walls=(terminals.entry_loss_db * OCTAVES_PER_DB).astype(np.float32),
            climb=_climb(channel, terminals),
            identity=terminals.identity,
        )

    @property
    def snr(self) -> Singles:
        """(U, S) linear signal-to-noise ratio, read-only; 0 for users who have not been placed yet."""
        view = self._snr.view()
        view.flags.writeable = False
        return view

    def sinr(self, rows: Indices, serving: Indices, activity: Floats) -> Singles:
        """Ratio of the serving sector's signal to noise and interference; see `Signals.sinr`."""
        self._check_load(rows, serving, activity)
        result = np.empty(len(rows), dtype=np.float32)
        with _threads(rows, _SERIAL_SUMS):
            _interfered(self._snr, rows, serving, activity.astype(np.float32), result)
        return result

    def strongest(self, rows: Indices) -> Indices:
        """(n,) sector that each user receives best; of equal ones the first."""
        self._check_rows(rows)
        result = np.empty(len(rows), dtype=np.int64)
        with _threads(rows, _SERIAL_SUMS):
            _loudest(self._snr, rows, result)
        return result

    def received_dbm(self, rows: Indices) -> Singles:
        """(n, S) float32, dBm: power over the whole carrier that users receive from every sector."""
        self._check_rows(rows)
        result = np.empty((len(rows), self.sectors.count), dtype=np.float32)
        with _threads(rows, _SERIAL_SUMS):
            _levels(self._snr, rows, np.float32(self.noise_dbm), result)
        return result

    def _compute(self, rows: Indices) -> None:
        """Compute the ratios of some users with every sector."""
        with _threads(rows, _SERIAL_LINKS):
            _fill(self._network, self._law, self._users, self._by_place(rows), self._snr)


@contextmanager
def _threads(rows: Indices, serial: int) -> Iterator[None]:
    """One thread for few users, else as many as numba is set to use."""
    threads = numba.get_num_threads()
    numba.set_num_threads(1 if len(rows) < serial else threads)
    try:
        yield
    finally:
        numba.set_num_threads(threads)


def _climb(channel: Channel, terminals: Terminals) -> Singles:
    """Height term of C(d, h) in UMa (`tall_user_gain`); 0 for users up to 13 m, and elsewhere."""
    rise = np.clip(terminals.height_m - TALL_USER_M, 0.0, 10.0) / 10.0
    return (1.25 * rise**1.5 * (channel.environment is Environment.UMA)).astype(np.float32)


def _network(sectors: Sectors, constants: LinkConstants, noise_dbm: float) -> Network:
    """Sites, panels and sectors as the kernel reads them."""
    first = sectors.first_of_site
    panels = [sectors.panels_of_site(site) for site in range(sectors.sites)]
    antennas = [antenna for of_site in panels for antenna, _ in of_site]
    members = [member for of_site in panels for _, member in of_site]
    gain_db = sectors.power_dbm + ELEMENT_GAIN_DBI - noise_dbm
    return Network(
        x_m=sectors.x_m[first],
        y_m=sectors.y_m[first],
        height_m=sectors.height_m[first],
        images_m=sectors.image_offsets_m,
        nlos=(constants.nlos_db * OCTAVES_PER_DB).astype(np.float32),
        nlos_slope=(constants.nlos_slope / 20.0).astype(np.float32),
        starts=(constants.starts * 2.0**32).astype(np.int64).astype(np.int32),
        panels=np.cumsum([0, *map(len, panels)]),
        elements=np.array([antenna.elements for antenna in antennas]),
        spacing=np.array([antenna.spacing_wavelengths for antenna in antennas]),
        beam=-np.sin(np.deg2rad([antenna.tilt_deg for antenna in antennas])),
        tilt=np.deg2rad([antenna.mechanical_tilt_deg for antenna in antennas]),
        members=np.cumsum([0, *map(len, members)]),
        order=np.concatenate(members),
        bearing=np.mod(sectors.azimuth_deg / 360.0, 1.0),
        power=(10.0 ** (0.1 * gain_db)).astype(np.float32),
    )


def _law(channel: Channel, constants: LinkConstants) -> Law:
    """The path-loss model and the field as the kernel reads them."""
    field = channel.field
    octaves = OCTAVES_PER_DB
    grid, stripe = tiled(field.steps)
    near, across = np.exp(np.array([-1.0, -np.sqrt(2.0)]) / field.samples_per_distance)
    return Law(
        los=np.float32(constants.los_db * octaves),
        los_slope=np.float32(constants.los_slope / 20.0),
        beyond_slope=np.float32((40.0 - constants.los_slope) / 20.0),
        turning_slope=np.float32(constants.turning_slope / 10.0),
        excess=np.float32(constants.excess_db_per_m * octaves),
        drop=np.float32(constants.drop),
        turning_per_m=constants.turning_per_m,
        roof_m=np.float32(constants.roof_m),
        rural=channel.environment is Environment.RMA,
        shadowing=channel.shadowing,
        sure_m=np.float32(constants.sure_m),
        decay=np.float32(np.log2(np.e) / constants.decay_m),
        sigma=(constants.sigma_db * octaves).astype(np.float32),
        per_m=constants.per_m,
        field=grid,
        side=len(field.steps),
        stripe=stripe,
        # Variance of the bilinear mean in steps: 1, a(1 - a) + b(1 - b), a(1 - a) b(1 - b) for shares a, b.
        whole=np.float32(STEPS_PER_DEVIATION**2),
        edges=np.float32(STEPS_PER_DEVIATION**2 * 2.0 * (near - 1.0)),
        faces=np.float32(STEPS_PER_DEVIATION**2 * 4.0 * (1.0 - 2.0 * near + across)),
        key=channel.height_key,
    )


@compiled
def _column(bottom: np.float32, top: np.float32, elements: np.float32, per_element: np.float32) -> np.float32:
    """Power gain of a column over one element, from half the phase between neighbours and across all, over pi."""
    below = sine(bottom)
    alike = abs(below) < _SAME
    ratio = elements if alike else sine(top) / (_ONE if alike else below)
    return max(ratio * ratio * per_element, _NULL)


@compiled
def _upright(net: Network, panel: int, s: Singles, d: Floats, tile: Singles) -> None:
    """Ratios with the sectors of a panel that is not tilted itself: one column gain for all of them."""
    count, spacing, beam = float(net.elements[panel]), net.spacing[panel], net.beam[panel]
    elements, per_element = np.float32(count), np.float32(1.0 / count)
    for k in range(LANES):
        halves = spacing * (d[RISE + k] * d[INVERSE + k] - beam)
        many = count * halves
        s[BOTTOM + k] = np.float32(halves - np.floor(halves + 0.5))
        s[TOP + k] = np.float32(many - np.floor(many + 0.5))
    for k in range(LANES):
        s[COLUMN + k] = s[GAIN + k] * _column(s[BOTTOM + k], s[TOP + k], elements, per_element)
        s[AZIMUTH + k] = turns(s[NORTH_1 + k], s[EAST_1 + k])
        down = turns(s[RISE_1 + k], s[DISTANCE + k])
        s[DOWN + k] = _PER_TURN2 * down * down
    for member in range(net.members[panel], net.members[panel + 1]):
        sector = net.order[member]
        bearing, power, place = np.float32(net.bearing[sector]), net.power[sector], sector * LANES
        for k in range(LANES):
            aside = s[AZIMUTH + k] - bearing
            aside -= np.floor(aside + _HALF)
            attenuation = min(s[DOWN + k] + _PER_TURN2 * aside * aside, _MOST)
            tile[place + k] = power * s[COLUMN + k] * fade(attenuation)


@compiled
def _tilted(net: Network, panel: int, s: Singles, d: Floats, tile: Singles) -> None:
    """Ratios with the sectors of a tilted panel: directions are turned into each sector's own frame."""
    count, spacing, beam = float(net.elements[panel]), net.spacing[panel], net.beam[panel]
    elements, per_element = np.float32(count), np.float32(1.0 / count)
    cosine, sine_ = math.cos(net.tilt[panel]), math.sin(net.tilt[panel])
    for member in range(net.members[panel], net.members[panel + 1]):
        sector = net.order[member]
        power, place = net.power[sector], sector * LANES
        ahead, aside = (
            math.cos(2.0 * math.pi * net.bearing[sector]),
            math.sin(2.0 * math.pi * net.bearing[sector]),
        )
        for k in range(LANES):
            inverse = d[INVERSE + k]
            forward = (ahead * d[EAST + k] + aside * d[NORTH + k]) * inverse
            left = np.float32((ahead * d[NORTH + k] - aside * d[EAST + k]) * inverse)
            own_forward = np.float32(cosine * forward - sine_ * d[RISE + k] * inverse)
            own_up = sine_ * forward + cosine * d[RISE + k] * inverse
            down = turns(np.float32(own_up), np.sqrt(own_forward * own_forward + left * left))
            turn = turns(left, own_forward)
            attenuation = min(_PER_TURN2 * (down * down + turn * turn), _MOST)
            halves = spacing * (own_up - beam)
            many = count * halves
            bottom, top = np.float32(halves - np.floor(halves + 0.5)), np.float32(many - np.floor(many + 0.5))
            column = _column(bottom, top, elements, per_element)
            tile[place + k] = power * s[GAIN + k] * column * fade(attenuation)


@compiled
def _block(
    net: Network,
    law: Law,
    users: Users,
    rows: Indices,
    first: int,
    count: int,
    s: Singles,
    d: Floats,
    n: Integers,
    identity: Indices,
    tile: Singles,
) -> None:
    """Ratios of one block of users with every sector, into the tile."""
    load(users, law, rows, first, count, s, d, n, identity)
    sites = len(net.x_m)
    tall = False
    for k in range(LANES):
        tall |= s[CLIMB + k] > _ZERO
    for site in range(sites):
        place(net, site, s, d)
        for k in range(LANES):
            s[ROOF + k], s[LIFT + k] = law.roof_m, _ZERO
        if tall:
            roofs(law, net.height_m[site], site, sites, s, d, identity)
        choose_state(net.starts[site], n)
        read(law, s, n)
        see(law, s, n)
        if law.shadowing:
            choose(net.starts[site], n)
            read(law, s, n)
        lose(net, law, site, s, n)
        for panel in range(net.panels[site], net.panels[site + 1]):
            if net.tilt[panel] == 0.0:
                _upright(net, panel, s, d, tile)
            else:
                _tilted(net, panel, s, d, tile)


@compiled_parallel
def _fill(net: Network, law: Law, users: Users, rows: Indices, snr: Singles) -> None:
    """Compute the ratios of some users with every sector and store them in their rows of `snr`."""
    sectors = snr.shape[1]
    for chunk in prange((len(rows) + _CHUNK - 1) // _CHUNK):
        s, d = np.empty(SINGLE_ROWS * LANES, np.float32), np.empty(DOUBLE_ROWS * LANES, np.float64)
        n, identity = np.empty(INTEGER_ROWS * LANES, np.int32), np.empty(LANES, np.int64)
        tile = np.empty(sectors * LANES, np.float32)
        for first in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, len(rows)), LANES):
            count = min(LANES, len(rows) - first)
            _block(net, law, users, rows, first, count, s, d, n, identity, tile)
            for k in range(count):
                out = snr[rows[first + k]]
                for sector in range(sectors):
                    out[sector] = tile[sector * LANES + k]


@compiled_parallel
def _interfered(snr: Singles, rows: Indices, serving: Indices, activity: Singles, out: Singles) -> None:
    """Ratio of the serving sector's signal to noise and the other sectors' weighted sum."""
    for k in prange(len(rows)):
        ratios, own = snr[rows[k]], serving[k]
        total = _ONE
        for sector in range(len(ratios)):
            total += activity[sector] * ratios[sector] if sector != own else _ZERO
        out[k] = ratios[own] / total if own >= 0 else _ZERO


@compiled_parallel
def _loudest(snr: Singles, rows: Indices, out: Indices) -> None:
    """First of the sectors with the largest ratio."""
    for k in prange(len(rows)):
        ratios = snr[rows[k]]
        most = ratios[0]
        for sector in range(len(ratios)):
            most = max(most, ratios[sector])
        best = 0
        while ratios[best] != most:
            best += 1
        out[k] = best


@compiled_parallel
def _levels(snr: Singles, rows: Indices, noise_dbm: np.float32, out: Singles) -> None:
    """Received power of some users from every sector, dBm; minus infinity for nothing."""
    for k in prange(len(rows)):
        ratios = snr[rows[k]]
        for sector in range(len(ratios)):
            ratio = ratios[sector]
            level = noise_dbm + _DB_PER_OCTAVE * log2(ratio)
            out[k, sector] = level if ratio > _ZERO else _NOTHING
