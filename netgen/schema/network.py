"""Models of what the network is made of: nodes with their GPUs and radios, links, topology generators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from netgen import units
from netgen.schema.fields import (
    FASTEST_BPS,
    Capacity,
    Delay,
    FilePath,
    Memory,
    Name,
    Quantity,
    QueueSize,
    ShortForm,
    Span,
    StrictModel,
    Text,
    Whole,
    kind_tag,
    variant,
)
from netgen.schema.live import Fidelity
from netgen.schema.loss import LossField, RandomLoss
from netgen.schema.radio import CellRadio, CellularRadio, TowerRadioField
from netgen.schema.steps import Steps

LARGEST_TOPOLOGY = 10_000


class Gpu(StrictModel):
    """A GPU at a node: a device by name, with what differs from it. Short form: the device's name."""

    device: Text = Field(description="name of a device, for example L4; its figures come with their source")
    streams: Annotated[Whole, Field(ge=1, le=1024)] | None = Field(
        None, description="jobs that run at the same time; default: the device's"
    )
    memory_bytes: Memory | None = Field(None, alias="memory", description="memory; default: the device's")
    load_rate_bytes_per_s: Annotated[float, Quantity(units.MEMORY_RATE, gt=0, le=1e15)] | None = Field(
        None,
        alias="load_rate",
        description="how fast a model is loaded on a cold start; default: the device's",
    )
    idle_power_w: Annotated[float, Quantity(units.POWER, ge=0, le=1e6)] | None = Field(
        None, alias="idle_power", description="power drawn when no job runs; default: the device's"
    )


GpuField = Annotated[Gpu, ShortForm(lambda device: {"device": device}, (str,), {"type": "string"})]


def _no_radio(value: object) -> None:
    if value is not None:
        reason = (
            "a radio belongs to a cell, a ran or a tower; accepted: leave it out, or kind: cell, ran or tower"
        )
        raise PydanticCustomError("radio", "{reason}", {"reason": reason})


class _AnyNode(StrictModel):
    gpu: GpuField | None = Field(
        None, description="GPU of the node; null for none; default: the kind's preset"
    )
    actions: tuple[Name, ...] | None = Field(
        None, description="actions that may run here; null for all of the scenario's"
    )
    policy: Name | None = Field(None, description="policy at this node; null for the one of each service")
    fidelity: Fidelity | None = Field(
        None,
        description="whether actions at this node are looked up in profiles or run on real frames; null for what the "
        "scenario or the content says",
    )


class PlainNode(_AnyNode):
    """A node without a radio."""

    kind: Literal["server", "relay", "edge", "terminal"] = Field(description="preset of the node's defaults")
    radio: Annotated[None, PlainValidator(_no_radio), WithJsonSchema({"type": "null"})] = Field(
        None, exclude=True, description="only cells and towers have one"
    )


class CellNode(_AnyNode):
    """A base station that serves the users of an audience by unicast."""

    kind: Literal["cell"] = Field(description="preset of the node's defaults")
    radio: CellRadio | None = Field(
        None, description="shared downlink; needed when an audience uses the cell"
    )


class RanNode(_AnyNode):
    """A cellular network: sectors over an area, among which users move and hand over."""

    kind: Literal["ran"] = Field(description="preset of the node's defaults")
    radio: CellularRadio | None = Field(
        None, description="sites, channel, air interface; needed when an audience uses the network"
    )


class TowerNode(_AnyNode):
    """A transmitter, or a network of them, that serves all users of its audiences at once by broadcast."""

    kind: Literal["tower"] = Field(description="preset of the node's defaults")
    radio: TowerRadioField | None = Field(
        None, description="broadcast channel; needed when an audience uses the tower"
    )


_PLAIN_KINDS = ("server", "relay", "edge", "terminal")
_PLAIN_TAG = "kind=" + "|".join(_PLAIN_KINDS)


def _node_tag(node: Mapping[str, Any]) -> str:
    return _PLAIN_TAG if node.get("kind") in _PLAIN_KINDS else kind_tag(node)


Node = PlainNode | CellNode | RanNode | TowerNode
NodeField = Annotated[
    Annotated[PlainNode, Tag(_PLAIN_TAG)]
    | Annotated[CellNode, Tag("kind=cell")]
    | Annotated[RanNode, Tag("kind=ran")]
    | Annotated[TowerNode, Tag("kind=tower")],
    variant(_node_tag),
    ShortForm(lambda kind: {"kind": kind}, (str,), {"enum": [*_PLAIN_KINDS, "tower", "cell", "ran"]}),
]


class ConstantCapacity(StrictModel):
    """A capacity that does not change. Short form: the rate."""

    kind: Literal["constant"] = Field(description="constant")
    rate_bps: Capacity = Field(alias="rate", description="rate")


_STEP_RATE = Quantity(units.RATE, ge=0, le=FASTEST_BPS)


