"""The baselines change nothing of what they are shown."""

import numpy as np

from netgen.policy import Add, Forward, Serve
from netgen.policy.builtin import ForwardOnly, NeverCollaborate
from netgen.policy.checking import sample_views
from netgen.policy.service_samples import addition_samples, continuation_samples, offloading_samples


def test_forward_only_always_forwards_and_draws_nothing():
    rng = np.random.default_rng(1)
    state = rng.bit_generator.state
    assert {ForwardOnly().decide(view, rng) for view in sample_views()} == {Forward()}
    assert rng.bit_generator.state == state


def test_never_collaborate_asks_for_nothing_in_any_mode():
    policy, rng = NeverCollaborate(), np.random.default_rng(1)
    state = rng.bit_generator.state
    for view in continuation_samples():
        assert np.array_equal(policy.decide(view, rng).serve, view.served)
    for view in offloading_samples():
        coming = tuple(c.service for c in view.contents if c.moving and c.on_tower)
        assert policy.decide(view, rng).on_tower == coming
    for view in addition_samples():
        assert np.array_equal(policy.decide(view, rng).how, np.full(len(view.user), Add.NONE))
    assert rng.bit_generator.state == state


def test_who_begins_on_the_tower_stays_there():
    view = continuation_samples()[5]  # everybody is poor
    on_tower = view.served == Serve.BROADCAST
    serve = NeverCollaborate().decide(view, np.random.default_rng(1)).serve
    assert on_tower.sum() == 20
    assert (serve[on_tower] == Serve.BROADCAST).all()
