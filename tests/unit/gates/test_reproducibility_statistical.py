"""The level statistical, as users call it."""

from __future__ import annotations

import contextlib
import json
import random
from functools import partial
from importlib import resources
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from pytest_mlgates import reproducibility
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.verdict import Finding, Outcome, Verdict
from pytest_mlgates.gates.reproducibility_statistical import evaluate_seeds
from pytest_mlgates.reports.rows import row

SCHEMA = json.loads(
    resources.files("pytest_mlgates.core").joinpath("evidence.schema.json").read_text()
)
VALID = jsonschema.Draft202012Validator({"$ref": "#/$defs/verdict", "$defs": SCHEMA["$defs"]})
GIVEN = {1: 0.90, 2: 0.91, 3: 0.92, 4: 0.91, 5: 0.90}
ASKED: list[int] = []


def table(seed, *, new=0.912):
    """What each seed gives, as it stands."""
    ASKED.append(seed)
    return {**GIVEN, 6: new, 17: new}[seed]


def drawn(seed):
    return 0.9 + 0.01 * float(np.random.default_rng(seed).normal())


def positional(number, /):
    return drawn(number)


def judged(function=table, seeds=(1, 2, 3, 4, 5), **parameters) -> Verdict:
    verdict = reproducibility(function, level="statistical", seeds=seeds, **parameters)
    assert list(VALID.iter_errors(json.loads(verdict.to_json()))) == []
    assert Verdict.from_dict(verdict.to_dict()).to_json() == verdict.to_json()
    return verdict


def refused(function=table, **parameters) -> str:
    given = {"level": "statistical", "seeds": [1, 2, 3, 4, 5], "tolerance": 0.1, **parameters}
    with pytest.raises(MLGatesError) as caught:
        reproducibility(function, **{k: v for k, v in given.items() if v is not None})
    return str(caught.value)


def test_a_new_run_that_the_seeds_let_expect_is_proven():
    ASKED.clear()
    verdict = judged(tolerance=0.03)
    # The seed after the largest is the new run's, and runs once more.
    assert ASKED == [1, 2, 3, 4, 5, 6, 6]
    assert (verdict.finding, verdict.outcome) == (Finding.PROVEN, Outcome.PASSED)
    assert verdict.estimate == 0.912
    assert verdict.bound.margin == 0.03
    assert (verdict.lower_confidence, verdict.upper_confidence) == (0.95, 0.95)
    assert verdict.n == 6
    assert verdict.method == "statistical, 5 seeds, one process"
    assert verdict.message == (
        "table is reproducible over seeds (level statistical proven)\n"
        "  - 0.912 with seed 6; 5 seeds give a mean of 0.908 (standard deviation 0.0083666) and "
        "let expect 0.88255 to 0.93345 (95 %); such runs are 0 to 0.023539 from it (95 % each), "
        "tolerance 0.03: proven"
    )
    claim, *runs = verdict.details
    assert claim["expected"] == pytest.approx([0.88255, 0.93345], abs=1e-5)
    assert [run["seed"] for run in runs] == [1, 2, 3, 4, 5, 6]
    assert [run["values"] for run in runs[:2]] == [{"value": 0.9}, {"value": 0.91}]
    assert row(verdict).cells() == (
        "PASS",
        "reproducibility",
        "reproducibility statistical",
        "0.912",
        "0.892 to 0.932",
        "margin 0.03",
        "6 runs",
        "proven, within 0.03 of 5 seeds",
    )


@pytest.mark.parametrize("tolerance", [0.01, 0.03, 10.0])
def test_a_new_run_that_they_do_not_is_disproven_whatever_is_tolerated(tolerance):
    verdict = judged(partial(table, new=0.95), tolerance=tolerance, seed=17)
    assert (verdict.finding, verdict.outcome) == (Finding.DISPROVEN, Outcome.FAILED)
    assert "is not reproducible over seeds (level statistical disproven)" in verdict.message
    assert "0.95 with seed 17" in verdict.message
    assert "chance does it to 5 % of equal trainings" in verdict.message
    assert verdict.summary == "disproven, 0.95 is not what 5 seeds let expect"


