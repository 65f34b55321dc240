"""Models of what is sent, what nodes may do with it, who watches, and the scenario as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, Tag, field_validator

from netgen import units
from netgen.schema.audience import Audience
from netgen.schema.collaboration import Collaboration
from netgen.schema.evaluation import Evaluation
from netgen.schema.faults import Fault
from netgen.schema.fields import (
    ARROW,
    BitsPerPixel,
    FilePath,
    Format,
    Instant,
    LossShare,
    Meaning,
    Memory,
    Name,
    Names,
    Packet,
    Quantity,
    Rate,
    Share,
    ShortForm,
    Span,
    StrictModel,
    Text,
    Truth,
    Whole,
    kind_tag,
    variant,
)
from netgen.schema.live import Fidelity, Live
from netgen.schema.network import Link, NodeField

ContentClass = Literal["talking-face", "sports", "natural", "screen", "driving", "labelled"]
Mode = Literal["full-reference", "semi-reference", "no-reference"]


class _AnyContent(StrictModel):
    segment_s: Annotated[float, Quantity(units.DURATION, gt=0, le=3600)] = Field(
        1.0, alias="segment", description="duration of one segment"
    )
    content_class: ContentClass = Field(
        alias="class", description="what the video shows; profiles differ by it"
    )
    semantic_bits: Meaning = Field(description="declared meaning of one segment, in semantic bits")
    fidelity: Fidelity | None = Field(
        None,
        description="whether actions on it are looked up in profiles or run on its real frames; null for the "
        "scenario's, or live where a node is",
    )


class FileContent(_AnyContent):
    """A real video file, measured frame by frame."""

    kind: Literal["file"] = Field(description="file")
    path: FilePath = Field(description="video file")


class TraceContent(_AnyContent):
    """Sizes from a CSV file with a column `frame_bits` or `segment_bits`."""

    kind: Literal["trace"] = Field(description="trace")
    path: FilePath = Field(description="CSV file with a header frame_bits or segment_bits")
    video_format: Format = Field(alias="format", description="frame size and rate, for example 1080p30")


class ParametricContent(_AnyContent):
    """Sizes drawn from a distribution with the given mean."""

    kind: Literal["parametric"] = Field(description="parametric")
    video_format: Format = Field(alias="format", description="frame size and rate, for example 1080p30")
    rate_bps: Rate = Field(alias="rate", description="mean bit rate")
    sizes: Literal["constant", "lognormal", "exponential"] = Field(
        "constant", description="distribution of the segments' sizes"
    )
    variation: Annotated[float, Quantity(units.RATIO, gt=0, le=10)] | None = Field(
        None, description="standard deviation over mean of the segments' sizes; for sizes: lognormal only"
    )


class ScenesContent(StrictModel):
    """Labelled scenes of one second: video whose exact meaning is known."""

    kind: Literal["scenes"] = Field(description="scenes")
    count: Annotated[Whole, Field(ge=1, le=10_000)] = Field(
        60, description="different scenes, one a segment; then they come again"
    )
    seed: Annotated[Whole, Field(ge=0)] = Field(
        2,
        description="where scenes are drawn from, whatever the seed of the run; profiles were measured on seed 1",
    )
    crf: Annotated[Whole, Field(ge=0, le=51)] = Field(
        20, description="quality at which x264 codes the source, which tells the sizes of its segments"
    )
    fidelity: Fidelity | None = Field(
        None,
        description="whether actions on it are looked up in profiles or run on its real frames; null for the "
        "scenario's, or live where a node is",
    )

    @property
    def segment_s(self) -> float:
        """Duration of a scene."""
        return 1.0

    @property
    def content_class(self) -> str:
        """Profiles know these scenes as a class of their own."""
        return "labelled"


Content = FileContent | TraceContent | ParametricContent | ScenesContent
ContentField = Annotated[
    Annotated[FileContent, Tag("kind=file")]
    | Annotated[TraceContent, Tag("kind=trace")]
    | Annotated[ParametricContent, Tag("kind=parametric")]
    | Annotated[ScenesContent, Tag("kind=scenes")],
    variant(kind_tag),
]


class _AnyAction(StrictModel):
    expanded_rate_bps: Rate | None = Field(
        None,
        alias="expanded_rate",
        description="rate of the representation after expansion; null for the source segment's own bits",
    )
    generative_share: Share | None = Field(
        None, description="share of the bits that steer generation; null for 1 in no-reference mode, else 0"
    )
    run: Text | None = Field(
        None,
        description="what a live run executes: the name of a variant, or file.py:Class; null for the one that "
        "the profile was measured with",
    )
    compatibility: Literal["format", "weights", "device"] | None = Field(
        None,
        description="who can expand what it contracted: whoever has it, the same weights, or only the same kind of "
        "device; null for the profile's, or format",
    )


class ProfiledAction(_AnyAction):
    """A generative action by published or measured profile; what is given here replaces it, marked declared."""

    profile: Text = Field(description="name of a profile, for example cttr")
    bits_per_pixel: BitsPerPixel | None = Field(
        None, description="bits per source pixel after contraction; null for the profile's"
    )
    semantic_fidelity: Share | None = Field(
        None, description="share of the meaning that is kept; null for the profile's, if it has one"
    )
    mode: Mode | None = Field(None, description="coding mode; null for the profile's")
    playable: Truth | None = Field(
        None, description="whether it can be shown without expansion; null for the profile's"
    )
    psnr_db: Annotated[float, Quantity(units.LEVEL, gt=0, le=200)] | None = Field(
        None, description="PSNR after expansion; null for the profile's"
    )
    ms_ssim: Share | None = Field(None, description="MS-SSIM after expansion; null for the profile's")


class DeclaredWork(StrictModel):
    """What a declared action costs on the node's GPU."""

    contract_s: Instant = Field(alias="contract_time", description="time to contract 1 s of video")
    expand_s: Instant = Field(alias="expand_time", description="time to expand 1 s of video")
    memory_bytes: Memory = Field(alias="memory", description="GPU memory that its models take")


