"""Joint source-channel coding: power, channel, and what a perfect denoiser would do."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="joint coding needs torch")

from netgen.models.joint_coding import (  # noqa: E402
    PLANES,
    SYMBOLS_PER_PIXEL,
    JointChain,
    JointEncoder,
    rayleigh,
)
from netgen.models.restorer import initialise  # noqa: E402
from netgen.rng import generator_from  # noqa: E402


def normals(shape, *words):
    """Standard normal numbers."""
    return torch.from_numpy(generator_from(*words).standard_normal((2, *shape), dtype=np.float32))


@pytest.fixture(scope="module")
def encoder():
    """First weights."""
    found = JointEncoder()
    initialise(found, torch.Generator().manual_seed(1))
    return found.eval()


def test_symbols_have_power_one_and_their_number_is_declared(encoder):
    """Whatever the picture; a sixteenth of the pixels."""
    luma = torch.from_numpy(generator_from(2).random((3, 1, 64, 96), dtype=np.float32))
    symbols = encoder(luma).detach()
    complex_symbols = symbols.shape[1] // 2 * symbols.shape[2] * symbols.shape[3]
    assert complex_symbols == SYMBOLS_PER_PIXEL * 64 * 96
    power = 2 * symbols.square().mean(dim=(1, 2, 3))
    np.testing.assert_allclose(power, 1.0, rtol=1e-4)


def test_fading_gives_the_noise_that_its_deviation_says():
    """The noise over its deviation is standard; where the gain is weak, the deviation is large."""
    symbols = torch.zeros(4, PLANES, 64, 64)
    equalised, deviation = rayleigh(symbols, torch.full((4,), 0.1), normals(symbols.shape, 3))
    assert float((equalised / deviation).std()) == pytest.approx(1.0, abs=0.01)
    half = PLANES // 2
    np.testing.assert_array_equal(deviation[:, :half], deviation[:, half:])


def test_the_mean_gain_is_one():
    """1 / (2 deviation^2) is the SNR of a symbol; its mean is the SNR of the channel, its distribution exponential."""
    symbols = torch.zeros(4, PLANES, 96, 96)
    _, deviation = rayleigh(symbols, torch.full((4,), 0.1), normals(symbols.shape, 4))
    snr = 1 / (2 * deviation[:, : PLANES // 2].square())
    assert float(snr.mean()) == pytest.approx(10, rel=0.02)
    assert float((snr < 10 * np.log(2)).float().mean()) == pytest.approx(0.5, abs=0.01)


def test_a_denoiser_that_knows_the_noise_takes_all_of_it_away():
    """In one step and in four: the equation ends at what was sent."""
    chain = JointChain(denoises=True)
    sent = torch.from_numpy(generator_from(5).standard_normal((2, PLANES, 8, 8), dtype=np.float32)) / 2**0.5
    noisy, deviation = rayleigh(sent, torch.full((2,), 0.3), normals(sent.shape, 6))
    noise = (noisy - sent) / deviation
    chain.denoiser.forward = lambda symbols, found: noise
    for steps in (1, 4):
        np.testing.assert_allclose(chain.received(noisy, deviation, steps=steps), sent, atol=1e-4)


def test_without_a_denoiser_symbols_are_weighted_by_their_reliability():
    """As the estimate of least squared error for Gaussian symbols of power 1."""
    chain = JointChain(denoises=False)
    sent = torch.from_numpy(generator_from(7).standard_normal((4, PLANES, 64, 64), dtype=np.float32)) / 2**0.5
    noisy, deviation = rayleigh(sent, torch.full((4,), 0.5), normals(sent.shape, 8))
    error = (chain.received(noisy, deviation) - sent).square()
    expected = (0.5 * deviation.square() / (0.5 + deviation.square())).mean()
    assert float(error.mean()) == pytest.approx(float(expected), rel=0.02)
