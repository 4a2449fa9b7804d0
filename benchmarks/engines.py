"""The 20 checks in each engine's own language, as its documentation would have one write them.

Every engine is a function from a path to a function without arguments: importing (and, where the
name says "in memory", reading) is done by the first, all else by the second. Each answers, in the
order of `checks.NAMES`, whether the check holds and how many rows break it (None: not told).
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

import checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Answer = tuple[bool, int | None]
    Run = Callable[[], list[Answer]]


def ours(path: str) -> Run:
    """This project, from a file."""
    data_schema = _ours()
    return lambda: _of_verdict(data_schema(path, checks.suite()))


def ours_known(path: str) -> Run:
    """This project, from a file that was judged before: its digest is known."""
    import known_digest

    known_digest.of(path)
    return ours(path)


def ours_on_pandas(path: str) -> Run:
    """This project, on a frame of pandas in memory."""
    data_schema, frame = _ours(), _pandas_frame(path)
    return lambda: _of_verdict(data_schema(frame, checks.suite()))


def ours_on_polars(path: str) -> Run:
    """This project, on a frame of polars in memory."""
    import polars as pl

    data_schema, frame = _ours(), pl.read_parquet(path)
    return lambda: _of_verdict(data_schema(frame, checks.suite()))


def _ours() -> Callable[..., Any]:
    """The gate as a function; what it imports when it is first called is imported here."""
    for module in ("duckdb", "narwhals.stable.v2", "narwhals._duckdb.namespace"):
        import_module(module)
    for module in ("gates.data_schema.judge", "gates.data_schema.kind", "engines.typed_files"):
        import_module(f"pytest_mlgates.{module}")
    from pytest_mlgates import data_schema

    return data_schema


def _of_verdict(verdict: Any) -> list[Answer]:
    return [(bool(d["success"]), d["unexpected_count"]) for d in verdict.details]


def _pandas_frame(path: str) -> Any:
    import pandas as pd

    return pd.read_csv(path) if path.endswith(".csv") else pd.read_parquet(path)


def great_expectations(path: str) -> Run:
    """Great Expectations on pandas, from a file."""
    validate = _great_expectations()
    return lambda: validate(_pandas_frame(path))


def great_expectations_on_pandas(path: str) -> Run:
    """Great Expectations, on a frame of pandas in memory."""
    validate, frame = _great_expectations(), _pandas_frame(path)
    return lambda: validate(frame)


def _great_expectations() -> Callable[[Any], list[Answer]]:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    def validate(frame: Any) -> list[Answer]:
        context = gx.get_context(mode="ephemeral")
        source = context.data_sources.add_pandas("orders")
        batch = source.add_dataframe_asset("orders").add_batch_definition_whole_dataframe("all")
        wanted = gx.ExpectationSuite(
            name="orders",
            expectations=[
                ExpectationConfiguration(**check, meta={"place": i}).to_domain_obj()
                for i, check in enumerate(checks.suite())
            ],
        )
        found = batch.get_batch({"dataframe": frame}).validate(wanted)
        by_place = {r.expectation_config.meta["place"]: r for r in found.results}
        results = [by_place[i] for i in range(len(by_place))]
        return [(bool(r.success), r.result.get("unexpected_count")) for r in results]

    return validate


def polars(path: str) -> Run:
    """polars by hand: one collect."""
    import polars as pl

    def share(bad: pl.Expr, of: str) -> pl.Expr:
        return pl.struct(bad=(pl.col(of).is_not_null() & bad).sum(), rows=pl.col(of).count())

    col = pl.col
    low, high = checks.QUANTILES
    asked = {
        "rows": pl.len(),
        "not null customer": col("customer").null_count(),
        "not null age": col("age").null_count(),
        "not null birthday": col("birthday").null_count(),
        "unique order_id": pl.len() - col("order_id").n_unique(),
        "unique store, receipt": pl.len() - pl.struct("store", "receipt").n_unique(),
        "range age": share(~col("age").is_between(*checks.AGES), "age"),
        "range amount": share(~col("amount").is_between(*checks.AMOUNTS), "amount"),
        "range score": share(~col("score").is_between(*checks.SCORES), "score"),
        "set country": share(~col("country").is_in(checks.COUNTRIES), "country"),
        "set status": share(~col("status").is_in(checks.STATUSES), "status"),
        "set member": share(~col("member").is_in([True, False]), "member"),
        "regex email": share(~col("email").str.contains(checks.EMAIL), "email"),
        "length reference": share(col("reference").str.len_chars() != checks.LENGTH, "reference"),
        "ordered <= shipped": (col("shipped") < col("ordered")).sum(),
        "mean amount": col("amount").mean(),
        "low": col("score").quantile(low, "nearest"),
        "high": col("score").quantile(high, "nearest"),
    }

    def run() -> list[Answer]:
        frame = pl.scan_parquet(path)
        row = frame.select(**asked).collect().row(0, named=True)
        return _judged(row, {n: str(t) for n, t in frame.collect_schema().items()})

    return run


def duckdb(path: str) -> Run:
    """DuckDB by hand: one statement."""
    import duckdb as db

    def among(values: Iterable[str]) -> str:
        return ", ".join(f"'{v}'" for v in values)

    def share(bad: str, of: str) -> str:
        return f"{{'bad': count(*) filter ({bad}), 'rows': count({of})}}"

    def ranged(column: str, bounds: tuple[float, float]) -> str:
        return share(f"{column} not between {bounds[0]} and {bounds[1]}", column)

    low, high = checks.QUANTILES
    asked = {
        "rows": "count(*)",
        "not null customer": "count(*) - count(customer)",
        "not null age": "count(*) - count(age)",
        "not null birthday": "count(*) - count(birthday)",
        "unique order_id": "count(*) - count(distinct order_id)",
        "unique store, receipt": "count(*) - count(distinct (store, receipt))",
        "range age": ranged("age", checks.AGES),
        "range amount": ranged("amount", checks.AMOUNTS),
        "range score": ranged("score", checks.SCORES),
        "set country": share(f"country not in ({among(checks.COUNTRIES)})", "country"),
        "set status": share(f"status not in ({among(checks.STATUSES)})", "status"),
        "set member": share("member not in (true, false)", "member"),
        "regex email": share(f"not regexp_matches(email, '{checks.EMAIL}')", "email"),
        "length reference": share(f"length(reference) <> {checks.LENGTH}", "reference"),
        "ordered <= shipped": "count(*) filter (shipped < ordered)",
        "mean amount": "avg(amount)",
        "low": f"quantile_disc(score, {low})",
        "high": f"quantile_disc(score, {high})",
    }

    def run() -> list[Answer]:
        link = db.connect()
        table = link.read_parquet(path)
        row = table.aggregate(", ".join(asked.values())).fetchall()[0]
        types = {"BIGINT": "Int64", "DOUBLE": "Float64"}
        found = zip(table.columns, table.types, strict=True)
        schema = {n: types.get(str(t), str(t)) for n, t in found}
        return _judged(dict(zip(asked, row, strict=True)), schema)

    return run


def _judged(row: dict[str, Any], schema: dict[str, str]) -> list[Answer]:
    """Answers from one row of numbers, as the two engines asked by hand give it."""
    rows = row["rows"]
    (low, high), mean = checks.QUANTILES.values(), row["mean amount"]
    answers: dict[str, Answer] = {
        "column set": (set(schema) == set(checks.COLUMNS), None),
        "row count": (checks.ROWS[0] <= rows <= checks.ROWS[1], None),
        "type order_id": (schema["order_id"] == "Int64", None),
        "type amount": (schema["amount"] == "Float64", None),
        "mean amount": (checks.MEAN[0] <= mean <= checks.MEAN[1], None),
        "quantiles score": (
            low[0] <= row["low"] <= low[1] and high[0] <= row["high"] <= high[1],
            None,
        ),
        "unique order_id": (row["unique order_id"] == 0, None),
        "unique store, receipt": (row["unique store, receipt"] == 0, None),
    }
    mostly = {
        "not null age": checks.AGE_MOSTLY,
        "range amount": checks.AMOUNT_MOSTLY,
        "regex email": checks.EMAIL_MOSTLY,
    }
    for name in checks.NAMES:
        if name in answers:
            continue
        found = row[name]
        bad, of = (found["bad"], found["rows"]) if isinstance(found, dict) else (found, rows)
        answers[name] = (of - bad >= mostly.get(name, 1) * of, bad)
    return [answers[name] for name in checks.NAMES]
