"""Random small scenarios of elastic transmission with random policies and faults: every run closes its books."""

from __future__ import annotations

import hashlib
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from netgen.ledger import LedgerReader
from netgen.run import run

POLICY = '''
import numpy as np

from netgen.policy import (
    Add, AdditionDecision, AdditionPolicy, ContinuationDecision, ContinuationPolicy, OffloadingDecision,
    OffloadingPolicy, Serve, can_generate_at_cell, can_generate_at_terminal,
)


class AnyService(ContinuationPolicy):
    """Flips users at random; with `repair` repairs are among the ways."""

    def __init__(self, *, flip: float = 0.5, repair: bool = True) -> None:
        self.flip, self.ways = flip, len(Serve) if repair else 2

    def decide(self, view, rng):
        wanted = rng.integers(0, self.ways, len(view.user))
        if self.ways == 2:
            wanted = np.where(wanted, Serve.CELLULAR, Serve.BROADCAST)
        can = ~view.moving & ((view.cell >= 0) | (wanted == Serve.BROADCAST))
        serve = np.where(can & (rng.random(len(view.user)) < self.flip), wanted, view.served)
        cast = ("unicast", "multicast")[rng.integers(2)]
        return ContinuationDecision(serve, cast, "at random")


class AnyContent(OffloadingPolicy):
    """Moves contents at random, as far as they fit."""

    def __init__(self, *, flip: float = 0.5) -> None:
        self.flip = flip

    def decide(self, view, rng):
        left = [channel.capacity_bps for channel in view.channels]
        chosen = []
        for content in sorted(view.contents, key=lambda content: not content.moving):
            flip = rng.random() < self.flip
            wanted = content.on_tower if content.moving else content.on_tower != flip
            if wanted and (content.moving or content.rate_bps <= left[content.channel]):
                left[content.channel] -= content.rate_bps
                chosen.append(content.service)
        return OffloadingDecision(tuple(chosen), "at random")


class AnyWay(AdditionPolicy):
    """Gives everybody some way that is legal."""

    def decide(self, view, rng):
        able = np.stack([
            np.ones(len(view.user), dtype=bool), view.cell >= 0, can_generate_at_cell(view), can_generate_at_terminal(view),
        ])
        luck = np.where(able, rng.random(able.shape), -1.0)
        return AdditionDecision(luck.argmax(axis=0), "at random")
'''  # noqa: E501

RATES = st.sampled_from(["200 kbit/s", "1 Mbit/s", "8 Mbit/s"])
SECONDS = st.sampled_from(["100 ms", "250 ms", "500 ms", "700 ms", "1 s", "1.5 s", "2 s", "2.31 s"])
HOLES = [
    {"kind": "rectangle", "from": ["100 m", "-50 m"], "to": ["300 m", "50 m"]},
    {"kind": "disc", "centre": ["0 m", "0 m"], "radius": "60 m"},
]


@st.composite
def towers(draw):
    radio = {
        "capacity": draw(st.sampled_from(["300 kbit/s", "1 Mbit/s", "8 Mbit/s"])),
        "delay": draw(st.sampled_from(["1 us", "1 ms", "40 ms"])),
        "coverage": draw(st.sampled_from([0.5, 1.0, 1.0])),
        "segment_loss": draw(st.sampled_from([0.3, 0.0, 0.9])),
        "lost_share": draw(st.sampled_from([0.01, 0.3, 1.0])),
        "holes": draw(st.sampled_from([[], HOLES[:1], HOLES])),
    }
    return {"kind": "tower", "radio": radio}


@st.composite
def cells(draw):
    capacity = draw(RATES)
    node = {
        "kind": "cell",
        "radio": {"capacity": capacity, "peak_rate": draw(st.sampled_from([capacity, "150 kbit/s"]))},
    }
    if draw(st.booleans()):
        node["gpu"] = {"device": "L4", "streams": draw(st.integers(1, 2)), "memory": "24 GB"}
    return node


@st.composite
def links(draw):
    return {
        "capacity": draw(st.sampled_from(["400 kbit/s", "2 Mbit/s", "20 Mbit/s"])),
        "delay": draw(st.sampled_from(["1 us", "1 ms", "13 ms"])),
        "queue": draw(st.sampled_from([None, None, "30 kbit"])),
        "loss": draw(st.sampled_from(["0", "0", "5 %"])),
    }


