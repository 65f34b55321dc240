"""Models of lengths, points and areas in the plane: east and north of the origin."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, Tag
from pydantic_core import PydanticCustomError

from netgen import units
from netgen.schema.fields import Quantity, StrictModel, kind_tag, variant

Distance = Annotated[float, Quantity(units.DISTANCE, gt=0, le=1e6)]
Extent = Annotated[float, Quantity(units.DISTANCE, ge=1, le=1e6)]
Coordinate = Annotated[float, Quantity(units.DISTANCE, ge=-1e7, le=1e7)]


def pair(accepted: str) -> BeforeValidator:
    """Refuse what is no list of two, saying what is accepted."""

    def checked(value: object) -> object:
        if not isinstance(value, list | tuple) or len(value) != 2:
            found = f"has {len(value)} entries" if isinstance(value, list | tuple) else "is of the wrong type"
            raise PydanticCustomError("pair", "{reason}", {"reason": f"{found}; accepted: {accepted}"})
        return value

    return BeforeValidator(checked)


Point = Annotated[
    tuple[Coordinate, Coordinate], pair("two distances, east and north of the origin, as in [4 km, 0 m]")
]


class DiscPlace(StrictModel):
    """A disc."""

    kind: Literal["disc"] = Field(description="the word disc")
    centre: Point = Field((0.0, 0.0), description="east and north of the origin")
    radius_m: Extent = Field(alias="radius", description="radius")


class RectanglePlace(StrictModel):
    """A rectangle."""

    kind: Literal["rectangle"] = Field(description="rectangle")
    low: Point = Field(alias="from", description="south-west corner, east and north of the origin")
    high: Point = Field(alias="to", description="north-east corner")


HoleField = Annotated[
    Annotated[DiscPlace, Tag("kind=disc")] | Annotated[RectanglePlace, Tag("kind=rectangle")],
    variant(kind_tag),
]
Holes = tuple[HoleField, ...]
