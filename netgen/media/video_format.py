"""What a raw video is: its frame size and rate, as scenarios write it."""

from netgen.units import FrameFormat as VideoFormat

__all__ = ["VideoFormat"]
