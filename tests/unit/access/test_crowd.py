"""Where all located users are."""

import numpy as np
import pytest

from netgen.access.crowd import Crowd
from netgen.mobility.contract import Static
from netgen.mobility.line import Line
from netgen.mobility.trace import Trace, TraceSamples
from netgen.rng import Streams


def trace(*samples):
    """Samples of (user, time_s, x_m), all at y = 0."""
    user, time_s, x_m = (np.array(column) for column in zip(*samples, strict=True))
    names = tuple(f"u{number}" for number in range(int(user.max()) + 1))
    return Trace(TraceSamples(names, user, time_s.astype(float), x_m.astype(float), np.zeros(len(user))))


def runner(count, speed_mps=2.0):
    return Line(
        np.array([0.0, 1000.0]),
        np.zeros(2),
        np.arange(count),
        key=Streams(1).key("test"),
        speed_mps=(speed_mps,) * 2,
    )


def test_groups_stand_one_behind_the_other():
    crowd = Crowd(
        [Static([1.0, 2.0], [3.0, 4.0]), trace((0, 0.0, 0.0), (0, 10.0, 100.0)), Static([9.0], [8.0])]
    )
    assert crowd.count == 4
    crowd.look(0.0)
    assert crowd.x_m.tolist() == [1.0, 2.0, 0.0, 9.0]
    assert crowd.y_m.tolist() == [3.0, 4.0, 0.0, 8.0]
    crowd.look(2.5)
    assert crowd.x_m.tolist() == [1.0, 2.0, 25.0, 9.0]
    assert crowd.present.tolist() == [True] * 4


def test_what_was_asked_before_moves_nobody():
    often, once = Crowd([runner(5)]), Crowd([runner(5)])
    for step in range(40):
        often.look(step * 0.25)
    often.look(10.0)
    once.look(10.0)
    assert often.x_m.tolist() == once.x_m.tolist()


def test_the_same_instant_may_be_asked_again_and_an_earlier_one_may_not():
    crowd = Crowd([runner(2)])
    crowd.look(3.0)
    crowd.look(3.0)
    with pytest.raises(ValueError, match="after"):
        crowd.look(2.0)


def test_who_comes_and_goes_is_present_meanwhile():
    """One moves from 2 to 6 s, one is there from 4 s on."""
    crowd = Crowd([Static([0.0], [0.0]), trace((0, 2.0, 0.0), (0, 6.0, 40.0), (1, 4.0, 5.0), (1, 9.0, 6.0))])
    seen = []
    for time_s in (0.0, 2.0, 4.0, 6.0, 7.0):
        crowd.look(time_s)
        seen.append(crowd.present.tolist())
    assert seen == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
        [True, True, True],
        [True, False, True],
    ]


def test_who_stands_still_can_go_all_the_same():
    """Nobody of the group ever moves and all are there at first; at 5 s one of them has left."""
    crowd = Crowd([trace((0, 0.0, 7.0), (0, 3.0, 7.0), (1, 0.0, 8.0), (1, 9.0, 8.0))])
    crowd.look(0.0)
    assert crowd.present.tolist() == [True, True]
    crowd.look(5.0)
    assert crowd.present.tolist() == [False, True]
    assert crowd.x_m.tolist() == [7.0, 8.0]


def test_an_empty_crowd_is_nobody():
    crowd = Crowd([])
    crowd.look(1.0)
    assert crowd.count == len(crowd.x_m) == len(crowd.present) == 0
