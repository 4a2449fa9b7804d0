"""The fairness gate: what it finds, what it says, and what it refuses."""

from __future__ import annotations

from textwrap import dedent

import numpy as np
import polars as pl
import pytest

from pytest_mlgates.core.errors import ColumnError, MLGatesError, TableError
from pytest_mlgates.core.verdict import Bound, Finding, Outcome, Policy
from pytest_mlgates.engines.table import Table
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.fairness import KIND
from pytest_mlgates.gates.labels import MOST_GROUPS

DPD = "demographic_parity_difference"


def frame(cells, by=("sex",)):
    """A table with n rows for each (*group, y_true, y_pred): n."""
    names = [*by, "y_true", "y_pred"]
    repeated = {
        name: [key[k] for key, n in cells.items() for _ in range(n)] for k, name in enumerate(names)
    }
    return pl.DataFrame(repeated)


def selected(**groups):
    """A table in which ``group=(k, n)`` means k of n rows predicted positive, half of them true."""
    cells = {}
    for group, (k, n) in groups.items():
        for y_pred, rows in ((1, k), (0, n - k)):
            cells[group, 1, y_pred] = rows // 2
            cells[group, 0, y_pred] = rows - rows // 2
    return frame(cells)


def check(subject, metric=DPD, *, private=False, min_cell=10, **arguments):
    arguments = {"by": "sex", **arguments}
    if metric == DPD:
        arguments.setdefault("max", 0.1)
    parameters = parse(KIND, (metric,), arguments, where="the test")
    gate = Gate(id="gate", kind=KIND, parameters=parameters, where="the test")
    if private:
        subject = to_table(subject, name="people", private=True)
    return evaluate(gate, subject, Context(min_cell=min_cell))


def misuse(subject, metric=DPD, **arguments):
    with pytest.raises(MLGatesError) as caught:
        check(subject, metric, **arguments)
    return str(caught.value)


@pytest.mark.parametrize("by", ["sex", "age"])
@pytest.mark.parametrize("other", ["a.b", 'a"b'])
def test_names_of_columns_that_nobody_asks_for_do_not_matter(tmp_path, by, other):
    table = selected(F=(300, 1000), M=(305, 1000)).with_columns(
        pl.when(pl.col("sex") == "F").then(20.5).otherwise(30.0).alias("age"),
        pl.lit(1.5).alias(other),
    )
    table.write_parquet(tmp_path / "people.parquet")
    assert check(to_table(tmp_path / "people.parquet"), by=by).estimate == pytest.approx(0.005)


FAIR = selected(F=(3000, 10_000), M=(3050, 10_000))
UNFAIR = selected(F=(591, 5421), M=(3258, 10_860))
SMALL = selected(F=(8, 20), M=(11, 20))


# What it finds


def test_a_fair_model_is_proven_fair():
    verdict = check(FAIR)
    assert verdict.finding is Finding.PROVEN
    assert verdict.outcome is Outcome.PASSED
    assert verdict.estimate == verdict.deciding_estimate == pytest.approx(0.005)
    assert verdict.estimate < verdict.upper < 0.1
    assert verdict.bound == Bound(max=0.1)
    assert verdict.n == 20_000
    assert verdict.upper_confidence == verdict.lower_confidence == 0.95
    assert "sidak over 1 pair" in verdict.correction
    assert verdict.rows_needed is None


def test_an_unfair_model_is_disproven_and_both_groups_are_named():
    verdict = check(UNFAIR)
    assert verdict.finding is Finding.DISPROVEN
    assert verdict.outcome is Outcome.FAILED
    assert verdict.message == dedent("""\
        demographic_parity_difference by sex is 0.191, at least 0.179 (95 %), max 0.10: disproven
          got:   selection_rate F 0.109 (591 of 5,421 rows) against M 0.300 (3,258 of 10,860 rows); F is worse off: predicted positive less often
          want:  no two groups further apart than 0.10""")  # noqa: E501
    assert verdict.summary == "demographic_parity_difference 0.191, max 0.10: disproven"


