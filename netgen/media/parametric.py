"""A content given by its parameters alone: a mean rate and a law for the sizes of its segments."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError
from netgen.media.segment_track import SegmentTrack
from netgen.media.segmentation import check_segment_s, exact_rate_hz, first_slots
from netgen.media.video_format import VideoFormat
from netgen.provenance import Provenance

_LARGEST_SEGMENT_BITS = 2.0**53
_LARGEST_VARIATION = 10.0  # beyond it, no track of a sensible length comes near its mean


class SizeLaw(StrEnum):
    """How the sizes of the segments of a parametric content vary."""

    CONSTANT = "constant"
    LOGNORMAL = "lognormal"
    EXPONENTIAL = "exponential"


def parametric_track(
    *,
    video_format: VideoFormat,
    rate_bps: float,
    segment_s: float,
    count: int,
    sizes: SizeLaw,
    variation: float = 0.0,
    rng: np.random.Generator,
) -> SegmentTrack:
    """Draw the segments of a content of a given mean rate.

    Parameters
    ----------
    video_format : VideoFormat      Frame size and rate.
    rate_bps : float, bit/s         Mean coded rate, > 0.
    segment_s : float, s            Duration of one segment, at least one frame.
    count : int                     Number of segments, >= 1.
    sizes : SizeLaw                 Law of the sizes; their mean is rate_bps * segment_s in every case.
    variation : float               Coefficient of variation (standard deviation over mean), in (0, 10], for
                                    lognormal sizes only; the others have none to choose (0 and 1).
    rng : numpy Generator           Where the sizes are drawn from; constant sizes draw nothing.

    Returns
    -------
    SegmentTrack                    Every segment has at least 1 bit; provenance is declared.

    Raises
    ------
    InputError                      A value outside its range; says what is accepted.
    """
    frame_rate_hz = exact_rate_hz(video_format.frame_rate_hz)
    check_segment_s(segment_s, frame_rate_hz=frame_rate_hz, where="parametric content")
    if count < 1:
        raise InputError(f"parametric content: {count} segments; at least 1 is needed")
    mean_bits = rate_bps * segment_s
    if not 1 < mean_bits < _LARGEST_SEGMENT_BITS:
        raise InputError(
            f"parametric content: {rate_bps:g} bit/s in segments of {segment_s:g} s is {mean_bits:g} bit "
            f"a segment; more than 1 and less than 2^53 bit is accepted"
        )
    if sizes is SizeLaw.LOGNORMAL:
        if not 0 < variation <= _LARGEST_VARIATION:
            raise InputError(
                f"parametric content: lognormal sizes with a coefficient of variation of {variation}; "
                f"more than 0 and at most {_LARGEST_VARIATION:g} is accepted (use constant sizes for none)"
            )
    elif variation != 0:
        raise InputError(
            f"parametric content: a coefficient of variation of {variation} is given for {sizes} sizes; "
            f"only lognormal sizes take one"
        )
    frames = np.diff(first_slots(count, segment_s=segment_s, frame_rate_hz=frame_rate_hz))
    bits = _sizes_bits(mean_bits, count, sizes=sizes, variation=variation, rng=rng)
    return SegmentTrack(video_format, float(segment_s), bits, frames, Provenance.DECLARED)


def _sizes_bits(
    mean_bits: float, count: int, *, sizes: SizeLaw, variation: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw whole numbers of bits, each at least 1, with the mean `mean_bits`.

    Constant: differences of the rounded-down cumulative size, so that sums never drift from the rate.
    Exponential: its discrete twin, the geometric law on 1, 2, ..., whose mean is exact.
    Lognormal: 1 bit plus a rounded lognormal of mean m - 1 and the standard deviation asked for:
    sigma^2 = ln(1 + c^2), mu = ln(mean) - sigma^2 / 2.

    Source          Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1, 1994, ch. 14
                    (moments of the lognormal); the geometric law is Univariate Discrete ch. 5.
    Valid for       mean_bits > 1; rounding shifts the lognormal mean by well under 1 bit.
    """
    if sizes is SizeLaw.CONSTANT:
        edges: NDArray[np.int64] = np.floor(np.arange(count + 1) * mean_bits).astype(np.int64)
        return np.diff(edges)
    if sizes is SizeLaw.EXPONENTIAL:
        return rng.geometric(1 / mean_bits, size=count).astype(np.int64)
    spread = variation * mean_bits / (mean_bits - 1)
    sigma = math.sqrt(math.log1p(spread**2))
    drawn = rng.lognormal(math.log(mean_bits - 1) - sigma**2 / 2, sigma, size=count)
    if drawn.max() >= _LARGEST_SEGMENT_BITS:
        raise InputError(
            f"parametric content: a coefficient of variation of {variation:g} drew a segment of "
            f"{drawn.max():g} bit; less than 2^53 bit is accepted: choose a smaller variation"
        )
    return 1 + np.rint(drawn).astype(np.int64)
