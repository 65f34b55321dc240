import numpy as np
import pytest

from netgen.transport.train import Train, packetise


@pytest.mark.parametrize(
    ("discriminative", "generative", "sizes", "first_generative"),
    [
        (25, 0, [10, 10, 5], 3),
        (0, 25, [10, 10, 5], 0),
        (20, 10, [10, 10, 10], 2),
        (15, 1, [10, 5, 1], 2),
        (1, 0, [1], 1),
    ],
)
def test_each_part_is_cut_by_itself(discriminative, generative, sizes, first_generative):
    cut, first = packetise(discriminative, generative, 10)
    assert cut.tolist() == sizes
    assert first == first_generative
    assert not cut.flags.writeable


def test_a_train_is_complete_with_all_its_bits_but_those_that_may_be_missing():
    strict = Train(np.uint64(1), np.array([600, 400]), 2, None)
    assert strict.total_bits == 1000
    assert strict.complete_with(1000)
    assert not strict.complete_with(999)
    lax = Train(np.uint64(1), np.array([600, 400]), 2, None, loss_tolerance=0.4)
    assert lax.complete_with(600)
    assert not lax.complete_with(599)
