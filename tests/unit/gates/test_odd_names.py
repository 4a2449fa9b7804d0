"""Groups are counted alike whatever their columns are called, on every backend."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_mlgates import data_schema, fairness, metric
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.columns import sort_key
from pytest_mlgates.engines.tables import to_table

duckdb = pytest.importorskip("duckdb")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

ODD = [
    *("a.b", "a.b.c", ".", "a.", ".a", "a b", " a", "a ", "", '"', 'a"b', '""', "'", "a'b", "`"),
    *(
        "a`b",
        "[0]",
        "a[0]",
        "{a}",
        "$a",
        "%s",
        "\\",
        "a\\b",
        "a\nb",
        "\t",
        ";--",
        "select",
        "group",
    ),
    *("count(*)", "null", "1", "1.5", "Größe", "größe", "İ", "ı", "ß", "SS", "名前", "🙂", "é"),
    *("e\u0301", "a\u200bb", "A", "a", "__mlgates_rows__", "__MLGATES_ROWS__", "__mlgates_row__"),
    *("__mlgates_key_0__", "v0", "len", "__exact_0__", "true", "y_true.x", "lambda", "a,b", "a(b)"),
    *("a:b", "a/b", "a;b", "*a", "^a", "a$"),
]
PATTERNS = {"*": ("polars", "polars, lazy", "DuckDB"), "^a$": ("polars", "polars, lazy")}
names = st.one_of(
    st.sampled_from(ODD), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
)
plain_names = names.filter(lambda name: name != "*" and not (name[:1] == "^" and name[-1:] == "$"))
values = st.one_of(st.sampled_from(["a", "b", "ü.", ""]), st.none())


def in_duckdb(frame):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return duckdb.from_arrow(table)


BACKENDS = {
    "pandas": lambda frame: frame,
    "pandas, Arrow types": lambda frame: pa.Table.from_pandas(
        frame, preserve_index=False
    ).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda frame: pl.DataFrame({name: frame[name].to_list() for name in frame}),
    "polars, lazy": lambda frame: pl.DataFrame(
        {name: frame[name].to_list() for name in frame}
    ).lazy(),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "DuckDB": in_duckdb,
}


@st.composite
def tables(draw, most=3):
    """A frame of one to *most* columns of odd names."""
    columns = draw(st.lists(plain_names, min_size=1, max_size=most, unique=True))
    rows = draw(st.lists(st.tuples(*(values for _ in columns)), min_size=1, max_size=12))
    return pd.DataFrame(
        {name: [row[place] for row in rows] for place, name in enumerate(columns)}, dtype=object
    )


def counted(frame):
    rows = [
        tuple(None if value is None or value != value else value for value in row)
        for row in frame.itertuples(index=False, name=None)
    ]
    return sorted(Counter(rows).items(), key=lambda item: sort_key(item[0]))


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(frame=tables())
def test_rows_by_key_are_those_of_pandas(backend, frame):
    table = BACKENDS[backend](frame)
    if backend == "DuckDB" and list(table.columns) != list(frame.columns):
        return  # it has renamed what it cannot tell apart: those are the table's names then
    assert to_table(table).counts(list(frame.columns)) == counted(frame)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ODD)
def test_gates_by_a_column_of_any_name_find_what_they_find_by_a_plain_one(backend, name):
    rows = 60
    plain = pd.DataFrame(
        {
            "y_true": [k % 2 for k in range(rows)],
            "y_pred": [(k // 3) % 2 for k in range(rows)],
            "group": ["F" if k % 5 < 2 else "M" for k in range(rows)],
        }
    )
    odd = plain.rename(columns={"group": name})
    if backend == "DuckDB" and not name:
        pytest.skip("DuckDB gives a column without a name another one")
    for judge, arguments in (
        (metric, {"metric": "accuracy", "min": 0.1}),
        (fairness, {"metric": "selection_rate_difference", "max": 0.9}),
        (fairness, {"metric": "mean_error_difference", "max": 0.9}),
    ):
        expected = judge(BACKENDS[backend](plain), by="group", **arguments)
        found = judge(BACKENDS[backend](odd), by=name, **arguments)
        assert found.estimate == expected.estimate
        assert [(g.group, g.n, g.value) for g in found.groups] == [
            (g.group, g.n, g.value) for g in expected.groups
        ]


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_name_that_an_engine_takes_for_several_columns_is_refused_there_alone(backend, name):
    frame = pd.DataFrame({"y_true": [0, 1] * 9, "y_pred": [0, 1] * 9, name: ["a"] * 9 + ["b"] * 9})
    table = BACKENDS[backend](frame)
    unique = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": name}}
    asked = (
        lambda: metric(table, "accuracy", by=name, min=0.5),
        lambda: fairness(table, "mean_error_difference", by=name, max=0.5),
        lambda: data_schema(table, [unique]),
    )
    for ask in asked:
        if backend in PATTERNS[name]:
            with pytest.raises(MLGatesError, match="takes for a pattern of names"):
                ask()
        else:
            assert ask().passed


@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "DuckDB"])
def test_columns_that_differ_in_case_only_are_two_columns(backend):
    frame = pd.DataFrame({"Sex": ["a", "b"] * 5, "sex": ["a"] * 10, "SEX": ["a"] * 5 + ["b"] * 5})
    table = to_table(BACKENDS[backend](frame))
    for columns in (["Sex"], ["sex"], ["SEX"], ["sex", "Sex"], ["SEX", "Sex", "sex"]):
        assert table.counts(columns) == counted(frame[columns])


def test_duckdb_which_takes_them_for_one_renames_them_and_never_mixes_them_up():
    frame = pd.DataFrame({"Sex": ["a", "b"] * 5, "sex": ["a"] * 10})
    table = to_table(in_duckdb(frame))
    assert table.counts(["Sex"]) == counted(frame[["Sex"]])
    with pytest.raises(MLGatesError, match="'sex'"):
        table.counts(["sex"])


def test_a_file_with_columns_that_differ_in_case_only_is_refused(tmp_path):
    for kind in ("parquet", "csv"):
        path = tmp_path / f"t.{kind}"
        frame = pd.DataFrame({"Sex": ["a", "b"], "sex": ["a", "a"]})
        frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
        with pytest.raises(MLGatesError, match="case"):
            to_table(path).counts(["sex"])
