"""Generators against graphs that networkx makes; importers on small files."""

from pathlib import Path

import networkx as nx
import pytest

from netgen.scenario import load_scenario
from netgen.scenario.reachability import _reached_from
from netgen.scenario.topologies import generate
from netgen.schema.network import CirculantTopology, GraphmlTopology, GridTopology, NodeLinkTopology

SAMPLES = Path(__file__).parent / "samples"


@pytest.mark.parametrize(("nodes", "offsets"), [(30, [1, 5]), (10, [1, 5]), (3, [1]), (12, [2, 3, 6])])
def test_circulant_is_the_graph_of_that_name(nodes, offsets):
    layout = generate(CirculantTopology(kind="circulant", nodes=nodes, offsets=tuple(offsets)))
    expected = nx.circulant_graph(nodes, offsets).to_directed()
    width = len(str(nodes - 1))
    assert set(layout.links) == {(f"n{a:0{width}d}", f"n{b:0{width}d}") for a, b in expected.edges}
    assert list(layout.nodes) == sorted(layout.nodes)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 4), (3, 4)])
def test_grid_is_the_graph_of_that_name(rows, columns):
    layout = generate(GridTopology(kind="grid", prefix="g", rows=rows, columns=columns))
    expected = nx.grid_2d_graph(rows, columns).to_directed()
    assert set(layout.links) == {(f"g{a}_{b}", f"g{c}_{d}") for (a, b), (c, d) in expected.edges}
    assert len(layout.nodes) == rows * columns


def test_graphml_keeps_what_its_edges_carry():
    scenario = load_scenario(SAMPLES / "imported.yaml")
    assert {name: node.kind for name, node in scenario.nodes.items()} == {
        "a": "server",
        "b": "terminal",
        "c": "relay",
    }
    assert (scenario.links["a->b"].capacity.rate_bps, scenario.links["b->a"].delay_s) == (20e6, 0.007)
    assert (scenario.links["b->c"].capacity.rate_bps, scenario.links["c->b"].delay_s) == (1e6, 0.001)


def test_node_link_json_is_directed_when_it_says_so():
    scenario = load_scenario(SAMPLES / "node_link.yaml")
    assert sorted(scenario.links) == ["r1->r2", "r2->r3"]
    assert scenario.links["r2->r3"].loss.probability == 0.01
    assert scenario.links["r2->r3"].queue_bits == 64 * 1024 * 8


def test_networkx_writes_what_is_read(tmp_path):
    graph = nx.relabel_nodes(nx.petersen_graph(), lambda index: f"p{index}")
    nx.write_graphml(graph, tmp_path / "petersen.graphml")
    layout = generate(GraphmlTopology(kind="graphml", path=str(tmp_path / "petersen.graphml")))
    assert set(layout.links) == set(graph.to_directed().edges)
    import json  # noqa: PLC0415

    (tmp_path / "petersen.json").write_text(json.dumps(nx.node_link_data(graph, edges="edges")))
    layout = generate(NodeLinkTopology(kind="node-link", path=str(tmp_path / "petersen.json")))
    assert set(layout.links) == set(graph.to_directed().edges)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "an object with nodes and links"),
        ("{}", "the lists nodes and links"),
        ("{", "is not valid JSON"),
        ("[" * 100_000, "nested too deep|is not valid JSON"),
        ('{"nodes": [{}], "links": []}', r"nodes\[0\] has no id"),
        ('{"nodes": [{"id": "A"}], "links": [3]}', r"links\[0\] does not join"),
    ],
)
def test_a_wrong_node_link_file_says_so(tmp_path, text, reason):
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=reason):
        generate(NodeLinkTopology(kind="node-link", path=str(path)))


def test_xml_entities_are_refused(tmp_path):
    path = tmp_path / "bomb.graphml"
    path.write_text('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><graphml>&b;</graphml>')
    with pytest.raises(ValueError, match="declares XML entities"):
        generate(GraphmlTopology(kind="graphml", path=str(path)))


@pytest.mark.parametrize("sources", [3, 60])
def test_reachability_is_that_of_networkx(sources):
    scenario = load_scenario(
        SAMPLES / "mesh.yaml", ["topology.nodes=80", "topology.offsets=[1, 7]", "links.n00->n07.delay=1 ms"]
    )
    kept = {key: link for index, (key, link) in enumerate(scenario.links.items()) if index % 5 > 2}
    cut = scenario.model_copy(update={"links": kept})
    graph = nx.DiGraph([(link.source, link.target) for link in kept.values()])
    names = set(list(scenario.nodes)[:sources])
    graph.add_nodes_from(names)
    found = _reached_from(cut, names)
    assert {name: set(found[name]) for name in names} == {
        name: nx.descendants(graph, name) | {name} for name in names
    }
