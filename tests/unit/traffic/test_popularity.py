"""Zipf's law over titles."""

import numpy as np
import pytest
from scipy import stats

from netgen.traffic.popularity import zipf_choice, zipf_shares


def test_shares_by_hand():
    assert zipf_shares(3, 1.0).tolist() == pytest.approx([6 / 11, 3 / 11, 2 / 11])
    assert zipf_shares(4, 0.0).tolist() == pytest.approx([0.25] * 4)
    assert zipf_shares(1, 2.0).tolist() == [1.0]


@pytest.mark.parametrize("exponent", [0.0, 0.6, 1.0, 2.5, 10.0])
def test_shares_fall_and_add_up(exponent):
    shares = zipf_shares(40, exponent)
    assert shares.sum() == pytest.approx(1.0)
    assert (np.diff(shares) <= 0).all()


@pytest.mark.parametrize(("titles", "exponent"), [(0, 1.0), (3, -0.1), (3, np.inf), (3, np.nan)])
def test_what_is_no_law_is_refused(titles, exponent):
    with pytest.raises(ValueError, match="accepted"):
        zipf_shares(titles, exponent)


def test_choices_have_the_shares_of_the_law():
    """20,000 users: chi-square does not tell exponent 1 from them, and does tell 1.1."""
    chosen = zipf_choice(np.random.default_rng(4).uniform(size=20_000), titles=10, exponent=1.0)
    counts = np.bincount(chosen, minlength=10)
    assert stats.chisquare(counts, 20_000 * zipf_shares(10, 1.0)).pvalue > 0.001
    assert stats.chisquare(counts, 20_000 * zipf_shares(10, 1.1)).pvalue < 1e-6


def test_every_number_below_one_chooses_a_title():
    ends = np.array([0.0, 0.25, 0.5, 0.75, np.nextafter(1.0, 0.0)])
    assert zipf_choice(ends, titles=4, exponent=0.0).tolist() == [0, 1, 2, 3, 3]
    edges = np.cumsum(zipf_shares(49, 1.0))
    around = np.concatenate([edges - 1e-15, edges + 1e-15])
    assert zipf_choice(around.clip(0, np.nextafter(1.0, 0.0)), titles=49, exponent=1.0).max() == 48


def test_more_users_leave_the_first_ones_their_titles():
    numbers = np.random.default_rng(5).uniform(size=100)
    few, many = (zipf_choice(numbers[:count], titles=7, exponent=0.8) for count in (40, 100))
    assert few.tolist() == many[:40].tolist()