@pytest.mark.parametrize(
    ("new", "tolerance", "policy", "outcome"),
    [
        (0.912, 0.02, "estimate", Outcome.PASSED),
        (0.930, 0.02, "estimate", Outcome.FAILED),
        (0.912, 0.02, "pass", Outcome.PASSED),
        (0.930, 0.02, "pass", Outcome.PASSED),
        (0.912, 0.02, "fail", Outcome.FAILED),
    ],
)
def test_what_is_not_decided_is_up_to_the_policy(new, tolerance, policy, outcome):
    verdict = judged(partial(table, new=new), tolerance=tolerance, inconclusive=policy)
    assert (verdict.finding, verdict.outcome) == (Finding.INCONCLUSIVE, outcome)
    assert "(level statistical not decided)" in verdict.message
    side = "right" if new < 0.92 else "wrong"
    assert f"the number itself is on the {side} side" in verdict.message


def test_what_is_not_decided_says_how_many_seeds_would():
    verdict = judged(tolerance=0.02)
    assert verdict.rows_needed == 11
    assert "about 11 seeds would decide, if they scatter as these do" in verdict.message
    assert row(verdict).finding == "not decided: about 11 seeds would decide"
    assert row(verdict).status == "PASS?"


def test_a_tolerance_below_the_scatter_of_a_run_is_said_to_be_hopeless():
    verdict = judged(tolerance=0.005)
    assert verdict.rows_needed is None
    assert "no number of seeds would decide; tolerance=0.024 would" in verdict.message
    assert judged(tolerance=0.024).finding is Finding.PROVEN


def test_the_spread_over_seeds_is_bounded_without_a_new_run():
    ASKED.clear()
    proven = judged(max_spread=0.02)
    assert ASKED == [1, 2, 3, 4, 5, 5]  # the last one once more
    assert (proven.finding, proven.metric, proven.n) == (Finding.PROVEN, "spread", 5)
    assert proven.estimate == pytest.approx(0.0083666, rel=1e-4)
    assert proven.upper == pytest.approx(0.0083666 * 2.372, rel=1e-3)
    assert "max_spread 0.02: proven" in proven.message
    assert row(proven).cells()[2:6] == (
        "reproducibility statistical: spread",
        "0.008",
        "0.005 to 0.020",
        "max 0.02",
    )
    open_ = judged(max_spread=0.01)
    assert (open_.finding, open_.outcome) == (Finding.INCONCLUSIVE, Outcome.PASSED)
    assert open_.rows_needed is not None
    assert judged(max_spread=0.008).outcome is Outcome.FAILED
    broken = judged(max_spread=0.004)
    assert broken.finding is Finding.DISPROVEN
    assert "the result depends more on the seed than is allowed" in broken.message


def test_the_weaker_of_two_claims_decides():
    assert judged(tolerance=0.03, max_spread=0.02).finding is Finding.PROVEN
    assert judged(tolerance=0.03, max_spread=0.01).finding is Finding.INCONCLUSIVE
    assert judged(tolerance=0.03, max_spread=0.004).finding is Finding.DISPROVEN
    both = judged(partial(table, new=0.95), tolerance=0.03, max_spread=0.02)
    assert (both.finding, both.metric) == (Finding.DISPROVEN, None)
    assert both.bound.to_dict() == {"max": 0.02, "margin": 0.03}


def several(seed, *, off=0.0):
    return {"accuracy": table(seed), "loss": 0.3 + drawn(seed) + off * (seed == 6)}


def test_every_number_is_judged_and_the_worst_is_named():
    assert judged(several, tolerance=0.08).finding is Finding.PROVEN
    verdict = judged(partial(several, off=1.0), tolerance=0.08)
    assert (verdict.finding, verdict.metric) == (Finding.DISPROVEN, "loss")
    assert verdict.correction == "sidak over 2 values"
    assert "  - accuracy: 0.912 with seed 6" in verdict.message
    assert row(verdict).claim == "reproducibility statistical: loss"


