"""Quality of experience of a whole session, from 1 (bad) to 5 (excellent): quality over time, switches, stops.

The approach is that of the quality integration module of Recommendation ITU-T P.1203.3 (12/2016): a score per
second is pooled over time, and reduced by the worst moments, by how often and how far the quality changed, and by
stalls. Only its closed form is taken. **The Recommendation takes a quarter of its score from a random forest; that
forest is not here, and nothing stands in its place**, nor is its last step, an affine map fitted to the sum of both
(equation 30). So the result is no P.1203 score and must not be called one: it shares the form and the coefficients,
and compares runs with one another.

Source of equations and coefficients: Recommendation ITU-T P.1203.3 (12/2016), clauses 8.1, 8.3 and 8.4, described by
Robitza, Garcia and Raake, A modular HTTP adaptive streaming QoE model, QoMEX 2017. The text of the Recommendation was
not readable here: the numbers are those on which published implementations that cite its equations agree (a MATLAB
one by V. Poliakov, itu-p1203-matlab; a Python one in the library pysqoe). Where they do not agree, or it is silent on
what happens in this simulation, an assumption is written at the place.

ASSUMED: the coefficients on which these implementations agree are those of the Recommendation.

What is different on purpose: a score per segment stands for picture and sound together, so equation 17, which joins
the two, falls away. The picture keeps to the live edge, so a stop is not made up for: time runs on while the picture
stands still, and what would have been shown meanwhile is never seen.

Valid for: sessions of 1 to 5 minutes, for which the Recommendation was fitted; others are extrapolated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

WORST, BEST = 1.0, 5.0

STALL_RECENCY = (0.48412879, 10.0)
"""Least weight of a stall, and the time [s] in which its weight above that halves: eq. 1."""
BIAS_RECENCY = (1.87403625, 7.85416481)
"""Weight of the distant past in the negative bias, and the time [s] in which half of the way is gone: eq. 5."""
BIAS_SHARE = 0.01853820
"""Share of the worst decile that counts as negative bias: eq. 7."""
RECENCY = (0.00666620027943848, 0.0000404018840273729, 0.156497800436237)
"""t1, t2, t3: weight of an instant by its place in the session: eq. 20."""
LOW_QUALITY = (0.143179744942738, 0.0238641564518876)
"""t4, t5: weight of an instant by its quality: eq. 21."""
OSCILLATION = (0.67756080, -8.05533303, 1.5)
"""Growth with each change of direction, offset, and most that oscillation may cost: eq. 23."""
ADAPTATION = (0.17332553, -0.01035647, 0.5)
"""Slope, offset, and most that adaptation may cost: eq. 25."""
STALLING = (9.35158684, 0.91890815, 11.0567558)
"""s1, s2, s3: stalls, share of the time, and share of the interval that lower a score to 1/e: eq. 29."""
SWITCH = 0.2
"""Least difference of two scores that counts as a change of quality: clause 8.1.2.3."""
SMOOTHING_S, STEP_S = 5, 3
"""Length of the moving average, and step between its samples, in which directions are looked for: clause 8.1.2.4."""
CALM_RATE, CALM_S = 0.25, 30
"""From these on, changes of direction per second and the longest time without one, nobody sees oscillation: eq. 24."""
STARTUP_SHARE = 1.0 / 3.0
"""Share of the initial buffering that counts as stopped: eq. 8."""

SSIM_LEVELS = ((0.0, 0.5, 0.88, 0.95, 0.99, 1.0), (1.0, 1.5, 2.5, 3.5, 4.5, 5.0))
"""SSIM at the edges between bad, poor, fair, good and excellent, and the scores half-way between these levels.

Source: Zinner, Hohlfeld, Abboud and Hossfeld, Impact of frame rate and resolution on objective QoE metrics,
QoMEX 2010, the bands of its mapping of SSIM to opinion scores.

