"""Laws that single-frequency networks, coverage and tower losses keep whatever the numbers."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.broadcast.coverage_map import Demand, network_probability
from netgen.broadcast.object_fec import ObjectCode, missing_symbols
from netgen.broadcast.raster import CoverageMap
from netgen.broadcast.single_frequency import EchoRule, SymbolTiming, WindowStrategy, echo_weight, sfn_sinr
from netgen.propagation.free_space import free_space_path_loss_db
from netgen.propagation.hata import Surroundings
from netgen.propagation.location_variation import location_probability
from netgen.propagation.tower_loss import hata_tower_loss
from netgen.topology.holes import Holes

timings = st.builds(
    SymbolTiming,
    useful_s=st.floats(1e-5, 3e-3),
    guard_s=st.floats(0.0, 1e-3),
    strategy=st.sampled_from(WindowStrategy),
    rule=st.sampled_from(EchoRule),
)


@st.composite
def receptions(draw, least_users=1):
    """Powers and delays of a few receivers; all different, so that no window has two equal places."""
    shape = (draw(st.integers(least_users, 6)), draw(st.integers(1, 5)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return 10.0 ** rng.uniform(-14, -6, shape), rng.uniform(-1e-3, 1e-3, shape)


@given(receptions(), timings)
def test_sinr_is_between_the_strongest_alone_and_the_power_sum(reception, timing):
    power_w, delay_s = reception
    sinr = sfn_sinr(power_w, delay_s, 1e-11, timing=timing)
    assert np.all(sinr <= power_w.sum(axis=1) / 1e-11 * (1 + 1e-12))
    if timing.strategy is not WindowStrategy.FIRST_ARRIVAL:
        strongest = power_w.max(axis=1)
        rest = power_w.sum(axis=1) - strongest
        assert np.all(sinr >= strongest / (1e-11 + rest) * (1 - 1e-12))


@given(receptions(), timings, st.floats(-1e-2, 1e-2), st.randoms(use_true_random=False))
def test_the_order_of_transmitters_and_the_origin_of_time_do_not_matter(reception, timing, shift_s, random):
    power_w, delay_s = reception
    order = list(range(power_w.shape[1]))
    random.shuffle(order)
    shuffled = sfn_sinr(power_w[:, order], delay_s[:, order], 1e-11, timing=timing)
    np.testing.assert_allclose(shuffled, sfn_sinr(power_w, delay_s, 1e-11, timing=timing), rtol=1e-9)
    quadratic = SymbolTiming(timing.useful_s, timing.guard_s, timing.strategy, EchoRule.QUADRATIC)
    moved = sfn_sinr(power_w, delay_s + shift_s, 1e-11, timing=quadratic)
    np.testing.assert_allclose(moved, sfn_sinr(power_w, delay_s, 1e-11, timing=quadratic), rtol=1e-6)


@given(receptions(least_users=2), timings)
def test_a_receiver_does_not_depend_on_the_others(reception, timing):
    power_w, delay_s = reception
    together = sfn_sinr(power_w, delay_s, 1e-11, timing=timing)
    alone = [
        sfn_sinr(power_w[[user]], delay_s[[user]], 1e-11, timing=timing)[0] for user in range(len(power_w))
    ]
    np.testing.assert_array_equal(together, alone)


@given(receptions(), timings)
def test_no_window_is_better_than_the_best(reception, timing):
    power_w, delay_s = reception
    sinr = {
        strategy: sfn_sinr(
            power_w,
            delay_s,
            1e-11,
            timing=SymbolTiming(timing.useful_s, timing.guard_s, strategy, timing.rule),
        )
        for strategy in WindowStrategy
    }
    for strategy in WindowStrategy:
        assert np.all(sinr[WindowStrategy.OPTIMUM] >= sinr[strategy] * (1 - 1e-12))


@given(timings, st.floats(-5e-3, 5e-3), st.floats(0.0, 1e-3))
def test_a_later_echo_is_never_more_useful(timing, delay_s, more_s):
    step = more_s if delay_s >= 0 else -more_s
    weight, farther = echo_weight([delay_s, delay_s + step], timing)
    assert 0.0 <= farther <= weight <= 1.0
    assert weight >= echo_weight(delay_s, SymbolTiming(timing.useful_s, timing.guard_s, rule=EchoRule.HARD))


@given(receptions(), timings, st.floats(-10.0, 30.0), st.floats(0.0, 20.0), st.floats(0.0, 8.0))
def test_more_demand_is_never_served_at_more_places(reception, timing, threshold_db, more_db, entry_sigma_db):
    power_w, delay_s = reception
    power_dbm = 10.0 * np.log10(power_w) + 30.0
    likely, unlikely = (
        network_probability(
            power_dbm, delay_s, demand=Demand(threshold, -90.0, 5.5, entry_sigma_db), timing=timing
        )
        for threshold in (threshold_db, threshold_db + more_db)
    )
    assert np.all((unlikely >= 0) & (unlikely <= likely + 1e-12) & (likely <= 1))


@given(st.floats(-200.0, 50.0), st.floats(-200.0, 50.0), st.floats(0.0, 15.0))
def test_location_probability_of_both_sides_sums_to_one(median_db, threshold_db, sigma_db):
    above = float(location_probability(median_db, threshold_db, sigma_db=sigma_db))
    below = float(location_probability(threshold_db, median_db, sigma_db=sigma_db))
    if sigma_db > 0 or median_db != threshold_db:
        assert abs(above + below - 1.0) < 1e-12


@settings(max_examples=40)
@given(
    st.floats(150e6, 1500e6),
    st.floats(30.0, 200.0),
    st.floats(1.0, 10.0),
    st.sampled_from(Surroundings),
    st.lists(st.floats(0.0, 100e3), min_size=1, max_size=20),
)
def test_tower_loss_grows_with_distance_from_free_space_at_the_foot(
    carrier_hz, base_height_m, mobile_height_m, surroundings, distances_m
):
    table = hata_tower_loss(
        carrier_hz, base_height_m=base_height_m, mobile_height_m=mobile_height_m, surroundings=surroundings
    )
    distance_m = np.sort(distances_m)
    loss = table.loss_db(distance_m)
    floor = free_space_path_loss_db(np.hypot(distance_m, base_height_m - mobile_height_m), carrier_hz)
    assert np.all(loss >= floor - 1e-9)
    assert np.all(np.diff(loss) >= -1e-9)
    foot = free_space_path_loss_db(base_height_m - mobile_height_m, carrier_hz)
    assert abs(float(table.loss_db(0.0) - foot)) < 1e-9


@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 2**32), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_map_read_between_its_places_lies_between_their_values(columns, rows, seed, along, across):
    rng = np.random.default_rng(seed)
    x_m, y_m = 1e3 * np.arange(columns) - 500.0, 250.0 * np.arange(rows) + 3e3
    coverage = CoverageMap(x_m, y_m, rng.random((rows, columns)))
    value = float(coverage.at(x_m[0] + along * (x_m[-1] - x_m[0]), y_m[0] + across * (y_m[-1] - y_m[0])))
    assert coverage.probability.min() - 1e-12 <= value <= coverage.probability.max() + 1e-12
    grid = coverage.at(*np.meshgrid(x_m, y_m))
    np.testing.assert_allclose(grid, coverage.probability, rtol=0, atol=1e-12)


@given(
    st.integers(1, 300),
    st.integers(0, 60),
    st.lists(st.floats(0.0, 0.5), min_size=1, max_size=8),
    st.lists(st.floats(0.0, 1.0, exclude_max=True), min_size=2, max_size=8),
)
def test_missing_symbols_fall_with_luck_and_rise_with_loss(source, repair, losses, quantiles):
    """At least one and at most the whole object; who is computed together with whom does not matter."""
    code = ObjectCode(source, source + repair)
    loss, quantile = np.sort(losses), np.sort(quantiles)
    grid = missing_symbols(code, np.repeat(loss, len(quantile)), np.tile(quantile, len(loss)))
    table = grid.reshape(len(loss), len(quantile))
    assert np.all((table >= 1.0) & (table <= source + code.mean_overhead()))
    assert np.all(np.diff(table, axis=1) <= 0)
    assert np.all(np.diff(table, axis=0) >= 0)
    assert missing_symbols(code, loss[:1], quantile[-1:])[0] == table[0, -1]


@given(
    st.tuples(st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 99)),
    st.tuples(st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 99), st.integers(1, 99)),
    st.tuples(st.integers(-99, 99), st.integers(-99, 99)),
    st.integers(0, 2**32),
)
def test_holes_move_with_the_plane_and_hold_what_one_of_them_holds(disc, rectangle, shift, seed):
    west, south, width, height = rectangle
    discs, rectangles = [disc], [(west, south, west + width, south + height)]
    x_m, y_m = np.random.default_rng(seed).integers(-200, 200, size=(2, 50)).astype(float)
    inside = Holes.of(discs, rectangles).hold(x_m, y_m)
    either = Holes.of(discs).hold(x_m, y_m) | Holes.of(rectangles=rectangles).hold(x_m, y_m)
    east, north = shift
    moved = Holes.of(
        [(disc[0] + east, disc[1] + north, disc[2])],
        [(west + east, south + north, west + width + east, south + height + north)],
    )
    assert inside.tolist() == either.tolist() == moved.hold(x_m + east, y_m + north).tolist()
