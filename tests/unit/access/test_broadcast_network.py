"""Reception of broadcast networks: SINR where users are, and the chances of segments."""

import math

import numpy as np
import pytest
from scipy import stats

from netgen.access.broadcast_network import (
    BroadcastNetwork,
    PipeChannel,
    PipeSettings,
    ReceiverGroup,
    Surface,
)
from netgen.access.crowd import Crowd
from netgen.broadcast.receiver_class import Reception, receiver_class
from netgen.broadcast.single_frequency import SymbolTiming
from netgen.broadcast.transmitter import Transmitter
from netgen.mobility.contract import Static
from netgen.mobility.trace import Trace, TraceSamples
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.tower_loss import TowerLoss
from netgen.rng import Streams

CARRIER_HZ, BANDWIDTH_HZ, HEIGHT_M = 600e6, 6e6, 100.0
OUTDOOR = receiver_class(Reception("portable-outdoor"))
NOISE_DBM = 10 * math.log10(1.380649e-23 * 290 * 1e3 * BANDWIDTH_HZ) + 7.0 + 1.0
FIELD = CorrelatedField.drawn(np.random.default_rng(1), 64)
TIMING = SymbolTiming(useful_s=2.4e-3, guard_s=150e-6)


def free_space(receiver=OUTDOOR):
    return TowerLoss("free-space", CARRIER_HZ, HEIGHT_M, receiver.height_m, np.array([1.0, 1e6]), np.zeros(2))


def network_of(crowd, *towers, groups=None, deviation_db=0.0, tolerance_m=5.0):
    """Towers at (x, y, EIRP); everybody outdoors unless groups are given."""
    transmitters = [Transmitter(x, y, height_m=HEIGHT_M, eirp_dbm=power) for x, y, power in towers]
    everybody = ReceiverGroup(
        np.arange(crowd.count), OUTDOOR, [free_space()] * len(towers), np.zeros(crowd.count)
    )
    offsets = np.stack([[1.0 + 3.0 * number, 2.0] for number in range(len(towers))])
    return BroadcastNetwork(
        crowd,
        transmitters,
        groups=groups or [everybody],
        timing=TIMING,
        surface=Surface(FIELD, offsets, deviation_db, 100.0),
        bandwidth_hz=BANDWIDTH_HZ,
        tolerance_m=tolerance_m,
    )


def hand_dbm(ground_m, eirp_dbm, receiver=OUTDOOR):
    slant_m = math.hypot(ground_m, HEIGHT_M - receiver.height_m)
    loss_db = 20 * math.log10(4 * math.pi * slant_m * CARRIER_HZ / 299_792_458.0)
    return eirp_dbm - loss_db + receiver.antenna_gain_dbi - receiver.feeder_loss_db - receiver.entry_loss_db


def standing(*places):
    x_m, y_m = np.array(places, dtype=float).T
    return Crowd([Static(x_m, y_m)])


def walking(speed_mps, until_s=1000.0, x_m=10_000.0):
    """One user from 10 km east outwards."""
    times, places = np.array([0.0, until_s]), np.array([x_m, x_m + speed_mps * until_s])
    return Crowd([Trace(TraceSamples(("u",), np.zeros(2, dtype=int), times, places, np.zeros(2)))])


# SINR -------------------------------------------------------------------------------------------------------------


def test_one_transmitter_is_power_over_noise():
    network = network_of(standing((10_000, 0), (300, 400)), (0, 0, 60.0))
    wanted = [hand_dbm(10_000, 60.0) - NOISE_DBM, hand_dbm(500, 60.0) - NOISE_DBM]
    assert network.sinr_db(np.array([0, 1]), 0.0).tolist() == pytest.approx(wanted, abs=1e-6)


def test_transmitters_within_the_guard_interval_add_up():
    """Half-way between two of equal power: 3 dB more than one."""
    alone = network_of(standing((10_000, 0)), (0, 0, 60.0)).sinr_db(np.array([0]), 0.0)
    both = network_of(standing((10_000, 0)), (0, 0, 60.0), (20_000, 0, 60.0)).sinr_db(np.array([0]), 0.0)
    assert (both - alone).tolist() == pytest.approx([10 * math.log10(2)], abs=1e-6)


