"""Detection, against what scikit-learn and scipy say."""

import math

import numpy as np
import pytest

from netgen.rating.detection import (
    confusion,
    detection_at,
    detection_at_false_alarms,
    rank_correlation,
    roc_area,
)

SCORES = np.array([1.0, 2.0, 2.0, 3.0, 4.0, 5.0])
LEVELS = np.array([1, 2, 4, 2, 5, 5])


def test_roc_area_by_hand():
    """Of 3 x 3 pairs of a bad and a good one, seven are in order, one is tied, and one is not."""
    assert roc_area(SCORES, LEVELS) == pytest.approx(7.5 / 9)


def test_roc_area_needs_both():
    assert math.isnan(roc_area(SCORES, np.full(6, 5)))
    assert math.isnan(roc_area(SCORES, np.full(6, 1)))


def test_roc_area_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason="the reference is scikit-learn's")
    rng = np.random.Generator(np.random.PCG64(3))
    levels = rng.integers(1, 6, 300)
    scores = np.round(levels + rng.normal(0, 2, 300), 1)  # with ties
    assert roc_area(scores, levels) == pytest.approx(metrics.roc_auc_score(levels <= 2, -scores))


def test_rank_correlation_is_that_of_scipy():
    stats = pytest.importorskip("scipy.stats", reason="the reference is scipy's")
    rng = np.random.Generator(np.random.PCG64(4))
    levels = rng.integers(1, 6, 200).astype(float)
    scores = levels + rng.normal(0, 1, 200)
    assert rank_correlation(scores, levels) == pytest.approx(stats.spearmanr(scores, levels).statistic)
    assert math.isnan(rank_correlation(scores, np.ones(200)))


def test_confusion_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason="the reference is scikit-learn's")
    rng = np.random.Generator(np.random.PCG64(5))
    true, rated = rng.integers(1, 6, (2, 100))
    expected = metrics.confusion_matrix(true, rated, labels=[1, 2, 3, 4, 5])
    assert np.array_equal(confusion(true, rated), expected)


def test_detection_at_a_threshold():
    found = detection_at(SCORES, LEVELS, 2.0)
    assert (found.detected.found, found.detected.of) == (2, 3)
    assert (found.false_alarms.found, found.false_alarms.of) == (1, 3)


@pytest.mark.parametrize(("rate", "detected", "false_alarms"), [(0.0, 1, 0), (0.34, 3, 1), (1.0, 3, 3)])
def test_detection_at_a_rate_of_false_alarms(rate, detected, false_alarms):
    found = detection_at_false_alarms(SCORES, LEVELS, rate)
    assert (found.detected.found, found.false_alarms.found) == (detected, false_alarms)
