"""Checks parameters that a document gives to a policy against the annotated signature of its class."""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pydantic
from pydantic_core import ErrorDetails

from netgen.errors import PolicySetupError, did_you_mean

_WORDS: dict[object, str] = {
    float: "a number without a unit",
    int: "a whole number without a unit",
    bool: "true or false",
    str: "text",
    type(None): "null",
    list: "a list",
    tuple: "a list",
    dict: "a mapping",
}
_BOUNDS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


@dataclass(frozen=True, slots=True)
class ParameterDefect:
    """Why a parameter is refused.

    Parameters
    ----------
    name : str                  The parameter.
    kind : str                  `unknown`, `missing`, or `value`.
    reason : str                What is wrong with it, and what is accepted.
    """

    name: str
    kind: Literal["unknown", "missing", "value"]
    reason: str

    def told(self, parameters: Mapping[str, object]) -> str:
        """The reason, with the parameter and its value."""
        if self.kind == "value":
            return f'parameter "{self.name}" = {parameters[self.name]!r}: {self.reason}'
        return self.reason


def checked_parameters(
    policy_class: type, parameters: Mapping[str, object]
) -> tuple[dict[str, Any], list[ParameterDefect]]:
    """Return the arguments that the parameters make, and what is wrong with the others.

    Raises
    ------
    PolicySetupError            The class has annotations that cannot be checked; begins with what is wrong.
    """
    accepted = {
        name: parameter
        for name, parameter in inspect.signature(policy_class).parameters.items()
        if parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    }
    defects = [_unknown(name, accepted) for name in parameters if name not in accepted]
    try:
        hints = get_type_hints(policy_class.__init__, include_extras=True)  # type: ignore[misc]
    except (NameError, TypeError) as error:
        raise PolicySetupError(f"the annotations of __init__ cannot be read: {error}") from error
    arguments: dict[str, Any] = {}
    for name, parameter in accepted.items():
        if name in parameters:
            annotation = hints.get(name, Any)
            try:
                arguments[name] = pydantic.TypeAdapter(annotation).validate_python(parameters[name])
            except pydantic.errors.PydanticUserError as error:
                raise PolicySetupError(
                    f'parameter "{name}": its annotation cannot be checked: {error.message}'
                ) from error
            except pydantic.ValidationError as error:
                defects.append(ParameterDefect(name, "value", _reason(error.errors()[0], annotation)))
        elif parameter.default is parameter.empty:
            reason = f'parameter "{name}" is missing and has no default'
            defects.append(ParameterDefect(name, "missing", reason))
    return arguments, defects


def _unknown(name: str, accepted: Mapping[str, object]) -> ParameterDefect:
    """A parameter that the class does not have."""
    known = ", ".join(accepted) or "none"
    reason = f'no parameter "{name}"; accepted: {known}{did_you_mean(name, accepted)}'
    return ParameterDefect(name, "unknown", reason)


def _reason(error: ErrorDetails, annotation: object) -> str:
    """Why a value is refused, in netgen's words where the annotation has some."""
    context = error.get("ctx", {})
    bounds = [f"{sign} {context[key]}" for key, sign in _BOUNDS.items() if key in context]
    if bounds:
        return f"is out of range; accepted: {' and '.join(bounds)}"
    words = _words(annotation)
    return f"is not accepted; accepted: {words}" if words else error["msg"]


def _words(annotation: object) -> str:
    """What an annotation accepts; empty for what has no words of its own."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _words(get_args(annotation)[0])
    if origin is Literal:
        return ", ".join(str(value) for value in get_args(annotation))
    if origin in {Union, types.UnionType}:
        parts = [_words(part) for part in get_args(annotation)]
        return " or ".join(parts) if all(parts) else ""
    return _WORDS.get(origin or annotation, "")
