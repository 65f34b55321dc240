"""Labelled scenes as a content: one a second, drawn when they are asked for, coded as a source would code them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from netgen.actions.codecs import X264Action
from netgen.actions.contract import KnobTarget
from netgen.labelled.drawing import FRAME_RATE_HZ, FRAMES, SIDE_PX, drawn_circumstances, drawn_clip
from netgen.labelled.meaning import Meaning, drawn_meaning
from netgen.media.segment_track import SegmentTrack
from netgen.media.video_format import VideoFormat
from netgen.media.yuv_clip import YuvClip
from netgen.provenance import Provenance
from netgen.rng import generator_from

_KEPT_CLIPS = 64


class SceneContent:
    """So many scenes, one after the other and then from the beginning.

    Parameters
    ----------
    count : int                     Different scenes, >= 1.
    seed : int                      Scene n of a seed is the same whatever their number, >= 0.
    crf : int                       Quality at which x264 codes the source; tells the sizes alone, for the frames of a
                                    live run are those that were drawn.
    """

    def __init__(self, count: int, seed: int, crf: int) -> None:
        self.count, self.seed, self.crf = count, seed, crf

    @property
    def track(self) -> SegmentTrack:
        """Sizes of the scenes.

        Raises
        ------
        MissingDependencyError      PyAV, or a package that carries the photographs, is not installed.
        """
        return _track(self.count, self.seed, self.crf)

    def clip(self, index: int) -> YuvClip:
        """Return the frames of segment `index` of the session, >= 0; raises as `track` does."""
        return _scene(self.seed, index % self.count)[1]

    def meaning(self, index: int) -> Meaning:
        """Return what segment `index` of the session means."""
        return _scene(self.seed, index % self.count)[0]


@lru_cache(maxsize=_KEPT_CLIPS)
def _scene(seed: int, number: int) -> tuple[Meaning, YuvClip]:
    rng = generator_from(seed, number)
    meaning = drawn_meaning(rng)
    return meaning, drawn_clip(meaning, drawn_circumstances(rng))


@lru_cache(maxsize=4)
def _track(count: int, seed: int, crf: int) -> SegmentTrack:
    coder = X264Action()
    bits = [coder.contract(_scene(seed, number)[1], KnobTarget(crf)).bits for number in range(count)]
    return SegmentTrack(
        VideoFormat(SIDE_PX, SIDE_PX, float(FRAME_RATE_HZ)),
        FRAMES / float(FRAME_RATE_HZ),
        np.array(bits, dtype=np.int64),
        np.full(count, FRAMES, dtype=np.int64),
        Provenance.MEASURED,
    )
