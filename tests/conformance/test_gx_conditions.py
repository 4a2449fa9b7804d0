"""``row_condition``: the rows that GX's pandas engine keeps, in every form that GX 1.24 writes."""

from __future__ import annotations

import datetime as dt
import json
import math
import warnings

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema import conditions as grammar
from pytest_mlgates.gates.data_schema.kind import KIND
from pytest_mlgates.gates.data_schema.masks import mask_of

pl = pytest.importorskip("polars")
pd = pytest.importorskip("pandas")
pytest.importorskip("great_expectations")
duckdb = pytest.importorskip("duckdb")

BACKENDS = {
    "pandas": lambda frame: frame.to_pandas(),
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}
JANUARY, JUNE = dt.datetime(2020, 1, 1), dt.datetime(2020, 6, 1, 12, 30)  # noqa: DTZ001
FRAME = pl.DataFrame(
    {
        "n": range(8),
        "i": [1, 2, 3, 4, 5, 6, 7, 8],
        "j": [1, None, 3, 1, None, 2, 2, 5],
        "f": [0.5, math.nan, None, math.inf, -1.0, 0.5, 2.0, 1e300],
        "s": ["a", "b", None, "it's", 'say "x"', "", " a", "日本\n"],
        "b": [True, False, True, True, False, False, True, False],
        "two words": [1, 2, 3, 4, 5, 6, 7, 8],
        "d": [JANUARY, JUNE, None, JANUARY, JUNE, JUNE, None, JANUARY],
    },
    schema_overrides={"f": pl.Float64},
)


def kept(subject, condition, parser=None):
    """The numbers of the rows that *condition* keeps, by the mask that every gate uses."""
    table = to_table(subject)
    mask = mask_of(grammar.parse(condition, parser), table)
    return sorted(row[0] for row in table.rows(table.frame.filter(mask).select("n")))


# What GX writes ------------------------------------------------------------------------------


def _objects():
    rows = pytest.importorskip("great_expectations.expectations.row_conditions")
    column = rows.Column
    return {
        "==": column("i") == 3,
        "!=": column("j") != 1,
        "<": column("f") < 0.75,
        "<=": column("i") <= 3,
        ">": column("f") > -1,
        ">=": column("two words") >= 5,
        "text ==": column("s") == "it's",
        "text !=": column("s") != 'say "x"',
        "text >": column("s") > "a",
        "text of other scripts": column("s") == "日本\n",
        "boolean": column("b") == True,  # noqa: E712
        "boolean !=": column("b") != True,  # noqa: E712
        "list ==": column("i") == [1, 3],
        "list !=": column("j") != [1, 5],
        "in": column("j").is_in([1, 2.0]),
        "in texts": column("s").is_in({"a", ""}),
        "not in": column("s").is_not_in(("a", "b")),
        "null": column("j").is_null(),
        "null float": column("f").is_null(),
        "not null": column("s").is_not_null(),
        "date": column("d") > dt.date(2020, 1, 1),
        "time": column("d") <= dt.datetime(2020, 6, 1, 12, 30),  # noqa: DTZ001
        "and": (column("i") > 2) & (column("s").is_not_null()) & (column("j") != 1),
        "or": (column("i") > 6) | (column("s") == "a"),
        "and in or": ((column("i") > 2) & (column("i") < 5)) | (column("f") < 0),
        "nested and": (column("i") > 2) & ((column("i") < 7) & (column("b") == True)),  # noqa: E712
        "pass through": rows.PassThroughCondition(pass_through_filter="i > 2 | s == 'a'"),
    }


TEXTS = [
    ('s == "a" or i >= 7', "pandas"),
    ("`two words` in [1, 8] & not b", None),
    ("1 < i <= 4", "pandas"),
    ("s.notnull() and ~j.isna()", "pandas"),
    ("i > 3 and b", "spark"),
    ('col("i") > 3', "great_expectations"),
    ('col("s") == "b"', "great_expectations"),
    ('col("s").notNull()', "great_expectations"),
    ('col("s").NOTNULL()', "great_expectations__experimental__"),
    ('col("d") > date("2020-03-01")', "great_expectations"),
    ("col(\"s\") != 'a'", "great_expectations__experimental__"),
    ('col("f") >= -1.5e0', "great_expectations"),
]


