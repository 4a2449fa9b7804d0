"""What makes a gate weaker: two definitions of it, in plain values, compared key by key.

What cannot be compared is told as that, never as unchanged. Standard library only.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Keys whose number says how much is let through: a larger one is weaker, a smaller one is.
_LARGER_IS_WEAKER = {
    *("max", "margin", "atol", "rtol", "max_ulp", "max_flips", "max_spread", "tolerance"),
    "timeout",
}
_SMALLER_IS_WEAKER = {"min", "runs"}
_DEFAULTS: dict[str, Any] = {
    "confidence": 0.95,
    "inconclusive": "estimate",
    "runs": 2,
    "level": "bitwise",
    "fresh_process": False,
    "vary": [],
    "missing": "error",
    "method": "between_groups",
    "agg": "worst_case",
    "min_cell": 10,
    "predict": "predict",
    "score": "predict_proba",
    "promote": "proof",
}
_STRICT_FIRST = {
    "inconclusive": ("fail", "estimate", "pass"),
    "level": ("bitwise", "tolerance", "statistical"),
    "agg": ("worst_case", "mean"),
    "promote": ("proof", "estimate"),
    "severity": ("critical", "warning", "info"),
}
# Expectations whose set says what must be there, or must not be: any other says what may be.
_SMALLER_SET_IS_WEAKER = ("_not_be_in_set", "_to_contain_set", "columns_to_match_set")
# What says where a table is, how it is read and who may see it: no bound depends on it.
_NEUTRAL = {"examples", "id", "private", "suite"}


def loosened(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What of a gate is weaker in *after*, or cannot be compared; [] if it is as strict as before.

    Args:
        before: Its definition (``config.definitions``, or the arguments of a marker as ``gate``).
        after: The same, now.
    """
    old, new = _parameters(before), _parameters(after)
    lines = []
    for key in sorted({*old, *new}):
        one, other = old.get(key, _DEFAULTS.get(key)), new.get(key, _DEFAULTS.get(key))
        if one == other or key in _NEUTRAL:
            continue
        lines += _compared(key, one, other, policy=old.get("inconclusive", "estimate"))
    if old.get("private") is True and new.get("private") is not True:
        lines.append("it is no longer private: values and small counts may be shown")
    if before.get("required") and not after.get("required"):
        lines.append("it is no longer required")
    old_table, new_table = before.get("table", {}), after.get("table", {})
    lines += _budget(old_table.get("budget"), new_table.get("budget"))
    for key in sorted({*old_table, *new_table} - _NEUTRAL - {"budget"}):
        default = _DEFAULTS.get(key)
        if old_table.get(key, default) != new_table.get(key, default):
            lines.append(
                f"{key} of its table changed from {_shown(old_table.get(key))} to "
                f"{_shown(new_table.get(key))}: what it judges cannot be compared"
            )
    return lines


def _budget(one: Any, other: Any) -> list[str]:
    """Of how often a holdout may be used: fewer times is stricter."""
    if one is None or (_is_number(one) and _is_number(other) and other <= one):
        return []
    change = f"budget of its table changed from {_shown(one)} to {_shown(other)}"
    return [f"{change}: weaker"]


def _parameters(definition: Mapping[str, Any]) -> dict[str, Any]:
    gate = definition["gate"]
    # What a declared gate calls runs in a process of its own, unless it says otherwise.
    own = {"fresh_process": True} if "entry" in gate else {}
    return {**definition.get("defaults", {}), **own, **gate}


def _compared(key: str, one: Any, other: Any, *, policy: Any) -> list[str]:
    change = f"{key} changed from {_shown(one)} to {_shown(other)}"
    if key in _STRICT_FIRST and one in _STRICT_FIRST[key] and other in _STRICT_FIRST[key]:
        order = _STRICT_FIRST[key]
        return [f"{change}: weaker"] if order.index(other) > order.index(one) else []
    if key == "confidence" and _is_number(one) and _is_number(other):
        # Where only what is disproven blocks, more confidence is needed to block at all.
        weaker = other > one if policy == "pass" else other < one
        return [f"{change}: weaker"] if weaker else []
    if key == "fresh_process" and isinstance(one, bool) and isinstance(other, bool):
        return [f"{change}: weaker"] if one else []
    if key == "vary" and isinstance(one, list) and isinstance(other, list):
        return [f"{change}: weaker"] if set(map(str, one)) - set(map(str, other)) else []
    if key == "against" and (one is None or other is None):  # held to a stored run, or no longer
        return [] if one is None else [f"{key} {_shown(one)} is gone"]
    if key == "needs":  # without it, it is evaluated everywhere
        return [] if other is None else [f"{change}: evaluated only where there is one: weaker"]
    if key in _LARGER_IS_WEAKER | _SMALLER_IS_WEAKER:
        return _bound(key, one, other, change)
    return [f"{change}: it cannot be compared"]


