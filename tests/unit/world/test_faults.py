"""Faults of a scenario as spans of time."""

import math

from netgen.rng import Streams
from netgen.scenario import load_scenario
from netgen.topology.outages import Outages
from netgen.world.faults import build_outages, fault_rows

TEXT = """
name: broken
seed: 1
duration: 60 s
nodes:
  core: server
  mast: {kind: tower, radio: {capacity: 10 Mbit/s}}
links: {core -> mast: {capacity: 1 Gbit/s}}
contents: {v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, class: sports, semantic_bits: 10}}
services: {live: {content: v, from: core, to: mast}}
audiences: {fans: {count: 3, tower: mast, watches: live}}
faults:
  - {what: tower, where: mast, at: 40 s, repair: 5 s}
  - {what: link, where: core -> mast, at: 10 s, repair: 2 s, random: true}
"""


def test_rows_tell_what_where_and_when_by_begin():
    outages = {
        "tower": {"mast": Outages.of([(40.0, 45.0), (3.0, 4.0)])},
        "cores": {"cores": Outages.of([(3.0, math.inf)])},
    }
    assert fault_rows(outages) == [
        {"what": "cores", "where": "cores", "begin_s": 3.0, "end_s": None},
        {"what": "tower", "where": "mast", "begin_s": 3.0, "end_s": 4.0},
        {"what": "tower", "where": "mast", "begin_s": 40.0, "end_s": 45.0},
    ]
    assert fault_rows({}) == []


def test_random_repairs_are_told_as_they_are_drawn(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(TEXT, encoding="utf-8")
    scenario = load_scenario(path)
    first, second = (fault_rows(build_outages(scenario, Streams(seed))) for seed in (1, 2))
    assert [(row["what"], row["where"], row["begin_s"]) for row in first] == [
        ("link", "core->mast", 10.0),
        ("tower", "mast", 40.0),
    ]
    assert first[1]["end_s"] == second[1]["end_s"] == 45.0
    assert 10.0 < first[0]["end_s"] != second[0]["end_s"] != 12.0
    assert fault_rows(build_outages(scenario, Streams(1))) == first
