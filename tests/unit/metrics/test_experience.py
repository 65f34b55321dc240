"""Columns of experience from what players did."""

import numpy as np
import pytest

from netgen.ledger import Playback, ShownQuality
from netgen.metrics import experience as module
from netgen.metrics.experience import experience_columns
from netgen.metrics.qoe import Sessions, experience

GOOD, FAIR = ShownQuality(None, 1.0, 1.0), ShownQuality(None, 0.95, 0.5)


def rows(*numbers):
    return np.array(numbers, dtype=np.int64)


def show(playback, index, who, *, delay_s=0.3, quality=GOOD, service="news", deadline_s=1.0):
    player = playback.of(service, segments=6, segment_s=1.0)
    delays_s = np.full(len(who), delay_s)
    player.show(index, who, offered_s=10.0 + index, delay_s=delays_s, deadline_s=deadline_s, quality=quality)


def stop(playback, index, who, service="news"):
    playback.of(service, segments=6, segment_s=1.0).stop(index, who, offered_s=10.0 + index)


def lists(playback):
    return {name: column.tolist() for name, column in experience_columns(playback).items()}


def test_users_of_two_services_keep_their_rows():
    playback = Playback(["news", "film", "news", "film"])
    for index in range(6):
        show(playback, index, rows(3), service="film", quality=FAIR)
        show(playback, index, rows(0, 2))
    found = lists(playback)
    assert found["qoe"][1] is None
    assert found["startup_delay_s"] == [pytest.approx(0.3), None, pytest.approx(0.3), pytest.approx(0.3)]
    assert found["qoe"][0] == found["qoe"][2] > 4.9
    assert 3.4 < found["qoe"][3] < 3.5
    assert found["stalls"] == found["quality_switches"] == [0, 0, 0, 0]


def test_a_user_who_was_shown_nothing_has_the_worst():
    playback = Playback(["news", "news"])
    stop(playback, 0, rows(0))
    show(playback, 1, rows(0), delay_s=2.0)
    found = lists(playback)
    assert (found["qoe"], found["startup_delay_s"]) == ([1.0, None], [None, None])


def test_what_was_lost_before_the_first_picture_is_waiting():
    playback = Playback(["news"])
    stop(playback, 1, rows(0))
    stop(playback, 2, rows(0))
    show(playback, 3, rows(0), delay_s=1.4)
    show(playback, 4, rows(0), delay_s=0.5, quality=FAIR)
    stop(playback, 5, rows(0))
    found = lists(playback)
    assert found["startup_delay_s"] == [pytest.approx(2.0 + 1.4)]
    assert (found["stalls"], found["quality_switches"]) == ([1], [1])
    expected = experience(
        Sessions(np.array([[5.0, 3.5, np.nan]]), np.array([[0.0, 0.0, 1.0]]), rows(3), 1.0, np.array([3.4]))
    )
    assert found["qoe"] == pytest.approx(expected.qoe.tolist())


def test_what_becomes_known_in_another_order_is_the_same():
    found = []
    for order in ((0, 1, 2, 3, 4, 5), (5, 3, 1, 0, 2, 4)):
        playback = Playback(["news"])
        for index in order:
            if index == 2:
                stop(playback, index, rows(0))
            else:
                show(
                    playback,
                    index,
                    rows(0),
                    delay_s=1.25 if index == 4 else 0.3,
                    quality=(GOOD, FAIR)[index % 2],
                )
        found.append(lists(playback))
    assert found[0] == found[1]
    assert found[0]["stalls"] == [2]


def test_what_is_undecided_is_no_stall():
    playback = Playback(["news"])
    for index in (0, 1, 4):
        show(playback, index, rows(0))
    assert lists(playback)["stalls"] == [0]


def test_parts_of_the_users_are_rated_as_all_of_them(monkeypatch):
    playback = Playback(["news"] * 40)
    rng = np.random.default_rng(5)
    for index in range(6):
        lost = rng.random(40) < 0.3
        stop(playback, index, np.flatnonzero(lost))
        show(playback, index, np.flatnonzero(~lost), quality=(GOOD, FAIR)[index % 2])
    whole = lists(playback)
    monkeypatch.setattr(module, "CELLS_AT_ONCE", 40)
    assert lists(playback) == whole
    assert len(set(whole["qoe"])) > 5


def test_nobody():
    assert lists(Playback([])) == {"qoe": [], "quality_switches": [], "stalls": [], "startup_delay_s": []}
