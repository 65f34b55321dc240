"""Quality of experience for any session: in its range, lower for worse, and never moved by what is equal."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netgen.metrics.qoe import BEST, SWITCH, WORST, Sessions, experience

scores = st.floats(WORST, BEST)
lengths = st.sampled_from([0.4, 0.5, 1.0, 1.5, 2.0, 4.0])


@st.composite
def sessions(draw, *, best=BEST, whole=False):
    """One session, with segments that were not shown, or late, after the first."""
    count = draw(st.integers(1, 60))
    segment_s = draw(lengths)
    score = np.array(draw(st.lists(st.floats(WORST, best), min_size=count, max_size=count)))
    kinds = draw(st.lists(st.sampled_from("ooool" if whole else "ooools-"), min_size=count, max_size=count))
    share = np.array(draw(st.lists(st.floats(0.01, 0.99), min_size=count, max_size=count)))
    kind = np.array(["o", *kinds[1:]])
    stopped_s = np.where(kind == "s", segment_s, np.where(kind == "l", share * segment_s, 0.0))
    score[(kind == "s") | (kind == "-")] = np.nan
    startup_s = draw(st.floats(0.0, 30.0))
    return Sessions(score[None, :], stopped_s[None, :], np.array([count]), segment_s, np.array([startup_s]))


@given(sessions())
def test_a_score_is_from_1_to_5(session):
    found = experience(session)
    assert WORST <= found.qoe[0] <= BEST
    assert 0 <= found.stalls[0] <= session.count[0]
    assert found.quality_switches[0] >= 0


@given(scores, st.integers(1, 300), lengths)
def test_constant_quality_without_a_stall_is_that_quality(score, count, segment_s):
    flat = np.full((1, count), score)
    found = experience(Sessions(flat, np.zeros((1, count)), np.array([count]), segment_s, np.zeros(1)))
    assert abs(found.qoe[0] - score) < 1e-12
    assert found.quality_switches[0] == 0


@given(sessions(whole=True), st.data())
def test_one_stall_more_or_a_longer_one_never_raises_a_score(session, data):
    """Of segments that are late, so that the stalls stay apart and what is shown the same."""
    at = data.draw(st.integers(0, int(session.count[0]) - 1))
    longer = data.draw(st.floats(0.0, 1.0))
    stopped_s = session.stopped_s.copy()
    if at:
        stopped_s[0, at] += longer * (0.999 * session.segment_s - stopped_s[0, at])
    worse = replace(session, stopped_s=stopped_s)
    assert experience(worse).qoe[0] <= experience(session).qoe[0] + 1e-12
    slower = replace(session, startup_s=session.startup_s + longer)
    assert experience(slower).qoe[0] <= experience(session).qoe[0] + 1e-12


@given(sessions(best=4.0), st.floats(0.0, 1.0))
def test_better_segments_with_the_same_switches_never_lower_a_score(session, by):
    """All better alike, so that no switch is changed in place or size."""
    better = replace(session, score=session.score + by)
    old, new = experience(session), experience(better)
    known = session.score[~np.isnan(session.score)]
    near = np.abs(np.abs(known[:, None] - known[None, :]) - SWITCH) < 1e-6
    if not near.any() and session.segment_s >= 1.0:
        assert (new.quality_switches == old.quality_switches).all()
        assert new.qoe[0] >= old.qoe[0] - 1e-9


@given(st.lists(sessions(), min_size=2, max_size=4), st.integers(0, 3))
def test_the_order_of_users_does_not_matter(several, turn):
    length_s = several[0].segment_s
    width = max(session.score.shape[1] for session in several)

    def padded(array, fill):
        return np.pad(array, ((0, 0), (0, width - array.shape[1])), constant_values=fill)

    parts = several[turn % len(several) :] + several[: turn % len(several)]
    joined = Sessions(
        np.concatenate([padded(part.score, np.nan) for part in parts]),
        np.concatenate([np.minimum(padded(part.stopped_s, 0.0), length_s) for part in parts]),
        np.concatenate([part.count for part in parts]), length_s,
        np.concatenate([part.startup_s for part in parts]),
    )  # fmt: skip
    alone = [
        experience(replace(part, segment_s=length_s, stopped_s=np.minimum(part.stopped_s, length_s))).qoe[0]
        for part in parts
    ]
    assert np.abs(experience(joined).qoe - alone).max() < 1e-12