def test_a_small_table_of_two_groups_is_decided_by_its_gap_and_says_what_would_decide():
    verdict = check(SMALL)
    assert verdict.finding is Finding.INCONCLUSIVE
    assert verdict.outcome is Outcome.FAILED
    assert "why:   between two groups the difference itself decides" in verdict.message
    assert "would decide" in verdict.summary
    assert verdict.rows_needed > 20


@pytest.mark.parametrize(
    "policy, outcome, why",
    [
        (Policy.PASS, Outcome.PASSED, "blocks only what is disproven"),
        (Policy.FAIL, Outcome.FAILED, "demands proof"),
    ],
)
def test_policies_decide_what_the_rows_do_not(policy, outcome, why):
    verdict = check(SMALL, inconclusive=policy)
    assert (verdict.outcome, verdict.policy) == (outcome, policy)
    assert why in verdict.message


def test_noise_of_a_small_group_passes_but_is_named():
    table = selected(A=(1500, 5000), B=(1510, 5000), C=(900, 3000), D=(10, 50))
    verdict = check(table, max=0.09)
    assert verdict.outcome is Outcome.PASSED
    assert verdict.finding is Finding.INCONCLUSIVE
    assert verdict.estimate > 0.09
    assert verdict.deciding_estimate == 0
    assert "breaks max 0.09, but the rows do not tell it from 0" in verdict.message
    assert "D 0.200 (10 of 50 rows)" in verdict.warnings[0]
    assert "group D has 50 rows, about" in verdict.warnings[0]


def test_too_small_groups_are_decided_by_the_raw_gap():
    verdict = check(selected(A=(6, 20), B=(8, 20), C=(10, 20)))
    assert verdict.outcome is Outcome.FAILED
    assert "too small to show a gap of twice the bound" in verdict.message


def test_a_gap_told_apart_decides():
    table = selected(A=(900, 3000), B=(900, 3000), C=(900, 3000), D=(174, 400))
    verdict = check(table)
    assert verdict.outcome is Outcome.FAILED
    assert "the largest difference distinguishable from 0 decides: 0.135" in verdict.message
    assert [d["pair"] for d in verdict.details] == ["widest", "deciding", "preventing_proof"]
    assert verdict.details[1]["high"] == ["D"]


def test_counts_are_compared_exactly_with_the_bound():
    """8/10 - 7/10 is not over 0.1."""
    verdict = check(selected(F=(8, 10), M=(7, 10)))
    assert verdict.outcome is Outcome.PASSED
    assert verdict.deciding_estimate == 0.1


def test_a_gap_just_over_the_bound_shows_the_digits_that_tell():
    verdict = check(selected(F=(3000, 10_000), M=(4001, 10_000)))
    assert "is 0.1001, " in verdict.message


def test_disparate_impact_is_the_ratio_with_four_fifths():
    verdict = check(UNFAIR, "disparate_impact")
    assert verdict.bound == Bound(min=0.8)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.estimate == check(UNFAIR, "demographic_parity_ratio", min=0.8).estimate
    assert "at most 0.39" in verdict.message
    assert "want:  the lower rate at least 0.80 times the higher one" in verdict.message
    assert check(UNFAIR, "disparate_impact", min=0.3).outcome is Outcome.PASSED


def test_four_fifths_that_hang_on_one_person_are_told():
    """3 of 20 against 4 of 20 is a ratio of .75; one person more and one fewer make 4 of 3."""
    assert (
        "one person decided otherwise"
        in check(selected(F=(3, 20), M=(4, 20)), "disparate_impact").message
    )
    assert "one person" not in check(UNFAIR, "disparate_impact").message
    assert "one person" not in check(FAIR, "disparate_impact").message


