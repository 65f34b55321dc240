"""A3 handover: a trace across a cell edge by hand, filter, timers, ping-pong, interruption, wrong input."""

import math

import numpy as np
import pytest

from netgen.radio.handover import A3Handover, HandoverSettings

EPOCH_S = 0.1
PLAIN = HandoverSettings(
    offset_db=1.0,
    hysteresis_db=2.0,
    time_to_trigger_s=0.3,
    filter_coefficient=0,
    interruption_s=0.05,
    ping_pong_window_s=1.0,
    settled_db=0.0,
)
ROW = np.array([0])


def walk(handover, levels_dbm, *, first_epoch=0):
    """Step one user through levels (t, S); return (epoch, from, to, ping-pong) of all changes."""
    changes = []
    for epoch, levels in enumerate(np.asarray(levels_dbm, dtype=np.float32), start=first_epoch):
        now_s = epoch * EPOCH_S
        change = handover.step(now_s, EPOCH_S, rows=ROW, measured_dbm=levels[np.newaxis])
        assert len(change.rows) <= 1
        if len(change.rows):
            changes.append(
                (epoch, int(change.from_sector[0]), int(change.to_sector[0]), bool(change.ping_pong[0]))
            )
    return changes


def test_the_first_step_attaches_to_the_strongest():
    handover = A3Handover(3, 3, settings=PLAIN)
    assert handover.serving.tolist() == [-1, -1, -1]
    assert handover.unsettled().all()
    levels = np.array([[-80, -70, -90], [-60, -60, -95]], dtype=np.float32)
    changes = handover.step(0.0, EPOCH_S, rows=np.array([2, 0]), measured_dbm=levels)
    assert changes.rows.tolist() == [2, 0]
    assert changes.from_sector.tolist() == [-1, -1]
    assert changes.to_sector.tolist() == [1, 0]
    assert not changes.ping_pong.any()
    assert handover.serving.tolist() == [0, -1, 1]
    assert handover.unsettled().tolist() == [False, True, False]
    assert handover.available(np.array([2, 0]), 0.0, epoch_s=EPOCH_S).tolist() == [1.0, 1.0]


def test_across_a_cell_edge():
    """From -80 / -90 dBm the neighbour gains 1 dB and the server loses 1 dB per epoch.

    The difference is -10 + 2 k dB in epoch k. It must exceed 3 dB: first in epoch 7 (4 dB). The condition has
    then held for 0.3 s in epoch 10, which is when the handover happens. 3.0 dB itself would not do.
    """
    handover = A3Handover(1, 2, settings=PLAIN)
    levels = [[-80 - k, -90 + k] for k in range(15)]
    assert walk(handover, levels) == [(0, -1, 0, False), (10, 0, 1, False)]
    assert handover.serving.tolist() == [1]


@pytest.mark.parametrize(("difference_db", "hands_over"), [(3.0, False), (3.01, True)])
def test_the_condition_is_strict(difference_db, hands_over):
    handover = A3Handover(1, 2, settings=PLAIN)
    changes = walk(handover, [[-80, -90]] + [[-80, -80 + difference_db]] * 50)
    assert (len(changes) == 2) == hands_over


def test_the_timer_starts_again_when_the_condition_ceases():
    handover = A3Handover(1, 2, settings=PLAIN)
    better, equal = [-80, -75], [-80, -80]
    levels = [[-80, -90]] + [better] * 3 + [equal] + [better] * 4
    assert walk(handover, levels) == [(0, -1, 0, False), (8, 0, 1, False)]


def test_every_neighbour_has_its_own_timer():
    """Neighbour 1 is good from epoch 1 on, neighbour 2 is better from epoch 3 on but not for long enough."""
    handover = A3Handover(1, 3, settings=PLAIN)
    levels = [[-80, -90, -90]] + [[-80, -75, -90]] * 2 + [[-80, -75, -70]] * 2
    assert walk(handover, levels) == [(0, -1, 0, False), (4, 0, 1, False)]
    # Against the new server neighbour 2 starts anew at the next step.
    assert walk(handover, [[-80, -75, -70]] * 4, first_epoch=5) == [(8, 1, 2, False)]


