"""Shortest paths by a stated weight; ties do not depend on the order of a file."""

import itertools
import random

import networkx as nx
import pytest

from netgen.topology.routes import Edge, Router, Weight

#      B: short delays, narrow      D is reached in one hop by a slow direct link
EDGES = [
    Edge("A", "B", 0.001, 1e6),
    Edge("B", "D", 0.001, 1e6),
    Edge("A", "C", 0.005, 1e9),
    Edge("C", "D", 0.005, 1e9),
    Edge("A", "D", 0.050, 5e5),
]


@pytest.mark.parametrize(
    ("weight", "path"),
    [
        (Weight.DELAY, ("A", "B", "D")),
        (Weight.INVERSE_CAPACITY, ("A", "C", "D")),
        (Weight.HOPS, ("A", "D")),
    ],
)
def test_each_weight_has_its_path(weight, path):
    assert Router("ABCD", EDGES).paths("A", ("D",), weight) == {"D": path}


def test_links_are_directed_and_the_unreachable_are_left_out():
    router = Router("ABCDE", EDGES)
    assert router.paths("D", ("A",), Weight.DELAY) == {}
    assert set(router.paths("A", ("D", "E", "B"), Weight.DELAY)) == {"D", "B"}
    assert router.paths("A", ("A",), Weight.DELAY) == {"A": ("A",)}


def test_a_link_without_capacity_is_infinitely_long():
    edges = [Edge("A", "B", 0.001, 0.0), Edge("A", "C", 1.0, 1.0), Edge("C", "B", 1.0, 1.0)]
    router = Router("ABC", edges)
    assert router.paths("A", ("B",), Weight.INVERSE_CAPACITY)["B"] == ("A", "C", "B")
    assert router.paths("A", ("B",), Weight.DELAY)["B"] == ("A", "B")


def test_ties_do_not_depend_on_the_order_of_the_file():
    """A grid is full of ties."""
    names = [f"n{row}_{column}" for row in range(4) for column in range(4)]
    edges = [
        Edge(f"n{row}_{column}", f"n{row + down}_{column + right}", 0.001, 1e6)
        for row, column in itertools.product(range(4), repeat=2)
        for down, right in ((0, 1), (1, 0))
        if row + down < 4 and column + right < 4
    ]
    found = set()
    for number in range(20):
        order = random.Random(number)
        order.shuffle(names)
        order.shuffle(edges)
        found.add(Router(names, edges).paths("n0_0", ("n3_3",), Weight.DELAY)["n3_3"])
    assert len(found) == 1


def test_the_paths_of_one_call_form_a_tree():
    """Two receivers whose paths meet go the same way up to there: a multicast needs one copy a link."""
    graph = nx.random_regular_graph(4, 30, seed=3)
    edges = [Edge(f"n{a}", f"n{b}", 0.001, 1e6) for a, b in graph.edges for a, b in ((a, b), (b, a))]
    names = [f"n{node}" for node in graph]
    paths = Router(names, edges).paths("n0", tuple(names[1:]), Weight.HOPS)
    parent = {}
    for path in paths.values():
        for earlier, later in itertools.pairwise(path):
            assert parent.setdefault(later, earlier) == earlier
    lengths = nx.single_source_shortest_path_length(graph, 0)
    assert {name: len(path) - 1 for name, path in paths.items()} == {
        f"n{node}": length for node, length in lengths.items() if node
    }
