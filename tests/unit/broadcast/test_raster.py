import sys

import numpy as np
import pytest

from netgen.broadcast.raster import Box, CoverageMap, require_writers, write_geotiff, write_png
from netgen.errors import InputError, MissingDependencyError, ModelRangeError

X_M, Y_M = np.arange(-2e3, 2.1e3, 500.0), np.arange(1e3, 3.1e3, 250.0)
PROBABILITY = np.linspace(0.0, 1.0, Y_M.size * X_M.size).reshape(Y_M.size, X_M.size) ** 2


def coverage(**change) -> CoverageMap:
    return CoverageMap(
        **({"x_m": X_M, "y_m": Y_M, "probability": PROBABILITY, "sites_m": ((0.0, 2e3),)} | change)
    )


def test_reading_between_places_is_bilinear():
    found = coverage().at([-2e3, -1.75e3, 2e3], [1e3, 1.125e3, 3e3])
    middle = PROBABILITY[:2, :2].mean()
    np.testing.assert_allclose(found, [PROBABILITY[0, 0], middle, PROBABILITY[-1, -1]], atol=1e-12)


@pytest.mark.parametrize(
    ("x_m", "y_m", "message"), [(2001.0, 2e3, "x 1 = 2001 m"), (0.0, np.nan, "y 1 = nan")]
)
def test_places_outside_the_map_are_named(x_m, y_m, message):
    with pytest.raises(ModelRangeError, match=message):
        coverage().at([0.0, x_m], [2e3, y_m])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_m": X_M[::-1]}, "x_m needs"),
        ({"y_m": Y_M[:1]}, "y_m needs"),
        ({"x_m": X_M**3}, "x_m is not evenly spaced"),
        ({"x_m": X_M[:-1]}, "shape"),
        ({"probability": PROBABILITY + 0.1}, "is outside 0..1"),
        ({"probability": PROBABILITY * np.nan}, r"probability \(0, 0\) = nan"),
    ],
)
def test_bad_maps_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        coverage(**change)


def test_a_map_is_its_own():
    values = PROBABILITY.copy()
    made = coverage(probability=values)
    values[:] = 0.0
    np.testing.assert_array_equal(made.probability, PROBABILITY)
    with pytest.raises(ValueError, match="read-only"):
        made.probability[0, 0] = 1.0


