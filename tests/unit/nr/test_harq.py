"""Retransmissions: combining gains and the renewal formula."""

import numpy as np
import pytest

from netgen.nr.harq import Combining, Harq, combined_sinr_db, harq_outcome


def test_chase_combining_adds_energy():
    found = combined_sinr_db([-3.0, 8.0], 4, combining=Combining.CHASE, code_rate=0.5)
    np.testing.assert_allclose(found, [-3.0 + 6.0206, 8.0 + 6.0206], atol=1e-4)


def test_incremental_redundancy_adds_information_until_the_code_is_used_up():
    """Rate 4/5 has four times as many bits to send: (1 + 3)^4 - 1 = 255. Rate 2/5 has twice: 2 x ((1 + 3)^2 - 1)."""
    level_db = 10 * np.log10(3.0)
    found = combined_sinr_db(level_db, 4, combining=Combining.INCREMENTAL, code_rate=[0.8, 0.4, 0.2, 0.1])
    np.testing.assert_allclose(10 ** (found / 10), [255.0, 30.0, 12.0, 12.0], rtol=1e-12)
    assert combined_sinr_db(-np.inf, 3, combining=Combining.INCREMENTAL, code_rate=0.5) == -np.inf


def test_the_first_transmission_and_no_combining_change_nothing():
    for combining in Combining:
        assert combined_sinr_db(5.0, 1, combining=combining, code_rate=0.9) == 5.0
    assert combined_sinr_db(5.0, 3, combining=Combining.NONE, code_rate=0.9) == 5.0


def test_independent_attempts_are_the_geometric_distribution():
    """p^K stay undelivered, (1 - p^K) / (1 - p) are sent, so that 1 - p is delivered per transmission."""
    lost = np.array([0.05, 0.3, 0.9])
    outcome = harq_outcome(lost ** np.arange(1, 5)[:, None])
    np.testing.assert_allclose(outcome.delivered, 1 - lost**4)
    np.testing.assert_allclose(outcome.transmissions, (1 - lost**4) / (1 - lost))
    np.testing.assert_allclose(outcome.efficiency, 1 - lost)


def test_a_certain_block_is_sent_once_and_a_hopeless_one_to_the_end():
    outcome = harq_outcome([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    assert outcome.transmissions.tolist() == [1.0, 3.0]
    assert outcome.efficiency.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("transmissions", [0, 5])
def test_other_numbers_of_transmissions_are_refused(transmissions):
    with pytest.raises(ValueError, match="is not in 1 to 4"):
        Harq(transmissions=transmissions)


def test_impossible_failures_are_refused():
    with pytest.raises(ValueError, match="increase"):
        harq_outcome([0.1, 0.2])
    with pytest.raises(ValueError, match=r"failures\[1\] = 1.5"):
        harq_outcome([0.1, 1.5])
    with pytest.raises(ValueError, match="at least one"):
        harq_outcome([])
    with pytest.raises(ValueError, match="transmission = 0"):
        combined_sinr_db(0.0, 0, combining=Combining.CHASE, code_rate=0.5)
