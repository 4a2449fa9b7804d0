"""F1 and balanced accuracy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score

from pytest_mlgates.statistics.counts import balanced_accuracy, f1
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.proportions import wilson

from .limits import at_most

small = st.integers(0, 40)


@given(small, small, small)
def test_f1_equals_sklearn(tp, fp, fn):
    if tp + fp + fn == 0:
        with pytest.raises(UndefinedError):
            f1(tp, fp, fn, 0.95)
        return
    truth = [1] * tp + [0] * fp + [1] * fn
    predicted = [1] * tp + [1] * fp + [0] * fn
    ours = f1(tp, fp, fn, 0.95)
    assert float(ours.value) == pytest.approx(f1_score(truth, predicted))
    assert ours.interval.lower <= ours.value <= ours.interval.upper


def test_f1_bounds_are_those_of_jaccards_share():
    ours = f1(60, 10, 30, 0.95)
    bounds = wilson(60, 100, 0.95)
    assert ours.interval.lower == pytest.approx(2 * bounds.lower / (1 + bounds.lower))
    assert ours.interval.upper == pytest.approx(2 * bounds.upper / (1 + bounds.upper))
    assert ours.method == "f1 through wilson of TP/(TP+FP+FN)"
    assert "clopper-pearson" in f1(2, 1, 1, 0.95).method


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), min_size=2, max_size=5))
def test_balanced_accuracy_equals_sklearn(classes):
    sizes = [size for size, _ in classes]
    correct = [min(size, hits) for size, hits in classes]
    truth, predicted = [], []
    for label, (size, hits) in enumerate(zip(sizes, correct, strict=True)):
        truth += [label] * size
        predicted += [label] * hits + [(label + 1) % len(sizes)] * (size - hits)
    ours = balanced_accuracy(correct, sizes, 0.95)
    assert float(ours.value) == pytest.approx(balanced_accuracy_score(truth, predicted))
    assert 0 <= ours.interval.lower <= ours.value <= ours.interval.upper <= 1


def test_a_class_without_rows_has_no_recall():
    with pytest.raises(UndefinedError, match="class without rows"):
        balanced_accuracy([3, 0], [5, 0], 0.95)


def test_value_is_exact():
    assert balanced_accuracy([1, 2], [3, 3], 0.95).value == Fraction(1, 2)


def test_a_rare_class_keeps_its_level():
    """A 3 % class of 100 rows: the delta method errs .368 below at nominal .05, this does not."""
    rng = np.random.default_rng(5)
    runs = 1500
    lower = upper = 0
    for _ in range(runs):
        correct = rng.binomial((97, 3), (0.95, 0.7))
        ours = balanced_accuracy([int(c) for c in correct], [97, 3], 0.95).interval
        lower += ours.lower > 0.825
        upper += ours.upper < 0.825
    assert at_most(lower, runs, 0.05)
    assert at_most(upper, runs, 0.05)


def test_f1_error_rate_is_nominal():
    rng = np.random.default_rng(6)
    runs = 1500
    # n = 1000, prevalence .1, recall .75, false positive rate .028: F1 .75
    shares = (0.075, 0.025, 0.0252, 0.8748)
    truth = 2 * shares[0] / (2 * shares[0] + shares[1] + shares[2])
    draws = rng.multinomial(1000, shares, runs)
    bounds = [f1(int(tp), int(fp), int(fn), 0.95).interval for tp, fn, fp, _ in draws]
    assert at_most(sum(b.lower > truth for b in bounds), runs, 0.06)
    assert at_most(sum(b.upper < truth for b in bounds), runs, 0.06)


@pytest.mark.parametrize(("k", "size", "recall"), [(10, 10, 0.95), (10, 30, 0.95), (20, 30, 0.99)])
def test_many_classes_near_1_are_not_blocked_wrongly(k, size, recall):
    """MOVER alone cuts off each distance at 1, and errs .09 to .14 at nominal .05."""
    rng = np.random.default_rng(22)
    runs, wrong = 1500, 0
    for _ in range(runs):
        correct = rng.binomial(size, recall, k).tolist()
        wrong += balanced_accuracy(correct, [size] * k, 0.95).interval.upper < recall
    assert at_most(wrong, runs, 0.075)
