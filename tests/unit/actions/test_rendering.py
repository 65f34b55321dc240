from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from netgen.actions.contract import KnobTarget, RateTarget
from netgen.actions.contracted_video import ContractedVideo, PartKind
from netgen.actions.rendering import FlatRenderAction, canvas_px
from netgen.errors import InputError
from netgen.generative.operating_point import CodingMode
from netgen.media.quality import psnr_db
from netgen.media.yuv_clip import YuvClip
from tests.unit.actions.test_description import panned

ACTION = FlatRenderAction()


def test_what_it_declares() -> None:
    assert (ACTION.mode, ACTION.playable, ACTION.learned) == (CodingMode.NO_REFERENCE, False, False)
    assert ACTION.model_bytes == 0


@pytest.mark.parametrize("size_px", [(16, 16), (176, 144), (480, 272), (1280, 720)])
@pytest.mark.parametrize("frames", [1, 4])
def test_frames_come_back_in_size_and_number(size_px: tuple[int, int], frames: int) -> None:
    clip = panned(*size_px, frames, step_px=2)
    made = ACTION.contract(clip, KnobTarget(5))
    shown = ACTION.expand(ContractedVideo.from_bytes(made.to_bytes(), domain=ACTION.domain))
    assert shown.planes.shape == clip.planes.shape
    assert shown.frame_rate_hz == clip.frame_rate_hz
    assert psnr_db(clip.planes, shown.planes) > 20


def test_all_bytes_count_and_steer_the_receiver() -> None:
    made = ACTION.contract(panned(176, 144, 5), KnobTarget(3))
    (part,) = made.parts
    assert part.kind is PartKind.GENERATIVE
    assert made.generative_bits == 8 * len(part.payload)
    assert made.bits == 8 * len(made.to_bytes())
    assert 8 * 12 < made.bits - made.generative_bits < 8 * 20


def test_more_detail_is_nearer_to_the_source() -> None:
    clip = panned(480, 272, 9, step_px=3)
    quality = [
        psnr_db(clip.luma, ACTION.expand(ACTION.contract(clip, KnobTarget(detail))).luma)
        for detail in (1, 4, 8)
    ]
    assert quality[0] + 2 < quality[1]
    assert quality[1] + 2 < quality[2]
    assert quality[2] > 33


def test_motion_is_worth_decibels() -> None:
    clip = panned(480, 272, 13, step_px=4)
    shown = ACTION.expand(ACTION.contract(clip, KnobTarget(5)))
    frozen = YuvClip(np.repeat(shown.planes[6:7], 13, axis=0), clip.frame_rate_hz)
    assert psnr_db(clip.luma, shown.luma) > psnr_db(clip.luma, frozen.luma) + 4


def test_a_still_clip_stays_still() -> None:
    clip = panned(176, 144, 6)
    shown = ACTION.expand(ACTION.contract(clip, KnobTarget(8)))
    assert (shown.planes == shown.planes[:1]).all()


def test_a_change_of_light_is_followed() -> None:
    clip = panned(176, 144, 13)
    light = np.linspace(0.7, 1.15, 13)[:, None, None]
    planes = clip.planes.astype(float)
    planes[:, :144] = planes[:, :144] * light
    lit = YuvClip(planes.clip(0, 255).astype(np.uint8), clip.frame_rate_hz)
    shown = ACTION.expand(ACTION.contract(lit, KnobTarget(8)))
    assert psnr_db(lit.luma, shown.luma) > 28


def test_the_seed_changes_nothing() -> None:
    clip = panned(176, 144, 5, step_px=2)
    made = ACTION.contract(clip, KnobTarget(4), seed=1)
    assert made == ACTION.contract(clip, KnobTarget(4), seed=2)
    np.testing.assert_array_equal(ACTION.expand(made, seed=1).planes, ACTION.expand(made, seed=2).planes)


def test_a_rate_is_met() -> None:
    clip = panned(480, 272, 25, step_px=2)
    made = ACTION.contract(clip, RateTarget(0.0012))
    assert made.bits_per_pixel == pytest.approx(0.0012, rel=0.25)


def test_a_small_side_is_refused() -> None:
    with pytest.raises(InputError, match="at least 16"):
        ACTION.contract(YuvClip(np.zeros((1, 21, 20), np.uint8), Fraction(25)), KnobTarget(4))


def test_damage_and_foreign_domains_are_refused() -> None:
    made = ACTION.contract(panned(176, 144, 3), KnobTarget(3))
    with pytest.raises(InputError, match="one part"):
        ACTION.expand(replace(made, parts=()))
    with pytest.raises(InputError, match="damaged"):
        ACTION.expand(replace(made, parts=(replace(made.parts[0], payload=made.parts[0].payload[1:]),)))
    with pytest.raises(InputError, match="x265"):
        ACTION.expand(replace(made, domain="x265"))


def test_the_canvas_is_even_and_bounded() -> None:
    assert canvas_px(480, 272) == (272, 480)
    assert canvas_px(1280, 720) == (360, 640)
    assert canvas_px(720, 1280) == (640, 360)
    assert all(side % 2 == 0 for side in canvas_px(1000, 562))
