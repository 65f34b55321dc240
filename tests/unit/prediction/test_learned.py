"""Prediction learned from reports."""

import numpy as np
import pytest

from netgen.access.crowd import Crowd
from netgen.mobility.contract import Static
from netgen.prediction.learned import LearnedPredictor


def test_the_second_train_knows_the_tunnel(railway):
    """One pass of the first train: from then on the loss 5 s ahead of the second one is that which comes.

    Squares of 20 m, one report each. Of the first train the mean of its reports is expected, which is right until
    the tunnel begins, from 6 to 14 s, and wrong from then on: the tunnel comes unforeseen, and then is in the mean.
    """
    line, rows = railway(2, apart_s=60.0, until_s=50.0), np.arange(2)
    crowd = Crowd(line.groups)
    channel, predictor = line.channel(crowd), LearnedPredictor(crowd, rows, bin_m=20.0)
    wrong = {0: 0, 1: 0}
    ahead = {}
    for second in range(111):
        now = channel.loss_now(rows, time_s=float(second), size_bits=1000)
        train = 0 if second <= 50 else 1
        there = rows[train : train + 1]
        predictor.observe(rows, now, time_s=float(second))
        begun = 0 if train == 0 else 60
        if begun + 6 <= second <= begun + 50:
            wrong[train] += int(abs(ahead[second] - now[train]) > 1e-12)
        ahead[second + 5] = float(predictor.loss_ahead(there, at_s=second + 5.0, size_bits=1000)[0])
    assert wrong == {0: 50 - 14, 1: 0}
    assert predictor.map.squares == 51


def test_before_any_report_nothing_is_lost_and_then_the_mean_is():
    """Two users at rest, 1 km apart; the third one never reports."""
    crowd = Crowd([Static([0.0, 1000.0, 2000.0], [0.0, 0.0, 0.0])])
    predictor = LearnedPredictor(crowd, np.array([0, 1, 2, -1]), bin_m=50.0)
    rows = np.arange(4)
    assert predictor.loss_ahead(rows, at_s=1.0, size_bits=1).tolist() == [0.0] * 4
    predictor.observe(rows[:2], np.array([1.0, 0.2]), time_s=0.0)
    assert predictor.loss_ahead(rows, at_s=1.0, size_bits=1).tolist() == pytest.approx([1.0, 0.2, 0.6, 0.6])
    predictor.observe(rows[:2], np.array([0.0, 0.2]), time_s=1.0)
    assert predictor.loss_ahead(rows, at_s=2.0, size_bits=1).tolist() == pytest.approx([0.5, 0.2, 0.35, 0.35])


def test_who_is_absent_or_nowhere_reports_nothing(railway):
    """The second train leaves at 60 s; row 2 belongs to nobody in the crowd."""
    crowd = Crowd(railway(2, apart_s=60.0).groups)
    predictor = LearnedPredictor(crowd, np.array([0, 1, -1]), bin_m=20.0)
    predictor.observe(np.arange(3), np.array([0.0, 1.0, 1.0]), time_s=10.0)
    assert (predictor.map.reports, predictor.map.mean) == (1, 0.0)


def test_the_course_leads_into_what_is_known(railway):
    """At 20 m/s from 40 m at 2 s, in 13 s to the mouth of the tunnel, which another user has reported."""
    line = railway(1)
    crowd = Crowd([*line.groups, Static([305.0], [0.0])])
    predictor = LearnedPredictor(crowd, np.arange(2), bin_m=10.0)
    for time_s in (1.0, 2.0):
        predictor.observe(np.arange(2), np.array([0.0, 1.0]), time_s=time_s)
    found = [
        float(predictor.loss_ahead(np.arange(1), at_s=at_s, size_bits=1)[0]) for at_s in (2.0, 15.2, 16.0)
    ]
    assert found == [0.0, 1.0, 0.5]
