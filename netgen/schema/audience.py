"""Models of who watches: users, where they are and how they move, what they choose, when they join."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from netgen import units
from netgen.schema.fields import (
    FilePath,
    Instant,
    Memory,
    Name,
    Names,
    Quantity,
    Share,
    ShortForm,
    Span,
    StrictModel,
    Text,
    Whole,
    kind_tag,
    variant,
)
from netgen.schema.places import DiscPlace, Distance, Extent, Point, RectanglePlace, pair


class JoinAtStart(StrictModel):
    """All users are there from the start. Short form: `start`."""

    kind: Literal["start"] = Field(description="start")


class JoinUniformly(StrictModel):
    """Users join at instants drawn uniformly from a span that begins with the run."""

    kind: Literal["uniform"] = Field(description="uniform")
    over_s: Span = Field(alias="over", description="length of the span")


class JoinPoisson(StrictModel):
    """Users join one after another as a Poisson process until all are there."""

    kind: Literal["poisson"] = Field(description="poisson")
    rate_hz: Annotated[float, Quantity(units.EVENT_RATE, gt=0, le=1e9)] = Field(
        alias="rate", description="mean number of users that join in a second"
    )


_BEFORE = "share of the users who are there from the start"


class StepJoin(StrictModel):
    """A crowd that comes at once: some are there from the start, all others join at an instant, or soon after it."""

    kind: Literal["step"] = Field(description="step")
    at_s: Instant = Field(alias="at", description="when the crowd comes")
    over_s: Instant = Field(
        0.0,
        alias="over",
        description="time over which it comes, at instants drawn uniformly; 0 s for one instant",
    )
    before: Share = Field(0.0, description=_BEFORE)


class RampJoin(StrictModel):
    """The audience grows linearly: some are there from the start, all others join at instants drawn uniformly."""

    kind: Literal["ramp"] = Field(description="the word ramp")
    start_s: Instant = Field(alias="start", description="when the growth begins")
    over_s: Span = Field(alias="over", description="how long it takes until all are there")
    before: Share = Field(0.0, description=_BEFORE)


class LiveEventJoin(StrictModel):
    """The audience of a live event grows along a logistic curve: slowly at first, fast about its start."""

    kind: Literal["live-event"] = Field(description="live-event")
    start_s: Instant = Field(alias="start", description="when half of those who are to come have come")
    rise_s: Span = Field(alias="rise", description="time from 10 % to 90 % of the rise")
    before: Share = Field(0.0, description=_BEFORE)


class TraceJoin(StrictModel):
    """The audience grows as a file says, scaled to its own number of users."""

    kind: Literal["trace"] = Field(description="trace")
    path: FilePath = Field(
        description="CSV file with the columns time_s, which begins at 0, and users, who have begun to watch by then"
    )


Join = JoinAtStart | JoinUniformly | JoinPoisson | StepJoin | RampJoin | LiveEventJoin | TraceJoin
JoinField = Annotated[
    Annotated[JoinAtStart, Tag("kind=start")]
    | Annotated[JoinUniformly, Tag("kind=uniform")]
    | Annotated[JoinPoisson, Tag("kind=poisson")]
    | Annotated[StepJoin, Tag("kind=step")]
    | Annotated[RampJoin, Tag("kind=ramp")]
    | Annotated[LiveEventJoin, Tag("kind=live-event")]
    | Annotated[TraceJoin, Tag("kind=trace")],
    variant(kind_tag),
    ShortForm(lambda kind: {"kind": kind}, (str,), {"const": "start"}),
]


class StayConstant(StrictModel):
    """Every user watches for the same time. Short form: that time."""

    kind: Literal["constant"] = Field(description="constant")
    for_s: Span = Field(alias="for", description="time from joining to leaving")


class StayExponential(StrictModel):
    """Every user watches for a time drawn from an exponential distribution."""

    kind: Literal["exponential"] = Field(description="exponential")
    mean_s: Span = Field(alias="mean", description="mean time from joining to leaving")


Stay = StayConstant | StayExponential
StayField = Annotated[
    Annotated[StayConstant, Tag("kind=constant")] | Annotated[StayExponential, Tag("kind=exponential")],
    variant(kind_tag),
    ShortForm(
        lambda span: {"kind": "constant", "for": span}, (str, int, float), {"type": ["string", "number"]}
    ),
]


class NetworkPlace(StrictModel):
    """Everywhere in the area of the audience's cellular network. Short form: `network`."""

    kind: Literal["network"] = Field(description="network")


