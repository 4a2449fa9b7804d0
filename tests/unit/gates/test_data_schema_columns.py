"""Numbers of a column: min, max, sums, spread and quantiles; exact where engines are not."""

from __future__ import annotations

import datetime as dt
import math
import statistics
from decimal import Decimal

import duckdb
import numpy as np
import polars as pl
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Outcome
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema.answers import Answers
from pytest_mlgates.gates.data_schema.kind import KIND


def arrow_backed(frame):
    """*frame* as pandas with the types of Arrow."""
    pytest.importorskip("pandas")
    return frame.to_pandas(use_pyarrow_extension_array=True)


def numpy_backed(frame):
    """*frame* as pandas has it by itself."""
    pytest.importorskip("pandas")
    return frame.to_pandas()


EXACT = {
    "pandas, Arrow types": arrow_backed,
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.from_arrow(frame.to_arrow()),
}
ENGINES = {"pandas": numpy_backed, **EXACT}
FARES = pl.DataFrame(
    {
        "price": [1.0, 2.0, 3.0, 4.0, None],
        "same": [0.1] * 5,
        "one": [None, None, 7.0, None, None],
        "huge": [1.0, 2.0, math.inf, 3.0, 1e300],
        "vip": [True, False, True, True, None],
        "name": list("abcde"),
        "at": [dt.datetime(2020, 1, day) for day in range(1, 6)],  # noqa: DTZ001
    }
)


def expect(kind, **kwargs):
    return {"type": f"expect_column_{kind}", "kwargs": kwargs}


def check(*expectations, subject=FARES, context=None, **options):
    return KIND.evaluate(parse(KIND, [list(expectations)], options), subject, context or Context())


def detail(expectation, **options):
    return check(expectation, **options).details[0]


def quantiles(*shares, low=None, high=None):
    return {"quantiles": list(shares), "value_ranges": [[low, high]] * len(shares)}


QUANTILES = "quantile_values_to_be_between"
Z_SCORES = "value_z_scores_to_be_less_than"


# Spread --------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_the_standard_deviation_is_that_of_a_sample(engine):
    claim = expect("stdev_to_be_between", column="price", min_value=1.29, max_value=1.3)
    found = detail(claim, subject=ENGINES[engine](FARES))
    assert found["success"]
    assert found["observed_value"] == pytest.approx(1.2909944487358056, rel=1e-11)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_mean_far_from_0_costs_the_deviation_no_digit(engine):
    """In one pass, engines lose 8 of 16 digits here; GX does not, as pandas takes two."""
    values = [1e9 + (k * 7919 % 1000) / 1000 for k in range(5000)]
    claim = expect("stdev_to_be_between", column="x", min_value=0)
    table = to_table(ENGINES[engine](pl.DataFrame({"x": values})))
    found = detail(claim, subject=table)["observed_value"]
    assert found == pytest.approx(statistics.stdev(values), rel=1e-11)
    assert len(Answers.of(table).scans) == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_equal_values_deviate_by_nothing_and_none_stands_out(engine):
    """As GX adds them up, ten times 0.1 deviates by 1e-17, and all values by nearly one of that."""
    frame = pl.DataFrame({"same": [0.1] * 10})
    spread, scores = check(
        expect("stdev_to_be_between", column="same", max_value=0),
        expect(Z_SCORES, column="same", threshold=0.5, double_sided=True),
        subject=ENGINES[engine](frame),
    ).details
    assert (spread["success"], spread["observed_value"]) == (True, 0.0)
    assert (scores["success"], scores["unexpected_count"]) == (True, 0)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("column", ["one", "huge"])
