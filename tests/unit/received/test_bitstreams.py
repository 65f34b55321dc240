"""What is shown of coded video and of text when blocks are lost."""

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("torch")
pytest.importorskip("skimage")

from netgen.linklevel.curves import BlockErrorCurve, CurvePoint
from netgen.linklevel.protection import Channel, Code, Protection
from netgen.media.codec import Codec
from netgen.received.bitstreams import CodedScenes, DescribedScenes
from netgen.received.scenes import VIEWS, ReceivedScenes, nothing_shown, viewed
from netgen.rng import generator_from


def curve(code=Code.LDPC, info_bits=504):
    """Return a cliff at 0 dB: everything is lost below, next to nothing above."""
    points = (
        CurvePoint(-1.0, 10**6, 10**6, 1),
        CurvePoint(0.0, 10**6, 5 * 10**5, 1),
        CurvePoint(1.0, 10**6, 0, 0),
    )
    return BlockErrorCurve(
        Protection(code, info_bits, 3 * info_bits, 2), Channel.RAYLEIGH_FAST, points, "made up"
    )


@pytest.fixture(scope="module")
def scenes():
    return ReceivedScenes.some(3, 5)


@pytest.fixture(scope="module")
def coded(scenes):
    return CodedScenes(scenes, Codec.X264, curve(), 0.1)


def test_the_finest_that_keeps_to_the_symbols_is_sent(coded):
    assert 0.08 < coded.symbols_per_pixel <= 0.1
    assert coded.bits_per_pixel < coded.symbols_per_pixel / 1.5  # blocks are filled up


def test_above_the_cliff_all_is_shown_and_below_it_nothing(scenes, coded):
    whole = coded.shown(None, generator_from(1))
    for clip, planes in zip(scenes.clips, whole, strict=True):
        assert planes.shape == viewed(clip).shape == (VIEWS, 408, 272)
        assert np.abs(planes.astype(int) - viewed(clip)).mean() < 6
    for ours, planes in zip(coded.shown(20.0, generator_from(1)), whole, strict=True):
        np.testing.assert_array_equal(ours, planes)
    for planes in coded.shown(-5.0, generator_from(1)):
        np.testing.assert_array_equal(planes, nothing_shown(planes))


@pytest.mark.parametrize("received", [1, 4, 11, 24])
def test_the_picture_stands_still_after_a_loss(coded, received):
    """What is shown are frames of the whole decoding, in their order, each held until the next that there is."""
    whole = coded._whole[0]
    shown = coded._decoded(0, received).planes
    assert shown.shape == whole.shape
    at = [
        next(place for place in range(len(whole)) if np.array_equal(whole[place], frame)) for frame in shown
    ]
    assert at == sorted(at)
    assert len(set(at)) == received
    assert at[0] == 0
    assert (shown[-1] == shown[max(at)]).all()


def test_a_description_is_drawn_or_nothing_is_seen(scenes):
    text = DescribedScenes(scenes, curve(Code.TURBO, 128))
    drawn = text.shown(None, generator_from(1))
    assert all(planes.std() > 10 for planes in drawn)
    assert all((planes == 128).all() for planes in text.shown(-5.0, generator_from(1)))
    assert text.symbols_per_pixel < 1e-3
