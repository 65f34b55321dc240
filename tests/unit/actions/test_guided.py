"""Guided restoration: with any network at all, no block is worse than the codec's own frame."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from netgen.actions.contract import Compatibility, KnobTarget, RateTarget
from netgen.actions.contracted_video import Part, PartKind
from netgen.actions.guided import GuidedAction
from netgen.catalogue.check_cases import moving_clip
from netgen.errors import InputError
from netgen.media.quality import psnr_db
from netgen.media.yuv_clip import YuvClip
from netgen.models.restorer import Restorer, initialise
from netgen.models.weights import save_weights


def noisy_clip(width: int = 150, height: int = 138, frames: int = 3) -> YuvClip:
    """Blocks of noise beside flat ones, so that blocks differ."""
    drawn = np.random.default_rng(1).integers(60, 200, (frames, height * 3 // 2, width))
    drawn[:, :, : width // 2] = 120
    return YuvClip(drawn.astype(np.uint8), Fraction(25))


def _weights(folder, *, spread: float, seed: int = 1):
    """Write a restorer that changes frames at random, by about `spread`."""
    for scale in (1, 2):
        model = Restorer(scale)
        initialise(model, torch.Generator().manual_seed(seed))
        with torch.no_grad():
            model.tail.weight.normal_(0, spread, generator=torch.Generator().manual_seed(seed))
        save_weights(model, f"restorer-x{scale}", folder)
    return folder


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("spread", [0.01, 1.0])
def test_never_worse_than_the_codec(tmp_path, spread, scale):
    clip = noisy_clip()
    action = GuidedAction(weights=_weights(tmp_path, spread=spread), scale=scale)
    made = action.contract(clip, KnobTarget(50))
    shown = action.expand(made)
    plain = action.expand_plainly(made)
    assert psnr_db(clip.luma, shown.luma) >= psnr_db(clip.luma, plain.luma) - 0.01  # rounding
    assert np.array_equal(shown.planes[:, clip.height_px :], plain.planes[:, clip.height_px :])
    assert np.array_equal(shown.planes, action.expand(made).planes)


def test_a_network_that_helps_is_used_where_it_helps(tmp_path, monkeypatch):
    clip = noisy_clip()
    action = GuidedAction(weights=_weights(tmp_path, spread=0.0))
    left = clip.luma.copy()
    left[:, :, 64:] = 0  # right in the blocks at the left, absurd elsewhere
    monkeypatch.setattr(action, "restored", lambda lumas, *, scale, crfs: [left])
    made = action.contract(clip, KnobTarget(70))
    shown, plain = action.expand(made), action.expand_plainly(made)
    assert psnr_db(clip.luma, shown.luma) >= psnr_db(clip.luma, plain.luma)
    assert np.array_equal(shown.luma[:, :, 64:], plain.luma[:, :, 64:])


def test_the_steering_stream_is_small_and_generative(tmp_path):
    action = GuidedAction(weights=_weights(tmp_path, spread=0.1))
    made = action.contract(noisy_clip(), KnobTarget(40))
    assert [part.kind for part in made.parts] == [
        PartKind.DISCRIMINATIVE,
        PartKind.GENERATIVE,
        PartKind.GENERATIVE,
    ]
    assert len(made.parts[2].payload) <= 10
    assert action.compatibility is Compatibility.WEIGHTS


def test_other_weights_are_another_domain(tmp_path):
    one = GuidedAction(weights=_weights(tmp_path / "one", spread=0.1))
    other = GuidedAction(weights=_weights(tmp_path / "other", spread=0.1, seed=2))
    made = one.contract(noisy_clip(), KnobTarget(40))
    with pytest.raises(InputError, match="other weights"):
        other.expand(made)


@pytest.mark.parametrize("payload", [b"", b"\x04", b"\x03\x00", b"\x83\xff\xff", b"\x00\x00\x00"])
def test_damaged_weights_are_refused(tmp_path, payload):
    action = GuidedAction(weights=_weights(tmp_path, spread=0.0))
    made = action.contract(noisy_clip(), KnobTarget(40))
    damaged = replace(made, parts=(*made.parts[:2], Part(PartKind.GENERATIVE, payload)))
    with pytest.raises(InputError, match="damaged"):
        action.expand(damaged)
    with pytest.raises(InputError, match="2 parts instead of 3"):
        action.expand(replace(made, parts=made.parts[:2]))


def test_a_rate_is_met_with_one_run_of_the_network(tmp_path, monkeypatch):
    clip = moving_clip(160, 144, frames=4)
    action = GuidedAction(weights=_weights(tmp_path, spread=0.05))
    runs = []
    infer = action.infer
    monkeypatch.setattr(action, "infer", lambda name, *given: runs.append(name) or infer(name, *given))
    wanted = action.contract(clip, KnobTarget(45)).bits_per_pixel
    assert len(runs) == 1  # four frames are one batch
    made = action.contract(clip, RateTarget(wanted))
    assert len(runs) == 2
    assert made.bits_per_pixel == pytest.approx(wanted, rel=0.1)
