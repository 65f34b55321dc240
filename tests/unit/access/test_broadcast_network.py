"""Reception of broadcast networks: SINR where users are, and the chances of segments."""

import math

import numpy as np
import pytest
from scipy import stats

from netgen.access.broadcast_channel import Availability
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
from netgen.topology.holes import Holes
from netgen.topology.outages import Outages

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


def test_who_moves_has_the_level_of_the_nearest_point_of_the_grid():
    """At 1 m/s, every 5 m: up to 2 s that of 0 s, then that of 5 m, from 8 s on that of 10 m."""
    network = network_of(walking(1.0), (0, 0, 60.0))
    found = [float(network.sinr_db(np.array([0]), at_s)[0]) for at_s in (0.0, 2.0, 3.0, 7.0, 8.0, 12.0)]
    level = {away: hand_dbm(10_000 + away, 60.0) - NOISE_DBM for away in (0, 5, 10)}
    assert found == pytest.approx([level[0]] * 2 + [level[5]] * 2 + [level[10]] * 2, abs=1e-9)


def test_what_was_asked_before_changes_no_level():
    often, once = (network_of(walking(1.3), (0, 0, 60.0), deviation_db=5.5) for _ in range(2))
    for step in range(400):
        often.sinr_db(np.array([0]), step * 0.1)
    assert often.sinr_db(np.array([0]), 41.7).tolist() == once.sinr_db(np.array([0]), 41.7).tolist()


def test_who_stands_still_has_the_level_of_the_very_place():
    network = network_of(standing((10_002, 0)), (0, 0, 60.0))
    assert network.sinr_db(np.array([0]), 0.0).tolist() == pytest.approx(
        [hand_dbm(10_002, 60.0) - NOISE_DBM], abs=1e-9
    )


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


def channel_at(
    margins_db, *, repair=0.0, rows=None, interleaving_s=10.0, packet_bits=1000, crowd=None, availability=None
):
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
    return PipeChannel(network, place, settings, key=Streams(1).key("luck"), availability=availability)


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


# Holes, outages, tuners, twins ------------------------------------------------------------------------------------


def test_loss_now_is_that_of_the_chances_and_counts_nothing():
    channel = channel_at([margin_db(0.05), -3.0], repair=0.1)
    now = channel.loss_now(np.array([0, 1]), time_s=0.0, size_bits=20_000)
    assert channel.samples == channel.snr_db.counts.sum() == channel.user_samples.sum() == 0
    covered, loss = channel.chances(np.array([0, 1]), time_s=0.0, size_bits=20_000)
    assert covered.tolist() == [True, False]
    assert now.tolist() == [loss[0], 1.0]


def test_what_is_asked_in_between_changes_nothing_of_what_is_received():
    def received(asked):
        channel = channel_at([margin_db(0.05)], crowd=walking(1.3))
        found = []
        for second in range(60):
            if asked:
                channel.loss_now(np.array([0]), time_s=second - 0.4 if second else 0.0, size_bits=5000)
            found.append(float(channel.chances(np.array([0]), time_s=float(second), size_bits=5000)[1][0]))
        return found

    assert received(asked=False) == received(asked=True)
    assert len(set(received(asked=False))) > 5


def test_in_a_hole_is_present_and_not_covered():
    crowd = standing((10_000, 0), (10_000, 0))
    holes = Availability(holes=Holes.of([(10_000, 0, 5)]), crowd=crowd, place=np.array([0, 1]))
    channel = channel_at([3.0, -3.0], crowd=crowd, availability=holes)
    covered, loss = channel.chances(np.array([0, 1]), time_s=0.0, size_bits=1000)
    assert covered.tolist() == [False, False]
    assert loss.tolist() == [0.0, 1.0]
    assert channel.loss_now(np.array([0, 1]), time_s=0.0, size_bits=1000).tolist() == [1.0, 1.0]
    assert (channel.samples, channel.covered, channel.snr_db.counts.sum()) == (2, 0, 2)


def test_who_has_no_tuner_is_neither_covered_nor_counted():
    channel = channel_at([3.0, 3.0], availability=Availability(np.array([False, True])))
    covered, _ = channel.chances(np.array([0, 1]), time_s=0.0, size_bits=1000)
    assert covered.tolist() == channel.tuned(np.array([0, 1])).tolist() == [False, True]
    assert channel.user_samples.tolist() == [0, 1]


def test_who_is_nowhere_receives_nothing():
    """Row 1 has no place in the crowd."""
    channel = channel_at([3.0], rows=[0, -1])
    assert channel.loss_now(np.array([0, 1]), time_s=0.0, size_bits=1000).tolist() == [0.0, 1.0]


