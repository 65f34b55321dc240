"""The compiled and the tensor epoch against the numpy reference, on random networks.

Where a twin finds another line-of-sight state than the reference, the link lay on the threshold: the probability
of the field's value is within 1e-5 of the probability of line of sight. No other link may differ by 2e-3 dB.
"""

import importlib
import importlib.util

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.propagation.antenna import SectorAntenna
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.line_of_sight import (
    los_correlation_distance_m,
    los_probability,
    normal_probability,
)
from netgen.propagation.path_loss import Environment
from netgen.radio.channel import LOS_FIELD, Channel, Terminals
from netgen.radio.sectors import Sectors
from netgen.radio.signals import make_signals

FIELD = CorrelatedField.drawn(np.random.default_rng(3), 250, samples_per_distance=5)
TOLERANCE_DB = 2e-3
MARGIN = 1e-5
USERS, SITES = 1500, 12
MOST_HEIGHT_M = {Environment.UMA: 8, Environment.UMI: 8, Environment.RMA: 3}
BASE_M = {Environment.UMA: (15.0, 60.0), Environment.UMI: (8.0, 20.0), Environment.RMA: (20.0, 60.0)}
IMAGES_M = [[0.0, 0.0], [5000.0, 0.0], [2500.0, 4330.0], [-5000.0, 0.0], [-2500.0, -4330.0]]

TWINS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(name) is None, reason=f"{name} is not installed (an optional extra)"
        ),
    )
    for name in ("numba", "torch")
]
WORLDS = [
    pytest.param(environment, tilts, images, id=f"{environment.value}-{name}")
    for environment in Environment
    for name, tilts, images in (
        ("upright", (0.0,), IMAGES_M[:1]),
        ("tilted", (0.0, 4.0), IMAGES_M),
    )
]


def world(environment, tilts, images, *, users=USERS, shadowing=True):
    """A random network, users on several floors in and out of doors, and where they are."""
    rng = np.random.default_rng(21)
    antennas = tuple(
        SectorAntenna(elements=count, spacing_wavelengths=spacing, tilt_deg=tilt, mechanical_tilt_deg=own)
        for own in tilts
        for count, spacing, tilt in ((10, 0.5, 12.0), (1, 0.5, 0.0), (8, 0.8, 3.0))
    )
    site = np.repeat(np.arange(SITES), rng.integers(1, 5, SITES))
    place = rng.uniform(-2500.0, 2500.0, (2, SITES))
    sectors = Sectors(
        place[0][site],
        place[1][site],
        height_m=rng.uniform(*BASE_M[environment], SITES)[site],
        site=site,
        azimuth_deg=rng.uniform(-400.0, 400.0, len(site)),
        power_dbm=rng.uniform(30.0, 50.0, len(site)),
        antennas=antennas,
        antenna=rng.integers(0, len(antennas), len(site)),
        image_offsets_m=images,
    )
    indoor = rng.random(users) < 0.6
    floor = rng.integers(0, MOST_HEIGHT_M[environment], users)
    terminals = Terminals(
        np.where(indoor, 1.5 + 3.0 * floor, 1.5),
        indoor=indoor,
        entry_loss_db=np.where(indoor, rng.uniform(5.0, 40.0, users), 0.0),
        inside_m=np.where(indoor, rng.uniform(0.0, 100.0, users), 0.0),
    )
    channel = Channel.drawn(environment, 2.6e9, sites=SITES, rng=rng, field=FIELD, shadowing=shadowing)
    x_m, y_m = rng.uniform(-3000.0, 3000.0, (2, users))
    masts = min(SITES, users)  # some stand under a mast
    x_m[:masts], y_m[:masts] = place[0, :masts] + 0.5, place[1, :masts]
    return (sectors, terminals, channel), x_m, y_m


def made(parts, compute):
    return make_signals(*parts, noise_dbm=-95.0, compute=compute)


def on_threshold(parts, x_m, y_m):
    """(U, S) links whose state of sight float32 may decide otherwise."""
    sectors, terminals, channel = parts
    scale_m, close = los_correlation_distance_m(channel.environment), []
    for site in range(sectors.sites):
        distance_m = np.hypot(*sectors.offset_m(site, x_m, y_m))
        u, v = channel.offsets[site, LOS_FIELD]
        drawn = normal_probability(channel.field.at(x_m / scale_m + u, y_m / scale_m + v))
        chance = los_probability(
            channel.environment,
            distance_2d_m=np.maximum(distance_m - terminals.inside_m, 0.0),
            user_height_m=terminals.height_m,
        )
        close.append(np.abs(drawn - chance) < MARGIN)
    return np.array(close)[sectors.site].T


@pytest.mark.parametrize("compute", TWINS)
@pytest.mark.parametrize(("environment", "tilts", "images"), WORLDS)
def test_a_twin_computes_what_the_reference_computes(compute, environment, tilts, images):
    parts, x_m, y_m = world(environment, tilts, images)
    reference, twin = made(parts, "numpy"), made(parts, compute)
    assert np.array_equal(reference.move(x_m, y_m), twin.move(x_m, y_m))
    differ_db = np.abs(10.0 * np.log10(twin.snr.astype(np.float64) / reference.snr))
    close = on_threshold(parts, x_m, y_m)
    assert differ_db[~close].max() < TOLERANCE_DB
    assert close.mean() < 1e-3
    seen = reference.line_of_sight(np.arange(USERS))
    assert 0.002 < seen.mean() < 0.9


