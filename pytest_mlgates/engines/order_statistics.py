"""Order statistics: the values at given ranks of columns, exactly, in one scan for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def order_statistics(table: Table, wanted: Sequence[Ranks]) -> list[list[Any]]:
    """For each of *wanted* its values, in the order of its ranks. One scan of *table*.

    PySpark answers in floats: integers over 2^53 are rounded there.
    """
    if isinstance(table.frame, nw.DataFrame):  # where each may have a length of its own
        each = [table.frame.select(one.values.alias("v0")).get_column("v0") for one in wanted]
        return [_partitioned(v, one.ranks) for v, one in zip(each, wanted, strict=True)]
    named = {f"v{i}": one.values for i, one in enumerate(wanted)}
    frame: Any = table.frame.select(**named)
    native = frame.to_native()
    shares = [[(rank + 0.5) / one.n for rank in one.ranks] for one in wanted]
    found: Any = None
    if table.implementation == "duckdb":
        asked = [_duckdb(name, part) for name, part in zip(named, shares, strict=True)]
        found = native.aggregate(", ".join(asked))
    elif table.implementation == "pyspark":
        asked = [_spark(name, part) for name, part in zip(named, shares, strict=True)]
        found = native.selectExpr(*asked)
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


# Both take the first value whose share of values at or below it reaches the one asked for: halfway
# between k and k + 1 of n, that is the value of rank k, whatever the rounding.
def _duckdb(name: str, shares: Sequence[float]) -> str:
    listed = ", ".join(f"{share!r}::double" for share in shares)
    return f"quantile_disc({name}, [{listed}]) as r_{name}"


def _spark(name: str, shares: Sequence[float]) -> str:
    listed = ", ".join(f"{share!r}D" for share in shares)
    return f"percentile_disc(array({listed})) within group (order by {name}) as r_{name}"
