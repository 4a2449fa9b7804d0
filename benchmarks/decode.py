"""The limit: the same columns decoded and thrown away, by whoever is fastest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import checks

if TYPE_CHECKING:
    from engines import Run


def duckdb(path: str) -> Run:
    """Every value of every column, into the cheapest aggregate that Parquet's statistics lack."""
    import duckdb as db

    text = ("email", "reference", "country", "status")
    numbers = ("order_id", "customer", "store", "receipt")
    moments = ("birthday", "ordered", "shipped")
    wanted = [
        *(f"max({column})" for column in text),  # not strlen, which reads the lengths alone
        *(f"bit_xor({column})" for column in numbers),
        *(f"bit_xor(epoch_us({column}))" for column in moments),
        *(f"sum({column})" for column in ("age", "amount", "score")),
        "bool_and(member)",
    ]

    def run() -> list[Any]:
        db.connect().execute(f"select {', '.join(wanted)} from read_parquet('{path}')").fetchall()
        return []

    return run


def pyarrow(path: str) -> Run:
    """Row group by row group into Arrow."""
    import pyarrow.parquet as pq

    def run() -> list[Any]:
        file = pq.ParquetFile(path)
        for group in range(file.num_row_groups):
            file.read_row_group(group, columns=checks.COLUMNS)
        return []

    return run


def polars(path: str) -> Run:
    """Into one frame."""
    import polars as pl

    def run() -> list[Any]:
        pl.read_parquet(path, columns=checks.COLUMNS)
        return []

    return run
