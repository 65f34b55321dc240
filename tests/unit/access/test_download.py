"""What a download may ask for."""

import numpy as np
import pytest

from netgen.access.download import Download
from netgen.transport.train import Meaning


def download(users, bits, **more):
    return Download(
        np.array(users, dtype=np.int64), bits, 0.0, Meaning("film", 0, 1.0), lambda *_: None, **more
    )


def test_bits_are_the_same_for_all_or_of_each():
    same, each = download([1, 4], 300), download([1, 4], np.array([300, 7]))
    assert (same.bits.tolist(), same.total_bits) == ([300, 300], 600)
    assert (each.bits.tolist(), each.total_bits) == ([300, 7], 307)


def test_sums_are_exact_beyond_the_digits_of_a_float():
    assert download([0, 1, 2], np.array([2**53, 1, 2**53])).total_bits == 2**54 + 1


@pytest.mark.parametrize(
    ("users", "bits", "says"),
    [
        ([], 5, "at least one, in increasing order"),
        ([2, 1], 5, "increasing order"),
        ([1, 1], 5, "increasing order"),
        ([1, 2], np.array([5]), r"shape \(1,\) for users of shape \(2,\)"),
        ([1, 2], 0, "> 0 for every user"),
        ([1, 2], np.array([5, 0]), "> 0 for every user"),
    ],
)
def test_users_and_sizes_that_do_not_fit_are_refused(users, bits, says):
    with pytest.raises(ValueError, match=says):
        download(users, bits)


def test_a_multicast_is_of_one_size():
    assert download([1, 2], np.array([5, 5]), multicast=True).require_one_size() == 5
    with pytest.raises(ValueError, match="4 to 5 bits per user"):
        download([1, 2], np.array([5, 4]), multicast=True)
