"""How checks of a column as a whole become answers: is there a value, and does a number fit?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates.data_schema.results import Result, all_null, no_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlgates.gates.data_schema.plan import Plan, Scope
    from pytest_mlgates.gates.data_schema.results import Pending


def of_values(
    plan: Plan, scope: Scope, column: str, judge: Callable[[int], Result], *, of_none: bool = False
) -> Pending:
    """The answer of *judge*, given how many values of *column* are there.

    It is not asked where there is none to judge: GX passes much of that.

    Args:
        plan: Of the contract.
        scope: The rows that it is about.
        column: The column.
        judge: From the number of values to the answer.
        of_none: Whether it is asked about 0 rows, where the suite allows them.
    """
    rows, there = plan.rows(scope), plan.present(scope, column)

    def finish() -> Result:
        total = plan.number(rows)
        if total == 0 and not (of_none and scope.condition in plan.may_be_empty):
            return Result(success=None, error=no_rows(plan, scope))
        considered = plan.number(there)
        if total and considered == 0:
            return Result(success=None, error=all_null(plan, total))
        return judge(considered)

    return finish


def within(observed: Any, low: Any, high: Any, given: Mapping[str, Any]) -> bool:
    """Whether *observed* lies between *low* and *high* (None: no bound), strictly if *given* so."""
    if low is not None and not (observed > low if given.get("strict_min") else observed >= low):
        return False
    return high is None or bool(observed < high if given.get("strict_max") else observed <= high)
