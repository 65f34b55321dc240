"""The radio epoch in plain numpy: the reference of the other implementations, and the default."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netgen.propagation.antenna import SectorAntenna, array_factor_db, element_gain_dbi
from netgen.propagation.line_of_sight import los_correlation_distance_m, los_probability, sees_base
from netgen.propagation.path_loss import (
    Environment,
    breakpoint_m,
    environment_height_m,
    los_path_loss_db,
    nlos_path_loss_db,
)
from netgen.propagation.shadow_fading import Sight, correlation_distance_m, sigma_db
from netgen.radio.channel import LOS_FIELD, Channel, Terminals
from netgen.radio.link_constants import HEADROOM_M, TALL_USER_M
from netgen.radio.sectors import Sectors
from netgen.radio.signals import Floats, Indices, Signals, Singles, chunks
from netgen.rng import hashed_uniform

Bools = NDArray[np.bool_]

_PER_DB = np.log(10.0) / 10.0


class NumpySignals(Signals):
    """The reference: float64 arithmetic of `netgen.propagation`, stored as float32, some thousand users at a time."""

    def __init__(self, sectors: Sectors, terminals: Terminals, channel: Channel, *, noise_dbm: float) -> None:
        super().__init__(sectors, terminals, channel, noise_dbm=noise_dbm)
        self._snr = np.zeros((terminals.count, sectors.count), dtype=np.float32)

    @property
    def snr(self) -> Singles:
        """(U, S) linear signal-to-noise ratio, read-only; 0 for users who have not been placed yet."""
        view = self._snr.view()
        view.flags.writeable = False
        return view

    def line_of_sight(self, rows: Indices) -> Bools:
        """(n, B) state of the links between users and sites, where the users are now."""
        self._check_rows(rows)
        places = [self._place(rows, site) for site in range(self.sectors.sites)]
        return np.stack([self._sees(rows, site, place[2]) for site, place in enumerate(places)], axis=1)

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
        for part in chunks(len(rows)):
            users = rows[part]
            ratios = np.empty((len(users), self.sectors.count), dtype=np.float32)
            for site in range(self.sectors.sites):
                self._fill_site(users, site, ratios)
            self._snr[users] = ratios

    def _fill_site(self, rows: Indices, site: int, ratios: Singles) -> None:
        """Write the ratios of some users with the sectors of one site."""
        east_m, north_m, distance_m = self._place(rows, site)
        rise_m = self.terminals.height_m[rows] - self.sectors.height_m[self.sectors.first_of_site[site]]
        loss_db = self._loss_db(rows, site, distance_m)
        zenith_deg = np.rad2deg(np.arctan2(distance_m, rise_m))
        azimuth_deg = np.rad2deg(np.arctan2(north_m, east_m))
        for antenna, members in self.sectors.panels_of_site(site):
            column_db = _column_db(antenna, zenith_deg)
            for sector in members:
                bearing_deg = azimuth_deg - self.sectors.azimuth_deg[sector]
                if antenna.mechanical_tilt_deg:
                    gain_db = antenna.gain_dbi(zenith_deg, bearing_deg)
                else:
                    gain_db = element_gain_dbi(zenith_deg, bearing_deg) + column_db
                level_db = gain_db - loss_db + (self.sectors.power_dbm[sector] - self.noise_dbm)
                ratios[:, sector] = np.exp(_PER_DB * level_db)

    def _place(self, rows: Indices, site: int) -> tuple[Floats, Floats, Floats]:
        """Vector from the nearest image of a site to some users, and its length."""
        east_m, north_m = self.sectors.offset_m(site, self._x_m[rows], self._y_m[rows])
        return east_m, north_m, np.sqrt(east_m**2 + north_m**2)

    def _sees(self, rows: Indices, site: int, distance_m: Floats) -> Bools:
        """Line-of-sight state of some users and one site."""
        probability = los_probability(
            self.channel.environment,
            distance_2d_m=np.maximum(distance_m - self.terminals.inside_m[rows], 0.0),
            user_height_m=self.terminals.height_m[rows],
        )
        scale_m = los_correlation_distance_m(self.channel.environment)
        u, v = self.channel.offsets[site, LOS_FIELD]
        return sees_base(
            probability, self.channel.field.at(self._x_m[rows] / scale_m + u, self._y_m[rows] / scale_m + v)
        )

    def _loss_db(self, rows: Indices, site: int, distance_m: Floats) -> Floats:
        """Path loss, shadow fading and entry loss between some users and one site."""
        sees = self._sees(rows, site, distance_m)
        roof_m = self._roof_m(rows, site, distance_m)
        loss_db = self.terminals.entry_loss_db[rows]
        for state, formula in ((sees, los_path_loss_db), (~sees, nlos_path_loss_db)):
            which = np.flatnonzero(state)
            options = {} if formula is los_path_loss_db else {"street_width_m": self.channel.street_width_m}
            loss_db[which] += formula(
                self.channel.environment,
                distance_2d_m=distance_m[which],
                base_height_m=self._base_m(site),
                user_height_m=self.terminals.height_m[rows[which]],
                carrier_hz=self.channel.carrier_hz,
                environment_height_m=roof_m[which],
                building_height_m=self.channel.building_height_m,
                **options,
            )
        return loss_db + self._shadow_db(rows, site, distance_m, sees) if self.channel.shadowing else loss_db

    def _shadow_db(self, rows: Indices, site: int, distance_m: Floats, sees: Bools) -> Floats:
        """Shadow fading of some users and one site."""
        environment, field = self.channel.environment, self.channel.field
        sight = np.where(self.terminals.indoor[rows], Sight.INDOOR, np.where(sees, Sight.LOS, Sight.NLOS))
        turning_m: Floats | float = np.inf
        if environment is Environment.RMA:
            turning_m = breakpoint_m(
                environment,
                base_height_m=self._base_m(site),
                user_height_m=self.terminals.height_m[rows],
                carrier_hz=self.channel.carrier_hz,
            )
        sigma = sigma_db(environment, sight, beyond_breakpoint=distance_m > turning_m)
        per_m = 1.0 / correlation_distance_m(environment, sight)
        u, v = self.channel.offsets[site, sight].T
        return sigma * field.at(self._x_m[rows] * per_m + u, self._y_m[rows] * per_m + v)

    def _roof_m(self, rows: Indices, site: int, distance_m: Floats) -> Floats:
        """Effective environment height between some users and one site; 1 m but for high users in UMa."""
        height_m = self.terminals.height_m[rows]
        if self.channel.environment is not Environment.UMA or height_m.max() <= TALL_USER_M:
            return np.ones(len(rows))
        number = self.terminals.identity[rows] * self.sectors.sites + site
        uniform = hashed_uniform(self.channel.height_key, number)
        roof_m = environment_height_m(uniform, distance_2d_m=distance_m, user_height_m=height_m)
        return np.minimum(roof_m, self._base_m(site) - HEADROOM_M)

    def _base_m(self, site: int) -> float:
        """Height of a site's antennas."""
        return float(self.sectors.height_m[self.sectors.first_of_site[site]])


def _column_db(antenna: SectorAntenna, zenith_deg: Floats) -> Floats | float:
    """Array factor towards some zenith angles; 0 where the panel's own tilt makes it depend on the azimuth."""
    if antenna.mechanical_tilt_deg:
        return 0.0
    return array_factor_db(
        zenith_deg,
        elements=antenna.elements,
        spacing_wavelengths=antenna.spacing_wavelengths,
        tilt_deg=antenna.tilt_deg,
    )
