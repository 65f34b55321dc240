"""What the networks of joint source-channel coding learn from photographs, over Rayleigh fading."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from netgen.models.joint_coding import JointChain, rayleigh
from netgen.training.photographs import Photograph

LOWEST_DB, HIGHEST_DB = -2.0, 17.0
"""SNR at which it learns: a little beyond 0 to 15 dB, where it is measured."""

_BATCH, _SIDE_PX = 24, 64
_LARGEST_ZOOM = 3

Loss = Callable[[nn.Module, np.random.Generator], Tensor]


def base_loss(photographs: Sequence[Photograph]) -> Loss:
    """Encoder and decoder together: squared error of the picture."""

    def loss(model: nn.Module, draws: np.random.Generator) -> Tensor:
        chain, luma = _chain(model), patches(photographs, draws, _BATCH)
        symbols, deviation = sent(chain.encoder(luma), draws)
        return functional.mse_loss(chain.decoder(chain.received(symbols, deviation)).float(), luma)

    return loss


def tuned_loss(photographs: Sequence[Photograph]) -> Loss:
    """All behind the channel, end to end, the encoder as it is: the plain decoder's, and the control's."""

    def loss(model: nn.Module, draws: np.random.Generator) -> Tensor:
        chain, luma = _chain(model), patches(photographs, draws, _BATCH)
        with torch.no_grad():
            symbols, deviation = sent(chain.encoder(luma), draws)
        return functional.mse_loss(chain.decoder(chain.received(symbols, deviation)).float(), luma)

    return loss


def diffusion_loss(photographs: Sequence[Photograph]) -> Loss:
    """The denoiser learns to tell the noise, the decoder to show what it leaves; neither learns from the other."""

    def loss(model: nn.Module, draws: np.random.Generator) -> Tensor:
        chain, luma = _chain(model), patches(photographs, draws, _BATCH)
        assert chain.denoiser is not None  # noqa: S101  (this lesson's network has one)
        with torch.no_grad():
            clean = chain.encoder(luma)
            symbols, deviation = sent(clean, draws)
            share = torch.from_numpy(draws.uniform(0.02, 1.0, (len(luma), 1, 1, 1))).to(clean)
            noise = (symbols - clean) / deviation
        found = chain.denoiser(clean + share * deviation * noise, share * deviation)
        with torch.no_grad():
            cleaned = chain.received(symbols, deviation)
        picture = functional.mse_loss(chain.decoder(cleaned).float(), luma)
        return picture + 0.02 * functional.mse_loss(found.float(), noise.float())

    return loss


def sent(symbols: Tensor, draws: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Send symbols over fading at SNRs that are drawn for each picture."""
    snr_db = draws.uniform(LOWEST_DB, HIGHEST_DB, len(symbols))
    power = torch.from_numpy(10 ** (-snr_db / 10)).to(symbols)
    normals = torch.from_numpy(draws.standard_normal((2, *symbols.shape), dtype=np.float32)).to(symbols)
    return rayleigh(symbols, power, normals)


def patches(photographs: Sequence[Photograph], draws: np.random.Generator, count: int) -> Tensor:
    """Cut squares of 64 x 64 pixels at random places and scales, turned and mirrored at random, over 255."""
    cut: list[NDArray[np.uint8]] = []
    while len(cut) < count:
        luma = photographs[int(draws.integers(len(photographs)))].luma
        zoom = int(draws.integers(1, _LARGEST_ZOOM + 1))
        side = zoom * _SIDE_PX
        if min(luma.shape) < side:
            continue
        row, column = (int(draws.integers(0, length - side + 1)) for length in luma.shape)
        square = luma[row : row + side, column : column + side]
        small = square.reshape(_SIDE_PX, zoom, _SIDE_PX, zoom).mean(axis=(1, 3))
        turned = np.rot90(small, int(draws.integers(4)))
        cut.append(turned[:, ::-1] if draws.random() < 0.5 else turned)
    return torch.from_numpy(np.stack(cut).astype(np.float32))[:, None] / 255


def _chain(model: nn.Module) -> JointChain:
    assert isinstance(model, JointChain)  # noqa: S101  (the lessons of this module build nothing else)
    return model
