"""What is inferred of a table, what is not, and with which reason."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_mlgates import data_schema
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines.table import Table
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.data_schema.inference import infer
from pytest_mlgates.gates.data_schema.inference.limits import evident_limits
from pytest_mlgates.gates.data_schema.inference.shapes import shape_of

ROWS = 2_000
BETWEEN = "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
LENGTHS = "expect_column_value_lengths_to_be_between"
MEAN = "expect_column_mean_to_be_between"
NOT_NULL = "expect_column_values_to_not_be_null"
QUANTILES = "expect_column_quantile_values_to_be_between"
REGEX = "expect_column_values_to_match_regex"
UNIQUE = "expect_column_values_to_be_unique"
VARIETY = "expect_column_unique_value_count_to_be_between"
CONTAIN = "expect_column_distinct_values_to_contain_set"


@pytest.fixture
def random():
    return np.random.default_rng(20240607)


def objects(values):
    found = list(values)
    out = np.empty(len(found), dtype=object)
    out[:] = found
    return out


def of(values, *, name="x", private=False, **options):
    """The expectations of one column by type (lists, where there are several), and the rest."""
    table = to_table({name: values}, private=private)
    (column,) = infer(table, **options).columns
    found: dict[str, list] = {}
    for one in column.inferences:
        found.setdefault(one.type, []).append(one)
    return found, column.left_out


def ranged(values, **options):
    """The range with slack of one column, beside which there may be a limit without."""
    (one,) = (i for i in of(values, **options)[0][BETWEEN] if "mostly" in i.kwargs)
    return one


def types(values, **options):
    return set(of(values, **options)[0])


# Every expectation


def test_every_expectation_says_why_in_one_sentence_with_its_numbers(random):
    columns = {
        "n": random.normal(size=ROWS),
        "c": objects(random.choice(["a", "b"], ROWS)),
        "b": random.random(ROWS) < 0.5,
    }
    suite = infer(to_table(columns)).suite("mine")
    assert suite["name"] == "mine"
    assert suite["notes"] == (
        "Inferred from table (2,000 rows): a batch of as many rows or more that is drawn like it "
        "fails with a probability of 0.05 at most."
    )
    for one in suite["expectations"]:
        assert set(one) == {"type", "kwargs", "meta"}
        assert one["meta"]["notes"].endswith(".")
    notes = {
        (e["type"], e["kwargs"].get("column")): e["meta"]["notes"] for e in suite["expectations"]
    }
    assert notes[NOT_NULL, "n"] == (
        "0 of 2,000 values are missing; up to 8 (0.40 %) may be in a batch of this size "
        "(level 0.05 / 21)."
    )
    assert json.loads(json.dumps(suite, allow_nan=False)) == suite


def test_the_error_of_the_whole_suite_is_divided_among_its_statements(random):
    one = infer(to_table({"x": random.random(ROWS)}))
    many = infer(to_table({f"x{i}": random.random(ROWS) for i in range(20)}))
    assert (one.setting.said(), many.setting.said()) == ("level 0.05 / 11", "level 0.05 / 220")

    def mostly(found):
        return next(i.kwargs["mostly"] for i in found.columns[0].inferences if i.type == NOT_NULL)

    assert mostly(many) < mostly(one)


def test_more_confidence_and_smaller_batches_allow_more(random):
    values = random.random(ROWS)

    def mostly(**options):
        return of(values, **options)[0][NOT_NULL][0].kwargs["mostly"]

    assert mostly(confidence=0.999) < mostly() < mostly(confidence=0.8)
    assert mostly(batch=100) < mostly()


def test_the_columns_are_a_set_and_the_rows_are_counted_on_request_only():
    table = to_table({"a": np.arange(40), "b": np.arange(40)})
    (shape,) = infer(table).shape
    assert shape.kwargs == {"column_set": ["a", "b"], "exact_match": True}
    _, rows = infer(table, row_count=True).shape
    assert rows.kwargs == {"min_value": 20, "max_value": 80}
    assert rows.note == "Half to twice the 40 rows here: asked for, one table cannot say more."


# Nulls and types


def test_the_share_of_missing_values_is_bounded_from_both_samples():
    values = np.where(np.arange(ROWS) % 5 == 0, np.nan, 1.5)
    (one,) = of(values)[0][NOT_NULL]
    assert 0.75 < one.kwargs["mostly"] < 0.78
    assert one.note.startswith("400 of 2,000 values are missing; up to 4")


def test_a_column_without_a_value_is_left_out_but_belongs_to_the_columns():
    values = np.full(100, np.nan)
    inferred = infer(to_table({"x": values, "y": np.arange(100)}))
    assert inferred.columns[0].inferences == []
    assert inferred.columns[0].left_out == ["no expectation: it has no value"]
    assert inferred.shape[0].kwargs["column_set"] == ["x", "y"]


def test_numbers_may_become_floats_but_no_text():
    found, _ = of(np.arange(100))
    (kind,) = found["expect_column_values_to_be_in_type_list"]
    assert {"int64", "float64", "Int64Dtype"} <= set(kind.kwargs["type_list"])
    assert "Whole numbers; floats are allowed" in kind.note
    suite = infer(to_table({"x": np.arange(100)})).suite("x")
    assert not data_schema({"x": objects(str(i) for i in range(100))}, suite).passed
    assert data_schema({"x": np.arange(100).astype(float)}, suite).passed


# Numbers


def test_numbers_get_their_range_and_their_quantiles_with_slack(random):
    values = np.round(random.lognormal(3, 1, ROWS), 2)
    found, left_out = of(values)
    between = ranged(values)
    low, high = float(values.min()), float(values.max())
    assert (between.kwargs["min_value"], between.kwargs["max_value"]) == (low, high)
    assert 0.99 < between.kwargs["mostly"] < 0.9961
    assert f"All 2,000 values lie from {low} to {high:,}; up to 10 (" in between.note
    (quantiles,) = found[QUANTILES]
    ranges = quantiles.kwargs["quantile_ranges"]
    assert ranges["quantiles"] == [0.05, 0.25, 0.5, 0.75, 0.95]
    for share, (low, high) in zip(ranges["quantiles"], ranges["value_ranges"], strict=True):
        assert low < np.quantile(values, share) < high
    assert left_out == []


def test_limits_of_floats_are_rounded_outwards():
    values = np.linspace(1 / 3, 200 / 3, 500)
    between = ranged(values)
    assert (between.kwargs["min_value"], between.kwargs["max_value"]) == (0.333333, 66.6667)


def test_whole_numbers_over_two_to_the_53_stay_exact_beside_missing_values():
    pl = pytest.importorskip("polars")
    values = [2**62 + 3 * (i % 70) + 1 for i in range(99)]
    frame = pl.DataFrame({"x": [*values, None]})
    inferences = infer(to_table(frame)).columns[0].inferences
    (between,) = (i for i in inferences if i.type == BETWEEN and "mostly" in i.kwargs)
    assert between.kwargs["min_value"] == min(values)
    assert between.kwargs["max_value"] == max(values)


def test_infinite_values_leave_the_range_out(random):
    values = random.normal(size=ROWS)
    values[:100] = np.inf
    found, left_out = of(values)
    assert BETWEEN not in found
    assert "no range: there are infinite values" in left_out
    assert found[QUANTILES][0].kwargs["quantile_ranges"]["quantiles"] == [0.05, 0.25, 0.5, 0.75]


def test_few_common_whole_numbers_are_codes_and_rare_ones_are_amounts(random):
    codes = random.integers(1, 4, ROWS)
    found, _ = of(codes)
    assert found[IN_SET][0].kwargs["value_set"] == [1, 2, 3]
    assert found[CONTAIN][0].kwargs["value_set"] == [1, 2, 3]
    assert BETWEEN not in found
    siblings = random.poisson(0.6, ROWS)
    assert IN_SET not in types(siblings)
    assert BETWEEN in types(siblings)


@pytest.mark.parametrize("kind", [np.int64, np.float64, np.bool_])
def test_the_share_of_ones_is_bounded(random, kind):
    values = (random.random(ROWS) < 0.3).astype(kind)
    (share,) = of(values)[0][MEAN]
    assert 0.23 < share.kwargs["min_value"] < values.mean() < share.kwargs["max_value"] < 0.37


def test_floats_that_are_whole_but_for_missing_values_are_codes_too(random):
    values = random.integers(0, 2, ROWS).astype(float)
    values[:50] = np.nan
    assert {IN_SET, CONTAIN, MEAN} <= types(values)


def test_a_constant_number_stays_one():
    found, _ = of(np.full(ROWS, 7))
    assert found[IN_SET][0].kwargs["value_set"] == [7]
    between = ranged(np.full(ROWS, 1.5))
    assert (between.kwargs["min_value"], between.kwargs["max_value"]) == (1.5, 1.5)


# Evident limits


def limits(values, *, whole=False):
    return evident_limits(np.sort(values), whole=whole, level=0.05 / 60)[:2]


def test_counts_ages_and_shares_show_their_limits(random):
    assert limits(random.poisson(0.7, ROWS), whole=True) == (0, None)
    assert limits(17 + random.poisson(20, ROWS).clip(12) - 12, whole=True) == (0, None)
    assert limits(random.exponential(size=ROWS)) == (0, None)
    assert limits(np.where(random.random(ROWS) < 0.1, 1, random.random(ROWS))) == (0, 1)
    assert limits(np.round(100 * random.beta(0.5, 0.5, ROWS))) == (0, 100)


def test_numbers_that_may_turn_negative_show_none(random):
    assert limits(random.normal(3, 1, ROWS)) == (None, None)
    assert limits(np.abs(random.normal(4, 1, ROWS))) == (None, None)
    assert limits(np.round(random.normal(3.5, 1, ROWS)).clip(0), whole=True) == (None, None)
    assert limits(random.random(ROWS) - 0.5) == (None, None)
    assert limits(random.random(ROWS) * 0.9 + 0.05)[1] is None


TAILS = {
    "normal": lambda random, n: random.normal(size=n),
    "rounded normal": lambda random, n: np.round(random.normal(size=n)),
    "t with 3 degrees": lambda random, n: random.standard_t(3, n),
    "exponential": lambda random, n: -random.exponential(size=n),
    "lognormal": lambda random, n: -random.lognormal(size=n),
}


@pytest.mark.parametrize("name", TAILS)
def test_a_limit_that_is_not_there_is_hardly_ever_seen_wherever_the_values_lie(name, random):
    draw, whole = TAILS[name], name == "rounded normal"
    for place in (1, 2, 3, 5, 8, 12, 20, 40):
        wrong = 0
        for _ in range(200):
            here, there = (draw(random, 300) + place for _ in range(2))
            low, _ = limits(here, whole=whole)
            wrong += low is not None and bool(there.min() < low)
        assert wrong / 200 <= 0.01


# Text


def test_a_column_of_categories_is_closed_and_its_common_ones_come_again(random):
    values = objects(random.choice(["DE", "FR", "LU"], ROWS, p=[0.7, 0.297, 0.003]))
    found, _ = of(values)
    assert found[IN_SET][0].kwargs["value_set"] == ["DE", "FR", "LU"]
    assert 0.98 < found[IN_SET][0].kwargs["mostly"] < 1
    assert found[CONTAIN][0].kwargs["value_set"] == ["DE", "FR"]
    assert found[CONTAIN][0].note.startswith("2 values of 3 are seen ")
    assert not {LENGTHS, VARIETY, UNIQUE} & set(found)


def test_a_rare_value_or_two_leave_a_large_set_closed(random):
    values = objects(["never"] * 3 + ["seldom"] * 7 + ["often", "mostly"] * 8_000)
    (one,) = of(values)[0][IN_SET]
    assert one.kwargs["value_set"] == ["mostly", "never", "often", "seldom"]
    assert 0.997 < one.kwargs["mostly"] < 1


def test_free_text_gets_lengths_and_a_variety_but_no_categories_and_no_key(random):
    values = objects("x" * int(n) for n in random.integers(5, 500, ROWS))
    found, left_out = of(values)
    assert set(found) == {
        "expect_column_values_to_be_of_type",
        NOT_NULL,
        LENGTHS,
        VARIETY,
    }
    whole, middle = found[LENGTHS]
    assert whole.kwargs["min_value"] >= 5
    assert 230 < middle.kwargs["min_value"] < 270
    assert middle.kwargs["mostly"] < 0.5
    assert "max_value" not in middle.kwargs
    assert left_out[0].startswith("no categories: 4")


def test_many_rare_values_are_no_closed_set(random):
    values = objects(f"street {n}" for n in random.zipf(1.5, ROWS))
    assert IN_SET not in types(values)


def test_distinct_names_are_no_key_and_identifiers_are(random):
    names = objects("n" * (1 + i % 40) + str(i) for i in range(ROWS))
    assert UNIQUE not in types(names, name="Name")
    orders = objects(f"OR-{i:06d}" for i in random.permutation(ROWS))
    found, left_out = of(orders, name="order")
    assert found[UNIQUE][0].note == (
        "All 2,000 values are distinct, 9 characters each: identifiers."
    )
    assert found[REGEX][0].kwargs["regex"] == "^[A-Z]{2}-[0-9]{6}$"
    assert left_out == []


def test_a_numbering_is_a_key_and_distinct_floats_are_not(random):
    half = random.permutation(2 * ROWS)[:ROWS]
    found, left_out = of(half)
    assert "distinct whole numbers in a span of " in found[UNIQUE][0].note
    assert left_out == ["no range: a key grows"]
    assert BETWEEN not in found
    assert UNIQUE not in types(random.random(ROWS))
    assert UNIQUE not in types(random.choice(10**9, ROWS, replace=False), name="phone")


def test_the_name_makes_a_key_and_another_tables_key_may_repeat_a_little(random):
    values = random.choice(10**9, ROWS, replace=False)
    assert of(values, name="id")[0][UNIQUE][0].kwargs == {"column": "id"}
    for name in ("customer_id", "customerId", "Customer ID"):
        (unique,) = of(values, name=name)[0][UNIQUE]
        assert 0.97 < unique.kwargs["mostly"] < 1
        assert "may share theirs with another" in unique.note
    for name in ("paid", "valid", "keynote"):
        assert UNIQUE not in types(values, name=name)
    assert UNIQUE not in types(np.append(values[:-1], values[0]), name="id")


@pytest.mark.parametrize(
    ("texts", "regex"),
    [
        (["AB12", "CD34"], "^[A-Z]{2}[0-9]{2}$"),
        (["2024-01-31", "2023-12-01"], "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
        (["3f2a", "f234"], "^[0-9a-f]{4}$"),
        (["a.b", "c.d"], "^[a-z]\\.[a-z]$"),
        (["Aa", "aA"], None),
        (["é1", "é2"], None),
        (["--", "--"], None),
    ],
)
def test_the_shape_of_texts_of_one_length(texts, regex):
    shape = shape_of(texts)
    assert (None if shape is None else shape.regex) == regex


def test_padded_digits_of_a_file_are_text_with_their_shape(tmp_path, random):
    codes = [f"{n:05d}" for n in random.integers(100, 99_999, ROWS)]
    lines = ["zip,amount"] + [f"{code},{i}" for i, code in enumerate(codes)]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    zips, amounts = infer(to_table(tmp_path / "t.csv")).columns
    assert (zips.kind, amounts.kind) == ("text", "integers")
    regexes = [i.kwargs["regex"] for i in zips.inferences if i.type == REGEX]
    assert regexes == ["^[0-9]{5}$"]
    assert data_schema(tmp_path / "t.csv", infer(to_table(tmp_path / "t.csv")).suite("x")).passed


# Time


def test_time_is_bounded_loosely_for_it_moves_on(random):
    start = np.datetime64("2024-01-01T00:00:00", "us")
    values = start + random.integers(0, 300 * 86_400, ROWS) * np.timedelta64(1_000_000, "us")
    (between,) = of(values)[0][BETWEEN]
    assert between.kwargs["min_value"] == "2023-01-01T00:00:00"
    assert between.kwargs["max_value"][:4] == "2074"
    assert QUANTILES not in types(values)


def test_dates_and_times_with_a_zone_get_limits_of_their_kind():
    pl = pytest.importorskip("polars")
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=i % 900) for i in range(ROWS)]
    zoned = [dt.datetime(d.year, d.month, d.day, tzinfo=dt.UTC) for d in days]
    columns = infer(to_table(pl.DataFrame({"d": days, "z": zoned}))).columns
    (day,), (time,) = ([i for i in c.inferences if i.type == BETWEEN] for c in columns)
    assert day.kwargs["min_value"] == "2017-07-16"
    assert time.kwargs["min_value"] == "2017-07-16T00:00:00+00:00"


def test_dates_that_mean_never_leave_that_side_open():
    values = np.full(ROWS, np.datetime64("9999-12-31T00:00:00", "us"))
    (between,) = of(values)[0][BETWEEN]
    assert "max_value" not in between.kwargs


# Small tables


def test_a_tiny_table_says_what_it_cannot_say():
    inferred = infer(to_table({"x": np.arange(12), "c": objects("ab" * 6)}))
    assert [one.type for one in inferred.inferences] == [
        "expect_table_columns_to_match_set",
        "expect_column_values_to_be_in_type_list",
        "expect_column_values_to_be_of_type",
    ]
    assert [c.left_out for c in inferred.columns] == [["no bound: 12 rows are too few"]] * 2


def test_a_small_table_leaves_out_what_would_allow_everything():
    found, left_out = of(np.linspace(0.1, 5, 35))
    assert NOT_NULL in found or "no bound of missing values: 35 rows would allow 20 %" in left_out
    assert BETWEEN not in found
    assert "no range: 35 values are too few" in left_out


def test_one_value_among_nulls_is_no_reason_for_anything():
    values = np.full(ROWS, np.nan)
    values[7] = 3.0
    found, left_out = of(values)
    assert set(found) == {"expect_column_values_to_be_in_type_list"}
    assert left_out == [
        "no bound of missing values: 2,000 rows would allow 100 %",
        "no range: 1 value is too few",
    ]


# Private tables


def test_no_value_of_a_private_table_gets_into_its_suite(random):
    columns = {
        "country": objects(random.choice(["Atlantis", "Erewhon"], ROWS)),
        "income": random.integers(4_711, 9_876, ROWS),
        "share": random.beta(2, 2, ROWS) * 0.73,
        "sick": random.random(ROWS) < 0.5,
        "born": np.datetime64("1971-05-04", "us") + np.arange(ROWS) * np.timedelta64(1, "h"),
        "id": random.permutation(ROWS) + 313_000,
    }
    suite = infer(to_table(columns, private=True)).suite("x")
    kinds = {e["type"] for e in suite["expectations"]}
    assert kinds <= {
        "expect_table_columns_to_match_set",
        "expect_column_values_to_be_in_type_list",
        "expect_column_values_to_be_of_type",
        NOT_NULL,
        UNIQUE,
        BETWEEN,
    }
    assert UNIQUE in kinds
    bounds = [e["kwargs"] for e in suite["expectations"] if e["type"] == BETWEEN]
    assert all(set(kwargs) <= {"column", "min_value", "max_value"} for kwargs in bounds)
    assert {v for k in bounds for n, v in k.items() if n != "column"} <= {0, 1, 100}
    text = json.dumps(suite)
    for value in ("Atlantis", "Erewhon", "1971", "4711", "4,711", "313"):
        assert value not in text


def test_a_few_missing_values_of_a_private_table_are_not_told_apart(random):
    suites = []
    for missing in (1, 4, 9):
        values = random.random(ROWS)
        values[:missing] = np.nan
        found = infer(to_table({"x": values}, private=True))
        suites.append((found.suite("x"), found.columns[0].left_out))
    assert suites[0] == suites[1] == suites[2]
    assert "Fewer than 10 of 2,000 values are missing" in json.dumps(suites[0])


def test_a_private_table_of_a_few_rows_does_not_tell_how_many():
    inferred = infer(to_table({"x": np.arange(7)}, private=True), row_count=True)
    text = json.dumps(inferred.suite("x")) + str(inferred.columns)
    assert "fewer than 10 rows" in text
    assert "7" not in text


# All engines


def frames():
    pl = pytest.importorskip("polars")
    pytest.importorskip("pandas")
    duckdb = pytest.importorskip("duckdb")
    random = np.random.default_rng(3)
    n = 600
    frame = pl.DataFrame(
        {
            "id": random.permutation(n),
            "age": random.integers(17, 90, n),
            "price": [None if i % 10 == 0 else round(random.normal(50, 9), 2) for i in range(n)],
            "code": random.choice(["a", "b", "ü"], n),
            "note": [None if i % 9 == 0 else "word " * (i % 31) for i in range(n)],
            "order": [f"X{i:07d}" for i in range(n)],
            "paid": random.random(n) < 0.4,
            "when": [dt.datetime(2024, 1, 1) + dt.timedelta(hours=i) for i in range(n)],  # noqa: DTZ001
            "day": [dt.date(2024, 1, 1) + dt.timedelta(days=i % 50) for i in range(n)],
        }
    )
    yield "polars", frame
    yield "lazy", frame.lazy()
    yield "pyarrow", frame.to_arrow()
    yield "pandas", frame.to_pandas(use_pyarrow_extension_array=True)
    yield "duckdb", duckdb.from_arrow(frame.to_arrow())


def test_the_suite_is_the_same_on_every_engine_and_holds_on_its_own_table():
    suites = {}
    for name, frame in frames():
        suites[name] = infer(to_table(frame)).suite("x")
        assert data_schema(frame, suites[name]).passed, name
    assert {json.dumps(suite, sort_keys=True) for suite in suites.values()} == {
        json.dumps(suites["polars"], sort_keys=True)
    }


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")
def test_the_suite_is_the_same_in_spark():
    sql = pytest.importorskip("pyspark.sql")
    _, frame = next(frames())
    frame = frame.drop("when")  # Spark's times have a zone
    session = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    there = session.createDataFrame(frame.rows(), schema=frame.columns)
    assert infer(to_table(there)).suite("x") == infer(to_table(frame)).suite("x")


names = st.text(min_size=1, max_size=8)
shortish = st.integers(1, 90)


@st.composite
def tables(draw):
    """Columns of every family, with nulls, ties, infinities, empty and odd texts."""
    rows = draw(st.sampled_from([2, 3, 29, 30, 31, 60, 250]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pool = {
        "i": random.integers(-(10 ** draw(st.integers(0, 9))), 10 ** draw(st.integers(1, 9)), rows),
        "f": random.standard_cauchy(rows) * 10.0 ** draw(st.integers(-9, 9)),
        "z": random.poisson(draw(st.floats(0, 3)), rows).astype(float),
        "t": objects(
            random.choice(draw(st.lists(st.text(max_size=6), min_size=1, max_size=5)), rows)
        ),
        "u": objects(f"{n:x}" for n in random.integers(0, 2**40, rows)),
        "b": random.random(rows) < draw(st.floats(0, 1)),
        "d": np.datetime64("2000-01-01T00:00:00", "us")
        + random.integers(0, 10**12, rows) * np.timedelta64(1, "us"),
    }
    pool["t"] = objects(str(v) for v in pool["t"])
    pool["f"][random.random(rows) < draw(st.sampled_from([0, 0.2, 1]))] = np.nan
    pool["z"][random.random(rows) < draw(st.sampled_from([0, 0.1]))] = np.inf
    return pool


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(columns=tables())
def test_whatever_the_table_its_suite_is_json_and_holds_on_it(columns):
    suite = infer(to_table(columns)).suite("x")
    verdict = data_schema(columns, json.loads(json.dumps(suite, allow_nan=False)))
    assert verdict.passed, verdict.message


# Misuse


def test_a_table_without_rows_is_misuse():
    with pytest.raises(MLGatesError, match="has 0 rows"):
        infer(to_table({"x": np.array([], dtype=float)}))


def test_a_table_without_columns_is_misuse():
    pl = pytest.importorskip("polars")
    with pytest.raises(MLGatesError, match="has no columns"):
        infer(to_table(pl.DataFrame()))


def test_columns_that_text_cannot_name_are_misuse():
    pd = pytest.importorskip("pandas")
    with pytest.raises(MLGatesError, match="column 3 has no usable name"):
        infer(to_table(pd.DataFrame({3: [1, 2]})))


def test_a_table_is_read_one_column_at_a_time(random, monkeypatch):
    columns = {f"x{i}": random.random(100) for i in range(5)}
    read: list[list[str]] = []
    arrays = Table.arrays
    monkeypatch.setattr(Table, "arrays", lambda self, cs: read.append(list(cs)) or arrays(self, cs))
    infer(to_table(columns))
    assert read == [[name] for name in columns]
