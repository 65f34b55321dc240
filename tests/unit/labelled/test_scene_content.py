"""Labelled scenes as a content: the same whatever their number, and sizes that are coded."""

import numpy as np
import pytest

pytest.importorskip("av", reason="the sizes are x264's")

from netgen.labelled.scene_content import SceneContent


def test_scenes_are_the_same_whatever_their_number_and_come_again():
    few, more = SceneContent(2, 5, 30), SceneContent(3, 5, 30)
    np.testing.assert_array_equal(few.clip(1).planes, more.clip(1).planes)
    np.testing.assert_array_equal(few.clip(3).planes, few.clip(1).planes)
    assert (few.meaning(2), more.meaning(2)) == (few.meaning(0), more.meaning(2))
    assert more.meaning(2) != few.meaning(0)
    assert SceneContent(2, 6, 30).meaning(0) != few.meaning(0)


def test_the_track_holds_what_x264_makes_of_each_scene():
    fine, coarse = SceneContent(2, 5, 20).track, SceneContent(2, 5, 40).track
    assert (len(fine), fine.segment_s, fine.video_format.pixels) == (2, 1.0, 272 * 272)
    assert fine.frames.tolist() == [25, 25]
    assert (fine.bits > 2 * coarse.bits).all()
    assert fine.bits.tolist() == SceneContent(2, 5, 20).track.bits.tolist()