@st.composite
def audiences(draw, masts: list[str], names: list[str], services: list[str], action: bool):
    made = {
        "count": draw(st.integers(1, 9)),
        "cells": draw(st.lists(st.sampled_from(names), unique=True, min_size=1)),
        "assignment": draw(st.sampled_from(["even", "random"])),
        "watches": services,
        "join": draw(
            st.sampled_from(
                ["start", {"kind": "uniform", "over": "2 s"}, {"kind": "step", "at": "1 s", "before": 0.5}]
            )
        ),
        "terminal": {"tuner": draw(st.sampled_from([1.0, 0.5, 1.0, 0.0]))},
        "mobility": draw(
            st.sampled_from(
                [
                    "static",
                    {"kind": "line", "points": [["0 m", "0 m"], ["600 m", "0 m"]], "speed": "120 m/s"},
                    {"kind": "random-waypoint", "speed": ["10 m/s", "200 m/s"]},
                ]
            )
        ),
        "place": {"kind": "disc", "radius": "200 m"},
    }
    if draw(st.booleans()) or len(names) == 1:
        made["cells"] = names
    tower = draw(st.sampled_from([*masts, *masts, *masts, None]))
    if tower is not None:
        made["tower"] = tower
        if draw(st.integers(0, 9)) == 9:
            made["cells"] = []
    if draw(st.booleans()):
        made["stay"] = draw(st.sampled_from(["300 ms", "1 s", {"kind": "exponential", "mean": "1 s"}]))
    if action and draw(st.booleans()):
        made["terminal"]["generator"] = {
            "device": "L4", "slowdown": draw(st.sampled_from([0.5, 3.0])), "memory": "8 GB", "power": "5 W",
        }  # fmt: skip
        if draw(st.booleans()):
            made["terminal"] |= {"battery": "2 J", "charge": draw(st.sampled_from([0.0, 0.4, 1.0]))}
    return made


@st.composite
def faults(draw, scenario: dict):
    masts = [name for name, node in scenario["nodes"].items() if node["kind"] == "tower"]
    stations = [name for name, node in scenario["nodes"].items() if node["kind"] == "cell"]
    gpus = [name for name, node in scenario["nodes"].items() if node.get("gpu")]
    where = {"tower": masts, "cell": stations, "link": list(scenario["links"]), "gpu": gpus, "cores": [None]}
    what = draw(st.sampled_from([kind for kind, places in where.items() if places]))
    # The instants of looks and of what they bring are among those of the faults.
    made = {"what": what, "at": draw(SECONDS), "repair": draw(SECONDS), "random": draw(st.booleans())}
    place = draw(st.sampled_from(where[what]))
    return made if place is None else made | {"where": place}


def reaches(service: dict, audience: dict) -> bool:
    """Whether all users of an audience get a service from their tower, or all from their cells."""
    cells = set(audience["cells"])
    return audience.get("tower") in service["to"] or bool(cells and cells <= set(service["to"]))


