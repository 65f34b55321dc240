"""TR 38.901 against tables computed by others, and the statistics of the correlated field."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from netgen.propagation.building_entry import wall_loss_db
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.line_of_sight import los_correlation_distance_m, los_probability, sees_base
from netgen.propagation.path_loss import breakpoint_m, los_path_loss_db, nlos_path_loss_db
from netgen.propagation.shadow_fading import Sight, correlation_distance_m, sigma_db

TABLES = Path(__file__).parent / "tables"
STATES = {
    "LOS": (0, False),
    "LOS PL1": (0, False),
    "LOS PL2": (0, True),
    "NLOS": (1, False),
    "O2I": (2, False),
}


def table(name):
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def test_path_loss_and_line_of_sight_at_280_points():
    rows = table("tr38901_path_loss.csv")
    assert len(rows) == 280
    for environment in ("uma", "umi", "rma"):
        mine = [row for row in rows if row["scenario"].lower() == environment]
        column = {
            name: np.array([float(row[name]) for row in mine]) for name in mine[0] if name != "scenario"
        }
        heights = {"base_height_m": column["h_bs_m"], "user_height_m": column["h_ut_m"]}
        where = {**heights, "carrier_hz": column["fc_ghz"] * 1e9}
        assert breakpoint_m(environment, **where) == pytest.approx(column["d_bp_m"], abs=1e-3)
        where["distance_2d_m"] = column["d2d_m"]
        assert los_path_loss_db(environment, **where) == pytest.approx(column["pl_los_db"], abs=1e-3)
        assert nlos_path_loss_db(environment, **where) == pytest.approx(column["pl_nlos_db"], abs=1e-3)
        probability = los_probability(
            environment, distance_2d_m=column["d2d_m"], user_height_m=column["h_ut_m"]
        )
        assert probability == pytest.approx(column["p_los"], abs=1e-6)


def test_shadow_fading_is_the_table():
    rows = table("tr38901_shadow_fading.csv")
    seen = set()
    for row in rows:
        sight, beyond = STATES[row["state"]]
        environment = row["scenario"].lower()
        assert sigma_db(environment, sight, beyond_breakpoint=beyond) == float(row["sigma_db"])
        assert correlation_distance_m(environment, sight) == float(row["corr_distance_m"])
        seen.add((environment, sight))
    assert seen == {(environment, sight) for environment in ("uma", "umi", "rma") for sight in Sight}


def test_building_entry_with_the_old_glass_is_the_table():
    rows = table("tr38901_building_entry.csv")
    carrier_hz = np.array([float(row["carrier_ghz"]) for row in rows]) * 1e9
    for kind in ("low", "high"):
        expected = np.array([float(row[f"{kind}_loss_db"]) for row in rows])
        assert wall_loss_db(kind, carrier_hz, glass="release-14") == pytest.approx(expected, abs=6e-4)


# The field. Grid points cover 64 x 64 correlation distances, so that one draw holds a few thousand
# independent values; intervals are 99.9 % (3.88 standard errors, t with 19 degrees of freedom).
DRAWS, SIDE, SAMPLES, T999 = 20, 512, 8, 3.883


@pytest.fixture(scope="module")
def fields():
    return [CorrelatedField.drawn(np.random.default_rng([38901, n]), SIDE) for n in range(DRAWS)]


def mean_and_half_width(values):
    return float(np.mean(values)), T999 * float(np.std(values, ddof=1)) / math.sqrt(len(values))


@pytest.mark.parametrize(
    "step", [(1, 0), (0, 1), (1, 1), (1, -1)], ids=["u", "v", "diagonal", "antidiagonal"]
)
@pytest.mark.parametrize("steps", [1, 4, 8, 16])
def test_autocorrelation_is_exponential_in_every_direction(fields, step, steps):
    """E[z(p) z(p + d)] = exp(-d): TR 38.901 clause 7.4.4."""
    shift = (step[0] * steps, step[1] * steps)
    distance = math.hypot(*shift) / SAMPLES
    products = [np.mean(f.values * np.roll(f.values, shift, (0, 1)), dtype=np.float64) for f in fields]
    mean, half_width = mean_and_half_width(products)
    assert half_width < 0.03  # the test sees an error of 0.03; exp(-d^2) would be 0.17 off at d = 0.5
    assert abs(mean - math.exp(-distance)) < half_width


def test_variance_is_one_on_and_between_grid_points(fields):
    rng = np.random.default_rng(2)
    inside = rng.integers(0, SIDE, (2, 40_000)) / SAMPLES
    for a, b in ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.25, 0.75)):
        powers = [np.mean(f.at(inside[0] + a / SAMPLES, inside[1] + b / SAMPLES) ** 2) for f in fields]
        mean, half_width = mean_and_half_width(powers)
        assert half_width < 0.035  # without the normalisation the middle of a cell has 0.9
        assert abs(mean - 1.0) < half_width
    # Between the middle of cells and grid points the ratio of powers has little chance in it.
    middle, corner = (
        np.mean([np.mean(f.at(inside[0] + s, inside[1] + s) ** 2) for f in fields])
        for s in (0.5 / SAMPLES, 0.0)
    )
    assert middle / corner == pytest.approx(1.0, abs=0.02)


def test_values_are_gaussian(fields):
    """Kolmogorov distance, skewness and excess kurtosis of values far apart, pooled over draws."""
    apart = np.concatenate([f.values[::32, ::32].ravel() for f in fields]).astype(float)
    assert apart.size == 5120
    apart.sort()
    expected = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in apart])
    ranks = (np.arange(apart.size) + 0.5) / apart.size
    assert np.abs(ranks - expected).max() < 1.95 / math.sqrt(apart.size)  # 99.9 % point of Kolmogorov
    assert abs(np.mean(apart**3)) < 3.3 * math.sqrt(15 / apart.size)
    assert abs(np.mean(apart**4) - 3) < 3.3 * math.sqrt(96 / apart.size)


def test_fields_of_two_readers_are_uncorrelated(fields):
    rng = np.random.default_rng(3)
    u, v = rng.uniform(0, SIDE / SAMPLES, (2, 20_000))
    products = []
    for field in fields:
        (u0, u1, u2), (v0, v1, v2) = field.offset([0, 1, 2])
        first, second, third = field.at(u + u0, v + v0), field.at(u + u1, v + v1), field.at(u + u2, v + v2)
        products.append(np.mean([first * second, first * third, second * third]))
    mean, half_width = mean_and_half_width(products)
    assert half_width < 0.03
    assert abs(mean) < half_width


@pytest.mark.parametrize("environment", ["uma", "umi", "rma"])
@pytest.mark.parametrize("distance_m", [60.0, 150.0, 400.0])
def test_share_of_users_in_sight_is_the_probability(fields, environment, distance_m):
    """Users all over the plane, all at one distance from "their" base station."""
    probability = float(los_probability(environment, distance_2d_m=distance_m, user_height_m=1.5))
    rng = np.random.default_rng(4)
    positions_m = rng.uniform(0, 3200, (2, 20_000))
    u, v = positions_m / los_correlation_distance_m(environment)
    shares = [np.mean(sees_base(probability, field.at(u, v))) for field in fields]
    mean, half_width = mean_and_half_width(shares)
    assert half_width < 0.03
    assert abs(mean - probability) < half_width


def test_state_changes_along_a_walk_as_often_as_the_correlation_says(fields):
    """Orthant probability of two Gaussian values with correlation r: P(differ) = arccos(r) / pi at P = 1/2."""
    rng = np.random.default_rng(5)
    u, v = rng.integers(0, SIDE, (2, 40_000)) / SAMPLES
    changes = [
        np.mean(sees_base(0.5, field.at(u, v)) != sees_base(0.5, field.at(u + 0.5, v))) for field in fields
    ]
    mean, half_width = mean_and_half_width(changes)
    assert half_width < 0.02
    assert abs(mean - math.acos(math.exp(-0.5)) / math.pi) < half_width
