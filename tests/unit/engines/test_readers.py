"""Files as tables: what cannot be read is refused with one clear sentence, the file in it."""

from __future__ import annotations

import gzip
import json
import os

import pytest

from pytest_mlgates.cli import main
from pytest_mlgates.core.errors import MissingExtraError, TableError
from pytest_mlgates.engines.tables import to_table

pl = pytest.importorskip("polars")


def write(folder, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def rows(folder, path) -> list[tuple]:
    table = to_table(path, base=folder)
    return table.rows(table.frame)


RAGGED = "its rows do not fit its header: more or fewer values, or a quote that is not closed"
# name of the case: (files, path, what, got)
REFUSED = {
    "missing": (
        {"houses.csv": "a\n1\n", "trees.csv": "a\n1\n"},
        "house.csv",
        "no file matches 'house.csv'",
        "which holds 'houses.csv', 'trees.csv'",
    ),
    "missing folder": ({}, "no/such.csv", "no file matches 'no/such.csv'", "which does not exist"),
    "glob of nothing": ({"a.txt": ""}, "*.csv", "no file matches '*.csv'", "which holds 'a.txt'"),
    "folder of nothing": (
        {"d/a.txt": ""},
        "d",
        "the folder 'd' holds no file of a table",
        "which holds 'a.txt'",
    ),
    "empty": ({"a.csv": ""}, "a.csv", "'a.csv' is empty", ""),
    "blank": ({"a.csv": "\n"}, "a.csv", "'a.csv' is empty", ""),
    "unknown format": ({"a.txt": "x"}, "a.txt", "'a.txt' is of no known format", "'a.txt'"),
    "mixed formats": (
        {"d/a.csv": "a\n1\n", "d/b.jsonl": '{"a": 1}\n'},
        "d/*",
        "files of several formats are not one table",
        "'a.csv', 'b.jsonl'",
    ),
    "truncated parquet": (
        {"a.parquet": b"PAR1abc"},
        "a.parquet",
        "'a.parquet' cannot be read",
        "it is no whole Parquet file",
    ),
    "too few values": ({"a.csv": "a,b\n1,2\n3\n"}, "a.csv", "'a.csv' cannot be read", RAGGED),
    "too few values in all rows": ({"a.csv": "a,b\n1\n2\n"}, "a.csv", "'a.csv' cannot", RAGGED),
    "too many values": ({"a.csv": "a,b\n1,2\n3,4,5\n"}, "a.csv", "'a.csv' cannot be read", RAGGED),
    "open quote": ({"a.csv": 'a,b\n1,"x\n2,y\n'}, "a.csv", "'a.csv' cannot be read", RAGGED),
    "ragged among several": (
        {"a.csv": "a,b\n1,2\n", "b.csv": "a,b\n3,4,5\n"},
        "*.csv",
        "cannot be read",
        RAGGED,
    ),
    "duplicate header": (
        {"a.csv": "a,b,a\n1,2,3\n"},
        "a.csv",
        "column 'a' stands twice in the header of 'a.csv'",
        "",
    ),
    "header in two cases": (
        {"a.csv": "age,Age\n1,2\n"},
        "a.csv",
        "columns 'age' and 'Age' of 'a.csv' differ in case only",
        "",
    ),
    "latin-1": (
        {"a.csv": "b,a\n1,caf\xe9\n".encode("latin-1")},
        "a.csv",
        "'a.csv' cannot be read",
        "it is not UTF-8 text",
    ),
    "not gzip": ({"a.csv.gz": "a\n1\n"}, "a.csv.gz", "'a.csv.gz' cannot be read", "no gzip file"),
    "broken json": (
        {"a.jsonl": '{"a": 1}\n{"a":\n'},
        "a.jsonl",
        "'a.jsonl' cannot be read",
        "Malformed JSON",
    ),
    "json that is no object": (
        {"a.jsonl": "[1, 2]\n"},
        "a.jsonl",
        "'a.jsonl' cannot be read",
        "its lines are not JSON objects",
    ),
    "another column": (
        {"a.csv": "a,b\n1,2\n", "b.csv": "a,c\n1,2\n"},
        "*.csv",
        "'b.csv' has other columns than 'a.csv'",
        "lacks 'b', adds 'c'",
    ),
    "another key": (
        {"a.jsonl": '{"a": 1}\n', "b.jsonl": '{"a": 1, "b": 2}\n'},
        "*.jsonl",
        "'b.jsonl' has other columns than 'a.jsonl'",
        "adds 'b'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_file(case, tmp_path):
    files, path, what, got = REFUSED[case]
    write(tmp_path, files)
    with pytest.raises(TableError) as caught:
        to_table(path, base=tmp_path).arrays(["a"])
    assert what in caught.value.what
    assert got in caught.value.got
    assert str(tmp_path) in caught.value.where + caught.value.got


@pytest.mark.parametrize("case", REFUSED)
def test_mlgates_check_exits_2_on_each_without_a_traceback(case, tmp_path, capsys, monkeypatch):
    files, path, what, _ = REFUSED[case]
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {
            "mlgates.toml": f"tables = {{t = {{path = '{path}'}}}}\n"
            "[gates.rows]\nkind = 'data_schema'\ntable = 't'\nsuite = [{type = "
            "'expect_table_row_count_to_be_between', kwargs = {min_value = 0, max_value = 9}}, "
            "{type = 'expect_column_values_to_not_be_null', kwargs = {column = 'a'}}]"
        },
    )
    assert main(["check"]) == 2
    captured = capsys.readouterr()
    assert "gate 'rows' could not be evaluated\n" in captured.out
    assert what in captured.out
    assert "Traceback" not in captured.out + captured.err


def test_the_nearest_name_is_suggested(tmp_path):
    write(tmp_path, {"houses.csv": "a\n1\n"})
    with pytest.raises(TableError, match=r"did you mean 'houses.csv'"):
        to_table("house.csv", base=tmp_path)


@pytest.mark.parametrize(
    ("named", "there", "meant"),
    [
        ("missing.parquet", ["seven.parquet"], None),  # a suffix makes no two names alike
        ("a.csv", ["b.csv"], None),
        ("train.csv", ["test.csv"], None),
        ("train.csv", ["trian.csv", "test.csv"], "trian.csv"),
        ("train.csv", ["train.jsonl", "train.csv.gz"], "train.csv.gz"),
        ("train.csv.gz", ["train.jsonl", "trains.csv.gz", "train.csv"], "train.csv"),
        ("Train-Set.csv", ["train_set.parquet", "train_set.csv"], "train_set.csv"),
    ],
)
def test_only_near_names_of_files_are_suggested(tmp_path, named, there, meant):
    write(tmp_path, dict.fromkeys(there, "a\n1\n"))
    with pytest.raises(TableError) as caught:
        to_table(named, base=tmp_path)
    assert caught.value.fix == ("" if meant is None else f"did you mean {meant!r}?")


def test_the_line_of_a_complaint_is_told_where_the_reader_knows_it(tmp_path):
    write(tmp_path, {"a.csv": "a,b\n1,caf\xe9\n".encode("latin-1")})
    with pytest.raises(TableError) as caught:
        rows(tmp_path, "a.csv")
    assert caught.value.where == f"{tmp_path}/a.csv:2"
    assert caught.value.fix == 'name the encoding that it has: encoding = "cp1252"'


def test_a_private_file_is_refused_without_the_words_of_the_reader(tmp_path):
    write(tmp_path, {"a.jsonl": '{"a": 4711}\n{"a": \n'})
    with pytest.raises(TableError) as caught:
        to_table("a.jsonl", base=tmp_path, private=True)
    assert "4711" not in str(caught.value)
    assert caught.value.got == "Malformed JSON: unexpected end of data"


def test_other_columns_in_parquet_files_are_refused(tmp_path):
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"a": [1], "b": [2]}).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(TableError, match=r"'b.parquet' has other columns than 'a.parquet'"):
        to_table("*.parquet", base=tmp_path)