PlaceField = Annotated[
    Annotated[NetworkPlace, Tag("kind=network")]
    | Annotated[DiscPlace, Tag("kind=disc")]
    | Annotated[RectanglePlace, Tag("kind=rectangle")],
    variant(kind_tag),
    ShortForm(lambda kind: {"kind": kind}, (str,), {"const": "network"}),
]

_SPEED = Quantity(units.SPEED, gt=0, le=300)
SpeedRange = Annotated[
    tuple[Annotated[float, _SPEED], Annotated[float, _SPEED]],
    pair("one speed, or the lowest and the highest, as in [0.8 m/s, 1.8 m/s]"),
    ShortForm(lambda speed: [speed, speed], (str,), {"type": "string"}),
]
Pause = Annotated[float, Quantity(units.DURATION, ge=0, le=1e6)]


class StayPut(StrictModel):
    """Nobody moves. Short form: `static`."""

    kind: Literal["static"] = Field(description="static")


class RandomWaypoint(StrictModel):
    """Everyone walks straight to a place drawn uniformly, pauses, and goes on."""

    kind: Literal["random-waypoint"] = Field(description="random-waypoint")
    speed_mps: SpeedRange = Field(alias="speed", description="lowest and highest speed, or one speed")
    pause_s: Pause = Field(0.0, alias="pause", description="pause at each place")


class RandomDirection(StrictModel):
    """Everyone goes straight in a direction drawn anew after a while, reflected at the border."""

    kind: Literal["random-direction"] = Field(description="random-direction")
    speed_mps: SpeedRange = Field(alias="speed", description="lowest and highest speed, or one speed")
    leg_s: Annotated[float, Quantity(units.DURATION, ge=0.1, le=1e8)] = Field(
        60.0, alias="leg", description="mean time in one direction"
    )


class AlongLine(StrictModel):
    """Everyone goes along a road or rail line, both ways."""

    kind: Literal["line"] = Field(description="the word line")
    points: Annotated[tuple[Point, ...], Field(min_length=2)] = Field(description="corners of the line")
    speed_mps: SpeedRange = Field(alias="speed", description="lowest and highest speed, or one speed")


class StreetGrid(StrictModel):
    """Everyone drives along the streets of a regular grid and turns at random."""

    kind: Literal["street-grid"] = Field(description="street-grid")
    block_m: Extent = Field(alias="block", description="distance between parallel streets")
    speed_mps: SpeedRange = Field(alias="speed", description="lowest and highest speed, or one speed")
    turn: Share = Field(0.5, description="probability of turning at a crossing, to either side alike")


class GroupWalk(StrictModel):
    """Groups whose leaders walk by random waypoints, with the members around them."""

    kind: Literal["group"] = Field(description="group")
    members: Annotated[Whole, Field(ge=1, le=1_000_000)] = Field(description="users of each group")
    radius_m: Distance = Field(
        alias="radius", description="radius around the leader in which the members are"
    )
    speed_mps: SpeedRange = Field(alias="speed", description="lowest and highest speed, or one speed")
    pause_s: Pause = Field(0.0, alias="pause", description="pause of the leaders at each place")


class Traced(StrictModel):
    """Positions from a file: SUMO floating-car data (XML), or CSV with time_s, user, x_m, y_m."""

    kind: Literal["trace"] = Field(description="trace")
    path: FilePath = Field(description="SUMO FCD XML file, or CSV file with time_s, user, x_m, y_m")


Mobility = StayPut | RandomWaypoint | RandomDirection | AlongLine | StreetGrid | GroupWalk | Traced
MobilityField = Annotated[
    Annotated[StayPut, Tag("kind=static")]
    | Annotated[RandomWaypoint, Tag("kind=random-waypoint")]
    | Annotated[RandomDirection, Tag("kind=random-direction")]
    | Annotated[AlongLine, Tag("kind=line")]
    | Annotated[StreetGrid, Tag("kind=street-grid")]
    | Annotated[GroupWalk, Tag("kind=group")]
    | Annotated[Traced, Tag("kind=trace")],
    variant(kind_tag),
    ShortForm(lambda kind: {"kind": kind}, (str,), {"const": "static"}),
]


