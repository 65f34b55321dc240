import zlib

import numpy as np

from netgen.described.entropy import Contexts, Reader, Writer
from netgen.described.sketch import code_sketch, drawn, enlarged


def _disc() -> np.ndarray:
    rows, columns = np.mgrid[:68, :120]
    return np.where(np.hypot(rows - 34, columns - 60) < 25, 200.0, 40.0).astype(np.float32)


def test_edges_are_drawn_where_they_are() -> None:
    sketch = drawn(_disc())
    rows, columns = np.nonzero(sketch)
    assert len(rows) > 100
    assert np.abs(np.hypot(rows - 34, columns - 60) - 25).max() < 2


def test_a_flat_picture_has_no_edges() -> None:
    assert not drawn(np.full((20, 30), 90, np.float32)).any()


def test_a_sketch_comes_back_and_is_smaller_than_zlib() -> None:
    sketch = drawn(_disc())
    writer = Writer()
    code_sketch(writer, Contexts(), sketch.shape, sketch=sketch)
    message = writer.message()
    np.testing.assert_array_equal(code_sketch(Reader(message), Contexts(), sketch.shape, sketch=None), sketch)
    assert len(message) < 0.9 * len(zlib.compress(np.packbits(sketch).tobytes(), 9))


def test_enlarging_repeats_cells() -> None:
    sketch = np.array([[True, False], [False, True]])
    assert enlarged(sketch, 4, 4).tolist() == np.kron(sketch, np.ones((2, 2))).astype(bool).tolist()
