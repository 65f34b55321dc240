"""The four schemes of GVSC: text in code words, and a visual part in symbols of joint coding.

Source: Yin et al., Generative Video Semantic Communication via Multimodal Semantic Fusion with Large Model, sections
III.A and IV.B. A clip has 8 frames of 256 x 256 in three colours, and its description 765.04 bit in the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

from netgen.linklevel.curves import BlockErrorCurve
from netgen.robustness.table import Left, RobustnessTable

SAMPLES = 3 * 256 * 256 * 8
TEXT_BITS = 765.04
SYMBOLS_PER_TEXT_BIT = 1.5
"""Turbo code of rate 1/3 on 4-QAM: 1 / (2 x 1/3)."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What is sent of a clip.

    Parameters
    ----------
    name : str                      As the paper calls it.
    visual_symbols : float          Symbols of the visual part.
    printed_ratio : float           Channel bandwidth ratio as the paper prints it.
    """

    name: str
    visual_symbols: float
    printed_ratio: float

    @property
    def symbols(self) -> float:
        """Symbols of text and visual part."""
        return SYMBOLS_PER_TEXT_BIT * TEXT_BITS + self.visual_symbols

    @property
    def bandwidth_ratio(self) -> float:
        """Channel bandwidth ratio K / (C_in H W F)."""
        return self.symbols / SAMPLES


SCHEMES = (
    Scheme("Desc. Only", 0.0, 0.0007),
    Scheme("Sketch+Desc.", 32 * 32 * 2 / 2, 0.001),
    Scheme("Sketches+Desc.", 0.0026 * SAMPLES, 0.003),
    Scheme("First Frame+Desc.", 0.0057 * SAMPLES - SYMBOLS_PER_TEXT_BIT * TEXT_BITS, 0.0057),
)
"""The sketches' symbols are those of their printed ratio, 0.0026. Of the first frame the paper prints nothing but the
ratio of the whole, so its symbols are what is left of that."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What of a scheme arrives at an SNR.

    Parameters
    ----------
    text : float                    Probability that the whole description does.
    visual : Left or None           What is left of the visual part; None where none is sent.
    """

    text: float
    visual: Left | None


def arrival(scheme: Scheme, snr_db: float, text: BlockErrorCurve, visual: RobustnessTable) -> Arrival:
    """Return what arrives of a scheme over the channel of two tables.

    Parameters
    ----------
    scheme : Scheme
    snr_db : float, dB
    text : BlockErrorCurve          Of the turbo code; a description takes as many of its blocks as it needs.
    visual : RobustnessTable        Of joint coding, over the same channel.

    Raises
    ------
    ValueError                      The tables are of different channels.
    """
    if text.channel.value != visual.channel:
        raise ValueError(f"text over {text.channel} and the visual part over {visual.channel}")
    blocks = -(-TEXT_BITS // text.protection.info_bits)
    arrived = float((1.0 - text.rate(snr_db)) ** blocks)
    return Arrival(arrived, visual.at(snr_db) if scheme.visual_symbols else None)
