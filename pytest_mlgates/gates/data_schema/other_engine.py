"""Expectations without a native form: handed to the engine that a hook names, checked around it.

What another engine is not trusted with stays here: which rows a condition keeps, and whether there
is anything to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import plural
from pytest_mlgates.extensions.manager import manager
from pytest_mlgates.gates.data_schema import foreign
from pytest_mlgates.gates.data_schema.results import Result, no_rows, rows_said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.gates.data_schema.plan import Plan
    from pytest_mlgates.gates.data_schema.suite import Expectation
    from pytest_mlgates.gates.data_schema.work import Work

_ZONED_NANOSECONDS = "TIMESTAMPTZ_NS"


def prepare(plan: Plan, work: Work) -> None:
    """Ask what another engine is not trusted with: whether there is anything to judge."""
    work.result = _nobody_can(plan, work)
    if work.result is not None:
        return
    work.rows = plan.rows(work.scope)
    plan.other_engine(work.scope)
    if work.expectation.type in foreign.ABOUT_NULLS:
        return
    for column in work.expectation.columns():
        if _looks_at(work.expectation, column) and column in plan.table.schema:
            work.present[column] = plan.present(work.scope, column)


def _nobody_can(plan: Plan, work: Work) -> Result | None:
    """The answer about a column that its engine neither compares nor hands over."""
    for column in work.expectation.columns():
        if column in plan.table.schema and plan.table.native_type(column) == _ZONED_NANOSECONDS:
            return Result(
                success=None,
                answered=False,
                error=f"column {column!r} holds times of a zone in nanoseconds, which DuckDB does "
                "not compare: write them in microseconds, or pass a pandas or polars frame",
            )
    return None


def _looks_at(expectation: Expectation, column: str) -> bool:
    """Whether *column* is judged, not only named in the condition."""
    return any(
        column == value or (isinstance(value, list | tuple) and column in value)
        for key, value in expectation.arguments.items()
        if key.startswith("column")
    )


def evaluate(plan: Plan, works: Sequence[Work]) -> None:
    """Hand what has no native form to the hook, one call per set of rows.

    The rows of a condition are selected here: no other engine ever sees a condition.
    """
    left = [work for work in works if work.result is None and work.pending is None]
    groups: dict[Any, list[Work]] = {}
    for work in left:
        work.result = _hollow(plan, work)
        if work.result is None:
            groups.setdefault(work.expectation.condition, []).append(work)
    for group in groups.values():
        asked: list[dict[str, Any]] = [
            {
                "type": w.expectation.type,
                "kwargs": _lists(w.expectation.arguments),
                "where": w.expectation.where,
            }
            for w in group
        ]
        view = plan.view(group[0].scope)
        plan.answers.scans.append(f"Great Expectations: {plural(len(asked), 'expectation')}")
        answers = manager().hook.mlgates_evaluate_expectations(table=view, expectations=asked)
        if answers is None or len(answers) != len(asked):
            raise MLGatesError(
                f"nothing evaluates {asked[0]['type']}",
                where=asked[0]["where"],
                fix="pip install 'pytest-mlgates[gx]'",
            )
        for work, answer in zip(group, answers, strict=True):
            work.result = _of_answer(answer, may_be_empty=plan.number(work.rows) == 0)


def _lists(value: Any) -> Any:
    """Great Expectations takes lists for what are tuples here."""
    if isinstance(value, tuple | list):
        return [_lists(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _lists(one) for key, one in value.items()}
    return value


def _hollow(plan: Plan, work: Work) -> Result | None:
    """The answer where there is nothing to judge, which other engines pass."""
    rows = plan.number(work.rows)
    if rows == 0:
        if work.scope.condition in plan.may_be_empty:
            return None
        return Result(success=None, element_count=0, error=no_rows(plan, work.scope))
    for column, slot in work.present.items():
        if plan.number(slot) == 0:
            return Result(
                success=None,
                element_count=rows,
                missing_count=rows,
                error=f"no value to judge: {column!r} is null in all {rows_said(plan, rows)}",
            )
    return None


def _of_answer(answer: Any, *, may_be_empty: bool) -> Result:
    success = answer.get("success")
    error = answer.get("error")
    answered = success is False or (success is not None and error is None)
    elements, missing = answer.get("element_count"), answer.get("missing_count")
    judged = None if elements is None else elements - (missing or 0)
    if success and judged == 0 and not may_be_empty:
        success, error = None, "no row was judged: all of them are set aside"
    return Result(
        success=success if error is None or success is False else None,
        answered=answered,
        unexpected_count=answer.get("unexpected_count"),
        missing_count=missing,
        element_count=elements,
        observed_value=answer.get("observed_value"),
        discloses=True,
        engine=answer.get("engine", "great_expectations"),
        error=error,
        samples=lambda most: [
            {"row": None, "value": value} for value in (answer.get("examples") or [])[:most]
        ],
    )
