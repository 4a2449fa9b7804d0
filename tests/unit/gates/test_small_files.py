"""Small CSV files are judged without an engine: only where they pass, and to the same verdict."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_mlgates import data_schema
from pytest_mlgates.engines import plain_csv
from pytest_mlgates.gates.data_schema import small_checks, small_files

CSV = """\
id,ratio,name,member,born,seen,code,again,later
1,0.5,ann,true,2001-02-03,2024-01-31 10:00,A1,1,2024-02-01
2,1.5,bob,FALSE,1999-12-31,2024-01-31T11:30:15.25,B22,2,2024-01-31 12:00
3,,ann,true,,2024-02-01,A1,3,2024-02-02
4,-2,,True,2001-02-03,2024-02-02 00:00:01,C3,4,2024-03-01
5,1e2,dée,,1970-01-01,,D4,,2024-03-01
"""


def values(kind, column, **kwargs):
    return {"type": f"expect_column_values_to_{kind}", "kwargs": {"column": column, **kwargs}}


def column(kind, name, **kwargs):
    return {"type": f"expect_column_{kind}", "kwargs": {"column": name, **kwargs}}


def table(kind, **kwargs):
    return {"type": f"expect_table_{kind}", "kwargs": kwargs}


COLUMNS = CSV.partition("\n")[0].split(",")
QUANTILES = {"quantiles": [0.0, 0.5, 0.9], "value_ranges": [[-3, 0], [0, 2], [None, 200]]}
PASSING = [
    column("to_exist", "name"),
    table("columns_to_match_set", column_set=sorted(COLUMNS)),
    table("columns_to_match_set", column_set=["id", "name"], exact_match=False),
    table("columns_to_match_ordered_list", column_list=COLUMNS),
    table("column_count_to_equal", value=9),
    table("column_count_to_be_between", min_value=1, max_value=9),
    table("row_count_to_equal", value=5),
    table("row_count_to_be_between", min_value=5, strict_max=True, max_value=6),
    *(
        values("be_of_type", name, type_=type_)
        for name, type_ in zip(
            ["id", "ratio", "name", "member", "born", "seen", "seen", "code"],
            ["int64", "float64", "str", "bool", "date", "datetime64", "datetime", "str"],
            strict=True,
        )
    ),
    values("be_in_type_list", "again", type_list=["float64", "int64"]),
    values("not_be_null", "id"),
    values("not_be_null", "ratio", mostly=0.8),
    values("be_between", "id", min_value=1, max_value=5),
    values("be_between", "ratio", min_value=-2, max_value=1.5, mostly=0.75),
    values("be_between", "ratio", max_value=100, strict_min=True, min_value=-2.5),
    values("be_between", "name", min_value="a", max_value="é"),
    values("be_between", "born", min_value="1970-01-01"),
    values("be_between", "seen", min_value="2024-01-01", max_value="2024-02-02T00:00:02"),
    values("be_between", "member", min_value=0, max_value=1),
    values("be_in_set", "name", value_set=["ann", "bob", "dée"]),
    values("be_in_set", "id", value_set=[1, 2.0, 3, 4, 5]),
    values("be_in_set", "ratio", value_set=[0.5, 1.5, -2, 100, None]),
    values("be_in_set", "member", value_set=[True, False]),
    values("be_in_set", "born", value_set=["2001-02-03", "1999-12-31"], mostly=0.7),
    values("not_be_in_set", "name", value_set=["eve"]),
    values("match_regex", "code", regex=r"^[A-Z]\d+$"),
    values("match_regex", "name", regex=r"^\w{3}$"),
    values("not_match_regex", "name", regex="x"),
    values("match_regex_list", "code", regex_list=["^A", "^[B-D]"], match_on="any"),
    values("match_regex_list", "code", regex_list=["^[A-D]", r"\d$"], match_on="all"),
    values("not_match_regex_list", "code", regex_list=["^E", "x"]),
    column("value_lengths_to_be_between", "name", min_value=3, max_value=4, strict_max=True),
    column("value_lengths_to_equal", "name", value=3),
    values("be_unique", "id"),
    values("be_unique", "again"),
    values("be_unique", "code", mostly=0.6),
    {
        "type": "expect_compound_columns_to_be_unique",
        "kwargs": {"column_list": ["name", "born"], "ignore_row_if": "any_value_is_missing"},
    },
    {
        "type": "expect_compound_columns_to_be_unique",
        "kwargs": {"column_list": ["code", "again"], "ignore_row_if": "never"},
    },
    {
        "type": "expect_column_pair_values_a_to_be_greater_than_b",
        "kwargs": {
            "column_A": "later",
            "column_B": "seen",
            "ignore_row_if": "either_value_is_missing",
        },
    },
    {
        "type": "expect_column_pair_values_a_to_be_greater_than_b",
        "kwargs": {"column_A": "id", "column_B": "ratio", "mostly": 0.6, "or_equal": True},
    },
    {
        "type": "expect_column_pair_values_to_be_equal",
        "kwargs": {
            "column_A": "id",
            "column_B": "again",
            "ignore_row_if": "either_value_is_missing",
        },
    },
    column("min_to_be_between", "ratio", min_value=-2, max_value=-2),
    column("max_to_be_between", "id", max_value=5),
    column("mean_to_be_between", "ratio", min_value=25, max_value=25),
    column("mean_to_be_between", "again", min_value=2.5, max_value=2.5),
    column("median_to_be_between", "ratio", min_value=1, max_value=1),
    column("median_to_be_between", "id", min_value=3, max_value=3),
    column("sum_to_be_between", "id", min_value=15, max_value=15),
    column("sum_to_be_between", "ratio", min_value=100, max_value=100),
    column("quantile_values_to_be_between", "ratio", quantile_ranges=QUANTILES),
    column(
        "quantile_values_to_be_between",
        "id",
        quantile_ranges={"quantiles": [0.3], "value_ranges": [[2, 2.4]]},
        allow_relative_error="linear",
    ),
]


def both(folder, text, suite):
    """The verdict without an engine (or None), and the one of DuckDB, as comparable records."""
    (folder / "t.csv").write_text(text, encoding="utf-8", newline="")
    (folder / "s.json").write_text(json.dumps({"expectations": suite}), encoding="utf-8")
    found = small_files.evaluate("s.json", folder, folder / "t.csv", name="t.csv")
    if found is None:
        return None, None
    return record(found), record(data_schema(folder / "t.csv", suite))


def record(verdict):
    found = verdict.to_dict()
    del found["id"], found["duration_s"]
    found["definition"].pop("suite")  # a path for one, a list for the other
    return found


def same(one, other):
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-300)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("expectation", PASSING, ids=lambda e: e["type"].removeprefix("expect_"))
def test_each_check_gives_the_verdict_of_the_engine(tmp_path, expectation):
    found, wanted = both(tmp_path, CSV, [expectation])
    assert found is not None
    assert same(found, wanted), (found, wanted)


def test_every_check_is_tried():
    assert {e["type"] for e in PASSING} == set(small_checks._CHECKS)


def test_a_suite_of_many_is_one_verdict(tmp_path):
    suite = [e for e in PASSING if "A" not in e["kwargs"].get("column_A", "")]
    suite.append({**values("not_be_null", "id"), "severity": "warning", "meta": {"notes": "x"}})
    found, wanted = both(tmp_path, CSV, suite)
    assert found is not None
    assert same(found, wanted)


OK = values("not_be_null", "a")
NOT_PLAIN = {
    "a quote": 'a,b\n"1",2\n',
    "a ragged line": "a,b\n1,2\n3\n",
    "an empty line": "a,b\n1,2\n\n3,4\n",
    "an empty line at the end": "a,b\n1,2\n\n",
    "no rows": "a,b\n",
    "nothing": "",
    "a null character": "a,b\n1,\0\n",
    "a byte order mark": "\ufeffa,b\n1,2\n",
    "a duplicated header": "a,a\n1,2\n",
    "line ends of two kinds": "a,b\r\n1,2\n",
    "a lone carriage return": "a,b\n1,\r2\n",
    "no value": "a,b\n,2\n,3\n",
    "NaN": "a,b\n1.5,2\nnan,3\n",
    "infinity": "a,b\n1.5,2\n-inf,3\n",
    "a number beyond floats": "a,b\n1.5,2\n1e999,3\n",
    "an integer of 19 digits": "a,b\n9223372036854775807,2\n",
    "no day of the calendar": "a,b\n2023-02-31,2\n",
    "a time with a zone": "a,b\n2024-01-31 10:00Z,2\n",
    "a long value": f"a,b\n{'9' * 101},2\n",
}


@pytest.mark.parametrize("text", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_what_is_not_plain_is_left_to_the_engine(tmp_path, text):
    found, _ = both(tmp_path, text, [OK])
    assert found is None


def test_other_encodings_and_large_files_are_left_to_the_engine(tmp_path):
    (tmp_path / "s.json").write_text(json.dumps([OK]))
    (tmp_path / "t.csv").write_bytes("a,b\né,2\n".encode("latin-1"))
    assert small_files.evaluate("s.json", tmp_path, tmp_path / "t.csv", name="t") is None
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * (plain_csv.MOST_BYTES // 4))
    assert small_files.evaluate("s.json", tmp_path, tmp_path / "t.csv", name="t") is None
    assert small_files.evaluate("s.json", tmp_path, tmp_path / "gone.csv", name="t") is None


NOT_CERTAIN = {
    "a failure": values("be_between", "id", max_value=4),
    "a failed warning": {**values("be_between", "id", max_value=4), "severity": "warning"},
    "a missing column": values("not_be_null", "idd"),
    "a condition": values("not_be_null", "id", row_condition="id > 1"),
    "a type without a form": column("unique_value_count_to_be_between", "id", min_value=1),
    "text in bounds of numbers": values("be_between", "ratio", min_value="a"),
    "text in a set of numbers": values("be_in_set", "id", value_set=[1, 2, 3, 4, 5, "a"]),
    "numbers of text": column("mean_to_be_between", "name", min_value=0),
    "a pattern without a bound": values("match_regex", "name", regex="^(a+)+$|."),
    "columns that do not compare": {
        "type": "expect_column_pair_values_to_be_equal",
        "kwargs": {"column_A": "id", "column_B": "born", "mostly": 0.1},
    },
    "a median beyond floats": column("median_to_be_between", "huge", min_value=0),
    "no suite": {"type": "expect_column_values_to_not_be_null", "kwargs": {}},
}


@pytest.mark.parametrize("expectation", NOT_CERTAIN.values(), ids=NOT_CERTAIN)
def test_what_does_not_certainly_hold_is_left_to_the_engine(tmp_path, expectation):
    wide = "huge," + CSV.replace("\n", "\n1.7e308,").removesuffix("1.7e308,")
    found, _ = both(tmp_path, wide, [values("not_be_null", "id")])
    assert found is not None
    found, _ = both(tmp_path, wide, [values("not_be_null", "id"), expectation])
    assert found is None


@pytest.mark.parametrize(
    ("text", "mean", "certain"),
    [("0.1,0.2,0.3,0.3", 0.225, True), ("1e17,1.5,-1e17,0", 0.375, False)],
    ids=["no order turns it", "the order turns it"],
)
@pytest.mark.parametrize("statistic", ["sum", "mean"])
def test_sums_of_floats_are_held_to_bounds_that_no_order_turns(
    tmp_path, text, mean, certain, statistic
):
    bound = mean * (4 if statistic == "sum" else 1)
    asked = column(f"{statistic}_to_be_between", "a", min_value=bound, max_value=bound)
    csv = "a,b\n" + "".join(f"{value},1\n" for value in text.split(","))
    found, wanted = both(tmp_path, csv, [asked])
    assert (found is not None) is certain
    assert found is None or same(found, wanted)


def test_a_long_s_is_no_letter_of_false(tmp_path):
    suite = [values("be_of_type", "a", type_="str"), values("not_be_null", "a")]
    found, wanted = both(tmp_path, "a,b\nfal\u017fe,1\ntrue,2\n", suite)
    assert found is not None
    assert same(found, wanted)
    assert plain_csv.MOST_BYTES <= 2_000_000, "DuckDB refuses longer lines"


CELLS = {
    "whole": st.integers(-(10**17), 10**17).map(str) | st.integers(-3, 3).map(str),
    "padded": st.sampled_from(["01", "+2", " 3", "4 ", "-0", "00"]),
    "number": st.floats(-1e6, 1e6).map(repr) | st.sampled_from(["1.", ".5", "-0.0", "2e-3", "7"]),
    "truth": st.sampled_from(["true", "False", "TRUE"]),
    "date": st.dates().map(str).filter(lambda text: text >= "1000"),
    "time": st.datetimes().map(str).filter(lambda text: text >= "1000"),
    "text": st.text("ab1 é-.T:", min_size=1, max_size=6),
    "anything": st.sampled_from(
        ["1", "a", "true", "2024-01-31", "nan", "1_000", "٣", "0x1F", "inf"]
    ),
}


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 12))
    columns = {}
    for name in "abc":
        cell = CELLS[draw(st.sampled_from(sorted(CELLS)))]
        cell = cell | st.just("") if draw(st.booleans()) else cell
        columns[name] = draw(st.lists(cell, min_size=rows, max_size=rows))
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    return columns, "\n".join(lines) + "\n"


def literals(cells):
    """Members and bounds near to what a column holds."""
    found = [None, 0, 1, -2.5, "a", "2024-01-31", True]
    for cell in cells:
        found.append(cell or None)
        for read in (int, float):
            try:
                found.append(read(cell))
            except ValueError:
                continue
    return st.sampled_from([v for v in found if not isinstance(v, float) or math.isfinite(v)])


OF_VALUES = [e for e in PASSING if "table" not in e["type"] and "exist" not in e["type"]]
PATTERNS = st.sampled_from(["[0-9]", r"^\d", "[^é]$", r"\w", "a|b|1", "^.{1,3}$", "x", r"\.|:|-"])


@st.composite
def expectations(draw, columns):
    example = draw(st.sampled_from(OF_VALUES))
    kwargs = dict(example["kwargs"])
    names = st.sampled_from(sorted(columns))
    for key in ("column", "column_A", "column_B"):
        if key in kwargs:
            kwargs[key] = draw(names)
    if kwargs.get("column_A") is not None and kwargs["column_A"] == kwargs["column_B"]:
        kwargs["column_B"] = next(name for name in columns if name != kwargs["column_A"])
    if "column_list" in kwargs:
        kwargs["column_list"] = draw(st.permutations(sorted(columns)))
    near = literals(columns[kwargs.get("column", "a")])
    for key, far in (("min_value", -(10**18)), ("max_value", 10**18)):
        if key in kwargs and "column" in kwargs and "length" not in example["type"]:
            kwargs[key] = draw(st.just(far) | near)
    if "quantile_ranges" in kwargs:
        ranges = [[-(10**18), 10**18], [draw(near), None]]
        kwargs["quantile_ranges"] = {"quantiles": [0.33, 0.5], "value_ranges": ranges}
        kwargs["allow_relative_error"] = draw(st.sampled_from(["nearest", "midpoint", "higher"]))
    for key in ("regex", "regex_list"):
        if key in kwargs:
            found = draw(st.lists(PATTERNS, min_size=1, max_size=2))
            kwargs[key] = found[0] if key == "regex" else found
    if "value_set" in kwargs:
        kwargs["value_set"] = draw(st.lists(near, min_size=1, max_size=5)) + [
            cell for cell in columns[kwargs["column"]] if draw(st.booleans())
        ]
    if draw(st.booleans()) and "column_index" not in kwargs and "_values_" in example["type"]:
        kwargs["mostly"] = draw(st.sampled_from([0.1, 0.5, 1]))
    return {"type": example["type"], "kwargs": kwargs}


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_what_passes_without_an_engine_passes_with_it_to_the_same_record(tmp_path, data):
    columns, text = data.draw(tables())
    suite = data.draw(st.lists(expectations(columns), min_size=1, max_size=2))
    found, wanted = both(tmp_path, text, suite)
    assert found is None or same(found, wanted), (text, suite, found, wanted)


TOKENS = [
    *("1", "2", "a", "b", "0", "-", "+", ".", " ", "é", "true", "2024-01-31", " 10:00:00.123456"),
    *(
        "e5",
        "#",
        "\u2028",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x85",
        "\u00a0",
        "𝄞",
        "\u0308",
        "nan",
        "inf",
        "_",
    ),
    *("\\", "'", "|", ";", "\t", "٣", "0x1", "1677-01-01", "9999-12-31", "null", "NA", "%"),
]


@st.composite
def raw_texts(draw):
    """What people and their tools write, and the names of its columns."""
    delimiter, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n"]))
    names = draw(
        st.lists(st.sampled_from(["a", " b", "c ", "x y", "é", ""]), min_size=1, max_size=3)
    )
    names = [f"{name}{place}" for place, name in enumerate(names)]
    few = draw(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=4))
    cell = st.lists(st.sampled_from(few), max_size=3).map("".join)
    row = st.lists(cell, min_size=len(names), max_size=len(names)).map(delimiter.join)
    lines = draw(st.lists(row, min_size=1, max_size=6))
    return [name.strip() for name in names], end.join([delimiter.join(names), *lines, ""])


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_texts_of_any_form_are_read_as_the_engine_reads_them(tmp_path, data):
    names, text = data.draw(raw_texts())
    name = data.draw(st.sampled_from(names))
    suite = [
        data.draw(
            st.sampled_from(
                [
                    table("columns_to_match_ordered_list", column_list=names),
                    values("not_be_null", name, mostly=0.1),
                    values("be_unique", name, mostly=0.1),
                    values("not_be_in_set", name, value_set=["zz"]),
                    values("match_regex", name, regex=r"\S$", mostly=0.01),
                    column("value_lengths_to_be_between", name, max_value=50),
                    column("mean_to_be_between", name, max_value=10**18),
                    *(
                        values("be_of_type", name, type_=type_)
                        for type_ in ("int64", "float64", "str", "bool", "date", "datetime64")
                    ),
                ]
            )
        )
    ]
    found, wanted = both(tmp_path, text, suite)
    assert found is None or same(found, wanted), (text, suite, found, wanted)
