"""Maps of a probability over the plane, and the picture and georeferenced files they are exported to."""

from __future__ import annotations

import io
import os
import textwrap
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import InputError, MissingDependencyError, ModelRangeError

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

LOCAL_CRS = 'LOCAL_CS["local plane",UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
_EVENNESS = 1e-6
_LEVELS: dict[int, Literal["dotted", "dashed", "solid"]] = {50: "dotted", 70: "dashed", 95: "solid"}
_INK, _OUTLINE, _COLOURS = "#000000", "#D55E00", "viridis"
_MANY_SITES = 40
_LEAST_CELL_M = 0.1


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
    site_word : str                 What they are called in the picture's legend.
    outline_m : (n, 2) float, m     Corners of an area to be drawn into the picture, for example where users are.
    outline_word : str              What it is called in the legend.
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
    site_word: str = "transmitter"
    outline_m: tuple[tuple[float, float], ...] = ()
    outline_word: str = "area"
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


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle along the axes of the plane, in metres."""

    west_m: float
    south_m: float
    east_m: float
    north_m: float

    @staticmethod
    def around(x_m: ArrayLike, y_m: ArrayLike, margin_m: float = 0.0) -> Box:
        """The smallest that holds some places, at least one, with a margin on every side."""
        x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
        return Box(
            float(x.min()) - margin_m, float(y.min()) - margin_m, float(x.max()) + margin_m, float(y.max()) + margin_m
        )  # fmt: skip

    @property
    def corners_m(self) -> tuple[tuple[float, float], ...]:
        """The four corners, counter-clockwise from the south-west."""
        west, south, east, north = self.west_m, self.south_m, self.east_m, self.north_m
        return (west, south), (east, south), (east, north), (west, north)

    @property
    def sides_m(self) -> tuple[float, float]:
        """Lengths from west to east and from south to north."""
        return self.east_m - self.west_m, self.north_m - self.south_m

    def axes_m(self, cell_m: float) -> tuple[Floats, Floats]:
        """Axes of a map with square cells: the first and last places are on the box's edges or beyond."""
        axes: list[Floats] = []
        for low, high in ((self.west_m, self.east_m), (self.south_m, self.north_m)):
            count = max(2, int(np.ceil((high - low) / cell_m - _EVENNESS)) + 1)
            steps: Floats = np.arange(count, dtype=np.float64) - 0.5 * (count - 1)
            axes.append(0.5 * (low + high) + cell_m * steps)
        return axes[0], axes[1]

    def round_cell_m(self, most: int) -> float:
        """The smallest of 1, 2, 2.5, 5, 10, 20 ... m (and tenths) of which the longest side holds at most so many."""
        least = max(max(self.sides_m) / most, _LEAST_CELL_M)
        decade = 10.0 ** np.floor(np.log10(least))
        return float(
            next(decade * step for step in (1.0, 2.0, 2.5, 5.0, 10.0) if decade * step >= least * (1 - 1e-9))
        )


def require_writers() -> None:
    """Raise MissingDependencyError unless maps can be written as pictures and as GeoTIFF files."""
    _figure_class()
    _rasterio()


