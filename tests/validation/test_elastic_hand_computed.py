"""Elastic transmission with fixed rates: every instant, bit and user of small cases against the hand's calculation.

What all cases have in common: segments of 1 s and 1 Mbit, packets of 10 kbit, links of 10 Mbit/s and 2 ms.

- Over the tower (10 Mbit/s, 1 ms) a segment takes 1 Mbit / 10 Mbit/s = 0.1 s onto the link, one packet of 1 ms more on
  the air, and 3 ms of delay: 0.104 s.
- It is at the cell after 0.1 s + 2 ms = 0.102 s, and from there it takes 1 Mbit over the user's rate: the peak rate of
  4 Mbit/s, or an equal share of the cell's 8 Mbit/s.
- Between the cores a message of 2 kbit, and 4 kbit more for each context, goes at 1 Mbit/s: 6 ms with one context.
"""

from pathlib import Path

import pytest
import yaml

from netgen.ledger import LedgerReader
from netgen.run import run

POLICIES = Path(__file__).resolve().parents[2] / "policies"
NS = 1e-9
TOWER_S = 0.104
CELL_S = 0.102 + 1e6 / 4e6
AT_CELL_S = 0.102
LINK = {"capacity": "10 Mbit/s", "delay": "2 ms"}
BY_AUDIENCE = '''
from netgen.policy import OffloadingDecision, OffloadingPolicy


class ByAudience(OffloadingPolicy):
    """On the tower from `start` users on, until there are fewer than `stop`."""

    def __init__(self, *, start: int, stop: int) -> None:
        self.start, self.stop = start, stop

    def decide(self, view, rng):
        return OffloadingDecision(tuple(
            content.service for content in view.contents
            if (content.on_tower if content.moving else content.audience >= (self.stop if content.on_tower else self.start))
        ))
'''  # noqa: E501


def scenario(*, duration="20 s", radio=None, audience=None, deadline="400 ms", **changes) -> dict:
    """One service from a core over a tower and a cell."""
    made = {
        "name": "hand", "seed": 1, "duration": duration, "packet": "10 kbit", "epoch": "100 ms",
        "nodes": {
            "core": "server",
            "mast": {"kind": "tower", "radio": {"capacity": "10 Mbit/s", "delay": "1 ms", **(radio or {})}},
            "c1": {"kind": "cell", "radio": {"capacity": "8 Mbit/s", "peak_rate": "4 Mbit/s"}},
        },
        "links": {"core -> mast": LINK, "core -> c1": LINK},
        "contents": {
            "film": {
                "kind": "parametric", "format": "320x180@25", "rate": "1 Mbit/s", "class": "natural", "semantic_bits": 8,  # noqa: E501
            }
        },
        "policies": {
            "predictive": f"{POLICIES / 'continuation.py'}:Predictive",
            "threshold": {"use": f"{POLICIES / 'continuation.py'}:Threshold", "with": {"dwell_s": 1.0}},
            "repair": f"{POLICIES / 'continuation.py'}:RepairOnly",
        },
        "services": {"live": {"content": "film", "from": "core", "to": ["mast", "c1"], "deadline": deadline}},
        "audiences": {
            "crowd": {"count": 1, "tower": "mast", "cells": ["c1"], "watches": ["live"], **(audience or {})}
        },
    }  # fmt: skip
    return made | changes


def cores(delay: str = "20 ms") -> dict:
    """The way between the cores."""
    return {"delay": delay, "rate": "1 Mbit/s", "message": "2 kbit", "context": "4 kbit", "period": "1 s"}


class Run:
    """A finished run and its records."""

    def __init__(self, folder: Path, made: dict) -> None:
        path = folder / "hand.yaml"
        path.write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")
        done = run(path, out=folder / "run")
        self.summary, self.reader = done.summary, LedgerReader(done.folder)

    def rows(self, table: str, **wanted) -> list[dict]:
        found = self.reader.table(table).to_pylist()
        return [row for row in found if all(row[key] == value for key, value in wanted.items())]

    def delays(self, **wanted) -> dict[int, float]:
        """Delay of each segment that somebody got, by number."""
        wanted = {"service": "live", **wanted}
        found = [row for row in self.rows("segments", **wanted) if row["users_delivered"]]
        assert len({row["index"] for row in found}) == len(found)
        return {row["index"]: row["delay_s"] for row in found}

    def counts(self, name: str = "crowd:0", service: str = "live") -> dict[str, int]:
        """What became of a user's segments, as far as anything did."""
        (row,) = self.rows("users", user=name, service=service)
        keys = ("delivered", "late", "lost", "in_flight", "broadcast", "cellular", "repaired", "blocked")
        return {key: row[f"segments_{key}"] for key in keys if row[f"segments_{key}"]}

    def user(self, name: str = "crowd:0", service: str = "live") -> dict:
        (row,) = self.rows("users", user=name, service=service)
        return row

    def carried_bits(self, link: str) -> int:
        return sum(row["carried_bits"] for row in self.rows("links", link=link))

    def mode(self, name: str) -> dict:
        """Figures of a mode of service in the summary; those of its one service are the same."""
        found = dict(self.summary["service_modes"][name])
        assert found.pop("services", {"live": found}) == {"live": found}
        return found

    def way(self, name: str) -> list[int]:
        """Users, segments delivered, late and lost, and bits that users received by towers or cells."""
        found = self.summary["service_modes"][name]
        keys = ("segments_delivered", "segments_late", "segments_lost")
        assert found["segments_offered"] == sum(found[key] for key in keys)
        return [found["users"], *(found[key] for key in keys), found["bits_received"]]

    def switches(self) -> list[tuple]:
        """Decided, effective, origin, target, bits of the context, segments sent again, needless; by user."""
        keys = ("decided_s", "effective_s", "origin", "target", "context_bits", "segments_resent", "needless")
        return [tuple(row[key] for key in keys) for row in self.rows("switches")]


@pytest.fixture
def hand(tmp_path):
    """Run a scenario of this file in a folder of its own."""

    def go(made: dict, **files: str) -> Run:
        for name, text in files.items():
            (tmp_path / f"{name}").write_text(text, encoding="utf-8")
        return Run(tmp_path, made)

    return go


def near(*values: float):
    return pytest.approx(list(values), abs=NS)


def continuation(
    *, users: int = 1, interruption_s: float = 0.0, transfer_s: float | None = None, **counts: int
):
    """Every figure of continuation in the summary: 0 but for those given."""
    keys = (
        "handovers", "returns", "needless", "refused", "unfinished", "interrupted_users", "segments_lost",
        "segments_repaired", "segments_resent", "cellular_bits", "context_bits",
    )  # fmt: skip
    judged = counts.pop("judged")
    expected: dict[str, float | None] = dict.fromkeys(keys, 0) | counts
    assert set(expected) == set(keys)
    expected |= {
        "users": users, "interruption_s": interruption_s, "interruption_mean_s": interruption_s / users,
        "needless_share": expected["needless"] / judged if judged else None,
        "transfer_delay_mean_s": transfer_s, "transfer_delay_max_s": transfer_s,
    }  # fmt: skip
    return pytest.approx(expected, abs=NS)


