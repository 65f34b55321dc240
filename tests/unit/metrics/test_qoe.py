"""Quality of experience over time: by hand, against plain loops over the equations, and what it must never do."""

import math
from itertools import pairwise

import numpy as np
import pytest

from netgen.metrics.qoe import (
    Sessions,
    experience,
    per_second,
    pooled_score,
    quality_score,
    recency,
    stalling_impact,
)

NAN = math.nan


def sessions(*scores, stopped_s=None, segment_s=1.0, startup_s=0.0, counts=None):
    score = np.array(scores, dtype=np.float64)
    stopped = np.zeros(score.shape) if stopped_s is None else np.array(stopped_s, dtype=np.float64)
    count = np.array(counts or [score.shape[1]] * len(score))
    return Sessions(score, stopped, count, segment_s, np.full(len(score), float(startup_s)))


def rated(*scores, **changes):
    return experience(sessions(*scores, **changes)).qoe.tolist()


def plain_pooled(score):
    """Equations 4 to 7, 18 to 21 and 23 to 27 of P.1203.3 for one session of whole seconds, one at a time."""
    length = len(score)
    known = [value for value in score if not math.isnan(value)]
    above = below = 0.0
    for t, value in enumerate(score, 1):
        if not math.isnan(value):
            early = 0.00666620027943848 + 0.0000404018840273729 * math.exp(t / length / 0.156497800436237)
            low = 0.143179744942738 - 0.0238641564518876 * value
            above, below = above + early * low * value, below + early * low
    mean = above / below
    worst = []
    for t, value in enumerate(score, 1):
        if not math.isnan(value):
            weight = 1.87403625 + (1 - 1.87403625) * math.exp(-(length - t) * math.log(2) / 7.85416481)
            worst.append((value - mean) * weight)
    bias = 0.01853820 * max(0.0, -float(np.percentile(worst, 10)))
    seen = []
    for value in score:
        seen.append(seen[-1] if math.isnan(value) else value)
    switches = sum(abs(b - a) > 0.2 for a, b in pairwise(seen))
    spread = max(known) - min(known)
    wide = [seen[0]] * 2 + seen + [seen[-1]] * 2
    smooth = [sum(wide[t : t + 5]) / 5 for t in range(0, length, 3)]
    turns, old, marks = 0, 0, [0]
    for k, (a, b) in enumerate(pairwise(smooth)):
        direction = (b - a > 0.2) - (b - a < -0.2)
        if direction and direction != old:
            turns, old = turns + 1, direction
            marks.append(3 * k)
    longest = max(b - a for a, b in zip(marks, [*marks[1:], length], strict=True)) if turns else length
    cost = 0.0
    if turns / length < 0.25:
        if longest < 30:
            strength = max(0.0, 1 + math.log10(spread + 0.001))
            cost += min(strength * math.exp(0.67756080 * turns - 8.05533303), 1.5)
        cost += min(max(0.17332553 * spread * switches / length - 0.01035647, 0.0), 0.5)
    return min(max(mean - bias - cost, 1.0), 5.0), switches, (turns, longest)


def test_the_published_example_of_constant_quality():
    """README of the reference software of P.1203: 20 s of score 5 without stalling have O.35 = 5 and O.23 = 5."""
    assert rated([5.0] * 20) == [5.0]


@pytest.mark.parametrize("score", [1.0, 2.3, 4.1, 5.0])
def test_constant_quality_without_a_stall_is_that_quality(score):
    found = experience(sessions([score] * 90))
    assert (found.qoe.tolist(), found.quality_switches.tolist(), found.stalls.tolist()) == ([score], [0], [0])


@pytest.mark.parametrize("pattern", ["random", "steps", "waves", "gaps", "one", "short"])
def test_the_pooled_score_is_that_of_plain_loops(pattern):
    rng = np.random.default_rng(11)
    score = {
        "random": rng.uniform(1.0, 5.0, 60),
        "steps": np.repeat([4.5, 2.0, 3.0, 4.9, 1.2], 17),
        "waves": 3.0 + 1.5 * np.sin(np.arange(120) / 4.5),
        "gaps": np.where(np.arange(75) % 11 < 3, NAN, rng.choice([2.0, 4.0], 75)),
        "one": np.array([3.3]),
        "short": np.array([3.0, 4.5, 2.0, 2.0]),
    }[pattern]
    score[0] = 3.0
    wanted, switches, _ = plain_pooled(score.tolist())
    pooled, found = pooled_score(score[None, :], np.array([len(score)]))
    assert pooled[0] == pytest.approx(wanted, rel=1e-12)
    assert found[0] == switches


def test_quick_waves_cost_oscillation_and_slow_ones_do_not():
    """Both costs are at work somewhere: the twin above compares more than zeros."""
    waves = (3.0 + 1.5 * np.sin(np.arange(120) / 2.5)).tolist()
    _, _, (turns, longest) = plain_pooled(waves)
    assert turns / 120 < 0.25
    assert longest < 30
    assert math.exp(0.67756080 * turns - 8.05533303) > 1.5
    slow = sorted(waves)
    assert plain_pooled(slow)[2] == (1, 120) or plain_pooled(slow)[2][1] >= 30
    assert rated(waves)[0] < rated(slow)[0] - 1.0


