"""The data_schema gate: what it finds, what it says, how little it reads."""

from __future__ import annotations

import json
from textwrap import dedent

import polars as pl
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Finding, Outcome
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, parse
from pytest_mlgates.gates.data_schema import suite
from pytest_mlgates.gates.data_schema.kind import KIND
from pytest_mlgates.gates.data_schema.native import NATIVE
from pytest_mlgates.gates.data_schema.plan import Plan

FARES = pl.DataFrame(
    {
        "id": [1, 2, 3, 4, 4],
        "price": [10.0, -2.0, None, -3.0, 7.5],
        "sex": ["F", "M", "M", "X", None],
        "code": ["a1", "b2", "c", "d4", "e5"],
        "paid": [True, True, False, True, True],
    }
)


def expect(kind, **kwargs):
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def check(*expectations, subject=FARES, context=None, **options):
    return KIND.evaluate(parse(KIND, [list(expectations)], options), subject, context or Context())


def detail(*expectations, **options):
    return check(*expectations, **options).details[0]


BROKEN = (
    expect("column_values_to_be_between", column="price", min_value=0),
    expect("column_values_to_be_in_set", column="sex", value_set=["F", "M"]),
    expect("column_values_to_not_be_null", column="code"),
)


def test_the_message_counts_first_and_has_one_bullet_per_failure():
    verdict = check(*BROKEN)
    assert verdict.message == dedent(
        """\
        2 of 3 expectations failed, 2 of 5 rows
          - price: at least 0      2 rows (50.00 %)
          - sex: in set 'F', 'M'   1 row (25.00 %)"""
    )
    assert verdict.summary == "2 of 3 expectations failed: price between, sex in set"
    assert (verdict.finding, verdict.outcome) == (Finding.DISPROVEN, Outcome.FAILED)
    assert verdict.n == 5


def test_a_row_that_breaks_two_expectations_is_counted_once():
    verdict = check(
        expect("column_values_to_be_between", column="price", min_value=0),
        expect("column_values_to_be_between", column="price", min_value=-1),
    )
    assert verdict.message.startswith("2 of 2 expectations failed, 2 of 5 rows")


def test_what_holds_is_said_with_its_rows():
    verdict = check(expect("column_values_to_not_be_null", column="code"))
    assert verdict.message == "1 expectation held over 5 rows"
    assert verdict.summary == "1 expectation held"
    assert (verdict.finding, verdict.outcome) == (Finding.PROVEN, Outcome.PASSED)


def test_details_have_exactly_the_fields_of_the_contract():
    assert detail(BROKEN[0]) == {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "price", "min_value": 0},
        "success": False,
        "unexpected_count": 2,
        "missing_count": 1,
        "element_count": 5,
        "observed_value": None,
        "engine": "native",
        "error": None,
    }


def test_a_verdict_is_strict_json_and_knows_its_input():
    verdict = check(*BROKEN)
    written = json.loads(verdict.to_json())
    assert written["inputs"][0]["rows"] == 5
    assert written["inputs"][0]["digest"].startswith("sha256:")
    assert written["details"][0]["unexpected_count"] == 2


def test_the_digest_covers_the_columns_that_the_suite_looks_at():
    other = FARES.with_columns(paid=pl.lit(value=False))
    changed = FARES.with_columns(price=pl.lit(1.0))
    digests = [check(BROKEN[0], subject=f).inputs[0].digest for f in (FARES, other, changed)]
    assert digests[0] == digests[1] != digests[2]


def test_a_missing_column_fails_its_expectation_and_names_the_nearest():
    verdict = check(expect("column_values_to_not_be_null", column="prise"), BROKEN[1])
    assert verdict.details[0]["success"] is False
    assert verdict.details[0]["error"] == "column 'prise' is missing; did you mean 'price'?"
    assert verdict.details[1]["unexpected_count"] == 1
    assert "  - prise: not null        column 'prise' is missing; did you" in verdict.message


def test_a_missing_column_of_a_condition_is_named_too():
    found = detail(expect("column_values_to_not_be_null", column="id", row_condition="sexx == 'F'"))
    assert found["success"] is False
    assert found["error"] == "column 'sexx' is missing; did you mean 'sex'?"


def test_missing_and_surplus_columns_are_listed():
    found = detail(
        expect("table_columns_to_match_set", column_set=["id", "prices", "sex", "code", "paid"])
    )
    assert found["error"] == (
        "column 'prices' is missing; did you mean 'price'?; not in the contract: 'price'"
    )


def test_columns_out_of_order_are_told_by_position():
    names = ["price", "id", "sex", "code", "paid"]
    found = detail(expect("table_columns_to_match_ordered_list", column_list=names))
    assert found["error"] == "position 0 holds 'id', want 'price'"


