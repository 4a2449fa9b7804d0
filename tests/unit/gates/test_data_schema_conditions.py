"""``row_condition``: what the grammar reads, what it refuses, and which rows it keeps."""

from __future__ import annotations

import functools
import math

import polars as pl
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context
from pytest_mlgates.gates.base import parse as parameters
from pytest_mlgates.gates.data_schema.condition_nodes import columns_of
from pytest_mlgates.gates.data_schema.conditions import parse
from pytest_mlgates.gates.data_schema.families import MismatchError
from pytest_mlgates.gates.data_schema.kind import KIND
from pytest_mlgates.gates.data_schema.masks import mask_of

FRAME = pl.DataFrame(
    {
        "a": [1, 2, 3, None],
        "g": ["x", "y", None, "it's"],
        "ok": [True, False, True, False],
        "two words": [0.5, -1.0, None, 2.0],
    }
)


def kept(condition, parser=None):
    """The row numbers that *condition* keeps."""
    return kept_of(FRAME.with_row_index("n"), condition, parser)


def kept_of(frame, condition, parser=None):
    table = to_table(frame)
    rows = table.frame.filter(mask_of(parse(condition, parser), table))
    return [row[0] for row in table.rows(rows.select("n"))]


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("a > 1", [1, 2]),
        ("1 < a", [1, 2]),
        ("1 <= a < 3", [0, 1]),
        ("a == 1 | a == 3", [0, 2]),
        ("a == 1 or a == 3", [0, 2]),
        ("a > 1 & g == 'y'", [1]),
        ("a > 2 or a == 1 and g == 'x'", [0, 2]),
        ("(a > 2 or a == 1) and g == 'x'", [0]),
        ("not a > 1", [0, 3]),
        ("~(a > 1)", [0, 3]),
        ("not (a > 1 or ok)", [3]),
        ('g != "x"', [1, 2, 3]),
        ("g in ['x', 'y']", [0, 1]),
        ("g not in ('x',)", [1, 2, 3]),
        ("a in [1, 2.0, 7]", [0, 1]),
        ("`two words` < 0", [1]),
        ("`two words` <= -1e0", [1]),
        ("ok", [0, 2]),
        ("not ok", [1, 3]),
        ("ok == False", [1, 3]),
        ("a > `two words`", [0, 1]),
        ('g == "it\'s"', [3]),
        ("a < 9223372036854775808", [0, 1, 2]),
        ('col("a") >= 2 and col("g").notNull()', [1]),
        ('col("g").isNull()', [2]),
        ("g.isnull() | ok", [0, 2]),
        ("not g.notna()", [2]),
        ("`two words`.notnull() and ~ok", [1, 3]),
        ("a == [1, 3]", [0, 2]),
        ("a != [1, 3]", [1, 3]),
        ("~ok & a > 1", [1]),
        ('col("g") >= "x" and g <= date("y")', [0, 1]),
        ("a > 1 and\n  ok", [2]),
        ({"type": "nullity", "column": {"name": "a"}, "is_null": True}, [3]),
        (
            {
                "type": "or",
                "conditions": [
                    {
                        "type": "comparison",
                        "column": {"name": "a"},
                        "operator": "IN",
                        "parameter": [1],
                    },
                    {"type": "pass_through", "pass_through_filter": "g == 'y'"},
                ],
            },
            [0, 1],
        ),
    ],
)
def test_a_condition_keeps_the_rows_that_pandas_would_keep(condition, rows):
    assert kept(condition) == rows


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("a > 1 AND g = 'y'", [1]),
        ("a <> 1", [1, 2]),
        ("NOT a > 1", [0]),
        ("not (a > 1 or g = 'x')", []),
        ("a IS NULL OR a in (1, 2)", [0, 1, 3]),
        ("g NOT IN ('x')", [1, 3]),
        ("g is not null and `two words` >= 1e0", [3]),
        ("a BETWEEN 2 AND 3", [1, 2]),
        ("a not between 2 and 3", [0]),
        ("ok = true and ! (a == 1)", [2]),
        ('ok AND g != "x"', []),
        ("a > `two words`", [0, 1]),
    ],
)
def test_a_condition_for_spark_keeps_the_rows_that_spark_would_keep(condition, rows):
    """A null compares with nothing there, not even with ``<>`` or behind ``NOT``."""
    assert kept(condition, "spark") == rows
    pass_through = {"type": "pass_through", "pass_through_filter": condition}
    assert kept({"type": "and", "conditions": [pass_through]}, "spark") == rows