class DeclaredAction(_AnyAction):
    """A generative action whose figures the scenario's author declares."""

    declared: DeclaredWork = Field(description="cost on the node's GPU")
    bits_per_pixel: BitsPerPixel = Field(description="bits per source pixel after contraction")
    semantic_fidelity: Share = Field(description="share of the meaning that is kept")
    mode: Mode = Field(description="coding mode")
    playable: Truth | None = Field(
        None, description="whether it can be shown without expansion; null for: full-reference only"
    )
    psnr_db: Annotated[float, Quantity(units.LEVEL, gt=0, le=200)] | None = Field(
        None, description="PSNR after expansion; null for unknown"
    )
    ms_ssim: Share | None = Field(None, description="MS-SSIM after expansion; null for unknown")


def _action_tag(action: Mapping[str, Any]) -> str:
    return "has=declared" if action.get("declared") is not None else "has=profile"


Action = ProfiledAction | DeclaredAction
ActionField = Annotated[
    Annotated[ProfiledAction, Tag("has=profile")] | Annotated[DeclaredAction, Tag("has=declared")],
    variant(_action_tag),
]


class PolicyReference(StrictModel):
    """A policy by file and class, entry point or built-in name. Short form: that string."""

    use: Text = Field(description="`path/to/file.py:Class`, an installed entry point, or a built-in name")
    parameters: Mapping[str, Any] = Field(
        default_factory=dict, alias="with", description="parameters, checked by the policy itself"
    )


PolicyField = Annotated[PolicyReference, ShortForm(lambda use: {"use": use}, (str,), {"type": "string"})]


class WeightedRoute(StrictModel):
    """Shortest path by a weight; a shortest-path tree for several receivers of a multicast."""

    weight: Literal["delay", "hops", "inverse-capacity"] = Field(
        "delay", description="what is summed along a path: delay [s], hops, or 1 / capacity [s/bit]"
    )


class ExplicitRoute(StrictModel):
    """One given path for each receiver."""

    paths: Annotated[tuple[Annotated[tuple[Name, ...], Field(min_length=2)], ...], Field(min_length=1)] = (
        Field(description="lists of nodes, each from the source to one receiver")
    )


def _route_tag(route: Mapping[str, Any]) -> str:
    return "has=paths" if "paths" in route else "has=weight"


Route = WeightedRoute | ExplicitRoute
RouteField = Annotated[
    Annotated[WeightedRoute, Tag("has=weight")] | Annotated[ExplicitRoute, Tag("has=paths")],
    variant(_route_tag),
]