def test_one_value_and_infinities_have_no_spread_and_break_nothing_else(engine, column):
    """GX passes every z-score of such a column; DuckDB ends the query."""
    spread, scores, other = check(
        expect("stdev_to_be_between", column=column, min_value=0),
        expect(Z_SCORES, column=column, threshold=3, double_sided=True),
        expect("max_to_be_between", column="price", max_value=4),
        subject=ENGINES[engine](FARES),
    ).details
    assert [one["success"] for one in (spread, scores, other)] == [False, None, True]
    why = "it has one value" if column == "one" else "it holds infinite or too large values"
    assert scores["error"] == f"{column!r} has no standard deviation: {why}"


@pytest.mark.parametrize("engine", ENGINES)
def test_z_scores_count_rows_on_one_side_or_both(engine):
    frame = pl.DataFrame({"x": [0.0, 0, 0, 0, 0, 0, 0, 0, -9, 9, None]})
    both, above, mostly, chosen = check(
        expect(Z_SCORES, column="x", threshold=2, double_sided=True),
        expect(Z_SCORES, column="x", threshold=2, double_sided=False),
        expect(Z_SCORES, column="x", threshold=2, double_sided=True, mostly=0.8),
        expect(Z_SCORES, column="x", threshold=2, double_sided=True, row_condition="x < 9"),
        subject=ENGINES[engine](frame),
    ).details
    assert [one["unexpected_count"] for one in (both, above, mostly, chosen)] == [2, 1, 2, 1]
    assert [one["success"] for one in (both, above, mostly, chosen)] == [False, False, True, False]
    assert (both["missing_count"], both["element_count"]) == (1, 11)


def test_a_z_score_on_its_threshold_is_not_less():
    frame = pl.DataFrame({"x": [0.0, 0.0, 0.0, 4.0]})  # mean 1, deviation 2
    claim = expect(Z_SCORES, column="x", threshold=1.5, double_sided=True)
    assert detail(claim, subject=frame)["unexpected_count"] == 1


def test_z_scores_show_examples_with_their_rows():
    frame = pl.DataFrame({"x": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 50.0]})
    claim = expect(Z_SCORES, column="x", threshold=2, double_sided=True)
    verdict = check(claim, subject=frame, examples=2)
    assert verdict.details[0]["examples"] == [{"row": 6, "value": 50.0}]
    line = " ".join(verdict.message.splitlines()[1].split())
    assert line == "- x: z-scores within 2 1 row (14.29 %) e.g. row 6: 50.0"


@pytest.mark.parametrize("kind", ["stdev_to_be_between", QUANTILES, Z_SCORES])
def test_text_has_no_numbers(kind):
    kwargs = {
        "stdev_to_be_between": {"max_value": 1},
        QUANTILES: {"quantile_ranges": quantiles(0.5, high=1)},
        Z_SCORES: {"threshold": 3, "double_sided": True},
    }[kind]
    with pytest.raises(MLGatesError, match=r"column 'name' of text has no"):
        check(expect(kind, column="name", **kwargs))


# Quantiles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_quantiles_are_values_at_the_rank_nearest_to_their_share(engine):
    """1.5 and 2.5 are both as near to 2: half to even, as numpy rounds."""
    frame = pl.DataFrame({"x": [40, 10, None, 30, 20]})
    claim = expect(QUANTILES, column="x", quantile_ranges=quantiles(0, 0.5, 0.8, 1, high=99))
    found = detail(claim, subject=ENGINES[engine](frame))
    assert found["success"]
    assert found["observed_value"] == {"quantiles": [0, 0.5, 0.8, 1], "values": [10, 30, 30, 40]}


@pytest.mark.parametrize(
    ("method", "value"),
    [
        (None, 3),
        (True, 3),
        ("nearest", 3),
        ("lower", 2),
        ("higher", 3),
        ("midpoint", 2.5),
        ("linear", 2.5),
    ],
)
def test_a_relative_error_that_is_allowed_names_how_numpy_interpolates(method, value):
    claim = expect(
        QUANTILES,
        column="price",
        quantile_ranges=quantiles(0.5, low=9),
        allow_relative_error=method,
    )
    verdict = check(claim)
    assert verdict.details[0]["observed_value"]["values"] == [value]
    line = " ".join(verdict.message.splitlines()[1].split())
    assert line == f"- price: quantile 0.50 at least 9 quantile 0.50 is {value}"


