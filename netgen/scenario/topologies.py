"""Topology generators and importers: names of nodes and pairs of ends, with the fields that a file carries."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from netgen.document.messages import NAME_PATTERN
from netgen.document.tree import Scalar
from netgen.schema.network import (
    LARGEST_TOPOLOGY,
    CirculantTopology,
    GraphmlTopology,
    GridTopology,
    NodeLinkTopology,
    Topology,
)

LARGEST_IMPORT_BYTES = 32 * 2**20
_MOST_LINKS = 40_000
_EDGE_FIELDS = ("capacity", "delay", "queue", "loss")
_NODE_FIELDS = ("kind", "gpu")
Fields = dict[str, Scalar]


@dataclass(slots=True)
class Layout:
    """What a generator makes: nodes by name, directed links by their ends, each with its own fields."""

    nodes: dict[str, Fields] = field(default_factory=dict)
    links: dict[tuple[str, str], Fields] = field(default_factory=dict)

    def join(self, source: str, target: str, fields: Fields, *, both: bool) -> None:
        """Add a link, and the one back."""
        self.links[source, target] = fields
        if both:
            self.links[target, source] = fields


def generate(topology: Topology) -> Layout:
    """Generate or import a topology; raises ValueError that says what is wrong with it."""
    if isinstance(topology, CirculantTopology):
        layout = _circulant(topology)
    elif isinstance(topology, GridTopology):
        layout = _grid(topology)
    elif isinstance(topology, GraphmlTopology):
        layout = _graphml(topology)
    else:
        layout = _node_link(topology)
    for name in layout.nodes:
        if not re.match(NAME_PATTERN, name):
            raise ValueError(
                f'node "{name[:80]}" has no valid name; accepted: a letter, then letters, digits, _ or -; see prefix'
            )
    if len(layout.nodes) > LARGEST_TOPOLOGY or len(layout.links) > _MOST_LINKS:
        found = f"{len(layout.nodes):,} nodes and {len(layout.links):,} links"
        raise ValueError(f"has {found}; accepted: up to {LARGEST_TOPOLOGY:,} nodes and {_MOST_LINKS:,} links")
    return layout


def _circulant(topology: CirculantTopology) -> Layout:
    """Return the circulant graph C_n(offsets)."""
    count = topology.nodes
    for offset in topology.offsets:
        if offset > count // 2:
            raise ValueError(
                f"offset {offset} is beyond half the ring; accepted: 1 to {count // 2} for {count} nodes"
            )
    if len(set(topology.offsets)) != len(topology.offsets):
        raise ValueError(f"offsets {list(topology.offsets)} repeat; accepted: each offset once")
    width = len(str(count - 1))
    names = [f"{topology.prefix}{index:0{width}d}" for index in range(count)]
    layout = Layout(nodes={name: {} for name in names})
    for index, name in enumerate(names):
        for offset in topology.offsets:
            layout.join(name, names[(index + offset) % count], {}, both=True)
    return layout


def _grid(topology: GridTopology) -> Layout:
    """Return the grid graph; every pair of neighbours is linked both ways."""
    rows, columns = topology.rows, topology.columns
    if rows * columns > LARGEST_TOPOLOGY:
        raise ValueError(f"has {rows * columns:,} nodes; accepted: up to {LARGEST_TOPOLOGY:,}")
    names = [[f"{topology.prefix}{row}_{column}" for column in range(columns)] for row in range(rows)]
    layout = Layout(nodes={name: {} for row in names for name in row})
    for row in range(rows):
        for column in range(columns):
            if column + 1 < columns:
                layout.join(names[row][column], names[row][column + 1], {}, both=True)
            if row + 1 < rows:
                layout.join(names[row][column], names[row + 1][column], {}, both=True)
    return layout


def _kept(attributes: dict[str, object], names: tuple[str, ...]) -> Fields:
    """Return the attributes that netgen reads; imported files carry many others."""
    fields: Fields = {}
    for name in names:
        value = attributes.get(name)
        if isinstance(value, str | int | float | bool):
            fields[name] = value
    return fields


def _read(topology: GraphmlTopology | NodeLinkTopology) -> bytes:
    try:
        with topology.path.open("rb") as stream:
            raw = stream.read(LARGEST_IMPORT_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"cannot be read ({getattr(error, 'strerror', None) or error}); accepted: a readable file"
        ) from None
    if len(raw) > LARGEST_IMPORT_BYTES:
        raise ValueError(f"is larger than {LARGEST_IMPORT_BYTES:,} B; accepted: a smaller file")
    return raw


def _graphml(topology: GraphmlTopology) -> Layout:
    """Read GraphML by networkx; an undirected edge becomes a link in each direction."""
    import networkx as nx  # noqa: PLC0415  (takes 0.14 s, needed by few scenarios)

    raw = _read(topology)
    if b"<!ENTITY" in raw:
        raise ValueError("declares XML entities; accepted: GraphML without them")
    try:
        graph = nx.parse_graphml(raw.decode("utf-8-sig"))
    except (
        SyntaxError,
        nx.NetworkXError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        StopIteration,
    ) as error:
        raise ValueError(f"is not valid GraphML ({type(error).__name__}: {error})") from None
    layout = Layout()
    for name, attributes in graph.nodes(data=True):
        layout.nodes[f"{topology.prefix}{name}"] = _kept(attributes, _NODE_FIELDS)
    for source, target, attributes in graph.edges(data=True):
        ends = f"{topology.prefix}{source}", f"{topology.prefix}{target}"
        layout.join(*ends, _kept(attributes, _EDGE_FIELDS), both=not graph.is_directed())
    return layout


def _node_link(topology: NodeLinkTopology) -> Layout:
    """Read node-link JSON as networkx and d3 write it."""
    try:
        document = json.loads(_read(topology))
    except RecursionError:
        raise ValueError("is nested too deep; accepted: node-link JSON") from None
    except ValueError as error:
        raise ValueError(f"is not valid JSON ({error})") from None
    if not isinstance(document, dict):
        raise ValueError("is not node-link JSON; accepted: an object with nodes and links")
    nodes, edges = document.get("nodes"), document.get("links", document.get("edges"))
    if not isinstance(nodes, list) or not isinstance(edges, list):
        raise ValueError(
            "is not node-link JSON; accepted: an object with the lists nodes and links (or edges)"
        )
    layout = Layout()
    for index, node in enumerate(nodes):
        if not isinstance(node, dict) or not isinstance(node.get("id"), str | int):
            raise ValueError(f'nodes[{index}] has no id; accepted: for example {{"id": "A"}}')
        layout.nodes[f"{topology.prefix}{node['id']}"] = _kept(node, _NODE_FIELDS)
    for index, edge in enumerate(edges):
        ends = (
            [f"{topology.prefix}{edge.get(end)}" for end in ("source", "target")]
            if isinstance(edge, dict)
            else []
        )
        if not ends or any(end not in layout.nodes for end in ends):
            raise ValueError(
                f"links[{index}] does not join two nodes of the file; accepted: source and target by id"
            )
        layout.join(ends[0], ends[1], _kept(edge, _EDGE_FIELDS), both=not document.get("directed", False))
    return layout
