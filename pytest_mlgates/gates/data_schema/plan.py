"""The plan of one contract: what its expectations ask of a table, in as few scans as they need.

Checks register what they need before anything runs: expressions, conditions included, become one
aggregate; uniqueness and questions about distinct values cost one scan per key, each kept for
the next expectation, and for the next contract (``Answers``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.engines.grouping import unused
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.engines.uniqueness import (
    Limits,
    groups_that_repeat,
    needs_limits,
    repeated_rows,
)
from pytest_mlgates.gates.data_schema.answers import Answers

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from pytest_mlgates.engines.table import Table


class MissingColumnError(Exception):
    """An expectation names a column that the table does not have; the text says the nearest."""


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The rows that an expectation is about.

    Attributes:
        condition: The parsed ``row_condition``, None for every row.
        mask: True in the rows that it keeps, never null; None for every row.
    """

    condition: Any = None
    mask: nw.Expr | None = None

    def also(self, expression: nw.Expr) -> nw.Expr:
        """Rows of this scope where *expression* (never null) holds."""
        return expression if self.mask is None else self.mask & expression


class Plan:
    """What one contract asks of a table.

    Attributes:
        table: The table.
        may_be_empty: The conditions (None: no condition) that the suite allows to keep 0 rows.
        answers: What the table answered so far, also to other contracts.
    """

    def __init__(self, table: Table, may_be_empty: frozenset[Any] = frozenset()) -> None:
        self.table, self.may_be_empty = table, may_be_empty
        self.answers = Answers.of(table)
        self._scopes: dict[Any, Scope] = {None: Scope()}
        self.rows(self._scopes[None])

    def scope(self, condition: Any) -> Scope:
        """The rows that *condition* keeps.

        Raises:
            MissingColumnError: if it names a column that is not there.
            MismatchError: if it compares a column with something of another kind.
        """
        if condition not in self._scopes:
            from pytest_mlgates.gates.data_schema.condition_nodes import columns_of
            from pytest_mlgates.gates.data_schema.masks import mask_of

            for column in columns_of(condition):
                self.require(column)
            self._scopes[condition] = Scope(condition, mask_of(condition, self.table))
        return self._scopes[condition]

    def require(self, column: str) -> str:
        """*column*, if the table has it.

        Raises:
            MissingColumnError: naming the nearest one.
        """
        available = self.table.columns
        if column not in self.table.schema:
            hint = did_you_mean(column, available) or f"the table has {listing(available)}"
            raise MissingColumnError(f"column {column!r} is missing; {hint}")
        self.table.refuse_pattern(column)
        return column

    def ask(self, key: tuple[Any, ...], expression: nw.Expr) -> Hashable:
        """Want the value of *expression* with the aggregate; what has the same key is the same."""
        self.answers.want(key, expression, of=id(self))
        return key

    def rows(self, scope: Scope) -> Hashable:
        """Want the number of rows of *scope*."""
        if scope.mask is None:
            return self.ask(("rows", None), nw.len())
        return self.ask(("rows", scope.condition), counted(scope.mask, self.table))

    def present(self, scope: Scope, column: str) -> Hashable:
        """Want the number of rows of *scope* with a value in *column*."""
        if scope.mask is None:
            return self.ask(("present", column, None), nw.col(column).count())
        return self.count(scope, ("present", column), ~nw.col(column).is_null())

    def count(self, scope: Scope, key: tuple[Any, ...], expression: nw.Expr) -> Hashable:
        """Want the number of rows of *scope* where *expression* holds (null does not)."""
        return self.ask((*key, scope.condition), counted(scope.also(expression), self.table))

    def value(self, slot: Hashable) -> Any:
        """What was asked as *slot*, every kind of missing as None."""
        return self.answers.value(slot)

    def number(self, slot: Hashable) -> int:
        """The count asked as *slot* (a sum over no rows is null on some engines)."""
        return int(self.value(slot) or 0)

    def n_rows(self) -> int:
        """The rows of the table."""
        return self.number(self.rows(self._scopes[None]))

    def step(self, key: Hashable, scan: str, read: Callable[[], Any]) -> Callable[[], Any]:
        """Want what *read* answers in a *scan* of its own; it is called once, when first needed."""
        self.answers.announce(key, scan)
        return lambda: self.answers.once(key, scan, read)

    def other_engine(self, scope: Scope) -> None:
        """Announce that an expectation about *scope* is evaluated by another engine."""
        self.answers.announce_other(scope.condition)

    def view(self, scope: Scope) -> Table:
        """The rows of *scope* as a table of their own."""
        return self.answers.view(scope.condition, scope.mask)

    def duplicated(
        self, scope: Scope, columns: Sequence[str], kept: nw.Expr | None, key: tuple[Any, ...]
    ) -> Callable[[], int]:
        """Want how many rows of *scope* (and *kept*, named *key*) share *columns* with another row.

        Nulls are equal to each other, as in pandas. Only numbers leave the engine.
        """
        limits = self._limits(scope, columns)

        def read() -> int:
            known, rows = limits(), self.n_rows()
            frame = self._kept(scope, kept if known is None else None)
            return repeated_rows(self.table, frame, columns, rows=rows, limits=known)

        named = ("duplicated", scope.condition, tuple(columns), key)
        found = self.step(named, f"unique key: {', '.join(columns)}", read)
        self.answers.early(found)
        return found

    def _limits(self, scope: Scope, columns: Sequence[str]) -> Callable[[], list[Limits] | None]:
        """Want the limits of *columns*; None where they do not help, or a column has nulls."""
        if scope.mask is not None or not needs_limits(self.table, columns):
            return lambda: None
        present = [self.present(scope, column) for column in columns]
        asked = [
            (
                self.ask(("low", c), nw.col(c).min()),
                self.ask(("high", c), nw.col(c).max()),
            )
            for c in columns
        ]

        def found() -> list[Limits] | None:
            rows = self.n_rows()
            if not rows or any(self.number(slot) != rows for slot in present):
                return None
            return [Limits(int(self.value(low)), int(self.value(high))) for low, high in asked]

        return found

    def duplicates(
        self, scope: Scope, columns: Sequence[str], kept: nw.Expr | None, most: int
    ) -> list[dict[str, Any]]:
        """Up to *most* values of *columns* that stand in several rows."""
        self.answers.scans.append("examples")
        groups = groups_that_repeat(self._kept(scope, kept), columns)
        found = self.table.rows(groups.sort(*columns).head(most))
        return [{"row": None, "value": _value(row[:-1], columns)} for row in found]

    def _kept(self, scope: Scope, kept: nw.Expr | None) -> Any:
        frame: Any = self.view(scope).frame
        return frame if kept is None else frame.filter(kept)

    def examples(self, bad: nw.Expr, columns: Sequence[str], most: int) -> list[dict[str, Any]]:
        """Up to *most* rows where *bad* holds, with the row's number where rows have an order."""
        frame: Any = self.table.frame
        numbered = isinstance(frame, nw.DataFrame)
        if numbered:
            row_number = unused("__mlgates_row__", frame.columns)
            frame = frame.with_row_index(row_number)
        wanted = [*columns, row_number] if numbered else list(columns)
        self.answers.scans.append("examples")
        found = self.table.rows(frame.filter(bad).select(*wanted).head(most))
        return [
            {
                "row": int(row[len(columns)]) if numbered else None,
                "value": _value(row[: len(columns)], columns),
            }
            for row in found
        ]

    def bad_rows(self, bad: Sequence[nw.Expr]) -> int:
        """How many rows break at least one of *bad*. One more aggregate, only after a failure."""
        self.answers.scans.append("aggregate: rows that fail")
        union = bad[0]
        for expression in bad[1:]:
            union = union | expression
        return int(self.table.aggregate({"rows": counted(union, self.table)})["rows"] or 0)


def _value(row: Sequence[Any], columns: Sequence[str]) -> Any:
    return row[0] if len(columns) == 1 else dict(zip(columns, row, strict=True))


def counted(expression: nw.Expr, table: Table) -> nw.Expr:
    """The rows of *table* where a boolean holds."""
    if table.implementation == "duckdb":  # a tenth of the aggregate goes into casts
        return expression.sum()
    return expression.cast(nw.Int64).sum()  # booleans do not sum on Spark
