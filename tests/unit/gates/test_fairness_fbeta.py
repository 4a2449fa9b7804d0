"""F-beta by group: ``beta`` says how many times recall counts more than precision."""

from __future__ import annotations

from functools import partial, update_wrapper

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates import fairness
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Finding, Outcome
from pytest_mlgates.gates.fairness_counts import count_family
from pytest_mlgates.gates.fairness_metrics import MEASURES
from pytest_mlgates.gates.fairness_whole import whole_family, whole_of_classes
from pytest_mlgates.gates.labels import Classes
from pytest_mlgates.runner.recheck import RECOMPUTED
from pytest_mlgates.runner.recompute import recompute
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_families import OVERALL
from pytest_mlgates.statistics.group_samples import Sample
from pytest_mlgates.statistics.groups import compare_groups

OPTIONS = [
    {},
    {"sample_weight": "w"},
    {"cluster": "user"},
    {"sample_weight": "w", "cluster": "user"},
]


def people(n=900, groups="abc", seed=0):
    rng = np.random.default_rng(seed)
    score = rng.uniform(0.02, 0.98, n)
    return pd.DataFrame(
        {
            "sex": rng.choice(list(groups), n),
            "user": rng.integers(0, n // 8, n),
            "w": rng.uniform(0.5, 2, n),
            "y_true": (rng.random(n) < score).astype(int),
            "y_pred": (score > 0.6).astype(int),
        }
    )


def check(table, metric, **arguments):
    return fairness(table, metric, by="sex", **arguments)


@pytest.mark.parametrize("beta", [0.1, 0.5, 1, 2, 30])
@pytest.mark.parametrize("transform", ["difference", "ratio", "group_min", "group_max"])
def test_values_are_those_of_fairlearn(transform, beta):
    fairlearn = pytest.importorskip("fairlearn.metrics")
    skm = pytest.importorskip("sklearn.metrics")
    table = people()
    bound = {"max": 0.9} if transform in ("difference", "group_max") else {"min": 0.05}
    gaps = transform in ("difference", "ratio")
    for options in OPTIONS:
        frame = fairlearn.MetricFrame(
            metrics=update_wrapper(partial(skm.fbeta_score, beta=beta), skm.fbeta_score),
            y_true=table["y_true"],
            y_pred=table["y_pred"],
            sensitive_features=table["sex"],
            sample_params={"sample_weight": table["w"]} if "sample_weight" in options else {},
        )
        for method in ("between_groups", "to_overall") if gaps else ("between_groups",):
            expected = getattr(frame, transform)(**({"method": method} if gaps else {}))
            given = {"method": method, "beta": beta, **bound, **options}
            for name in ("fbeta_score", "fbeta"):
                verdict = check(table, f"{name}_{transform}", **given)
                assert verdict.estimate == pytest.approx(expected, abs=1e-12)
                assert verdict.lower <= verdict.estimate <= verdict.upper


def test_a_beta_of_one_is_f1():
    one, f1 = (
        check(people(), f"{name}_difference", max=0.3, **more)
        for name, more in (("fbeta_score", {"beta": 1}), ("f1_score", {}))
    )
    assert one.estimate == f1.estimate
    assert one.upper == pytest.approx(f1.upper, abs=0.02)


def test_gates_of_one_table_keep_their_betas_apart():
    from pytest_mlgates.engines.tables import to_table

    table = to_table(people())
    apart = [check(people(), "fbeta_difference", max=0.9, beta=b).estimate for b in (0.2, 5.0)]
    shared = [check(table, "fbeta_difference", max=0.9, beta=b).estimate for b in (0.2, 5.0)]
    assert shared == apart
    assert shared[0] != shared[1]


def test_control_columns_and_private_tables_are_as_with_other_metrics():
    table = people().assign(level=lambda t: t["user"] % 2)
    verdict = check(table, "fbeta_difference", max=0.9, beta=2, control="level")
    assert {group.rate for group in verdict.groups} == {
        "fbeta_score within level = 0",
        "fbeta_score within level = 1",
    }


def test_counts_and_rows_agree_on_the_whole():
    table = people(700)
    truth, predicted = (table[name].to_numpy().astype(np.intp) for name in ("y_true", "y_pred"))
    groups = np.unique(table["sex"], return_inverse=True)[1]
    classes = Classes(labels=(0, 1), positive=1)
    from dataclasses import replace

    measure = replace(MEASURES["fbeta_score"], beta=0.5)
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
    assert by_counts.value(1) == by_rows.value(1)


@pytest.mark.parametrize("to_overall", [False, True])
@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_a_gap_on_its_bound_is_proven_and_disproven_as_seldom_as_promised(beta, to_overall):
    from dataclasses import replace

    measure, classes = (
        replace(MEASURES["fbeta_score"], beta=beta),
        Classes(labels=(0, 1), positive=1),
    )
    hit, share, square = np.array([0.8, 0.6]), np.array([0.65, 0.35]), beta * beta
    true = [
        (1 + square) * 0.4 * h / ((1 + square) * 0.4 * h + square * 0.4 * (1 - h) + 0.6 * 0.2)
        for h in (*hit, float(share @ hit))
    ]
    rng, runs, wrong = np.random.default_rng(5), 400, dict.fromkeys(Finding, 0)
    for _ in range(runs):
        cells = []
        for rows, h in zip(rng.multinomial(2_000, share), hit, strict=True):
            chances = [0.4 * h, 0.4 * (1 - h), 0.6 * 0.2, 0.6 * 0.8]
            drawn = rng.multinomial(rows, chances).tolist()
            cells.append(dict(zip([(1, 1), (1, 0), (0, 1), (0, 0)], drawn, strict=True)))
        family = count_family(measure, cells, classes, 0)
        gap = true[1] - true[2 if to_overall else 0]
        found = compare_groups(
            [family], comparison=Comparison.DIFFERENCE, bound=abs(gap), to_overall=to_overall
        )
        wrong[found.finding] += 1
    # At most 1.5 alpha, and no bound so wide that it proves nothing (within 2.5 standard errors).
    assert 0.02 <= wrong[Finding.PROVEN] / runs <= 0.075 + 0.02
    assert wrong[Finding.DISPROVEN] / runs <= 0.075


def test_a_verdict_is_computed_again_from_its_counts():
    verdict = check(people(), "fbeta_difference", max=0.3, beta=0.5)
    found = recompute(verdict)
    assert (found.depth, found.complaints) == (RECOMPUTED, [])
    other = verdict.replace(definition={**verdict.definition, "beta": 2.0})
    assert recompute(other).complaints


def misuse(metric, **arguments):
    with pytest.raises(MLGatesError) as caught:
        check(people(), metric, **arguments)
    return str(caught.value)


@pytest.mark.parametrize("beta", [None, 0, -1, 1e7])
def test_fbeta_needs_a_beta_that_says_something(beta):
    text = misuse("fbeta_difference", max=0.3, beta=beta)
    assert "fbeta_difference needs `beta`, a number over 0, at most 1,000,000" in text
    assert "fix:   `beta = 2.0`" in text


def test_no_other_metric_takes_a_beta():
    text = misuse("f1_score_difference", max=0.3, beta=0.5)
    assert "beta = 0.50 is nothing that f1_score_difference takes" in text


@pytest.mark.parametrize("options", OPTIONS)
def test_a_group_without_positives_is_named_and_never_passes(options):
    table = people()
    table.loc[table["sex"] == "b", ["y_true", "y_pred"]] = 0
    with pytest.raises(MLGatesError) as caught:
        check(table, "fbeta_difference", max=0.9, beta=2, **options)
    assert "needs positives, in truth or predicted, in every group" in str(caught.value)
    assert "'b'" in str(caught.value)


def test_one_row_in_a_group_is_never_proven():
    table = people(400, groups="M")
    table.loc[0, ["sex", "y_true", "y_pred"]] = ["F", 1, 1]
    for method in ("between_groups", "to_overall"):
        for more in ({}, {"sample_weight": "w"}):
            verdict = check(
                table, "fbeta_difference", max=0.5, beta=0.5, method=method,
                inconclusive="fail", **more,
            )  # fmt: skip
            assert verdict.finding is not Finding.PROVEN
            assert verdict.outcome is Outcome.FAILED


def test_a_champion_is_not_compared_by_it():
    text = misuse("fbeta_difference", no_worse_than="champion.csv", margin=0.1, beta=2)
    assert "is not compared with a champion" in text