@pytest.mark.parametrize("compute", TWINS)
def test_a_twin_agrees_without_shadowing(compute):
    parts, x_m, y_m = world(Environment.UMA, (0.0,), IMAGES_M, shadowing=False)
    reference, twin = made(parts, "numpy"), made(parts, compute)
    reference.move(x_m, y_m)
    twin.move(x_m, y_m)
    differ_db = np.abs(10.0 * np.log10(twin.snr.astype(np.float64) / reference.snr))
    assert differ_db[~on_threshold(parts, x_m, y_m)].max() < TOLERANCE_DB


@pytest.mark.parametrize("compute", TWINS)
def test_what_follows_from_the_ratios_agrees(compute):
    parts, x_m, y_m = world(Environment.UMI, (0.0, 4.0), IMAGES_M)
    reference, twin = made(parts, "numpy"), made(parts, compute)
    reference.move(x_m, y_m)
    twin.move(x_m, y_m)
    rng = np.random.default_rng(5)
    rows = rng.permutation(USERS)[:700]
    serving = np.where(rng.random(700) < 0.1, -1, reference.strongest(rows))
    activity = rng.random(parts[0].count)
    assert np.array_equal(reference.strongest(rows), twin.strongest(rows))
    assert np.abs(reference.received_dbm(rows) - twin.received_dbm(rows)).max() < TOLERANCE_DB
    one, other = reference.sinr(rows, serving, activity), twin.sinr(rows, serving, activity)
    assert np.array_equal(one == 0, serving < 0)
    assert np.array_equal(other == 0, serving < 0)
    served = serving >= 0
    assert np.abs(10.0 * np.log10(other[served] / one[served])).max() < TOLERANCE_DB


@pytest.mark.parametrize("compute", TWINS)
def test_a_user_gets_the_same_numbers_in_any_company(compute):
    """In another order and in seven groups: the same bits, of torch up to how its vector code ends a batch."""
    parts, x_m, y_m = world(Environment.UMA, (0.0, 4.0), IMAGES_M[:1], users=300)
    together, apart = made(parts, compute), made(parts, compute)
    together.move(x_m, y_m)
    apart.move(x_m + 50.0, y_m)
    for group in np.array_split(np.random.default_rng(2).permutation(300), 7):
        arrived_m = np.where(np.isin(np.arange(300), group), x_m, apart._x_m)
        assert apart.move(arrived_m, y_m).tolist() == sorted(group.tolist())
    if compute == "numba":
        assert np.array_equal(together.snr, apart.snr)
    else:
        assert together.snr == pytest.approx(apart.snr, rel=5e-6)


@pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="numba is not installed (an optional extra)"
)
def test_the_number_of_threads_does_not_matter():
    numba = importlib.import_module("numba")
    parts, x_m, y_m = world(Environment.UMA, (0.0,), IMAGES_M[:1])
    before, results = numba.get_num_threads(), []
    try:
        for threads in sorted({1, before}):
            numba.set_num_threads(threads)
            signals = made(parts, "numba")
            signals.move(x_m, y_m)
            results.append(signals.snr)
    finally:
        numba.set_num_threads(before)
    assert all(np.array_equal(results[0], other) for other in results)


@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed (an optional extra)"
)
def test_a_device_that_is_not_there_is_refused():
    parts, _, _ = world(Environment.UMA, (0.0,), IMAGES_M[:1], users=2)
    with pytest.raises(InputError, match='device = "quantum" cannot be used by torch'):
        make_signals(*parts, noise_dbm=-95.0, compute="torch", device="quantum")


@pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="numba is not installed (an optional extra)"
)
def test_the_polynomials_keep_their_errors():
    elementary = importlib.import_module("netgen.radio.elementary")

    grid = np.linspace(0.0, 1.0, 20001)

    def worst(function, exact, values, *, relative=False):
        found = np.array([function(np.float32(value)) for value in values], dtype=np.float64)
        wanted = exact(np.float32(values).astype(np.float64))
        return np.max(np.abs(found - wanted) / (np.abs(wanted) if relative else 1.0))

    assert worst(elementary.log2, np.log2, 0.5 + grid) < 2e-7
    assert worst(elementary.exp2, np.exp2, 40.0 * grid - 20.0, relative=True) < 3e-7
    assert worst(elementary.fade, lambda x: np.exp2(-x), 9.97 * grid, relative=True) < 1e-5
    assert worst(elementary.sine, lambda x: np.sin(np.pi * x), 0.5 * grid[1:], relative=True) < 3e-7
    assert worst(elementary.below, normal_probability, 8.0 * grid - 4.0) < 4e-7
    angles = 2.0 * np.pi * (grid - 0.5)
    found = np.array([elementary.turns(np.float32(np.sin(a)), np.float32(np.cos(a))) for a in angles])
    assert np.abs((found - angles / (2.0 * np.pi) + 0.5) % 1.0 - 0.5).max() < 3e-7
