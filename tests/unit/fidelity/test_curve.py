"""Curves on pairs that were made up: what the truth is is known."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.fidelity.curve import LEVEL, FidelityCurve, Pair, fitted_curve
from netgen.rng import generator_from


def truth(estimate: np.ndarray) -> np.ndarray:
    """How estimates and fidelity go together in the mean over variants."""
    return 0.1 + 0.8 * estimate**2


def variants_of(count: int, rng: np.random.Generator, *, spread: float = 0.06) -> list[list[Pair]]:
    """Variants that are off by a constant of their own, each at six settings, measured to 0.01."""
    found = []
    for number in range(count):
        estimates = np.sort(rng.uniform(0.1, 0.95, 6))
        off = rng.normal(0, spread)
        fidelity = np.clip(truth(estimates) + off + rng.normal(0, 0.01, 6), 0, 1)
        found.append(
            [
                Pair(f"v{number}", float(x), float(y), max(0.0, float(y) - 0.02), min(1.0, float(y) + 0.02))
                for x, y in zip(estimates, fidelity, strict=True)
            ]
        )
    return found


def flat(variants: list[list[Pair]]) -> list[Pair]:
    return [pair for pairs in variants for pair in pairs]


@pytest.fixture(scope="module")
def curve() -> FidelityCurve:
    return fitted_curve(
        "made-up-v1", flat(variants_of(20, generator_from(1))), ceiling=0.94, rng=generator_from(2), draws=200
    )


def test_the_curve_is_near_the_truth_and_never_falls(curve: FidelityCurve) -> None:
    found = np.array(curve.fidelity)
    assert (np.diff(found) >= 0).all()
    assert np.abs(found - truth(np.array(curve.estimates))).mean() < 0.04
    assert (np.array(curve.low) <= found).all()
    assert (found <= np.array(curve.high)).all()
    assert curve.method == "made-up-v1"
    assert curve.pairs == 120
    assert len(curve.variants) == 20


def test_the_interval_holds_variants_that_were_not_measured() -> None:
    """Of 30 worlds of 20 variants, the settings of one more lie within; and the interval is not too wide."""
    within, widths = [], []
    for world in range(30):
        rng = generator_from(7, world)
        *known, unseen = variants_of(21, rng)
        found = fitted_curve("made-up-v1", flat(known), ceiling=1.0, rng=rng, draws=50)
        for pair in unseen:
            told = found.calibrated(pair.estimate)
            within.append(told.low <= pair.fidelity <= told.high)
        widths.append(np.median(np.array(found.high) - np.array(found.low)))
    assert np.mean(within) > LEVEL - 0.05
    # Of a normal deviation of 0.061, 90 % need a width of 0.20; the extremes of 20 are some 0.23 apart.
    assert 0.15 < np.mean(widths) < 0.32


def test_variants_that_differ_less_are_told_better() -> None:
    near, far = (
        fitted_curve(
            "made-up-v1",
            flat(variants_of(20, generator_from(3), spread=spread)),
            ceiling=1.0,
            rng=generator_from(4),
            draws=60,
        )
        for spread in (0.01, 0.1)
    )
    assert near.held_out_error < 0.03 < far.held_out_error
    told = [np.median(np.array(one.high) - np.array(one.low)) for one in (near, far)]
    assert told[0] < 0.4 * told[1]


def test_held_out_variants_are_counted(curve: FidelityCurve) -> None:
    assert 0.75 < curve.held_out_coverage <= 1
    assert 0.04 < curve.held_out_error < 0.09


def test_outside_of_what_was_measured_the_interval_widens(curve: FidelityCurve) -> None:
    """To what monotony alone says."""
    below, above = curve.calibrated(0.0), curve.calibrated(1.0)
    assert (below.low, below.high) == (0.0, curve.high[0])
    assert (above.low, above.high) == (curve.low[-1], 1.0)
    assert below.fidelity == curve.fidelity[0]
    assert "made-up-v1" in above.method


@pytest.mark.parametrize("estimate", [-0.01, 1.01, float("nan")])
def test_what_is_no_estimate_is_refused(curve: FidelityCurve, estimate: float) -> None:
    with pytest.raises(ValueError, match="not between 0 and 1"):
        curve.calibrated(estimate)


def test_a_variant_of_many_settings_weighs_no_more() -> None:
    """One that was measured at many knobs does not draw the curve to itself."""
    rng = generator_from(5)
    variants = variants_of(8, rng, spread=0.0)
    low = [
        Pair("low", x, max(0.0, float(truth(np.array(x))) - 0.3), 0.0, 1.0)
        for x in np.linspace(0.15, 0.9, 200).tolist()
    ]
    with_few, with_many = (
        fitted_curve("made-up-v1", flat(variants) + some, ceiling=1.0, rng=generator_from(6), draws=20)
        for some in (low[::40], low)
    )
    inner = slice(4, -4)
    assert np.abs(np.array(with_few.fidelity) - np.array(with_many.fidelity))[inner].max() < 0.1


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([Pair("a", 0.5, 0.5, 0.4, 0.6)] * 5, "1 variants; a curve takes at least 4"),
        ([Pair(name, 0.5, 0.5, 0.4, 0.6) for name in "abcd"], "all estimates are 0.5"),
        ([Pair(name, 1.5, 0.5, 0.4, 0.6) for name in "abcd"], "estimate outside 0..1"),
        ([Pair(name, 0.5, 0.7, 0.4, 0.6) for name in "abcd"], "fidelity outside its interval"),
    ],
)
def test_what_cannot_be_fitted_is_refused(pairs: list[Pair], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fitted_curve("made-up-v1", pairs, ceiling=1.0, rng=generator_from(1))


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(InputError, match=r"netgen\[solver\]"):
        fitted_curve(
            "made-up-v1", flat(variants_of(4, generator_from(1))), ceiling=1.0, rng=generator_from(1)
        )


def test_where_too_few_variants_are_near_neighbours_tell_the_bounds() -> None:
    """One variant alone has low estimates: there phi may be anything up to what it is at higher ones."""
    variants = flat(variants_of(10, generator_from(8)))
    known = [pair for pair in variants if pair.estimate > 0.4]
    alone = [Pair("alone", x, 0.12, 0.1, 0.14) for x in (0.02, 0.1, 0.18)]
    found = fitted_curve("made-up-v1", known + alone, ceiling=1.0, rng=generator_from(9), draws=100)
    told = found.calibrated(0.1)
    assert told.low == 0.0
    assert 0.2 < told.high < 0.6
