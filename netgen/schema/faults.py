"""Models of faults: what breaks, when, and until it is repaired."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from netgen.schema.fields import ARROW, Instant, Span, StrictModel, Text, Truth


def _without_spaces(where: str) -> str:
    """The key of a link as `Scenario.links` has it; anything else as it is."""
    match = ARROW.fullmatch(where)
    return "".join(match.groups()) if match else where


class Fault(StrictModel):
    """Something breaks at an instant, and works again once it is repaired."""

    what: Literal["tower", "cell", "link", "cores", "gpu"] = Field(
        description="a tower goes off air, a cell or cellular network does, a link is cut, the way between the "
        "cores is cut, or the GPU of a node fails"
    )
    where: Annotated[Text, AfterValidator(_without_spaces)] | None = Field(
        None,
        description="name of the node, link `A -> D`, or sector of a cellular network as in `ran:site-1-2`; null for "
        "the cores alone",
    )
    at_s: Instant = Field(alias="at", description="when it breaks")
    repair_s: Span = Field(alias="repair", description="time until it works again; their mean when random")
    random: Truth = Field(
        False, description="whether the time until it works again is drawn from an exponential distribution"
    )
