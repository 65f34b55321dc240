"""Sites on a hexagonal grid, with wrap-around by choice.

Site 1 is the middle, at the origin; each ring follows counter-clockwise from the direction of the first
neighbour. The cell of a site is what is nearest to it: a regular hexagon of circumradius d / sqrt(3) (d:
inter-site distance) whose sides face the neighbours. The service area is the union of the cells.

Three sectors look to 30, 150 and 270 degrees; a single one looks to 0. With the first neighbour at 30
degrees each boresight points at a neighbouring site, and the sector cells are three hexagons that meet at
the site (clover leaf); with it at 0 each boresight points at a corner of the site's cell.

With wrap-around the whole cluster is repeated around itself by the six vectors of length d sqrt(B) that turn
(r + 1, r) on the grid by multiples of 60 degrees (B sites in r rings), so that a point of the area sees the
same surroundings everywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netgen.errors import ModelRangeError
from netgen.topology.layout import SiteLayout

Floats = NDArray[np.float64]

RINGS = {1: 0, 7: 1, 19: 2, 37: 3}
"""Rings around the middle site for each number of sites."""

BORESIGHTS_DEG = {1: (0.0,), 3: (30.0, 150.0, 270.0)}
"""Boresights by number of sectors, counter-clockwise from the x axis."""


def hexagonal_layout(
    sites: int,
    *,
    inter_site_distance_m: float,
    height_m: float,
    sectors: int = 3,
    tilt_deg: float = 0.0,
    wrap_around: bool = False,
    first_neighbour_deg: float = 30.0,
) -> SiteLayout:
    """Sites on rings around the origin, each serving the points that are nearest to it.

    Parameters
    ----------
    sites : int                         1, 7, 19 or 37.
    inter_site_distance_m : float, m    Distance between neighbours, > 0.
    height_m : float, m                 Antenna height of every site, > 0.
    sectors : int                       1 or 3 per site.
    tilt_deg : float, degree            Tilt of every sector below the horizon.
    wrap_around : bool                  Whether the network is repeated around itself.
    first_neighbour_deg : float, degree Direction from a site to one of its neighbours.

    Returns
    -------
    SiteLayout                          Sectors in order of sites, then of boresights.

    Raises
    ------
    ModelRangeError                     No such number of sites or of sectors, or the distance is not > 0.

    Valid for                           Clusters of up to three rings: for these the seven copies hold the
                                        nearest one from any point of `bounding_hexagon`.
    Source                              Boresights: TR 38.901 Table 7.8-1 and ITU-R M.2412, as kept by open
                                        implementations. They differ in `first_neighbour_deg`: QuaDRiGa 2
                                        has 30, Sionna 2.2 has 0.
    """
    if sites not in RINGS or sectors not in BORESIGHTS_DEG:
        raise ModelRangeError(f"{sites} sites with {sectors} sectors; accepted: 1, 7, 19 or 37 with 1 or 3")
    if not (np.isfinite(inter_site_distance_m) and inter_site_distance_m > 0):
        raise ModelRangeError(f"inter_site_distance_m = {inter_site_distance_m} m; accepted: > 0")
    if not (np.isfinite(first_neighbour_deg) and np.isfinite(tilt_deg)):
        raise ModelRangeError(
            f"first_neighbour_deg = {first_neighbour_deg} or tilt_deg = {tilt_deg} is not finite"
        )
    rings = RINGS[sites]
    steps = _spiral(rings)
    middle_m = _grid_m(inter_site_distance_m, first_neighbour_deg, steps)
    around = _turned(rings + 1, rings) if wrap_around else []
    return SiteLayout(
        names=tuple(f"site-{number}" for number in range(1, sites + 1)),
        x_m=middle_m[:, 0],
        y_m=middle_m[:, 1],
        height_m=np.full(sites, height_m),
        sector_site=np.repeat(np.arange(sites, dtype=np.int64), sectors),
        sector_azimuth_deg=np.tile(BORESIGHTS_DEG[sectors], sites),
        sector_tilt_deg=np.full(sites * sectors, tilt_deg),
        outline_m=_grid_m(inter_site_distance_m / 3.0, first_neighbour_deg, _outline(steps)),
        image_offsets_m=_grid_m(inter_site_distance_m, first_neighbour_deg, [(0, 0), *around]),
    )


def bounding_hexagon(
    sites: int, *, inter_site_distance_m: float, first_neighbour_deg: float = 30.0, wrap_around: bool = False
) -> tuple[float, float]:
    """Circumradius and direction of the first corner of a regular hexagon for users to move in.

    Without wrap-around it is the smallest regular hexagon that holds all cells and has corners where the
    cluster has its outermost sites; with wrap-around it is the hexagon that tiles the plane by the
    cluster's own translations, of exactly the cluster's area (a user who leaves it at one side comes in at
    the opposite one).

    Parameters
    ----------
    sites : int                         1, 7, 19 or 37.
    inter_site_distance_m : float, m    Distance between neighbours, > 0.
    first_neighbour_deg : float, degree Direction from a site to one of its neighbours.
    wrap_around : bool                  Whether the network is repeated around itself.

    Returns
    -------
    circumradius_m : float, m
    first_corner_deg : float, degree

    Raises
    ------
    ModelRangeError                     No such number of sites, or the distance is not positive.
    """
    if sites not in RINGS or not (np.isfinite(inter_site_distance_m) and inter_site_distance_m > 0):
        raise ModelRangeError(
            f"{sites} sites {inter_site_distance_m} m apart; accepted: 1, 7, 19, 37 and > 0 m"
        )
    rings = RINGS[sites]
    if rings == 0 or wrap_around:
        along, aside = rings + 1, rings
        turn_deg = float(np.degrees(np.arctan2(np.sqrt(3.0) * aside, 2.0 * along + aside)))
        return float(inter_site_distance_m * np.sqrt(sites / 3.0)), first_neighbour_deg + turn_deg + 30.0
    return inter_site_distance_m * (rings + 2.0 / 3.0), first_neighbour_deg


def _spiral(rings: int) -> list[tuple[int, int]]:
    """Grid steps of the middle and of each ring, counter-clockwise from the first direction."""
    walk = [(-1, 1), (-1, 0), (0, -1), (1, -1), (1, 0), (0, 1)]
    steps = [(0, 0)]
    for ring in range(1, rings + 1):
        along, aside = ring, 0
        for step_along, step_aside in walk:
            for _ in range(ring):
                steps.append((along, aside))
                along, aside = along + step_along, aside + step_aside
    return steps


def _turned(along: int, aside: int) -> list[tuple[int, int]]:
    """One grid step and its turns by 60 to 300 degrees."""
    steps = []
    for _ in range(6):
        steps.append((along, aside))
        along, aside = -aside, along + aside
    return steps


def _grid_m(distance_m: float, first_deg: float, steps: list[tuple[int, int]]) -> Floats:
    """Points at whole steps along the first direction and the one 60 degrees from it."""
    angle = np.radians([first_deg, first_deg + 60.0])
    points_m: Floats = (
        distance_m * np.array(steps, dtype=np.float64) @ np.column_stack([np.cos(angle), np.sin(angle)])
    )
    return points_m


def _outline(sites: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Corners of the union of the cells, in thirds of a grid step: sides that one cell only has, end to end."""
    near = _turned(1, 0)
    corner = [
        (one[0] + other[0], one[1] + other[1]) for one, other in zip(near, near[1:] + near[:1], strict=True)
    ]
    sides = {}
    for along, aside in sites:
        cell = [(3 * along + east, 3 * aside + north) for east, north in corner]
        sides.update(dict.fromkeys(zip(cell, cell[1:] + cell[:1], strict=True)))
    onward = {begin: end for begin, end in sides if (end, begin) not in sides}
    outline = [next(iter(onward))]
    while (corner_after := onward[outline[-1]]) != outline[0]:
        outline.append(corner_after)
    return outline