def test_each_expectation_about_a_column_is_answered_with_its_own_quantiles():
    """GX answers the second one with the quantiles of the first."""
    first, second = check(
        expect(QUANTILES, column="price", quantile_ranges=quantiles(0, high=1)),
        expect(QUANTILES, column="price", quantile_ranges=quantiles(1, high=1)),
    ).details
    assert (first["success"], second["success"]) == (True, False)
    assert second["observed_value"]["values"] == [4.0]


def test_a_bound_is_met_within_one_in_ten_thousand_as_in_gx():
    def held(value):
        frame = pl.DataFrame({"x": [value]})
        claim = expect(QUANTILES, column="x", quantile_ranges=quantiles(0.5, high=10_000))
        return detail(claim, subject=frame)["success"]

    assert held(10_000.9)
    assert not held(10_001.1)


@pytest.mark.parametrize("engine", ENGINES)
def test_integers_beyond_2_to_53_keep_their_last_digit(engine):
    frame = pl.DataFrame({"x": [2**60 + 1, 2**60 + 3, 2**60 + 5]})
    claim = expect(
        QUANTILES, column="x", quantile_ranges=quantiles(0.5, low=0), row_condition="x > 0"
    )
    found = detail(claim, subject=ENGINES[engine](frame))
    assert found["observed_value"]["values"] == [2**60 + 3]


@pytest.mark.parametrize("engine", ENGINES)
def test_booleans_have_quantiles_but_nothing_between(engine):
    frame = pl.DataFrame({"vip": [True, False, True, True]})
    subject = ENGINES[engine](frame)
    claim = expect(QUANTILES, column="vip", quantile_ranges=quantiles(0, 1, low=0))
    assert detail(claim, subject=subject)["observed_value"]["values"] == [False, True]
    claim["kwargs"]["allow_relative_error"] = "linear"
    with pytest.raises(MLGatesError, match=r"column 'vip' of booleans has no quantiles"):
        check(claim, subject=subject)


@pytest.mark.parametrize("engine", ["polars lazy", "duckdb"])
def test_all_quantiles_are_one_second_scan_and_all_z_scores_another(engine):
    table = to_table(ENGINES[engine](FARES))
    check(
        expect("stdev_to_be_between", column="price", max_value=9),
        expect(QUANTILES, column="price", quantile_ranges=quantiles(0.1, 0.9, high=9)),
        expect(QUANTILES, column="price", quantile_ranges=quantiles(0.5, high=9)),
        expect(QUANTILES, column="same", quantile_ranges=quantiles(0.5, high=9)),
        expect(
            QUANTILES, column="same", quantile_ranges=quantiles(0.5, high=9), row_condition="vip"
        ),
        expect(Z_SCORES, column="price", threshold=9, double_sided=True),
        expect(Z_SCORES, column="price", threshold=8, double_sided=False, row_condition="vip"),
        expect("mean_to_be_between", column="price", max_value=9),
        subject=table,
    )
    assert sorted(scan.split(":")[0] for scan in Answers.of(table).scans) == [
        "aggregate",
        "order statistics",
        "second aggregate",
    ]


def test_a_second_scan_is_announced_before_anything_is_read():
    table = to_table(FARES.lazy())
    parameters = parse(
        KIND,
        [
            [
                expect(QUANTILES, column="price", quantile_ranges=quantiles(0.5, high=9)),
                expect(Z_SCORES, column="price", threshold=9, double_sided=True),
            ]
        ],
        {},
    )
    KIND.anticipate(parameters, table, Context())
    aggregate, *others = Answers.of(table).steps
    assert aggregate.startswith("aggregate: ")
    assert others == [
        "second aggregate: 2 expressions, if needed",
        "second aggregate: 1 expression",
        "order statistics: price",
    ]
    assert Answers.of(table).scans == []
    assert KIND.evaluate(parameters, table, Context()).passed


