"""Outer-loop link adaptation."""

import numpy as np
import pytest

from netgen.nr.outer_loop import OuterLoop


def test_one_loss_weighs_as_much_as_nine_deliveries_at_ten_percent():
    loop = OuterLoop(target_bler=0.1, up_db=0.9)
    assert loop.down_db == pytest.approx(0.1)
    np.testing.assert_allclose(
        loop.after_blocks([1.0, 1.0, 1.0, 1.0], delivered=[9, 1, 0, 0], lost=[1, 0, 1, 0]),
        [1.0, 0.9, 1.9, 1.0],
    )


def test_counts_of_an_epoch_are_the_sum_of_its_blocks():
    loop, offset_db = OuterLoop(), np.zeros(1)
    for failed in (True, False, False, True, False):
        offset_db = loop.after_blocks(offset_db, delivered=[not failed], lost=[failed])
    np.testing.assert_allclose(loop.after_blocks([0.0], delivered=[3], lost=[2]), offset_db)


def test_expected_drift_is_the_mean_of_the_drawn_one_and_held():
    loop = OuterLoop(target_bler=0.1, up_db=0.9)
    found = loop.expected([0.0, 0.0, 0.0, 0.0], blocks=[2.0, 2.0, 200.0, 0.0], bler=[0.1, 0.3, 0.3, 1.0])
    np.testing.assert_allclose(found, [0.0, 2 * (0.27 - 0.07), 1.0, 0.0], atol=1e-12)


def test_limits_hold():
    loop = OuterLoop(lowest_db=-1.0, highest_db=2.0)
    found = loop.after_blocks([0.0, 0.0], delivered=[1000, 0], lost=[0, 1000])
    assert found.tolist() == [-1.0, 2.0]
    assert loop.expected([1.9], blocks=[5.0], bler=[1.0]).tolist() == [2.0]


@pytest.mark.parametrize(
    "fields",
    [{"target_bler": 0.0}, {"target_bler": 1.0}, {"up_db": 0.0}, {"lowest_db": 3.0, "highest_db": 2.0}],
)
def test_bad_rules_are_refused(fields):
    with pytest.raises(ValueError, match=r"is not|is above"):
        OuterLoop(**fields)


def test_bad_feedback_is_refused():
    loop = OuterLoop()
    with pytest.raises(ValueError, match=r"lost\[1\] = -1"):
        loop.after_blocks([0.0, 0.0], delivered=[1, 1], lost=[0, -1])
    with pytest.raises(ValueError, match=r"bler\[0\]"):
        loop.expected([0.0], blocks=[1.0], bler=[1.1])
    with pytest.raises(ValueError, match=r"blocks\[0\]"):
        loop.expected([0.0], blocks=[-1.0], bler=[0.1])
    with pytest.raises(ValueError, match="largest_step_db"):
        loop.expected([0.0], blocks=[1.0], bler=[0.1], largest_step_db=0.0)
