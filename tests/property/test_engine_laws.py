"""Random small scenarios with random policies: every run closes its books, and what it records adds up."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow.compute as pc
import pytest
import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from netgen.ledger import LedgerReader
from netgen.run import run

POLICY = '''
from netgen.policy import Contract, Drop, Expand, Forward, RelayPolicy


class AnyLegal(RelayPolicy):
    """Decides at random; drops only now and then."""

    def __init__(self, *, drop: float = 0.05) -> None:
        self.drop = drop

    def decide(self, view, rng):
        options = [option for option in view.options if not isinstance(option.decision, Drop)]
        if rng.random() < self.drop:
            return view.drop.decision
        return options[rng.integers(len(options))].decision


class Busy(RelayPolicy):
    """Contracts or expands whenever it may, whatever it costs."""

    def decide(self, view, rng):
        actions = [option for option in view.options if isinstance(option.decision, Contract | Expand)]
        return actions[rng.integers(len(actions))].decision if actions else view.forward.decision
'''

CAPACITY = st.one_of(
    st.sampled_from(["300 kbit/s", "1 Mbit/s", "3 Mbit/s", "20 Mbit/s"]),
    st.sampled_from(
        [
            {"kind": "steps", "steps": {"0 s": "2 Mbit/s", "700 ms": "0 bit/s", "1.1 s": "5 Mbit/s"}},
            {"kind": "steps", "steps": {"0 s": "0 bit/s", "300 ms": "4 Mbit/s"}, "period": "500 ms"},
            {"kind": "steps", "steps": {"0 s": "3 Mbit/s", "900 ms": "0 bit/s"}},
        ]
    ),
)
LOSS = st.sampled_from(
    ["0", "0", "1 %", "20 %", {"kind": "gilbert", "loss_bad": "100 %", "good": "300 ms", "bad": "100 ms"}]
)


@st.composite
def links(draw):
    link = {"capacity": draw(CAPACITY), "delay": draw(st.sampled_from(["1 us", "1 ms", "13 ms"]))}
    link["queue"] = draw(st.sampled_from([None, None, "11200 bit", "100 kbit", "1 MB"]))
    link["loss"] = draw(LOSS)
    link["retransmissions"] = draw(st.integers(0, 2))
    return link


@st.composite
def nodes(draw, kind: str):
    node: dict = {"kind": kind, "gpu": None}
    if draw(st.booleans()):
        memory = draw(st.sampled_from(["3 GB", "4 GB", "24 GB"]))
        node["gpu"] = {"device": "L4", "streams": draw(st.integers(1, 3)), "memory": memory}
        node["gpu"]["load_rate"] = draw(st.sampled_from(["10 GB/s", "1000 GB/s"]))
    if draw(st.booleans()):
        node["policy"] = draw(st.sampled_from(["any", "busy", "forward"]))
    return node


@st.composite
def actions(draw):
    made = {
        "declared": {
            "contract_time": draw(st.sampled_from(["0 s", "20 ms", "400 ms"])),
            "expand_time": draw(st.sampled_from(["0 s", "50 ms", "900 ms"])),
            "memory": draw(st.sampled_from(["1 GB", "2 GB", "3 GB"])),
        },
        "bits_per_pixel": draw(st.sampled_from([0.001, 0.01, 0.05])),
        "semantic_fidelity": draw(st.sampled_from([0.0, 0.6, 0.95, 1.0])),
        "mode": draw(st.sampled_from(["full-reference", "semi-reference", "no-reference"])),
    }
    if draw(st.booleans()):
        made["generative_share"] = draw(st.sampled_from([0.0, 0.3, 1.0]))
    if draw(st.booleans()):
        made["expanded_rate"] = draw(st.sampled_from(["100 kbit/s", "2 Mbit/s"]))
    return made


@st.composite
def services(draw, places: list[str], contents: list[str]):
    source = draw(st.sampled_from([name for name in places if name.startswith("n")]))
    cells = [name for name in places if name.startswith("c")]
    wired = [[name] for name in places if name not in (source, *cells)]
    ends = draw(
        st.lists(st.sampled_from(wired + [cells] * bool(cells)), min_size=1, max_size=4, unique_by=tuple)
    )
    service = {
        "content": draw(st.sampled_from(contents)),
        "from": source,
        "to": [name for end in ends for name in end],
        "policy": draw(st.sampled_from(["any", "busy", "forward"])),
        "cast": draw(st.sampled_from(["unicast", "multicast"])),
        "arrivals": draw(st.sampled_from(["periodic", "poisson"])),
        "route": {"weight": draw(st.sampled_from(["delay", "hops"]))},
        "loss_tolerance": draw(st.sampled_from([0.0, 0.0, 0.1, 0.9])),
    }
    if draw(st.booleans()):
        service["deadline"] = draw(st.sampled_from(["30 ms", "300 ms", "1 s"]))
    if draw(st.booleans()):
        service["start"] = draw(st.sampled_from(["100 ms", "500 ms"]))
    if draw(st.booleans()):
        service["stop"] = "1.2 s"
    return service


@st.composite
def scenarios(draw):
    """A ring of relays, perhaps with a tower and cells, some services, audiences and background traffic."""
    count = draw(st.integers(3, 5))
    ring = [f"n{k}" for k in range(count)]
    made_nodes = {name: draw(nodes("relay")) for name in ring}
    made_links = {}
    for k, name in enumerate(ring):
        made_links[f"{name} -> {ring[(k + 1) % count]}"] = draw(links())
        made_links[f"{ring[(k + 1) % count]} -> {name}"] = draw(links())
    radio = []
    if draw(st.booleans()):
        made_nodes["mast"] = draw(nodes("tower"))
        made_nodes["mast"]["radio"] = {
            "capacity": draw(st.sampled_from(["500 kbit/s", "5 Mbit/s"])),
            "coverage": draw(st.sampled_from([0.5, 1.0])),
            "segment_loss": draw(st.sampled_from([0.0, 0.3])),
        }
        radio.append("mast")
        for cell in draw(st.sampled_from([[], ["c1"], ["c1", "c2"]])):
            made_nodes[cell] = draw(nodes("cell"))
            capacity = draw(st.sampled_from(["400 kbit/s", "6 Mbit/s"]))
            made_nodes[cell]["radio"] = {
                "capacity": capacity,
                "peak_rate": draw(st.sampled_from([capacity, "250 kbit/s"])),
            }
            radio.append(cell)
        for name in radio:
            made_links[f"{draw(st.sampled_from(ring))} -> {name}"] = draw(links())
    contents = {}
    for name in draw(st.sampled_from([["v"], ["v", "w"]])):
        contents[name] = {
            "kind": "parametric", "format": draw(st.sampled_from(["320x180@25", "640x360@25"])),
            "rate": draw(st.sampled_from(["100 kbit/s", "700 kbit/s", "3 Mbit/s"])),
            "segment": draw(st.sampled_from(["200 ms", "500 ms", "1 s"])),
            "sizes": draw(st.sampled_from(["constant", "exponential"])), "class": "natural", "semantic_bits": 30,
        }  # fmt: skip
    names = [f"s{k}" for k in range(draw(st.integers(1, 4)))]
    found = {name: draw(services(list(made_nodes), list(contents))) for name in names}
    if radio:
        for service in found.values():
            at_cells = any(to.startswith("c") for to in service["to"]) and service["cast"] == "unicast"
            service["personal"] = at_cells and draw(st.booleans())
            service["pacing"] = draw(st.sampled_from([0, 0, 0.5, 1]))
    scenario = {
        "name": "any", "seed": draw(st.integers(0, 999)),
        "duration": draw(st.sampled_from(["1.7 s", "2 s", "2.5 s"])),
        "warmup": draw(st.sampled_from(["0 s", "600 ms"])),
        "interval": draw(st.sampled_from(["100 ms", "333 ms", "1 s"])),
        "epoch": draw(st.sampled_from(["50 ms", "100 ms", "170 ms"])),
        "nodes": made_nodes, "links": made_links, "contents": contents,
        "actions": {name: draw(actions()) for name in draw(st.sampled_from([[], ["a"], ["a", "b", "c"]]))},
        "policies": {"any": "policy.py:AnyLegal", "busy": "policy.py:Busy"}, "services": found,
    }  # fmt: skip
    watched = [name for name in names if set(found[name]["to"]) & set(radio)]
    if watched:
        audience = {"count": draw(st.integers(1, 12)), "tower": "mast", "watches": watched}
        audience["cells"] = [name for name in radio if name != "mast"]
        audience["join"] = draw(st.sampled_from(["start", {"kind": "uniform", "over": "2 s"}]))
        scenario["audiences"] = {"crowd": audience}
    if draw(st.booleans()):
        kind = draw(st.sampled_from(["poisson", "constant"]))
        scenario["background"] = {"b": {"from": ring[0], "to": ring[1], "rate": "500 kbit/s", "kind": kind}}
    return scenario


def checked_run(scenario: dict) -> tuple[dict, dict[str, list[dict]]]:
    """Run a scenario in a folder of its own; return its summary and its records."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "policy.py").write_text(POLICY, encoding="utf-8")
        (place / "any.yaml").write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
        summary = run(place / "any.yaml", out=place / "out").summary
        reader = LedgerReader(place / "out")
        tables = {name: reader.table(name).to_pylist() for name in ("links", "nodes", "users", "segments")}
        decisions = reader.table("decisions", ["kind", "missed"])
        tables["decisions"] = decisions.to_pylist()
        assert len(decisions) == summary["decisions"]
        assert pc.sum(reader.table("links", ["carried_bits"])["carried_bits"]).as_py() == summary["bits_sent"]
    return summary, tables


