"""An encoder leaves the thread that calls it as it was."""

import os
from fractions import Fraction

import numpy as np
import pytest

from netgen.media.codec import Codec, CodingConfig, encode
from netgen.media.yuv_clip import YuvClip


@pytest.mark.skipif(
    not hasattr(os, "sched_getscheduler"), reason="only Linux tells how a thread is scheduled"
)
@pytest.mark.parametrize("codec", list(Codec))
def test_the_scheduling_of_the_caller_stays(codec):
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    planes = np.random.default_rng(1).integers(0, 255, size=(3, 102, 72), dtype=np.uint8)
    encode(YuvClip(planes, Fraction(25)), CodingConfig(codec, 40, 1, 3))
    assert (os.sched_getscheduler(0), os.sched_getparam(0)) == before
