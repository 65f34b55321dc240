"""The correlated field: reproducible, read-only, periodic, unit variance, offsets far apart."""

import numpy as np
import pytest

from netgen.propagation.correlated_field import CorrelatedField


@pytest.fixture(scope="module")
def field():
    return CorrelatedField.drawn(np.random.default_rng(7), 256)


def test_the_same_stream_gives_the_same_field(field):
    again = CorrelatedField.drawn(np.random.default_rng(7), 256)
    other = CorrelatedField.drawn(np.random.default_rng(8), 256)
    assert (again.values == field.values).all()
    assert (other.values == field.values).mean() < 0.02


def test_values_are_a_read_only_square_of_single_precision(field):
    assert field.values.shape == (256, 256)
    assert field.values.dtype == np.float32
    assert field.period == 32.0
    with pytest.raises(ValueError, match="read-only"):
        field.values[0, 0] = 0


def test_values_are_whole_steps_of_a_thirty_second_and_end_short_of_four():
    drawn = np.random.default_rng(5).standard_normal((300, 300))
    field = CorrelatedField(drawn, 8)
    assert field.steps.dtype == np.int8
    assert not field.steps.flags.writeable
    assert (field.values * 32 == field.steps).all()
    inside = np.abs(drawn) < 127.5 / 32
    assert np.abs(field.values - drawn)[inside].max() <= 1 / 64 + 1e-6
    assert (np.abs(field.values[~inside]) == 127 / 32).all()
    assert 0 < np.mean(~inside) < 2e-4
    # Rounding adds a twelfth of a step squared to the variance, the ends take less away.
    exact, kept = drawn.var(), field.values.astype(float).var()
    assert abs(kept - exact) < 2e-4


def test_reading_at_a_grid_point_gives_its_value(field):
    i, j = np.arange(256), np.arange(256)[::-1]
    assert field.at(i / 8, j / 8) == pytest.approx(field.values[i, j].astype(float), abs=1e-12)


def test_reading_wraps_around(field):
    rng = np.random.default_rng(1)
    u, v = rng.uniform(-40, 40, (2, 1000))
    assert field.at(u + 32.0, v - 64.0) == pytest.approx(field.at(u, v), abs=1e-9)


def test_reading_is_continuous_across_cells_and_the_seam(field):
    along = np.array([0.0, 3.0, 3.125, 31.875, 32.0])
    for shift in (1e-9, -1e-9):
        assert field.at(along + shift, 1.3) == pytest.approx(field.at(along, 1.3), abs=1e-6)
        assert field.at(1.3, along + shift) == pytest.approx(field.at(1.3, along), abs=1e-6)


def test_coordinates_broadcast_and_readers_do_not_disturb_each_other(field):
    u, v = np.linspace(0, 5, 7)[:, np.newaxis], np.linspace(3, 9, 4)
    whole = field.at(u, v)
    assert whole.shape == (7, 4)
    assert field.at(u[3, 0], v[2]) == whole[3, 2]


def interpolated_correlation(first, second, samples):
    """Correlation of two bilinear means of a field with correlation exp(-d), by the covariance matrix."""

    def corners(point):
        floor = np.floor(point)
        a, b = point - floor
        return floor + np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.outer([1 - a, a], [1 - b, b]).ravel()

    def covariance(one, other):
        apart = one[0][:, np.newaxis] - other[0][np.newaxis]
        return one[1] @ np.exp(-np.hypot(apart[..., 0], apart[..., 1]) / samples) @ other[1]

    one, other = corners(first), corners(second)
    return covariance(one, other) / np.sqrt(covariance(one, one) * covariance(other, other)), covariance(
        one, one
    )


def test_normalisation_is_the_standard_deviation_of_the_mean():
    rng = np.random.default_rng(2)
    flat = CorrelatedField(np.ones((64, 64), dtype=np.float32), 8)
    for point in rng.uniform(0, 64, (200, 2)):
        _, variance = interpolated_correlation(point, point, 8)
        assert flat.at(*(point / 8)) == pytest.approx(1 / np.sqrt(variance), rel=1e-9)


def test_smoothing_inside_a_cell_adds_at_most_what_the_docstring_says():
    rng = np.random.default_rng(3)
    excess = []
    for _ in range(5000):
        first, lag, turn = rng.uniform(0, 1, 2), rng.uniform(0, 3), rng.uniform(0, 2 * np.pi)
        second = first + lag * np.array([np.cos(turn), np.sin(turn)])
        excess.append(interpolated_correlation(first, second, 8)[0] - np.exp(-lag / 8))
    assert min(excess) > -1e-9
    assert 0.05 < max(excess) < 0.076


def test_offsets_stay_apart_and_do_not_depend_on_how_many_there_are(field):
    u, v = field.offset(np.arange(2000))
    first = field.offset(np.arange(3))
    assert (first[0] == u[:3]).all()
    assert (first[1] == v[:3]).all()
    assert ((u >= 0) & (u < 32) & (v >= 0) & (v < 32)).all()
    for count in (2, 57, 171, 2000):
        du, dv = (np.abs(w[:count, np.newaxis] - w[:count]) for w in (u, v))
        apart = np.hypot(np.minimum(du, 32 - du), np.minimum(dv, 32 - dv)) + 99 * np.eye(count)
        assert apart.min() > 0.54 / np.sqrt(count) * 32


def test_refusals():
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="too small"):
        CorrelatedField.drawn(rng, 16, samples_per_distance=8)
    with pytest.raises(ValueError, match="side >= 2"):
        CorrelatedField.drawn(rng, 1)
    with pytest.raises(ValueError, match="side >= 2"):
        CorrelatedField.drawn(rng, 64, samples_per_distance=0)
    with pytest.raises(ValueError, match="square"):
        CorrelatedField(np.zeros((3, 4), dtype=np.float32), 8)
    with pytest.raises(ValueError, match="samples_per_distance"):
        CorrelatedField(np.zeros((4, 4), dtype=np.float32), 0)
