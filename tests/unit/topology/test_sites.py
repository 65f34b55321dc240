"""Site lists from files, in metres and degrees."""

import json
import sys

import numpy as np
import pytest

from netgen.errors import InputError, MissingDependencyError
from netgen.topology.sites import LocalPlane, read_sites

METRES = """name,x_m,y_m,height_m,azimuth_deg,tilt_deg
north,0,1000,30,30;150;270,4
south,0,0,,,
east,500,0,12.5,90;180,2;3
"""
DEGREES = """name,latitude,longitude,bearing_deg
a,52.52,13.40,0;120;240
b,52.53,13.42,90
"""


def read(tmp_path, text, name="sites.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_sites(path, default_height_m=25.0, margin_m=200.0)


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


def point(longitude, latitude, **properties):
    place = {"type": "Point", "coordinates": [longitude, latitude]}
    return {"type": "Feature", "geometry": place, "properties": properties}


def test_metres_are_taken_as_they_are(tmp_path):
    layout = read(tmp_path, METRES)
    assert layout.names == ("north", "south", "east")
    assert layout.y_m.tolist() == [1000.0, 0.0, 0.0]
    assert layout.height_m.tolist() == [30.0, 25.0, 12.5]
    assert layout.sector_site.tolist() == [0, 0, 0, 1, 2, 2]
    assert layout.sector_azimuth_deg.tolist() == [30, 150, 270, 0, 90, 180]
    assert layout.sector_tilt_deg.tolist() == [4, 4, 4, 0, 2, 3]
    assert layout.crs is None
    assert layout.area_m2 == pytest.approx(900.0 * 1400.0)
    assert layout.contains([-199.0, 701.0], [0.0, 0.0]).tolist() == [True, False]


def test_degrees_become_metres_on_the_ellipsoid(tmp_path):
    """Against geodesics, which are computed on the ellipsoid and not in a projection."""
    pyproj = pytest.importorskip("pyproj", reason="degrees need pyproj")
    layout = read(tmp_path, DEGREES)
    expected_m = pyproj.Geod(ellps="WGS84").line_length([13.40, 13.42], [52.52, 52.53])
    found_m = np.hypot(np.diff(layout.x_m), np.diff(layout.y_m))[0]
    assert found_m == pytest.approx(expected_m, rel=1e-6)
    assert (np.diff(layout.x_m) > 0).all()
    assert (np.diff(layout.y_m) > 0).all()
    # North, 120 and 240 degrees clockwise from it; east.
    assert layout.sector_azimuth_deg.tolist() == [90.0, 330.0, 210.0, 0.0]
    longitude, latitude = LocalPlane(layout.crs).to_earth(layout.x_m, layout.y_m)
    np.testing.assert_allclose(longitude, [13.40, 13.42], atol=1e-9)
    np.testing.assert_allclose(latitude, [52.52, 52.53], atol=1e-9)


def test_the_plane_is_as_true_as_it_says():
    """Exact from the origin; off by less than 4e-5 between points 100 km away from it."""
    pyproj = pytest.importorskip("pyproj", reason="degrees need pyproj")
    geod, plane = pyproj.Geod(ellps="WGS84"), LocalPlane.around(11.0, 48.0)
    bearing = np.arange(0.0, 360.0, 30.0)
    longitude, latitude, _ = geod.fwd(np.full(12, 11.0), np.full(12, 48.0), bearing, np.full(12, 100e3))
    x_m, y_m = plane.to_plane(longitude, latitude)
    np.testing.assert_allclose(np.hypot(x_m, y_m), 100e3, rtol=1e-8)
    np.testing.assert_allclose(np.degrees(np.arctan2(x_m, y_m)) % 360, bearing, atol=1e-6)
    _, _, true_m = geod.inv(longitude, latitude, np.roll(longitude, 1), np.roll(latitude, 1))
    found_m = np.hypot(x_m - np.roll(x_m, 1), y_m - np.roll(y_m, 1))
    assert np.abs(found_m / true_m - 1).max() < 4.2e-5


def test_geojson_gives_the_same_as_csv(tmp_path):
    pytest.importorskip("pyproj", reason="degrees need pyproj")
    text = collection(
        point(13.40, 52.52, name="a", bearing_deg=[0, 120, 240], operator="x"),
        point(13.42, 52.53, name="b", bearing_deg=90),
    )
    one, other = read(tmp_path, text, "sites.geojson"), read(tmp_path, DEGREES)
    assert one.names == other.names
    assert one.crs == other.crs
    for name in ("x_m", "y_m", "height_m", "sector_site", "sector_azimuth_deg", "sector_tilt_deg"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_sites_on_both_sides_of_the_date_line_are_near(tmp_path):
    pytest.importorskip("pyproj", reason="degrees need pyproj")
    layout = read(tmp_path, "name,latitude,longitude\na,-17,179.99\nb,-17,-179.99\n")
    assert np.abs(layout.x_m).max() < 1500.0
    assert layout.x_m[0] < layout.x_m[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,x_m,y_m\na,0,0\na,1,1\n", "line 3: repeats the name or the place of .*line 2"),
        ("name,x_m,y_m\na,0,0\n\nb,0,0\n", "line 4: repeats the name or the place of .*line 2"),
        ("name,x_m,y_m\na,0,zero\n", "line 2: y_m = 'zero' is not a finite number"),
        ("name,x_m,y_m\na,0,nan\n", "line 2: y_m = 'nan'"),
        ("name,x_m,y_m\na,0\n", "line 2: 2 values for 3 columns"),
        ("name,x_m,y_m\n,0,0\n", "line 2: has no name"),
        ("name,x_m\na,0\n", "line 2: has no y_m"),
        ("name,x_m,y_m,hieght_m\na,0,0,3\n", "line 1: the column 'hieght_m' .* did you mean \"height_m\""),
        ("name,x_m,y_m,x_m\na,0,0,3\n", "line 1: the column 'x_m' is unknown or repeated"),
        ("name,latitude,longitude\na,90.5,0\n", "line 2: longitude 0.0, latitude 90.5; accepted"),
        ("name,latitude,longitude\na,5,181\n", "line 2: longitude 181.0"),
        ("name,x_m,y_m,latitude,longitude\na,0,0,1,1\n", "line 2: gives both metres and degrees"),
        ("name,x_m,y_m,latitude,longitude\na,0,0,,\nb,,,1,1\n", "line 3: metres and degrees are mixed"),
        ("name,x_m,y_m,height_m\na,0,0,-3\n", "line 2: height_m = -3.0 m"),
        ("name,x_m,y_m,azimuth_deg,bearing_deg\na,0,0,1,1\n", "line 2: gives both azimuth_deg and bearing"),
        ("name,x_m,y_m,azimuth_deg,tilt_deg\na,0,0,1;2;3,1;2\n", "line 2: 2 tilts for 3 sectors"),
        ("name,x_m,y_m,azimuth_deg\na,0,0,1;;3\n", "line 2: azimuth_deg = '' is not"),
        ("name,x_m,y_m\n", "holds no sites"),
        ("", "holds no sites"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "no GeoJSON FeatureCollection"),
        (json.dumps({"type": "FeatureCollection", "features": [], "crs": "EPSG:25832"}), "coordinate system"),
        (collection(), "holds no sites"),
        (collection({"type": "Feature", "geometry": None}), r"features\[0\]: is no point"),
        (collection(point(0, 95, name="a")), r"features\[0\]: longitude 0.0, latitude 95.0"),
        (collection(point(0, True, name="a")), r"features\[0\]: latitude = True"),
        (collection(point(0, 10**400, name="a")), r"features\[0\]: latitude"),
        (collection(point(0, 5)), r"features\[0\]: has no name"),
        (collection(point(0, 5, name="a", x_m=3)), "among its properties"),
        (collection(point(0, 5, name="a"), point(0, 15, name="b")), "km from the sites' middle"),
    ],
)
def test_a_wrong_feature_is_named(tmp_path, text, message):
    pytest.importorskip("pyproj", reason="degrees need pyproj")
    with pytest.raises(InputError, match=message):
        read(tmp_path, text, "sites.geojson")


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_sites(tmp_path / "absent.csv", default_height_m=25.0, margin_m=1.0)
    with pytest.raises(InputError, match="come from"):
        read(tmp_path, METRES, "sites.txt")
    with pytest.raises(InputError, match="margin_m"):
        read_sites(tmp_path / "absent.csv", default_height_m=25.0, margin_m=0.0)
    (tmp_path / "latin.csv").write_bytes("name,x_m,y_m\nMünchen,0,0\n".encode("latin-1"))
    with pytest.raises(InputError, match="cannot be read"):
        read_sites(tmp_path / "latin.csv", default_height_m=25.0, margin_m=1.0)


def test_degrees_without_pyproj_name_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyproj", None)
    assert read(tmp_path, METRES).sites == 3
    with pytest.raises(MissingDependencyError, match=r"netgen\[geo\]"):
        read(tmp_path, DEGREES)


def test_a_plane_that_is_none_is_refused():
    pytest.importorskip("pyproj", reason="degrees need pyproj")
    with pytest.raises(InputError, match="not known"):
        LocalPlane("+proj=nonsense")
