"""Answers of checks whose values Python judges, each distinct one once.

All judges of one column and one set of rows share one group-by: the first answer that is needed
asks them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines import distinct_values
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.families import Family
from pytest_mlgates.gates.data_schema.plan import Scope
from pytest_mlgates.gates.data_schema.results import Result, all_null, of_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.engines.distinct_values import Found, Judge
    from pytest_mlgates.gates.data_schema.plan import Plan
    from pytest_mlgates.gates.data_schema.results import Pending
    from pytest_mlgates.gates.data_schema.suite import Expectation


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Rows whose values an expression judges, so that Python is asked about the others only.

    Attributes:
        name: What they are, in the words of a plan: ``ASCII``.
        rows: True in these rows; null where the value is.
        ok: Whether their value holds.
    """

    name: str
    rows: nw.Expr
    ok: nw.Expr


@dataclass(slots=True, eq=False)
class _Panel:
    """The judges of one column in one set of rows.

    Attributes:
        waiting: Those that were not asked yet.
        found: What the others found.
    """

    waiting: dict[Judge, None] = field(default_factory=dict)
    found: dict[Judge, Found] = field(default_factory=dict)


def by_distinct_value(
    plan: Plan,
    scope: Scope,
    expectation: Expectation,
    column: str,
    judge: Judge,
    known: Known | None = None,
    late: str = "",
) -> Pending:
    """*judge* is asked once per distinct value of *column* that is not *known*.

    *late* is the complaint if it takes too long.
    """
    rows, there = plan.rows(scope), plan.present(scope, column)
    present = ~nw.col(column).is_null()
    if known is None:
        left, right, others = there, None, Scope(scope.condition, scope.mask)
    else:
        speaks = known.rows.fill_null(value=False) & present
        holds = known.ok.fill_null(value=False)
        right = plan.count(scope, ("known", expectation.claim), speaks & holds)
        unknown = present & ~speaks
        left = plan.count(scope, ("unknown", column, known.name), unknown)
        condition = ("unknown", column, known.name, scope.condition)
        others = Scope(condition, scope.also(unknown))
    answer = _asked(plan, others, column, judge, f" but {known.name}" if known else "")

    def finish() -> Result:
        total, considered, asked = plan.number(rows), plan.number(there), plan.number(left)
        found = answer() if asked else distinct_values.Found()
        if found.late:
            return Result(success=None, answered=False, error=late)
        wrong = found.rows
        bad = _among(plan, column, found)
        if right is not None:
            wrong += considered - asked - plan.number(right)
            bad = None if bad is None else (speaks & ~holds) | bad
        return of_rows(
            plan,
            scope,
            expectation,
            rows=total,
            considered=considered,
            unexpected=wrong,
            missing=total - considered,
            nothing=all_null(plan, total),
            bad=None if bad is None else scope.also(bad),
            values=(column,),
        )

    return finish


def _asked(plan: Plan, scope: Scope, column: str, judge: Judge, but: str) -> Callable[[], Found]:
    """Want what *judge* finds among the values of *column* in *scope*."""
    key = ("judged", scope.condition, column)
    scan = f"group-by: {column}{but}"
    panels: dict[Any, _Panel] = plan.table.memory.setdefault("judged", {})
    panel = panels.setdefault(key, _Panel())
    if judge not in panel.found:
        panel.waiting[judge] = None
    plan.answers.announce(key, scan)

    def answer() -> Found:
        if judge not in panel.found:
            plan.answers.scans.append(scan)
            judges, panel.waiting = list(panel.waiting), {}
            view = plan.view(scope)
            text = _text(plan, column)
            found = distinct_values.judge(view, column, text, judges)
            panel.found.update(zip(judges, found, strict=True))
        return panel.found[judge]

    return answer


def _text(plan: Plan, column: str) -> nw.Expr:
    """The value that is judged: of a category its text."""
    if families.family(plan.table, column) is Family.TEXT:
        return families.comparable(plan.table, column)
    return nw.col(column)


def _among(plan: Plan, column: str, found: Found) -> nw.Expr | None:
    """The rows with a wrong value; None if these are too many to be looked up again."""
    if found.values is None:
        return None
    member = families.is_in(plan.table, column, found.values, what="")
    return member.fill_null(value=False)
