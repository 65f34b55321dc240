"""Models of faults: what breaks, when, and until it is repaired."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from netgen.schema.fields import Instant, Span, StrictModel, Text, Truth


class Fault(StrictModel):
    """Something breaks at an instant, and works again once it is repaired."""

    what: Literal["tower", "cell", "link", "cores", "gpu"] = Field(
        description="a tower goes off air, a cell or cellular network does, a link is cut, the way between the "
        "cores is cut, or a node's GPU fails"
    )
    where: Text | None = Field(
        None,
        description="node, link `A->D`, or sector `node:sector` of a cellular network; null for the cores alone",
    )
    at_s: Instant = Field(alias="at", description="when it breaks")
    repair_s: Span = Field(alias="repair", description="time until it works again; their mean when random")
    random: Truth = Field(
        False, description="whether the time until it works again is drawn from an exponential distribution"
    )
