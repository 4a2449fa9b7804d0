"""Ways to compare groups: the whole, the mean, levels, weights, clusters, champions, any metric."""

from __future__ import annotations

from textwrap import dedent

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.core.errors import MissingExtraError, MLGatesError, NoChampionError
from pytest_mlgates.core.verdict import Bound, Finding, Outcome
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.fairness import KIND
from pytest_mlgates.gates.fairness_rows import exposure
from pytest_mlgates.gates.models import Predictions

DPD = "demographic_parity_difference"


def check(subject, metric=DPD, *, private=False, champion=None, **arguments):
    arguments = {"by": "sex", **arguments}
    parameters = parse(KIND, (metric,), arguments, where="the test")
    gate = Gate(id="gate", kind=KIND, parameters=parameters, where="the test")
    if private:
        subject = to_table(subject, name="people", private=True)
    return evaluate(gate, subject, Context(champion=champion))


def misuse(subject, metric=DPD, **arguments):
    with pytest.raises(MLGatesError) as caught:
        check(subject, metric, **arguments)
    return str(caught.value)


def people(n=4000, seed=0, groups="FM", gap=0.0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "sex": rng.choice(list(groups), n),
            "region": rng.choice(["North", "South"], n),
            "user": rng.integers(0, n // 10, n),
            "w": rng.uniform(0.5, 1.5, n),
            "y_true": rng.integers(0, 2, n),
        }
    )
    wrong = rng.random(n) < np.where(table["sex"] == groups[0], 0.2 + gap, 0.2)
    table["y_pred"] = np.where(wrong, 1 - table["y_true"], table["y_true"])
    table["y_score"] = np.clip(0.25 + 0.5 * table["y_true"] + rng.normal(0, 0.2, n), 0.01, 0.99)
    return table


def counted(**cells):
    """``F=(k, n)``: k of n rows predicted positive."""
    rows = [(g, i % 2, int(i < k)) for g, (k, n) in cells.items() for i in range(n)]
    return pd.DataFrame(rows, columns=["sex", "y_true", "y_pred"])


# method and agg


def test_a_group_against_all_rows_is_told_so():
    table = counted(A=(450, 1000), B=(300, 1000), C=(300, 1000))
    verdict = check(table, max=0.05, method="to_overall")
    assert verdict.estimate == pytest.approx(0.1)
    assert verdict.finding is Finding.DISPROVEN
    assert verdict.message == dedent("""\
        demographic_parity_difference by sex is 0.100, at least 0.070 (95 %), max 0.05: disproven
          got:   selection_rate A 0.450 (450 of 1,000 rows) against all rows 0.350 (1,050 of 3,000 rows); A is better off than the rest
          want:  no group further than 0.05 from all rows together""")  # noqa: E501
    assert verdict.details[0] == {
        "pair": "widest", "rate": "selection_rate", "high": ["A"], "low": [],
        "value": pytest.approx(0.1), "lower": pytest.approx(verdict.details[0]["lower"]),
        "upper": pytest.approx(verdict.details[0]["upper"]),
    }  # fmt: skip
    assert "each group against the rest" in verdict.method


