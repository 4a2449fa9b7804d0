"""Repeated keys are counted exactly, whichever way is the cheapest."""

from __future__ import annotations

import collections

import narwhals.stable.v2 as nw
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlgates import data_schema
from pytest_mlgates.engines import uniqueness
from pytest_mlgates.engines.tables import table_of_arrays, to_table

BACKENDS = ("pandas", "polars", "polars lazy", "pyarrow", "duckdb")


def tables(columns):
    """The same *columns* in each backend."""
    pl, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    pytest.importorskip("pandas")
    frame = pl.DataFrame(columns, strict=False)
    return {
        "pandas": frame.to_pandas(),
        "polars": frame,
        "polars lazy": frame.lazy(),
        "pyarrow": frame.to_arrow(),
        "duckdb": duckdb.from_arrow(frame.to_arrow()),
    }


def repeated(table, columns):
    return uniqueness.repeated_rows(table, table.frame, columns, rows=table.n_rows)


whole = st.one_of(
    st.integers(-5, 5),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([-(2**63), 2**63 - 1, 2**62, 0]),
)
VALUES = {
    "i": whole,
    "j": st.integers(0, 3),
    "s": st.sampled_from(["", "a", "b", "ab", "ä"]),
    "o": st.none() | st.integers(0, 2),
    "b": st.booleans(),
    "f": st.sampled_from([0.0, -0.0, 0.5, float("inf")]),
}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_the_number_of_repeated_rows_is_that_of_counting(data):
    n = data.draw(st.integers(1, 12))
    columns = {name: data.draw(st.lists(v, min_size=n, max_size=n)) for name, v in VALUES.items()}
    key = data.draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True))
    counted = collections.Counter(zip(*(columns[name] for name in key), strict=True))
    want = sum(count for count in counted.values() if count > 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uniqueness, "_FEW", 0)
        for name, frame in tables(columns).items():
            assert repeated(to_table(frame), key) == want, name


@pytest.mark.parametrize("few", [0, 10**9])
@pytest.mark.parametrize(
    "keys",
    [
        np.arange(50_000),
        np.arange(50_000)[::-1],
        np.arange(50_000) * 1_000_003 % (2**40),
        np.arange(50_000) - 2**62,
    ],
)
def test_a_key_without_repeats_has_none_and_one_repeat_is_two_rows(keys, few, monkeypatch):
    monkeypatch.setattr(uniqueness, "_FEW", few)
    texts = np.array([f"k{k}" for k in keys], dtype=object)
    table = table_of_arrays({"k": keys, "t": texts, "half": keys // 2, "rest": keys % 2})
    for key in (["k"], ["t"], ["half", "rest"], ["t", "rest"]):
        assert repeated(table, key) == 0, key
    keys, texts = keys.copy(), texts.copy()
    keys[-1], texts[-1] = keys[7], texts[7]
    table = table_of_arrays({"k": keys, "t": texts, "half": keys // 2, "rest": keys % 2})
    for key in (["k"], ["t"], ["half", "rest"], ["t", "rest"]):
        assert repeated(table, key) == 2, key


def test_keys_of_equal_hash_are_compared_themselves(monkeypatch):
    monkeypatch.setattr(uniqueness, "_FEW", 0)
    table = table_of_arrays({"t": np.array(["a", "b", "c"], dtype=object)})
    fetch = table.fetch_numpy
    monkeypatch.setattr(
        table, "fetch_numpy", lambda relation: {k: v * 0 for k, v in fetch(relation).items()}
    )
    assert repeated(table, ["t"]) == 0


def test_dense_whole_numbers_and_texts_leave_no_group_by(monkeypatch):
    monkeypatch.setattr(uniqueness, "_FEW", 0)
    monkeypatch.setattr(uniqueness, "groups_that_repeat", None)
    table = table_of_arrays({"k": np.arange(9), "t": np.array(list("abcdefghi"), dtype=object)})
    assert repeated(table, ["k"]) == repeated(table, ["t"]) == repeated(table, ["k", "t"]) == 0
    assert isinstance(table.frame, nw.LazyFrame)


KEYS = {
    "dense": lambda rng, n: rng.permutation(n) - 3,
    "sparse": lambda rng, n: rng.permutation(n) * 1_000_003,
    "negative": lambda rng, n: -rng.permutation(n) - 2**40,
    "bytes": lambda rng, n: rng.integers(-128, 128, n).astype("int8"),
    "unsigned": lambda rng, n: rng.permutation(n).astype("uint32"),
    "anywhere": lambda rng, n: rng.integers(-(2**63), 2**63 - 1, n),
    "one repeats": lambda rng, n: np.append(rng.permutation(n)[1:], 7),
    "floats": lambda rng, n: rng.permutation(n).astype(float),
    "nulls": lambda rng, n: [int(v) if v % 9 else None for v in rng.permutation(n)],
}
IGNORED = ("all_values_are_missing", "any_value_is_missing", "never")


@pytest.mark.parametrize("first", KEYS)
@pytest.mark.parametrize("second", ["dense", "bytes", "nulls"])
def test_a_contract_counts_keys_of_a_file_as_pandas_does(tmp_path, first, second):
    """Their limits come with the aggregate, but not under a condition or beside nulls."""
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    rng = np.random.default_rng([len(first), len(second)])
    n = 20_500
    columns = {"a": KEYS[first](rng, n), "b": KEYS[second](rng, n), "g": rng.integers(0, 2, n)}
    pl.DataFrame(columns, strict=False).write_parquet(tmp_path / "t.parquet")
    frame = pd.DataFrame({name: pd.array(list(v)) for name, v in columns.items()})
    suite, wanted = [], []
    for condition in (None, "g == 1"):
        kept = frame if condition is None else frame[frame["g"] == 1]
        more = {} if condition is None else {"row_condition": condition}
        suite.append(("expect_column_values_to_be_unique", {"column": "a", **more}))
        wanted.append(kept["a"].dropna().duplicated(keep=False).sum())
        for ignored in IGNORED:
            given = {"column_list": ["a", "b"], "ignore_row_if": ignored, **more}
            suite.append(("expect_compound_columns_to_be_unique", given))
            missing = kept[["a", "b"]].isna()
            aside = {"all": missing.all(axis=1), "any": missing.any(axis=1)}.get(ignored[:3])
            rows = kept[["a", "b"]] if aside is None else kept[["a", "b"]][~aside]
            wanted.append(rows.duplicated(keep=False).sum())
    found = data_schema(
        tmp_path / "t.parquet", [{"type": type_, "kwargs": kwargs} for type_, kwargs in suite]
    )
    assert [detail["unexpected_count"] for detail in found.details] == wanted


def test_names_with_dots_are_names(tmp_path):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"x.y": [1, 2, 2], "x": [1, 2, 3]})
    frame.write_parquet(tmp_path / "t.parquet")
    suite = [
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "x.y"}},
        {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["x.y", "x"]}},
    ]
    for table in (tmp_path / "t.parquet", frame, duckdb_of(frame)):
        assert [d["unexpected_count"] for d in data_schema(table, suite).details] == [2, 0]


def duckdb_of(frame):
    return pytest.importorskip("duckdb").from_arrow(frame.to_arrow())
