"""Options of files: how they are read, and what does not fit them."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pytest

from pytest_mlgates import read_table
from pytest_mlgates.core.errors import MLGatesError, TableError
from pytest_mlgates.engines import scratch


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(table) -> list[tuple]:
    return table.rows(table.frame)


@pytest.mark.parametrize(
    ("content", "options", "found"),
    [
        ("a;b\n1;x\n", {}, [(1, "x")]),
        ("a:b\n1:x\n", {"delimiter": ":"}, [(1, "x")]),
        ("a€b\n1€x\n", {"delimiter": "€"}, [(1, "x")]),
        ("a,b;c\n1,x;y\n", {"delimiter": ";"}, [("1,x", "y")]),
        ("a,b\n1,'x,y'\n", {"quote": "'"}, [(1, "x,y")]),
        ('a,b\n1,"x\n', {"quote": ""}, [(1, '"x')]),
        ("a;b\n1,5;x\n-,25;y\n", {"decimal": ","}, [(1.5, "x"), (-0.25, "y")]),
        ('a,b\n"1,5",x\n', {"decimal": ","}, [(1.5, "x")]),
        ("a\n1,5\n", {"decimal": ","}, [(1.5,)]),
        ("a;b\n1.5;x\n", {"decimal": ","}, [("1.5", "x")]),
        ("a;b\n1.234,5;x\n", {"decimal": ","}, [("1.234,5", "x")]),
        ("a,b\nNA,x\n2,-\n", {"null_values": ["NA", "-"]}, [(None, "x"), (2, None)]),
        ("a,b\nNA,x\n2,\n", {}, [("NA", "x"), ("2", None)]),
        ('a,b\n"",x\n', {}, [(None, "x")]),
        ("a'b\n1'x\n", {"delimiter": "'"}, [(1, "x")]),
        ("a,b\n'); drop table t; --,x\n", {"null_values": ["'); drop table t; --"]}, [(None, "x")]),
    ],
)
def test_options_say_how_a_csv_is_written(folder, content, options, found):
    (folder / "t.csv").write_text(content, encoding="utf-8")
    assert rows(read_table("t.csv", **options)) == found


@pytest.mark.parametrize(
    ("encoding", "option"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", None),
        ("utf-32", None),
        ("utf-16-le", "utf-16-le"),
        ("cp1252", "cp1252"),
        ("latin-1", "ISO-8859-1"),
        ("cp1250", "windows-1250"),
        ("mac-roman", "mac-roman"),
        ("utf-8", "utf8"),
    ],
)
@pytest.mark.parametrize("packed", ["", ".gz", ".bz2", ".xz"])
def test_any_encoding_of_python_reads(folder, encoding, option, packed):
    pack = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[packed]
    text = "name,ä\nMüller,1\nßé,2\n" if encoding != "cp1250" else "name,ä\nŁódź,1\nßé,2\n"
    (folder / f"t.csv{packed}").write_bytes(pack(text.encode(encoding)))
    table = read_table(f"t.csv{packed}", encoding=option)
    assert table.columns == ["name", "ä"]
    assert [row[0] for row in rows(table)] == [line.split(",")[0] for line in text.split()[1:]]


def test_a_multibyte_encoding_is_read_across_blocks(folder, monkeypatch):
    monkeypatch.setattr(scratch, "_BLOCK", 3)
    (folder / "t.csv").write_bytes("a,b\n東京,1\n大阪,2\n".encode("shift-jis"))
    assert rows(read_table("t.csv", encoding="shift-jis")) == [("東京", 1), ("大阪", 2)]


@pytest.mark.parametrize(
    ("content", "option", "line"),
    [
        (b"a\nx\n\xff\n", "cp1253", 3),
        (b"a\nx\ny\n\x81\x00\n", "shift-jis", 4),
        ("a\nx\n".encode("utf-16") + b"\x00\xd8x", None, 3),
        (b"a\n\xe4\n", "ascii", 2),
    ],
)
def test_bytes_of_another_encoding_are_refused_with_their_line(folder, content, option, line):
    (folder / "t.csv").write_bytes(content)
    with pytest.raises(TableError) as caught:
        read_table("t.csv", encoding=option)
    assert caught.value.where == f"{folder}/t.csv:{line}"
    assert caught.value.got == f"bytes that are not {option or 'utf-16'} text"


def test_utf_16_without_a_mark_names_the_option(folder):
    (folder / "t.csv").write_bytes("a,b\n1,2\n".encode("utf-16-le"))
    with pytest.raises(TableError, match='encoding = "utf-16-le"'):
        read_table("t.csv")


def test_a_header_that_is_no_utf_8_is_refused_at_its_line(folder):
    (folder / "t.csv").write_bytes("ä,b\n1,2\n".encode("latin-1"))
    with pytest.raises(TableError) as caught:
        read_table("t.csv")
    assert caught.value.where.endswith("t.csv:1")


def test_messages_about_a_copy_name_the_file_itself(folder):
    (folder / "t.csv").write_bytes("a,b\n1,ä\n1,2,3\n".encode("cp1252"))
    with pytest.raises(TableError) as caught:
        rows(read_table("t.csv", encoding="cp1252"))
    assert caught.value.what == "'t.csv' cannot be read"
    assert caught.value.where == f"{folder}/t.csv:3"


def test_a_copy_stays_in_the_folder_of_the_process(folder):
    (folder / "t.csv").write_bytes("a\nä\n".encode("cp1252"))
    rows(read_table("t.csv", encoding="cp1252"))
    assert [path.name for path in folder.iterdir()] == ["t.csv"]
    assert scratch.folder().stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("options", "what", "want"),
    [
        ({"delimiter": ";;"}, "delimiter is not usable", "one character"),
        ({"delimiter": "\n"}, "delimiter is not usable", "one character"),
        ({"quote": "''"}, "quote is not usable", "one character"),
        ({"encoding": "utf-9"}, "encoding is not usable", "did you mean 'utf-8'?"),
        ({"encoding": "rot13"}, "encoding is not usable", "an encoding"),
        ({"encoding": "a\0"}, "encoding is not usable", "an encoding"),
        ({"decimal": ";"}, "decimal is not usable", '"." or ","'),
        ({"null_values": [1]}, "null_values is not usable", "a list of texts"),
        ({"table_name": ""}, "table_name is not usable", "a name"),
        ({"quote": ";", "delimiter": ";"}, "delimiter and quote are the same character", ""),
    ],
)
def test_an_option_that_cannot_be_meant_is_misuse(folder, options, what, want):
    (folder / "t.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_table("t.csv", **options)
    assert caught.value.what == what
    assert want in caught.value.want


@pytest.mark.parametrize(
    ("name", "option", "what"),
    [
        ("t.parquet", {"decimal": ","}, "decimal is an option of CSV, and this is Parquet"),
        ("t.jsonl", {"encoding": "cp1252"}, "encoding is an option of CSV, and this is JSON Lines"),
        ("t.csv", {"table_name": "t"}, "table_name is an option of DuckDB, and this is CSV"),
    ],
)
def test_an_option_that_the_format_does_not_have_is_misuse(folder, name, option, what):
    (folder / name).write_text('{"a": 1}\n', encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_table(name, **option)
    assert caught.value.what == what


CONFIGURATION = """
[tables.t]
path = "t.csv"
encoding = "cp1252"
decimal = ","
null_values = ["-"]
[gates.g]
kind = "data_schema"
table = "t"
suite = "s.json"
"""
SUITE = """{"expectations": [
  {"type": "expect_column_max_to_be_between", "kwargs": {"column": "price", "max_value": 2.5}},
  {"type": "expect_column_values_to_be_in_set",
   "kwargs": {"column": "name", "value_set": ["Müller"]}}
]}"""


@pytest.fixture
def project(folder):
    (folder / "t.csv").write_bytes("name;price\nMüller;2,5\nMüller;-\n".encode("cp1252"))
    (folder / "mlgates.toml").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "s.json").write_text(SUITE, encoding="utf-8")
    return folder


def test_the_options_of_a_declared_table_hold_on_every_surface(project, capsys):
    from pytest_mlgates import data_schema
    from pytest_mlgates.cli import main
    from pytest_mlgates.hooks import mlgates_data

    assert main(["check"]) == 0
    assert mlgates_data.main(["t.csv"]) == 0
    assert mlgates_data.main(["--suite", "s.json", "t.csv"]) == 0
    assert data_schema("t.csv", "s.json").passed
    assert data_schema(read_table("t.csv"), "s.json").passed
    assert "Traceback" not in capsys.readouterr().err


def test_the_options_of_a_declared_table_hold_under_pytest(project, pytester):
    pytester.makepyfile(
        """
        import pytest
        from pytest_mlgates import read_table

        @pytest.mark.data_schema("s.json")
        def test_marker(mlgate):
            mlgate("t.csv")

        def test_method(mlgate):
            mlgate.data_schema("t.csv", "s.json")

        @pytest.mark.data_schema("s.json")
        def test_table(mlgate):
            mlgate(read_table("t.csv", encoding="cp1252", decimal=",", null_values=["-"]))
        """
    )
    for name in ("t.csv", "s.json", "mlgates.toml"):
        (pytester.path / name).write_bytes((project / name).read_bytes())
    pytester.chdir()
    pytester.runpytest_subprocess("--mlgates").assert_outcomes(passed=4)


def test_mistakes_in_options_are_told_with_their_keys(project, capsys):
    from pytest_mlgates.cli import main

    text = CONFIGURATION.replace('"cp1252"', '"cp1525"').replace('decimal = ","', "decimals = 1")
    (project / "mlgates.toml").write_text(text, encoding="utf-8")
    assert main(["check"]) == 2
    told = capsys.readouterr().err
    assert "encoding is not usable\n  where: mlgates.toml [tables.t] encoding\n" in told
    assert "unknown key 'decimals'" in told
    assert "did you mean 'decimal'?" in told


def test_one_file_that_two_tables_read_in_two_ways_is_misuse_by_its_path(project):
    text = CONFIGURATION + '[tables.u]\npath = "*.csv"\n'
    (project / "mlgates.toml").write_text(text, encoding="utf-8")
    with pytest.raises(MLGatesError, match=r"reads 't.csv' in several ways"):
        read_table("t.csv")


def test_a_private_table_stays_private_however_it_is_read(project):
    from pytest_mlgates import data_schema

    text = CONFIGURATION.replace('path = "t.csv"', 'path = "t.csv"\nprivate = true')
    (project / "mlgates.toml").write_text(text, encoding="utf-8")
    options = {"encoding": "cp1252", "decimal": ",", "null_values": ["-"]}
    suite = [
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "price", "max_value": 1}}
    ]
    for table, also in ((read_table("t.csv", **options), {}),):
        verdict = data_schema(table, suite, examples=3, **also)
        assert "2.5" not in verdict.message
        assert verdict.details[0]["observed_value"] is None
    (project / "mlgates.toml").unlink()
    verdict = data_schema(read_table("t.csv", **options), suite, private=True)
    assert verdict.details[0]["observed_value"] is None
