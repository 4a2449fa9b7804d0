"""Order statistics: the values at given ranks of columns, exactly, in one scan for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.engines.asking import RowsBeside, is_large
from pytest_mlgates.engines.lazy import nw

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlgates.engines.table import Table


class Ranks(NamedTuple):
    """What is wanted of one column.

    Attributes:
        values: The column, numeric; its nulls have no rank.
        n: How many of its values are not null.
        ranks: Which of them, sorted, are wanted: 0 is the least, ``n - 1`` the greatest.
    """

    values: nw.Expr
    n: int
    ranks: tuple[int, ...]


class OrderStatistics:
    """The values by rank, read when this is called, or on their way already.

    Args:
        read: Returns them.
        cancel: Ends what goes on meanwhile.
    """

    def __init__(
        self, read: Callable[[], list[list[Any]]], cancel: Callable[[], None] | None = None
    ) -> None:
        self._read, self._cancel = read, cancel

    def __call__(self) -> list[list[Any]]:
        """For each column its values, in the order of its ranks."""
        return self._read()

    def cancel(self) -> None:
        """Nobody will ask."""
        if self._cancel is not None:
            self._cancel()


def order_statistics(table: Table, wanted: Sequence[Ranks]) -> OrderStatistics:
    """For each of *wanted* its values, in the order of its ranks. One scan of *table*.

    It begins at once where it can go on beside other queries, else when its answer is asked for.
    PySpark answers in floats: integers over 2^53 are rounded there.
    """
    if not is_large(table):
        return OrderStatistics(lambda: _read(table, wanted))
    native = table.frame.select(**_named(wanted)).to_native()
    side = RowsBeside(table, native.aggregate(_duckdb(wanted)).sql_query())
    return OrderStatistics(lambda: [list(v) for v in side.result()[0]], side.cancel)


def _named(wanted: Sequence[Ranks]) -> dict[str, nw.Expr]:
    return {f"v{place}": one.values for place, one in enumerate(wanted)}


def _read(table: Table, wanted: Sequence[Ranks]) -> list[list[Any]]:
    if isinstance(table.frame, nw.DataFrame):  # where each may have a length of its own
        each = [table.frame.select(one.values.alias("v0")).get_column("v0") for one in wanted]
        return [_partitioned(v, one.ranks) for v, one in zip(each, wanted, strict=True)]
    named = _named(wanted)
    frame: Any = table.frame.select(**named)
    native = frame.to_native()
    found: Any = None
    if table.implementation == "duckdb":
        found = native.aggregate(_duckdb(wanted))
    elif table.implementation == "pyspark":
        found = native.selectExpr(*_spark(wanted))
    if found is not None:
        return [list(values) for values in table.rows(nw.from_native(found))[0]]
    there: Any = table.collected(frame)
    return [
        _partitioned(there.get_column(name), one.ranks)
        for name, one in zip(named, wanted, strict=True)
    ]


def _partitioned(series: nw.Series[Any], ranks: Sequence[int]) -> list[Any]:
    import numpy as np

    values = series.drop_nulls().to_numpy()
    places = np.asarray(ranks, dtype=np.intp)
    return list(np.partition(values, np.unique(places))[places].tolist())


def _shares(one: Ranks, suffix: str) -> str:
    """The first value whose share of values at or below it reaches one of these is wanted.

    Halfway between k and k + 1 of n, that is the value of rank k, whatever the rounding.
    """
    return ", ".join(f"{(rank + 0.5) / one.n!r}{suffix}" for rank in one.ranks)


def _duckdb(wanted: Sequence[Ranks]) -> str:
    return ", ".join(
        f"quantile_disc(v{place}, [{_shares(one, '::double')}]) as r_v{place}"
        for place, one in enumerate(wanted)
    )


def _spark(wanted: Sequence[Ranks]) -> list[str]:
    asked = "percentile_disc(array({})) within group (order by v{}) as r_v{}"
    return [asked.format(_shares(one, "D"), at, at) for at, one in enumerate(wanted)]