def test_the_strongest_of_those_whose_time_has_come_is_the_target():
    handover = A3Handover(1, 3, settings=PLAIN)
    assert walk(handover, [[-80, -90, -90]] + [[-80, -75, -74]] * 4)[1] == (4, 0, 2, False)


def test_a_time_to_trigger_of_zero_hands_over_at_once_and_others_are_rounded_up():
    for trigger_s, epochs in ((0.0, 0), (0.1, 1), (0.16, 2), (0.2, 2), (0.7, 7)):
        settings = HandoverSettings(time_to_trigger_s=trigger_s, filter_coefficient=0)
        handover = A3Handover(1, 2, settings=settings)
        assert walk(handover, [[-80, -90]] + [[-80, -70]] * 9)[1][0] == 1 + epochs


@pytest.mark.parametrize(("hysteresis_db", "pairs"), [(1.0, True), (6.0, False)])
def test_hysteresis_prevents_ping_pong(hysteresis_db, pairs):
    """Levels that swap by 4 dB every 0.5 s: a hysteresis below the swing follows them, one above does not."""
    settings = HandoverSettings(hysteresis_db=hysteresis_db, time_to_trigger_s=0.1, filter_coefficient=0)
    handover = A3Handover(1, 2, settings=settings)
    levels = [[-80, -84] if (k // 5) % 2 == 0 else [-84, -80] for k in range(60)]
    changes = walk(handover, levels)
    # The first handover leads away; each later one leads back within 0.5 s.
    assert [change[3] for change in changes[1:]] == ([False] + [True] * 10 if pairs else [])


def test_back_after_the_window_is_no_ping_pong_and_neither_is_a_third_sector():
    handover = A3Handover(1, 3, settings=PLAIN)
    in_0, in_1, in_2 = [-70, -90, -90], [-90, -70, -90], [-90, -90, -70]
    changes = walk(handover, [in_0] * 2 + [in_1] * 8 + [in_0] * 11 + [in_1] * 4 + [in_2] * 4 + [in_1] * 4)
    assert changes == [
        (0, -1, 0, False),
        (5, 0, 1, False),
        (13, 1, 0, True),
        (24, 0, 1, False),
        (28, 1, 2, False),
        (32, 2, 1, True),
    ]


@pytest.mark.parametrize("k", [1.0, 4.0, 8.0, 13.0])
@pytest.mark.parametrize("epoch_s", [0.02, 0.1, 0.2, 1.0])
def test_the_filter_has_the_time_constant_of_the_standard(k, epoch_s):
    """After a step of 20 dB the rest is (1 - a)^n of it after n periods of 200 ms, at any epoch length."""
    handover = A3Handover(1, 1, settings=HandoverSettings(filter_coefficient=k, settled_db=0))
    handover.step(0.0, epoch_s, rows=ROW, measured_dbm=np.array([[-90]], dtype=np.float32))
    a = 2 ** (-k / 4)
    for step in range(1, 51):
        handover.step(step * epoch_s, epoch_s, rows=ROW, measured_dbm=np.array([[-70]], dtype=np.float32))
        rest_db = 20 * (1 - a) ** (step * epoch_s / 0.2)
        assert handover.filtered_dbm[0, 0] == pytest.approx(-70 - rest_db, abs=2e-4)


def test_the_share_of_a_new_measurement():
    assert HandoverSettings(filter_coefficient=0).filter_share(0.1) == 1
    assert HandoverSettings(filter_coefficient=4).filter_share(0.2) == pytest.approx(0.5)
    assert HandoverSettings(filter_coefficient=4).filter_share(0.1) == pytest.approx(1 - math.sqrt(0.5))
    assert HandoverSettings(filter_coefficient=19).filter_share(0.2) == pytest.approx(2 ** (-19 / 4))


def test_a_filter_settles_once_it_is_near_and_may_then_be_left_out():
    """20 dB fall below 0.1 dB after 8 periods of 1/2 (0.078 dB): settled, and set to the measurement."""
    settings = HandoverSettings(
        filter_coefficient=4, measurement_period_s=0.1, hysteresis_db=15, settled_db=0.1
    )
    handover = A3Handover(1, 2, settings=settings)
    walk(handover, [[-60, -90]])
    assert not handover.unsettled()[0]
    for epoch in range(1, 9):
        walk(handover, [[-60, -70]], first_epoch=epoch)
        assert handover.unsettled()[0] == (epoch < 8)
    assert handover.filtered_dbm[0].tolist() == [-60, -70]


def test_a_running_timer_is_unsettled_and_a_handover_too():
    handover = A3Handover(1, 2, settings=PLAIN)
    walk(handover, [[-80, -90]])
    for epoch in range(1, 5):
        walk(handover, [[-80, -70]], first_epoch=epoch)
        assert handover.unsettled()[0]
    walk(handover, [[-80, -70]], first_epoch=5)
    assert handover.serving[0] == 1
    assert not handover.unsettled()[0]


def test_a_handover_interrupts_the_data():
    settings = HandoverSettings(time_to_trigger_s=0, filter_coefficient=0, interruption_s=0.13)
    handover = A3Handover(2, 2, settings=settings)
    rows = np.array([0, 1])
    handover.step(0.0, 0.1, rows=rows, measured_dbm=np.array([[-80, -90]] * 2, dtype=np.float32))
    handover.step(0.1, 0.1, rows=rows, measured_dbm=np.array([[-80, -90], [-80, -70]], dtype=np.float32))
    np.testing.assert_allclose(handover.available(rows, 0.1, epoch_s=0.1), [1, 0])
    np.testing.assert_allclose(handover.available(rows, 0.2, epoch_s=0.1), [1, 0.7])
    np.testing.assert_allclose(handover.available(rows, 0.3, epoch_s=0.1), [1, 1])


def test_more_users_than_are_handled_at_once():
    """20,000 equal users do what one does."""
    users = 20_000
    handover, one = A3Handover(users, 3, settings=PLAIN), A3Handover(1, 3, settings=PLAIN)
    for epoch in range(8):
        levels = np.array([[-80, -75 if epoch else -90, -90]], dtype=np.float32)
        many = handover.step(
            epoch * EPOCH_S, EPOCH_S, rows=np.arange(users), measured_dbm=np.repeat(levels, users, axis=0)
        )
        single = one.step(epoch * EPOCH_S, EPOCH_S, rows=ROW, measured_dbm=levels)
        assert len(many.rows) == users * len(single.rows)
        assert (many.to_sector == (single.to_sector[0] if len(single.rows) else 0)).all()
    assert (handover.serving == 1).all()
    assert not handover.unsettled().any()


def test_nobody_to_step():
    handover = A3Handover(2, 3)
    changes = handover.step(0.0, 0.1, rows=np.empty(0, dtype=np.int64), measured_dbm=np.empty((0, 3)))
    assert len(changes.rows) == len(changes.ping_pong) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hysteresis_db": -1.0}, "hysteresis_db = -1.0 is not within 0..15"),
        ({"offset_db": np.nan}, "offset_db = nan"),
        ({"filter_coefficient": 20.0}, "filter_coefficient = 20.0"),
        ({"time_to_trigger_s": -0.1}, "time_to_trigger_s = -0.1"),
        ({"measurement_period_s": 0.0}, "measurement_period_s = 0.0 s"),
        ({"offset_db": -4.0}, "add up to less than 0 dB"),
    ],
)
def test_wrong_settings_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        HandoverSettings(**change)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="0 sectors"):
        A3Handover(1, 0)
    handover = A3Handover(2, 2)
    with pytest.raises(ValueError, match=r"measured_dbm has shape \(1, 3\)"):
        handover.step(0.0, 0.1, rows=ROW, measured_dbm=np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"measured_dbm\[0, 1\] = nan dBm"):
        handover.step(0.0, 0.1, rows=ROW, measured_dbm=np.array([[0, np.nan]]))
    with pytest.raises(ValueError, match=r"epoch_s = 0\.0 s"):
        handover.step(0.0, 0.0, rows=ROW, measured_dbm=np.zeros((1, 2)))
    with pytest.raises(ValueError, match="read-only"):
        handover.serving[0] = 1
