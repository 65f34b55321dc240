"""The terminals' queues in arrays against a loop over one user after another, in exact fractions."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.access.download import Download
from netgen.access.queues import TerminalQueues
from netgen.transport.train import Meaning

USERS = 5
MS = 1_000_000


@dataclass
class Segment:
    """One segment as the twin sees it."""

    name: int
    users: list[int]
    sizes: dict[int, int]
    share: float
    service: int
    deadline_ms: int | None
    done_ms: dict[int, Fraction] = field(default_factory=dict)
    fate: str = "under way"


class PlainQueues:
    """One list of [segment, bits left] per user; bits per millisecond are whole, so that all sums are exact."""

    def __init__(self):
        self.line = [[] for _ in range(USERS)]
        self.segments = []
        self.offered = self.discarded = 0
        self.carried = Fraction(0)

    def enqueue(self, segment):
        self.segments.append(segment)
        for user in segment.users:
            self.line[user].append([segment, Fraction(segment.sizes[user])])
        self.offered += sum(segment.sizes.values())

    def backlog(self, user):
        return sum((left for _, left in self.line[user]), Fraction(0))

    def serve(self, user, bits_per_ms, begin_ms, span_ms):
        can, used, generative = Fraction(bits_per_ms * span_ms), Fraction(0), 0.0
        while self.line[user] and can > 0:
            segment, left = self.line[user][0]
            got = min(can, left)
            can, used, generative = can - got, used + got, generative + float(got) * segment.share
            if got < left:
                self.line[user][0][1] = left - got
                break
            self.line[user].pop(0)
            segment.done_ms[user] = begin_ms + used / bits_per_ms
            if len(segment.done_ms) == len(segment.users):
                segment.fate = "complete"
        self.carried += used
        return used, generative

    def give_up(self, now_ms):
        for segment in self.segments:
            if segment.fate != "under way" or segment.deadline_ms is None or segment.deadline_ms >= now_ms:
                continue
            segment.fate = "given up"
            for user in segment.users:
                for entry in [entry for entry in self.line[user] if entry[0] is segment]:
                    self.discarded += entry[1]
                    self.line[user].remove(entry)


segments = st.tuples(
    st.sets(st.integers(0, USERS - 1), min_size=1),
    st.integers(1, 4000) | st.lists(st.integers(1, 4000), min_size=USERS, max_size=USERS),
    st.sampled_from([0.0, 0.25, 1.0]),
    st.integers(0, 2),
    st.none() | st.integers(0, 60),
)
rates = st.lists(st.integers(0, 150), min_size=USERS, max_size=USERS)
steps = st.one_of(
    st.tuples(st.just("enqueue"), st.lists(segments, min_size=1, max_size=6)),
    st.tuples(st.just("serve"), rates, st.integers(1, 30), st.integers(1, 3)),
    st.tuples(st.just("give up")),
)


class Both:
    """The queues and their twin, driven alike."""

    def __init__(self):
        self.queues, self.twin = TerminalQueues(USERS), PlainQueues()
        self.now_ms = 0
        self.fates = {}

    def enqueue(self, wanted):
        for users, size, share, service, patience_ms in wanted:
            deadline_ms = None if patience_ms is None else self.now_ms + patience_ms
            sizes = {user: size[user] if isinstance(size, list) else size for user in sorted(users)}
            segment = Segment(len(self.twin.segments), sorted(users), sizes, share, service, deadline_ms)
            self.twin.enqueue(segment)
            self.queues.enqueue(
                Download(
                    np.array(segment.users),
                    np.array(list(sizes.values())) if isinstance(size, list) else size,
                    share,
                    Meaning("film", segment.name, 1.0),
                    self._noting(segment.name),
                    deadline_ns=None if deadline_ms is None else deadline_ms * MS,
                ),
                service,
            )

    def _noting(self, name):
        def done(done_s, given_up):
            assert name not in self.fates
            self.fates[name] = (done_s.copy(), given_up)

        return done

    def serve(self, bits_per_ms, span_ms, batches):
        """Serve whoever waits, in some batches, last users first."""
        rows = self.queues.active()
        assert rows.tolist() == [user for user in range(USERS) if self.twin.backlog(user) > 0]
        heads = [self.twin.line[user][0][0].service for user in rows]
        assert self.queues.head_service(rows).tolist() == heads
        for part in np.array_split(rows[::-1], batches):
            rate_bps = np.array([bits_per_ms[user] * 1000.0 for user in part])
            bits, generative = self.queues.serve(part, rate_bps, self.now_ms / 1e3, span_ms / 1e3)
            for place, user in enumerate(part):
                used, steering = self.twin.serve(user, bits_per_ms[user], self.now_ms, span_ms)
                assert bits[place] == pytest.approx(float(used), abs=1e-6)
                assert generative[place] == pytest.approx(steering, abs=1e-6)
        self.now_ms += span_ms

    def give_up(self):
        self.queues.give_up(self.now_ms * MS)
        self.twin.give_up(self.now_ms)

    def compare(self):
        queues, twin = self.queues, self.twin
        backlog = [float(twin.backlog(user)) for user in range(USERS)]
        assert queues.backlog_bits.tolist() == pytest.approx(backlog, abs=1e-6)
        assert queues.offered_bits == twin.offered
        assert queues.carried_bits == pytest.approx(float(twin.carried), abs=1e-6)
        assert queues.discarded_bits == pytest.approx(float(twin.discarded), abs=1e-6)
        assert queues.offered_bits == pytest.approx(
            queues.carried_bits + queues.discarded_bits + queues.backlog_bits.sum(), abs=1e-6
        )
        line = [
            (user, segment.name, float(left)) for user in range(USERS) for segment, left in twin.line[user]
        ]
        users, numbers, bits = queues.in_line()
        assert list(zip(users.tolist(), numbers.tolist(), strict=True)) == [entry[:2] for entry in line]
        assert bits.tolist() == pytest.approx([entry[2] for entry in line], abs=1e-6)
        waiting = [segment.name for segment in twin.segments if segment.fate == "under way"]
        assert [download.meaning.index for download in queues.downloads] == waiting
        assert len(queues) == len(waiting)

    def compare_fates(self):
        for segment in self.twin.segments:
            if segment.fate == "under way":
                assert segment.name not in self.fates
                continue
            instants, given_up = self.fates[segment.name]
            assert given_up == (segment.fate == "given up")
            self._same_instants(instants, segment)

    def finish(self):
        self.queues.finish()
        for segment in self.twin.segments:
            instants, given_up = self.fates[segment.name]
            assert given_up == (segment.fate == "given up")
            self._same_instants(instants, segment)
        assert len(self.fates) == len(self.twin.segments)
        assert len(self.queues) == 0

    @staticmethod
    def _same_instants(instants, segment):
        wanted = [
            float(segment.done_ms[user]) / 1e3 if user in segment.done_ms else np.nan
            for user in segment.users
        ]
        assert instants.tolist() == pytest.approx(wanted, abs=1e-9, nan_ok=True)


@given(st.lists(steps, max_size=40))
@settings(max_examples=300)
def test_queues_in_arrays_are_queues_of_one_user_after_another(plan):
    """Instants, bits, generative bits, order, fates, whatever comes between, and NaN at the end."""
    both = Both()
    for what, *arguments in plan:
        {"enqueue": both.enqueue, "serve": both.serve, "give up": both.give_up}[what](*arguments)
        both.compare()
        both.compare_fates()
    both.finish()


def test_the_twin_sees_a_wrong_instant():
    """The comparison can fail: a segment that the twin thinks a microsecond longer."""
    both = Both()
    both.enqueue([({0, 1}, 500, 0.0, 0, None)])
    both.serve([100] * USERS, 10, 1)
    both.twin.segments[0].done_ms[1] += Fraction(1, 1000)
    with pytest.raises(AssertionError):
        both.compare_fates()