def write_png(coverage: CoverageMap, path: Path) -> None:
    """Draw a map with its colour bar, a scale in km, the sites, and lines at 50, 70 and 95 %, at once.

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
    figure = _figure_class()(figsize=(7.0, 6.0), facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    left, right, bottom, top = (edge / 1e3 for edge in _edges_m(coverage))
    image = axes.imshow(
        100.0 * coverage.probability,
        origin="lower",
        extent=(left, right, bottom, top),
        vmin=0.0,
        vmax=100.0,
        cmap=_COLOURS,
        interpolation="nearest",
    )
    bar = figure.colorbar(image, ax=axes, label="location probability [%]", ticks=[0, 20, 40, 60, 80, 100])
    handles = _draw_levels(axes, bar, coverage) + _draw_places(axes, coverage)
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="east [km]", ylabel="north [km]")
    axes.set_title("\n".join(textwrap.wrap(coverage.title, 62, break_on_hyphens=False)), fontsize=11)
    if handles:
        figure.legend(
            handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9
        )
    _save_small(figure, path)


def _save_small(figure: Figure, path: Path) -> None:
    """Write a figure at once, in the 256 colours that it is made of: a third of the bytes."""
    from PIL import Image  # noqa: PLC0415  (comes with matplotlib)

    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=110)
    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette())
    few = Image.open(drawn).convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        few.save(partial, format="png", optimize=True)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _palette() -> list[int]:
    """Colours of a picture: the scale, the scale half way to black, greys, and the outline against white."""
    from matplotlib import colormaps  # noqa: PLC0415  (optional, and slow to import)

    scale = colormaps[_COLOURS](np.linspace(0.0, 1.0, 160))[:, :3]
    grey = np.repeat(np.linspace(0.0, 1.0, 32)[:, None], 3, axis=1)
    orange = np.array([int(_OUTLINE[place : place + 2], 16) / 255.0 for place in (1, 3, 5)])
    tints = orange + np.linspace(0.0, 0.9, 16)[:, None] * (1.0 - orange)
    return [round(255.0 * part) for part in np.concatenate([scale, 0.5 * scale[::4], grey, tints]).ravel()]


def _draw_levels(axes: Axes, bar: Colorbar, coverage: CoverageMap) -> list[Artist]:
    """Lines of equal probability, where there are any, on the map and its colour bar; return their legend."""
    from matplotlib.lines import Line2D  # noqa: PLC0415  (optional, and slow to import)

    percent = 100.0 * coverage.probability
    handles: list[Artist] = []
    for level, style in _LEVELS.items():
        if percent.min() < level < percent.max():
            axes.contour(
                coverage.x_m / 1e3, coverage.y_m / 1e3, percent, levels=[level], colors=_INK, linewidths=1.4,
                linestyles=style,
            )  # fmt: skip
            bar.ax.axhline(level, color=_INK, linewidth=1.4, linestyle=style)
            handles.append(Line2D([], [], color=_INK, linewidth=1.4, linestyle=style, label=f"{level} %"))
    return handles


def _draw_places(axes: Axes, coverage: CoverageMap) -> list[Artist]:
    """The sites and the outline; return their legend."""
    handles: list[Artist] = []
    if coverage.outline_m:
        east, north = np.transpose((*coverage.outline_m, coverage.outline_m[0])) / 1e3
        axes.plot(east, north, color="white", linewidth=3.4)
        handles += axes.plot(east, north, color=_OUTLINE, linewidth=1.8, label=coverage.outline_word)
    if coverage.sites_m:
        east, north = np.transpose(coverage.sites_m) / 1e3
        size = 9.0 if len(coverage.sites_m) <= _MANY_SITES else 5.0
        handles += axes.plot(
            east, north, "^", color="white", markeredgecolor="black", markersize=size, linestyle="none",
            label=coverage.site_word,
        )  # fmt: skip
    return handles


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
    rasterio = _rasterio()
    try:
        crs = rasterio.crs.CRS.from_user_input(coverage.crs)
    except rasterio.errors.CRSError as error:
        raise InputError(
            f'"{coverage.crs}" is not a reference system that rasterio knows: {error}'
        ) from error
    left, right, bottom, top = _edges_m(coverage)
    east, north = coverage.origin_m
    rows, columns = coverage.probability.shape
    width, height = (right - left) / columns, (top - bottom) / rows
    with rasterio.io.MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=columns,
            height=rows,
            count=1,
            dtype="float32",
            crs=crs,
            transform=rasterio.transform.Affine(width, 0.0, east + left, 0.0, -height, north + top),
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


def _figure_class() -> type[Figure]:
    """Figure of matplotlib; raises MissingDependencyError without it."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  (optional, and slow to import)
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "drawing needs matplotlib, which is not installed; install it with: pip install 'netgen[plot]'"
        ) from None
    return Figure


def _rasterio() -> ModuleType:
    """The module rasterio with what is needed of it; raises MissingDependencyError without it."""
    try:
        import rasterio.crs  # noqa: PLC0415  (optional, and slow to import)
        import rasterio.errors  # noqa: PLC0415
        import rasterio.io  # noqa: PLC0415
        import rasterio.transform  # noqa: PLC0415
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "GeoTIFF files need rasterio, which is not installed; install it with: pip install 'netgen[geo]'"
        ) from None
    module: ModuleType = rasterio
    return module


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