@pytest.fixture(scope="module")
def gx():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations

        context = great_expectations.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        asset = context.data_sources.add_pandas("conditions").add_dataframe_asset("table")
        whole = asset.add_batch_definition_whole_dataframe("whole")

    class Oracle:
        def written(self, condition, parser):
            """The suite's JSON text, as GX writes it."""
            asked = {} if parser is None else {"condition_parser": parser}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                suite = great_expectations.ExpectationSuite(
                    name="written",
                    expectations=[
                        great_expectations.expectations.ExpectColumnValuesToBeBetween(
                            column="n", max_value=3, row_condition=condition, **asked
                        ),
                        great_expectations.expectations.ExpectColumnValuesToNotBeNull(
                            column="f", row_condition=condition, severity="warning", **asked
                        ),
                    ],
                )
                return json.dumps(suite.to_json_dict())

        def answers(self, text, frame):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                suite = great_expectations.ExpectationSuite(**json.loads(text))
                batch = whole.get_batch(batch_parameters={"dataframe": frame})
                found = batch.validate(suite, result_format="BASIC").results
            by_type = sorted(found, key=lambda r: r.expectation_config.type)
            assert not any(_raised(r) for r in by_type), [r.exception_info for r in by_type]
            return [(r.success, _counts(r.result)) for r in by_type]

    return Oracle()


def _raised(result):
    info = result.exception_info
    return info.get("raised_exception") or any(
        isinstance(part, dict) and part.get("raised_exception") for part in info.values()
    )


def _counts(result):
    return [result.get(k) for k in ("element_count", "unexpected_count", "missing_count")]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("form", [*_objects(), *TEXTS], ids=str)
def test_every_form_that_gx_writes_is_read_back_with_its_answers(gx, tmp_path, backend, form):
    condition, parser = (_objects()[form], None) if isinstance(form, str) else form
    text = gx.written(condition, parser)
    (tmp_path / "suite.json").write_text(text, encoding="utf-8")
    false = {"type": "expect_column_to_exist", "kwargs": {"column": "nowhere"}}
    suite = [*json.loads((tmp_path / "suite.json").read_text(encoding="utf-8"))["expectations"]]
    parameters = parse(KIND, [[*suite, false]], {})
    found = KIND.evaluate(parameters, BACKENDS[backend](FRAME), Context()).details[:-1]
    mine = [(one["success"], _counts(one)) for one in sorted(found, key=lambda one: one["type"])]
    assert mine == gx.answers(text, FRAME.to_pandas())


def test_a_suite_object_of_gx_is_read_as_its_json_is(gx):
    import great_expectations as library

    condition = _objects()["and in or"]
    expectation = library.expectations.ExpectColumnValuesToBeBetween(
        column="n", max_value=3, row_condition=condition
    )
    suite = library.ExpectationSuite(name="s", expectations=[expectation])
    counts = [
        _counts(KIND.evaluate(parse(KIND, [given], {}), FRAME, Context()).details[0])
        for given in (
            suite,
            [expectation],
            [{"type": expectation.expectation_type, "kwargs": _kwargs(condition)}],
        )
    ]
    assert counts == [[3, 1, 0]] * 3


def _kwargs(condition):
    return {"column": "n", "max_value": 3, "row_condition": condition}


# Where GX is wrong: (condition, parser, rows that GX keeps, rows that are meant).
DIFFERENT = [
    ('col("i") > 5 and col("s") == "a"', "great_expectations", [5, 6, 7], []),
    ('col("s") == " a"', "great_expectations", [0], [6]),
    ("d == '2020-01-01'", "pandas", [], [0, 3, 7]),
    ("d != '2020-01-01'", "pandas", list(range(8)), [1, 2, 4, 5, 6]),
    ("d in ['2020-01-01', '2020-06-01T12:30:00']", "pandas", [], [0, 1, 3, 4, 5, 7]),
    ("j != 1 and n > 0", "spark", [1, 2, 4, 5, 6, 7], [2, 5, 6, 7]),
    ("not (j == 1) and n > 0", "spark", [1, 2, 4, 5, 6, 7], [2, 5, 6, 7]),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("condition", "parser", "of_gx", "meant"), DIFFERENT, ids=str)
def test_where_gx_reads_something_else_the_rows_are_those_that_are_meant(
    gx, backend, condition, parser, of_gx, meant
):
    """The table of differences in the documentation of data contracts."""
    text = gx.written(condition, parser)
    elements = [counts[0] for _, counts in gx.answers(text, FRAME.to_pandas())]
    assert elements == [len(of_gx)] * 2
    assert FRAME.to_pandas().query(_as_gx_asks(text))["n"].tolist() == of_gx
    assert kept(BACKENDS[backend](FRAME), condition, parser) == meant


def _as_gx_asks(text):
    engine = pytest.importorskip("great_expectations.execution_engine").PandasExecutionEngine()
    rows = pytest.importorskip("great_expectations.expectations.row_conditions")
    given = json.loads(text)["expectations"][0]["kwargs"]["row_condition"]
    condition = rows.deserialize_row_condition(given)
    if isinstance(condition, rows.PassThroughCondition):
        return condition.pass_through_filter
    return engine.condition_to_filter_clause(condition)


# The text of DataFrame.query -----------------------------------------------------------------

