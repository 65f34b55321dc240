"""Information limits of QAM over AWGN, Rice and Rayleigh channels."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.broadcast.fading_limit import bicm_bits_per_symbol, limit_db
from netgen.errors import ModelRangeError


def test_known_limits_of_qpsk_at_half_rate() -> None:
    """Binary input, rate 1/2: 0.187 dB over AWGN and 1.83 dB over Rayleigh (textbook values)."""
    assert limit_db(1.0, 2) == pytest.approx(0.187, abs=0.005)
    assert limit_db(1.0, 2, rice_factor_db=-np.inf) == pytest.approx(1.83, abs=0.01)


def test_a_constellation_never_beats_shannon_and_ends_at_its_bits() -> None:
    """Below log2(1 + SNR) everywhere; all coded bits at high SNR, none at very low SNR."""
    snr_db = np.linspace(-30, 60, 181)
    for bits in (2, 4, 6, 8, 10, 12):
        curve = bicm_bits_per_symbol(snr_db, bits)
        assert (curve <= np.log2(1 + 10 ** (snr_db / 10)) + 1e-3).all()
        assert (np.diff(curve) >= -1e-9).all()
        assert curve[-1] == pytest.approx(bits, abs=1e-4)
        assert curve[0] < 0.01


def test_simulated_information_of_16qam() -> None:
    """Monte Carlo of the bit metrics of Gray 16QAM at 8 dB over Rayleigh; the error is 4 standard errors."""
    rng = np.random.default_rng(5)
    levels = np.array([-3.0, -1.0, 3.0, 1.0]) / np.sqrt(10.0)  # labels 0, 1, 2, 3: Gray
    draws = 200_000
    gain = np.sqrt(rng.exponential(size=draws))
    label = rng.integers(0, 4, draws)
    sigma = np.sqrt(0.5 / 10**0.8)
    seen = gain * levels[label] + sigma * rng.standard_normal(draws)
    metric = np.exp(-((seen[:, None] - gain[:, None] * levels) ** 2) / (2 * sigma**2))
    lost = np.zeros(draws)
    for bit in range(2):
        same = (np.arange(4) >> bit & 1)[None, :] == (label >> bit & 1)[:, None]
        lost += np.log2(metric.sum(axis=1) / (metric * same).sum(axis=1))
    simulated = 2 * (2 - lost.mean())
    error = 2 * 4 * lost.std() / np.sqrt(draws)
    assert error < 0.02
    assert abs(float(bicm_bits_per_symbol(8.0, 4, rice_factor_db=-np.inf)) - simulated) < error


def test_rice_lies_between_its_limits() -> None:
    """A factor of -40 dB is Rayleigh, 20 dB nearly AWGN, and the limit falls with the factor."""
    limits = [limit_db(3.0, 6, rice_factor_db=factor) for factor in (-np.inf, -40.0, 0.0, 10.0, 20.0, np.inf)]
    assert limits[0] == pytest.approx(limits[1], abs=1e-2)
    assert limits[4] == pytest.approx(limits[5], abs=0.1)
    assert limits == sorted(limits, reverse=True)


def test_outside_the_range() -> None:
    """A size that is no square, information that cannot be carried, a factor that cannot be computed."""
    with pytest.raises(ModelRangeError, match="not one of 2, 4, 6, 8, 10, 12"):
        limit_db(1.0, 3)
    with pytest.raises(ModelRangeError, match="cannot be reached"):
        limit_db(2.0, 2)
    with pytest.raises(ModelRangeError, match="Rice factor"):
        limit_db(1.0, 2, rice_factor_db=25.0)
    with pytest.raises(ModelRangeError, match="Rice factor"):
        bicm_bits_per_symbol(1.0, 2, rice_factor_db=np.nan)
