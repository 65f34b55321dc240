import math
from fractions import Fraction

import numpy as np
import pytest

from netgen.actions.contract import (
    Compatibility,
    Knob,
    KnobTarget,
    Parameter,
    Placement,
    RateTarget,
    Stage,
    VideoAction,
)
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.yuv_clip import YuvClip

CLIP = YuvClip(np.zeros((10, 144, 128), np.uint8), Fraction(25))
PLAIN = Knob("q", finest=0, coarsest=60, step=0.5, octave=6, grid=(0, 30, 60))
TYPICAL = Knob("q", 0, 60, 0.5, 6, (0, 60), typical=((0, 1.0), (30, 0.1), (60, 0.005)))


class Curve(VideoAction):
    """Makes as many bits as a curve says, and counts the codings."""

    name = "test.curve"
    summary = "a curve"
    mode = CodingMode.FULL_REFERENCE
    playable = True
    learned = False
    knob = PLAIN
    parameters = {"size": Parameter(1, (1, 2), "a number")}  # noqa: RUF012

    def __init__(self, bits_per_pixel=lambda q: 2.0 ** (-q / 6), knob=PLAIN, **values):
        super().__init__(**values)
        self.curve, self.knob, self.tried = bits_per_pixel, knob, []

    @property
    def domain(self):
        return self.name

    def contract_at(self, frames, knob, *, seed):
        self.tried.append(knob)
        payload = bytes(round(self.curve(knob) * frames.luma.size / 8))
        part = Part(PartKind.DISCRIMINATIVE, payload)
        return ContractedVideo(self.domain, 128, 96, frames.frames, frames.frame_rate_hz, (part,))

    def expand(self, contracted, *, seed=0):
        self.check_domain(contracted)
        return CLIP


@pytest.mark.parametrize(
    ("curve", "tolerance"),
    [
        (lambda q: 2.0 ** (-q / 6), 0.05),
        (lambda q: 0.5 * 2.0 ** (-q / 12), 0.05),
        (lambda q: 2.0 ** (-q / 4) + 0.01, 0.25),
        (lambda q: 0.3 * 2.0 ** (-((q / 30) ** 2) * 3), 0.05),
        (lambda q: 0.6 / (1 + q / 4), 0.10),
    ],
    ids=["as declared", "flatter", "with a floor", "bent", "hyperbola"],
)
@pytest.mark.parametrize("knob", [PLAIN, TYPICAL], ids=["plain", "typical"])
def test_a_rate_in_reach_is_met_by_four_codings(curve, tolerance, knob):
    for rate in (0.02, 0.05, 0.15):
        if curve(60) < rate < curve(0):
            action = Curve(curve, knob)
            made = action.contract(CLIP, RateTarget(rate))
            assert len(action.tried) == 4
            assert made.bits_per_pixel == pytest.approx(rate, rel=tolerance), action.tried


@pytest.mark.parametrize("knob", [PLAIN, TYPICAL], ids=["plain", "typical"])
def test_a_rate_out_of_reach_gives_the_nearest_end(knob):
    low = Curve(lambda q: 0.01 + 0.2 * 2.0 ** (-q / 6), knob).contract(CLIP, RateTarget(1e-4))
    assert low.bits_per_pixel == pytest.approx(0.0102, rel=0.1)
    action = Curve(lambda q: 0.2 * 2.0 ** (-q / 6), knob)
    assert action.contract(CLIP, RateTarget(5.0)).bits_per_pixel == pytest.approx(0.2, rel=0.03)
    assert action.tried[-1] == 0


def test_a_knob_that_falls_towards_more_bits():
    """The finest value may be the larger one: a quality rather than a rate factor."""
    knob = Knob("quality", finest=100, coarsest=0, step=1, octave=15, grid=(0, 50, 100))
    action = Curve(lambda q: 0.4 * 2.0 ** ((q - 100) / 20), knob)
    made = action.contract(CLIP, RateTarget(0.05))
    assert made.bits_per_pixel == pytest.approx(0.05, rel=0.05)
    assert knob.octaves(20) > knob.octaves(80)


