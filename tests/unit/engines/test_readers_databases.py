"""Tables of DuckDB databases: read only, by their names, with no way out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_mlgates import data_schema, read_table
from pytest_mlgates.cli import main
from pytest_mlgates.core.errors import TableError
from pytest_mlgates.engines.tables import to_table

duckdb = pytest.importorskip("duckdb")


def make(path, *statements: str):
    with duckdb.connect(str(path)) as link:
        for statement in statements:
            link.execute(statement)
    return path


@pytest.fixture
def warehouse(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make(
        tmp_path / "w.duckdb",
        "create table applications as select range as id, 'x' as b from range(10)",
        "create schema raw",
        'create table raw.applications as select 1 as "odd name"',
        'create table "a.b" as select 2 as x',
        "create view seven as select 7 as n",
    )


def rows(table) -> list[tuple]:
    return table.rows(table.frame)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("main.applications", ["id", "b"]),
        ("raw.applications", ["odd name"]),
        ("a.b", ["x"]),
        ("main.a.b", ["x"]),
        ("seven", ["n"]),
    ],
)
def test_a_table_is_read_by_its_name(warehouse, name, found):
    table = read_table("w.duckdb", table_name=name)
    assert table.columns == found
    assert table.n_rows


def test_the_only_table_needs_no_name(tmp_path):
    make(tmp_path / "one.duckdb", "create table t as select 1 as a")
    assert rows(to_table("one.duckdb", base=tmp_path)) == [(1,)]


@pytest.mark.parametrize(
    ("name", "what", "fix"),
    [
        (None, "'w.duckdb' holds 4 tables, and none is named", 'table_name = "main.a.b"'),
        ("applications", "'w.duckdb' holds several tables 'applications'", "did you mean"),
        ("applicatons", "'w.duckdb' holds no table 'applicatons'", "did you mean"),
        ("x; drop table raw.applications", "holds no table", ""),
        ('main."applications"', "holds no table", "did you mean 'main.applications'?"),
    ],
)
def test_misuse_lists_the_tables(warehouse, name, what, fix):
    with pytest.raises(TableError) as caught:
        read_table("w.duckdb", table_name=name)
    assert what in caught.value.what
    assert fix in caught.value.fix
    assert "'main.applications', 'main.seven', 'raw.applications'" in caught.value.got


def test_a_database_without_tables_is_refused(tmp_path):
    make(tmp_path / "w.duckdb", "select 1")
    with pytest.raises(TableError, match=r"'w.duckdb' holds no tables"):
        to_table("w.duckdb", base=tmp_path)


def test_several_databases_are_not_one_table(tmp_path):
    for name in "ab":
        make(tmp_path / f"{name}.duckdb", "create table t as select 1 as a")
    with pytest.raises(TableError, match="several databases are not one table"):
        to_table("*.duckdb", base=tmp_path)


def test_the_database_is_not_written(warehouse, tmp_path):
    before = warehouse.read_bytes()
    table = read_table("w.duckdb", table_name="main.applications")
    assert table.counts(["b"]) == [(("x",), 10)]
    del table
    assert warehouse.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["w.duckdb"]


def test_a_database_that_another_process_writes_is_one_clear_error(warehouse):
    code = (
        "import duckdb, sys; link = duckdb.connect('w.duckdb'); print('open', flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(TableError) as caught:
            read_table("w.duckdb", table_name="seven")
        child.communicate()
    assert caught.value.got == "another process has it open for writing"
    assert caught.value.where == str(warehouse)


@pytest.mark.skipif(duckdb.__version__ < "1.4", reason="this DuckDB reads it all the same")
def test_a_database_that_this_process_writes_is_one_clear_error(warehouse):
    with duckdb.connect(str(warehouse)), pytest.raises(TableError) as caught:
        read_table("w.duckdb", table_name="seven")
    assert caught.value.got == "this process has it open for writing"
    with duckdb.connect(str(warehouse), read_only=True):
        assert rows(read_table("w.duckdb", table_name="seven")) == [(7,)]


@pytest.mark.parametrize("keep", [0, 10, 5000, -4000])
def test_a_damaged_database_is_refused(warehouse, tmp_path, keep):
    part = tmp_path / "part.duckdb"
    part.write_bytes(warehouse.read_bytes()[:keep])
    with pytest.raises(TableError) as caught:
        rows(read_table("part.duckdb", table_name="main.applications"))
    assert "part.duckdb" in caught.value.what
    assert "\n" not in caught.value.got


def test_a_view_reads_the_database_and_nothing_else(tmp_path):
    (tmp_path / "secret.csv").write_text("a\n4711\n", encoding="utf-8")
    make(
        tmp_path / "w.duckdb",
        f"create view out as select * from read_csv('{tmp_path}/secret.csv')",
        "create table t as select 1 as a",
        "create view inside as select a + 1 as b from t",
    )
    assert rows(read_table(tmp_path / "w.duckdb", table_name="inside")) == [(2,)]
    with pytest.raises(TableError) as caught:
        rows(read_table(tmp_path / "w.duckdb", table_name="out"))
    assert caught.value.got == "the view reads files, which is not allowed here"


def test_the_columns_of_a_view_stay_aligned(tmp_path):
    """Its rows come in another order with every query, so that one query reads all columns."""
    make(
        tmp_path / "w.duckdb",
        "create table t as select range as a, range % 5 as g from range(300000)",
        "create view v as select a, max(g) as g, count(*) as n from t group by a",
    )
    table = read_table(tmp_path / "w.duckdb", table_name="v")
    assert not table.is_ordered
    a, g = (table.arrays([name])[name] for name in ("a", "g"))
    assert (a % 5 == g).all()
    assert read_table(tmp_path / "w.duckdb", table_name="t").is_ordered


def test_a_view_sees_no_variable_of_this_process(tmp_path):
    pytest.importorskip("pandas")
    make(
        tmp_path / "w.duckdb",
        "create table tmp_path as select 1 as a",
        "create view v as select * from tmp_path",
        "drop table tmp_path",
        "create table t as select 1 as a",
    )
    with pytest.raises(TableError, match=r"'w.duckdb' cannot be read"):
        rows(read_table(tmp_path / "w.duckdb", table_name="v"))


def test_a_connection_neither_installs_nor_loads_extensions(warehouse):
    from pytest_mlgates.engines import readers

    settings = ("autoinstall_known_extensions", "autoload_known_extensions")
    query = "select " + ", ".join(f"current_setting('{name}')" for name in settings)
    assert readers.connection().execute(query).fetchall() == [(False, False)]


def test_a_declared_table_of_a_database_is_judged(warehouse, tmp_path, capsys):
    (tmp_path / "mlgates.toml").write_text(
        """
        [tables.t]
        path = "w.duckdb"
        table_name = "main.applications"
        [gates.g]
        kind = "data_schema"
        table = "t"
        suite = [{type = "expect_column_values_to_be_unique", kwargs = {column = "id"}}]
        """,
        encoding="utf-8",
    )
    assert main(["check"]) == 0
    assert "1 gate: 1 passed" in capsys.readouterr().out
    suite = [
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "id", "max_value": 8}}
    ]
    assert not data_schema("w.duckdb", suite).passed
