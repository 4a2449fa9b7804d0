"""Distinct values of a column, judged in Python: one group-by, in batches, in Spark's workers.

Nothing but the values that are wrong is kept, so that memory does not grow with the column.
"""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.engines import judges
from pytest_mlgates.engines.lazy import nw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_mlgates.engines.backtracking import Work
    from pytest_mlgates.engines.table import Table

MOST_KEPT = 1000
"""More distinct wrong values than this are counted, but not kept."""

_BATCH = 10_000
_CHEAP = 10_000_000  # steps of ``re``: about a tenth of a second
_VALUE, _ROWS = "value", "rows"


@dataclass(frozen=True, slots=True)
class Judge:
    """A function of ``judges``, asked about each distinct value.

    Attributes:
        name: The function.
        arguments: What it is called with, before the values.
        backtracks: Whether it may take forever.
        work: How much work it may make of a value, None where no bound is known.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    backtracks: bool = False
    work: Work | None = None

    def __call__(self, values: Sequence[Any]) -> list[bool]:
        """What it says of each value."""
        found: list[bool] = getattr(judges, self.name)(*self.arguments, values)
        return found

    def is_cheap(self, values: Sequence[Any]) -> bool:
        """Whether it is done with *values* soon, whatever they are."""
        if not self.backtracks:
            return True
        if self.work is None or len(values) * self.work.steps(1) > _CHEAP:
            return False
        longest = max(map(len, map(str, values)), default=0)
        return len(values) * self.work.steps(longest) <= _CHEAP


@dataclass(slots=True)
class Found:
    """What a judge found.

    Attributes:
        rows: Rows whose value is wrong.
        values: The distinct wrong values, None if they are more than are kept.
        late: Whether it took too long for an answer.
    """

    rows: int = 0
    values: list[Any] | None = field(default_factory=list)
    late: bool = False

    def keep(self, value: Any) -> None:
        """Note a wrong *value*."""
        if self.values is not None:
            self.values.append(value)
            self.values = self.values if len(self.values) <= MOST_KEPT else None


def judge(table: Table, column: str, text: nw.Expr, asked: Sequence[Judge]) -> list[Found]:
    """What the judges *asked* say of the distinct values of *column*, nulls left out.

    Args:
        table: The rows.
        column: One of its columns.
        text: The value of that column that is judged.
        asked: The judges.
    """
    # Nulls go first: as texts, pandas 2 writes those of a category as 'nan'.
    frame: Any = table.frame.filter(~nw.col(column).is_null()).select(text.alias(_VALUE))
    groups = frame.group_by(_VALUE).agg(nw.len().alias(_ROWS))
    single = isinstance(table.schema[column], nw.Float32)
    if table.implementation == "pyspark":
        with suppress(TableError):  # workers without pandas or pyarrow; those of the driver will do
            return _in_spark(table, groups, asked, single=single)
    found = [Found() for _ in asked]
    with ExitStack() as stack:
        ask = [_asking(one, stack) for one in asked]
        for batch in table.batches(groups, _BATCH):
            values, rows = map(list, zip(*batch, strict=True))
            shown = _as_singles(values) if single else values
            for one, answer in zip(found, ask, strict=True):
                if not one.late:
                    _note(one, answer, shown, values, rows)
    return found


def _asking(one: Judge, stack: ExitStack) -> Callable[[Sequence[Any]], list[bool]]:
    """How *one* is asked: here, or in a child process where it may take forever."""
    from pytest_mlgates.engines.child import Child

    child = stack.enter_context(Child(one.name, one.arguments))
    return lambda values: one(values) if one.is_cheap(values) else child.answer(values)


def _note(
    found: Found,
    answer: Callable[[Sequence[Any]], list[bool]],
    shown: Sequence[Any],
    values: Sequence[Any],
    rows: Sequence[int],
) -> None:
    try:
        right = answer(shown)
    except TimeoutError:
        found.late = True
        return
    if all(right):
        return
    for ok, value, count in zip(right, values, rows, strict=True):
        if not ok:
            found.rows += int(count)
            found.keep(value)


def _as_singles(values: Sequence[Any]) -> list[Any]:
    """Floats of 32 bits, which are written with fewer digits."""
    import numpy as np

    return [np.float32(value) for value in values]


def _in_spark(table: Table, groups: Any, asked: Sequence[Judge], *, single: bool) -> list[Found]:
    """Judged in the workers: no value leaves them but the wrong ones that are kept."""
    frame = groups.to_native()
    kind = frame.schema[_VALUE].dataType.simpleString()
    functions = [(getattr(judges, one.name), one.arguments) for one in asked]
    work = judges.worker(functions, single=single, most=MOST_KEPT + 1)
    form = f"judge int, value {kind}, rows long, late boolean"
    with _by_value(), _own_python(frame):
        rows = table.rows(nw.from_native(frame.mapInPandas(work, form)))
    found = [Found() for _ in asked]
    for place, value, count, late in rows:
        found[place].late |= bool(late)
        if value is None:
            found[place].rows += count
        else:
            found[place].keep(value)
    return found


@contextmanager
def _by_value() -> Iterator[None]:
    """Send judges to workers whole: these need not have this package."""
    cloudpickle = importlib.import_module("pyspark.cloudpickle")
    cloudpickle.register_pickle_by_value(judges)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(judges)


@contextmanager
def _own_python(frame: Any) -> Iterator[None]:
    """Let workers on this machine run this Python, not the first one on the PATH."""
    context: Any = getattr(frame.sparkSession, "_sc", None)  # none in Spark Connect
    chosen = "PYSPARK_PYTHON" in os.environ or context is None
    if chosen or not context.master.startswith("local"):
        yield
        return
    before = context.pythonExec
    context.pythonExec = sys.executable
    try:
        yield
    finally:
        context.pythonExec = before
