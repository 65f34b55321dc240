"""The radio epoch in PyTorch tensors: the same formulas for blocks of users and all sites at once, on any device."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netgen.errors import InputError
from netgen.propagation.antenna import ELEMENT_GAIN_DBI, NULL_DEPTH_DB
from netgen.propagation.path_loss import SHORTEST_DISTANCE_M, Environment
from netgen.propagation.shadow_fading import Sight
from netgen.radio.channel import LOS_FIELD, Channel, Terminals
from netgen.radio.link_constants import (
    BEAMWIDTH_DEG,
    HEADROOM_M,
    LARGEST_ATTENUATION_DB,
    TALL_USER_M,
    link_constants,
)
from netgen.radio.sectors import Sectors
from netgen.radio.signals import Floats, Indices, Signals, Singles, chunks

_CHUNK = {"cpu": 2048}
_LARGE_CHUNK = 65536
_WORD = 2**64
_STEPS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


class TorchSignals(Signals):
    """The tensor twin: geometry and field coordinates in float64, the rest in float32; `device` as torch names it.

    The last bits of a result may depend on how calls are batched, because torch computes the ends of a tensor with
    other instructions than its middle.
    """

    def __init__(
        self,
        sectors: Sectors,
        terminals: Terminals,
        channel: Channel,
        *,
        noise_dbm: float,
        device: str = "cpu",
    ) -> None:
        super().__init__(sectors, terminals, channel, noise_dbm=noise_dbm)
        try:
            self.device = torch.device(device)
            self._snr = torch.zeros((terminals.count, sectors.count), dtype=torch.float32, device=self.device)
        except (RuntimeError, AssertionError) as error:  # torch raises either for a device that is not there
            raise InputError(
                f'device = "{device}" cannot be used by torch: {str(error).splitlines()[0]}'
            ) from None
        self._chunk = _CHUNK.get(self.device.type, _LARGE_CHUNK)
        self._constants = link_constants(sectors, terminals, channel)
        self._urban_macro = channel.environment is Environment.UMA
        self._rural = channel.environment is Environment.RMA
        self._load_users()
        self._load_sites()
        self._load_panels()

    def _load_users(self) -> None:
        """Put what is known of the users on the device."""
        terminals = self.terminals
        self._height_m = self._doubles(terminals.height_m)
        self._inside_m = self._doubles(terminals.inside_m)
        self._indoor = torch.tensor(terminals.indoor, device=self.device)
        self._identity = torch.tensor(terminals.identity, device=self.device)
        self._walls_db = self._singles(terminals.entry_loss_db)
        self._user_db = self._singles(self._constants.user_db)

    def _load_sites(self) -> None:
        """Put the sites and the field on the device."""
        sectors, constants, field = self.sectors, self._constants, self.channel.field
        first = sectors.first_of_site
        self._site_x_m, self._site_y_m = self._doubles(sectors.x_m[first]), self._doubles(sectors.y_m[first])
        self._base_m = self._doubles(sectors.height_m[first])
        self._nlos_db, self._nlos_slope = (
            self._singles(constants.nlos_db),
            self._singles(constants.nlos_slope),
        )
        self._images_m = self._doubles(sectors.image_offsets_m)
        self._per_m, self._starts = self._doubles(constants.per_m), self._doubles(constants.starts)
        self._sigma_db = self._singles(constants.sigma_db)
        self._field = torch.tensor(field.values, device=self.device).reshape(-1)
        self._side = len(field.values)
        self._near = math.exp(-1.0 / field.samples_per_distance)
        self._across = math.exp(-math.sqrt(2.0) / field.samples_per_distance)

    def _load_panels(self) -> None:
        """Put the panels (sectors of one site with one antenna) and the sectors on the device."""
        sectors = self.sectors
        panels = [(site, *panel) for site in range(sectors.sites) for panel in sectors.panels_of_site(site)]
        number = np.empty(sectors.count, dtype=np.int64)
        for index, (_, _, members) in enumerate(panels):
            number[members] = index
        antennas = [antenna for _, antenna, _ in panels]
        self._tilted = any(antenna.mechanical_tilt_deg for antenna in antennas)
        of_panel = number if self._tilted else np.arange(len(panels))
        self._column_site = self._integers(np.array([site for site, _, _ in panels])[of_panel])
        self._elements = self._doubles(np.array([antenna.elements for antenna in antennas])[of_panel])
        self._spacing = self._doubles(
            np.array([antenna.spacing_wavelengths for antenna in antennas])[of_panel]
        )
        self._beam = self._doubles(-np.sin(np.deg2rad([antenna.tilt_deg for antenna in antennas]))[of_panel])
        self._tilt = self._doubles(
            np.deg2rad([antenna.mechanical_tilt_deg for antenna in antennas])[of_panel]
        )
        self._site, self._panel = self._integers(sectors.site), self._integers(number)
        self._bearing = self._doubles(np.deg2rad(sectors.azimuth_deg))
        level_db = sectors.power_dbm + ELEMENT_GAIN_DBI - self.noise_dbm
        self._level_db = self._singles(level_db)

    def _doubles(self, values: Floats | NDArray[np.int64]) -> Tensor:
        return torch.tensor(np.asarray(values), dtype=torch.float64, device=self.device)

    def _singles(self, values: Floats) -> Tensor:
        return torch.tensor(np.asarray(values), dtype=torch.float32, device=self.device)

    def _integers(self, values: Indices) -> Tensor:
        return torch.tensor(np.asarray(values), dtype=torch.int64, device=self.device)

    @property
    def snr(self) -> Singles:
        """(U, S) linear signal-to-noise ratio, read-only; a copy when it is kept on another device."""
        view: Singles = self._snr.cpu().numpy().view()
        view.flags.writeable = False
        return view

    def sinr(self, rows: Indices, serving: Indices, activity: Floats) -> Singles:
        """Ratio of the serving sector's signal to noise and interference; see `Signals.sinr`."""
        self._check_load(rows, serving, activity)
        shares = self._singles(activity)
        result = np.empty(len(rows), dtype=np.float32)
        for part in chunks(len(rows), self._chunk):
            ratios = self._snr[self._integers(rows[part])]
            sector = self._integers(np.maximum(serving[part], 0)).unsqueeze(1)
            own = ratios.gather(1, sector).squeeze(1)
            others = (ratios * shares).scatter_(1, sector, 0.0)
            ratio = own / (1.0 + others.sum(dim=1))
            result[part] = np.where(serving[part] >= 0, ratio.cpu().numpy(), np.float32(0.0))
        return result

    def strongest(self, rows: Indices) -> Indices:
        """(n,) sector that each user receives best; of equal ones the first."""
        self._check_rows(rows)
        result = np.empty(len(rows), dtype=np.int64)
        for part in chunks(len(rows), self._chunk):
            ratios = self._snr[self._integers(rows[part])]
            first = (ratios == ratios.amax(dim=1, keepdim=True)).to(torch.uint8).argmax(dim=1)
            result[part] = first.cpu().numpy()
        return result

    def received_dbm(self, rows: Indices) -> Singles:
        """(n, S) float32, dBm: power over the whole carrier that users receive from every sector."""
        self._check_rows(rows)
        ratios = self._snr[self._integers(rows)]
        power_dbm: Singles = ratios.log10_().mul_(10.0).add_(self.noise_dbm).cpu().numpy()
        return power_dbm

    def _compute(self, rows: Indices) -> None:
        """Compute the ratios of some users with every sector."""
        with torch.no_grad():
            for part in chunks(len(rows), self._chunk):
                users = self._integers(rows[part])
                x_m, y_m = self._doubles(self._x_m[rows[part]]), self._doubles(self._y_m[rows[part]])
                self._snr[users] = self._ratios(users, x_m.unsqueeze(1), y_m.unsqueeze(1))

    def _ratios(self, users: Tensor, x_m: Tensor, y_m: Tensor) -> Tensor:
        """Ratios (n, S) of users at some positions (n, 1)."""
        east_m, north_m, flat_m = self._place(x_m, y_m)
        rise_m = self._height_m[users].unsqueeze(1) - self._base_m
        loss_db = self._loss_db(users, x_m, y_m, flat_m, rise_m)
        up = rise_m / torch.sqrt(flat_m**2 + rise_m**2)
        if self._tilted:
            gain_db = self._tilted_gain_db(east_m, north_m, flat_m, up)
        else:
            gain_db = self._upright_gain_db(east_m, north_m, flat_m, rise_m, up)
        level_db = gain_db + self._level_db - loss_db[:, self._site]
        return torch.exp(level_db * (math.log(10.0) / 10.0))

    def _place(self, x_m: Tensor, y_m: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Vector (n, B) from the nearest image of every site, and its length."""
        best = (torch.empty(0), torch.empty(0), torch.empty(0))
        for index, image in enumerate(self._images_m):
            east_m, north_m = x_m - (self._site_x_m + image[0]), y_m - (self._site_y_m + image[1])
            square_m2 = east_m**2 + north_m**2
            if index:
                nearer = square_m2 < best[2]
                found = (east_m, north_m, square_m2)
                best = tuple(torch.where(nearer, new, old) for new, old in zip(found, best, strict=True))  # type: ignore[assignment]
            else:
                best = (east_m, north_m, square_m2)
        return best[0], best[1], torch.sqrt(best[2])

    def _read(self, x_m: Tensor, y_m: Tensor, part: Tensor) -> Tensor:
        """Field (n, B) at positions (n, 1), in the part that belongs to every link's state (n, B)."""
        site = torch.arange(len(self._base_m), device=self.device)
        per_m, starts = self._per_m[part], self._starts[site, part]
        u, v = x_m * per_m + starts[..., 0], y_m * per_m + starts[..., 1]
        u, v = (u - torch.floor(u)) * self._side, (v - torch.floor(v)) * self._side
        i, j = u.long().clamp_(max=self._side - 1), v.long().clamp_(max=self._side - 1)
        a, b = (u - i).float(), (v - j).float()
        i_next, j_next = (i + 1) % self._side * self._side, (j + 1) % self._side
        i = i * self._side
        low = (1.0 - b) * self._field[i + j] + b * self._field[i + j_next]
        high = (1.0 - b) * self._field[i_next + j] + b * self._field[i_next + j_next]
        both_a, both_b = 2.0 * a * (1.0 - a), 2.0 * b * (1.0 - b)
        one_a, one_b = 1.0 - both_a, 1.0 - both_b
        variance = (
            one_a * one_b + self._near * (both_a * one_b + one_a * both_b) + self._across * both_a * both_b
        )
        return ((1.0 - a) * low + a * high) / torch.sqrt(variance)

    def _sees(self, users: Tensor, x_m: Tensor, y_m: Tensor, flat_m: Tensor) -> Tensor:
        """Line-of-sight state (n, B)."""
        constants = self._constants
        out_m = flat_m - self._inside_m[users].unsqueeze(1)
        beyond_m = out_m.clamp(min=constants.sure_m)
        if self._rural:
            probability = torch.exp((constants.sure_m - beyond_m) / constants.decay_m)
        else:
            near = constants.sure_m / beyond_m
            probability = near + torch.exp(-beyond_m / constants.decay_m) * (1.0 - near)
        if self._urban_macro:
            probability = probability * (1.0 + self._tall_gain(users, out_m))
        part = torch.full(flat_m.shape, LOS_FIELD, device=self.device)
        sees: Tensor = torch.special.ndtr(self._read(x_m, y_m, part).double()) < probability
        return sees

    def _tall_gain(self, users: Tensor, distance_m: Tensor) -> Tensor:
        """C(d, h) of UMa (n, B)."""
        rise = ((self._height_m[users] - TALL_USER_M).clamp(0.0, 10.0) / 10.0) ** 1.5
        reach = 1.25 * (distance_m / 100.0) ** 3 * torch.exp(-distance_m / 150.0)
        gain: Tensor = rise.unsqueeze(1) * torch.where(distance_m > 18.0, reach, 0.0)
        return gain

    def _roof_m(self, users: Tensor, flat_m: Tensor) -> Tensor | float:
        """Effective environment height (n, B); a draw of every link for high users in UMa."""
        if not self._urban_macro:
            return self._constants.roof_m
        gain = self._tall_gain(users, flat_m)
        sites = torch.arange(len(self._base_m), device=self.device)
        drawn = _hashed_uniform(
            int(self.channel.height_key), self._identity[users].unsqueeze(1) * len(sites) + sites
        )
        rest = drawn * (1.0 + gain) - 1.0
        floors = (torch.floor((self._height_m[users].unsqueeze(1) - 13.5) / 3.0) + 1.0).clamp(min=1.0)
        floor = torch.minimum(torch.floor(rest / gain.clamp(min=1e-30) * floors), floors - 1.0)
        roof_m = torch.minimum(12.0 + 3.0 * floor, self._base_m - HEADROOM_M)
        return torch.where((gain > 0) & (rest >= 0), roof_m, 1.0)

    def _loss_db(self, users: Tensor, x_m: Tensor, y_m: Tensor, flat_m: Tensor, rise_m: Tensor) -> Tensor:
        """Path loss, shadow fading and entry loss (n, B)."""
        constants = self._constants
        sees = self._sees(users, x_m, y_m, flat_m)
        roof_m = self._roof_m(users, flat_m)
        turning_m = constants.turning_per_m * (self._base_m - roof_m) * (self._base_m + rise_m - roof_m)
        clear_m = flat_m.clamp(min=SHORTEST_DISTANCE_M)
        beyond = clear_m > turning_m
        space_m2 = clear_m**2 + rise_m**2
        log_m = 0.5 * torch.log10(space_m2.float())
        bent = (40.0 - constants.los_slope) * log_m
        bent -= constants.turning_slope * torch.log10((turning_m**2 + constants.drop * rise_m**2).float())
        if constants.excess_db_per_m:
            bent += constants.excess_db_per_m * (turning_m - torch.sqrt(space_m2)).float()
        los_db = constants.los_db + constants.los_slope * log_m + torch.where(beyond, bent, 0.0)
        if constants.excess_db_per_m:
            los_db += constants.excess_db_per_m * torch.sqrt(space_m2).float()
        nlos_db = self._nlos_db + self._nlos_slope * log_m + self._user_db[users].unsqueeze(1)
        loss_db = torch.where(sees, los_db, torch.maximum(los_db, nlos_db)) + self._walls_db[users].unsqueeze(
            1
        )
        if not self.channel.shadowing:
            return loss_db
        indoor = self._indoor[users].unsqueeze(1)
        part = torch.where(indoor, int(Sight.INDOOR), torch.where(sees, int(Sight.LOS), int(Sight.NLOS)))
        sigma_db = self._sigma_db[torch.where((part == Sight.LOS) & beyond, LOS_FIELD, part)]
        return loss_db + sigma_db * self._read(x_m, y_m, part)

    def _column_db(self, up: Tensor) -> Tensor:
        """Array factor towards directions given by their upward part (n, P)."""
        halves = self._spacing * (up - self._beam)
        bottom, top = _sine(halves), _sine(self._elements * halves)
        alike = bottom.abs() < 1e-7
        amplitude = torch.where(alike, self._elements.float(), top / torch.where(alike, 1.0, bottom))
        power = amplitude**2 / self._elements.float()
        return 10.0 * torch.log10(power.clamp(min=10.0 ** (0.1 * NULL_DEPTH_DB)))

    def _upright_gain_db(
        self, east_m: Tensor, north_m: Tensor, flat_m: Tensor, rise_m: Tensor, up: Tensor
    ) -> Tensor:
        """Gain (n, S) less the element's maximum, when no panel is tilted itself."""
        column_db = self._column_db(up[:, self._column_site])
        turn = torch.rad2deg(torch.atan2(north_m, east_m))[:, self._site] - torch.rad2deg(self._bearing)
        turn = (turn - 360.0 * torch.round(turn / 360.0)).float()
        down = torch.rad2deg(torch.atan2(rise_m.float(), flat_m.float()))[:, self._site]
        return _element_db(turn, down) + column_db[:, self._panel]

    def _tilted_gain_db(self, east_m: Tensor, north_m: Tensor, flat_m: Tensor, up: Tensor) -> Tensor:
        """Gain (n, S) less the element's maximum, directions turned into the frame of every sector."""
        level = torch.sqrt(1.0 - up**2) / flat_m.clamp(min=1e-9)
        east, north, up = (east_m * level)[:, self._site], (north_m * level)[:, self._site], up[:, self._site]
        cosine, sine = torch.cos(self._bearing), torch.sin(self._bearing)
        forward, left = cosine * east + sine * north, (cosine * north - sine * east).float()
        own_forward = (torch.cos(self._tilt) * forward - torch.sin(self._tilt) * up).float()
        own_up = torch.sin(self._tilt) * forward + torch.cos(self._tilt) * up
        down = torch.rad2deg(torch.atan2(own_up.float(), torch.hypot(own_forward, left)))
        turn = torch.rad2deg(torch.atan2(left, own_forward))
        return _element_db(turn, down) + self._column_db(own_up)


def _element_db(turn_deg: Tensor, down_deg: Tensor) -> Tensor:
    """Gain of an element less its maximum, from the angles off its normal."""
    fade_db = 12.0 * ((turn_deg / BEAMWIDTH_DEG) ** 2 + (down_deg / BEAMWIDTH_DEG) ** 2)
    return -fade_db.clamp(max=LARGEST_ATTENUATION_DB)


def _sine(halves: Tensor) -> Tensor:
    """Sine of pi times a number, up to its sign, exact near every zero."""
    return torch.sin(math.pi * (halves - torch.round(halves)).float())


def _hashed_uniform(key: int, counter: Tensor) -> Tensor:
    """`netgen.rng.hashed_uniform` in signed 64-bit words, which wrap alike; shifts bring in zeros by a mask."""
    state = counter * _signed(0x9E3779B97F4A7C15) + _signed(key)
    for shift, factor in _STEPS:
        state = (state ^ ((state >> shift) & ((1 << (64 - shift)) - 1))) * _signed(factor)
    state = state ^ ((state >> 31) & ((1 << 33) - 1))
    return ((state >> 11) & ((1 << 53) - 1)).double() * 2.0**-53


def _signed(word: int) -> int:
    """An unsigned 64-bit word as the signed one with the same bits."""
    return word - _WORD if word >= _WORD // 2 else word
