"""Checks of texts: where they run, what they cost, and that none of them can hang."""

from __future__ import annotations

import datetime as dt
import importlib.util
import subprocess
import sys
import threading
import warnings

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.engines import judges
from pytest_mlgates.engines.backtracking import work
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema.answers import Answers
from pytest_mlgates.gates.data_schema.kind import KIND
from pytest_mlgates.gates.data_schema.time_forms import evident

pd = pytest.importorskip("pandas")
duckdb = pytest.importorskip("duckdb")

MAIL = r"^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$"
BACKENDS = {
    "pandas": lambda frame: frame.to_pandas(),
    "pandas objects": lambda frame: frame.to_pandas().astype({"s": object}),
    "polars": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}
# pandas hands patterns to RE2 from 3.0 on, where its texts are Arrow's.
SEARCHING = ["polars", "lazy", "pyarrow", "duckdb"]
SEARCHING += ["pandas"] if pd.Series(["a"]).dtype == "str" else []
TEXTS = pl.DataFrame({"s": ["ana@example.com", "jörg@example.com", "nobody", None, "nobody"]})


def expect(kind, **kwargs):
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def regex(pattern, column="s", **kwargs):
    return expect("column_values_to_match_regex", column=column, regex=pattern, **kwargs)


def check(*expectations, subject=TEXTS, **options):
    return KIND.evaluate(parse(KIND, [list(expectations)], options), subject, Context())


def scans(*expectations, subject=TEXTS):
    table = to_table(subject)
    verdict = check(*expectations, subject=table)
    return verdict, Answers.of(table).scans


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(judges, "LIMIT_S", 0.5)


@pytest.mark.parametrize("backend", SEARCHING)
def test_a_pattern_that_means_the_same_everywhere_runs_in_the_aggregate(backend):
    verdict, read = scans(regex(MAIL), subject=BACKENDS[backend](TEXTS))
    assert verdict.details[0]["unexpected_count"] == 3
    assert [scan.split(":")[0] for scan in read[:1]] == ["aggregate"]
    assert not any("group-by" in scan for scan in read)


@pytest.mark.parametrize("backend", SEARCHING)
def test_python_is_asked_about_what_is_not_ascii_alone(backend):
    r"""``\w`` follows the Unicode tables of Python, which no engine shares."""
    asked = regex(r"^[\w.+-]+@[\w-]+\.\w+$")
    verdict, read = scans(asked, subject=BACKENDS[backend](TEXTS))
    assert verdict.details[0]["unexpected_count"] == 2
    assert "group-by: s but ASCII" in read
    ascii_only = BACKENDS[backend](TEXTS.filter(pl.col("s") != "jörg@example.com"))
    assert not any("group-by" in scan for scan in scans(asked, subject=ascii_only)[1])


def test_all_questions_that_python_answers_about_a_column_cost_one_group_by():
    verdict, read = scans(
        regex(r"(\w)\1"),
        expect("column_values_to_not_match_regex_list", column="s", regex_list=["(?=a)", "b$"]),
        expect("column_values_to_be_json_parseable", column="s"),
        expect("column_values_to_be_dateutil_parseable", column="s"),
    )
    assert [one["unexpected_count"] for one in verdict.details] == [4, 2, 4, 4]
    assert [scan for scan in read if "group-by" in scan] == ["group-by: s"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_pattern_that_backtracks_for_ever_ends_with_its_name(backend, hasty):
    frame = BACKENDS[backend](pl.DataFrame({"s": ["a" * 60 + "!"]}))
    with pytest.raises(MLGatesError) as error:
        check(regex(r"^(a+)+\1?$"), subject=frame)
    assert (
        r"s regex: no answer within 0.5 s: '^(a+)+\\1?$' backtracks on a value of the column; "
        "write it without a repeat inside a repeat, or bound the repeats"
    ) in str(error.value)


def test_it_ends_outside_of_the_main_thread_too_and_leaves_the_others_their_answers(hasty):
    frame = pl.DataFrame({"s": ["a" * 60 + "!"]})
    suite = [regex(r"^(a+)+\1?$"), regex("(?=a)"), regex("(?=b)")]
    found = []
    thread = threading.Thread(target=lambda: found.append(check(*suite, subject=frame)))
    thread.start()
    thread.join(60)
    assert [one["success"] for one in found[0].details] == [None, True, False]
    assert found[0].outcome is Outcome.FAILED


def test_engines_without_backtracking_answer_it():
    frame = pl.DataFrame({"s": ["a" * 5000 + "!", "aa"]})
    for backend in SEARCHING:
        found = check(regex("^(a+)+$"), subject=BACKENDS[backend](frame))
        assert found.details[0]["unexpected_count"] == 1


def test_a_child_does_not_outlive_what_it_was_started_for(monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1]
    )
    check(regex(r"^(\w+\s?)+\1$"))
    assert len(started) == 1
    assert started[0].poll() is not None


