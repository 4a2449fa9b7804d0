"""Groups are the same however a column is stored and whichever metric asks."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Outcome, Verdict
from pytest_mlgates.engines.keys import factorized
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.fairness import KIND as FAIRNESS
from pytest_mlgates.gates.metric import KIND as METRIC
from pytest_mlgates.gates.models import Predictions

N = 120
BIG = 2**53
WINTER = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
SUMMER = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
ZONE = "Europe/Berlin"
VALUES: dict[str, list[Any]] = {
    "decimal": [Decimal("0.1"), Decimal("0.2"), None],
    "close decimals": [Decimal("0.10000000000000000001"), Decimal("0.10000000000000000002")],
    "int": [1, 2],
    "int with null": [BIG, BIG + 1, None],
    "float": [0.5, -0.0, None],
    "text": ["a", "b", None],
    "int category": [1, 2, None],
    "text category": ["a", "b", None],
    "zoned": [WINTER, SUMMER, None],
    "time": [WINTER.replace(tzinfo=None), SUMMER.replace(tzinfo=None), None],
    "date": [WINTER.date(), SUMMER.date(), None],
    "bool": [True, False],
    "bool with null": [True, False, None],
    "wide": [BIG, BIG + 1, 2**70, None],
}
DUCK = {
    "decimal": "decimal(4, 2)",
    "close decimals": "decimal(30, 20)",
    "int": "int",
    "int with null": "bigint",
    "float": "double",
    "text": "varchar",
    "text category": "enum('b', 'a')",
    "zoned": "timestamptz",
    "time": "timestamp",
    "date": "date",
    "bool": "boolean",
    "bool with null": "boolean",
    "wide": "hugeint",
}


def as_pandas(kind: str, values: list[Any]) -> Any:
    if "category" in kind:
        return pd.Categorical(values)
    if kind in ("zoned", "time"):
        found = pd.to_datetime(pd.Series(values))
        return found.dt.tz_convert(ZONE) if kind == "zoned" else found
    if kind == "int with null":
        return pd.array(values, dtype="Int64")
    return pd.Series(values, dtype=object) if kind == "wide" else pd.Series(values)


def as_polars(kind: str, values: list[Any]) -> Any:
    if kind == "text category":
        return pl.Series(values, dtype=pl.Categorical)
    if kind == "zoned":
        return pl.Series(values).dt.convert_time_zone(ZONE)
    if "decimal" in kind:
        return pl.Series(values, dtype=pl.Decimal(30, 20))
    return pl.Series(values, dtype=pl.Int128) if kind == "wide" else pl.Series(values)


def as_arrow(kind: str, values: list[Any]) -> Any:
    if "category" in kind:
        return pa.array(values).dictionary_encode()
    return pa.array(values, pa.timestamp("us", ZONE)) if kind == "zoned" else pa.array(values)


def duck(kind: str, columns: dict[str, Any], values: list[Any]) -> Any:
    link = duckdb.connect()
    link.execute(
        f"create table t (g {DUCK[kind]}, y_true bigint, y_pred bigint, s double, h bigint, i int)"
    )
    rows = zip(
        (None if v is None else str(v) for v in values),
        columns["y_true"].tolist(),
        columns["y_pred"].tolist(),
        columns["s"].tolist(),
        columns["h"].tolist(),
        range(N),
        strict=True,
    )
    link.executemany("insert into t values (?, ?, ?, ?, ?, ?)", [list(row) for row in rows])
    return link.sql("select * exclude (i) from t order by i")


def table_of(backend: str, kind: str) -> Any:
    values = [VALUES[kind][i % 7 % len(VALUES[kind])] for i in range(N)]
    index = np.arange(N)
    columns = {
        "y_true": index // 2 % 2,
        "y_pred": index // 3 % 2,
        "s": (index * 37 % N) / N,
        "h": index // 4 % 3,
    }
    if backend == "duckdb":
        return duck(kind, columns, values), values
    if backend == "pandas":
        return pd.DataFrame({"g": as_pandas(kind, values), **columns}), values
    if backend == "pyarrow":
        return pa.table({"g": as_arrow(kind, values), **columns}), values
    frame = pl.DataFrame({"g": as_polars(kind, values), **columns})
    return (frame.lazy() if backend == "polars lazy" else frame), values


def judged(table: Any, metric: str, **arguments: Any) -> Verdict:
    champion = arguments.pop("champion", None)
    kind = FAIRNESS if "parity" in metric else METRIC
    gate = Gate(id="g", kind=kind, parameters=parse(kind, (metric,), arguments))
    context = Context() if champion is None else Context(champion=champion)
    return evaluate(gate, to_table(table, name="holdout"), context)


def sizes(verdict: Verdict) -> list[tuple[Any, int | None]]:
    assert verdict.outcome in (Outcome.PASSED, Outcome.FAILED), verdict.message
    return [(value.group[0], value.n) for value in verdict.groups]


def expected(values: list[Any]) -> list[tuple[Any, int]]:
    counted = Counter(values)
    missing = counted.pop(None, 0)
    return sorted(counted.items()) + ([(None, missing)] if missing else [])


BACKENDS = ["pandas", "polars", "polars lazy", "pyarrow", "duckdb"]
STORED = [
    (backend, kind)
    for kind in VALUES
    for backend in BACKENDS
    if not (kind == "int category" and backend not in ("pandas", "pyarrow"))
    and not (kind == "wide" and backend == "pyarrow")
]


@pytest.mark.parametrize(
    ("metric", "arguments"),
    [
        ("accuracy", {"min": 0.1}),
        ("roc_auc", {"min": 0.1, "y_score": "s"}),
        ("brier", {"max": 0.9, "y_score": "s"}),
        ("mae", {"max": 5}),
        ("demographic_parity_difference", {"max": 0.9}),
    ],
)
@pytest.mark.parametrize(("backend", "kind"), STORED)
def test_groups_and_sizes(backend: str, kind: str, metric: str, arguments: dict[str, Any]) -> None:
    table, values = table_of(backend, kind)
    verdict = judged(table, metric, by="g", missing="group", **arguments)
    assert sizes(verdict) == expected(values)
    assert verdict.to_json()


@pytest.mark.parametrize(("backend", "kind"), STORED)
def test_groups_of_two_columns_are_ordered_as_counts_are(backend: str, kind: str) -> None:
    table, _ = table_of(backend, kind)
    counted, read = (
        judged(table, metric, by=["h", "g"], missing="group", **arguments)
        for metric, arguments in (("accuracy", {"min": 0.1}), ("mae", {"max": 5}))
    )
    assert [v.group for v in counted.groups] == [v.group for v in read.groups]
    assert [v.n for v in counted.groups] == [v.n for v in read.groups]


@pytest.mark.parametrize(("backend", "kind"), STORED)
def test_groups_against_a_champion(backend: str, kind: str) -> None:
    table, values = table_of(backend, kind)
    theirs = np.arange(N) // 5 % 2

    def champion(*_: Any, **__: Any) -> Predictions:
        return Predictions(name="champion", digest="sha256:0", y_pred=theirs)

    verdict = judged(
        table,
        "accuracy",
        by="g",
        missing="group",
        no_worse_than="champion",
        margin=0.9,
        champion=champion,
    )
    assert sizes(verdict) == expected(values)


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "mae", "demographic_parity_difference"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_missing_group_is_misuse_on_every_path(backend: str, metric: str) -> None:
    table, _ = table_of(backend, "text")
    bound = {"min": 0.1} if metric in ("accuracy", "roc_auc") else {"max": 0.9}
    with pytest.raises(MLGatesError, match=r"by 'g' of table 'holdout' is missing in 34 of"):
        judged(table, metric, by="g", y_score="s", **bound)


def odd(name: str) -> Any:
    half = N // 2
    shapes: dict[str, Any] = {
        "pandas list": lambda: pd.Series([[1], [2]] * half),
        "pandas tuple": lambda: pd.Series([(1, 2), (2,)] * half),
        "pandas dict": lambda: pd.Series([{"a": 1}, {"a": 2}] * half),
        "pandas mixed": lambda: pd.Series([True, 1, "1"] * (N // 3), dtype=object),
        "pandas true and 1": lambda: pd.Series([True, 1] * half, dtype=object),
        "pandas objects": lambda: pd.Series([object(), object()] * half),
        "polars list": lambda: pl.Series([[1], [2]] * half),
        "polars struct": lambda: pl.Series([{"a": 1}, {"a": 2}] * half),
        "polars objects": lambda: pl.Series([object()] * N, dtype=pl.Object),
        "arrow list": lambda: pa.array([[1], [2]] * half),
        "arrow struct": lambda: pa.array([{"a": 1}, {"a": 2}] * half),
        "duckdb list": lambda: "[i % 2]",
        "duckdb struct": lambda: "{'a': i % 2}",
        "duckdb map": lambda: "map {'a': i % 2}",
    }
    return shapes[name]()


ODD = [
    *("pandas list", "pandas tuple", "pandas dict", "pandas mixed", "pandas true and 1"),
    *("pandas objects", "polars list", "polars struct", "polars objects", "arrow list"),
    *("arrow struct", "duckdb list", "duckdb struct", "duckdb map"),
]


def odd_table(name: str, role: str) -> Any:
    column = odd(name)
    columns = {"y_true": np.arange(N) % 2, "y_pred": np.arange(N) // 3 % 2, "s": np.arange(N) / N}
    columns["h"] = np.arange(N) // 4 % 3
    if isinstance(column, str):
        plain = "i % 2 as y_true, i // 3 % 2 as y_pred, i / 120 as s, i // 4 % 3 as h, i as g"
        return duckdb.sql(
            f"select * replace ({column} as {role}) from (select i, {plain} from range({N}) t(i))"
        )
    make = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}[
        name.partition(" ")[0]
    ]
    return make({**columns, role: column})


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "mae", "demographic_parity_difference"])
@pytest.mark.parametrize("name", ODD)
def test_what_names_no_group_is_misuse(name: str, metric: str) -> None:
    bound = {"min": 0.1} if metric in ("accuracy", "roc_auc") else {"max": 0.9}
    with pytest.raises(MLGatesError, match="by 'g' of table 'holdout'") as caught:
        judged(odd_table(name, "g"), metric, by="g", y_score="s", **bound)
    assert caught.value.want


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "mae", "demographic_parity_difference"])
@pytest.mark.parametrize("name", ODD)
def test_what_is_no_label_is_misuse(name: str, metric: str) -> None:
    bound = {"min": 0.1} if metric in ("accuracy", "roc_auc") else {"max": 0.9}
    by = {"by": "h"} if "parity" in metric else {}
    with pytest.raises(MLGatesError, match="y_true of table 'holdout'"):
        judged(odd_table(name, "y_true"), metric, y_score="s", **bound, **by)


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table])
def test_labels_stored_as_categories_of_integers_are_integers(make: Any) -> None:
    truth, answer = np.arange(N) % 2, np.arange(N) // 3 % 2
    stored = [
        pd.Categorical(v) if make is pd.DataFrame else pa.array(v).dictionary_encode()
        for v in (truth, answer)
    ]
    table = make({"y_true": stored[0], "y_pred": stored[1], "s": np.arange(N) * 37 % N / N})

    def champion(*_: Any, **__: Any) -> Predictions:
        return Predictions(name="champion", digest="sha256:0", y_pred=answer, y_true=truth)

    verdict = judged(table, "accuracy", no_worse_than="champion", margin=0.1, champion=champion)
    assert verdict.estimate == 0
    plain = {"y_true": truth, "s": np.arange(N) * 37 % N / N}
    assert (
        judged(table, "roc_auc", y_score="s", min=0.1).estimate
        == judged(plain, "roc_auc", y_score="s", min=0.1).estimate
    )


def test_times_of_a_zone_need_no_pytz() -> None:
    table = to_table(duckdb.sql("select '2024-01-01 12:00+00'::timestamptz as \"a b\", 1 as c"))
    assert table.counts(["a b"]) == [((WINTER,), 1)]
    assert table.rows(table.frame) == [(WINTER, 1)]
    assert table.codes("a b")[0] == [WINTER]


def test_an_hour_that_comes_twice_is_two_groups() -> None:
    hours = pd.Series(pd.to_datetime(["2024-10-27 00:30", "2024-10-27 01:30"], utc=True))
    table = to_table(pd.DataFrame({"g": hours.dt.tz_convert(ZONE)}))
    assert [n for _, n in table.counts(["g"])] == [1, 1]
    assert table.codes("g")[1].tolist() == [0, 1]


def test_wide_integers_stay_integers_where_they_fit() -> None:
    table = to_table(duckdb.sql(f"select unnest([{BIG}, {BIG + 1}])::hugeint as a"))
    assert table.arrays(["a"])["a"].tolist() == [BIG, BIG + 1]


@pytest.mark.parametrize(
    "values",
    [
        np.array([-128, 127, 0, -1, 127] * 60, dtype=np.int8),
        np.array([2**64 - 1, 2**64 - 3, 2**64 - 1], dtype=np.uint64),
        np.array([-(2**63), -(2**63) + 1, -(2**63)], dtype=np.int64),
        np.array([2**63 - 1, -(2**63)], dtype=np.int64),
        np.array([True, False, True]),
        np.array([True, True]),
        np.array([7, 7, 7], dtype=np.uint8),
        np.array([3, 1, 2, 1, 3, 10_000]),
        np.array([], dtype=np.int64),
    ],
)
def test_codes_of_integers_are_counted_as_they_are_sorted(values):
    keys, codes = factorized(values)
    wanted, places = np.unique(values, return_inverse=True)
    assert keys == wanted.tolist()
    assert [type(key) for key in keys] == [type(value) for value in wanted.tolist()]
    assert codes.tolist() == places.tolist()


def test_a_frame_is_read_without_its_other_columns():
    frame = pd.DataFrame({"y_true": [0, 1] * 50, "y_pred": [0, 1] * 50, "x": [0.5] * 100})
    table = to_table(frame)
    table.counts(["y_true", "y_pred"])
    table.arrays(["y_true"])
    assert table.n_rows == 100
    assert "frame" not in vars(table)  # where all float columns would be copied
    assert table.frame.columns == ["y_true", "y_pred", "x"]
    assert table.counts(["x"]) == [((0.5,), 100)]


def test_a_part_of_a_frame_has_no_nan_and_one_zero():
    frame = pd.DataFrame({"a": [1.0, float("nan"), -0.0, 0.0], "b": [1, 2, 3, 4]})
    assert to_table(frame).counts(["a"]) == [((0.0,), 2), ((1.0,), 1), ((None,), 1)]