def test_a_private_table_does_not_tell_its_quantiles():
    table = to_table(FARES, name="fares", private=True)
    verdict = check(
        expect(QUANTILES, column="price", quantile_ranges=quantiles(0.5, high=1)),
        expect("stdev_to_be_between", column="price", max_value=1),
        subject=table,
    )
    assert [one["observed_value"] for one in verdict.details] == [None, None]
    assert all("(the value is private)" in line for line in verdict.message.splitlines()[1:])


@pytest.mark.parametrize("kind", ["stdev_to_be_between", QUANTILES, Z_SCORES])
def test_a_column_of_nulls_has_nothing_to_judge(kind):
    frame = pl.DataFrame({"x": pl.Series([None, None], dtype=pl.Float64)})
    kwargs = {
        "stdev_to_be_between": {"max_value": 1},
        QUANTILES: {"quantile_ranges": quantiles(0.5, high=1)},
        Z_SCORES: {"threshold": 3, "double_sided": True},
    }[kind]
    verdict = check(expect(kind, column="x", **kwargs), subject=frame)
    assert verdict.details[0]["error"] == "no value to judge: null in all 2 rows"
    assert verdict.outcome is Outcome.FAILED


# Exactness -----------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_sums_of_integers_pass_64_bits(engine):
    """pandas, polars and Arrow wrap around, and a sum of 2^64 would be 0."""
    frame = pl.DataFrame({"i": [2**62] * 4, "j": [-(2**62)] * 4, "k": [2**62, -(2**62), 1, 1]})
    subject = ENGINES[engine](frame)
    found = check(
        *(expect("sum_to_be_between", column=c, max_value=3, min_value=-3) for c in "ijk"),
        subject=subject,
    ).details
    assert [one["observed_value"] for one in found] == [2**64, -(2**64), 2]
    assert [one["success"] for one in found] == [False, False, True]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["Int8", "Int16", "Int32", "UInt8", "UInt16", "UInt32"])
def test_sums_of_narrow_integers_pass_their_own_bits(engine, kind):
    top = int(np.iinfo(kind.lower()).max)
    frame = pl.DataFrame({"i": pl.Series([top] * 5, dtype=getattr(pl, kind))})
    limit = 5 * top
    found = check(
        expect("sum_to_be_between", column="i", min_value=limit, max_value=limit),
        subject=ENGINES[engine](frame),
    ).details
    assert found[0]["observed_value"] == limit


@pytest.mark.parametrize("engine", ENGINES)
def test_means_of_integers_are_exact(engine):
    """Added up as floats this one was -13.1, 0 or 1.9998, depending on the engine."""
    steps = list(range(5000))
    values = [10**17 + k for k in steps] + [-(10**17) - k for k in reversed(steps)] + [20_000]
    (found,) = check(
        expect("mean_to_be_between", column="x", max_value=1.99),
        subject=ENGINES[engine](pl.DataFrame({"x": values})),
    ).details
    assert not found["success"]
    assert found["observed_value"] == pytest.approx(20_000 / 10_001, rel=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_single_precision_is_compared_as_it_is(engine):
    """0.3 is 0.30000001192092896 there. Great Expectations says so of values, not of a median."""
    frame = pl.DataFrame({"x": pl.Series([0.1, 0.3, 0.5], dtype=pl.Float32)})
    found = check(
        *(
            expect(f"{what}_to_be_between", column="x", max_value=limit)
            for what, limit in (("median", 0.3), ("median", 0.3000001), ("min", 0.1), ("max", 0.5))
        ),
        expect("values_to_be_between", column="x", max_value=0.3),
        subject=ENGINES[engine](frame),
    ).details
    assert [one["success"] for one in found] == [False, True, False, True, False]
    assert found[-1]["unexpected_count"] == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_times_are_compared_to_the_nanosecond(engine):
    nanoseconds = [1_577_836_800_000_000_001, None, 1]  # 2020-01-01 and one, 1970-01-01 and one
    frame = pl.DataFrame({"t": pl.Series(nanoseconds).cast(pl.Datetime("ns"))})
    found = check(
        expect("max_to_be_between", column="t", max_value="2020-01-01"),
        expect("max_to_be_between", column="t", min_value="2020-01-01", strict_min=True),
        expect("min_to_be_between", column="t", max_value="1970-01-01"),
        expect("min_to_be_between", column="t", min_value="1970-01-01", strict_min=True),
        expect("values_to_be_between", column="t", max_value="2020-01-01"),
        expect("values_to_be_between", column="t", max_value="9999-12-31", min_value="0001-01-01"),
        expect("values_to_not_be_in_set", column="t", value_set=["9999-12-31"]),
        subject=ENGINES[engine](frame),
    ).details
    assert [one["success"] for one in found] == [False, True, False, True, False, True, True]


def zoned(unit):
    moments = pl.Series(
        [dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC)], dtype=pl.Datetime(unit, "UTC")
    )
    return pl.DataFrame({"t": moments.dt.convert_time_zone("Europe/Paris")})


