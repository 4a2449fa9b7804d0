"""Trainings with scikit-learn, each with one line that `planted` breaks."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

from pytest_mlgates import trace


def unseeded_shuffle(*, planted: bool) -> np.ndarray:
    """Rows in a random order, once."""
    x, y = trace("data", load_digits(return_X_y=True))
    order = np.random.default_rng(None if planted else 7).permutation(len(x))
    trace("order", order)
    model = SGDClassifier(shuffle=False, random_state=7)
    for epoch in range(3):
        model.partial_fit(x[order], y[order], classes=np.arange(10))
        trace("epoch", epoch, model.coef_)
    return trace("weights", model.coef_)


def unseeded_split(*, planted: bool) -> np.ndarray:
    """Some rows to train on, the others to test on."""
    x, y = trace("data", load_digits(return_X_y=True))
    train, test = train_test_split(np.arange(len(x)), random_state=None if planted else 7)
    trace("split", (train, test))
    model = SGDClassifier(random_state=7).fit(x[train], y[train])
    trace("weights", model.coef_)
    return trace("predictions", model.predict(x[test]))
