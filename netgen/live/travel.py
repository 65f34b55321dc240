"""Bits of expanded frames: what leaves a node that expanded is coded again, so that the next hop carries real bits."""

from __future__ import annotations

from netgen.actions.codecs import X264Action
from netgen.actions.contract import RateTarget
from netgen.actions.contracted_video import ContractedVideo
from netgen.media.yuv_clip import YuvClip


def coded_for_travel(clip: YuvClip, bits_per_pixel: float) -> ContractedVideo:
    """Code frames by x264 at about a rate, one closed group of pictures a segment; the same clip gives the same bytes.

    Parameters
    ----------
    clip : YuvClip                  What a node expanded.
    bits_per_pixel : float          The rate, > 0: that of the source, so that the segment is as large as it was.

    Returns
    -------
    ContractedVideo                 In the domain of the action `x264`; `bits_per_pixel` tells the rate that it has.

    Raises
    ------
    InputError                      The frames are too small for the codec.
    """
    return X264Action().contract(clip, RateTarget(bits_per_pixel))


def frames_that_travelled(coded: ContractedVideo) -> YuvClip:
    """Decode what `coded_for_travel` made.

    Raises
    ------
    InputError                      Made by another action, or damaged.
    """
    return X264Action().expand(coded)
