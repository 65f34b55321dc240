"""Routes over the network graph: shortest paths by a stated weight, with ties broken the same way always."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import networkx as nx


class Weight(StrEnum):
    """What a shortest path is short in."""

    DELAY = "delay"
    HOPS = "hops"
    INVERSE_CAPACITY = "inverse-capacity"


@dataclass(frozen=True, slots=True)
class Edge:
    """A directed link, as far as routing cares.

    Parameters
    ----------
    source, target : str            Its nodes.
    delay_s : float, s              Propagation delay.
    capacity_bps : float, bit/s     Capacity at the start of the run.
    """

    source: str
    target: str
    delay_s: float
    capacity_bps: float

    def length(self, weight: Weight) -> float:
        """Length of the link under a weight; a link without capacity is infinitely long."""
        if weight is Weight.DELAY:
            return self.delay_s
        if weight is Weight.HOPS:
            return 1.0
        return 1.0 / self.capacity_bps if self.capacity_bps > 0 else float("inf")


class Router:
    """Shortest paths over a fixed set of nodes and links."""

    def __init__(self, nodes: Sequence[str], edges: Sequence[Edge]) -> None:
        self._graph: nx.DiGraph[str] = nx.DiGraph()
        # Sorted, so that the order of a scenario file cannot break a tie.
        self._graph.add_nodes_from(sorted(nodes))
        for edge in sorted(edges, key=lambda edge: (edge.source, edge.target)):
            lengths = {weight.value: edge.length(weight) for weight in Weight}
            self._graph.add_edge(edge.source, edge.target, **lengths)

    def paths(self, source: str, receivers: Sequence[str], weight: Weight) -> Mapping[str, tuple[str, ...]]:
        """Nodes from the source to each receiver along one shortest-path tree.

        Returns
        -------
        mapping                     Receiver to nodes, both ends included; unreachable ones are left out.

        Source                      Dijkstra, Numer. Math. 1, 1959 (networkx).
        """
        found = nx.single_source_dijkstra_path(self._graph, source, weight=weight.value)
        return {receiver: tuple(found[receiver]) for receiver in receivers if receiver in found}
