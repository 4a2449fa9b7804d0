"""The 20 checks in pointblank and in dataframely, which work on polars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import checks

if TYPE_CHECKING:
    from engines import Answer, Run


def pointblank(path: str) -> Run:
    """pointblank on polars, from a file, without extracts."""
    import pointblank as pb
    import polars as pl

    (low, low_range), (high, high_range) = checks.QUANTILES.items()
    mostly = {
        "not null age": checks.AGE_MOSTLY,
        "range amount": checks.AMOUNT_MOSTLY,
        "regex email": checks.EMAIL_MOSTLY,
    }

    def quantiles(frame: pl.DataFrame) -> bool:
        found = frame.select(
            pl.col("score").quantile(low, "nearest").is_between(*low_range)
            & pl.col("score").quantile(high, "nearest").is_between(*high_range)
        )
        return bool(found.item())

    def run() -> list[Answer]:
        frame = pl.read_parquet(path)
        schema = pb.Schema(columns=[(name,) for name in checks.COLUMNS])
        middle, spread = sum(checks.ROWS) // 2, (checks.ROWS[1] - checks.ROWS[0]) // 2
        plan = (
            pb.Validate(frame)
            .col_schema_match(schema, in_order=False)
            .row_count_match(middle, tol=(spread, spread))
            .col_schema_match(pb.Schema(columns={"order_id": "Int64"}), complete=False)
            .col_schema_match(pb.Schema(columns={"amount": "Float64"}), complete=False)
            .col_vals_not_null("customer")
            .col_vals_not_null("age")
            .col_vals_not_null("birthday")
            .rows_distinct("order_id")
            .rows_distinct(["store", "receipt"])
            .col_vals_between("age", *checks.AGES, na_pass=True)
            .col_vals_between("amount", *checks.AMOUNTS, na_pass=True)
            .col_vals_between("score", *checks.SCORES, na_pass=True)
            .col_vals_in_set("country", checks.COUNTRIES)
            .col_vals_in_set("status", checks.STATUSES)
            .col_vals_expr(pl.col("member").is_in([True, False]))
            .col_vals_regex("email", checks.EMAIL, na_pass=True)
            .col_vals_expr(pl.col("reference").str.len_chars() == checks.LENGTH)
            .col_vals_ge("shipped", pb.col("ordered"), na_pass=True)
            .specially(
                lambda f: (
                    bool(f["amount"].mean() >= checks.MEAN[0])
                    and bool(f["amount"].mean() <= checks.MEAN[1])
                )
            )
            .specially(quantiles)
        )
        done = plan.interrogate(collect_extracts=False, collect_tbl_checked=False)
        failed, total = done.n_failed(), done.n()
        answers: list[Answer] = []
        for place, name in enumerate(checks.NAMES, 1):
            bad, rows = failed[place], total[place]
            told = None if rows == 1 else bad
            answers.append((rows - bad >= mostly.get(name, 1) * rows, told))
        return answers

    return run


def dataframely(path: str) -> Run:
    """dataframely on polars, from a file."""
    import dataframely as dy
    import polars as pl

    (low, low_range), (high, high_range) = checks.QUANTILES.items()
    mostly = {
        "not null age": checks.AGE_MOSTLY,
        "range amount": checks.AMOUNT_MOSTLY,
        "regex email": checks.EMAIL_MOSTLY,
    }

    class Orders(dy.Schema):
        order_id = dy.Int64(unique=True)
        customer = dy.Int64()
        store = dy.Int32(primary_key=True)
        receipt = dy.Int32(primary_key=True)
        email = dy.String(nullable=True, regex=checks.EMAIL)
        reference = dy.String(nullable=True, check=lambda c: c.str.len_chars() == checks.LENGTH)
        age = dy.Int16()
        amount = dy.Float64(nullable=True, check=lambda c: c.is_between(*checks.AMOUNTS))
        score = dy.Float64(nullable=True, check=lambda c: c.is_between(*checks.SCORES))
        country = dy.String(nullable=True, check=lambda c: c.is_in(checks.COUNTRIES))
        status = dy.String(nullable=True, check=lambda c: c.is_in(checks.STATUSES))
        member = dy.Bool(nullable=True, check=lambda c: c.is_in([True, False]))
        birthday = dy.Date()
        ordered = dy.Datetime(nullable=True)
        shipped = dy.Datetime(nullable=True)

        @dy.rule()
        def in_age(cls) -> pl.Expr:  # noqa: N805
            return pl.col("age").is_between(*checks.AGES)

        @dy.rule()
        def in_time(cls) -> pl.Expr:  # noqa: N805
            return pl.col("shipped") >= pl.col("ordered")

    named = {
        "not null customer": "customer|nullability",
        "not null age": "age|nullability",
        "not null birthday": "birthday|nullability",
        "unique order_id": "order_id|unique",
        "unique store, receipt": "primary_key",
        "range age": "in_age",
        "range amount": "amount|check",
        "range score": "score|check",
        "set country": "country|check",
        "set status": "status|check",
        "set member": "member|check",
        "regex email": "email|regex",
        "length reference": "reference|check",
        "ordered <= shipped": "in_time",
    }

    def run() -> list[Answer]:
        frame = pl.read_parquet(path)
        counts = Orders.filter(frame)[1].counts()
        # What it has no rule for: numbers of a whole column.
        mean = frame["amount"].mean()
        found = [frame["score"].quantile(q, "nearest") for q in (low, high)]
        held = {
            "row count": checks.ROWS[0] <= len(frame) <= checks.ROWS[1],
            "mean amount": checks.MEAN[0] <= mean <= checks.MEAN[1],
            "quantiles score": low_range[0] <= found[0] <= low_range[1]
            and high_range[0] <= found[1] <= high_range[1],
        }
        answers: list[Answer] = []
        for name in checks.NAMES:
            if name in named:
                bad = counts.get(
                    named[name].replace("|check", "|check__lambda"), counts.get(named[name], 0)
                )
                answers.append((len(frame) - bad >= mostly.get(name, 1) * len(frame), bad))
            else:
                answers.append((held.get(name, True), None))
        return answers

    return run
