"""Restoration as an action, with weights that were never trained: they enlarge by bicubic interpolation."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from netgen.actions.contract import KnobTarget, Placement, RateTarget, Stage
from netgen.actions.contracted_video import ContractedVideo, PartKind
from netgen.actions.restoration import RestoreAction
from netgen.errors import InputError
from netgen.media.quality import psnr_db
from netgen.media.yuv_clip import YuvClip
from netgen.models.interpolator import Interpolator
from netgen.models.restorer import Restorer, initialise
from netgen.models.weights import save_weights
from tests.unit.actions.test_interpolation import moving_clip as coloured_clip


def moving_clip(width: int = 144, height: int = 140, frames: int = 5) -> YuvClip:
    """A smooth picture that moves to the right by 2 px a frame, with grey chroma."""
    clip = coloured_clip(width, height, frames)
    planes = clip.planes.copy()
    planes[:, height:] = 128
    return YuvClip(planes, clip.frame_rate_hz)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    for scale in (2, 4):
        model = Restorer(scale)
        initialise(model, torch.Generator().manual_seed(1))
        save_weights(model, f"restorer-x{scale}", folder)
    interpolator = Interpolator()
    initialise(interpolator, torch.Generator().manual_seed(1))
    save_weights(interpolator, "interpolator", folder)
    return folder


def test_round_trip_keeps_size_number_and_rate(weights):
    clip = moving_clip()
    action = RestoreAction(weights=weights)
    made = action.contract(clip, KnobTarget(30))
    message = made.to_bytes()
    again = ContractedVideo.from_bytes(message, domain=action.domain)
    shown = action.expand(again)
    assert (shown.planes.shape, shown.frame_rate_hz) == (clip.planes.shape, clip.frame_rate_hz)
    assert np.array_equal(shown.planes, action.expand(made).planes)
    assert psnr_db(clip.luma, shown.luma) > 32
    assert abs(psnr_db(clip.luma, shown.luma) - psnr_db(clip.luma, action.expand_plainly(made).luma)) < 1
    assert [part.kind for part in made.parts] == [PartKind.DISCRIMINATIVE, PartKind.GENERATIVE]
    assert made.generative_bits == 8


def test_batches_and_sizes_do_not_matter(weights):
    clip = moving_clip(width=146, height=142)  # half is 73 x 71, coded as 72 x 70 or so: the luma is fitted
    action = RestoreAction(weights=weights)
    made = action.contract(clip, KnobTarget(30))
    shown = action.expand(made)
    action.place(Placement(batch=2))
    assert np.array_equal(action.expand(made).planes, shown.planes)
    assert shown.planes.shape == clip.planes.shape


def test_segments_expanded_together_are_those_expanded_alone(weights):
    clip = moving_clip()
    later = YuvClip(clip.planes[::-1].copy(), clip.frame_rate_hz)
    action = RestoreAction(weights=weights)
    made = [action.contract(clip, KnobTarget(30)), action.contract(later, KnobTarget(50))]
    for one, shown in zip(made, action.expand_many(made, seeds=[0, 0]), strict=True):
        assert np.abs(shown.planes.astype(int) - action.expand(one).planes).max() <= 1
    assert not action.gains_from_batches  # on the processor


def test_frames_left_out_are_made_before_they_are_enlarged(weights):
    clip = moving_clip(frames=7)
    action = RestoreAction(weights=weights, keep_every=2)
    made = action.contract(clip, KnobTarget(30))
    shown = action.expand(made)
    assert shown.planes.shape == clip.planes.shape
    assert psnr_db(clip.luma[1:6:2], shown.luma[1:6:2]) > 28
    assert action.networks == ("restorer-x2", "interpolator")
    assert action.expand_plainly(made).planes.shape == clip.planes.shape
    every = RestoreAction(weights=weights)
    assert made.bits < every.contract(clip, KnobTarget(30)).bits
    with pytest.raises(InputError, match="another action"):
        every.expand(made)


def test_the_rate_factor_reaches_the_network(weights):
    action = RestoreAction(weights=weights)
    made = action.contract(moving_clip(), KnobTarget(45))
    assert made.parts[1].payload == bytes([45])


def test_stages_and_memory_are_told(weights):
    clip = moving_clip()
    action = RestoreAction(weights=weights)
    action.load()
    made = action.contract(clip, KnobTarget(40))
    action.expand(made)
    stages = action.take_stages()
    assert set(stages) == {Stage.LOAD, Stage.PREPARE, Stage.ENTROPY, Stage.INFER, Stage.FINISH}
    assert all(seconds > 0 for seconds in stages.values())
    parameters = sum(one.numel() for one in Restorer(2).parameters())
    assert 4 * parameters < action.model_bytes < 5 * parameters
    assert action.memory_bound_bytes(144, 140, 5) > action.model_bytes


def test_a_rate_is_reached(weights):
    made = RestoreAction(weights=weights).contract(moving_clip(), RateTarget(0.08))
    assert made.bits_per_pixel == pytest.approx(0.08, rel=0.15)


def test_threads_of_the_process_stay_as_they_were(weights):
    before = torch.get_num_threads()
    action = RestoreAction(weights=weights)
    action.place(Placement(threads=1 if before > 1 else 2))
    action.expand(action.contract(moving_clip(), KnobTarget(40)))
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("placement", "message"),
    [
        (Placement(device="tpu"), "accepted: cpu, cuda"),
        (Placement(device="cuda:99"), "CUDA devices here; use cpu"),
        (Placement(precision="int8"), "precision int8; accepted"),
        (Placement(threads=0), "both are at least 1"),
    ],
)
def test_placements_that_cannot_be_are_refused(weights, placement, message):
    with pytest.raises(InputError, match=message):
        RestoreAction(weights=weights).place(placement)


def test_bfloat16_is_near_float32(weights):
    clip = moving_clip()
    action = RestoreAction(weights=weights)
    made = action.contract(clip, KnobTarget(40))
    exact = action.expand(made)
    action.place(Placement(precision="bfloat16"))
    assert psnr_db(exact.luma, action.expand(made).luma) > 45


@pytest.mark.parametrize("values", [{"scale": 3}, {"scale": "2"}, {"keep_every": 3}, {"sharpness": 1}])
def test_parameters_are_checked(values):
    with pytest.raises(InputError, match=r"accepted|has no parameter"):
        RestoreAction(**values)


def test_damaged_and_foreign_representations_are_refused(weights):
    action = RestoreAction(weights=weights)
    made = action.contract(moving_clip(), KnobTarget(40))
    short = ContractedVideo(made.domain, made.width_px, made.height_px, 5, Fraction(25), made.parts[:1])
    with pytest.raises(InputError, match="1 parts instead of 2"):
        action.expand(short)
    with pytest.raises(InputError, match="another action"):
        RestoreAction(weights=weights, scale=4).expand(made)


def test_small_frames_and_missing_weights_are_refused(tmp_path):
    action = RestoreAction(weights=tmp_path)
    with pytest.raises(InputError, match="both sides must be at least 132"):
        action.contract(moving_clip(width=130), KnobTarget(40))
    made = action.contract(moving_clip(), KnobTarget(40))  # the sender needs no weights
    with pytest.raises(InputError, match="these weights are not there"):
        action.expand(made)
