"""Folders, globs and names: which files are a table, and what their folders say."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_mlgates import data_schema, read_table
from pytest_mlgates.core.errors import TableError
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.engines.wanted import Wanted

duckdb = pytest.importorskip("duckdb")

FORMATS = ["parquet", "csv", "csv.gz", "jsonl", "arrow"]


def write(path, value: int, more: str = "") -> None:
    """A file of one row: `a`, and what *more* selects."""
    path.parent.mkdir(parents=True, exist_ok=True)
    relation = duckdb.sql(f"select {value} as a{more}")
    name = path.name
    if name.endswith(".parquet"):
        relation.write_parquet(str(path))
    elif name.endswith(".arrow"):
        feather = pytest.importorskip("pyarrow.feather")
        pa = pytest.importorskip("pyarrow")
        columns = dict(zip(relation.columns, zip(*relation.fetchall(), strict=True), strict=True))
        feather.write_feather(pa.table({k: list(v) for k, v in columns.items()}), path)
    elif name.endswith(".jsonl"):
        duckdb.sql(f"copy (select {value} as a{more}) to '{path}' (format json)")
    else:
        relation.write_csv(str(path), header=True)


def rows(path, base, columns) -> list[tuple]:
    table = to_table(path, base=base)
    return sorted(table.rows(table.frame.select(*columns)), key=str)


@pytest.mark.parametrize("suffix", FORMATS)
def test_folders_called_key_equals_value_are_columns(tmp_path, suffix):
    for month in ("01", "02"):
        write(tmp_path / f"d/year=2024/month={month}/day=2024-{month}-01/p.{suffix}", int(month))
    table = to_table("d", base=tmp_path)
    assert table.columns == ["a", "year", "month", "day"]
    assert [str(table.schema[c]) for c in ("year", "month", "day")] == ["Int64", "String", "Date"]
    assert rows("d", tmp_path, ["a", "year", "month", "day"]) == [
        (1, 2024, "01", dt.date(2024, 1, 1)),
        (2, 2024, "02", dt.date(2024, 2, 1)),
    ]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_folder_column_is_text_where_the_contract_says_so(tmp_path, suffix):
    for month in (1, 12):
        write(tmp_path / f"d/month={month}/p.{suffix}", month)
    table = to_table("d", base=tmp_path)
    assert str(table.schema["month"]) == "Int64"
    wanted = Wanted(columns=frozenset({"month"}), text=frozenset({"month"}))
    assert table.read_as(wanted).counts(["month"]) == [(("1",), 1), (("12",), 1)]
    suite = [
        {
            "type": "expect_column_values_to_match_regex",
            "kwargs": {"column": "month", "regex": "^[0-9]{1,2}$"},
        }
    ]
    assert data_schema(tmp_path / "d", suite).passed


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_null_of_a_folder_and_its_escapes_are_read(tmp_path, suffix):
    write(tmp_path / f"d/k=__HIVE_DEFAULT_PARTITION__/p.{suffix}", 1)
    write(tmp_path / f"d/k=a%20b/p.{suffix}", 2)
    assert rows("d", tmp_path, ["a", "k"]) == [(1, None), (2, "a b")]


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        ("d", ["a", "year", "month"]),
        ("d/year=2024", ["a", "month"]),
        ("d/year=2024/*/*.csv", ["a", "year", "month"]),
        ("d/**/*.csv", ["a", "year", "month"]),
        ("d/year=*/month=01/*.csv", ["a", "year", "month"]),
        ("d/year=2024/month=01/p.csv", ["a"]),
    ],
)
def test_folders_are_columns_below_a_folder_and_in_a_glob(tmp_path, path, columns):
    base = tmp_path / "env=prod"  # where the project happens to be is no data
    write(base / "d/year=2024/month=01/p.csv", 1)
    assert to_table(path, base=base).columns == columns


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_column_of_the_files_themselves_wins_over_their_folder(tmp_path, suffix):
    write(tmp_path / f"d/year=2024/p.{suffix}", 1, ", 2023 as year")
    assert rows("d", tmp_path, ["a", "year"]) == [(1, 2023)]


def test_folders_of_different_columns_are_refused(tmp_path):
    write(tmp_path / "d/year=2024/p.csv", 1)
    write(tmp_path / "d/month=01/p.csv", 1)
    with pytest.raises(TableError, match="the files are in folders of different columns"):
        to_table("d", base=tmp_path)


def test_a_column_that_is_half_in_the_folders_is_refused(tmp_path):
    write(tmp_path / "d/year=2024/month=01/p.csv", 1, ", 2023 as year")
    with pytest.raises(TableError, match=r"'year' stands in the files and in the names"):
        to_table("d", base=tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_folders_of_files_that_are_copied_first_are_columns_too(tmp_path, encoding):
    for year in (2023, 2024):
        path = tmp_path / f"d/year={year}/p.csv"
        path.parent.mkdir(parents=True)
        path.write_bytes("a\nx\n".encode(encoding))
    assert rows("d", tmp_path, ["a", "year"]) == [("x", 2023), ("x", 2024)]


@pytest.mark.parametrize(
    ("marker", "kind"),
    [("_delta_log/0.json", "Delta Lake"), ("metadata/version-hint.text", "Iceberg")],
)
def test_a_lake_is_not_read_as_the_files_that_it_is_made_of(tmp_path, marker, kind):
    write(tmp_path / "d/p.parquet", 1)
    (tmp_path / "d" / marker).parent.mkdir()
    (tmp_path / "d" / marker).write_text("{}")
    with pytest.raises(TableError, match=f"'d' is a {kind} table"):
        to_table("d", base=tmp_path)


def test_files_that_other_tools_leave_in_a_folder_are_no_data(tmp_path):
    write(tmp_path / "d/p.csv", 1)
    for name in ("_SUCCESS", "_temporary/p.csv", ".p.csv.crc", "readme.md"):
        (tmp_path / "d" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "d" / name).write_text("a,b\n1,2\n", encoding="utf-8")
    assert rows("d", tmp_path, ["a"]) == [(1,)]


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("x" * 5000 + ".csv", "this is no name of a file"),
        ("a\0.csv", "no file matches"),
        ("[.csv", "no file matches"),
        ("https://example.org/a.csv", "a URL is no path of a table"),
        ("s3://bucket/a.parquet", "a URL is no path of a table"),
    ],
)
def test_what_names_no_file_is_refused_and_nothing_is_fetched(tmp_path, path, what):
    with pytest.raises(TableError) as caught:
        to_table(path, base=tmp_path)
    assert what in caught.value.what


BACKSLASH = "a\\b"
ODD = ["a'b", 'a"b', "a b", "a;drop table x;--", "a[1]", "a{1}", "a%20b", "ä", "$a", "(a)"]


CASES = [(odd, suffix) for odd in ODD for suffix in (*FORMATS, "duckdb")]


@pytest.mark.parametrize("odd, suffix", [*CASES, *((BACKSLASH, suffix) for suffix in FORMATS)])
def test_a_name_is_a_name_and_never_a_query_or_a_pattern(tmp_path, odd, suffix):
    folder = tmp_path / f"d {odd}"
    folder.mkdir()
    if suffix == "duckdb":
        with duckdb.connect(str(folder / "plain.duckdb")) as link:
            link.execute("create table t as select 1 as a")
        (folder / "plain.duckdb").rename(folder / f"{odd}.duckdb")
    else:
        plain = tmp_path / f"plain.{suffix}"
        write(plain, 1)
        plain.rename(folder / f"{odd}.{suffix}")
    assert rows(f"{odd}.{suffix}", folder, ["a"]) == [(1,)]
    if suffix != "duckdb":
        assert odd == "a[1]" or rows(folder.name, tmp_path, ["a"]) == [(1,)]


def test_a_backslash_in_the_name_of_a_database_is_refused_and_no_other_file_is_read(tmp_path):
    (tmp_path / "a").mkdir()
    for path, value in ((tmp_path / "plain.duckdb", 1), (tmp_path / "a" / "b.duckdb", 2)):
        with duckdb.connect(str(path)) as link:
            link.execute(f"create table t as select {value} as a")
    (tmp_path / "plain.duckdb").rename(tmp_path / f"{BACKSLASH}.duckdb")
    with pytest.raises(TableError) as caught:
        rows(f"{BACKSLASH}.duckdb", tmp_path, ["a"])
    assert "backslash" in str(caught.value)


def test_files_in_other_orders_delimiters_and_compressions_are_one_table_in_order(tmp_path):
    write(tmp_path / "1.csv", 1, ", 'x' as b")
    (tmp_path / "2.csv").write_text("b;a\ny;2\n", encoding="utf-8")
    write(tmp_path / "3.csv.gz", 3, ", 'z' as b")
    (tmp_path / "4.csv").write_text("b,a\nw,4\n", encoding="utf-8")
    table = to_table("*.csv*", base=tmp_path)
    assert table.rows(table.frame) == [(1, "x"), (2, "y"), (3, "z"), (4, "w")]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl", "arrow"])
def test_rows_come_in_the_order_of_the_files_with_every_query(tmp_path, suffix):
    rows_, files = 60_000, 3
    for place in range(files):
        path = tmp_path / f"{place}.{suffix}"
        query = f"select range + {place * rows_} as a, -range as b from range({rows_})"
        if suffix == "arrow":
            pa = pytest.importorskip("pyarrow")
            columns = duckdb.sql(query).fetchnumpy()
            table = pa.table(dict(columns.items()))
            with pa.ipc.new_file(path, table.schema) as writer:
                for batch in table.to_batches(max_chunksize=7000):
                    writer.write_batch(batch)
        elif suffix == "parquet":
            duckdb.sql(query).write_parquet(str(path), row_group_size=10_000)
        else:
            kind = "header" if suffix == "csv" else "format json"
            duckdb.sql(f"copy ({query}) to '{path}' ({kind})")
    table = to_table(f"*.{suffix}", base=tmp_path)
    for _ in range(2):
        assert table.arrays(["a"])["a"].tolist() == list(range(rows_ * files))
    assert table.arrays(["b"])["b"].tolist() == [-n for n in range(rows_)] * files


def test_a_column_of_several_files_is_what_the_values_of_all_are(tmp_path):
    (tmp_path / "1.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "2.csv").write_text("a\n1.5\n", encoding="utf-8")
    (tmp_path / "3.csv").write_text("a\n\n", encoding="utf-8")
    assert rows("*.csv", tmp_path, ["a"]) == [(1.0,), (1.5,), (None,)]


def test_strings_of_json_lines_are_text_or_iso_dates(tmp_path):
    (tmp_path / "t.jsonl").write_text(
        '{"zip": "01234", "day": "2024-01-31", "us": "01/02/2024", "id": '
        '"0e1b1c1e-0e1b-4c1e-8e1b-0e1b1c1e0e1b", "mixed": 1, "none": null, "a": 1, "a_1": 2}\n'
        '{"zip": "99999", "day": null, "us": null, "id": null, "mixed": "x", "none": null, '
        '"a": 1.5, "a_1": 3}\n',
        encoding="utf-8",
    )
    table = to_table("t.jsonl", base=tmp_path)
    assert {name: str(type_) for name, type_ in table.schema.items()} == {
        "zip": "String",
        "day": "Date",
        "us": "String",
        "id": "String",
        "mixed": "String",
        "none": "String",
        "a": "Float64",
        "a_1": "Int64",
    }
    assert table.counts(["mixed"]) == [(("1",), 1), (("x",), 1)]
    wanted = Wanted(columns=frozenset({"day"}), text=frozenset({"day"}))
    assert table.read_as(wanted).counts(["day"]) == [(("2024-01-31",), 1), ((None,), 1)]


def test_the_options_of_the_function_read_a_folder(tmp_path, monkeypatch):
    (tmp_path / "d").mkdir()
    for name in "12":
        (tmp_path / f"d/{name}.csv").write_text(f"a;b\n{name},5;x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    table = read_table("d", decimal=",")
    assert table.arrays(["a"])["a"].tolist() == [1.5, 2.5]
