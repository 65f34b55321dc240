"""Models of utility evaluation: which segments are rated, by whom, where, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, Tag

from netgen import units
from netgen.schema.collaboration import MessageSize
from netgen.schema.fields import (
    FilePath,
    Instant,
    Memory,
    Name,
    Names,
    Quantity,
    Share,
    ShortForm,
    StrictModel,
    Text,
    Whole,
    kind_tag,
    variant,
)

Score = Annotated[float, Quantity(units.NUMBER, ge=1, le=5)]


class Always(StrictModel):
    """Every segment is rated. Short form: `always`."""

    kind: Literal["always"] = Field(description="always")


class Never(StrictModel):
    """No segment is rated, and still it is known how many bad ones are shown. Short form: `never`."""

    kind: Literal["never"] = Field(description="never")


class RandomShare(StrictModel):
    """Segments are rated at random."""

    kind: Literal["share"] = Field(description="share")
    share: Share = Field(description="share of the segments that are rated")


class Adaptive(StrictModel):
    """Segments are rated where there is a reason to doubt them.

    ASSUMED: by default a fidelity below 0.8 is a reason, so is a rating at or below `bad` of one of the last 3
    segments, and of the others one in twenty is rated.
    """

    kind: Literal["adaptive"] = Field(description="adaptive")
    fidelity: Share = Field(
        0.8, description="segments whose expected semantic fidelity lies below this are rated"
    )
    after_bad: Annotated[Whole, Field(ge=0, le=10_000)] = Field(
        3, description="so many segments after one that was rated bad are rated"
    )
    share: Share = Field(0.05, description="share of the other segments that are rated, at random")


When = Always | Never | RandomShare | Adaptive
WhenField = Annotated[
    Annotated[Always, Tag("kind=always")]
    | Annotated[Never, Tag("kind=never")]
    | Annotated[RandomShare, Tag("kind=share")]
    | Annotated[Adaptive, Tag("kind=adaptive")],
    variant(kind_tag),
    ShortForm(lambda kind: {"kind": kind}, (str,), {"enum": ["always", "never", "adaptive"]}),
]


class Note(StrictModel):
    """What is rated bad is written down, and shown; no segment waits for its rating. Short form: `note`."""

    kind: Literal["note"] = Field(description="note")


class Withhold(StrictModel):
    """What is rated bad is not shown. Short form: `withhold`."""

    kind: Literal["withhold"] = Field(description="withhold")


class Refetch(StrictModel):
    """What is rated bad is not shown; the receiver gets the segment again from its source. Short form: `refetch`."""

    kind: Literal["refetch"] = Field(description="refetch")
    action: Name | None = Field(
        None,
        description="action by which the source contracts it, and the receiver's GPU expands it; null for the source "
        "itself",
    )


Then = Note | Withhold | Refetch
ThenField = Annotated[
    Annotated[Note, Tag("kind=note")]
    | Annotated[Withhold, Tag("kind=withhold")]
    | Annotated[Refetch, Tag("kind=refetch")],
    variant(kind_tag),
    ShortForm(lambda kind: {"kind": kind}, (str,), {"enum": ["note", "withhold", "refetch"]}),
]


class RatingWork(StrictModel):
    """What a rating costs, declared."""

    time_s: Instant = Field(alias="time", description="time to rate 1 s of video on the node's GPU")
    memory_bytes: Memory = Field(alias="memory", description="GPU memory that the rater takes")


class Evaluation(StrictModel):
    """Utility evaluation of services: a job at a node, whose rating decides what is shown.

    ASSUMED: by default a score of up to 2.5 is bad, nearer to poor than to fair, and a rating takes 1,000 bit.
    """

    services: Annotated[Names, Field(min_length=1)] = Field(
        description="services of labelled scenes whose segments are rated at their receivers"
    )
    node: Name = Field(
        alias="at",
        description="node with a GPU that rates; what is shown, and what the rater knows of the source, is sent there",
    )
    rater: Text = Field(
        "description",
        description="who rates: `nothing`, `description` or `source`, by what the shipped rater knows of the source, "
        "or another one of the file",
    )
    path: FilePath | None = Field(
        None,
        description="ratings that python -m netgen.appraisal.measuring wrote; null for the shipped ones",
    )
    when: WhenField = Field(Always(kind="always"), description="which segments are rated")
    bad: Score = Field(2.5, description="scores up to this are bad")
    then: ThenField = Field(Note(kind="note"), description="what happens to what is rated bad")
    work: RatingWork | None = Field(
        None, description="what a rating costs; null for what was measured, scaled to the node's GPU"
    )
    rating_bits: MessageSize = Field(
        1000, alias="rating", description="size of the message that brings a rating back to the receiver"
    )
    measured_as: Mapping[Name, Text] = Field(
        default_factory=dict,
        description="for actions without ratings of their own: as which of the measured ones they count, by name",
    )
