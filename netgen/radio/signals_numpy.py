"""The radio epoch in plain numpy: the reference of the other implementations, and the default."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.propagation.antenna import SectorAntenna, column_gain_db, element_gain_dbi
from netgen.propagation.line_of_sight import los_correlation_distance_m, los_probability, sees_base
from netgen.propagation.path_loss import (
    TALL_USER_M,
    Environment,
    breakpoint_m,
    environment_height_m,
    path_loss_db,
)
from netgen.propagation.shadow_fading import Sight, correlation_distance_m, sigma_db
from netgen.radio.channel import LOS_FIELD, Channel, Terminals
from netgen.radio.link_constants import HEADROOM_M
from netgen.radio.sectors import Sectors
from netgen.radio.signals import Floats, Indices, Signals, Singles, chunks
from netgen.rng import hashed_uniform

Bools = NDArray[np.bool_]

_PER_DB = np.log(10.0) / 10.0
_DEGREES = 180.0 / np.pi
# Links between users and sites in one chunk: few enough for the processor's cache, enough for long inner loops.
_LINKS, _FEWEST_USERS = 32768, 64


@dataclass(frozen=True, slots=True, eq=False)
class _Panels:
    """Sectors with one antenna: their sites, and in `members` the first sector of each site, the second, and so on.

    A member is the places of sites among `sites` and the sectors there.
    """

    antenna: SectorAntenna
    sites: Indices | slice
    members: tuple[tuple[Indices | slice, Indices], ...]


class NumpySignals(Signals):
    """The reference: float64 arithmetic of `netgen.propagation` for some users and all sites, stored as float32.

    Arrays are (B, n): a row for each site, so that inner loops run over the n users.
    """

    def __init__(self, sectors: Sectors, terminals: Terminals, channel: Channel, *, noise_dbm: float) -> None:
        super().__init__(sectors, terminals, channel, noise_dbm=noise_dbm)
        self._snr = np.zeros((terminals.count, sectors.count), dtype=np.float32)
        self._panels = _panels(sectors)
        self._sites = np.arange(sectors.sites)[:, np.newaxis]
        self._base_m = sectors.height_m[sectors.first_of_site][:, np.newaxis]
        self._level_dbm = sectors.power_dbm[:, np.newaxis] - self.noise_dbm

    @property
    def snr(self) -> Singles:
        """(U, S) linear signal-to-noise ratio, read-only; 0 for users who have not been placed yet."""
        view = self._snr.view()
        view.flags.writeable = False
        return view

    def line_of_sight(self, rows: Indices) -> Bools:
        """(n, B) state of the links between users and sites, where the users are now."""
        self._check_rows(rows)
        size = self._users_at_once
        parts = [rows[part] for part in chunks(len(rows), size)]
        states = [self._sees(users, self._place(users)[2]).T for users in parts]
        return np.concatenate(states) if states else np.zeros((0, self.sectors.sites), dtype=bool)

    def sinr(self, rows: Indices, serving: Indices, activity: Floats) -> Singles:
        """Ratio of the serving sector's signal to noise and interference; see `Signals.sinr`."""
        self._check_load(rows, serving, activity)
        shares = activity.astype(np.float32)
        result = np.empty(len(rows), dtype=np.float32)
        for part in chunks(len(rows)):
            ratios = self._snr[rows[part]]
            line = np.arange(len(ratios))
            sector = np.maximum(serving[part], 0)
            own = np.where(serving[part] >= 0, ratios[line, sector], np.float32(0.0))
            ratios *= shares
            # Left out of the sum, never subtracted from it: the difference would lose the weak interferers.
            ratios[line, sector] = 0.0
            result[part] = own / (np.float32(1.0) + ratios.sum(axis=1))
        return result

    def strongest(self, rows: Indices) -> Indices:
        """(n,) sector that each user receives best; of equal ones the first."""
        self._check_rows(rows)
        result = np.empty(len(rows), dtype=np.int64)
        for part in chunks(len(rows)):
            result[part] = self._snr[rows[part]].argmax(axis=1)
        return result

    def _compute(self, rows: Indices) -> None:
        """Compute the ratios of some users with every sector."""
        ordered = self._by_place(rows)
        for part in chunks(len(rows), self._users_at_once):
            users = ordered[part]
            self._snr[users] = self._ratios(users).T

    @property
    def _users_at_once(self) -> int:
        """Users in one chunk."""
        return max(_LINKS // self.sectors.sites, _FEWEST_USERS)

    def _ratios(self, rows: Indices) -> Singles:
        """Ratios (S, n) of some users with every sector."""
        east_m, north_m, distance_m = self._place(rows)
        rise_m = self.terminals.height_m[rows] - self._base_m
        loss_db = self._loss_db(rows, distance_m)
        up = rise_m / np.sqrt(distance_m * distance_m + rise_m * rise_m)
        zenith_deg = _DEGREES * np.arctan2(distance_m, rise_m)
        azimuth_deg = _DEGREES * np.arctan2(north_m, east_m)
        ratios = np.empty((self.sectors.count, len(rows)), dtype=np.float32)
        for panels in self._panels:
            antenna, sites = panels.antenna, panels.sites
            zeniths_deg, azimuths_deg = zenith_deg[sites], azimuth_deg[sites]
            # A panel that is tilted itself has a column gain of its own for every bearing.
            without_db = -loss_db[sites]
            if not antenna.mechanical_tilt_deg:
                without_db += column_gain_db(
                    up[sites],
                    elements=antenna.elements,
                    spacing_wavelengths=antenna.spacing_wavelengths,
                    tilt_deg=antenna.tilt_deg,
                )
            gain_dbi = antenna.gain_dbi if antenna.mechanical_tilt_deg else element_gain_dbi
            for places, sectors in panels.members:
                bearing_deg = azimuths_deg[places] - self.sectors.azimuth_deg[sectors, np.newaxis]
                level_db = gain_dbi(zeniths_deg[places], bearing_deg)
                level_db += without_db[places]
                level_db += self._level_dbm[sectors]
                level_db *= _PER_DB
                ratios[sectors] = np.exp(level_db, out=level_db)
        return ratios

    def _place(self, rows: Indices) -> tuple[Floats, Floats, Floats]:
        """Vector from the nearest image of every site to some users, and its length."""
        east_m, north_m = self.sectors.offset_m(self._sites, self._x_m[rows], self._y_m[rows])
        return east_m, north_m, np.sqrt(east_m * east_m + north_m * north_m)

    def _sees(self, rows: Indices, distance_m: Floats) -> Bools:
        """Line-of-sight state of some users and every site."""
        probability = los_probability(
            self.channel.environment,
            distance_2d_m=np.maximum(distance_m - self.terminals.inside_m[rows], 0.0),
            user_height_m=self.terminals.height_m[rows],
        )
        per_m = 1.0 / los_correlation_distance_m(self.channel.environment)
        u, v = self.channel.offsets[:, LOS_FIELD].T[:, :, np.newaxis]
        return sees_base(
            probability, self.channel.field.at(self._x_m[rows] * per_m + u, self._y_m[rows] * per_m + v)
        )

    def _loss_db(self, rows: Indices, distance_m: Floats) -> Floats:
        """Path loss, shadow fading and entry loss between some users and every site."""
        sees = self._sees(rows, distance_m)
        loss_db = path_loss_db(
            self.channel.environment,
            sees,
            distance_2d_m=distance_m,
            base_height_m=self._base_m,
            user_height_m=self.terminals.height_m[rows],
            carrier_hz=self.channel.carrier_hz,
            environment_height_m=self._roof_m(rows, distance_m),
            building_height_m=self.channel.building_height_m,
            street_width_m=self.channel.street_width_m,
        )
        loss_db += self.terminals.entry_loss_db[rows]
        if self.channel.shadowing:
            loss_db += self._shadow_db(rows, distance_m, sees)
        return loss_db

    def _shadow_db(self, rows: Indices, distance_m: Floats, sees: Bools) -> Floats:
        """Shadow fading of some users and every site."""
        environment = self.channel.environment
        sight = np.where(sees, Sight.LOS, Sight.NLOS)
        sight[:, self.terminals.indoor[rows]] = Sight.INDOOR
        beyond: Bools | bool = False
        if environment is Environment.RMA:
            beyond = distance_m > breakpoint_m(
                environment,
                base_height_m=self._base_m,
                user_height_m=self.terminals.height_m[rows],
                carrier_hz=self.channel.carrier_hz,
            )
        per_m = (1.0 / correlation_distance_m(environment, list(Sight)))[sight]
        kinds = self.channel.offsets.shape[1]
        starts_u, starts_v = self.channel.offsets.reshape(-1, 2).T.copy()
        start = sight + kinds * self._sites
        u, v = self._x_m[rows] * per_m, self._y_m[rows] * per_m
        u += starts_u[start]
        v += starts_v[start]
        return sigma_db(environment, sight, beyond_breakpoint=beyond) * self.channel.field.at(u, v)

    def _roof_m(self, rows: Indices, distance_m: Floats) -> Floats | float:
        """Effective environment height between some users and every site; 1 m but for high users in UMa."""
        height_m = self.terminals.height_m[rows]
        tall = np.flatnonzero(height_m > TALL_USER_M)
        if self.channel.environment is not Environment.UMA or not tall.size:
            return 1.0
        number = self.terminals.identity[rows[tall]] * self.sectors.sites + self._sites
        drawn_m = environment_height_m(
            hashed_uniform(self.channel.height_key, number),
            distance_2d_m=distance_m[:, tall],
            user_height_m=height_m[tall],
        )
        roof_m = np.ones(distance_m.shape)
        roof_m[:, tall] = np.minimum(drawn_m, self._base_m - HEADROOM_M)
        return roof_m


def _panels(sectors: Sectors) -> list[_Panels]:
    """Group the sectors by antenna, and within by their place among the sectors of their site."""
    groups = []
    for number, antenna in enumerate(sectors.antennas):
        having = np.flatnonzero(sectors.antenna == number)
        sites, place = np.unique(sectors.site[having], return_inverse=True)
        order = np.argsort(place, kind="stable")
        rank = np.empty(len(having), dtype=np.int64)
        rank[order] = np.arange(len(having)) - np.searchsorted(place[order], place[order])
        members = []
        for level in range(rank.max(initial=-1) + 1):
            chosen = order[rank[order] == level]
            members.append((_all_or_some(place[chosen], len(sites)), having[chosen]))
        if members:
            groups.append(_Panels(antenna, _all_or_some(sites, sectors.sites), tuple(members)))
    return groups


def _all_or_some(indices: Indices, count: int) -> Indices | slice:
    """A slice when increasing indices name everything: reading by it copies nothing."""
    return slice(None) if len(indices) == count else indices