def test_column_index_zero_counts():
    """GX takes 0 for no index at all."""
    assert detail(expect("column_to_exist", column="price", column_index=0))["success"] is False
    assert detail(expect("column_to_exist", column="id", column_index=0))["success"] is True


def test_examples_are_off_by_default_and_bounded_when_asked_for():
    assert "examples" not in detail(BROKEN[0])
    verdict = check(*BROKEN, examples=1)
    assert verdict.details[0]["examples"] == [{"row": 1, "value": -2.0}]
    assert "price: at least 0      2 rows (50.00 %)   e.g. row 1: -2.0" in verdict.message


def test_examples_can_come_from_the_context():
    assert "e.g. row 1: -2.0, row 3: -3.0" in check(*BROKEN, context=Context(examples=2)).message


def test_examples_of_repeated_values_name_the_value():
    verdict = check(expect("column_values_to_be_unique", column="id"), examples=3)
    assert verdict.details[0]["examples"] == [{"row": None, "value": 4}]


def test_a_warning_is_reported_and_does_not_block():
    verdict = check({**BROKEN[0], "severity": "warning"}, BROKEN[2])
    assert verdict.outcome is Outcome.PASSED
    assert verdict.details[0]["success"] is False
    assert verdict.details[0]["severity"] == "warning"
    assert verdict.message == dedent(
        """\
        1 of 2 expectations held over 5 rows, 1 warning
          - price: at least 0   2 rows (50.00 %)   (warning, does not block)"""
    )
    assert verdict.summary == "1 of 2 expectations held, 1 warning"


def test_mostly_is_compared_as_an_exact_fraction():
    frame = pl.DataFrame({"x": [1] * 7 + [-1] * 3})
    for mostly, holds in ((0.7, True), (0.700001, False), (0.01, True)):
        found = expect("column_values_to_be_between", column="x", min_value=0, mostly=mostly)
        assert detail(found, subject=frame)["success"] is holds


def test_integers_are_compared_as_integers():
    """Through floats, 2**53 + 1 would be 2**53."""
    frame = pl.DataFrame({"x": [2**53, 2**53 + 1]})
    for bound, wrong in ((2**53, 1), (2**53 + 0.0, 1), (2**70, 0), (-(2**70), 2)):
        found = expect("column_values_to_be_between", column="x", max_value=bound)
        assert detail(found, subject=frame)["unexpected_count"] == wrong
    found = expect("column_max_to_be_between", column="x", max_value=2**53)
    assert detail(found, subject=frame)["success"] is False


def test_a_sum_of_floats_is_compared_at_twelve_digits():
    frame = pl.DataFrame({"x": [0.1, 0.2]})
    assert detail(expect("column_sum_to_be_between", column="x", max_value=0.3), subject=frame)[
        "success"
    ]


def test_dates_in_iso_form_bound_date_columns():
    frame = pl.DataFrame({"d": ["2020-01-01", "2021-05-05"]}).with_columns(
        pl.col("d").str.to_date(), t=pl.col("d").str.to_datetime()
    )
    for column in ("d", "t"):
        found = expect("column_values_to_be_between", column=column, max_value="2021-01-01")
        assert detail(found, subject=frame)["unexpected_count"] == 1


def test_a_text_bound_on_numbers_cannot_be_judged():
    asked = expect("column_values_to_be_between", column="id", min_value="1")
    reason = "min_value '1' does not compare with column 'id' of integers: write 1 without quotes"
    with pytest.raises(MLGatesError) as caught:
        check(asked, BROKEN[2])
    assert str(caught.value).splitlines() == [
        "1 of 2 expectations could not be evaluated",
        "  where: suite expectation 1 (expect_column_values_to_be_between)",
        f"  got:   id between: {reason}",
        "  want:  expectations that can be asked of this table",
    ]
    # What is false stays false: a failure of the table, not of the suite.
    verdict = check(asked, BROKEN[0])
    assert (verdict.finding, verdict.outcome) == (Finding.DISPROVEN, Outcome.FAILED)
    assert [one["success"] for one in verdict.details] == [None, False]
    assert reason in verdict.message
    # And what does not block is reported.
    verdict = check({**asked, "severity": "warning"}, BROKEN[2])
    assert (verdict.finding, verdict.outcome) == (Finding.PROVEN, Outcome.PASSED)
    assert verdict.details[0]["error"] == reason


