"""Types of CSV columns: what every value can be read as, wherever in the file it stands."""

from __future__ import annotations

import datetime as dt
import re

import narwhals.stable.v2 as nw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_mlgates.engines import text_reading
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.engines.text_types import Grammar, Kind
from pytest_mlgates.engines.wanted import Wanted

# More rows than any sample has.
_LATE = 300


def read(folder, text: str, **kwargs):
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return to_table("t.csv", base=folder, **kwargs)


def column(folder, values, **kwargs) -> tuple[str, list]:
    """The type of a column of *values* and what it holds."""
    lines = "".join(f"{place},{value}\n" for place, value in enumerate(values))
    table = read(folder, f"n,a\n{lines}", **kwargs)
    return str(table.schema["a"]), [row[0] for row in table.rows(table.frame.select("a"))]


@pytest.mark.parametrize(
    ("values", "type_", "found"),
    [
        (["1", "-2", "+3", ""], "Int64", [1, -2, 3, None]),
        (["007", "1"], "Int64", [7, 1]),
        (["1", "2.5"], "Float64", [1.0, 2.5]),
        (["1", "1e3"], "Float64", [1.0, 1000.0]),
        (["1.5", "nan", "inf"], "Float64", [1.5, None, float("inf")]),
        (["1", "0x1F"], "String", ["1", "0x1F"]),
        (["1", "1_000"], "String", ["1", "1_000"]),
        (["1", "x"], "String", ["1", "x"]),
        (["9223372036854775807", "1"], "Int64", [2**63 - 1, 1]),
        (["9223372036854775808", "1"], "UInt64", [2**63, 1]),
        (["18446744073709551616", "1"], "String", ["18446744073709551616", "1"]),
        (["12345678901234567890123", "0.5"], "Float64", [1.2345678901234568e22, 0.5]),
        (["true", "FALSE", ""], "Boolean", [True, False, None]),
        (["true", "yes"], "String", ["true", "yes"]),
        (["t", "f"], "String", ["t", "f"]),
        (["2024-01-31", ""], "Date", [dt.date(2024, 1, 31), None]),
        (["2024-02-30"], "String", ["2024-02-30"]),
        (["01/02/2024", "31/12/2024"], "String", ["01/02/2024", "31/12/2024"]),
        (["10:00:00"], "String", ["10:00:00"]),
        (
            ["2024-01-31", "2024-01-31 10:00:00.5"],
            "Datetime(time_unit='us', time_zone=None)",
            [dt.datetime(2024, 1, 31), dt.datetime(2024, 1, 31, 10, 0, 0, 500_000)],  # noqa: DTZ001
        ),
        (["2024-01-31T10:00+02:00", "2024-01-31 10:00"], "String", None),
        (["2024-01-31 10:00:00.123456789"], "String", None),
        (["", ""], "String", [None, None]),
    ],
)
def test_a_column_is_what_every_value_of_it_is(tmp_path, values, type_, found):
    assert column(tmp_path, values) == (type_, values if found is None else found)


def test_times_of_a_zone_keep_their_moment(tmp_path):
    type_, found = column(tmp_path, ["2024-01-31T10:00:00+02:00", "2024-01-31T08:00:00Z"])
    assert type_.startswith("Datetime(time_unit='us', time_zone=")
    assert set(found) == {dt.datetime(2024, 1, 31, 8, tzinfo=dt.UTC)}


@pytest.mark.parametrize(
    ("usual", "late", "type_"),
    [
        ("1", "1.5", "Float64"),
        ("1", "0x1F", "String"),
        ("1", "x", "String"),
        ("1", "9223372036854775808", "UInt64"),
        ("1.5", "1_000", "String"),
        ("true", "yes", "String"),
        ("2024-01-31", "2024-01-31 10:00", "Datetime(time_unit='us', time_zone=None)"),
        ("2024-01-31", "2024-13-01", "String"),
        ("2024-01-31 10:00", "2024-01-31 10:00+02:00", "String"),
        ("", "7", "Int64"),
        ("", "x", "String"),
    ],
)
@pytest.mark.parametrize("kept", [True, False])
def test_a_value_behind_the_sample_is_never_read_as_something_else(
    tmp_path, monkeypatch, usual, late, type_, kept
):
    monkeypatch.setattr(text_reading, "_KEPT_SHARE", 0.5 if kept else 0)
    found, values = column(tmp_path, [usual] * _LATE + [late])
    assert found == type_
    assert len(values) == _LATE + 1
    expected = {"Float64": 1.5, "UInt64": 2**63, "Int64": 7}.get(type_)
    if type_ == "String":
        expected = late
    assert expected is None or values[-1] == expected


