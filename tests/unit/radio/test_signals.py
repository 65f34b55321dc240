"""The radio epoch in numpy against a loop over single users, and what move and sinr promise."""

import math

import numpy as np
import pytest

from netgen.errors import InputError, ModelRangeError
from netgen.propagation.antenna import SectorAntenna
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.path_loss import Environment
from netgen.radio.channel import Channel, Terminals
from netgen.radio.sectors import Sectors
from netgen.radio.signals import make_signals
from netgen.rng import hashed_uniform

FIELD = CorrelatedField.drawn(np.random.default_rng(7), 128, samples_per_distance=4)
NOISE_DBM = -95.0
HEIGHT_M = {Environment.UMA: 25.0, Environment.UMI: 10.0, Environment.RMA: 35.0}


def network(environment=Environment.UMA, mechanical_tilt_deg=0.0) -> Sectors:
    """Three sites with three sectors each; seen from afar through three images."""
    site = np.repeat(np.arange(3), 3)
    return Sectors(
        np.array([0.0, 500.0, 250.0])[site],
        np.array([0.0, 0.0, 433.0])[site],
        height_m=HEIGHT_M[environment],
        site=site,
        azimuth_deg=np.tile([30.0, 150.0, 270.0], 3),
        power_dbm=np.linspace(40.0, 48.0, 9),
        antennas=SectorAntenna(tilt_deg=8.0, mechanical_tilt_deg=mechanical_tilt_deg),
        image_offsets_m=[[0.0, 0.0], [1500.0, 0.0], [0.0, -1500.0]],
    )


def epoch(environment=Environment.UMA, users=40, *, shadowing=True, sectors=None):
    """Signals of users indoors and outdoors, on several floors, and where they are."""
    rng = np.random.default_rng(11)
    indoor = rng.random(users) < 0.5
    floors = rng.integers(1, 4 if environment is Environment.RMA else 9, users)
    terminals = Terminals(
        np.where(indoor, 3.0 * floors - 1.5, 1.5),
        indoor=indoor,
        entry_loss_db=np.where(indoor, rng.uniform(10.0, 30.0, users), 0.0),
        inside_m=np.where(indoor, rng.uniform(0.0, 150.0, users), 0.0),
    )
    sectors = sectors or network(environment)
    channel = Channel.drawn(environment, 2e9, sites=sectors.sites, rng=rng, field=FIELD, shadowing=shadowing)
    signals = make_signals(sectors, terminals, channel, noise_dbm=NOISE_DBM)
    return signals, rng.uniform(-800.0, 1300.0, users), rng.uniform(-800.0, 1300.0, users)


def scalar_field(x_m, y_m, correlation_m, offset):
    """The field by hand: bilinear between grid points, divided by the standard deviation of the mean."""
    samples, side = FIELD.samples_per_distance, len(FIELD.values)
    u, v = (x_m / correlation_m + offset[0]) * samples, (y_m / correlation_m + offset[1]) * samples
    i, j = math.floor(u), math.floor(v)
    a, b = u - i, v - j
    weights = [((0, 0), (1 - a) * (1 - b)), ((1, 0), a * (1 - b)), ((0, 1), (1 - a) * b), ((1, 1), a * b)]
    value = sum(
        weight * float(FIELD.values[(i + di) % side, (j + dj) % side]) for (di, dj), weight in weights
    )
    variance = sum(
        one * other * math.exp(-math.hypot(p[0] - q[0], p[1] - q[1]) / samples)
        for p, one in weights
        for q, other in weights
    )
    return value / math.sqrt(variance)


