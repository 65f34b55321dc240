import numpy as np
import pytest

from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.location_variation import location_probability, location_variation_db
from netgen.rng import Streams


@pytest.fixture(scope="module")
def field():
    return CorrelatedField.drawn(Streams(3).get("field"), side=512, samples_per_distance=4)


def test_the_planning_margins_for_70_95_and_99_percent():
    """GE06 multiplies 5.5 dB by 0.52, 1.64 and 2.33."""
    shares = location_probability(np.array([0.52, 1.64, 2.33]) * 5.5, 0.0)
    np.testing.assert_allclose(shares, [0.70, 0.95, 0.99], atol=0.002)


def test_without_variation_it_is_a_step():
    np.testing.assert_array_equal(location_probability([-1.0, 0.0, 1.0], 0.0, sigma_db=0.0), [0.0, 1.0, 1.0])


def test_variation_has_its_deviation_and_falls_off_with_distance(field):
    rng = Streams(4).get("places")
    x_m, y_m = rng.uniform(0, 12_800, (2, 60_000))
    here = location_variation_db(field, x_m, y_m, sigma_db=5.5)
    there = location_variation_db(field, x_m + 100.0, y_m, sigma_db=5.5)
    assert here.std() == pytest.approx(5.5, rel=0.05)
    assert np.corrcoef(here, there)[0, 1] == pytest.approx(np.exp(-1.0), abs=0.06)


def test_an_offset_reads_another_part_of_the_field(field):
    places = np.arange(500.0) * 40.0
    first = location_variation_db(field, places, 0.0 * places)
    again = location_variation_db(field, places, 0.0 * places)
    other = location_variation_db(field, places, 0.0 * places, offset=(61.3, 40.7))
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.5
    moved = location_variation_db(field, places + 6130.0, 0.0 * places + 4070.0)
    np.testing.assert_allclose(other, moved, atol=1e-9)
    np.testing.assert_allclose(
        other[3:4], location_variation_db(field, places[3:4], [0.0], offset=(61.3, 40.7))
    )


@pytest.mark.parametrize(
    "arguments", [{"sigma_db": -1.0}, {"sigma_db": np.nan}, {"correlation_distance_m": 0.0}]
)
def test_bad_numbers_are_refused(field, arguments):
    with pytest.raises(ValueError, match="is not finite and"):
        location_variation_db(field, [0.0], [0.0], **arguments)
    if "sigma_db" in arguments:
        with pytest.raises(ValueError, match="standard deviation"):
            location_probability(0.0, 0.0, **arguments)