def test_several_columns_that_are_not_what_the_sample_says_are_all_found_out(tmp_path):
    names = [f"c{i}" for i in range(8)]
    usual = ",".join("1" for _ in names) + "\n"
    late = "".join(
        ",".join("x" if i == place else "1" for i in range(8)) + "\n" for place in range(8)
    )
    table = read(tmp_path, ",".join(names) + f"\n{usual * _LATE}{late}")
    assert {str(table.schema[name]) for name in names} == {"String"}
    assert table.n_rows == _LATE + 8


_TOKENS = st.sampled_from(
    [
        "",
        "0",
        "7",
        "-3",
        "+4",
        "1.5",
        ".5",
        "2e3",
        "inf",
        "nan",
        "x",
        "true",
        "False",
        "007",
        "2024-01-31",
        "2024-02-30",
        "2024-01-31 10:00",
        "2024-01-31T10:00:00Z",
        "0x1",
        "1_0",
        "9223372036854775808",
        "18446744073709551616",
        "-9223372036854775809",
        " 5 ",
        "t",
        "1,5",
    ]
)


def reference(values: list[str]) -> Kind:
    """The kind of a column in plain Python: the first whose values all of them are."""

    def date(value: str) -> bool:
        try:
            return bool(dt.date.fromisoformat(value[:10]))
        except ValueError:
            return False

    present = [value for value in values if value]
    whole = [int(v) for v in present if re.fullmatch(" *[+-]?[0-9]+ *", v)]
    number = r" *[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[0-9]+)? *|inf|nan"
    if not present:
        return Kind.EMPTY
    if all(v.lower() in ("true", "false") for v in present):
        return Kind.TRUTH
    if len(whole) == len(present):
        if all(-(2**63) <= v < 2**63 for v in whole):
            return Kind.WHOLE
        return Kind.UNSIGNED if all(0 <= v < 2**64 for v in whole) else Kind.TEXT
    if all(re.fullmatch(number, v) for v in present):
        return Kind.NUMBER
    for kind, pattern in (
        (Kind.DATE, r"\d{4}-\d\d-\d\d"),
        (Kind.TIME, r"\d{4}-\d\d-\d\d( 10:00)?"),
        (Kind.ZONED, r"\d{4}-\d\d-\d\dT10:00:00Z"),
    ):
        if all(re.fullmatch(pattern, v) and date(v) for v in present):
            return kind
    return Kind.TEXT


_NAMES = {
    Kind.TRUTH: nw.Boolean,
    Kind.WHOLE: nw.Int64,
    Kind.UNSIGNED: nw.UInt64,
    Kind.NUMBER: nw.Float64,
    Kind.DATE: nw.Date,
    Kind.TIME: nw.Datetime,
    Kind.ZONED: nw.Datetime,
    Kind.TEXT: nw.String,
    Kind.EMPTY: nw.String,
}


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.lists(_TOKENS, min_size=3, max_size=3), min_size=1, max_size=6),
    st.integers(min_value=0, max_value=1),
)
def test_any_column_has_the_type_that_plain_python_finds(tmp_path, rows, repeat):
    rows = [rows[0]] * (repeat * _LATE) + rows  # the rest stands behind the sample
    body = "".join(",".join(f'"{value}"' for value in row) + "\n" for row in rows)
    table = read(tmp_path, "a,b,c\n" + body)
    for place, name in enumerate("abc"):
        kind = reference([row[place] for row in rows])
        assert isinstance(table.schema[name], _NAMES[kind]), (name, kind, table.schema[name])
        zoned = getattr(table.schema[name], "time_zone", None) is not None
        assert zoned == (kind is Kind.ZONED)


def test_python_and_duckdb_read_the_patterns_alike():
    import duckdb

    tokens = ["", "1", "+1", "1.", ".", "1e5", "1e", "inf", "NaN", "true", "2024-01-01", "٣", "1 "]
    for decimal in ".,":
        for kind, pattern in Grammar(decimal=decimal).patterns.items():
            for token in tokens:
                found = duckdb.execute("select regexp_full_match(?, ?)", [token, pattern])
                wanted = re.fullmatch(pattern, token) is not None
                assert found.fetchall() == [(wanted,)], (kind, token)


