"""Where bounds of groups deserve less trust than their confidence says, the verdict warns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates import fairness, metric
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.fairness import KIND
from pytest_mlgates.gates.models import Predictions

MAE = "mean_absolute_error"


def warned(texts: tuple[str, ...]) -> bool:
    return any(f"{MAE} of a group: fewer than 8 rows" in text for text in texts)


@pytest.mark.parametrize("columns", [{}, {"sample_weight": "w"}, {"cluster": "c"}])
def test_a_groups_mean_that_rests_on_few_rows(columns: dict[str, str]) -> None:
    rng = np.random.default_rng(3)
    known = {"g": ["a"] * 300 + ["b"] * 50, "w": np.ones(350), "c": np.arange(350), "y_true": 0.0}
    even, uneven = rng.uniform(size=350), np.exp(2 * rng.normal(size=350))
    for losses, expected in ((even, False), (uneven, True)):
        table = pd.DataFrame({**known, "y_pred": losses})
        found = fairness(table, f"{MAE}_difference", by="g", max=5.0, **columns)
        assert warned(found.warnings) == expected


@pytest.mark.parametrize("differing", [4, 400])
def test_a_change_that_few_rows_make(differing: int) -> None:
    rng = np.random.default_rng(3)
    ours = rng.normal(size=400)
    theirs = ours.copy()
    theirs[:differing] += rng.normal(size=differing)
    table = pd.DataFrame({"y_true": 0.0, "y_pred": ours, "g": ["a", "b"] * 200})

    def champion(reference: str, *_: Any, **__: Any) -> Predictions:
        return Predictions(name=reference, digest="sha256:c", y_pred=theirs)

    given = {"by": "g", "no_worse_than": "champion", "margin": 0.1}
    parameters = parse(KIND, (f"{MAE}_difference",), given, where="the test")
    gate = Gate(id="gate", kind=KIND, parameters=parameters, where="the test")
    found = evaluate(gate, table, Context(champion=champion))
    assert warned(found.warnings) == (differing == 4)


def test_plain_shares_know_what_few_rows_say() -> None:
    rows = pd.DataFrame({"y_true": 1, "y_pred": [1] * 98 + [0, 0], "g": ["a", "b"] * 50})
    found = fairness(rows, "demographic_parity_difference", by="g", max=0.2)
    assert not any("fewer than 8 rows" in text for text in found.warnings)


def test_a_group_of_one_row_beside_equal_errors_is_no_arithmetic_mistake() -> None:
    rows = pd.DataFrame({"y_true": 1.0, "y_pred": 2.0, "g": ["a"] * 60 + ["b"] * 60 + ["c"]})
    for name, bound in (("_difference", {"max": 1.0}), ("_group_max", {"max": 2.0})):
        found = fairness(rows, f"{MAE}{name}", by="g", **bound)  # warnings are errors here
        assert found.estimate is not None


@pytest.mark.parametrize("name", ["log_loss", "brier"])
def test_how_few_rows_are_of_a_class_is_not_told_of_a_private_table(name: str) -> None:
    rng = np.random.default_rng(2)
    told = []
    for positives in (2, 3):
        truth = np.arange(500) < positives
        scores = rng.uniform(0, 0.1, 500)
        table = pd.DataFrame({"y_true": truth, "y_score": scores, "g": ["a", "b"] * 250})
        for private in (True, False):
            found = metric(table, name, max=0.5, private=private)
            told.append(any("rarer class" in text for text in found.warnings))
            by = fairness(table, f"{name}_difference", by="g", max=0.5, private=private)
            told.append(any("rarer class" in text for text in by.warnings))
    assert told == [False, False, True, True, False, False, False, True]