def test_significance_is_asked_for_beside_the_ratio():
    """Of eight fair groups the raw ratio of a small one breaks 4/5, and noise explains it."""
    table = selected(
        A=(150, 500), B=(310, 1000), C=(290, 1000), D=(10, 50), E=(600, 2000), F=(300, 1000)
    )
    verdict = check(table, "disparate_impact")
    assert verdict.estimate < 0.8
    assert verdict.outcome is Outcome.PASSED
    assert "the rows do not tell it from 1" in verdict.message
    assert "D" in verdict.warnings[0]


def test_equalized_odds_names_the_rate_and_who_is_worse_off():
    cells = {
        ("F", 1, 1): 450, ("F", 1, 0): 50, ("F", 0, 1): 300, ("F", 0, 0): 700,
        ("M", 1, 1): 460, ("M", 1, 0): 40, ("M", 0, 1): 100, ("M", 0, 0): 900,
    }  # fmt: skip
    verdict = check(frame(cells), "equalized_odds_difference", max=0.1)
    assert verdict.estimate == 0.2
    assert (
        "false_positive_rate F 0.300 (300 of 1,000 negatives) against M 0.100 "
        "(100 of 1,000 negatives); F is worse off: its negatives are predicted positive more often"
    ) in verdict.message
    assert {(g.group, g.rate, g.n) for g in verdict.groups} == {
        (("F",), "true_positive_rate", 500), (("M",), "true_positive_rate", 500),
        (("F",), "false_positive_rate", 1000), (("M",), "false_positive_rate", 1000),
    }  # fmt: skip
    opportunity = check(frame(cells), "equal_opportunity_difference", max=0.1)
    assert opportunity.estimate == pytest.approx(0.02)
    assert {g.successes for g in opportunity.groups} == {450, 460}


def test_several_columns_mean_their_intersections():
    cells = {
        ("F", "young", 1, 1): 10, ("F", "old", 1, 0): 12, ("M", "young", 0, 1): 14,
        ("M", "old", 0, 0): 16,
    }  # fmt: skip
    verdict = check(frame(cells, by=("sex", "age")), by=["sex", "age"])
    assert verdict.by == ("sex", "age")
    assert {g.group for g in verdict.groups} == {
        ("F", "young"), ("F", "old"), ("M", "young"), ("M", "old"),
    }  # fmt: skip
    assert " by sex \u00d7 age is 1.000" in verdict.message
    assert "(F, old)" in verdict.message or "(M, old)" in verdict.message


@pytest.mark.parametrize(
    "recode, arguments",
    [
        (lambda v: v, {}),
        (bool, {}),
        (lambda v: 1 if v else -1, {}),
        (float, {}),
        (lambda v: "yes" if v else "no", {"pos_label": "yes"}),
    ],
    ids=["0/1", "bool", "-1/1", "float", "text"],
)
def test_labels_of_every_coding_give_the_same_verdict(recode, arguments):
    recoded = UNFAIR.with_columns(
        pl.Series(c, [recode(v) for v in UNFAIR[c].to_list()]) for c in ("y_true", "y_pred")
    )
    assert check(recoded, **arguments).estimate == check(UNFAIR).estimate


def test_the_other_label_can_be_the_positive_one():
    assert check(UNFAIR, pos_label=0).estimate == pytest.approx(check(UNFAIR).estimate)
    assert {g.successes for g in check(UNFAIR, pos_label=0).groups} == {4830, 7602}


def test_missing_values_can_be_a_group_of_their_own():
    cells = {("F", 1, 1): 50, (None, 1, 0): 50, ("M", 0, 1): 50}
    verdict = check(frame(cells), missing="group")
    assert (None,) in {g.group for g in verdict.groups}
    assert "selection_rate missing 0.000" in verdict.message


def test_rows_in_another_order_give_the_same_verdict():
    shuffled = UNFAIR.sample(fraction=1.0, shuffle=True, seed=3)
    one, two = (check(t).replace(duration_s=0.0, inputs=()) for t in (UNFAIR, shuffled))
    assert one == two