@pytest.mark.parametrize("function", [positional, drawn])
def test_a_seed_is_given_by_name_or_as_the_one_argument(function):
    assert judged(function, tolerance=1.0).passed


def test_other_arguments_are_bound_before():
    def train(rows, seed=0):
        return drawn(seed) + rows

    assert judged(partial(train, 1), tolerance=1.0).passed
    assert "partial(train, rows=…)" in refused(train)


def test_a_seed_that_is_not_used_decides_nothing():
    verdict = judged(lambda seed: 0.9 + 0 * seed, tolerance=0.1)
    assert verdict.finding is Finding.INCONCLUSIVE
    assert verdict.outcome is Outcome.PASSED
    assert (verdict.lower, verdict.upper) == (None, None)
    assert "all seeds give the very same value" in verdict.message
    assert verdict.warnings == (
        "value is the same for every seed: does the callable use its seed?",
    )
    same = judged(lambda seed: 0.9 + 0.2 * (seed == 6), tolerance=0.1)
    assert same.finding is Finding.DISPROVEN


def careless(seed):
    return 0.9 + 0.01 * float(np.random.normal())  # a generator without the seed


@pytest.mark.parametrize("limits", [{"tolerance": 0.5}, {"max_spread": 0.5}])
def test_randomness_that_the_seed_has_no_hold_on_is_not_proven(limits):
    with numpy_seeded():
        verdict = judged(careless, **limits)
    assert (verdict.finding, verdict.outcome) == (Finding.INCONCLUSIVE, Outcome.PASSED)
    assert verdict.summary.startswith("not decided: 0.")
    assert ": the same seed gives another run" in verdict.message
    assert "the randomness is not tied to the seed" in verdict.message
    last = [one for one in verdict.details if "seed" in one][-1]
    assert last["again"] != last["values"]
    with numpy_seeded():
        assert judged(careless, inconclusive="fail", **limits).outcome is Outcome.FAILED


def test_sums_in_another_order_are_no_other_draw():
    calls = iter(range(100))
    verdict = judged(lambda seed: drawn(seed) + 1e-12 * next(calls), tolerance=0.5)
    assert verdict.finding is Finding.PROVEN


@contextlib.contextmanager
def numpy_seeded():
    before = np.random.get_state()
    np.random.seed(1)
    yield
    np.random.set_state(before)


def keeps_a_number(seed, path="kept.txt"):
    if Path(path).exists():
        return float(Path(path).read_text()) + 0.001 * seed
    Path(path).write_text(str(drawn(seed)))
    return drawn(seed)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_seed_that_finds_what_another_left_is_misuse(tmp_path, monkeypatch, fresh):
    monkeypatch.chdir(tmp_path)
    text = refused(keeps_a_number, fresh_process=fresh)
    assert "run 2 of keeps_a_number read a file that run 1 had written" in text
    assert "  got:   kept.txt" in text


def test_fresh_processes_take_their_seed():
    verdict = judged(drawn, tolerance=1.0, fresh_process=True, seeds=[1, 2])
    assert verdict.method == "statistical, 2 seeds, fresh processes"
    here = judged(drawn, tolerance=1.0, seeds=[1, 2])
    assert [run["values"] for run in verdict.details[1:]] == [
        run["values"] for run in here.details[1:]
    ]


