"""What one expectation found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.exact import exact
from pytest_mlgates.core.text import plural

if TYPE_CHECKING:
    from collections.abc import Hashable

    import narwhals.stable.v2 as nw

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation
    from pytest_mlgates.gates.privacy import Display


class NotNativeError(Exception):
    """Columns of this type are Great Expectations' business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One expectation's answer, in the fields of GX.

    Attributes:
        success: Whether it holds; None if nothing could be judged (which fails the gate too).
        unexpected_count: Values (or rows) that break it.
        missing_count: Values that are null, or rows that ``ignore_row_if`` sets aside.
        element_count: Rows that it is about.
        observed_value: What was measured, where one value is.
        counts_rows: Whether ``observed_value`` is a number of rows.
        discloses: Whether ``observed_value`` is made of values of the table.
        engine: ``native`` or ``great_expectations``.
        answered: Whether it was evaluated at all: false where an engine raised, or where column and
            bound do not compare. Rows without a value to judge are an answer.
        error: Why nothing could be judged, or which column is missing.
        unlike_any: Whether the column that is missing has a name like no other of the table.
        note: What differs, in words, where counts do not say it.
        bad: True in the rows that break it, where an expression can say so.
        values: The columns whose values an example shows.
        samples: Up to n examples, where ``bad`` cannot say them.
    """

    success: bool | None
    unexpected_count: int | None = None
    missing_count: int | None = None
    element_count: int | None = None
    observed_value: Any = None
    counts_rows: bool = False
    discloses: bool = False
    engine: str = "native"
    answered: bool = True
    error: str | None = None
    unlike_any: bool = False
    note: str | None = None
    bad: nw.Expr | None = None
    values: tuple[str, ...] = ()
    samples: Callable[[int], list[dict[str, Any]]] | None = None

    def hidden(self, rows: int, display: Display) -> frozenset[str]:
        """Which of its fields would give a small count away, in a table of *rows*."""
        if not display.private:
            return frozenset()
        found = set()
        total, wrong, missing = self.element_count, self.unexpected_count, self.missing_count
        value = self.observed_value
        if self.discloses or (self.counts_rows and display.small(value, rows - value)):
            found.add("observed_value")
        if total is not None and (display.record(total) is None or display.small(rows - total)):
            found.add("element_count")
        considered = (rows if total is None else total) - (missing or 0)
        if missing is not None and (display.record(missing) is None or display.small(considered)):
            found.add("missing_count")
        if wrong is not None and (
            display.record(wrong) is None or display.small(considered - wrong)
        ):
            found.add("unexpected_count")
        return frozenset(found)


Pending = Callable[[], Result]
Check = Callable[["Plan", "Scope", "Expectation"], Pending]


def mostly_holds(considered: int, unexpected: int, mostly: float) -> bool:
    """Whether at least *mostly* of *considered* rows hold, as exact fractions."""
    return Fraction(considered - unexpected, considered) >= exact(mostly)


def all_null(plan: Plan, rows: int) -> str:
    """The complaint about a column without a value."""
    return f"no value to judge: null in all {rows_said(plan, rows)}"


def rows_said(plan: Plan, rows: int) -> str:
    """``4 rows``, or ``rows`` of a private table: which may be few."""
    return "rows" if plan.table.private else plural(rows, "row")


def no_rows(plan: Plan, scope: Scope) -> str:
    """The complaint about a scope without rows."""
    if scope.condition is None:
        return "the table has 0 rows, which prove nothing"
    return f"row_condition leaves 0 of {rows_said(plan, plan.n_rows())}, which prove nothing"


def of_rows(
    plan: Plan,
    scope: Scope,
    expectation: Expectation,
    *,
    rows: int,
    considered: int,
    unexpected: int,
    missing: int | None,
    nothing: str,
    bad: nw.Expr | None = None,
    values: tuple[str, ...] = (),
    samples: Callable[[int], list[dict[str, Any]]] | None = None,
) -> Result:
    """The answer of a check of rows: *unexpected* of *considered* break it.

    *nothing* is the complaint where rows are there and none of them can be judged: GX passes that.
    """
    found = Result(
        success=True, unexpected_count=unexpected, missing_count=missing, element_count=rows
    )
    if rows == 0 and scope.condition in plan.may_be_empty:
        return found
    if rows == 0:
        return replace(found, success=None, error=no_rows(plan, scope))
    if considered == 0:
        return replace(found, success=None, error=nothing)
    return replace(
        found,
        success=mostly_holds(considered, unexpected, expectation.mostly),
        bad=bad if unexpected else None,
        values=values,
        samples=samples,
    )


def when_counted(
    plan: Plan,
    scope: Scope,
    expectation: Expectation,
    *,
    judged: Hashable,
    unexpected: Callable[[int], int],
    nothing: Callable[[Plan, int], str] = all_null,
    bad: nw.Expr | None = None,
    values: tuple[str, ...] = (),
    samples: Callable[[int], list[dict[str, Any]]] | None = None,
) -> Pending:
    """The answer of a check of rows, once the aggregate is answered.

    Args:
        plan: Of the contract.
        scope: The rows that it is about.
        expectation: What it expects.
        judged: The slot with how many of these rows are judged; the others are missing.
        unexpected: How many of so many judged rows break it.
        nothing: The complaint where none of so many rows is judged.
        bad: True in the rows of the scope that break it, see :class:`Result`.
        values: See there.
        samples: See there.
    """
    rows = plan.rows(scope)

    def finish() -> Result:
        total, considered = plan.number(rows), plan.number(judged)
        return of_rows(
            plan,
            scope,
            expectation,
            rows=total,
            considered=considered,
            unexpected=unexpected(considered) if considered else 0,
            missing=total - considered,
            nothing=nothing(plan, total),
            bad=None if bad is None else scope.also(bad),
            values=values,
            samples=samples,
        )

    return finish