@pytest.mark.parametrize(
    ("pattern", "degree"),
    [
        ("abc", 1),
        ("^abc", 0),
        ("a+b+", 3),
        (r"^[^@]+@[^@]+$", 2),
        ("(?:ab)*", 2),
        ("(a+)+", None),
        ("(?:a|ab)*", None),
        ("(?:a?){20}", None),
    ],
)
def test_the_work_of_a_pattern_is_bounded_where_no_repeat_holds_a_choice(pattern, degree):
    found = work(pattern)
    assert (None if found is None else found.degree) == degree


@settings(max_examples=200, deadline=None)
@given(
    value=st.one_of(
        st.datetimes().map(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}"),
        st.from_regex(r"[12]?[09][0-9]{2}-[01]?[0-9]-[0-3]?[0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9]"),
    ),
    form=st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y", "%m%d", "%H:%M", "%Y%m%dT%H%M%S.%f", "%d", "%Y-%d"]
    ),
)
def test_what_is_evidently_a_date_is_read_by_strptime(value, form):
    pattern = evident(form)
    texts = [value, value.replace("-", "/"), value[5:10], value[11:16], value[8:10], value[:7]]
    moment = "".join(c for c in value if c.isdigit())
    texts += [
        moment[4:8],
        f"{moment[:8]}T{moment[8:]}.5",
        f"{value[8:10]}/{value[5:7]}/{value[:4]}",
    ]
    accepted = pl.Series(texts).str.contains(pattern).to_list()
    for text, evidently in zip(texts, accepted, strict=True):
        assert not evidently or judges.timed(form, [text]) == [True], (text, form)


def test_common_forms_of_dates_are_judged_by_the_engine():
    days = [str(dt.date(2023, 1, 1) + dt.timedelta(days=day)) for day in range(365)]
    asked = expect("column_values_to_match_strftime_format", column="s", strftime_format="%Y-%m-%d")
    verdict, read = scans(asked, subject=pl.DataFrame({"s": days}))
    assert verdict.details[0]["success"] is True
    assert not any("group-by" in scan for scan in read)
    verdict, read = scans(asked, subject=pl.DataFrame({"s": [*days, "2024-02-29", "2023-02-29"]}))
    assert verdict.details[0]["unexpected_count"] == 1
    assert "group-by: s but evident %Y-%m-%d" in read


@pytest.mark.parametrize("form", ["%b %d", "%Y-%Y", "%Y  %m", "%x", "Y", "%Yé"])
def test_other_forms_are_left_to_strptime(form):
    assert evident(form) is None


@pytest.mark.parametrize("backend", ["pandas", "polars", "lazy", "pyarrow", "duckdb"])
def test_numbers_are_searched_as_python_writes_them(backend):
    frame = pl.DataFrame(
        {
            "s": ["", "", "", ""],
            "f": [1.0, 1e16, 0.1, None],
            "single": pl.Series([0.1, 1e16, 1234.5, None], dtype=pl.Float32),
            "i": [-5, 10, 2**62, 7],
            "b": [True, False, True, True],
        }
    )
    found = check(
        regex(r"^(1\.0|1e\+16|0\.1)$", "f"),
        regex(r"^(0\.1|1e\+16|1234\.5)$", "single"),
        regex(r"^(-5|10|4611686018427387904|7)$", "i"),
        regex("^(True|False)$", "b"),
        expect("column_value_lengths_to_be_between", column="f", min_value=3, max_value=5),
        expect("column_value_lengths_to_be_between", column="single", min_value=3, max_value=6),
        expect("column_value_lengths_to_be_between", column="b", min_value=4, max_value=5),
        subject=BACKENDS[backend](frame),
    )
    assert [one["unexpected_count"] for one in found.details] == [0] * 7


@settings(max_examples=100, deadline=None)
@given(st.floats(width=32, allow_nan=False))
def test_a_single_float_is_written_with_its_own_digits(value):
    frame = pl.DataFrame({"f": pl.Series([value], dtype=pl.Float32)})
    text = str(np.float32(value + 0.0))
    asked = expect("column_value_lengths_to_equal", column="f", value=len(text))
    assert check(asked, subject=frame).passed


def test_negative_zero_is_written_as_zero():
    """Engines group 0.0 and -0.0 as one value; pandas tells them apart."""
    for values in ([-0.0], [0.0, -0.0], [-0.0, 0.0]):
        for convert in (lambda f: f, lambda f: f.to_pandas(), lambda f: f.to_arrow()):
            frame = convert(pl.DataFrame({"f": values}))
            asked = regex(r"^0\.0$", "f"), regex(r"(?=0)0\.0$", "f")
            assert check(*asked, subject=frame).passed
    assert not check(regex("^0", "s"), subject=pl.DataFrame({"s": ["-0.0"]})).passed