def test_a_geotiff_holds_the_values_where_they_are(tmp_path):
    rasterio = pytest.importorskip("rasterio", reason="GeoTIFF files need rasterio (netgen[geo])")
    path = tmp_path / "map.tif"
    write_geotiff(coverage(crs="EPSG:32632", origin_m=(691_000.0, 5_335_000.0), title="a title"), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.tif"]
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 32632
        assert file.dtypes == ("float32",)
        assert file.descriptions == ("a title",)
        assert file.transform.a == 500.0
        assert file.transform.e == -250.0
        band = file.read(1)
        np.testing.assert_array_equal(band, PROBABILITY[::-1].astype(np.float32))
        places = [(691_000.0 + x, 5_335_000.0 + y) for x in X_M for y in Y_M]
        sampled = np.array([value[0] for value in file.sample(places)])
    np.testing.assert_allclose(sampled, PROBABILITY.T.ravel(), atol=1e-7)


def test_a_geotiff_of_a_plane_without_a_place_on_earth_is_in_metres(tmp_path):
    rasterio = pytest.importorskip("rasterio", reason="GeoTIFF files need rasterio (netgen[geo])")
    path = tmp_path / "map.tiff"
    write_geotiff(coverage(), path)
    with rasterio.open(path) as file:
        assert "local plane" in file.crs.to_wkt()
        assert not file.crs.is_geographic
        assert 'UNIT["metre",1' in file.crs.to_wkt()
        assert file.bounds == (-2250.0, 875.0, 2250.0, 3125.0)


def test_an_unknown_reference_system_is_an_input_error(tmp_path):
    pytest.importorskip("rasterio", reason="GeoTIFF files need rasterio (netgen[geo])")
    with pytest.raises(InputError, match="not a reference system"):
        write_geotiff(coverage(crs="EPSG:0"), tmp_path / "map.tif")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_decodes_and_is_the_same_every_time(tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib (netgen[plot])")
    from matplotlib.image import imread  # noqa: PLC0415

    write_png(coverage(), tmp_path / "one.png")
    write_png(coverage(), tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["one.png", "two.png"]
    picture = imread(tmp_path / "one.png")
    assert picture.shape == (660, 770, 4)
    assert len(np.unique(picture.reshape(-1, 4), axis=0)) > 60


def test_a_picture_shows_the_map(tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib (netgen[plot])")
    from matplotlib.image import imread  # noqa: PLC0415

    for name, value in (("none", 0.0), ("all", 1.0)):
        write_png(
            coverage(probability=np.full_like(PROBABILITY, value), sites_m=()), tmp_path / f"{name}.png"
        )
    none, everywhere = imread(tmp_path / "none.png"), imread(tmp_path / "all.png")
    changed = np.any(none != everywhere, axis=2).mean()
    assert 0.2 < changed < 0.7


@pytest.mark.parametrize("write", [write_png, write_geotiff])
def test_paths_that_cannot_be_written_are_input_errors(tmp_path, write):
    suffix = ".png" if write is write_png else ".tif"
    with pytest.raises(InputError, match="a file that ends in"):
        write(coverage(), tmp_path / "map.jpg")
    with pytest.raises(InputError, match="there is no folder"):
        write(coverage(), tmp_path / "missing" / f"map{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        write(coverage(), tmp_path / f"folder{suffix}")


@pytest.mark.parametrize(
    ("write", "module", "extra"),
    [(write_png, "matplotlib.figure", "plot"), (write_geotiff, "rasterio.crs", "geo")],
)
def test_missing_packages_name_the_extra(tmp_path, monkeypatch, write, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=rf"netgen\[{extra}\]"):
        write(coverage(), tmp_path / ("map.png" if extra == "plot" else "map.tif"))
    assert list(tmp_path.iterdir()) == []


def test_the_axes_of_a_box_hold_it_with_square_cells():
    box = Box.around([-1.0, 700.0], [10.0, 10.0, 250.0], 5.0)
    assert box.sides_m == (711.0, 250.0)
    assert box.corners_m == ((-6.0, 5.0), (705.0, 5.0), (705.0, 255.0), (-6.0, 255.0))
    x_m, y_m = box.axes_m(50.0)
    np.testing.assert_allclose([*np.diff(x_m), *np.diff(y_m)], 50.0)
    assert (len(x_m), len(y_m)) == (16, 6)
    assert x_m[0] <= -6.0 <= 705.0 <= x_m[-1]
    assert x_m[0] + x_m[-1] == pytest.approx(699.0)
    assert [len(axis) for axis in Box(0.0, 0.0, 0.0, 0.0).axes_m(10.0)] == [2, 2]


@pytest.mark.parametrize(
    ("side_m", "cell_m"), [(1000.0, 10.0), (1001.0, 20.0), (2400.0, 25.0), (4e5, 5e3), (0.0, 0.1)]
)
def test_cells_are_round_and_few_enough(side_m, cell_m):
    assert Box(0.0, 0.0, 1.0 if side_m else 0.0, side_m).round_cell_m(100) == pytest.approx(cell_m)


def test_lines_of_equal_probability_and_the_outline_are_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib (netgen[plot])")
    from matplotlib.image import imread  # noqa: PLC0415

    corners = ((-1e3, 1.5e3), (1e3, 1.5e3), (1e3, 2.5e3), (-1e3, 2.5e3))
    for name, change in (("with", {"outline_m": corners}), ("without", {})):
        write_png(coverage(sites_m=(), **change), tmp_path / f"{name}.png")
    outlined, plain = (imread(tmp_path / f"{name}.png") for name in ("with", "without"))
    orange = np.abs(outlined[:, :, :3] - np.array([0xD5, 0x5E, 0x00]) / 255.0).max(axis=2) < 0.05
    assert orange.sum() > 500
    black = (plain[100:500, 100:600, :3] < 0.1).all(axis=2).sum()
    assert black > 300


@pytest.mark.parametrize(("module", "extra"), [("matplotlib.figure", "plot"), ("rasterio.crs", "geo")])
def test_missing_writers_are_told_beforehand(monkeypatch, module, extra):
    require_writers()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=rf"netgen\[{extra}\]"):
        require_writers()
