"""The level tolerance, as users call it."""

from __future__ import annotations

import json
from functools import partial
from importlib import resources

import jsonschema
import numpy as np
import pandas as pd
import pytest

from pytest_mlgates import reproducibility, trace
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Finding, Outcome, Verdict
from pytest_mlgates.reports.rows import row

SCHEMA = json.loads(
    resources.files("pytest_mlgates.core").joinpath("evidence.schema.json").read_text()
)
VALID = jsonschema.Draft202012Validator({"$ref": "#/$defs/verdict", "$defs": SCHEMA["$defs"]})
CALLS = {"count": 0}


@pytest.fixture(autouse=True)
def _fresh_count():
    CALLS["count"] = 0


def scores(step=0.0, flips=0, late=False):
    """Scores that move by *step*, and labels of which *flips* flip, from run to run."""
    CALLS["count"] += 1
    moved = CALLS["count"] - 1 if not late else max(0, CALLS["count"] - 2)
    scores = np.linspace(0.1, 0.9, 100)
    scores[7] += step * moved
    labels = np.where(np.arange(100) < (flips if moved else 0), "yes", "no")
    return {"scores": scores, "labels": labels}


def by_process(step=1e-9):
    """Moves by the hash seed of its process."""
    import os

    return {"scores": np.linspace(0, 1, 50) + step * int(os.environ["PYTHONHASHSEED"]), "n": 50}


def judged(function, **parameters) -> Verdict:
    verdict = reproducibility(function, level="tolerance", **parameters)
    assert list(VALID.iter_errors(json.loads(verdict.to_json()))) == []
    assert Verdict.from_dict(verdict.to_dict()).to_json() == verdict.to_json()
    return verdict


def refused(function, **parameters) -> str:
    with pytest.raises(MLGatesError) as caught:
        reproducibility(function, **parameters)
    return str(caught.value)


def test_scores_within_the_tolerance_are_proven():
    verdict = judged(partial(scores, 1e-9), atol=1e-8, runs=3)
    assert (verdict.finding, verdict.outcome) == (Finding.PROVEN, Outcome.PASSED)
    assert verdict.estimate == pytest.approx(2e-9, rel=1e-6)
    assert verdict.bound.max == 1e-8
    assert verdict.method == "tolerance, 3 runs, one process"
    assert verdict.message.startswith(
        "scores is reproducible within its tolerance (level tolerance proven): 3 runs in one "
        "process, 2 parts and 200 values; floats are at most 2e-09 apart ("
    )
    assert verdict.message.endswith("ULP); allowed: |a - b| <= 1e-08; of the labels none flipped")
    assert verdict.warnings == ()
    (part,) = verdict.details[2]["parts"]
    assert (part["path"], part["within"], part["beyond"]) == ('result["scores"]', True, 0)
    assert row(verdict).cells() == (
        "PASS",
        "reproducibility",
        "reproducibility tolerance",
        "2.0e-09",
        "",
        "max 1e-08",
        "3 runs",
        "tolerance, one process: proven",
    )


def test_the_whole_message_of_a_failure():
    verdict = judged(partial(scores, 0.25, 3, late=True), atol=0.125, max_flips=0.02, runs=3)
    assert (verdict.finding, verdict.outcome) == (Finding.DISPROVEN, Outcome.FAILED)
    assert verdict.estimate == 0.25
    ulp = verdict.details[2]["parts"][0]["max_ulp"]
    assert verdict.message == (
        "scores is not reproducible within its tolerance (level tolerance disproven): 1 of 2 "
        "repetitions in one process is beyond it, run 3 in 2 parts of 3\n"
        '  - result["scores"]: 1 of 100 values are beyond atol=0.125, at most 0.25 apart '
        f"({ulp:,} ULP), first at [7]\n"
        '  - result["labels"]: 3 of 100 labels flipped (3 %), allowed 2 %, first at [0]\n'
        "  want:  |a - b| <= 0.125; of the labels at most 2 % flipped\n"
        "  why:   no global generator explains it: look for a generator without a seed "
        "(random_state=None, default_rng()), the clock, the environment, or state kept between "
        "runs\n"
        "  fix:   pass a seed to every generator, and build everything inside of the function"
    )
    assert verdict.summary == (
        'tolerance, one process: disproven, result["scores"] is beyond and 1 more'
    )


def test_runs_that_are_equal_say_so():
    verdict = judged(partial(scores, 0.0), rtol=1e-6)
    assert verdict.message.endswith("all runs are equal bit for bit")
    assert verdict.estimate == 0


@pytest.mark.parametrize(
    ("limits", "estimate", "bound"),
    [
        ({"atol": 0.5}, 0.125, 0.5),
        ({"rtol": 0.9}, 0.125 / (0.1 + 7 * 0.8 / 99), 0.9),
        ({"atol": 0.5, "rtol": 0.0}, 0.25, 1.0),
        ({"max_ulp": 2**60, "max_flips": 0.5}, None, 2.0**60),
        ({"atol": 0.5, "max_ulp": 2**60}, 0.125, 0.5),
    ],
)
def test_the_estimate_is_what_the_bound_is_about(limits, estimate, bound):
    limits = {"max_flips": 0.5, **limits}
    verdict = judged(partial(scores, 0.125, 10), **limits)
    assert verdict.passed
    assert verdict.bound.max == bound
    if estimate is None:
        assert verdict.estimate == verdict.details[1]["parts"][0]["max_ulp"]
    else:
        assert verdict.estimate == pytest.approx(estimate)