def test_off_air_nobody_is_covered():
    off_air = Availability(outages=Outages.of([(2.0, 3.0)]))
    channel = channel_at([3.0], availability=off_air)
    cases = {(1.5, 1.0): True, (2.5, 2.5): False, (3.5, 2.9): False, (3.5, None): True}
    for (time_s, begin_s), received in cases.items():
        covered, _ = channel.chances(np.array([0]), time_s=time_s, size_bits=1000, begin_s=begin_s)
        assert covered.tolist() == [received]


def test_a_twin_is_what_comes_to_the_same_bits():
    """Asked once a second for 20 s ahead, with other instants asked of the channel in between."""
    channel = channel_at([margin_db(0.05)], crowd=walking(1.3))
    twin = channel.twin(walking(1.3))
    ahead = [
        float(twin.loss_now(np.array([0]), time_s=second + 20.0, size_bits=9000)[0]) for second in range(30)
    ]
    for second in range(50):
        channel.chances(np.array([0]), time_s=second - 0.3 if second else 0.0, size_bits=9000)
        now = float(channel.loss_now(np.array([0]), time_s=float(second), size_bits=9000)[0])
        assert second < 20 or now == ahead[second - 20]
    assert len(set(ahead)) > 5
    assert twin.samples == 0


# Missing bits -----------------------------------------------------------------------------------------------------


def test_outside_coverage_all_of_a_segment_is_missing():
    missing = channel_at([-3.0]).missing_bits(np.array([0]), np.zeros(1), time_s=0.0, size_bits=12_345)
    assert missing.tolist() == [12_345]


def test_without_repair_symbols_the_lost_packets_are_missing():
    """Ten packets; lost are those of a binomial count that is not 0."""
    channel = channel_at([margin_db(0.05)])
    p = packet_loss(0.05)
    loss = float(channel.loss_now(np.array([0]), time_s=0.0, size_bits=10_000)[0])
    share = (np.arange(1000) + 0.5) / 1000
    missing = channel.missing_bits(np.zeros(1000, dtype=int), share * loss, time_s=0.0, size_bits=10_000)
    lost = stats.binom(10, p)
    # Less luck, more lost: the quantile from above.
    wanted = lost.ppf(1 - share * lost.sf(0)).clip(1)
    assert np.mean(missing == 1000 * wanted) > 0.998
    assert missing.mean() == pytest.approx(1000 * lost.mean() / lost.sf(0), rel=0.005)


def test_repair_symbols_leave_little_missing():
    """Of 24 packets 20 are needed and 0.0101 more: whoever fails by one or two asks for these."""
    channel = channel_at([margin_db(0.05)], repair=0.2)
    loss = float(channel.loss_now(np.array([0]), time_s=0.0, size_bits=20_000)[0])
    luck = np.array([0.0, 0.01, 0.5, 0.99]) * loss
    missing = channel.missing_bits(np.zeros(4, dtype=int), luck, time_s=0.0, size_bits=20_000).tolist()
    assert missing == sorted(missing, reverse=True)
    assert missing[2:] == [1000 + 11, 1000]
    assert 2000 < missing[1] < missing[0] <= 20_000


def test_missing_bits_are_never_more_than_the_segment_and_never_none():
    channel = channel_at([margin_db(0.3)], repair=0.1)
    luck = np.linspace(0.0, 0.999, 50)
    missing = channel.missing_bits(np.zeros(50, dtype=int), luck, time_s=0.0, size_bits=1)
    assert missing.tolist() == [1] * 50


def test_a_segment_in_several_blocks_misses_the_blocks_that_failed():
    """60,000 packets in two blocks of 31,500 with repair, each of which fails about every other time."""
    channel = channel_at([margin_db(0.0475)], repair=0.05, packet_bits=100, interleaving_s=100.0)
    size_bits, users = 6_000_000, 4000
    loss = float(channel.loss_now(np.array([0]), time_s=0.0, size_bits=size_bits)[0])
    assert 0.5 < loss < 0.9
    luck = np.random.default_rng(3).uniform(0.0, loss, users)
    missing = channel.missing_bits(np.zeros(users, dtype=int), luck, time_s=0.0, size_bits=size_bits)
    short = np.arange(1501, 2500)
    weight = stats.binom.pmf(short, 31_500, packet_loss(0.0475, packet_bits=100))
    symbols = (weight * (short - 1500)).sum() / weight.sum() + 0.0101
    # Either block fails with 1 - sqrt(1 - loss); of those who lost the segment so many blocks did, on average.
    blocks = 2 * (1 - np.sqrt(1 - loss)) / loss
    assert 1.2 < blocks < 1.6
    assert missing.mean() == pytest.approx(100 * symbols * blocks, rel=0.04)
    assert len(np.unique(missing)) > 50
