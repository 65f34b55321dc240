"""What players did: marks by segment and player, late parts, and many qualities."""

import numpy as np
import pytest

from netgen.ledger import Playback, ShownQuality
from netgen.ledger.playback import FIRST_QUALITY, STOPPED, UNKNOWN

GOOD = ShownQuality(None, 1.0, 1.0)


def rows(*numbers):
    return np.array(numbers, dtype=np.int64)


def player(playback, service="news"):
    return playback.of(service, segments=3, segment_s=2.0)


def show(known, index, who, *, delay_s, deadline_s=1.0, quality=GOOD):
    known.show(
        index, who, offered_s=2.0 * index, delay_s=np.array(delay_s), deadline_s=deadline_s, quality=quality
    )


def test_a_late_segment_is_shown_for_what_is_left_of_its_time():
    known = player(Playback(["film", "news", "news", "news", "news"]))
    show(known, 1, rows(1, 2, 4), delay_s=[1.0, 2.5, 3.0])
    assert known.rows.tolist() == [1, 2, 3, 4]
    assert known.marks[1].tolist() == [FIRST_QUALITY, FIRST_QUALITY, UNKNOWN, STOPPED]
    assert known.stopped_s[1].tolist() == [0.0, 1.5, 0.0, 0.0]
    assert known.first_s.tolist() == [3.0, 4.5, np.inf, np.inf]
    assert np.isnan(known.offered_s[[0, 2]]).all()


def test_in_time_needs_no_room_for_lateness():
    known = player(Playback(["news"]))
    show(known, 0, rows(0), delay_s=[9.0], deadline_s=None)
    show(known, 1, rows(0), delay_s=[1.0])
    known.stop(2, rows(0), offered_s=4.0)
    assert known.stopped_s is None
    assert known.marks[:, 0].tolist() == [FIRST_QUALITY, FIRST_QUALITY, STOPPED]
    assert known.first_s.tolist() == [3.0]


def test_a_service_is_made_once_and_equal_qualities_are_one():
    playback = Playback(["news", "news"])
    known = player(playback)
    assert player(playback) is known
    for index, fidelity in enumerate((1.0, 0.5, 1.0)):
        show(known, index, rows(0), delay_s=[0.1], quality=ShownQuality(None, None, fidelity))
    assert known.marks[:, 0].tolist() == [FIRST_QUALITY, FIRST_QUALITY + 1, FIRST_QUALITY]
    assert list(playback) == [known]
    assert len(player(playback, "nobody").rows) == 0


@pytest.mark.parametrize("count", [65_533, 65_536])
def test_more_qualities_than_16_bits_can_number(count):
    known = Playback(["news"]).of("news", segments=2, segment_s=1.0)
    show(known, 0, rows(0), delay_s=[0.1])
    for k in range(count):
        known._mark(ShownQuality(None, None, k / count))
    show(known, 1, rows(0), delay_s=[0.1], quality=ShownQuality(1.0, 1.0, 1.0))
    assert known.marks[:, 0].tolist() == [FIRST_QUALITY, FIRST_QUALITY + count + 1]
    assert known.marks.dtype == np.uint32