OF_TIMES = [
    expect("values_to_be_between", column="t", max_value="2020-01-01T12:00:00+00:00"),
    expect("values_to_be_between", column="t", max_value="2020-01-01T12:59:59+01:00"),
    expect("max_to_be_between", column="t", min_value="2020-01-01T07:00:00-05:00"),
    expect("values_to_be_in_set", column="t", value_set=["2020-01-01T13:00:00+01:00"]),
    expect("distinct_values_to_equal_set", column="t", value_set=["2020-01-01T12:00:00Z"]),
]


@pytest.mark.parametrize(
    "engine, unit", [(e, u) for e in ENGINES for u in ("us", "ns") if (e, u) != ("duckdb", "ns")]
)
def test_times_are_compared_with_bounds_of_another_zone(engine, unit):
    found = check(*OF_TIMES, subject=ENGINES[engine](zoned(unit))).details
    assert [one["success"] for one in found] == [True, False, True, True, True]


def test_what_duckdb_does_not_compare_is_neither_passed_nor_guessed(tmp_path):
    zoned("ns").write_parquet(tmp_path / "t.parquet")
    false = expect("to_exist", column="nowhere")  # so that there is a verdict at all
    for subject in (ENGINES["duckdb"](zoned("ns")), tmp_path / "t.parquet"):
        found = check(*OF_TIMES, false, subject=subject).details[:-1]
        assert [one["success"] for one in found] == [None] * 5
        for one in found:
            assert one["error"] == (
                "column 't' holds times of a zone in nanoseconds, which DuckDB does not compare: "
                "write them in microseconds, or pass a pandas or polars frame"
            )


def test_least_and_greatest_dates_and_texts():
    frame = pl.DataFrame(
        {"d": [dt.date(2020, 1, 1), dt.date(2021, 1, 1)], "s": ["a", "é"], "b": [True, True]}
    )
    found = check(
        expect("max_to_be_between", column="d", max_value="2021-01-01"),
        expect("max_to_be_between", column="d", max_value="2021-01-01", strict_max=True),
        expect("min_to_be_between", column="d", min_value="2020-01-02"),
        expect("max_to_be_between", column="s", max_value="z"),
        expect("min_to_be_between", column="b", min_value=1),
        subject=frame,
    ).details
    assert [one["success"] for one in found] == [True, False, False, False, True]
    assert [one["observed_value"] for one in found[2:]] == ["2020-01-01", "é", True]


# Decimals ------------------------------------------------------------------------------------

MONEY = pl.DataFrame(
    {
        "d": pl.Series([Decimal("0.10"), Decimal("0.30"), None, Decimal("0.30")]).cast(
            pl.Decimal(10, 2)
        ),
        "big": pl.Series([Decimal("1" * 30), Decimal("3" * 30), None, Decimal(-1)]).cast(
            pl.Decimal(38, 2)
        ),
    }
)