class SteppedCapacity(StrictModel):
    """A capacity that jumps at given times."""

    kind: Literal["steps"] = Field(description="steps")
    steps: Annotated[tuple[tuple[float, float], ...], Steps(_STEP_RATE)] = Field(
        description="from each time [s] on, the rate [bit/s]; the first time is 0 s, times increase"
    )
    period_s: Span | None = Field(None, alias="period", description="repeat after this time; null for never")


class TracedCapacity(StrictModel):
    """A capacity from a CSV file with the columns `time_s` and `rate_bps`."""

    kind: Literal["trace"] = Field(description="trace")
    path: FilePath = Field(description="CSV file with the columns time_s and rate_bps")
    period_s: Span | None = Field(None, alias="period", description="repeat after this time; null for never")


CapacityField = Annotated[
    Annotated[ConstantCapacity, Tag("kind=constant")]
    | Annotated[SteppedCapacity, Tag("kind=steps")]
    | Annotated[TracedCapacity, Tag("kind=trace")],
    variant(kind_tag),
    ShortForm(
        lambda rate: {"kind": "constant", "rate": rate}, (str, int, float), {"type": ["string", "number"]}
    ),
]


class Link(StrictModel):
    """A directed link, keyed `A -> D`; `A <-> D` stands for one in each direction."""

    source: SkipJsonSchema[Name] = Field(alias="->source", exclude=True, description="set from the key")
    target: SkipJsonSchema[Name] = Field(alias="->target", exclude=True, description="set from the key")
    capacity: CapacityField = Field(description="capacity in time: a rate, steps, or a trace file")
    delay_s: Delay = Field(1e-3, alias="delay", description="propagation delay")
    queue_bits: QueueSize | None = Field(
        8_000_000, alias="queue", description="most that waits at the link; null for unlimited"
    )
    loss: LossField = Field(
        RandomLoss(kind="random", probability=0.0),
        description="loss of packets: a probability, bursts, or blocks of a code at an SNR",
        validate_default=True,
    )
    retransmissions: Annotated[Whole, Field(ge=0, le=16)] = Field(
        0, description="times that the link repeats a lost packet before it gives up"
    )

    @property
    def key(self) -> str:
        """Key of the link in `Scenario.links`."""
        return f"{self.source}->{self.target}"


class _AnyTopology(StrictModel):
    node: Annotated[
        Mapping[str, Any],
        ShortForm(lambda kind: {"kind": kind}, (str,), {"type": "string"}),
    ] = Field(
        default_factory=lambda: {"kind": "relay"},
        description="fields that every generated or imported node starts from; its kind is relay unless given",
    )
    link: Mapping[str, Any] = Field(
        default_factory=dict, description="fields that every generated or imported link starts from"
    )


class CirculantTopology(_AnyTopology):
    """A ring of nodes with chords: node i is linked both ways with node i + offset, for each offset."""

    kind: Literal["circulant"] = Field(description="circulant")
    prefix: Name = Field("n", description="names are the prefix and a number, for example n00")
    nodes: Annotated[Whole, Field(ge=3, le=LARGEST_TOPOLOGY)] = Field(description="number of nodes")
    offsets: Annotated[tuple[Annotated[Whole, Field(ge=1)], ...], Field(min_length=1, max_length=16)] = Field(
        (1,), description="distances along the ring, each below or at half the number of nodes"
    )


class GridTopology(_AnyTopology):
    """A rectangular grid; neighbours are linked both ways."""

    kind: Literal["grid"] = Field(description="grid")
    prefix: Name = Field("n", description="names are the prefix, row and column, for example n0_3")
    rows: Annotated[Whole, Field(ge=1, le=1000)] = Field(description="rows of the grid")
    columns: Annotated[Whole, Field(ge=1, le=1000)] = Field(description="columns of the grid")


class GraphmlTopology(_AnyTopology):
    """A GraphML file; edges may carry `capacity`, `delay`, `queue` and `loss`, nodes `kind` and `gpu`."""

    kind: Literal["graphml"] = Field(description="graphml")
    path: FilePath = Field(description="GraphML file")
    prefix: str = Field(
        "", pattern=r"^([A-Za-z][A-Za-z0-9_-]{0,31})?$", description="put before every node's name"
    )


class NodeLinkTopology(_AnyTopology):
    """A node-link JSON file; edges may carry `capacity`, `delay`, `queue` and `loss`, nodes `kind` and `gpu`."""

    kind: Literal["node-link"] = Field(description="node-link")
    path: FilePath = Field(description="JSON file with nodes and links (or edges)")
    prefix: str = Field(
        "", pattern=r"^([A-Za-z][A-Za-z0-9_-]{0,31})?$", description="put before every node's name"
    )


Topology = CirculantTopology | GridTopology | GraphmlTopology | NodeLinkTopology
TopologyField = Annotated[
    Annotated[CirculantTopology, Tag("kind=circulant")]
    | Annotated[GridTopology, Tag("kind=grid")]
    | Annotated[GraphmlTopology, Tag("kind=graphml")]
    | Annotated[NodeLinkTopology, Tag("kind=node-link")],
    variant(kind_tag),
]
