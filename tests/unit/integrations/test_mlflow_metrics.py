"""Metrics of ``mlflow.models.make_metric`` as gates."""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND
from pytest_mlgates.gates.models import Predictions
from pytest_mlgates.runner.entries import import_entry

models = pytest.importorskip("mlflow.models")


@pytest.fixture
def module(monkeypatch):
    found = types.ModuleType("metrics_of_a_project")
    monkeypatch.setitem(sys.modules, found.__name__, found)
    return found


def judged(**arguments: Any) -> Any:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 300)
    table = pd.DataFrame({"y_true": truth, "y_pred": np.where(rng.random(300) < 0.9, truth, 0)})

    def champion(*_: Any, **__: Any) -> Predictions:
        return Predictions(name="old", digest="sha256:c", y_pred=np.zeros(300, dtype=int))

    parameters = parse(KIND, ("metrics_of_a_project:wrong",), arguments)
    gate = Gate(id="g", kind=KIND, parameters=parameters)
    context = Context(entry=import_entry, champion=champion)
    return evaluate(gate, to_table(table, name="t"), context), table


def of_series(predictions, targets, metrics):
    assert isinstance(predictions, pd.Series)
    assert metrics == {}
    return (predictions != targets).mean()


def test_a_metric_of_mlflow_is_judged_and_knows_which_end_is_good(module):
    module.wrong = models.make_metric(eval_fn=of_series, greater_is_better=False, name="wrong")
    verdict, table = judged(max=0.2)
    assert verdict.estimate == pytest.approx((table.y_true != table.y_pred).mean())
    assert verdict.finding is Finding.PROVEN
    against, _ = judged(no_worse_than="old", margin=0.05)
    assert against.finding is Finding.PROVEN
    assert against.upper < 0


def test_a_function_of_other_columns_is_refused(module):
    def of_answers(predictions, targets, metrics, context):
        return 1.0

    module.wrong = models.make_metric(eval_fn=of_answers, greater_is_better=False, name="wrong")
    with pytest.raises(MLGatesError, match="takes what a gate cannot give"):
        judged(max=0.2)


def test_one_aggregate_result_is_the_value_and_several_are_none(module):
    from mlflow.metrics import MetricValue

    def one(predictions, targets, metrics):
        return MetricValue(aggregate_results={"mean": float((predictions != targets).mean())})

    def two(predictions, targets, metrics):
        return MetricValue(aggregate_results={"mean": 1.0, "p90": 1.0})

    module.wrong = models.make_metric(eval_fn=one, greater_is_better=False, name="wrong")
    assert judged(max=0.2)[0].finding is Finding.PROVEN
    module.wrong = models.make_metric(eval_fn=two, greater_is_better=False, name="wrong")
    with pytest.raises(MLGatesError, match="gives 2 aggregate results"):
        judged(max=0.2)