def test_far_echoes_interfere():
    """100 km more are 334 us; 150 us are within the guard interval, 184 us of 2.4 ms are not."""
    crowd = standing((10_000, 0))
    found = network_of(crowd, (0, 0, 60.0), (110_000, 0, 70.0)).sinr_db(np.array([0]), 0.0)
    near, far = (10 ** (hand_dbm(away, power) / 10) for away, power in ((10_000, 60.0), (100_000, 70.0)))
    excess_s = 90_000 / 299_792_458.0 - 150e-6
    useful = (1 - excess_s / 2.4e-3) ** 2
    sinr = (near + useful * far) / (10 ** (NOISE_DBM / 10) + (1 - useful) * far)
    assert found.tolist() == pytest.approx([10 * math.log10(sinr)], abs=1e-6)


def test_classes_of_receivers_differ_and_so_do_walls():
    """Roof-top 11 dB more gain less 4 dB cable and 10 m high; the last user is behind 3 dB more wall."""
    roof = receiver_class(Reception("roof-top"))
    crowd = standing((10_000, 0), (10_000, 0), (10_000, 0))
    groups = [
        ReceiverGroup(np.array([1]), roof, [free_space(roof)], np.zeros(1)),
        ReceiverGroup(np.array([0, 2]), OUTDOOR, [free_space()], np.array([0.0, 3.0])),
    ]
    found = network_of(crowd, (0, 0, 60.0), groups=groups).sinr_db(np.arange(3), 0.0)
    outdoor = hand_dbm(10_000, 60.0) - NOISE_DBM
    assert found.tolist() == pytest.approx(
        [outdoor, hand_dbm(10_000, 60.0, roof) - (NOISE_DBM - 1.0), outdoor - 3.0], abs=1e-6
    )


def test_location_variation_is_that_of_the_place_and_the_transmitter():
    plain = network_of(standing((10_000, 0), (10_400, 0), (10_000, 0)), (0, 0, 60.0)).sinr_db(
        np.arange(3), 0.0
    )
    varied = network_of(
        standing((10_000, 0), (10_400, 0), (10_000, 0)), (0, 0, 60.0), deviation_db=5.5
    ).sinr_db(np.arange(3), 0.0)
    surface = 5.5 * FIELD.at(np.array([100.0 + 1, 104.0 + 1]), np.array([2.0, 2.0]))
    assert (varied - plain)[:2].tolist() == pytest.approx(surface.tolist(), abs=1e-6)
    assert varied[0] == varied[2]
    assert abs(surface[0] - surface[1]) > 0.1


def test_what_is_kept_is_kept_within_the_tolerance():
    """At 1 m/s the level of 4 s is that of 0 s; at 6 s it is computed anew, and kept until more than 5 m on."""
    network = network_of(walking(1.0), (0, 0, 60.0))
    found = [float(network.sinr_db(np.array([0]), at_s)[0]) for at_s in (0.0, 4.0, 5.0, 6.0, 11.0, 12.0)]
    level = {away: hand_dbm(10_000 + away, 60.0) - NOISE_DBM for away in (0, 6, 12)}
    assert found == pytest.approx([level[0]] * 3 + [level[6]] * 2 + [level[12]], abs=1e-9)


def test_who_is_asked_for_does_not_matter():
    places = np.random.default_rng(2).uniform(-20_000, 20_000, size=(50, 2))
    together = network_of(standing(*places), (0, 0, 60.0), (9_000, 0, 55.0), deviation_db=5.5)
    one_by_one = network_of(standing(*places), (0, 0, 60.0), (9_000, 0, 55.0), deviation_db=5.5)
    assert (
        together.sinr_db(np.arange(50), 0.0).tolist()
        == [float(one_by_one.sinr_db(np.array([user]), 0.0)[0]) for user in range(49, -1, -1)][::-1]
    )


