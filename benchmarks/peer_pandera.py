"""The 20 checks in pandera, on pandas and on polars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from engines import Answer, Run


def on_pandas(path: str) -> Run:
    """pandera on pandas, from a file."""
    import pandas as pd
    import pandera.pandas as pa

    def mostly(share: float, holds: Callable[[Any], Any]) -> Any:
        """pandera has no `mostly`: a check of the whole series."""
        return lambda series: (
            (~holds(series) & series.notna()).sum() <= (1 - share) * (series.notna().sum())
        )

    (low, low_range), (high, high_range) = checks.QUANTILES.items()
    schema = pa.DataFrameSchema(
        {
            "order_id": pa.Column("int64", unique=True),
            "customer": pa.Column(),
            "store": pa.Column(),
            "receipt": pa.Column(),
            "email": pa.Column(
                nullable=True,
                checks=pa.Check(
                    mostly(checks.EMAIL_MOSTLY, lambda s: s.str.contains(checks.EMAIL)),
                    name="regex email",
                ),
            ),
            "reference": pa.Column(
                nullable=True,
                checks=pa.Check.str_length(checks.LENGTH, checks.LENGTH, name="length reference"),
            ),
            "age": pa.Column(
                nullable=True,
                checks=[
                    pa.Check(
                        lambda s: s.notna().mean() >= checks.AGE_MOSTLY,
                        ignore_na=False,
                        name="not null age",
                    ),
                    pa.Check.in_range(*checks.AGES, name="range age"),
                ],
            ),
            "amount": pa.Column(
                "float64",
                nullable=True,
                checks=[
                    pa.Check(
                        mostly(checks.AMOUNT_MOSTLY, lambda s: s.between(*checks.AMOUNTS)),
                        name="range amount",
                    ),
                    pa.Check(
                        lambda s: checks.MEAN[0] <= s.mean() <= checks.MEAN[1],
                        name="mean amount",
                    ),
                ],
            ),
            "score": pa.Column(
                nullable=True,
                checks=[
                    pa.Check.in_range(*checks.SCORES, name="range score"),
                    pa.Check(
                        lambda s: (
                            s.quantile([low, high], interpolation="nearest")
                            .between([low_range[0], high_range[0]], [low_range[1], high_range[1]])
                            .all()
                        ),
                        name="quantiles score",
                    ),
                ],
            ),
            "country": pa.Column(
                nullable=True, checks=pa.Check.isin(checks.COUNTRIES, name="set country")
            ),
            "status": pa.Column(
                nullable=True, checks=pa.Check.isin(checks.STATUSES, name="set status")
            ),
            "member": pa.Column(
                nullable=True, checks=pa.Check.isin([True, False], name="set member")
            ),
            "birthday": pa.Column(),
            "ordered": pa.Column(nullable=True),
            "shipped": pa.Column(nullable=True),
        },
        checks=[
            pa.Check(lambda f: checks.ROWS[0] <= len(f) <= checks.ROWS[1], name="row count"),
            pa.Check(lambda f: f["shipped"] >= f["ordered"], name="ordered <= shipped"),
        ],
        unique=["store", "receipt"],
        strict=True,
    )

    def run() -> list[Answer]:
        frame = pd.read_parquet(path)
        try:
            schema.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as error:
            return _of_pandera(error)
        return [(True, None)] * len(checks.NAMES)

    return run


def on_polars(path: str) -> Run:
    """pandera on polars, from a file."""
    import pandera.polars as pa
    import polars as pl

    def scalar(expression: Callable[[pl.Expr], pl.Expr]) -> Callable[[Any], Any]:
        return lambda data: data.lazyframe.select(expression(pl.col(data.key)))

    def mostly(share: float, holds: Callable[[pl.Expr], pl.Expr]) -> Callable[[Any], Any]:
        return scalar(lambda c: (~holds(c)).sum() <= (1 - share) * c.count())

    (low, low_range), (high, high_range) = checks.QUANTILES.items()
    schema = pa.DataFrameSchema(
        {
            "order_id": pa.Column(pl.Int64, unique=True),
            "customer": pa.Column(),
            "store": pa.Column(),
            "receipt": pa.Column(),
            "email": pa.Column(
                nullable=True,
                checks=pa.Check(
                    mostly(checks.EMAIL_MOSTLY, lambda c: c.str.contains(checks.EMAIL)),
                    name="regex email",
                ),
            ),
            "reference": pa.Column(
                nullable=True,
                checks=pa.Check.str_length(checks.LENGTH, checks.LENGTH, name="length reference"),
            ),
            "age": pa.Column(
                nullable=True,
                checks=[
                    pa.Check(
                        scalar(lambda c: c.is_not_null().mean() >= checks.AGE_MOSTLY),
                        ignore_na=False,
                        name="not null age",
                    ),
                    pa.Check.in_range(*checks.AGES, name="range age"),
                ],
            ),
            "amount": pa.Column(
                pl.Float64,
                nullable=True,
                checks=[
                    pa.Check(
                        mostly(checks.AMOUNT_MOSTLY, lambda c: c.is_between(*checks.AMOUNTS)),
                        name="range amount",
                    ),
                    pa.Check(
                        scalar(lambda c: c.mean().is_between(*checks.MEAN)), name="mean amount"
                    ),
                ],
            ),
            "score": pa.Column(
                nullable=True,
                checks=[
                    pa.Check.in_range(*checks.SCORES, name="range score"),
                    pa.Check(
                        scalar(
                            lambda c: (
                                c.quantile(low, "nearest").is_between(*low_range)
                                & c.quantile(high, "nearest").is_between(*high_range)
                            )
                        ),
                        name="quantiles score",
                    ),
                ],
            ),
            "country": pa.Column(
                nullable=True, checks=pa.Check.isin(checks.COUNTRIES, name="set country")
            ),
            "status": pa.Column(
                nullable=True, checks=pa.Check.isin(checks.STATUSES, name="set status")
            ),
            "member": pa.Column(
                nullable=True, checks=pa.Check.isin([True, False], name="set member")
            ),
            "birthday": pa.Column(),
            "ordered": pa.Column(nullable=True),
            "shipped": pa.Column(nullable=True),
        },
        checks=[
            pa.Check(
                lambda data: data.lazyframe.select(pl.len().is_between(*checks.ROWS)),
                name="row count",
            ),
            pa.Check(
                lambda data: data.lazyframe.select(pl.col("shipped") >= pl.col("ordered")),
                name="ordered <= shipped",
            ),
        ],
        unique=["store", "receipt"],
        strict=True,
    )

    def run() -> list[Answer]:
        frame = pl.read_parquet(path)
        try:
            schema.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as error:
            return _of_pandera(error)
        return [(True, None)] * len(checks.NAMES)

    return run


def _of_pandera(error: Any) -> list[Answer]:
    named = {
        ("not_nullable", "customer"): "not null customer",
        ("not_nullable", "birthday"): "not null birthday",
        ("field_uniqueness", "order_id"): "unique order_id",
    }
    failed = set()
    for one in error.schema_errors:
        reason = one.reason_code.name.lower() if one.reason_code else ""
        reason = {
            "series_contains_nulls": "not_nullable",
            "series_contains_duplicates": "field_uniqueness",
        }.get(reason, reason)
        name = getattr(one.check, "name", None)
        if reason == "duplicates" or "multiple_fields_uniqueness" in str(one.check):
            name = "unique store, receipt"
        failed.add(name if name in checks.NAMES else named.get((reason, one.schema.name), str(one)))
    if failed - set(checks.NAMES):
        raise AssertionError(failed)
    return [(name not in failed, None) for name in checks.NAMES]