def test_a_category_is_its_text():
    frame = pl.DataFrame({"s": pl.Series(["a", "bb", None, "a"], dtype=pl.Categorical)})
    for convert in (lambda f: f, lambda f: f.to_pandas(), lambda f: f.to_arrow()):
        found = check(
            regex("^a$"),
            regex(r"(\w)\1"),
            expect("column_value_lengths_to_equal", column="s", value=1),
            expect("column_values_to_be_json_parseable", column="s"),
            subject=convert(frame),
        )
        assert [one["unexpected_count"] for one in found.details] == [1, 2, 1, 3]


@pytest.mark.parametrize("column", ["x", "b"])
def test_what_is_no_text_is_no_json(column):
    frame = pl.DataFrame({"x": [1, None], "b": [True, True]})
    found = check(expect("column_values_to_be_json_parseable", column=column), subject=frame)
    assert found.details[0]["unexpected_count"] == (1 if column == "x" else 2)


@pytest.mark.parametrize(
    "asked",
    [
        expect("column_values_to_match_strftime_format", column="x", strftime_format="%Y"),
        expect("column_values_to_be_dateutil_parseable", column="x"),
    ],
)
def test_numbers_cannot_be_judged_as_dates(asked):
    with pytest.raises(MLGatesError) as error:
        check(asked, subject=pl.DataFrame({"x": [2020]}))
    assert "column 'x' of integers holds no texts to be read as dates" in str(error.value)


def test_without_dateutil_great_expectations_is_asked(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "dateutil" else find(name, *a)
    )
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    with pytest.raises(MLGatesError, match=r"pip install 'pytest-mlgates\[gx\]'"):
        check(expect("column_values_to_be_dateutil_parseable", column="s"))


def test_examples_of_what_python_judged_have_their_rows():
    found = check(regex(r"(\w)\1"), examples=2)
    assert found.details[0]["examples"] == [
        {"row": 0, "value": "ana@example.com"},
        {"row": 1, "value": "jörg@example.com"},
    ]
    asked = regex(r"^\w+@")  # row 0 is judged by the engine, row 1 by Python
    frame = pl.DataFrame({"s": ["a@b", "ö b", "a b"]})
    assert check(asked, subject=frame, examples=3).details[0]["examples"] == [
        {"row": 1, "value": "ö b"},
        {"row": 2, "value": "a b"},
    ]


def test_more_wrong_values_than_are_kept_are_counted():
    frame = pl.DataFrame({"s": [f"{i}" for i in range(3000)]})
    found = check(regex("(?=x)"), subject=frame, examples=3)
    assert found.details[0]["unexpected_count"] == 3000
    assert found.details[0]["examples"] == []


def test_mostly_and_conditions_hold_for_what_python_judges():
    frame = pl.DataFrame({"s": ["aa", "ab", "aa", None], "x": [1, 2, 3, 4]})
    found = check(
        regex(r"(\w)\1", mostly=0.6),
        regex(r"(\w)\1", mostly=0.7),
        regex(r"(\w)\1", row_condition="x != 2", condition_parser="pandas"),
        subject=frame,
    )
    counts = [
        (one["success"], one["unexpected_count"], one["missing_count"], one["element_count"])
        for one in found.details
    ]
    assert counts == [(True, 1, 1, 4), (False, 1, 1, 4), (True, 0, 1, 3)]


def test_a_column_of_nulls_is_judged_by_nobody():
    frame = pl.DataFrame({"s": pl.Series([None, None], dtype=pl.String)})
    for asked in (
        regex("a"),
        regex(r"(\w)\1"),
        expect("column_values_to_be_json_parseable", column="s"),
        expect("column_values_to_match_strftime_format", column="s", strftime_format="%Y"),
    ):
        verdict, read = scans(asked, subject=frame)
        assert verdict.details[0]["error"] == "no value to judge: null in all 2 rows"
        assert not any("group-by" in scan for scan in read)


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("match_regex", {"regex": "a{99999999999}"}, "regex is not usable"),
        ("match_regex", {"regex": "(" * 9999}, "regex is not usable"),
        ("match_regex", {"regex": "(?L)a"}, "regex is not usable"),
        ("match_regex_list", {"regex_list": ["a", "("]}, "regex_list is not usable"),
        ("match_regex_list", {"regex_list": "abc"}, "regex_list is not usable"),
        ("match_regex_list", {"regex_list": ["a", ""]}, "regex_list is not usable"),
        ("match_regex_list", {"regex_list": ["a"], "match_on": "some"}, "match_on is not usable"),
        ("not_match_regex_list", {}, "regex_list is missing"),
        ("match_strftime_format", {}, "strftime_format is missing"),
        ("match_strftime_format", {"strftime_format": "%Q"}, "strftime_format is not usable"),
        ("match_strftime_format", {"strftime_format": "%Y %"}, "strftime_format is not usable"),
        ("match_strftime_format", {"strftime_format": "%Y%Y"}, "strftime_format is not usable"),
        ("match_strftime_format", {"strftime_format": "%D"}, "strftime_format is not usable"),
    ],
)
def test_what_no_text_can_be_judged_by_is_misuse(kind, kwargs, said):
    kind = f"column_values_to_{kind}".replace("to_not", "to_not")
    with pytest.raises(MLGatesError) as error:
        check(expect(kind, column="s", **kwargs))
    assert said in str(error.value)


