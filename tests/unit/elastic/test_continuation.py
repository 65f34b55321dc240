"""The broadcast core's care for one service: what it shows, asks for and carries out."""

from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
import simpy

from netgen.elastic.asking import ServiceDecider
from netgen.elastic.continuation import Continuation, ContinuationParts
from netgen.elastic.control_link import ControlLink
from netgen.elastic.roster import NO_SWITCH, Roster
from netgen.elastic.switch_book import SwitchBook
from netgen.errors import PolicyError
from netgen.ledger import LedgerWriter
from netgen.policy import CellView, ContinuationDecision, Serve
from netgen.topology.outages import Outages

B, R, C = (int(way) for way in Serve)
S = 10**9
POOR = 0.1


def rows(*numbers):
    return np.array(numbers, dtype=np.int64)


class Core:
    """A core whose policy answers from a list; messages of 10 bit and contexts of 5 go at 100 bit/s, 0.25 s away."""

    def __init__(self, people, folder, *answers, mine=None, cuts=()):
        self.env = simpy.Environment(0)
        self.people, self.folder, self.answers = people, folder, list(answers)
        self.roster, self.writer = Roster(people), LedgerWriter(folder)
        self.switches = SwitchBook(people.users, people.services)
        count = len(people.users)
        self.loss, self.ahead = np.zeros(count), np.zeros(count)
        self.until_s = np.full(count, np.inf)
        self.views, self.resent, self.released, self.observed = [], [], [], []
        self.needy, self.refused, self.sends, self.heard = [], set(), True, True
        self.link = ControlLink(
            self.env, delay_ns=S // 4, rate_bps=100.0, outages=Outages.of(cuts), end_ns=100 * S
        )
        parts = ContinuationParts(
            link=self.link, watch=self._watch(), roster=self.roster, switches=self.switches,
            desk=SimpleNamespace(resend=lambda service, who: self.resent.append((service, who.tolist()))),
            writer=self.writer, message_bits=10, context_bits=5, period_s=1.0, horizon_s=3.0, poor=POOR,
        )  # fmt: skip
        self.parts = parts
        track = SimpleNamespace(bits=np.array([100, 300]), segment_s=2.0)
        predictor = SimpleNamespace(
            observe=lambda who, loss, *, time_s: self.observed.append((time_s, who.tolist(), loss.tolist()))
        )
        self.continuation = Continuation(
            parts=parts, service=SimpleNamespace(name="s", content="film", track=track), tower="mast:air",
            node="mast", rows=np.arange(count) if mine is None else mine,
            channel=SimpleNamespace(loss_now=lambda who, *, time_s, size_bits: self.loss[who]),
            horizon=SimpleNamespace(
                predictor=predictor, look=lambda who, *, time_s, size_bits: (self.ahead[who], self.until_s[who])
            ),
            decider=ServiceDecider("mine", self._decide, np.random.default_rng(1)),
            carries=lambda: self.sends, on_air=lambda time_s: self.heard,
        )  # fmt: skip

    def _watch(self):
        cell = CellView("c1", 0.5, 0.0, 0, 0.0, 0, on_air=True, gpu=None)
        return SimpleNamespace(
            cells=(cell,), names=("c1",), part_of=lambda who: np.zeros(len(who), dtype=np.int64),
            shares=lambda who: np.full(len(who), 0.25), multicast_shares=self._multicast, admit=self._admit,
            release=lambda who: self.released.append(who.tolist()),
        )  # fmt: skip

    def _multicast(self, who):
        self.needy.append(who.tolist())
        return np.array([0.5])

    def _admit(self, who):
        return np.array([row not in self.refused for row in who.tolist()], dtype=bool)

    def _decide(self, view, rng):
        self.views.append(view)
        answer = self.answers.pop(0) if self.answers else view.served
        if isinstance(answer, ContinuationDecision):
            return answer
        return ContinuationDecision(np.array(answer, dtype=np.int64))

    def tick(self, at_s):
        """Let time pass, and look."""
        if at_s * S > self.env.now:
            self.env.run(until=round(at_s * S))
        self.continuation.tick(round(at_s * S))

    def wait(self, until_s):
        self.env.run(until=round(until_s * S) + 1)

    def moves(self, *keys):
        """The moves of the run so far, which is over then."""
        self.continuation.close()
        self.switches.write(self.writer)
        self.writer.close()
        return [
            tuple(row[key] for key in keys)
            for row in pq.read_table(self.folder / "switches.parquet").to_pylist()
        ]