def test_who_is_absent_receives_nothing_and_is_back_later():
    times = np.array([0.0, 10.0, 2.0, 5.0])
    crowd = Crowd(
        [Trace(TraceSamples(("a", "b"), np.array([0, 0, 1, 1]), times, np.full(4, 10_000.0), np.zeros(4)))]
    )
    network = network_of(crowd, (0, 0, 60.0))
    level = pytest.approx(hand_dbm(10_000, 60.0) - NOISE_DBM)
    assert network.sinr_db(np.arange(2), 0.0).tolist() == [level, -np.inf]
    assert network.sinr_db(np.arange(2), 3.0).tolist() == [level, level]
    assert network.sinr_db(np.arange(2), 6.0).tolist() == [level, -np.inf]


# Segments ---------------------------------------------------------------------------------------------------------


def channel_at(margins_db, *, repair=0.0, rows=None, interleaving_s=10.0, packet_bits=1000, crowd=None):
    """A pipe whose users have given margins over the required C/N of 20 dB, by their power through a wall."""
    margins_db = np.asarray(margins_db, dtype=float)
    count = len(margins_db)
    crowd = crowd or standing(*[(10_000, 0)] * count)
    entry_db = hand_dbm(10_000, 60.0) - NOISE_DBM - 20.0 - margins_db
    group = ReceiverGroup(np.arange(count), OUTDOOR, [free_space()], entry_db)
    settings = PipeSettings(
        required_db=20.0,
        width_db=0.045,
        error_at_required=1e-4,
        frame_payload_bits=34_400,
        packet_bits=packet_bits,
        packet_s=1e-3,
        repair=repair,
        interleaving_s=interleaving_s,
        fade_s=1e-3,
    )
    place = np.arange(count) if rows is None else np.asarray(rows)
    network = network_of(crowd, (0, 0, 60.0), groups=[group])
    return PipeChannel(network, place, settings, key=Streams(1).key("luck"))


def margin_db(frame_error):
    """Margin at which a frame is lost with some probability, by the normal tail of the waterfall."""
    return 0.045 * (stats.norm.isf(frame_error) - stats.norm.isf(1e-4))


def packet_loss(frame_error, packet_bits=1000, payload=34_400):
    """A packet of fewer bits than a frame touches one frame, or two."""
    two = (packet_bits - 1) / payload
    return frame_error + two * frame_error * (1 - frame_error)


def test_one_packet_is_lost_like_a_packet():
    errors = np.array([1e-4, 1e-3, 0.01, 0.1, 0.3, 0.7])
    channel = channel_at([margin_db(error) for error in errors])
    covered, loss = channel.chances(np.arange(6), time_s=0.0, size_bits=800)
    assert covered.tolist() == [True] * 5 + [False]
    assert loss.tolist() == pytest.approx(packet_loss(errors), rel=0.01)


def test_a_segment_without_repair_is_lost_with_any_of_its_packets():
    """Ten packets, interleaved so far apart that they are lost independently."""
    errors = np.array([1e-3, 0.01, 0.05])
    channel = channel_at([margin_db(error) for error in errors])
    _, loss = channel.chances(np.arange(3), time_s=0.0, size_bits=9_001)
    assert loss.tolist() == pytest.approx(1 - (1 - packet_loss(errors)) ** 10, rel=0.01)


def test_repair_saves_what_few_losses_would_cost():
    """Twenty packets and four more: five of 24 must be lost, but for one in a hundred decodings that fail."""
    margins = [margin_db(0.05)]
    bare = channel_at(margins).chances(np.array([0]), time_s=0.0, size_bits=20_000)[1][0]
    saved = channel_at(margins, repair=0.2).chances(np.array([0]), time_s=0.0, size_bits=20_000)[1][0]
    lost = packet_loss(0.05)
    assert bare == pytest.approx(1 - (1 - lost) ** 20, rel=0.01)
    assert (
        stats.binom.sf(4, 24, lost)
        < saved
        < stats.binom.sf(4, 24, lost) + 0.01 * stats.binom.pmf(4, 24, lost) * 2
    )
    assert saved < bare / 20