def test_only_wanted_columns_are_read_and_text_stays_text(tmp_path):
    table = read(tmp_path, "zip,n,day\n01234,1,2024-01-31\n99999,2,2024-02-01\n")
    read_as = table.read_as(
        Wanted(
            columns=frozenset({"zip", "n", "day"}),
            text=frozenset({"zip"}),
            floats=frozenset({"n"}),
            times=frozenset({"day"}),
        )
    )
    assert read_as.counts(["zip"]) == [(("01234",), 1), (("99999",), 1)]
    assert str(read_as.schema["n"]) == "Float64"
    assert isinstance(read_as.schema["day"], nw.Datetime)
    assert table.counts(["zip"]) == [((1234,), 1), ((99999,), 1)]


def test_a_column_that_is_not_read_has_no_type_and_cannot_be_asked_for(tmp_path):
    table = read(tmp_path, "a,b\n1,2\n").read_as(Wanted(columns=frozenset({"a"})))
    assert table.columns == ["a", "b"]
    assert isinstance(table.schema["b"], nw.Unknown)
    with pytest.raises(Exception, match=r"cannot be read|not found"):
        table.aggregate({"b": nw.col("b").max()})


def test_the_same_wish_is_read_once_and_a_wider_one_serves_a_narrower(tmp_path):
    table = read(tmp_path, "a,b\n1,2\n")
    both = table.read_as(Wanted(columns=frozenset({"a", "b"})))
    assert both.n_rows == 1
    assert table.read_as(Wanted(columns=frozenset({"b"}))) is both
    as_text = table.read_as(Wanted(columns=frozenset({"b"}), text=frozenset({"b"})))
    assert as_text is not both
    assert as_text.counts(["b"]) == [(("2",), 1)]


def test_what_is_foreseen_is_read_in_the_first_pass(tmp_path, monkeypatch):
    table = read(tmp_path, "a,b,c\n1,2,3\n")
    for name in "ab":
        table.foresee(Wanted(columns=frozenset({name})))
    first = table.read_as(Wanted(columns=frozenset({"a"})))
    assert first.n_rows == 1
    (tmp_path / "t.csv").unlink()
    assert table.read_as(Wanted(columns=frozenset({"b"}))) is first
    assert isinstance(first.schema["c"], nw.Unknown)


def test_a_kept_table_is_parsed_once(tmp_path):
    """Queries after the first do not touch the file: it is gone."""
    table = read(tmp_path, "a,b\n1,x\n2,y\n")
    assert table.n_rows == 2
    (tmp_path / "t.csv").unlink()
    assert table.counts(["b"]) == [(("x",), 1), (("y",), 1)]
    assert table.aggregate({"most": nw.col("a").max()}) == {"most": 2}


def test_a_table_too_large_to_be_kept_is_parsed_by_every_query(tmp_path, monkeypatch):
    monkeypatch.setattr(text_reading, "_KEPT_SHARE", 0)
    table = read(tmp_path, "a,b\n1,x\n2,y\n")
    assert (table.n_rows, table.counts(["b"])) == (2, [(("x",), 1), (("y",), 1)])
    (tmp_path / "t.csv").unlink()
    with pytest.raises(Exception, match="cannot be read"):
        table.counts(["a"])


def test_rows_keep_the_order_of_the_file(tmp_path):
    values = [(i * 7919) % 100_003 for i in range(60_000)]
    table = read(tmp_path, "a\n" + "".join(f"{v}\n" for v in values))
    assert table.arrays(["a"])["a"].tolist() == values


def test_odd_column_names_are_names(tmp_path):
    names = ['a"b', "a'b", "select", "a b", "a.b", "ä", "{x}", "%s", ";", "1"]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    table = read(tmp_path, f"{header}\n{','.join(map(str, range(len(names))))}\n")
    assert table.columns == names
    assert list(table.rows(table.frame)) == [tuple(range(len(names)))]


def test_a_name_over_two_lines_and_one_without_text(tmp_path):
    table = read(tmp_path, '"a\nz",,b\n1,2,3\n')
    assert table.columns == ["a\nz", "column1", "b"]
    assert table.rows(table.frame) == [(1, 2, 3)]
