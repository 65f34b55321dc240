"""Clips as symbols of joint source-channel coding, through fading, and back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from netgen.media.yuv_clip import YuvClip
from netgen.models.joint_coding import REDUCTION, SYMBOLS_PER_PIXEL, JointChain, rayleigh
from netgen.models.weights import load_into, weights_digest
from netgen.rng import generator_from

SYMBOLS_PER_PIXEL_OF_YUV = 1.5 * SYMBOLS_PER_PIXEL
"""Of 4:2:0: both planes of chroma together are half a plane of luma, and are sent by the same network."""

_BATCH = 10
_LEVELS = 255


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to receive the symbols.

    Parameters
    ----------
    name : str                      Of the part, and of the profile.
    weights : str                   Name of its network.
    steps : int                     Of the denoiser.
    """

    name: str
    weights: str
    steps: int


ARMS = (Arm("joint", "joint-plain", 1), Arm("joint-diffusion", "joint-diffusion", 1))
"""Both send the same symbols: their encoder is one."""


class JointCodec:
    """Sends frames through Rayleigh fading of each symbol, and shows what is received.

    Parameters
    ----------
    arm : Arm                       How they are received.
    folder : Path or None           Where the weights are; None: those that are shipped.

    Raises
    ------
    InputError                      Weights are missing or damaged.
    """

    def __init__(self, arm: Arm, folder: Path | None = None) -> None:
        self.arm = arm
        self._chain = JointChain(denoises=arm.weights != "joint-plain")
        load_into(self._chain, arm.weights, folder)
        self._chain.eval()
        self.weights_sha256 = weights_digest(arm.weights, folder)
        self.encode_s = self.decode_s = 0.0

    @property
    def parameters(self) -> tuple[int, int]:
        """Parameters of the sender's network, and of the receiver's."""
        sender = sum(one.numel() for one in self._chain.encoder.parameters())
        return sender, sum(one.numel() for one in self._chain.parameters()) - sender

    def flops(self, clip: YuvClip) -> tuple[int, int]:
        """Operations of sender and receiver for a frame of a clip, as torch counts them."""
        counted = []
        for side in (self._chain.encoder, self._receiver):
            total = 0
            for share in (1, 2):  # luma, and both chroma planes as two pictures of half the sides
                height, width = clip.height_px // share, clip.width_px // share
                shape = (share, 1, height, width)
                given = (
                    torch.zeros(shape)
                    if side is self._chain.encoder
                    else self._chain.encoder(torch.zeros(shape))
                )
                with FlopCounterMode(display=False) as counter, torch.inference_mode():
                    side(given)
                total += counter.get_total_flops()
            counted.append(total)
        return counted[0], counted[1]

    def _receiver(self, symbols: Tensor) -> Tensor:
        noisy, deviation = _sent(symbols, None, generator_from(0))
        shown: Tensor = self._chain.decoder(self._chain.received(noisy, deviation, steps=self.arm.steps))
        return shown

    def shown(
        self, planes: NDArray[np.uint8], snr_db: float | None, rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Return frames as they are shown behind the channel; adds to `encode_s` and `decode_s`.

        Parameters
        ----------
        planes : (n, height * 3 / 2, width) uint8   Planar YUV 4:2:0; height and width are multiples of 16.
        snr_db : float or None, dB      None: without a channel.
        rng : Generator                 Of gains and noise.
        """
        height, width = planes.shape[1] * 2 // 3, planes.shape[2]
        if height % (2 * REDUCTION) or width % (2 * REDUCTION):
            raise ValueError(
                f"frames of {width} x {height} are not made of whole symbols of {2 * REDUCTION} pixels"
            )
        chroma = planes[:, height:].reshape(-1, height // 2, width // 2)
        luma = self._plane(planes[:, :height], snr_db, rng)
        rest = self._plane(chroma, snr_db, rng).reshape(len(planes), height // 2, width)
        return np.concatenate([luma, rest], axis=1)

    def _plane(
        self, samples: NDArray[np.uint8], snr_db: float | None, rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        found = []
        with torch.inference_mode():
            for begin in range(0, len(samples), _BATCH):
                picture = (
                    torch.from_numpy(samples[begin : begin + _BATCH].astype(np.float32))[:, None] / _LEVELS
                )
                began_s = time.perf_counter()
                symbols = self._chain.encoder(picture)
                self.encode_s += time.perf_counter() - began_s
                noisy, deviation = _sent(symbols, snr_db, rng)
                began_s = time.perf_counter()
                received = self._chain.received(noisy, deviation, steps=self.arm.steps)
                shown = self._chain.decoder(received).clamp(0, 1)
                self.decode_s += time.perf_counter() - began_s
                found.append((shown[:, 0] * _LEVELS).round().to(torch.uint8).numpy())
        return np.concatenate(found)


def _sent(symbols: Tensor, snr_db: float | None, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    if snr_db is None:
        return symbols, torch.full_like(symbols, 1e-3)
    normals = torch.from_numpy(rng.standard_normal((2, *symbols.shape), dtype=np.float32))
    return rayleigh(symbols, torch.full((len(symbols),), 10 ** (-snr_db / 10)), normals)
