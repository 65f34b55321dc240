"""How enhancements come to users: every way by hand, and what becomes of those that cannot come as planned."""

import copy
from pathlib import Path

import numpy as np
import pytest
import yaml

from netgen.build.assembly import build_simulation
from netgen.errors import PolicyError
from netgen.ledger import LedgerReader, LedgerWriter, check_laws, raise_if_broken
from netgen.policy import Add
from netgen.scenario import load_scenario

POLICY = '''
import numpy as np

from netgen.policy import Add, AdditionDecision, AdditionPolicy, can_generate_at_cell, can_generate_at_terminal


class Script(AdditionPolicy):
    """Per position in the view (again from the first when there are more) the first legal of some ways."""

    def __init__(self, *, ways: list[list[str]], reckless: bool = False) -> None:
        self.ways, self.reckless = ways, reckless
        self.seen = []

    def decide(self, view, rng):
        self.seen.append(view)
        able = {
            "none": np.ones(len(view.user), dtype=bool), "sent": view.cell >= 0,
            "at-cell": can_generate_at_cell(view), "at-terminal": can_generate_at_terminal(view),
        }
        how = []
        for k in range(len(view.user)):
            wanted = self.ways[k % len(self.ways)]
            way = next(way for way in [*wanted, "none"] if self.reckless or able[way][k])
            how.append(Add[way.upper().replace("-", "_")])
        return AdditionDecision(np.array(how, dtype=np.int64), "as written")
'''
GPU = {"device": "L4", "streams": 1, "memory": "4 GB", "load_rate": "10 GB/s"}
PHONE = {"generator": {"device": "L4", "slowdown": 5, "memory": "2 GB", "power": "3 W"}}
"""20 ms a second of video are 0.1 s here, and 0.3 J."""


class Ran:
    """A finished run, its records, and what the policy saw."""

    def __init__(self, simulation, folder: Path) -> None:
        self.simulation = simulation
        self.addition = simulation.companions[0].additions[0]
        try:
            self.totals = simulation.run()
        finally:
            simulation.writer.close()
        raise_if_broken(check_laws(self.totals.balances))
        self.reader = LedgerReader(folder)

    @property
    def views(self) -> list:
        return self.addition.decider.decide.__self__.seen

    def rows(self, table: str, **wanted) -> list[dict]:
        found = self.reader.table(table).to_pylist()
        return [row for row in found if all(row[key] == value for key, value in wanted.items())]

    def segment(self, index: int) -> dict:
        (row,) = self.rows("segments", service="angle", index=index)
        return row

    def users(self, service: str = "angle") -> list[dict]:
        columns = self.totals.users
        table = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return [row for row in table if row["service"] == service]


def steps(row: dict) -> list[tuple[str, str]]:
    return [(stage["kind"], stage["where"]) for stage in row["stages"]]


