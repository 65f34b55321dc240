import numpy as np
import pytest

from netgen.described.entropy import Contexts, Reader, Writer
from netgen.described.picture import code_plane, coefficients_of, quantised, restored
from netgen.described.priors import PRIORS


def _scene(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return (128 + 60 * np.sin(rows / 9) + 50 * ((columns // 17) % 2)).clip(0, 255).astype(np.int64)


@pytest.mark.parametrize("shape", [(1, 1), (3, 20), (9, 16), (68, 120), (135, 240)])
@pytest.mark.parametrize("step", [16, 480, 5120])
def test_numbers_come_back(shape: tuple[int, int], step: int) -> None:
    numbers = quantised(_scene(*shape), step)
    writer = Writer()
    code_plane(writer, Contexts(PRIORS), shape, numbers=numbers, kind="y")
    read = code_plane(Reader(writer.message()), Contexts(PRIORS), shape, numbers=None, kind="y")
    np.testing.assert_array_equal(read, numbers)


def test_error_stays_within_the_step() -> None:
    plane = _scene(68, 120)
    for step, most in ((16, 1.5), (160, 10), (640, 40)):
        error = np.abs(restored(quantised(plane, step), step).astype(int) - plane)
        assert error.max() <= most + 0.7 * step / 16
        assert np.sqrt(np.square(error).mean()) < most


def test_coarser_is_smaller() -> None:
    sizes = []
    for step in (64, 256, 1024, 4096):
        writer = Writer()
        code_plane(writer, Contexts(PRIORS), (68, 120), numbers=quantised(_scene(68, 120), step), kind="y")
        sizes.append(len(writer.message()))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0] / 8


def test_what_is_expected_need_not_be_sent() -> None:
    plane = _scene(34, 60)
    expected = coefficients_of(plane << 4)
    numbers = quantised(plane, 320, expected)
    assert not numbers.any()
    assert np.abs(restored(numbers, 320, expected).astype(int) - plane).max() <= 1