@st.composite
def scenarios(draw):
    """A source, towers, cells and perhaps a terminal; services in some of the modes; audiences; faults."""
    masts = draw(st.sampled_from([["mast"], ["mast"], ["mast"], ["mast", "other"]]))
    names = draw(st.sampled_from([["c1"], ["c1", "c2"], ["c1", "c2", "c3"]]))
    action = draw(st.booleans())
    nodes: dict = {"core": {"kind": "edge", "gpu": {"device": "L4", "streams": 2, "memory": "24 GB"}}}
    nodes |= {name: draw(towers()) for name in masts} | {name: draw(cells()) for name in names}
    between = {f"core -> {name}": draw(links()) for name in (*masts, *names)}
    contents = {
        name: {
            "kind": "parametric", "format": "320x180@25", "rate": draw(st.sampled_from(["100 kbit/s", "250 kbit/s"])),
            "segment": "500 ms", "sizes": draw(st.sampled_from(["constant", "exponential"])),
            "class": "natural", "semantic_bits": 30,
        }
        for name in ("v", "w")
    }  # fmt: skip
    services, continued, offloaded, added = {}, [], [], []
    for k in range(draw(st.integers(1, 3))):
        name, modes = f"s{k}", draw(st.sampled_from(["co", "co", "c", "c", "o", ""]))
        to = [draw(st.sampled_from(masts)), *names] if "o" in modes else [*masts, *names]
        if draw(st.integers(0, 9)) == 9:
            to = to[:-1]
        services[name] = {"content": draw(st.sampled_from(["v", "w"])), "from": "core", "to": to}
        deadline = draw(st.sampled_from(["1.5 s", "400 ms", None, "20 ms"]))
        if deadline is not None:
            services[name]["deadline"] = deadline
        if "c" not in modes and draw(st.integers(0, 9)) == 0:
            services[name]["stop"] = "1.2 s"
        continued += [name] * ("c" in modes)
        offloaded += [name] * ("o" in modes)
        if draw(st.booleans()):
            services[f"e{k}"] = {
                "content": draw(st.sampled_from(["v", "w"])), "from": "core", "to": names, "personal": True,
                "enhances": name, "deadline": draw(st.sampled_from(["400 ms", "1.5 s"])),
            }  # fmt: skip
            added += [f"e{k}"] * draw(st.booleans())
    together: dict = {
        "cores": {
            "delay": draw(st.sampled_from(["1 us", "10 ms", "500 ms", "700 ms"])),
            "rate": draw(st.sampled_from(["10 kbit/s", "100 Mbit/s"])),
            "period": draw(st.sampled_from(["250 ms", "100 ms", "500 ms", "1 s"])),
        }
    }
    if continued:
        together["continuation"] = {
            "services": continued, "policy": draw(st.sampled_from(["flip", "flip", "hand", "never-collaborate"])),
            "predictor": draw(st.sampled_from(["perfect", "noisy", "learned"])), "horizon": "1 s",
            "repair": {
                "offset": draw(st.sampled_from(["0 s", "30 ms"])), "backoff": draw(st.sampled_from(["0 s", "300 ms"])),
            },
        }  # fmt: skip
    if offloaded:
        together["offloading"] = {
            "services": offloaded, "policy": draw(st.sampled_from(["shift", "shift", "shift", "never-collaborate"])),
            "tune_in": draw(st.sampled_from(["0 s", "200 ms", "500 ms"])),
        }  # fmt: skip
    if added:
        together["addition"] = {"services": added, "policy": "add", "action": "a" if action else None}
    if draw(st.booleans()):
        together["admission"] = draw(st.sampled_from([0.05, 0.5, 1.0]))
    scenario = {
        "name": "any", "seed": draw(st.integers(0, 999)), "duration": draw(st.sampled_from(["2.5 s", "3 s", "3.7 s"])),
        "warmup": draw(st.sampled_from(["0 s", "0 s", "600 ms"])), "epoch": draw(st.sampled_from(["50 ms", "170 ms"])),
        "nodes": nodes, "links": between, "contents": contents, "services": services,
        "policies": {
            "flip": {"use": "policy.py:AnyService", "with": {"flip": draw(st.sampled_from([0.5, 0.1, 0.9]))}}, "hand": {"use": "policy.py:AnyService", "with": {"repair": False}},  # noqa: E501
            "shift": {"use": "policy.py:AnyContent"}, "add": {"use": "policy.py:AnyWay"},
        },
    }  # fmt: skip
    if action:
        scenario["actions"] = {
            "a": {
                "declared": {"contract_time": "10 ms", "expand_time": "80 ms", "memory": "2 GB"},
                "bits_per_pixel": 0.001, "semantic_fidelity": 0.9,
                "mode": draw(st.sampled_from(["full-reference", "semi-reference"])),
            }
        }  # fmt: skip
    if continued or offloaded or added:
        scenario["collaboration"] = together
    scenario["audiences"] = {
        name: draw(audiences(masts, names, list(services), action))
        for name in draw(st.sampled_from([["crowd"], ["crowd", "few"]]))
    }
    if scenario.get("collaboration"):
        made = [draw(faults(scenario)) for _ in range(draw(st.integers(0, 3)))]
        has_modes = any(mode in together for mode in ("continuation", "offloading", "addition"))
        scenario["faults"] = [fault for fault in made if has_modes or fault["what"] != "cores"]
    return scenario


