"""The queues of `netgen verify`: the interval covers as often as it says, and the check can fail."""

from dataclasses import replace

import numpy as np
import pytest

from netgen.verify.queues import batch_interval, check_queue, closed_forms, gpu_sojourns, link_sojourns

FORMS = {form.name: form for form in closed_forms()}
LINK = FORMS["M/M/1 on a link, load 0.5"]
GPU = FORMS["M/M/c on a gpu, load 0.67, c = 3"]


def erlang_c_sojourn(load_erlang: float, servers: int) -> float:
    """Mean sojourn of M/M/c by Erlang's recursion, in mean service times: not from the shipped table."""
    blocking = 1.0
    for k in range(1, servers + 1):
        blocking = load_erlang * blocking / (k + load_erlang * blocking)
    waiting = servers * blocking / (servers - load_erlang * (1 - blocking))
    return 1 + waiting / (servers - load_erlang)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_the_shipped_closed_forms_agree_with_their_formulas(name):
    form = FORMS[name]
    if form.model == "M/D/1":
        expected = 1 + form.arrival_rate / (2 * (1 - form.arrival_rate))
    else:
        expected = erlang_c_sojourn(form.arrival_rate, form.servers)
    assert form.mean_sojourn == pytest.approx(expected, rel=1e-8)


def test_batch_means_of_independent_draws_have_the_textbook_width():
    draws = np.random.default_rng(5).normal(3.0, 2.0, size=210_000)
    mean, half_width = batch_interval(draws)
    assert half_width == pytest.approx(1.984 * 2.0 / np.sqrt(199_500), rel=0.15)
    assert abs(mean - 3.0) < half_width


def test_the_interval_of_the_link_covers_about_as_often_as_it_says():
    """40 seeds at 95%: 34 to 40 covers unless luck of less than 1 in 100; a biased queue covers far less."""
    covered = 0
    for seed in range(40):
        mean, half_width = batch_interval(link_sojourns(LINK, customers=60_000, seed=seed))
        covered += abs(mean - LINK.mean_sojourn) <= half_width
    assert 34 <= covered <= 40


def test_the_interval_of_the_gpu_covers_about_as_often_as_it_says():
    covered = 0
    for seed in range(12):
        mean, half_width = batch_interval(gpu_sojourns(GPU, customers=20_000, seed=seed))
        covered += abs(mean - GPU.mean_sojourn) <= half_width
    assert 9 <= covered <= 12


def test_a_queue_that_is_two_percent_off_is_refused():
    wrong = replace(LINK, mean_sojourn=LINK.mean_sojourn * 1.02)
    assert check_queue(LINK, customers=1_000_000, seed=1).ok
    assert not check_queue(wrong, customers=1_000_000, seed=1).ok


def test_too_few_customers_give_an_interval_that_is_too_wide():
    assert not check_queue(LINK, customers=20_000, seed=1).ok
