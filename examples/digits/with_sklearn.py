"""Handwritten digits with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pytest_mlgates import trace

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def train(seed: int) -> Pipeline:
    x, y = load_digits(return_X_y=True)
    trace("data", (x, y))
    x_train, x_test, y_train, _ = train_test_split(x, y, random_state=seed)
    trace("split", (x_train, x_test))
    forest = RandomForestClassifier(n_estimators=30, random_state=seed)
    model = make_pipeline(StandardScaler(), forest).fit(x_train, y_train)
    trace("predictions", model.predict_proba(x_test))
    return model
