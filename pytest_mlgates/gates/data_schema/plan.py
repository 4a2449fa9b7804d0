"""The plan: everything that expectations ask of a table, in as few scans as they need.

Checks register expressions before anything runs; all of them, conditions included, become one
aggregate. Uniqueness costs one group-by per key, regular expressions one per column, each kept for
the next expectation. ``scans`` is what was done, for people and for tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.core.text import did_you_mean, listing, plural
from pytest_mlgates.engines.table import Table
from pytest_mlgates.gates.data_schema.condition_nodes import columns_of
from pytest_mlgates.gates.data_schema.masks import mask_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW = "__mlgates_row__"
_ROWS = "__mlgates_rows__"


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
    """What is asked of one table, and the answers.

    Attributes:
        table: The table.
        may_be_empty: The conditions (None: no condition) that the suite allows to keep 0 rows.
        scans: What was read, in order.
    """

    def __init__(self, table: Table, may_be_empty: frozenset[Any] = frozenset()) -> None:
        self.table, self.may_be_empty = table, may_be_empty
        self.scans: list[str] = []
        self._wanted: dict[str, nw.Expr] = {}
        self._slots: dict[Any, str] = {}
        self._values: dict[str, Any] = {}
        self._scopes: dict[Any, Scope] = {None: Scope()}
        self.rows(self._scopes[None])
        self._views: dict[Any, Table] = {None: table}
        self._duplicated: dict[Any, int] = {}
        self._distinct: dict[Any, list[tuple[Any, int]]] = {}

    def scope(self, condition: Any) -> Scope:
        """The rows that *condition* keeps.

        Raises:
            MissingColumnError: if it names a column that is not there.
            MismatchError: if it compares a column with something of another kind.
        """
        if condition not in self._scopes:
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
        return column

    def ask(self, key: tuple[Any, ...], expression: nw.Expr) -> str:
        """Want the value of *expression*; the slot that will hold it. Same key, same slot."""
        if key not in self._slots:
            self._slots[key] = f"v{len(self._slots)}"
            self._wanted[self._slots[key]] = expression
        return self._slots[key]

    def rows(self, scope: Scope) -> str:
        """Want the number of rows of *scope*."""
        if scope.mask is None:
            return self.ask(("rows", None), nw.len())
        return self.ask(("rows", scope.condition), counted(scope.mask))

    def count(self, scope: Scope, key: tuple[Any, ...], expression: nw.Expr) -> str:
        """Want the number of rows of *scope* where *expression* (never null) holds."""
        return self.ask((*key, scope.condition), counted(scope.also(expression)))

    def run(self) -> None:
        """One scan that answers everything asked so far."""
        if self._wanted:
            self.scans.append(f"aggregate: {plural(len(self._wanted), 'expression')}")
            self._values.update(self.table.aggregate(self._wanted))
            self._wanted = {}

    def value(self, slot: str) -> Any:
        """The answer in *slot*, every kind of missing as None."""
        value = self._values[slot]
        item = getattr(value, "item", None)
        if callable(item):
            value = item()
        if value is None or type(value).__name__ in {"NAType", "NaTType"}:
            return None
        return None if value != value else value  # noqa: PLR0124  (NaN)

    def number(self, slot: str) -> int:
        """The count in *slot* (a sum over no rows is null on some engines)."""
        return int(self.value(slot) or 0)

    def view(self, scope: Scope) -> Table:
        """The rows of *scope* as a table of their own."""
        if scope.condition not in self._views:
            assert scope.mask is not None  # noqa: S101
            self._views[scope.condition] = Table(
                self.table.frame.filter(scope.mask),
                name=self.table.name,
                private=self.table.private,
                files=self.table.files,
            )
        return self._views[scope.condition]

    def duplicated(
        self, scope: Scope, columns: Sequence[str], kept: nw.Expr | None, key: tuple[Any, ...]
    ) -> int:
        """How many rows of *scope* (and *kept*, named *key*) share *columns* with another row.

        Nulls are equal to each other, as in pandas. One group-by; only one number leaves the
        engine.
        """
        named = (scope.condition, tuple(columns), key)
        if named not in self._duplicated:
            self.scans.append(f"group-by: {', '.join(columns)}")
            total = self._repeated(scope, columns, kept).select(nw.col(_ROWS).sum())
            self._duplicated[named] = int(self.table.rows(total)[0][0] or 0)
        return self._duplicated[named]

    def duplicates(
        self, scope: Scope, columns: Sequence[str], kept: nw.Expr | None, most: int
    ) -> list[dict[str, Any]]:
        """Up to *most* values of *columns* that stand in several rows."""
        self.scans.append("examples")
        found = self.table.rows(self._repeated(scope, columns, kept).sort(*columns).head(most))
        return [{"row": None, "value": _value(row[:-1], columns)} for row in found]

    def _repeated(self, scope: Scope, columns: Sequence[str], kept: nw.Expr | None) -> Any:
        frame: Any = self.view(scope).frame
        if kept is not None:
            frame = frame.filter(kept)
        groups = frame.select(*columns).group_by(*columns).agg(nw.len().alias(_ROWS))
        return groups.filter(nw.col(_ROWS) > 1)

    def n_rows(self) -> int:
        """The rows of the table."""
        return self.number(self.rows(self._scopes[None]))

    def distinct(self, scope: Scope, column: str) -> list[tuple[Any, int]]:
        """Each value of *column* in *scope* with its rows; nulls left out. One group-by."""
        key = (scope.condition, column)
        if key not in self._distinct:
            self.scans.append(f"group-by: {column}")
            counts = self.view(scope).counts([column])
            self._distinct[key] = [(v, n) for (v,), n in counts if v is not None and n]
        return self._distinct[key]

    def examples(self, bad: nw.Expr, columns: Sequence[str], most: int) -> list[dict[str, Any]]:
        """Up to *most* rows where *bad* holds, with the row's number where rows have an order."""
        frame: Any = self.table.frame
        numbered = isinstance(frame, nw.DataFrame)
        if numbered:
            frame = frame.with_row_index(_ROW)
        wanted = [*columns, _ROW] if numbered else list(columns)
        self.scans.append("examples")
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
        self.scans.append("aggregate: rows that fail")
        union = bad[0]
        for expression in bad[1:]:
            union = union | expression
        return int(self.table.aggregate({"rows": counted(union)})["rows"] or 0)


def _value(row: Sequence[Any], columns: Sequence[str]) -> Any:
    return row[0] if len(columns) == 1 else dict(zip(columns, row, strict=True))


def counted(expression: nw.Expr) -> nw.Expr:
    """The rows where a boolean that is never null holds (booleans do not sum on Spark)."""
    return expression.cast(nw.Int64).sum()
