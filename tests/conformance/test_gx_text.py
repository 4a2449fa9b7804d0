"""Checks of texts answer as GX's pandas engine does, on every backend.

Not compared, because GX is inconsistent there: patterns that Arrow's RE2 reads otherwise than
Python's ``re`` (GX hands some to it), texts asked of other types as dates (GX raises).
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_mlgates.engines import judges
from tests.conformance.oracle import (
    FIELDS,
    assert_answers_of_gx,
    conditions,
    ours,
    ranges,
    shares,
    tables,
)

pl = pytest.importorskip("polars")

written = st.sampled_from(
    [
        *("", "a", "B", "ab", "a1", "Ünï", "12", "a b", "x\ny", "a\n", "straße", "\u0663", "1.5"),
        *("2024-02-29", "2023-02-29", "2024-1-5", "31.12.1999", "2024-01-01T10:20:30", "Jan 5"),
        *("{}", "[1, 2", '{"a": 1}', '"x"', "null", "NaN", "[[]]", "1e5", "tomorrow", "10:30"),
        *("ana@example.com", "b.c@x.co.uk", "no@dot", "\U0001f600", "e\u0301"),
    ]
)
patterns = st.sampled_from(
    [
        *("a", "^a", "[0-9]+", r"^-?[0-9.]+$", "a|b", "^$", "Ü", "(?i)B", "e$", "^.$", "^[^@]*$"),
        *(r"^[\w.]+@[\w.]+\.[a-z]{2,3}$", r"(\w)\1", "(?=.*1)a", r"\bb\b", r"^\S+$", "^(ab?)+$"),
        *(r"^\d{4}-\d{2}", "ß|é", "x.y", "^[a-zà-ü]+$", "(?s)x.y"),
    ]
)
forms = st.sampled_from(
    ["%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%S", "%H:%M", "%b %d", "%Y", "%j", "%m/%d", "%d"]
)
asked = st.sampled_from(["s", "t", "w", "w", "w"])


@st.composite
def frames(draw):
    """The tables of the others, and a column of texts of many kinds."""
    table = draw(tables())
    values = draw(st.lists(st.none() | written, min_size=len(table), max_size=len(table)))
    return table.with_columns(w=pl.Series(values, dtype=pl.String))


def _regex(draw):
    verb = draw(st.sampled_from(["match", "not_match"]))
    column = draw(st.sampled_from(["i", "b", "g", "w", "w", "s"]))
    return f"column_values_to_{verb}_regex", {"column": column, "regex": draw(patterns)}


def _regexes(draw):
    column = draw(st.sampled_from(["i", "b", "g", "w", "w", "w", "s"]))
    kwargs = {"column": column, "regex_list": draw(st.lists(patterns, min_size=1, max_size=3))}
    if draw(st.booleans()):
        return "column_values_to_not_match_regex_list", kwargs
    how = draw(st.sampled_from([{}, {"match_on": "any"}, {"match_on": "all"}]))
    return "column_values_to_match_regex_list", kwargs | how


def _lengths(draw):
    column = draw(st.sampled_from(["i", "k", "b", "g", "w", "w"]))
    if draw(st.booleans()):
        return "column_value_lengths_to_equal", {"column": column, "value": draw(st.integers(0, 5))}
    return "column_value_lengths_to_be_between", {"column": column} | draw(
        ranges(st.integers(0, 9))
    )


MAKERS = [
    _regex,
    _regexes,
    _lengths,
    lambda draw: (
        "column_values_to_match_strftime_format",
        {"column": draw(asked), "strftime_format": draw(forms)},
    ),
    lambda draw: ("column_values_to_be_dateutil_parseable", {"column": draw(asked)}),
    lambda draw: (
        "column_values_to_be_json_parseable",
        {"column": draw(st.sampled_from(["w", "w", "w", "i", "b", "g"]))},
    ),
]


@st.composite
def expectations(draw):
    """One expectation with arguments that GX accepts."""
    kind, kwargs = draw(st.sampled_from(MAKERS))(draw)
    if draw(st.booleans()):
        kwargs |= {"mostly": draw(shares)}
    if draw(st.integers(0, 3)) == 0:
        kwargs |= {"row_condition": draw(conditions), "condition_parser": "pandas"}
    return {"type": f"expect_{kind}", "kwargs": kwargs}


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(table=frames(), suite=st.lists(expectations(), min_size=8, max_size=14))
def test_checks_of_texts_equal_gx_on_every_backend(gx_pandas, table, suite):
    assert_answers_of_gx(gx_pandas, table, suite)


def test_a_pattern_means_what_python_reads_on_arrow_texts_too(gx_pandas):
    """Under pandas 3, GX hands some patterns to RE2, which reads them otherwise."""
    table = pl.DataFrame({"s": ["a1"]})
    suite = [
        {
            "type": "expect_column_values_to_match_regex",
            "kwargs": {"column": "s", "regex": "a{,2}1"},
        }
    ]
    assert [one["success"] for one in ours(suite, table)] == [True]
    assert [one["success"] for one in ours(suite, table.to_pandas())] == [True]


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
def test_spark_judges_texts_as_pandas_does_in_its_workers(spark, gx_pandas, monkeypatch):
    texts = ["a", "bb", "ana@example.com", "2024-02-29", '{"a": 1}', None, "é1", "a\n", "12"]
    rows = [(i, text, i / 4, i % 2 == 0) for i, text in enumerate(texts)]
    frame = spark.createDataFrame(rows, "i long, w string, g double, b boolean")
    frame = frame.selectExpr("*", "cast(g as float) as h")
    same = pl.DataFrame(rows, schema=["i", "w", "g", "b"], orient="row")
    same = same.with_columns(h=pl.col("g").cast(pl.Float32))
    patterns = [r"^[^@]+@[^@]+\.com$", r"(\w)\1", "^(ab?)+$", r"^\w$", "(?i)^A", r"\d"]
    kinds = [
        *(
            ("column_values_to_match_regex", {"column": column, "regex": regex})
            for regex in patterns
            for column in ("w", "i", "g", "h", "b")
        ),
        ("column_values_to_match_regex_list", {"column": "w", "regex_list": patterns}),
        ("column_values_to_not_match_regex_list", {"column": "w", "regex_list": patterns[:2]}),
        ("column_values_to_match_strftime_format", {"column": "w", "strftime_format": "%Y-%m-%d"}),
        ("column_values_to_be_json_parseable", {"column": "w", "mostly": 0.3}),
        ("column_values_to_be_dateutil_parseable", {"column": "w"}),
        *(("column_value_lengths_to_equal", {"column": c, "value": 3}) for c in "wighb"),
    ]
    suite = [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in kinds]
    oracle = gx_pandas(same.to_pandas(), suite)
    monkeypatch.setattr(type(frame), "toPandas", None)
    monkeypatch.setattr(type(frame), "toLocalIterator", None)
    for expectation, one, other in zip(suite, ours(suite, frame), oracle, strict=True):
        assert [one[f] for f in FIELDS] == [other[f] for f in FIELDS], expectation
        assert one["engine"] == "native"


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
def test_in_spark_too_a_pattern_that_backtracks_for_ever_ends(spark, monkeypatch):
    monkeypatch.setattr(judges, "LIMIT_S", 1.0)
    frame = spark.createDataFrame([("a" * 60 + "!",)], "w string")
    suite = [
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "w", "regex": regex}}
        for regex in ("^(a+)+$", "a!$")
    ]
    found = ours(suite, frame)
    assert found[0]["success"] is None
    assert found[0]["error"].startswith("no answer within 1 s: '^(a+)+$' backtracks")
    assert found[1]["success"] is True


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
def test_workers_without_pandas_leave_the_values_to_the_driver(spark, monkeypatch):
    def broken(*_, **__):
        def judged(frames):
            raise ModuleNotFoundError("No module named 'pandas'")

        return judged

    monkeypatch.setattr(judges, "worker", broken)
    frame = spark.createDataFrame([("aa",), ("ab",), (None,), ("aa",)], "w string")
    suite = [
        {
            "type": "expect_column_values_to_match_regex",
            "kwargs": {"column": "w", "regex": r"(\w)\1"},
        }
    ]
    assert ours(suite, frame)[0]["unexpected_count"] == 1