@pytest.fixture
def core(population, tmp_path):
    def make(*answers, kinds=("tower", "tower"), leave_s=None, **how):
        return Core(population(*kinds, leave_s=leave_s), tmp_path, *answers, **how)

    return make


def test_the_view_is_what_there_is_and_nobody_can_change_it(core):
    made = core(kinds=("tower", "tower", "tower-only"))
    made.loss[:] = [0.0, 0.2, 0.0]
    made.ahead[:] = [0.3, 0.2, 0.05]
    made.until_s[:] = [2.0, 2.0, np.inf]
    made.tick(3.0)
    (view,) = made.views
    assert (view.time_s, view.period_s, view.horizon_s, view.poor) == (3.0, 1.0, 3.0, POOR)
    assert (view.service, view.content, view.tower, view.on_air) == ("s", "film", "mast:air", True)
    assert (view.rate_bps, view.segment_s) == (100.0, 2.0)  # 200 bit each 2 s
    assert view.user.tolist() == [0, 1, 2]
    assert view.served.tolist() == [B, B, B]
    assert view.loss_now.tolist() == [0.0, 0.2, 0.0]
    assert view.loss_ahead.tolist() == [0.3, 0.2, 0.05]
    assert view.time_to_poor_s.tolist() == [2.0, 0.0, np.inf]  # poor now is poor in no time
    assert view.cell.tolist() == [0, 0, -1]
    assert view.since_s.tolist() == [np.inf] * 3
    assert not view.moving.any()
    assert made.needy == [[0, 1]]  # those whom a multicast would be for
    for name in (
        "user",
        "served",
        "moving",
        "loss_now",
        "loss_ahead",
        "cell",
        "unicast_share",
        "multicast_share",
    ):
        with pytest.raises(ValueError, match="read-only"):
            getattr(view, name)[0] = 0


def test_only_who_watches_is_shown_and_reports(core):
    made = core(kinds=("tower", "tower"), leave_s=np.array([2.0, np.inf]))
    made.loss[:] = [0.5, 0.25]
    for time_s in (0.0, 1.0, 2.0):
        made.tick(time_s)
    assert [view.user.tolist() for view in made.views] == [[0, 1], [0, 1], [1]]
    both, one = ([0, 1], [0.5, 0.25]), ([1], [0.25])
    assert made.observed == [(0.0, *both), (1.0, *both), (2.0, *one)]


def test_nobody_is_asked_about_what_the_tower_does_not_carry_or_nobody_watches(core):
    made = core(leave_s=np.array([2.0, 2.0]))
    made.sends = False
    made.tick(0.0)
    made.sends = True
    made.tick(2.0)
    assert made.views == []
    assert made.observed[0] == (0.0, [0, 1], [0.0, 0.0])  # the map is learned all the same


def test_a_tower_that_is_not_heard_is_shown_so_and_nothing_is_learned_of_it(core):
    made = core()
    made.heard = False
    made.tick(3.0)
    assert [view.on_air for view in made.views] == [False]
    assert made.observed == []


def test_a_hand_over_takes_effect_when_its_message_arrives(core):
    """Ten bits and two contexts of five take 0.2 s, and 0.25 s more."""
    made = core([C, C, B], kinds=("tower", "tower", "tower"))
    made.tick(1.0)
    assert made.link.bits == {"to-cellular": 20, "to-broadcast": 0}
    assert made.roster.moving(rows(0, 1, 2)).tolist() == [True, True, False]
    made.wait(1.449)
    assert made.roster.serve.tolist() == [B, B, B]
    made.wait(1.45)
    assert made.roster.serve.tolist() == [C, C, B]
    assert made.roster.handed.tolist() == [True, True, False]
    assert made.resent == [("s", [0, 1])]
    made.tick(2.0)
    assert made.views[-1].served.tolist() == [C, C, B]
    assert made.views[-1].since_s.tolist() == [pytest.approx(0.55), pytest.approx(0.55), np.inf]
    assert made.moves("decided_s", "effective_s", "origin", "target", "context_bits") == [
        (1.0, 1.45, "broadcast", "cellular", 5), (1.0, 1.45, "broadcast", "cellular", 5),
    ]  # fmt: skip


