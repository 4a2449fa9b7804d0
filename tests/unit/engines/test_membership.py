"""Membership is rewritten for speed; the rows it finds stay the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlgates.engines.membership import by_position
from pytest_mlgates.engines.tables import to_table

duckdb = pytest.importorskip("duckdb")

texts = st.text(alphabet="ab'\"()[],c contains\n\\%", max_size=6)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    values=st.lists(texts, min_size=1, max_size=4),
    rows=st.lists(st.none() | texts, min_size=1, max_size=6),
    other=texts,
)
def test_a_rewritten_query_finds_the_same_rows(values, rows, other):
    link = duckdb.connect()
    link.execute('create table t (x varchar, "contains([" varchar)')
    link.executemany("insert into t values (?, ?)", [(row, other) for row in rows])

    def literal(value):
        return "'" + value.replace("'", "''") + "'"

    listed = ", ".join(map(literal, values))
    query = (
        f"select x, coalesce(contains([{listed}], x), false), {literal(other)}, "
        f'contains(x, {literal(other)}), not coalesce(contains([{listed}], "contains(["), false), '
        f"list_contains([{listed}], x), contains([{listed}], (select max(x) from t)) is true from t"
    )
    rewritten = by_position(query)
    assert rewritten.count("list_position([") >= 3
    assert link.sql(rewritten).fetchall() == link.sql(query).fetchall()


def test_numbers_keep_their_form():
    assert by_position('select contains([1, 2], "x")') == 'select contains([1, 2], "x")'


def test_aggregates_of_a_file_use_it(tmp_path):
    import narwhals.stable.v2 as nw

    (tmp_path / "t.csv").write_text("c\na\nb\n\nit's\n")
    table = to_table(tmp_path / "t.csv")
    is_in = nw.col("c").is_in(["a", "it's"])
    asked = {"n": is_in.cast(nw.Int64).sum(), "m": (~is_in).cast(nw.Int64).sum()}
    assert table.aggregate(asked)["n"] == 2
