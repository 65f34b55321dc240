"""Round robin, proportional fair and max-min: small cases by hand, wrong input, and the names."""

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.scheduling.allocation import Scheduler, allocate
from netgen.scheduling.fairness import max_min, proportional_fair, round_robin
from netgen.scheduling.filling import filled

ONE = np.zeros(3, dtype=np.int64)


def test_round_robin_hands_on_what_is_not_needed():
    got = round_robin([1e6, 1e6, 1e6], [1e6, 4e6, 8e6], sector=ONE, blocks=[9.0])
    np.testing.assert_allclose(got, [1.0, 4.0, 4.0])


def test_round_robin_shares_blocks_not_rates():
    got = round_robin([1e6, 2e6, 0.0], [np.inf] * 3, sector=ONE, blocks=[10.0])
    np.testing.assert_allclose(got, [5.0, 5.0, 0.0])


def test_max_min_shares_rates():
    got = max_min([1e6, 3e6, 0.0], [np.inf] * 3, sector=ONE, blocks=[8.0])
    np.testing.assert_allclose(got, [6.0, 2.0, 0.0])


def test_max_min_stops_at_the_demand():
    got = max_min([1e6, 3e6, 1e6], [1e6, np.inf, np.inf], sector=ONE, blocks=[9.0])
    np.testing.assert_allclose(got * [1e6, 3e6, 1e6], [1e6, 6e6, 6e6])


def test_proportional_fair_without_a_past_is_weighted_sharing_of_blocks():
    got = proportional_fair(
        [1e5, 1e6, 1e7], [np.inf, np.inf, 1e7], sector=ONE, blocks=[13.0], weight=[1.0, 3.0, 2.0]
    )
    np.testing.assert_allclose(got, [3.0, 9.0, 1.0])


def test_proportional_fair_lets_a_user_with_less_in_the_past_catch_up():
    got = proportional_fair(
        [1e6] * 3, [np.inf] * 3, sector=ONE, blocks=[9.0], head_start_blocks=[100.0, 105.0, 120.0]
    )
    np.testing.assert_allclose(got, [7.0, 2.0, 0.0], atol=1e-9)


def test_sectors_have_their_own_blocks():
    got = round_robin([1.0] * 4, [np.inf] * 4, sector=np.array([0, 2, 2, 2]), blocks=[5.0, 7.0, 6.0])
    np.testing.assert_allclose(got, [5.0, 2.0, 2.0, 2.0])


def test_no_users_and_no_blocks():
    none = np.empty(0)
    assert round_robin(none, none, sector=np.empty(0, dtype=np.int64), blocks=[5.0]).shape == (0,)
    for scheduler in (round_robin, max_min, proportional_fair):
        assert not scheduler([1.0], [np.inf], sector=np.array([0]), blocks=[0.0]).any()


def test_head_starts_beyond_all_measure_still_use_up_the_sector():
    got = proportional_fair(
        [1.0] * 3, [np.inf] * 3, sector=ONE, blocks=[9.0], head_start_blocks=[1e99, 1e99, 1e50]
    )
    np.testing.assert_allclose(got, [0.0, 0.0, 9.0])


def test_caps_that_fill_one_after_the_other_end_exactly():
    """A staircase of caps, each just above the level before: the worst case for filling in rounds."""
    users, amount = 400, 1.0
    caps = np.array([(1 + 1e-9) / (users - k) for k in range(users)])
    got = filled(caps, np.array([amount]), sector=np.zeros(users, dtype=np.int64))
    assert got.sum() == pytest.approx(amount, rel=1e-12)
    hungry = got < caps
    assert np.ptp(got[hungry]) < 1e-15
    assert got[hungry].min() >= got[~hungry].max(initial=0.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate_per_block_bps": [1.0, -1.0]}, r"rate_per_block_bps\[1\] = -1.0"),
        ({"rate_per_block_bps": [np.nan, 1.0]}, r"rate_per_block_bps\[0\] = nan"),
        ({"rate_per_block_bps": [[1.0, 1.0]]}, "rate_per_block_bps has shape"),
        ({"demand_bps": [1.0, np.nan]}, r"demand_bps\[1\] = nan is not >= 0"),
        ({"demand_bps": [1.0]}, r"demand_bps has shape \(1,\)"),
        ({"sector": np.array([0, 1])}, r"sector\[1\] = 1 is no sector; there are 1 sectors"),
        ({"sector": np.array([-1, 0])}, r"sector\[0\] = -1 is no sector"),
        ({"sector": np.array([0.0, 0.0])}, "sector must hold integers"),
        ({"sector": np.array([0])}, "sector has shape"),
        ({"blocks": [-1.0]}, r"blocks\[0\] = -1.0"),
        ({"blocks": [np.inf]}, r"blocks\[0\] = inf"),
        ({"blocks": 5.0}, "blocks has shape"),
        ({"weight": [1.0, 0.0]}, r"weight\[1\] = 0.0"),
        ({"head_start_blocks": [-1.0, 0.0]}, r"head_start_blocks\[0\] = -1.0"),
    ],
)
def test_wrong_input_is_named(change, message):
    inputs = {
        "rate_per_block_bps": [1.0, 1.0],
        "demand_bps": [1.0, 1.0],
        "sector": np.array([0, 0]),
        "blocks": [1.0],
    } | change
    with pytest.raises(ValueError, match=message):
        proportional_fair(inputs.pop("rate_per_block_bps"), inputs.pop("demand_bps"), **inputs)


def test_schedulers_are_called_by_name():
    assert [str(each) for each in Scheduler] == ["round-robin", "proportional-fair", "max-min", "guaranteed"]
    inputs = {"demand_bps": [np.inf, np.inf], "sector": np.array([0, 0]), "blocks": [8.0]}
    rate = [1e6, 3e6]
    np.testing.assert_allclose(allocate("round-robin", rate, **inputs).blocks, [4, 4])
    np.testing.assert_allclose(allocate("max-min", rate, **inputs).blocks, [6, 2])
    weighted = allocate(Scheduler.PROPORTIONAL_FAIR, rate, weight=[1.0, 3.0], **inputs)
    np.testing.assert_allclose(weighted.blocks, [2, 6])
    assert weighted.met.all()


def test_an_unknown_scheduler_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match='did you mean "max-min"'):
        allocate("maxmin", [1.0], demand_bps=[1.0], sector=np.array([0]), blocks=[1.0])
