"""The second half of the compiled radio epoch: antennas of all sectors, and the loop over users and sites."""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from netgen.propagation.antenna import NULL_DEPTH_DB
from netgen.radio.channel import LOS_FIELD
from netgen.radio.elementary import compiled, compiled_parallel, fade, sine, singles, turns
from netgen.radio.link_constants import BEAMWIDTH_DEG, LARGEST_ATTENUATION_DB, OCTAVES_PER_DB
from netgen.radio.link_kernels import (
    AZIMUTH,
    CLIMB,
    COLUMN,
    DISTANCE,
    DOUBLE_ROWS,
    DOWN,
    EAST,
    GAIN,
    INTEGER_ROWS,
    INVERSE,
    LANES,
    LIFT,
    NORTH,
    PART,
    RISE,
    ROOF,
    SINGLE_ROWS,
    Floats,
    Indices,
    Integers,
    Law,
    Network,
    Singles,
    Users,
    load,
    lose,
    place,
    read,
    roofs,
    see,
)

_CHUNK = 512
_ZERO, _HALF, _ONE, _SAME = singles(0.0, 0.5, 1.0, 1e-7)
_MOST, _PER_TURN2, _NULL = singles(
    LARGEST_ATTENUATION_DB * OCTAVES_PER_DB,
    12.0 * (360.0 / BEAMWIDTH_DEG) ** 2 * OCTAVES_PER_DB,
    10.0 ** (0.1 * NULL_DEPTH_DB),
)


@compiled
def _column(elements: float, halves: float) -> np.float32:
    """Power gain of a column of elements over one of them; `halves` is half the phase between two over pi."""
    bottom = sine(np.float32(halves - np.floor(halves + 0.5)))
    many = elements * halves
    top = sine(np.float32(many - np.floor(many + 0.5)))
    alike = abs(bottom) < _SAME
    ratio = np.float32(elements) if alike else top / (_ONE if alike else bottom)
    return max(ratio * ratio / np.float32(elements), _NULL)


@compiled
def _upright(net: Network, panel: int, s: Singles, d: Floats, tile: Singles) -> None:
    """Ratios with the sectors of a panel that is not tilted itself: one column gain for all of them."""
    elements, spacing, beam = float(net.elements[panel]), net.spacing[panel], net.beam[panel]
    for k in range(LANES):
        halves = spacing * (d[RISE + k] * d[INVERSE + k] - beam)
        s[COLUMN + k] = s[GAIN + k] * _column(elements, halves)
        s[AZIMUTH + k] = turns(np.float32(d[NORTH + k]), np.float32(d[EAST + k]))
        down = turns(np.float32(d[RISE + k]), s[DISTANCE + k])
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
    elements, spacing, beam = float(net.elements[panel]), net.spacing[panel], net.beam[panel]
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
            column = _column(elements, spacing * (own_up - beam))
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
            s[ROOF + k], s[LIFT + k], n[PART + k] = law.roof_m, _ZERO, LOS_FIELD
        if tall:
            roofs(law, net.height_m[site], site, sites, s, d, identity)
        read(law, net.starts[site], s, n)
        see(law, s, n)
        if law.shadowing:
            read(law, net.starts[site], s, n)
        lose(net, law, site, s, d, n)
        for panel in range(net.panels[site], net.panels[site + 1]):
            if net.tilt[panel] == 0.0:
                _upright(net, panel, s, d, tile)
            else:
                _tilted(net, panel, s, d, tile)


@compiled_parallel
def fill(net: Network, law: Law, users: Users, rows: Indices, snr: Singles) -> None:
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
