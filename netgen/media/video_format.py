"""What a raw video is: its frame size and rate."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """Frame size and frame rate of a video.

    Parameters
    ----------
    width_px, height_px : int       Frame size, > 0.
    frame_rate_hz : float, Hz       Frames per second, > 0.
    """

    width_px: int
    height_px: int
    frame_rate_hz: float

    def __post_init__(self) -> None:
        if self.width_px <= 0 or self.height_px <= 0 or not self.frame_rate_hz > 0:
            raise ValueError(f"a video format needs positive sides and rate, got {self}")

    @property
    def pixels(self) -> int:
        """Pixels in one frame."""
        return self.width_px * self.height_px

    @property
    def pixel_rate_hz(self) -> float:
        """Pixels per second; bits per pixel = rate_bps / pixel_rate_hz (papers/002, section 2)."""
        return self.pixels * self.frame_rate_hz
