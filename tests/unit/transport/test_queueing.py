import numpy as np
import pytest

from netgen.transport.queueing import admit_finite, departure_work_bits


def floats(*values):
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("arrivals", "sizes", "free", "expected"),
    [
        ((0, 0, 0), (10, 10, 10), 0, (10, 20, 30)),
        ((0, 5, 100), (10, 10, 10), 0, (10, 20, 110)),
        ((0, 5, 100), (10, 10, 10), 7, (17, 27, 110)),
        ((50,), (1,), 200, (201,)),
    ],
)
def test_departures_by_hand(arrivals, sizes, free, expected):
    assert departure_work_bits(floats(*arrivals), floats(*sizes), free).tolist() == list(expected)


def test_departures_are_the_recursion_of_lindley():
    rng = np.random.default_rng(3)
    arrivals, sizes = np.cumsum(rng.exponential(9.0, 500)), rng.exponential(8.0, 500)
    level, expected = 4.0, []
    for arrival, size in zip(arrivals, sizes, strict=True):
        level = max(arrival, level) + size
        expected.append(level)
    np.testing.assert_allclose(departure_work_bits(arrivals, sizes, 4.0), expected, rtol=1e-12)


def test_a_full_queue_drops_whole_packets_and_later_ones_may_fit_again():
    arrivals, sizes = floats(0, 0, 0, 10, 10), floats(10, 10, 10, 10, 5)
    admitted, departure = admit_finite(arrivals, sizes, 0.0, 20.0, size_bits=sizes)
    assert admitted.tolist() == [True, True, False, True, False]
    assert departure.tolist() == [10, 20, 20, 30, 30]


def test_a_queue_that_is_just_full_is_not_overfull():
    sizes = floats(10, 10)
    assert admit_finite(floats(0, 0), sizes, 0.0, 20.0, size_bits=sizes)[0].all()
    assert admit_finite(floats(0, 0), sizes, 0.0, 19.0, size_bits=sizes)[0].tolist() == [True, False]


def test_rounding_of_large_levels_drops_nothing():
    """W at 1 Tbit/s after a day is known to about 0.01 bit."""
    level = 1e12 * 86_400
    sizes = floats(8000, 8000)
    assert admit_finite(floats(level, level), sizes, level, 16_000.0, size_bits=sizes)[0].all()


def test_repeats_take_time_and_not_room():
    """A packet that will be sent three times fits into a queue of one packet, and holds it three times as long."""
    sizes = floats(10, 10, 10)
    admitted, departure = admit_finite(floats(0, 20, 30), sizes * 3, 0.0, 10.0, size_bits=sizes)
    assert admitted.tolist() == [True, False, True]
    assert departure.tolist() == [30, 30, 60]
