"""Turns pydantic's errors into netgen's: where, what was found, what is accepted, the nearest valid name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from netgen.document.tree import Issue, Item, Key, child_path, deepest, issue_at
from netgen.errors import did_you_mean

TAG_PREFIXES = ("kind=", "has=")
NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"

_TAG = re.compile(r"'([^']*)'")


def keys_of(error: ErrorDetails) -> list[Key]:
    """Return the location of an error as keys of the document, without pydantic's own marks."""
    return [
        key
        for key in error["loc"]
        if not (isinstance(key, str) and (key.startswith(TAG_PREFIXES) or key == "[key]"))
    ]


def issues_of(error: ValidationError, root: Item, models: Iterable[type[BaseModel]] = ()) -> list[Issue]:
    """Return one issue for each of pydantic's errors, placed in the document below `root`."""
    return [_issue(details, root, tuple(models)) for details in error.errors(include_url=False)]


def _issue(details: ErrorDetails, root: Item, models: tuple[type[BaseModel], ...]) -> Issue:
    kind, keys = details["type"], keys_of(details)
    item, passed = deepest(root, keys)
    if kind == "missing" and passed and isinstance(item.value, dict):
        path = child_path(item.path, passed[-1])
        return Issue(item.key_mark, path, "is missing; accepted: a value for this required key")
    if kind == "extra_forbidden":
        accepted = accepted_keys(models, details["loc"][:-1])
        if len(keys) == 1 and "duration" in accepted:
            accepted += ["topology", "extends"]
        return issue_at(item, _unknown_key(str(keys[-1]), accepted), at_key=True)
    if kind == "union_tag_invalid":
        item = item.mapping.get("kind", item)
    at_key = details["loc"][-1:] == ("[key]",)
    return issue_at(item, _reason(details, item), at_key=at_key)


def _unknown_key(key: str, accepted: list[str]) -> str:
    if not accepted:
        return "unknown key"
    return f"unknown key; accepted: {', '.join(accepted)}{did_you_mean(key, accepted)}"


def _name(context: Mapping[str, Any], item: Item) -> str:
    """A string that does not match the pattern of its field; only names have one that is common."""
    if item.value == "":
        return "is empty; accepted: a name"
    if context.get("pattern") == NAME_PATTERN:
        return "is not a name; accepted: a letter, then up to 63 letters, digits, _ or -"
    return f"is not a name; accepted: what matches {context.get('pattern')}"


def _literal(context: Mapping[str, Any], item: Item) -> str:
    names = _TAG.findall(str(context.get("expected", "")))
    accepted = ", ".join(names) or str(context.get("expected"))
    return f"is not accepted; accepted: {accepted}{did_you_mean(str(item.value), names)}"


def _variant(context: Mapping[str, Any], item: Item) -> str:
    expected = _TAG.findall(str(context.get("expected_tags", "")))
    names = [name for tag in expected for name in tag.partition("=")[2].split("|")]
    found = str(context.get("tag", "")).partition("=")[2]
    if isinstance(item.value, dict):
        return f"has no kind; accepted: kind: {', '.join(names)}"
    return f'"{found[:80]}" is not a kind; accepted: {", ".join(names)}{did_you_mean(found, names)}'


def _of_type(accepted: str) -> Callable[[Mapping[str, Any], Item], str]:
    return lambda _context, _item: f"is of the wrong type; accepted: {accepted}"


_REASONS: dict[str, Callable[[Mapping[str, Any], Item], str]] = {
    "string_pattern_mismatch": _name,
    "literal_error": _literal,
    "union_tag_invalid": _variant,
    "union_tag_not_found": _of_type("a mapping with a kind"),
    "string_type": _of_type("text"),
    "bool_type": _of_type("true or false"),
    "int_type": _of_type("a whole number without a unit"),
    "tuple_type": _of_type("a list"),
    "dict_type": _of_type("a mapping"),
    "mapping_type": _of_type("a mapping"),
    "model_type": _of_type("a mapping"),
    "model_attributes_type": _of_type("a mapping"),
    "greater_than": lambda c, _: f"is out of range; accepted: > {c['gt']}",
    "greater_than_equal": lambda c, _: f"is out of range; accepted: >= {c['ge']}",
    "less_than": lambda c, _: f"is out of range; accepted: < {c['lt']}",
    "less_than_equal": lambda c, _: f"is out of range; accepted: <= {c['le']}",
    "too_short": lambda c, _: f"has {c['actual_length']} entries; accepted: at least {c['min_length']}",
    "too_long": lambda c, _: f"has {c['actual_length']} entries; accepted: at most {c['max_length']}",
    "string_too_short": lambda c, _: f"is too short; accepted: at least {c['min_length']} characters",
    "string_too_long": lambda c, _: f"is too long; accepted: at most {c['max_length']} characters",
}


def _reason(details: ErrorDetails, item: Item) -> str:
    context = details.get("ctx", {})
    known = _REASONS.get(details["type"])
    return known(context, item) if known is not None else details["msg"]


def accepted_keys(models: tuple[type[BaseModel], ...], location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the model at a pydantic location accepts, in their order."""
    found = set(models)
    for key in location:
        if isinstance(key, str) and key.startswith(TAG_PREFIXES):
            found = {model for model in found if key in _tags(model)} or found
        else:
            found = {below for model in found for below in _models_below(model, key)} or found
    keys: dict[str, None] = {}
    for model in sorted(found, key=lambda model: model.__name__):
        keys |= {field.alias or name: None for name, field in model.model_fields.items()}
    return [key for key in keys if not key.startswith("->")]


def _models_below(model: type[BaseModel], key: Key) -> set[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if (field.alias or name) == key:
            return set(_models_in(field.annotation))
    return set()


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401  (any type expression)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _tags(model: type[BaseModel]) -> set[str]:
    """Return the tags under which a variant may be chosen."""
    kind = model.model_fields.get("kind")
    if kind is not None:
        names = [str(name) for name in get_args(kind.annotation)]
        return {"kind=" + "|".join(names), *(f"kind={name}" for name in names)}
    aliases = {field.alias or name for name, field in model.model_fields.items() if field.is_required()}
    aliases |= {field.alias or name for name, field in model.model_fields.items()} if not aliases else set()
    return {f"has={alias}" for alias in aliases}
