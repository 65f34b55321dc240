"""A fresh process: what hangs is ended, and what fails is named."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from netgen.actions.contract import Placement
from netgen.calibration.fresh_process import measure_fresh
from netgen.errors import CheckFailedError
from netgen.media.yuv_clip import YuvClip

pytest.importorskip("torch")
PLAIN = f"{Path(__file__).with_name('plain_action.py')}:Coarse"


def segment():
    return YuvClip(np.random.default_rng(0).integers(0, 255, (2, 96, 64)).astype(np.uint8), Fraction(8))


def test_the_peak_is_that_of_the_process_and_not_of_the_one_that_started_it():
    held = np.ones(600_000_000, np.uint8)  # `ru_maxrss` would hand this on
    found = measure_fresh(PLAIN, segment(), knob=4.0, placement=Placement())
    assert held[-1] == 1
    assert found.memory.method == "VmHWM"
    assert 60_000_000 < found.memory.peak_bytes - found.memory.idle_bytes < 500_000_000
    assert found.memory.device_peak_bytes is None
    assert min(found.load_s, found.contract_s, found.expand_s) > 0


def test_a_process_past_its_limit_is_ended():
    with pytest.raises(CheckFailedError, match=r"Coarse took longer than 0\.001 s for one segment"):
        measure_fresh(PLAIN, segment(), knob=4.0, placement=Placement(), limit_s=0.001)
