"""What holds for the terminals' queues and a cell's downlink whatever is sent, served and given up."""

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.access.downlink import Downlink
from netgen.access.download import Download
from netgen.access.queues import TerminalQueues
from netgen.topology.outages import Outages
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
        if isinstance(bits, list):
            bits = np.array(bits)[: len(users)]

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
        st.sets(st.integers(0, USERS - 1), min_size=1),
        st.integers(1, 10**9) | st.lists(st.integers(1, 10**9), min_size=USERS, max_size=USERS),
        st.none() | st.integers(0, 8),
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


# A cell's downlink ------------------------------------------------------------------------------------------------

END_MS, MS = 12_000, 10**6
CAPACITY_BPS = 1000.0

sent = st.fixed_dictionaries(
    {
        "at_ms": st.integers(0, END_MS - 1),
        "users": st.sets(st.integers(0, USERS - 1), min_size=1),
        "bits": st.integers(1, 3000),
        "uneven": st.booleans(),
        "share": st.sampled_from([0.0, 0.25, 1.0]),
        "multicast": st.sampled_from([None, False, True]),
        "service": st.sampled_from(["one", "two"]),
        "patience_ms": st.none() | st.integers(0, 4000),
    }
)
cells = st.fixed_dictionaries(
    {
        "sent": st.lists(sent, max_size=15),
        "outages": st.lists(
            st.tuples(st.integers(0, END_MS), st.integers(1, 3000)).map(lambda one: (one[0], sum(one))),
            max_size=4,
        ),
        "looks_ms": st.lists(st.integers(0, END_MS), max_size=20),
        "peaks": st.lists(st.sampled_from([0.0, 50.0, 300.0, 2000.0]), min_size=USERS, max_size=USERS),
        "epoch_ms": st.sampled_from([70, 400, 1000, 2500]),
        "give_up_late": st.booleans(),
    }
)


class WatchedCell:
    """A downlink under a plan, whose books are looked at at any instant."""

    def __init__(self, plan):
        self.plan, self.env, self.fates = plan, simpy.Environment(0), {}
        self.down_s = Outages.of((begin / 1e3, end / 1e3) for begin, end in plan["outages"])
        self.cell = Downlink(
            self.env, "cell", capacity_bps=CAPACITY_BPS, peak_bps=np.array(plan["peaks"]),
            epoch_ns=plan["epoch_ms"] * MS, interval_ns=1000 * MS, end_ns=END_MS * MS,
            give_up_late=plan["give_up_late"], outages=self.down_s,
        )  # fmt: skip
        self.offered = 0
        for number, what in enumerate(plan["sent"]):
            self._at(what["at_ms"], self._send, number, what)
        # Whoever runs a cell closes its books at the end of each interval.
        for at_ms in [*plan["looks_ms"], *range(1000, END_MS + 1, 1000)]:
            self._at(at_ms, self.balanced)
        for begin_s, end_s in zip(self.down_s.start_s, self.down_s.end_s, strict=True):
            if begin_s * 1e3 < END_MS:
                self._at(round(begin_s * 1e3), self._silent, min(round(end_s * 1e3), END_MS))
        self.env.run(until=END_MS * MS + 1)
        self.balanced()
        self.cell.finish()

    def _at(self, at_ms, action, *arguments):
        def process():
            yield self.env.timeout(at_ms * MS)
            action(*arguments)

        self.env.process(process())

    def _send(self, number, what):
        users = np.array(sorted(what["users"]))
        bits = what["bits"]
        if what["uneven"] and not what["multicast"]:
            bits = bits + 7 * np.arange(len(users))
        deadline_ns = None if what["patience_ms"] is None else int(self.env.now) + what["patience_ms"] * MS

        def done(done_s, given_up):
            assert number not in self.fates
            self.fates[number] = (done_s.copy(), given_up)

        self.offered += int(np.sum(bits)) if isinstance(bits, np.ndarray) else bits * len(users)
        self.cell.enqueue(
            Download(
                users, bits, what["share"], Meaning("film", number, 1.0), done, service=what["service"],
                deadline_ns=deadline_ns, multicast=what["multicast"],
            )
        )  # fmt: skip

    def balanced(self):
        cell = self.cell
        waiting = cell.backlog_bits()  # to the bit
        total = cell.received_bits + cell.discarded_bits + waiting
        assert cell.offered_bits == self.offered == pytest.approx(total, abs=0.51)
        carried = cell.discriminative_bits + cell.generative_bits
        assert (carried <= cell.capacity_bits + 1e-2).all()
        assert carried.sum() <= cell.received_bits + 1e-6
        assert (cell.generative_bits >= -1e-9).all()
        assert (cell.discriminative_bits >= -1e-9).all()
        assert cell.discarded_bits == 0 or self.plan["give_up_late"]

    def _silent(self, until_ms):
        """What users have at the begin of an outage is what they have at its end."""
        self.cell.close()
        before = self.cell.received_bits

        def after():
            self.cell.close()
            assert self.cell.received_bits == before

        self._at(until_ms - int(self.env.now) // MS, after)


@given(cells)
@settings(max_examples=200, deadline=None)
def test_bits_of_a_cell_balance_at_any_instant(plan):
    """Through outages, giving up, multicasts and users who miss different numbers of bits."""
    watched = WatchedCell(plan)
    assert sorted(watched.fates) == list(range(len(plan["sent"])))
    for number, (done_s, given_up) in watched.fates.items():
        what = plan["sent"][number]
        known = done_s[~np.isnan(done_s)]
        assert not given_up or (np.isnan(done_s).any() and what["patience_ms"] is not None)
        assert (known >= what["at_ms"] / 1e3).all()
        assert not any(
            ((known > begin_s + 1e-5) & (known < end_s)).any()
            for begin_s, end_s in zip(watched.down_s.start_s, watched.down_s.end_s, strict=True)
        )
        if what["multicast"]:
            assert len(known) in (0, len(done_s))
            assert np.ptp(known) == 0 if len(known) else True


@given(cells)
@settings(max_examples=60, deadline=None)
def test_looking_at_a_cell_changes_no_instant(plan):
    seen, alone = WatchedCell(plan), WatchedCell({**plan, "looks_ms": []})
    for number, (done_s, given_up) in alone.fates.items():
        found_s, found_given_up = seen.fates[number]
        assert found_given_up == given_up
        both = ~np.isnan(found_s) & ~np.isnan(done_s)
        # What ends with the run is complete or, by rounding, not.
        assert found_s[both] == pytest.approx(done_s[both], abs=1e-4)