@pytest.mark.parametrize(
    "condition",
    [
        "a > 1; DROP TABLE t",
        "a > 1 -- or more",
        "a > 1 /* or more */",
        "a IN (SELECT 1)",
        "EXISTS (SELECT 1)",
        "upper(g) = 'X'",
        "reflect('java.lang.Runtime', 'exec') = 'x'",
        "g LIKE 'x%'",
        "g RLIKE 'x'",
        "a <=> 1",
        "a & 1",
        "a || 'x' = 'y'",
        "a + 1 > 2",
        "1 < a < 3",
        "a > 1 > 0",
        "CAST(a AS STRING) = '1'",
        "g = 'x' 'y'",
        "g = r'x'",
        "a = 1L",
        "a.b = 1",
        "a IS 1",
        "a = NULL",
        "a NOT 1",
        "CASE WHEN a THEN b END",
        "DATE '2020-01-01' < a",
        "a IN ()",
        "1 IN (1)",
        "`a``b` = 1",
    ],
)
def test_everything_outside_the_words_for_spark_is_misuse(condition):
    with pytest.raises(MLGatesError, match="row_condition"):
        parse(condition, "spark")


@pytest.mark.parametrize(
    "condition",
    [
        '@pd.io.common.os.system("touch hacked")',
        "@data.to_csv('hacked')",
        "__import__('os').system('touch hacked')",
        "a.to_csv('hacked')",
        "a > @x",
        "a.real > 1",
        "a[0] > 1",
        "g.str.contains('x')",
        "g.notnull(1)",
        "g.notnull",
        "g.isnull() == True",
        "1 .isnull()",
        "abs(a) > 1",
        "open('hacked', 'w')",
        "(lambda: a)() > 1",
        "[x for x in a]",
        "a > 1; b",
        "a = 1",
        "a := 1",
        "a + 1 > 2",
        "a ** 2 > 2",
        "a > f'{g}'",
        "a == None",
        "a > 1 if ok else a > 2",
        "~a > 1",
        "1 > 2",
        "'x'",
        "a >",
        "(a > 1",
        "a > 1)",
        "a in []",
        "a in g",
        "",
        "   ",
        "a > '\\x41'",
        'col("a").cast("int") > 1',
        "col(a) > 1",
        "(" * 60 + "a > 1" + ")" * 60,
        "a > 1 and " * 1000 + "a > 1",
        "a == '" + "x" * 100_000 + "'",
        "a in (1)",
        "a == (1, 2)",
        "a > [1, 2]",
        "[1, 2] == a",
        "1 in a",
        "~a in [1]",
        "class == 1",
        "a is None",
        "a > 007",
        "a > 1_0",
        "a > 0x1",
        "a > 1j",
        "a > 1e999",
        "a > ١",
        "ﬁ > 1",
        "a² > 1",
        "a > 1 # and more",
        "a\u00a0> 1",
        "g == 'x' 'y'",
        "g == r'x'",
        "g == '''x'''",
        "g == '\0'",
        "g == '\x1b[2J'",
        "g == '\ud800'",
        "`a\x07` == 1",
        'col("a", 1) > 1',
        'col("a").notNull(x)',
        "date(a) > 1",
        12,
        ["a > 1"],
        {"type": "comparison", "column": {"name": "a"}, "operator": "LIKE", "parameter": "x"},
        {"type": "comparison", "column": {"name": "a"}, "operator": "==", "parameter": None},
        {"type": "pass_through", "pass_through_filter": "@data.to_csv('hacked')"},
        {"type": "and", "conditions": []},
        {"type": "code"},
        {},
        {"type": ["and"]},
        {"type": "and", "conditions": {"type": "and"}},
        {"type": "or", "conditions": ["a > 1"]},
        {"type": "or", "conditions": [None]},
        {"type": "pass_through", "pass_through_filter": {"type": "and"}},
        {"type": "pass_through", "pass_through_filter": "a > 1", "parser": "python"},
        {"type": "nullity", "column": {"name": "a"}, "is_null": "true"},
        {"type": "nullity", "column": {"name": 1}, "is_null": True},
        {"type": "nullity", "column": {"name": "a"}},
        *(
            {"type": "comparison", "column": {"name": "a"}, "operator": op, "parameter": parameter}
            for op, parameter in (
                ("==", math.nan),
                ("<", math.inf),
                ("==", {"$PARAMETER": "x"}),
                ("==", "\ud800"),
                ("==", "\0"),
                ("<", [1]),
                ("==", []),
                ("IN", []),
                ("IN", "ab"),
                ("IN", [None]),
                ("IN", [[1]]),
                ("in", [1]),
                (None, 1),
                (["=="], 1),
            )
        ),
        functools.reduce(
            lambda inner, _: {"type": "and", "conditions": [inner]},
            range(60),
            {"type": "pass_through", "pass_through_filter": "a > 1"},
        ),
    ],
)
def test_everything_outside_the_grammar_is_misuse(condition):
    with pytest.raises(MLGatesError):
        parse(condition)