def outcomes_add_up(summary: dict, tables: dict[str, list[dict]]) -> None:
    """Users' counts, segments' records and the headline say the same."""
    ends = ("delivered", "late", "lost", "in_flight")
    assert summary["segments_offered"] == sum(summary[f"segments_{end}"] for end in ends)
    counted = [row for row in tables["segments"] if not row["warmup"]]
    assert summary["segments_offered"] == sum(row["users"] for row in counted)
    on_time = sum(row["users_delivered"] - row["users_late"] for row in counted)
    assert summary["segments_delivered"] == on_time
    assert summary["segments_late"] == sum(row["users_late"] for row in counted)
    flying = sum(row["users"] for row in counted if row["outcome"] == "in-flight")
    assert summary["segments_in_flight"] == flying
    for row in tables["users"]:
        parts = ("segments_delivered", "segments_late", "segments_lost", "segments_in_flight")
        assert row["segments_offered"] == sum(row[part] for part in parts)
        assert min(row[part] for part in parts) >= 0
        assert row["semantic_bits_delivered"] <= row["semantic_bits_offered"] * (1 + 1e-12)


def histories_make_sense(tables: dict[str, list[dict]]) -> None:
    """Times go forward, meaning never grows, lateness is what the deadline says."""
    for row in tables["segments"]:
        starts = [stage["start_s"] for stage in row["stages"]]
        assert all(stage["end_s"] >= stage["start_s"] - 1e-9 for stage in row["stages"])
        assert starts == sorted(starts)
        meanings = [stage["semantic_bits"] for stage in row["stages"]]
        assert meanings == sorted(meanings, reverse=True)
        assert 0 <= row["users_late"] <= row["users_delivered"] <= row["users"]
        if row["outcome"] in ("lost", "in-flight"):
            assert row["users_delivered"] == 0
            assert row["completed_s"] is None
            continue
        if not row["users_delivered"]:
            assert row["users"] == 0
            continue
        assert row["delay_s"] >= 0
        assert row["completed_s"] >= row["stages"][0]["start_s"]
        if row["deadline_s"] is not None and row["users_delivered"] == 1:
            assert (round(row["delay_s"], 9) > row["deadline_s"]) == bool(row["users_late"])


