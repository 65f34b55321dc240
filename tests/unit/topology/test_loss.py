"""Loss processes against the closed forms of the two-state Markov chain."""

import numpy as np
import pytest
from scipy import stats

from netgen.rng import Streams
from netgen.topology.loss import LossProcess
from netgen.topology.step_function import StepFunction

GOOD_S, BAD_S, LOSS_GOOD, LOSS_BAD = 0.9, 0.1, 0.001, 0.4
ANY = np.array(1000)


def path(seed: int, duration_s: float) -> LossProcess:
    return LossProcess.gilbert_elliott(
        loss_good=LOSS_GOOD,
        loss_bad=LOSS_BAD,
        mean_good_s=GOOD_S,
        mean_bad_s=BAD_S,
        duration_s=duration_s,
        rng=Streams(seed).get("world/loss"),
    )


def test_mean_loss_is_the_stationary_mixture():
    """pi_bad * loss_bad + pi_good * loss_good with pi_bad = bad / (good + bad); Elliott 1963."""
    expected = (BAD_S * LOSS_BAD + GOOD_S * LOSS_GOOD) / (GOOD_S + BAD_S)
    times_s = np.arange(50.0, 2000.0, 0.01)  # the start in the good state is forgotten by then
    means = [path(seed, 2000.0).probability(times_s, ANY).mean() for seed in range(20)]
    half_width = stats.t.ppf(0.9995, 19) * np.std(means, ddof=1) / np.sqrt(20)
    assert half_width < 0.05 * expected  # the test can see an error of 5 %
    assert abs(np.mean(means) - expected) < half_width


def test_the_way_to_the_stationary_state_is_exponential():
    """P(bad at t | good at 0) = pi_bad * (1 - exp(-t * (1 / good + 1 / bad)))."""
    times_s = np.array([0.02, 0.05, 0.1, 0.3, 1.0])
    paths = 6000
    bad = np.mean([path(seed, 1.1).probability(times_s, ANY) == LOSS_BAD for seed in range(paths)], axis=0)
    expected = BAD_S / (GOOD_S + BAD_S) * (1 - np.exp(-times_s * (1 / GOOD_S + 1 / BAD_S)))
    assert (np.abs(bad - expected) < 4 * np.sqrt(expected * (1 - expected) / paths)).all()
    assert (4 * np.sqrt(expected / paths) < expected * 0.4).all()  # the test can see an error of 40 % at most


def test_sojourns_are_exponential_with_the_given_means():
    sojourns_s = np.diff(path(1, 20_000.0).unit.change_s, prepend=0.0)
    good_s, bad_s = sojourns_s[::2], sojourns_s[1::2]
    assert min(good_s.size, bad_s.size) > 15_000
    assert stats.kstest(good_s, "expon", args=(0, GOOD_S)).pvalue > 1e-3
    assert stats.kstest(bad_s, "expon", args=(0, BAD_S)).pvalue > 1e-3
    assert stats.kstest(good_s, "expon", args=(0, GOOD_S * 1.1)).pvalue < 1e-3


def test_the_path_covers_the_duration_starts_good_and_alternates():
    process = path(3, 100.0)
    assert process.unit.change_s[-1] >= 100.0 > process.unit.change_s[-2]
    assert (np.diff(process.unit.change_s) > 0).all()
    between_s = np.concatenate([[0.0], (process.unit.change_s[1:] + process.unit.change_s[:-1]) / 2])
    states = process.probability(between_s, ANY)
    assert states[::2].tolist() == [LOSS_GOOD] * states[::2].size
    assert states[1::2].tolist() == [LOSS_BAD] * states[1::2].size
    assert process.probability(process.unit.change_s[:1], ANY).tolist() == [LOSS_BAD]  # from the change on


def test_the_path_belongs_to_the_world_and_not_to_what_is_sent():
    first, second = path(5, 50.0), path(5, 50.0)
    first.probability(np.linspace(0, 50, 1000), ANY)
    assert first.unit.change_s.tolist() == second.unit.change_s.tolist()
    assert path(6, 50.0).unit.change_s.tolist() != first.unit.change_s.tolist()
    with pytest.raises(ValueError, match="read-only"):
        first.unit.change_s[0] = 0.0


def test_independent_loss_is_the_same_at_all_times():
    process = LossProcess.independent(0.25)
    assert process.probability(np.array([0.0, 1.0, 1e6]), ANY).tolist() == [0.25] * 3
    assert not process.lossless


@pytest.mark.parametrize(("good", "bad", "lossless"), [(0, 0, True), (0, 0.1, False), (0.1, 0, False)])
def test_a_process_without_loss_in_either_state_is_lossless(good, bad, lossless):
    process = LossProcess(StepFunction(np.array([1.0]), np.array([good, bad])))
    assert process.lossless == lossless


def test_a_packet_is_lost_with_any_of_its_blocks():
    """1 - (1 - p)^k for k blocks: 1 for the first 100 bit, 2 from 101 on."""
    process = LossProcess(StepFunction.steps([0, 5], [0.1, 0.5]), block_bits=100)
    sizes = np.array([1, 100, 101, 1000])
    early = process.probability(np.full(4, 1.0), sizes)
    np.testing.assert_allclose(early, 1 - 0.9 ** np.array([1, 1, 2, 10]), rtol=1e-15)
    late = process.probability(np.full(4, 5.0), sizes)
    np.testing.assert_allclose(late, 1 - 0.5 ** np.array([1, 1, 2, 10]), rtol=1e-15)