def offloading(
    *,
    segments: int,
    cell_load: float,
    late_or_blocked: int,
    time_s: float | None,
    freed: float,
    **counts: int,
):
    """Every figure of offloading in the summary, from how many segments are offered and late or blocked."""
    keys = (
        "users", "moves_to_tower", "moves_back", "moved_users", "late_or_blocked_users", "blocked_users",
        "segments_late", "segments_lost", "segments_blocked", "tower_bits", "cellular_bits",
    )  # fmt: skip
    expected: dict[str, float | None] = dict.fromkeys(keys, 0) | counts
    assert set(expected) == set(keys)
    expected |= {
        "time_to_offload_mean_s": time_s, "cell_load_mean": cell_load, "cell_load_busiest": cell_load,
        "late_or_blocked_segments_share": late_or_blocked / segments, "freed_of_bound": freed,
    }  # fmt: skip
    return pytest.approx(expected, abs=NS)


def addition(*, bits_each: float | None, cell_load: float, joule: float | None = None, **counts: int):
    """Every figure of addition in the summary: 0 but for those given."""
    keys = (
        "enhancements_offered", "enhancements_joined", "segments_enhanced", "segments_common_alone",
        "enhancements_late", "enhancements_lost", "enhancements_sent", "enhancements_generated_at_cell",
        "enhancements_generated_at_terminal", "enhancement_bits",
    )  # fmt: skip
    expected: dict[str, float | None] = dict.fromkeys(keys, 0) | counts
    assert set(expected) == set(keys)
    expected |= {"bits_per_enhanced_segment": bits_each, "terminal_energy_joule": joule}
    expected |= {"cell_load_mean": cell_load, "cell_load_busiest": cell_load}
    return pytest.approx(expected, abs=NS)


# -- continuation ----------------------------------------------------------------------------------------------------
#
# One user goes east at 10 m/s; the hole from 95 m to 155 m hides the tower from 9.5 s to 15.5 s, which is when the
# segments 10 to 15 are received (10.104 s to 15.104 s).

TRACE = "time_s,user,x_m,y_m\n0,a,0,0\n100,a,1000,0\n"
ON_THE_MOVE = {"mobility": {"kind": "trace", "path": "trace.csv"}}


def through_the_hole(policy: str, *, delay="20 ms", deadline="400 ms", faults=()) -> dict:
    hole = {"kind": "rectangle", "from": ["95 m", "-10 m"], "to": ["155 m", "10 m"]}
    return scenario(
        radio={"holes": [hole]}, audience=ON_THE_MOVE, deadline=deadline, faults=list(faults),
        collaboration={
            "cores": cores(delay),
            "continuation": {
                "services": ["live"], "policy": policy, "horizon": "3 s", "repair": {"offset": "50 ms", "backoff": "0 s"},  # noqa: E501
            },
        },
    )  # fmt: skip


def test_without_collaboration_the_hole_costs_six_segments(hand):
    ran = hand(through_the_hole("never-collaborate"), **{"trace.csv": TRACE})
    assert ran.counts() == {"delivered": 14, "lost": 6, "broadcast": 14}
    assert set(ran.delays()) == {*range(10), *range(16, 20)}
    assert list(ran.delays().values()) == near(*[TOWER_S] * 14)
    assert {row["reason"] for row in ran.rows("segments", outcome="lost")} == {"out-of-coverage"}
    assert ran.user()["interruption_s"] == pytest.approx(6.0, abs=NS)
    assert ran.switches() == []
    assert ran.carried_bits("c1:downlink") == ran.carried_bits("core->c1") == 0
    assert ran.mode("continuation") == continuation(
        interruption_s=6.0, interrupted_users=1, segments_lost=6, judged=0
    )
    assert ran.way("broadcast") == [1, 14, 0, 6, 14_000_000]
    assert "cellular" not in ran.summary["service_modes"]


def test_with_notice_no_segment_is_lost(hand):
    """The looks see 10 s to be poor first at 7 s; the context arrives 6 ms + 20 ms later.

    Segment 7, offered at 7 s, still goes over the tower, and those from 8 s on through the cell. At 16 s the user is
    out of the hole, and has stayed longer than the 5 s of the policy: it goes back 2 ms + 20 ms later, behind segment 16.
    """  # noqa: E501
    ran = hand(through_the_hole("predictive"), **{"trace.csv": TRACE})
    assert ran.switches() == [
        (7.0, pytest.approx(7.026, abs=NS), "broadcast", "cellular", 4000, 0, False),
        (16.0, pytest.approx(16.022, abs=NS), "cellular", "broadcast", 0, 0, None),
    ]
    transfers_s = [row["transfer_s"] for row in ran.rows("switches")]
    assert transfers_s == near(0.026, 0.022)
    assert ran.counts() == {"delivered": 20, "broadcast": 11, "cellular": 9}
    delays = ran.delays()
    assert [delays[k] for k in range(20)] == near(*[TOWER_S] * 8, *[CELL_S] * 9, *[TOWER_S] * 3)
    assert ran.user()["interruption_s"] == 0
    assert ran.user()["switches"] == 2
    assert ran.user()["bits_received"] == 20_000_000
    assert ran.carried_bits("c1:downlink") == ran.carried_bits("core->c1") == 9_000_000
    # A tower sends whether or not anybody listens.
    assert ran.carried_bits("mast->mast:air") == 20_000_000
    assert ran.summary["laws"]["messages"]["residual"] == 0
    assert ran.mode("continuation") == continuation(
        handovers=1, returns=1, judged=1, cellular_bits=9_000_000, context_bits=4000, transfer_s=0.026
    )
    assert ran.way("broadcast") == [1, 11, 0, 0, 11_000_000]
    assert ran.way("cellular") == [1, 9, 0, 0, 9_000_000]


def test_without_notice_the_loss_is_what_the_physics_says(hand):
    """The first poor look is at 10 s; the context is there 0.506 s later, when segment 10 cannot be in time any more."""  # noqa: E501
    ran = hand(through_the_hole("threshold", delay="500 ms"), **{"trace.csv": TRACE})
    assert ran.switches() == [
        (10.0, pytest.approx(10.506, abs=NS), "broadcast", "cellular", 4000, 0, False),
        (16.0, pytest.approx(16.502, abs=NS), "cellular", "broadcast", 0, 0, None),
    ]
    assert ran.counts() == {"delivered": 19, "lost": 1, "broadcast": 13, "cellular": 6}
    (lost,) = ran.rows("segments", outcome="lost")
    assert (lost["index"], lost["reason"], lost["users"]) == (10, "out-of-coverage", 1)
    assert ran.user()["interruption_s"] == pytest.approx(1.0, abs=NS)
    assert ran.carried_bits("c1:downlink") == 6_000_000
    assert ran.mode("continuation") == continuation(
        handovers=1, returns=1, judged=1, cellular_bits=6_000_000, context_bits=4000, transfer_s=0.506,
        segments_lost=1, interrupted_users=1, interruption_s=1.0,
    )  # fmt: skip
    assert ran.way("broadcast") == [1, 13, 0, 1, 13_000_000]
    assert ran.way("cellular") == [1, 6, 0, 0, 6_000_000]


