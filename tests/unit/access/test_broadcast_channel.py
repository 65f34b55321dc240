"""A channel whose coverage and loss are given."""

import numpy as np

from netgen.access.broadcast_channel import FixedChannel
from netgen.rng import Streams


def test_coverage_and_loss_are_those_given_at_any_time_and_size():
    channel = FixedChannel(np.array([True, False, True]), 0.05, Streams(1).key("luck"))
    for time_s, size_bits in ((0.0, 1), (1e6, 10**9)):
        covered, loss = channel.chances(np.array([1, 2]), time_s=time_s, size_bits=size_bits)
        assert covered.tolist() == [False, True]
        assert loss.tolist() == [0.05, 0.05]
