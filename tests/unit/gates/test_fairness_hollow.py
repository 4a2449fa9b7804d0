"""Where Fairlearn has a number that means nothing, ours refuses: the table in docs/verdicts.md."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pytest_mlgates
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.fairness import KIND

fairlearn = pytest.importorskip("fairlearn.metrics")

DOCS = Path(__file__).parents[3] / "docs" / "verdicts.md"
DPD = "demographic_parity_difference"
SEX = ["F"] * 6 + ["M"] * 6
TRUE = [1, 0, 1, 0, 1, 0] * 2
PRED = [1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1]
NAN = float("nan")


def table(**columns):
    given = {"sex": SEX, "y_true": TRUE, "y_pred": PRED, **columns}
    return pd.DataFrame({name: pd.Series(values) for name, values in given.items()})


def words(values):
    return ["yes" if value else "no" for value in values]


# what, the table, the metric, options of ours, Fairlearn's value, what ours says
CASES = {
    "text labels": (
        table(y_true=words(TRUE), y_pred=words(PRED)), DPD, {}, 0.0, "which label",
    ),
    "labels 1/2": (
        table(y_true=[v + 1 for v in TRUE], y_pred=[2 - v for v in PRED[:-1]] + [2]), DPD, {},
        1 / 6, "which label",
    ),
    "probabilities": (
        table(y_pred=[0.9, 0.8, 0.7, 0.1, 0.2, 0.3] * 2), DPD, {}, 0.0, "holds probabilities",
    ),
    "missing predictions": (
        table(y_pred=[NAN] * 3 + PRED[3:]), DPD, {}, 0.5, "missing in 3 of 12 rows",
    ),
    "NaN weights": (
        table(w=[NAN] + [1.0] * 11), DPD, {"sample_weight": "w"}, 0.0, "missing in 1 of 12 rows",
    ),
    "negative weights": (
        table(w=[-2.5] + [1.0] * 11), DPD, {"sample_weight": "w"}, 0.7, "is negative in 1",
    ),
    "weights of zero": (
        table(w=[0.0] * 12), DPD, {"sample_weight": "w"}, NAN, "is 0 in all 12 rows",
    ),
    "one group": (table(sex=["F"] * 12), DPD, {}, 0.0, "has one"),
    "no positives": (
        table(y_true=[0] * 6 + TRUE[6:]), "equal_opportunity_difference", {}, 2 / 3,
        "0 positives in 'F'",
    ),
    "no predicted positives": (
        table(y_pred=[0] * 6 + PRED[6:]), "precision_score_group_min", {"min": 0.5}, 0.0,
        "0 rows predicted positive in 'F'",
    ),
    "a ratio of zeros": (
        table(y_pred=[0] * 12), "demographic_parity_ratio", {"min": 0.8}, NAN, "0/0 is no ratio",
    ),
}  # fmt: skip


def theirs(frame, metric, options):
    given = {"sample_weight": frame["w"]} if "sample_weight" in options else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(fairlearn, metric)(
            frame["y_true"], frame["y_pred"], sensitive_features=frame["sex"], **given
        )


@pytest.mark.parametrize("what", CASES)
def test_a_hollow_number_is_refused(what):
    frame, metric, options, hollow, told = CASES[what]
    value = theirs(frame, metric, options)
    assert value == pytest.approx(hollow, abs=1e-12) or (math.isnan(hollow) and np.isnan(value))
    bound = {} if "min" in options else {"max": 0.9}
    parameters = parse(KIND, (metric,), {"by": "sex", **bound, **options})
    with pytest.raises(MLGatesError) as caught:
        evaluate(Gate(id="g", kind=KIND, parameters=parameters), frame, Context())
    assert told in str(caught.value)


@pytest.mark.parametrize("what", CASES)
def test_every_refusal_stands_in_the_docs(what):
    assert f"| {what} |" in DOCS.read_text(encoding="utf-8")


def test_exposure_of_queries_of_one_row_is_no_proof() -> None:
    table = pd.DataFrame({"y_score": np.arange(40) / 40, "q": range(40), "sex": ["f", "m"] * 20})
    with pytest.raises(MLGatesError, match="no query of table"):
        pytest_mlgates.fairness(table, "exposure_difference", by="sex", query="q", max=0.9)


def test_a_fairness_gate_without_groups_is_misuse() -> None:
    table = pd.DataFrame({"y_true": [0, 1], "y_pred": [0, 1]})
    with pytest.raises(MLGatesError, match="by is missing"):
        pytest_mlgates.fairness(table, "disparate_impact")
