"""Tolerances and seeds against a stored run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pytest_mlgates import MLGatesError, reproducibility, trace
from pytest_mlgates.core.verdict import Finding, Outcome
from pytest_mlgates.engines.stored_runs import load, save

STORED = "repro/training.json"
# Of no machine that runs tests: with the one that ran them, the tests would find no change.
OTHER_CPU = {"cpu": "CentaurHauls family 6 model 15"}
NEAR = {"atol": 1e-6}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)


def training(bias=0.0, flips=0):
    def train():
        trace("data", np.arange(3.0))
        weights = np.arange(4.0) + bias
        trace("weights", weights)
        return {"weights": weights, "labels": [1] * flips + [0] * (100 - flips)}

    return train


def record(function, **options):
    return reproducibility(function, against=STORED, record=True, **options)


def held(function, **options):
    return reproducibility(function, **{"runs": 1, "against": STORED, **options})


def elsewhere(**environment):
    run = load(Path(STORED))
    save(replace(run, environment={**run.environment, **environment}), Path(STORED))


# --- limits beside bitwise: what another environment allows ---


def test_in_the_same_environment_limits_excuse_nothing():
    record(training())
    verdict = held(training(1e-9), **NEAR)
    assert verdict.finding is Finding.DISPROVEN
    assert "level bitwise disproven" in verdict.message


def test_in_another_environment_they_decide_and_it_says_so():
    record(training())
    elsewhere(**OTHER_CPU)
    verdict = held(training(1e-9), **NEAR)
    assert (verdict.finding, verdict.outcome) == (Finding.PROVEN, Outcome.PASSED)
    assert "within its tolerance (level tolerance proven): 1 run in one process" in verdict.message
    assert "floats are at most 1e-09 apart" in verdict.message
    assert "bitwise is not to be expected: CPU class differs (stored Cent" in verdict.message
    assert verdict.method == "tolerance, against a stored run, 1 run, one process"
    assert (verdict.estimate, verdict.bound.to_dict()) == (None, {})  # those of bitwise
    assert verdict.summary == "tolerance, against repro/training.json: proven"
    assert verdict.details[-1]["bitwise_expected"] is False
    assert verdict.details[-1]["parts"][0]["path"] == 'result["weights"]'


def test_beyond_them_it_is_disproven_anywhere():
    record(training())
    elsewhere(**OTHER_CPU)
    verdict = held(training(0.5), **NEAR)
    assert (verdict.finding, verdict.outcome) == (Finding.DISPROVEN, Outcome.FAILED)
    lines = verdict.message.splitlines()
    assert "(level tolerance disproven): it is beyond it in 1 part of 3" in lines[0]
    assert 'result["weights"]: 4 of 4 values are beyond atol=1e-06, at most 0.5 apart' in lines[1]
    assert "first stage that differs: 'weights'" in lines[2]
    assert "bitwise is not to be expected: CPU class differs" in lines[3]
    assert "(beside bitwise, for other environments)" in verdict.message


def test_equal_bits_in_another_environment_need_no_limits():
    record(training())
    elsewhere(**OTHER_CPU)
    verdict = held(training(), **NEAR)
    assert "level bitwise proven" in verdict.message


def test_without_the_values_no_limit_can_decide():
    record(training())
    elsewhere(**OTHER_CPU)
    next(Path("repro").glob("*.npz")).unlink()
    with pytest.raises(MLGatesError, match="its values are not there") as caught:
        held(training(1e-9), **NEAR)
    assert ".npz is not there" in caught.value.got


def test_limits_beside_bitwise_need_a_stored_run():
    with pytest.raises(MLGatesError, match="atol is for level='tolerance'"):
        reproducibility(training(), atol=1e-6)


# --- the level tolerance ---


@pytest.mark.parametrize("environment", [{}, OTHER_CPU], ids=["here", "elsewhere"])
def test_a_tolerance_holds_in_every_environment(environment):
    record(training(), level="tolerance", **NEAR)
    assert load(Path(STORED)).level == "tolerance"
    elsewhere(**environment)
    near = held(training(1e-9), level="tolerance", **NEAR)
    assert near.finding is Finding.PROVEN
    assert near.estimate == pytest.approx(1e-9)
    assert ("not to be expected" in near.message) == bool(environment)
    far = held(training(1e-3), level="tolerance", runs=2, **NEAR)
    assert far.finding is Finding.DISPROVEN
    assert "does not repeat the stored run repro/training.json" in far.message


def test_equal_runs_are_within_any_tolerance():
    record(training(), level="tolerance", **NEAR)
    verdict = held(training(), level="tolerance", **NEAR)
    assert verdict.passed
    assert "equal bit for bit" in verdict.message


@pytest.mark.parametrize(("flips", "passes"), [(1, True), (2, False)])
def test_a_share_of_labels_may_flip(flips, passes):
    record(training(), level="tolerance", max_flips=0.01)
    verdict = held(training(flips=flips), level="tolerance", max_flips=0.01)
    assert verdict.passed == passes
    assert verdict.estimate == pytest.approx(flips / 100)


def test_runs_beyond_the_tolerance_are_neither_recorded_nor_compared():
    record(training(), level="tolerance", **NEAR)
    seal = load(Path(STORED)).seal

    def unstable(values=iter(range(9))):  # noqa: B008  (counts its calls)
        return {"weights": np.full(4, float(next(values))), "kind": "linear"}

    assert "it was not recorded in" in record(unstable, level="tolerance", **NEAR).message
    assert load(Path(STORED)).seal == seal
    verdict = held(unstable, level="tolerance", runs=2, **NEAR)
    assert verdict.finding is Finding.DISPROVEN
    assert "it was not compared with the stored run" in verdict.message


def test_what_differs_otherwise_is_told_of_the_stored_run():
    record(training(), level="tolerance", **NEAR)
    message = held(lambda: {"weights": np.arange(3.0)}, level="tolerance", **NEAR).message
    assert "shape (4,) in the stored run, (3,) in this run" in message
    assert "only in the stored run" in message
    assert "run 1" not in message


# --- the level statistical ---

SEEDS = list(range(1, 11))


def seeded(shift=0.0, spread=0.001):
    def train(seed):
        return {"accuracy": 0.9 + shift + spread * np.random.default_rng(seed).normal()}

    return train


def compared(function, **options):
    given = {"against": STORED, "level": "statistical", "tolerance": 0.01, **options}
    return reproducibility(function, **given)


def test_the_seeds_are_run_once_and_a_new_run_is_compared_with_them():
    verdict = compared(seeded(), seeds=SEEDS, record=True)
    assert (verdict.finding, verdict.passed) == (Finding.INCONCLUSIVE, True)
    assert "train is recorded in repro/training.json: 10 seeds, 1 number each" in verdict.message
    assert sorted(map(int, load(Path(STORED)).seeds)) == SEEDS
    called = []

    def counted(seed):
        called.append(seed)
        return seeded()(seed)

    assert compared(counted).finding is Finding.PROVEN
    assert called == [11, 11]  # the new seed, and once more
    assert compared(seeded(), seeds=SEEDS, seed=40).finding is Finding.PROVEN
    shifted = compared(seeded(shift=0.1))
    assert shifted.finding is Finding.DISPROVEN
    assert "the seeds are stored in repro/training.json" in shifted.message
    assert shifted.inputs[-1].digest == load(Path(STORED)).seal


def test_another_environment_is_told():
    compared(seeded(), seeds=SEEDS, record=True)
    elsewhere(**OTHER_CPU)
    verdict = compared(seeded())
    assert verdict.finding is Finding.PROVEN
    assert "CPU class differs (stored CentaurHauls" in verdict.message


def test_the_spread_of_stored_seeds_needs_no_run():
    compared(seeded(), seeds=SEEDS, record=True)

    def never(seed):
        raise AssertionError

    verdict = compared(never, tolerance=None, max_spread=0.01)
    assert verdict.finding is Finding.PROVEN


def test_recording_again_says_how_many_seeds_give_other_numbers():
    compared(seeded(), seeds=SEEDS, record=True)
    same = compared(seeded(), seeds=SEEDS, record=True).message
    assert "0 of 10 seeds that were there before give other numbers" in same
    other = compared(seeded(shift=0.1), seeds=[9, 10, 11], record=True).message
    assert "2 of 2 seeds that were there before give other numbers" in other
    fresh = compared(seeded(), seeds=[50, 51], record=True).message
    assert "none of its seeds was there before" in fresh


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"seeds": [1, 2, 3]}, "holds other seeds than the gate names"),
        ({"seed": 4}, "seed = 4 is one of the stored seeds"),
        ({"record": True}, "there are no seeds to record"),
    ],
)
def test_seeds_that_do_not_fit_are_misuse(options, text):
    compared(seeded(), seeds=SEEDS, record=True)
    with pytest.raises(MLGatesError) as caught:
        compared(seeded(), **options)
    assert text in str(caught.value)


def test_a_run_of_another_level_holds_no_seeds():
    record(training())
    with pytest.raises(MLGatesError, match="holds no seeds") as caught:
        compared(seeded())
    assert "recorded at level bitwise" in caught.value.got


def test_the_numbers_of_a_seed_stand_on_a_line_of_the_file():
    compared(seeded(), seeds=[1, 2], record=True)
    values = json.loads(Path(STORED).read_text())["seeds"]
    assert f'    "2": {json.dumps(values["2"])}' in Path(STORED).read_text().splitlines()
