"""The irregular terrain model against the examples that NTIA publishes with its own implementation."""

import csv
from pathlib import Path

import numpy as np
import pytest

from netgen.propagation.free_space import free_space_path_loss_db
from netgen.propagation.terrain import (
    Climate,
    Siting,
    Terrain,
    Variability,
    irregular_terrain_loss_db,
)
from netgen.propagation.tower_loss import terrain_tower_loss

pytest.importorskip("itmlogic", reason="the irregular terrain model needs itmlogic (netgen[itm])")

TABLE = Path(__file__).parent / "tables" / "itm_area_examples.csv"


def examples() -> list[dict[str, float]]:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(lines)]


def loss_db(row: dict[str, float]) -> float:
    terrain = Terrain(
        irregularity_m=row["delta_h_m"],
        climate=Climate(int(row["climate"])),
        surface_refractivity=row["n_0"],
        permittivity=row["epsilon"],
        conductivity_s_m=row["sigma"],
        vertical=bool(row["vertical"]),
    )
    loss = irregular_terrain_loss_db(
        row["d_km"] * 1e3,
        row["f_mhz"] * 1e6,
        base_height_m=row["h_tx_m"],
        mobile_height_m=row["h_rx_m"],
        terrain=terrain,
        siting=(Siting(int(row["tx_siting"])), Siting(int(row["rx_siting"]))),
        time_percent=row["time"],
        location_percent=row["location"],
        situation_percent=row["situation"],
        variability=Variability(int(row["mdvar"])),
    )
    return float(loss)


def test_all_published_examples_to_their_one_decimal():
    rows = examples()
    assert len(rows) == 52
    differences = [abs(loss_db(row) - row["loss_db"]) for row in rows]
    assert max(differences) < 0.0501


def test_many_distances_at_once_are_the_same_as_one_at_a_time():
    """The package itmlogic 1.2 keeps its state between distances; within the horizon it would keep the loss as well."""
    terrain = Terrain()
    distance_m = np.array([2e3, 10e3, 40e3, 57e3, 58e3, 70e3, 150e3])
    heights = {"base_height_m": 200.0, "mobile_height_m": 1.5}
    together = irregular_terrain_loss_db(distance_m, 600e6, terrain=terrain, **heights)
    alone = [float(irregular_terrain_loss_db(each, 600e6, terrain=terrain, **heights)) for each in distance_m]
    np.testing.assert_array_equal(together, alone)
    assert np.all(np.diff(together) > 0)


@pytest.mark.parametrize("base_height_m", [50.0, 300.0, 1000.0])
def test_the_table_interpolates_the_model_to_a_twentieth_of_a_decibel(base_height_m):
    heights = {"base_height_m": base_height_m, "mobile_height_m": 10.0}
    table = terrain_tower_loss(600e6, terrain_kind=Terrain(), **heights)
    distance_m = np.geomspace(5.1e3, 290e3, 137)
    model = irregular_terrain_loss_db(distance_m, 600e6, terrain=Terrain(), **heights)
    floor = free_space_path_loss_db(np.hypot(distance_m, base_height_m - 10.0), 600e6)
    assert np.abs(table.loss_db(distance_m) - np.maximum(model, floor)).max() < 0.05
    assert (model - floor).min() > -0.5  # the model itself may fall a little below free space
