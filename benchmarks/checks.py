"""The 20 checks, as a suite that Great Expectations and this project read alike.

The other engines say the same in `engines.py`; `NAMES` is the order in which all of them answer.
"""

from __future__ import annotations

from typing import Any

COLUMNS = [
    *("order_id", "customer", "store", "receipt", "email", "reference", "age", "amount"),
    *("score", "country", "status", "member", "birthday", "ordered", "shipped"),
]
COUNTRIES = ["AT", "BE", "CH", "DE", "DK", "ES", "FI", "FR", "GB", "IT", "NL", "PL", "SE"]
STATUSES = ["cancelled", "delivered", "paid", "returned", "shipped"]
EMAIL = r"^[a-z0-9._-]+@[a-z0-9-]+\.[a-z.]+$"
EMAIL_MOSTLY, AGE_MOSTLY, AMOUNT_MOSTLY = 0.99, 0.95, 0.99
ROWS = (10_000, 1_000_000_000)
AGES, AMOUNTS, SCORES = (16, 110), (0.0, 10_000.0), (0.0, 1.0)
LENGTH = 12
MEAN = (42.0, 48.0)
QUANTILES = {0.05: (0.05, 0.08), 0.95: (0.55, 0.62)}


def _column(kind: str, column: str, **more: Any) -> dict[str, Any]:
    return {"type": f"expect_column_{kind}", "kwargs": {"column": column, **more}}


def _between(column: str, bounds: tuple[float, float], **more: Any) -> dict[str, Any]:
    low, high = bounds
    return _column("values_to_be_between", column, min_value=low, max_value=high, **more)


_CHECKS: dict[str, dict[str, Any]] = {
    "column set": {
        "type": "expect_table_columns_to_match_set",
        "kwargs": {"column_set": COLUMNS},
    },
    "row count": {
        "type": "expect_table_row_count_to_be_between",
        "kwargs": {"min_value": ROWS[0], "max_value": ROWS[1]},
    },
    "type order_id": _column("values_to_be_of_type", "order_id", type_="int64"),
    "type amount": _column("values_to_be_of_type", "amount", type_="float64"),
    "not null customer": _column("values_to_not_be_null", "customer"),
    "not null age": _column("values_to_not_be_null", "age", mostly=AGE_MOSTLY),
    "not null birthday": _column("values_to_not_be_null", "birthday"),
    "unique order_id": _column("values_to_be_unique", "order_id"),
    "unique store, receipt": {
        "type": "expect_compound_columns_to_be_unique",
        "kwargs": {"column_list": ["store", "receipt"]},
    },
    "range age": _between("age", AGES),
    "range amount": _between("amount", AMOUNTS, mostly=AMOUNT_MOSTLY),
    "range score": _between("score", SCORES),
    "set country": _column("values_to_be_in_set", "country", value_set=COUNTRIES),
    "set status": _column("values_to_be_in_set", "status", value_set=STATUSES),
    "set member": _column("values_to_be_in_set", "member", value_set=[True, False]),
    "regex email": _column("values_to_match_regex", "email", regex=EMAIL, mostly=EMAIL_MOSTLY),
    "length reference": _column("value_lengths_to_equal", "reference", value=LENGTH),
    "ordered <= shipped": {
        "type": "expect_column_pair_values_a_to_be_greater_than_b",
        "kwargs": {"column_A": "shipped", "column_B": "ordered", "or_equal": True},
    },
    "mean amount": _column("mean_to_be_between", "amount", min_value=MEAN[0], max_value=MEAN[1]),
    "quantiles score": _column(
        "quantile_values_to_be_between",
        "score",
        quantile_ranges={
            "quantiles": list(QUANTILES),
            "value_ranges": [list(bounds) for bounds in QUANTILES.values()],
        },
    ),
}
NAMES = tuple(_CHECKS)
# What no table with these columns and types can break.
UNBREAKABLE = frozenset({"column set", "type order_id", "type amount", "set member"})


def suite() -> list[dict[str, Any]]:
    """The expectations, in the order of `NAMES`."""
    return list(_CHECKS.values())
