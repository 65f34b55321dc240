"""The compiled filling against the numpy one: the same bits, on any number of threads."""

import builtins
import importlib
import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.errors import InputError, MissingDependencyError
from netgen.scheduling.allocation import allocate
from netgen.scheduling.filling import filled, filled_above

COMPILED = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="numba is not installed (an optional extra)"
)


def column(rng, special, low, high, size):
    """Some special values, which make ties and limits, the others over decades."""
    spread = np.exp(rng.uniform(np.log(low), np.log(high), size))
    return np.where(rng.random(size) < rng.choice([0.0, 0.1, 0.5]), rng.choice(special, size), spread)


def vessels(rng, users, sectors):
    """Caps, amounts, sectors, weights and head starts."""
    return (
        column(rng, [0.0, 1.0, np.inf], 1e-3, 1e3, users),
        column(rng, [0.0, 6.0, 1e4], 0.1, 300.0, sectors),
        rng.integers(0, sectors, users),
        column(rng, [1.0, 2.0, 1e-100, 1e100], 0.01, 100.0, users),
        column(rng, [0.0, 5.0, 1e99], 1e-3, 1e3, users),
    )


@COMPILED
@given(users=st.integers(0, 60), sectors=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_the_twin_fills_the_same(users, sectors, seed):
    cap, amount, sector, weight, head = vessels(np.random.default_rng(seed), users, sectors)
    before = [each.copy() for each in (cap, amount, sector, weight, head)]
    for own in (None, weight):
        plain = filled(cap, amount, sector=sector, weight=own)
        assert np.array_equal(plain, filled(cap, amount, sector=sector, weight=own, compute="numba"))
        above = filled_above(cap, amount, sector=sector, weight=own, head_start=head)
        twin = filled_above(cap, amount, sector=sector, weight=own, head_start=head, compute="numba")
        assert np.array_equal(above, twin)
    assert all(
        np.array_equal(old, new) for old, new in zip(before, (cap, amount, sector, weight, head), strict=True)
    )


@COMPILED
def test_the_number_of_threads_does_not_matter(monkeypatch):
    """Sectors of unlike sizes, side by side."""
    monkeypatch.setattr("netgen.scheduling.filling_numba._SERIAL_USERS", 1000)
    numba = importlib.import_module("numba")
    rng, before = np.random.default_rng(3), numba.get_num_threads()
    cap, amount, _, _, head = vessels(rng, 30_000, 57)
    head, weight = np.minimum(head, 1e3), rng.uniform(0.5, 2.0, 30_000)
    sector = np.minimum(rng.exponential(9.0, 30_000).astype(np.int64), 56)
    amount += 1e4
    plain = filled_above(cap, amount, sector=sector, weight=weight, head_start=head)
    without = filled(cap, amount, sector=sector)
    try:
        for threads in sorted({1, before}):
            numba.set_num_threads(threads)
            more = {"sector": sector, "compute": "numba"}
            assert np.array_equal(plain, filled_above(cap, amount, weight=weight, head_start=head, **more))
            assert np.array_equal(without, filled(cap, amount, **more))
    finally:
        numba.set_num_threads(before)
    used = np.bincount(sector, weights=plain, minlength=57)
    assert np.count_nonzero(np.isclose(used, amount)) > 20
    assert 0.05 < (plain == 0).mean() < 0.95


@COMPILED
@pytest.mark.parametrize("name", ["round-robin", "proportional-fair", "max-min", "guaranteed"])
def test_every_scheduler_allocates_the_same(name):
    rng = np.random.default_rng(7)
    for users in (0, 1, 50, 3000):
        inputs = {
            "demand_bps": column(rng, [0.0, np.inf], 1e3, 1e8, users),
            "sector": rng.integers(0, 7, users),
            "blocks": np.full(7, 273.0),
            "weight": rng.uniform(0.5, 2.0, users),
            "head_start_blocks": column(rng, [0.0], 0.1, 1e3, users),
            "guaranteed_bps": column(rng, [0.0], 1e3, 1e6, users),
        }
        rate = column(rng, [0.0], 1e4, 1e6, users)
        plain, twin = (allocate(name, rate, compute=compute, **inputs) for compute in ("numpy", "numba"))
        assert np.array_equal(plain.blocks, twin.blocks)
        assert np.array_equal(plain.met, twin.met)
        assert users < 2 or plain.blocks.any()


@COMPILED
def test_columns_of_any_type_and_order_in_memory_are_taken():
    rate, demand = np.repeat([1e6, 2e6, 1e6], 2)[::2], [np.inf, 3e6, np.inf]
    sector = np.array([0, 0, 1], dtype=np.int32)
    for name in ("round-robin", "max-min"):
        plain, twin = (
            allocate(name, rate, demand_bps=demand, sector=sector, blocks=[9, 4], compute=compute).blocks
            for compute in ("numpy", "numba")
        )
        assert np.array_equal(plain, twin)


def test_implementations_are_called_by_name(monkeypatch):
    inputs = {"demand_bps": [1.0], "sector": np.array([0]), "blocks": [1.0]}
    for more in ({}, {"head_start_blocks": [0.0]}):
        with pytest.raises(InputError, match='compute = "torch" is not known; accepted: numpy, numba'):
            allocate("proportional-fair", [1.0], compute="torch", **inputs, **more)
    real = builtins.__import__

    def without_numba(name, *rest, **more):
        if name == "numba":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_numba)
    with pytest.raises(MissingDependencyError, match=r"netgen\[fast\]"):
        allocate("max-min", [1.0], compute="numba", **inputs)