def test_a_cut_parquet_file_is_refused(tmp_path):
    pl.DataFrame({"a": list(range(10_000))}).write_parquet(tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TableError, match="it is no whole Parquet file: its end is missing"):
        to_table("a.parquet", base=tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_file_without_permission_is_refused(tmp_path):
    write(tmp_path, {"a.csv": "a\n1\n"})
    (tmp_path / "a.csv").chmod(0)
    with pytest.raises(TableError, match=r"'a.csv' cannot be opened"):
        to_table("a.csv", base=tmp_path)


def test_a_header_without_rows_is_a_table_of_0_rows(tmp_path):
    write(tmp_path, {"a.csv": "a,b\n"})
    table = to_table("a.csv", base=tmp_path)
    assert (table.columns, table.n_rows) == (["a", "b"], 0)
    with pytest.raises(TableError, match=r"table 'a.csv' has 0 rows"):
        table.require_rows()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "a,b\n1,x\n2,\n"),
        ("a.csv", "a;b\n1;x\n2;\n"),
        ("a.csv", "a|b\n1|x\n2|\n"),
        ("a.tsv", "a\tb\n1\tx\n2\t\n"),
        ("a.csv", "\ufeffa,b\n1,x\n2,\n"),
        ("a.csv", '"a","b"\r\n1,"x"\r\n2,\r\n'),
        ("a.csv.gz", gzip.compress(b"a,b\n1,x\n2,\n", mtime=0)),
        ("a.jsonl", '{"a": 1, "b": "x"}\n{"a": 2, "b": null}\n'),
        ("a.ndjson", '{"a": 1, "b": "x"}\n{"a": 2}\n'),
    ],
)
def test_each_way_to_write_a_table_reads_alike(tmp_path, name, content):
    write(tmp_path, {name: content})
    assert rows(tmp_path, name) == [(1, "x"), (2, None)]


