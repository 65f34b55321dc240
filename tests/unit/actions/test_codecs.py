import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from netgen.actions.codecs import LowResolutionAction, SvtAv1Action, Vp9Action, X264Action, X265Action
from netgen.actions.contract import KnobTarget, RateTarget, Stage
from netgen.catalogue.check_cases import moving_clip
from netgen.catalogue.variants import VARIANTS
from netgen.errors import InputError
from netgen.media.codec import Codec, coded_size_px, rate_factors
from netgen.media.quality import psnr_db
from netgen.media.yuv_clip import clip_from_file

pytest.importorskip("av")
ACTIONS = [X264Action, X265Action, SvtAv1Action, Vp9Action]
CLIPS = Path(__file__).resolve().parents[3] / "scenarios" / "clips"
CLIP = moving_clip(320, 288, frames=8)


@pytest.mark.parametrize("action_class", ACTIONS)
def test_finer_knobs_cost_more_and_show_more(action_class):
    action = action_class()
    finest, coarsest, _ = rate_factors(action.codec)
    bits, qualities_db = [], []
    for share in (0.3, 0.6, 1.0):
        made = action.contract(CLIP, KnobTarget(finest + share * (coarsest - finest)))
        bits.append(made.bits)
        qualities_db.append(psnr_db(CLIP.luma, action.expand(made).luma))
    assert bits == sorted(bits, reverse=True)
    assert qualities_db == sorted(qualities_db, reverse=True)
    assert set(action.take_stages()) == {Stage.ENTROPY}
    assert made.generative_bits == 0


@pytest.mark.parametrize("action_class", ACTIONS)
def test_each_step_of_the_knob_is_honoured_by_the_encoder(action_class):
    """Around the middle, two neighbouring values give other bytes."""
    action = action_class()
    values = [action.knob.nearest(38 + k * action.knob.step) for k in range(3)]
    assert len({action.contract_at(CLIP, value, seed=0).parts for value in values}) == 3


@pytest.mark.parametrize("codec", ["x265", "svtav1"])
def test_low_resolution_wins_where_the_rate_is_lowest(codec):
    """At the coarsest knob of the quarter size, the bits are far below what the full size can reach."""
    low = LowResolutionAction(codec=codec, scale=4)
    full = VARIANTS[codec].make()
    least = full.contract(CLIP, KnobTarget(full.knob.coarsest)).bits
    made = low.contract(CLIP, KnobTarget(low.knob.coarsest))
    assert made.bits < 0.6 * least
    shown = low.expand(made)
    assert shown.planes.shape == CLIP.planes.shape
    assert set(low.take_stages()) == {Stage.PREPARE, Stage.ENTROPY, Stage.FINISH}


def test_domains_tell_codec_and_scale():
    domains = {
        VARIANTS[name].make().domain for name in ("x264", "x265", "x265-half", "x265-quarter", "svtav1-half")
    }
    assert len(domains) == 5
    made = LowResolutionAction(codec="x265", scale=2).contract(CLIP, KnobTarget(45))
    with pytest.raises(InputError, match="scale=2"):
        LowResolutionAction(codec="x265", scale=4).expand(made)


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("scale", [2, 4])
def test_the_smallest_side_can_be_coded_and_less_is_refused(codec, scale):
    action = LowResolutionAction(codec=codec.value, scale=scale)
    side = action.smallest_side_px
    assert min(coded_size_px(side, side, scale=scale)) >= 66
    action.contract(moving_clip(side, side, frames=1), KnobTarget(45))
    with pytest.raises(InputError, match=f"at least {side}"):
        action.contract(moving_clip(side + 100, side - 2, frames=1), KnobTarget(45))


def test_a_segment_of_several_parts_or_none_is_damaged():
    action = X264Action()
    made = action.contract(CLIP, KnobTarget(40))
    twice = type(made)(made.domain, 320, 288, 8, made.frame_rate_hz, made.parts * 2)
    with pytest.raises(InputError, match="2 parts instead of 1"):
        action.expand(twice)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x264", "svtav1", "x265-quarter"])
def test_rates_are_met_on_the_shipped_clips(name):
    """Within 10 % wherever a value of the knob reaches the rate: what the issue asks of live runs."""
    action = VARIANTS[name].make()
    paths = sorted(CLIPS.glob("*.m[kp][v4]"))
    assert len(paths) == 7
    for path in paths[::3]:
        clip = clip_from_file(path, most_frames=25, frame_rate_hz=Fraction(25))
        ends = [
            action.contract(clip, KnobTarget(end)).bits_per_pixel
            for end in (action.knob.finest, action.knob.coarsest)
        ]
        for rate in (0.005, 0.03):
            if min(ends) <= rate <= max(ends):
                got = action.contract(clip, RateTarget(rate)).bits_per_pixel
                assert abs(math.log(got / rate)) < 0.1, (path.name, rate, got)


def test_the_same_frames_give_the_same_bytes_in_any_order():
    other = moving_clip(128, 96, frames=5)
    for action_class in ACTIONS:
        one, two = action_class(), action_class()
        first = [one.contract(clip, RateTarget(0.05)) for clip in (CLIP, other)]
        second = [two.contract(clip, RateTarget(0.05)) for clip in (other, CLIP)]
        assert first == second[::-1]
        assert np.array_equal(one.expand(first[1]).planes, two.expand(second[0]).planes)
