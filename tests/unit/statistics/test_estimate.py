"""Influence values are derivatives, and bounds from them keep their level: seeded simulations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pytest_mlgates.statistics import confusion, ranks
from pytest_mlgates.statistics.estimate import Estimate, Sampling, bounds, scaled
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.multilabel import per_label
from pytest_mlgates.statistics.scales import Scale

from .limits import at_most

metrics = pytest.importorskip("sklearn.metrics")

CELLS = {
    "accuracy": confusion.accuracy,
    "balanced accuracy": confusion.balanced_accuracy,
    "mcc": confusion.mcc,
    "kappa": confusion.cohen_kappa,
    **{
        f"{metric} {average}": lambda m, metric=metric, average=average: confusion.per_class(
            m, metric, average, beta=2.0
        )
        for metric in ("precision", "recall", "specificity", "fbeta", "jaccard")
        for average in ("macro", "micro", "weighted")
    },
    "fbeta of one": lambda m: confusion.per_class(m, "fbeta", "binary", positive=1, beta=2.0),
}


def moved(metric, matrix, row, column, by=1e-6):
    """The derivative by the share of a cell, as a difference."""
    shares = matrix / matrix.sum()
    mixed = (1 - by) * shares
    mixed[row, column] += by
    return (float(metric(mixed).value) - float(metric(shares).value)) / by


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("name", CELLS)
def test_the_influence_of_a_cell_is_the_derivative_by_its_share(name, classes):
    rng = np.random.default_rng(1)
    matrix = rng.integers(1, 40, (classes, classes))
    found = CELLS[name](matrix)
    assert float(np.sum(found.moves * matrix)) == pytest.approx(0, abs=1e-8)
    for row in range(classes):
        for column in range(classes):
            expected = moved(CELLS[name], matrix, row, column)
            assert found.moves[row, column] == pytest.approx(expected, rel=1e-3, abs=1e-4)
    assert np.abs(found.moves).max() <= found.reach * 2


@pytest.mark.parametrize("name", CELLS)
def test_a_metric_of_millions_of_rows_is_that_of_their_shares(name):
    """Integers of numpy overflow in fractions, and tell nobody."""
    matrix = np.random.default_rng(9).integers(10**5, 10**8, (3, 3))
    counts, weights = CELLS[name](matrix), CELLS[name](matrix.astype(float))
    assert float(counts.value) == pytest.approx(float(weights.value), rel=1e-12)
    assert counts.moves == pytest.approx(weights.moves, rel=1e-9, abs=1e-12)
    assert counts.reach == pytest.approx(weights.reach, rel=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("rank", "oracle"),
    [(ranks.roc_auc, "roc_auc_score"), (ranks.average_precision, "average_precision_score")],
)
def test_the_influence_of_a_row_is_the_derivative_by_its_weight(rank, oracle, weighted):
    rng = np.random.default_rng(2)
    positive = rng.random(80) < 0.4
    scores = np.round(rng.random(80) + 0.3 * positive, 1)
    weights = scaled(rng.uniform(0.1, 3, 80)) if weighted else np.ones(80)
    found = rank(positive, scores, weights if weighted else None)
    value = getattr(metrics, oracle)
    assert found.value == pytest.approx(value(positive, scores, sample_weight=weights), abs=1e-12)
    for row in range(0, 80, 5):
        more = weights.copy()
        more[row] += 1e-5
        step = 1e-5 / more.sum()
        expected = (value(positive, scores, sample_weight=more) - found.value) / step
        assert found.moves[row] == pytest.approx(expected, rel=2e-3, abs=1e-3)


def errors(draw, truth, runs, seed=3):
    """How often the lower bound lies over the truth, and the upper bound under it."""
    rng = np.random.default_rng(seed)
    found = [draw(rng) for _ in range(runs)]
    return sum(one.lower > truth for one in found), sum(one.upper < truth for one in found)


def spread(shares, right):
    """Cells of classes with these *shares*, of which *right* are predicted right."""
    k = len(shares)
    each = [[s * (right if i == j else (1 - right) / (k - 1)) for j in range(k)] for i, s in shares]
    return np.array(each)


COUNTED = {
    "macro F1": (CELLS["fbeta macro"], Scale.LOGIT),
    "weighted F2": (CELLS["fbeta weighted"], Scale.LOGIT),
    "F2 of one": (CELLS["fbeta of one"], Scale.LOGIT),
    "macro precision": (CELLS["precision macro"], Scale.LOGIT),
    "mcc": (confusion.mcc, Scale.FISHER_Z),
    "kappa": (confusion.cohen_kappa, Scale.FISHER_Z),
}


@pytest.mark.parametrize("n", [100, 300, 1000])
@pytest.mark.parametrize("name", COUNTED)
def test_bounds_of_counts_keep_their_level(name, n):
    """At most 1.5 times .05 with 20 rows of the rarest class, which is where the warning ends."""
    metric, scale = COUNTED[name]
    shares = (0.5, 0.3, 0.2)
    cells = spread(list(enumerate(shares)), 0.8)
    truth = float(metric(cells).value)

    def draw(rng):
        matrix = rng.multinomial(n, cells.ravel()).reshape(cells.shape)
        found = metric(matrix)
        estimate = Estimate(
            value=found.value,
            moves=found.moves.ravel(),
            times=matrix.ravel(),
            scale=scale,
            low=-1,
            high=1,
        )
        return bounds(estimate, 0.95).interval

    for count in errors(draw, truth, 1500):
        assert at_most(count, 1500, 0.075)


def share(values, sampling):
    mean = sampling.mean(values)
    return bounds(
        Estimate(value=mean, moves=values - mean, scale=Scale.SHARE, low=0, high=1, reach=1),
        0.95,
        sampling,
    ).interval


@pytest.mark.parametrize(("users", "rows", "icc"), [(50, 10, 0.3), (200, 50, 0.1)])
def test_clusters_keep_the_level_that_ignoring_them_breaks(users, rows, icc):
    """Section 1: ignored .18 to .25, by cluster totals .05."""
    beta = (1 - icc) / icc
    clusters = np.repeat(np.arange(users), rows)

    def values(rng):
        return (rng.random(len(clusters)) < rng.beta(0.9 * beta, 0.1 * beta, users)[clusters]) * 1.0

    for count in errors(lambda rng: share(values(rng), Sampling(clusters=clusters)), 0.9, 1000):
        assert at_most(count, 1000, 0.07)
    assert errors(lambda rng: share(values(rng), Sampling()), 0.9, 300)[0] > 0.12 * 300


def test_cluster_sizes_that_go_with_quality_keep_the_level():
    """Decision D4: a mean of cluster means would err by .45 here."""
    rng = np.random.default_rng(1)
    many = rng.beta(2.1, 0.233, 1_000_000)
    truth = float((many * (1 + 20 * many)).sum() / (1 + 20 * many).sum())

    def draw(rng):
        quality = rng.beta(2.1, 0.233, 80)
        clusters = np.repeat(np.arange(80), 1 + rng.poisson(20 * quality))
        right = (rng.random(len(clusters)) < quality[clusters]) * 1.0
        return share(right, Sampling(clusters=clusters))

    for count in errors(draw, truth, 1000):
        assert at_most(count, 1000, 0.075)


@pytest.mark.parametrize("truth", [0.9, 0.97])
@pytest.mark.parametrize("n", [100, 1000])
def test_uneven_weights_keep_the_level(n, truth):
    def draw(rng):
        weights = scaled(rng.lognormal(0, 0.8, n))
        return share((rng.random(n) < truth) * 1.0, Sampling(weights=weights))

    for count in errors(draw, truth, 1000):
        assert at_most(count, 1000, 0.07)


@pytest.mark.parametrize("positives", [50, 100])
def test_average_precision_keeps_its_level(positives):
    rng = np.random.default_rng(4)
    n = positives * 10

    def rows(rng, n):
        positive = rng.random(n) < 0.1
        return positive, rng.normal(0, 1, n) + 1.5 * positive

    truth = ranks.average_precision(*rows(rng, 1_000_000)).value

    def draw(rng):
        return ranks.of_precision(ranks.average_precision(*rows(rng, n)), 0.95).interval

    for count in errors(draw, truth, 800):
        assert at_most(count, 800, 0.075)


def test_what_no_row_moves_is_not_proven_by_a_width_of_zero():
    perfect = Estimate(value=1.0, moves=np.zeros(50), scale=Scale.LOGIT, low=0, high=1, reach=4.0)
    found = bounds(perfect, 0.95)
    assert found.interval.upper == 1
    assert found.interval.lower == pytest.approx(1 - 4 * (1 - 0.05 ** (1 / 50)))
    unknown = Estimate(value=1.0, moves=np.zeros(50))
    assert not bounds(unknown, 0.95).interval.bounded


def test_few_clusters_and_uneven_weights_are_warned_of():
    values = np.array([0.0, 1.0] * 20)
    one = Estimate(value=0.5, moves=values - 0.5, scale=Scale.SHARE, low=0, high=1, reach=1)
    few = bounds(one, 0.95, Sampling(clusters=np.arange(40) // 4))
    assert "10 clusters are few" in few.warnings[0]
    assert few.method == "influence values, by cluster totals"
    heavy = scaled(np.where(np.arange(40) == 0, 50.0, 1.0))
    assert "uneven" in bounds(one, 0.95, Sampling(weights=heavy)).warnings[0]


def test_weights_that_are_all_zero_and_no_rows_have_no_value():
    with pytest.raises(UndefinedError):
        scaled(np.zeros(3))
    with pytest.raises(UndefinedError):
        bounds(Estimate(value=0.0, moves=np.zeros(0)), 0.95)


@pytest.mark.parametrize("name", ["mcc", "kappa"])
def test_agreement_of_one_class_is_no_zero(name):
    with pytest.raises(UndefinedError):
        CELLS[name](np.array([[5, 0], [0, 0]]))


def uneven_clusters(rng, count):
    """Clusters whose size and quality go together: the number of each, and the cluster of rows."""
    quality = rng.normal(size=count)
    sizes = 1 + rng.poisson(5 * np.exp(0.5 * quality + 0.6 * rng.normal(size=count) - 0.3))
    return quality, np.repeat(np.arange(count), sizes)


def ranked_clusters(rng, count):
    quality, clusters = uneven_clusters(rng, count)
    positive = rng.random(len(clusters)) < 0.1
    scores = rng.normal(size=len(clusters)) + 2.5 * (1 + 0.4 * quality[clusters]) * positive
    return positive, scores, clusters


def test_an_auc_of_clusters_keeps_its_level():
    """By influence alone .145 below."""
    positive, scores, _ = ranked_clusters(np.random.default_rng(5), 100_000)
    truth = ranks.roc_auc(positive, scores).value

    def draw(rng):
        positive, scores, clusters = ranked_clusters(rng, 40)
        found = ranks.roc_auc(positive, scores)
        estimate = replace(ranks.estimate(found, ""), beside=ranks.beside("roc_auc", found))
        return bounds(estimate, 0.95, Sampling(clusters=clusters)).interval

    for count in errors(draw, truth, 600):
        assert at_most(count, 600, 0.075)


def squared_errors(rng, count):
    quality, clusters = uneven_clusters(rng, count)
    return (rng.normal(size=len(clusters)) * np.exp(0.3 * quality[clusters])) ** 2, clusters


@pytest.mark.parametrize("scale", [Scale.MEAN, Scale.ROOT])
def test_a_skewed_mean_of_clusters_errs_less_than_by_t(scale):
    truth = float(np.mean(squared_errors(np.random.default_rng(6), 200_000)[0]))
    power = 0.5 if scale is Scale.ROOT else 1.0

    def draw(scale):
        def interval(rng):
            values, clusters = squared_errors(rng, 40)
            mean = float(np.mean(values))
            moves = (values - mean) * power * mean ** (power - 1)
            estimate = Estimate(value=mean**power, moves=moves, scale=scale)
            return bounds(estimate, 0.95, Sampling(clusters=clusters)).interval

        return interval

    ours, by_t = (errors(draw(one), truth**power, 800) for one in (scale, Scale.PLAIN))
    assert ours[1] < by_t[1] - 0.01 * 800
    assert at_most(ours[0], 800, 0.075)
    assert at_most(ours[1], 800, 0.1)


def test_weights_that_go_with_errors_keep_the_level_of_a_difference():
    """Without Kish's floor .13: the few heavy rows are often not in the table."""

    def rows(rng, n):
        right = rng.random((2, n)) < 0.85
        right[1] = np.where(rng.random(n) < 0.7, right[0], right[1])
        weights = scaled(np.exp(0.8 * rng.normal(size=n) + 0.7 * ~right[0]))
        return right[0] * 1.0 - right[1], weights

    values, weights = rows(np.random.default_rng(7), 1_000_000)
    truth = float(np.mean(values * weights))

    def draw(rng):
        values, weights = rows(rng, 200)
        mean = float(np.mean(values * weights))
        estimate = Estimate(value=mean, moves=values - mean, floored=True)
        return bounds(estimate, 0.95, Sampling(weights=weights)).interval

    for count in errors(draw, truth, 1000):
        assert at_most(count, 1000, 0.08)


def test_rows_that_miss_every_label_at_once_are_bounded_where_none_was_seen():
    """One in 24 rows is wrong throughout; 50 perfect rows (13 % of tables) prove no more."""
    truth = np.random.default_rng(8).random((50, 4)) < 0.5
    for average in ("macro", "weighted", "micro"):
        found = bounds(per_label(truth, truth, "recall", average), 0.95)
        assert found.interval.lower < 1 - 1 / 24


def test_a_row_taken_for_another_class_lowers_the_jaccard_of_both():
    perfect = np.diag([50, 50])
    found = confusion.per_class(perfect, "jaccard", "macro")
    share = 1 - 0.05 ** (1 / 100)
    wrong = np.array([[0.5 - share, share], [0.0, 0.5]])
    true = float(confusion.per_class(wrong, "jaccard", "macro").value)
    assert 1 - share * found.reach <= true + 0.005