def legal(scenario: dict) -> dict:
    """The scenario without what nobody watches, and without the modes of what then has not both ways."""
    services, viewers = scenario["services"], list(scenario["audiences"].values())
    for _ in range(3):
        for audience in viewers:
            audience["watches"] = [
                name for name in audience["watches"] if reaches(services.get(name, {"to": []}), audience)
            ]
        for name, service in list(services.items()):
            mine = [audience for audience in viewers if name in audience["watches"]]
            served = {to for audience in mine for to in (audience.get("tower"), *audience["cells"])}
            service["to"] = [to for to in service["to"] if to in served]
            if not service["to"] or service.get("enhances", name) not in services:
                del services[name]
    for name in [name for name, audience in scenario["audiences"].items() if not audience["watches"]]:
        del scenario["audiences"][name]
    together = scenario.get("collaboration", {})
    for mode in ("continuation", "offloading", "addition"):
        if mode in together:
            kept = [name for name in together[mode]["services"] if movable(scenario, name, mode)]
            together[mode]["services"] = kept
            if not kept:
                del together[mode]
    if not {"continuation", "offloading", "addition"} & set(together):
        scenario["faults"] = [fault for fault in scenario.get("faults", []) if fault["what"] != "cores"]
        scenario.pop("collaboration", None)
    return scenario


def movable(scenario: dict, name: str, mode: str) -> bool:
    """Whether a service still has what its mode wants."""
    if name not in scenario["services"]:
        return False
    kinds = {scenario["nodes"][to]["kind"] for to in scenario["services"][name]["to"]}
    return kinds >= ({"cell"} if mode == "addition" else {"tower", "cell"})


def checked_run(scenario: dict, check) -> None:
    """Run a scenario in a folder of its own and have its records checked."""
    with tempfile.TemporaryDirectory() as folder:
        check(scenario, *in_folder(scenario, Path(folder)))


def in_folder(scenario: dict, folder: Path, name: str = "out") -> tuple[dict, Path]:
    """Run a scenario; return its summary and its run directory."""
    (folder / "policy.py").write_text(POLICY, encoding="utf-8")
    (folder / "any.yaml").write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
    return run(folder / "any.yaml", out=folder / name).summary, folder / name


def digests(folder: Path) -> dict[str, str]:
    """Fingerprints of the tables of a run."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.parquet"))
    }


def records_agree(scenario: dict, summary: dict, folder: Path) -> None:
    """What the records must show of any run."""
    reader = LedgerReader(folder)
    tables = {name: reader.table(name).to_pylist() for name in ("users", "segments", "switches", "decisions")}
    assert summary["laws"]
    assert all(law["holds"] for law in summary["laws"].values())
    users_add_up(tables)
    switches_alternate(scenario, tables["switches"])
    instants_are_in_order(tables)
    blocked_with_reason(scenario, tables)
    together = scenario.get("collaboration", {})
    for mode in ("continuation", "offloading", "addition"):
        event(f"{mode}: {mode in together}")
    event(f"switches: {bool(tables['switches'])}")
    event(f"repairs: {any(row['purpose'] == 'repair' for row in tables['segments'])}")
    event(f"resent: {any(row['segments_resent'] for row in tables['switches'])}")
    event(f"blocked: {any(row['segments_blocked'] for row in tables['users'])}")


def users_add_up(tables: dict[str, list[dict]]) -> None:
    """Each user's segments add up, and the records of segments count the same."""
    ends = ("segments_delivered", "segments_late", "segments_lost", "segments_in_flight")
    for row in tables["users"]:
        assert row["segments_offered"] == sum(row[end] for end in ends)
        assert min(row[end] for end in ends) >= 0
        complete = row["segments_delivered"] + row["segments_late"]
        assert row["segments_broadcast"] + row["segments_cellular"] == complete
        assert row["segments_repaired"] <= row["segments_cellular"]
        assert row["segments_blocked"] <= row["segments_lost"]
        assert row["interruption_s"] <= 0.5 * (complete + row["segments_lost"]) + 1e-9
    counted = [row for row in tables["segments"] if not row["warmup"]]
    services = {row["service"] for row in tables["users"]}
    for service in services:
        mine = [row for row in tables["users"] if row["service"] == service]
        sent = [row for row in counted if row["service"] == service]
        assert sum(row["segments_offered"] for row in mine) == sum(row["users"] for row in sent)
        late = sum(row["users_late"] for row in sent)
        assert sum(row["segments_late"] for row in mine) == late
        assert (
            sum(row["segments_delivered"] for row in mine)
            == sum(row["users_delivered"] for row in sent) - late
        )
        blocked = sum(row["users"] for row in sent if row["reason"] == "blocked")
        assert sum(row["segments_blocked"] for row in mine) == blocked
        repaired = sum(row["users_delivered"] for row in sent if row["purpose"] == "repair")
        assert sum(row["segments_repaired"] for row in mine) == repaired


