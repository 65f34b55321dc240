"""What a shown scene really shows, frame by frame: the truth about a video that something has gone wrong in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from netgen.labelled.drawing import FRAME_RATE_HZ, FRAMES, Circumstances, centre_of, drawn_frames
from netgen.labelled.meaning import PLACES, Meaning
from netgen.media.yuv_clip import YuvClip, clip_from_rgb

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Still:
    """One frame of a script: what it means, what it looks like besides, and its instant in the scene."""

    meaning: Meaning
    circumstances: Circumstances
    time_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One thing over the frames that are shown.

    Parameters
    ----------
    looks : tuple                       What it looks like in each frame; None where it is not there.
    where : (frames, 2) float           Where its centre is, as shares of the frame's side.
    """

    looks: tuple[object, ...]
    where: Floats


@dataclass(frozen=True, slots=True)
class Script:
    """The frames of a scene as they are shown, before a codec has touched them."""

    stills: tuple[Still, ...]

    def tracks(self) -> tuple[Track, ...]:
        """Return the tracks of the background and of the four places, in this order."""
        ground = [
            (still.meaning.background, still.circumstances.corner, still.circumstances.mirrored)
            for still in self.stills
        ]
        pans = [[pan * still.time_s for pan in still.circumstances.pan] for still in self.stills]
        return (Track(tuple(ground), np.array(pans)), *(self._track(place) for place in range(PLACES)))

    def drawn(self) -> YuvClip:
        """Draw it.

        Raises
        ------
        MissingDependencyError          A package that carries the photographs, or PyAV, is not installed.
        """
        pieces = []
        for (meaning, circumstances), stills in groupby(
            self.stills, lambda one: (one.meaning, one.circumstances)
        ):
            times_s = np.array([still.time_s for still in stills])
            pieces.append(drawn_frames(meaning, circumstances, times_s=times_s))
        return clip_from_rgb(np.concatenate(pieces), frame_rate_hz=FRAME_RATE_HZ)

    def _track(self, place: int) -> Track:
        looks: list[object] = []
        where = np.zeros((len(self.stills), 2))
        for number, still in enumerate(self.stills):
            thing = still.meaning.things[place]
            looks.append(None if thing is None else (thing.shape, thing.colour, thing.size))
            if thing is not None:
                where[number] = centre_of(place, thing, still.circumstances.jitter[place], still.time_s)
        return Track(tuple(looks), where)


def script_of(
    meaning: Meaning, circumstances: Circumstances, shown: NDArray[np.int64] | None = None
) -> Script:
    """Return the script of a scene in which nothing changes but what its labels say.

    Parameters
    ----------
    shown : (25,) int                   Which frame of the scene is shown as each frame; None: each as itself.
    """
    frames = np.arange(FRAMES) if shown is None else shown
    return Script(
        tuple(Still(meaning, circumstances, float(number / float(FRAME_RATE_HZ))) for number in frames)
    )