def scalar_path_loss_db(environment, sees, d2_m, base_m, user_m, roof_m, f_ghz):
    """TR 38.901 Table 7.4.1-1 written out for one link."""
    far_m = max(d2_m, 10.0)
    d_m = math.hypot(far_m, base_m - user_m)
    if environment is Environment.RMA:
        h, width = 5.0, 20.0
        turn_m = 2 * math.pi * base_m * user_m * f_ghz * 1e9 / 3e8

        def near_db(d):
            flat = 20 * math.log10(40 * math.pi * d * f_ghz / 3) + min(0.03 * h**1.72, 10) * math.log10(d)
            return flat - min(0.044 * h**1.72, 14.77) + 0.002 * math.log10(h) * d

        los = near_db(d_m) if far_m <= turn_m else near_db(turn_m) + 40 * math.log10(d_m / turn_m)
        nlos = 161.04 - 7.1 * math.log10(width) + 7.5 * math.log10(h)
        nlos -= (24.37 - 3.7 * (h / base_m) ** 2) * math.log10(base_m)
        nlos += (43.42 - 3.1 * math.log10(base_m)) * (math.log10(d_m) - 3) + 20 * math.log10(f_ghz)
        nlos -= 3.2 * math.log10(11.75 * user_m) ** 2 - 4.97
        return los if sees else max(los, nlos), turn_m
    turn_m = 4 * (base_m - roof_m) * (user_m - roof_m) * f_ghz * 1e9 / 3e8
    turned = math.log10(turn_m**2 + (base_m - user_m) ** 2)
    lg, lf = math.log10(d_m), 20 * math.log10(f_ghz)
    if environment is Environment.UMA:
        los = 28 + 22 * lg + lf if far_m <= turn_m else 28 + 40 * lg + lf - 9 * turned
        nlos = 13.54 + 39.08 * lg + lf - 0.6 * (user_m - 1.5)
    else:
        los = 32.4 + 21 * lg + lf if far_m <= turn_m else 32.4 + 40 * lg + lf - 9.5 * turned
        nlos = 22.4 + 35.3 * lg + 21.3 * math.log10(f_ghz) - 0.3 * (user_m - 1.5)
    return los if sees else max(los, nlos), turn_m


def scalar_c(d_m, user_m):
    """C(d, h) of UMa."""
    if user_m <= 13 or d_m <= 18:
        return 0.0
    return ((user_m - 13) / 10) ** 1.5 * 1.25 * (d_m / 100) ** 3 * math.exp(-d_m / 150)


def scalar_los_probability(environment, d_m, user_m):
    """TR 38.901 Table 7.4.2-1."""
    if environment is Environment.RMA:
        return 1.0 if d_m <= 10 else math.exp(-(d_m - 10) / 1000)
    if d_m <= 18:
        return 1.0
    decay = math.exp(-d_m / (63 if environment is Environment.UMA else 36))
    lift = scalar_c(d_m, user_m) if environment is Environment.UMA else 0.0
    return (18 / d_m + decay * (1 - 18 / d_m)) * (1 + lift)


SIGMA_DB = {Environment.UMA: (4, 6, 7), Environment.UMI: (4, 7.82, 7), Environment.RMA: (4, 8, 8)}
CORRELATION_M = {
    Environment.UMA: (37, 50, 7, 50),
    Environment.UMI: (10, 13, 7, 50),
    Environment.RMA: (37, 120, 120, 60),
}


def scalar_column_db(up, antenna):
    """The array factor as the sum of its elements' phases."""
    beam = -math.sin(math.radians(antenna.tilt_deg))
    phase = 2 * math.pi * antenna.spacing_wavelengths * (up - beam)
    total = sum(complex(math.cos(m * phase), math.sin(m * phase)) for m in range(antenna.elements))
    return 10 * math.log10(max(abs(total) ** 2 / antenna.elements, 1e-12))