def test_no_estimate_is_shown_where_something_else_decides():
    verdict = judged(partial(scores, 1e-9, 1), atol=1e-8)
    assert not verdict.passed
    assert verdict.estimate is None
    assert "1 of 100 labels flipped (1 %), allowed 0 %" in verdict.message


def test_flips_exactly_at_the_limit_pass_and_one_more_fails():
    assert judged(partial(scores, 0, 3), max_flips=0.03).estimate == 0.03
    CALLS["count"] = 0
    verdict = judged(partial(scores, 0, 4), max_flips=0.03)
    assert not verdict.passed
    assert verdict.estimate == 0.04


def test_flips_alone_leave_floats_equal():
    verdict = judged(partial(scores, 1e-15), max_flips=0.5)
    assert not verdict.passed
    assert "1 of 100 values are beyond equality" in verdict.message


def test_swapped_errors_behind_an_equal_metric_are_found():
    def train():
        CALLS["count"] += 1
        labels = np.zeros(10, int)
        labels[CALLS["count"]] = 1
        return {"accuracy": 0.9, "labels": labels}

    verdict = judged(train, atol=0.1, max_flips=0.1)
    assert "2 of 10 labels flipped (20 %)" in verdict.message


def test_a_lone_metric_is_warned_of():
    assert "single value" in judged(lambda: 0.5, atol=0.1).warnings[0]


def test_limits_that_bind_nothing_are_warned_of():
    assert judged(lambda: np.arange(3) + 1, atol=0.1).warnings == (
        "the result holds no floats: atol=0.1 binds nothing",
    )
    assert judged(lambda: np.arange(3) + 1, max_flips=0.1).warnings == ()


def test_rows_in_another_order_are_told():
    def train():
        CALLS["count"] += 1
        table = pd.DataFrame({"id": range(50), "score": np.linspace(0, 1, 50)})
        return table if CALLS["count"] == 1 else table[::-1].reset_index(drop=True)

    verdict = judged(train, atol=1e-3)
    assert not verdict.passed
    assert "result: the same 50 rows in another order" in verdict.message
    assert "  why:   equal values come in another order" in verdict.message


def test_the_first_stage_that_differs_is_named_where_the_result_is_beyond():
    def train(step):
        CALLS["count"] += 1
        trace("data", [1, 2])
        weights = trace("weights", np.arange(3.0) + step * CALLS["count"])
        return weights.mean() + np.zeros(2)

    verdict = judged(partial(train, 1.0), atol=0.5)
    assert "first stage that differs: 'weights': 3 of 3 values differ" in verdict.message
    assert "result is beyond from stage weights on" in verdict.summary
    assert "no stage" not in judged(partial(train, 1e-9), atol=0.5).message


def test_a_result_that_a_later_run_changes_is_no_pass():
    kept = np.zeros(4)

    def train():
        kept.__iadd__(1e-9)
        return {"kept": kept, "n": [CALLS["count"]]}

    verdict = judged(train, atol=1.0)
    assert not verdict.passed
    assert "changed in place" in verdict.message
    assert "state is kept between runs" in verdict.message


def test_the_very_object_of_run_1_repeats_nothing():
    kept = np.zeros(4)
    assert "the very object of run 1" in refused(lambda: kept, level="tolerance", atol=0.1)


def test_fresh_processes_are_held_to_it():
    verdict = judged(by_process, atol=1e-8, fresh_process=True)
    assert verdict.passed
    assert verdict.estimate == pytest.approx(1e-9, rel=1e-3)
    verdict = judged(by_process, atol=1e-10, fresh_process=True, runs=3)
    assert not verdict.passed
    assert "2 of 2 repetitions in fresh processes are beyond it" in verdict.message


@pytest.mark.parametrize("policy", ["estimate", "pass", "fail"])
def test_no_policy_softens_what_is_exact(policy):
    assert judged(partial(scores, 1e-9), atol=1e-8, inconclusive=policy).passed
    CALLS["count"] = 0
    assert not judged(partial(scores, 1.0), atol=1e-8, inconclusive=policy).passed


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"level": "tolerance"}, "level 'tolerance' needs a limit"),
        ({"level": "tolerance", "atol": -1}, "atol is not usable"),
        ({"level": "tolerance", "atol": float("nan")}, "atol is not usable"),
        ({"level": "tolerance", "atol": True}, "atol is not usable"),
        ({"level": "tolerance", "rtol": 1}, "rtol is not usable"),
        ({"level": "tolerance", "max_ulp": 1.5}, "max_ulp is not usable"),
        ({"level": "tolerance", "max_ulp": True}, "max_ulp is not usable"),
        ({"level": "tolerance", "max_flips": 1}, "max_flips is not usable"),
        ({"level": "tolerance", "atol": 0.1, "seeds": [1, 2]}, "seeds is for level='statistical'"),
        ({"level": "tolerance", "tolerance": 0.1}, "tolerance is for level='statistical'"),
        ({"atol": 0.1}, "atol is for level='tolerance', this gate is bitwise"),
        ({"rtol": 0.1}, "rtol is for level='tolerance'"),
        ({"max_ulp": 4}, "max_ulp is for level='tolerance'"),
        ({"max_flips": 0.1}, "max_flips is for level='tolerance'"),
        ({"level": "tolerence", "atol": 0.1}, "did you mean 'tolerance'?"),
    ],
)
def test_wrong_parameters_are_misuse(parameters, text):
    assert text in refused(scores, **parameters)
