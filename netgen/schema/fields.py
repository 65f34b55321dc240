"""Field types of the scenario models: quantities with units, names, short forms, variants told apart by a key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from netgen import units
from netgen.document.messages import NAME_PATTERN

ARROW_PATTERN = r"^\s*[A-Za-z][A-Za-z0-9_-]{0,63}\s*<?->\s*[A-Za-z][A-Za-z0-9_-]{0,63}\s*$"
ARROW = re.compile(
    r"\s*([A-Za-z][A-Za-z0-9_-]{0,63}?)\s*(<->|->)\s*([A-Za-z][A-Za-z0-9_-]{0,63})\s*", re.ASCII
)
_QUANTITY_TEXT = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*[A-Za-zµμ%/][A-Za-z/ ]*$"


class StrictModel(BaseModel):
    """Base of every scenario model: frozen, no unknown keys, no NaN, no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Quantity:
    """Annotation of a number that is written with a unit; the bounds are in `dimension.unit`.

    Parameters
    ----------
    dimension : Dimension       What the number measures.
    ge, gt, le, lt : float      Bounds, each None when open.
    """

    dimension: units.Dimension
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by the units library, write back with a unit."""
        return core_schema.no_info_plain_validator_function(
            self.validated,
            serialization=core_schema.plain_serializer_function_ser_schema(self.rendered),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return what an editor can check: a number with a unit, or a bare number where that is accepted."""
        text = {"type": "string", "pattern": _QUANTITY_TEXT}
        bare: dict[str, Any] = {"type": "number"} if self.dimension.bare else {"const": 0}
        bounds = {
            "minimum": self.ge,
            "exclusiveMinimum": self.gt,
            "maximum": self.le,
            "exclusiveMaximum": self.lt,
        }
        if self.dimension.bare:
            bare |= {key: bound for key, bound in bounds.items() if bound is not None}
        if not self.dimension.spellings:
            return bare
        examples = self.dimension.examples.split(", ")
        return {"anyOf": [text, bare], "examples": examples}

    def validated(self, value: object) -> float | int:
        """Return the number in `dimension.unit`; raises PydanticCustomError that says what is accepted."""
        try:
            number = units.parse(value, self.dimension)
        except ValueError as error:
            raise PydanticCustomError("quantity", "{reason}", {"reason": str(error)}) from None
        if not self._inside(number):
            reason = f"is out of range; accepted: {self.bounds_text()}"
            raise PydanticCustomError("quantity", "{reason}", {"reason": reason})
        return number

    def _inside(self, number: float) -> bool:
        return (
            (self.ge is None or number >= self.ge)
            and (self.gt is None or number > self.gt)
            and (self.le is None or number <= self.le)
            and (self.lt is None or number < self.lt)
        )

    def rendered(self, number: float) -> str | float | int:
        """Write a number back so that it parses to exactly itself."""
        return units.render(number, self.dimension)

    def bounds_text(self) -> str:
        """Return the accepted range in words, with its unit; empty when it is open."""
        unit = f" {self.dimension.unit}" if self.dimension.unit else ""
        bounds = ((">=", self.ge), (">", self.gt), ("<=", self.le), ("<", self.lt))
        return " and ".join(f"{sign} {bound:g}{unit}" for sign, bound in bounds if bound is not None)


@dataclass(frozen=True, slots=True, eq=False)
class ShortForm:
    """Annotation: a bare value stands for a mapping, for example `A: edge` for `A: {kind: edge}`.

    Parameters
    ----------
    expand : callable           Makes the mapping from the bare value.
    types : tuple of type       Types of value that are short forms; others pass through.
    hint : dict                 JSON Schema of the short form.
    """

    expand: Callable[[Any], Any]
    types: tuple[type, ...]
    hint: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Expand before validation."""
        return core_schema.no_info_before_validator_function(self._expanded, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Accept both forms."""
        return {"anyOf": [dict(self.hint), handler(schema)]}

    def _expanded(self, value: object) -> object:
        if isinstance(value, self.types) and not isinstance(value, bool):
            return self.expand(value)
        return value


def variant(choose: Callable[[Mapping[str, Any]], str]) -> Discriminator:
    """Tell the variants of a union apart, so that only the errors of the one that is meant are reported.

    Parameters
    ----------
    choose : callable           From the mapping to the tag of a variant; tags look like `kind=steps`, so that
                                they are never mistaken for keys in the location of an error.
    """

    def tag_of(value: object) -> str | None:
        if isinstance(value, BaseModel):
            value = value.model_dump(by_alias=True)
        return choose(value) if isinstance(value, Mapping) else None

    return Discriminator(tag_of)


def kind_tag(value: Mapping[str, Any]) -> str:
    """Return the tag of a mapping with a `kind` key."""
    return f"kind={value.get('kind')}"


def _located_path(value: object) -> object:
    if not isinstance(value, str) or not value or "\0" in value:
        raise PydanticCustomError("path", "is not a path; accepted: the path of a file")
    return Path(value)


def _frame_format(value: object) -> units.FrameFormat:
    if isinstance(value, units.FrameFormat):
        return value
    try:
        return units.parse_video_format(value)
    except ValueError as error:
        raise PydanticCustomError("quantity", "{reason}", {"reason": str(error)}) from None


Whole = Annotated[int, Strict()]
Truth = Annotated[bool, Strict()]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
FilePath = Annotated[
    Path,
    BeforeValidator(_located_path),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "minLength": 1}),
]
Format = Annotated[
    units.FrameFormat,
    BeforeValidator(_frame_format),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*(\d+p\d+(\.\d+)?|\d+x\d+@\d+(\.\d+)?)\s*$",
            "examples": ["1080p30"],
        }
    ),
]

LONGEST_S = 1e8
FASTEST_BPS = 1e12
Instant = Annotated[float, Quantity(units.DURATION, ge=0, le=LONGEST_S)]
Span = Annotated[float, Quantity(units.DURATION, gt=0, le=LONGEST_S)]
Delay = Annotated[float, Quantity(units.DURATION, ge=1e-6, le=3600)]
Rate = Annotated[float, Quantity(units.RATE, gt=0, le=FASTEST_BPS)]
Capacity = Annotated[float, Quantity(units.RATE, ge=0, le=FASTEST_BPS)]
Packet = Annotated[int, Quantity(units.SIZE, ge=8, le=8_000_000)]
QueueSize = Annotated[int, Quantity(units.SIZE, ge=0, le=2**53)]
Memory = Annotated[int, Quantity(units.MEMORY, gt=0, le=2**50)]
Share = Annotated[float, Quantity(units.RATIO, ge=0, le=1)]
LossShare = Annotated[float, Quantity(units.RATIO, ge=0, lt=1)]
Meaning = Annotated[float, Quantity(units.MEANING, gt=0, le=1e15)]
BitsPerPixel = Annotated[float, Quantity(units.NUMBER, gt=0, le=100)]
Names = Annotated[
    tuple[Name, ...],
    ShortForm(lambda name: [name], (str,), {"type": "string", "pattern": NAME_PATTERN}),
]
