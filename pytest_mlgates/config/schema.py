"""The JSON Schema of ``[tool.mlgates]``, for editors: made from what validates it.

Names, types, choices and limits are those of the fields that msgspec reads. What a field's own
reader adds stands here, by its function; a new reader without an entry is refused, so that none is
forgotten. ``python -m pytest_mlgates.config.schema`` writes the file anew.

Rules over several fields are here as far as they need no data, no metric's range and no code of
the project: the validator knows more, and is what decides.
"""

from __future__ import annotations

import inspect
import json
import re
import types
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union
from typing import get_args as arguments_of
from typing import get_origin as origin_of

import msgspec

from pytest_mlgates.config.model import Settings, TableSettings
from pytest_mlgates.config.waivers import AllowedLoosening, WaiverSettings
from pytest_mlgates.extensions.manager import BUILTIN_KINDS, gate_kind

if TYPE_CHECKING:
    from pytest_mlgates.gates.base import GateKind

FILE = Path(__file__).with_name("mlgates.schema.json")
_DRAFT = "http://json-schema.org/draft-07/schema#"  # what editors of TOML know
_TEXT = {"type": "string"}
_SAID = {"type": "string", "pattern": "\\S"}
_DAY = {"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"}
_NAMES = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_UNLIKE = {"type": "array", "minItems": 1, "uniqueItems": True, "items": _TEXT}
_WHOLE = {"type": "integer", "minimum": 0}
_SCALAR = {"type": ["string", "number", "boolean"]}
# By the function that reads a field: what it takes. None leaves it to the field's type.
_READERS: dict[str, dict[str, Any] | None] = {
    "_finite": {"type": "number"},
    "_inputs": {"type": "array", "items": {"type": "string", "minLength": 1}},
    "columns": _NAMES,
    "named_once.<locals>.read": {"anyOf": [_TEXT, _UNLIKE]},
    "_suite": {"anyOf": [{"type": "string", "minLength": 1}, {"type": ["array", "object"]}]},
    "_name": _TEXT,
    "known": _TEXT,
    "level": None,
    "whole_number": _WHOLE,
    "several_seeds": {"type": "array", "minItems": 2, "uniqueItems": True, "items": _WHOLE},
    "variations": None,
    "_reference": {"type": "string", "not": {"pattern": "//[^/@\\s]*:[^/@\\s]*@|://[^?\\s]*\\?"}},
    "reference": {"type": "string", "pattern": "\\.json$|^runs:/"},
    "delimiter": {"type": "string", "pattern": '^[^\\r\\n"]$'},
    "quote": {"type": "string", "pattern": "^[^\\r\\n]?$"},
    "encoding": _TEXT,
    "decimal": {"enum": [".", ","]},
    "null_values": _NAMES,
    "table_name": {"type": "string", "minLength": 1},
    "a_text": _SAID,
    "a_day": _DAY,
    "a_group": {"anyOf": [_SCALAR, {"type": "array", "minItems": 1, "items": _SCALAR}]},
}
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}
_LIMITS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}
_ABOUT = {
    "kind": "data_schema, metric, fairness, reproducibility, or one that a plugin registers",
    "table": "the declared table that it judges",
    "entry": "package.module:function",
    "command": "what is run: python train.py --out {out}",
    "outputs": "what the command writes, relative to {out}",
    "promote": "whether a promotion wants proof, or lets the estimate of an undecided gate do",
}


def build() -> dict[str, Any]:
    """The schema of ``mlgates.toml``, which is that of the table ``[tool.mlgates]`` too."""
    root = _object(Settings)
    entries = root["properties"]
    entries["tables"] = {"type": "object", "additionalProperties": {"$ref": "#/definitions/table"}}
    entries["gates"] = {"type": "object", "additionalProperties": {"$ref": "#/definitions/gate"}}
    entries["waivers"] = {"type": "array", "items": {"$ref": "#/definitions/waiver"}}
    entries["allow-loosening"] = {"type": "array", "items": {"$ref": "#/definitions/loosening"}}
    kinds = {name: gate_kind(name) for name in sorted(BUILTIN_KINDS)}
    return {
        "$schema": _DRAFT,
        "title": "pytest-mlgates",
        **root,
        "definitions": {
            "table": _object(TableSettings),
            "gate": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {**_TEXT, "examples": list(kinds)}},
                "allOf": [
                    {
                        "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                        "then": {"$ref": f"#/definitions/{name}"},
                    }
                    for name in kinds
                ],
            },
            **{name: _gate(kind) for name, kind in kinds.items()},
            "waiver": _object(WaiverSettings),
            "loosening": _object(AllowedLoosening),
        },
    }