def switches_alternate(scenario: dict, switches: list[dict]) -> None:
    """A user of a service goes on from where the last move led, and is moved by one move at a time."""
    of_user: dict[tuple[str, str], list[dict]] = {}
    for row in switches:
        of_user.setdefault((row["user"], row["service"]), []).append(row)
    together = scenario.get("collaboration", {})
    offloaded = together.get("offloading", {}).get("services", [])
    for (_, service), moves in of_user.items():
        at = "cellular" if service in offloaded else "broadcast"
        free_s = 0.0
        for move in moves:
            assert move["origin"] == at
            assert move["target"] != at
            begun_s = move["effective_s"] if move["mode"] == "offloading" else move["decided_s"]
            assert begun_s >= free_s - 1e-9
            if move["transfer_s"] is None:
                assert move["effective_s"] is None
                free_s = float("inf")
                continue
            free_s = move["decided_s"] + move["transfer_s"]
            if move["effective_s"] is not None:
                assert move["effective_s"] == pytest.approx(free_s, abs=1e-9)
                at = move["target"]


def instants_are_in_order(tables: dict[str, list[dict]]) -> None:
    """Decisions are numbered in the order of time, and moves belong to decisions that asked for them."""
    times_s = [row["time_s"] for row in tables["decisions"]]
    assert times_s == sorted(times_s)
    assert [row["decision"] for row in tables["decisions"]] == list(range(len(times_s)))
    made = {row["decision"]: row for row in tables["decisions"]}
    for row in tables["switches"]:
        decision = made[row["decision"]]
        assert decision["time_s"] == row["decided_s"]
        assert decision["mode"] == row["mode"]
        if row["mode"] == "continuation":
            assert decision["service"] == row["service"]
            (seen,) = [user for user in decision["users"] if user["user"] == row["user"]]
            assert (seen["was"], seen["chosen"]) == (row["origin"], row["target"])
    for before, after in pairwise(tables["switches"]):
        assert before["decided_s"] <= after["decided_s"] + 1e-9 or "offloading" in (
            before["mode"],
            after["mode"],
        )


def blocked_with_reason(scenario: dict, tables: dict[str, list[dict]]) -> None:
    """Nobody is left without a carrier while one has room: a cell on air that takes users on, or a tower that sends."""
    together = scenario.get("collaboration", {})
    offloaded = together.get("offloading", {}).get("services", [])
    kinds = {name: node["kind"] for name, node in scenario["nodes"].items()}
    sent = {
        (row["service"], row["index"], row["receiver"])
        for row in tables["segments"]
        if row["purpose"] == "stream" and row["reason"] != "blocked"
    }
    for row in tables["segments"]:
        if row["reason"] != "blocked":
            continue
        if kinds[row["receiver"]] == "tower":
            assert row["service"] in offloaded
            assert (row["service"], row["index"], row["receiver"]) not in sent
        else:
            assert together.get("admission") is not None
    for row in tables["users"]:
        if row["segments_blocked"] and row["source_kind"] == "broadcast" and row["service"] in offloaded:
            # Begins on a tower all the same: the user has no cell.
            assert row["segments_cellular"] == row["segments_repaired"] == 0
    if together.get("admission") is not None:
        cells_are_filled_as_told(scenario, tables)


