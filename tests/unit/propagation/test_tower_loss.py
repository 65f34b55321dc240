import numpy as np
import pytest

from netgen.errors import ModelRangeError
from netgen.propagation.free_space import free_space_path_loss_db
from netgen.propagation.terrain import Terrain
from netgen.propagation.tower_loss import TowerLoss, hata_tower_loss, terrain_tower_loss, tower_loss


def table(**change) -> TowerLoss:
    arguments = {
        "model": "made up",
        "carrier_hz": 600e6,
        "base_height_m": 100.0,
        "mobile_height_m": 10.0,
        "distance_m": np.array([1e3, 10e3, 100e3]),
        "excess_db": np.array([4.0, 14.0, 30.0]),
    }
    return TowerLoss(**(arguments | change))


def test_the_excess_is_interpolated_along_the_logarithm_and_vanishes_at_the_foot():
    distance_m = np.array([0.0, 250.0, 1e3, np.sqrt(10) * 1e3, 10e3, 100e3])
    free = free_space_path_loss_db(np.hypot(distance_m, 90.0), 600e6)
    np.testing.assert_allclose(
        table().loss_db(distance_m) - free, [0.0, 1.0, 4.0, 9.0, 14.0, 30.0], atol=1e-9
    )


def test_beyond_the_table_is_refused():
    assert table().range_m == 100e3
    for distance_m in (100.001e3, -1.0, np.nan):
        with pytest.raises(ModelRangeError, match=r"distance 1 = .* the range of the made up table"):
            table().loss_db([5.0, distance_m])


@pytest.mark.parametrize(
    "change",
    [
        {"mobile_height_m": 100.0},
        {"excess_db": np.array([4.0, -0.1, 30.0])},
        {"excess_db": np.array([4.0, 30.0])},
        {"distance_m": np.array([1e3, 1e3, 1e4])},
        {"distance_m": np.array([0.0, 1e3, 1e4])},
        {"distance_m": np.array([]), "excess_db": np.array([])},
    ],
)
def test_bad_tables_are_refused(change):
    with pytest.raises(ValueError, match=r"table|higher|negative|increase"):
        table(**change)


def test_tables_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        table().excess_db[0] = 1.0


def test_hata_serves_the_towers_it_was_measured_for():
    assert tower_loss(600e6, base_height_m=200.0, mobile_height_m=10.0).model == "okumura-hata"
    assert hata_tower_loss(600e6, base_height_m=30.0, mobile_height_m=1.5).range_m == 100e3
    with pytest.raises(ModelRangeError, match="base height"):
        hata_tower_loss(600e6, base_height_m=300.0, mobile_height_m=1.5)


@pytest.mark.parametrize(
    "arguments",
    [
        {"base_height_m": 300.0, "mobile_height_m": 10.0},
        {"base_height_m": 100.0, "mobile_height_m": 20.0},
        {"base_height_m": 100.0, "mobile_height_m": 10.0, "terrain_kind": Terrain(irregularity_m=30.0)},
    ],
)
def test_the_terrain_model_serves_the_others(arguments):
    pytest.importorskip("itmlogic", reason="the irregular terrain model needs itmlogic (netgen[itm])")
    found = tower_loss(600e6, **arguments)
    assert found.model == "itm"
    assert found.range_m == 300e3


def test_higher_towers_reach_farther():
    pytest.importorskip("itmlogic", reason="the irregular terrain model needs itmlogic (netgen[itm])")
    losses = [
        float(
            terrain_tower_loss(
                600e6, base_height_m=height_m, mobile_height_m=10.0, terrain_kind=Terrain(), range_m=120e3
            ).loss_db(80e3)
        )
        for height_m in (50.0, 100.0, 200.0, 300.0, 500.0)
    ]
    assert np.all(np.diff(losses) < 0)
    with pytest.raises(ModelRangeError, match="does not exceed the shortest distance"):
        terrain_tower_loss(
            600e6, base_height_m=300.0, mobile_height_m=10.0, terrain_kind=Terrain(), range_m=1e3
        )