def of_pyproject(schema: dict[str, Any]) -> dict[str, Any]:
    """*schema* for a whole ``pyproject.toml``, of which it judges ``[tool.mlgates]`` alone."""
    own = {key: value for key, value in schema.items() if key not in {"$schema", "definitions"}}
    tool = {"type": "object", "properties": {"mlgates": own}}
    return {
        "$schema": schema["$schema"],
        "title": "pyproject.toml with pytest-mlgates",
        "type": "object",
        "properties": {"tool": tool},
        "definitions": schema["definitions"],
    }


def text() -> str:
    """What stands in :data:`FILE`."""
    return json.dumps(build(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _gate(kind: GateKind) -> dict[str, Any]:
    found = _object(kind.parameters)
    properties, required = found["properties"], found["required"]
    own = ("table",) if kind.takes == "table" else ("entry", "command", "outputs")
    for name in ("kind", *own):
        properties[name] = {**_TEXT, "description": _ABOUT[name]}
    properties["promote"] = {"enum": ["proof", "estimate"], "description": _ABOUT["promote"]}
    if kind.takes == "table":
        required.append("table")
    else:
        properties["outputs"] = {"type": "array", "items": _TEXT, "description": _ABOUT["outputs"]}
        found["oneOf"] = [{"required": ["entry"]}, {"required": ["command"]}]
        found["dependencies"] = {"outputs": ["command"], "command": ["outputs"]}
    if "margin" in properties:
        found["dependencies"] = {
            "no_worse_than": ["margin"],
            "margin": ["no_worse_than"],
            "first": ["no_worse_than"],
        }
        found["anyOf"] = [{"required": [name]} for name in ("min", "max", "no_worse_than")]
        if "method" in properties:  # the one disparity that has a bound of its own
            alone = {"properties": {"metric": {"const": "disparate_impact"}}}
            found["anyOf"].append(alone)
    return found


def _object(model: type[msgspec.Struct]) -> dict[str, Any]:
    fields = msgspec.structs.fields(model)
    about = _described(model)
    properties: dict[str, Any] = {}
    for field in fields:
        found = _of(field.type)
        if field.name in about:
            found = {**found, "description": about[field.name]}
        properties[field.name] = found
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": [field.name for field in fields if field.required],
    }


def _described(model: type[msgspec.Struct]) -> dict[str, str]:
    """What the docstrings of *model* and its bases say of their attributes."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        part = inspect.cleandoc(one.__doc__ or "").partition("Attributes:\n")[2]
        for name, words in re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", part, re.MULTILINE):
            found[name] = " ".join(words.split())
    return found


def _of(type_: Any) -> dict[str, Any]:
    """The schema of one type of msgspec's. TOML has no null, so None is left out."""
    if origin_of(type_) in (Union, types.UnionType):
        parts = [_of(part) for part in arguments_of(type_) if part is not types.NoneType]
        return parts[0] if len(parts) == 1 else {"anyOf": parts}
    if origin_of(type_) is Annotated:
        inner, *metas = arguments_of(type_)
        return _constrained(_of(inner), metas)
    if origin_of(type_) is Literal:
        return {"enum": list(arguments_of(type_))}
    if isinstance(type_, type) and issubclass(type_, Enum):
        return {"enum": [member.value for member in type_]}
    if origin_of(type_) is tuple:
        items = _of(arguments_of(type_)[0])
        listed = {"type": "array", "items": items}
        return {"anyOf": [items, listed]} if "enum" in items else listed
    if origin_of(type_) is dict:
        return {"type": "object", "additionalProperties": _of(arguments_of(type_)[1])}
    return {"type": _PLAIN[type_]} if type_ in _PLAIN else {}


def _constrained(found: dict[str, Any], metas: list[msgspec.Meta]) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for meta in metas:
        if meta.extra and "read" in meta.extra:
            found = _READERS[meta.extra["read"].__qualname__] or found
        for name, keyword in _LIMITS.items():
            if getattr(meta, name) is not None:
                limits[keyword] = getattr(meta, name)
        if meta.min_length == 1:
            found = {"anyOf": [_TEXT, {"type": "array", "minItems": 1, "items": _TEXT}]}
    return {**found, **limits}


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
