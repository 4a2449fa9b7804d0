"""What the conformance tests share: tables, arguments, and the answers that are compared."""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st

from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema.kind import KIND

pl = pytest.importorskip("polars")
pytest.importorskip("pandas")
pytest.importorskip("great_expectations")
duckdb = pytest.importorskip("duckdb")

FIELDS = ("success", "unexpected_count", "missing_count", "element_count", "observed_value")
BACKENDS = {
    "pandas": lambda frame: frame.to_pandas(),
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}

shares = st.integers(1, 20).map(lambda k: k / 20)
grid = st.integers(-8, 8).map(lambda k: k / 4)
texts = st.sampled_from(["", "a", "b", "ab", "a1", "Ünï", "12", "a b", "x\ny"])


@st.composite
def tables(draw):
    """1 to 12 rows: integers, integers with nulls, floats with nulls and NaN, texts, booleans."""
    n = draw(st.integers(1, 12))

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    floats = st.one_of(grid, st.sampled_from([math.nan, math.inf, -math.inf, -0.0]))
    return pl.DataFrame(
        {
            "i": pl.Series(column(st.integers(-3, 3)), dtype=pl.Int64),
            "k": pl.Series(column(st.integers(-(2**62), 2**62)), dtype=pl.Int64),
            "j": pl.Series(column(st.none() | st.integers(0, 4)), dtype=pl.Int64),
            "f": pl.Series(column(st.none() | floats), dtype=pl.Float64),
            "g": pl.Series(column(st.none() | grid), dtype=pl.Float64),
            "s": pl.Series(column(st.none() | texts), dtype=pl.String),
            "t": pl.Series(column(texts), dtype=pl.String),
            "b": pl.Series(column(st.booleans()), dtype=pl.Boolean),
        }
    )


numbers = st.sampled_from(["i", "j", "f", "g", "b"])
columns = st.sampled_from(["i", "k", "j", "f", "g", "s", "t", "b"])
conditions = st.sampled_from(
    [
        "i > 0",
        "i == 1 | i == 3",
        "i > 0 & f < 1",
        "s == 'a' or b",
        's != "a"',
        "not (j >= 2)",
        "~(j >= 2) and not b",
        "-1 <= i < 2",
        "2 > g",
        "`f` in [0.5, 1, 2]",
        "s not in ('a', 'b')",
        "i < j",
        "j != i",
        "b == False",
    ]
)


@st.composite
def ranges(draw, values=grid):
    """One-sided or two-sided, strict or not."""
    low, high = sorted((draw(values), draw(values)))
    found = draw(
        st.sampled_from(
            [
                {"min_value": low},
                {"max_value": high},
                {"min_value": low, "max_value": high},
            ]
        )
    )
    found = dict(found)
    for name in ("strict_min", "strict_max"):
        if draw(st.booleans()):
            found[name] = draw(st.booleans())
    return found


def fields_of(result):
    """The compared fields of one result of GX."""
    info = result.exception_info or {}
    raised = info.get("raised_exception") or any(
        isinstance(part, dict) and part.get("raised_exception") for part in info.values()
    )
    values = result.result or {}
    fields = {name: values.get(name) for name in FIELDS[1:]}
    return {"success": bool(result.success), **fields, "raised": bool(raised)}


def ours(suite, subject):
    """The details of our verdict on *suite*."""
    # What is false keeps a suite in which nothing else can be evaluated from being an error.
    false = {"type": "expect_column_to_exist", "kwargs": {"column": "nowhere"}}
    found = KIND.evaluate(parse(KIND, [[*suite, false]], {}), subject, Context())
    return found.details[:-1]


def comparable(expectation, value):
    if value is None or "of_type" in expectation["type"]:
        return None
    if isinstance(value, list):
        return sorted(value) if "set" in expectation["type"] else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return float(f"{float(value):.11e}")


def assert_answers_of_gx(gx_pandas, table, suite):
    """*suite* has the answers of GX's pandas engine on *table*, natively, on every backend."""
    oracle = gx_pandas(table.to_pandas(), suite)
    for name, convert in BACKENDS.items():
        for expectation, gx, mine in zip(suite, oracle, ours(suite, convert(table)), strict=True):
            assert mine["engine"] == "native"
            if mine["success"] is None or gx["raised"]:
                # Nothing to judge, or values of another kind: GX passes or raises, ours never.
                assert mine["success"] is not True, (name, expectation, gx, mine)
                assert mine["error"] or mine["success"] is False, (name, expectation, gx, mine)
                continue
            for field in FIELDS[:-1]:
                assert mine[field] == gx[field], (name, field, expectation, gx, mine)
            got = comparable(expectation, mine["observed_value"])
            want = comparable(expectation, gx["observed_value"])
            assert got == want, (name, expectation, gx, mine)
