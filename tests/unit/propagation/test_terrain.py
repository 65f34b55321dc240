import sys

import numpy as np
import pytest

from netgen.errors import MissingDependencyError, ModelRangeError
from netgen.propagation.terrain import Climate, Terrain, irregular_terrain_loss_db, least_distance_m

HEIGHTS = {"base_height_m": 300.0, "mobile_height_m": 10.0}


def test_without_itmlogic_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "itmlogic.lrprop", None)
    with pytest.raises(MissingDependencyError, match=r"netgen\[itm\]"):
        irregular_terrain_loss_db(10e3, 600e6, terrain=Terrain(), **HEIGHTS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"carrier_hz": 19e6}, "the carrier"),
        ({"carrier_hz": 21e9}, "the carrier"),
        ({"base_height_m": 3001.0}, "the base height"),
        ({"mobile_height_m": 0.4}, "the mobile height"),
        ({"distance_m": [10e3, 1449.0]}, r"distance 1 = 1449 m .* 1450\.\.2e\+06 m"),
        ({"distance_m": 2001e3}, "distance 0"),
        ({"distance_m": np.nan}, "distance 0"),
        ({"time_percent": 0.0}, "time_percent"),
        ({"location_percent": 100.0}, "location_percent"),
        ({"situation_percent": np.nan}, "situation_percent"),
    ],
)
def test_what_is_outside_the_ranges_is_named(change, message):
    arguments = {"distance_m": 10e3, "carrier_hz": 600e6, "terrain": Terrain(), **HEIGHTS} | change
    with pytest.raises(ModelRangeError, match=message):
        irregular_terrain_loss_db(arguments.pop("distance_m"), arguments.pop("carrier_hz"), **arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("irregularity_m", -1.0),
        ("surface_refractivity", 249.0),
        ("permittivity", 0.9),
        ("conductivity_s_m", -0.1),
        ("irregularity_m", np.nan),
    ],
)
def test_terrain_is_checked(name, value):
    with pytest.raises(ModelRangeError, match=name):
        Terrain(**{name: value})


def test_the_shortest_distance_follows_the_heights():
    assert least_distance_m(100.0, 1.5) == 1e3
    assert least_distance_m(1001.0, 1.0) == 5e3


def test_a_result_that_the_model_calls_invalid_is_not_given():
    pytest.importorskip("itmlogic", reason="the irregular terrain model needs itmlogic (netgen[itm])")
    with pytest.raises(ModelRangeError, match="no valid result for distance 0"):
        irregular_terrain_loss_db(
            10e3, 600e6, base_height_m=1.0, mobile_height_m=1.0, terrain=Terrain(irregularity_m=3000.0)
        )


def test_more_time_costs_more_and_the_shape_is_kept():
    pytest.importorskip("itmlogic", reason="the irregular terrain model needs itmlogic (netgen[itm])")
    distance_m = np.array([[20e3, 60e3], [90e3, 150e3]])
    often, rarely = (
        irregular_terrain_loss_db(distance_m, 600e6, terrain=Terrain(), time_percent=share, **HEIGHTS)
        for share in (90.0, 1.0)
    )
    assert often.shape == (2, 2)
    assert np.all(often > rarely)
    sea = Terrain(0.0, Climate.MARITIME_TEMPERATE_OVER_SEA, permittivity=81.0, conductivity_s_m=5.0)
    assert np.all(irregular_terrain_loss_db(distance_m, 600e6, terrain=sea, **HEIGHTS) < often)