def nothing_exceeds_its_bounds(scenario: dict, summary: dict, tables: dict[str, list[dict]]) -> None:
    """Links within their capacity, GPUs within their streams, all counts within what was asked."""
    for row in tables["links"]:
        assert (
            min(row["carried_bits"], row["lost_bits"], row["background_bits"], row["retransmitted_bits"]) >= 0
        )
        assert row["carried_bits"] <= row["capacity_bits"] + 3
        assert row["semantic_bits"] >= 0
    for row in tables["nodes"]:
        gpu = scenario["nodes"][row["node"]]["gpu"]
        streams = 0 if gpu is None else gpu["streams"]
        assert row["gpu_busy_s"] + row["gpu_load_s"] <= streams * row["length_s"] + 1e-9
        if gpu is not None:
            assert row["energy_joule"] > 0
    done = sum(row["contracted"] + row["expanded"] for row in tables["nodes"])
    assert done == sum(row["gpu_jobs"] for row in tables["nodes"])
    chosen = sum(row["kind"] in ("contract", "expand") for row in tables["decisions"])
    missed = sum(bool(row["missed"]) for row in tables["decisions"])
    assert missed == summary["deadline_misses"] == sum(row["deadline_misses"] for row in tables["nodes"])
    assert done + missed <= chosen


def check(scenario: dict) -> None:
    """A run raises ConservationError where a law is broken; the rest is looked up in its records."""
    summary, tables = checked_run(scenario)
    assert summary["laws"]
    assert all(law["holds"] for law in summary["laws"].values())
    outcomes_add_up(summary, tables)
    histories_make_sense(tables)
    nothing_exceeds_its_bounds(scenario, summary, tables)
    event("some delivered" if summary["segments_delivered"] else "nothing delivered")
    event("some in flight" if summary["segments_in_flight"] else "nothing in flight")
    event("actions" if any(row["gpu_jobs"] for row in tables["nodes"]) else "no actions")
    event("misses" if summary["deadline_misses"] else "no misses")


@settings(max_examples=150)
@given(scenario=scenarios())
def test_random_scenarios_close_their_books(scenario):
    check(scenario)


@pytest.mark.slow
@settings(max_examples=1000)
@given(scenario=scenarios())
def test_many_more_random_scenarios(scenario):
    check(scenario)
