"""A search by what does not add up: AUC, RMSE, R2, weights and clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import EvaluationParameters
from pytest_mlgates.gates.privacy import Display
from pytest_mlgates.gates.slices import Search, search

metrics = pytest.importorskip("sklearn.metrics")

WEIGHTS = {"sample_weight": "w"}
CLUSTERS = {"cluster": "user"}
ORACLES = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "specificity": lambda y, p, sample_weight: metrics.recall_score(
        y, p, pos_label=0, sample_weight=sample_weight
    ),
    "f1": metrics.f1_score,
    "brier": metrics.brier_score_loss,
    "log_loss": metrics.log_loss,
    "roc_auc": metrics.roc_auc_score,
    "mae": metrics.mean_absolute_error,
    "mse": metrics.mean_squared_error,
    "rmse": lambda y, p, sample_weight: np.sqrt(
        metrics.mean_squared_error(y, p, sample_weight=sample_weight)
    ),
    "mape": metrics.mean_absolute_percentage_error,
    "r2": metrics.r2_score,
}
OF_NUMBERS = ("mae", "mse", "rmse", "mape", "r2")
OF_SCORES = ("brier", "log_loss", "roc_auc")


def drawn(seed: int, n: int, metric: str, *, weak: bool = False) -> pd.DataFrame:
    """Rows of about eight for each user, whose answers resemble each other; or one weak slice."""
    rng = np.random.default_rng(seed)
    region, channel = rng.integers(0, 5, n), rng.integers(0, 6, n)
    user = rng.integers(0, n // 8, n)
    noise = 0.7 * rng.normal(size=n // 8)[user] + np.sqrt(0.51) * rng.normal(size=n)
    bad = (region == 2) & (channel == 3) & weak
    truth = rng.integers(0, 2, n)
    table = pd.DataFrame(
        {
            "region": [f"r{k}" for k in region],
            "channel": [f"c{k}" for k in channel],
            "age": rng.integers(18, 90, n),
            "w": rng.lognormal(sigma=0.7, size=n),
            "user": [f"u{k}" for k in user],
        }
    )
    if metric in OF_NUMBERS:
        table["y_true"] = 20 + rng.normal(size=n)
        return table.assign(y_pred=table.y_true + np.where(bad, 2.5, 0.6) * noise)
    right = noise < np.where(bad, 0.2, 1.4)
    chance = 1 / (1 + np.exp(-(np.where(bad, 0, 2) * (truth - 0.5) + noise)))
    return table.assign(y_true=truth, y_pred=np.where(right, truth, 1 - truth), y_score=chance)


def found_in(
    table: pd.DataFrame,
    metric: str,
    roles: dict[str, str] | None = None,
    *,
    private: bool = False,
    min_rows: int = 30,
) -> Search:
    return search(
        to_table(table, name="holdout", private=private),
        EvaluationParameters(**(roles or {})),
        metric,
        Display(private=private),
        columns=("region", "channel", "age"),
        depth=2,
        min_rows=min_rows,
        confidence=0.95,
    )


@pytest.mark.parametrize("roles", [{}, WEIGHTS, CLUSTERS, WEIGHTS | CLUSTERS])
@pytest.mark.parametrize("metric", ORACLES)
def test_a_planted_slice_is_found_with_the_values_of_scikit_learn(metric, roles):
    table = drawn(1, 8000, metric, weak=True)
    found = found_in(table, metric, roles)
    weights = table.w if "sample_weight" in roles else table.w * 0 + 1
    answer = table.y_score if metric in OF_SCORES else table.y_pred

    def oracle(rows):
        kept = (table.y_true[rows], answer[rows])
        return ORACLES[metric](*kept, sample_weight=weights[rows])

    inside = (table.region == "r2") & (table.channel == "c3")
    first = found.slices[0]
    assert first.name == "region=r2, channel=c3"
    assert first.n == inside.sum()
    assert first.worse.value == pytest.approx(oracle(inside), rel=1e-12, abs=1e-12)
    assert first.worse.other == pytest.approx(oracle(~inside), rel=1e-12, abs=1e-12)
    assert found.value == pytest.approx(oracle(inside | True), rel=1e-12, abs=1e-12)
    assert 0 < first.worse.at_least < first.worse.by


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "roles"),
    [
        ("roc_auc", {}),
        ("rmse", {}),
        ("r2", {}),
        ("accuracy", WEIGHTS),
        ("f1", WEIGHTS),
        ("roc_auc", WEIGHTS),
        ("accuracy", CLUSTERS),
        ("rmse", CLUSTERS),
        ("roc_auc", CLUSTERS),
    ],
)
def test_without_weak_slices_a_search_finds_one_in_at_most_one_of_twenty(metric, roles):
    """120 seeded tables of 2,000 rows: nominal .05, tolerated half as much again."""
    wrong = 0
    for seed in range(120):
        table = drawn(seed, 2000, metric)
        if not roles:  # independent rows
            table["user"] = range(2000)
            rng = np.random.default_rng(seed + 1000)
            if metric == "roc_auc":
                table["y_true"] = (rng.random(2000) < 0.1) * 1  # few of a class are the hard case
                table["y_score"] = rng.exponential(size=2000) * (1 + 4 * table.y_true)
            else:
                table["y_pred"] = table.y_true + 0.6 * rng.normal(size=2000)
        wrong += bool(found_in(table, metric, roles).slices)
    assert wrong / 120 <= 0.075


@pytest.mark.slow
def test_clusters_that_lie_in_one_slice_each_make_none_weak():
    """A user lives in one region: 120 seeded tables, in which plain bounds err in most."""
    wrong = plain = 0
    for seed in range(120):
        table = drawn(seed, 2000, "accuracy")
        table["region"] = table.user.map(lambda user: f"r{int(user[1:]) % 5}")
        wrong += bool(found_in(table, "accuracy", CLUSTERS).slices)
        plain += bool(found_in(table, "accuracy").slices)
    assert wrong / 120 <= 0.075
    assert plain > wrong


@pytest.mark.parametrize(
    ("metric", "roles"),
    [
        *((metric, {}) for metric in ("roc_auc", "rmse", "r2")),
        *((metric, WEIGHTS | CLUSTERS) for metric in ("roc_auc", "r2", "accuracy", "log_loss")),
    ],
)
def test_the_order_of_rows_changes_nothing(metric, roles):
    table = drawn(4, 4000, metric, weak=True)
    one = found_in(table, metric, roles)
    other = found_in(table.sample(frac=1, random_state=1), metric, roles)
    assert one.slices
    assert one.slices == other.slices
    assert (one.looks, one.undefined) == (other.looks, other.undefined)


def test_equal_weights_are_no_weights_and_each_row_a_cluster_hardly_a_cluster():
    table = drawn(5, 4000, "roc_auc", weak=True).assign(w=2.0, user=range(4000))
    plain, weighted, clustered = (
        found_in(table, "roc_auc", roles) for roles in ({}, WEIGHTS, CLUSTERS)
    )
    for found in (weighted, clustered):
        assert found.slices[0].worse.value == pytest.approx(plain.slices[0].worse.value)
        assert found.slices[0].worse.at_least == pytest.approx(
            plain.slices[0].worse.at_least, abs=0.02
        )


def test_one_slice_that_its_three_clusters_make_weak_is_not_listed():
    table = drawn(6, 3000, "accuracy")
    lonely = table.index < 90
    table.loc[lonely, "region"], table.loc[lonely, "user"] = "r9", ["x", "y", "z"] * 30
    table.loc[lonely & (table.user != "z"), "y_pred"] = 1 - table.y_true
    assert "region=r9" in [one.name for one in found_in(table, "accuracy").slices]
    assert "region=r9" not in [one.name for one in found_in(table, "accuracy", CLUSTERS).slices]


def test_slices_of_one_class_are_counted_whatever_their_weights():
    table = drawn(7, 2000, "roc_auc")
    table.loc[table.region == "r1", "y_true"] = 1
    assert found_in(table, "roc_auc").undefined == 1 + 6 + 5
    table.loc[(table.region == "r2") & (table.y_true == 0), "w"] = 0.0
    assert found_in(table, "roc_auc", WEIGHTS).undefined == 2 * (1 + 6 + 5)


def test_a_private_table_gives_no_small_count_of_a_class_away():
    table = drawn(8, 4000, "roc_auc", weak=True)
    bad = (table.region == "r2") & (table.channel == "c3")
    few = table.index.isin(table.index[bad][:8])
    table.loc[bad, "y_true"], table.loc[bad, "y_score"] = 0, 0.5 + table.w[bad] / 100
    table.loc[few, "y_true"], table.loc[few, "y_score"] = 1, 0.1
    shown, hidden = (found_in(table, "roc_auc", private=private) for private in (False, True))
    assert shown.slices[0].worse is not None
    for one in hidden.slices:
        assert one.columns != ("region", "channel") or one.worse is None
