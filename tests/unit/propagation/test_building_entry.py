"""Loss into buildings and cars: by hand, distributions of the draws, refusals."""

import numpy as np
import pytest

from netgen.propagation.building_entry import (
    Building,
    Glass,
    car_loss_db,
    inside_distance_m,
    inside_loss_db,
    wall_loss_db,
    wall_sigma_db,
)


def test_walls_by_hand_at_10_ghz():
    glass, concrete = 10 ** (-4.0 / 10), 10 ** (-45.0 / 10)
    assert wall_loss_db("low", 10e9) == pytest.approx(5 - 10 * np.log10(0.3 * glass + 0.7 * concrete))
    for release, coated_db in ((Glass.RELEASE_14, 26.0), (Glass.RELEASE_19, 26.5)):
        mixed = 0.7 * 10 ** (-coated_db / 10) + 0.3 * concrete
        assert wall_loss_db("high", 10e9, glass=release) == pytest.approx(5 - 10 * np.log10(mixed))


def test_default_glass_is_todays_and_plain_walls_have_none_of_it():
    carrier = np.array([0.7e9, 6e9, 30e9])
    assert (wall_loss_db("high", carrier) == wall_loss_db("high", carrier, glass="release-19")).all()
    assert (wall_loss_db("high", carrier) != wall_loss_db("high", carrier, glass="release-14")).all()
    assert (wall_loss_db("low", carrier) == wall_loss_db("low", carrier, glass="release-14")).all()


def test_fixed_walls_lose_20_db_without_spread():
    assert wall_loss_db("fixed", [7e8, 2e9]).tolist() == [20.0, 20.0]
    assert [wall_sigma_db(kind) for kind in Building] == [4.4, 6.5, 0.0]


@pytest.mark.parametrize(("environment", "deepest_m"), [("uma", 25.0), ("umi", 25.0), ("rma", 10.0)])
def test_inside_distance_is_the_smaller_of_two(environment, deepest_m):
    assert inside_distance_m(environment, [[0.2, 1.0], [0.4, 0.5]]).tolist() == pytest.approx(
        [0.2 * deepest_m, 0.5 * deepest_m]
    )
    # 400 x 400 grid of uniform numbers: mean of the smaller is 1/3, median 1 - sqrt(1/2).
    grid = (np.arange(400) + 0.5) / 400
    drawn = inside_distance_m(environment, np.array(np.meshgrid(grid, grid)))
    assert drawn.mean() == pytest.approx(deepest_m / 3, rel=2e-3)
    assert np.median(drawn) == pytest.approx(deepest_m * (1 - np.sqrt(0.5)), rel=5e-3)


def test_one_row_of_uniforms_is_a_uniform_distance():
    assert inside_distance_m("uma", [[0.2, 1.0]]).tolist() == [5.0, 25.0]


def test_half_a_decibel_a_metre():
    assert inside_loss_db([0.0, 25.0]).tolist() == [0.0, 12.5]


def test_cars():
    assert car_loss_db([0.0, 1.0]).tolist() == [9.0, 14.0]
    assert car_loss_db([0.0, -1.0], metallised=[True, False]).tolist() == [20.0, 4.0]


def test_refusals():
    with pytest.raises(ValueError, match="carrier_hz must be positive"):
        wall_loss_db("low", [1e9, 0.0])
    with pytest.raises(ValueError, match="'thick' is not a valid Building"):
        wall_loss_db("thick", 1e9)
    with pytest.raises(ValueError, match="is not a valid Glass"):
        wall_loss_db("low", 1e9, glass="release-3")
    for wrong in (0.5, [], [[0.5], [1.5]], [[np.nan]]):
        with pytest.raises(ValueError, match="uniforms"):
            inside_distance_m("uma", wrong)