def test_gates_over_the_same_columns_share_one_group_by(monkeypatch):
    scans = []
    rows = Table.rows
    monkeypatch.setattr(Table, "rows", lambda self, f: scans.append(1) or rows(self, f))
    table = to_table(UNFAIR)
    for metric in ("demographic_parity_ratio", "equalized_odds_ratio", "disparate_impact"):
        check(table, metric, min=0.8)
    assert len(scans) == 1


def test_the_record_is_plain_and_complete():
    record = check(UNFAIR).to_dict()
    assert record["groups"][0] == {
        "group": ["F"], "n": 5421, "value": pytest.approx(591 / 5421),
        "lower": pytest.approx(0.1023, abs=1e-3), "upper": pytest.approx(0.1162, abs=1e-3),
        "rate": "selection_rate", "successes": 591,
    }  # fmt: skip
    assert record["inputs"][0]["rows"] == 16_281
    assert record["inputs"][0]["digest"].startswith("sha256:")
    check(UNFAIR).to_json()


# Private tables


def test_a_private_table_shows_no_group_and_no_small_count():
    table = selected(canary_a=(3, 4000), canary_b=(1200, 4000))
    verdict = check(table, private=True)
    text = verdict.to_json()
    assert "canary" not in text
    assert "group 1 rate not shown (<10 of 4,000 rows) against group 2 0.300" in verdict.message
    hidden, known = verdict.groups
    assert (hidden.group, hidden.n, hidden.value, hidden.successes) == (
        ("group 1",), 4000, None, None,
    )  # fmt: skip
    assert (known.group, known.successes) == (("group 2",), 1200)
    assert "1 rate from counts under 10 not recorded" in verdict.warnings[-1]


def test_a_private_table_shows_no_group_in_misuse():
    cells = {("canary_a", 1, 1): 20, ("canary_b", 0, 1): 20}
    text = misuse(frame(cells), "equal_opportunity_difference", max=0.1, private=True)
    assert "canary" not in text
    assert "group 2" in text


# What it refuses


@pytest.mark.parametrize(
    "metric, arguments, words",
    [
        (DPD, {"max": None}, "has no bound"),
        (DPD, {"max": float("nan")}, "finite number"),
        (DPD, {"max": 1.0}, "max = 1 is out of range"),
        (DPD, {"max": -0.1}, "max = -0.10 is out of range"),
        (DPD, {"max": None, "min": 0.8}, "bounded by `max`, not `min`"),
        (DPD, {"max": "high"}, "want:  a number"),
        (DPD, {"max": True}, "want:  a number"),
        ("equalized_odds_ratio", {}, "has no bound"),
        ("equalized_odds_ratio", {"min": 0.0}, "min = 0 is out of range"),
        ("equalized_odds_ratio", {"min": 1.1}, "min = 1.10 is out of range"),
        ("equalized_odds_ratio", {"max": 0.1}, "bounded by `min`, not `max`"),
        ("disparate_impact", {"max": 0.1}, "bounded by `min`, not `max`"),
        ("demografic_parity_difference", {"max": 0.1},
         "did you mean 'demographic_parity_difference'?"),
        (DPD, {"maximum": 0.1}, "unknown argument 'maximum'"),
        (DPD, {"by": []}, "one or several sensitive columns"),
        (DPD, {"by": ["sex", "sex"]}, "each named once"),
        (DPD, {"by": "y_pred"}, "is y_pred itself"),
        (DPD, {"confidence": 1.0}, "confidence is not usable"),
        (DPD, {"query": "q"}, "query would be ignored"),
    ],
)  # fmt: skip
def test_misused_arguments_are_told(metric, arguments, words):
    text = misuse(FAIR, metric, **arguments)
    assert words in text
    assert "where: the test" in text