def test_what_the_context_holds_as_missing_is_sent_again(hand):
    """Segment 10 is lost at 10.104 s, the context arrives at 10.206 s, and the cell fetches and sends all of it.

    That is 0.206 + 0.102 + 0.25 = 0.558 s after its offer: in time for 1 s.
    """
    ran = hand(through_the_hole("threshold", delay="200 ms", deadline="1 s"), **{"trace.csv": TRACE})
    (there, back) = ran.switches()
    assert there == (10.0, pytest.approx(10.206, abs=NS), "broadcast", "cellular", 4000, 1, False)
    assert back[:2] == (16.0, pytest.approx(16.202, abs=NS))
    assert ran.counts() == {"delivered": 20, "broadcast": 13, "cellular": 7, "repaired": 1}
    (repair,) = ran.rows("segments", purpose="repair")
    assert (repair["index"], repair["users"], repair["received_bits"]) == (10, 1, 1_000_000)
    assert repair["delay_s"] == pytest.approx(0.206 + CELL_S, abs=NS)
    assert ran.carried_bits("c1:downlink") == ran.carried_bits("core->c1") == 7_000_000
    assert ran.mode("continuation") == continuation(
        handovers=1, returns=1, judged=1, cellular_bits=7_000_000, context_bits=4000, transfer_s=0.206,
        segments_repaired=1, segments_resent=1,
    )  # fmt: skip


def test_who_is_with_the_cell_when_the_tower_loses_a_segment_is_sent_it_at_once(hand):
    """The context arrives at 10.026 s, before the tower loses segment 10: the cell sends it from 10.104 s on.

    That takes until 10.456 s, 56 ms too late: the picture stands still for that time.
    """
    ran = hand(through_the_hole("threshold"), **{"trace.csv": TRACE})
    assert ran.switches()[0] == (10.0, pytest.approx(10.026, abs=NS), "broadcast", "cellular", 4000, 0, False)
    assert ran.counts() == {"delivered": 19, "late": 1, "broadcast": 13, "cellular": 7, "repaired": 1}
    assert ran.delays(purpose="repair") == {10: pytest.approx(TOWER_S + CELL_S, abs=NS)}
    late_s = TOWER_S + CELL_S - 0.4
    assert ran.user()["interruption_s"] == pytest.approx(late_s, abs=NS)
    assert ran.mode("continuation") == continuation(
        handovers=1, returns=1, judged=1, cellular_bits=7_000_000, context_bits=4000, transfer_s=0.026,
        segments_repaired=1, interrupted_users=1, interruption_s=late_s,
    )  # fmt: skip
    assert ran.way("broadcast") == [1, 13, 0, 0, 13_000_000]
    assert ran.way("cellular") == [1, 6, 1, 0, 7_000_000]


def test_a_hand_over_that_was_not_needed_is_called_so(hand):
    """In cells from 5 s to 10 s and from 25 s on; the tower is poor from 26 s to 28 s alone."""
    made = through_the_hole("predictive")
    made["nodes"]["mast"]["radio"]["holes"][0] |= {"from": ["255 m", "-10 m"], "to": ["285 m", "10 m"]}
    made["duration"] = "30 s"
    made["policies"]["predictive"] = "always.py:There"
    policy = '''
import numpy as np

from netgen.policy import ContinuationDecision, ContinuationPolicy, Serve


class There(ContinuationPolicy):
    """To the cell from 5 s to 10 s, and from 25 s on."""

    def decide(self, view, rng):
        there = 5 <= view.time_s < 10 or view.time_s >= 25
        serve = np.full(len(view.user), Serve.CELLULAR if there else Serve.BROADCAST)
        return ContinuationDecision(np.where(view.moving, view.served, serve))
'''
    ran = hand(made, **{"trace.csv": TRACE, "always.py": policy})
    found = [(row[0], row[3], row[6]) for row in ran.switches()]
    assert found == [(5.0, "cellular", True), (10.0, "broadcast", None), (25.0, "cellular", False)]


@pytest.mark.parametrize(("users", "each_bps"), [(1, 4e6), (2, 4e6), (3, 8e6 / 3)])
def test_a_cell_repairs_what_is_missing_and_fetches_it_once(hand, users, each_bps):
    """The tower loses every segment for everybody, but a quarter of its bits is missing.

    Users are repaired from 26 ms on (for one; 4 ms more for each). A loss at 0.104 s is asked for 50 ms later, the cell
    has the whole segment 0.102 s after that, and sends 0.25 Mbit to each.
    """
    made = scenario(
        duration="12 s", deadline="1 s", radio={"segment_loss": 1 - 1e-12, "lost_share": 0.25},
        audience={"count": users},
        collaboration={
            "cores": cores(),
            "continuation": {
                "services": ["live"], "policy": "repair", "repair": {"offset": "50 ms", "backoff": "0 s"},
            },
        },
    )  # fmt: skip
    ran = hand(made)
    delay_s = TOWER_S + 0.05 + AT_CELL_S + 250_000 / each_bps
    assert list(ran.delays(purpose="repair").values()) == near(*[delay_s] * 12)
    effective_s = 0.02 + 0.002 + 0.004 * users
    expected = (0.0, pytest.approx(effective_s, abs=NS), "broadcast", "repaired", 4000, 0)
    assert [row[:6] for row in ran.switches()] == [expected] * users
    for k in range(users):
        assert ran.counts(f"crowd:{k}") == {"delivered": 12, "cellular": 12, "repaired": 12}
        assert ran.user(f"crowd:{k}")["bits_received"] == 12 * 250_000
    assert ran.carried_bits("c1:downlink") == 12 * users * 250_000
    assert ran.carried_bits("core->c1") == 12 * 1_000_000
    assert {row["users"] for row in ran.rows("segments", purpose="repair")} == {users}
    # Poor all the time: no hand-over is needless.
    assert ran.mode("continuation") == continuation(
        users=users, handovers=users, judged=users, transfer_s=effective_s, segments_repaired=12 * users,
        cellular_bits=12 * users * 250_000, context_bits=4000 * users,
    )  # fmt: skip


# -- faults ----------------------------------------------------------------------------------------------------------


