"""Prediction by a twin that is ahead."""

import numpy as np
import pytest

from netgen.access.crowd import Crowd
from netgen.mobility.contract import Static
from netgen.prediction.twin import DisplacedCrowd, TwinPredictor
from netgen.rng import Streams

KEY = Streams(1).key("error")


def displaced(groups, error_m, count, key=KEY):
    return DisplacedCrowd(groups, identity=np.arange(count), key=key, error_m=error_m)


def test_what_was_predicted_comes(railway):
    """Four trains 5 s apart: 15 to 25 s after its departure each is in the tunnel."""
    line, rows = railway(4, apart_s=5.0), np.arange(4)
    real = line.channel()
    predictor = TwinPredictor(real.twin(Crowd(line.groups)))
    seen = set()
    for second in range(60):
        ahead = predictor.loss_ahead(rows, at_s=second + 7.0, size_bits=1000)
        now = line.channel().loss_now(rows, time_s=second + 7.0, size_bits=1000)
        assert ahead.tolist() == now.tolist()
        assert real.chances(rows, time_s=float(second), size_bits=1000)[1].tolist() == [0.05] * 4
        seen |= set(ahead.tolist())
    assert seen == {0.05, 1.0}
    predictor.observe(rows, np.zeros(4), time_s=60.0)


def test_the_future_is_asked_for_in_order(railway):
    line = railway()
    predictor = TwinPredictor(line.channel().twin(Crowd(line.groups)))
    predictor.loss_ahead(np.arange(1), at_s=10.0, size_bits=1)
    with pytest.raises(ValueError, match="after"):
        predictor.loss_ahead(np.arange(1), at_s=9.0, size_bits=1)


def test_no_error_is_perfect(railway):
    line, rows = railway(3, apart_s=7.0), np.arange(3)
    perfect = TwinPredictor(line.channel().twin(Crowd(line.groups)))
    noisy = TwinPredictor(line.channel().twin(displaced(line.groups, 0.0, 3)))
    for second in range(60):
        found = [each.loss_ahead(rows, at_s=second / 2, size_bits=1).tolist() for each in (perfect, noisy)]
        assert found[0] == found[1]


def test_errors_are_normal_and_new_at_every_instant():
    count = 20_000
    crowd = displaced([Static(np.full(count, 100.0), np.full(count, -50.0))], 30.0, count)
    errors = []
    for time_s in (0.0, 1.0, 2.0):
        crowd.look(time_s)
        errors += [crowd.x_m - 100.0, crowd.y_m + 50.0]
    errors = np.array(errors)
    assert np.abs(errors.mean(axis=1)).max() < 4 * 30 / np.sqrt(count)
    assert np.abs(errors.std(axis=1) - 30.0).max() < 4 * 30 / np.sqrt(2 * count)
    others = np.corrcoef(errors) - np.eye(6)
    assert np.abs(others).max() < 4.5 / np.sqrt(count)
    assert crowd.moving.all()


def test_errors_belong_to_the_user_and_the_instant():
    """How often was looked before, and who else is there, does not matter."""
    static = [Static(np.zeros(3), np.zeros(3))]
    often, once = displaced(static, 10.0, 3), displaced(static, 10.0, 3)
    for time_s in (0.0, 0.5, 1.0, 1.0):
        often.look(time_s)
    once.look(1.0)
    assert often.x_m.tolist() == once.x_m.tolist()
    assert len(set(once.x_m.tolist())) == 3
    alone = DisplacedCrowd([Static([0.0], [0.0])], identity=np.array([2]), key=KEY, error_m=10.0)
    alone.look(1.0)
    assert (alone.x_m[0], alone.y_m[0]) == (once.x_m[2], once.y_m[2])
    other = displaced(static, 10.0, 3, key=Streams(2).key("error"))
    other.look(1.0)
    assert not set(other.x_m.tolist()) & set(once.x_m.tolist())


def test_errors_move_predictions_near_the_ends_of_a_hole_only(railway):
    """Errors of 2 m: 200 m from the tunnel all are right, at its mouth about half of them."""
    line, rows = railway(2000), np.arange(2000)
    noisy = TwinPredictor(line.channel().twin(displaced(line.groups, 2.0, 2000)))
    poor = [
        float(np.mean(noisy.loss_ahead(rows, at_s=at_s, size_bits=1) == 1.0)) for at_s in (5.0, 15.0, 20.0)
    ]
    assert poor[0] == 0.0
    assert abs(poor[1] - 0.5) < 4 * 0.5 / np.sqrt(2000)
    assert poor[2] > 0.99


def test_errors_need_a_user_each_and_a_size():
    with pytest.raises(ValueError, match="identities"):
        displaced([Static([0.0], [0.0])], 1.0, 2)
    with pytest.raises(ValueError, match="error_m"):
        displaced([Static([0.0], [0.0])], -1.0, 1)
