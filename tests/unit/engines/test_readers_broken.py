"""Damaged files: refused with the file, the line where it is knowable, and what to do."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pytest

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.engines import zstandard
from pytest_mlgates.engines.tables import to_table

duckdb = pytest.importorskip("duckdb")


def rows(path) -> list[tuple]:
    table = to_table(path)
    return table.rows(table.frame)


def complaint(path) -> TableError:
    with pytest.raises(TableError) as caught:
        rows(path)
    assert caught.value.what == f"{path.name!r} cannot be read"
    return caught.value


LINES = "".join(f"{i},x{i}\n" for i in range(20_000))
CSV = f"a,b\n{LINES}"
JSON = "".join(f'{{"a": {i}, "b": "x{i}"}}\n' for i in range(20_000))


def zstd(path, kind: str) -> None:
    query = "select range as a, 'x' || range as b from range(20000)"
    options = {"csv": "header", "jsonl": "format json"}[kind]
    duckdb.sql(f"copy ({query}) to '{path}' ({options}, compression zstd)")


PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("packed", PACK)
@pytest.mark.parametrize(("name", "text"), [("t.csv", CSV), ("t.jsonl", JSON)])
@pytest.mark.parametrize("lost", [1, 4, 9, 1000])
def test_a_compressed_file_whose_end_is_missing_is_refused(tmp_path, packed, name, text, lost):
    path = tmp_path / f"{name}{packed}"
    whole = PACK[packed](text.encode())
    path.write_bytes(whole)
    assert len(rows(path)) == 20_000
    path.write_bytes(whole[:-lost])
    assert "its end is missing" in complaint(path).got
    assert complaint(path).fix == "write or fetch it again"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("lost", [1, 5, 1000, 10_000])
def test_a_zstandard_file_whose_end_is_missing_is_refused(tmp_path, kind, lost):
    path = tmp_path / f"t.{kind}.zst"
    zstd(path, kind)
    assert len(rows(path)) == 20_000
    whole = path.read_bytes()
    path.write_bytes(whole[:-lost])
    assert "its end is missing" in complaint(path).got


@pytest.mark.parametrize(
    ("suffix", "format_"), [("gz", "gzip"), ("zst", "Zstandard"), ("bz2", "bzip2"), ("xz", "xz")]
)
def test_what_is_not_compressed_is_not_called_so(tmp_path, suffix, format_):
    path = tmp_path / f"t.csv.{suffix}"
    path.write_text(CSV, encoding="utf-8")
    assert f"no {format_} file" in complaint(path).got


def test_a_gzip_file_of_another_checksum_is_refused(tmp_path):
    path = tmp_path / "t.csv.gz"
    whole = bytearray(gzip.compress(CSV.encode()))
    whole[-6] ^= 0xFF
    path.write_bytes(bytes(whole))
    assert "CRC" in complaint(path).got


def test_several_frames_and_skippable_ones_are_one_zstandard_file(tmp_path):
    path = tmp_path / "t.csv.zst"
    zstd(path, "csv")
    frame = path.read_bytes()
    skippable = b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"
    path.write_bytes(skippable + frame + frame)
    zstandard.refuse_cut(path)
    for cut in (2, 6, len(skippable) - 1, len(skippable) + 3, len(path.read_bytes()) - 1):
        part = tmp_path / "part.zst"
        part.write_bytes(path.read_bytes()[:cut])
        with pytest.raises(EOFError):
            zstandard.refuse_cut(part)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (f"{CSV}1\n", 20_002, "its rows do not fit its header"),
        (f"a,b\n1,2,3\n{LINES}", 2, "its rows do not fit its header"),
        (f'{CSV}1,"x\n', 20_002, "a quote that is not closed"),
        ('a,b\n1,"x"y\n', 2, "a quote that is not closed"),
        ("a,b\n1,2\r\n3,4\n", None, "its lines do not all end alike"),
    ],
)
def test_rows_of_a_csv_that_do_not_fit_are_told_with_their_line(tmp_path, text, line, words):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    found = complaint(path)
    assert words in found.got
    assert found.where == (f"{path}:{line}" if line else str(path))


def test_the_file_of_several_that_does_not_fit_is_named(tmp_path):
    for i in range(5):
        (tmp_path / f"{i}.csv").write_text("a,b\n1,2\n" + "3\n" * (i == 3), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        to_table("*.csv", base=tmp_path).arrays(["a"])
    assert caught.value.what == "'3.csv' cannot be read"
    assert caught.value.where == f"{tmp_path}/3.csv:3"


@pytest.mark.parametrize("at", [1, 2, 500, 15_000, 19_999, 20_000])
@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ('{"a":,}\n', "Malformed JSON: unexpected character"),
        ("[1, 2]\n", "its lines are not JSON objects"),
        ('{"a": 1\n', "Malformed JSON: "),
        ('{"a": 1, "a": 2, "b": ""}\n', "an object with two values for one key"),
    ],
)
def test_lines_that_are_no_json_objects_are_told_with_their_line(tmp_path, at, bad, words):
    lines = JSON.splitlines(keepends=True)
    lines[at - 1] = bad
    path = tmp_path / "t.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    found = complaint(path)
    assert words in found.got
    assert found.where == f"{path}:{at}"


def test_a_cut_json_lines_file_is_told_with_its_last_line(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text(JSON[:-7], encoding="utf-8")
    assert complaint(path).where == f"{path}:20000"


def test_json_that_is_no_utf_8_names_the_command(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes('{"a": "ä"}\n'.encode("latin-1"))
    assert complaint(path).got == "it is not UTF-8 text"
    assert complaint(path).where == f"{path}:1"
    assert complaint(path).fix.startswith("iconv -f LATIN1 -t UTF-8 t.jsonl")


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_a_cut_parquet_file_is_refused(tmp_path, keep):
    path = tmp_path / "t.parquet"
    duckdb.sql("select range as a from range(100000)").write_parquet(str(path))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    assert "it is no whole Parquet file" in complaint(path).got


def test_a_damaged_parquet_page_is_told_when_it_is_read(tmp_path):
    path = tmp_path / "t.parquet"
    duckdb.sql("select hash(range) as a from range(100000)").write_parquet(str(path))
    whole = bytearray(path.read_bytes())
    whole[4:40] = b"\xff" * 36
    path.write_bytes(bytes(whole))
    found = complaint(path)
    assert found.where == str(path)
    assert "\n" not in found.got


@pytest.mark.parametrize("suffix", ["arrow", "feather"])
def test_a_cut_arrow_file_is_refused(tmp_path, suffix):
    pa = pytest.importorskip("pyarrow")
    path = tmp_path / f"t.{suffix}"
    table = pa.table({"a": list(range(100_000))})
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    assert len(rows(path)) == 100_000
    path.write_bytes(path.read_bytes()[:-100])
    assert "it is no whole Arrow file" in complaint(path).got
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table)
    assert "or it is a stream" in complaint(path).got


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_binary_format_compressed_as_a_whole_is_of_no_known_format(tmp_path, kind):
    path = tmp_path / f"t.{kind}.gz"
    path.write_bytes(gzip.compress(b"PAR1", mtime=0))
    with pytest.raises(TableError, match="is of no known format"):
        rows(path)


@pytest.mark.parametrize("kind", ["parquet", "arrow", "jsonl"])
def test_columns_that_differ_in_case_only_are_refused(tmp_path, kind):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.feather as feather
    import pyarrow.parquet as parquet

    path = tmp_path / f"t.{kind}"
    table = pa.table({"a": [1], "A": [2]})
    if kind == "parquet":
        parquet.write_table(table, path)
    elif kind == "arrow":
        feather.write_feather(table, path)
    else:
        path.write_text('{"a": 1, "A": 2}\n', encoding="utf-8")
    with pytest.raises(TableError, match="differ in case only"):
        rows(path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a", "a"), "column 'a' stands twice"),
        (("a", "b", "a"), "column 'a' stands twice"),
        (("a", "A", "a_1"), "columns 'a' and 'A' of 't.parquet' differ in case only"),
        (("", ""), "column '' stands twice"),
    ],
)
def test_names_that_duckdb_would_tell_apart_by_a_number_are_refused(tmp_path, names, message):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    arrays = [pa.array([place]) for place in range(len(names))]
    parquet.write_table(pa.Table.from_arrays(arrays, names=list(names)), tmp_path / "t.parquet")
    with pytest.raises(TableError, match=message):
        rows(tmp_path / "t.parquet")


@pytest.mark.parametrize("names", [("a", "a_1"), ("C0", "b"), ("_1", "x\n_2")])
def test_names_that_end_in_a_number_are_names(tmp_path, names):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    arrays = [pa.array([place]) for place in range(len(names))]
    parquet.write_table(pa.Table.from_arrays(arrays, names=list(names)), tmp_path / "t.parquet")
    table = to_table(tmp_path / "t.parquet")
    assert table.columns == list(names)
    assert table.counts(names) == [((0, 1), 1)]


def test_text_and_numbers_under_one_name_in_parquet_files_are_not_one_column(tmp_path):
    duckdb.sql("select 1 as a, 2 as b").write_parquet(str(tmp_path / "1.parquet"))
    duckdb.sql("select 1 as a, 'x' as b").write_parquet(str(tmp_path / "2.parquet"))
    with pytest.raises(TableError) as caught:
        to_table("*.parquet", base=tmp_path).arrays(["b"])
    assert caught.value.what == (
        "column 'b' is text in '2.parquet' and something else in '1.parquet'"
    )


def test_a_null_byte_in_a_value_is_a_value(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\nx\x00,2\n")
    assert rows(path) == [("x\x00", 2)]


def test_no_message_of_a_private_file_quotes_a_value(tmp_path):
    cases = {
        "t.csv": "a,b\n1,4711\n4711\n",
        "u.csv": 'a,b\n1,"4711\n',
        "t.jsonl": '{"a": 4711}\n{"a": "4711", "a": 1}\n',
    }
    for name, text in cases.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(TableError) as caught:
            to_table(tmp_path / name, private=True).arrays(["a"])
        assert "4711" not in str(caught.value)