def test_what_a_user_gets_does_not_depend_on_who_else_is_rated():
    rng = np.random.default_rng(12)
    long, short = rng.uniform(1.0, 5.0, 40), rng.uniform(1.0, 5.0, 11)
    together = sessions(long, [*short, *[NAN] * 29], counts=[40, 11])
    assert experience(together).qoe.tolist() == pytest.approx([*rated(long), *rated(short)], rel=1e-12)


def test_the_end_weighs_more_than_the_beginning():
    good, bad = [4.5] * 30, [2.0] * 30
    assert rated(good + bad)[0] < rated(bad + good)[0]


def test_a_stall_by_hand():
    """One of 2 s that begins 20 s before the end of 60 s: its weight is half-way of half-way from 1 to 0.484."""
    stopped = [0.0] * 60
    stopped[40] = stopped[41] = 1.0
    score = [4.0] * 60
    score[40] = score[41] = NAN
    weights = [0.48412879 + (1 - 0.48412879) * 0.5 ** (left / 10) for left in (20, 19)]
    impact = math.exp(-1 / 9.35158684) * math.exp(-sum(weights) / 60 / 0.91890815)
    found = experience(sessions(score, stopped_s=[stopped]))
    assert found.stalls.tolist() == [1]
    assert found.qoe[0] == pytest.approx(1 + 3.0 * impact, rel=1e-12)


def test_the_interval_between_stalls_by_hand():
    """Three stalls at 10 s, 20 s and 50 s are 20 s apart on average; a late segment is shown in part."""
    stopped = [0.0] * 60
    stopped[10] = stopped[20] = stopped[50] = 0.5
    weighted = sum(0.5 * (0.48412879 + (1 - 0.48412879) * 0.5 ** (left / 10)) for left in (50, 40, 10))
    load = 3 / 9.35158684 + weighted / 60 / 0.91890815 + 20 / 60 / 11.0567558
    found = experience(sessions([4.0] * 60, stopped_s=[stopped]))
    assert found.stalls.tolist() == [3]
    assert found.qoe[0] == pytest.approx(1 + 3.0 * math.exp(-load), rel=1e-12)


def test_the_start_counts_a_third_and_is_no_stall():
    found = experience(sessions([4.0] * 60, startup_s=6.0))
    weight = 0.48412879 + (1 - 0.48412879) * 0.5**6
    assert found.stalls.tolist() == [0]
    assert found.qoe[0] == pytest.approx(1 + 3.0 * math.exp(-2.0 * weight / 60 / 0.91890815), rel=1e-12)


def test_a_stop_that_goes_on_is_one_stall():
    score = [4.0, NAN, NAN, 4.0, 4.0]
    assert experience(sessions(score, stopped_s=[[0, 1, 1, 0.5, 0]])).stalls.tolist() == [1]
    assert experience(sessions(score, stopped_s=[[0, 1, 1, 0, 0.5]])).stalls.tolist() == [2]
    assert experience(sessions([4.0] * 5, stopped_s=[[0, 0.5, 0.5, 0, 0]])).stalls.tolist() == [2]


def test_one_stall_more_costs_more_than_a_shorter_interval_brings():
    """Of two stalls at both ends of a session, and a third in the middle that adds no time."""
    impact = stalling_impact(
        np.array([2, 3]), np.array([1.0, 1.0]), np.array([60.0, 30.0]), np.array([60.0, 60.0])
    )
    assert impact[1] < impact[0] < 1.0


def test_recency_halves_towards_its_limit():
    assert recency(np.array([0.0, 10.0, 1e6]), 0.5, 10.0).tolist() == [1.0, 0.75, 0.5]


def test_segments_of_other_lengths_become_seconds():
    score, seconds = per_second(sessions([2.0, 4.0], segment_s=3.0))
    assert (score.tolist(), seconds.tolist()) == ([[2.0, 2.0, 2.0, 4.0, 4.0, 4.0]], [6])
    score, seconds = per_second(sessions([2.0, 4.0, NAN, 5.0, NAN, NAN], segment_s=0.5, counts=[4]))
    assert score[0, :2].tolist() == [3.0, 5.0]
    assert math.isnan(score[0, 2])
    assert seconds.tolist() == [2]
    score, seconds = per_second(sessions([2.0, 4.0, 3.0], segment_s=1.5))
    assert (score.tolist(), seconds.tolist()) == ([[2.0, 4.0, 4.0, 3.0]], [4])


@pytest.mark.parametrize(
    ("known", "score"),
    [
        ({"vmaf": 100.0, "ms_ssim": 0.1}, 5.0),
        ({"vmaf": 60.0, "ms_ssim": 1.0}, 3.0),
        ({"vmaf": 3.0, "ms_ssim": 1.0}, 1.0),
        ({"vmaf": None, "ms_ssim": 1.0}, 5.0),
        ({"vmaf": None, "ms_ssim": 0.95}, 3.5),
        ({"vmaf": None, "ms_ssim": 0.97}, 4.0),
        ({"vmaf": None, "ms_ssim": None}, 4.2),
    ],
)
def test_the_score_of_a_segment_is_by_the_best_measure(known, score):
    assert quality_score(**known, semantic_fidelity=0.8) == pytest.approx(score)