def test_a_way_back_needs_no_context_and_gives_the_room_free(core):
    made = core([C, R], [B, B])
    made.tick(0.0)
    made.tick(1.0)
    assert made.link.bits["to-cellular"] == 20 + 10
    made.wait(1.35)
    assert made.roster.serve.tolist() == [B, B]
    assert made.released == [[], [0]]  # who is repaired has no room of its own
    assert not made.roster.handed.any()
    assert made.roster.switch.tolist() == [NO_SWITCH] * 2
    assert made.moves("user", "effective_s", "target", "context_bits") == [
        ("u0", 0.45, "cellular", 5), ("u1", 0.45, "repaired", 5),
        ("u0", 1.35, "broadcast", 0), ("u1", 1.35, "broadcast", 0),
    ]  # fmt: skip


def test_between_repaired_and_cellular_the_context_is_there_already(core):
    made = core([R], [C], [R], kinds=("tower",))
    for time_s in (0.0, 1.0, 2.0):
        made.tick(time_s)
    made.wait(3.0)
    assert made.roster.serve.tolist() == [R]
    assert made.resent == [("s", [0])] * 3
    assert made.released == [[], [], [0]]
    assert made.moves("origin", "target", "context_bits") == [
        ("broadcast", "repaired", 5), ("repaired", "cellular", 0), ("cellular", "repaired", 0),
    ]  # fmt: skip


def test_a_cell_that_refuses_leaves_users_where_they_were(core):
    made = core([C, C])
    made.refused = {1}
    made.tick(0.0)
    made.wait(1.0)
    assert made.roster.serve.tolist() == [C, B]
    assert made.roster.handed.tolist() == [True, False]
    assert not made.roster.moving(rows(0, 1)).any()
    assert made.resent == [("s", [0])]
    assert made.moves("user", "effective_s", "transfer_s") == [("u0", 0.45, 0.45), ("u1", None, 0.45)]


def test_nobody_goes_back_to_a_tower_that_has_stopped_meanwhile(core):
    made = core([C], [B], kinds=("tower",))
    made.tick(0.0)
    made.tick(1.0)
    made.sends = False
    made.wait(2.0)
    assert made.roster.serve.tolist() == [C]
    assert made.released == [[], []]
    assert made.roster.handed.tolist() == [True]
    assert made.moves("effective_s")[-1] == (None,)


def test_who_is_moving_cannot_be_moved_and_is_shown_so(core):
    made = core([C, B], [C, B], cuts=[(0.0, 5.0)])
    made.tick(0.0)
    with pytest.raises(PolicyError, match=r'policy "mine" at broadcast-core, t = 1\.0.*who is being moved'):
        made.tick(1.0)
    assert made.views[-1].moving.tolist() == [True, False]
    assert made.views[-1].served.tolist() == [B, B]


def test_messages_of_several_decisions_queue_in_a_cut(core):
    made = core([C, B], [B, C], cuts=[(0.0, 5.0)])
    made.tick(0.0)
    made.tick(1.0)
    made.wait(10.0)
    assert made.moves("user", "decided_s", "effective_s") == [("u0", 0.0, 5.4), ("u1", 1.0, 5.55)]


@pytest.mark.parametrize(
    ("losses", "needless"),
    [
        ((0.0, 0.0, 0.0), True),
        ((0.2, 0.0, 0.0), False),  # poor when decided
        ((0.0, POOR, 0.0), False),  # poor while with the cell
        ((0.0, 0.0, 0.2), False),  # poor at the look at which it went back
    ],
)
def test_a_hand_over_was_needless_when_reception_was_never_poor_meanwhile(core, losses, needless):
    made = core([C], [C], [B], kinds=("tower",))
    for time_s, loss in enumerate(losses):
        made.loss[0] = loss
        made.tick(float(time_s))
    made.wait(3.0)
    assert made.moves("target", "needless") == [("cellular", needless), ("broadcast", None)]


