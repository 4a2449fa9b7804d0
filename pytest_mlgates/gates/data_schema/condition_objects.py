"""Conditions as the objects that GX 1.x writes into suite JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates.data_schema.condition_nodes import (
    DEEPEST,
    FLIPPED,
    All,
    AnyOf,
    Compare,
    In,
    Name,
    Null,
    literal,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST_SHOWN = 200
_KEYS = {
    "pass_through": {"pass_through_filter"},
    "and": {"conditions"},
    "or": {"conditions"},
    "nullity": {"column", "is_null"},
    "comparison": {"column", "operator", "parameter"},
}
_MEMBERSHIP = {"IN": False, "NOT_IN": True, "==": False, "!=": True}


def of_mapping(value: Mapping[str, Any], parse: Callable[[str], Any], depth: int = 0) -> Any:
    """The condition objects of GX 1.x, as its JSON has them; *parse* reads the text in them."""
    if depth > DEEPEST:
        raise refused("…", f"more than {DEEPEST} levels")
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise refused(repr(value), f"a condition of type {kind!r}")
    keys = _KEYS[kind]
    if set(value) != {*keys, "type"}:
        raise refused(repr(value), f"{sorted(map(str, value))} instead of {sorted(keys)}")
    if kind == "pass_through":
        if not isinstance(value["pass_through_filter"], str):
            raise refused(repr(value), "a pass_through_filter that is not text")
        return parse(value["pass_through_filter"])
    if kind in ("and", "or"):
        if not isinstance(value["conditions"], list) or not value["conditions"]:
            raise refused(repr(value), f"{kind!r} without conditions")
        parts = tuple(of_mapping(_as_mapping(p), parse, depth + 1) for p in value["conditions"])
        return All(parts) if kind == "and" else AnyOf(parts)
    return _of_column(value, kind)


def _as_mapping(part: Any) -> Mapping[str, Any]:
    found = part.dict() if hasattr(part, "dict") else part
    if not isinstance(found, dict):
        raise refused(repr(part), "a part that is no condition")
    return found


def _of_column(value: Mapping[str, Any], kind: str) -> Any:
    column = value["column"]
    name = column.get("name") if isinstance(column, dict) else column
    if not isinstance(name, str):
        raise refused(repr(value), f"{column!r} as its column")
    if kind == "comparison":
        return _of_comparison(Name(name), value)
    if not isinstance(value["is_null"], bool):
        raise refused(repr(value), "is_null that is neither true nor false")
    return Null(Name(name), value["is_null"])


def _of_comparison(name: Name, value: Mapping[str, Any]) -> Any:
    op = str(getattr(value["operator"], "value", value["operator"]))
    parameter, shown = value["parameter"], repr(value)
    if isinstance(parameter, list | tuple) and parameter and op in _MEMBERSHIP:
        found = tuple(literal(item, shown) for item in parameter)
        return In(name, found, _MEMBERSHIP[op])
    if op in FLIPPED and not isinstance(parameter, list | tuple):
        return Compare(name, op, literal(parameter, shown))
    raise refused(shown, f"{op!r} with {parameter!r}"[:_MOST_SHOWN])
