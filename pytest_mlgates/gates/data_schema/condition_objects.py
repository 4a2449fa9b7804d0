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
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def of_mapping(value: Mapping[str, Any], parse: Callable[[str], Any], depth: int = 0) -> Any:
    """The condition objects of GX 1.x, as its JSON has them."""
    shown = repr(value)
    kind = value.get("type")
    if depth > DEEPEST:
        raise refused(shown[:80], f"more than {DEEPEST} levels")
    if kind == "pass_through" and isinstance(value.get("pass_through_filter"), str):
        return parse(value["pass_through_filter"])
    if kind in ("and", "or") and isinstance(value.get("conditions"), list) and value["conditions"]:
        parts = tuple(
            of_mapping(part if isinstance(part, dict) else _as_mapping(part), parse, depth + 1)
            for part in value["conditions"]
        )
        return All(parts) if kind == "and" else AnyOf(parts)
    column = value.get("column")
    name = column.get("name") if isinstance(column, dict) else column
    if isinstance(name, str):
        if kind == "nullity" and isinstance(value.get("is_null"), bool):
            return Null(Name(name), value["is_null"])
        if kind == "comparison":
            return _of_comparison(Name(name), value, shown)
    raise refused(shown, f"a condition of type {kind!r}")


def _as_mapping(part: Any) -> Mapping[str, Any]:
    found = part.dict() if hasattr(part, "dict") else None
    if not isinstance(found, dict):
        raise refused(repr(part), "a part that is no condition")
    return found


def _of_comparison(name: Name, value: Mapping[str, Any], shown: str) -> Any:
    op = str(getattr(value.get("operator"), "value", value.get("operator")))
    parameter = value.get("parameter")
    if op in ("IN", "NOT_IN") and isinstance(parameter, list | tuple) and parameter:
        if all(_is_literal(item) for item in parameter):
            return In(name, tuple(parameter), op == "NOT_IN")
    elif op in FLIPPED and _is_literal(parameter):
        return Compare(name, op, parameter)
    raise refused(shown, f"{op} {parameter!r}")


def _is_literal(value: Any) -> bool:
    return isinstance(value, str | int | float | bool) and value == value  # noqa: PLR0124  (NaN)
