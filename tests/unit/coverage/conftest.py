"""A small scenario with a tower and a cellular network, as text."""

import pytest

from netgen.scenario import load_scenario

SCENARIO = """
name: town
seed: 5
duration: 2 s
nodes:
  studio: server
  ran:
    kind: ran
    radio: {layout: {kind: hexagonal, sites: 1, spacing: 500 m}, environment: uma, carrier: 3.5 GHz, bandwidth: 20 MHz}
  mast:
    kind: tower
    radio:
      kind: atsc3
      carrier: 600 MHz
      transmitters:
        main: {at: [30 km, 0 m], height: 100 m, power: 10 kW}
      pipes:
        robust: {constellation: QPSK, code_rate: 5/15, share: 50 %}
        rich: {constellation: 64QAM, code_rate: 10/15, share: 50 %}
links: {studio -> ran: {capacity: 1 Gbit/s}, studio -> mast: {capacity: 50 Mbit/s}}
contents: {v: {kind: parametric, format: 720p25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
services:
  common: {content: v, from: studio, to: mast}
  own: {content: v, from: studio, to: ran}
audiences:
  homes: {count: 30, tower: mast, watches: common, place: {kind: disc, radius: 3 km}, terminal: {receiver: roof-top}}
  walkers: {count: 60, tower: mast, watches: common, place: {kind: disc, radius: 2 km}}
  indoors: {count: 40, cells: ran, watches: own, terminal: {indoor: 100 %}}
  outdoors: {count: 20, cells: ran, watches: own}
"""


@pytest.fixture
def town(tmp_path):
    """Load the scenario, with keys changed and lines left out."""

    def go(*overrides, without=()):
        kept = [line for line in SCENARIO.splitlines() if line.strip().partition(":")[0] not in without]
        path = tmp_path / "town.yaml"
        path.write_text("\n".join(kept), encoding="utf-8")
        return load_scenario(path, overrides)

    return go
