"""Candidate against champion: paired on the same rows, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.core.errors import MLGatesError, NoChampionError
from pytest_mlgates.core.verdict import Finding, Outcome, Verdict
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND
from pytest_mlgates.gates.models import Predictions
from pytest_mlgates.statistics.paired import bonett_price, mcnemar_mid_p

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = (
    *("accuracy", "balanced_accuracy", "precision", "recall", "f1"),
    *("roc_auc", "log_loss", "brier", "mae", "mse", "rmse", "r2"),
)
LOSSES = ("log_loss", "brier", "mae", "mse", "rmse")


def champion(**answers: Any) -> Callable[..., Predictions]:
    def resolve(reference: str, table: Any, parameters: Any, *, want: set[str]) -> Predictions:
        assert want in ({"y_pred"}, {"y_score"})
        arrays = {name: np.asarray(values) for name, values in answers.items()}
        return Predictions(name=f"{reference} v3", digest="sha256:c", **arrays)

    return resolve


def judged(
    table: Any, metric: str, resolve: Any, *, private: bool = False, **given: Any
) -> Verdict:
    arguments = {"no_worse_than": "credit", "margin": 0.02, **given}
    parameters = parse(KIND, (metric,), arguments)
    return evaluate(
        Gate(id="g", kind=KIND, parameters=parameters),
        to_table(table, name="holdout", private=private),
        Context(champion=resolve),
    )


def sample(n: int = 1000, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 2, n)
    return pd.DataFrame(
        {
            "y_true": truth,
            "y_pred": np.where(generator.random(n) < 0.9, truth, 1 - truth),
            "y_score": np.clip(0.3 + truth * 0.4 + generator.normal(0, 0.15, n), 0.01, 0.99),
            "part": np.array(list("abcd"))[generator.integers(0, 4, n)],
        }
    )


def disturbed(table: pd.DataFrame, share: float, seed: int = 1) -> dict[str, Any]:
    """The same answers with a share of them wrong."""
    generator = np.random.default_rng(seed)
    hit = generator.random(len(table)) < share
    return {
        "y_pred": np.where(hit, 1 - table["y_true"], table["y_pred"]),
        "y_score": np.where(hit, 1 - table["y_score"], table["y_score"]),
    }


def test_accuracy_is_compared_by_bonett_and_price_with_mcnemars_mid_p() -> None:
    truth = np.zeros(1000, dtype=int)
    mine, theirs = truth.copy(), truth.copy()
    mine[:40] = 1  # wrong where the champion is right
    theirs[40:52] = 1
    table = pd.DataFrame({"y_true": truth, "y_pred": mine})
    verdict = judged(table, "accuracy", champion(y_pred=theirs), margin=0.01)
    bounds = bonett_price(12, 40, 1000, 0.95)
    assert verdict.estimate == pytest.approx(-0.028)
    assert (verdict.lower, verdict.upper) == (bounds.lower, bounds.upper)
    assert (verdict.finding, verdict.outcome) == (Finding.DISPROVEN, Outcome.FAILED)
    assert verdict.message.splitlines() == [
        (
            "accuracy minus the champion's is -0.028, at most -0.016 (95 %), n=1,000: "
            "min -0.01 (margin 0.01) does not hold"
        ),
        "candidate 0.960, champion credit v3 0.988, paired on 1,000 rows",
        (
            "exactly one is right on 52 rows: the candidate on 12, the champion on 40 "
            "(McNemar mid-p 8.2e-05)"
        ),
    ]
    (details,) = verdict.details
    assert details["mcnemar_mid_p"] == mcnemar_mid_p(12, 40)
    assert details["candidate_value"] == 0.96
    assert details["champion_value"] == 0.988
    assert [i.name for i in verdict.inputs] == ["holdout", "credit v3"]
    assert verdict.to_dict()["bound"] == {"no_worse_than": "credit", "margin": 0.01}


@pytest.mark.parametrize("metric", ALL)
def test_a_worse_champion_proves_the_candidate(metric: str) -> None:
    table = sample()
    verdict = judged(table, metric, champion(**disturbed(table, 0.05)))
    assert (verdict.finding, verdict.outcome) == (Finding.PROVEN, Outcome.PASSED)
    sign = -1 if metric in LOSSES else 1
    assert sign * verdict.estimate > 0  # type: ignore[operator]
    assert "paired" in str(verdict.method) or verdict.method == "bonett-price"


@pytest.mark.parametrize("metric", ALL)
def test_a_worse_candidate_fails(metric: str) -> None:
    table = sample()
    theirs = {"y_pred": table["y_pred"].to_numpy(), "y_score": table["y_score"].to_numpy()}
    worse = table.assign(**disturbed(table, 0.2))
    verdict = judged(worse, metric, champion(**theirs))
    assert (verdict.finding, verdict.outcome) == (Finding.DISPROVEN, Outcome.FAILED)
    assert "does not hold" in verdict.message


@pytest.mark.parametrize("metric", ALL)
def test_identical_predictions_are_called_identical(metric: str) -> None:
    table = sample()
    theirs = {"y_pred": table["y_pred"].to_numpy(), "y_score": table["y_score"].to_numpy()}
    verdict = judged(table, metric, champion(**theirs))
    assert verdict.estimate == 0
    assert verdict.outcome is Outcome.PASSED
    assert "the predictions are identical on all 1,000 rows" in verdict.message
    assert verdict.lower is not None
    assert verdict.lower < 0  # never a width of zero
    assert verdict.details[0]["identical"] is True


def test_few_identical_rows_prove_nothing() -> None:
    table = sample(20)
    theirs = {"y_pred": table["y_pred"].to_numpy(), "y_score": table["y_score"].to_numpy()}
    for metric in ("accuracy", "f1", "brier"):
        verdict = judged(table, metric, champion(**theirs))
        assert verdict.finding is Finding.INCONCLUSIVE
        assert judged(table, metric, champion(**theirs), inconclusive="fail").outcome is (
            Outcome.FAILED
        )


def test_a_margin_of_zero_is_warned_of() -> None:
    table = sample()
    verdict = judged(table, "accuracy", champion(**disturbed(table, 0.1)), margin=0)
    assert "blocks an equally good candidate nearly half the time" in verdict.warnings[-1]


def test_a_slice_that_gets_worse_decides() -> None:
    table = sample(4000)
    theirs = table["y_pred"].to_numpy()
    hit = (table["part"] == "c").to_numpy() & (np.arange(4000) % 5 == 0)
    worse = table.assign(y_pred=np.where(hit, 1 - table["y_true"], table["y_pred"]))
    verdict = judged(worse, "accuracy", champion(y_pred=theirs), by="part", margin=0.06)
    assert verdict.outcome is Outcome.FAILED
    assert "in slice part=c" in verdict.message
    verdict = judged(worse, "accuracy", champion(y_pred=theirs), margin=0.06)
    assert verdict.outcome is Outcome.PASSED


def test_labels_in_text_are_compared_as_they_are() -> None:
    table = pd.DataFrame({"y_true": ["a", "b", "c"] * 50, "y_pred": ["a", "b", "b"] * 50})
    verdict = judged(table, "accuracy", champion(y_pred=np.array(["a", "b", "c"] * 50)))
    assert verdict.estimate == pytest.approx(-1 / 3)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"y_pred": [0] * 5}, "got:   5 against 6 rows"),
        (
            {"y_pred": [0] * 6, "y_true": [0, 1, 0, 1, 0, 0]},
            "got:   labels differ in 2 of 6 rows",
        ),
        ({"y_pred": [0] * 6, "y_true": ["0"] * 6}, "got:   labels differ in 6 of 6 rows"),
    ],
)
def test_other_rows_are_never_compared(answers: dict[str, Any], words: str) -> None:
    table = pd.DataFrame({"y_true": [0, 1, 0, 1, 1, 1], "y_pred": [0, 1, 0, 1, 0, 1]})
    with pytest.raises(MLGatesError) as caught:
        judged(table, "accuracy", champion(**answers))
    assert "credit v3 was judged on other rows than table 'holdout'" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("metric", "answers", "words"),
    [
        ("accuracy", {"y_pred": [0.1, 0.9] * 3}, "accuracy needs classes"),
        ("accuracy", {"y_pred": [0, None] * 3}, "is missing in 3 of 6 rows"),
        ("accuracy", {"y_pred": ["no", "yes"] * 3}, "of different kinds"),
        ("f1", {"y_pred": [0, 2] * 3}, "f1 is for two classes"),
        ("roc_auc", {"y_score": [0, 1] * 3}, "roc_auc needs scores, and y_score 'credit v3'"),
        ("roc_auc", {"y_score": [[0.1, 0.9]] * 6}, "roc_auc needs scores"),
        ("brier", {"y_score": [-1.5, 2] * 3}, "brier needs probabilities"),
        ("brier", {"y_score": [0.5, np.nan] * 3}, "is missing in 3 of 6 rows"),
        ("mae", {"y_pred": ["a"] * 6}, "mae needs numbers"),
        ("precision", {"y_pred": [0] * 6}, "precision is undefined for the candidate or for"),
        ("accuracy", {}, "credit v3 gave no y_pred"),
    ],
)
def test_a_champion_whose_answers_are_no_answers(
    metric: str, answers: dict[str, Any], words: str
) -> None:
    table = pd.DataFrame(
        {
            "y_true": [0, 1, 0, 1, 1, 1],
            "y_pred": [0, 1, 0, 1, 0, 1],
            "y_score": [0.1, 0.9, 0.2, 0.8, 0.4, 0.6],
        }
    )
    with pytest.raises(MLGatesError) as caught:
        judged(table, metric, champion(**answers))
    assert words in str(caught.value)


def absent(*_: Any, **__: Any) -> Predictions:
    raise NoChampionError("there is no registered model 'credit'")


def test_no_champion_is_misuse() -> None:
    with pytest.raises(NoChampionError, match="there is no registered model 'credit'"):
        judged(sample(), "accuracy", absent)


def test_the_first_model_is_judged_by_the_absolute_bound() -> None:
    verdict = judged(sample(), "accuracy", absent, first=True, min=0.8)
    assert verdict.finding is Finding.PROVEN
    assert "min 0.80 holds" in verdict.message
    assert "no champion yet (there is no registered model 'credit')" in verdict.message
    assert verdict.warnings == ("no champion yet: there is no registered model 'credit'",)
    assert judged(sample(), "accuracy", absent, first=True, min=0.95).outcome is Outcome.FAILED


def test_with_a_champion_the_absolute_bound_still_stands() -> None:
    table = sample()
    worse = champion(**disturbed(table, 0.05))
    verdict = judged(table, "accuracy", worse, first=True, min=0.8)
    assert verdict.finding is Finding.PROVEN
    assert "accuracy minus the champion's" in verdict.message
    assert "also: accuracy is 0.9" in verdict.message
    verdict = judged(table, "accuracy", worse, first=True, min=0.95)
    assert verdict.outcome is Outcome.FAILED
    assert "min 0.95 does not hold" in verdict.message.splitlines()[0]


def test_a_private_table_hides_small_counts_of_the_comparison() -> None:
    table = sample(200)
    theirs = table["y_pred"].to_numpy().copy()
    theirs[:3] = 1 - theirs[:3]
    verdict = judged(table, "accuracy", champion(y_pred=theirs), private=True)
    assert "exactly one is right on <10 rows" in verdict.message
    assert verdict.details[0]["differing_rows"] is None