def test_a_tower_outage_hands_everybody_over_and_back(hand):
    """The tower is silent from 4 s to 9 s. At 4 s three contexts go, 14 kbit: they are there at 4.034 s.

    Segment 4, cut off in the air at 4.104 s, is then sent at once by the cell: three copies at 8/3 Mbit/s each.
    At 9 s the tower is heard again; users are back at 9.022 s, behind segment 9.
    """
    made = scenario(
        duration="12 s", deadline="1 s", audience={"count": 3},
        faults=[{"what": "tower", "where": "mast", "at": "4 s", "repair": "5 s"}],
        collaboration={"cores": cores(), "continuation": {"services": ["live"], "policy": "threshold"}},
    )  # fmt: skip
    ran = hand(made)
    there = (4.0, pytest.approx(4.034, abs=NS), "broadcast", "cellular", 4000, 0, False)
    back = (9.0, pytest.approx(9.022, abs=NS), "cellular", "broadcast", 0, 0, None)
    assert ran.switches() == [there] * 3 + [back] * 3
    by_cell_s = AT_CELL_S + 1e6 / (8e6 / 3)
    delays = ran.delays()
    tower, cell = [TOWER_S], [by_cell_s]
    assert [delays[k] for k in range(12)] == near(*tower * 4, TOWER_S + by_cell_s, *cell * 5, *tower * 2)
    for k in range(3):
        assert ran.counts(f"crowd:{k}") == {"delivered": 12, "broadcast": 6, "cellular": 6, "repaired": 1}
        assert ran.user(f"crowd:{k}")["bits_received"] == 12_000_000
    assert ran.carried_bits("c1:downlink") == 3 * 6_000_000
    assert ran.carried_bits("core->c1") == 6_000_000
    assert ran.summary["segments_lost"] == ran.summary["segments_late"] == 0
    assert ran.mode("continuation") == continuation(
        users=3, handovers=3, returns=3, judged=3, transfer_s=0.034, segments_repaired=3, cellular_bits=18_000_000,
        context_bits=12_000,
    )  # fmt: skip
    assert ran.way("broadcast") == [3, 18, 0, 0, 18_000_000]
    assert ran.way("cellular") == [3, 18, 0, 0, 18_000_000]
    assert all(law["residual"] == pytest.approx(0.0, abs=1e-6) for law in ran.summary["laws"].values())


def test_a_cut_between_the_cores_holds_a_hand_over_up(hand):
    """The message of 7 s takes until 7.006 s; cut at 7.003 s, it is sent again at 9.003 s and is there at 9.029 s."""
    cut = {"what": "cores", "at": "7.003 s", "repair": "2 s"}
    ran = hand(through_the_hole("predictive", faults=[cut]), **{"trace.csv": TRACE})
    assert [row[:4] for row in ran.switches()] == [
        (7.0, pytest.approx(9.029, abs=NS), "broadcast", "cellular"),
        (16.0, pytest.approx(16.022, abs=NS), "cellular", "broadcast"),
    ]
    assert ran.counts() == {"delivered": 20, "broadcast": 13, "cellular": 7}


def test_a_cut_that_lasts_too_long_costs_the_segment_that_it_should_have_saved(hand):
    """Repaired at 10.4 s, the message is there at 10.426 s: segment 10 is given up at its deadline of 10.4 s."""
    cut = {"what": "cores", "at": "6.9 s", "repair": "3.5 s"}
    ran = hand(through_the_hole("predictive", faults=[cut]), **{"trace.csv": TRACE})
    assert ran.switches()[0][:2] == (7.0, pytest.approx(10.426, abs=NS))
    assert ran.counts() == {"delivered": 19, "lost": 1, "broadcast": 13, "cellular": 6}
    assert [row["index"] for row in ran.rows("segments", outcome="lost")] == [10]


def test_a_cell_outage_while_it_carries_a_user(hand):
    """The cell is off the air from 10.05 s to 12.05 s; what waits in it goes out after that, one by one.

    Segments 10 and 11 are there at 10.102 s and 11.102 s, and complete at 12.30 s and 12.55 s. The look of 11 s sends the
    user back to the tower, effective at 11.022 s: segment 12 is lost in the hole, and given up at 12.4 s. The look of
    13 s hands the user over again, effective at 13.026 s: segment 13, lost at 13.104 s, is sent at once.
    """  # noqa: E501
    outage = {"what": "cell", "where": "c1", "at": "10.05 s", "repair": "2 s"}
    ran = hand(through_the_hole("predictive", faults=[outage]), **{"trace.csv": TRACE})
    assert [row[:4] for row in ran.switches()] == [
        (7.0, pytest.approx(7.026, abs=NS), "broadcast", "cellular"),
        (11.0, pytest.approx(11.022, abs=NS), "cellular", "broadcast"),
        (13.0, pytest.approx(13.026, abs=NS), "broadcast", "cellular"),
        (19.0, pytest.approx(19.022, abs=NS), "cellular", "broadcast"),
    ]
    delays = ran.delays()
    assert delays[10] == pytest.approx(2.3, abs=NS)
    assert delays[11] == pytest.approx(1.55, abs=NS)
    assert 12 not in delays
    assert delays[13] == pytest.approx(TOWER_S + CELL_S, abs=NS)
    assert [delays[k] for k in range(14, 20)] == near(*[CELL_S] * 6)
    assert ran.counts() == {
        "delivered": 16, "late": 3, "lost": 1, "broadcast": 8, "cellular": 11, "repaired": 1,
    }  # fmt: skip
    # A second for each of 10, 11 and 12, which come more than a segment late or never, and what 13 is late.
    assert ran.user()["interruption_s"] == pytest.approx(3.0 + TOWER_S + CELL_S - 0.4, abs=NS)


# -- offloading ------------------------------------------------------------------------------------------------------


def offloaded(
    *, cells: dict | None = None, audiences: dict, duration="10 s", deadline="1 s", **changes
) -> dict:
    made = scenario(
        duration=duration, deadline=deadline,
        collaboration={
            "cores": cores(),
            "offloading": {"services": ["live"], "policy": "audience", "tune_in": "500 ms"}, **changes,
        },
    )  # fmt: skip
    made["policies"] = {"audience": {"use": "audience.py:ByAudience", "with": {"start": 8, "stop": 4}}}
    common = {"tower": "mast", "cells": ["c1"], "watches": ["live"]}
    made["audiences"] = {name: common | audience for name, audience in audiences.items()}
    return made


