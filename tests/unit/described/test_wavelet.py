import numpy as np
import pytest

from netgen.described.wavelet import band_shapes, forward, inverse, levels_of


@pytest.mark.parametrize("shape", [(4, 4), (8, 9), (17, 31), (34, 60), (135, 240)])
def test_inverse_undoes_forward_to_a_level(shape: tuple[int, int]) -> None:
    plane = np.random.default_rng(1).integers(-2048, 2048, shape)
    levels = levels_of(*shape)
    assert np.abs(inverse(forward(plane, levels), levels) - plane).max() <= 8  # half a level of 1/16


def test_a_unit_step_costs_about_as_much_in_every_band() -> None:
    levels = levels_of(64, 64)
    for place in [(2, 2), (2, 6), (13, 12), (20, 40), (45, 45)]:
        unit = np.zeros((64, 64), np.int64)
        unit[place] = 16_000
        assert np.sqrt(np.square(inverse(unit, levels).astype(float)).sum()) / 16_000 == pytest.approx(
            1, abs=0.2
        )


def test_a_flat_plane_has_no_detail() -> None:
    coefficients = forward(np.full((32, 48), 1600), 2)
    low = band_shapes(32, 48, 2)[-1]
    assert np.abs(coefficients[: low[0], : low[1]]).min() > 6000
    coefficients[: low[0], : low[1]] = 0
    assert np.abs(coefficients).max() <= 4


def test_whole_numbers_only() -> None:
    # Integer results do not depend on the machine; this one guards the format.
    plane = np.arange(48).reshape(6, 8) * 16
    assert forward(plane, 1).dtype == np.int64
    assert forward(plane, 1)[0].tolist() == forward(plane.copy(), 1)[0].tolist()
