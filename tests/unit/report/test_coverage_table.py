import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from netgen.broadcast.raster import CoverageMap
from netgen.coverage.made_map import AudienceShare, MadeMap
from netgen.report.coverage_table import coverage_document, coverage_table

PROBABILITY = np.array([[0.1, 0.6, 0.8, 0.99], [1.0, 1.0, 0.0, 0.0]])


@pytest.fixture
def made():
    """A map of eight cells, five of them in the area served."""
    return MadeMap(
        node="mast",
        pipe="rich",
        quantity="C/N",
        required_db=11.94,
        carrier_hz=6e8,
        receiver="roof-top",
        activity=None,
        cell_m=500.0,
        coverage=CoverageMap(np.arange(4) * 500.0, np.arange(2) * 500.0, PROBABILITY),
        served=np.array([0.1, 0.6, 0.8, 0.99, 1.0]),
        served_km2=1.25,
        audiences={
            "homes": AudienceShare(300, 100, 0.9, "roof-top"),
            "walkers": AudienceShare(100, 100, 0.5, "handheld"),
        },
    )


def test_shares_are_of_the_area_served_and_weighted_by_users(made):
    assert made.name == "mast-rich"
    assert [made.area_share(level) for level in (0.5, 0.7, 0.95)] == pytest.approx([0.8, 0.6, 0.4])
    assert made.population_probability == pytest.approx(0.8)


def test_the_table_has_a_line_for_each_map_and_audience(made):
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(coverage_table([made], "coverage of town"))
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert "mast-rich roof-top C/N 11.9 500 1.25 80.0% 60.0% 40.0% 400 80.0%" in lines
    assert "homes roof-top 300 90.0%" in lines
    assert "walkers handheld 100 50.0%" in lines


def test_the_document_is_json(made):
    files = {"mast-rich": (Path("maps/mast-rich.png"), Path("maps/mast-rich.tif"))}
    document = json.loads(
        json.dumps(coverage_document([made], files, scenario="town", seed=5), allow_nan=False)
    )
    assert (document["scenario"], document["seed"]) == ("town", 5)
    (entry,) = document["maps"]
    assert entry["area_share"] == pytest.approx({"0.50": 0.8, "0.70": 0.6, "0.95": 0.4})
    assert (entry["columns"], entry["rows"]) == (4, 2)
    assert entry["audiences"]["homes"] == {
        "users": 300,
        "evaluated": 100,
        "receiver": "roof-top",
        "mean": 0.9,
    }
    assert (entry["png"], entry["geotiff"]) == ("maps/mast-rich.png", "maps/mast-rich.tif")