def test_a_second_hand_over_is_judged_by_its_own_time(core):
    made = core([C], [B], [C], [B], kinds=("tower",))
    for time_s, loss in enumerate((0.2, 0.0, 0.0, 0.0)):
        made.loss[0] = loss
        made.tick(float(time_s))
    made.wait(4.0)
    assert [needless for target, needless in made.moves("target", "needless") if target == "cellular"] == [
        False,
        True,
    ]


def test_who_is_still_with_a_cell_at_the_end_is_judged_only_when_it_was_poor(core):
    made = core([C, C])
    made.loss[1] = 0.2
    made.tick(0.0)
    made.wait(1.0)
    assert made.moves("user", "needless") == [("u0", None), ("u1", False)]


def test_only_its_own_rows_are_its_business(core):
    made = core([C], kinds=("tower", "tower", "tower"), mine=rows(1))
    made.tick(0.0)
    made.wait(1.0)
    assert made.views[0].user.tolist() == [1]
    assert made.roster.serve.tolist() == [B, C, B]


def test_cells_cast_to_those_whom_they_carry_as_is_decided_for_their_tower(core):
    made = core(
        ContinuationDecision(rows(C, C), "multicast"), ContinuationDecision(rows(C, C)),
        kinds=("tower", "tower", "tower"), mine=rows(0, 1),
    )  # fmt: skip
    made.roster.multicast[2] = True
    made.tick(0.0)
    assert made.roster.multicast.tolist() == [True, True, True]
    made.wait(1.0)
    made.tick(1.0)
    assert made.roster.multicast.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("share", "once", "expected"),
    [
        ([0.25, 0.25], 0.4, True),
        ([0.25, 0.25], 0.5, False),  # equal: unicast
        ([0.25, 0.25], np.inf, False),
        ([np.inf, 0.25], 0.2, None),  # who cannot have it by unicast is no member, the other one is
    ],
)
def test_each_cell_takes_the_cheaper_cast(core, share, once, expected):
    made = core(ContinuationDecision(rows(C, C), "cheaper"))
    made.parts.watch.shares = lambda who: np.array(share)[who]
    made.parts.watch.multicast_shares = lambda who: np.array([once])
    made.tick(0.0)
    assert made.roster.multicast.tolist() == ([False, True] if expected is None else [expected] * 2)


def test_every_decision_is_recorded(core):
    made = core(ContinuationDecision(rows(C, B), "multicast", "because"), [B, B])
    made.loss[0] = 0.2
    made.tick(0.0)
    made.env.run(until=S)
    made.answers = [ContinuationDecision(rows(C, B))]
    made.tick(1.0)
    made.writer.close()
    first, second = pq.read_table(made.folder / "decisions.parquet").to_pylist()
    assert (first["kind"], first["reason"]) == ("broadcast 1, repaired 0, cellular 1, multicast", "because")
    assert (first["node"], first["mode"], first["policy"]) == ("broadcast-core", "continuation", "mine")
    assert [(user["user"], user["was"], user["chosen"]) for user in first["users"]] == [
        ("u0", "broadcast", "cellular")
    ]
    assert {figure["name"]: figure["value"] for figure in first["saw"]} == {
        "users": 2.0, "poor_now": 1.0, "poor_ahead": 0.0, "moving": 0.0, "on_air": 1.0,
    }  # fmt: skip
    assert second["users"] == []  # nothing new
    assert made.link.messages["to-cellular"] == 1


def test_a_decision_that_is_no_decision_ends_the_run(core):
    made = core([3, 0])
    with pytest.raises(
        PolicyError, match=r'policy "mine" at broadcast-core, t = 2\.0.*which stands for nothing'
    ):
        made.tick(2.0)
    assert made.roster.serve.tolist() == [B, B]
