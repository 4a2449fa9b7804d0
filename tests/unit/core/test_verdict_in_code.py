"""A verdict as people use it in notebooks and pipelines."""

from __future__ import annotations

import pytest

from pytest_mlgates import MLGatesError, metric

LABELS = {"y_true": [1, 0, 1, 0, 1, 0] * 50, "y_pred": [1, 0, 1, 0, 1, 1] * 50}


def test_a_failed_verdict_is_false_and_a_passed_one_is_true():
    assert metric(LABELS, "accuracy", min=0.5)
    assert not metric(LABELS, "accuracy", min=0.99)


def test_a_verdict_prints_its_outcome_its_id_and_its_message():
    verdict = metric(LABELS, "accuracy", min=0.99)
    assert str(verdict).splitlines()[0] == "failed: metric:accuracy"
    assert verdict.message in str(verdict)


def test_a_label_column_is_never_suggested_in_the_place_of_predictions():
    with pytest.raises(MLGatesError) as error:
        metric({"y_true": [1, 0]}, "accuracy", min=0.5)
    assert "did you mean" not in str(error.value)


def test_two_columns_of_one_name_and_no_column_are_misuse():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(LABELS)
    with pytest.raises(MLGatesError, match="no usable table"):
        metric(pd.concat([frame, frame[["y_true"]]], axis=1), "accuracy", min=0.5)
    with pytest.raises(MLGatesError, match="a table without columns"):
        metric({}, "accuracy", min=0.5)
