"""The kinds of video that a profile distinguishes."""

from __future__ import annotations

from enum import StrEnum


class ContentClass(StrEnum):
    """What a content mostly shows; the profiles of an action are kept apart by it."""

    TALKING_FACE = "talking-face"
    SPORTS = "sports"
    NATURAL = "natural"
    SCREEN = "screen"
    DRIVING = "driving"
    LABELLED = "labelled"
