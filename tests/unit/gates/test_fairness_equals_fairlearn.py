"""The values are Fairlearn's, wherever Fairlearn's mean something."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.fairness import KIND

fairlearn = pytest.importorskip("fairlearn.metrics")
pd = pytest.importorskip("pandas")

BOUNDS = {
    "demographic_parity_difference": {"max": 0.1},
    "demographic_parity_ratio": {"min": 0.8},
    "equalized_odds_difference": {"max": 0.1},
    "equalized_odds_ratio": {"min": 0.8},
    "equal_opportunity_difference": {"max": 0.1},
    "equal_opportunity_ratio": {"min": 0.8},
    "disparate_impact": {},
}
# A copy of the real data stands in the examples; beside the checkout while that is being made.
ADULT = Path(__file__).parents[3] / "examples/income/data/adult_test.parquet"


def ours(frame, metric, by):
    parameters = parse(KIND, (metric,), {"by": by, **BOUNDS[metric]})
    return evaluate(Gate(id="g", kind=KIND, parameters=parameters), frame, Context()).estimate


def theirs(frame, metric, by):
    name = "demographic_parity_ratio" if metric == "disparate_impact" else metric
    return getattr(fairlearn, name)(frame["y_true"], frame["y_pred"], sensitive_features=frame[by])


# For each group (negatives predicted negative, predicted positive, positives ...), both classes
# present: where one is absent ours refuses and Fairlearn's value means nothing.
cells = st.tuples(*[st.integers(0, 9)] * 4).filter(lambda c: c[0] + c[1] and c[2] + c[3])
groups = st.dictionaries(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), cells, min_size=2, max_size=6
).filter(lambda drawn: len({one for one, _ in drawn}) > 1)


@pytest.mark.parametrize("metric", BOUNDS)
@pytest.mark.parametrize("by", [["one"], ["one", "two"]], ids=["column", "intersection"])
@settings(max_examples=12, deadline=None)
@given(drawn=groups)
def test_on_generated_tables(metric, by, drawn):
    kinds = [(0, 0), (0, 1), (1, 0), (1, 1)]
    rows = [
        (*group, *kind)
        for group, counts in drawn.items()
        for kind, n in zip(kinds, counts, strict=True)
        for _ in range(n)
    ]
    frame = pd.DataFrame(rows, columns=["one", "two", "y_true", "y_pred"])
    try:
        value = ours(frame, metric, by)
    except MLGatesError as error:
        assert "0/0 is no ratio" in str(error)  # noqa: PT017  (most tables do not raise)
        return
    assert value == pytest.approx(theirs(frame, metric, by), abs=1e-12)


@pytest.mark.parametrize("metric", BOUNDS)
@pytest.mark.parametrize("by", [["sex"], ["race"], ["sex", "race"]], ids="-".join)
def test_on_the_adult_census(metric, by):
    pytest.importorskip("pyarrow")
    frame = pd.read_parquet(ADULT, columns=["sex", "race", "income", "education_num"])
    frame["y_true"] = frame["income"].str.contains(">50K").astype(int)
    frame["y_pred"] = (frame["education_num"] >= 11).astype(int)
    assert ours(frame, metric, by) == pytest.approx(theirs(frame, metric, by), abs=1e-12)
