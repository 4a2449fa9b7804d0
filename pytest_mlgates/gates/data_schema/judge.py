"""From a table and a suite to a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import plural
from pytest_mlgates.core.verdict import Finding, InputDigest, Outcome, Verdict, plain
from pytest_mlgates.engines.table import to_table
from pytest_mlgates.extensions.manager import manager
from pytest_mlgates.gates.data_schema import foreign, messages, suite
from pytest_mlgates.gates.data_schema.families import MismatchError
from pytest_mlgates.gates.data_schema.native import NATIVE
from pytest_mlgates.gates.data_schema.plan import MissingColumnError, Plan, Scope
from pytest_mlgates.gates.data_schema.results import (
    NotNativeError,
    Pending,
    Result,
    no_rows,
    rows_said,
)
from pytest_mlgates.gates.data_schema.table_checks import ROW_COUNTS, allows_no_rows
from pytest_mlgates.gates.privacy import Display

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.data_schema.suite import Expectation


@dataclass
class _Work:
    """One expectation on its way: answered, answerable after the scan, or GX's."""

    expectation: Expectation
    result: Result | None = None
    pending: Pending | None = None
    scope: Scope = field(default_factory=Scope)
    present: dict[str, Hashable] = field(default_factory=dict)
    rows: Hashable = ""


def evaluate(parameters: Any, subject: Any, context: Context) -> Verdict:
    """The verdict of a suite on a table.

    Raises:
        MLGatesError: for a suite that cannot be judged, or a table without rows.
    """
    table = to_table(subject, base=context.base)
    expectations = suite.load(parameters.suite, context.base)
    plan = Plan(table, frozenset(e.condition for e in expectations if allows_no_rows(e)))
    works = [_begin(plan, expectation) for expectation in expectations]
    rows = plan.n_rows()
    if rows == 0 and not any(e.type in ROW_COUNTS and e.condition is None for e in expectations):
        table.require_rows()
    _ask_others(plan, works)
    judged = [(work.expectation, _finish(work)) for work in works]
    return _verdict(plan, judged, rows, parameters, context)


def _begin(plan: Plan, expectation: Expectation) -> _Work:
    """Register what *expectation* asks; what its columns cannot answer is answered now."""
    work = _Work(expectation)
    native = NATIVE.get(expectation.type)
    try:
        work.scope = plan.scope(expectation.condition)
        if native is not None or expectation.type in foreign.GX_TYPES:
            for column in expectation.columns():
                plan.require(column)
        if native is None:
            _count_present(plan, work)
        else:
            work.pending = native.check(plan, work.scope, expectation)
    except MissingColumnError as error:
        work.result = Result(success=False, error=str(error))
    except MismatchError as error:
        work.result = Result(success=None, answered=False, error=str(error))
    except NotNativeError:
        _count_present(plan, work)
    return work


def _count_present(plan: Plan, work: _Work) -> None:
    """Ask what another engine is not trusted with: whether there is anything to judge."""
    work.rows = plan.rows(work.scope)
    if work.expectation.type in foreign.ABOUT_NULLS:
        return
    for column in work.expectation.columns():
        if _looks_at(work.expectation, column) and column in plan.table.schema:
            present = ~nw.col(column).is_null()
            work.present[column] = plan.count(work.scope, ("present", column), present)


def _looks_at(expectation: Expectation, column: str) -> bool:
    """Whether *column* is judged, not only named in the condition."""
    return any(
        column == value or (isinstance(value, list | tuple) and column in value)
        for key, value in expectation.arguments.items()
        if key.startswith("column")
    )


def _ask_others(plan: Plan, works: Sequence[_Work]) -> None:
    """Hand what has no native form to the hook, one call per set of rows.

    The rows of a condition are selected here: no other engine ever sees a condition.
    """
    left = [work for work in works if work.result is None and work.pending is None]
    groups: dict[Any, list[_Work]] = {}
    for work in left:
        work.result = _hollow(plan, work)
        if work.result is None:
            groups.setdefault(work.expectation.condition, []).append(work)
    for group in groups.values():
        asked: list[dict[str, Any]] = [
            {
                "type": w.expectation.type,
                "kwargs": dict(w.expectation.arguments),
                "where": w.expectation.where,
            }
            for w in group
        ]
        view = plan.view(group[0].scope)
        plan.answers.scans.append(f"other engine: {plural(len(asked), 'expectation')}")
        answers = manager().hook.mlgates_evaluate_expectations(table=view, expectations=asked)
        if answers is None or len(answers) != len(asked):
            raise MLGatesError(
                f"nothing evaluates {asked[0]['type']}",
                where=asked[0]["where"],
                fix="pip install 'pytest-mlgates[gx]'",
            )
        for work, answer in zip(group, answers, strict=True):
            work.result = _of_answer(answer, may_be_empty=plan.number(work.rows) == 0)


