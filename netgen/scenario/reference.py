"""What a scenario may hold, for people and editors: the resolved file, the JSON Schema, the table of fields."""

from __future__ import annotations

import copy
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter
from pydantic.fields import FieldInfo

from netgen import units
from netgen.document.messages import NAME_PATTERN
from netgen.document.ranges import WRITTEN_NAME_PATTERN
from netgen.document.source import resolve_plain
from netgen.schema.fields import ARROW_PATTERN, Name, Quantity
from netgen.schema.network import Link, NodeField, TopologyField
from netgen.schema.scenario import Header, Scenario

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class ScenarioFile(Header):
    """A scenario as a person writes it, before it is written out into `Scenario`."""

    extends: str | list[str] | None = Field(
        None,
        description="scenario files that this one is laid over, relative to it: mappings merge, lists and mappings "
        "of another kind replace, null removes a named entry",
    )
    topology: TopologyField | None = Field(
        None, description="generated or imported nodes and links; null for none"
    )
    nodes: Mapping[Name, NodeField] = Field(
        default_factory=dict, description="nodes, by name; laid over those of the topology"
    )
    links: Mapping[Annotated[str, StringConstraints(pattern=ARROW_PATTERN)], Link] = Field(
        default_factory=dict, description="links, by `A -> B` or `A <-> B`; laid over those of the topology"
    )


class _Dumper(yaml.SafeDumper):
    """Writes text so that `load_scenario` reads the same text back."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401  (PyYAML's own signature)
        """Write a value out wherever it occurs."""
        del data
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if resolve_plain(text) == (text, "") else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def resolved_yaml(scenario: Scenario) -> str:
    """Return the scenario with every default filled in; it loads again to an equal scenario."""
    document = scenario.model_dump(mode="json", by_alias=True)
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a scenario file, for editors.

    A file with `extends` may leave out any key, since its bases may hold it; so may links and nodes, which a
    topology may hold. What a schema cannot say (references, files, units of another kind) only loading checks.
    """
    whole = ScenarioFile.model_json_schema(by_alias=True)
    models = {model.__name__: model for _, model in _models(ScenarioFile, "")}
    for name, definition in [("ScenarioFile", whole), *whole["$defs"].items()]:
        _set_defaults(definition, models.get(name))
    definitions = whole.pop("$defs")
    definitions["Scenario"] = whole
    for definition in definitions.values():
        _close_patterns(definition)
        _allow_ranges(definition)
    parts = {f"{name}Part": _part(definition) for name, definition in copy.deepcopy(definitions).items()}
    for name in ("Link", "Gpu", "PlainNode", "CellNode", "RanNode", "TowerNode"):
        definitions[name].pop("required", None)
    whole["properties"]["nodes"] = _any_variant(whole["properties"]["nodes"])
    for entry in parts["ScenarioPart"]["properties"].values():
        _allow_null(entry)
    return {
        "$schema": _DIALECT,
        "title": "netgen scenario",
        "type": "object",
        "if": {"required": ["extends"], "properties": {"extends": {"type": ["string", "array"]}}},
        "then": {"$ref": "#/$defs/ScenarioPart"},
        "else": {"$ref": "#/$defs/Scenario"},
        "$defs": definitions | parts,
    }


def _set_defaults(definition: dict[str, Any], model: type[BaseModel] | None) -> None:
    """Write defaults as a person would write them."""
    if model is None:
        return
    for name, field in model.model_fields.items():
        entry = definition.get("properties", {}).get(field.alias or name)
        if entry is not None and "default" in entry:
            entry["default"] = _default(field)


def _default(field: FieldInfo) -> Any:  # noqa: ANN401  (whatever a field may hold)
    """Return the default of a field as it is written in a file."""
    value = field.get_default(call_default_factory=True, validated_data={})
    expression: Any = field.annotation
    for note in field.metadata:
        expression = Annotated[expression, note]
    return TypeAdapter(expression).dump_python(value, mode="json", by_alias=True)


def _close_patterns(node: Any) -> None:  # noqa: ANN401  (any JSON)
    """Refuse names that no pattern matches, everywhere below `node`."""
    if isinstance(node, dict):
        if "patternProperties" in node:
            node["additionalProperties"] = False
        for entry in node.values():
            _close_patterns(entry)
    elif isinstance(node, list):
        for entry in node:
            _close_patterns(entry)


def _allow_ranges(node: Any) -> None:  # noqa: ANN401  (any JSON)
    """Let names be written as numbered ranges, everywhere below `node`."""
    if isinstance(node, dict):
        named = node.get("patternProperties", {})
        if NAME_PATTERN in named:
            named[WRITTEN_NAME_PATTERN] = named.pop(NAME_PATTERN)
        if node.get("pattern") == NAME_PATTERN:
            node["pattern"] = WRITTEN_NAME_PATTERN
        for entry in node.values():
            _allow_ranges(entry)
    elif isinstance(node, list):
        for entry in node:
            _allow_ranges(entry)