def test_a_surge_goes_to_the_tower_and_comes_back(hand):
    """Two users and one without a receiver watch from the start; eight come at 2.5 s, and go at 6.5 s.

    The look of 3 s finds eleven and asks the broadcast core, which begins to send at 3.022 s; its answer is there at
    3.044 s, receivers are tuned in at 3.544 s, and ten users move. Segments 4, 5 and 6 go to them over the tower; the cell
    has the one without a receiver. At 7 s three are left: cells serve them again at once, and the tower, which
    sends segment 7 to nobody, stops at 7.022 s.

    In the cell: three users at 8/3 Mbit/s take 0.102 + 0.375 s; segment 3 goes to eleven at 8/11 Mbit/s, from 3.102 s to
    4.477 s; the one user's segment 4 waits until then, still has that rate to the end of the epoch of 0.1 s, which is
    4.5 s, and 4 Mbit/s for what is left.
    """  # noqa: E501
    audiences = {
        "first": {"count": 2},
        "old": {"count": 1, "terminal": {"tuner": 0.0}},
        "crowd": {"count": 8, "join": {"kind": "step", "at": "2.5 s"}, "stay": "4 s"},
    }
    ran = hand(offloaded(audiences=audiences), **{"audience.py": BY_AUDIENCE})
    there = [row for row in ran.rows("switches") if row["target"] == "broadcast"]
    back = [row for row in ran.rows("switches") if row["target"] == "cellular"]
    assert len(there) == 10
    assert {(row["decided_s"], round(row["effective_s"], 9)) for row in there} == {(3.0, 3.544)}
    assert sorted(row["user"] for row in there) == [*(f"crowd:{k}" for k in range(8)), "first:0", "first:1"]
    # Who watches no more is not moved back.
    assert [(row["user"], row["decided_s"], row["effective_s"]) for row in back] == [
        ("first:0", 7.0, 7.0), ("first:1", 7.0, 7.0),
    ]  # fmt: skip

    for name in ("first:0", "first:1"):
        assert ran.counts(name) == {"delivered": 9, "late": 1, "broadcast": 3, "cellular": 7}
    assert ran.counts("old:0") == {"delivered": 9, "late": 1, "cellular": 10}
    for k in range(8):
        assert ran.counts(f"crowd:{k}") == {"delivered": 3, "late": 1, "broadcast": 3, "cellular": 1}
    three_s = AT_CELL_S + 1e6 / (8e6 / 3)
    by_cell = {row["index"]: row for row in ran.rows("segments", receiver="c1")}
    assert [by_cell[k]["users"] for k in range(10)] == [3, 3, 3, 11, 1, 1, 1, 3, 3, 3]
    assert [by_cell[k]["delay_s"] for k in range(10)] == near(
        *[three_s] * 3, 1.477, 0.5 + (1e6 - 0.023 * 8e6 / 11) / 4e6, CELL_S, CELL_S, *[three_s] * 3
    )
    by_tower = {row["index"]: row for row in ran.rows("segments", receiver="mast")}
    assert {k: row["users"] for k, row in by_tower.items()} == {4: 10, 5: 10, 6: 10, 7: 0}
    assert [by_tower[k]["delay_s"] for k in (4, 5, 6)] == near(*[TOWER_S] * 3)
    assert ran.carried_bits("mast->mast:air") == 4_000_000
    assert ran.carried_bits("c1:downlink") == (3 * 3 + 11 + 3 + 3 * 3) * 1_000_000
    assert ran.carried_bits("core->c1") == 10_000_000
    assert ran.user("crowd:3")["interruption_s"] == pytest.approx(0.477, abs=NS)
    # 62 segments: ten for each of three users, four for each of eight; of a capacity of 80 Mbit 32 were carried.
    # Each of the reachable takes an eighth of the cell: two of them at six looks, ten at the four on the tower.
    assert ran.mode("offloading") == offloading(
        users=11, moves_to_tower=1, moves_back=1, moved_users=10, time_s=0.544, cell_load=32 / 80, segments=62,
        freed=4 * 10 / (6 * 2 + 4 * 10),
        late_or_blocked=11, late_or_blocked_users=11, segments_late=11, tower_bits=4_000_000,
        cellular_bits=32_000_000,
    )  # fmt: skip
    assert ran.way("broadcast") == [10, 30, 0, 0, 30_000_000]
    assert ran.way("cellular") == [11, 21, 11, 0, 32_000_000]


def test_who_joins_during_the_broadcast_tunes_in_first(hand):
    """A user who joins at 4.6 s has been there for less than 0.5 s at the look of 5 s, and moves at that of 6 s."""
    audiences = {"many": {"count": 8}, "late": {"count": 1, "join": {"kind": "step", "at": "4.6 s"}}}
    ran = hand(offloaded(audiences=audiences, duration="9 s"), **{"audience.py": BY_AUDIENCE})
    (moved,) = ran.rows("switches", user="late:0")
    assert (moved["decided_s"], moved["effective_s"]) == (6.0, 6.0)
    assert ran.counts("late:0") == {"delivered": 4, "broadcast": 3, "cellular": 1}


def test_a_cell_takes_on_as_many_as_fit_and_blocks_the_others(hand):
    """Half of 8 Mbit/s is room for four of six users; at 3 s three of them have left."""
    audiences = {"early": {"count": 3, "stay": "2.5 s"}, "late": {"count": 3}}
    made = offloaded(audiences=audiences, duration="6 s", admission=0.5)
    made["policies"]["audience"]["with"] = {"start": 99, "stop": 99}
    ran = hand(made, **{"audience.py": BY_AUDIENCE})
    assert [ran.counts(f"early:{k}") for k in range(3)] == [{"delivered": 3, "cellular": 3}] * 3
    assert ran.counts("late:0") == {"delivered": 6, "cellular": 6}
    for k in (1, 2):
        assert ran.counts(f"late:{k}") == {"delivered": 3, "lost": 3, "cellular": 3, "blocked": 3}
        assert ran.user(f"late:{k}")["interruption_s"] == pytest.approx(3.0, abs=NS)
    refused = ran.rows("segments", reason="blocked")
    assert [(row["index"], row["receiver"], row["users"]) for row in refused] == [
        (k, "c1", 2) for k in range(3)
    ]
    assert ran.carried_bits("c1:downlink") == (3 * 4 + 3 * 3) * 1_000_000
    assert ran.mode("offloading") == offloading(
        users=6, time_s=None, freed=0.0, cell_load=21 / 48, segments=27, late_or_blocked=6, late_or_blocked_users=2,
        blocked_users=2, segments_lost=6, segments_blocked=6, cellular_bits=21_000_000,
    )  # fmt: skip


def test_an_outage_makes_no_room(hand):
    """The cell is off the air from 1.2 s to 2.3 s; the look of 2 s sees nothing of what its four users take.

    Nor does the cell take the two others on at 2.5 s.
    """
    made = offloaded(audiences={"all": {"count": 6}}, duration="6 s", deadline="3 s", admission=0.5)
    made["policies"]["audience"]["with"] = {"start": 99, "stop": 99}
    made["services"]["live"]["start"] = "500 ms"
    made["faults"] = [{"what": "cell", "where": "c1", "at": "1.2 s", "repair": "1.1 s"}]
    ran = hand(made, **{"audience.py": BY_AUDIENCE})
    for k in range(4):
        assert ran.counts(f"all:{k}") == {"delivered": 5, "in_flight": 1, "cellular": 5}
    for k in (4, 5):
        assert ran.counts(f"all:{k}") == {"lost": 6, "blocked": 6}


def test_who_has_no_cell_has_nothing_while_the_tower_does_not_send(hand):
    """Eight users are on the tower from 0.544 s on; one has the tower alone, and hears it from 0.022 s on: segment 1."""  # noqa: E501
    audiences = {"many": {"count": 8}, "alone": {"count": 1, "cells": []}}
    ran = hand(offloaded(audiences=audiences, duration="4 s"), **{"audience.py": BY_AUDIENCE})
    assert ran.counts("alone:0") == {"delivered": 3, "lost": 1, "broadcast": 3, "blocked": 1}
    (refused,) = ran.rows("segments", reason="blocked")
    assert (refused["index"], refused["receiver"], refused["users"]) == (0, "mast", 1)