ASSUMED: the bands of SSIM hold for MS-SSIM, and scores are linear in between.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Sessions of one service, each from the first segment that was shown to the last whose fate is known.

    Parameters
    ----------
    score : (n, k) float, 1..5      Per segment; NaN where nothing was shown, and behind the end of a session. The
                                    first segment of every session was shown.
    stopped_s : (n, k) float, s     How long the picture stood still at the beginning of a segment's time; 0 in the
                                    first, before which nothing was seen.
    count : (n,) int                Segments in each session, at least 1.
    segment_s : float, s            Playing time of a segment.
    startup_s : (n,) float, s       Wait for the first picture.
    """

    score: Floats
    stopped_s: Floats
    count: Counts
    segment_s: float
    startup_s: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Experience:
    """What users of n sessions went through: (n,) score from 1 to 5, changes of quality, and stalls."""

    qoe: Floats
    quality_switches: Counts
    stalls: Counts


def quality_score(*, vmaf: float | None, ms_ssim: float | None, semantic_fidelity: float) -> float:
    """Score from 1 to 5 of one segment by the best known measure: VMAF, else MS-SSIM, else kept meaning.

    ASSUMED: VMAF 20 to 100 is the scale from bad to excellent, linearly, as its authors explain it.

    ASSUMED: where no picture was measured, the score is linear in the semantic fidelity.
    """
    if vmaf is not None:
        return float(np.clip(vmaf / 20.0, WORST, BEST))
    if ms_ssim is not None:
        return float(np.interp(ms_ssim, *SSIM_LEVELS))
    return float(np.clip(WORST + (BEST - WORST) * semantic_fidelity, WORST, BEST))


def experience(sessions: Sessions) -> Experience:
    """Rate sessions: the pooled quality, drawn to 1 by stalls.

    Returns
    -------
    Experience                      `1 + (pooled - 1) * impact`. A session of one quality without stall and
                                    start-up gets that quality; more or longer stalls never raise a score, unless
                                    they join two stalls to one.

    Source                          P.1203.3, eq. 28 without the random forest's part, in which 0.75 becomes 1.
    """
    score, seconds = per_second(sessions)
    pooled, switches = pooled_score(score, seconds)
    stalls, impact = _stalling(sessions)
    return Experience(WORST + (pooled - WORST) * impact, switches, stalls)


def per_second(sessions: Sessions) -> tuple[Floats, Counts]:
    """Scores of whole seconds, (n, s), NaN where nothing was shown, and the seconds of each session, (n,).

    A second has the score of the segment that plays in its middle; of segments shorter than a second, the mean of
    those shown whose middle is in it.
    """
    length_s = sessions.segment_s
    segments = sessions.score.shape[1]
    if length_s >= 1.0:
        # Seconds whose middle is inside.
        seconds = np.ceil(sessions.count * length_s - 0.5).astype(np.int64)
        middle_s = np.arange(math.ceil(segments * length_s - 0.5)) + 0.5
        playing = np.minimum((middle_s / length_s).astype(np.int64), segments - 1)
        return sessions.score[:, playing], seconds
    seconds = ((sessions.count - 0.5) * length_s).astype(np.int64) + 1
    middles_s = (np.arange(segments) + 0.5) * length_s
    begin = np.searchsorted(middles_s, np.arange(int(middles_s[-1]) + 1))
    known = ~np.isnan(sessions.score)
    shown = np.add.reduceat(known.astype(np.float64), begin, axis=1)
    sums = np.add.reduceat(np.where(known, sessions.score, 0.0), begin, axis=1)
    score: Floats = np.divide(sums, shown, out=np.full(sums.shape, np.nan), where=shown > 0)
    return score, seconds


def pooled_score(score: Floats, seconds: Counts) -> tuple[Floats, Counts]:
    """Quality of sessions over time, before stalls.

    Parameters
    ----------
    score : (n, s) float, 1..5      Per second; NaN where nothing was shown, never in the first second.
    seconds : (n,) int              Length of each session; behind it all is NaN.

    Returns
    -------
    pooled : (n,) float, 1..5       Weighted mean less negative bias, oscillation and adaptation.
    switches : (n,) int             Seconds whose score is more than 0.2 from that of what was shown before.

    Source                          P.1203.3, eq. 4 to 7, 18 to 21 and 23 to 27, clauses 8.1.2.1 to 8.1.2.5.
    """
    shown = ~np.isnan(score)
    level = np.where(shown, score, 0.0)
    least = np.where(shown, score, np.inf).min(axis=1)
    most = level.max(axis=1)
    place = np.minimum(np.arange(1, score.shape[1] + 1) / seconds[:, None], 1.0)
    t1, t2, t3 = RECENCY
    t4, t5 = LOW_QUALITY
    weight = np.where(shown, (t1 + t2 * np.exp(place / t3)) * (t4 - t5 * level), 0.0)
    # A mean is between the extremes, whatever rounding says.
    mean = np.clip((weight * level).sum(axis=1) / weight.sum(axis=1), least, most)
    # What is not shown leaves the eye with what was shown before.
    last_shown = np.maximum.accumulate(np.where(shown, np.arange(score.shape[1]), 0), axis=1)
    seen = np.take_along_axis(level, last_shown, axis=1)
    switches = (np.abs(np.diff(seen, axis=1)) > SWITCH).sum(axis=1)
    bias = _negative_bias(np.where(shown, score - mean[:, None], np.nan), seconds)
    cost = _switching_cost(most - least, switches, *_directions(seen, seconds), seconds)
    return np.clip(mean - bias - cost, WORST, BEST), switches


def stalling_impact(stalls: Counts, stopped_s: Floats, interval_s: Floats, session_s: Floats) -> Floats:
    """Factor from 0 to 1 by which stalls draw a score to 1.

    Parameters
    ----------
    stalls : (n,) int               Stalls after the start.
    stopped_s : (n,) float, s       Their total length, by weight, with the weighted start-up.
    interval_s : (n,) float, s      Mean time from one stall's beginning to the next one's; 0 below two.
    session_s : (n,) float, s       Length of the sessions, > 0.

    Returns
    -------
    (n,) float                      1 without any. Since the interval is at most the session, one stall more
                                    always costs more than a shorter interval brings.

    Source                          P.1203.3, eq. 29.
    """
    s1, s2, s3 = STALLING
    # Together under one exponential: each is a share of what draws a score to 1 + 4/e.
    load = stalls / s1 + stopped_s / session_s / s2 + interval_s / session_s / s3
    impact: Floats = np.exp(-load)
    return impact


def recency(before_end_s: Floats | Counts, early: float, half_s: float) -> Floats:
    """Weight of what happened some time before the end: 1 at the end, towards `early` long before.

    Source                          P.1203.3, eq. 1 and 5; `half_s` is the time [s] in which half of the way is gone.
    """
    weight: Floats = early + (1.0 - early) * np.exp2(-before_end_s / half_s)
    return weight


def _stalling(sessions: Sessions) -> tuple[Counts, Floats]:
    """Number of stalls of each session, and their impact.

    ASSUMED: initial buffering counts a third of its length, as in equation 8, at the beginning, and is no stall.

    ASSUMED: the session is as long as its live programme, in which every stop has its place.
    """
    length_s, stopped = sessions.segment_s, sessions.stopped_s > 0
    session_s = sessions.count.astype(np.float64) * length_s
    start_s = np.arange(stopped.shape[1], dtype=np.float64) * length_s
    # What follows a segment of which nothing was seen goes on with its stop.
    goes_on = np.zeros_like(stopped)
    goes_on[:, 1:] = sessions.stopped_s[:, :-1] >= length_s
    begins = stopped & ~goes_on
    stalls = begins.sum(axis=1)
    first_s = np.where(begins, start_s, np.inf).min(axis=1)
    last_s = np.where(begins, start_s, -np.inf).max(axis=1)
    interval_s = np.zeros(len(stalls))
    several = stalls > 1
    interval_s[several] = (last_s[several] - first_s[several]) / (stalls[several] - 1)
    before_end_s = np.maximum(session_s[:, None] - start_s, 0.0)
    weighted_s = (sessions.stopped_s * recency(before_end_s, *STALL_RECENCY)).sum(axis=1)
    waited_s = STARTUP_SHARE * sessions.startup_s * recency(session_s, *STALL_RECENCY)
    return stalls, stalling_impact(stalls, weighted_s + waited_s, interval_s, session_s)


def _negative_bias(difference: Floats, seconds: Counts) -> Floats:
    """What the worst tenth of the seconds takes from a score: eq. 4 to 7, of differences to the mean.

    ASSUMED: the tenth percentile is linear between the two values next to it.
    """
    before_end_s = np.maximum(seconds[:, None] - np.arange(1, difference.shape[1] + 1), 0)
    ranked = np.sort(difference * recency(before_end_s, *BIAS_RECENCY), axis=1)
    # Numbers sort before NaN.
    place = 0.1 * ((~np.isnan(ranked)).sum(axis=1) - 1)
    below = place.astype(np.int64)
    above = np.ceil(place).astype(np.int64)
    rows = np.arange(len(ranked))
    low, high = ranked[rows, below], ranked[rows, above]
    bias: Floats = BIAS_SHARE * np.maximum(0.0, -(low + (high - low) * (place - below)))
    return bias


def _directions(seen: Floats, seconds: Counts) -> tuple[Counts, Counts]:
    """How often the smoothed quality changed direction, and the longest time [s] without: clauses 8.1.2.4 and 5.

    ASSUMED: the moving average is centred, and continues the first and the last score beyond the ends.
    """
    half = SMOOTHING_S // 2
    padded = np.pad(seen, ((0, 0), (half, half)), mode="edge")
    width = seen.shape[1]
    smooth = np.stack([padded[:, k : k + width : STEP_S] for k in range(SMOOTHING_S)]).mean(axis=0)
    step = np.diff(smooth, axis=1)
    if not step.shape[1]:
        return np.zeros(len(seen), dtype=np.int64), seconds
    number = np.arange(step.shape[1])
    # Behind the end of a session nothing changes any more, however long others are.
    inside = (number + 1) * STEP_S < seconds[:, None]
    direction = (inside & (step > SWITCH)).astype(np.int64) - (inside & (step < -SWITCH))
    # Number of the last step up or down before each, -1 for none.
    moved = np.maximum.accumulate(np.where(direction != 0, number, -1), axis=1)
    before = np.concatenate([np.full((len(seen), 1), -1), moved[:, :-1]], axis=1)
    old = np.where(before >= 0, np.take_along_axis(direction, np.maximum(before, 0), axis=1), 0)
    turns = (direction != 0) & (direction != old)
    total = turns.sum(axis=1)
    turned = np.maximum.accumulate(np.where(turns, number, 0), axis=1)
    gap = np.diff(turned, axis=1).max(axis=1, initial=0) * STEP_S
    rest_s = seconds - turned[:, -1] * STEP_S
    longest_s = np.where(total > 0, np.maximum(np.maximum(gap, turned[:, 0]), rest_s), seconds)
    return total, longest_s


def _switching_cost(
    spread: Floats, switches: Counts, turns: Counts, longest_s: Counts, seconds: Counts
) -> Floats:
    """What oscillation and adaptation take from a score: eq. 23 to 27.

    ASSUMED: oscillation and adaptation are tested by the number of changes of direction per second, not by the
    longest time without one.

    ASSUMED: equation 23 takes the number of those changes, equation 27 is 1 + log10(spread + 0.001), and a change of
    quality may go up or down.
    """
    calm = turns / seconds < CALM_RATE
    growth, offset, most = OSCILLATION
    strength = np.maximum(0.0, 1.0 + np.log10(spread + 0.001))
    # The exponent is bounded where the cost is at its bound anyway.
    oscillation = np.minimum(strength * np.exp(np.minimum(growth * turns + offset, 50.0)), most)
    slope, base, most = ADAPTATION
    adaptation = np.clip(slope * spread * switches / seconds + base, 0.0, most)
    cost: Floats = np.where(calm & (longest_s < CALM_S), oscillation, 0.0) + np.where(calm, adaptation, 0.0)
    return cost
