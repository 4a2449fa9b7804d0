"""What is read of a table: one aggregate for all columns, then one column at a time.

Numbers come as an array of one column; of text only counts do: of lengths, and of how many values
are seen how often. The values themselves are fetched where they are few, or all of one length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.engines.columns import python_value
from pytest_mlgates.engines.table import Table
from pytest_mlgates.engines.wanted import Wanted
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.families import Family
from pytest_mlgates.gates.data_schema.inference import shapes
from pytest_mlgates.gates.data_schema.inference.codes import MOST_VALUES
from pytest_mlgates.gates.data_schema.inference.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_VALUE, _ROWS, _VALUES = "value", "rows", "values"
# More distinct texts than these are not looked at one by one.
_MOST_TEXTS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One column as the first scan sees it.

    Attributes:
        family: What its values are.
        present: How many are not null.
        low: The first date or time.
        high: The last one.
        trues: How many are true.
    """

    family: Family
    present: int
    low: Any = None
    high: Any = None
    trues: int = 0


def as_written(table: Table) -> Table:
    """*table* with its columns of padded digits (``01067``) as the text that they are.

    A file that writes all values as text does not say which digits are a number. As numbers these
    would lose what makes them a code.
    """
    integers = [c for c in table.columns if families.family(table, c) is Family.INTEGER]
    written = table.read_as(Wanted(columns=frozenset(integers), text=frozenset(integers)))
    texts = [c for c in integers if isinstance(written.schema[c], nw.String)]
    if not texts:
        return table
    padded = {
        c: (nw.col(c).str.starts_with("0") & (nw.col(c).str.len_chars() > 1)).cast(nw.Int64).max()
        for c in texts
    }
    found = frozenset(c for c, any_of in written.aggregate(padded).items() if any_of)
    return table.read_as(Wanted(text=found)) if found else table


def outlines(table: Table) -> dict[str, Outline]:
    """All columns in one scan."""
    kinds = {column: families.family(table, column) for column in table.columns}
    wanted: dict[str, nw.Expr] = {}
    for i, (column, kind) in enumerate(kinds.items()):
        there = nw.col(column)
        wanted[f"n{i}"] = (~there.is_null()).cast(nw.Int64).sum()
        if kind in (Family.DATE, Family.TIME):
            wanted[f"low{i}"], wanted[f"high{i}"] = there.min(), there.max()
        if kind is Family.BOOLEAN:
            wanted[f"trues{i}"] = there.cast(nw.Int64).sum()
    found = {name: python_value(value) for name, value in table.aggregate(wanted).items()}
    return {
        column: Outline(
            family=kind,
            present=int(found[f"n{i}"] or 0),
            low=found.get(f"low{i}"),
            high=found.get(f"high{i}"),
            trues=int(found.get(f"trues{i}") or 0),
        )
        for i, (column, kind) in enumerate(kinds.items())
    }


def numbers(table: Table, column: str) -> NDArray[Any]:
    """The present values of a numeric column; integers stay integers."""
    there = table.frame.filter(~nw.col(column).is_null()).select(column)
    return _table(table, there).arrays([column])[column]


def texts(table: Table, column: str) -> Texts:
    """What is counted of a column of text."""
    value = families.comparable(table, column).alias(_VALUE)
    frame: Any = table.frame.filter(~nw.col(column).is_null()).select(value)
    lengths = frame.select(nw.col(_VALUE).str.len_chars()).group_by(_VALUE).agg(_count(_ROWS))
    by_length = {int(n): int(rows) for n, rows in table.rows(lengths)}
    by_value = frame.group_by(_VALUE).agg(_count(_ROWS))
    often = by_value.group_by(_ROWS).agg(_count(_VALUES))
    seen = {int(times): int(values) for times, values in table.rows(often)}
    distinct = sum(seen.values())
    counts = table.rows(by_value) if distinct <= MOST_VALUES else []
    return Texts(
        lengths=by_length,
        distinct=distinct,
        once=seen.get(1, 0),
        counts=sorted((str(text), int(rows)) for text, rows in counts),
        shape=_shape(table, by_value, by_length, distinct),
    )


def _shape(
    table: Table, by_value: Any, lengths: Mapping[int, int], distinct: int
) -> shapes.Shape | None:
    length = next(iter(lengths), 0)
    if len(lengths) != 1 or not 0 < length <= shapes.MOST_LENGTH:
        return None
    if not MOST_VALUES < distinct <= _MOST_TEXTS:
        return None
    return shapes.shape_of([str(text) for (text,) in table.rows(by_value.select(_VALUE))])


def _count(name: str) -> nw.Expr:
    return nw.len().alias(name)


def _table(table: Table, frame: Any) -> Table:
    return Table(frame, name=table.name, private=table.private, files=table.files)