# -- addition --------------------------------------------------------------------------------------------------------
#
# A personal angle of 0.5 Mbit a second, or 25 frames of 320 x 180 pixels at 0.01 bit per pixel: 14.4 kbit.

CONTROL_BITS = 25 * 320 * 180 // 100


def enhanced(
    policy: str, *, deadline="1 s", terminal=None, gpus=("core", "c1"), users=2, faults=(), **cell
) -> dict:
    made = scenario(duration="6 s", deadline=deadline, audience={"count": users, "terminal": terminal or {}})
    made["contents"]["angle"] = made["contents"]["film"] | {"rate": "500 kbit/s"}
    made["services"]["live"]["to"] = ["mast"]
    made["services"]["mine"] = {
        "content": "angle", "from": "core", "to": ["c1"], "personal": True, "enhances": "live", "deadline": deadline,
    }  # fmt: skip
    made["audiences"]["crowd"]["watches"] = ["live", "mine"]
    made["nodes"]["core"] = {"kind": "server"}
    made["nodes"]["c1"]["radio"] |= cell
    for name in gpus:
        made["nodes"][name]["gpu"] = {
            "device": "L4", "streams": 1, "memory": "24 GB", "load_rate": "1000 GB/s",
        }  # fmt: skip
    made["actions"] = {
        "pose": {
            "declared": {"contract_time": "10 ms", "expand_time": "80 ms", "memory": "1 GB"},
            "bits_per_pixel": 0.01, "semantic_fidelity": 0.9, "mode": "semi-reference",
        }
    }  # fmt: skip
    made["policies"] = {"way": f"{POLICIES / 'addition.py'}:{policy}"}
    made["faults"] = list(faults)
    made["collaboration"] = {
        "cores": cores(), "addition": {"services": ["mine"], "policy": "way", "action": "pose"},
    }  # fmt: skip
    return made


def test_sent_enhancements_join_the_common_stream(hand):
    """Two copies of 0.5 Mbit are at the cell after 0.1 s + 2 ms, and take 0.125 s from there."""
    ran = hand(enhanced("SendAlways"))
    for k in range(2):
        assert ran.counts(f"crowd:{k}", "mine") == {"delivered": 6, "cellular": 6}
        assert ran.user(f"crowd:{k}", "mine")["segments_joined"] == 6
        assert ran.user(f"crowd:{k}")["segments_joined"] == 6
    delays = ran.delays(service="mine")
    assert list(delays.values()) == near(*[0.102 + 0.125] * 6)
    assert ran.carried_bits("core->c1") == ran.carried_bits("c1:downlink") == 6 * 1_000_000
    assert ran.carried_bits("mast->mast:air") == 6 * 1_000_000
    assert ran.mode("addition") == addition(
        enhancements_offered=12, enhancements_joined=12, segments_enhanced=12, enhancements_sent=12,
        enhancement_bits=6_000_000, bits_each=500_000.0, cell_load=6 / 48,
    )  # fmt: skip


def test_a_late_enhancement_leaves_the_common_stream_alone(hand):
    """In a cell of 0.8 Mbit/s two copies of 0.5 Mbit take 1.25 s, and each segment waits for the one before it.

    Segment k is complete at 0.102 + 1.25 (k + 1) s, 1.352 + 0.25 k after its offer, so all are late for 1 s; what is
    complete by 6 s are segments 0 to 3 (5.102 s).
    """
    ran = hand(enhanced("SendAlways", capacity="0.8 Mbit/s", peak_rate="0.4 Mbit/s"))
    for k in range(2):
        assert ran.counts(f"crowd:{k}") == {"delivered": 6, "broadcast": 6}
        assert ran.user(f"crowd:{k}")["segments_joined"] == 0
        # Segment 4, due at 5 s, is lost; segment 5 is not due before 6 s.
        assert ran.counts(f"crowd:{k}", "mine") == {"late": 4, "lost": 1, "in_flight": 1, "cellular": 4}
        assert ran.user(f"crowd:{k}", "mine")["segments_joined"] == 0
    delays = ran.delays(service="mine")
    assert [delays[k] for k in range(4)] == near(*[1.352 + 0.25 * k for k in range(4)])
    assert ran.mode("addition") == addition(
        enhancements_offered=12, segments_common_alone=12, enhancements_late=8, enhancements_lost=2,
        enhancements_sent=8, enhancement_bits=4_000_000, bits_each=None,
        cell_load=(6 - 0.102) / 6,  # busy from the first bit on
    )  # fmt: skip


def test_enhancements_generated_at_the_terminal(hand):
    """80 ms a segment, three times that on the phone at 5 W: 0.24 s and 1.2 J; a battery of 5 J does four segments.

    The policy generates while the charge allows the next one, and has the last two sent. The core contracts in 10 ms
    (the first time it loads 1 GB at 1000 GB/s before, which takes 1 ms), the two packets of 14.4 kbit are at the cell
    14.4 kbit / 10 Mbit/s + 2 ms later, and at the phone 14.4 kbit / 4 Mbit/s after that.
    """
    phone = {
        "generator": {"device": "L4", "slowdown": 3.0, "memory": "8 GB", "power": "5 W"}, "battery": "5 J",
    }  # fmt: skip
    ran = hand(enhanced("AtTerminal", terminal=phone, gpus=("core",), users=1))
    generated_s = 0.010 + CONTROL_BITS / 10e6 + 0.002 + CONTROL_BITS / 4e6 + 0.24
    delays = ran.delays(service="mine")
    sent_s = 500_000 / 10e6 + 0.002 + 0.125
    assert [delays[k] for k in range(6)] == near(0.001 + generated_s, *[generated_s] * 3, *[sent_s] * 2)
    user = ran.user("crowd:0", "mine")
    assert user["segments_generated"] == 4
    assert user["segments_joined"] == 6
    assert user["terminal_energy_joule"] == pytest.approx(4.8, abs=NS)
    assert user["battery"] == pytest.approx(0.2 / 5, abs=NS)
    assert ran.carried_bits("c1:downlink") == 4 * CONTROL_BITS + 2 * 500_000
    assert user["bits_received"] == 4 * CONTROL_BITS + 2 * 500_000
    bits = 4 * CONTROL_BITS + 2 * 500_000
    assert ran.mode("addition") == addition(
        enhancements_offered=6, enhancements_joined=6, segments_enhanced=6, enhancements_sent=2,
        enhancements_generated_at_terminal=4, enhancement_bits=bits, bits_each=bits / 6, joule=4.8,
        cell_load=bits / 48e6,
    )  # fmt: skip


