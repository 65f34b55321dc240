"""The radio epoch compiled by numba: the kernels behind the methods of `Signals`."""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from netgen.propagation.antenna import ELEMENT_GAIN_DBI
from netgen.propagation.path_loss import Environment
from netgen.radio.channel import Channel, Terminals
from netgen.radio.elementary import compiled_parallel, log2, singles
from netgen.radio.link_constants import OCTAVES_PER_DB, TALL_USER_M, LinkConstants, link_constants
from netgen.radio.link_kernels import LANES, Law, Network, Users, tiled
from netgen.radio.panel_kernels import fill
from netgen.radio.sectors import Sectors
from netgen.radio.signals import Floats, Indices, Signals, Singles

_MOST_CELLS = 256
_ZERO, _ONE, _DB_PER_OCTAVE, _NOTHING = singles(0.0, 1.0, 1.0 / OCTAVES_PER_DB, -math.inf)


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
        _interfered(self._snr, rows, serving, activity.astype(np.float32), result)
        return result

    def strongest(self, rows: Indices) -> Indices:
        """(n,) sector that each user receives best; of equal ones the first."""
        self._check_rows(rows)
        result = np.empty(len(rows), dtype=np.int64)
        _loudest(self._snr, rows, result)
        return result

    def received_dbm(self, rows: Indices) -> Singles:
        """(n, S) float32, dBm: power over the whole carrier that users receive from every sector."""
        self._check_rows(rows)
        result = np.empty((len(rows), self.sectors.count), dtype=np.float32)
        _levels(self._snr, rows, np.float32(self.noise_dbm), result)
        return result

    def _compute(self, rows: Indices) -> None:
        """Compute the ratios of some users with every sector."""
        fill(self._network, self._law, self._users, self._by_place(rows), self._snr)

    def _by_place(self, rows: Indices) -> Indices:
        """Rows in an order in which neighbours follow each other, so that they read the same part of the field."""
        if len(rows) <= LANES:
            return rows
        x_m, y_m = self._x_m[rows], self._y_m[rows]
        x_m -= x_m.min()
        y_m -= y_m.min()
        width_m, depth_m = x_m.max(), y_m.max()
        side_m = max(np.sqrt(width_m * depth_m * LANES / len(rows)), max(width_m, depth_m) / _MOST_CELLS, 1.0)
        across = np.minimum((x_m / side_m).astype(np.uint16), _MOST_CELLS - 1)
        along = np.minimum((y_m / side_m).astype(np.uint16), _MOST_CELLS - 1)
        # Every second row of cells backwards: the last cell of a row lies beside the first of the next.
        across = np.where(along & 1, _MOST_CELLS - 1 - across, across)
        return rows[np.argsort(along * np.uint16(_MOST_CELLS) + across, kind="stable")]


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
    grid, stripe = tiled(field.values)
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
        side=len(field.values),
        stripe=stripe,
        near=np.float32(np.exp(-1.0 / field.samples_per_distance)),
        across=np.float32(np.exp(-np.sqrt(2.0) / field.samples_per_distance)),
        key=channel.height_key,
    )


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
