"""Searching texts inside the engines: RE2 in DuckDB and pyarrow, Rust in polars, Java in Spark."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

    from pytest_mlgates.engines.backtracking import Work
    from pytest_mlgates.engines.table import Table

_LINEAR = ("polars", "pyarrow", "duckdb")
_MOST_IN_JAVA = (3, 64)
# No pattern for Python's `re`, so that pandas leaves it to RE2, which reads it as nothing.
_NOT_PYTHON = r"\Q\E"


def can_search(table: Table, column: str, work: Work | None) -> bool:
    """Whether the engine of *table* searches the texts of *column* without a risk.

    Java backtracks, and recurses where a group repeats: there only patterns of characters that
    repeat, with a *work* of at most the third power of a text's length. pandas hands texts to RE2
    only where they are Arrow's.
    """
    if table.implementation == "pyspark":
        degree, factor = _MOST_IN_JAVA
        return work is not None and work.flat and work.degree <= degree and work.factor <= factor
    if table.implementation == "pandas":
        return _hands_to_re2(table.frame.to_native()[column].dtype)
    return table.implementation in _LINEAR


def contains(table: Table, text: nw.Expr, pattern: str) -> nw.Expr:
    """Whether *text* contains *pattern*, which means the same to every engine; null where null is.

    Only for what :func:`can_search`.
    """
    return text.str.contains(_NOT_PYTHON + pattern if table.implementation == "pandas" else pattern)


@lru_cache(maxsize=64)
def _hands_to_re2(dtype: Any) -> bool:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(pd.Series(["a"], dtype=dtype).str.contains(rf"{_NOT_PYTHON}a\z").all())
        except Exception:
            return False