def test_a_gpu_that_fails_at_the_cell_has_the_enhancement_sent(hand):
    """Up to 2.5 s the cell generates: 10 ms at the core, 14.4 kbit to the cell, 80 ms there, 0.5 Mbit to the user.

    From the look of 3 s on it is sent as bits; at 5 s the GPU works again, and loads its model anew.
    """
    failure = {"what": "gpu", "where": "c1", "at": "2.5 s", "repair": "2 s"}
    ran = hand(enhanced("AtCell", users=1, faults=[failure]))
    generated_s = 0.010 + CONTROL_BITS / 10e6 + 0.002 + 0.080 + 0.125
    sent_s = 500_000 / 10e6 + 0.002 + 0.125
    delays = ran.delays(service="mine")
    assert [delays[k] for k in range(6)] == near(
        0.002 + generated_s, generated_s, generated_s, sent_s, sent_s, 0.001 + generated_s
    )
    assert ran.user("crowd:0", "mine")["segments_generated"] == 4
    assert ran.user("crowd:0", "mine")["segments_joined"] == 6
    assert ran.carried_bits("core->c1") == 4 * CONTROL_BITS + 2 * 500_000
    assert ran.carried_bits("c1:downlink") == 6 * 500_000
    assert ran.mode("addition") == addition(
        enhancements_offered=6, enhancements_joined=6, segments_enhanced=6, enhancements_sent=2,
        enhancements_generated_at_cell=4, enhancement_bits=3_000_000, bits_each=500_000.0, cell_load=3 / 48,
    )  # fmt: skip


@pytest.mark.parametrize("playable", [False, True])
def test_without_charge_the_received_part_is_shown_if_it_can_be(hand, playable):
    """One decision at 0 s for the whole run: a battery of 5 J expands four segments for 1.2 J each, two are left."""
    phone = {
        "generator": {"device": "L4", "slowdown": 3.0, "memory": "8 GB", "power": "5 W"}, "battery": "5 J",
    }  # fmt: skip
    made = enhanced("AtTerminal", terminal=phone, gpus=("core",), users=1)
    made["collaboration"]["cores"]["period"] = "20 s"
    made["actions"]["pose"] |= {"playable": playable}
    ran = hand(made)
    received_s = 0.010 + CONTROL_BITS / 10e6 + 0.002 + CONTROL_BITS / 4e6
    shown = [received_s] * 2 if playable else []
    delays = ran.delays(service="mine")
    assert list(delays.values()) == near(0.001 + received_s + 0.24, *[received_s + 0.24] * 3, *shown)
    user = ran.user("crowd:0", "mine")
    assert (user["segments_delivered"], user["segments_lost"]) == ((6, 0) if playable else (4, 2))
    assert user["segments_generated"] == 4
    assert user["terminal_energy_joule"] == pytest.approx(4.8, abs=NS)
    assert user["bits_received"] == 6 * CONTROL_BITS


@pytest.mark.parametrize("equipped", [True, False])
def test_a_tower_contracts_for_terminals_only_when_all_of_them_can_expand(hand, equipped):
    """The source contracts when that can be expanded: 14.4 kbit twice on the way at 10 Mbit/s, 0.24 s in the phone."""
    phone = {"generator": {"device": "L4", "slowdown": 3.0, "memory": "8 GB", "power": "5 W"}}
    made = scenario(duration="4 s", deadline="1 s", audience={"terminal": phone})
    made["audiences"]["others"] = {
        "count": 1, "tower": "mast", "watches": ["live"], "terminal": phone if equipped else {},
    }  # fmt: skip
    made["services"]["live"]["to"] = ["mast"]
    del made["links"]["core -> c1"], made["nodes"]["c1"], made["audiences"]["crowd"]["cells"]
    made["nodes"]["core"] = {
        "kind": "server", "policy": "scaling", "actions": ["pose"],
        "gpu": {"device": "L4", "streams": 1, "memory": "24 GB", "load_rate": "1000 GB/s"},
    }  # fmt: skip
    made["actions"] = {
        "pose": {
            "declared": {"contract_time": "10 ms", "expand_time": "80 ms", "memory": "1 GB"},
            "bits_per_pixel": 0.01, "semantic_fidelity": 0.9, "mode": "semi-reference",
        }
    }  # fmt: skip
    made["policies"] = {
        "scaling": {"use": f"{POLICIES / 'scaling.py'}:BppThreshold", "with": {"full_bpp": 100.0}},
    }  # fmt: skip
    ran = hand(made)
    bits = CONTROL_BITS if equipped else 1_000_000
    assert ran.carried_bits("mast->mast:air") == 4 * bits
    for name in ("crowd:0", "others:0"):
        assert ran.counts(name) == {"delivered": 4, "broadcast": 4}
        assert ran.user(name)["segments_generated"] == (4 if equipped else 0)
    # Packets of 10 kbit: the first one is over the first link before the second one sends.
    chain_s = 10_000 / 10e6 + 0.002 + bits / 10e6 + 0.001
    made_s = 0.010 + 0.24 if equipped else 0.0
    later = list(ran.delays().values())[1:]
    assert later == near(*[chain_s + made_s] * 3)


IN_STEPS = """
import numpy as np
from netgen.policy import ContinuationDecision, ContinuationPolicy, Serve


class InSteps(ContinuationPolicy):
    '''Repaired from 0 s, in the cell from 3 s, on the tower from 6 s.'''

    def decide(self, view, rng):
        way = Serve.REPAIRED if view.time_s < 3 else Serve.CELLULAR if view.time_s < 6 else Serve.BROADCAST
        return ContinuationDecision(np.full(len(view.user), way), reason="steps")
"""


def test_every_step_from_repair_to_a_cell_is_judged(hand):
    """The tower is received all the time, so both hand-overs were needless."""
    made = scenario(
        duration="8 s", policies={"steps": "steps.py:InSteps"},
        collaboration={"cores": cores(), "continuation": {"services": ["live"], "policy": "steps"}},
    )  # fmt: skip
    ran = hand(made, **{"steps.py": IN_STEPS})
    moves = [(row["origin"], row["target"], row["needless"]) for row in ran.rows("switches")]
    assert moves == [
        ("broadcast", "repaired", True),
        ("repaired", "cellular", True),
        ("cellular", "broadcast", None),
    ]
    assert ran.summary["service_modes"]["continuation"]["needless"] == 2


# -- what a reviewer found -------------------------------------------------------------------------------------------


def carried(policy: str, users: int, *, cast="unicast", **changes) -> dict:
    """Users who do not hear the tower, and a policy that may have the cell carry them."""
    made = scenario(
        duration="10 s", deadline="1 s", radio={"segment_loss": 1 - 1e-12}, audience={"count": users},
        collaboration={"cores": cores(), "continuation": {"services": ["live"], "policy": "mine"}},
    )  # fmt: skip
    made["policies"] = {"mine": {"use": f"{POLICIES / 'continuation.py'}:{policy}", "with": {"cast": cast}}}
    return made | changes