def test_a_pattern_that_python_warns_of_is_read():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check(regex("[[a-z]")).details[0]["unexpected_count"] == 0


def test_the_wants_of_texts_are_said_in_words():
    found = check(
        expect("column_values_to_match_regex_list", column="s", regex_list=["q", "w"]),
        expect("column_values_to_not_match_regex_list", column="s", regex_list=["o", "y"]),
        expect("column_values_to_match_strftime_format", column="s", strftime_format="%Y"),
        expect("column_values_to_be_json_parseable", column="s"),
        expect("column_values_to_be_dateutil_parseable", column="s"),
    )
    assert [line.split("   ")[0] for line in found.message.splitlines()[1:]] == [
        "  - s: matches any of 'q', 'w'",
        "  - s: matches none of 'o', 'y'",
        "  - s: dates as '%Y'",
        "  - s: JSON",
        "  - s: dates that dateutil reads",
    ]


def test_judges_need_nothing_but_the_standard_library():
    """They run in children without site-packages, and in Spark workers without this package."""
    code = f"import runpy; runpy.run_path({judges.__file__!r}, run_name='judges')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], check=False, timeout=60)
    assert done.returncode == 0


def test_a_quick_answer_costs_no_process(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    assert check(regex("(?=n)", mostly=0.5)).passed


def test_the_limit_is_ten_seconds():
    assert judges.LIMIT_S == 10
    assert judges.in_time(judges.json_like, ["1", "x"]) == [True, False]


def test_long_texts_are_judged_a_million_characters_at_a_time():
    """The limit is for a share of the work, not for a column of documents."""
    texts = ["x" * 400_000, "", "ab", "y" * 700_000, "z" * 3_000_000, 1.5]
    found = list(judges.parts(texts))
    assert [len(part) for part in found] == [3, 1, 1, 1]
    assert [text for part in found for text in part] == [str(text) for text in texts]
    frame = pl.DataFrame({"s": texts[:5]})
    assert check(regex("^(?:x|xx)*$(?!x)"), subject=frame).details[0]["unexpected_count"] == 3


def test_spark_workers_need_not_have_this_package(tmp_path):
    cloudpickle = pytest.importorskip("pyspark.cloudpickle")
    cloudpickle.register_pickle_by_value(judges)
    try:
        judge = (judges.matching, (("(?=a)",), "any"))
        sent = cloudpickle.dumps(judges.worker([judge], single=False, most=1))
    finally:
        cloudpickle.unregister_pickle_by_value(judges)
    (tmp_path / "sent").write_bytes(sent)
    code = (
        "import pickle, sys, pandas as pd; sys.modules['pytest_mlgates'] = None\n"
        f"work = pickle.load(open({str(tmp_path / 'sent')!r}, 'rb'))\n"
        "found = next(work([pd.DataFrame({'value': ['a', 'b'], 'rows': [2, 3]})]))\n"
        "print(found['rows'].tolist(), found['value'].tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, timeout=60, capture_output=True, text=True
    )
    assert done.stdout.split("\n")[0] == "[3, 3] [None, 'b']", done.stderr


def test_files_are_judged_in_batches(tmp_path):
    path = tmp_path / "texts.parquet"
    values = [f"v{i}" for i in range(25_000)] + ["aa", "aa", None]
    pl.DataFrame({"s": values, "k": range(len(values))}).write_parquet(path)
    table = to_table(path)
    sizes = [len(batch) for batch in table.batches(table.frame.select("s"), 10_000)]
    assert sum(sizes) == 25_003
    assert max(sizes) <= 10_000
    pairs = [[value, k] for k, value in enumerate(values[:200])]
    found = check(
        expect("column_values_to_not_match_regex", column="s", regex=r"([a-z])\1"),
        regex("^(?=v)v[0-9]+$", row_condition="k >= 10", condition_parser="pandas"),
        expect(
            "column_pair_values_to_be_in_set", column_A="s", column_B="k", value_pairs_set=pairs
        ),
        subject=path,
        examples=1,
    )
    counts = [one["unexpected_count"] for one in found.details]
    assert counts == [2, 2, 24_803]
    assert found.details[0]["examples"] == [{"row": None, "value": "aa"}]