def test_a_missing_by_is_told():
    with pytest.raises(MLGatesError, match="by is missing"):
        parse(KIND, (DPD,), {"max": 0.1})


@pytest.mark.parametrize("column", ["sex", "y_true", "y_pred"])
def test_a_missing_column_is_named_with_the_nearest(column):
    with pytest.raises(ColumnError, match=column) as caught:
        check(UNFAIR.rename({column: column + "_"}))
    assert f"did you mean '{column}_'?" in str(caught.value)


def test_no_rows_are_no_evidence():
    with pytest.raises(TableError, match="0 rows"):
        check(UNFAIR.clear())


def test_a_single_group_is_refused():
    text = misuse(selected(F=(30, 100)))
    assert "compares groups, and by 'sex'" in text
    assert "1 group of 100 rows" in text


@pytest.mark.parametrize("column", ["y_true", "y_pred"])
@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_labels_and_predictions_are_refused(column, missing):
    holes = FAIR.with_columns(
        pl.Series(column, [missing, *FAIR[column].to_list()[1:]], dtype=pl.Float64)
    )
    assert "missing in 1 of 20,000 rows" in misuse(holes)


def test_missing_sensitive_values_are_refused():
    text = misuse(frame({("F", 1, 1): 50, (None, 1, 0): 50, ("M", 0, 1): 50}))
    assert "missing in 50 of 150 rows" in text
    assert 'missing = "group"' in text


def test_text_labels_without_a_positive_one_are_refused():
    """Fairlearn raises for some metrics here and gives 0.0 for demographic parity."""
    cells = {("F", "yes", "no"): 30, ("M", "yes", "yes"): 30}
    assert "which label" in misuse(frame(cells))
    assert "'ja' does not occur" in misuse(frame(cells), pos_label="ja")


def test_probabilities_are_refused_where_classes_are_wanted():
    cells = {("F", 1, 0.25): 30, ("M", 0, 0.75): 30}
    assert "holds probabilities" in misuse(frame(cells))


def test_more_than_two_labels_are_refused():
    cells = {("F", 0, 1): 30, ("M", 1, 2): 30}
    assert "two classes" in misuse(frame(cells))


@pytest.mark.parametrize(
    "metric, arguments, rate",
    [
        ("equal_opportunity_difference", {"max": 0.1}, "positives"),
        ("equal_opportunity_ratio", {"min": 0.8}, "positives"),
        ("equalized_odds_difference", {"max": 0.1}, "positives"),
    ],
)
def test_a_group_without_a_denominator_is_refused(metric, arguments, rate):
    """Fairlearn calls the rate 0.0."""
    cells = {("F", 1, 1): 30, ("F", 0, 1): 30, ("M", 0, 1): 30, ("M", 0, 0): 30}
    text = misuse(frame(cells), metric, **arguments)
    assert f"needs {rate} in every group" in text
    assert f"0 {rate} in 'M'" in text
    assert check(frame(cells)).estimate == 0.5, "demographic parity needs none"


def test_a_group_without_negatives_is_refused():
    cells = {("F", 1, 1): 30, ("F", 0, 1): 30, ("M", 1, 1): 30, ("M", 1, 0): 30}
    assert "0 negatives in 'M'" in misuse(frame(cells), "equalized_odds_ratio", min=0.8)


def test_a_ratio_of_zeros_is_refused():
    """Fairlearn gives nan."""
    table = selected(F=(0, 100), M=(0, 100))
    text = misuse(table, "disparate_impact")
    assert "does not exist on these rows" in text
    assert 'use "demographic_parity_difference" with `max`' in text
    assert check(table).estimate == 0


def test_a_measurement_is_no_group():
    n = MOST_GROUPS + 1
    table = pl.DataFrame({
        "sex": np.arange(n), "y_true": np.arange(n) % 2, "y_pred": np.arange(n) % 2
    })  # fmt: skip
    assert "1,001 groups" in misuse(table)