def lay(tree: dict, changes: dict) -> None:
    """Lay changes over a tree of mappings."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            lay(tree[key], value)
        else:
            tree[key] = value


@pytest.fixture
def match(tmp_path):
    """A common stream over tower M and 100 kbit a second from S through cell C; control bits are a tenth of that."""

    def start(
        *ways: list[str], count: int = 1, period: str = "1 s", reckless: bool = False, **changes
    ) -> Ran:
        scenario = {
            "name": "match", "seed": 1, "duration": "3 s", "packet": "10 kbit",
            "nodes": {
                "S": {"kind": "server", "gpu": GPU},
                "M": {"kind": "tower", "radio": {"capacity": "1 Mbit/s"}},
                "C": {"kind": "cell", "radio": {"capacity": "1 Mbit/s", "peak_rate": "1 Mbit/s"}, "gpu": GPU},
            },
            "links": {
                "S -> M": {"capacity": "1 Mbit/s", "delay": "1 ms"},
                "S -> C": {"capacity": "1 Mbit/s", "delay": "1 ms"},
            },
            "contents": {
                name: {
                    "kind": "parametric", "format": "100x100@10", "rate": "100 kbit/s", "class": "natural",
                    "semantic_bits": 40,
                }
                for name in ("game", "view")
            },
            "actions": {
                "key": {
                    "declared": {"contract_time": "10 ms", "expand_time": "20 ms", "memory": "1 GB"},
                    "bits_per_pixel": 0.1, "semantic_fidelity": 0.9, "mode": "semi-reference",
                }
            },
            "policies": {"script": {"use": "policy.py:Script", "with": {"ways": list(ways), "reckless": reckless}}},
            "services": {
                "live": {"content": "game", "from": "S", "to": "M"},
                "angle": {"content": "view", "from": "S", "to": "C", "personal": True, "enhances": "live"},
            },
            "audiences": {
                "crowd": {"count": count, "tower": "M", "cells": "C", "watches": ["live", "angle"], "terminal": PHONE}
            },
            "collaboration": {
                "cores": {"period": period},
                "addition": {"services": "angle", "policy": "script", "action": "key"},
            },
        }  # fmt: skip
        scenario = copy.deepcopy(scenario)
        lay(scenario, changes)
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (tmp_path / "policy.py").write_text(POLICY, encoding="utf-8")
        path = tmp_path / "scenario.yaml"
        path.write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
        return Ran(build_simulation(load_scenario(path), LedgerWriter(folder), seed=1), folder)

    return start


WAYS = {
    # Ten packets of 10 ms and 1 ms to C, then all of it from there; the nodes' own policies forward it.
    "sent": (
        0.101 + 0.1, 0.0, 100_000,
        [("source", "S"), ("forward", "S"), ("link", "S->C"), ("forward", "C"), ("receive", "C")],
    ),
    # 10 ms to contract, one packet to C, 20 ms to expand, and all of it from there; two cold starts of 0.1 s.
    "at-cell": (
        0.01 + 0.011 + 0.02 + 0.1, 0.2, 100_000,
        [("source", "S"), ("contract", "S"), ("link", "S->C"), ("expand", "C"), ("receive", "C")],
    ),
    # 10 ms to contract, one packet to C and one from there, 0.1 s in the terminal; one cold start.
    "at-terminal": (
        0.01 + 0.011 + 0.01 + 0.1, 0.1, 10_000,
        [("source", "S"), ("contract", "S"), ("link", "S->C"), ("receive", "C"), ("expand", "terminal")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_every_way_takes_its_time(match, way):
    delay_s, cold_s, bits, history = WAYS[way]
    done = match([way])
    assert done.segment(0)["delay_s"] == pytest.approx(delay_s + cold_s, abs=1e-9)
    assert done.segment(1)["delay_s"] == pytest.approx(delay_s, abs=1e-9)
    assert steps(done.segment(1)) == history
    (user,) = done.users()
    assert (user["segments_offered"], user["segments_delivered"], user["segments_joined"]) == (3, 3, 3)
    assert user["bits_received"] == 3 * bits
    generated = 0 if way == "sent" else 3
    assert user["segments_generated"] == generated
    assert user["semantic_bits_delivered"] == pytest.approx(3 * 40 * (0.9 if generated else 1.0))
    terminals = done.addition.parts.terminals
    assert terminals.energy_joule.sum() == pytest.approx(0.9 if way == "at-terminal" else 0.0, abs=1e-12)


def test_what_nobody_asked_for_is_not_offered(match):
    done = match(["none"])
    assert done.rows("segments", service="angle") == []
    assert sum(link["carried_bits"] for link in done.rows("links", link="S->C")) == 0
    (user,) = done.users()
    assert (user["segments_offered"], user["segments_joined"]) == (0, 0)
    (user,) = done.users("live")
    assert (user["segments_delivered"], user["segments_joined"]) == (3, 0)


def test_the_common_stream_is_shown_alone_when_the_enhancement_is_late(match):
    """The terminal has the first segment after 0.231 s and the others after 0.131 s."""
    done = match(["at-terminal"], services={"angle": {"deadline": "200 ms"}})
    (user,) = done.users()
    assert (user["segments_late"], user["segments_delivered"], user["segments_joined"]) == (1, 2, 2)
    (user,) = done.users("live")
    assert (user["segments_delivered"], user["segments_joined"]) == (3, 2)


def test_each_user_gets_it_in_a_way_of_its_own(match):
    ways = [["sent"], ["at-cell"], ["at-terminal"], ["none"]]
    done = match(*ways, count=4)
    assert [user["segments_offered"] for user in done.users()] == [3, 3, 3, 0]
    assert [user["segments_joined"] for user in done.users()] == [3, 3, 3, 0]
    assert [user["segments_generated"] for user in done.users()] == [0, 3, 3, 0]
    assert [user["bits_received"] for user in done.users()] == [300_000, 300_000, 30_000, 0]
    # 100 kbit as they are and twice 10 kbit of control bits, three times.
    assert sum(link["carried_bits"] for link in done.rows("links", link="S->C")) == 360_000
    decision = done.rows("decisions", mode="addition")[0]
    assert decision["kind"] == "none 1, sent 1, at-cell 1, at-terminal 1"
    assert (decision["node"], decision["service"], decision["index"]) == ("cellular-core", "angle", None)
    assert (decision["policy"], decision["action"], decision["reason"]) == ("script", "key", "as written")
    assert [option["kind"] for option in decision["options"]] == ["none", "sent", "at-cell", "at-terminal"]
    changes = [(user["user"], user["was"], user["chosen"]) for user in decision["users"]]
    assert changes == [
        ("crowd:0", "none", "sent"), ("crowd:1", "none", "at-cell"), ("crowd:2", "none", "at-terminal"),
    ]  # fmt: skip
    assert [len(row["users"]) for row in done.rows("decisions", mode="addition")] == [3, 0, 0]


def test_an_empty_battery_loses_the_third_segment_and_then_the_policy_knows(match):
    """0.75 J pay for two segments of 0.3 J."""
    phone = {"audiences": {"crowd": {"terminal": {"battery": "1.5 J", "charge": 0.5}}}}
    blind = match(["at-terminal", "sent"], period="1 h", **phone)
    assert [row["outcome"] for row in blind.rows("segments", service="angle")] == ["delivered"] * 2 + ["lost"]
    assert blind.segment(2)["reason"] == "unplayable"
    (user,) = blind.users()
    assert (user["segments_lost"], user["segments_joined"]) == (1, 2)
    assert blind.addition.parts.terminals.battery_left[0] == pytest.approx(0.15 / 1.5, abs=1e-12)
    seeing = match(["at-terminal", "sent"], **phone)
    assert [user["segments_joined"] for user in seeing.users()] == [3]
    assert seeing.segment(2)["contracted_by"] == ""
    (change,) = seeing.rows("decisions", mode="addition")[2]["users"]
    assert (change["was"], change["chosen"]) == ("at-terminal", "sent")
    saw = {figure["name"]: figure["value"] for figure in change["figures"]}
    assert saw["battery"] == pytest.approx(0.1, abs=1e-12)
    assert saw["terminal_s"] == np.inf


def test_a_terminal_generates_one_segment_after_the_other(match):
    """1.5 s a segment: the second begins when the first is done, 0.231 + 1.4 = 1.631 s, and so on."""
    slow = {"audiences": {"crowd": {"terminal": {"generator": {"slowdown": 75}}}}}
    done = match(["at-terminal"], duration="6 s", services={"angle": {"stop": "3 s"}}, **slow)
    delays = [done.segment(k)["delay_s"] for k in range(3)]
    first = 0.131 + 1.4 + 0.1
    assert delays == pytest.approx([first, first + 1.5 - 1, first + 3.0 - 2], abs=1e-9)


def test_what_the_sources_gpu_cannot_do_in_time_is_sent_as_bits(match):
    slow = {"actions": {"key": {"declared": {"contract_time": "900 ms"}}}}
    for way in ("at-cell", "at-terminal"):
        done = match([way], services={"angle": {"deadline": "500 ms"}}, **slow)
        assert done.segment(1)["delay_s"] == pytest.approx(0.201, abs=1e-9)
        assert [row["contracted_by"] for row in done.rows("segments", service="angle")] == [""] * 3
        assert sum(node["deadline_misses"] for node in done.rows("nodes", node="S")) == 3
        assert done.users()[0]["segments_joined"] == 3


def test_what_the_cells_gpu_cannot_do_in_time_is_left_to_the_terminal(match):
    """0.61 s in the cell do not fit into 0.5 s, five times less in the terminal do."""
    slow = {
        "actions": {"key": {"declared": {"expand_time": "600 ms"}}},
        "audiences": {"crowd": {"terminal": {"generator": {"slowdown": 0.1}}}},
    }
    done = match(["at-cell"], services={"angle": {"deadline": "500 ms"}}, **slow)
    assert steps(done.segment(1)) == WAYS["at-terminal"][3]
    assert done.segment(1)["delay_s"] == pytest.approx(0.01 + 0.011 + 0.01 + 0.06, abs=1e-9)
    assert sum(node["deadline_misses"] for node in done.rows("nodes", node="C")) == 3


def test_a_gpu_that_fails_in_between_leaves_it_to_the_terminal_or_to_nobody(match):
    """Down from 0.5 s on, and nobody asks the policy again."""
    down = {"faults": [{"what": "gpu", "where": "C", "at": "500 ms", "repair": "10 s"}]}
    kinds = {"with": PHONE, "without": {"generator": None}}
    reasons = {}
    for name, terminal in kinds.items():
        done = match(["at-cell"], period="1 h", audiences={"crowd": {"terminal": terminal}}, **down)
        assert ("expand", "C") in steps(done.segment(0))
        reasons[name] = [row["reason"] for row in done.rows("segments", service="angle")]
    assert reasons == {"with": ["", "", ""], "without": ["", "unplayable", "unplayable"]}
    seeing = match(["at-cell", "sent"], **down)
    assert [bool(view.can_cell[0]) for view in seeing.views] == [True, False, False]
    assert [row["contracted_by"] for row in seeing.rows("segments", service="angle")] == ["key", "", ""]


def test_a_failed_gpu_at_the_source_leaves_only_bits(match):
    down = {"faults": [{"what": "gpu", "where": "S", "at": "500 ms", "repair": "10 s"}]}
    done = match(["at-terminal"], period="1 h", **down)
    assert [row["contracted_by"] for row in done.rows("segments", service="angle")] == ["key", "", ""]
    assert done.users()[0]["segments_joined"] == 3
    seeing = match(["at-cell", "at-terminal", "sent"], **down)
    assert [seeing.views[1].can_cell.any(), seeing.views[1].can_terminal.any()] == [False, False]


def test_users_for_whom_something_is_generated_share_the_streams_of_a_gpu(match):
    """Three users and two streams: two copies one after the other take 40 ms, one 20 ms."""
    two = {"nodes": {name: {"gpu": {**GPU, "streams": 2}} for name in ("S", "C")}}
    wide = {"links": {"S -> C": {"capacity": "1 Gbit/s", "delay": "1 us"}}}
    done = match(["at-cell"], count=3, **two, **wide)
    rows = sorted(done.rows("segments", service="angle", index=1), key=lambda row: row["users"])
    assert [row["users"] for row in rows] == [1, 2]
    spans = [
        [
            stage["end_s"] - stage["start_s"]
            for stage in row["stages"]
            if stage["kind"] in ("contract", "expand")
        ]
        for row in rows
    ]
    assert spans[0] == pytest.approx([0.01, 0.02], abs=1e-9)
    assert spans[1] == pytest.approx([0.02, 0.04], abs=1e-9)


def test_what_the_policy_sees(match):
    """Two users at C, of 1 Mbit/s each alone; 100 kbit/s as bits, 10 kbit/s as control bits."""
    battery = {"audiences": {"crowd": {"terminal": {"battery": "3 J", "charge": 0.8}}}}
    done = match(["at-terminal"], count=2, services={"angle": {"deadline": "1500 ms"}}, **battery)
    first, second = done.views[:2]
    assert (first.time_s, first.period_s, first.service, first.common) == (0.0, 1.0, "angle", "live")
    assert (first.segment_s, first.deadline_s) == (1.0, 1.5)
    assert (first.sent_bits, first.control_bits) == (100_000.0, 10_000.0)
    assert (first.sent_fidelity, first.generated_fidelity) == (1.0, 0.9)
    assert [done.simulation.population.users[row] for row in first.user] == ["crowd:0", "crowd:1"]
    assert first.how.tolist() == [Add.NONE] * 2
    assert second.how.tolist() == [Add.AT_TERMINAL] * 2
    assert [cell.name for cell in first.cells] == ["C"]
    assert first.cell.tolist() == [0, 0]
    assert first.sent_share.tolist() == pytest.approx([0.1, 0.1])
    assert first.control_share.tolist() == pytest.approx([0.01, 0.01])
    assert first.rate_bps.tolist() == pytest.approx([1e6, 1e6])
    assert first.can_terminal.all()
    assert first.terminal_s.tolist() == pytest.approx([0.1, 0.1])
    assert first.terminal_joule.tolist() == pytest.approx([0.3, 0.3])
    assert first.battery.tolist() == pytest.approx([0.8, 0.8])
    assert second.battery.tolist() == pytest.approx([0.7, 0.7])
    assert (first.can_cell.tolist(), first.cell_streams.tolist()) == ([True], [1])
    assert first.cell_s.tolist() == pytest.approx([0.02])
    assert not any(
        array.flags.writeable for array in (first.how, first.battery, first.can_terminal, first.cell_s)
    )


def test_without_an_action_everything_is_sent_or_left_out(match):
    done = match(["at-cell", "at-terminal", "sent"], collaboration={"addition": {"action": None}})
    view = done.views[0]
    assert (view.control_bits, view.generated_fidelity, view.control_share.tolist()) == (0.0, 0.0, [0.0])
    assert [view.can_cell.any(), view.can_terminal.any()] == [False, False]
    assert done.users()[0]["segments_joined"] == 3


def test_what_keeps_too_little_meaning_is_not_generated(match):
    done = match(["at-cell", "at-terminal", "sent"], services={"angle": {"required_fidelity": 0.95}})
    assert [done.views[0].can_cell.any(), done.views[0].can_terminal.any()] == [False, False]
    assert [row["reason"] for row in done.rows("segments", service="angle")] == [""] * 3


def test_who_begins_to_watch_gets_it_from_the_next_look_on(match):
    """All come at 1 s; the policy looks at 0 s, when nobody is there, and at 2 s."""
    late = {"audiences": {"crowd": {"join": {"kind": "step", "at": "1 s"}}}}
    done = match(["sent"], period="2 s", **late)
    assert len(done.rows("decisions", mode="addition")) == 1
    assert [user["segments_offered"] for user in done.users()] == [1]
    assert [user["segments_offered"] for user in done.users("live")] == [2]


def test_a_decision_that_cannot_be_carried_out_is_an_error(match):
    where = 'policy "script" at cellular-core, t = 0.000000 s, service angle: AT_TERMINAL for user'
    with pytest.raises(PolicyError, match=where):
        match(["at-terminal"], reckless=True, audiences={"crowd": {"terminal": {"generator": None}}})