@pytest.mark.parametrize("beside", [False, True])
def test_a_second_tower_has_no_say_in_how_others_are_cast(hand, beside):
    """Ten users of the deaf tower share a multicast; one of another tower, who hears it well, changes nothing.

    The decision of 0 s is there at 62 ms: from segment 1 on the cell sends one copy of 1 Mbit, and segment 0, lost at
    0.104 s, is sent again to each.
    """
    made = carried("Threshold", 10, cast="multicast")
    if beside:
        made["nodes"]["mast2"] = {"kind": "tower", "radio": {"capacity": "10 Mbit/s", "delay": "1 ms"}}
        made["links"]["core -> mast2"] = LINK
        made["services"]["live"]["to"] = ["mast", "mast2", "c1"]
        made["audiences"]["well"] = {"count": 1, "tower": "mast2", "cells": ["c1"], "watches": ["live"]}
    ran = hand(made)
    assert ran.carried_bits("c1:downlink") == (10 + 9) * 1_000_000
    assert ran.summary["service_modes"]["continuation"]["cellular_bits"] == (10 + 9) * 1_000_000
    for k in range(10):
        user = ran.user(f"crowd:{k}")
        assert user["segments_delivered"] + user["segments_late"] == user["segments_cellular"] == 10
    if beside:
        assert ran.counts("well:0") == {"delivered": 10, "broadcast": 10}


@pytest.mark.parametrize(("cast", "taken"), [("unicast", 1), ("multicast", 10), ("cheaper", 10)])
def test_a_multicast_is_admitted_as_one(hand, cast, taken):
    """A fifth of 8 Mbit/s is room for a multicast of 1 Mbit/s, whoever listens, and for one user by unicast."""
    made = carried("CellularOnly", 10, cast=cast)
    made["collaboration"]["admission"] = 0.2
    found = hand(made).summary["service_modes"]["continuation"]
    assert found["handovers"] == taken
    assert (found["refused"] == 0) == (taken == 10)


def test_what_others_take_of_a_cell_is_no_room(hand):
    """Three users of another service take three eighths of the cell: half of it is room for one more."""
    made = carried("CellularOnly", 4)
    made["services"]["other"] = {"content": "film", "from": "core", "to": ["c1"], "deadline": "1 s"}
    made["audiences"]["others"] = {"count": 3, "cells": ["c1"], "watches": ["other"]}
    made["collaboration"]["admission"] = 0.5
    ran = hand(made)
    assert ran.summary["service_modes"]["continuation"]["handovers"] == 1
    for k in range(3):
        assert ran.counts(f"others:{k}", "other") == {"delivered": 10, "cellular": 10}


def test_who_joins_is_served_by_the_tower_as_soon_as_it_is_tuned_in(hand):
    """Eight users have gone to the tower at 0.544 s; the next look is at 20 s. Of the cell nobody else may have any.

    The ninth joins at 10.2 s and is tuned in at 10.7 s: from segment 11 on it has the tower.
    """
    audiences = {"many": {"count": 8}, "late": {"count": 1, "join": {"kind": "step", "at": "10.2 s"}}}
    made = offloaded(audiences=audiences, duration="15 s", admission=1.0)
    made["collaboration"]["cores"]["period"] = "20 s"
    ran = hand(made, **{"audience.py": BY_AUDIENCE})
    assert ran.counts("late:0") == {"delivered": 4, "broadcast": 4}
    (moved,) = ran.rows("switches", user="late:0")
    assert (moved["decided_s"], moved["effective_s"], moved["target"]) == (0.0, 11.0, "broadcast")


@pytest.mark.parametrize("period", ["250 ms", "500 ms", "1 s"])
def test_a_look_comes_before_what_is_offered_at_its_instant(hand, period):
    """Of ten users eight leave at 4.9 s: at 5 s the content is asked back, and segment 5 goes by cell."""
    audiences = {"few": {"count": 2}, "many": {"count": 8, "stay": "4.9 s"}}
    made = offloaded(audiences=audiences, duration="8 s")
    made["collaboration"]["cores"]["period"] = period
    ran = hand(made, **{"audience.py": BY_AUDIENCE})
    by_tower = {row["index"]: row["users"] for row in ran.rows("segments", receiver="mast") if row["users"]}
    assert by_tower == {1: 10, 2: 10, 3: 10, 4: 10}
    assert {row["index"]: row["users"] for row in ran.rows("segments", receiver="c1")} == {
        0: 10, 5: 2, 6: 2, 7: 2,
    }  # fmt: skip


def test_a_hand_over_that_spared_a_segment_between_looks_was_needed(hand):
    """The hole hides the tower from 10.05 s to 10.15 s, when segment 10 is received and nobody looks."""
    made = through_the_hole("steps")
    made["policies"] = {"steps": "steps.py:There"}
    hole = {"kind": "rectangle", "from": ["100.5 m", "-10 m"], "to": ["101.5 m", "10 m"]}
    made["nodes"]["mast"]["radio"]["holes"] = [hole]
    policy = IN_STEPS.replace("InSteps", "There").replace(
        "Serve.REPAIRED if view.time_s < 3 else Serve.CELLULAR if view.time_s < 6 else Serve.BROADCAST",
        "Serve.CELLULAR if 9 <= view.time_s < 12 else Serve.BROADCAST",
    )
    ran = hand(made, **{"trace.csv": TRACE, "steps.py": policy})
    assert ran.counts() == {"delivered": 20, "broadcast": 17, "cellular": 3}
    assert [row["needless"] for row in ran.rows("switches")] == [False, None]


def test_what_the_tower_contracted_is_repaired_from_the_source_in_full(hand):
    """The tower has the only GPU, and contracts what it sends to 14.4 kbit; it loses everything, a quarter of each.

    The core cannot know what the tower made: the cell fetches the whole segment, and sends all of it.
    """
    made = scenario(
        duration="6 s", deadline="1 s", radio={"segment_loss": 1 - 1e-12, "lost_share": 0.25},
        collaboration={
            "cores": cores(),
            "continuation": {
                "services": ["live"], "policy": "repair", "repair": {"offset": "50 ms", "backoff": "0 s"},
            },
        },
    )  # fmt: skip
    made["nodes"]["mast"] |= {
        "policy": "scaling", "actions": ["pose"],
        "gpu": {"device": "L4", "streams": 1, "memory": "24 GB", "load_rate": "1000 GB/s"},
    }  # fmt: skip
    made["actions"] = {
        "pose": {
            "declared": {"contract_time": "10 ms", "expand_time": "80 ms", "memory": "1 GB"}, "playable": True,
            "bits_per_pixel": 0.01, "semantic_fidelity": 0.9, "mode": "semi-reference",
        }
    }  # fmt: skip
    made["policies"]["scaling"] = {
        "use": f"{POLICIES / 'scaling.py'}:BppThreshold", "with": {"full_bpp": 100.0},
    }  # fmt: skip
    ran = hand(made)
    assert ran.carried_bits("mast->mast:air") == 6 * CONTROL_BITS
    assert ran.carried_bits("core->c1") == ran.carried_bits("c1:downlink") == 6 * 1_000_000
    assert ran.counts() == {"delivered": 6, "cellular": 6, "repaired": 6}
    repairs = ran.rows("segments", purpose="repair")
    assert {row["received_bits"] for row in repairs} == {1_000_000}
    assert {row["semantic_fidelity"] for row in repairs} == {1.0}
