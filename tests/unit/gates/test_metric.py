"""Findings, outcomes, slices and messages of a metric gate with a bound of its own."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlgates.core.verdict import Finding, Outcome, Verdict
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, Gate, evaluate, parse
from pytest_mlgates.gates.metric import KIND
from pytest_mlgates.reports.rows import row
from pytest_mlgates.statistics.proportions import wilson


def judged(table: Any, metric: str, *, private: bool = False, **arguments: Any) -> Verdict:
    parameters = parse(KIND, (metric,), arguments)
    gate = Gate(id="g", kind=KIND, parameters=parameters)
    return evaluate(gate, to_table(table, name="holdout", private=private), Context())


def rows(right: int, wrong: int, **columns: Any) -> pd.DataFrame:
    """A table with so many right and wrong predictions, half of the labels positive."""
    n = right + wrong
    truth = np.arange(n) % 2
    predicted = np.where(np.arange(n) < right, truth, 1 - truth)
    return pd.DataFrame({"y_true": truth, "y_pred": predicted, **columns})


def stacked(**slices: tuple[int, int]) -> pd.DataFrame:
    """Rows of several slices, each with its right and wrong predictions."""
    return pd.concat([rows(*counts, part=name) for name, counts in slices.items()])


def test_a_proven_metric_passes_and_says_why() -> None:
    verdict = judged(rows(940, 60), "accuracy", min=0.9)
    bounds = wilson(940, 1000, 0.95)
    assert (verdict.finding, verdict.outcome) == (Finding.PROVEN, Outcome.PASSED)
    assert (verdict.estimate, verdict.deciding_estimate) == (0.94, 0.94)
    assert (verdict.lower, verdict.upper) == (bounds.lower, bounds.upper)
    assert (verdict.lower_confidence, verdict.upper_confidence) == (0.95, 0.95)
    assert (verdict.n, verdict.method, verdict.correction) == (1000, "wilson", None)
    assert verdict.message == "accuracy is 0.940, at least 0.926 (95 %), n=1,000: min 0.90 holds"


def test_a_disproven_metric_fails_and_shows_the_side_that_disproves() -> None:
    verdict = judged(rows(850, 150), "accuracy", min=0.9)
    assert (verdict.finding, verdict.outcome) == (Finding.DISPROVEN, Outcome.FAILED)
    assert (
        verdict.message
        == "accuracy is 0.850, at most 0.868 (95 %), n=1,000: min 0.90 does not hold"
    )


@pytest.mark.parametrize(
    ("right", "policy", "outcome", "words"),
    [
        (92, "estimate", Outcome.PASSED, "passed: the estimate is on the right side"),
        (88, "estimate", Outcome.FAILED, "failed: the estimate is on the wrong side"),
        (88, "pass", Outcome.PASSED, "passed by `inconclusive = 'pass'`"),
        (92, "fail", Outcome.FAILED, "failed by `inconclusive = 'fail'`"),
    ],
)
def test_the_policy_resolves_what_the_rows_do_not(
    right: int, policy: str, outcome: Outcome, words: str
) -> None:
    verdict = judged(rows(right, 100 - right), "accuracy", min=0.9, inconclusive=policy)
    assert (verdict.finding, verdict.outcome) == (Finding.INCONCLUSIVE, outcome)
    first, second = verdict.message.splitlines()
    assert first.endswith("(90 % interval), n=100: min 0.90 is not decided")
    assert second == (f"{words}; about {verdict.rows_needed:,} rows would decide (here 100)")
    assert verdict.rows_needed is not None
    assert 1000 < verdict.rows_needed < 3000


def test_rows_that_did_not_decide_are_not_said_to_be_enough() -> None:
    verdict = judged(rows(1, 0), "accuracy", min=0.2)
    assert verdict.finding is Finding.INCONCLUSIVE
    assert verdict.rows_needed is None
    assert verdict.message.endswith("; more rows would decide (here 1)")


def test_a_value_on_its_bound_holds_and_no_rows_decide_it() -> None:
    verdict = judged(rows(90, 10), "accuracy", min=0.9)
    assert verdict.outcome is Outcome.PASSED
    assert verdict.rows_needed is None
    assert "no number of rows decides a value on its bound" in verdict.message


def test_counts_are_compared_exactly() -> None:
    # 0.1 + 0.2 over floats: 3/10 is not under 0.3.
    assert judged(rows(3, 7), "accuracy", min=0.3).outcome is Outcome.PASSED


def test_a_loss_is_bounded_from_above() -> None:
    generator = np.random.default_rng(0)
    truth = generator.normal(size=400)
    table = pd.DataFrame({"y_true": truth, "y_pred": truth + generator.normal(0, 0.1, 400)})
    assert judged(table, "rmse", max=0.2).finding is Finding.PROVEN
    verdict = judged(table, "rmse", max=0.05)
    assert verdict.finding is Finding.DISPROVEN
    assert "rmse is 0.1" in verdict.message
    assert "at least" in verdict.message
    assert judged(table, "rmse", min=0.01).finding is Finding.PROVEN


def test_min_and_max_together_hold_a_value_in_a_band() -> None:
    assert judged(rows(900, 100), "accuracy", min=0.8, max=0.95).finding is Finding.PROVEN
    verdict = judged(rows(990, 10), "accuracy", min=0.8, max=0.95)
    assert verdict.outcome is Outcome.FAILED
    assert "max 0.95 does not hold" in verdict.message


def test_confidence_widens_the_bounds() -> None:
    loose, strict = (
        judged(rows(93, 7), "accuracy", min=0.5, confidence=level) for level in (0.9, 0.99)
    )
    assert strict.lower < loose.lower  # type: ignore[operator]
    assert "(99 %)" in strict.message


def test_every_slice_must_hold_for_a_proof() -> None:
    verdict = judged(stacked(a=(950, 50), b=(940, 60)), "accuracy", min=0.9, by="part")
    assert verdict.finding is Finding.PROVEN
    assert verdict.estimate == 0.94  # of the slice that is nearest to the bound
    assert verdict.message.splitlines() == [
        "accuracy in slice part=b is 0.940, at least 0.926 (95 %), n=1,000: min 0.90 holds",
        "whole table: 0.945, n=2,000",
        "  - part=b: 0.940, n=1,000",
        "  - part=a: 0.950, n=1,000",
    ]
    assert [(g.group, g.n, g.value) for g in verdict.groups] == [
        (("a",), 1000, 0.95),
        (("b",), 1000, 0.94),
    ]
    assert verdict.details[0]["value"] == 0.945


def test_one_bad_slice_disproves_at_a_corrected_level() -> None:
    table = stacked(a=(970, 30), b=(970, 30), c=(240, 60), d=(970, 30))
    verdict = judged(table, "accuracy", min=0.9, by="part")
    assert (verdict.finding, verdict.outcome) == (Finding.DISPROVEN, Outcome.FAILED)
    assert verdict.correction == "sidak over the whole and 4 slices"
    assert verdict.upper_confidence == pytest.approx(0.95 ** (1 / 5))
    assert "accuracy in slice part=c is 0.800, at most" in verdict.message
    assert "(98.98 %)" in verdict.message


def test_noise_among_many_slices_is_no_failure() -> None:
    parts = {f"s{i}": (460 - i, 40 + i) for i in range(0, 30, 3)}
    verdict = judged(stacked(**parts), "accuracy", min=0.88, by="part")
    assert (verdict.finding, verdict.outcome) == (Finding.INCONCLUSIVE, Outcome.PASSED)
    assert verdict.estimate == 0.866  # the slice that looks worst
    assert verdict.deciding_estimate == pytest.approx(0.893)  # the whole table
    assert "the deciding value 0.893 of the whole table is on the right side" in verdict.message
    assert f"about {verdict.rows_needed:,} rows would decide in slice part=s27" in verdict.message


def test_a_slice_that_the_rows_tell_apart_decides() -> None:
    verdict = judged(
        stacked(a=(475, 25), b=(475, 25), c=(170, 30), d=(475, 25)), "accuracy", min=0.88, by="part"
    )
    assert (verdict.finding, verdict.outcome) == (Finding.INCONCLUSIVE, Outcome.FAILED)
    assert verdict.deciding_estimate == 0.85
    assert "the deciding value 0.850 of slice part=c is on the wrong side" in verdict.message


def test_of_two_slices_the_worse_one_decides() -> None:
    verdict = judged(stacked(a=(93, 7), b=(18, 2)), "accuracy", min=0.91, by="part")
    assert (verdict.finding, verdict.outcome) == (Finding.INCONCLUSIVE, Outcome.FAILED)
    assert verdict.deciding_estimate == 0.9


def test_a_table_too_small_to_tell_slices_apart_buys_no_pass() -> None:
    verdict = judged(
        stacked(a=(5, 0), b=(5, 0), c=(5, 0), d=(3, 2)), "accuracy", min=0.85, by="part"
    )
    assert verdict.outcome is Outcome.FAILED
    assert verdict.deciding_estimate == 0.6


def test_slices_of_several_columns_and_missing_as_a_group() -> None:
    table = rows(97, 3, sex=["f", "m"] * 50, city=["x", None, "y", "y"] * 25)
    verdict = judged(table, "accuracy", min=0.5, by=["sex", "city"], missing="group")
    assert [g.group for g in verdict.groups] == [("f", "x"), ("f", "y"), ("m", "y"), ("m", None)]
    assert "sex=m, city=missing" in verdict.message


@pytest.mark.parametrize("metric", ["accuracy", "mae", "brier"])
def test_slices_of_counts_and_of_rows_agree_on_their_groups(metric: str) -> None:
    generator = np.random.default_rng(1)
    table = rows(80, 20, flag=[True, False] * 50, number=[1, 2, 3, 4] * 25)
    table["y_score"] = generator.random(100)
    bound = {"min": 0.1} if metric == "accuracy" else {"max": 0.9}
    verdict = judged(table, metric, by=["flag", "number"], **bound)
    assert [g.group for g in verdict.groups] == [(False, 2), (False, 4), (True, 1), (True, 3)]
    assert [g.n for g in verdict.groups] == [25, 25, 25, 25]


def test_the_denominator_is_what_a_rate_rests_on() -> None:
    table = pd.DataFrame({"y_true": [1] * 40 + [0] * 60, "y_pred": [1] * 30 + [0] * 70})
    verdict = judged(table, "recall", min=0.5)
    assert (verdict.n, verdict.estimate) == (40, 0.75)
    assert judged(table, "precision", min=0.5).n == 30


def test_inputs_and_json() -> None:
    table = rows(93, 7)
    verdict = judged(table, "accuracy", min=0.95)
    (source,) = verdict.inputs
    assert (source.name, source.rows) == ("holdout", 100)
    assert str(source.digest).startswith("sha256:")
    assert judged(table, "accuracy", min=0.9).inputs == verdict.inputs
    assert json.loads(verdict.to_json())["bound"] == {"min": 0.95}


def test_heavy_tails_are_warned_of() -> None:
    errors = np.concatenate([np.full(999, 0.1), [100.0]])
    table = pd.DataFrame({"y_true": np.zeros(1000), "y_pred": errors})
    (warning,) = judged(table, "mse", max=50).warnings
    assert "largest 1 %" in warning


def test_a_private_table_shows_no_slices_and_no_small_counts() -> None:
    table = stacked(**{"Canary Town": (5, 1), "Elsewhere": (60, 5), "Nowhere": (50, 2)})
    verdict = judged(table, "accuracy", min=0.6, by="part", private=True)
    text = verdict.message + verdict.summary + verdict.to_json()
    assert "Canary" not in text
    assert "Elsewhere" not in text
    assert "n=<10" in verdict.message
    assert "n=6" not in verdict.message.replace("n=65", "")
    assert verdict.groups[0].group == ("group 1",)
    assert verdict.groups[0].n is None


def test_ids_tell_gates_apart() -> None:
    absolute = parse(KIND, ("accuracy_score",), {"min": 0.5, "by": ["sex", "age"]})
    assert absolute.id_part() == "accuracy:sex,age"
    against = parse(KIND, ("accuracy",), {"no_worse_than": "m:f", "margin": 0.1})
    assert against.id_part() == "accuracy:no_worse_than"
    for metric, options, told in (
        ("fbeta", {"min": 0.9, "beta": 2, "average": "macro"}, "fbeta:macro:beta 2"),
        ("pinball", {"max": 1, "alpha": 0.9}, "pinball:alpha 0.90"),
        ("ece", {"max": 0.1, "n_bins": 5}, "expected_calibration_error:n_bins 5"),
    ):
        assert parse(KIND, (metric,), options).id_part() == told


def blocked(truth: list[float], sizes: list[int], rounds: int = 200) -> tuple[float, float]:
    """How often a gate of .90 over slices with these true accuracies fails, and is disproven."""
    generator = np.random.default_rng(0)
    fails = disproofs = 0
    for _ in range(rounds):
        right = generator.binomial(sizes, truth)
        counts = {(f"s{i}", 1, 1): int(hits) for i, hits in enumerate(right)}
        counts |= {
            (f"s{i}", 1, 0): n - int(hits)
            for i, (n, hits) in enumerate(zip(sizes, right, strict=True))
        }
        table = to_table(pd.DataFrame({"part": ["s0"], "y_true": [1], "y_pred": [1]}))
        # The table as its one group-by would give it.
        table._counts["part", "y_true", "y_pred"] = [(k, n) for k, n in counts.items() if n]
        verdict = judged(table, "accuracy", min=0.9, by="part")
        fails += verdict.outcome is Outcome.FAILED
        disproofs += verdict.finding is Finding.DISPROVEN
    return fails / rounds, disproofs / rounds


SIZES = [100, 200, 200, 400, 400, 800, 800, 1500, 1500, 3000]


def test_good_slices_are_rarely_blocked_and_a_bad_one_mostly() -> None:
    """Ten slices at .92 against .90; the raw worst slice would block .45 of them (decision D1)."""
    fails, disproofs = blocked([0.92] * 10, SIZES)
    assert fails < 0.13
    assert disproofs < 0.05
    fails, _ = blocked([0.92, 0.85, *[0.92] * 8], SIZES)
    assert fails > 0.7


def test_a_row_names_the_slice_that_its_numbers_are_of() -> None:
    table = stacked(a=(900, 10), b=(40, 10))
    verdict = judged(table, "accuracy", by="part", min=0.9)
    (shown,) = [d for d in verdict.details if d["part"] == "shown"]
    assert (shown["shown"], shown["group"], verdict.n) == ("part=b", ("b",), 50)
    assert row(verdict).claim == "accuracy in part=b"
    assert row(Verdict.from_dict(verdict.to_dict())).claim == "accuracy in part=b"
    hidden = judged(table, "accuracy", by="part", min=0.9, private=True)
    assert row(hidden).claim == "accuracy by part in group 2"
    assert "part=b" not in hidden.to_json()


def test_a_row_of_the_whole_table_says_by_what_it_was_sliced() -> None:
    verdict = judged(stacked(a=(60, 40), b=(60, 40)), "accuracy", by="part", min=0.9)
    (shown,) = [d for d in verdict.details if d["part"] == "shown"]
    assert (shown["shown"], shown["group"], verdict.n) == ("whole table", None, 200)
    assert row(verdict).claim == "accuracy by part"
