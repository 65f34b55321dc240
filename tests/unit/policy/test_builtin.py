"""The baseline forwards whatever it is shown."""

import numpy as np

from netgen.policy import Forward
from netgen.policy.builtin import ForwardOnly
from netgen.policy.checking import sample_views


def test_forward_only_always_forwards_and_draws_nothing():
    rng = np.random.default_rng(1)
    state = rng.bit_generator.state
    assert {ForwardOnly().decide(view, rng) for view in sample_views()} == {Forward()}
    assert rng.bit_generator.state == state