numbers = st.sampled_from(["i", "j", "f", "f32", "`two words`", "b", "k"])
operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
literals = st.one_of(
    st.integers(-3, 3).map(str),
    st.sampled_from(["0.1", "-0.25", "1e0", ".5", "2.", "1e30", "16777217", "True", "False"]),
)
texts = st.sampled_from(["''", "'a'", '"b"', "'it\\'s'", "' a'", "'é'"])
dates = st.sampled_from(["'2020-01-01'", "'2020-03-01T12:00:00'", "'2021-01-01 00:00'"])
order = st.sampled_from(["<", "<=", ">", ">="])


def _listed(values):
    several = st.lists(values, min_size=1, max_size=3).map(", ".join)
    return st.one_of(several.map("[{}]".format), several.map("({},)".format))


@st.composite
def leaves(draw):
    return draw(
        st.one_of(
            st.builds("{} {} {}".format, numbers, operators, literals),
            st.builds("{} {} {}".format, literals, operators, numbers),
            st.builds("{} {} {} {} {}".format, literals, order, numbers, order, literals),
            st.builds("{} {} {}".format, numbers, operators, numbers),
            st.builds("{} in {}".format, numbers, _listed(literals)),
            st.builds("{} not in {}".format, numbers, _listed(literals)),
            st.builds(
                "{} {} [{}]".format, numbers, st.sampled_from(["==", "!="]), st.just("1, 2.0")
            ),
            st.builds("s {} {}".format, operators, texts),
            st.builds("{} {} s".format, texts, operators),
            st.builds("s {} t".format, operators),
            st.builds("s {} {}".format, st.sampled_from(["in", "not in"]), _listed(texts)),
            st.builds("d {} {}".format, order, dates),
            st.builds("{} <= d < {}".format, dates, dates),
            st.builds("d {} e".format, operators),
            st.builds(
                "{}.{}()".format,
                st.sampled_from(["i", "j", "f", "s", "d", "b"]),
                st.sampled_from(["isnull", "notnull", "isna", "notna"]),
            ),
            st.sampled_from(["b", "~b", "b == True", "b != False", "not b"]),
        )
    )


@st.composite
def written_conditions(draw, depth=3):
    """Comparisons with ``and``, ``or``, ``&``, ``|``, ``not``, ``~`` and few parentheses."""
    parts = []
    for place in range(draw(st.integers(1, 4))):
        if place:
            parts.append(draw(st.sampled_from([" and ", " or ", " & ", " | "])))
        if depth and draw(st.integers(0, 3)) == 0:
            negation = draw(st.sampled_from(["", "not ", "~"]))
            parts.append(f"{negation}({draw(written_conditions(depth=depth - 1))})")
        else:
            parts.append(draw(st.sampled_from(["", "", "not "])) + draw(leaves()))
    return "".join(parts)


@st.composite
def tables(draw):
    n = draw(st.integers(1, 6))

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    floats = st.sampled_from([0.1, -0.25, 0.5, 1.0, 2.0, math.nan, math.inf, -math.inf, -0.0])
    times = st.sampled_from([JANUARY, JUNE, dt.datetime(2021, 1, 1)])  # noqa: DTZ001
    some = st.sampled_from(["", "a", "b", "it's", " a", "é"])
    return pl.DataFrame(
        {
            "n": pl.Series(range(n), dtype=pl.Int64),
            "i": pl.Series(column(st.integers(-3, 3)), dtype=pl.Int64),
            "j": pl.Series(column(st.none() | st.integers(-3, 3)), dtype=pl.Int64),
            "k": pl.Series(column(st.integers(0, 255)), dtype=pl.UInt8),
            "f": pl.Series(column(st.none() | floats), dtype=pl.Float64),
            "f32": pl.Series(column(st.none() | floats), dtype=pl.Float32),
            "s": pl.Series(column(st.none() | some), dtype=pl.String),
            "t": pl.Series(column(some), dtype=pl.String),
            "b": pl.Series(column(st.booleans()), dtype=pl.Boolean),
            "two words": pl.Series(column(st.integers(-3, 3)), dtype=pl.Int32),
            "d": pl.Series(column(st.none() | times), dtype=pl.Datetime("us")),
            "e": pl.Series(column(times), dtype=pl.Datetime("us")),
        }
    )


OFTEN = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@OFTEN
@given(table=tables(), condition=written_conditions())
def test_a_written_condition_keeps_the_rows_of_dataframe_query(table, condition):
    frame = table.to_pandas()
    wanted = frame.query(condition)["n"].tolist()
    for name, convert in BACKENDS.items():
        assert kept(convert(table), condition) == wanted, (name, condition)


@OFTEN
@given(table=tables(), condition=written_conditions())
def test_nullable_columns_of_pandas_keep_their_unknown(table, condition):
    """``Int64 != 1`` is neither true nor false for ``pd.NA``, and ``not`` leaves it so."""
    frame = table.to_pandas().convert_dtypes()
    try:
        wanted = frame.query(condition)["n"].tolist()
    except TypeError:  # pandas does not mix all of its own kinds of unknown
        assume(False)
    assert kept(frame, condition) == wanted, condition
