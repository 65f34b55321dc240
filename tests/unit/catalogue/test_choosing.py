"""The encoder that tries several actions sends the best of them."""

import numpy as np
import pytest
import torch

from netgen.actions.contract import RateTarget
from netgen.actions.contracted_video import ContractedVideo
from netgen.catalogue.check_cases import moving_clip
from netgen.catalogue.choosing import LearnedChoice, PlainChoice
from netgen.errors import InputError
from netgen.media.quality import psnr_db
from netgen.models.interpolator import Interpolator
from netgen.models.restorer import Restorer, initialise
from netgen.models.weights import save_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Networks before training: they enlarge and move plainly."""
    folder = tmp_path_factory.mktemp("weights")
    for name, model in (
        ("restorer-x2", Restorer(2)),
        ("restorer-x4", Restorer(4)),
        ("interpolator", Interpolator()),
    ):
        initialise(model, torch.Generator().manual_seed(1))
        save_weights(model, name, folder)
    return folder


@pytest.mark.parametrize("bits_per_pixel", [0.01, 0.05])
def test_what_is_sent_is_the_best_candidate_at_the_rate(bits_per_pixel):
    clip = moving_clip(288, 272, frames=6)
    action = PlainChoice()
    made = action.contract(clip, RateTarget(bits_per_pixel))
    alone = [candidate.contract(clip, RateTarget(bits_per_pixel)) for candidate in action.candidates]
    shown = [one.expand(own) for one, own in zip(action.candidates, alone, strict=True)]
    values = [psnr_db(clip.luma, one.luma) for one in shown]
    fitting = [index for index, own in enumerate(alone) if own.bits_per_pixel <= 1.05 * bits_per_pixel]
    chosen = made.parts[-1].payload[0]
    assert chosen in (fitting or [int(np.argmin([own.bits for own in alone]))])
    assert all(values[chosen] > values[index] - 0.5 for index in fitting)
    assert made.parts[:-1] == alone[chosen].parts
    assert np.array_equal(action.expand(made).planes, shown[chosen].planes)
    assert made.bits - alone[chosen].bits <= 8 * 3  # the byte that names it, and its length


def test_a_rate_out_of_reach_takes_the_fewest_bits():
    clip = moving_clip(288, 272, frames=6)
    action = PlainChoice()
    made = action.contract(clip, RateTarget(0.0005))
    least = min(one.contract(clip, RateTarget(0.0005)).bits for one in action.candidates)
    assert made.bits - least <= 8 * 3


def test_small_frames_leave_reduced_candidates_out():
    clip = moving_clip(96, 80, frames=5)
    made = PlainChoice().contract(clip, RateTarget(0.05))
    assert made.parts[-1].payload[0] in {0, 3}
    with pytest.raises(InputError, match="at least 66"):
        PlainChoice().contract(moving_clip(64, 64, frames=5), RateTarget(0.05))


def test_a_network_that_shows_best_is_chosen_and_used(weights, monkeypatch):
    action = LearnedChoice(weights=weights)
    assert action.networks == ("restorer-x2", "restorer-x4", "interpolator")
    clip = moving_clip(160, 144, frames=5)
    restored = action.candidates[1]
    monkeypatch.setattr(restored, "expand", lambda made, *, seed=0: clip)  # without any error
    made = action.contract(clip, RateTarget(0.02))
    assert made.parts[-1].payload == b"\x01"
    monkeypatch.undo()
    runs = []
    infer = restored.infer
    monkeypatch.setattr(restored, "infer", lambda name, *given: runs.append(name) or infer(name, *given))
    action.expand(made)
    assert set(runs) == {"restorer-x2"}
    message = made.to_bytes()
    again = ContractedVideo.from_bytes(message, domain=action.domain)
    assert np.array_equal(action.expand(again).planes, action.expand(made).planes)
    assert action.expand_plainly(made).planes.shape == clip.planes.shape
    with pytest.raises(InputError, match="made by another action"):
        PlainChoice().expand(made)


def test_a_damaged_choice_is_refused():
    action = PlainChoice()
    clip = moving_clip(96, 80, frames=5)
    made = action.contract(clip, RateTarget(0.05))
    for parts in ((), made.parts[:-1], (*made.parts[:-1], type(made.parts[0])(made.parts[-1].kind, b"\x09"))):
        broken = ContractedVideo(
            made.domain, made.width_px, made.height_px, made.frames, made.frame_rate_hz, parts
        )
        with pytest.raises(InputError, match="damaged"):
            action.expand(broken)