def test_a_mean_of_gaps_names_both():
    verdict = check(people(gap=0.2), "equalized_odds_difference", max=0.05, agg="mean")
    assert verdict.finding is Finding.DISPROVEN
    assert "; and false_positive_rate F" in verdict.message
    assert "want:  the mean of the differences in true_positive_rate and" in verdict.message
    assert [part["rate"] for part in verdict.details[0]["averaged"]] == [
        "true_positive_rate", "false_positive_rate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "metric, arguments, words",
    [
        (DPD, {"max": 0.1, "agg": "mean"}, "averages several rates"),
        ("accuracy_score_group_min", {"min": 0.7, "method": "to_overall"}, "the bound itself"),
        (DPD, {"max": 0.1, "method": "overall"}, "'between_groups' or 'to_overall'"),
        (DPD, {"max": 0.1, "bins": 4}, "for calibration"),
        (DPD, {"max": 0.1, "query": "user"}, "query would be ignored"),
        (DPD, {"max": 0.1, "control": "sex"}, "in by and in control"),
        (DPD, {"max": 0.1, "control": "y_true"}, "is y_true itself"),
        ("accuracy_score_group_min", {"max": 0.7}, "bounded by `min`, not `max`"),
        ("accuracy_score_group_min", {"min": 0.0}, "out of range"),
        ("zero_one_loss_group_max", {"max": 1.0}, "out of range"),
        ("accuracy", {"max": 0.1}, "say how groups are compared"),
        ("accurcy_score_difference", {"max": 0.1}, "did you mean 'accuracy_score_difference'?"),
        ("calibration_ratio", {"min": 0.8}, "metric is not usable"),
        ("exposure_difference", {"max": 0.1}, "`query = …`"),
        (DPD, {"margin": 0.1, "max": 0.1}, "stands without `no_worse_than`"),
        (DPD, {"no_worse_than": "m"}, "needs a margin"),
        (DPD, {"no_worse_than": "m", "margin": 0.1, "max": 0.1}, "stand in one gate"),
        (DPD, {"no_worse_than": "m", "margin": 1.0}, "margin = 1 is out of range"),
        ("precision_score_difference", {"no_worse_than": "m", "margin": 0.1}, "not compared with"),
        ("selection_rate_ratio", {"no_worse_than": "m", "margin": 0.1}, "not compared with"),
        (DPD, {"no_worse_than": "m", "margin": 0.1, "method": "to_overall"}, "pair by pair"),
        (DPD, {"no_worse_than": "m", "margin": 0.1}, "no way here to find the champion"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(metric, arguments, words):
    assert words in misuse(people(200), metric, **arguments)


# control


def test_groups_are_compared_within_every_level():
    """Simpson's paradox: fair as a whole, unfair in both regions."""
    rows = []
    for region, sex, k, n in (
        ("North", "F", 800, 1000), ("North", "M", 270, 300),
        ("South", "F", 30, 300), ("South", "M", 200, 1000),
    ):  # fmt: skip
        rows += [(region, sex, i % 2, int(i < k)) for i in range(n)]
    table = pd.DataFrame(rows, columns=["region", "sex", "y_true", "y_pred"])
    within = check(table, max=0.05, control="region")
    assert within.estimate == pytest.approx(0.1)
    assert "within region =" in within.message
    assert within.message.startswith(f"{DPD} by sex within region is 0.100")
    assert {g.rate for g in within.groups} == {
        "selection_rate within region = North", "selection_rate within region = South",
    }  # fmt: skip
    assert len(within.groups) == 4
    assert check(table, max=0.5).estimate > 0.2, "as a whole the gap is another one"
    private = check(table, max=0.05, control="region", private=True)
    assert "North" not in private.to_json()
    assert "within level 1" in private.to_json()


def test_a_level_with_one_group_is_refused_by_name():
    table = people(400)
    table = table[(table["region"] == "North") | (table["sex"] == "F")]
    text = misuse(table, max=0.1, control="region")
    assert "compares groups within region = South" in text
    assert "one group there" in text


def test_a_group_that_a_level_lacks_is_named():
    table = people(900, groups="FMX")
    table = table[(table["region"] == "North") | (table["sex"] != "X")]
    verdict = check(table, max=0.3, control="region")
    assert "region = South has no rows of 'X': not compared there" in verdict.warnings
    assert len(verdict.groups) == 5


def test_an_empty_denominator_in_a_level_is_refused_by_name():
    table = people(400)
    inside = (table["region"] == "South") & (table["sex"] == "M")
    table.loc[inside, "y_true"] = 0
    text = misuse(table, "equal_opportunity_difference", max=0.1, control="region")
    assert "0 positives in 'M'" in text
    assert "none within region = South" in text


# Weights and clusters


def test_weights_change_the_value_and_widen_the_bounds():
    plain, weighted = (check(people(), max=0.1, **k) for k in ({}, {"sample_weight": "w"}))
    assert plain.estimate != weighted.estimate
    assert "effective rows" in weighted.method
    assert weighted.groups[0].successes is None, "a weighted share is no share of counts"
    uneven = people().assign(w=lambda t: np.where(np.arange(len(t)) % 20 == 0, 50.0, 0.1))
    verdict = check(uneven, max=0.1, sample_weight="w")
    assert "are worth about 2" in verdict.warnings[0]
    assert verdict.groups[0].upper - verdict.groups[0].lower > 3 * (
        plain.groups[0].upper - plain.groups[0].lower
    )


@pytest.mark.parametrize(
    "weights, words",
    [
        (lambda n: np.r_[np.nan, np.ones(n - 1)], "is missing in 1 of 200 rows"),
        (lambda n: np.r_[-1.0, np.ones(n - 1)], "is negative in 1 of 200 rows"),
        (lambda n: np.r_[np.inf, np.ones(n - 1)], "infinities"),
        (np.zeros, "is 0 in all 200 rows"),
        (lambda n: np.full(n, "1"), "weights are numbers"),
    ],
)
def test_weights_that_weigh_nothing_sensible_are_refused(weights, words):
    """Fairlearn multiplies by them."""
    table = people(200)
    table["w"] = weights(200)
    assert words in misuse(table, max=0.1, sample_weight="w")


def test_a_group_of_weight_zero_has_no_rate():
    table = people(200)
    table["w"] = (table["sex"] == "F").astype(float)
    assert "0 rows in 'M'" in misuse(table, max=0.1, sample_weight="w")


def test_clusters_widen_the_bounds_and_few_of_them_are_told():
    rng = np.random.default_rng(0)
    table = people(2000)
    user = np.arange(2000) // 20
    table["user"] = user
    table["sex"] = np.where(user % 2, "F", "M")
    table["y_pred"] = (rng.random(100)[user] < 0.5).astype(int)
    plain, clustered = (check(table, max=0.3, **k) for k in ({}, {"cluster": "user"}))
    assert clustered.estimate == plain.estimate
    assert clustered.upper > plain.upper + 0.1
    assert clustered.warnings == ()
    few = check(table.assign(user=user // 5), max=0.3, cluster="user")
    assert any("fewer than 30 clusters" in text for text in few.warnings)
    missing = table.assign(user=[None, *user[1:]])
    assert "cluster 'user' of table" in misuse(missing, max=0.3, cluster="user")


# Numbers, scores, rankings


def test_errors_of_a_regression_by_group():
    rng = np.random.default_rng(1)
    table = people(2000)
    table["y_true"] = rng.normal(50, 10, 2000)
    spread = np.where(table["sex"] == "F", 2.0, 1.0)
    table["y_pred"] = table["y_true"] + rng.normal(0, 1, 2000) * spread
    verdict = check(table, "mae_difference", max=0.4)
    assert verdict.finding is Finding.DISPROVEN
    assert "F is worse off: its predictions are further off" in verdict.message
    assert check(table, "mean_absolute_error_difference", max=0.4).estimate == verdict.estimate
    bias = check(table, "mean_error_difference", max=0.5)
    assert bias.finding is Finding.PROVEN
    assert check(table, "mean_error_group_max", max=0.5).finding is Finding.PROVEN
    assert check(table, "rmse_group_max", max=1.5).finding is Finding.DISPROVEN
    assert check(table, "r2_group_min", min=0.9).finding is Finding.PROVEN
    assert "ratio" not in check(table, "mean_prediction_ratio", min=0.9).summary.split(":")[1]


def test_a_ratio_of_numbers_under_zero_is_refused():
    table = people(200)
    table["y_pred"] = np.where(table["sex"] == "F", -1.0, 1.0) + np.arange(200) / 1000
    text = misuse(table, "mean_prediction_ratio", min=0.8)
    assert "does not exist on these rows" in text
    assert 'use "mean_prediction_difference"' in text


def test_calibration_between_groups_within_groups_and_within_bands():
    rng = np.random.default_rng(2)
    table = people(6000)
    table["y_score"] = rng.uniform(0.05, 0.95, 6000)
    hidden = np.where(table["sex"] == "F", table["y_score"] - 0.04, table["y_score"])
    table["y_true"] = (rng.random(6000) < hidden).astype(int)
    verdict = check(table, "calibration_difference", max=0.2)
    assert verdict.finding is Finding.PROVEN
    assert verdict.estimate == pytest.approx(0.04, abs=0.03)
    each = check(table, "calibration_group_max", max=0.15)
    assert each.finding is Finding.PROVEN
    assert each.estimate == max(abs(g.value) for g in each.groups)
    bands = check(table, "calibration_difference", max=0.2, bins=4)
    assert len(bands.groups) == 8
    assert "within score = " in bands.message
    assert bands.estimate >= verdict.estimate - 0.03


def test_bands_hide_a_bias_that_cancels_out():
    """Too low for low scores and too high for high ones: no bias as a whole."""
    rng = np.random.default_rng(3)
    table = people(8000)
    table["y_score"] = rng.uniform(0.1, 0.9, 8000)
    bent = np.where(table["sex"] == "F", 0.5 + 0.4 * (table["y_score"] - 0.5), table["y_score"])
    table["y_true"] = (rng.random(8000) < bent).astype(int)
    assert check(table, "calibration_difference", max=0.1).finding is Finding.PROVEN
    assert check(table, "calibration_difference", max=0.1, bins=4).finding is Finding.DISPROVEN


def test_exposure_counts_the_places_in_every_list():
    queries, scores = np.array([0, 0, 0, 1, 1]), np.array([0.9, 0.5, 0.5, 0.1, 0.2])
    half = (1 / np.log2(3) + 1 / 2) / 2
    assert exposure(queries, scores) == pytest.approx([1, half, half, 1 / np.log2(3), 1])
    rng = np.random.default_rng(4)
    table = people(4000)
    table["y_score"] = rng.normal(0, 1, 4000) - 1.5 * (table["sex"] == "F")
    verdict = check(table, "exposure_difference", max=0.05, query="user")
    assert verdict.finding is Finding.DISPROVEN
    assert "F is worse off: shown further down" in verdict.message
    assert "cluster totals" in verdict.method
    assert check(table, "exposure_ratio", min=0.2, query="user").finding is Finding.PROVEN


@pytest.mark.parametrize("name", ["matthews_corrcoef", "median_absolute_error"])
def test_any_other_metric_has_resampled_bounds(name):
    skm = pytest.importorskip("sklearn.metrics")
    pytest.importorskip("fairlearn")
    table = people(240)
    if name == "median_absolute_error":
        table["y_true"] = table["y_score"] + 1
        table["y_pred"] = table["y_true"] + np.random.default_rng(0).normal(0, 1, 240)
    verdict = check(table, f"{name}_difference", max=0.9)
    values = {
        sex: getattr(skm, name)(rows["y_true"], rows["y_pred"])
        for sex, rows in table.groupby("sex")
    }
    assert {g.group[0]: g.value for g in verdict.groups} == pytest.approx(values, abs=1e-12)
    assert verdict.estimate == pytest.approx(abs(values["F"] - values["M"]), abs=1e-12)
    assert "bca bootstrap" in verdict.method
    shuffled = table.sample(frac=1.0, random_state=1)
    again = check(shuffled, f"{name}_difference", max=0.9)
    assert (again.lower, again.upper) == (verdict.lower, verdict.upper)


def test_a_missing_fairlearn_is_one_line(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fairlearn.metrics", None)
    with pytest.raises(MissingExtraError, match=r"pytest-mlgates\[fairlearn\]"):
        check(people(200), "matthews_corrcoef_difference", max=0.9)


# Champions


def champion(**answers):
    def resolve(reference, table, parameters, *, want):
        arrays = {name: np.asarray(values) for name, values in answers.items()}
        assert want <= set(arrays)
        return Predictions(name=f"{reference} v3", digest="sha256:c", **arrays)

    return resolve


def test_a_candidate_is_held_to_the_champions_gaps():
    table, fairer = people(gap=0.3), people()
    against = {"no_worse_than": "credit", "margin": 0.02}
    worse = check(
        table, "accuracy_score_difference", champion=champion(y_pred=fairer["y_pred"]), **against
    )
    assert worse.finding is Finding.DISPROVEN
    assert worse.outcome is Outcome.FAILED
    assert worse.bound == Bound(no_worse_than="credit", margin=0.02)
    assert "against the champion is 0." in worse.message
    assert "the champion's 0.0" in worse.message
    assert "want:  no gap between two groups more than 0.02 wider" in worse.message
    assert "paired with credit v3 on 4,000 rows" in worse.message
    assert worse.inputs[-1].digest == "sha256:c"
    better = check(
        fairer, "accuracy_score_difference", champion=champion(y_pred=table["y_pred"]), **against
    )
    assert better.finding is Finding.PROVEN
    assert better.estimate < 0


def test_identical_predictions_are_said_to_be_identical():
    table = people()
    for metric in (DPD, "equalized_odds_difference"):
        verdict = check(
            table, metric, champion=champion(y_pred=table["y_pred"]), no_worse_than="m", margin=0.02
        )
        assert verdict.estimate == 0
        assert verdict.upper > 0
        assert "the predictions are identical, no difference was seen" in verdict.message
        assert verdict.details[-1]["identical"] is True


def test_scores_numbers_weights_and_levels_of_two_models():
    table = people()
    scores = champion(y_score=table["y_score"].clip(0.1, 0.9), y_pred=table["y_pred"])
    for metric, options in (
        ("calibration_difference", {}),
        ("mae_difference", {}),
        ("exposure_difference", {"query": "user"}),
        (DPD, {"control": "region"}),
        (DPD, {"sample_weight": "w", "cluster": "user"}),
    ):
        verdict = check(table, metric, champion=scores, no_worse_than="m", margin=0.1, **options)
        assert verdict.finding is not Finding.DISPROVEN
        assert verdict.estimate == pytest.approx(0, abs=0.05)


def test_a_champion_of_other_rows_is_refused():
    table = people(200)
    short = champion(y_pred=table["y_pred"][:-1])
    assert "judged on other rows" in misuse(table, champion=short, no_worse_than="m", margin=0.1)
    other = champion(y_pred=table["y_pred"], y_true=1 - table["y_true"])
    text = misuse(table, champion=other, no_worse_than="m", margin=0.1)
    assert "labels differ in 200 of 200 rows" in text


def test_the_first_model_is_judged_by_the_absolute_bound():
    def none(*_, **__):
        raise NoChampionError("model 'm' has no version")

    options = {"no_worse_than": "m", "margin": 0.1, "first": True, "max": 0.2}
    verdict = check(people(), champion=none, **options)
    assert verdict.outcome is Outcome.PASSED
    assert "no champion yet" in verdict.message
    with pytest.raises(NoChampionError):
        check(people(), champion=none, no_worse_than="m", margin=0.1)
    table = people()
    both = check(table, champion=champion(y_pred=table["y_pred"]), **options)
    assert "also: " in both.message
    assert both.bound == Bound(max=0.2, no_worse_than="m", margin=0.1)


def test_a_margin_of_zero_is_warned_of():
    table = people()
    resolve = champion(y_pred=table["y_pred"])
    verdict = check(table, champion=resolve, no_worse_than="m", margin=0)
    assert any("nearly half the time" in text for text in verdict.warnings)


def test_two_models_of_a_private_table_do_not_give_away_the_rows_they_differ_on():
    table = people(4000).assign(sex=lambda t: t["sex"].map({"F": "canary_f", "M": "canary_m"}))
    other = table["y_pred"].to_numpy().copy()
    other[:3] = 1 - other[:3]
    verdict = check(
        table, private=True, champion=champion(y_pred=other), no_worse_than="m", margin=0.1
    )
    assert "canary" not in verdict.to_json()
    assert verdict.estimate is None
    assert "withheld" in verdict.message


# Private tables, whatever is compared


@pytest.mark.parametrize(
    "metric, options",
    [
        (DPD, {"method": "to_overall"}),
        ("equalized_odds_difference", {"agg": "mean"}),
        (DPD, {"control": "region"}),
        (DPD, {"sample_weight": "w"}),
        ("mae_difference", {}),
        ("calibration_difference", {"bins": 2}),
        ("f1_score_difference", {}),
    ],
)
def test_a_small_group_of_a_private_table_gives_nothing_away(metric, options):
    table = people(2000)
    few = pd.DataFrame(
        {
            "sex": "canary", "region": ["North", "South"] * 4, "user": 1, "w": 0.77,
            "y_true": [0, 1] * 4, "y_pred": [0, 0, 1, 1] * 2,
            "y_score": [0.2, 0.9, 0.3, 0.8] * 2,
        }
    )  # fmt: skip
    few.loc[:, "y_true"] = [0, 0, 1, 1] * 2
    few.loc[4:, "y_pred"] = [1, 0, 1, 0]
    verdict = check(pd.concat([table, few]), metric, max=0.3, private=True, **options)
    text = verdict.to_json()
    assert "canary" not in text
    assert all(g.value is None for g in verdict.groups if g.n is None)
    assert any(g.n is None for g in verdict.groups)
    assert verdict.lower is None
    assert verdict.upper is None


@pytest.mark.parametrize(
    "metric, options",
    [
        (DPD, {"sample_weight": "w", "method": "to_overall"}),
        ("equalized_odds_difference", {"cluster": "user", "agg": "mean"}),
        ("mse_difference", {"sample_weight": "w", "cluster": "user"}),
        ("r2_difference", {}),
        ("calibration_difference", {"bins": 3}),
        ("log_loss_difference", {"control": "region"}),
        ("roc_auc_difference", {}),
        ("exposure_difference", {"query": "user"}),
        (DPD, {"no_worse_than": "m", "margin": 0.1, "sample_weight": "w"}),
    ],
)
def test_rows_in_another_order_give_the_same_verdict_to_the_last_digit(metric, options):
    table = people(700)
    other = people(700, seed=5)["y_pred"]
    shuffled = table.sample(frac=1.0, random_state=1)
    bound = {} if "margin" in options else {"max": 0.3}
    one, two = (
        check(rows, metric, champion=champion(y_pred=other[rows.index]), **bound, **options)
        for rows in (table, shuffled)
    )
    assert one.replace(duration_s=0.0, inputs=()) == two.replace(duration_s=0.0, inputs=())


def test_every_group_too_small_to_decide_is_named_with_the_rows_that_would():
    table = counted(
        A=(1500, 5000), B=(1510, 5000), C=(16, 50), D=(18, 60), E=(20, 70), F=(21, 80), G=(30, 90)
    )
    verdict = check(table, max=0.1)
    assert verdict.finding is Finding.INCONCLUSIVE
    also = next(line for line in verdict.message.splitlines() if "also:" in line)
    assert "too few rows for a proof: " in also
    assert "rows of about" in also
    named = [d["undecided"][0] for d in verdict.details if "undecided" in d]
    assert named == ["C", "D", "E", "F", "G"]
    assert all(d["rows_needed"] > 90 for d in verdict.details if "undecided" in d)
    text = check(table, max=0.1, private=True).to_json()
    assert "group 3" in text