def test_coarse_steps_land_on_the_nearest_one():
    knob = Knob("level", finest=1, coarsest=4, step=1, octave=1, grid=(1, 2, 3, 4))
    curve = {1: 0.8, 2: 0.37, 3: 0.21, 4: 0.1}
    for value, rate in curve.items():
        action = Curve(curve.__getitem__, knob)
        assert action.contract(CLIP, RateTarget(rate * 1.01)).bits_per_pixel == pytest.approx(
            rate, rel=0.01
        ), value
        assert set(action.tried) <= set(curve)


def test_a_curve_that_is_not_monotone_still_ends_near():
    action = Curve(lambda q: 0.5 * 2.0 ** (-q / 8) * (1.15 if 20 < q < 24 else 1.0))
    for rate in (0.03, 0.07, 0.09, 0.2):
        assert action.contract(CLIP, RateTarget(rate)).bits_per_pixel == pytest.approx(rate, rel=0.15)


def test_values_of_a_knob():
    assert PLAIN.nearest(12.3) == 12.5
    assert PLAIN.nearest(-4) == 0
    assert PLAIN.nearest(99) == 60
    assert TYPICAL.first_value(0.1) == 30
    assert TYPICAL.first_value(1.0) == 0
    assert TYPICAL.first_value(1e-9) == 60
    assert PLAIN.first_value(0.1) == 30
    assert TYPICAL.octaves(30) - TYPICAL.octaves(0) == pytest.approx(math.log2(10))
    for knob in (PLAIN, TYPICAL):
        for value in (0, 17.5, 42, 60):
            assert knob.value_at(knob.octaves(value)) == value


def test_a_value_of_the_knob_is_taken_to_the_nearest_step():
    action = Curve()
    action.contract(CLIP, KnobTarget(17.3))
    assert action.tried == [17.5]
    with pytest.raises(InputError, match=r"q 61 is outside 0\.\.60"):
        action.contract(CLIP, KnobTarget(61))


@pytest.mark.parametrize("rate", [0, -1, math.inf, math.nan])
def test_a_rate_must_be_positive_and_finite(rate):
    with pytest.raises(InputError, match="must be positive and finite"):
        RateTarget(rate)


def test_parameters_are_checked():
    assert Curve().values == {"size": 1}
    assert Curve(size=2).values == {"size": 2}
    with pytest.raises(InputError, match="size = 3; accepted: 1, 2"):
        Curve(size=3)
    with pytest.raises(InputError, match=r"has no parameter scale \(has: size\)"):
        Curve(scale=3)


def test_small_frames_other_domains_and_other_devices_are_refused():
    action = Curve()
    with pytest.raises(InputError, match="at least 66"):
        action.contract(YuvClip(np.zeros((1, 96, 64), np.uint8), Fraction(25)), KnobTarget(30))
    made = action.contract(CLIP, KnobTarget(30))
    foreign = ContractedVideo("other", 128, 96, 10, Fraction(25), made.parts)
    with pytest.raises(InputError, match=r'expands the domain "test\.curve", not "other"'):
        action.expand(foreign)
    with pytest.raises(InputError, match="runs on cpu, not on cuda"):
        action.place(Placement(device="cuda"))
    action.place(Placement(threads=2))
    assert action.placement.threads == 2
    assert action.compatibility is Compatibility.FORMAT


def test_stages_add_up_and_begin_again():
    action = Curve()
    for _ in range(2):
        with action.timed(Stage.PREPARE):
            pass
    with pytest.raises(ZeroDivisionError), action.timed(Stage.INFER):
        1 / 0  # noqa: B018
    stages = action.take_stages()
    assert set(stages) == {Stage.PREPARE, Stage.INFER}
    assert all(seconds >= 0 for seconds in stages.values())
    assert action.take_stages() == {}


def test_expanding_many_pairs_each_with_its_seed():
    action = Curve()
    made = [action.contract(CLIP, KnobTarget(q)) for q in (10, 20)]
    assert action.expand_many(made, seeds=[1, 2]) == [CLIP, CLIP]
    with pytest.raises(ValueError, match="shorter"):
        action.expand_many(made, seeds=[1])


def test_a_knob_without_effect_on_the_rate_is_no_error():
    """As of an action that sends words alone: whatever is asked for, the search ends."""
    knob = Knob(
        "steps", finest=10, coarsest=1, step=1, octave=3, grid=(10, 1), typical=((10, 0.001), (1, 0.001))
    )
    assert knob.first_value(0.01) == 10
    assert knob.value_at(2.0) in (1, 10)