def _any_variant(node: Any) -> Any:  # noqa: ANN401  (any JSON)
    """Return a schema where more than one variant may fit, since the key that tells may be left out."""
    if isinstance(node, list):
        return [_any_variant(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    return {"anyOf" if key == "oneOf" else key: _any_variant(entry) for key, entry in node.items()}


def _part(node: Any) -> Any:  # noqa: ANN401  (any JSON)
    """Return a schema that lets every key be left out, in terms of its own kind of definitions."""
    if isinstance(node, list):
        return [_part(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    rest = {key: _part(entry) for key, entry in _any_variant(node).items() if key not in ("required", "$ref")}
    if "$ref" in node:
        rest["$ref"] = node["$ref"] + "Part"
    return rest


def _allow_null(entry: dict[str, Any]) -> None:
    """Let null remove a top-level key, or a named entry of a section."""
    for pattern, named in entry.get("patternProperties", {}).items():
        entry["patternProperties"][pattern] = {"anyOf": [named, {"type": "null"}]}
    body = {key: entry.pop(key) for key in list(entry) if key not in ("description", "default", "title")}
    entry["anyOf"] = [body, {"type": "null"}]


_SECTIONS = {"nodes": "nodes.NAME", "links": 'links."A -> B"'} | {
    section: f"{section}.NAME"
    for section in ("contents", "actions", "policies", "services", "audiences", "background")
}


def _models(model: type[BaseModel], path: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield every model below, with the path of keys at which it stands."""
    yield path, model
    for name, field in model.model_fields.items():
        key = field.alias or name
        below = f"{path}.{key}" if path else _SECTIONS.get(key, key)
        for found in _models_in(field.annotation):
            yield from _models(found, below)


def _models_in(expression: Any) -> list[type[BaseModel]]:  # noqa: ANN401  (any type expression)
    if isinstance(expression, type) and not get_args(expression) and issubclass(expression, BaseModel):
        return [expression]
    return [model for part in get_args(expression) for model in _models_in(part)]


def field_table() -> str:
    """Return the reference of all keys as markdown: one table for each kind of mapping."""
    lines: list[str] = []
    for path, model in _models(ScenarioFile, ""):
        kind = model.model_fields.get("kind")
        names = " or ".join(f"`{name}`" for name in get_args(kind.annotation)) if kind is not None else ""
        title = f"`{path}`" if path else "Top level"
        lines += [f"### {title}{f', kind {names}' if names else ''}", "", _first_line(model), ""]
        lines += ["| key | type | default | range | meaning |", "| --- | --- | --- | --- | --- |"]
        for name, field in model.model_fields.items():
            key = field.alias or name
            if not key.startswith("->") and not (name == "radio" and field.exclude):
                lines.append(_row(key, field))
        lines.append("")
    return "\n".join(lines)


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _row(key: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else f"`{_short(_default(field))}`"
    cells = (
        f"`{key}`",
        _type(field.annotation, field.metadata),
        default,
        _range(field),
        field.description or "",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _short(default: Any) -> str:  # noqa: ANN401  (whatever a field may hold)
    return (
        yaml.dump(default, Dumper=_Dumper, default_flow_style=True, width=1000).replace("\n...", "").strip()
    )


def _notes(expression: Any, metadata: list[Any]) -> list[Any]:  # noqa: ANN401  (any type expression)
    """Return all annotations of a type, those inside a union too."""
    notes = list(metadata)
    if get_origin(expression) is Annotated:
        inner, *outer = get_args(expression)
        return notes + outer + _notes(inner, [])
    if get_origin(expression) in (Union, types.UnionType):
        for part in get_args(expression):
            notes += _notes(part, [])
    return [part for note in notes for part in (note.metadata if isinstance(note, FieldInfo) else [note])]


def _range(field: FieldInfo) -> str:
    """Return the accepted range in words; empty when it is open."""
    texts = []
    for note in _notes(field.annotation, field.metadata):
        if isinstance(note, Quantity):
            texts.append(note.bounds_text())
        for kind, sign, name in ((Ge, ">=", "ge"), (Gt, ">", "gt"), (Le, "<=", "le"), (Lt, "<", "lt")):
            if isinstance(note, kind):
                texts.append(f"{sign} {getattr(note, name)}")
    return " and ".join(text for text in texts if text)


_NAMES: dict[Any, str] = {str: "text", int: "whole number", bool: "true or false", Any: "any", Path: "path"}


def _type(expression: Any, metadata: list[Any]) -> str:  # noqa: ANN401, PLR0911  (one return for each kind of type)
    """Return the type of a field in words, with an example of its unit."""
    for note in _notes(expression, metadata):
        if isinstance(note, Quantity):
            dimension = note.dimension
            return f"{dimension.name.removeprefix('an ').removeprefix('a ')}, as in {dimension.examples}"
    origin, parts = get_origin(expression), get_args(expression)
    if origin is Annotated:
        return _type(parts[0], [])
    if origin is Literal:
        return ", ".join(f"`{name}`" for name in parts)
    if _models_in(expression):
        return "list of mappings, see below" if origin in (list, tuple) else "mapping, see below"
    if origin in (Union, types.UnionType):
        return " or ".join(_type(part, []) for part in parts if part is not types.NoneType)
    if origin in (list, tuple):
        return f"list of {_type(parts[0], [])}"
    if expression is units.FrameFormat:
        return "video format, as in 1080p30, 1280x720@29.97"
    return _NAMES.get(expression, "mapping")
