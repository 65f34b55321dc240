"""The worst that is coming, and how soon."""

import numpy as np
import pytest

from netgen.access.crowd import Crowd
from netgen.prediction.horizon import Horizon
from netgen.prediction.learned import LearnedPredictor
from netgen.prediction.twin import TwinPredictor


class Told:
    """Says what it is told for each instant, and notes which ones were asked for."""

    def __init__(self, loss_of, *, revises):
        self.loss_of, self.revises, self.asked = loss_of, revises, []

    def loss_ahead(self, rows, *, at_s, size_bits):
        self.asked.append(round(at_s, 6))
        return np.array([self.loss_of(row, at_s) for row in rows.tolist()])

    def observe(self, rows, loss, *, time_s):
        pass


def horizon(predictor, period_s=1.0, horizon_s=5.0, poor=0.1):
    return Horizon(predictor, period_s=period_s, horizon_s=horizon_s, poor=poor)


def test_a_train_before_a_tunnel_in_it_and_behind(railway):
    """20 m/s, tunnel from 300 to 500 m: from 15 to 25 s, both included; the first look is at 0 s."""
    line = railway(2, apart_s=2.5)
    ahead = horizon(TwinPredictor(line.channel().twin(Crowd(line.groups))))
    for second in range(40):
        worst, time_to_poor_s = ahead.look(np.arange(2), time_s=float(second), size_bits=1000)
        # The second train is in it from 17.5 to 27.5 s: at the instants 18 to 27.
        for train, instants in enumerate((range(15, 26), range(18, 28))):
            coming = [at_s - second for at_s in instants if second < at_s <= second + 5]
            absent = train == 1 and second < 2  # at the instants 1 and 2, before its departure
            if absent:
                coming = [1]
            assert worst[train] == (1.0 if coming else 0.05), (second, train)
            assert time_to_poor_s[train] == (coming[0] if coming else np.inf), (second, train)


def test_the_first_look_asks_for_the_whole_horizon_and_later_ones_for_what_is_new():
    told = Told(lambda row, at_s: 0.0, revises=False)
    ahead = horizon(told, horizon_s=3.0)
    for time_s in (2.0, 3.0, 4.0):
        ahead.look(np.arange(1), time_s=time_s, size_bits=1)
    assert told.asked == [3.0, 4.0, 5.0, 6.0, 7.0]


def test_what_is_revised_is_asked_for_again():
    told = Told(lambda row, at_s: 0.0, revises=True)
    ahead = horizon(told, horizon_s=3.0)
    for time_s in (2.0, 3.0):
        ahead.look(np.arange(1), time_s=time_s, size_bits=1)
    assert told.asked == [3.0, 4.0, 5.0, 4.0, 5.0, 6.0]


def test_a_horizon_of_no_whole_number_of_periods_is_asked_for_to_its_end():
    """2.5 s by seconds: 0.5, 1.5 and 2.5 s ahead."""
    told = Told(lambda row, at_s: {0: at_s / 10, 1: 1.0 if at_s == 0.5 else 0.0}[row], revises=False)
    worst, time_to_poor_s = horizon(told, horizon_s=2.5, poor=0.15).look(
        np.arange(2), time_s=0.0, size_bits=1
    )
    assert told.asked == [0.5, 1.5, 2.5]
    assert (worst.tolist(), time_to_poor_s.tolist()) == ([0.25, 1.0], [1.5, 0.5])


def test_a_horizon_shorter_than_a_period_is_predicted_at_its_end():
    told = Told(lambda row, at_s: at_s / 10, revises=False)
    ahead = horizon(told, horizon_s=0.4)
    found = [ahead.look(np.arange(1), time_s=time_s, size_bits=1)[0][0] for time_s in (0.0, 1.0, 2.0)]
    assert found == pytest.approx([0.04, 0.14, 0.24])
    assert told.asked == [0.4, 1.4, 2.4]


def test_looks_left_out_or_between_lose_nothing():
    """Poor at 9 s alone; looked at 0, 0.3, 4.7 and 8.8 s with a horizon of 5 s, of instants a second apart."""
    told = Told(lambda row, at_s: float(at_s == 9.0), revises=False)
    ahead, row = horizon(told), np.arange(1)
    found = [ahead.look(row, time_s=time_s, size_bits=1)[1][0] for time_s in (0.0, 0.3, 4.7, 8.8, 9.0)]
    assert found == pytest.approx([np.inf, np.inf, 4.3, 0.2, np.inf])
    assert told.asked == [float(second) for second in range(1, 15)]


def test_after_a_long_pause_what_has_passed_is_not_asked_for():
    told = Told(lambda row, at_s: float(at_s < 100.0), revises=False)
    ahead, row = horizon(told, horizon_s=2.0), np.arange(1)
    ahead.look(row, time_s=0.0, size_bits=1)
    worst, _ = ahead.look(row, time_s=100.0, size_bits=1)
    assert (worst.tolist(), told.asked) == ([0.0], [1.0, 2.0, 101.0, 102.0])


def test_periods_that_are_no_sums_of_powers_of_two_keep_in_step():
    """Every tenth of a second for 100 s: one new instant at each look."""
    told = Told(lambda row, at_s: 0.0, revises=False)
    ahead = horizon(told, period_s=0.1, horizon_s=0.7)
    for step in range(1001):
        ahead.look(np.arange(1), time_s=0.1 * step, size_bits=1)
    assert told.asked == [round(0.1 * step, 6) for step in range(1, 1008)]


def test_what_is_learned_is_seen_at_every_lead(railway):
    """A user at rest in the tunnel has reported; a train 100 m before it at 20 m/s is there in 5 s."""
    line = railway(1)
    crowd = Crowd(line.groups)
    learned = LearnedPredictor(crowd, np.arange(1), bin_m=20.0)
    ahead = horizon(learned, horizon_s=10.0)
    for time_s in (9.0, 10.0):
        learned.observe(np.arange(1), np.zeros(1), time_s=time_s)
    learned.map.learn(np.array([310.0]), np.array([0.0]), np.ones(1))
    # Three reports so far, of which one is lost; 16 s and more is unknown: a third.
    worst, time_to_poor_s = ahead.look(np.arange(1), time_s=10.0, size_bits=1)
    assert worst.tolist() == [1.0]
    assert time_to_poor_s.tolist() == [1.0]
    ahead.poor = 0.5
    assert ahead.look(np.arange(1), time_s=10.0, size_bits=1)[1].tolist() == [5.0]


def test_looks_are_at_the_same_rows_and_go_forward():
    ahead = horizon(Told(lambda row, at_s: 0.0, revises=False))
    ahead.look(np.arange(2), time_s=1.0, size_bits=1)
    with pytest.raises(ValueError, match="rows"):
        ahead.look(np.arange(3), time_s=2.0, size_bits=1)
    with pytest.raises(ValueError, match="after one at 1"):
        ahead.look(np.arange(2), time_s=0.5, size_bits=1)


@pytest.mark.parametrize(("period_s", "horizon_s"), [(0.0, 1.0), (2.0, 0.0), (1.0, np.inf)])
def test_periods_and_horizons_that_make_no_sense_are_refused(period_s, horizon_s):
    with pytest.raises(ValueError, match="period_s"):
        horizon(None, period_s, horizon_s)


def test_nobody_is_looked_at():
    ahead = horizon(Told(lambda row, at_s: 0.0, revises=False))
    worst, time_to_poor_s = ahead.look(np.empty(0, dtype=int), time_s=0.0, size_bits=1)
    assert len(worst) == len(time_to_poor_s) == 0
