"""``row_condition``: what the grammar reads, what it refuses, and which rows it keeps."""

from __future__ import annotations

import polars as pl
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.table import to_table
from pytest_mlgates.gates.data_schema.condition_nodes import columns_of
from pytest_mlgates.gates.data_schema.conditions import parse
from pytest_mlgates.gates.data_schema.families import MismatchError
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
    table = to_table(FRAME.with_row_index("n"))
    frame = table.frame.filter(mask_of(parse(condition, parser), table))
    return [row[0] for row in table.rows(frame.select("n"))]


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
        "g.notnull()",
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
        "a > 1 and " * 400 + "a > 1",
        12,
        ["a > 1"],
        {"type": "comparison", "column": {"name": "a"}, "operator": "LIKE", "parameter": "x"},
        {"type": "comparison", "column": {"name": "a"}, "operator": "==", "parameter": None},
        {"type": "pass_through", "pass_through_filter": "@data.to_csv('hacked')"},
        {"type": "and", "conditions": []},
        {"type": "code"},
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


def test_the_spark_parser_is_refused_by_name():
    with pytest.raises(MLGatesError, match="condition_parser 'spark' is not supported"):
        parse("a > 1", "spark")


def test_a_literal_of_another_kind_is_told():
    with pytest.raises(MismatchError, match="row_condition: 'x' does not compare with column 'a'"):
        kept("a > 'x'")


def test_the_columns_of_a_condition_are_known():
    assert set(columns_of(parse("a > 1 and (`two words` < a or not ok)"))) == {
        "a",
        "two words",
        "ok",
    }