def test_files_with_columns_in_another_order_are_joined_by_name(tmp_path):
    write(tmp_path, {"a.csv": "a,b\n1,2\n", "b.csv": "b,a\n4,3\n"})
    assert rows(tmp_path, "*.csv") == [(1, 2), (3, 4)]


def test_a_late_text_makes_a_column_text_and_drops_no_row(tmp_path):
    write(tmp_path, {"a.csv": "a\n" + "1\n" * 30_000 + "x\n"})
    table = to_table("a.csv", base=tmp_path)
    assert table.n_rows == 30_001
    assert str(table.schema["a"]) == "String"


def test_folders_and_globs_skip_hidden_files_and_take_odd_folder_names(tmp_path):
    base = tmp_path / "data[1]"
    write(base, {"d/a.csv": "a\n1\n", "d/.tmp/b.csv": "a\n2\n", "d/e/c.csv": "a\n3\n"})
    assert rows(base, "d") == [(1,), (3,)]
    assert rows(base, "d/*.csv") == [(1,)]
    assert sorted(rows(base, "d/**/*.csv")) == [(1,), (3,)]


def test_arrow_files_read_too_and_without_pyarrow_name_the_extra(tmp_path, monkeypatch):
    pl.DataFrame({"a": [1, 2]}).write_ipc(tmp_path / "a.arrow", compression="uncompressed")
    pytest.importorskip("pyarrow")
    assert rows(tmp_path, "a.arrow") == [(1,), (2,)]
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.dataset", None)
    with pytest.raises(MissingExtraError, match="pytest-mlgates\\[pyarrow\\]"):
        to_table("a.arrow", base=tmp_path)


def test_nan_in_a_file_is_null(tmp_path):
    write(tmp_path, {"a.csv": "a\n1.5\nNaN\n\n", "b.jsonl": json.dumps({"a": 1.5}) + "\n"})
    table = to_table("a.csv", base=tmp_path)
    assert (None,) in table.rows(table.frame)


def test_only_true_and_false_are_truth_values_in_csv(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("answer,flag,odd name\nyes,True,t\nno,false,f\n", encoding="utf-8")
    table = to_table(path)
    assert table.arrays(["answer"])["answer"].tolist() == ["yes", "no"]
    assert table.arrays(["flag"])["flag"].tolist() == [True, False]
    assert table.arrays(["odd name"])["odd name"].tolist() == ["t", "f"]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl", "csv.gz"])
def test_a_name_with_glob_characters_reads_that_file_and_no_other(tmp_path, suffix):
    import duckdb

    for name, value in (("d[1]", 0), ("d1", 1)):
        path = tmp_path / f"{name}.{suffix}"
        rows = duckdb.sql(f"select {value} as a, 2 as b")
        if suffix == "parquet":
            rows.write_parquet(str(path))
        else:
            kind = "format json" if suffix == "jsonl" else "header"
            duckdb.sql(f"copy (select {value} as a, 2 as b) to '{path}' ({kind})")
    assert to_table(tmp_path / f"d[1].{suffix}").arrays(["a"])["a"].tolist() == [0]


def test_zstandard_files_read_too(tmp_path):
    import duckdb

    path = tmp_path / "z.csv.zst"
    duckdb.sql(f"copy (select 1 as a, 'x' as b) to '{path}' (header, compression zstd)")
    assert to_table(path).counts(["a", "b"]) == [((1, "x"), 1)]


def test_arrays_that_run_backwards_are_arrays_too():
    import numpy as np

    table = to_table({"a": np.arange(5)[::-1], "b": np.arange(10)[::2]})
    assert table.rows(table.frame) == [(4, 0), (3, 2), (2, 4), (1, 6), (0, 8)]