def cells_are_filled_as_told(scenario: dict, tables: dict[str, list[dict]]) -> None:
    """Cells take users on up to the share that they may be filled to; whom they block would not have fitted.

    What continuation has cast once for all may be cast to each one later, by users who have been taken on already.
    """
    together = scenario["collaboration"]
    moved = {
        name for mode in ("continuation", "offloading") for name in together.get(mode, {}).get("services", [])
    }
    contents = {
        name: scenario["contents"][service["content"]] for name, service in scenario["services"].items()
    }
    if any(content["sizes"] != "constant" for content in contents.values()):
        return
    period_s = parse_s(together["cores"]["period"])
    down = {fault["where"] for fault in scenario["faults"] if fault["what"] == "cell"}
    for name, node in scenario["nodes"].items():
        if node["kind"] != "cell" or name in down:
            continue
        capacity, peak = parse_bps(node["radio"]["capacity"]), parse_bps(node["radio"]["peak_rate"])
        room = together["admission"] * capacity * (1 + 1e-9)
        here = [row for row in tables["segments"] if row["receiver"] == name and row["purpose"] == "stream"]
        mine = [row for row in here if row["service"] in moved]
        taken = [row for row in here if row["reason"] != "blocked"]
        rate = {service: parse_bps(content["rate"]) for service, content in contents.items()}
        for offered_s in {row["offered_s"] for row in mine}:
            now = [row for row in mine if row["offered_s"] == offered_s and row["reason"] != "blocked"]
            took = sum(rate[row["service"]] * row["users"] for row in now)
            assert took <= room or "continuation" in together
        for row in mine:
            if row["reason"] == "blocked" and rate[row["service"]] <= peak:
                near = [each for each in taken if abs(each["offered_s"] - row["offered_s"]) <= period_s + 0.5]
                used = sum(rate[each["service"]] * each["users"] for each in near)
                assert used + rate[row["service"]] > room * (1 - 2e-9)


def parse_bps(text: str) -> float:
    """A rate of these scenarios, bit/s."""
    number, unit = text.split()
    return float(number) * {"kbit/s": 1e3, "Mbit/s": 1e6}[unit]


def parse_s(text: str) -> float:
    """A time of these scenarios, s."""
    number, unit = text.split()
    return float(number) * {"ms": 1e-3, "s": 1.0}[unit]


@settings(max_examples=60)
@given(scenario=scenarios())
def test_random_scenarios_of_collaboration_close_their_books(scenario):
    checked_run(legal(scenario), records_agree)


@pytest.mark.slow
@settings(max_examples=600)
@given(scenario=scenarios())
def test_many_more_random_scenarios_of_collaboration(scenario):
    checked_run(legal(scenario), records_agree)


@st.composite
def surges(draw):
    """Users of two contents come to a small cell; a tower that everybody hears takes contents over at random."""
    services = {
        name: {"content": name, "from": "core", "to": ["c1", "mast"], "deadline": "2 s"}
        for name in ("s0", "s1")
    }
    join = {"kind": "uniform", "over": draw(st.sampled_from(["500 ms", "3 s"]))}
    return {
        "name": "surge", "seed": draw(st.integers(0, 999)), "duration": "4 s", "epoch": "100 ms",
        "nodes": {
            "core": {"kind": "server"},
            "mast": {"kind": "tower", "radio": {"capacity": draw(st.sampled_from(["300 kbit/s", "1 Mbit/s"]))}},
            "c1": {"kind": "cell", "radio": {"capacity": "1 Mbit/s", "peak_rate": "500 kbit/s"}},
        },
        "links": {"core -> mast": {"capacity": "20 Mbit/s"}, "core -> c1": {"capacity": "20 Mbit/s"}},
        "contents": {
            name: {
                "kind": "parametric", "format": "320x180@25", "rate": "200 kbit/s", "segment": "500 ms",
                "class": "natural", "semantic_bits": 8, "sizes": "constant",
            }
            for name in services
        },
        "faults": [],
        "services": services,
        "policies": {"shift": {"use": "policy.py:AnyContent"}},
        "audiences": {
            name: {"count": draw(st.integers(1, 8)), "tower": "mast", "cells": ["c1"], "watches": [name], "join": join}
            for name in services
        },
        "collaboration": {
            "cores": {"delay": "1 ms", "period": draw(st.sampled_from(["250 ms", "700 ms", "5 s"]))},
            "offloading": {"services": list(services), "policy": "shift", "tune_in": "0 s"},
            "admission": draw(st.sampled_from([0.2, 0.6])),
        },
    }  # fmt: skip


@settings(max_examples=40)
@given(scenario=surges())
def test_nobody_is_blocked_by_a_cell_while_the_tower_serves_the_content(scenario):
    """Everybody hears the tower, and needs no time to tune in: where it serves anybody, it serves all."""

    def check(scenario: dict, summary: dict, folder: Path) -> None:
        records_agree(scenario, summary, folder)
        rows = LedgerReader(folder).table("segments").to_pylist()
        served = {
            (row["service"], row["index"]) for row in rows if row["receiver"] == "mast" and row["users"]
        }
        blocked = {(row["service"], row["index"]) for row in rows if row["reason"] == "blocked"}
        event(f"somebody by tower: {bool(served)}, somebody blocked: {bool(blocked)}")
        assert not served & blocked

    checked_run(scenario, check)


