"""One expectation and its answer as an object of the JSON contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.verdict import plain

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.results import Result
    from pytest_mlgates.gates.data_schema.suite import Expectation


def recorded(
    expectation: Expectation,
    result: Result,
    hidden: frozenset[str],
    examples: list[dict[str, Any]] | None,
    most: int,
) -> dict[str, Any]:
    """What ``details`` of a verdict holds of *expectation*.

    Args:
        expectation: What was expected.
        result: What was found.
        hidden: The fields of *result* that would give a small count away.
        examples: Rows that break it.
        most: How many examples were wanted.
    """

    def told(name: str) -> Any:
        return None if name in hidden else plain(getattr(result, name))

    out: dict[str, Any] = {
        "type": expectation.type,
        "kwargs": plain(expectation.kwargs),
        "success": result.success,
        "unexpected_count": told("unexpected_count"),
        "missing_count": told("missing_count"),
        "element_count": told("element_count"),
        "observed_value": told("observed_value"),
        "engine": result.engine,
        "error": result.error or result.note,
    }
    if expectation.severity is not None:
        out["severity"] = expectation.severity
    if most:
        out["examples"] = examples or []
    return out
