"""Named streams and counter-based noise."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from netgen.rng import Streams, hashed_uniform

WORD = 2**64


def splitmix64(state: int) -> int:
    """The finaliser in plain integers, one value at a time."""
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % WORD
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) % WORD
    return state ^ (state >> 31)


def plain_uniform(key: int, counter: int) -> float:
    """Twin of `hashed_uniform` in plain integers."""
    return (splitmix64((counter * 0x9E3779B97F4A7C15 + key) % WORD) >> 11) * 2.0**-53


def test_a_stream_depends_on_its_name_only_and_not_on_the_order_of_asking():
    first, second = Streams(7), Streams(7)
    forwards = {name: first.get(name).random(4).tolist() for name in ("world/a", "world/b", "policy/a")}
    backwards = {name: second.get(name).random(4).tolist() for name in ("policy/a", "world/b", "world/a")}
    assert forwards == backwards
    assert len({tuple(draws) for draws in forwards.values()}) == 3


def test_asking_again_starts_the_stream_again():
    streams = Streams(7)
    generator = streams.get("world/a")
    draws = generator.random(3)
    assert streams.get("world/a").random(3).tolist() == draws.tolist()
    assert generator.random(3).tolist() != draws.tolist()


def test_drawing_from_one_stream_does_not_move_another():
    streams = Streams(7)
    untouched = streams.get("world/b").random(3).tolist()
    streams.get("world/a").random(1000)
    streams.sequence("world/a").spawn(5)
    assert streams.get("world/b").random(3).tolist() == untouched


@pytest.mark.parametrize("other", [Streams(8), Streams(7, 1), Streams(0, 7), Streams(70)])
def test_seed_and_replication_change_every_stream(other):
    for name in ("world/a", "policy/a"):
        assert other.get(name).random(4).tolist() != Streams(7).get(name).random(4).tolist()
        assert other.key(name) != Streams(7).key(name)


def test_streams_are_what_numpy_documents():
    """The stream is a spawn key of the root seed: anybody can make it again with numpy and hashlib."""
    digest = hashlib.sha256(b"world/a").digest()
    key = tuple(int.from_bytes(digest[at : at + 4], "little") for at in range(0, 32, 4))
    sequence = np.random.SeedSequence(entropy=(7, 2), spawn_key=key)
    expected = np.random.Generator(np.random.PCG64(sequence)).random(4)
    assert Streams(7, 2).get("world/a").random(4).tolist() == expected.tolist()


def test_streams_of_neighbouring_names_and_seeds_are_uncorrelated():
    draws = np.array(
        [Streams(seed).get(f"world/user-{user}").random(4000) for seed in range(4) for user in range(4)]
    )
    correlation = np.corrcoef(draws)[np.triu_indices(16, 1)]
    assert np.abs(correlation).max() < 4.5 / np.sqrt(4000)


@pytest.mark.parametrize(("seed", "replication"), [(-1, 0), (0, -1)])
def test_negative_seeds_are_errors(seed, replication):
    with pytest.raises(ValueError, match=f"must be >= 0, got {seed} and {replication}"):
        Streams(seed, replication)


@given(st.integers(0, WORD - 1), st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_hashed_uniform_equals_its_plain_twin(key, counters):
    noise = hashed_uniform(np.uint64(key), np.array(counters, dtype=np.int64))
    assert noise.tolist() == [plain_uniform(key, counter) for counter in counters]
    assert ((noise >= 0) & (noise < 1)).all()


def test_hashed_uniform_is_splitmix64():
    """The first outputs of SplitMix64 from the seed 1234567, as its published test vector gives them."""
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    noise = hashed_uniform(np.uint64(1234567), np.arange(1, 6))
    assert noise.tolist() == [(word >> 11) * 2.0**-53 for word in published]


def test_noise_belongs_to_the_counter_and_not_to_the_draws_before_it():
    key = Streams(3).key("world/loss")
    counter = np.arange(0, 10_000_000, 1000)
    noise = hashed_uniform(key, counter)
    assert hashed_uniform(key, counter[::-7]).tolist() == noise[::-7].tolist()
    assert hashed_uniform(key, np.empty(0, dtype=np.int64)).size == 0


@pytest.mark.parametrize("step", [1, 1000, 1_000_000_000, 2**32])
def test_noise_is_uniform_and_neighbours_are_uncorrelated(step):
    """Kolmogorov-Smirnov, chi-square in 256 cells, and correlation at lags 1 to 5; the seed is fixed."""
    n = 200_000
    noise = hashed_uniform(Streams(11).key("world/loss"), np.arange(n) * step)
    assert stats.kstest(noise, "uniform").pvalue > 1e-3
    assert stats.chisquare(np.bincount((noise * 256).astype(int), minlength=256)).pvalue > 1e-3
    for lag in range(1, 6):
        assert abs(np.corrcoef(noise[:-lag], noise[lag:])[0, 1]) < 4 / np.sqrt(n)
    pairs = np.bincount((noise[:-1] * 16).astype(int) * 16 + (noise[1:] * 16).astype(int), minlength=256)
    assert stats.chisquare(pairs).pvalue > 1e-3


def test_the_uniformity_test_has_power():
    """A slight leaning towards small values (a mean of 0.495) would not pass the test above."""
    n = 200_000
    noise = hashed_uniform(Streams(11).key("world/loss"), np.arange(n)) ** 1.02
    assert stats.kstest(noise, "uniform").pvalue < 1e-3


def test_noise_of_two_keys_is_uncorrelated():
    counter = np.arange(100_000) * 1_000_000
    first = hashed_uniform(Streams(1).key("world/link-a"), counter)
    second = hashed_uniform(Streams(1).key("world/link-b"), counter)
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(counter.size)
