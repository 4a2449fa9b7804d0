"""Checks of how values spread: the standard deviation, and z-scores in a second aggregate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.exact import exact, rounded, told
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.arguments import COLUMN, EACH, STRICT, Argument, bound, flag
from pytest_mlgates.gates.data_schema.column_answers import of_values, within
from pytest_mlgates.gates.data_schema.families import MEASURED, Family, MismatchError
from pytest_mlgates.gates.data_schema.native_type import NativeType
from pytest_mlgates.gates.data_schema.plan import counted
from pytest_mlgates.gates.data_schema.results import (
    NotNativeError,
    Pending,
    Result,
    all_null,
    of_rows,
)
from pytest_mlgates.gates.data_schema.wording import ranged, value_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.suite import Expectation

# The squares of these still add up: DuckDB ends the whole query where they do not.
_GREATEST = 1e145
# Results of float sums are equal to 12 significant digits.
_ALIKE = 1e-12
# Means this many deviations from 0 cost digits of what is taken in one pass.
_FAR = 100


@dataclass(frozen=True)
class _Spread:
    """What was asked of a column: the slots of its answers."""

    plan: Plan
    column: str
    there: Hashable
    usual: Hashable
    parts: tuple[Hashable, ...]
    nearer: tuple[Callable[[], float | None], Callable[[], float | None]]

    def of(self) -> tuple[float, float] | None:
        """Mean and standard deviation, None where there is none: one value, or infinities."""
        there = self.plan.number(self.there)
        if there < 2 or self.plan.number(self.usual) < there:
            return None
        mean, deviation, least, greatest = (self.plan.value(slot) for slot in self.parts)
        if least == greatest:  # whose mean may be off by a rounding, and the deviation with it
            return mean, 0.0
        shift, spread = (part() for part in self.nearer)
        return (mean, deviation) if shift is None or spread is None else (mean + shift, spread)

    def undefined(self) -> str:
        """Why there is none."""
        few = self.plan.number(self.there) < 2
        why = "it has one value" if few else "it holds infinite or too large values"
        return f"{self.column!r} has no standard deviation: {why}"


def _ask(plan: Plan, scope: Scope, expectation: Expectation, what: str) -> _Spread:
    column = plan.require(expectation.arguments["column"])
    kind = families.family(plan.table, column)
    if kind is Family.OTHER:
        raise NotNativeError
    if kind not in MEASURED:
        raise MismatchError(f"column {column!r} of {kind} has no {what}")
    values = families.floats(plan.table, column)
    usual = ((values > -_GREATEST) & (values < _GREATEST)).fill_null(value=False)
    kept = nw.when(scope.also(usual)).then(values)
    key = ("spread", column, scope.condition)
    parts = {
        "mean": kept.mean(),
        "deviation": kept.std(ddof=1),
        "least": kept.min(),
        "greatest": kept.max(),
    }
    slots = tuple(plan.ask((*key, name), one) for name, one in parts.items())
    there = plan.present(scope, column)

    def distance() -> nw.Expr | None:
        mean, deviation = (plan.value(slot) for slot in slots[:2])
        # Taken in one pass, a deviation loses as many digits as the mean has before it begins.
        far = deviation is not None and abs(mean) >= _FAR * deviation
        return kept - mean if far else None

    def shift() -> nw.Expr | None:
        return None if (found := distance()) is None else found.mean()

    def spread() -> nw.Expr | None:
        return None if (found := distance()) is None else found.std(ddof=1)

    return _Spread(
        plan=plan,
        column=column,
        there=there,
        usual=plan.count(scope, ("usual", column), usual),
        parts=slots,
        nearer=(
            plan.answers.second.want((*key, "shift"), shift),
            plan.answers.second.want((*key, "nearer"), spread),
        ),
    )


def deviation(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """The standard deviation of a sample (n - 1) lies in a range."""
    spread, given = _ask(plan, scope, expectation, "standard deviation"), expectation.arguments

    def judge(_: int) -> Result:
        found = spread.of()
        if found is None:
            return Result(success=False, error=spread.undefined())
        low, high = (
            None if given.get(name) is None else exact(given[name])
            for name in ("min_value", "max_value")
        )
        return Result(
            success=within(rounded(found[1]), low, high, given),
            observed_value=told(found[1]),
            discloses=True,
        )

    return of_values(plan, scope, spread.column, judge)


def z_scores(plan: Plan, scope: Scope, expectation: Expectation) -> Pending:
    """Values lie less than so many standard deviations over (or beside) the mean.

    Equal values have no z-score, and none is too large.
    """
    spread, given = _ask(plan, scope, expectation, "z-scores"), expectation.arguments
    values, column = families.floats(plan.table, spread.column), spread.column
    threshold = float(given["threshold"])

    def bad() -> nw.Expr | None:
        found = spread.of()
        if found is None or found[1] == 0:
            return None
        score = (values - found[0]) / found[1]
        limit = abs(threshold) if given["double_sided"] else threshold
        limit -= abs(limit) * _ALIKE
        too_large = (score.abs() if given["double_sided"] else score) >= limit
        return scope.also(too_large.fill_null(value=False))

    def count() -> nw.Expr | None:
        expression = bad()
        return None if expression is None else counted(expression, plan.table)

    rows = plan.rows(scope)
    wrong = plan.answers.second.want((expectation.claim, scope.condition), count, stage=1)

    def finish() -> Result:
        total, considered = plan.number(rows), plan.number(spread.there)
        if considered and spread.of() is None:
            return Result(
                success=None,
                missing_count=total - considered,
                element_count=total,
                error=spread.undefined(),
            )
        return of_rows(
            plan,
            scope,
            expectation,
            rows=total,
            considered=considered,
            unexpected=int(wrong() or 0) if considered else 0,
            missing=total - considered,
            nothing=all_null(plan, total),
            bad=bad() if considered else None,
            values=(column,),
        )

    return finish


def _number(value: Any) -> float:
    found = bound(value)
    if isinstance(found, int | float):
        return found
    raise ValueError("a finite number")


TYPES = {
    "expect_column_stdev_to_be_between": NativeType(
        arguments=(
            COLUMN,
            Argument("min_value", _number),
            Argument("max_value", _number),
            *STRICT,
        ),
        check=deviation,
        label="stdev",
        wants=ranged("stdev"),
    ),
    "expect_column_value_z_scores_to_be_less_than": NativeType(
        arguments=(
            *EACH,
            Argument("threshold", _number, required=True),
            Argument("double_sided", flag, required=True),
        ),
        check=z_scores,
        label="z-scores",
        wants=lambda given: (
            f"z-scores {'within' if given['double_sided'] else 'under'} "
            f"{value_in_words(given['threshold'])}"
        ),
    ),
}
