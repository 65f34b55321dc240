"""Joint source-channel coding of pictures: an encoder to channel symbols, a decoder, and a network between the two.

The same network between channel and decoder serves as a diffusion model that removes noise (in the manner of CDDM, Wu
et al., IEEE Trans. Wireless Commun. 2024, arXiv 2309.08895) and, trained end to end without a diffusion objective, as
the control of equal capacity and equal knowledge of the channel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from netgen.models.residual import ResidualBlock

REDUCTION = 8
"""Pixels of a side for one place of the symbols' grid."""
PLANES = 8
"""Real numbers at every place: four complex symbols for 64 pixels of luma."""

SYMBOLS_PER_PIXEL = PLANES / 2 / REDUCTION**2
"""Channel symbols per pixel of luma: 1/16."""


class JointEncoder(nn.Module):
    """Turns luma into symbols of mean power 1.

    Parameters
    ----------
    channels : (int, int)           Width at half the sides, and below.
    """

    def __init__(self, channels: tuple[int, int] = (32, 48)) -> None:
        super().__init__()
        fine, coarse = channels
        self.body = nn.Sequential(
            nn.Conv2d(1, fine, 5, stride=2, padding=2),
            nn.PReLU(fine),
            nn.Conv2d(fine, coarse, 5, stride=2, padding=2),
            nn.PReLU(coarse),
            ResidualBlock(coarse),
            nn.Conv2d(coarse, coarse, 3, stride=2, padding=1),
            nn.PReLU(coarse),
            ResidualBlock(coarse),
            nn.Conv2d(coarse, PLANES, 3, padding=1),
        )

    def forward(self, luma: Tensor) -> Tensor:
        """Return (b, 8, h / 8, w / 8) real parts and imaginary parts of symbols, for (b, 1, h, w) luma over 255."""
        symbols = self.body(luma - 0.5)
        power = symbols.float().square().mean(dim=(1, 2, 3), keepdim=True)
        sent: Tensor = symbols * torch.rsqrt(2 * power + 1e-8)
        return sent


class JointDecoder(nn.Module):
    """Turns received symbols back into luma.

    Parameters
    ----------
    channels : (int, int)           Width at half the sides, and below.
    """

    def __init__(self, channels: tuple[int, int] = (32, 48)) -> None:
        super().__init__()
        fine, coarse = channels
        self.body = nn.Sequential(
            nn.Conv2d(PLANES, coarse, 3, padding=1),
            nn.PReLU(coarse),
            ResidualBlock(coarse),
            ResidualBlock(coarse),
            nn.Conv2d(coarse, 4 * coarse, 3, padding=1),
            nn.PixelShuffle(2),
            nn.PReLU(coarse),
            ResidualBlock(coarse),
            nn.Conv2d(coarse, 4 * fine, 3, padding=1),
            nn.PixelShuffle(2),
            nn.PReLU(fine),
            ResidualBlock(fine),
            nn.Conv2d(fine, 4, 3, padding=1),
            nn.PixelShuffle(2),
        )

    def forward(self, symbols: Tensor) -> Tensor:
        """Return (b, 1, h, w) luma over 255."""
        shown: Tensor = self.body(symbols) + 0.5
        return shown


class SymbolDenoiser(nn.Module):
    """Estimates the noise in equalised symbols, given how noisy each of them is.

    Parameters
    ----------
    channels : int                  Width.
    blocks : int                    Residual blocks.
    """

    def __init__(self, channels: int = 64, blocks: int = 4) -> None:
        super().__init__()
        self.head = nn.Conv2d(2 * PLANES, channels, 3, padding=1)
        self.blocks = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        self.tail = nn.Conv2d(channels, PLANES, 3, padding=1)

    def forward(self, symbols: Tensor, deviation: Tensor) -> Tensor:
        """Return the noise of unit deviation that is in the symbols.

        Parameters
        ----------
        symbols : (b, 8, h, w)          Real numbers: what was sent, plus deviation times noise.
        deviation : (b, 8, h, w)        Standard deviation of the noise of each, > 0.
        """
        scaled = symbols * torch.rsqrt(0.5 + deviation.square())
        stacked = torch.cat([scaled, torch.log(deviation.clamp(min=1e-3)) / 3], dim=1)
        found: Tensor = self.tail(self.blocks(functional.relu(self.head(stacked))))
        return found


class JointChain(nn.Module):
    """Encoder, decoder, and where it has one the network that takes noise away between them.

    Parameters
    ----------
    denoises : bool                 Whether it has that network.
    """

    def __init__(self, *, denoises: bool) -> None:
        super().__init__()
        self.encoder = JointEncoder()
        self.decoder = JointDecoder()
        self.denoiser = SymbolDenoiser() if denoises else None

    def received(self, symbols: Tensor, deviation: Tensor, *, steps: int = 1) -> Tensor:
        """Return what the decoder is given of equalised symbols.

        Without a denoiser each symbol is weighted by how reliable it is (minimum mean squared error). With one, the
        noise is taken away in equal steps of its deviation, as the probability-flow equation of a variance-exploding
        diffusion does (Song et al., ICLR 2021); one step is the estimate of the clean symbols itself.

        Parameters
        ----------
        symbols : (b, 8, h, w)          What was sent plus deviation times noise.
        deviation : (b, 8, h, w)        Standard deviation of the noise of each.
        steps : int                     Steps of the diffusion, >= 1.
        """
        if self.denoiser is None:
            return symbols / (1 + 2 * deviation.square())
        for step in range(steps):
            share = 1 - step / steps
            found = self.denoiser(symbols, share * deviation)
            symbols = symbols - deviation / steps * found
        return symbols


def rayleigh(symbols: Tensor, noise_power: Tensor, normals: Tensor) -> tuple[Tensor, Tensor]:
    """Send symbols through fast Rayleigh fading, and divide by the gains, which the receiver knows.

    Parameters
    ----------
    symbols : (b, 8, h, w)          Real parts in the first four planes, imaginary parts in the others; power 1.
    noise_power : (b,)              Of a complex symbol, over the mean power of a received one.
    normals : (2, b, 8, h, w)       Standard normal numbers: gains and noise, halves as of the symbols.

    Returns
    -------
    equalised, deviation : (b, 8, h, w)     What was sent plus deviation times noise of unit deviation.
    """
    half = symbols.shape[1] // 2
    gain_re, gain_im = normals[0, :, :half], normals[0, :, half:]
    strength = ((gain_re.square() + gain_im.square()) / 2).clamp(min=1e-6)
    deviation = torch.sqrt(noise_power.view(-1, 1, 1, 1) / (2 * strength)).repeat(1, 2, 1, 1)
    return symbols + deviation * normals[1], deviation
