"""Models of collaboration between broadcast and cellular: the two cores, and the modes of service."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from netgen import units
from netgen.schema.fields import (
    Delay,
    Instant,
    Name,
    Names,
    Quantity,
    Rate,
    Share,
    ShortForm,
    Span,
    StrictModel,
    kind_tag,
    variant,
)

MessageSize = Annotated[int, Quantity(units.SIZE, ge=1, le=10**12)]
Period = Annotated[float, Quantity(units.DURATION, ge=1e-3, le=3600)]
Error = Annotated[float, Quantity(units.DISTANCE, ge=0, le=1e6)]


class Cores(StrictModel):
    """The broadcast core and the cellular core, and the way between them over which messages go.

    ASSUMED: by default messages take 10 ms at 100 Mbit/s and have 2,000 bit and 4,000 bit a context, once a second.
    """

    delay_s: Delay = Field(0.01, alias="delay", description="delay of a message between the cores, one way")
    rate_bps: Rate = Field(1e8, alias="rate", description="rate at which messages are put on that way")
    message_bits: MessageSize = Field(2000, alias="message", description="size of a message without contexts")
    context_bits: MessageSize = Field(
        4000,
        alias="context",
        description="size of one user's context: content, position, state of repair",
    )
    period_s: Period = Field(1.0, alias="period", description="time between looks, at which policies decide")


class PerfectPredictor(StrictModel):
    """Knows where everybody will be, and the reception there. Short form: `perfect`."""

    kind: Literal["perfect"] = Field(description="perfect")


class NoisyPredictor(StrictModel):
    """The reception at the true future place, missed by a random distance.

    ASSUMED: 100 m by default.
    """

    kind: Literal["noisy"] = Field(description="noisy")
    error_m: Error = Field(
        100.0, alias="error", description="standard deviation of the error of the place, east and north"
    )


class LearnedPredictor(StrictModel):
    """A radio map learned from the users' reports, read where their present course leads them.

    ASSUMED: squares of 50 m by default.
    """

    kind: Literal["learned"] = Field(description="learned")
    bin_m: Annotated[float, Quantity(units.DISTANCE, ge=1, le=1e5)] = Field(
        50.0, alias="bin", description="side of the squares in which reports are averaged"
    )


Predictor = PerfectPredictor | NoisyPredictor | LearnedPredictor
PredictorField = Annotated[
    Annotated[PerfectPredictor, Tag("kind=perfect")]
    | Annotated[NoisyPredictor, Tag("kind=noisy")]
    | Annotated[LearnedPredictor, Tag("kind=learned")],
    variant(kind_tag),
    ShortForm(lambda kind: {"kind": kind}, (str,), {"enum": ["perfect", "noisy", "learned"]}),
]


class Repair(StrictModel):
    """When a terminal that lost a broadcast segment asks a cell for what is missing.

    ASSUMED: by default after 100 ms and up to 1 s more.
    """

    offset_s: Instant = Field(0.1, alias="offset", description="time after the loss before which nobody asks")
    backoff_s: Instant = Field(
        1.0, alias="backoff", description="each request waits a random time up to this more"
    )


class Continuation(StrictModel):
    """Service continuation: cells carry broadcast services on, or repair them, where reception is poor.

    ASSUMED: by default reception is predicted 5 s ahead, and a loss of one segment in ten is poor.
    """

    services: Annotated[Names, Field(min_length=1)] = Field(
        description="services that go to a tower and to cells, and begin on the tower"
    )
    policy: Name = Field("never-collaborate", description="continuation policy")
    horizon_s: Span = Field(5.0, alias="horizon", description="how far ahead reception is predicted")
    predictor: PredictorField = Field(
        PerfectPredictor(kind="perfect"), description="how reception is predicted"
    )
    poor: Annotated[float, Quantity(units.RATIO, gt=0, le=1)] = Field(
        0.1, description="loss of segments from which on reception counts as poor; 0.1 is one in ten"
    )
    repair: Repair = Field(Repair(), description="when repairs are asked for")


class Offloading(StrictModel):
    """Service offloading: the tower takes contents over from loaded cells.

    ASSUMED: by default a receiver tunes in within 1 s, and a tower reaches whoever loses fewer than one segment in ten.
    """

    services: Annotated[Names, Field(min_length=1)] = Field(
        description="services that go to cells and to a tower, and begin in the cells"
    )
    policy: Name = Field("never-collaborate", description="offloading policy")
    poor: Annotated[float, Quantity(units.RATIO, gt=0, le=1)] = Field(
        0.1, description="loss of segments from which on a user does not count as reached by the tower"
    )
    fill: Annotated[float, Quantity(units.RATIO, gt=0, le=1)] = Field(
        1.0,
        description="share of what is free of a tower's rate that contents taken over may fill; contents of varying "
        "rate need some room",
    )
    tune_in_s: Instant = Field(
        1.0,
        alias="tune_in",
        description="time that receivers take to tune in, during which cells still serve them",
    )


class Addition(StrictModel):
    """Service addition: cells add personal enhancements to a broadcast common stream."""

    services: Annotated[Names, Field(min_length=1)] = Field(
        description="personal services that enhance another one"
    )
    policy: Name = Field("never-collaborate", description="addition policy")
    action: Name | None = Field(
        None, description="action from whose control bits enhancements can be generated; null for none"
    )


class Collaboration(StrictModel):
    """How the broadcast core and the cellular core work together."""

    cores: Cores = Field(Cores(), description="the two cores and the way between them")
    continuation: Continuation | None = Field(None, description="service continuation; null for none")
    offloading: Offloading | None = Field(None, description="service offloading; null for none")
    addition: Addition | None = Field(None, description="service addition by policy; null for none")
    admission: Share | None = Field(
        None,
        description="share of a cell's resources up to which it takes users on, others are blocked; null for no limit",
    )