@settings(max_examples=8)
@given(scenario=scenarios())
def test_the_same_scenario_and_seed_give_the_same_bytes(scenario):
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        made = legal(scenario)
        _, one = in_folder(made, Path(first))
        _, two = in_folder(made, Path(second))
        assert digests(one) == digests(two)


def test_the_order_of_names_in_a_file_does_not_matter(tmp_path):
    """Policies, audiences, faults and the services of offloading the other way round: every user gets the same."""
    policies = Path(__file__).resolve().parents[2] / "policies"
    radio = {"capacity": "8 Mbit/s", "segment_loss": 0.05, "lost_share": 0.4, "holes": HOLES}
    link = {"capacity": "20 Mbit/s", "delay": "1 ms"}
    film = {
        "kind": "parametric",
        "format": "320x180@25",
        "rate": "250 kbit/s",
        "segment": "500 ms",
        "class": "natural",
    }
    to = {"from": "core", "to": ["mast", "c1", "c2"], "deadline": "1 s"}
    walk = {
        "place": {"kind": "disc", "radius": "250 m"},
        "mobility": {"kind": "random-waypoint", "speed": "60 m/s"},
    }
    common = {"tower": "mast", "cells": ["c1", "c2"], **walk}
    scenario = {
        "name": "order", "seed": 5, "duration": "12 s",
        "nodes": {
            "core": "server", "mast": {"kind": "tower", "radio": radio},
            "c1": {"kind": "cell", "radio": {"capacity": "6 Mbit/s", "peak_rate": "2 Mbit/s"}},
            "c2": {"kind": "cell", "radio": {"capacity": "2 Mbit/s", "peak_rate": "2 Mbit/s"}},
        },
        "links": {f"core -> {name}": link for name in ("mast", "c1", "c2")},
        "contents": {"v": {**film, "semantic_bits": 3}, "w": {**film, "semantic_bits": 5}},
        "policies": {
            "hand": {"use": f"{policies / 'continuation.py'}:Predictive", "with": {"dwell_s": 1.0}},
            "shift": {"use": f"{policies / 'offloading.py'}:Threshold", "with": {"start_audience": 5, "dwell_s": 2.0}},
        },
        "services": {"a": {"content": "v", **to}, "b": {"content": "w", **to}, "c": {"content": "v", **to}},
        "audiences": {
            "many": {"count": 7, "watches": ["a", "b"], "join": {"kind": "uniform", "over": "8 s"}, **common},
            "some": {"count": 5, "watches": ["a", "c"], "stay": "7 s", "terminal": {"tuner": 0.7}, **common},
        },
        "collaboration": {
            "cores": {"period": "500 ms"},
            "continuation": {"services": ["a", "b"], "policy": "hand", "horizon": "2 s"},
            "offloading": {"services": ["b", "c"], "policy": "shift"},
        },
        "faults": [
            {"what": "tower", "where": "mast", "at": "5 s", "repair": "1 s"},
            {"what": "cell", "where": "c2", "at": "7 s", "repair": "500 ms", "random": True},
        ],
    }  # fmt: skip
    turned = yaml.safe_load(yaml.safe_dump(scenario))
    for section in ("audiences", "policies", "contents", "nodes", "links"):
        turned[section] = dict(reversed(turned[section].items()))
    turned["faults"].reverse()
    for audience in turned["audiences"].values():
        audience["watches"].reverse()
    # Not those of continuation: in that order their messages wait behind each other, as services do at a link.
    turned["collaboration"]["offloading"]["services"].reverse()
    found = []
    for name, each in (("one", scenario), ("two", turned)):
        _, folder = in_folder(each, tmp_path, name)
        reader = LedgerReader(folder)
        users = {(row["user"], row["service"]): row for row in reader.table("users").to_pylist()}
        assert any(row["segments_repaired"] for row in users.values())
        keys = ("user", "service", "origin", "target", "mode", "effective_s")
        moves = sorted(tuple(row[key] for key in keys) for row in reader.table("switches").to_pylist())
        assert {move[4] for move in moves} == {"continuation", "offloading"}
        found.append((users, moves))
    (users, moves), (again, same) = found
    assert moves == same
    assert users.keys() == again.keys()
    for key, row in users.items():
        for name, value in row.items():
            assert again[key][name] == (
                pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
            )
