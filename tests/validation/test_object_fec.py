"""Object loss against SciPy's binomial and against simulated packet losses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from netgen.broadcast.interleaving import loss_correlation
from netgen.broadcast.object_fec import ObjectCode, object_loss_probability

LOSS = np.array([1e-7, 1e-4, 0.003, 0.02, 0.05, 0.08, 0.1, 0.13, 0.3, 0.7, 0.99])


def by_binomial(code: ObjectCode, loss: float) -> float:
    """Sum over every number of received symbols; all source symbols received is never a failure."""
    received = np.arange(code.sent_symbols + 1)
    every = binom.pmf(received, code.sent_symbols, 1 - loss) @ code.decoding_failure(received)
    repair = np.arange(code.repair_symbols + 1)
    failure = code.decoding_failure(code.source_symbols + repair)
    intact = (1 - loss) ** code.source_symbols * (binom.pmf(repair, code.repair_symbols, 1 - loss) @ failure)
    return float(every - intact)


@pytest.mark.parametrize(
    "code",
    [
        ObjectCode(1, 1),
        ObjectCode(1, 2),
        ObjectCode(3, 5),
        ObjectCode(20, 20),
        ObjectCode(100, 110),
        ObjectCode(1000, 1100),
        ObjectCode(64, 256),
    ],
)
def test_independent_loss_is_the_binomial_sum(code: ObjectCode) -> None:
    """Every code and loss, against SciPy's binomial probabilities."""
    ours = object_loss_probability(code, LOSS)
    reference = np.array([by_binomial(code, loss) for loss in LOSS])
    assert np.allclose(ours, reference, rtol=1e-8, atol=1e-13)


def simulated_loss(code: ObjectCode, loss: float, burst: float, *, objects: int, seed: int) -> float:
    """Share of objects lost over simulated runs of lost and received packets."""
    rng = np.random.default_rng(seed)
    correlation = float(loss_correlation(loss, burst))
    lost = rng.random(objects) < loss
    count = np.zeros(objects, dtype=np.int64)
    source_lost = np.zeros(objects, dtype=bool)
    for symbol in range(code.sent_symbols):
        if symbol:
            stay = rng.random(objects) < correlation
            lost = np.where(stay, lost, rng.random(objects) < loss)
        count += lost
        if symbol < code.source_symbols:
            source_lost |= lost
    failure = code.decoding_failure(code.sent_symbols - count)
    return float(np.mean(source_lost & (rng.random(objects) < failure)))


@pytest.mark.parametrize(
    ("code", "loss", "burst"),
    [
        (ObjectCode(40, 48), 0.1, 1.0),
        (ObjectCode(40, 48), 0.1, 4.0),
        (ObjectCode(40, 60), 0.1, 12.0),
        (ObjectCode(10, 10), 0.02, 6.0),
        (ObjectCode(30, 31, failure_at_source=0.5, failure_decay=0.5), 0.05, 2.0),
    ],
)
def test_losses_agree_with_simulation(code: ObjectCode, loss: float, burst: float) -> None:
    """100,000 objects: agreement within 4 standard errors, which would show an error of 6 %."""
    objects = 100_000
    expected = float(object_loss_probability(code, loss, mean_burst=burst))
    seen = simulated_loss(code, loss, burst, objects=objects, seed=7)
    four_errors = 4.0 * np.sqrt(expected * (1.0 - expected) / objects)
    assert four_errors < 0.06 * expected
    assert abs(seen - expected) < four_errors


def test_simulation_would_notice_ignored_bursts() -> None:
    """The burst case differs from independent loss by far more than the test's tolerance."""
    code = ObjectCode(40, 60)
    assert object_loss_probability(code, 0.1) < 1e-6
    assert object_loss_probability(code, 0.1, mean_burst=12.0) > 0.05
