"""What channels leave: the cliff of bitstreams, the slow fall of joint coding (Yin et al., GVSC), capacity."""

import math

import numpy as np
import pytest

from netgen.linklevel.curves import BlockErrorCurve, find_curve, shipped_curves
from netgen.linklevel.gvsc import SCHEMES, arrival
from netgen.linklevel.protection import Channel, Code
from netgen.robustness.records import shipped_robustness

BITSTREAMS = ("x264-ldpc", "x265-ldpc")
JOINT = ("joint", "joint-diffusion")


def fading_capacity(snr_db: float) -> float:
    """Ergodic capacity of Rayleigh fading known to the receiver, bit a symbol: e^(1/g) E1(1/g) / ln 2."""
    special = pytest.importorskip("scipy.special")
    g = 10 ** (snr_db / 10)
    return float(math.exp(1 / g) * special.exp1(1 / g) / math.log(2))


def named(curve: BlockErrorCurve) -> str:
    return (
        f"{curve.protection.code}-{curve.protection.info_bits}-{curve.protection.coded_bits}-{curve.channel}"
    )


IN_FADED_BLOCKS = [one for one in shipped_curves() if one.channel is Channel.RAYLEIGH_BLOCK]
WITH_CAPACITY = [one for one in shipped_curves() if one.channel is not Channel.RAYLEIGH_BLOCK]


@pytest.mark.parametrize("curve", WITH_CAPACITY, ids=named)
def test_no_code_is_better_than_capacity_allows(curve):
    """Where a tenth of the blocks is lost the rate is below capacity; the best codes are within 3.5 dB of it."""
    at_db = curve.threshold_db(0.1)
    efficiency = curve.protection.efficiency
    capacity = math.log2(1 + 10 ** (at_db / 10)) if curve.channel is Channel.AWGN else fading_capacity(at_db)
    assert efficiency < capacity
    higher = at_db - 3.5
    short = math.log2(1 + 10 ** (higher / 10)) if curve.channel is Channel.AWGN else fading_capacity(higher)
    assert efficiency > short


@pytest.mark.parametrize("curve", IN_FADED_BLOCKS, ids=named)
def test_block_fading_is_an_outage(curve):
    """1 - exp(-g0 / g) with g0 where the code's waterfall in noise lies, within 15 % and what counting leaves open."""
    same = curve.protection
    noise = find_curve(
        same.code, same.rate, same.bits_per_symbol, Channel.AWGN, same.info_bits, curves=shipped_curves()
    )
    for snr_db in (10.0, 15.0, 20.0):
        outage = 1 - math.exp(-(10 ** ((noise.threshold_db(0.5) - snr_db) / 10)))
        counted = 4 * math.sqrt(outage / 2000)
        assert float(curve.rate(snr_db)) == pytest.approx(outage, abs=0.15 * outage + counted)


@pytest.mark.parametrize("part", BITSTREAMS)
def test_bitstreams_fall_off_a_cliff_below_5_db(part):
    """From all that coding left to nothing, within 3 dB and below 5 dB."""
    table = shipped_robustness()[part].table
    assert table.at(5.0).fidelity > 0.95 * table.clean.fidelity
    assert table.at(2.0).fidelity < 0.05


@pytest.mark.parametrize("part", JOINT)
def test_joint_coding_falls_slowly(part):
    """At 0 dB, where bitstreams are gone, a good part is left; no 5 dB take more than a third of the meaning."""
    table = shipped_robustness()[part].table
    at_db = np.arange(-5.0, 20.1, 2.5)
    left = np.array([table.at(snr_db).fidelity for snr_db in at_db])
    assert (np.diff(left) >= 0).all()
    assert (left[2:] - left[:-2]).max() < 1 / 3
    assert table.at(0.0).fidelity > 5 * max(
        shipped_robustness()[one].table.at(0.0).fidelity for one in BITSTREAMS
    )


def test_video_and_joint_coding_had_as_many_symbols():
    symbols = {part: shipped_robustness()[part].symbols_per_pixel for part in (*BITSTREAMS, *JOINT)}
    assert max(symbols.values()) / min(symbols.values()) < 1.1


def test_the_words_of_gvsc_outlast_the_picture():
    """Turbo 1/3 on 4-QAM carries the description where LDPC 1/2 carries no video."""
    text = find_curve(Code.TURBO, 1 / 3, 2, Channel.RAYLEIGH_FAST, 504, curves=shipped_curves())
    visual = shipped_robustness()["joint-diffusion"].table
    for scheme in SCHEMES:
        found = arrival(scheme, 2.0, text, visual)
        assert found.text > 0.99
        assert found.visual == (visual.at(2.0) if scheme.visual_symbols else None)
    assert shipped_robustness()["x265-ldpc"].table.at(2.0).fidelity < 0.05
    wrong = find_curve(Code.TURBO, 1 / 3, 2, Channel.AWGN, 504, curves=shipped_curves())
    with pytest.raises(ValueError, match="awgn"):
        arrival(SCHEMES[0], 2.0, wrong, visual)
