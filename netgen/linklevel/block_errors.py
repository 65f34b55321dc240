"""Simulates coded blocks through a channel with Sionna, and counts those that are lost."""

from __future__ import annotations

import importlib
import math
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netgen.errors import MissingDependencyError
from netgen.linklevel.protection import Channel, Code, Protection

TURBO_ITERATIONS = 6
LDPC_ITERATIONS = 20
"""Of belief propagation with the exact check-node rule: min-sum would lose about a decibel."""

_BATCH = 100


@dataclass(frozen=True, slots=True)
class BlockErrors:
    """How many blocks were lost.

    Parameters
    ----------
    blocks, lost : int                  Sent, and decoded wrongly in at least one bit.
    wrong_bits : int                    In all of them.
    """

    blocks: int
    lost: int
    wrong_bits: int

    @property
    def rate(self) -> float:
        """Share of blocks that were lost."""
        return self.lost / self.blocks

    def interval(self) -> tuple[float, float]:
        """Return Wilson's interval of 95 % of the share (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
        z = 1.959964
        share, n = self.rate, self.blocks
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)


def count_block_errors(
    protection: Protection,
    channel: Channel,
    snr_db: float,
    rng: np.random.Generator,
    *,
    enough_lost: int = 100,
    most_blocks: int = 2000,
) -> BlockErrors:
    """Send random blocks until enough were lost.

    Parameters
    ----------
    protection : Protection             Code and constellation.
    channel : Channel                   Of mean gain 1.
    snr_db : float, dB                  Mean energy of a symbol over the density of the noise.
    rng : Generator                     Of bits, gains and noise.
    enough_lost, most_blocks : int      Ends after the batch of 100 in which either is reached.

    Raises
    ------
    MissingDependencyError              Sionna is not installed.
    """
    torch, encoder, decoder, mapper, demapper = _chain(protection)
    noise_power = 10 ** (-snr_db / 10)
    sent = lost = wrong = 0
    with torch.inference_mode():
        while sent < most_blocks and lost < enough_lost:
            bits = rng.integers(0, 2, (_BATCH, protection.info_bits)).astype(np.float32)
            symbols = mapper(encoder(torch.from_numpy(bits))).numpy()
            gains = _gains(channel, symbols.shape, rng)
            noise = _complex_normal(symbols.shape, rng) * math.sqrt(noise_power)
            equalised = symbols + noise / gains
            effective = np.broadcast_to(noise_power / np.abs(gains) ** 2, symbols.shape)
            llr = demapper(
                torch.from_numpy(equalised.astype(np.complex64)),
                torch.from_numpy(np.ascontiguousarray(effective, dtype=np.float32)),
            )
            errors = (decoder(llr).numpy() > 0.5) != (bits > 0.5)
            sent, lost = sent + _BATCH, lost + int(errors.any(axis=1).sum())
            wrong += int(errors.sum())
    return BlockErrors(sent, lost, wrong)


def _gains(channel: Channel, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.complex128]:
    if channel is Channel.AWGN:
        return np.ones((shape[0], 1), dtype=np.complex128)
    if channel is Channel.RAYLEIGH_BLOCK:
        return _complex_normal((shape[0], 1), rng)
    return _complex_normal(shape, rng)


def _complex_normal(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.complex128]:
    """Draw circular Gaussian numbers of power 1."""
    drawn = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / math.sqrt(2)
    return np.asarray(drawn, dtype=np.complex128)


def _chain(protection: Protection) -> tuple[ModuleType, Any, Any, Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Sionna and what it imports warn on their own account
        try:
            torch = importlib.import_module("torch")
            ldpc = importlib.import_module("sionna.phy.fec.ldpc")
            turbo = importlib.import_module("sionna.phy.fec.turbo")
            mapping = importlib.import_module("sionna.phy.mapping")
        except ImportError as error:
            raise MissingDependencyError(
                "block errors need Sionna, which is not installed; run: pip install netgen[sionna]"
            ) from error
    if protection.code is Code.TURBO:
        encoder = turbo.TurboEncoder(rate=protection.rate, constraint_length=4)
        decoder = turbo.TurboDecoder(encoder, num_iter=TURBO_ITERATIONS, algorithm="maxlog")
    else:
        encoder = ldpc.LDPC5GEncoder(
            protection.info_bits, protection.coded_bits, num_bits_per_symbol=protection.bits_per_symbol
        )
        decoder = ldpc.LDPC5GDecoder(encoder, num_iter=LDPC_ITERATIONS)
    constellation = mapping.Constellation("qam", protection.bits_per_symbol)
    return (
        torch,
        encoder,
        decoder,
        mapping.Mapper(constellation=constellation),
        mapping.Demapper("app", constellation=constellation),
    )
