"""A suite over a table: registered, then answered, natively or by another engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates.data_schema import demands, foreign, other_engine, suite
from pytest_mlgates.gates.data_schema.families import MismatchError
from pytest_mlgates.gates.data_schema.native import NATIVE
from pytest_mlgates.gates.data_schema.plan import MissingColumnError, Plan
from pytest_mlgates.gates.data_schema.results import NotNativeError, Result
from pytest_mlgates.gates.data_schema.table_checks import ROW_COUNTS, allows_no_rows
from pytest_mlgates.gates.data_schema.work import Work

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.data_schema.suite import Expectation


class Contract:
    """A suite over a table.

    Making one asks the table for everything that its expectations need and reads nothing yet, so
    that several contracts are answered by one scan.

    Args:
        given: The suite as the user wrote it.
        table: The table.
        base: What a relative path of the suite is relative to.

    Raises:
        MLGatesError: for a suite that cannot be judged.
    """

    def __init__(self, given: Any, table: Table, base: Path) -> None:
        self.expectations = suite.load(given, base)
        table = table.read_as(demands.of(self.expectations))
        free = frozenset(e.condition for e in self.expectations if allows_no_rows(e))
        self.plan = Plan(table, free)
        said = demands.said_text(self.expectations)
        self._works = [_begin(self.plan, one, said) for one in self.expectations]

    def results(self) -> list[tuple[Expectation, Result]]:
        """Each expectation with its answer, in the order of the suite.

        Raises:
            MLGatesError: for a table that cannot be read, or has no rows.
        """
        rows = self.plan.n_rows()
        if rows == 0 and not any(
            e.type in ROW_COUNTS and e.condition is None for e in self.expectations
        ):
            self.plan.table.require_rows()
        try:
            other_engine.evaluate(self.plan, self._works)
            return [(work.expectation, _finish(work)) for work in self._works]
        except BaseException:
            self.plan.answers.second.cancel()
            raise


def _begin(plan: Plan, expectation: Expectation, said: frozenset[str]) -> Work:
    """Register what *expectation* asks; what its columns cannot answer is answered now.

    *said* are the columns of which the contract says that they are text.
    """
    work = Work(expectation)
    native = NATIVE.get(expectation.type)
    if (complaint := demands.broken(plan.table, expectation)) is not None:
        work.result = Result(success=False, error=complaint)
        return work
    if (complaint := demands.against_numbers(plan.table, expectation, said)) is not None:
        work.result = Result(success=None, answered=False, error=complaint)
        return work
    try:
        work.scope = plan.scope(expectation.condition)
        if native is not None or expectation.type in foreign.GX_TYPES:
            for column in expectation.columns():
                plan.require(column)
        if native is None:
            other_engine.prepare(plan, work)
        else:
            work.pending = native.check(plan, work.scope, expectation)
    except MissingColumnError as error:
        work.result = Result(success=False, error=str(error))
    except MismatchError as error:
        work.result = Result(success=None, answered=False, error=str(error))
    except NotNativeError:
        other_engine.prepare(plan, work)
    return work


def _finish(work: Work) -> Result:
    if work.result is None:
        assert work.pending is not None  # noqa: S101
        work.result = work.pending()
    return work.result
