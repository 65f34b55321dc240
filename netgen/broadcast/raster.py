"""Maps of a probability over the plane, and the picture and georeferenced files they are exported to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import InputError, MissingDependencyError, ModelRangeError

Floats = NDArray[np.float64]

LOCAL_CRS = 'LOCAL_CS["local plane",UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
_EVENNESS = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class CoverageMap:
    """Probability of reception on an even grid of places.

    Parameters
    ----------
    x_m : (X,) float, m             Places along x (east), at least two, evenly spaced, increasing.
    y_m : (Y,) float, m             Places along y (north), likewise.
    probability : (Y, X) float      Probability in 0..1 at each place, row by row from the south.
    title : str                     What the probability is of, for the picture and the file's tags.
    sites_m : (n, 2) float, m       Transmitters or sites to be marked.
    crs : str                       Reference system of the plane: anything that rasterio reads, for example
                                    "EPSG:32632"; the default is a local plane without a place on Earth.
    origin_m : (float, float), m    Easting and northing of x = 0, y = 0 in `crs`.

    Raises
    ------
    ValueError                      An axis or the probabilities break the rules above.
    """

    x_m: Floats
    y_m: Floats
    probability: Floats
    title: str = "location probability"
    sites_m: tuple[tuple[float, float], ...] = ()
    crs: str = LOCAL_CRS
    origin_m: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        for name in ("x_m", "y_m", "probability"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        for name, axis in (("x_m", self.x_m), ("y_m", self.y_m)):
            steps = np.diff(axis)
            if axis.ndim != 1 or axis.size < 2 or not np.all(np.isfinite(axis)) or not steps[0] > 0:
                raise ValueError(f"{name} needs at least two finite, increasing places")
            if np.any(np.abs(steps - steps[0]) > _EVENNESS * steps[0]):
                raise ValueError(f"{name} is not evenly spaced")
        if self.probability.shape != (self.y_m.size, self.x_m.size):
            raise ValueError(
                f"need probabilities of shape {(self.y_m.size, self.x_m.size)}, got {self.probability.shape}"
            )
        wrong = np.argwhere(~((self.probability >= 0) & (self.probability <= 1)))
        if wrong.size:
            row, column = (int(index) for index in wrong[0])
            raise ValueError(
                f"probability ({row}, {column}) = {self.probability[row, column]} is outside 0..1"
            )

    def at(self, x_m: ArrayLike, y_m: ArrayLike) -> Floats:
        """Probability at any places of the map, bilinear between the four around each.

        Parameters
        ----------
        x_m, y_m : (...) float, m       Places within the axes' first and last.

        Returns
        -------
        (...) float in 0..1             Exact at the places of the grid.

        Raises
        ------
        ModelRangeError                 A place is outside the map; names index and value.
        """
        rows, row_share = self._cell("y", self.y_m, np.asarray(y_m, dtype=np.float64))
        columns, column_share = self._cell("x", self.x_m, np.asarray(x_m, dtype=np.float64))
        grid = self.probability
        south = (1.0 - column_share) * grid[rows, columns] + column_share * grid[rows, columns + 1]
        north = (1.0 - column_share) * grid[rows + 1, columns] + column_share * grid[rows + 1, columns + 1]
        probability: Floats = (1.0 - row_share) * south + row_share * north
        return probability

    @staticmethod
    def _cell(name: str, axis: Floats, value: Floats) -> tuple[NDArray[np.int64], Floats]:
        """Return the index of the grid line before each value and how far beyond it the value is."""
        wrong = np.flatnonzero(~((value >= axis[0]) & (value <= axis[-1])))
        if wrong.size:
            raise ModelRangeError(
                f"{name} {wrong[0]} = {value.ravel()[wrong[0]]:g} m is outside the map, "
                f"{axis[0]:g}..{axis[-1]:g} m"
            )
        before = np.clip(np.searchsorted(axis, value, side="right") - 1, 0, axis.size - 2)
        return before, (value - axis[before]) / (axis[before + 1] - axis[before])


def write_png(coverage: CoverageMap, path: Path) -> None:
    """Draw a map with its colour bar, a scale in km and the transmitters, at once.

    Parameters
    ----------
    coverage : CoverageMap          The map.
    path : Path                     The file, ending in .png; its folder is there.

    Raises
    ------
    InputError                      The path cannot be written.
    MissingDependencyError          matplotlib is not installed.
    """
    _check(path, (".png",))
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  (optional, and slow to import)
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "drawing needs matplotlib, which is not installed; install it with: pip install 'netgen[plot]'"
        ) from None
    left, right, bottom, top = (edge / 1e3 for edge in _edges_m(coverage))
    figure = Figure(figsize=(7.0, 6.0), facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(
        coverage.probability,
        origin="lower",
        extent=(left, right, bottom, top),
        vmin=0.0,
        vmax=1.0,
        cmap="viridis",
        interpolation="nearest",
    )
    if coverage.sites_m:
        east, north = np.transpose(coverage.sites_m) / 1e3
        axes.plot(east, north, "^", color="white", markeredgecolor="black", label="transmitter")
        axes.legend(loc="upper right")
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="x in km", ylabel="y in km", title=coverage.title)
    figure.colorbar(image, ax=axes, label="probability")
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        figure.savefig(partial, format="png", dpi=110, metadata={"Software": None})
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_geotiff(coverage: CoverageMap, path: Path) -> None:
    """Write a map as a GeoTIFF, north up, one band of 32-bit floats, at once.

    Parameters
    ----------
    coverage : CoverageMap          The map; each probability fills the cell around its place.
    path : Path                     The file, ending in .tif or .tiff; its folder is there.

    Raises
    ------
    InputError                      The path cannot be written, or the reference system is not known.
    MissingDependencyError          rasterio is not installed.

    Source                          OGC GeoTIFF 1.1 through GDAL; the affine transform maps the corner of the
                                    north-west cell.
    """
    _check(path, (".tif", ".tiff"))
    try:
        from rasterio.crs import CRS  # noqa: PLC0415  (optional)
        from rasterio.errors import CRSError  # noqa: PLC0415
        from rasterio.io import MemoryFile  # noqa: PLC0415
        from rasterio.transform import Affine  # noqa: PLC0415
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "GeoTIFF files need rasterio, which is not installed; install it with: pip install 'netgen[geo]'"
        ) from None
    try:
        crs = CRS.from_user_input(coverage.crs)
    except CRSError as error:
        raise InputError(
            f'"{coverage.crs}" is not a reference system that rasterio knows: {error}'
        ) from error
    left, right, bottom, top = _edges_m(coverage)
    east, north = coverage.origin_m
    rows, columns = coverage.probability.shape
    width, height = (right - left) / columns, (top - bottom) / rows
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=columns,
            height=rows,
            count=1,
            dtype="float32",
            crs=crs,
            transform=Affine(width, 0.0, east + left, 0.0, -height, north + top),
            compress="deflate",
        ) as file:
            file.write(coverage.probability[::-1].astype(np.float32), 1)
            file.set_band_description(1, coverage.title)
        content = memory.read()
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _edges_m(coverage: CoverageMap) -> tuple[float, float, float, float]:
    """Outer edges of the cells: left, right, bottom, top."""
    edges = []
    for axis in (coverage.x_m, coverage.y_m):
        half = 0.5 * (axis[-1] - axis[0]) / (axis.size - 1)
        edges += [float(axis[0] - half), float(axis[-1] + half)]
    return edges[0], edges[1], edges[2], edges[3]


def _check(path: Path, suffixes: tuple[str, ...]) -> None:
    """Raise InputError when a file cannot be put there."""
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path}: accepted: a file that ends in {' or '.join(suffixes)}")
    if not path.resolve().parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.resolve().parent}; make it first")
    if path.is_dir():
        raise InputError(f"{path} is a folder; accepted: a file that ends in {suffixes[0]}")