def scalar_snr_db(signals, user, x_m, y_m, sector):
    """One link by hand."""
    sectors, terminals, channel = signals.sectors, signals.terminals, signals.channel
    environment, site = channel.environment, int(sectors.site[sector])
    user_m, base_m = float(terminals.height_m[user]), float(sectors.height_m[sector])
    east_m, north_m = min(
        (
            (x_m - sectors.x_m[sector] - sx, y_m - sectors.y_m[sector] - sy)
            for sx, sy in sectors.image_offsets_m
        ),
        key=lambda vector: math.hypot(*vector),
    )
    d_m = math.hypot(east_m, north_m)
    roof_m = 1.0
    if environment is Environment.UMA:
        counter = np.array([user * sectors.sites + site])
        drawn, low = float(hashed_uniform(channel.height_key, counter)[0]), 1 / (1 + scalar_c(d_m, user_m))
        if drawn >= low:
            roofs = np.arange(12.0, user_m - 1.5 + 1e-9, 3.0)
            roof_m = float(roofs[int((drawn - low) / (1 - low) * len(roofs))])
    los_m, offset = CORRELATION_M[environment][3], channel.offsets[site]
    deviate = scalar_field(x_m, y_m, los_m, offset[3])
    below = 0.5 * math.erfc(-deviate / math.sqrt(2))
    sees = below < scalar_los_probability(environment, max(d_m - terminals.inside_m[user], 0.0), user_m)
    loss_db, turn_m = scalar_path_loss_db(
        environment, sees, d_m, base_m, user_m, roof_m, channel.carrier_hz * 1e-9
    )
    state = 2 if terminals.indoor[user] else (0 if sees else 1)
    sigma_db = SIGMA_DB[environment][state]
    if environment is Environment.RMA and state == 0 and d_m > turn_m:
        sigma_db = 6
    if channel.shadowing:
        loss_db += sigma_db * scalar_field(x_m, y_m, CORRELATION_M[environment][state], offset[state])
    antenna = sectors.antennas[int(sectors.antenna[sector])]
    bearing = math.radians(sectors.azimuth_deg[sector])
    space_m = math.hypot(d_m, user_m - base_m)
    ahead = (math.cos(bearing) * east_m + math.sin(bearing) * north_m) / space_m
    aside = (math.cos(bearing) * north_m - math.sin(bearing) * east_m) / space_m
    up = (user_m - base_m) / space_m
    tilt = math.radians(antenna.mechanical_tilt_deg)
    ahead, up = (
        math.cos(tilt) * ahead - math.sin(tilt) * up,
        math.sin(tilt) * ahead + math.cos(tilt) * up,
    )
    azimuth_deg, elevation_deg = math.degrees(math.atan2(aside, ahead)), math.degrees(math.asin(up))
    fade_db = min(12 * (azimuth_deg / 65) ** 2 + 12 * (elevation_deg / 65) ** 2, 30)
    gain_db = 8 - fade_db + scalar_column_db(up, antenna)
    return sectors.power_dbm[sector] + gain_db - loss_db - terminals.entry_loss_db[user] - signals.noise_dbm


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("mechanical_tilt_deg", [0.0, 5.0])
def test_every_link_equals_the_formulas_written_out_for_one_user(environment, mechanical_tilt_deg):
    sectors = network(environment, mechanical_tilt_deg)
    signals, x_m, y_m = epoch(environment, users=150, sectors=sectors)
    signals.move(x_m, y_m)
    by_hand = [
        [scalar_snr_db(signals, user, x_m[user], y_m[user], sector) for sector in range(sectors.count)]
        for user in range(signals.terminals.count)
    ]
    assert np.abs(10 * np.log10(signals.snr) - by_hand).max() < 1e-4
    assert 0.01 < signals.line_of_sight(np.arange(150)).mean() < 0.99


def test_without_shadowing_the_states_remain():
    signals, x_m, y_m = epoch(shadowing=False)
    signals.move(x_m, y_m)
    by_hand = [scalar_snr_db(signals, user, x_m[user], y_m[user], 4) for user in range(40)]
    assert np.abs(10 * np.log10(signals.snr[:, 4]) - by_hand).max() < 1e-4


def test_only_users_who_moved_further_than_the_tolerance_are_computed():
    signals, x_m, y_m = epoch()
    assert signals.move(x_m, y_m, 5.0).tolist() == list(range(40))
    before = signals.snr.copy()
    assert signals.move(x_m, y_m, 0.0).size == 0
    near, far = x_m.copy(), x_m.copy()
    near[3] += 4.9
    assert signals.move(near, y_m, 5.0).size == 0
    far[3] += 9.8
    assert signals.move(far, y_m, 5.0).tolist() == [3]
    changed = np.flatnonzero((signals.snr != before).any(axis=1))
    assert changed.tolist() == [3]


def test_small_steps_add_up_to_a_new_computation():
    """The distance counts from where a user was last computed, not from the last call."""
    signals, x_m, y_m = epoch()
    signals.move(x_m, y_m)
    moved = [signals.move(x_m + 2.0 * step, y_m, 5.0).size for step in (1, 2, 3, 4)]
    assert moved == [0, 0, 40, 0]


def test_sinr_is_the_ratio_of_sums():
    signals, x_m, y_m = epoch()
    signals.move(x_m, y_m)
    rows = np.array([5, 2, 30])
    serving, activity = np.array([0, 8, -1]), np.linspace(0.0, 1.0, 9)
    snr = signals.snr.astype(np.float64)
    expected = []
    for row, sector in zip(rows[:2], serving[:2], strict=True):
        others = sum(activity[s] * snr[row, s] for s in range(9) if s != sector)
        expected.append(snr[row, sector] / (1 + others))
    assert signals.sinr(rows, serving, activity) == pytest.approx([*expected, 0.0], rel=1e-6)


