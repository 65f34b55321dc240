"""The segments of one content, as the engine consumes them: sizes and frame counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.media.video_format import VideoFormat
from netgen.provenance import Provenance


@dataclass(frozen=True, slots=True, eq=False)
class SegmentTrack:
    """Sizes of the consecutive segments of one content; arrays are read-only.

    Parameters
    ----------
    video_format : VideoFormat      Frame size and rate.
    segment_s : float, s            Duration of one segment, > 0.
    bits : (n,) int64, bit          Coded size of each segment in the source representation, > 0.
    frames : (n,) int64             Frames in each segment, > 0.
    provenance : Provenance         Measured (a file, a trace) or declared (a parametric class).
    """

    video_format: VideoFormat
    segment_s: float
    bits: NDArray[np.int64]
    frames: NDArray[np.int64]
    provenance: Provenance

    def __post_init__(self) -> None:
        if not self.segment_s > 0:
            raise ValueError(f"segment_s must be positive, got {self.segment_s}")
        if len(self.bits) == 0 or len(self.bits) != len(self.frames):
            raise ValueError(
                f"a track needs as many sizes as frame counts, at least one: {len(self.bits)}, {len(self.frames)}"
            )
        bad = np.flatnonzero((self.bits <= 0) | (self.frames <= 0))
        if bad.size:
            raise ValueError(
                f"segment {bad[0]} has {self.bits[bad[0]]} bit in {self.frames[bad[0]]} frames; both must be positive"
            )
        self.bits.flags.writeable = False
        self.frames.flags.writeable = False

    def __len__(self) -> int:
        return len(self.bits)

    @property
    def mean_bits_per_pixel(self) -> float:
        """Coded bits per pixel over the whole track."""
        return float(self.bits.sum() / (self.frames.sum() * self.video_format.pixels))

    def bits_of(self, bits_per_pixel: float) -> float:
        """Mean bits of a segment coded at `bits_per_pixel`."""
        return float(bits_per_pixel * self.frames.mean() * self.video_format.pixels)