def _bound(key: str, one: Any, other: Any, change: str) -> list[str]:
    if one is None:
        # A bound more is stricter; a tolerance where there was none is not.
        return [] if key in ("min", "max", "max_spread", "timeout") else [f"{change}: weaker"]
    if other is None:
        return [] if key == "timeout" else [f"{key} {_shown(one)} is gone"]
    if not (_is_number(one) and _is_number(other)):
        return [f"{change}: it cannot be compared"]
    weaker = other > one if key in _LARGER_IS_WEAKER else other < one
    return [f"{change}: weaker"] if weaker and key != "timeout" else []


def dropped_expectations(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> list[str]:
    """What of a contract is weaker in *after*: expectations that are gone or demand less."""
    lines = []
    new: dict[str, list[Mapping[str, Any]]] = {}
    for expectation in after:
        new.setdefault(_name(expectation), []).append(expectation)
    for name, old in _grouped(before).items():
        there = new.get(name, [])
        if len(there) < len(old):
            lines.append(f"{name} is gone")
            continue
        left = list(there)
        for one in old:  # those that did not change at all are out of the way first
            if one in left:
                left.remove(one)
        changed = [one for one in old if one not in there]
        for one, other in zip(changed, left, strict=False):
            lines += [f"{name}: {text}" for text in _expected(one, other)]
    return lines


def _grouped(expectations: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for expectation in expectations:
        found.setdefault(_name(expectation), []).append(expectation)
    return found


def _expected(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """What *other* demands less than *one*, an expectation of the same type and columns."""
    old = {"severity": one.get("severity") or "critical", **_kwargs(one)}
    new = {"severity": other.get("severity") or "critical", **_kwargs(other)}
    kind = str(one.get("type"))
    for key in sorted({*old, *new}):
        a, b = old.get(key), new.get(key)
        if a == b:
            continue
        change = f"{key} changed from {_shown(a)} to {_shown(b)}"
        if key == "severity" and {a, b} <= set(_STRICT_FIRST["severity"]):
            order = _STRICT_FIRST["severity"]
            weaker = order.index(b) > order.index(a)
        elif key == "mostly" and _is_number(a or 1) and _is_number(b or 1):
            weaker = (1 if b is None else b) < (1 if a is None else a)
        elif key.startswith(("min_", "max_")):
            weaker = _limit(key.startswith("min_"), a, b)
        elif key in ("strict_min", "strict_max"):
            weaker = bool(a) and not b
        elif key in ("value_set", "column_set") and isinstance(a, list) and isinstance(b, list):
            mine, theirs = _as_set(a), _as_set(b)
            if mine != theirs and _is_exact(kind, old):  # a different set is a different claim
                yield f"{change}: it cannot be compared"
                continue
            demands = any(part in kind for part in _SMALLER_SET_IS_WEAKER)
            weaker = bool(mine - theirs) if demands else bool(theirs - mine)
        else:
            yield f"{change}: it cannot be compared"
            continue
        if weaker:
            yield f"{change}: weaker"


def _is_exact(kind: str, arguments: Mapping[str, Any]) -> bool:
    """Whether an expectation names all that there is."""
    if kind.endswith("columns_to_match_set"):
        return arguments.get("exact_match") is not False
    return kind.endswith("_to_equal_set")


def _limit(lower: bool, a: Any, b: Any) -> bool:  # noqa: FBT001
    if b is None or a is None:
        return b is None
    try:
        return bool(b < a) if lower else bool(b > a)
    except TypeError:
        return True


def _as_set(values: list[Any]) -> set[str]:
    return {json.dumps(value, sort_keys=True, default=str) for value in values}


def _kwargs(expectation: Mapping[str, Any]) -> dict[str, Any]:
    found = expectation.get("kwargs")
    return dict(found) if isinstance(found, Mapping) else {}


def _name(expectation: Mapping[str, Any]) -> str:
    """``expect_column_values_to_not_be_null of age``: what tells it from another."""
    kwargs = _kwargs(expectation)
    columns = [
        str(kwargs[key])
        for key in ("column", "column_A", "column_B", "column_list", "column_index")
        if key in kwargs
    ]
    kind = str(expectation.get("type"))
    return f"{kind} of {', '.join(columns)}" if columns else kind


def expectations_of(text: str) -> list[dict[str, Any]] | None:
    """The expectations in the text of a suite; None if it is none."""
    try:
        raw = json.loads(text)
    except ValueError:
        return None
    found = raw.get("expectations") if isinstance(raw, dict) else raw
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return None
    return found


def duplicates(names: Sequence[str]) -> list[str]:
    """The names that stand more than once."""
    return [name for name, count in Counter(names).items() if count > 1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=str)
