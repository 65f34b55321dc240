"""What holds for the terminals' queues whatever is sent, served and given up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.access.download import Download
from netgen.access.queues import TerminalQueues
from netgen.transport.train import Meaning

USERS = 6


class Watched:
    """Queues whose downloads' fates are kept."""

    def __init__(self):
        self.queues = TerminalQueues(USERS)
        self.fates = {}
        self.sent = []

    def enqueue(self, users, bits, deadline_ns=None):
        name = len(self.sent)
        self.sent.append((sorted(users), bits))

        def done(done_s, given_up):
            assert name not in self.fates
            self.fates[name] = (done_s.copy(), given_up)

        self.queues.enqueue(
            Download(
                np.array(sorted(users)), bits, 0.5, Meaning("film", name, 1.0), done, deadline_ns=deadline_ns
            )
        )


downloads = st.lists(
    st.tuples(
        st.sets(st.integers(0, USERS - 1), min_size=1), st.integers(1, 10**9), st.none() | st.integers(0, 8)
    ),
    max_size=5,
)
spans = st.tuples(
    downloads,
    st.lists(st.floats(0, 1e9) | st.just(0.0), min_size=USERS, max_size=USERS),
    st.floats(1e-6, 1.0),
)


def run(plan, *, batches=1, pieces=1, give_up=True):
    """Serve a plan in one or several batches of users, and each span in one or several pieces."""
    watched, now_s, bits_of = Watched(), 0.0, np.zeros(USERS)
    for wanted, rates_bps, span_s in plan:
        for users, bits, patience in wanted:
            deadline_ns = None if patience is None else round(now_s * 1e9) + patience * 10**8
            watched.enqueue(users, bits, deadline_ns if give_up else None)
        rates = np.array(rates_bps)
        rows = watched.queues.active()
        for piece in range(pieces):
            begin_s = now_s + span_s * piece / pieces
            for part in np.array_split(rows, batches):
                bits, generative = watched.queues.serve(part, rates[part], begin_s, span_s / pieces)
                assert (bits >= -1e-9).all()
                assert (bits <= rates[part] * span_s / pieces + 2e-3).all()
                assert generative == pytest.approx(bits / 2)
                bits_of[part] += bits
        now_s += span_s
        watched.queues.give_up(round(now_s * 1e9))
        queues = watched.queues
        total = queues.carried_bits + queues.discarded_bits + queues.backlog_bits.sum()
        assert queues.offered_bits == pytest.approx(total, rel=1e-12, abs=1e-3)
        assert (queues.backlog_bits >= 0).all()
        assert bits_of.sum() == pytest.approx(queues.carried_bits, abs=1e-3)
    watched.queues.finish()
    return watched


@given(st.lists(spans, max_size=12))
@settings(max_examples=150)
def test_bits_are_kept_and_every_download_has_one_fate(plan):
    watched = run(plan)
    assert sorted(watched.fates) == list(range(len(watched.sent)))
    for name, (instants, given_up) in watched.fates.items():
        assert len(instants) == len(watched.sent[name][0])
        assert not given_up or np.isnan(instants).any()


@given(st.lists(spans, max_size=12))
@settings(max_examples=100)
def test_a_user_gets_segments_in_the_order_in_which_they_were_sent(plan):
    watched = run(plan)
    last_s = np.full(USERS, -np.inf)
    for name, (users, _) in enumerate(watched.sent):
        instants = watched.fates[name][0]
        here = ~np.isnan(instants)
        mine = np.array(users)[here]
        assert (instants[here] >= last_s[mine] - 1e-9).all()
        last_s[mine] = instants[here]


@given(st.lists(spans, max_size=8), st.integers(2, 4))
@settings(max_examples=60)
def test_batches_of_users_do_not_matter(plan, batches):
    one, many = run(plan), run(plan, batches=batches)
    for name, (instants, given_up) in one.fates.items():
        assert many.fates[name][1] == given_up
        assert many.fates[name][0].tolist() == pytest.approx(instants.tolist(), nan_ok=True, abs=0)


lasting = st.tuples(st.sets(st.integers(0, USERS - 1), min_size=1), st.integers(1, 5000), st.none())


@given(
    st.lists(
        st.tuples(
            st.lists(lasting, max_size=4),
            st.lists(st.integers(0, 9000).map(float), min_size=USERS, max_size=USERS),
            st.integers(1, 1000).map(lambda ms: ms / 1000),
        ),
        max_size=8,
    ),
    st.integers(2, 5),
)  # fmt: skip
@settings(max_examples=60)
def test_looking_in_between_does_not_matter(plan, pieces):
    """Spans served in pieces at the same rates: the same instants, but for the remainders of rounding."""
    whole, pieced = run(plan), run(plan, pieces=pieces)
    for name, (instants, _) in whole.fates.items():
        other = pieced.fates[name][0]
        # A segment that ends with a span is complete in it or, by rounding, in the next: bits, not instants, tell.
        both = ~np.isnan(instants) & ~np.isnan(other)
        assert other[both] == pytest.approx(instants[both], abs=2e-3)
    assert pieced.queues.carried_bits == pytest.approx(whole.queues.carried_bits, abs=1e-2)