def test_loss_and_coverage_follow_the_threshold():
    margins = np.linspace(-3, 3, 121)
    channel = channel_at(margins, repair=0.05)
    covered, loss = channel.chances(np.arange(121), time_s=0.0, size_bits=1_000_000)
    assert (np.diff(loss) <= 1e-12).all()
    assert loss[margins < -0.5].tolist() == [1.0] * int((margins < -0.5).sum())
    assert loss[margins > 0.2].max() < 1e-6
    assert not covered[margins < -0.2].any()
    assert covered[margins > -0.15].all()


def test_fades_longer_than_the_interleaver_come_in_bursts():
    """Independent losses are repaired, bursts of a hundred packets are not."""
    margins = [margin_db(0.02)]
    deep = channel_at(margins, repair=0.1, interleaving_s=10.0)
    flat = channel_at(margins, repair=0.1, interleaving_s=0.0)
    flat.settings = type(flat.settings)(
        **{name: getattr(flat.settings, name) for name in flat.settings.__slots__} | {"fade_s": 0.1}
    )
    loss = [channel.chances(np.array([0]), time_s=0.0, size_bits=200_000)[1][0] for channel in (deep, flat)]
    assert loss[0] < 1e-3
    assert loss[1] > 0.01


def test_sizes_are_near_those_of_the_tables():
    """Exact up to 20 packets; beyond, another number of packets within 2.5 % stands for it."""
    channel = channel_at([margin_db(0.02)])
    for packets in (1, 2, 7, 19, 20):
        _, loss = channel.chances(np.array([0]), time_s=0.0, size_bits=1000 * packets)
        assert loss[0] == pytest.approx(1 - (1 - packet_loss(0.02)) ** packets, rel=0.01)
    exact = len(channel._tables)
    assert exact == 5
    for packets in range(21, 400):
        _, loss = channel.chances(np.array([0]), time_s=0.0, size_bits=1000 * packets)
        low, high = (1 - (1 - packet_loss(0.02)) ** (packets * share) for share in (0.97, 1.03))
        assert low * 0.99 <= loss[0] <= high * 1.01
    assert len(channel._tables) - exact < 48 * math.log10(400 / 20) + 2


def test_counts_of_coverage_are_kept_for_every_row():
    """Rows 0 and 2 are the same well covered user, row 1 is beyond; row 3 belongs to nobody here."""
    channel = channel_at([3.0, -3.0], rows=[0, 1, 0, -1])
    channel.chances(np.array([0, 1]), time_s=0.0, size_bits=1000)
    channel.chances(np.array([1, 2]), time_s=1.0, size_bits=1000)
    assert channel.user_samples.tolist() == [1, 2, 1, 0]
    assert channel.user_covered.tolist() == [1, 0, 1, 0]
    assert (channel.samples, channel.covered) == (4, 2)
    assert channel.snr_db.counts.sum() == 4
    filled = np.flatnonzero(channel.snr_db.counts)
    assert [channel.snr_db.edges[low] for low in filled] == pytest.approx([17.0, 23.0], abs=0.26)


def test_who_is_absent_is_not_covered_and_gets_nothing():
    times = np.array([0.0, 1.0])
    crowd = Crowd(
        [Trace(TraceSamples(("a",), np.zeros(2, dtype=int), times, np.full(2, 10_000.0), np.zeros(2)))]
    )
    channel = channel_at([3.0], crowd=crowd)
    assert [part.tolist() for part in channel.chances(np.array([0]), time_s=0.5, size_bits=5000)] == [
        [True],
        [0.0],
    ]
    assert [part.tolist() for part in channel.chances(np.array([0]), time_s=2.0, size_bits=5000)] == [
        [False],
        [1.0],
    ]


def test_nobody_is_asked_for():
    channel = channel_at([3.0])
    covered, loss = channel.chances(np.empty(0, dtype=np.int64), time_s=0.0, size_bits=5000)
    assert len(covered) == len(loss) == channel.samples == 0