def _hollow(plan: Plan, work: _Work) -> Result | None:
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


def _finish(work: _Work) -> Result:
    if work.result is None:
        assert work.pending is not None  # noqa: S101
        work.result = work.pending()
    return work.result


def _verdict(
    plan: Plan,
    judged: list[tuple[Expectation, Result]],
    rows: int,
    parameters: Any,
    context: Context,
) -> Verdict:
    table = plan.table
    display = Display(private=table.private, min_cell=context.min_cell)
    most = 0 if table.private else max(parameters.examples, context.examples)
    examples = {
        i: _examples(plan, result, most)
        for i, (_, result) in enumerate(judged)
        if most and not result.success
    }
    blocked = [(e, r) for e, r in judged if not r.success and e.blocks]
    if blocked and not any(r.answered for _, r in blocked):
        raise _unanswered(blocked, len(judged))
    used = sorted({c for e, _ in judged for c in e.columns() if c in table.schema})
    return Verdict(
        id="",
        kind="data_schema",
        finding=Finding.DISPROVEN if blocked else Finding.PROVEN,
        outcome=Outcome.FAILED if blocked else Outcome.PASSED,
        message=messages.render(
            judged,
            rows=rows,
            bad_rows=_bad_rows(plan, [r for _, r in blocked], rows, display),
            examples=examples,
            display=display,
        ),
        summary=messages.summarize(judged),
        n=display.record(rows),
        method="exact",
        details=tuple(
            _details(e, r, r.hidden(rows, display), examples.get(i), most)
            for i, (e, r) in enumerate(judged)
        ),
        inputs=(InputDigest(name=table.name, digest=table.digest(used or None), rows=rows),),
    )


def _unanswered(left: list[tuple[Expectation, Result]], total: int) -> MLGatesError:
    """Nothing is proven and nothing disproven: that is no verdict."""
    return MLGatesError(
        f"{len(left)} of {plural(total, 'expectation')} could not be evaluated",
        where="; ".join(e.where for e, _ in left),
        got="; ".join(f"{messages.label(e)}: {r.error or 'no answer'}" for e, r in left),
        want="expectations that can be asked of this table",
    )


def _examples(plan: Plan, result: Result, most: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if result.bad is not None:
        found = plan.examples(result.bad, result.values, most)
    elif result.samples is not None and result.unexpected_count:
        found = result.samples(most)
    return [{"row": one["row"], "value": plain(one["value"])} for one in found]


def _bad_rows(plan: Plan, failed: list[Result], rows: int, display: Display) -> str | None:
    """``5 of 891 rows`` that break an expectation; ``up to`` where one row may break several."""
    counted = [r for r in failed if r.unexpected_count]
    if not counted:
        return None
    if display.private and len(counted) > 1 and rows >= display.min_cell:
        return None  # the rows of all minus those of one may be few
    expressions = [r.bad for r in counted if r.bad is not None]
    exact = len(counted) == 1 or len(expressions) == len(counted)
    if len(counted) == 1:
        found = counted[0].unexpected_count or 0
    elif exact:
        found = plan.bad_rows(expressions)
    else:
        found = min(rows, sum(r.unexpected_count or 0 for r in counted))
    hedge = "" if exact else "up to "
    if exact and len(counted) == 1 and display.private and counted[0].hidden(rows, display):
        few = found < display.min_cell
        total = messages.rows_in_words(rows, display)
        return f"{display.count(found)} of {total}" if few else None
    return f"{hedge}{display.count(found)} of {messages.rows_in_words(rows, display)}"


def _details(
    expectation: Expectation,
    result: Result,
    hidden: frozenset[str],
    examples: list[dict[str, Any]] | None,
    most: int,
) -> dict[str, Any]:
    """One object of the JSON contract."""

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
