"""Site lists from CSV and GeoJSON files, in metres or in degrees."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import InputError, MissingDependencyError, did_you_mean
from netgen.topology.layout import SiteLayout

Floats = NDArray[np.float64]

PLANE, EARTH = ("x_m", "y_m"), ("longitude", "latitude")
COLUMNS = ("name", *PLANE, *EARTH, "height_m", "azimuth_deg", "bearing_deg", "tilt_deg")
FARTHEST_M = 500e3
"""Farthest site from the origin of the plane: there, distances across the direction to the origin are
0.1 % too long."""


class LocalPlane:
    """Metres east and north of an origin: azimuthal equidistant on WGS 84.

    Distances and directions from the origin are exact; distances elsewhere are off by less than 4e-5
    within 100 km of it. Unlike UTM, the plane has no zones to cross and no scale factor of 0.9996.

    Parameters
    ----------
    crs : str                           PROJ string of the plane, as kept in `SiteLayout.crs`.

    Raises
    ------
    MissingDependencyError              pyproj is not installed.
    InputError                          PROJ does not know the string.
    """

    def __init__(self, crs: str) -> None:
        try:
            import pyproj  # noqa: PLC0415  (takes 0.2 s, needed for geographic coordinates only)
        except ModuleNotFoundError:
            raise MissingDependencyError(
                "latitudes and longitudes need pyproj, which is not installed; "
                "install it with: pip install 'netgen[geo]'"
            ) from None
        self.crs = crs
        try:
            self._there = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
            self._back = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        except pyproj.exceptions.CRSError as error:
            raise InputError(f"the coordinate system {crs!r} is not known: {error}") from None

    @staticmethod
    def around(longitude_deg: float, latitude_deg: float) -> LocalPlane:
        """The plane with its origin at a point."""
        origin = f"+lat_0={latitude_deg:.9f} +lon_0={longitude_deg:.9f}"
        return LocalPlane(f"+proj=aeqd {origin} +datum=WGS84 +units=m +no_defs +type=crs")

    def to_plane(self, longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> tuple[Floats, Floats]:
        """Degrees to metres."""
        x_m, y_m = self._there.transform(np.asarray(longitude_deg), np.asarray(latitude_deg), errcheck=True)
        return np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)

    def to_earth(self, x_m: ArrayLike, y_m: ArrayLike) -> tuple[Floats, Floats]:
        """Metres to longitude and latitude in degrees."""
        longitude, latitude = self._back.transform(np.asarray(x_m), np.asarray(y_m), errcheck=True)
        return np.asarray(longitude, dtype=np.float64), np.asarray(latitude, dtype=np.float64)


def read_sites(path: str | Path, *, default_height_m: float, margin_m: float) -> SiteLayout:
    """Read sites and their sectors from a CSV (`.csv`) or GeoJSON (`.geojson`, `.json`) file.

    A site has a `name`, a place, and may have `height_m`, `azimuth_deg` or `bearing_deg`, and `tilt_deg`.
    The place is `x_m,y_m` or `latitude,longitude`, the same in all rows; in GeoJSON it is a point. Degrees
    are turned into metres around the mean of the sites, see `LocalPlane`. An azimuth counts
    counter-clockwise from east, as everywhere in netgen; a bearing counts clockwise from north, as on a
    compass. A site with several sectors lists one direction for each, in CSV with semicolons
    (`30;150;270`), and one tilt or as many. A site without directions has one sector that looks east.

    Parameters
    ----------
    path : path                         The file.
    default_height_m : float, m         Height of sites that give none, > 0.
    margin_m : float, m                 The service area is the rectangle around the sites, widened by this
                                        on each side; > 0.

    Returns
    -------
    SiteLayout                          Without images; `crs` is set when the places were in degrees.

    Raises
    ------
    InputError                          The file cannot be read, or a row breaks the rules above, repeats a
                                        name or a position, or lies outside the Earth's range; names the line.
    MissingDependencyError              Places are in degrees and pyproj is not installed.
    """
    path = Path(path)
    if not (default_height_m > 0 and margin_m > 0):
        raise InputError(f"default_height_m = {default_height_m} and margin_m = {margin_m}; accepted: > 0 m")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    if path.suffix == ".csv":
        rows = list(_csv_rows(path, text))
    elif path.suffix in {".geojson", ".json"}:
        rows = list(_geojson_rows(path, text))
    else:
        raise InputError(f"{path}: sites come from .csv, .geojson or .json files")
    if not rows:
        raise InputError(f"{path}: holds no sites")
    return _layout([_site(row, default_height_m) for row in rows], path, margin_m)


@dataclass(frozen=True, slots=True)
class _Row:
    """The fields of one site as they were found, and where."""

    where: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Site:
    """One site with numbers in it."""

    where: str
    name: str
    on_earth: bool
    east: float
    north: float
    height_m: float
    azimuth_deg: tuple[float, ...]
    tilt_deg: tuple[float, ...]


def _csv_rows(path: Path, text: str) -> Iterator[_Row]:
    """Rows of a CSV file with a header; empty cells count as not given."""
    reader = csv.reader(text.splitlines())
    header = [name.strip() for name in next(reader, [])]
    for name in header:
        if name not in COLUMNS or header.count(name) > 1:
            hint = did_you_mean(name, COLUMNS)
            raise InputError(f"{path}, line 1: the column {name!r} is unknown or repeated{hint}")
    for row in reader:
        if not row:
            continue
        where = f"{path}, line {reader.line_num}"
        if len(row) != len(header):
            raise InputError(f"{where}: {len(row)} values for {len(header)} columns")
        fields: dict[str, Any] = {
            name: cell.strip() for name, cell in zip(header, row, strict=True) if cell.strip()
        }
        for name in {"azimuth_deg", "bearing_deg", "tilt_deg"} & fields.keys():
            fields[name] = fields[name].split(";")
        yield _Row(where, fields)


def _geojson_rows(path: Path, text: str) -> Iterator[_Row]:
    """Points of a GeoJSON feature collection."""
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: {error.msg}") from None
    except RecursionError:
        raise InputError(f"{path}: is nested too deeply to be GeoJSON") from None
    if not (isinstance(tree, dict) and tree.get("type") == "FeatureCollection"):
        raise InputError(f"{path}: is no GeoJSON FeatureCollection")
    if "crs" in tree and "CRS84" not in json.dumps(tree["crs"]):
        raise InputError(f"{path}: names a coordinate system; accepted: longitude and latitude on WGS 84")
    features = tree.get("features")
    for number, feature in enumerate(features if isinstance(features, list) else []):
        where = f"{path}, features[{number}]"
        shape = feature.get("geometry") if isinstance(feature, dict) else None
        place = shape.get("coordinates") if isinstance(shape, dict) and shape.get("type") == "Point" else None
        if not (isinstance(place, list) and len(place) >= 2):
            raise InputError(f"{where}: is no point")
        known = feature.get("properties")
        fields = {name: known[name] for name in COLUMNS if name in known} if isinstance(known, dict) else {}
        if fields.keys() & {*PLANE, *EARTH}:
            raise InputError(f"{where}: gives its place among its properties as well as in its geometry")
        yield _Row(where, fields | dict(zip(EARTH, place, strict=False)))


def _site(row: _Row, default_height_m: float) -> _Site:
    """Check and convert one row."""
    fields, where = row.fields, row.where
    on_earth = EARTH[0] in fields or EARTH[1] in fields
    if on_earth and (PLANE[0] in fields or PLANE[1] in fields):
        raise InputError(f"{where}: gives both metres and degrees")
    place = EARTH if on_earth else PLANE
    for name in ("name", *place):
        if name not in fields:
            raise InputError(f"{where}: has no {name}")
    east, north = (_number(fields[name], name, where) for name in place)
    if on_earth and not (abs(east) <= 180.0 and abs(north) <= 90.0):
        raise InputError(
            f"{where}: longitude {east}, latitude {north}; accepted: -180..180 and -90..90 degrees"
        )
    if "azimuth_deg" in fields and "bearing_deg" in fields:
        raise InputError(f"{where}: gives both azimuth_deg and bearing_deg")
    if "bearing_deg" in fields:
        azimuth_deg = tuple((90.0 - bearing) % 360.0 for bearing in _numbers(fields, "bearing_deg", where))
    else:
        azimuth_deg = _numbers(fields, "azimuth_deg", where) or (0.0,)
    tilt_deg = _numbers(fields, "tilt_deg", where) or (0.0,)
    if len(tilt_deg) not in {1, len(azimuth_deg)}:
        raise InputError(
            f"{where}: {len(tilt_deg)} tilts for {len(azimuth_deg)} sectors; accepted: one or as many"
        )
    if len(tilt_deg) == 1:
        tilt_deg *= len(azimuth_deg)
    height_m = _number(fields.get("height_m", default_height_m), "height_m", where)
    if height_m <= 0:
        raise InputError(f"{where}: height_m = {height_m} m; accepted: > 0")
    return _Site(where, str(fields["name"]), on_earth, east, north, height_m, azimuth_deg, tilt_deg)


def _layout(sites: list[_Site], path: Path, margin_m: float) -> SiteLayout:
    """Sites together: no repetition, one kind of place, one plane."""
    names: dict[str, _Site] = {}
    places: dict[tuple[float, float], _Site] = {}
    for site in sites:
        if site.on_earth != sites[0].on_earth:
            raise InputError(f"{site.where}: metres and degrees are mixed in one file")
        for found in (names.get(site.name), places.get((site.east, site.north))):
            if found is not None:
                raise InputError(f"{site.where}: repeats the name or the place of {found.where}")
        names[site.name] = places[(site.east, site.north)] = site
    x_m, y_m = np.array([site.east for site in sites]), np.array([site.north for site in sites])
    crs = None
    if sites[0].on_earth:
        angle = np.radians(x_m)
        middle = float(np.degrees(np.arctan2(np.sin(angle).sum(), np.cos(angle).sum())))
        plane = LocalPlane.around(middle, float(y_m.mean()))
        x_m, y_m = plane.to_plane(x_m, y_m)
        crs = plane.crs
        far = int(np.argmax(np.hypot(x_m, y_m)))
        if np.hypot(x_m[far], y_m[far]) > FARTHEST_M:
            raise InputError(
                f"{sites[far].where}: lies more than {FARTHEST_M / 1e3:.0f} km from the sites' middle"
            )
    west, east, south, north = x_m.min(), x_m.max(), y_m.min(), y_m.max()
    corners = [(west, south), (east, south), (east, north), (west, north)]
    outwards = margin_m * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    try:
        return SiteLayout(
            names=tuple(site.name for site in sites),
            x_m=x_m,
            y_m=y_m,
            height_m=np.array([site.height_m for site in sites]),
            sector_site=np.repeat(np.arange(len(sites)), [len(site.azimuth_deg) for site in sites]),
            sector_azimuth_deg=np.array([angle for site in sites for angle in site.azimuth_deg]),
            sector_tilt_deg=np.array([angle for site in sites for angle in site.tilt_deg]),
            outline_m=np.array(corners) + outwards,
            image_offsets_m=np.zeros((1, 2)),
            crs=crs,
        )
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None


def _numbers(fields: dict[str, Any], name: str, where: str) -> tuple[float, ...]:
    """None, one or several numbers."""
    found = fields.get(name, [])
    return tuple(_number(value, name, where) for value in (found if isinstance(found, list) else [found]))


def _number(found: object, name: str, where: str) -> float:
    """A finite number, from text or as such."""
    try:
        value = (
            float(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else np.nan
        )
    except (ValueError, OverflowError):
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"{where}: {name} = {found!r} is not a finite number")
    return value
