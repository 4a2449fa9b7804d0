"""Metrics as a project writes them; the tests name them by path."""

from __future__ import annotations

import sys
import warnings

import numpy as np

calls: list[int] = []


def profit(y_true, y_pred):
    return float(np.mean(np.where(y_pred == 1, np.where(y_true == 1, 5.0, -2.0), 0.0)))


def by_place(labels, answers):
    return np.mean(labels == answers)


def weighted(y_true, y_pred, sample_weight=None):
    return np.average(y_true == y_pred, weights=sample_weight)


def gap(y_true, y_score):
    return y_score[y_true == 1].mean() - y_score[y_true == 0].mean()


def log_loss_of_three(y_true, y_proba):
    assert y_proba.shape == (len(y_true), 3)
    return -np.log(y_proba[np.arange(len(y_true)), y_true]).mean()


def cost(y_true, y_pred):
    return float(np.mean(y_true != y_pred))


def first_row(y_true, y_pred):
    return y_pred[0] + y_true[-1] / 3


def of_chance(y_true, y_pred):
    return np.random.random()


def broken(y_true, y_pred):
    raise KeyError(f"secret {y_pred[0]}")


def ends(y_true, y_pred):
    raise SystemExit(0)


def a_table(y_true, y_pred):
    return {"profit": 1.0}


def a_truth(y_true, y_pred):
    return True


def infinite(y_true, y_pred):
    return np.inf


def blind(y_true):
    return y_true.mean()


def greedy(y_true, y_pred, amount):
    return amount.sum()


def loud(y_true, y_pred):
    sys.stdout.write(f"value {y_pred[0]}")
    warnings.warn(f"value {y_pred[0]}", stacklevel=1)
    return float(np.mean(y_true == y_pred))


def vandal(y_true, y_pred):
    value = float(np.mean(y_true == y_pred))
    y_true.sort()
    y_pred.sort()
    return value


def of_text(y_true, y_pred):
    assert set(y_true.tolist()) <= {"yes", "no"}
    return float(np.mean(y_true == y_pred))


NOT_A_FUNCTION = 3


def several(y_true, y_pred):
    return np.array([0.1, 0.2])


def complains(y_true, y_pred):
    sys.stdout.write("counted\n")
    sys.stderr.write("counted\n")
    return float(np.mean(y_true == y_pred))
