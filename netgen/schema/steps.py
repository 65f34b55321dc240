"""A quantity that jumps at given times, as scenarios write it: a mapping of times to values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidatorFunctionWrapHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from netgen import units
from netgen.schema.fields import LONGEST_S, Quantity

_STEP_TIME = Quantity(units.DURATION, le=LONGEST_S)


@dataclass(frozen=True, slots=True)
class Steps:
    """Annotation: a mapping of times to values becomes pairs in the order of the file, checked later.

    Parameters
    ----------
    value : Quantity            What the values are.
    """

    value: Quantity

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate keys and values one by one, so that each wrong one is reported at its place."""
        pairs = core_schema.dict_schema(
            handler.generate_schema(Annotated[float, _STEP_TIME]),
            handler.generate_schema(Annotated[float, self.value]),
            min_length=1,
        )
        return core_schema.no_info_wrap_validator_function(
            self._paired, pairs, serialization=core_schema.plain_serializer_function_ser_schema(self._mapping)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return a mapping of anything that may be a value."""
        value = handler.resolve_ref_schema(handler(core_schema.any_schema()))
        value["type"] = ["string", "number"]
        return {"type": "object", "minProperties": 1, "additionalProperties": value}

    @staticmethod
    def _paired(value: Any, validate: ValidatorFunctionWrapHandler) -> tuple[tuple[float, float], ...]:  # noqa: ANN401
        steps: dict[float, float] = validate(value)
        if len(steps) != len(value):
            reason = "has two steps at the same time; accepted: times that increase"
            raise PydanticCustomError("steps", "{reason}", {"reason": reason})
        return tuple(steps.items())

    def _mapping(self, steps: tuple[tuple[float, float], ...]) -> dict[str, Any]:
        return {str(_STEP_TIME.rendered(time_s)): self.value.rendered(value) for time_s, value in steps}