@pytest.mark.parametrize("engine", EXACT)
@pytest.mark.parametrize(
    ("kind", "kwargs", "success"),
    [
        ("values_to_be_between", {"min_value": 0.1, "max_value": 0.3}, True),
        ("values_to_be_between", {"min_value": 0.1, "strict_min": True}, False),
        ("values_to_be_between", {"max_value": 0.3, "strict_max": True}, False),
        ("values_to_be_between", {"min_value": 0.105, "mostly": 0.6}, True),
        ("values_to_be_between", {"min_value": -1e300, "max_value": 10**60}, True),
        ("values_to_be_between", {"min_value": 10**60}, False),
        ("values_to_be_in_set", {"value_set": [0.1, 0.3]}, True),
        ("values_to_be_in_set", {"value_set": [0.301, 0.3]}, False),
        ("values_to_not_be_in_set", {"value_set": [0.101, 1e60]}, True),
        ("values_to_be_unique", {"mostly": 0.3}, True),
        ("max_to_be_between", {"max_value": 0.3}, True),
        ("max_to_be_between", {"max_value": 0.3, "strict_max": True}, False),
        ("min_to_be_between", {"min_value": 0.1, "max_value": 0.1}, True),
        ("sum_to_be_between", {"min_value": 0.7, "max_value": 0.7}, True),
        ("mean_to_be_between", {"min_value": 0.233, "max_value": 0.234}, True),
        ("median_to_be_between", {"min_value": 0.3, "max_value": 0.3}, True),
        ("stdev_to_be_between", {"min_value": 0.1154, "max_value": 0.1155}, True),
        (QUANTILES, {"quantile_ranges": quantiles(0.5, low=0.3, high=0.3)}, True),
        (Z_SCORES, {"threshold": 1, "double_sided": True}, False),
        ("distinct_values_to_equal_set", {"value_set": [0.1, 0.3]}, True),
        ("most_common_value_to_be_in_set", {"value_set": [0.3]}, True),
        ("unique_value_count_to_be_between", {"min_value": 2, "max_value": 2}, True),
        ("values_to_not_be_null", {"row_condition": "d > 0.1"}, True),
        ("values_to_not_be_null", {"row_condition": "d < 1e60", "mostly": 0.5}, True),
    ],
)
def test_decimals_are_compared_as_they_are_written(engine, kind, kwargs, success):
    """GX compares 0.30 with the float beside 0.3, and finds both of its neighbours wrong."""
    found = detail(expect(kind, column="d", **kwargs), subject=EXACT[engine](MONEY))
    assert (found["engine"], found["success"]) == ("native", success)


@pytest.mark.parametrize("engine", EXACT)
def test_decimals_of_38_digits_keep_them(engine):
    subject = EXACT[engine](MONEY)
    most = int("3" * 30)
    found = check(
        expect("max_to_be_between", column="big", max_value=most),
        expect("max_to_be_between", column="big", max_value=most - 1),
        expect("values_to_be_between", column="big", min_value=-1, max_value=most),
        expect("values_to_be_between", column="big", min_value=-0.995),
        subject=subject,
    ).details
    assert [one["success"] for one in found] == [True, False, True, False]


@pytest.mark.parametrize("kind", ["between", "max", "distinct"])
def test_decimals_of_python_are_not_left_to_a_comparison_with_floats(kind):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"d": [Decimal("0.10"), Decimal("0.30")]}, dtype=object)
    claim = {
        "between": expect("values_to_be_between", column="d", max_value=0.3),
        "max": expect("max_to_be_between", column="d", max_value=0.3),
        "distinct": expect("distinct_values_to_be_in_set", column="d", value_set=[0.1, 0.3]),
    }[kind]
    with pytest.raises(MLGatesError, match=r"column 'd' does not compare with numbers; it holds "):
        check(claim, subject=frame)
