"""F1, balanced accuracy, AUC and R2 by group: weights, clusters, and groups against all rows."""

from __future__ import annotations

from functools import partial
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Finding, Outcome
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.fairness import KIND
from pytest_mlgates.gates.fairness_counts import count_family
from pytest_mlgates.gates.fairness_metrics import MEASURES
from pytest_mlgates.gates.fairness_whole import Whole, whole_family, whole_of_classes
from pytest_mlgates.gates.labels import Classes
from pytest_mlgates.gates.metric.scored import of_ranking
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_families import OVERALL
from pytest_mlgates.statistics.group_resamples import JointDraws
from pytest_mlgates.statistics.group_samples import MeanFamily, Sample
from pytest_mlgates.statistics.groups import compare_groups

WHOLE = ["f1_score", "balanced_accuracy_score", "roc_auc_score", "r2_score"]
OPTIONS = [
    {},
    {"sample_weight": "w"},
    {"cluster": "user"},
    {"sample_weight": "w", "cluster": "user"},
]


def check(subject, metric, *, private=False, **arguments):
    parameters = parse(KIND, (metric,), {"by": "sex", **arguments}, where="the test")
    if private:
        subject = to_table(subject, name="people", private=True)
    return evaluate(Gate(id="g", kind=KIND, parameters=parameters), subject, Context())


def misuse(subject, metric, **arguments):
    with pytest.raises(MLGatesError) as caught:
        check(subject, metric, **arguments)
    return str(caught.value)


def people(n=600, metric="f1_score", groups="FM", seed=0):
    rng = np.random.default_rng(seed)
    score = rng.uniform(0.02, 0.98, n)
    table = pd.DataFrame(
        {
            "sex": rng.choice(list(groups), n),
            "user": rng.integers(0, n // 8, n),
            "w": rng.uniform(0.5, 2, n),
            "y_true": (rng.random(n) < score).astype(int),
            "y_score": score,
        }
    )
    table["y_pred"] = (score > 0.5).astype(int)
    if metric in ("r2_score", "root_mean_squared_error"):
        table["y_true"] = rng.normal(10, 3, n)
        table["y_pred"] = table["y_true"] + rng.normal(0, 1, n)
    return table


# Values


@pytest.mark.parametrize("transform", ["difference", "ratio", "group_min", "group_max"])
@pytest.mark.parametrize("metric", [*WHOLE, "root_mean_squared_error"])
def test_values_with_weights_clusters_and_the_whole_are_those_of_fairlearn(metric, transform):
    fairlearn = pytest.importorskip("fairlearn.metrics")
    skm = pytest.importorskip("sklearn.metrics")
    table = people(900, metric, "abc")
    answers = table["y_score" if metric == "roc_auc_score" else "y_pred"]
    bound = {"max": 0.9} if transform in ("difference", "group_max") else {"min": 0.05}
    gaps = transform in ("difference", "ratio")
    for options in OPTIONS:
        frame = fairlearn.MetricFrame(
            metrics=getattr(skm, metric),
            y_true=table["y_true"],
            y_pred=answers,
            sensitive_features=table["sex"],
            sample_params={"sample_weight": table["w"]} if "sample_weight" in options else {},
        )
        for method in ("between_groups", "to_overall") if gaps else ("between_groups",):
            expected = getattr(frame, transform)(**({"method": method} if gaps else {}))
            verdict = check(table, f"{metric}_{transform}", method=method, **bound, **options)
            assert verdict.estimate == pytest.approx(expected, abs=1e-12)
            assert verdict.lower <= verdict.estimate <= verdict.upper


def test_a_metric_without_a_formula_here_takes_weights_and_the_whole():
    fairlearn = pytest.importorskip("fairlearn.metrics")
    skm = pytest.importorskip("sklearn.metrics")
    table = people(120, "r2_score")
    frame = fairlearn.MetricFrame(
        metrics=skm.mean_pinball_loss,
        y_true=table["y_true"],
        y_pred=table["y_pred"],
        sensitive_features=table["sex"],
        sample_params={"sample_weight": table["w"]},
    )
    options = {"sample_weight": "w", "method": "to_overall"}
    verdict = check(table, "mean_pinball_loss_difference", max=0.9, **options)
    assert verdict.estimate == pytest.approx(frame.difference(method="to_overall"), abs=1e-12)
    assert "of each group against all rows on bca bootstrap" in verdict.method


def test_an_error_of_one_row_has_no_weights():
    table = people(200, "r2_score")
    assert "max_error has no weights" in misuse(
        table, "max_error_difference", max=9, sample_weight="w"
    )


# Bounds


def test_equal_weights_change_no_value_and_hardly_a_bound():
    table = people(2000).assign(w=3.0)
    plain, weighted = (
        check(table, "f1_score_difference", max=0.2, **k) for k in ({}, {"sample_weight": "w"})
    )
    assert weighted.estimate == pytest.approx(plain.estimate, abs=1e-12)
    assert weighted.upper == pytest.approx(plain.upper, rel=0.05)


@pytest.mark.parametrize("metric", ["f1_score", "balanced_accuracy_score"])
def test_counts_and_rows_agree_on_what_a_group_and_all_rows_have_in_common(metric):
    table = people(700, groups="abc")
    truth, predicted = (table[name].to_numpy().astype(np.intp) for name in ("y_true", "y_pred"))
    groups = np.unique(table["sex"], return_inverse=True)[1]
    classes, measure = Classes(labels=(0, 1), positive=1), MEASURES[metric]
    sample = Sample(values=np.zeros(700), groups=groups, count=3)
    whole = whole_of_classes(measure, classes, truth, predicted)
    by_rows = whole_family(measure, sample, whole, np.arange(700), 0, [])
    cells = [
        {
            (t, p): int(np.sum((groups == g) & (truth == t) & (predicted == p)))
            for t in (0, 1)
            for p in (0, 1)
        }
        for g in range(3)
    ]
    by_counts = count_family(measure, cells, classes, 0)
    assert by_counts.whole_correlation == pytest.approx(by_rows.whole_correlation, abs=1e-9)
    assert by_counts.value(OVERALL) == by_rows.value(OVERALL)
    assert by_rows.correlation is None


def test_a_mean_hangs_together_with_the_whole_as_its_share_says():
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 1], [300, 100])
    squares = rng.normal(0, 1, 400) ** 2
    family = MeanFamily(name="rmse", sample=Sample(values=squares, groups=groups, count=2),
                        low=0.0, root=True)  # fmt: skip
    assert family.whole_correlation == pytest.approx(np.sqrt([0.75, 0.25]), abs=0.06)