def test_a_set_of_another_kind_cannot_be_judged():
    with pytest.raises(MLGatesError) as caught:
        check(expect("column_values_to_not_be_in_set", column="id", value_set=["4"]))
    assert "value_set '4' does not compare with column 'id' of integers" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("int64", "id"),
        ("int", "id"),
        ("float64", "price"),
        ("str", "sex"),
        ("string", "sex"),
        ("bool", "paid"),
    ],
)
def test_a_type_goes_by_the_names_of_pandas(name, column):
    for kind, value in (("of_type", {"type_": name}), ("in_type_list", {"type_list": [name]})):
        found = expect(f"column_values_to_be_{kind}", column=column, **value)
        assert detail(found)["success"] is True


def test_a_wrong_type_names_both():
    verdict = check(expect("column_values_to_be_of_type", column="id", type_="float64"))
    assert verdict.message == dedent(
        """\
        1 of 1 expectation failed, 5 rows read
          - id: type float64   found int64"""
    )


def test_everything_but_uniqueness_and_what_python_judges_is_one_scan():
    plan = Plan(to_table(FARES.lazy()))
    found = suite.load(
        [
            *BROKEN,
            expect("column_mean_to_be_between", column="price", min_value=0, row_condition="paid"),
            expect("column_values_to_be_between", column="id", min_value=0, row_condition="paid"),
            expect("column_value_lengths_to_equal", column="code", value=2),
            expect("column_median_to_be_between", column="id", max_value=9),
            expect("table_row_count_to_equal", value=5),
            expect("column_values_to_be_unique", column="id"),
            expect("column_values_to_be_unique", column="id", mostly=0.5),
            expect("column_values_to_match_regex", column="code", regex="^[a-z]"),
            expect("column_values_to_not_match_regex", column="code", regex=r"(\w)\1"),
            expect("column_values_to_be_json_parseable", column="code"),
        ],
        Context().base,
    )
    pending = [NATIVE[e.type].check(plan, plan.scope(e.condition), e) for e in found]
    for finish in pending:
        finish()
    assert [scan.split(":")[0] for scan in plan.answers.scans] == [
        "aggregate",
        "unique key",
        "group-by",
    ]


def test_a_suite_is_read_from_a_file_beside_the_configuration(tmp_path):
    written = {"name": "fares", "expectations": [{**e, "meta": {}, "id": None} for e in BROKEN]}
    (tmp_path / "suite.json").write_text(json.dumps(written))
    verdict = KIND.evaluate(parse(KIND, ["suite.json"], {}), FARES, Context(base=tmp_path))
    assert verdict.summary == "2 of 3 expectations failed: price between, sex in set"


def test_a_suite_object_of_gx_is_read_through_its_json():
    class Suite:
        def to_json_dict(self):
            return {"name": "fares", "expectations": list(BROKEN), "meta": {}}

    verdict = KIND.evaluate(parse(KIND, [Suite()], {}), FARES, Context())
    assert len(verdict.details) == 3


def test_every_mistake_of_a_suite_is_told_at_once():
    with pytest.raises(MLGatesError) as error:
        check(
            expect("column_values_to_be_between", colunm="price", min_value=0),
            expect("column_values_to_be_in_set", column="sex", value_set="FM"),
            {"type": "expect_column_to_exist", "column": "sex"},
        )
    assert str(error.value) == dedent(
        """\
        5 mistakes in suite
        unknown argument 'colunm'
          where: suite expectation 1 (expect_column_values_to_be_between)
          want:  one of 'column', 'mostly', 'min_value', 'max_value', 'strict_min', 'strict_max'
          fix:   did you mean 'column'?
        column is missing
          where: suite expectation 1 (expect_column_values_to_be_between)
          want:  a value for 'column'
        value_set is not usable
          where: suite expectation 2 (expect_column_values_to_be_in_set)
          got:   'FM'
          want:  a list of values
        unknown key 'column'
          where: suite expectation 3 (expect_column_to_exist)
          want:  one of 'type', 'kwargs', 'severity', 'meta'
          fix:   arguments go under "kwargs"
        column is missing
          where: suite expectation 3 (expect_column_to_exist)
          want:  a value for 'column'"""
    )


def test_a_private_table_shows_no_value_and_no_small_count():
    table = to_table(FARES, name="fares", private=True)
    verdict = check(
        *BROKEN,
        expect("column_max_to_be_between", column="price", max_value=5),
        expect("column_values_to_be_unique", column="id"),
        subject=table,
        examples=3,
        context=Context(examples=3),
    )
    assert verdict.message == dedent(
        """\
        4 of 5 expectations failed, up to <10 of <10 rows
          - price: at least 0      <10 rows
          - sex: in set 'F', 'M'   <10 rows
          - price: max at most 5   does not hold (the value is private)
          - id: unique             <10 rows"""
    )
    text = verdict.to_json()
    for value in ("-2.0", "-3.0", "7.5", "10.0", '"X"', "examples"):
        assert value not in text
    for one in verdict.details:
        assert one["unexpected_count"] is None
        assert one["observed_value"] is None
