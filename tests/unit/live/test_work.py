from fractions import Fraction
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest

from netgen.actions.contract import Placement, Stage
from netgen.live.work import (
    ActionReference,
    Contraction,
    Description,
    Effort,
    Result,
    pack_action,
    pack_description,
    pack_result,
    pack_task,
    receive,
    send,
    unpack_action,
    unpack_description,
    unpack_result,
    unpack_task,
)
from netgen.media.yuv_clip import YuvClip


def through_a_pipe(header, blobs):
    one, other = Pipe()
    send(one, header, blobs)
    return receive(other)


def test_actions_and_descriptions_survive_the_way():
    placement = Placement("cuda:1", "bfloat16", 2, 4, compiled=True)
    action = ActionReference("file.py:Class", (Path("one"), Path("two")), placement, (("scale", 2),))
    header, blobs = through_a_pipe(pack_action(action), [])
    assert unpack_action(header) == action
    assert blobs == []
    found = Description("domain", True, "bfloat16", False, 123, 0.1)
    assert unpack_description(through_a_pipe(pack_description(found), [])[0]) == found


def test_frames_that_lie_anywhere_in_memory_survive_the_way():
    """Every second frame of a larger array, and its mirror image."""
    planes = np.random.default_rng(1).integers(0, 256, (6, 9, 8), np.uint8)
    for part in (planes[::2], planes[1::2, :, ::-1]):
        task = Contraction(ActionReference("x264"), YuvClip(part, Fraction(24000, 1001)), 0.05, 7)
        header, blobs = through_a_pipe(*pack_task(task))
        found = unpack_task(header, iter(blobs), task.action)
        assert np.array_equal(found.clip.planes, part)
        assert found.clip.frame_rate_hz == Fraction(24000, 1001)
        assert (found.bits_per_pixel, found.seed) == (0.05, 7)


def test_results_survive_the_way():
    clip = YuvClip(np.full((1, 6, 4), 7, np.uint8), Fraction(25))
    result = Result(
        contracted=None,
        clip=clip,
        wall_s=0.1,
        stages={Stage.INFER: 0.05},
        recode_s=0.0,
        peak_memory_bytes=1,
        device_memory_bytes=2,
        segments_at_once=3,
    )
    header, blobs = through_a_pipe(*pack_result(result))
    found = unpack_result(header, iter(blobs))
    assert np.array_equal(found.clip.planes, clip.planes)
    assert found.contracted is None
    assert found.stages == {Stage.INFER: 0.05}
    assert (found.peak_memory_bytes, found.device_memory_bytes, found.segments_at_once) == (1, 2, 3)


def result(wall_s, *, host_bytes, device_bytes, segments):
    return Result(
        contracted=None,
        clip=YuvClip(np.zeros((1, 6, 4), np.uint8), Fraction(25)),
        wall_s=wall_s,
        stages={},
        recode_s=0.0,
        peak_memory_bytes=host_bytes,
        device_memory_bytes=device_bytes,
        segments_at_once=segments,
    )


def test_times_add_up_and_the_largest_of_everything_is_kept():
    effort = Effort()
    effort.add(result(0.5, host_bytes=30, device_bytes=7, segments=1))
    effort.add(result(0.1, host_bytes=50, device_bytes=9, segments=4))
    effort.add(result(0.3, host_bytes=40, device_bytes=8, segments=2))
    assert effort.wall_times() == {"jobs": 3, "median_s": 0.3, "total_s": pytest.approx(0.9)}
    assert effort.largest() == {"peak_memory_bytes": 50, "device_memory_bytes": 9, "segments_at_once": 4}