def test_stored_seeds_stand_in_for_runs(tmp_path):
    from pytest_mlgates.gates.base import parse
    from pytest_mlgates.gates.reproducibility import KIND

    parameters = parse(KIND, (), {"level": "statistical", "seeds": [1, 2], "tolerance": 0.03})
    ASKED.clear()
    stored = {seed: {"value": value} for seed, value in GIVEN.items()}
    verdict = evaluate_seeds(parameters, table, "table", tmp_path, stored)
    assert ASKED == [6, 6]
    assert verdict.finding is Finding.PROVEN
    assert verdict.method == "statistical, 5 seeds stored, one process"
    spread = parse(KIND, (), {"level": "statistical", "seeds": [1, 2], "max_spread": 0.02})
    verdict = evaluate_seeds(spread, table, "table", tmp_path, stored)
    assert ASKED == [6, 6]
    assert (verdict.finding, verdict.n) == (Finding.PROVEN, 5)
    assert verdict.method == "statistical, 5 seeds stored"
    with pytest.raises(MLGatesError, match="gives other numbers with seed 3 than with seed 1"):
        evaluate_seeds(parameters, table, "table", tmp_path, {1: {"auc": 0.9}, 2: {"auc": 0.8}})


def test_seeds_may_be_a_range_or_an_array():
    assert judged(drawn, seeds=range(4), tolerance=1.0).passed
    assert judged(drawn, seeds=np.arange(4), tolerance=1.0).passed


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda: 0.9, "takes no seed, which level 'statistical' gives to it"),
        (lambda rows, labels: rows + labels, "takes no seed"),
        (0.9, "reproducibility takes a callable"),
        (lambda seed: [0.1, seed], "returned no number with seed 1"),
        (lambda seed: {"a": {"b": seed}}, "returned no number with seed 1"),
        (lambda seed: {1: seed}, "returned no number with seed 1"),
        (lambda seed: seed > 0, "returned no number with seed 1"),
        (str, "returned no number with seed 1"),
        (lambda seed: None, "returned no number with seed 1"),
        (lambda seed: {}, "returned nothing to compare with seed 1"),
        (lambda seed: seed * float("nan"), "returned nan with seed 1"),
        (lambda seed: {"loss": seed * float("inf")}, "returned inf with seed 1"),
        (lambda seed: {f"loss {seed}": 1.0}, "gives other numbers with seed 2 than with seed 1"),
    ],
)
def test_what_is_no_evidence_is_misuse(function, text):
    assert text in refused(function)


def test_an_exception_of_a_run_is_misuse():
    def train(seed):
        return 1 / (seed - 2)

    assert "train raised ZeroDivisionError in run 2" in refused(train)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"tolerance": None}, "level 'statistical' needs a limit"),
        ({"seeds": None}, "level 'statistical' needs seeds to compare with"),
        ({"seeds": [1]}, "two or more seeds, each named once"),
        ({"seeds": [1, 1]}, "two or more seeds, each named once"),
        ({"seeds": 5}, "a list of two or more whole numbers"),
        ({"seeds": "12"}, "a list of two or more whole numbers"),
        ({"seeds": [1, 2.5]}, "a whole number that is not negative"),
        ({"seeds": [1, True]}, "a whole number that is not negative"),
        ({"seeds": [1, -2]}, "a whole number that is not negative"),
        ({"seed": 3}, "seed = 3 is one of the seeds: it would be compared with itself"),
        ({"seed": 1.5}, "seed is not usable"),
        ({"seed": 9, "tolerance": None, "max_spread": 0.1}, "seed is for a new run"),
        ({"tolerance": 0}, "tolerance is not usable"),
        ({"max_spread": 0}, "max_spread is not usable"),
        ({"runs": 3}, "level 'statistical' runs once per seed"),
        ({"atol": 0.1}, "atol is for level='tolerance', this gate is statistical"),
        ({"level": "bitwise"}, "tolerance is for level='statistical', this gate is bitwise"),
    ],
)
def test_wrong_parameters_are_misuse(parameters, text):
    assert text in refused(**parameters)


def test_equal_trainings_fail_as_often_as_is_said():
    rng = random.Random(3)

    def train(seed):
        return rng.gauss(0.9, 0.01) + 0 * seed

    findings = [judged(train, tolerance=1.0).finding for _ in range(300)]
    assert 3 <= findings.count(Finding.DISPROVEN) <= 32  # 15 expected