def test_the_message_names_the_condition_and_what_is_allowed():
    with pytest.raises(MLGatesError) as error:
        parse("@data.to_csv('x')")
    assert str(error.value) == (
        "row_condition \"@data.to_csv('x')\" cannot be used\n"
        "  got:   '@', which is no part of it\n"
        "  want:  column names, literals, == != < <= > >=, in, not in, and, or, not, parentheses; "
        'col("x").notNull() and col("x").isNull() for nulls'
    )


def test_a_call_is_called_a_call():
    with pytest.raises(MLGatesError, match="a call: conditions are compared, never executed"):
        parse("abs(a) > 1")


@pytest.mark.parametrize("parser", ["python", "sql", "", 1, ["pandas"], {"a": 1}])
def test_a_parser_that_gx_does_not_have_is_refused_by_name(parser):
    with pytest.raises(MLGatesError, match=r"condition_parser .* is not supported"):
        parse("a > 1", parser)


@pytest.mark.parametrize("convert", [pl.DataFrame.lazy, pl.DataFrame.to_arrow, pl.DataFrame.clone])
def test_a_condition_of_a_thousand_comparisons_is_no_burden(convert):
    table = to_table(convert(FRAME))
    for parser in (None, "spark"):
        condition = " or ".join(f"a == {i}" for i in range(2, 1002))
        frame = table.frame.filter(mask_of(parse(condition, parser), table))
        assert table.rows(frame.select("a")) == [(2,), (3,)]


def test_a_long_condition_is_shown_shortened():
    with pytest.raises(MLGatesError) as error:
        parse("a > 1 and " * 1000 + "@b")
    assert len(str(error.value)) < 600


def test_a_column_that_holds_no_booleans_is_no_condition():
    """``DataFrame.query("a")`` takes the values of ``a`` for row labels."""
    with pytest.raises(MismatchError, match="column 'a' of integers is no condition by itself"):
        kept("a and ok")


def test_objects_and_nested_values_are_not_compared():
    """Engines raise, or compare element by element."""
    frame = pl.DataFrame({"n": [0, 1], "l": [[1], [2]], "k": [[1], [3]]})
    for subject in (frame, frame.to_arrow(), frame.to_pandas()):
        table = to_table(subject)
        for condition in ("l == k", "l != 'x'", "l in [1]", "l", "n == l"):
            with pytest.raises(MismatchError, match="row_condition"):
                mask_of(parse(condition), table)


def test_a_column_called_index_is_a_column_and_row_numbers_are_none():
    """In ``DataFrame.query`` it is a row's label, unless a column has that name."""
    assert kept_of(pl.DataFrame({"n": [0, 1], "index": [7, 8]}), "index > 7") == [1]
    suite = [
        {
            "type": "expect_column_values_to_not_be_null",
            "kwargs": {"column": "a", "row_condition": "index > 1"},
        }
    ]
    found = KIND.evaluate(parameters(KIND, [suite], {}), FRAME, Context())
    assert found.details[0]["success"] is False
    assert found.details[0]["error"].startswith("column 'index' is missing")


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["y", "x"])])
def test_categories_have_no_order_as_text(dtype):
    frame = pl.DataFrame({"n": [0, 1, 2], "c": pl.Series(["x", "y", None], dtype=dtype)})
    table = to_table(frame)

    def rows(condition):
        return [
            n
            for (n,) in table.rows(table.frame.filter(mask_of(parse(condition), table)).select("n"))
        ]

    assert (rows("c == 'x'"), rows("c != 'x'"), rows("c in ['y', 'z']")) == ([0], [1, 2], [1])
    for condition in ("c > 'x'", "'x' >= c", "c < c"):
        with pytest.raises(MismatchError, match="no order as text; use == or in"):
            rows(condition)


def test_a_literal_of_another_kind_is_told():
    with pytest.raises(MismatchError, match="row_condition: 'x' does not compare with column 'a'"):
        kept("a > 'x'")


def test_the_columns_of_a_condition_are_known():
    assert set(columns_of(parse("a > 1 and (`two words` < a or not ok)"))) == {
        "a",
        "two words",
        "ok",
    }