class Service(StrictModel):
    """One content on its way from a source to receivers."""

    content: Name = Field(description="name of the content that is sent")
    source: Name = Field(alias="from", description="node that sends")
    receivers: Annotated[Names, Field(min_length=1)] = Field(
        alias="to", description="nodes that receive: terminals, towers and cells, or any other"
    )
    policy: Name = Field("forward", description="name of the policy that decides at every node on the way")
    deadline_s: Span | None = Field(
        None, alias="deadline", description="a segment later than this after its offer is late; null for none"
    )
    cast: Literal["unicast", "multicast"] = Field(
        "unicast", description="one copy for each receiver, or one copy per link of a tree"
    )
    arrivals: Literal["periodic", "poisson"] = Field(
        "periodic", description="segments are offered every segment duration, or at random at that mean rate"
    )
    start_s: Instant = Field(0.0, alias="start", description="first offer")
    stop_s: Span | None = Field(
        None, alias="stop", description="no offers from here on; null for the end of the run"
    )
    required_fidelity: Share = Field(
        0.0, description="semantic fidelity below which a delivered segment is of no use"
    )
    loss_tolerance: LossShare = Field(
        0.0, description="share of a segment's bits that may be lost and the segment still counts"
    )
    pacing: Share = Field(
        0.0,
        description="share of a segment's duration over which a node that holds it spreads its packets; 0 sends "
        "them at once",
    )
    personal: Truth = Field(
        False, description="whether each user of a receiving cell has its own bits, as an enhancement has"
    )
    enhances: Name | None = Field(
        None, description="name of the common service that this one adds to; null for none"
    )
    pipe: Name | None = Field(
        None, description="physical-layer pipe in which a tower sends it; null for the tower's first"
    )
    route: RouteField = Field(WeightedRoute(), description="how paths are found")


class Background(StrictModel):
    """Traffic that is no video, on the shortest path by delay."""

    source: Name = Field(alias="from", description="node that sends")
    target: Name = Field(alias="to", description="node that receives")
    rate_bps: Rate = Field(alias="rate", description="mean rate")
    packet_bits: Packet = Field(8000, alias="packet", description="size of one packet")
    kind: Literal["poisson", "constant"] = Field(
        "poisson", description="packets at random instants, or at constant intervals"
    )
    start_s: Instant = Field(0.0, alias="start", description="first packet")
    stop_s: Span | None = Field(
        None, alias="stop", description="no packets from here on; null for the end of the run"
    )


class Header(StrictModel):
    """What holds for the whole run, and all sections but nodes and links."""

    schema_version: Literal[1] = Field(1, alias="schema", description="version of this format")
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")] = Field(
        description="name of the scenario"
    )
    description: str = Field("", max_length=10_000, description="what it is for")
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] | None = Field(
        None, description="root of all random streams; null for one that is drawn and stored in the result"
    )
    duration_s: Span = Field(alias="duration", description="simulated time")
    warmup_s: Instant = Field(0.0, alias="warmup", description="time before which nothing counts in averages")
    interval_s: Span = Field(1.0, alias="interval", description="interval of the link ledger")
    epoch_s: Annotated[float, Quantity(units.DURATION, ge=1e-3, le=3600)] = Field(
        0.1, alias="epoch", description="interval at which radio and users are updated"
    )
    packet_bits: Packet = Field(11_200, alias="packet", description="size of the packets of a segment")
    fidelity: Fidelity = Field(
        "profile", description="whether actions are looked up in profiles, or run on real frames"
    )
    live: Live = Field(Live(), description="how actions are run on real frames, where they are")
    baseline: Name | None = Field(
        None, description="policy that is run beside, on the same world, for comparison; null for none"
    )
    contents: Mapping[Name, ContentField] = Field(default_factory=dict, description="videos, by name")
    actions: Mapping[Name, ActionField] = Field(
        default_factory=dict, description="generative actions, by name"
    )
    policies: Mapping[Name, PolicyField] = Field(default_factory=dict, description="policies, by name")
    services: Mapping[Name, Service] = Field(
        default_factory=dict, description="what is sent to whom, by name"
    )
    audiences: Mapping[Name, Audience] = Field(default_factory=dict, description="groups of users, by name")
    background: Mapping[Name, Background] = Field(default_factory=dict, description="other traffic, by name")
    evaluations: Mapping[Name, Evaluation] = Field(
        default_factory=dict, description="utility evaluations of services, by name"
    )
    collaboration: Collaboration | None = Field(
        None, description="how broadcast and cellular work together; null for not at all"
    )
    faults: tuple[Fault, ...] = Field((), description="what breaks, when, and for how long")


class Scenario(Header):
    """A whole scenario: presets merged, topology generated, every link directed, every default filled in."""

    nodes: Mapping[Name, NodeField] = Field(default_factory=dict, description="nodes, by name")
    links: Mapping[str, Link] = Field(default_factory=dict, description="directed links, by `A->D`")

    @field_validator("links", mode="before")
    @classmethod
    def _name_ends(cls, links: object) -> object:
        """Give each link its two ends, from its key."""
        if not isinstance(links, Mapping):
            return links
        named: dict[object, object] = {}
        for key, link in links.items():
            match = ARROW.fullmatch(key) if isinstance(key, str) else None
            if match is None or not isinstance(link, Mapping):
                named[key] = link
                continue
            source, _, target = match.groups()
            named[f"{source}->{target}"] = {**link, "->source": source, "->target": target}
        return named