def test_a_weak_interferer_beside_a_strong_server_is_not_lost():
    """The server's 1e9 would swallow the interferer's 1 in float32 if it were added and taken away again."""
    signals, x_m, y_m = epoch()
    signals.move(x_m, y_m)
    signals._snr[0] = 1e-3
    signals._snr[0, :2] = 1e9, 1.0
    sinr = signals.sinr(np.array([0]), np.array([0]), np.eye(9)[1])
    assert sinr[0] == pytest.approx(5e8, rel=1e-6)


def test_two_sectors_behind_limit_the_sinr_to_27_db():
    """On boresight the other two sectors of the site are 30 dB down: 30 - 10 lg 2 = 26.99 dB."""
    one = Sectors(
        np.zeros(3),
        np.zeros(3),
        height_m=25.0,
        site=0,
        azimuth_deg=[0.0, 120.0, 240.0],
        power_dbm=46.0,
        antennas=SectorAntenna(elements=1),
    )
    signals, _, _ = epoch(users=2, sectors=one)
    signals.move(np.array([2000.0, 300.0]), np.array([0.0, 0.0]))
    rows = np.arange(2)
    serving = signals.strongest(rows)
    sinr_db = 10 * np.log10(signals.sinr(rows, serving, np.ones(3)))
    assert serving.tolist() == [0, 0]
    assert (sinr_db < 26.99).all()
    alone = signals.snr[0, 0] / (1 + 2e-3 * signals.snr[0, 0])
    assert sinr_db[0] == pytest.approx(10 * np.log10(alone), abs=0.01)


def test_received_power_is_the_ratio_over_noise():
    signals, x_m, y_m = epoch()
    signals.move(x_m, y_m)
    rows = np.array([7, 0])
    received_dbm = signals.received_dbm(rows)
    assert received_dbm.dtype == np.float32
    expected = 10 * np.log10(signals.snr[rows].astype(np.float64)) + NOISE_DBM
    assert received_dbm == pytest.approx(expected, abs=1e-4)
    assert signals.strongest(rows).tolist() == expected.argmax(axis=1).tolist()


def test_nobody_is_heard_before_the_first_move():
    signals, _, _ = epoch()
    assert not signals.snr.any()
    assert np.isneginf(signals.received_dbm(np.array([0]))).all()


def test_the_ratios_cannot_be_written():
    signals, _, _ = epoch()
    with pytest.raises(ValueError, match="read-only"):
        signals.snr[0, 0] = 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, x, y: s.move(x, y, -1.0), "tolerance_m = -1.0 m is not >= 0"),
        (lambda s, x, y: s.move(x[:-1], y), r"x_m has the shape \(39,\), not \(40,\)"),
        (lambda s, x, y: s.move(x, y * np.nan), "y_m.* is not finite"),
        (lambda s, x, y: s.strongest(np.array([40])), r"rows\[0\] = 40 is not between 0 and 39"),
        (
            lambda s, x, y: s.sinr(np.array([0]), np.array([9]), np.ones(9)),
            r"serving\[0\] = 9 is not below 9",
        ),
        (lambda s, x, y: s.sinr(np.array([0]), np.array([0]), np.full(9, 1.5)), r"activity\[0\] = 1.5"),
        (lambda s, x, y: s.sinr(np.array([0]), np.array([0]), np.ones(8)), "activity has the shape"),
        (lambda s, x, y: s.sinr(np.array([0]), np.array([0, 1]), np.ones(9)), "serving has the shape"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    signals, x_m, y_m = epoch()
    with pytest.raises(ValueError, match=message):
        call(signals, x_m, y_m)


def test_wrong_set_ups_are_refused():
    signals, _, _ = epoch()
    parts = signals.sectors, signals.terminals, signals.channel
    with pytest.raises(ValueError, match="noise_dbm = nan"):
        make_signals(*parts, noise_dbm=float("nan"))
    with pytest.raises(InputError, match='compute = "fortran" is not known; accepted: numpy, numba, torch'):
        make_signals(*parts, noise_dbm=NOISE_DBM, compute="fortran")
    with pytest.raises(InputError, match='device = "cuda" needs compute = "torch"'):
        make_signals(*parts, noise_dbm=NOISE_DBM, device="cuda")
    with pytest.raises(ModelRangeError, match="user_height_m"):
        make_signals(parts[0], Terminals([30.0]), parts[2], noise_dbm=NOISE_DBM)
    other = Channel.drawn(Environment.UMA, 2e9, sites=5, rng=np.random.default_rng(0), field=FIELD)
    with pytest.raises(ValueError, match="made for 5 sites, the network has 3"):
        make_signals(parts[0], parts[1], other, noise_dbm=NOISE_DBM)