def test_what_is_resampled_together_hangs_together_as_by_formula():
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 1], [90, 30])
    columns = {"x": rng.normal(0, 1, 120)}
    users = np.tile(np.arange(30), 4)
    statistic = partial(lambda drawn: float(np.mean(drawn["x"])))
    sample = Sample(values=columns["x"], groups=groups, count=2)
    joint = JointDraws(columns, statistic, sample)
    assert joint.between((0, 1)) is None
    assert joint.with_whole((0, 1)) == pytest.approx(np.sqrt([0.75, 0.25]), abs=0.12)
    effect = rng.normal(0, 3, 30)[users]
    shared = Sample(values=effect, groups=groups, count=2, clusters=users)
    joint = JointDraws({"x": effect}, statistic, shared)
    assert joint.between((0, 1))[0, 1] > 0.9


def test_clusters_in_both_groups_count_with_their_covariance():
    rng = np.random.default_rng(1)
    n, users = 3000, 60
    user = np.repeat(np.arange(users), n // users)
    both = rng.normal(0, 1.5, users)[user]  # what all rows of a user have in common
    table = pd.DataFrame(
        {"sex": np.where(np.arange(n) % 2, "F", "M"), "user": user, "y_true": rng.normal(0, 3, n)}
    )
    table["y_pred"] = table["y_true"] + both + rng.normal(0, 0.3, n)
    table["apart"] = [f"{u}{s}" for u, s in zip(user, table["sex"], strict=True)]
    together, apart = (
        check(table, "r2_score_difference", max=0.5, cluster=name) for name in ("user", "apart")
    )
    assert together.upper < apart.upper / 3


ORDINARY = NormalDist()


def of_auc(rng, weighted, clustered, n=500):
    """Scores of two groups, their true areas, and that of all rows."""
    user = rng.integers(0, 80, n)
    groups = (rng.random(n) < 0.35).astype(np.intp)
    shift = rng.normal(0, 0.7, 80)[user] if clustered else rng.normal(0, 0.7, n)
    positive = rng.random(n) < 0.4
    scores = positive * np.where(groups == 1, 1.0, 1.7) + shift + rng.normal(0, 0.8, n)
    area = [ORDINARY.cdf(d / np.sqrt(2 * (0.7**2 + 0.8**2))) for d in (1.7, 1.0)]
    sample = Sample(
        values=np.zeros(n),
        groups=groups,
        count=2,
        weights=rng.exponential(1, n) + 0.2 if weighted else None,
        clusters=user if clustered else None,
    )
    whole = Whole(answers=of_ranking("roc_auc", positive, scores), usable=lambda _: True)
    family = whole_family(MEASURES["roc_auc_score"], sample, whole, np.arange(n), 0, [])
    return family, area, 0.65 * area[0] + 0.35 * area[1]


def of_f1(rng, weighted, clustered, n=500):
    """Labels of two groups, their true F1, and that of all rows."""
    user = rng.integers(0, 80, n)
    groups = (rng.random(n) < 0.35).astype(np.intp)
    one, two = rng.random(n), rng.random(n)
    if clustered:  # some rows have the luck of their user
        same = rng.random(n) < 0.5
        one = np.where(same, rng.random(80)[user], one)
        two = np.where(same, rng.random(80)[user], two)
    hit = np.array([0.8, 0.6])
    truth = (one < 0.4).astype(np.intp)
    predicted = (two < np.where(truth == 1, hit[groups], 0.2)).astype(np.intp)
    sample = Sample(
        values=np.zeros(n),
        groups=groups,
        count=2,
        weights=rng.exponential(1, n) + 0.2 if weighted else None,
        clusters=user if clustered else None,
    )
    measure = MEASURES["f1_score"]
    whole = whole_of_classes(measure, Classes(labels=(0, 1), positive=1), truth, predicted)
    family = whole_family(measure, sample, whole, np.arange(n), 0, [])
    found = [2 * 0.4 * h / (0.4 + 0.4 * h + 0.6 * 0.2) for h in (*hit, 0.65 * 0.8 + 0.35 * 0.6)]
    return family, found[:2], found[2]


@pytest.mark.parametrize("to_overall", [False, True])
@pytest.mark.parametrize("weighted, clustered", [(True, False), (False, True)])
@pytest.mark.parametrize("drawn", [of_auc, of_f1])
def test_a_gap_on_its_bound_is_proven_and_disproven_as_seldom_as_promised(
    drawn, weighted, clustered, to_overall
):
    rng, runs, wrong = np.random.default_rng(11), 400, dict.fromkeys(Finding, 0)
    for _ in range(runs):
        family, groups, whole = drawn(rng, weighted, clustered)
        gap = groups[1] - whole if to_overall else groups[1] - groups[0]
        found = compare_groups(
            [family], comparison=Comparison.DIFFERENCE, bound=abs(gap), to_overall=to_overall
        )
        wrong[found.finding] += 1
    # At most 1.5 alpha, and no bound so wide that it proves nothing (within 2.5 standard errors).
    assert 0.02 <= wrong[Finding.PROVEN] / runs <= 0.075 + 0.02
    assert wrong[Finding.DISPROVEN] / runs <= 0.075


# What has no number, and what must not be seen


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(
    "metric, words",
    [
        ("f1_score", "positives, in truth or predicted,"),
        ("balanced_accuracy_score", "rows of every class"),
        ("roc_auc_score", "rows of every class"),
        ("r2_score", "values that vary"),
    ],
)
def test_a_group_without_the_number_is_named_and_never_passes(metric, words, options):
    table = people(400, metric)
    table.loc[table["sex"] == "F", ["y_true", "y_pred"]] = 0
    for method in ("between_groups", "to_overall"):
        text = misuse(table, f"{metric}_difference", max=0.9, method=method, **options)
        assert f"needs {words} in every group" in text
        assert "'F'" in text


@pytest.mark.parametrize("metric", [*WHOLE, "accuracy_score", "root_mean_squared_error"])
def test_a_group_of_one_cluster_is_refused(metric):
    table = people(400, metric)
    table.loc[table["sex"] == "F", "user"] = 999
    text = misuse(table, f"{metric}_difference", max=0.9, cluster="user", inconclusive="pass")
    assert "several clusters in every group, and 1 group has one" in text
    assert "got:   one value of cluster 'user' in 'F'" in text


def test_one_row_in_a_group_is_never_proven():
    table = people(400)
    table.loc[:, "sex"] = "M"
    table.loc[0, ["sex", "y_true", "y_pred"]] = ["F", 1, 1]
    for method in ("between_groups", "to_overall"):
        verdict = check(
            table, "f1_score_difference", max=0.5, method=method, sample_weight="w",
            inconclusive="fail",
        )  # fmt: skip
        assert verdict.finding is not Finding.PROVEN
        assert verdict.outcome is Outcome.FAILED


@pytest.mark.parametrize("method", ["between_groups", "to_overall"])
def test_few_rows_of_a_private_table_are_not_given_away(method):
    table = people(600).assign(w=1.0)
    table.loc[:, "y_true"] = table["y_pred"]
    few = table.index[table["sex"] == "F"][:3]
    table.loc[few, "y_true"] = 1 - table.loc[few, "y_pred"]  # 3 wrong rows of F
    verdict = check(
        table, "f1_score_difference", max=0.3, private=True, method=method, sample_weight="w"
    )
    assert verdict.estimate is None
    assert all(group.value is None for group in verdict.groups if group.group == ("group 1",))


@pytest.mark.parametrize("metric", [*WHOLE, "root_mean_squared_error"])
def test_rows_in_another_order_give_the_same_verdict(metric):
    table = people(500, metric)
    options = {"sample_weight": "w", "cluster": "user", "method": "to_overall"}
    one, two = (
        check(rows, f"{metric}_difference", max=0.3, **options)
        for rows in (table, table.sample(frac=1.0, random_state=1))
    )
    assert one.replace(duration_s=0.0, inputs=()) == two.replace(duration_s=0.0, inputs=())
