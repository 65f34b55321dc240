"""Handover of many users agrees with a plain twin for one user, in any batches and order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netgen.radio.handover import A3Handover, HandoverSettings

EPOCH_S = 0.125


class OneUser:
    """Event A3 of one user, written plainly: lists, one neighbour after the other."""

    def __init__(self, settings):
        self.settings = settings
        self.serving = self.left = None
        self.handed_over_s = -np.inf
        self.since_s = {}

    def step(self, now_s, measured):
        """Return (from, to, ping-pong) or None."""
        if self.serving is None:
            self.filtered = [np.float32(level) for level in measured]
            self.serving = self.filtered.index(max(self.filtered))
            attached = (-1, self.serving, False)
        else:
            attached = None
            share = np.float32(self.settings.filter_share(EPOCH_S))
            self.filtered = [
                old + share * (np.float32(new) - old)
                for old, new in zip(self.filtered, measured, strict=True)
            ]
        needed = self.filtered[self.serving] + np.float32(
            self.settings.offset_db + self.settings.hysteresis_db
        )
        for sector, level in enumerate(self.filtered):
            if sector != self.serving and level > needed:
                self.since_s.setdefault(sector, now_s)
            else:
                self.since_s.pop(sector, None)
        due = [
            s
            for s, since_s in self.since_s.items()
            if now_s - since_s >= self.settings.time_to_trigger_s - 1e-9
        ]
        if not due:
            return attached
        target = max(sorted(due), key=lambda sector: self.filtered[sector])
        back = target == self.left and now_s - self.handed_over_s <= self.settings.ping_pong_window_s + 1e-9
        self.left, self.serving, self.handed_over_s, self.since_s = self.serving, target, now_s, {}
        return (self.left, target, back)


@st.composite
def journeys(draw):
    """Settings without settling, and levels (epochs, users, sectors) that wander around each other."""
    settings = HandoverSettings(
        offset_db=draw(st.sampled_from([0.0, 1.5])),
        hysteresis_db=draw(st.sampled_from([0.0, 1.0, 3.0])),
        time_to_trigger_s=draw(st.sampled_from([0.125, 0.16, 0.25, 0.5])),
        filter_coefficient=draw(st.sampled_from([0.0, 1.0, 4.0, 9.0])),
        ping_pong_window_s=draw(st.sampled_from([0.5, 1.0, 2.0])),
        settled_db=0.0,
    )
    epochs, users, sectors = draw(st.tuples(st.integers(1, 25), st.integers(1, 7), st.integers(1, 4)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    steps = rng.normal(0, draw(st.sampled_from([0.5, 2.0, 5.0])), (epochs, users, sectors))
    levels = -85 + np.cumsum(steps, axis=0)
    if draw(st.booleans()):
        levels = np.round(levels)
    return settings, levels.astype(np.float32), rng


@given(journeys())
def test_all_users_do_what_each_does_alone_in_any_batches_and_order(journey):
    settings, levels, rng = journey
    epochs, users, sectors = levels.shape
    whole, parts = (A3Handover(users, sectors, settings=settings) for _ in range(2))
    alone = [OneUser(settings) for _ in range(users)]
    for epoch in range(epochs):
        now_s = epoch * EPOCH_S
        together = whole.step(now_s, EPOCH_S, rows=np.arange(users), measured_dbm=levels[epoch])
        order = rng.permutation(users)
        cuts = np.sort(rng.integers(0, users + 1, 2))
        batched = {}
        for rows in np.split(order, cuts):
            got = parts.step(now_s, EPOCH_S, rows=rows, measured_dbm=levels[epoch, rows])
            batched |= as_dict(got)
        expected = {}
        for user, twin in enumerate(alone):
            change = twin.step(now_s, levels[epoch, user])
            if change is not None:
                expected[user] = change
        assert as_dict(together) == batched == expected
        assert whole.serving.tolist() == parts.serving.tolist() == [twin.serving for twin in alone]
        assert (whole.filtered_dbm == parts.filtered_dbm).all()
        assert (whole.unsettled() == parts.unsettled()).all()


def as_dict(changes):
    """Changes by user."""
    columns = (changes.rows, changes.from_sector, changes.to_sector, changes.ping_pong)
    return {row: (old, new, back) for row, old, new, back in zip(*(c.tolist() for c in columns), strict=True)}


@given(journeys())
def test_users_who_are_settled_and_stand_still_need_not_be_stepped(journey):
    """Levels that change only at some epochs: stepping movers and unsettled users equals stepping everybody."""
    settings, levels, rng = journey
    settings = HandoverSettings(
        hysteresis_db=settings.hysteresis_db,
        time_to_trigger_s=settings.time_to_trigger_s,
        filter_coefficient=settings.filter_coefficient,
        settled_db=0.1,
    )
    epochs, users, sectors = levels.shape
    everybody, few = (A3Handover(users, sectors, settings=settings) for _ in range(2))
    now = levels[0].copy()
    for epoch in range(epochs):
        moved = rng.random(users) < 0.2
        now[moved] = levels[epoch, moved]
        all_changes = everybody.step(epoch * EPOCH_S, EPOCH_S, rows=np.arange(users), measured_dbm=now)
        rows = np.flatnonzero(moved | few.unsettled())
        changes = few.step(epoch * EPOCH_S, EPOCH_S, rows=rows, measured_dbm=now[rows])
        assert as_dict(all_changes) == as_dict(changes)
        assert (everybody.filtered_dbm == few.filtered_dbm).all()
