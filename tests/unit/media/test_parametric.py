import math

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.media.parametric import SizeLaw, parametric_track
from netgen.media.video_format import VideoFormat
from netgen.provenance import Provenance

COUNT = 40_000


def drawn(sizes, *, seed=1, variation=0.0, rate_bps=2e6, segment_s=0.5, count=COUNT, rate_hz=30.0):
    return parametric_track(
        video_format=VideoFormat(1280, 720, rate_hz),
        rate_bps=rate_bps,
        segment_s=segment_s,
        count=count,
        sizes=sizes,
        variation=variation,
        rng=np.random.default_rng(seed),
    )


def test_constant_sizes_never_drift_from_the_rate_and_draw_nothing():
    rng = np.random.default_rng(5)
    track = parametric_track(
        video_format=VideoFormat(1280, 720, 30.0),
        rate_bps=1000.0,
        segment_s=1 / 3,
        count=3000,
        sizes=SizeLaw.CONSTANT,
        rng=rng,
    )
    assert set(track.bits.tolist()) == {333, 334}
    assert np.all(np.abs(np.cumsum(track.bits) - 1000 / 3 * np.arange(1, 3001)) <= 1)
    assert rng.random() == np.random.default_rng(5).random()


@pytest.mark.parametrize(
    ("sizes", "variation", "expected"),
    [(SizeLaw.LOGNORMAL, 0.4, 0.4), (SizeLaw.LOGNORMAL, 0.1, 0.1), (SizeLaw.EXPONENTIAL, 0.0, 1.0)],
)
@pytest.mark.parametrize("rate_bps", [2e6, 20.0])
def test_the_law_has_the_mean_and_the_variation_that_were_asked_for(sizes, variation, expected, rate_bps):
    """99.9 % intervals of the mean; 20 bit/s is 10 bit a segment, where careless rounding would show."""
    track = drawn(sizes, variation=variation, rate_bps=rate_bps)
    mean_bits = rate_bps * 0.5
    discrete = math.sqrt(1 - 1 / mean_bits) if sizes is SizeLaw.EXPONENTIAL else 1.0
    half_width = 3.3 * expected * mean_bits / math.sqrt(COUNT)
    assert half_width < 0.02 * mean_bits
    assert abs(track.bits.mean() - mean_bits) < half_width + 1 / math.sqrt(COUNT)
    observed = math.sqrt(max(track.bits.var() - (1 / 12 if sizes is SizeLaw.LOGNORMAL else 0), 0)) / mean_bits
    assert observed == pytest.approx(expected * discrete, rel=0.04)
    assert track.bits.min() >= 1


def test_a_lognormal_is_lognormal():
    """The logarithm of the sizes is normal: skewness and excess kurtosis are within four standard errors of 0."""
    logs = np.log(drawn(SizeLaw.LOGNORMAL, variation=0.5).bits)
    centred = (logs - logs.mean()) / logs.std()
    assert abs((centred**3).mean()) < 4 * math.sqrt(6 / COUNT)
    assert abs((centred**4).mean() - 3) < 4 * math.sqrt(24 / COUNT)
    assert abs((drawn(SizeLaw.EXPONENTIAL).bits > 1e6).mean() - math.exp(-1)) < 4 * 0.48 / math.sqrt(COUNT)


def test_the_same_generator_gives_the_same_track_and_frames_follow_the_grid():
    one, other = (drawn(SizeLaw.LOGNORMAL, variation=0.3, count=10, segment_s=0.05) for _ in range(2))
    assert np.array_equal(one.bits, other.bits)
    assert not np.array_equal(one.bits, drawn(SizeLaw.LOGNORMAL, variation=0.3, count=10, seed=2).bits)
    assert one.frames.tolist() == [2, 1] * 5
    assert one.provenance is Provenance.DECLARED
    assert not one.bits.flags.writeable


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate_bps": 0.0}, "more than 1 and less than"),
        ({"rate_bps": -5.0}, "more than 1"),
        ({"rate_bps": float("nan")}, "more than 1"),
        ({"rate_bps": float("inf")}, "less than 2"),
        ({"count": 0}, "at least 1 is needed"),
        ({"segment_s": 0.01}, "shorter than one frame"),
        ({"sizes": SizeLaw.LOGNORMAL, "variation": 0.0}, "more than 0 and at most 10 is accepted"),
        ({"sizes": SizeLaw.LOGNORMAL, "variation": float("nan")}, "more than 0 and at most 10 is accepted"),
        ({"sizes": SizeLaw.LOGNORMAL, "variation": 11.0}, "more than 0 and at most 10"),
        (
            {"sizes": SizeLaw.LOGNORMAL, "variation": 2.0, "rate_bps": 1.6e16},
            "less than 2.53 bit is accepted",
        ),
        ({"sizes": SizeLaw.CONSTANT, "variation": 0.2}, "only lognormal sizes take one"),
        ({"sizes": SizeLaw.EXPONENTIAL, "variation": 1.0}, "only lognormal sizes take one"),
    ],
)
def test_a_value_out_of_range_says_what_is_accepted(change, message):
    with pytest.raises(InputError, match=message):
        drawn(**{"sizes": SizeLaw.CONSTANT, "count": 200, **change})