class WatchAll(StrictModel):
    """Every user watches every service. Short form: `all`."""

    kind: Literal["all"] = Field(description="the word all")


class WatchOne(StrictModel):
    """Every user watches one service, drawn by Zipf's law in the order of `watches`, and what enhances it."""

    kind: Literal["zipf"] = Field(description="the word zipf")
    exponent: Annotated[float, Quantity(units.NUMBER, ge=0, le=10)] = Field(
        1.0, description="popularity falls as 1 / rank^exponent; 0 for all alike"
    )


ChoiceField = Annotated[
    Annotated[WatchAll, Tag("kind=all")] | Annotated[WatchOne, Tag("kind=zipf")],
    variant(kind_tag),
    ShortForm(lambda kind: {"kind": kind}, (str,), {"enum": ["all", "zipf"]}),
]


class Generator(StrictModel):
    """What a terminal generates enhancements with, from semantic control bits."""

    device: Text = Field(
        "L4", description="device whose time of the action is taken; its figures come with their source"
    )
    slowdown: Annotated[float, Quantity(units.NUMBER, gt=0, le=1e6)] = Field(
        1.0,
        description="how many times as long as declared, or measured on that device, an action takes here",
    )
    memory_bytes: Memory = Field(alias="memory", description="memory that an action's models must fit into")
    power_w: Annotated[float, Quantity(units.POWER, gt=0, le=1e4)] = Field(
        alias="power", description="power drawn while it generates"
    )


class Terminal(StrictModel):
    """What the users of an audience hold in their hands, or have on their roofs, and where."""

    height_m: Distance = Field(
        1.5, alias="height", description="height of the antenna outdoors, and on ground floors"
    )
    indoor: Share = Field(0.0, description="share of the users who are in buildings")
    floors: Annotated[Whole, Field(ge=1, le=100)] = Field(
        1, description="most floors of a building; a user indoors is on any of them, 3 m each"
    )
    high_loss: Share | None = Field(
        None,
        description="share of the buildings with infrared-reflecting glass (high loss); null for half of them in "
        "urban scenarios and none in rural ones",
    )
    in_car: Share = Field(0.0, description="share of the users outdoors who are in cars")
    receiver: Literal["roof-top", "portable-outdoor", "portable-indoor", "mobile", "in-car", "handheld"] = (
        Field("handheld", description="class of the broadcast receiver")
    )
    tuner: Share = Field(
        1.0,
        description="share of the users whose terminals have a broadcast receiver; others have cells alone",
    )
    generator: Generator | None = Field(
        None, description="what generates enhancements in the terminal; null for nothing"
    )
    battery_joule: Annotated[float, Quantity(units.ENERGY, gt=0, le=1e9)] | None = Field(
        None, alias="battery", description="energy of a full battery; null for a terminal on the mains"
    )
    charge: Share = Field(1.0, description="share of the battery's energy that is left when a user joins")


class Audience(StrictModel):
    """Users that watch the same services; they are rows of an array, not nodes."""

    count: Annotated[Whole, Field(ge=1, le=10_000_000)] = Field(description="number of users")
    tower: Name | None = Field(None, description="tower whose broadcast they receive; null for none")
    cells: Names = Field(
        (), description="cells among which they are divided, or one cellular network (kind: ran)"
    )
    assignment: Literal["even", "random"] = Field(
        "even", description="how users are given their cells: in turn, or at random"
    )
    place: PlaceField | None = Field(
        None,
        description="where they are; null for the area of their cellular network, or nowhere in particular",
    )
    mobility: MobilityField = Field(StayPut(kind="static"), description="how they move")
    terminal: Terminal = Field(Terminal(), description="their terminals")
    watches: Annotated[Names, Field(min_length=1)] = Field(description="services that they watch")
    choice: ChoiceField = Field(WatchAll(kind="all"), description="which of these each of them watches")
    join: JoinField = Field(JoinAtStart(kind="start"), description="when users begin to watch")
    stay: StayField | None = Field(None, description="how long each of them watches; null for to the end")
