"""A suite from a table: bounds that hold on the next batch that is as good.

Every statement is a prediction from this sample about the next one, of which both vary; the error
of the whole suite is divided among them. What the sample is too small to say is left out, with the
reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError, TableError
from pytest_mlgates.gates.data_schema.families import Family
from pytest_mlgates.gates.data_schema.inference import numbers, presence, reading, texts, times
from pytest_mlgates.gates.data_schema.inference.setting import (
    FEWEST,
    Findings,
    Inference,
    Setting,
    Values,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.data_schema.inference.reading import Outline

_STATEMENTS = {
    Family.INTEGER: numbers.STATEMENTS,
    Family.NUMBER: numbers.STATEMENTS,
    Family.TEXT: texts.STATEMENTS,
    Family.BOOLEAN: 1,
    Family.DATE: times.STATEMENTS,
    Family.TIME: times.STATEMENTS,
}
_PRIVATE = {Family.INTEGER: 1, Family.NUMBER: 1, Family.TEXT: 1}  # a key


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """What was inferred of a table.

    Attributes:
        table: Its name.
        setting: Under which promise.
        shape: What is about the whole table.
        columns: What is about each column, and what was left out.
    """

    table: str
    setting: Setting
    shape: tuple[Inference, ...]
    columns: tuple[Findings, ...]

    @property
    def inferences(self) -> list[Inference]:
        """All of them, the whole table's first."""
        return [*self.shape, *(one for column in self.columns for one in column.inferences)]

    def suite(self, name: str) -> dict[str, Any]:
        """The suite called *name*, as Great Expectations 1.x writes it."""
        return {
            "name": name,
            "expectations": [one.to_dict() for one in self.inferences],
            "meta": {},
            "notes": self.note(),
        }

    def note(self) -> str:
        """What the suite promises."""
        setting = self.setting
        size = "as many rows" if setting.batch == setting.rows else f"{setting.batch:,} rows"
        return (
            f"Inferred from {self.table} ({setting.rows_said()}): a batch of {size} or more that "
            f"is drawn like it fails with a probability of {setting.error:g} at most."
        )


def infer(
    table: Table,
    *,
    confidence: float = 0.95,
    batch: int | None = None,
    row_count: bool = False,
    min_cell: int = 10,
) -> Inferred:
    """The suite that *table* supports.

    Args:
        table: A batch that is good.
        confidence: With which the whole suite holds on the next one that is as good.
        batch: How many rows the smallest of the batches to come has (default: as many as here).
        row_count: Whether to bound the number of rows, to between half and twice as many.
        min_cell: Counts under this are not shown of a private table.

    Raises:
        MLGatesError: for a table of less than two rows, without columns, or with names that are no
            text.
    """
    _refuse_unusable(table)
    rows = table.require_rows()
    if rows == 1:
        raise TableError(
            f"table {table.name!r} is too small to infer a contract from",
            got="" if table.private else "1 row",
            want="at least two rows, better hundreds: one shows nothing of how rows differ",
        )
    table = reading.as_written(table)
    outlines = reading.outlines(table)
    plain = Setting(
        rows=rows,
        batch=batch or rows,
        error=round(1 - confidence, 12),
        private=table.private,
        min_cell=min_cell,
    )
    setting = replace(plain, statements=_statements(outlines, plain))
    return Inferred(
        table=table.name,
        setting=setting,
        shape=tuple(_of_table(table, setting, row_count=row_count)),
        columns=tuple(_of_column(table, c, one, setting) for c, one in outlines.items()),
    )


def _refuse_unusable(table: Table) -> None:
    if not table.columns:
        raise TableError(f"table {table.name!r} has no columns", want="at least one column")
    for column in table.columns:
        if not (isinstance(column, str) and column):  # type: ignore[redundant-expr]
            raise MLGatesError(
                f"column {column!r} has no usable name",
                where=f"table {table.name!r}",
                want="text: a contract names its columns",
            )


def _statements(outlines: Mapping[str, Outline], setting: Setting) -> int:
    """How many statements are made at most: known before any value is looked at."""
    found = 0
    for one in outlines.values():
        if one.present == 0:
            continue
        found += 1 if one.present == setting.rows else 2  # of missing values: most, and least
        found += _PRIVATE.get(one.family, 0) if setting.private else _STATEMENTS.get(one.family, 0)
    return max(1, found)


def _of_table(table: Table, setting: Setting, *, row_count: bool) -> list[Inference]:
    found = [
        Inference(
            type="expect_table_columns_to_match_set",
            kwargs={"column_set": list(table.columns), "exact_match": True},
            note=f"The {len(table.columns)} columns of the table, in any order, and no others.",
            words="these columns and no others",
        )
    ]
    if row_count and not setting.hides(setting.rows):
        least, most = max(1, setting.rows // 2), 2 * setting.rows
        note = (
            f"Half to twice the {setting.rows:,} rows here: asked for, one table cannot say more."
        )
        found.append(
            Inference(
                type="expect_table_row_count_to_be_between",
                kwargs={"min_value": least, "max_value": most},
                note=note,
                words=f"{least:,} to {most:,} rows",
            )
        )
    return found


def _of_column(table: Table, column: str, one: Outline, setting: Setting) -> Findings:
    found = Findings(column=column, kind=str(one.family))
    if one.present == 0:
        found.leave_out("expectation", "it has no value")
        return found
    presence.infer_type(found, one.family, table.schema[column])
    if setting.rows < FEWEST:
        found.leave_out("bound", setting.too_few(setting.rows, "row"))
        return found
    values = Values.of(one.present, setting)
    presence.infer_presence(found, values, one.present)
    if one.family in (Family.INTEGER, Family.NUMBER):
        numbers.infer_numbers(found, values, reading.numbers(table, column))
    elif one.family is Family.TEXT:
        texts.infer_texts(found, values, reading.texts(table, column))
    elif one.family in (Family.DATE, Family.TIME):
        times.infer_times(found, values, one.low, one.high)
    elif one.family is Family.BOOLEAN:
        _of_truths(found, values, one)
    else:
        found.leave_out("range", "its values are Great Expectations' business")
    return found


def _of_truths(found: Findings, values: Values, one: Outline) -> None:
    if values.setting.private:
        found.leave_out("share of true", "it is a value of a private table")
    elif values.n < FEWEST:
        found.leave_out("share of true", values.setting.too_few(values.n))
    else:
        numbers.infer_share(found, values, one.trues, "true")


__all__ = ["Findings", "Inference", "Inferred", "infer"]
