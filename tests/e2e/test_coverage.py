"""`netgen coverage`: maps on disk, figures on the terminal and as JSON, and what is refused."""

import json

import numpy as np
import pytest

SITES = "name,latitude,longitude,bearing_deg\nwest,52.50,13.40,0;120;240\neast,52.50,13.41,0;120;240\n"
LISTED = """
name: listed
seed: 2
duration: 1 s
nodes:
  S: server
  ran:
    kind: ran
    radio: {layout: {kind: sites, path: sites.csv}, environment: uma, carrier: 3.5 GHz, bandwidth: 20 MHz}
links: {S -> ran: {capacity: 50 Mbit/s}}
contents: {v: {kind: parametric, format: 720p25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
services: {s: {content: v, from: S, to: ran}}
audiences: {a: {count: 10, cells: ran, watches: s}}
"""
PLAIN = """
name: plain
duration: 1 s
nodes: {A: server, B: terminal}
links: {A -> B: {capacity: 5 Mbit/s}}
contents: {v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, class: sports, semantic_bits: 10}}
services: {s: {content: v, from: A, to: B}}
"""


@pytest.fixture
def folder(tmp_path):
    for name, text in (("listed.yaml", LISTED), ("plain.yaml", PLAIN), ("sites.csv", SITES)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def listed(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_shipped_scenario_gives_the_same_maps_every_time(scenarios, netgen, tmp_path):
    documents = []
    for name in ("one", "two"):
        done = netgen("coverage", scenarios / "hex_7.yaml", "--json", "--out", name, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        documents.append(json.loads(done.stdout))
    assert [entry["node"] for entry in documents[0]["maps"]] == ["ran", "mast"]
    files = listed(tmp_path)
    assert files == sorted(
        [*("one", "two"), *(f"{out}/{name}{end}" for out in ("one", "two") for name in ("ran", "mast-robust")
                            for end in (".png", ".tif"))]
    )  # fmt: skip
    for name in ("ran.png", "ran.tif", "mast-robust.png", "mast-robust.tif"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    for one, two in zip(documents[0]["maps"], documents[1]["maps"], strict=True):
        assert one["png"] == f"one/{one['node']}{'-' + one['pipe'] if one['pipe'] else ''}.png"
        assert {**one, "png": "", "geotiff": ""} == {**two, "png": "", "geotiff": ""}
        shares = list(one["area_share"].values())
        assert shares == sorted(shares, reverse=True)
        assert one["users_mean"] == pytest.approx(
            sum(share["users"] * share["mean"] for share in one["audiences"].values())
            / sum(share["users"] for share in one["audiences"].values())
        )


def test_the_geotiff_has_the_place_on_earth_of_sites_in_degrees(folder, netgen):
    rasterio = pytest.importorskip("rasterio", reason="GeoTIFF files need rasterio (netgen[geo])")
    from rasterio.warp import transform  # noqa: PLC0415

    done = netgen("coverage", "listed.yaml", "--json", "--cell", "25 m", "--sinr", "0 dB", cwd=folder)
    (entry,) = json.loads(done.stdout)["maps"]
    assert entry["geotiff"] == "runs/listed/coverage-001/ran.tif"
    assert entry["cell_m"] == 25.0
    with rasterio.open(folder / entry["geotiff"]) as file:
        band = file.read(1)
        (x,), (y,) = transform("EPSG:4326", file.crs, [13.40], [52.50])
        row, column = file.index(x, y)
        assert file.res == (25.0, 25.0)
        assert band.shape == (entry["rows"], entry["columns"])
        # The westernmost site is 1 km and the margin of 5 % from the western edge.
        assert (x - file.bounds.left) == pytest.approx(1000.0 + 0.05 * 2679.0, abs=40.0)
        near = band[max(row - 4, 0) : row + 5, column - 4 : column + 5].mean()
        assert near > np.concatenate([band[0], band[-1]]).mean()


def test_tables_name_every_map_and_its_files(folder, netgen):
    done = netgen("coverage", "listed.yaml", "--cell", "100 m", "--out", "maps", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "coverage of listed (seed 2)" in done.stdout
    assert "SINR -7.6" in done.stdout
    assert "maps/ran.png, maps/ran.tif" in done.stdout
    more = netgen(
        "coverage", "listed.yaml", "--set", "nodes.ran.radio.activity=50 %", "--out", "more", cwd=folder
    )
    assert more.returncode == 0
    drawn = [
        json.loads(netgen("coverage", "listed.yaml", "--set", "seed=null", "--json", cwd=folder).stdout)[
            "seed"
        ]
        for _ in range(2)
    ]
    assert drawn[0] != drawn[1]
    assert '"seed": 7' in netgen("coverage", "listed.yaml", "--seed", "7", "--json", cwd=folder).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plain.yaml"], 'scenario "plain" has no radio with places; accepted:'),
        (["listed.yaml", "--cell", "5 s"], '--cell = "5 s"'),
        (["listed.yaml", "--cell", "-5 m"], "is not above 0"),
        (["listed.yaml", "--cell", "10 cm"], "cells of the map of ran"),
        (["listed.yaml", "--receiver", "rooftop"], 'did you mean "roof-top"?'),
        (["listed.yaml", "--receiver", "roof-top"], "has no tower with transmitters"),
        (["listed.yaml", "--sinr", "400 dB"], "accepted: -100 dB to 100 dB"),
        (["listed.yaml", "--out", "."], "is not an empty folder; nothing is overwritten"),
        (["listed.yaml", "--out", "sites.csv"], "is not an empty folder"),
        (["listed.yaml", "--out", "sites.csv/maps"], "cannot be written"),
        (["listed.yaml", "--set", "nodes.ran.radio.environment=umb"], "umb"),
        (["missing.yaml"], "missing.yaml"),
    ],
)
def test_wrong_input_is_one_message_and_nothing_is_written(folder, netgen, arguments, message):
    before = listed(folder)
    done = netgen("coverage", *arguments, cwd=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert listed(folder) == before


def test_missing_packages_are_told_before_anything_is_computed(folder, netgen):
    for module, extra in (("matplotlib", "plot"), ("rasterio", "geo")):
        hidden = folder / f"no-{extra}"
        (hidden / module).mkdir(parents=True)
        missing = f"raise ModuleNotFoundError(\"No module named '{module}'\", name='{module}')\n"
        (hidden / module / "__init__.py").write_text(missing, encoding="utf-8")
        done = netgen(
            "coverage", "listed.yaml", cwd=folder, env={"PYTHONPATH": str(hidden), "PATH": "/usr/bin"}
        )
        assert done.returncode == 2
        assert f"netgen[{extra}]" in done.stderr
    assert not (folder / "runs").exists()
